"""Writes what an attacker with a stolen device key, or a member with a program
of his own, could write: batches, entries, rings, bundles, carry files. What it
knows of the formats it has from tests/interop/reader.py.
"""
import base64
import ctypes
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "interop"))
import reader  # noqa: E402

PROGRAM = os.environ["MUNIMENT"]
CRYPTO = ctypes.CDLL("libcrypto.so.3")
for f in ("EVP_PKEY_new_raw_private_key", "EVP_MD_CTX_new"):
    getattr(CRYPTO, f).restype = ctypes.c_void_p


class Key:
    """An Ed25519 key of 32 bytes of seed."""

    def __init__(self, seed):
        self.p = ctypes.c_void_p(
            CRYPTO.EVP_PKEY_new_raw_private_key(1087, None, seed, len(seed)))
        out, n = ctypes.create_string_buffer(32), ctypes.c_size_t(32)
        assert CRYPTO.EVP_PKEY_get_raw_public_key(self.p, out,
                                                  ctypes.byref(n)) == 1
        self.pub = out.raw

    def sign(self, message):
        c = ctypes.c_void_p(CRYPTO.EVP_MD_CTX_new())
        out, n = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
        assert CRYPTO.EVP_DigestSignInit(c, None, None, None, self.p) == 1
        assert CRYPTO.EVP_DigestSign(c, out, ctypes.byref(n), message,
                                     ctypes.c_size_t(len(message))) == 1
        CRYPTO.EVP_MD_CTX_free(c)
        return out.raw

    def sshsig(self, namespace, message):
        """The blob of an SSHSIG."""
        def s(b):
            return struct.pack(">I", len(b)) + b
        digest = hashlib.sha512(message).digest()
        tail = s(namespace) + s(b"") + s(b"sha512")
        return (b"SSHSIG\0\0\0\x01" + s(s(b"ssh-ed25519") + s(self.pub)) + tail
                + s(s(b"ssh-ed25519") + s(self.sign(b"SSHSIG" + tail +
                                                    s(digest)))))


def device_name(pub):
    return "d" + base64.b32encode(pub).decode().lower().rstrip("=")


def muniment(who, *args, data=None, ok=True):
    """Run the program as a person; gives what it prints."""
    end, other = os.pipe()
    os.write(other, b"pass %s\n" % who.encode())
    os.close(other)
    try:
        done = subprocess.run(
            [PROGRAM, "--quiet", "--identity", who + ".age", "--passphrase-fd",
             str(end)] + list(args), input=data, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, pass_fds=[end], check=False)
    finally:
        os.close(end)
    assert not ok or done.returncode == 0, done.stderr.decode()
    return done.stdout


def stolen(who, vault):
    """The device key that somebody's machine keeps in local/."""
    text = muniment(who, "open", "-i", who + ".age",
                    vault + "/local/device.age").decode()
    return Key(base64.b64decode(text.split("signing-key ")[1].strip()))


def seal(to, data):
    """An age file to one recipient."""
    with tempfile.TemporaryDirectory() as t:
        Path(t, "plain").write_bytes(data)
        subprocess.run([PROGRAM, "seal", "--to", to, "-o", t + "/age",
                        t + "/plain"], check=True)
        return Path(t, "age").read_bytes()


class Log:
    """One device's log, read from a vault without checks, to be gone on with.
    Git objects that are made are in `new`: id -> (type, bytes)."""

    def __init__(self, vault, key, upto=None, branch=None):
        self.vault, self.key = Path(vault), key
        self.device = device_name(key.pub)
        self.branch = branch or self.device
        self.repo = reader.Repository(str(vault))
        self.new = {}
        self.tree = reader.LogTree()
        self.n, self.head, self.root = 0, None, None
        self.batches = []
        heads = {r.split("/")[-1]: o for o, r in self.repo.refs()}
        any_head = next(iter(heads.values()))
        first = reader.history(self.repo, any_head)[-1]
        self.vault_file = self.repo.read(
            reader.read_tree(self.repo, first["tree"])["vault"], "blob")
        self.id = hashlib.sha256(self.vault_file).hexdigest()
        chain = (reader.history(self.repo, heads[self.branch])
                 if self.branch in heads else [])
        oids = subprocess.run(
            reader.GIT + ["-C", str(vault), "rev-list", "--reverse",
                          heads[self.branch]], env=reader.ENV, check=True,
            stdout=subprocess.PIPE).stdout.decode().split() if chain else []
        for oid, m in list(zip(oids, chain))[:upto]:
            b = reader.Batch(self.repo, self.device, self.n + 1,
                             reader.read_tree(self.repo, m["tree"]))
            reader.read_lines(b, b.read("batch"))
            self.root = self.tree.add(b.leaf)
            self.n += 1
            self.head = oid
            self.batches.append(b)

    def put(self, kind, data):
        oid = hashlib.sha1(b"%s %d\0" % (kind, len(data)) + data).hexdigest()
        self.new[oid] = (kind, data)
        return oid

    def batch(self, files, lines=(), drop=(), checkpoint=None, also=None):
        """One more batch. `files`: SHA-256 -> (line, bytes); `lines` more of
        them; `drop`: names that are left out of the tree."""
        text = [line for line, _ in files.values()] + list(lines)
        text = sorted(text + ["pads " + os.urandom(32).hex()])
        data = "".join(x + "\n" for x in text).encode()
        names = {n: self.put(b"blob", b) for n, (_, b) in files.items()}
        names["vault"] = self.put(b"blob", self.vault_file)
        names["batch"] = self.put(b"blob", data)
        b = reader.Batch(self.repo, self.device, self.n + 1, {})
        reader.read_lines(b, data)
        self.root = self.tree.add(b.leaf)
        self.n += 1
        origin = "muniment/%s/%s" % (self.id, self.device)
        body = "%s\n%d\n%s\n" % (origin, self.n,
                                 base64.b64encode(self.root).decode())
        kid = hashlib.sha256(origin.encode() + b"\n\x01" +
                             self.key.pub).digest()[:4]
        sig = base64.b64encode(kid + self.key.sign(body.encode())).decode()
        note = "%s\n— %s %s\n" % (body, origin, sig)
        names["checkpoint"] = self.put(b"blob", checkpoint or note.encode())
        names.update(also or {})
        for n in drop:
            del names[n]
        tree = b"".join(b"100644 " + n.encode() + b"\0" +
                        bytes.fromhex(names[n]) for n in sorted(names))
        self.commit(self.put(b"tree", tree))

    def commit(self, tree):
        who = "muniment <muniment@invalid> %d +0000" % (1000000000 + self.n)
        head = "tree %s\n%sauthor %s\ncommitter %s\n" % (
            tree, "parent %s\n" % self.head if self.head else "", who, who)
        end = "\nbatch %d\n" % self.n
        blob = base64.b64encode(self.key.sshsig(
            b"git", (head + end).encode())).decode()
        sig = "\n ".join(["-----BEGIN SSH SIGNATURE-----"] + [
            blob[i:i + 70] for i in range(0, len(blob), 70)] +
            ["-----END SSH SIGNATURE-----"])
        self.head = self.put(b"commit", (head + "gpgsig " + sig + "\n" +
                                         end).encode())

    def write(self, vault, branch=None):
        """Into a vault's folder, as loose objects and a branch."""
        for oid, (kind, data) in self.new.items():
            path = Path(vault, "objects", oid[:2], oid[2:])
            path.parent.mkdir(exist_ok=True)
            if not path.exists():
                path.write_bytes(zlib.compress(
                    b"%s %d\0" % (kind, len(data)) + data, 1))
        Path(vault, "refs/heads", branch or self.branch).write_text(
            self.head + "\n")


def line(data, root=None):
    """A file of a batch: its SHA-256 -> (its `entry` line, bytes)."""
    name = hashlib.sha256(data).hexdigest()
    return {name: ("entry %s %s" % (name, root or os.urandom(32).hex()), data)}


def junk(n=1, size=4096):
    """Files that have the form of entries, and nothing in them."""
    out = {}
    for _ in range(n):
        share = base64.b64encode(os.urandom(32)).decode().rstrip("=")
        head = "age-encryption.org/v1\n-> X25519 %s\n%s\n--- %s\n" % (
            share, share, share)
        out.update(line(head.encode() + os.urandom(size - len(head))))
    return out


TYPES = {b"commit": 1, b"tree": 2, b"blob": 3}


def pack(objects, count=None, level=0):
    """A pack of (type, bytes) pairs, whole and not deltas."""
    out = [b"PACK" + struct.pack(">II", 2,
                                 len(objects) if count is None else count)]
    for kind, data in objects:
        n = len(data)
        head = [TYPES[kind] << 4 | n & 15]
        n >>= 4
        while n:
            head[-1] |= 0x80
            head.append(n & 0x7f)
            n >>= 7
        out.append(bytes(head) + zlib.compress(data, level))
    body = b"".join(out)
    return body + hashlib.sha1(body).digest()


def all_objects(vault):
    """Every git object of a vault: id -> (type, bytes)."""
    out = subprocess.run(reader.GIT + ["-C", str(vault), "cat-file", "--batch",
                                       "--batch-all-objects"], env=reader.ENV,
                         stdout=subprocess.PIPE, check=True).stdout
    found, at = {}, 0
    while at < len(out):
        end = out.index(b"\n", at)
        oid, kind, size = out[at:end].split()
        found[oid.decode()] = (kind, out[end + 1:end + 1 + int(size)])
        at = end + 2 + int(size)
    return found


def heads(vault):
    return {p.name: p.read_text().strip()
            for p in Path(vault, "refs/heads").iterdir()}


def bundle(refs, objects, **how):
    text = "".join("%s refs/heads/%s\n" % (o, b) for b, o in
                   sorted(refs.items()))
    return b"# v2 git bundle\n" + text.encode() + b"\n" + pack(
        list(objects.values()), **how)


def tar(members):
    """Members as a carry file has them; (name, bytes) pairs."""
    out = b""
    for name, data in members:
        head = bytearray(512)
        for at, text in ((0, name), (100, "0000644"), (108, "0000000"),
                         (116, "0000000"), (124, "%011o" % len(data)),
                         (136, "0" * 11), (148, " " * 8), (156, "0"),
                         (257, "ustar\0" + "00")):
            head[at:at + len(text)] = text.encode()
        head[148:156] = b"%06o\0 " % sum(head)
        out += bytes(head) + data + b"\0" * (-len(data) % 512)
    out += b"\0" * 1024
    return out + b"\0" * (reader.padme(len(out)) - len(out))


def lfs(vault):
    """The objects of a vault as members of a carry file."""
    return [("lfs/objects/%s" % p.relative_to(Path(vault, "lfs/objects")),
             p.read_bytes()) for p in
            sorted(Path(vault, "lfs/objects").glob("*/*/*"))]


def carry(path, to, refs, objects, members=(), **how):
    """A carry file for a card."""
    Path(path).write_bytes(seal(to, tar(
        [("vault.bundle", bundle(refs, objects, **how))] + list(members))))


class Opened:
    """What a person can read of a vault, by reader.py, signatures unchecked."""

    def __init__(self, who, vault):
        self.repo = reader.Repository(str(vault))
        self.report = reader.Report()
        self.list = []
        for oid, ref in self.repo.refs():
            device = ref.split("/")[-1]
            for n, m in enumerate(reader.history(self.repo, oid), 1):
                b = reader.Batch(self.repo, device, n,
                                 reader.read_tree(self.repo, m["tree"]))
                reader.read_lines(b, b.read("batch"))
                b.rings = [x for x in b.entries if reader.stanza(
                    b.read(x)) == "mlkem768x25519"]
                self.list.append(b)
        self.id = hashlib.sha256(self.list[0].read("vault")).hexdigest()
        self.identity = [
            x for x in identity(who).splitlines()
            if x.startswith("AGE-SECRET-KEY-PQ-1")]
        self.keys = reader.open_rings(self, self.identity)
        self.entries = reader.open_entries(self, self.keys)

    def batches(self):
        return self.list


def identity(who):
    """A person's identity file, opened."""
    end, other = os.pipe()
    os.write(other, b"pass %s\n" % who.encode())
    os.close(other)
    try:
        return subprocess.run(
            [PROGRAM, "open", "--passphrase-fd", str(end), who + ".age"],
            stdout=subprocess.PIPE, pass_fds=[end], check=True).stdout.decode()
    finally:
        os.close(end)


def one_off():
    """An X25519 identity and its recipient."""
    text = subprocess.run(["age-keygen"], stdout=subprocess.PIPE, check=True,
                          stderr=subprocess.DEVNULL).stdout.decode()
    return (re.search("AGE-SECRET-KEY-1[A-Z0-9]+", text)[0],
            re.search("age1[a-z0-9]+", text)[0])


def entry(log, kind, case, seat, **members):
    """A record or another entry that no person signs, for the log's next
    batch: its files, its line, and the key that opens it."""
    doc = {"version": 1, "kind": kind, "vault": log.id, "device": log.device,
           "batch": log.n + 1, "case": case, "seat": seat,
           "time": "2026-01-02T03:04:05Z", "salt": os.urandom(32).hex(),
           **members}
    text = reader.canonical(doc).encode()
    head = reader.tar_header("entry.json", len(text))
    plain = frame(head + text + b"\0" * (-len(text) % 512)) + frame(bytes(1024))
    key, to = one_off()
    overhead = len(seal(to, b""))
    room = 4096 - overhead - len(plain) - 8
    assert room >= 0
    data = seal(to, plain + struct.pack("<II", 0x184D2A50, room) + bytes(room))
    assert len(data) == 4096, len(data)
    return line(data, reader.fields_root(doc)), key


def frame(data):
    """One zstd frame that states its size."""
    with tempfile.TemporaryDirectory() as t:
        Path(t, "x").write_bytes(data)
        return subprocess.run(["zstd", "-q", "-c", "--no-check", t + "/x"],
                              stdout=subprocess.PIPE, check=True).stdout


def ring(log, to, keys):
    """The case's ring of the log's next batch; `keys`: name -> identity."""
    text = "# muniment ring 1 %s %s %d\n" % (log.id, log.device, log.n + 1)
    text += "".join("# entry %s\n%s\n" % (n[:32], k) for n, k in keys.items())
    overhead = len(seal(to, b""))
    data = seal(to, text.encode() + b"\n" * (4096 - overhead - len(text)))
    assert len(data) == 4096, len(data)
    return line(data)


def recipient(opened, case):
    """What is written to in a case; the newest epoch will do here."""
    return [e["recipient"] for e in opened.entries
            if e["kind"] == "case" and e["opened"] == case][-1]


def load(path):
    return json.loads(Path(path).read_text())
