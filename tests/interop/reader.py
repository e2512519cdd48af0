#!/usr/bin/env python3
"""A second reader of Muniment vaults, written from format/FORMAT.md alone.

    reader.py verify  VAULT [--mirror]
    reader.py list    VAULT -i IDENTITY.txt [--json]
    reader.py extract VAULT -i IDENTITY.txt -o DIR [--json]
    reader.py desks   VAULT IDENTITY.txt [VAULT IDENTITY.txt]...

It shares no code with the program: Python's standard library, and git, age,
zstd, openssl and ssh-keygen as they are. IDENTITY.txt is the decrypted
identity file. VAULT may be a stock `git clone --mirror` of a carry file's
bundle with the carry file's `lfs` folder laid into it.

Exit status: 0 all is well; 1 the vault has faults; 2 the answer is not known.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ENV = {**os.environ, "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1",
       "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_NO_REPLACE_OBJECTS": "1"}
GIT = ["git", "-c", "safe.directory=*"]

HEX = "[0-9a-f]{64}"
ID = "[0-9a-f]{32}"
NUMBER = "(?:0|[1-9][0-9]{0,15})"
DEVICE = "d[a-z2-7]{52}"
B64 = "[A-Za-z0-9+/]+={0,2}"
SSH_KEY = f"ssh-ed25519 ({B64})"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
MIB = 1 << 20

CONFIG = """\
[core]
	repositoryformatversion = 0
	filemode = true
	bare = true
	logAllRefUpdates = false
	hooksPath = /dev/null
	fsync = all
	bigFileThreshold = 1k
[gc]
	auto = 0
	pruneExpire = never
	reflogExpire = never
	cruftPacks = false
[maintenance]
	auto = false
[fetch]
	fsckObjects = true
[receive]
	autogc = false
	denyDeletes = true
	denyNonFastForwards = true
	fsckObjects = true
[pack]
	deltaCacheSize = 1
[lfs]
	repositoryformatversion = 0
	pruneremotetocheck = none
"""


class Fault(Exception):
    """Something in the vault that the format does not allow."""


def need(condition, what):
    """Refuse unless the condition holds."""
    if not condition:
        raise Fault(what)


class Report:
    """What was found: faults count, notes do not."""

    def __init__(self):
        self.faults, self.notes = [], []

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def note(self, where, what):
        self.notes.append(f"{where}: {what}")

    def attempt(self, where, function, *args):
        """Call a function; a fault is written down and gives None."""
        try:
            return function(*args)
        except Fault as e:
            self.fault(where, e)
            return None


# ---------------------------------------------------------------- bytes

def sha256(data):
    """SHA-256 as bytes."""
    return hashlib.sha256(data).digest()


def unbase64(text):
    """Decode base64 of the one canonical form only."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Fault("base64 is damaged") from None
    need(base64.b64encode(data).decode() == text, "base64 is not canonical")
    return data


def padme(length):
    """The smallest Padmé length that is not below `length`."""
    e = length.bit_length() - 1
    low = e - ((e.bit_length() - 1) + 1) if e > 0 else 0
    mask = (1 << max(low, 0)) - 1
    return (length + mask) & ~mask


def node(left, right):
    """An inner node of an RFC 6962 tree."""
    return sha256(b"\x01" + left + right)


def padded_root(leaves, seed, k):
    """Section 3 and 5: 4^k sorted leaves and pads; gives k and the root."""
    while 4 ** k < len(leaves):
        k += 1
    pads = [sha256(b"\x02" + seed + struct.pack(">I", i))
            for i in range(4 ** k - len(leaves))]
    level = sorted(leaves + pads)
    while len(level) > 1:
        level = [node(*level[i:i + 2]) for i in range(0, len(level), 2)]
    return k, level[0]


class LogTree:
    """An RFC 6962 tree that grows by one leaf at a time."""

    def __init__(self):
        self.peaks = []

    def add(self, leaf):
        """Append a leaf hash and give the root over all leaves so far."""
        size = 1
        while self.peaks and self.peaks[-1][0] == size:
            leaf, size = node(self.peaks.pop()[1], leaf), size * 2
        self.peaks.append((size, leaf))
        root = leaf
        for _, left in self.peaks[-2::-1]:
            root = node(left, root)
        return root


# ---------------------------------------------------------------- Ed25519

P = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def point_add(a, b):
    """Add two points of the curve (extended coordinates)."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    m, n = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
    c, d = 2 * D * t1 * t2, 2 * z1 * z2
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def good_key(key):
    """Whether a public key is canonical and in the prime-order subgroup."""
    y, sign = int.from_bytes(key, "little"), key[31] >> 7
    y &= 2 ** 255 - 1
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != xx or x == 0:
        return False
    if x & 1 != sign:
        x = P - x
    total, step, n = (0, 1, 1, 0), (x, y, 1, x * y % P), ORDER
    while n:
        if n & 1:
            total = point_add(total, step)
        step, n = point_add(step, step), n >> 1
    return total[0] == 0 and total[1] == total[2]


CHECKED = {}


def check_key(key):
    """Refuse a key that verifiers disagree about."""
    if key not in CHECKED:
        CHECKED[key] = len(key) == 32 and good_key(key)
    need(CHECKED[key], "Ed25519 key is not in the prime-order subgroup")
    return key


def ssh_key(line):
    """The 32 bytes of an SSH key line."""
    m = re.fullmatch(SSH_KEY, line)
    need(m, "not an ssh-ed25519 key line")
    blob = unbase64(m[1])
    head = b"\0\0\0\x0bssh-ed25519\0\0\0\x20"
    need(blob.startswith(head) and len(blob) == 51, "SSH key blob is damaged")
    return check_key(blob[19:])


def ssh_line(key):
    """The SSH key line of 32 bytes."""
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + key
    return "ssh-ed25519 " + base64.b64encode(blob).decode()


def device_key(name):
    """The public key that a device's name is."""
    need(re.fullmatch(DEVICE, name), "not a device name")
    key = base64.b32decode(name[1:].upper() + "====")
    again = base64.b32encode(key).decode().lower().rstrip("=")
    need("d" + again == name, "device name is not canonical")
    return check_key(key)


# ---------------------------------------------------------------- tools

def run(command, data=None, fds=()):
    """Run a stock tool; gives status, output and what it complained of."""
    done = subprocess.run(command, input=data, capture_output=True, env=ENV,
                          pass_fds=fds, check=False)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def once(function):
    """Ask a tool each question once, also for several vaults."""
    known = {}

    def remembered(*args):
        asked = repr([sha256(a) if isinstance(a, bytes) else a for a in args
                      if not isinstance(a, Path)])
        if asked not in known:
            try:
                known[asked] = function(*args), None
            except Fault as e:
                known[asked] = None, str(e)
        answer, fault = known[asked]
        need(fault is None, fault)
        return answer

    return remembered


@once
def openssl_verify(key, message, signature, tmp):
    """Check a plain Ed25519 signature with openssl."""
    der = bytes.fromhex("302a300506032b6570032100") + key
    for name, data in ("key", der), ("msg", message), ("sig", signature):
        (tmp / name).write_bytes(data)
    status, _, _ = run(["openssl", "pkeyutl", "-verify", "-pubin", "-rawin",
                        "-keyform", "DER", "-inkey", tmp / "key",
                        "-in", tmp / "msg", "-sigfile", tmp / "sig"])
    need(status == 0, "signature is wrong")


def sshsig_form(blob, key, namespace):
    """Check all of an SSHSIG blob but the signature itself."""
    parts, rest = [], blob[10:]
    while rest:
        need(len(rest) >= 4, "SSHSIG is cut")
        size = int.from_bytes(rest[:4], "big")
        need(len(rest) >= 4 + size, "SSHSIG is cut")
        parts.append(rest[4:4 + size])
        rest = rest[4 + size:]
    need(blob[:10] == b"SSHSIG\0\0\0\x01" and len(parts) == 5, "no SSHSIG")
    need(parts[0] == unbase64(ssh_line(key).split()[1]), "signed by another")
    need(parts[1] == namespace.encode(), "SSHSIG namespace is another")
    need(parts[2] == b"" and parts[3] == b"sha512", "SSHSIG is not sha512")
    need(parts[4][:19] == b"\0\0\0\x0bssh-ed25519\0\0\0\x40"
         and len(parts[4]) == 83, "SSHSIG is not Ed25519")


@once
def sshsig_verify(blob, key, namespace, message, tmp):
    """Check an SSHSIG, armored again, with ssh-keygen -Y verify."""
    sshsig_form(blob, key, namespace)
    (tmp / "signers").write_text(f"x {ssh_line(key)}\n")
    (tmp / "sshsig").write_text("-----BEGIN SSH SIGNATURE-----\n"
                                + base64.encodebytes(blob).decode()
                                + "-----END SSH SIGNATURE-----\n")
    status, _, _ = run(["ssh-keygen", "-Y", "verify", "-f", tmp / "signers",
                        "-I", "x", "-n", namespace, "-s", tmp / "sshsig"],
                       message)
    need(status == 0, "signature is wrong")


@once
def age_open(keys, data):
    """`age -d` with the keys given through a pipe; None if none fits."""
    r, w = os.pipe()

    def feed():
        try:
            with os.fdopen(w, "w") as pipe:
                pipe.write("\n".join(keys) + "\n")
        except BrokenPipeError:
            pass

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        status, out, err = run(["age", "-d", "-i", f"/dev/fd/{r}"], data, (r,))
    finally:
        os.close(r)
        thread.join()
    if status and "no identity matched" in err:
        return None
    need(status == 0, "age cannot decrypt it")
    return out


@once
def unzstd(data):
    """`zstd -d` of all frames."""
    status, out, _ = run(["zstd", "-d", "-q", "-c"], data)
    need(status == 0, "zstd cannot decompress it")
    return out


# ---------------------------------------------------------------- age, zstd, tar

def stanza(data):
    """The type of an age file's only stanza."""
    m = re.match(rb"age-encryption\.org/v1\n-> (\S+)[^\n]*\n"
                 rb"(?:[A-Za-z0-9+/]{64}\n)*[A-Za-z0-9+/]{0,63}\n"
                 rb"--- [A-Za-z0-9+/]{43}\n", data[:2 * MIB])
    need(m, "not an age file with one stanza")
    return m[1].decode(errors="replace")


def zstd_frame(data, at):
    """Length and content size of the frame at `at`; -1 for padding."""
    head = data[at:at + 18]
    need(len(head) >= 8, "zstd frame is cut")
    magic, size = struct.unpack_from("<II", head)
    if magic == 0x184D2A50:
        need(at + 8 + size <= len(data), "padding is cut")
        need(not any(data[at + 8:at + 8 + size]), "padding is not zero")
        return 8 + size, -1
    need(magic == 0xFD2FB528, "not a zstd frame")
    flags, at0, pos = head[4], at, at + 5
    single, width = flags >> 5 & 1, (1, 2, 4, 8)[flags >> 6]
    need(flags & 3 == 0, "zstd frame wants a dictionary")
    need(single or flags >> 6, "zstd frame does not state its size")
    if not single:
        e, m = data[pos] >> 3, data[pos] & 7
        need((1 << 10 + e) * (8 + m) // 8 <= 8 * MIB, "window is above 8 MiB")
        pos += 1
    content = int.from_bytes(data[pos:pos + width], "little")
    content += 256 if width == 2 else 0
    need(not single or content <= 8 * MIB, "window is above 8 MiB")
    pos, last = pos + width, 0
    while not last:
        need(pos + 3 <= len(data), "zstd frame is cut")
        block = int.from_bytes(data[pos:pos + 3], "little")
        last, kind, size = block & 1, block >> 1 & 3, block >> 3
        pos += 3 + (1 if kind == 1 else size)
    pos += 4 if flags & 4 else 0
    need(pos <= len(data), "zstd frame is cut")
    return pos - at0, content


def zstd_frames(data):
    """The content sizes of all frames; padding must come last."""
    at, sizes, padding = 0, [], False
    while at < len(data):
        length, content = zstd_frame(data, at)
        need(content < 0 or not padding, "a frame after the padding")
        padding = content < 0
        if not padding:
            sizes.append(content)
        at += length
    return sizes


def tar_header(name, size):
    """The one header that a member of this name and size may have."""
    head = bytearray(512)
    for at, text in ((0, name), (100, "0000644"), (108, "0000000"),
                     (116, "0000000"), (124, f"{size:011o}"),
                     (136, "0" * 11), (148, " " * 8), (156, "0"),
                     (257, "ustar\0" + "00")):
        head[at:at + len(text)] = text.encode()
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


def read_tar(data):
    """The members of a compressed tar of the canonical form, in order."""
    sizes = zstd_frames(data)
    tar = unzstd(data)
    need(len(tar) <= 4 * MIB and len(tar) == sum(sizes), "tar has a wrong size")
    need(2 <= len(sizes) <= 1001, "tar has a wrong number of members")
    need(sizes[-1] == 1024 and not any(tar[-1024:]), "tar does not end in zeros")
    members, at = [], 0
    for i, frame in enumerate(sizes[:-1]):
        name = f"{i:04d}" if i else "entry.json"
        digits = tar[at + 124:at + 135]
        need(re.fullmatch(rb"[0-7]{11}", digits), "tar header is damaged")
        size = int(digits, 8)
        need(size <= MIB, f"member {name} is above 1 MiB")
        need(tar[at:at + 512] == tar_header(name, size),
             f"tar header of {name} is not canonical")
        need(frame == 512 + size + -size % 512, "a frame is not one member")
        body = tar[at + 512:at + frame]
        need(not any(body[size:]), "tar padding is not zero")
        members.append(body[:size])
        at += frame
    return members


# ---------------------------------------------------------------- JSON

ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def canonical(value, depth=1):
    """The one JSON text of a value, checking what section 5 allows."""
    need(depth <= 12, "JSON is too deep")
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        need(0 <= value < 2 ** 53, "JSON integer is out of range")
        return str(value)
    if isinstance(value, str):
        need(not re.search("[\0-\x08\x0b-\x1f\x7f\ud800-\udfff]", value),
             "JSON string has a forbidden character")
        return '"' + re.sub(r'["\\\n\t]', lambda m: ESCAPES[m[0]], value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(canonical(v, depth + 1) for v in value) + "]"
    need(isinstance(value, dict), "JSON value of a forbidden kind")
    for key in value:
        need(re.fullmatch("[a-z0-9_]{1,64}", key), "JSON key is not allowed")
    return "{" + ",".join(f'"{k}":{canonical(value[k], depth + 1)}'
                          for k in sorted(value)) + "}"


def read_json(data):
    """Parse entry.json and refuse any text but the canonical one."""
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError):
        raise Fault("entry.json is not JSON") from None
    need(isinstance(value, dict), "entry.json is not an object")
    need(canonical(value).encode() == data, "entry.json is not canonical")
    return value


def fields(value, name=""):
    """Names and values of all fields below a value."""
    if isinstance(value, dict) and value:
        for key, v in value.items():
            if name or key not in ("salt", "signature"):
                yield from fields(v, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for i, v in enumerate(value, 1):
            need(isinstance(v, dict), "a list of objects and others")
            yield from fields(v, f"{name}.{i}")
    else:
        need(not isinstance(value, list)
             or all(isinstance(v, str) for v in value), "a mixed list")
        yield name, canonical(value)


def fields_root(entry):
    """Section 5: the salted Merkle root over an entry's fields."""
    need(re.fullmatch(HEX, str(entry.get("salt"))), "entry has no salt")
    salt = bytes.fromhex(entry["salt"])

    def derive(name):
        return hmac.digest(salt, name.encode(), "sha256")

    leaves = [sha256(b"\0" + derive(n) + n.encode() + b"\0" + v.encode())
              for n, v in fields(entry)]
    need(len(leaves) <= 65536, "too many fields")
    return padded_root(leaves, derive(""), 3)[1].hex()


# ---------------------------------------------------------------- git

def view(path, tmp):
    """A repository with a config of our own and the objects of another's.

    A config can name programs to run, and git-lfs writes into it.
    """
    need((path / "objects").is_dir(), "not a bare git repository")
    run(GIT + ["init", "-q", "--bare", "--template=", tmp / "view.git"])
    run(["rm", "-rf", tmp / "view.git/objects", tmp / "view.git/refs"])
    for part in "objects", "refs", "packed-refs":
        if (path / part).exists():
            (tmp / "view.git" / part).symlink_to((path / part).resolve())
    return tmp / "view.git"


class Repository:
    """Git objects of a bare repository, each checked against its name."""

    def __init__(self, path):
        self.path = path
        self.git = subprocess.Popen(
            GIT + ["-C", path, "cat-file", "--batch"], env=ENV,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)

    def refs(self):
        """All references and what they point to."""
        status, out, err = run(GIT + ["-C", self.path, "for-each-ref",
                                      "--format=%(objectname) %(refname)"])
        need(status == 0, f"git: {err.strip()}")
        return [line.split(" ", 1) for line in out.decode().splitlines()]

    def read(self, oid, kind):
        """The content of one object."""
        try:
            self.git.stdin.write(oid.encode() + b"\n")
            self.git.stdin.flush()
            head = self.git.stdout.readline().split()
        except OSError:
            head = []
        need(len(head) == 3, f"git object {oid} is missing or damaged")
        data = self.git.stdout.read(int(head[2]))
        self.git.stdout.read(1)
        name = hashlib.sha1(head[1] + b" %d\0" % len(data) + data).hexdigest()
        need(name == oid and head[1] == kind.encode(),
             f"git object {oid} is not the {kind} that its name says")
        return data


COMMIT = re.compile(
    r"tree (?P<tree>[0-9a-f]{40})\n(?:parent (?P<parent>[0-9a-f]{40})\n)?"
    r"author muniment <muniment@invalid> (?P<author>\d+) \+0000\n"
    r"committer muniment <muniment@invalid> (?P<committer>\d+) \+0000\n"
    r"gpgsig -----BEGIN SSH SIGNATURE-----\n(?P<sig>(?: [A-Za-z0-9+/=]+\n)+)"
    r" -----END SSH SIGNATURE-----\n\nbatch (?P<n>\d+)\n")


def history(repo, tip):
    """The commits of a branch, first one first, each as a match of COMMIT."""
    chain, oid = [], tip
    while oid:
        m = COMMIT.fullmatch(repo.read(oid, "commit").decode("latin-1"))
        need(m, f"commit {oid} has another form")
        chain.append(m)
        oid = m["parent"]
    return chain[::-1]


def read_tree(repo, oid):
    """Names and blobs of a tree of regular files."""
    data, files = repo.read(oid, "tree"), {}
    while data:
        m = re.match(rb"100644 (vault|batch|checkpoint|[0-9a-f]{64})\0", data)
        need(m and len(data) >= m.end() + 20, "tree has another form")
        files[m[1].decode()] = data[m.end():m.end() + 20].hex()
        data = data[m.end() + 20:]
    return files


class Batch:
    """One batch: where it stands, what it lists, where its files are."""

    def __init__(self, repo, branch, n, files):
        self.repo, self.branch, self.n, self.files = repo, branch, n, files
        self.device = branch.split(".")[0]
        self.entries, self.objects, self.seen = {}, {}, []
        self.rings, self.unknown = [], []
        self.leaf = self.root = self.case = None

    def __str__(self):
        return f"{self.branch[:9]} batch {self.n}"

    def read(self, name):
        """A file of the batch's tree."""
        need(name in self.files, f"{name} is not in the tree")
        return self.repo.read(self.files[name], "blob")


def read_lines(batch, data):
    """Take in the lines of a batch file and compute its log leaf."""
    need(len(data) <= 256 * 1024 and data[-1:] == b"\n", "batch file is cut")
    lines = data[:-1].split(b"\n")
    need(lines == sorted(set(lines)), "batch lines are not sorted, or double")
    need(len(lines) <= 1025, "batch has too many lines")
    leaves, pads = [], []
    for raw in lines:
        word, _, rest = raw.decode("latin-1").partition(" ")
        if m := re.fullmatch(f"pads ({HEX})", f"{word} {rest}"):
            pads.append(bytes.fromhex(m[1]))
            continue
        leaves.append(sha256(b"\0" + raw))
        take_line(batch, word, rest)
    need(len(pads) == 1, "batch has not exactly one pads line")
    need(not batch.entries.keys() & batch.objects.keys(), "a name twice")
    k, root = padded_root(leaves, pads[0], 2)
    text = f"muniment/batch/v1 {k} {root.hex()}\n"
    batch.leaf = sha256(b"\0" + text.encode())


def take_line(batch, word, rest):
    """Take in one line of a batch file."""
    if word == "entry":
        m = re.fullmatch(f"({HEX}) ({HEX})", rest)
        need(m and m[1] not in batch.entries, "entry line is damaged")
        batch.entries[m[1]] = m[2]
    elif word == "object":
        m = re.fullmatch(f"({HEX}) ({NUMBER})", rest)
        need(m and m[1] not in batch.objects, "object line is damaged")
        batch.objects[m[1]] = int(m[2])
    elif word == "seen":
        m = re.fullmatch(f"({DEVICE}) ({NUMBER}) ({HEX})", rest)
        need(m and int(m[2]) > 0 and device_key(m[1]), "seen line is damaged")
        batch.seen.append((m[1], int(m[2]), m[3]))
    else:
        need(re.fullmatch("[a-z]+", word) and word != "pads" and rest,
             "batch line is damaged")
        batch.unknown.append(word)


# ---------------------------------------------------------------- blind checks

def common(a, b):
    """How many batches two branches have in common."""
    n = 0
    while n < min(len(a), len(b)) and a[n].root == b[n].root:
        n += 1
    return n


def apart(a, b):
    """After how many batches two branches part; all, if neither does."""
    n = common(a, b)
    return max(len(a), len(b)) if n == min(len(a), len(b)) else n


VERIFIED = set()  # commits; their bytes are checked against their names


class Vault:
    """All that can be read and checked without a key (sections 2 to 4)."""

    def __init__(self, path, report, tmp):
        self.path, self.report, self.tmp = path, report, tmp
        self.repo = Repository(view(path, tmp))
        self.logs, self.agreed = {}, {}
        self.vault = self.id = self.root_key = None
        for oid, ref in self.repo.refs():
            branch = ref.removeprefix("refs/heads/")
            m = re.fullmatch(rf"({DEVICE})(\.{ID})?", branch)
            if not m:
                report.fault(ref, "not a reference of a vault")
                continue
            self.logs[branch] = []
            report.attempt(branch, self.read_branch, branch, oid)
        need(self.logs, "no branch of a device")

    def batches(self):
        """Every batch once, in the order of the branches."""
        done = set()
        for log in self.logs.values():
            for batch in log:
                if (batch.device, batch.root) not in done:
                    done.add((batch.device, batch.root))
                    yield batch

    def read_branch(self, branch, tip):
        """Read and check one branch, batch by batch."""
        key = device_key(branch.split(".")[0])
        tree, log = LogTree(), self.logs[branch]
        chain = history(self.repo, tip)
        for n, commit in enumerate(chain, 1):
            batch = self.read_batch(branch, n, commit, tree, key)
            log.append(batch)
            for word in batch.unknown:
                self.report.note(batch, f"line not understood: {word}")
        self.verify_commits(branch, key, tip)

    def of_device(self, device):
        """All branches of a device."""
        return [log for branch, log in self.logs.items()
                if branch.split(".")[0] == device]

    def check_forks(self):
        """Another side of a fork is named by its first root that differs."""
        for branch, log in self.logs.items():
            device, _, side = branch.partition(".")
            main = {b.root for b in self.logs.get(device, [])}
            both = min(apart(log, other) for other in self.of_device(device))
            self.agreed[device] = min(both, self.agreed.get(device, both))
            own = [b.root[:32] for b in log if b.root not in main]
            if side and side not in own[:1 if main else None]:
                self.report.fault(branch, "is not named by its first "
                                  "batch that differs")
            elif side:
                self.report.fault(branch, "this device signed two histories")

    def read_batch(self, branch, n, commit, tree, key):
        """Check commit, tree, batch file and checkpoint of batch n."""
        where = f"batch {n}"
        times = str(1000000000 + n)
        need(commit["author"] == commit["committer"] == times
             and commit["n"] == str(n), f"{where}: commit has another form")
        blob = unbase64(commit["sig"].replace("\n ", "").strip())
        sshsig_form(blob, key, "git")
        batch = Batch(self.repo, branch, n, read_tree(self.repo, commit["tree"]))
        self.check_vault(batch.read("vault"))
        read_lines(batch, batch.read("batch"))
        batch.root = tree.add(batch.leaf).hex()
        self.check_note(batch, batch.read("checkpoint"), key)
        self.check_files(batch)
        return batch

    def check_vault(self, data):
        """The vault file: the same everywhere."""
        if self.vault is None:
            m = re.fullmatch(f"muniment vault 1\nroot ({SSH_KEY})\n"
                             f"nonce {HEX}\n", data.decode("latin-1"))
            need(m, "vault file has another form")
            self.root_key = ssh_key(m[1])
            self.vault, self.id = data, sha256(data).hex()
        need(data == self.vault, "vault file differs from the others")

    def check_note(self, batch, data, key):
        """The checkpoint: its text, key id and signature."""
        origin = f"muniment/{self.id}/{batch.device}"
        root = base64.b64encode(bytes.fromhex(batch.root)).decode()
        text = f"{origin}\n{batch.n}\n{root}\n"
        m = re.fullmatch(f"{re.escape(text)}\n\u2014 {origin} ({B64})\n",
                         data.decode(errors="replace"))
        need(m and len(data) <= 64 * 1024,
             f"batch {batch.n}: checkpoint says something else")
        blob = unbase64(m[1])
        need(blob[:4] == sha256(origin.encode() + b"\n\x01" + key)[:4]
             and len(blob) == 68, f"batch {batch.n}: key id is another")
        openssl_verify(key, text.encode(), blob[4:], self.tmp)

    def check_files(self, batch):
        """The files of a tree are those that the batch file names."""
        named = batch.entries.keys() | batch.objects.keys()
        need(batch.files.keys() == named | {"vault", "batch", "checkpoint"},
             f"batch {batch.n}: tree and batch file name different files")
        for name in batch.entries:
            data = batch.read(name)
            need(sha256(data).hex() == name, f"{name}: SHA-256 is another")
            kind, size = stanza(data), len(data)
            need(kind in ("X25519", "mlkem768x25519"), f"{name}: {kind}")
            need(size == 4096 or 4096 < size == padme(size) <= 2 * MIB,
                 f"{name}: its length {size} shows")
            if kind != "X25519":
                batch.rings.append(name)
        if len(batch.rings) not in (1, 4, 16, 64, 256):
            self.report.note(batch, f"has {len(batch.rings)} rings")
        for name, size in batch.objects.items():
            pointer = ("version https://git-lfs.github.com/spec/v1\n"
                       f"oid sha256:{name}\nsize {size}\n")
            need(batch.read(name) == pointer.encode(),
                 f"{name}: pointer says something else")

    def verify_commits(self, branch, key, tip):
        """The signatures of all commits of a branch, with git itself."""
        if tip in VERIFIED:
            return
        signers = self.tmp / "allowed"
        signers.write_text(f'{branch} namespaces="git" {ssh_line(key)}\n')
        _, out, _ = run(GIT + ["-C", self.repo.path, "rev-list", tip])
        status, _, _ = run(GIT + ["-C", self.repo.path,
                                  "-c", f"gpg.ssh.allowedSignersFile={signers}",
                                  "verify-commit"] + out.decode().split())
        need(status == 0, "git verify-commit: a signature is wrong")
        VERIFIED.add(tip)

    def check_seen(self, counts=lambda batch: True):
        """What a device has seen must be here, if the batch counts."""
        here = {(b.device, b.n, b.root) for b in self.batches()}
        for batch in self.batches():
            for device, n, root in batch.seen:
                if (device, n, root) not in here:
                    say = self.report.fault if counts(batch) else self.report.note
                    say(batch, f"has seen batch {n} of {device[:9]}, "
                        "which is not here")

    def check_packs(self):
        """Git's own checksum over each pack and index."""
        for path in sorted((self.path / "objects/pack").iterdir()):
            data = path.read_bytes()
            if hashlib.sha1(data[:-20]).digest() != data[-20:]:
                self.report.fault(path.name, "pack is damaged")

    def check_place(self):
        """HEAD and config of a vault (a stock mirror has its own)."""
        for name, text in (("HEAD", "ref: refs/heads/main\n"),
                           ("config", CONFIG)):
            if (self.path / name).read_bytes() != text.encode():
                self.report.fault(name, "says something else")

    def object_path(self, name):
        """Where an object's ciphertext lies."""
        return self.path / "lfs/objects" / name[:2] / name[2:4] / name

    def check_objects(self, mirror):
        """SHA-256, size and outer form of the objects that are here."""
        sizes, absent = {}, set()
        for batch in self.batches():
            sizes.update(batch.objects)
        if (self.path / "local/absent").is_file():
            absent = set((self.path / "local/absent").read_text().split())
        for name, size in sizes.items():
            if self.object_path(name).is_file():
                self.report.attempt(f"object {name}", self.read_object,
                                    name, size)
            elif mirror or name in absent:
                self.report.note(f"object {name}", "is not here")
            else:
                self.report.fault(f"object {name}", "is missing")
        for path in (self.path / "lfs/objects").rglob("*"):
            if path.is_file() and path.name not in sizes:
                self.report.note(path.name, "no batch names this object")

    def read_object(self, name, size):
        """An object's ciphertext, checked."""
        path = self.object_path(name)
        need(path.is_file(), f"object {name} is not here")
        data = path.read_bytes()
        need(len(data) == size == padme(size), f"has a wrong size {len(data)}")
        need(sha256(data).hex() == name, "SHA-256 is another")
        need(stanza(data) == "X25519", "is not locked to one X25519 key")
        return data


# ---------------------------------------------------------------- with a key

class Keys:
    """Every key that the rings gave, by what it opens."""

    def __init__(self):
        self.entry, self.bulk, self.cases = {}, {}, {}

    def take(self, comment, key):
        """Take in one key of a ring; gives (case, epoch) of a new case key."""
        for kind, form, keys in (("entry", f"# entry ({ID})", self.entry),
                                 ("bulk", f"# bulk ({ID})", self.bulk)):
            if m := re.fullmatch(form, comment):
                need(re.fullmatch("AGE-SECRET-KEY-1[A-Z0-9]+", key), kind)
                keys.setdefault(m[1], []).append(key)
                return False
        m = re.fullmatch(f"# case (vault|{ID}) ({ID})", comment)
        need(m and re.fullmatch("AGE-SECRET-KEY-PQ-1[A-Z0-9]+", key),
             "ring has a line that is not understood")
        if key in self.cases:
            need(self.cases[key] == (m[1], m[2]), "a case key with two names")
            return False
        self.cases[key] = (m[1], m[2])
        return True


def read_ring(text, vault, batch, keys):
    """Take in the keys of an opened ring; gives the new case keys."""
    lines = text.decode("latin-1").rstrip("\n").split("\n")
    need(lines[0] == f"# muniment ring 1 {vault.id} {batch.device} {batch.n}",
         "ring does not stand where it says")
    need(len(lines) % 2 == 1 and len(lines) <= 2 * 4096 + 1, "ring is damaged")
    return [key for comment, key in zip(lines[1::2], lines[2::2])
            if keys.take(comment, key)]


FITTED = {}  # rings that another vault had, too: the key that opened it


def try_ring(batch, name, trial, keys):
    """Open a ring; gives its text and the key that fitted."""
    data = batch.read(name)
    if name in FITTED:
        if FITTED[name] not in trial:
            return None
        trial = [FITTED[name]]
    text = age_open(trial, data)
    if text is None:
        return None
    key = next(k for k in trial if len(trial) == 1
               or age_open([k], data) is not None)
    FITTED[name] = key
    if case := keys.cases.get(key):
        need(batch.case in (None, case[0]), "rings of two cases in one batch")
        batch.case = case[0]
    return text


def open_rings(vault, identity):
    """Try every key on every ring until no ring gives a new case key."""
    keys, new = Keys(), identity
    closed = [(b, name) for b in vault.batches() for name in b.rings]
    while new and closed:
        trial, new, left = new, [], []
        for batch, name in closed:
            where = f"{batch} ring {name[:12]}"
            text = vault.report.attempt(where, try_ring, batch, name, trial, keys)
            if text is None:
                left.append((batch, name))
                continue
            new += vault.report.attempt(where, read_ring, text, vault, batch,
                                        keys) or []
        closed = left
    return keys


class Entry:
    """An opened entry and where it stands."""

    def __init__(self, name, batch, members):
        self.name, self.batch = name, batch
        self.text, self.contents = members[0], members[1:]
        self.data = read_json(self.text)
        self.why = "the vault key is not here to judge it"

    def __getitem__(self, key):
        return self.data.get(key)

    def __str__(self):
        return f"{self.batch} entry {self.name[:12]}"


def open_entry(vault, batch, name, keys):
    """Open one entry and check its form and place."""
    data = age_open(keys.entry[name[:32]], batch.read(name))
    need(data is not None, "the ring's key does not open it")
    e = Entry(name, batch, read_tar(data))
    need(e["version"] == 1 and isinstance(e["kind"], str), "no entry")
    need(e["vault"] == vault.id and e["device"] == batch.device
         and e["batch"] == batch.n, "does not stand where it says")
    need(re.fullmatch(f"vault|{ID}", str(e["case"])), "has no case")
    need(batch.case in (None, e["case"]), "stands in another case's batch")
    need(re.fullmatch(f"root|{HEX}", str(e["seat"])), "has no seat")
    need(re.fullmatch(TIME, str(e["time"])), "has no time")
    need(fields_root(e.data) == batch.entries[name], "fields root is another")
    return e


COMMON = "version kind vault device batch case seat time salt signature"
KEYS = {"device": "follows why", "filler": "", "witness": "notes keys",
        "member": "act key rights member card cuts collector bound label "
                  "recipient epochs follows in replaces proof",
        "case": "act opened epoch recipient after name to without",
        "record": "item parents fields files",
        "custody": "action item to note", "retract": "item why"}
ACTIONS = ("received exported carried shared verified disclosed stamped note")


def note_unknown(report, e):
    """Report what this version does not know; it is no fault."""
    known = f"{COMMON} {KEYS.get(e['kind'], '')}".split()
    for key in e.data.keys() - set(known) if e["kind"] in KEYS else ():
        report.note(e, f"key not understood: {key}")
    if e["kind"] == "custody" and e["action"] not in ACTIONS.split():
        report.note(e, f"action not understood: {e['action']}")


def open_entries(vault, keys):
    """Open every entry that a key is here for."""
    entries = []
    for batch in vault.batches():
        for name in batch.entries.keys() - set(batch.rings):
            if name[:32] in keys.entry:
                e = vault.report.attempt(f"{batch} entry {name[:12]}",
                                         open_entry, vault, batch, name, keys)
                if e:
                    entries.append(e)
                    note_unknown(vault.report, e)
            elif batch.case:
                vault.report.fault(batch, f"no ring opens entry {name[:12]}")
    return entries


# ---------------------------------------------------------------- cuts

class Cut:
    """A `retire` or `cut` act: where logs of a member stop counting."""

    def __init__(self, e):
        need(isinstance(e["cuts"], dict) and isinstance(e["member"], str),
             "no cuts")
        replaces = e["replaces"] if e["replaces"] is not None else []
        need(isinstance(replaces, list), "what it replaces is damaged")
        self.name, self.act, self.seat = e.name, e["act"], e["seat"]
        self.member, self.inside = e["member"], e["in"]
        self.replaces, self.states = set(map(str, replaces)), {}
        need(self.inside is None or self.act == "retire"
             and re.fullmatch(ID, str(self.inside)), "no case to retire from")
        for device, state in e["cuts"].items():
            m = re.fullmatch(f"({NUMBER}) ({HEX})", str(state))
            need(m and device_key(device), "cut is damaged")
            self.states[device] = (int(m[1]), m[2])

    def state(self, device):
        """What it says of a device of its member; None if nothing."""
        if self.act == "retire":
            return self.states.get(device, (0, ""))
        return self.states.get(device)

    def kind(self):
        """Acts that differ in this do not replace each other."""
        return self.act, self.member, self.inside


def counted(log, logs, state):
    """How many batches of a branch count when a device is cut there."""
    size, root = state
    here = [x for x in logs if has_state(x, state)]
    if size == 0 or log in here:
        return size
    if here:
        return max(common(log, x) for x in here)
    return len(log) if len(log) < size else 0


def has_state(log, state):
    """Whether a branch has that root at that size."""
    return 0 < state[0] <= len(log) and log[state[0] - 1].root == state[1]


class Limits:
    """How many batches of each branch count, under some cuts in force.

    `cuts` take away, `settled` lift what a fork takes away; `maybe` lift it
    as far as they go, where it is not certain that they are in force.
    """

    def __init__(self, vault, seats_of, cuts, settled, maybe=()):
        self.whole, self.inside, self.forked = {}, {}, {}
        self.branches = {}
        self.retired = {(c.member, c.inside) for c in cuts
                        if c.act == "retire"}
        for branch, log in vault.logs.items():
            device = branch.split(".")[0]
            logs = vault.of_device(device)
            seats = seats_of.get(device, set())

            def about(some, device=device, seats=seats):
                return [(c, c.state(device)) for c in some
                        if c.member in seats and c.state(device)]

            def settle(some, logs=logs):
                return [s for c, s in about(some) if c.inside is None
                        and any(has_state(x, s) for x in logs)]

            n = len(log)
            if not settle(settled):
                n = max([min(n, vault.agreed[device])]
                        + [counted(log, logs, s) for s in settle(maybe)])
            self.forked[branch] = n
            for c, state in about(cuts):
                k = counted(log, logs, state)
                if c.inside is None:
                    n = min(n, k)
                else:
                    key = branch, c.inside
                    self.inside[key] = min(k, self.inside.get(key, k))
            self.whole[branch] = n
            for batch in log:
                self.branches.setdefault((device, batch.root),
                                         []).append(branch)

    def whole_batch(self, batch):
        """Whether a batch counts, as far as no single case is concerned."""
        return any(batch.n <= self.whole[b]
                   for b in self.branches[batch.device, batch.root])

    def counts(self, e, case):
        """Whether what an entry does in a case counts."""
        return any(e.batch.n <= min(self.whole[b], self.inside.get(
            (b, case), e.batch.n)) for b in self.where(e))

    def where(self, e):
        """The branches that hold it."""
        return self.branches[e["device"], e.batch.root]

    def check(self, e):
        """Refuse an entry that stands where nothing counts."""
        need(any(e.batch.n <= self.forked[b] for b in self.where(e)),
             "its device's log is forked before it")
        need(self.counts(e, e["case"]), "beyond a cut of its seat")


# ---------------------------------------------------------------- rights

LEVELS = ("witness", "reader", "author", "admin")
ROOT_ACTS = ("admit", "rights", "retire", "cut")


class Signatures:
    """Who signed which act; each question is asked once."""

    def __init__(self, tmp):
        self.tmp, self.known = tmp, {}

    def hold(self, e, key, where="signature", namespace="muniment-act"):
        """Whether this key signed the act."""
        asked = e.name, key, where
        if asked not in self.known:
            without = {"signature", where}
            body = {k: v for k, v in e.data.items() if k not in without}
            try:
                need(isinstance(e[where], str), "act is not signed")
                sshsig_verify(unbase64(e[where]), key, namespace,
                              canonical(body).encode(), self.tmp)
                self.known[asked] = True
            except Fault:
                self.known[asked] = False
        return self.known[asked]


class Seat:
    """A valid seat."""

    def __init__(self, parent, key):
        self.parent, self.collector = parent, key is None
        self.keys = set() if key is None else {key}
        self.handed, self.borne, self.rights = set(), set(), {}


class Verdicts:
    """What section 7 accepts when it is given which batches count.

    Under fixed cuts nothing that is accepted takes away from anything else;
    so entries are judged again until no more are accepted.
    """

    def __init__(self, vault, entries, signatures, limits):
        self.vault, self.signatures, self.limits = vault, signatures, limits
        self.seats, self.devices, self.bound = {}, {}, set()
        self.openers, self.cuts, self.why = {}, set(), {}
        self.first = {}
        for e in entries:
            if e["kind"] == "device" and e.batch.n == 1:
                key = e["device"], e.batch.root
                self.first[key] = self.first.get(key, 0) + 1
        waiting, more = sorted(entries, key=lambda e: e.name), True
        while more:
            left = []
            for e in waiting:
                try:
                    self.judge(e)
                    self.why[e.name] = None
                except Fault as f:
                    self.why[e.name] = str(f)
                    left.append(e)
            more, waiting = len(left) < len(waiting), left

    def seat(self, name):
        """A seat that is valid."""
        need(isinstance(name, str) and name in self.seats,
             "the seat is not valid")
        return self.seats[name]

    def above(self, name):
        """The seats above one, up to the root."""
        while name != "root":
            name = self.seat(name).parent
            yield name

    def holds(self, seat, case, *rights):
        """Whether a seat holds one of these rights in a case."""
        return bool(self.seats[seat].rights.get(case, set()) & set(rights))

    def has(self, e, case, *rights):
        """The same of the seat of an entry, where that stands."""
        return (self.holds(e["seat"], case, *rights)
                and self.limits.counts(e, case))

    def person_has(self, e, *rights):
        """The same, by whichever seat that shares a key with his and is not
        retired, in whole or in that case."""
        own, gone = self.seats[e["seat"]].keys, self.limits.retired
        return any(self.holds(s, e["case"], *rights)
                   for s, seat in self.seats.items()
                   if s == e["seat"] or seat.keys & own
                   and not {(s, None), (s, e["case"])} & gone)

    def check_signed(self, e):
        """An act is signed by one of its seat's keys, or by the root key."""
        keys = ({self.vault.root_key} if e["seat"] == "root"
                else self.seat(e["seat"]).keys)
        need(any(self.signatures.hold(e, key) for key in sorted(keys)),
             "act's signature is wrong")

    def judge(self, e):
        """Accept an entry, or say why not."""
        kind, act, seat = e["kind"], e["act"], e["seat"]
        if seat == "root":
            need(kind == "member" and act in ROOT_ACTS, "no act of the root key")
        else:
            self.limits.check(e)
            if kind == "device":
                self.judge_device(e)
                return
            need(self.devices.get(e["device"]) == seat,
                 "its seat is not that of its device")
            need(kind in ("record", "filler") or not self.seat(seat).collector,
                 "a collector adds records only")
        if kind == "member":
            self.judge_member(e)
        elif kind == "case":
            self.check_signed(e)
            self.judge_case(e)
        elif kind in ("record", "retract"):
            need(e["case"] != "vault" and
                 self.person_has(e, "author", "admin"),
                 "its seat may not write in this case")
        elif kind == "custody":
            need(self.person_has(e, *LEVELS), "its seat has no right here")
        elif kind == "witness":
            need(e["case"] == "vault", "not in the vault's case")
        else:
            need(kind == "filler", f"kind not understood: {kind}")

    def judge_device(self, e):
        """Rule 3: a device is bound to a seat by its first batch."""
        need(e["case"] == "vault" and e.batch.n == 1, "device not in batch 1")
        need(self.first[e["device"], e.batch.root] == 1,
             "its first batch names several seats")
        if self.seat(e["seat"]).collector:
            need((e["device"], e["seat"]) in self.bound,
                 "its collector's device is not confirmed")
        else:
            self.check_signed(e)
        self.devices[e["device"]] = e["seat"]

    def judge_member(self, e):
        """Rules 2, 5 and 6: what is said of members."""
        act = str(e["act"])
        judge = getattr(self, "member_" + act, None)
        need(re.fullmatch("[a-z]+", act) and judge,
             f"kind not understood: member {act}")
        if act in ("card", "label"):
            need(act == "card" or e["case"] != "vault", "not in a case")
        else:
            need(e["case"] == "vault", "not in the vault's case")
            if act != "keys":
                self.check_signed(e)
        judge(e)

    def check_rights(self, e):
        """Rule 2: who may give these rights."""
        rights, seat = e["rights"], e["seat"]
        need(isinstance(rights, dict), "no rights")
        need(all(right in LEVELS for right in rights.values()),
             "right not understood")
        if seat != "root" and not self.has(e, "vault", "admin"):
            need(rights and all(case != "vault" and
                                self.has(e, case, "admin")
                                for case in rights),
                 "its seat is not admin of what it gives")

    def give(self, seat, case, right):
        """Rights only add."""
        self.seats[seat].rights.setdefault(case, set()).add(right)

    def member_admit(self, e):
        """A new seat."""
        self.check_rights(e)
        if e["collector"] is True:
            need(e["key"] is None, "a collector with a key")
            key = None
        else:
            key = ssh_key(str(e["key"]))
        self.seats[e.name] = Seat(e["seat"], key)
        for case, right in e["rights"].items():
            self.give(e.name, case, right)

    def member_rights(self, e):
        """More rights of a seat."""
        self.check_rights(e)
        self.seat(e["member"])
        for case, right in e["rights"].items():
            self.give(e["member"], case, right)

    def member_keys(self, e):
        """Keys that somebody lacked."""
        self.seat(e["member"])
        need(isinstance(e["epochs"], list) and e["epochs"], "no keys")
        for epoch in e["epochs"]:
            m = re.fullmatch(f"(vault|{ID}) {ID}", str(epoch))
            need(m, "epoch is damaged")
            need(self.has(e, m[1], "admin") or m[1] == "vault"
                 and e["seat"] in self.above(e["member"]),
                 "its seat is not admin of what it gives")

    def member_handover(self, e):
        """Another key of the own seat."""
        need(e["member"] == e["seat"], "not its own seat")
        key = ssh_key(str(e["key"]))
        need(self.signatures.hold(e, key, "proof", "muniment-handover"),
             "not proved with the new key")
        self.seat(e["seat"]).keys.add(key)
        self.seat(e["seat"]).handed.add(key)

    def member_device(self, e):
        """A collector's device is confirmed."""
        need(self.seat(e["member"]).collector, "no collector's seat")
        need(e["seat"] in self.above(e["member"]), "not above that seat")
        self.bound.add((str(e["bound"]), e["member"]))

    def member_label(self, e):
        """What a collector is called."""
        need(self.seat(e["member"]).collector, "no collector's seat")
        need(self.seat(e["member"]).parent == e["seat"]
             or self.has(e, e["case"], "admin"),
             "its seat may not name that one")

    def member_retire(self, e):
        """Rule 6: a member leaves, or his part in a case ends."""
        cut, seat = Cut(e), e["seat"]
        need(seat in self.above(cut.member) or cut.inside is not None
             and self.openers.get(cut.inside) == seat != cut.member,
             "its seat is not above that one")
        self.cuts.add(e.name)

    def member_cut(self, e):
        """Rule 6: devices are cut."""
        cut = Cut(e)
        need(e["seat"] == cut.member or e["seat"] in self.above(cut.member),
             "its seat is not above that one")
        self.cuts.add(e.name)

    def judge_case(self, e):
        """Rule 4: opening, renewing and naming a case."""
        act, seat, case = e["act"], e["seat"], e["opened"]
        if act == "name":
            need(self.has(e, e["case"], "admin"), "not admin of the case")
            return
        need(act in ("open", "epoch"), f"kind not understood: case {act}")
        need(e["case"] == "vault" and re.fullmatch(f"vault|{ID}", str(case))
             and re.fullmatch(ID, str(e["epoch"]))
             and re.fullmatch("age1pq1[a-z0-9]+", str(e["recipient"])),
             "case act is damaged")
        if act == "epoch":
            need(self.has(e, case, "admin"), "not admin of the case")
            need(e["epoch"] == sha256(e["recipient"].encode()).hex()[:32],
                 "its epoch id is another")
        elif case == "vault":
            need(self.seat(seat).parent == "root"
                 and self.has(e, "vault", "admin"), "may not open the vault")
        else:
            need(self.has(e, "vault", "admin", "author"), "may not open")
            derived = sha256(f"{seat} {e['salt']}".encode()).hex()[:32]
            need(case == derived, "the case id is not the opener's")
            self.give(seat, case, "admin")
            self.openers[case] = seat

    def member_card(self, e):
        """A card, signed by the key that it bears."""
        text, seat = str(e["card"]), self.seat(e["member"])
        top, mark, sig = text.partition("-----BEGIN SSH SIGNATURE-----\n")
        m = re.fullmatch("muniment card 1\n(name [^\n]{1,200}\n"
                         "(?:org [^\n]{1,200}\n)?)recipient age1pq1[a-z0-9]+\n"
                         f"key ({SSH_KEY})\n", top)
        need(m and mark and len(text.encode()) <= 16384, "card is damaged")
        key = ssh_key(m[2])
        body, end, rest = sig.partition("-----END SSH SIGNATURE-----\n")
        need(end and not rest, "card's signature is damaged")
        if (e.name, "card") not in self.signatures.known:
            sshsig_verify(unbase64(body.replace("\n", "")), key,
                          "muniment-card", top.encode(), self.vault.tmp)
            self.signatures.known[e.name, "card"] = True
        need(key in seat.keys, "card is another seat's")
        itself = e["seat"] == e["member"]
        need(seat.parent == e["seat"] or self.has(e, e["case"], "admin")
             or itself and seat.parent == "root"
             or itself and key in seat.handed
             and (e["case"], m[1]) in seat.borne,
             "its seat may not name that one")
        if not itself:
            seat.borne.add((e["case"], m[1]))


class Rights:
    """Section 7: which cuts are in force, and what is accepted then."""

    def __init__(self, vault, entries):
        self.vault, self.entries = vault, entries
        self.signatures = Signatures(vault.tmp)
        self.seats_of, self.parents, self.acts = {}, {}, {}
        for e in entries:
            if e["kind"] == "device" and e.batch.n == 1:
                self.seats_of.setdefault(e["device"], set()).add(e["seat"])
            elif e["kind"] == "member" and e["act"] == "admit":
                self.parents[e.name] = e["seat"]
            elif e["kind"] == "member" and e["act"] in ("retire", "cut"):
                try:
                    self.acts[e.name] = Cut(e)
                except Fault:
                    pass
        self.final, self.force = self.solve()
        self.seats = self.final.seats
        for e in entries:
            e.why = self.final.why[e.name]

    def verdicts(self, cuts, settled, maybe=()):
        """What is accepted if these cuts are in force."""
        limits = Limits(self.vault, self.seats_of, self.some(cuts),
                        self.some(settled), self.some(maybe))
        return Verdicts(self.vault, self.entries, self.signatures, limits)

    def some(self, names):
        """The acts of these names."""
        return [self.acts[name] for name in sorted(names)]

    def replaces(self, new, old):
        """Whether an act, if valid, puts another out of force."""
        if old.name not in new.replaces or new.kind() != old.kind():
            return False
        seat, passed = old.seat, set()
        while seat != new.seat and seat in self.parents and seat not in passed:
            passed.add(seat)
            seat = self.parents[seat]
        return seat == new.seat

    def in_force(self, valid, replacing):
        """Those of the valid acts that none of the others replaces."""
        return {name for name in valid
                if not any(self.replaces(new, self.acts[name])
                           for new in self.some(replacing))}

    def solve(self):
        """Too much, too little, and so on until both are the same."""
        certain, may, sure = set(), set(self.acts), set()
        while True:
            before = certain, may
            most = self.verdicts(certain, certain, may).cuts
            may = self.in_force(most, sure)
            sure = self.verdicts(may, certain).cuts
            certain = self.in_force(sure, most)
            if (certain, may) == before:
                break
        for name in sorted(may - certain):
            self.vault.report.note(name[:12], "this cut hangs on itself: void")
        return self.verdicts(certain, certain), self.some(certain)

    def members(self):
        """All valid seats, with the highest right of each case."""
        retired = {c.member for c in self.force
                   if c.act == "retire" and c.inside is None}
        return {name: {"rights": {case: max(rights, key=LEVELS.index)
                                  for case, rights in seat.rights.items()},
                       "retired": name in retired}
                for name, seat in self.seats.items()}


def check_case_keys(vault, keys, entries):
    """A case key from a ring is the one that an accepted act announced."""
    acts = {(e["opened"], e["epoch"]): e["recipient"] for e in entries
            if e["kind"] == "case" and e["act"] != "name" and not e.why}
    for secret, (case, epoch) in keys.cases.items():
        _, out, _ = run(["age-keygen", "-y"], secret.encode())
        if acts.get((case, epoch)) != out.decode().strip():
            vault.report.note(f"key of case {case}", "no act announces it")


# ---------------------------------------------------------------- witnesses

def read_note(vault, text):
    """A note of a witness entry: device, size, root, body and its lines."""
    body, blank, below = text.rpartition("\n\n")
    need(blank and below.endswith("\n"), "not a signed note")
    m = re.fullmatch(f"muniment/({HEX})/({DEVICE})\n([1-9][0-9]*)\n({B64})",
                     body)
    need(m, "not a checkpoint of a log")
    need(m[1] == vault.id, "of another vault")
    lines = []
    for line in below[:-1].split("\n"):
        m2 = re.fullmatch(f"\u2014 ([^ +]+) ({B64})", line)
        need(m2, "signature line is damaged")
        lines.append((m2[1], unbase64(m2[2])))
    return m[2], int(m[3]), unbase64(m[4]), (body + "\n").encode(), lines


def witness_keys(vault, rights, e):
    """The keys that may cosign in this entry: (name, key id) to key."""
    name = f"muniment/{vault.id}/seat/{e['seat']}"
    keys = [(name, key) for key in rights.seats[e["seat"]].keys]
    members = set().union(*(s.keys for s in rights.seats.values()))
    for text in e["keys"] or ():
        m = re.fullmatch(f"([^ +]+)\\+([0-9a-f]{{8}})\\+({B64})", text)
        need(m and not m[1].startswith("muniment/"), "not a verifier key")
        raw = unbase64(m[3])
        if raw[:1] == b"\x04" and len(raw) == 33 and raw[1:] not in members:
            keys.append((m[1], check_key(raw[1:])))
    return {(n, sha256(n.encode() + b"\n\x04" + k)[:4]): k for n, k in keys}


def cosignatures(vault, rights, entries):
    """What the accepted witness entries say, as a list."""
    roots = {(b.device, b.n, b.root) for b in vault.batches()}
    found = []
    for e in entries:
        for text in e["notes"] if e["kind"] == "witness" and not e.why else ():
            device, size, root, body, lines = read_note(vault, text)
            if (device, size, root.hex()) not in roots:
                origin = body.split(b"\n")[0]
                key = device_key(device)
                kid = sha256(origin + b"\n\x01" + key)[:4]
                for name, raw in lines:
                    if name.encode() == origin and raw[:4] == kid:
                        openssl_verify(key, body, raw[4:], vault.tmp)
                        vault.report.fault(e, f"batch {size} of {device[:9]} "
                                           "was signed, and is not here")
                continue
            keys = witness_keys(vault, rights, e)
            for name, raw in lines:
                if (name, raw[:4]) not in keys or len(raw) != 76:
                    continue
                time = int.from_bytes(raw[4:12], "big")
                try:
                    openssl_verify(keys[name, raw[:4]],
                                   b"cosignature/v1\ntime %d\n" % time + body,
                                   raw[12:], vault.tmp)
                except Fault as f:
                    vault.report.fault(e, f"cosignature: {f}")
                    continue
                found.append({"device": device, "size": size, "by": name,
                              "time": time})
    return found


# ---------------------------------------------------------------- items

def unescape(text):
    """The bytes of an escaped file name."""
    return re.sub(rb"\\(\\|x([0-9a-fA-F]{2}))",
                  lambda m: bytes.fromhex(m[2].decode()) if m[2] else b"\\",
                  text.encode())


def named_bytes(f, key):
    """The bytes of a name or path, as they were on the source disk."""
    if key + "_bytes" not in f:
        return f.get(key, "").encode()
    need(re.fullmatch("([0-9a-f]{2})+", f[key + "_bytes"]), "name is damaged")
    data = bytes.fromhex(f[key + "_bytes"])
    need(unescape(f[key]) == data, f"{key} and {key}_bytes differ")
    return data


def file_path(f):
    """Where a file goes below its version's folder, as bytes."""
    name = named_bytes(f, "name")
    parts = named_bytes(f, "path").split(b"/") if "path" in f else []
    for part in parts + [name]:
        need(part not in (b"", b".", b"..") and b"/" not in part
             and b"\0" not in part, "file name is not safe")
    return b"/".join(parts + [name])


def read_segment(vault, keys, line):
    """One segment's original bytes."""
    m = re.fullmatch(f"({HEX}) ({NUMBER}) ({ID})", line)
    need(m, "segment is damaged")
    sizes = [b.objects[m[1]] for b in vault.batches() if m[1] in b.objects]
    need(sizes, f"no batch names object {m[1]}")
    need(m[3] in keys.bulk, "no ring has the bulk key")
    packed = age_open(keys.bulk[m[3]], vault.read_object(m[1], sizes[0]))
    need(packed is not None, f"the bulk key does not open object {m[1]}")
    need(zstd_frames(packed) == [int(m[2])], "object is not one frame")
    return unzstd(packed)


def read_file(vault, keys, e, f, out):
    """Write a file's original bytes and compare size and SHA-256."""
    size, digest = 0, hashlib.sha256()
    need(("content" in f) != ("segments" in f), "file has no one content")
    if "content" in f:
        need(re.fullmatch(r"\d{4}", f["content"]) and
             0 < int(f["content"]) <= len(e.contents), "content is not there")
        parts = [e.contents[int(f["content"]) - 1]]
    else:
        need(len(f["segments"]) <= 8192, "too many segments")
        parts = (read_segment(vault, keys, line) for line in f["segments"])
    for part in parts:
        size, _ = size + len(part), digest.update(part)
        out.write(part)
    need(size == f["size"] and digest.hexdigest() == f["sha256"],
         "the original's SHA-256 or size is another")


def check_record(e):
    """The members that a record must have."""
    need(re.fullmatch(ID, str(e["item"])), "record has no item")
    need(isinstance(e["parents"], list) and isinstance(e["fields"], dict)
         and e["parents"] == sorted(set(e["parents"])), "record is damaged")
    need(isinstance(e["files"], list), "record has no files")
    named = sorted(f["content"] for f in e["files"] if "content" in f)
    need(named == [f"{i + 1:04d}" for i in range(len(e.contents))],
         "its contents are not those that its files name")
    for f in e["files"]:
        need(isinstance(f.get("name"), str) and isinstance(f.get("size"), int)
             and re.fullmatch(HEX, str(f.get("sha256"))), "file is damaged")


def items(vault, entries):
    """The items of all cases with their current versions."""
    versions, replaced, retracted, found = {}, set(), set(), []
    for e in entries:
        key = (e["case"], e["item"])
        if e["kind"] == "retract" and not e.why:
            retracted.add(key)
        if e["kind"] != "record" or e.why:
            continue
        if vault.report.attempt(e, check_record, e) is None and \
                not any(x.startswith(f"{e}: ") for x in vault.report.faults):
            versions.setdefault(key, []).append(e)
            replaced.update((key, parent) for parent in e["parents"])
    for (case, item), records in sorted(versions.items()):
        now = [e for e in records if ((case, item), e.name) not in replaced]
        found.append({"case": case, "item": item, "current": now,
                      "versions": len(records),
                      "retracted": (case, item) in retracted})
    return found


def extract(vault, keys, found, target):
    """Write the files of all current versions below a new folder."""
    for item in found:
        for e in item["current"]:
            folder = target / item["case"] / item["item"]
            if len(item["current"]) > 1:
                folder = folder / e.name[:16]
            for f in e["files"]:
                vault.report.attempt(f"{e} {f['name']}", write_file,
                                     vault, keys, e, f, folder)


def write_file(vault, keys, e, f, folder):
    """Write one file; it gets its name only when it is verified."""
    path = os.path.join(os.fsencode(folder), file_path(f))
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    need(not os.path.lexists(path), "a file of that name is there already")
    try:
        with open(path + b".part", "xb") as out:
            read_file(vault, keys, e, f, out)
        os.rename(path + b".part", path)
    except Fault:
        os.unlink(path + b".part")
        raise


# ---------------------------------------------------------------- commands

def read_identity(path):
    """The person's hybrid keys out of a decrypted identity file."""
    lines = Path(path).read_text().splitlines()
    keys = [x for x in lines if x.startswith("AGE-SECRET-KEY-PQ-1")]
    need(lines[0] == "# muniment identity 1" and keys, "no identity file")
    return keys


def summary(vault, entries, found, rights, cosigned):
    """What was read, as one object."""
    names = {e["case"]: e["name"]
             for e in sorted(entries, key=lambda e: (e["time"], e.name))
             if e["kind"] == "case" and e["act"] == "name" and not e.why}
    lines = [{**item, "current": [{"entry": e.name, "device": e["device"],
                                   "batch": e["batch"], "time": e["time"],
                                   "fields": e["fields"], "files": e["files"]}
                                  for e in item["current"]]}
             for item in found]
    verdicts = [{"entry": e.name, "kind": e["kind"], "act": e["act"] or "",
                 "seat": e["seat"], "device": e["device"], "batch": e["batch"],
                 "accepted": not e.why, "why": e.why or ""}
                for e in sorted(entries, key=lambda e: e.name)]
    kinds = {}
    for e in entries:
        kinds[e["kind"]] = kinds.get(e["kind"], 0) + 1
    return {"vault": vault.id, "cases": names, "items": lines, "kinds": kinds,
            "not_accepted": [v for v in verdicts if not v["accepted"]],
            "entries": verdicts, "cosignatures": cosigned,
            "members": rights.members() if rights else {}}


def show(read):
    """Print it for people."""
    for item in read["items"]:
        for e in item["current"]:
            name = read["cases"].get(item["case"], item["case"])
            print(f"{item['item']}  {name}  {e['time']}  {e['entry'][:16]}"
                  + ("  RETRACTED" if item["retracted"] else ""))
            for f in e["files"]:
                print(f"    {f['sha256'][:16]} {f['size']:>12} {f['name']}")
    for v in read["entries"]:
        what = f"{v['kind']} {v['act']}".strip() + " " + v["entry"][:16]
        print(f"not accepted: {what}: {v['why']}" if v["why"]
              else f"accepted: {what}")


def read_vault(path, identity, report, tmp, target=None):
    """Read all that an identity can; gives the summary."""
    vault = Vault(Path(path), report, tmp)
    vault.check_forks()
    keys = open_rings(vault, read_identity(identity))
    entries = open_entries(vault, keys)
    cosigned, rights = [], None
    if any(case == "vault" for case, _ in keys.cases.values()):
        rights = Rights(vault, entries)
        check_case_keys(vault, keys, entries)
        cosigned = cosignatures(vault, rights, entries)
        vault.check_seen(rights.final.limits.whole_batch)
    else:
        vault.check_seen()
    found = items(vault, entries)
    if target:
        extract(vault, keys, found, target)
    return summary(vault, entries, found, rights, cosigned)


def read_desks(args, tmp):
    """Several vaults, each with an identity; faults belong to their vault."""
    read = {}
    for n, (path, identity) in enumerate(zip(args.desk[::2], args.desk[1::2])):
        report, own = Report(), tmp / str(n)
        own.mkdir()
        found = report.attempt(path, read_vault, path, identity, report, own)
        read[path] = {**(found or {}), "faults": report.faults,
                      "notes": report.notes}
    print(json.dumps(read, ensure_ascii=False, indent=1, sort_keys=True))


def command(args, report, tmp):
    """Do what the command line asks."""
    if args.verb == "desks":
        read_desks(args, tmp)
    elif args.verb == "verify":
        vault = Vault(Path(args.vault), report, tmp)
        vault.check_seen()
        vault.check_forks()
        if not args.mirror:
            vault.check_place()
        vault.check_packs()
        vault.check_objects(args.mirror)
        print(f"vault {vault.id}: {len(vault.logs)} branches, "
              f"{sum(map(len, vault.logs.values()))} batches")
    else:
        target = Path(args.output) if args.verb == "extract" else None
        read = read_vault(args.vault, args.identity, report, tmp, target)
        if args.json:
            print(json.dumps(read, ensure_ascii=False, indent=1,
                             sort_keys=True))
        else:
            show(read)


def main():
    """Read the command line, run, and report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    verify = verbs.add_parser("verify")
    verify.add_argument("--mirror", action="store_true",
                        help="HEAD and config are those of a stock clone, "
                        "and which objects were left out is not written")
    for name in "list", "extract":
        sub = verbs.add_parser(name)
        sub.add_argument("-i", "--identity", required=True)
        sub.add_argument("--json", action="store_true")
        if name == "extract":
            sub.add_argument("-o", "--output", required=True)
    for sub in verbs.choices.values():
        sub.add_argument("vault")
    verbs.add_parser("desks").add_argument("desk", nargs="+")
    args, report = parser.parse_args(), Report()
    shm = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=shm) as tmp:
        try:
            command(args, report, Path(tmp))
        except Fault as e:
            report.fault(args.verb, e)
        except OSError as e:
            print(f"reader: {e}", file=sys.stderr)
            return 2
    for line in report.notes:
        print(f"note: {line}", file=sys.stderr)
    for line in report.faults:
        print(f"FAULT: {line}", file=sys.stderr)
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
