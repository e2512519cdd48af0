"""Makes hostile folders, packs and carry files beside the vault v of anna, and
prints for run.py what to do with them: folders.py EVERY.
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import zlib
import hashlib
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/cli"), str(TOP / "tests/interop")]
import forge  # noqa: E402

EVERY = int(sys.argv[1])
W = Path.cwd()
made = []
Path("hook").write_text("#!/bin/sh\ntouch %s/pwned\n" % W)
os.chmod("hook", 0o755)
Path("secret").mkdir()
Path("secret/objects").mkdir()


def say(name, inside, *args):
    print("\t".join((name, inside) + args))


def folder(name):
    """Hands `make` a fresh copy of the vault; it is then checked and pulled."""
    def keep(make):
        made.append((name, make))
        return make
    return keep


def write(rel, data, mode=0o600):
    def make(v):
        p = v / rel
        p.parent.mkdir(parents=True, exist_ok=True)
        if p.is_dir():
            shutil.rmtree(p)
        elif p.exists() or p.is_symlink():
            p.unlink()
        p.write_bytes(data)
        p.chmod(mode)
    return make


def config(text):
    def make(v):
        c = v / "config"
        c.write_bytes(c.read_bytes() + text.encode())
    return make


def link(rel, to):
    def make(v):
        p = v / rel
        if p.is_dir() and not p.is_symlink():
            shutil.rmtree(p)
        elif p.exists():
            p.unlink()
        p.parent.mkdir(parents=True, exist_ok=True)
        p.symlink_to(to)
    return make


def fifo(rel):
    def make(v):
        p = v / rel
        if p.exists():
            p.unlink()
        p.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(p)
    return make


def sock(rel):
    def make(v):
        here = os.getcwd()
        os.chdir(v)
        s = socket.socket(socket.AF_UNIX)
        if Path(rel).exists():
            Path(rel).unlink()
        s.bind(rel)
        s.close()
        os.chdir(here)
    return make


def first(pattern, change):
    def make(v):
        p = sorted(v.glob(pattern))[0]
        p.chmod(0o600)
        p.write_bytes(change(p.read_bytes()))
    return make


def loose(data, oid=b"\xaa" * 20):
    return write("objects/%s/%s" % (oid.hex()[:2], oid.hex()[2:]), data)


def big(n):
    c = zlib.compressobj(9)
    head = b"blob %d\0" % n
    return c.compress(head) + b"".join(
        c.compress(bytes(1 << 20)) for _ in range(n >> 20)) + c.flush()


FOLDERS = {
    "alternates": write("objects/info/alternates", b"%s/secret/objects\n" %
                        bytes(W)),
    "alternates /etc": write("objects/info/alternates", b"/etc\n"),
    "http-alternates": write("objects/info/http-alternates", b"http://x/\n"),
    "include.path": config("[include]\n\tpath = /etc/passwd\n"),
    "include.path FIFO": config("[include]\n\tpath = %s/fifo\n" % W),
    "includeIf": config("[includeIf \"gitdir:/\"]\n\tpath = /etc/shadow\n"),
    "core.worktree": config("[core]\n\tworktree = /\n"),
    "core.hooksPath": config("[core]\n\thooksPath = %s\n" % W),
    "core.fsmonitor": config("[core]\n\tfsmonitor = %s/hook\n" % W),
    "core.sshCommand": config("[core]\n\tsshCommand = %s/hook\n" % W),
    "core.pager": config("[core]\n\tpager = %s/hook\n\teditor = %s/hook\n" %
                         (W, W)),
    "alias": config("[alias]\n\tlog = !%s/hook\n" % W),
    "filter": config("[filter \"x\"]\n\tclean = %s/hook\n\tsmudge = %s/hook\n" %
                     (W, W)),
    "credential": config("[credential]\n\thelper = !%s/hook\n" % W),
    "insteadOf": config("[url \"http://x/\"]\n\tinsteadOf = /\n"),
    "extensions": config("[extensions]\n\tobjectFormat = sha256\n"),
    "partial clone": config("[extensions]\n\tpartialClone = o\n[remote \"o\"]\n"
                            "\turl = ext::%s/hook\n\tpromisor = true\n" % W),
    "config without end": config("[" + "a" * 9000000),
    "config of NUL": write("config", bytes(5000)),
    "hooks": lambda v: [write("hooks/" + h, Path("hook").read_bytes(), 0o755)(v)
                        for h in ("post-checkout", "pre-receive", "update",
                                  "post-merge", "reference-transaction")],
    "commondir": write("commondir", b"../secret\n"),
    "gitdir": write("gitdir", b"/etc\n"),
    "a .git file": write(".git", b"gitdir: /etc\n"),
    "HEAD to elsewhere": write("HEAD", b"ref: ../../../../etc/passwd\n"),
    "HEAD with controls": write("HEAD", b"ref: \x1b[2J\x1b[31m\n"),
    "HEAD of 9 MB": write("HEAD", b"ref: " + b"x" * 9000000),
    "objects a link": link("objects", "../secret/objects"),
    "refs a link": link("refs", "/etc"),
    "pack a link": link("objects/pack", "/etc"),
    "a pack a link": link("objects/pack/pack-%s.pack" % ("a" * 40),
                          "/dev/zero"),
    "lfs a link": link("lfs/objects", "/etc"),
    "HEAD a link": link("HEAD", "/etc/passwd"),
    "config a link": link("config", "/etc/passwd"),
    "packed-refs a link": link("packed-refs", "/dev/zero"),
    "local/lock a link": link("local/lock", "/etc/passwd"),
    "a ref a link": link("refs/heads/x", "/etc/passwd"),
    "HEAD a FIFO": fifo("HEAD"),
    "config a FIFO": fifo("config"),
    "packed-refs a FIFO": fifo("packed-refs"),
    "a ref a FIFO": fifo("refs/heads/d" + "a" * 51),
    "an object a FIFO": fifo("objects/aa/" + "b" * 38),
    "an index a FIFO": fifo("objects/pack/pack-%s.idx" % ("a" * 40)),
    "local/lock a FIFO": fifo("local/lock"),
    "bulk a FIFO": fifo("lfs/objects/aa/aa/" + "a" * 64),
    "a socket": sock("packed-refs"),
    "a folder for HEAD": lambda v: ((v / "HEAD").unlink(), (v / "HEAD").mkdir()),
    "packed-refs up": write("packed-refs", b"a" * 40 +
                            b" refs/heads/../../../etc/passwd\n"),
    "packed-refs with controls": write("packed-refs", b"a" * 40 +
                                       b" refs/heads/\x1b[2Jx\n"),
    "packed-refs of many": write("packed-refs", b"".join(
        b"%040x refs/heads/d%051d\n" % (i, i) for i in range(200000))),
    "refs in a ring": lambda v: (write("refs/heads/a", b"ref: refs/heads/b\n")(v),
                                 write("refs/heads/b", b"ref: refs/heads/a\n")(v)),
    "a loose bomb": loose(big(900 << 20)),
    "a loose lie": loose(zlib.compress(b"blob 99999999999\0x")),
    "loose junk": loose(b"\x78\x9c" + b"\xff" * 5000),
    "an index of junk": first("objects/pack/*.idx", lambda b: b[:8] + b"\xff" *
                              (len(b) - 8)),
    "an index cut off": first("objects/pack/*.idx", lambda b: b[:1500]),
    "an index that lies": first("objects/pack/*.idx", lambda b: b[:8] + b"".join(
        struct.pack(">I", 0x7fffffff) for _ in range(256)) + b[1032:]),
    "a pack cut off": first("objects/pack/*.pack", lambda b: b[:len(b) // 2]),
    "a pack of junk": first("objects/pack/*.pack", lambda b: b[:12] + b"\xff" *
                            (len(b) - 12)),
    "a pack's count": first("objects/pack/*.pack", lambda b: b[:8] +
                            b"\xff" * 4 + b[12:]),
    "multi-pack-index": write("objects/pack/multi-pack-index",
                              b"MIDX\1\1\xff\0\xff\xff\xff\xff" + b"\xff" * 4000),
    "commit-graph": write("objects/info/commit-graph",
                          b"CGPH\1\1\xff\0" + b"\xff" * 4000),
    "shallow": write("shallow", b"\xff" * 5000),
    "grafts": write("info/grafts", b"a" * 40 + b" " + b"b" * 40 + b"\n"),
    "worktrees": write("worktrees/x/gitdir", b"/etc/.git\n"),
    "modules": write("modules/x/config", b"[core]\n\tworktree = /\n"),
    "reflogs": write("logs/HEAD", b"\xff" * 100000),
}


def folders():
    for i, (name, make) in enumerate(FOLDERS.items()):
        if i % EVERY:
            continue
        v = W / ("f%03d" % i)
        shutil.copytree(W / "good", v, symlinks=True)
        make(v)
        say("check: " + name, v.name, "--vault", v.name, "verify", "--blind")
        say("open: " + name, v.name, *ANNA, "--vault", v.name, "list")
        subprocess.run([os.environ["MUNIMENT"], "--quiet", "--identity",
                        "anna.age", "--vault", "puller", "--passphrase-fd", "0",
                        "remote", "add", "r%d" % i, v.name], check=True,
                       input=b"pass anna\n", stdout=subprocess.DEVNULL)
        say("pull: " + name, "puller", *ANNA, "--vault", "puller", "sync",
            "r%d" % i, "--pull")


ANNA = ("--identity", "anna.age", "--passphrase-fd", "%FD")

# Packs, below a bundle's head, in a carry file that is locked as it should be.


def obj(kind, data, size=None, packed=None):
    n = len(data) if size is None else size
    head = [kind << 4 | n & 15]
    n >>= 4
    while n:
        head[-1] |= 0x80
        head.append(n & 0x7f)
        n >>= 7
    return bytes(head) + (zlib.compress(data) if packed is None else packed)


def pack(*objects, count=None, tail=True):
    body = b"PACK" + struct.pack(">II", 2, len(objects) if count is None
                                 else count) + b"".join(objects)
    return body + (hashlib.sha1(body).digest() if tail else b"")


def varint(n):
    out = []
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    return bytes(out + [n])


def packs():
    blob = obj(3, b"x" * 100)
    delta = varint(100) + varint(16 << 20) + b"\x80" * 256
    tree = b"".join(b"40000 %d\0" % i + b"\xaa" * 20 for i in range(9))
    bomb = zlib.compress(bytes(64 << 20), 9)
    same = b"100644 a\0" + b"\xaa" * 20
    return {
        "nothing": b"", "no pack": b"JUNK" * 100, "a head alone": pack()[:12],
        "no objects": pack(), "version 3": b"PACK" + struct.pack(">II", 3, 0),
        "more than it says": pack(blob, blob, count=1),
        "fewer than it says": pack(blob, count=2),
        "4 thousand million": pack(blob, count=0xffffffff),
        "no trailer": pack(blob, tail=False),
        "another trailer": pack(blob)[:-1] + b"\0",
        "something after it": pack(blob) + b"x" * 1000,
        "a tag": pack(obj(4, b"x")), "type 0": pack(obj(0, b"x")),
        "type 5": pack(obj(5, b"x")),
        "a delta": pack(blob, obj(6, delta)[:1] + b"\x10" + zlib.compress(delta)),
        "a delta on nothing": pack(obj(7, delta)[:1] + bytes(20) +
                                   zlib.compress(delta)),
        "a delta of itself": pack(obj(6, delta)[:1] + b"\0" +
                                  zlib.compress(delta)),
        "a length that lies": pack(obj(3, b"x" * 10, size=1000)),
        "a length too short": pack(obj(3, b"x" * 1000, size=10)),
        "a length of 2^60": pack(obj(3, b"x", size=1 << 60)),
        "a length without end": pack(b"\xb0" + b"\xff" * 5000),
        "an inflate bomb": pack(obj(3, b"", size=64 << 20, packed=bomb)),
        "bombs that fit": pack(*[obj(3, bytes(4 << 20))] * 300),
        "no zlib": pack(obj(3, b"", size=10, packed=b"\xff" * 100)),
        "a preset dictionary": pack(obj(3, b"", size=10,
                                        packed=b"\x78\xbb\0\0\0\0xx")),
        "a tree of itself": pack(obj(2, tree)),
        "a tree twice": pack(obj(2, same), obj(2, same)),
        "names twice": pack(obj(2, same + same)),
        "a tree of bad modes": pack(obj(2, b"999999 a\0" + b"\xaa" * 20)),
        "a tree with ..": pack(obj(2, b"40000 ..\0" + b"\xaa" * 20)),
        "a tree with .git": pack(obj(2, b"40000 .git\0" + b"\xaa" * 20)),
        "a tree with controls": pack(obj(2, b"100644 \x1b[2J\n\0" +
                                         b"\xaa" * 20)),
        "a tree cut off": pack(obj(2, b"100644 a\0" + b"\xaa" * 3)),
        "a link in a tree": pack(obj(2, b"120000 a\0" + b"\xaa" * 20)),
        "a submodule": pack(obj(2, b"160000 a\0" + b"\xaa" * 20)),
        "a commit of junk": pack(obj(1, b"\xff" * 500)),
        "a commit without end": pack(obj(1, b"tree " + b"a" * 3000000)),
        "200,000 of nothing": pack(*[obj(3, b"")] * 200000),
    }


def carry(name, members):
    Path(name).write_bytes(forge.seal("anna.card", forge.tar(members)))


def carries():
    refs = forge.heads("good")
    head = b"# v2 git bundle\n" + b"".join(
        b"%s refs/heads/%s\n" % (o.encode(), b.encode())
        for b, o in sorted(refs.items())) + b"\n"
    good = forge.bundle(refs, forge.all_objects("good"))
    files = {"pack: " + n: [("vault.bundle", head + p)]
             for n, p in packs().items()}
    some = pack(obj(3, b"x"))
    for n, h in (("no head", b""), ("another head", b"# v3 git bundle\n\n"),
                 ("a head without end", b"# v2 git bundle\n" + b"x" * (9 << 20)),
                 ("no branches", b"# v2 git bundle\n\n"),
                 ("a branch up", b"# v2 git bundle\n" + b"a" * 40 +
                  b" refs/heads/../../x\n\n"),
                 ("a branch with controls", b"# v2 git bundle\n" + b"a" * 40 +
                  b" refs/heads/\x1b[2J\n\n"),
                 ("NUL", b"# v2 git bundle\n\0\n\n"),
                 ("100,000 needs", b"# v2 git bundle\n" + b"".join(
                     b"-%040x \n" % i for i in range(100000)) + b"\n")):
        files["bundle: " + n] = [("vault.bundle", h + some)]
    files["tar: no bundle"] = [("other", good)]
    files["tar: a name up"] = [("vault.bundle", good), ("../x", b"x")]
    files["tar: a name of the root"] = [("vault.bundle", good), ("/tmp/x", b"x")]
    files["tar: a stray object"] = [("vault.bundle", good), (
        "lfs/objects/aa/aa/" + "a" * 64, b"x")]
    files["tar: twice"] = [("vault.bundle", good), ("vault.bundle", good)]
    for i, (n, members) in enumerate(files.items()):
        if i % EVERY:
            continue
        carry("c%03d" % i, members)
        say("receive: " + n, "taker", *ANNA, "--vault", "taker", "receive",
            "c%03d" % i)
    carry("c.good", [("vault.bundle", good)])
    say("receive: what is sound", "taker", *ANNA, "--vault", "taker", "receive",
        "c.good")


os.mkfifo("fifo")
shutil.copytree("v", "good")
shutil.copytree("v", "puller")
shutil.copytree("v", "taker")
folders()
carries()
print("%d folders, %d packs" % (len(FOLDERS), len(packs())), file=sys.stderr)
