"""A C2SP witness in Python, from the specifications alone, and bad ones.

	witness_stub.py SEED-FILE NAME PORT-FILE

The path in front of add-checkpoint says how it behaves: /good checks the
checkpoint's signature (key = the origin's device name) and the consistency
proof (merkle.py), and cosigns; the others answer as no witness should.
"""
import base64
import hashlib
import http.server
import os
import subprocess
import sys
import tempfile
import time

import merkle

SEED, NAME, PORT_FILE = sys.argv[1:4]
PRIVATE = bytes.fromhex("302e020100300506032b657004220420")
PUBLIC = bytes.fromhex("302a300506032b6570032100")
KNOWN = {}  # origin -> (size, root)


def openssl(*args, files):
    with tempfile.TemporaryDirectory() as d:
        names = {}
        for k, v in files.items():
            names[k] = os.path.join(d, k)
            with open(names[k], "wb") as f:
                f.write(v)
        run = ["openssl"] + [names.get(a, a) for a in args]
        return subprocess.run(run, capture_output=True, check=False)


def sign(seed, message):
    return openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey",
                   "KEY", "-in", "MSG",
                   files={"KEY": PRIVATE + seed, "MSG": message}).stdout


def verify(key, message, sig):
    return openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER",
                   "-inkey", "KEY", "-in", "MSG", "-sigfile", "SIG",
                   files={"KEY": PUBLIC + key, "MSG": message,
                          "SIG": sig}).returncode == 0


def public(seed):
    out = openssl("pkey", "-inform", "DER", "-in", "KEY", "-pubout",
                  "-outform", "DER", files={"KEY": PRIVATE + seed}).stdout
    return out[-32:]


def key_id(name, kind, key):
    return hashlib.sha256(name.encode() + b"\n" + kind + key).digest()[:4]


def line(seed, name, body, when):
    message = b"cosignature/v1\ntime %d\n" % when + body
    raw = key_id(name, b"\x04", public(seed)) + when.to_bytes(8, "big")
    return "\u2014 %s %s\n" % (
        name, base64.b64encode(raw + sign(seed, message)).decode())


def parse(data):
    """old size, proof, note body, origin, size, root, log's signature."""
    head, _, note = data.partition(b"\n\n")
    first, *proof = head.decode().split("\n")
    assert first.startswith("old ") and str(int(first[4:])) == first[4:]
    body, _, sigs = note.rpartition(b"\n\n")
    body += b"\n"
    origin, size, root = body.decode().split("\n")[:3]
    mark, name, sig = sigs.decode().rstrip("\n").split(" ")
    assert mark == "\u2014" and name == origin
    return (int(first[4:]), [base64.b64decode(p, validate=True) for p in proof],
            body, origin, int(size), base64.b64decode(root, validate=True),
            base64.b64decode(sig, validate=True))


def good(data):
    """What tlog-witness says that add-checkpoint does."""
    old, proof, body, origin, size, root, sig = parse(data)
    device = origin.split("/")[2]
    key = base64.b32decode(device[1:].upper() + "====")
    if sig[:4] != key_id(origin, b"\x01", key) or not verify(key, body, sig[4:]):
        return 403, ""
    had, had_root = KNOWN.get(origin, (0, None))
    if old > size:
        return 400, ""
    if old != had:
        return 409, "%d\n" % had
    if old == 0:
        if proof:
            return 422, ""
    elif old == size:
        if proof or root != had_root:
            return 422, ""
    elif merkle.rebuild(old, size, proof, had_root) != (had_root, root):
        return 422, ""
    KNOWN[origin] = (size, root)
    with open("accepted", "a") as f:
        print(origin, old, size, len(proof), file=f)
    return 200, line(SEED, NAME, body, int(time.time()))


def answer(mode, data):
    """Status and text."""
    body = parse(data)[2]
    now = int(time.time())
    other = bytes(31) + b"\x07"
    if mode == "good":
        return good(data)
    if mode == "many":  # other lines around the one that counts
        strange = "\u2014 quantum.example %s\n" % base64.b64encode(
            os.urandom(2432)).decode()
        status, text = good(data)
        return status, strange * 2 + text + strange if status == 200 else text
    if mode == "otherkey":
        return 200, line(other, NAME, body, now)
    if mode == "othername":
        return 200, line(SEED, NAME + "x", body, now)
    if mode == "othernote":
        return 200, line(SEED, NAME, body.replace(b"\n", b"x\n", 1), now)
    if mode == "zero":
        return 200, line(SEED, NAME, body, 0)
    if mode == "year10000":
        return 200, line(SEED, NAME, body, 253402300800)
    return {"garbage": (200, "\x00\x1b[31mhello"), "empty": (200, ""),
            "loop": (409, "1\n"), "ahead": (409, "99999\n"),
            "nosize": (409, "many\n"), "broken": (500, "no"),
            "other": (422, ""), "big": (200, "x" * (1 << 20)),
            "away": (302, "")}[mode]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        data = self.rfile.read(int(self.headers["Content-Length"]))
        mode = self.path.split("/")[1]
        with open("requests", "a") as f:
            print(self.path, sorted(self.headers.keys()), file=f)
        status, text = answer(mode, data)
        text = text.encode()
        self.send_response(status)
        if mode == "away":
            self.send_header("Location", "/good/add-checkpoint")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        try:
            self.wfile.write(text)
        except OSError:
            pass

    def log_message(self, *args):
        pass


def main():
    global SEED
    with open(SEED, "rb") as f:
        SEED = f.read()
    k = public(SEED)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *a: None  # whoever hangs up
    with open(PORT_FILE + ".new", "w") as f:
        f.write("%d %s+%s+%s\n" % (
            server.server_port, NAME, key_id(NAME, b"\x04", k).hex(),
            base64.b64encode(b"\x04" + k).decode()))
    os.rename(PORT_FILE + ".new", PORT_FILE)
    server.serve_forever()


main()
