#!/usr/bin/env python3
"""Every command that writes, killed or failed at its system calls.

    fault.py PROGRAM INJECT LANE [SCENE...]

LANE is one of
    kill     killed before each call that changes a disk, and before every
             n-th of the others (FAULT_EVERY)
    errno    each call fails with each error that it can have
    random   killed at any moment, FAULT_KILLS times
    lie      writes to a stick that lie: they say that they wrote, or write a
             wrong bit
    race     two commands at once on one vault
FAULT_SAMPLE=N takes every N-th point only (the regular suite), FAULT_SEED
chooses which; FAULT_PART=I/N takes every N-th scene. After each: the vault verifies and is the old one or the new
one; what was there is there; status 0 only if the thing is there, read back;
an error is one of status 2 with words; the next command goes on, and nothing
that was not finished lies around then. One line "ok"/"not ok" a scene, and a
last one with what was counted.
"""
import glob
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

PROGRAM, INJECT, LANE = sys.argv[1:4]
ONLY = sys.argv[4:]
SAMPLE = int(os.environ.get("FAULT_SAMPLE", "1"))
EVERY = int(os.environ.get("FAULT_EVERY", "4"))
KILLS = int(os.environ.get("FAULT_KILLS", "10000"))
PART = [int(n) for n in os.environ.get("FAULT_PART", "0/1").split("/")]
SCENES = []
rnd = random.Random(int(os.environ.get("FAULT_SEED", "1")))
shm = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
TOP = tempfile.mkdtemp(prefix="muniment-fault.", dir=shm)
W = os.path.join(TOP, "w")   # where a command works: always the same path
T = os.path.join(TOP, "t")   # what is copied there before each
HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(HERE, "..", "vectors", "stamps")
count = {"points": 0, "kills": 0, "failed calls": 0, "lies": 0, "races": 0, "torn": 0, "lost": 0,
         "false done": 0, "not going on": 0, "left over": 0, "unclear": 0}
bad = []

# -- running ------------------------------------------------------------


class Done:
    def __init__(self, rc, out, err):
        self.rc, self.out, self.err = rc, out, err


def run(argv, who=None, inject=None, quiet=True):
    """A command in W, as a person; `inject` are words for the injector."""
    cmd = [PROGRAM]
    if quiet:
        cmd.append("--quiet")
    if who is not None:
        cmd += ["--identity", who + ".age", "--passphrase-fd", "3"]
    if inject is not None:
        cmd += ["--jobs", "1"]  # system calls in one order
    cmd += argv
    if inject is not None:
        cmd = [INJECT, *inject, "--", *cmd]
    # its passphrases come in order: the person's, then others
    sh = ["sh", "-c", 'exec "$@" 3<"$0"',
          TOP + "/pass." + (who or "none"), *cmd]
    if "--root-passphrase-fd" in argv:
        sh[2] = 'exec "$@" 3<"$0" 4<"' + TOP + '/pass.none"'
    p = subprocess.run(sh, cwd=W, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=900)
    return Done(p.returncode, p.stdout.decode(errors="replace"),
                p.stderr.decode(errors="replace"))


def must(argv, who=None):
    d = run(argv, who)
    if d.rc != 0:
        sys.exit("fault.py: setting up: %s: %s" % (" ".join(argv), d.err))
    return d.out


def copy(a, b):
    os.mkdir(b)
    with os.scandir(a) as entries:
        for f in entries:
            if f.is_dir(follow_symlinks=False):
                copy(f.path, os.path.join(b, f.name))
            else:
                shutil.copyfile(f.path, os.path.join(b, f.name))


def fresh():
    shutil.rmtree(W, ignore_errors=True)
    copy(T, W)


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


# -- what is there ------------------------------------------------------


def vault(path, who):
    """What a vault holds: None if there is none, or a text if it is torn."""
    if not os.path.exists(os.path.join(W, path)):
        return None
    d = run(["--json", "--vault", path, "verify"], who)
    if d.rc != 0:
        return "verify of %s: status %d: %s %s" % (path, d.rc, d.err.strip(),
                                                   d.out.strip())
    j = json.loads(d.out)
    return tuple(j[k] for k in ("devices", "batches", "entries", "objects"))


def age(path, who):
    """A file that a person can open."""
    return read(path, lambda: run(["open", "-i", who + ".age", "-o", "opened",
                                   path], who))


def read(path, how):
    """None: not there; else True, or why it is not whole."""
    if not os.path.lexists(os.path.join(W, path)):
        return None
    d = how()
    for left in ("opened", "scratch"):
        p = os.path.join(W, left)
        shutil.rmtree(p) if os.path.isdir(p) else (
            os.path.exists(p) and os.unlink(p))
    return True if d.rc == 0 else "%s: %s" % (path, d.err.strip())


def carried(path):
    parts = [path]
    if path.endswith(".001"):
        parts = sorted(os.path.relpath(p, W)
                       for p in glob.glob(W + "/" + path[:-3] + "[0-9]*"))
    return read(path, lambda: run(["--vault", "scratch", "receive", *parts],
                                  "bahrom"))


def checked(path):
    def how():
        d = run(["check", path])
        return Done(0 if d.rc in (0, 2) else 1, d.out, d.err)
    return read(path, how)


def file_is(path, want):
    p = os.path.join(W, path)
    if not os.path.lexists(p):
        return None
    return True if digest(p) == want else path + " has other bytes"


def unlocked():
    d = run(["--json", "unlock", "--status"], "anna")
    return json.loads(d.out)["unlocked"] if d.rc == 0 else d.err


def stick():
    """How many whole carry files lie on the stick."""
    n = 0
    for name in sorted(os.listdir(W + "/stick")):
        if name.startswith(".") or name.endswith("parity"):
            continue
        x = carried("stick/" + name)
        if x is not True:
            return x
        n += 1
    return (n,)


NOT_DONE = (".muniment-", ".muniment-new", ".new")


def leftovers():
    out = []
    for d, dirs, files in os.walk(W):
        for n in dirs + files:
            p = os.path.relpath(os.path.join(d, n), W)
            if (n.startswith(NOT_DONE[0]) or n.endswith(NOT_DONE[1:]) or
                    "/local/tmp/" in p or p.endswith("local/journal")):
                out.append(p)
            elif "/local/parity/" in p and n.endswith("-parity") and \
                    not any(f.startswith(n[:8] + ".list") for f in files):
                out.append(p)
    return out


# -- the scenes ---------------------------------------------------------


class Scene:
    """
    A command; `state` says what is there: a tuple of what `vault` and the
    others give. `steps`: it is several acts, each whole by itself. `after`: a
    command, or some, that must go on whatever happened; `again`: the first is
    the command itself, which may also say that it is done already. `proof`:
    what is there is right; `said`: so is what was printed, of a command that
    changes nothing. `ready` makes ready before each time.
    """

    def __init__(self, name, who, argv, state, after=None, steps=False,
                 again=False, proof=None, said=None, ready=None):
        self.name, self.who, self.argv, self.state = name, who, argv, state
        self.after, self.steps, self.again = after, steps, again
        self.proof, self.said, self.ready = proof, said, ready
        self.on_stick = "carry" in name or "stick" in name

    def fresh(self):
        fresh()
        if self.ready is not None:
            self.ready()

    def learn(self):
        self.fresh()
        self.old = self.state()
        d = run(self.argv, self.who, ["-l", TOP + "/log"])
        if d.rc == 77:
            print("ok fault # skipped: calls cannot be traced here")
            sys.exit(0)
        if d.rc != 0:
            sys.exit("fault.py: %s: %s" % (self.name, d.err))
        self.new = self.state()
        if torn(self.old) or torn(self.new) or (
                self.said is None and self.old == self.new):
            sys.exit("fault.py: %s: %r, then %r" % (self.name, self.old,
                                                    self.new))
        if self.proof and self.proof() is not True:
            sys.exit("fault.py: %s: no proof" % self.name)
        with open(TOP + "/log") as f:
            lines = [line.rstrip("\n").split(" ", 3) for line in f]
        self.calls = [(int(n), c, k) for n, c, k, _ in lines]
        # what is written to a medium that may be pulled out
        self.carried = [(int(n), c) for n, c, k, to in lines
                        if k == "w" and to.endswith(".part")]


def torn(state):
    return [s for s in state if isinstance(s, str)]


def between(a, x, b):
    """Each part of x is that of a or b, or (numbers) lies between them."""
    for p, q, r in zip(a, x, b):
        if q in (p, r):
            continue
        if isinstance(p, tuple) and isinstance(q, tuple) and \
                isinstance(r, tuple) and \
                all(i <= j <= k for i, j, k in zip(p, q, r)):
            continue
        if p is None and isinstance(q, tuple) and isinstance(r, tuple) and \
                all(j <= k for j, k in zip(q, r)):
            continue
        return False
    return True


def wrong(kind, scene, what, why):
    count[kind] += 1
    bad.append("%s, %s: %s: %s" % (scene.name, what, kind, why))
    if os.environ.get("FAULT_STOP"):
        print(bad[-1])
        sys.exit("left in " + W)


def judge(s, d, what, full=True):
    """After one fault: d is how the command ended."""
    x = s.state()
    for t in torn(x):
        wrong("torn", s, what, t)
    if not torn(x) and x not in (s.old, s.new) and \
            not (s.steps and between(s.old, x, s.new)):
        wrong("torn", s, what, "%r is neither %r nor %r" % (x, s.old, s.new))
    for p, q in zip(s.old, x):
        if isinstance(p, tuple) and isinstance(q, tuple) and \
                any(i > j for i, j in zip(p, q)):
            wrong("lost", s, what, "%r, was %r" % (q, p))
    if d.rc == 0 and x != s.new:
        wrong("false done", s, what, "%r, not %r" % (x, s.new))
    if d.rc == 0 and s.proof and s.proof() is not True:
        wrong("false done", s, what, "it cannot be read back")
    if d.rc == 0 and s.said and not s.said(d):
        wrong("false done", s, what, "it said " + d.out)
    if d.rc not in (0, 2, 137) or (d.rc == 2 and not d.err.strip()):
        wrong("unclear", s, what, "status %d: %s" % (d.rc, d.err.strip()))
    if full:
        goes_on(s, x, what)


def goes_on(s, x, what):
    for i, (argv, who) in enumerate(s.after or []):
        d = run(argv, who)
        if d.rc != 0 and not (s.again and i == 0 and x == s.new):
            wrong("not going on", s, what, d.err.strip())
            return
    left = leftovers()
    if left:
        wrong("left over", s, what, " ".join(left[:3]))
    if s.after and torn(s.state()):
        wrong("torn", s, what + ", after", torn(s.state())[0])


def setup():
    os.mkdir(W)
    # the second line is for what asks twice: that of a new identity
    for who in ("anna", "bahrom", "clara", "dora", "none"):
        with open(TOP + "/pass." + who, "w") as f:
            f.write("pass %s\npass next\n" % who)
    for who in ("next", "moved"):
        with open(TOP + "/pass." + who, "w") as f:
            f.write("pass next\n")
    for who in ("anna", "bahrom", "clara"):
        must(["id", "new", "--name", who, "--work-factor", "10"], who)
        must(["id", "card", "-o", who + ".card"], who)
    with open(W + "/small", "w") as f:
        f.write("a testimony\n")
    with open(W + "/tiny", "w") as f:
        f.write("tiny\n")
    with open(W + "/large", "wb") as f:
        f.write(random.Random(7).randbytes(300000))
    os.mkdir(W + "/many")
    for i in range(5):
        with open(W + "/many/%d" % i, "w") as f:
            f.write("file %d\n" % i * 40)
    shutil.copy(VECTORS + "/root.pem", W)
    must(["init", "v", "--root-key", "v.root", "--root-passphrase-fd", "4",
          "--work-factor", "10"], "anna")
    must(["--vault", "v", "case", "new", "C"], "anna")
    must(["--vault", "v", "member", "add", "bahrom.card", "--case", "C",
          "--role", "author"], "anna")
    out = must(["--vault", "v", "add", "tiny", "--case", "C"], "anna")
    item = out.split()[0]
    must(["--vault", "v", "carry", "-o", "first.carry", "--to",
          "bahrom.card"], "anna")
    must(["--vault", "vb", "receive", "first.carry"], "bahrom")
    must(["--vault", "v", "case", "new", "D"], "anna")
    must(["--vault", "v", "add", "many", "--case", "C"], "anna")
    must(["--vault", "v", "carry", "-o", "second.carry", "--to",
          "bahrom.card"], "anna")
    must(["--vault", "vb", "remote", "add", "anna", W + "/v"], "bahrom")
    os.mkdir(W + "/stick")
    must(["--vault", "v", "remote", "add", "stick", W + "/stick",
          "--kind", "stick"], "anna")
    must(["--vault", "v", "collector", "kit", "--case", "C", "--label", "N",
          "-o", "kit"], "anna")
    must(["collector", "new", "field", "--kit", "kit", "--no-passphrase"])
    must(["collector", "add", "field", "tiny"])
    must(["seal", "--to", "anna.card", "-o", "sealed.age", "large"])
    must(["id", "split", "--threshold", "2", "--shares", "2", "-o", "sheets",
          "--work-factor", "10"], "anna")
    must(["--vault", "v", "exhibit", item, "-o", "shown", "--witnesses",
          "none"], "anna")
    setup_more()
    os.rename(W, T)
    return item


def setup_more():
    """For what is rarer: other keys, archives, damage."""
    must(["id", "rotate", "--out", "moved.age", "--work-factor", "10"],
         "bahrom")
    must(["id", "card", "-o", "moved.card"], "moved")
    for name in ("box.zip", "chest.zip"):
        with zipfile.ZipFile(W + "/" + name, "w") as z:
            for i in range(3):
                z.writestr("in-%d of %s" % (i, name), "inside %d\n" % i * 50)
    must(["--vault", "v", "add", "box.zip", "--case", "C"], "anna")
    with open(W + "/harmed", "wb") as f:
        f.write(random.Random(8).randbytes(50000))
    must(["parity", "harmed"])
    with open(W + "/harmed", "r+b") as f:
        f.seek(20000)
        f.write(b"x" * 3000)


def authority():
    """A time stamp that was asked for and has come; False: none is made here."""
    if not shutil.which("faketime") or not shutil.which("openssl"):
        print("ok fault: stamp --import # skipped: no openssl, or no faketime")
        return False
    os.rename(T, W)
    must(["--vault", "v", "stamp", "-o", "asked.tsq"], "anna")
    then = time.gmtime(time.time() - 7200)
    subprocess.run(["sh", "-ec", """
        AT=$2
        W=$3
        . "$1"
        tsa_ca root 30
        tsa_unit unit root 2
        AT=$(date -u '+%Y-%m-%d %H:%M:%S')
        tsa_reply unit "$4/asked.tsq" "$4/asked.tsr"
        """, "sh", os.path.join(HERE, "..", "cli", "tsa.inc"),
        time.strftime("%Y-%m-%d %H:%M:%S", then), TOP, W], check=True)
    must(["--vault", "v", "stamp", "root", "add", TOP + "/tsa/root/cert.pem"],
         "anna")
    os.rename(W, T)
    return True


def scenes(item):
    def at(*more):
        return ["--vault", "v", *more]

    v = lambda: (vault("v", "anna"),)
    vb = lambda: (vault("vb", "bahrom"),)
    tiny = [(at("add", "tiny", "--case", "C", "--again"), "anna")]
    tinyb = [(["--vault", "vb", "add", "tiny", "--case", "C", "--again"],
              "bahrom")]

    def got(name):
        def proof():
            j = json.loads(must(at("--json", "list"), "anna"))
            i = [o["item"] for o in j if o["file"]["name"] == name]
            d = run(at("get", i[-1], "-o", "scratch"), "anna")
            ok = d.rc == 0 and digest(W + "/scratch/" + name) == digest(
                W + "/" + name)
            shutil.rmtree(W + "/scratch", ignore_errors=True)
            return ok
        return proof

    def act(name, *argv, proof=None, steps=False):
        return Scene(name, "anna", at(*argv), v, tiny, proof=proof,
                     steps=steps)

    def out(name, argv, who, state, again=True):
        """What makes a file: the same again, and another beside it."""
        after = [(argv, who)] if again else []
        if "-o" in argv:
            other = list(argv)
            other[argv.index("-o") + 1] = "2" + argv[argv.index("-o") + 1]
            after.append((other, who))
        return Scene(name, who, argv, state, after, again=again)

    sheet = lambda p: read(p, lambda: run(
        ["id", "join", p + "/share-1.txt", p + "/share-2.txt", "--check"],
        "anna"))

    return [
        out("init", ["init", "n", "--root-key", "n.root",
                     "--root-passphrase-fd", "4", "--work-factor", "10"],
            "anna", lambda: (vault("n", "anna"),)),
        out("id new", ["id", "new", "--name", "C", "--work-factor", "10"],
            "dora", lambda: (read("dora.age", lambda: run(
                ["id", "card"], "dora")),)),
        act("case new", "case", "new", "E"),
        act("add small", "add", "small", "--case", "C", proof=got("small")),
        act("add large", "add", "large", "--case", "C", proof=got("large")),
        act("edit", "edit", item, "--title", "T"),
        act("retract", "retract", item, "--why", "w"),
        act("custody note", "custody", item, "--note", "n"),
        act("member add", "member", "add", "clara.card", "--case", "C",
            "--role", "reader"),
        act("member retire", "member", "retire", "bahrom"),
        act("share", "share", item, "--with", "bahrom"),
        act("redact", "redact", item, "--with", "small", "--zones",
            "1-2 a name"),
        act("stamp root add", "stamp", "root", "add", "root.pem"),
        act("device new", "device", "new", "--why", "lost"),
        Scene("receive", "bahrom", ["--vault", "vb", "receive",
                                    "second.carry"], vb, tinyb, steps=True),
        Scene("receive, new vault", "bahrom",
              ["--vault", "vn", "receive", "second.carry"],
              lambda: (vault("vn", "bahrom"),), steps=True,
              after=[(["--vault", "vn", "receive", "second.carry"],
                      "bahrom")]),
        Scene("sync folder", "bahrom", ["--vault", "vb", "sync", "anna"],
              lambda: (vault("vb", "bahrom"), vault("v", "anna")),
              tinyb + tiny, steps=True),
        Scene("collector add", None, ["collector", "add", "field", "small"],
              lambda: (collected("field"),),
              [(["collector", "add", "field", "tiny", ], None)]),
        out("collector new", ["collector", "new", "f2", "--kit", "kit",
                              "--no-passphrase"], None,
            lambda: (collected("f2"),)),
        out("carry", at("carry", "-o", "c.carry", "--to", "bahrom.card"),
            "anna", lambda: (carried("c.carry"),)),
        out("carry in parts", at("carry", "-o", "p.carry", "--to",
                                 "bahrom.card", "--part-size", "100000"),
            "anna", lambda: (carried("p.carry.001"),), again=False),
        Scene("sync stick", "anna", at("sync", "stick"),
              lambda: (stick(),), [(at("sync", "stick"), "anna")],
              steps=True),
        out("collector carry", ["collector", "carry", "field", "-o",
                                "f.carry"], None,
            lambda: (read("f.carry", lambda: run(
                at("receive", "f.carry"), "anna")),)),
        out("seal", ["seal", "--to", "anna.card", "-o", "s.age", "large"],
            None, lambda: (age("s.age", "anna"),)),
        out("open", ["open", "-i", "anna.age", "-o", "plain", "sealed.age"],
            "anna", lambda: (file_is("plain", digest(T + "/large")),)),
        out("exhibit", at("exhibit", item, "-o", "x", "--witnesses", "none"),
            "anna", lambda: (checked("x"),)),
        out("exhibit zip", at("exhibit", item, "-o", "x.zip", "--witnesses",
                              "none"), "anna", lambda: (checked("x.zip"),)),
        out("id split", ["id", "split", "--threshold", "2", "--shares", "2",
                         "-o", "sh2", "--work-factor", "10"], "anna",
            lambda: (sheet("sh2"),)),
        out("id card", ["id", "card", "-o", "a2.card"], "anna",
            lambda: (read("a2.card", lambda: run(["id", "words",
                                                  "a2.card"])),)),
        out("invite", at("invite", "bahrom.card", "-o", "inv"), "anna",
            lambda: (age("inv", "bahrom"),)),
        out("get", at("get", item, "-o", "got"), "anna",
            lambda: (file_is("got/tiny", digest(T + "/tiny")),)),
    ] + rarer_scenes(at, act, out)


def rarer_scenes(at, act, out):
    tiny = (at("add", "tiny", "--case", "C", "--again"), "anna")

    def listed():
        return json.loads(must(at("--json", "list"), "anna"))

    def inside(box):
        return lambda: all("in-%d of %s" % (i, box) in
                           [o["file"]["name"] for o in listed()]
                           for i in range(3))

    def handed():
        """His copy of the vault, by whichever identity it belongs to now."""
        x = vault("vb", "bahrom")
        if isinstance(x, str) and os.path.exists(W + "/next.age"):
            x = vault("vb", "next")
        return x

    def openable(path, who):
        return read(path, lambda: run(["id", "card"], who))

    def remotes():
        d = run(at("--json", "remote", "list"), "anna")
        return len(json.loads(d.out)) if d.rc == 0 else d.err

    def protected():
        d = run(at("--json", "verify"), "anna")
        if d.rc != 0:
            return "verify: %d %s" % (d.rc, d.err.strip())
        p = json.loads(d.out).get("parity")
        return (p["files"],) if p else None

    def request(path):
        return read(path, lambda: Done(subprocess.run(
            ["openssl", "ts", "-query", "-in", W + "/" + path, "-text"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode,
            "", "openssl cannot read it"))

    def stamps():
        d = run(at("--json", "stamp", "list"), "anna")
        return (len(json.loads(d.out)["stamps"]),) if d.rc == 0 else d.err

    v = lambda: vault("v", "anna")
    box = [o["item"] for o in json.loads(must_there(
        at("--json", "list"), "anna")) if o["file"]["name"] == "box.zip"][0]
    whole = hashlib.sha256(random.Random(8).randbytes(50000)).hexdigest()
    turn = ["--vault", "vb", "id", "rotate", "--out", "next.age",
            "--work-factor", "10"]
    more = [
        act("member rotate", "member", "rotate", "bahrom", "moved.card"),
        Scene("id rotate", "bahrom", turn,
              lambda: (openable("next.age", "next"), handed()),
              [(turn, "bahrom"), (["--vault", "vb", "add", "tiny", "--case",
                                   "C", "--again"], "next")], steps=True,
              again=True),
        out("id rotate, no vault", ["id", "rotate", "--out", "next.age",
                                    "--work-factor", "10"], "bahrom",
            lambda: (openable("next.age", "next"),)),
        Scene("remote add", "anna", at("remote", "add", "two", W + "/vb"),
              lambda: (remotes(), v()),
              [(at("remote", "add", "two", W + "/vb"), "anna"), tiny],
              again=True),
        Scene("remote remove", "anna", at("remote", "remove", "stick"),
              lambda: (remotes(), v()),
              [(at("remote", "remove", "stick"), "anna"), tiny], again=True),
        act("contents --take", "contents", "--take", box,
            proof=inside("box.zip")),
        act("add --contents", "add", "chest.zip", "--case", "C", "--contents",
            proof=inside("chest.zip"), steps=True),
        Scene("passphrase", None, ["passphrase"], lambda: (), [],
              said=lambda d: len(d.out.split()) == 6 and d.out[-1] == "\n"),
        Scene("parity of a vault", "anna", at("parity"),
              lambda: (protected(), v()), [(at("parity"), "anna"), tiny],
              steps=True),
        out("parity of a file", ["parity", "large"], None,
            lambda: (read("large-parity", lambda: run(["repair", "large"])),)),
        out("repair", ["repair", "harmed", "-o", "whole"], None,
            lambda: (file_is("whole", whole),)),
        Scene("stamp", "anna", at("stamp", "--all", "-o", "s.tsq"),
              lambda: (request("s.tsq"), v()),
              [(at("stamp", "--all", "-o", "s.tsq"), "anna"),
               (at("stamp", "--all", "-o", "2.tsq"), "anna"), tiny],
              steps=True, again=True),
    ]
    if os.path.exists(T + "/asked.tsr"):
        more.append(Scene("stamp --import", "anna",
                          at("stamp", "--import", "asked.tsr"),
                          lambda: (stamps(), v()),
                          [(at("stamp", "--import", "asked.tsr"), "anna"),
                           tiny]))
    if has_keyring():
        end = (["lock"], None)
        more += [
            Scene("unlock", "anna", ["unlock", "--for", "10m"],
                  lambda: (unlocked(),),
                  [(["unlock", "--for", "10m"], "anna"), tiny],
                  ready=lambda: run(*end)),
            Scene("lock", "anna", ["lock"], lambda: (unlocked(),), [end],
                  ready=lambda: run(["unlock", "--for", "10m"], "anna"))]
    return more


def must_there(argv, who):
    """Asked of what is copied before each command."""
    os.rename(T, W)
    out = must(argv, who)
    os.rename(W, T)
    return out


def has_keyring():
    """One of our own: the sessions of who runs this are not to be ended."""
    if os.environ.get("MUNIMENT_TEST_RING"):
        return True
    print("ok fault: unlock # skipped: no keyring of its own")
    return False


def collected(path):
    if not os.path.exists(os.path.join(W, path)):
        return None
    d = run(["--json", "collector", "status", path])
    if d.rc != 0:
        return "collector status: %d %s" % (d.rc, d.err.strip())
    j = json.loads(d.out)
    return tuple(j[k] for k in ("batches", "items", "objects"))


# -- the lanes ----------------------------------------------------------

ERRORS = {
    "write": "ENOSPC EIO EDQUOT EINTR", "pwrite64": "ENOSPC EIO EDQUOT",
    "writev": "ENOSPC EIO", "pwritev": "ENOSPC EIO",
    "rename": "ENOSPC EIO EROFS EDQUOT", "renameat": "ENOSPC EIO EROFS",
    "renameat2": "ENOSPC EIO EROFS EDQUOT", "link": "ENOSPC EIO EROFS",
    "linkat": "ENOSPC EIO EROFS EDQUOT", "unlink": "EIO EROFS",
    "unlinkat": "EIO EROFS", "mkdir": "ENOSPC EIO EROFS EDQUOT",
    "mkdirat": "ENOSPC EIO EROFS EDQUOT", "rmdir": "EIO EROFS",
    "ftruncate": "EIO ENOSPC EINTR", "truncate": "EIO",
    "fallocate": "ENOSPC EIO EINTR EDQUOT",
    "fsync": "EIO ENOSPC EDQUOT EINTR", "fdatasync": "EIO ENOSPC EDQUOT",
    "syncfs": "EIO ENOSPC EDQUOT", "sync_file_range": "EIO ENOSPC EDQUOT",
    "chmod": "EIO EROFS", "fchmod": "EIO EROFS", "fchmodat": "EIO EROFS",
    "utimensat": "EIO EROFS", "futimesat": "EIO EROFS",
    "openat": "EIO EMFILE EINTR", "open": "EIO EMFILE",
    "read": "EIO EINTR", "pread64": "EIO EINTR", "close": "EIO EINTR",
    "getdents64": "EIO", "flock": "EINTR EIO", "pipe2": "EMFILE",
    "pipe": "EMFILE", "socketpair": "EMFILE", "dup": "EMFILE",
    "newfstatat": "EIO", "statx": "EIO", "fstatfs": "EIO EINTR",
    "statfs": "EIO", "lseek": "EIO", "copy_file_range": "EIO ENOSPC",
    "sendfile": "EIO", "add_key": "EDQUOT", "keyctl": "EDQUOT",
}


def errors_of(name, kind):
    if name in ("openat", "open") and kind == "w":
        return "ENOSPC EIO EDQUOT EROFS EMFILE EINTR".split()
    return ERRORS.get(name, "").split()


def sampled(points):
    if SAMPLE <= 1 or not points:
        return points
    return points[rnd.randrange(min(SAMPLE, len(points)))::SAMPLE]


def lane_kill(s):
    points = [c for c in s.calls if c[2] == "w" or c[0] % EVERY == 0]
    for n, name, kind in sampled(points):
        s.fresh()
        d = run(s.argv, s.who, ["-a", "kill", "-n", str(n)])
        count["points"] += 1
        count["kills"] += d.rc == 137
        judge(s, d, "killed at %d (%s)" % (n, name))


def lane_errno(s):
    points = [(n, name, e) for n, name, kind in s.calls
              if kind == "w" or n % EVERY == 0
              for e in errors_of(name, kind)]
    for n, name, e in sampled(points):
        s.fresh()
        d = run(s.argv, s.who, ["-a", e, "-n", str(n)])
        count["failed calls"] += 1
        judge(s, d, "%s at %d (%s)" % (e, n, name), full=d.rc != 0)


def lane_lie(s):
    """
    The medium says that it took bytes, and did not, or takes other ones: what
    is read back before it is called done shows it.
    """
    for n, name in sampled(s.carried):
        for how in ("lie", "flip"):
            fresh()
            d = run(s.argv, s.who, ["-a", how, "-n", str(n)])
            count["lies"] += 1
            judge(s, d, "%s at %d (%s)" % (how, n, name))


def both(a, b, who_a="anna", who_b="anna"):
    """Two commands at once; how they ended."""
    out = [None, None]

    def one(i, argv, who):
        out[i] = run(argv, who)
    t = [threading.Thread(target=one, args=x)
         for x in ((0, a, who_a), (1, b, who_b))]
    for x in t:
        x.start()
    for x in t:
        x.join()
    return out


def lane_race(item):
    v = ["--vault", "v"]
    acts = [["add", "small", "--case", "C", "--again"],
            ["add", "large", "--case", "C", "--again"],
            ["add", "many", "--case", "C", "--again"],
            ["edit", item, "--title", "T"], ["case", "new", "E"],
            ["custody", item, "--note", "n"], ["retract", item, "--why", "w"],
            ["carry", "-o", "r.carry", "--to", "bahrom.card"],
            ["sync", "stick"], ["list"], ["verify"], ["member", "list"]]
    s = Scene("two at once", "anna", [], lambda: (vault("v", "anna"),),
              [(v + ["add", "tiny", "--case", "C", "--again"], "anna")])
    fresh()
    s.old = s.new = s.state()
    alone = {}
    for a in acts:
        fresh()
        must(v + a, "anna")
        alone[str(a)] = vault("v", "anna")[1] - s.old[0][1]
    for i in range(int(os.environ.get("FAULT_RACES", "30"))):
        a, b = rnd.choice(acts[:9]), rnd.choice(acts)
        what = "%s and %s" % (" ".join(a), " ".join(b))
        fresh()
        ends = both(v + a, v + b)
        x = s.state()
        count["races"] += 1
        if torn(x):
            wrong("torn", s, what, torn(x)[0])
            continue
        done = [c for c, d in zip((a, b), ends) if d.rc == 0]
        for d in ends:
            if d.rc not in (0, 2) or (d.rc == 2 and not d.err.strip()):
                wrong("unclear", s, what, "%d %s" % (d.rc, d.err.strip()))
        if not done:
            wrong("not going on", s, what, ends[0].err + ends[1].err)
        n = x[0][1] - s.old[0][1]
        if n < sum(alone[str(c)] for c in done):
            wrong("lost", s, what, "%d batches for %r" % (n, done))
        goes_on(s, x, what)
    races_for_a_name()


def races_for_a_name():
    """Two that make the same thing: one does, the other says so."""
    for name in ("init", "carry", "receive, new vault", "id new", "exhibit"):
        s = [o for o in SCENES if o.name == name][0]
        fresh()
        s.old = s.state()
        ends = both(s.argv, s.argv, s.who, s.who)
        x = s.state()
        count["races"] += 1
        if torn(x) or x == s.old:
            wrong("torn", s, "twice at once", repr(x))
        if name != "receive, new vault" and \
                sorted(d.rc for d in ends) != [0, 2]:
            wrong("unclear", s, "twice at once", repr(
                [(d.rc, d.err) for d in ends]))
        if leftovers():
            wrong("left over", s, "twice at once", repr(leftovers()))


def lane_random(all_scenes):
    for i in range(KILLS):
        s = rnd.choice(all_scenes)
        n = 1 + rnd.randrange(len(s.calls))
        s.fresh()
        how = rnd.choice(("kill", "late:%d" % rnd.randrange(300)))
        d = run(s.argv, s.who, ["-a", how, "-n", str(n)])
        count["kills"] += d.rc == 137
        judge(s, d, "%s at %d" % (how, n), full=i % 5 == 0)


def report(name, before):
    new = bad[before:]
    if new:
        print("not ok %s: %d" % (name, len(new)))
        for line in new[:int(os.environ.get("FAULT_SHOW", "8"))]:
            print("    " + line)
    else:
        print("ok " + name)
    sys.stdout.flush()


def main():
    item = setup()
    authority()
    all_scenes = [s for s in scenes(item) if not ONLY or s.name in ONLY]
    SCENES.extend(all_scenes)
    if LANE == "race":
        lane_race(item)
        report("two commands at once on one vault", 0)
        all_scenes = []
    part, of = PART
    for s in all_scenes[part::of]:
        s.learn()
        if LANE == "random" or (LANE == "lie" and not s.on_stick):
            continue
        before = len(bad)
        {"kill": lane_kill, "errno": lane_errno, "lie": lane_lie}[LANE](s)
        report("%s: %s" % (LANE, s.name), before)
    if LANE == "random":
        lane_random(all_scenes[part::of])
        report("random kills", 0)


def stop(*_):
    """SIGTERM: enough; what was counted so far counts."""
    report("stopped early", 0)
    sys.exit(1)


signal.signal(signal.SIGTERM, stop)
try:
    main()
finally:
    print("# " + ", ".join("%d %s" % (n, k) for k, n in count.items()))
    if not os.environ.get("FAULT_STOP"):
        shutil.rmtree(TOP, ignore_errors=True)
sys.exit(1 if bad else 0)
