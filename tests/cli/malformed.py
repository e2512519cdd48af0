"""Each field of what a vault holds, set wrong in turn by a member whose program
is his own: all hashes, roots and signatures are right, so that nothing but the
field itself can give it away. Prints "ok NAME" and "not ok NAME" lines; exits 1
if there was one of these. In the folder that malformed.sh prepared.
"""
import base64
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys

import forge
from forge import Log, Opened, line

bad = 0
SAN = ("AddressSanitizer", "runtime error", "Assertion")


def report(good, name, why=""):
    global bad
    bad += not good
    print("ok " + name if good else "not ok %s: %s" % (
        name, (why.strip() or "(it says nothing)")[:1500]), flush=True)


def run(who, vault, *args):
    end, other = os.pipe()
    os.write(other, b"pass %s\n" % who.encode())
    os.close(other)
    p = subprocess.run(
        [forge.PROGRAM, "--identity", who + ".age", "--vault", vault,
         "--passphrase-fd", str(end)] + list(args), pass_fds=[end],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=600)
    os.close(end)
    return p.returncode, p.stdout.decode("utf-8", "replace")


def copy(vault, to="work"):
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(vault, to)
    return to


# -- sealing without a program for each step -----------------------------

def frame(data):
    """A zstd frame of stored blocks that states its size."""
    out = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data))
    blocks = [data[i:i + 100000] for i in range(0, len(data), 100000)]
    for i, b in enumerate(blocks):
        head = len(b) << 3 | (i == len(blocks) - 1)
        out += struct.pack("<I", head)[:3] + b
    return out


OVER = {}


def padded(to, plain, fill, kind):
    if kind not in OVER:
        OVER[kind] = len(forge.seal(to, b""))
    total = 4096
    while total - OVER[kind] - len(plain) < 8:
        total += 4096
    data = forge.seal(to, plain + fill(total - OVER[kind] - len(plain)))
    assert len(data) == total, len(data)
    return data


def skippable(n):
    return struct.pack("<II", 0x184D2A50, n - 8) + bytes(n - 8)


def sealed(text, root, contents=()):
    """An entry file with this entry.json; what lists it, and its key."""
    members = [("entry.json", text)] + list(contents)
    plain = b"".join(frame(forge.reader.tar_header(n, len(b)) + b +
                           b"\0" * (-len(b) % 512)) for n, b in members)
    key, to = forge.one_off()
    data = padded(to, plain + frame(bytes(1024)), skippable, "entry")
    return line(data, root), key


def ring_file(text, to):
    return line(padded(to, text, lambda n: b"\n" * n, "ring"))


def ring_text(log, keys):
    out = "# muniment ring 1 %s %s %d\n" % (log.id, log.device, log.n + 1)
    return (out + "".join("# entry %s\n%s\n" % (n[:32], k)
                          for n, k in keys.items())).encode()


def canonical(doc):
    """As reader.canonical, also of what has no canonical form."""
    return json.dumps(doc, sort_keys=True, ensure_ascii=False,
                      separators=(",", ":")).encode()


# -- entry.json -----------------------------------------------------------

WRONG = (None, True, 7, "x", [], {}, "", "x" * 5000)
HEX = ("A" * 32, "a" * 31, "a" * 33, "g" * 32, "a" * 63, "a" * 65)


def right(log, title):
    return {"version": 1, "kind": "record", "vault": log.id,
            "device": log.device, "batch": log.n + 1, "case": CASE,
            "seat": SEAT, "time": "2026-01-02T03:04:05Z",
            "salt": os.urandom(32).hex(), "item": os.urandom(16).hex(),
            "parents": [], "files": [], "fields": {"title": title}}


def kind_of(v):
    return type(v).__name__


def variants(log):
    """(what is wrong, a function of the right document)"""
    def change(member, value):
        def f(doc):
            doc[member] = value
            return doc
        return f

    def without(member):
        def f(doc):
            del doc[member]
            return doc
        return f
    for m in right(log, ""):
        yield m + " absent", without(m)
        for v in WRONG:
            if m in ("files", "parents") and v == []:
                continue
            if m == "fields" and v == {}:
                continue
            if m == "batch" and v == 7:
                v = 8_000_000
            if isinstance(v, str) and len(v) > 20 and m == "item":
                v = "b" * 5000
            yield "%s is %s" % (m, repr(v)[:12]), change(m, v)
    for m in ("vault", "device", "case", "seat", "salt", "item"):
        for v in HEX:
            yield "%s is %s (%d)" % (m, v[0], len(v)), change(m, v)
    for v in (0, 2, -1, 2 ** 53, 2 ** 63 - 1):
        yield "version %d" % v, change("version", v)
    for v in (0, -1, 1, 2 ** 53):
        yield "batch %d" % v, change("batch", v)
    for v in ("2026-13-01T00:00:00Z", "2026-02-32T00:00:00Z",
              "2026-01-02 03:04:05Z", "2026-01-02T03:04:05",
              "2026-01-02T24:00:00Z", "10000-01-02T03:04:05Z",
              "2026-01-02T03:04:05+00:00", "2026-1-02T03:04:05Z"):
        yield "time " + v, change("time", v)
    for v in (["x"], [7], [["a" * 64]], ["A" * 64], "a" * 64, {"a": 1}):
        yield "parents %r" % (v,), change("parents", v)
    yield "another member's seat", change("seat", OTHER_SEAT)
    yield "another vault", change("vault", "0" * 64)
    yield "a case of nobody", change("case", "c" * 32)
    for k in ("device", "member", "case", "custody", "retract", "witness",
              "stamp", "later"):
        yield "kind " + k, change("kind", k)
    yield "signature is 7", change("signature", 7)
    good = {"name": "n", "size": 1, "sha256": "e" * 64, "content": "0001"}
    for m in good:
        yield "a file without " + m, change("files", [
            {k: v for k, v in good.items() if k != m}])
        for v in (True, 7 if m != "size" else "7", [], {}, ""):
            if not (m == "content" and v == ""):
                yield "a file's %s is %r" % (m, v), change(
                    "files", [{**good, m: v}])
    for m in ("path", "path_bytes", "name_bytes", "media_type", "modified"):
        yield "a file's %s is 7" % m, change("files", [{**good, m: 7}])
    yield "a file with content and segments", change(
        "files", [{**good, "segments": ["a"]}])


def texts(log):
    """Bytes that are no canonical JSON."""
    doc = right(log, "TITLE")
    text = canonical(doc)
    yield "a blank before", b" " + text
    yield "a line feed behind", text + b"\n"
    yield "a byte order mark", b"\xef\xbb\xbf" + text
    yield "a key twice", text.replace(b'"batch"', b'"batch":1,"batch"', 1)
    yield "keys out of order", (b'{"zeta":1,' + text[1:])
    yield "a fraction", text.replace(b'"version":1', b'"version":1.0')
    yield "an exponent", text.replace(b'"version":1', b'"version":1e0')
    yield "a leading zero", text.replace(b'"version":1', b'"version":01')
    yield "minus zero", text.replace(b'"version":1', b'"version":-0')
    yield "an escaped letter", text.replace(b"TITLE", b"\\u0054ITLE")
    yield "NUL in a text", text.replace(b"TITLE", b"TITLE\\u0000")
    yield "bad UTF-8", text.replace(b"TITLE", b"TITLE\xff")
    yield "a surrogate", text.replace(b"TITLE", b"TITLE\xed\xa0\x80")
    yield "a control character", text.replace(b"TITLE", b"TITLE\x1b")
    yield "cut off", text[:-1]
    yield "a list", b"[" + text + b"]"
    yield "nothing", b""
    yield "blanks inside", text.replace(b'":', b'": ', 1)
    yield "too deep", text.replace(b'"TITLE"', b"[" * 40 + b"]" * 40)


def entries():
    """All of them in one log, one a batch; then one verify names each."""
    log = Log("abroad", KEY)
    want = {}

    def put(name, text, root, contents=(), ring=None):
        files, key = sealed(text, root, contents)
        files.update(ring or ring_file(
            ring_text(log, {next(iter(files)): key}), TO))
        log.batch(files)
        want[log.n] = name

    for name, change in list(variants(log)):
        doc = change(right(log, "malformed-%d" % (log.n + 1)))
        text = canonical(doc)
        try:
            root = forge.reader.fields_root(doc)
        except Exception:
            root = None
        put(name, text, root)
    for name, text in list(texts(log)):
        # its own place, which no longer is that of the first
        doc = right(log, "TITLE")
        text = text.replace(b'"batch":%d' % texts_batch(text),
                            b'"batch":%d' % (log.n + 1))
        put("JSON with " + name,
            text.replace(b"TITLE", b"malformed-%d" % (log.n + 1)),
            forge.reader.fields_root(doc))
    containers(log, put)
    doc = right(log, "a right one")
    put("(the right one)", canonical(doc),
        forge.reader.fields_root(doc))
    last = log.n
    v = copy("home")
    log.write(v)
    status, said = run("anna", v, "verify")
    report(status == 1 and not any(s in said for s in SAN),
           "verify of %d malformed entries: status 1" % (len(want) - 1),
           said[-800:])
    if os.environ.get("MALFORMED_SHOW"):
        print(said)
    got = json.loads(forge.muniment("anna", "--vault", v, "--json", "list",
                                    ok=False))
    shown = json.dumps(got)
    for n, name in want.items():
        if n == last:
            report("a right one" in shown, "the right one is taken", shown)
            continue
        report("malformed-%d\"" % n not in shown, name + ": not accepted",
               "it is listed")
        report("device %s, batch %d:" % (log.device[:12], n) in said or
               "device %s, batch %d " % (log.device[:12], n) in said,
               name + ": named", "not named")


def texts_batch(text):
    i = text.find(b'"batch":')
    j = i + 8
    while j < len(text) and text[j:j + 1].isdigit():
        j += 1
    return int(text[i + 8:j] or b"0") if i >= 0 else 0


def containers(log, put):
    """What is around entry.json: the tar, the frames, the ring."""
    def doc():
        d = right(log, "malformed-%d" % (log.n + 1))
        return (canonical(d),
                forge.reader.fields_root(d))
    text, root = doc()
    put("a content called 0002", text, root, [("0002", b"x")])
    text, root = doc()
    put("a content called ../x", text, root, [("../x", b"x")])
    text, root = doc()
    put("entry.json twice", text, root, [("entry.json", text)])
    for name, change in (
            ("a ring of another batch", lambda t: t.replace(
                b" %d\n" % (log.n + 1), b" %d\n" % (log.n + 2), 1)),
            ("a ring of another device", lambda t: t.replace(
                log.device.encode(), b"d" + b"a" * 52, 1)),
            ("a ring of another vault", lambda t: t.replace(
                log.id.encode(), b"0" * 64, 1)),
            ("a ring of version 2", lambda t: t.replace(b"ring 1", b"ring 2")),
            ("a ring without its head", lambda t: t.split(b"\n", 1)[1]),
            ("a ring whose key is cut", lambda t: t[:-5] + b"\n"),
            ("a ring whose key is of another entry", lambda t: t.replace(
                b"# entry ", b"# entry 00", 1))):
        text, root = doc()
        files, key = sealed(text, root)
        name_of = next(iter(files))
        ring = ring_file(change(ring_text(log, {name_of: key})), TO)
        files.update(ring)
        log.batch(files)
        RINGS[log.n] = name
        del files


RINGS = {}


# -- batch, checkpoint, commit, tree ---------------------------------------

class Bent(Log):
    """A log whose next batch is bent: `lines`, `note`, `head`, `names` change
    the batch file's lines, the checkpoint before it is signed, the commit
    before it is signed, the tree's names."""

    def bend(self, lines=None, note=None, head=None, names=None, vault=None,
             root=None, signer=None):
        data = [x for x, _ in BENT.values()] + ["pads " + "5" * 64]
        data = sorted(data)
        if lines:
            data = lines(data)
        raw = "".join(x + "\n" for x in data).encode()
        kept = [x for x in data if not x.startswith("pads")]
        pads = [x for x in data if x.startswith("pads ")]
        try:
            seed = bytes.fromhex(pads[0][5:]) if pads else bytes(32)
        except ValueError:
            seed = bytes(32)
        k, inner = forge.reader.padded_root(
            [forge.reader.sha256(b"\0" + x.encode()) for x in kept], seed, 2)
        leaf = forge.reader.sha256(b"\0" + (
            "muniment/batch/v1 %d %s\n" % (k, inner.hex())).encode())
        self.root = root or self.tree.add(leaf)
        self.n += 1
        files = {n: self.put(b"blob", b) for n, (_, b) in BENT.items()}
        files["vault"] = self.put(b"blob", vault or self.vault_file)
        files["batch"] = self.put(b"blob", raw)
        files["checkpoint"] = self.put(b"blob", self.note(note, signer))
        files = {n: ("100644", o) for n, o in files.items()}
        if names:
            files = names(files)
        tree = b"".join(
            m.encode() + b" " + n.encode() + b"\0" + bytes.fromhex(o)
            for n, (m, o) in (sorted(files.items())
                              if isinstance(files, dict) else files))
        self.bent_commit(self.put(b"tree", tree), head)

    def note(self, change, signer):
        origin = "muniment/%s/%s" % (self.id, self.device)
        body = "%s\n%d\n%s\n" % (origin, self.n,
                                 base64.b64encode(self.root).decode())
        parts = {"origin": origin, "body": body, "type": b"\x01",
                 "tail": ""}
        if change:
            parts = change(parts)
        kid = hashlib.sha256(origin.encode() + b"\n" + parts["type"] +
                             self.key.pub).digest()[:4]
        sig = (signer or self.key).sign(parts["body"].encode())
        return ("%s\n— %s %s\n%s" % (
            parts["body"], parts["origin"],
            base64.b64encode(kid + sig).decode(), parts["tail"])).encode()

    def bent_commit(self, tree, change):
        who = "muniment <muniment@invalid> %d +0000" % (1000000000 + self.n)
        head = "tree %s\n%sauthor %s\ncommitter %s\n" % (
            tree, "parent %s\n" % self.head, who, who)
        end = "\nbatch %d\n" % self.n
        if change:
            head, end = change(head, end)
        blob = base64.b64encode(self.key.sshsig(
            b"git", (head + end).encode())).decode()
        sig = "\n ".join(["-----BEGIN SSH SIGNATURE-----"] + [
            blob[i:i + 70] for i in range(0, len(blob), 70)] +
            ["-----END SSH SIGNATURE-----"])
        self.head = self.put(b"commit", (head + "gpgsig " + sig + "\n" +
                                         end).encode())


def sub(a, b):
    return lambda lines: sorted(x.replace(a, b, 1) if a in x else x
                                for x in lines)


def more(*extra):
    return lambda lines: sorted(lines + list(extra))


def bends():
    me = Log("abroad", KEY)
    other = [d for d in forge.heads("abroad") if d != me.device][0]
    known = Log("abroad", forge.stolen("anna", "home"))
    e = next(iter(BENT))
    h = "9" * 64
    yield "(nothing wrong)", {}
    for name, change in (
            ("no pads", lambda x: [y for y in x if y[:4] != "pads"]),
            ("two pads", more("pads " + "4" * 64)),
            ("short pads", sub("5" * 64, "5" * 62)),
            ("pads in capitals", sub("5" * 64, "A" * 64)),
            ("an entry line without its root", sub(" " + ROOT, "")),
            ("an entry with a short root", sub(ROOT, ROOT[:-2])),
            ("an entry with capitals", sub(ROOT, ROOT.upper())),
            ("an entry line with more", sub(ROOT, ROOT + " x")),
            ("an entry twice", lambda x: sorted(x + [
                "entry %s %s" % (e, h)])),
            ("lines out of order", lambda x: x[::-1]),
            ("a line twice", lambda x: sorted(x + x[:1])),
            ("an empty line", lambda x: [""] + x),
            ("a carriage return", lambda x: [y + "\r" for y in x]),
            ("an entry that is not there", more("entry %s %s" % (h, h))),
            ("an object of size 0", more("object %s 0" % h)),
            ("an object with a leading zero", more("object %s 01" % h)),
            ("an object with a sign", more("object %s +4096" % h)),
            ("an object too large", more("object %s %d" % (h, 2 ** 53))),
            ("an object without a size", more("object " + h)),
            ("an object of the entry's name", more("object %s 4096" % e)),
            ("an object without its pointer", more("object %s 4096" % h)),
            ("a seen of size 0", more("seen %s 0 %s" % (other, h))),
            ("a seen of no device", more("seen d%s 1 %s" % ("a" * 51, h))),
            ("a seen of a device that cannot be", more(
                "seen d%s 1 %s" % ("7" * 52, h))),
            ("a seen with a short root", more("seen %s 1 %s" % (
                other, h[:-1]))),
            ("a word in capitals", more("Later x")),
            ("a word alone", more("later")),
            ("a control character", more("later \x1b[2J"))):
        yield "batch: " + name, {"lines": change}
    yield "batch: a seen with another root", {"lines": more(
        "seen %s %d %s" % (known.device, 1, h))}

    def note(**what):
        def f(p):
            return {**p, **{k: v(p[k]) for k, v in what.items()}}
        return {"note": f}
    for name, what in (
            ("another size", note(body=lambda b: b.replace(
                "\n%d\n" % (me.n + 1), "\n%d\n" % (me.n + 2)))),
            ("size with a zero before", note(body=lambda b: b.replace(
                "\n%d\n" % (me.n + 1), "\n0%d\n" % (me.n + 1)))),
            ("another origin", note(body=lambda b: "x" + b)),
            ("another vault's origin", note(body=lambda b: b.replace(
                me.id, "0" * 64))),
            ("a root that is cut", note(body=lambda b: b[:-5] + "\n")),
            ("a fourth line", note(body=lambda b: b + "more\n")),
            ("another key name", note(origin=lambda o: o + "x")),
            ("a cosignature's type", note(type=lambda t: b"\x04")),
            ("something behind it", note(tail=lambda t: "x\n")),
            ("a second signature", note(tail=lambda t: "— a b\n")),
            ("signed by another", {"signer": forge.Key(os.urandom(32))}),
            ("another root", {"root": os.urandom(32)})):
        yield "checkpoint: " + name, what

    def head(f):
        return {"head": f}
    for name, what in (
            ("another author", head(lambda a, b: (a.replace(
                "author muniment", "author someone"), b))),
            ("a true time", head(lambda a, b: (a.replace(
                "%d +0000" % (1000000000 + me.n + 1), "1760000000 +0000"),
                b))),
            ("a time zone", head(lambda a, b: (a.replace("+0000", "+0300"),
                                               b))),
            ("two parents", head(lambda a, b: (a.replace(
                "author", "parent %s\nauthor" % me.head, 1), b))),
            ("no parent", head(lambda a, b: (a.replace(
                "parent %s\n" % me.head, ""), b))),
            ("an encoding", head(lambda a, b: (a + "encoding x\n", b))),
            ("another message", head(lambda a, b: (a, b + "more\n"))),
            ("another number", head(lambda a, b: (a, "\nbatch 1\n"))),
            ("no message", head(lambda a, b: (a, "\n")))):
        yield "commit: " + name, what

    def names(f):
        return {"names": f}
    for name, what in (
            ("an executable", names(lambda t: {
                n: ("100755" if n == "batch" else m, o)
                for n, (m, o) in t.items()})),
            ("a link", names(lambda t: {
                n: ("120000" if n == "batch" else m, o)
                for n, (m, o) in t.items()})),
            ("a folder", names(lambda t: {
                n: ("40000" if n == "batch" else m, o)
                for n, (m, o) in t.items()})),
            ("a mode with a zero before", names(lambda t: {
                n: ("0100644", o) for n, (m, o) in t.items()})),
            ("no batch", names(lambda t: {
                n: x for n, x in t.items() if n != "batch"})),
            ("no checkpoint", names(lambda t: {
                n: x for n, x in t.items() if n != "checkpoint"})),
            ("no vault", names(lambda t: {
                n: x for n, x in t.items() if n != "vault"})),
            ("a file more", names(lambda t: {**t, "more": t["batch"]})),
            ("a hidden file", names(lambda t: {**t, ".git": t["batch"]})),
            ("a path", names(lambda t: {**t, "a/b": t["batch"]})),
            ("an entry under another name", names(lambda t: {
                ("8" * 64 if len(n) == 64 else n): x
                for n, x in t.items()})),
            ("out of order", names(lambda t: sorted(t.items())[::-1])),
            ("a name twice", names(lambda t: sorted(
                list(t.items()) + [("batch", t["batch"])])))):
        yield "tree: " + name, what
    file = me.vault_file
    for name, data in (
            ("another root key", file.replace(
                base64.b64encode(b"\0\0\0\x20" + b"")[:4], b"AAAB", 1)),
            ("another nonce", file[:-9] + b"00000000\n"),
            ("a line more", file + b"x\n"), ("cut", file[:-1]),
            ("version 2", file.replace(b"vault 1", b"vault 2"))):
        if data != file:
            yield "vault file: " + name, {"vault": data}


BENT, ROOT = {}, "7a" * 32


def bent():
    BENT.update(forge.junk(1))
    name, (_, data) = next(iter(BENT.items()))
    BENT[name] = ("entry %s %s" % (name, ROOT), data)
    global UNKNOWN
    for what, how in bends():
        log = Bent("abroad", KEY)
        log.bend(**how)
        v = copy("home")
        log.write(v)
        status, said = run("anna", v, "verify", "--blind")
        where = log.device[:12]
        if what == "(nothing wrong)":
            report("batch %d" % log.n not in said, "a right batch is no fault",
                   said)
            continue
        report(status == 1 and where in said and
               not any(s in said for s in SAN), what + ": named",
               "status %d: %s" % (status, said))


def main():
    global KEY, CASE, SEAT, OTHER_SEAT, TO
    KEY = forge.stolen("boris", "abroad")
    opened = Opened("anna", "home")
    CASE = [e for e in opened.entries if e["kind"] == "record"][0]["case"]
    TO = forge.recipient(opened, CASE)
    mine = forge.device_name(KEY.pub)
    SEAT = [e for e in opened.entries if e["kind"] == "device" and
            e["device"] == mine][0]["seat"]
    OTHER_SEAT = [e for e in opened.entries if e["kind"] == "device" and
                  e["device"] != mine][0]["seat"]
    for part in sys.argv[1:] or ("entries", "bent"):
        {"entries": entries, "bent": bent}[part]()
    sys.exit(1 if bad else 0)


main()
