#!/usr/bin/env python3
"""Makes exhibit packages, from format/EXHIBIT.md and FORMAT.md alone.

    exhibit_make.py DIR     writes DIR/sample-1 to DIR/sample-4, sample-3.zip

There is no vault behind them: logs, batches, entries and keys are made up
here, with Python's standard library and age, openssl, ssh-keygen and zstd as
they are. What `exhibit` leaves to other modules (the certificate, the
verifier, the commands) is a line of text.

    sample-1  an opened record with a photograph, a cosignature, a stamp
    sample-2  fields of a record and of a redacted copy, custody, a retraction, two devices
    sample-3  a stamp of 2015, renewed in 2019 and 2024; count/ with a fork; also a zip
    sample-4  a copy and its original, "no earlier than", a witness by name
"""

import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

B32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
TOP = Path(__file__).resolve().parent.parent.parent
ED_PKCS8 = bytes.fromhex("302e020100300506032b657004220420")


def run(*argv, data=None, when=None):
    """A stock tool's standard output; `when`: at that time, by faketime."""
    if when:
        argv = ("faketime", when) + argv
    r = subprocess.run(argv, input=data, capture_output=True,
                       env={**os.environ, "LC_ALL": "C", "TZ": "UTC"})
    if r.returncode:
        sys.exit(f"{argv}: {r.stderr.decode(errors='replace')}")
    return r.stdout


def sha(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def canon(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False).encode()


# ------------------------------------------------------------------ trees

def node(left, right):
    return sha(b"\1" + left + right)


def padded(leaves, pad_key, least):
    """(k, root, path): path(leaf) is (place, nodes)."""
    k = least
    while 4 ** k < len(leaves):
        k += 1
    pads = [sha(b"\2" + pad_key + struct.pack(">I", i))
            for i in range(4 ** k - len(leaves))]
    row = sorted(leaves + pads)
    rows = [row]
    while len(row) > 1:
        row = [node(row[i], row[i + 1]) for i in range(0, len(row), 2)]
        rows.append(row)

    def path(leaf):
        at = place = rows[0].index(leaf)
        nodes = []
        for row in rows[:-1]:
            nodes.append(row[at ^ 1])
            at >>= 1
        return place, nodes
    return k, rows[-1][0], path


def log_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node(log_root(leaves[:half]), log_root(leaves[half:]))


def log_path(index, leaves):
    if len(leaves) == 1:
        return []
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if index < half:
        return log_path(index, leaves[:half]) + [log_root(leaves[half:])]
    return log_path(index - half, leaves[half:]) + [log_root(leaves[:half])]


# ------------------------------------------------------------------- keys

class Key:
    """An Ed25519 key; openssl signs."""

    def __init__(self, tmp):
        self.seed = os.urandom(32)
        self.file = tmp / f"key-{os.urandom(8).hex()}"
        self.file.write_bytes(ED_PKCS8 + self.seed)
        pub = run("openssl", "pkey", "-inform", "DER", "-in", str(self.file),
                  "-pubout", "-outform", "DER")
        self.public = pub[-32:]

    def sign(self, text):
        note = self.file.with_suffix(".text")
        note.write_bytes(text)
        return run("openssl", "pkeyutl", "-sign", "-keyform", "DER", "-inkey",
                   str(self.file), "-rawin", "-in", str(note))

    def ssh_line(self):
        blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + self.public
        return "ssh-ed25519 " + b64(blob)

    def signers(self):
        return ('custodian namespaces="muniment-exhibit" '
                + self.ssh_line() + "\n").encode()

    def ssh_file(self):
        """As OpenSSH keeps it: openssh-key-v1, without a passphrase."""
        def s(b):
            return struct.pack(">I", len(b)) + b
        blob = s(b"ssh-ed25519") + s(self.public)
        check = os.urandom(4)
        secret = (check + check + blob + s(self.seed + self.public) + s(b""))
        secret += bytes(range(1, 1 + -len(secret) % 8))
        whole = (b"openssh-key-v1\0" + s(b"none") + s(b"none") + s(b"")
                 + struct.pack(">I", 1) + s(blob) + s(secret))
        path = self.file.with_suffix(".ssh")
        path.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n"
                        + base64.encodebytes(whole).decode()
                        + "-----END OPENSSH PRIVATE KEY-----\n")
        path.chmod(0o600)
        return path


def key_id(name, kind, public):
    return sha(name.encode() + b"\n" + bytes([kind]) + public)[:4]


def vkey(name, kind, public):
    return f"{name}+{key_id(name, kind, public).hex()}+{b64(bytes([kind]) + public)}"


# ---------------------------------------------------------------- entries

def fields_of(value, name=""):
    """[(path of keys, value)], FORMAT.md 5, "Fields root"."""
    if isinstance(value, dict) and value:
        return [f for k in sorted(value)
                for f in fields_of(value[k], f"{name}.{k}" if name else k)]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [f for i, v in enumerate(value, 1)
                for f in fields_of(v, f"{name}.{i}")]
    return [(name, value)]


class Entry:
    def __init__(self, log, kind, members, contents=()):
        self.log, self.kind = log, kind
        self.batch = len(log.batches) + 1
        self.salt = os.urandom(32)
        whole = {"version": 1, "kind": kind, "vault": log.vault,
                 "device": log.device, "batch": self.batch,
                 "case": log.case, "seat": log.seat, "time": log.time,
                 **members}
        self.values = dict(fields_of(whole))
        self.json = canon({**whole, "salt": self.salt.hex()})
        self.leaves = {n: sha(b"\0" + self.field_salt(n) + n.encode() + b"\0"
                              + canon(v)) for n, v in self.values.items()}
        self.k, self.root, self.path = padded(
            list(self.leaves.values()),
            hmac.digest(self.salt, b"", "sha256"), 3)
        self.contents = contents
        self.seal()

    def field_salt(self, name):
        return hmac.digest(self.salt, name.encode(), "sha256")

    def seal(self):
        self.identity = run("age-keygen").decode().splitlines()[-1]
        to = run("age-keygen", "-y", data=self.identity.encode())
        plain = b""
        members = [self.json, *self.contents]
        for i, data in enumerate(members):
            name = b"entry.json" if i == 0 else b"%04d" % i
            plain += zstd(tar_member(name, data))
        plain += zstd(bytes(1024))
        length = age_length(len(plain))
        want = 4096 if length <= 4096 else padme(length)
        while 0 < want - age_length(len(plain)) < 8:
            want = padme(want + 1)
        room = want - length
        while room > 0 and age_length(len(plain) + room) > want:
            room -= 1
        if room:
            plain += struct.pack("<II", 0x184D2A50, room - 8) + bytes(room - 8)
        self.age = run("age", "-r", to.decode().strip(), data=plain)
        self.hash = sha(self.age).hex()

    def line(self):
        return f"entry {self.hash} {self.root.hex()}"


def tar_member(name, data):
    head = (name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2
            + b"%011o\0" % len(data) + b"00000000000\0" + b" " * 8 + b"0"
            + bytes(100) + b"ustar\x0000").ljust(512, b"\0")
    head = head[:148] + b"%06o\0 " % sum(head) + head[156:]
    return head + data + bytes(-len(data) % 512)


def zstd(data):
    return run("zstd", "-q", "-c", "--no-check",
               f"--stream-size={len(data)}", data=data)


def age_length(n):
    return 168 + 16 + n + 16 * max(1, -(-n // 65536))


def padme(n):
    e = n.bit_length() - 1
    mask = (1 << (e - e.bit_length())) - 1
    return (n + mask) & ~mask


class Log:
    def __init__(self, tmp, vault, case, seat):
        self.vault, self.case, self.seat = vault, case, seat
        self.key = Key(tmp)
        self.device = "d" + base64.b32encode(
            self.key.public).decode().translate(B32).rstrip("=")
        self.origin = f"muniment/{vault}/{self.device}"
        self.batches, self.leaves, self.trees = [], [], []
        self.time = "2026-11-20T10:00:00Z"

    def add(self, entries, objects=(), others=3):
        """A batch of these entries, of a ring and of other people's."""
        lines = [e.line() for e in entries]
        lines += [f"entry {os.urandom(32).hex()} {os.urandom(32).hex()}"
                  for _ in range(others)]
        lines += [f"object {h} {n}" for h, n in objects]
        pads = os.urandom(32)
        leaves = [sha(b"\0" + x.encode()) for x in lines]
        tree = padded(leaves, pads, 2)
        self.batches.append("".join(
            x + "\n" for x in sorted(lines + [f"pads {pads.hex()}"])))
        self.leaves.append(sha(b"\0" + self.leaf_data(tree)))
        self.trees.append(tree)
        return len(self.batches)

    @staticmethod
    def leaf_data(tree):
        return f"muniment/batch/v1 {tree[0]} {tree[1].hex()}\n".encode()

    def checkpoint(self, size=None):
        size = size or len(self.leaves)
        root = log_root(self.leaves[:size])
        text = f"{self.origin}\n{size}\n{b64(root)}\n".encode()
        sig = key_id(self.origin, 1, self.key.public) + self.key.sign(text)
        return text + f"\n\u2014 {self.origin} {b64(sig)}\n".encode()


class Witness:
    def __init__(self, tmp, name):
        self.key, self.name = Key(tmp), name

    def cosign(self, note, seconds):
        text = note[:note.index(b"\n\n") + 1]
        sig = self.key.sign(b"cosignature/v1\ntime %d\n" % seconds + text)
        raw = (key_id(self.name, 4, self.key.public)
               + struct.pack(">Q", seconds) + sig)
        return f"\u2014 {self.name} {b64(raw)}\n".encode()


# ----------------------------------------------------------------- stamps

TSA_CONF = """[tsa]
default_tsa = one
[one]
serial = {dir}/serial
crypto_device = builtin
signer_cert = {dir}/tsa.pem
signer_key = {dir}/tsa.key
certs = {dir}/none.pem
signer_digest = sha256
default_policy = 1.3.6.1.4.1.13762.3
digests = sha1, sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
ess_cert_id_chain = no
ordering = no
tsa_name = yes
[req]
distinguished_name = dn
prompt = no
[dn]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[stamping]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[cadb]
database = {dir}/index
crlnumber = {dir}/crlnumber
default_md = sha256
default_crl_days = 30
"""


class Authority:
    """A root that issues to a stamping key; both by openssl."""

    def __init__(self, tmp, name, made, days):
        self.dir = tmp / ("tsa-" + re.sub("[^a-z0-9]", "", name.lower()))
        self.dir.mkdir()
        d = str(self.dir)
        (self.dir / "conf").write_text(TSA_CONF.format(dir=d))
        (self.dir / "serial").write_text("01\n")
        (self.dir / "index").write_text("")
        (self.dir / "crlnumber").write_text("01\n")
        (self.dir / "none.pem").write_text("")
        for who in "ca", "tsa":
            run("openssl", "ecparam", "-name", "prime256v1", "-genkey",
                "-noout", "-out", f"{d}/{who}.key")
        run("openssl", "req", "-x509", "-new", "-sha256", "-key",
            f"{d}/ca.key", "-subj", f"/O={name}/CN={name} Root",
            "-config", f"{d}/conf", "-extensions", "ca", "-days", "9000",
            "-out", f"{d}/ca.pem", when=made)
        run("openssl", "req", "-new", "-key", f"{d}/tsa.key", "-subj",
            f"/O={name}/CN={name} Stamps", "-config", f"{d}/conf",
            "-out", f"{d}/tsa.csr")
        run("openssl", "x509", "-req", "-sha256", "-in", f"{d}/tsa.csr",
            "-CA", f"{d}/ca.pem", "-CAkey", f"{d}/ca.key", "-set_serial",
            "0x1001", "-days", str(days), "-extfile", f"{d}/conf",
            "-extensions", "stamping", "-out", f"{d}/tsa.pem", when=made)

    def root(self):
        return (self.dir / "ca.pem").read_text()

    def stamp(self, text, digest, when):
        d = self.dir
        (d / "text").write_bytes(text)
        run("openssl", "ts", "-query", "-data", f"{d}/text", "-" + digest,
            "-cert", "-out", f"{d}/q", when=when)
        run("openssl", "ts", "-reply", "-config", f"{d}/conf", "-queryfile",
            f"{d}/q", "-out", f"{d}/r", when=when)
        return (d / "r").read_bytes()

    def revoke(self, reason, when):
        run("openssl", "ca", "-config", f"{self.dir}/conf", "-name", "cadb",
            "-cert", f"{self.dir}/ca.pem", "-keyfile", f"{self.dir}/ca.key",
            "-revoke", f"{self.dir}/tsa.pem", "-crl_reason", reason,
            when=when)

    def chain(self):
        return pem("CERTIFICATE", run("openssl", "x509", "-in",
                                      f"{self.dir}/ca.pem", "-outform", "DER"))

    def crl(self, when):
        der = run("openssl", "ca", "-gencrl", "-config", f"{self.dir}/conf",
                  "-name", "cadb", "-cert", f"{self.dir}/ca.pem", "-keyfile",
                  f"{self.dir}/ca.key", when=when)
        return pem("X509 CRL", run("openssl", "crl", "-outform", "DER",
                                   data=der))


def pem(what, der):
    text = b64(der)
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return f"-----BEGIN {what}-----\n" + "\n".join(lines) + \
        f"\n-----END {what}-----\n"


def path_text(place, nodes):
    return f"place {place}\n" + "".join(f"node {n.hex()}\n" for n in nodes)


def stamp_of(authority, checkpoints, when, crl=True, digest="sha256"):
    """The files of proof/tN/ by name; checkpoints: {cN: file}, some others."""
    leaves = {c: sha(b"\0" + data) for c, data in checkpoints.items()}
    all_leaves = list(leaves.values()) + [os.urandom(32) for _ in range(2)]
    k, root, path = padded(all_leaves, os.urandom(32), 2)
    text = f"muniment/stamp/v1 {k} {root.hex()}\n".encode()
    files = {"stamp.txt": text,
             "token.tsr": authority.stamp(text, digest, when),
             "chain.pem": authority.chain().encode()}
    if crl:
        files["revocation.pem"] = authority.crl(when).encode()
    for c, leaf in leaves.items():
        files[f"{c}.path"] = path_text(*path(leaf)).encode()
    return files


def renew(files, n, authority, when):
    """Renewal n of the stamp whose files these are."""
    order = ["stamp.txt", "token.tsr", "chain.pem", "revocation.pem"]
    for i in range(1, n):
        order += [f"renewal-{i}{x}" for x in
                  (".txt", ".tsr", "-chain.pem", "-revocation.pem")]
    token = files.setdefault("", os.urandom(32).hex())
    lines = "".join(
        f"{hashlib.sha512(files[name]).hexdigest()}  {token}/{name}\n"
        for name in order if name in files).encode()
    leaf = sha(b"\0" + lines)
    k, root, path = padded([leaf, os.urandom(32)], os.urandom(32), 2)
    text = f"muniment/renewal/v1 {k} {root.hex()}\n".encode()
    files[f"renewal-{n}.txt"] = lines
    files[f"renewal-{n}.stamp"] = text
    files[f"renewal-{n}.path"] = path_text(*path(leaf)).encode()
    files[f"renewal-{n}.tsr"] = authority.stamp(text, "sha512", when)
    files[f"renewal-{n}-chain.pem"] = authority.chain().encode()
    files[f"renewal-{n}-revocation.pem"] = authority.crl(when).encode()


# ---------------------------------------------------------------- package

ALWAYS = {"record": ["kind", "vault", "device", "batch", "item"],
          "custody": ["kind", "vault", "device", "batch", "item", "action",
                      "time"],
          "retract": ["kind", "vault", "device", "batch", "item", "time"],
          "stamp": ["kind", "vault", "device", "batch", "act", "token", "chain",
                    "revocation"]}

class Package:
    def __init__(self, tmp, vault, made="2026-11-22T08:00:00Z"):
        self.tmp, self.vault, self.made = tmp, vault, made
        self.files, self.items, self.entries = {}, [], []
        self.lines = {w: [] for w in
                      "file original checkpoint stamp earlier witness".split()}
        self.logs, self.witnesses, self.points = {}, {}, {}
        self.data, self.roots = 0, []

    def item(self, item):
        self.items.append(item)
        return len(self.items)

    def entry(self, e, item=0, opened=False, show=(), points=(), files=()):
        """Discloses an entry; points: names of checkpoints that hold it."""
        name = f"e{len(self.entries) + 1:03}"
        self.entries.append((name, e, item, opened))
        shown = set(e.values) if opened else \
            (set(ALWAYS[e.kind]) | set(show)) & set(e.values)
        for n, data, ext in files:
            self.data += 1
            path = f"data/{self.data:04}.{ext}"
            self.files[path] = data
            self.lines["file"].append(f"file {path} {name} {n}")
            shown |= {f"files.{n}.sha256", f"files.{n}.size"}
        tree = e.log.trees[e.batch - 1]
        place, nodes = tree[2](sha(b"\0" + e.line().encode()))
        text = f"muniment proof 1\nline {e.line()}\n" + path_text(place, nodes)
        text += f"batch {tree[0]} {tree[1].hex()}\nfields {e.k}\n"
        for f in sorted(shown):
            place, nodes = e.path(e.leaves[f])
            text += (f"field {f} {e.field_salt(f).hex()} {place} "
                     f"{','.join(n.hex() for n in nodes)} "
                     f"{canon(e.values[f]).decode()}\n")
        self.files[f"proof/{name}.proof"] = text.encode()
        if opened:
            self.files[f"proof/{name}.age"] = e.age
            self.files[f"proof/{name}.key"] = e.identity.encode() + b"\n"
        self.logs[e.log.origin] = e.log.key.public
        for c in points:
            self.files[f"proof/{name}-{c}.tlog-proof"] = self.tlog(e, c)
        return name

    def checkpoint(self, log, size, cosigned=()):
        """cosigned: [(Witness, POSIX seconds)]"""
        name = f"c{len(self.points) + 1}"
        note = log.checkpoint(size)
        self.points[name] = (log, size, note + b"".join(
            w.cosign(note, t) for w, t in cosigned))
        for w, _ in cosigned:
            self.witnesses[w.name] = w.key.public
        self.files[f"proof/{name}.checkpoint"] = note
        self.lines["checkpoint"].append(
            f"checkpoint {name} {log.device} {size}")
        return name

    def note(self, c):
        return self.files[f"proof/{c}.checkpoint"]

    def tlog(self, e, c):
        log, size, note = self.points[c]
        path = log_path(e.batch - 1, log.leaves[:size])
        return (f"c2sp.org/tlog-proof@v1\nindex {e.batch - 1}\n"
                + "".join(b64(n) + "\n" for n in path) + "\n").encode() + note

    def stamp(self, files, root):
        name = f"t{1 + len({x.split()[1] for x in self.lines['stamp']})}"
        for f, data in files.items():
            if f:
                self.files[f"proof/{name}/{f}"] = data
        for c in sorted((f[:-5] for f in files
                         if re.fullmatch(r"c\d+\.path", f)),
                        key=lambda c: int(c[1:])):
            self.lines["stamp"].append(f"stamp {name} {c}")
        if root not in self.roots:
            self.roots.append(root)

    def index(self):
        text = f"muniment exhibit 1\nmade {self.made}\nby muniment 0.3.0\n"
        text += f"vault {self.vault}\n"
        text += f"verifier {sha(self.files['VERIFY.html']).hex()}\n"
        for i, item in enumerate(self.items, 1):
            text += f"item {i} {item}\n"
        for name, e, i, _ in self.entries:
            text += f"entry {name} {e.kind} {e.log.device} {e.batch} {i}\n"
        for name, _, _, opened in self.entries:
            text += f"opened {name}\n" if opened else ""
        for kind in self.lines.values():
            text += "".join(x + "\n" for x in kind)
        return text.encode()

    def policy(self):
        text = "".join(f"log {vkey(n, 1, k)}\n"
                       for n, k in sorted(self.logs.items()))
        for n, k in sorted(self.witnesses.items()):
            text += f"witness {n} {vkey(n, 4, k)}\n"
        return (text + "quorum none\n").encode()

    def write(self, where, key):
        """key: of the custodian who seals"""
        f = self.files
        for name in ("00-READ-ME-FIRST.txt", "CERTIFICATE.html",
                     "CERTIFICATE.pdf", "VERIFY.html", "COMMANDS.txt"):
            f[name] = f"{name} of a made-up package\n".encode()
        f["check-paths.sh"] = (TOP / "format/check-paths.sh").read_bytes()
        f["proof/signers.txt"] = key.signers()
        f["proof/policy.txt"] = self.policy()
        if self.roots:
            f["proof/roots.pem"] = "".join(self.roots).encode()
        f["proof/exhibit.txt"] = self.index()

        seal(f, where, key)


def seal(f, where, key):
    """Bag, manifests and seal.sig around these files; writes them all."""
    index = f["proof/exhibit.txt"].decode()
    data = [v for p, v in f.items() if p.startswith("data/")]

    def manifest(chosen):
        return "".join(f"{sha(f[p]).hex()}  {p}\n"
                       for p in sorted(chosen)).encode()
    f["manifest-sha256.txt"] = manifest(p for p in f if p.startswith("data/"))
    f["bagit.txt"] = (b"BagIt-Version: 1.0\n"
                      b"Tag-File-Character-Encoding: UTF-8\n")
    made = re.search("^made (.{10})", index, re.M)[1]
    f["bag-info.txt"] = (
        f"Bag-Software-Agent: muniment 0.3.0\nBagging-Date: {made}\n"
        "External-Identifier: "
        f"{sha(f['manifest-sha256.txt']).hex()[:32]}\n"
        f"Payload-Oxum: {sum(map(len, data))}.{len(data)}\n").encode()
    f["tagmanifest-sha256.txt"] = manifest(
        p for p in list(f) if not p.startswith("data/")
        and p not in ("tagmanifest-sha256.txt", "seal.sig"))
    shutil.rmtree(where, ignore_errors=True)
    for path, content in f.items():
        (where / path).parent.mkdir(parents=True, exist_ok=True)
        (where / path).write_bytes(content)
    tag = str(where / "tagmanifest-sha256.txt")
    run("ssh-keygen", "-q", "-Y", "sign", "-f", str(key.ssh_file()), "-n",
        "muniment-exhibit", tag)
    os.rename(tag + ".sig", where / "seal.sig")


def zip_of(folder, out):
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as z:
        for p in sorted(folder.rglob("*"), key=str):
            if p.is_file():
                z.write(p, str(Path(folder.name) / p.relative_to(folder)))


# ---------------------------------------------------------------- samples

class World:
    """A vault that is not there: two devices, people, evidence."""

    def __init__(self, tmp):
        self.tmp = tmp
        self.vault, self.case = os.urandom(32).hex(), os.urandom(16).hex()
        self.seat = [os.urandom(32).hex() for _ in range(3)]
        self.logs = [Log(tmp, self.vault, self.case, s) for s in self.seat[:2]]
        self.custodian = Key(tmp)
        self.partner = Witness(
            tmp, f"muniment/{self.vault}/seat/{self.seat[2]}")
        self.outside = Witness(tmp, "witness.example.org/w1")
        for log in self.logs:
            for _ in range(3):
                log.add([])

    def record(self, log, data, ext, name, **more):
        kinds = {"jpg": "image/jpeg", "txt": "text/plain",
                 "png": "image/png", "pdf": "application/pdf"}
        item = more.pop("item", os.urandom(16).hex())
        return item, Entry(log, "record", {
            "item": item, "parents": [], "fields": {
                "title": f"{name}, as received", "source": "a witness, in \u041e\u0448",
                "languages": ["ky", "ru"]},
            "files": [{"name": f"{name}.{ext}", "size": len(data),
                       "sha256": sha(data).hex(), "media_type": kinds[ext],
                       "modified": "2026-11-19T17:03:20Z",
                       "content": "0001"}], **more}, [data])

    def custody(self, log, item, action, **more):
        return Entry(log, "custody", {"action": action, "item": item, **more})


def photo():
    for p in sorted((TOP / "tests/samples").rglob("*.jp*g")):
        if p.stat().st_size < 1 << 20:
            return p.read_bytes()
    return bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def sample_1(w, out):
    log = w.logs[0]
    data = photo()
    item, e = w.record(log, data, "jpg", "IMG_0412")
    log.add([e])
    p = Package(w.tmp, w.vault)
    p.item(item)
    for _ in range(4):
        log.add([])
    disclosed = w.custody(log, item, "disclosed", note="to the court")
    c1 = p.checkpoint(log, len(log.leaves) - 2,
                      [(w.partner, 1795200000), (w.outside, 1795200100)])
    log.add([disclosed])
    c2 = p.checkpoint(log, len(log.leaves))
    p.entry(e, 1, opened=True, points=[c1], files=[(1, data, "jpg")])
    p.entry(disclosed, 1, points=[c2])
    tsa = Authority(w.tmp, "Sample Time", "2026-01-01 00:00:00", 3650)
    p.stamp(stamp_of(tsa, {c1: p.note(c1)}, "2026-11-21 12:00:00"),
            tsa.root())
    p.write(out / "sample-1", w.custodian)


def sample_2(w, out):
    a, b = w.logs
    data = "Показания: я видела их в понедельник.\n".encode()
    item, e = w.record(a, data, "txt", "statement")
    received = w.custody(a, item, "received", note="from the courier",
                         to=w.seat[1])
    a.add([e, received], objects=[(os.urandom(32).hex(), 16384)])
    p = Package(w.tmp, w.vault)
    p.item(item)
    black = data.replace("Показания".encode(), b"[...]")
    copy, r = w.record(b, black, "txt", "statement, blacked", original={
        "entry": e.hash, "item": item, "file": 1,
        "zones": ["1-1 name of a witness", "3-4 place"],
        "decided_by": "the office", "basis": "protection of a witness"})
    p.item(copy)
    b.add([r], others=17)
    exported = w.custody(b, copy, "exported", to=w.seat[2])
    b.add([exported])
    noted = w.custody(a, item, "note", note="seen by counsel")
    a.add([noted])
    ends = [w.custody(a, item, "disclosed"), w.custody(a, copy, "disclosed")]
    gone = Entry(a, "retract", {"item": item, "why": "taken in twice"})
    a.add([*ends, gone])
    c1 = p.checkpoint(a, len(a.leaves), [(w.partner, 1795201000)])
    c2 = p.checkpoint(b, len(b.leaves))
    p.entry(e, 1, show=["fields.title", "time", "files.1.media_type",
                        "files.1.modified"], points=[c1],
            files=[(1, data, "txt")])
    p.entry(r, 2, show=["original.entry", "original.zones", "original.file",
                        "fields.languages"],
            points=[c2], files=[(1, black, "txt")])
    p.entry(received, 1, points=[c1])
    p.entry(exported, 2, points=[c2])
    p.entry(noted, 1, show=["note"], points=[c1])
    p.entry(ends[0], 1, points=[c1])
    p.entry(ends[1], 2, points=[c1])
    p.entry(gone, 1, points=[c1])
    p.write(out / "sample-2", w.custodian)


def sample_3(w, out):
    log, other = w.logs
    item, e = w.record(log, b"\x89PNG\r\n\x1a\n" + bytes(200), "png", "scan")
    data = e.contents[0]
    log.add([e])
    p = Package(w.tmp, w.vault, made="2024-10-02T09:00:00Z")
    p.item(item)
    old = Authority(w.tmp, "Old Time", "2014-01-01 00:00:00", 2190)
    new = Authority(w.tmp, "New Time", "2019-01-01 00:00:00", 7300)
    c1 = p.checkpoint(log, len(log.leaves))
    end = w.custody(log, item, "disclosed")
    log.add([end])
    c2 = p.checkpoint(log, len(log.leaves), [(w.partner, 1570000000)])
    p.entry(e, 1, opened=True, points=[c1, c2], files=[(1, data, "png")])
    p.entry(end, 1, points=[c2])
    files = stamp_of(old, {c1: p.note(c1), c2: p.note(c2)},
                     "2015-11-21 12:00:00", crl=False)
    renew(files, 1, new, "2019-06-01 00:00:00")
    renew(files, 2, new, "2024-06-01 00:00:00")
    p.stamp(files, old.root())
    p.roots.append(new.root())
    fork = other.device + ".0123456789abcdef0123456789abcdef"
    for name, x, size in ((log.device, log, None), (other.device, other, None),
                          (fork, other, 3)):
        n = size or len(x.leaves)
        p.files[f"count/{name}.checkpoint"] = x.checkpoint(n)
        p.files[f"count/{name}.batches"] = "".join(
            f"batch {i} {len(t)}\n{t}"
            for i, t in enumerate(x.batches[:n], 1)).encode()
    p.write(out / "sample-3", w.custodian)
    zip_of(out / "sample-3", out / "sample-3.zip")


def sample_4(w, out):
    log = w.logs[0]
    tsa = Authority(w.tmp, "Third Time", "2026-01-01 00:00:00", 3650)
    before = log.checkpoint()
    stamped = stamp_of(tsa, {"c1": before}, "2026-11-01 06:00:00")
    token = Entry(log, "stamp", {
        "act": "token", "ask": os.urandom(32).hex(),
        "token": b64(stamped["token.tsr"]), "chain": [], "revocation": []})
    log.add([token])
    data = b"the whole text, with a name\n"
    item, e = w.record(log, data, "txt", "letter")
    log.add([e])
    black = b"the whole text, with [...]\n"
    copy, r = w.record(log, black, "txt", "letter, blacked", original={
        "entry": e.hash, "item": item, "file": 1, "zones": ["1-1 name"]})
    log.add([r])
    p = Package(w.tmp, w.vault)
    p.item(copy)
    p.item(item)
    c1 = p.checkpoint(log, len(log.leaves), [(w.partner, 1795203000)])
    first = p.entry(r, 1, opened=True, points=[c1], files=[(1, black, "txt")])
    second = p.entry(e, 2, show=["fields.title"], points=[c1],
                     files=[(1, data, "txt")])
    third = p.entry(token, 0, points=[c1])
    p.lines["original"].append(f"original {first} {second}")
    p.lines["earlier"] += [f"earlier {first} {third}",
                           f"earlier {second} {third}"]
    p.lines["witness"].append(
        f"witness {w.partner.name} Бахром of House of Law")
    p.roots.append(tsa.root())
    p.write(out / "sample-4", w.custodian)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as tmp:
        w = World(Path(tmp))
        for make in sample_1, sample_2, sample_3, sample_4:
            make(w, out)


if __name__ == "__main__":
    main()
