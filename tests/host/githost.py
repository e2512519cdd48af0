"""A git host for tests: git http-backend and Git LFS (batch, basic, verify)
over https with Basic auth, and switches for everything that goes wrong.

    githost.py DIR [--cert FILE --key FILE] [--public]

DIR/repos/NAME.git are the repositories, DIR/lfs/NAME/<oid> their objects.
DIR/url gets the address once it listens. User "anna", password "pass word:1".
What was done goes to DIR/log, a line a thing: "put OID" (it is whole), "again OID"
(it was whole before), "get OID FROM", "verify OID", "git-push", "git-fetch",
"leak" (our password where it must not be). DIR/fault, if there, holds
"WHERE WHAT [ARG [TIMES [SKIP]]]": WHERE is batch, put, get, verify, refs, fetch, push
or all; WHAT one of the names in `fault` below.
"""
import base64
import hashlib
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USER, PASSWORD = "anna", "pass word:1"
LFS = "application/vnd.git-lfs+json"
STATUSES = {"401", "403", "404", "413", "422", "429", "500", "503", "507"}


class Cut(Exception):
    """The connection ends here."""


class Host(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder, public):
        super().__init__(("127.0.0.1", 0), Request)
        self.folder, self.public = folder, public
        self.lock = threading.Lock()
        self.fault_text, self.fault_left, self.fault_skip = "", 0, 0

    def log(self, *words):
        with self.lock, open(os.path.join(self.folder, "log"), "a") as f:
            f.write(" ".join(str(w) for w in words) + "\n")

    def fault(self, where):
        """The fault that this request shall have: (name, argument)."""
        try:
            with open(os.path.join(self.folder, "fault")) as f:
                text = f.read()
        except FileNotFoundError:
            self.fault_text = ""
            return None, None
        words = text.split()
        with self.lock:
            if text != self.fault_text:
                self.fault_text = text
                self.fault_left = int(words[3]) if len(words) > 3 else 1 << 30
                self.fault_skip = int(words[4]) if len(words) > 4 else 0
            if len(words) < 2 or words[0] not in (where, "all"):
                return None, None
            if self.fault_skip > 0:
                self.fault_skip -= 1
                return None, None
            if self.fault_left == 0:
                return None, None
            self.fault_left -= 1
        return words[1], words[2] if len(words) > 2 else None

    def handle_error(self, request, client_address):
        pass


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    # -- bodies -------------------------------------------------------------
    def body(self):
        """The request's body, in pieces; nothing when it was read."""
        limit = None
        if self.read:
            return
        self.read = True
        if self.what == "cutup":
            limit = int(self.arg)
        left = self.headers.get("Content-Length")
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while True:
                n = int(self.rfile.readline().split(b";")[0], 16)
                if n == 0:
                    self.rfile.readline()
                    return
                yield self.rfile.read(n)
                self.rfile.readline()
        left = int(left or 0)
        while left > 0:
            piece = self.rfile.read(min(left, 65536))
            if not piece:
                raise Cut()
            left -= len(piece)
            if limit is not None:
                limit -= len(piece)
                if limit < 0:
                    raise Cut()
            if self.what == "slow":
                time.sleep(0.02)
            yield piece

    def drain(self):
        for _ in self.body():
            pass

    def send(self, pieces):
        """Send pieces, as the fault has it."""
        left = int(self.arg) if self.what == "cut" else None
        damage = int(self.arg) if self.what == "damaged" else -1
        for piece in pieces:
            if 0 <= damage < len(piece):
                piece = (piece[:damage] + bytes([piece[damage] ^ 1]) +
                         piece[damage + 1:])
            damage -= len(piece)
            if left is not None:
                piece = piece[:left]
                left -= len(piece)
            if self.what == "slow":
                for i in range(0, len(piece), 8192):
                    self.chunk(piece[i:i + 8192])
                    self.wfile.flush()
                    time.sleep(0.01)
            else:
                self.chunk(piece)
            if left == 0:
                self.wfile.flush()
                raise Cut()
        if self.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def chunk(self, piece):
        if not piece:
            return
        if self.chunked:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        else:
            self.wfile.write(piece)

    def reply(self, status, text=b"", kind="text/plain", more=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        for name, value in more:
            self.send_header(name, value)
        self.end_headers()
        self.chunked = False
        self.send([text])

    def json(self, status, value):
        self.reply(status, json.dumps(value).encode(), LFS)

    # -- what every request passes ------------------------------------------
    def handle_one_request(self):
        self.what = self.arg = None
        self.chunked = self.read = False
        try:
            super().handle_one_request()
        except (Cut, OSError):
            self.close_connection = True
            try:
                self.connection.close()
            except OSError:
                pass

    def do_GET(self):
        self.dispatch()

    do_POST = do_PUT = do_GET

    def allowed(self):
        """Basic auth with the right name and password."""
        if self.server.public:
            return True
        head = self.headers.get("Authorization", "")
        want = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
        return head == "Basic " + want

    def fault(self, where):
        """True if a fault has answered."""
        self.what, self.arg = self.server.fault(where)
        if self.what in STATUSES:
            self.drain()
            text = json.dumps({"message": "no luck \x1b[31m today"}).encode()
            more = [("Retry-After", "1")] if self.what == "429" else []
            if self.what == "401":
                more = [("WWW-Authenticate", 'Basic realm="x"')]
            self.reply(int(self.what), text, LFS, more)
        elif self.what == "hang":
            time.sleep(600)
            raise Cut()
        elif self.what == "close":
            raise Cut()
        elif self.what == "redirect":
            self.drain()
            self.reply(307, b"", more=[("Location", self.arg + self.path)])
        elif self.what == "hostile":
            self.drain()
            self.hostile()
        else:
            return False
        return True

    def hostile(self):
        """Answers that are none."""
        texts = {
            "empty": b"", "text": b"<html>hello</html>",
            "deep": b"[" * 100000, "null": b"null", "list": b"[1]",
            "double": b'{"objects":[],"objects":[]}',
            "objects": b'{"objects":[1,"x",null,{"oid":7},{"oid":"../../x"}]}',
            "transfer": b'{"transfer":"tus","objects":[]}',
            "long": b'{"objects":[' + b'"x",' * 2000000 + b'1]}',
            "pkt": b"zzzz", "pktlong": b"fff9",
            "refs": b"001e# service=git-upload-pack\n0000" + b"0008abcd" * 9,
        }
        self.reply(200, texts[self.arg], LFS)

    def dispatch(self):
        path = self.path.split("?")[0]
        for pattern, method in (
                (r"/([\w.-]+)\.git/info/lfs/objects/batch", self.batch),
                (r"/lfs/([\w.-]+)/([0-9a-f]{64})", self.object),
                (r"/verify/([\w.-]+)", self.verify),
                (r"/([\w.-]+)\.git/info/lfs/locks.*", self.locks),
                (r"/([\w.-]+)\.git/((?:info/refs|git-[a-z-]+))", self.git)):
            m = re.fullmatch(pattern, path)
            if m:
                return method(*m.groups())
        self.drain()
        return self.reply(404, b"no such page")

    def refuse(self):
        self.drain()
        self.reply(401, b"who are you?", more=[
            ("WWW-Authenticate", 'Basic realm="host"')])

    # -- git ----------------------------------------------------------------
    def git(self, name, what):
        service = what
        if what == "info/refs":
            service = self.path.split("service=")[-1]
        push = service == "git-receive-pack"
        where = "refs" if what == "info/refs" else "push" if push else "fetch"
        if not self.allowed():
            return self.refuse()
        if self.fault(where):
            return None
        env = dict(os.environ, GIT_PROJECT_ROOT=self.server.folder + "/repos",
                   GIT_HTTP_EXPORT_ALL="1", REQUEST_METHOD=self.command,
                   PATH_INFO="/%s.git/%s" % (name, what),
                   QUERY_STRING=(self.path.split("?") + [""])[1],
                   CONTENT_TYPE=self.headers.get("Content-Type", ""),
                   REMOTE_USER=USER, REMOTE_ADDR="127.0.0.1")
        if self.headers.get("Content-Encoding"):
            env["HTTP_CONTENT_ENCODING"] = self.headers["Content-Encoding"]
        if self.headers.get("Git-Protocol"):
            env["GIT_PROTOCOL"] = self.headers["Git-Protocol"]
        # what the request says must not be read further than it goes
        pieces = self.body()
        child = subprocess.Popen(["git", "http-backend"], env=env,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        feeder = Feeder(pieces, child.stdin)
        feeder.start()
        try:
            self.relay(child)
        finally:
            feeder.join()
            child.stdout.close()
            child.wait()
        if feeder.cut:
            raise Cut()
        if what != "info/refs":
            self.server.log("git-push" if push else "git-fetch")

    def relay(self, child):
        status, heads = 200, []
        for line in iter(child.stdout.readline, b"\r\n"):
            if not line:
                raise Cut()
            name, value = line.decode().rstrip("\r\n").split(": ", 1)
            if name == "Status":
                status = int(value.split()[0])
            elif name != "Content-Length":
                heads.append((name, value))
        self.send_response(status)
        for name, value in heads:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.chunked = True
        self.send(iter(lambda: child.stdout.read1(65536), b""))

    # -- Git LFS ------------------------------------------------------------
    def where(self, name, oid):
        return os.path.join(self.server.folder, "lfs", name, oid)

    def locks(self, name):
        self.drain()
        self.json(404, {"message": "no locks here"})

    def batch(self, name):
        text = b"".join(self.body())
        token = self.headers.get("Authorization", "").startswith("Token ")
        if not self.allowed() and not token:
            return self.refuse()
        if token and self.headers["Authorization"] != "Token ssh":
            return self.reply(403, b"")
        if self.fault("batch"):
            return None
        asked = json.loads(text)
        self.server.log("batch", asked["operation"], len(asked["objects"]))
        objects = [self.offer(name, asked["operation"], o)
                   for o in asked["objects"]]
        return self.json(200, {"transfer": "basic", "objects": objects})

    def offer(self, name, operation, o):
        out = {"oid": o["oid"], "size": o["size"], "authenticated": True}
        if not re.fullmatch("[0-9a-f]{64}", o["oid"]):
            return dict(out, error={"code": 422, "message": "no oid"})
        base = "%s://127.0.0.1:%d" % (self.server.scheme,
                                      self.server.server_port)
        # objects live at another name of this host: passwords stay away
        base = base.replace("127.0.0.1", "localhost")
        action = {"href": "%s/lfs/%s/%s" % (base, name, o["oid"]),
                  "header": {"X-Leave": "yes"}, "expires_in": 3600}
        if self.what == "expired":
            action["expires_in"] = 1
            action["header"] = {"X-Leave": "no"}
        if self.what == "inject":
            action["header"]["X-Bad"] = "a\r\nAuthorization: x"
        if self.what == "plain":
            action["href"] = "http://host.invalid/x"
        if self.what == "othersize":
            out["size"] += 1
        here = os.path.exists(self.where(name, o["oid"]))
        if self.what == "full":
            return dict(out, error={"code": 507, "message": "disk is full"})
        if operation == "download":
            if not here:
                return dict(out, error={"code": 404, "message": "not here"})
            return dict(out, actions={"download": action})
        if here:
            return out
        check = {"href": "%s/verify/%s" % (base, name),
                 "header": {"X-Leave": "yes"}}
        return dict(out, actions={"upload": action, "verify": check})

    def leave(self):
        """Only what the action gave, and never our password."""
        if self.headers.get("Authorization"):
            self.server.log("leak", self.path)
        if self.headers.get("X-Leave") == "yes":
            return True
        self.drain()
        self.reply(403, b"no leave")
        return False

    def object(self, name, oid):
        if not self.leave():
            return
        if self.fault("put" if self.command == "PUT" else "get"):
            return
        if self.command == "PUT":
            self.put(name, oid)
        else:
            self.get(name, oid)

    def put(self, name, oid):
        h, path = hashlib.sha256(), self.where(name, oid)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        part = "%s.%d" % (path, threading.get_ident())
        if os.path.exists(path):
            self.server.log("again", oid)
        try:
            with open(part, "wb") as f:
                for piece in self.body():
                    h.update(piece)
                    f.write(piece)
        except Cut:
            os.unlink(part)
            raise
        if h.hexdigest() != oid:
            os.unlink(part)
            return self.json(422, {"message": "it is another object"})
        os.rename(part, path)
        self.server.log("put", oid)
        return self.reply(200)

    def get(self, name, oid):
        try:
            with open(self.where(name, oid), "rb") as f:
                data = f.read()
        except FileNotFoundError:
            return self.json(404, {"message": "not here"})
        start, status = 0, 200
        m = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if m and self.what != "norange":
            start, status = int(m.group(1)), 206
        if self.what == "toolong":
            data += b"x" * 100000
        data = data[start:]
        self.server.log("get", oid, start)
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
        if self.what == "toolong":
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.send(data[i:i + 65536] for i in range(0, len(data), 65536))
        if self.what == "toolong":
            raise Cut()

    def verify(self, name):
        text = b"".join(self.body())
        if not self.leave() or self.fault("verify"):
            return
        asked = json.loads(text)
        path = self.where(name, asked["oid"])
        good = os.path.exists(path) and os.path.getsize(path) == asked["size"]
        self.server.log("verify", asked["oid"])
        self.json(200 if good else 404, {"message": "checked"})


class Feeder(threading.Thread):
    """Passes a request's body on to git."""

    def __init__(self, pieces, out):
        super().__init__(daemon=True)
        self.pieces, self.out, self.cut = pieces, out, False

    def run(self):
        try:
            for piece in self.pieces:
                self.out.write(piece)
        except (Cut, OSError, ValueError):
            self.cut = True
        try:
            self.out.close()
        except OSError:
            pass


def main():
    args = sys.argv[1:]
    folder = os.path.abspath(args[0])
    host = Host(folder, "--public" in args)
    host.scheme = "http"
    if "--cert" in args:
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(args[args.index("--cert") + 1],
                          args[args.index("--key") + 1])
        host.socket = c.wrap_socket(host.socket, server_side=True,
                                    do_handshake_on_connect=False)
        host.scheme = "https"
    with open(os.path.join(folder, "url.new"), "w") as f:
        f.write("%s://127.0.0.1:%d" % (host.scheme, host.server_port))
    os.rename(os.path.join(folder, "url.new"), os.path.join(folder, "url"))
    host.serve_forever()


main()
