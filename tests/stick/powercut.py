"""Cuts the power at every write of a driver to a stick, and looks.

    powercut.py --base IMAGE --log WRITES --old FILE --new FOLDER
        [--every N] [--subsets N] [--seed S] [--look NTH -- DRIVER COMMAND...]
        [--odd FOLDER] [--save FOLDER] [--again CALLS]

    powercut.py --count WRITES

IMAGE is the stick before, with the file FILE on it; WRITES what the driver
then wrote (writes.c) while the files of FOLDER were written to it. The states
that a power cut can leave are made one by one:

* every prefix of the writes (with --every N, one in N and the last 60), and
  every write torn between two sectors;
* N random sets of sectors, for three kinds of stick: one that obeys each
  flush, one that obeys the flushes that the program asked for (as a kernel's
  driver would pass them on), and one that obeys none.

In each, the old file must be there byte for byte. Under its final name a new
file must be whole, but on a stick that obeys no flush; and be there, once the
program has said that it is done. Every NTH state is also read by the driver
itself. Contents that are not whole go to the folder --odd, for the program to
refuse; some of the states, as images, to --save. --again makes the driver carry out CALLS on some of the states.

Prints "ok ..." and "not ok ..." lines.
"""
import argparse
import collections
import hashlib
import mmap
import os
import random
import struct
import subprocess
import sys

import media

SECTOR = 512
HERE = os.path.dirname(os.path.abspath(__file__))


def read_log(path):
    """[(kind, offset, bytes)]"""
    with open(path, "rb") as f:
        data = f.read()
    out, at = [], 0
    while at < len(data):
        where, n = struct.unpack_from("=QQ", data, at + 1)
        out.append((chr(data[at]), where, data[at + 17:at + 17 + n]))
        at += 17 + n
    return out


def sectors(where, data):
    """A write, cut where a stick may tear it."""
    at = 0
    while at < len(data):
        n = min(len(data) - at, SECTOR - (where + at) % SECTOR)
        yield where + at, data[at:at + n]
        at += n


def sparse(data, path):
    """A file with holes where there are zeros."""
    block = 1 << 16
    zeros = bytes(block)
    with open(path, "wb") as f:
        f.truncate(len(data))
        for at in range(0, len(data), block):
            piece = data[at:at + block]
            if piece != zeros:
                f.seek(at)
                f.write(piece)


class Stick:
    """An image file whose writes can be taken back."""

    def __init__(self, base, path):
        with open(base, "rb") as f:
            sparse(f.read(), path)
        self.path = path
        self.file = open(path, "r+b")
        self.img = mmap.mmap(self.file.fileno(), 0)
        self.before = {}

    def put(self, where, data):
        s = where - where % SECTOR
        while s < where + len(data):
            if s not in self.before:
                self.before[s] = self.img[s:s + SECTOR]
            s += SECTOR
        self.img[where:where + len(data)] = data

    def back(self):
        for s, old in self.before.items():
            self.img[s:s + SECTOR] = old
        self.before = {}


class Cutter:
    def __init__(self, a):
        self.a, self.bad, self.n = a, [], 0
        self.log = read_log(a.log)
        self.random = random.Random(a.seed)
        self.old = (os.path.basename(a.old), digest_of(a.old))
        self.new = {n: digest_of(os.path.join(a.new, n))
                    for n in os.listdir(a.new)}
        self.stick = Stick(a.base, a.work)
        self.seen = collections.Counter()
        self.odd = {}
        done = [i for i, r in enumerate(self.log) if r[0] == "D"]
        self.done = done[0] if done else None
        writes = sum(r[0] == "W" for r in self.log) // a.every
        self.to_save = self.random.sample(range(1, writes + a.subsets), 6)

    def fault(self, state, what):
        self.bad.append("%s: %s" % (state, what))

    def check(self, state, ordered, done):
        """ordered: what was flushed came first; done: it was told so."""
        self.n += 1
        name, want = self.old
        try:
            found = media.files(self.stick.img)
        except (ValueError, struct.error, IndexError) as e:
            return self.fault(state, "the folder cannot be read: %s" % e)
        if digest(found.get(name)) != want:
            self.fault(state, "the old file is lost")
        for new, want in self.new.items():
            got = digest(found.get(new))
            kind = ("none" if new not in found else
                    "whole" if got == want else "not whole")
            self.seen[kind] += 1
            if kind == "not whole":
                self.keep(found[new])
                if ordered:
                    self.fault(state, "%s is not whole" % new)
            if done and kind != "whole":
                self.fault(state, "%s: %s, after it was done" % (new, kind))
        for rest, data in found.items():
            if rest != name and rest not in self.new:
                self.seen["unfinished"] += 1
                self.keep(data)
        if self.a.look and self.n % self.a.look == 0:
            self.look(state, found, ordered)

    def keep(self, data):
        """A sample of what is not whole, each once, chosen by chance."""
        if data is None or digest(data) in self.new.values():
            return
        self.odd[digest(data)] = data
        if len(self.odd) > 4000:
            del self.odd[self.random.choice(sorted(self.odd))]

    def look(self, state, found, ordered):
        """
        The driver itself, reading only. Where a stick loses any of its writes,
        half of a name may be in the folder: exfat-fuse then gives up on all
        of the folder ("unknown entry type"), though the old file is in it.
        """
        got = drive(self.a.driver, self.stick.path, "ro", "".join(
            "get %s\n" % n for n in [self.old[0]] + sorted(self.new)
        ).encode())
        self.seen["read by the driver"] += 1
        if not got and not ordered:
            self.seen["the driver gave up on the folder"] += 1
            return
        if digest(got.get(self.old[0])) != self.old[1]:
            self.fault(state, "the driver does not give the old file")
        for n in self.new:
            if digest(got.get(n)) != digest(found.get(n)):
                self.seen["driver and our reader differ"] += 1

    def prefixes(self):
        for i, (kind, where, data) in enumerate(self.log):
            done = self.done is not None and i > self.done
            if kind == "W":
                look = i % self.a.every == 0 or i > len(self.log) - 60
                if len(data) > SECTOR and look:
                    cut = list(sectors(where, data))
                    for w, d in cut[:self.random.randrange(1, len(cut))]:
                        self.stick.put(w, d)
                    self.check("write %d, torn" % i, True, done)
                self.stick.put(where, data)
                if look:
                    self.check("write %d" % i, True, done)
                    self.save()
        self.stick.back()

    def moment(self):
        """When the power is cut: half the time, where much happens."""
        marks = [i for i, r in enumerate(self.log) if r[0] != "W"]
        if not marks or self.random.random() < 0.5:
            return self.random.randrange(1, len(self.log) + 1)
        i = self.random.choice(marks) + self.random.randrange(-6, 9)
        return min(max(i, 1), len(self.log))

    def subset(self, barriers, name, ordered):
        """One random state of a stick that obeys these flushes."""
        end = self.moment()
        start, p = 0, self.random.choice((0.02, 0.3, 0.5, 0.7, 0.98))
        for i in range(end):
            if self.log[i][0] in barriers:
                start = i
        for i, (kind, where, data) in enumerate(self.log[:end]):
            for w, d in sectors(where, data) if kind == "W" else ():
                if i < start or self.random.random() < p:
                    self.stick.put(w, d)
        done = ordered and self.done is not None and start > self.done
        self.check("%s, cut at %d, flushed to %d" % (name, end, start),
                   ordered, done)
        self.save()
        self.stick.back()

    def save(self):
        """A few of the states as images, for other programs."""
        if not self.a.save or self.n not in self.to_save:
            return
        os.makedirs(self.a.save, exist_ok=True)
        sparse(self.stick.img, "%s/%d.img" % (self.a.save, self.saved))
        self.saved += 1

    saved = 0

    def subsets(self, n):
        kinds = [("", "a stick that never flushes", False)]
        if any(r[0] == "F" for r in self.log):
            kinds.append(("F", "a stick that flushes", True))
        if any(r[0] == "R" for r in self.log):
            kinds.append(("FR", "a stick that flushes when asked", True))
        for i in range(n):
            self.subset(*kinds[i % len(kinds)])

    def again(self, times):
        """Go on writing after a power cut, with no repair."""
        with open(self.a.again, "rb") as f:
            calls = f.read()
        failed = 0
        for _ in range(times):
            end = self.moment()
            for kind, where, data in self.log[:end]:
                if kind == "W" and self.random.random() < 0.7:
                    self.stick.put(where, data)
            copy = self.stick.path + ".again"
            sparse(self.stick.img, copy)
            self.stick.back()
            failed += drive(self.a.driver, copy, "rw", calls) is None
            with open(copy, "rb") as f:
                found = media.files(mmap.mmap(f.fileno(), 0,
                                              prot=mmap.PROT_READ))
            self.n += 1
            if digest(found.get(self.old[0])) != self.old[1]:
                self.fault("cut at %d" % end, "lost when writing went on")
        self.seen["went on writing"] += times - failed


def digest(data):
    return None if data is None else hashlib.sha256(data).hexdigest()


def digest_of(path):
    with open(path, "rb") as f:
        return digest(f.read())


def drive(command, image, how, calls):
    """Make the driver carry out calls; what it gave, or None."""
    got = image + ".got"
    open(got, "w").close()
    with open(image + ".calls", "wb") as f:
        f.write(calls)
    env = dict(os.environ, STICK_PLAY=image + ".calls", STICK_GOT=got,
               LD_PRELOAD=os.environ["STICK_PLAYER"])
    rc = subprocess.run([image if w == "IMAGE" else
                         w.replace("HOW", how).replace("ro+", "ro")
                         for w in command], env=env,
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                        timeout=300).returncode
    if rc != 0 and how == "rw":
        return None
    out = {}
    with open(got, "rb") as f:
        while True:
            line = f.readline().split()
            if not line:
                return out
            size = int(line[1])
            out[line[0].decode()] = f.read(size) if size >= 0 else None


def options():
    p = argparse.ArgumentParser()
    for o in ("base", "log", "old", "new", "work"):
        p.add_argument("--" + o, required=True)
    for o in ("subsets", "seed", "look", "every"):
        p.add_argument("--" + o, type=int, default=o == "every")
    for o in ("odd", "again", "save", "name"):
        p.add_argument("--" + o)
    p.add_argument("driver", nargs="*")
    return p.parse_args()


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--count":
        print(sum(r[0] == "W" for r in read_log(sys.argv[2])))
        return 0
    if len(sys.argv) == 4 and sys.argv[1] == "--find":
        # which write has bytes of the middle of this file?
        with open(sys.argv[3], "rb") as f:
            data = f.read()
        piece = data[len(data) // 2:][:32]
        writes = [r[2] for r in read_log(sys.argv[2]) if r[0] == "W"]
        print(next(i for i, w in enumerate(writes, 1) if piece in w))
        return 0
    a = options()
    c = Cutter(a)
    c.prefixes()
    cuts = c.n
    c.subsets(a.subsets)
    if a.again:
        c.again(20)
    for line in c.bad[:10]:
        print("    " + line)
    print("%s %s: %d cuts in order, %d by chance%s: the old file is there" % (
        "not ok" if c.bad else "ok", a.name, cuts, c.n - cuts,
        " (%d faults)" % len(c.bad) if c.bad else ""))
    print("# " + ", ".join("%s: %d" % i for i in sorted(c.seen.items())))
    if a.odd:
        os.makedirs(a.odd, exist_ok=True)
        pick = sorted(c.odd)
        c.random.shuffle(pick)
        for i, k in enumerate(pick[:6]):
            with open(os.path.join(a.odd, "odd.%d" % i), "wb") as f:
                f.write(c.odd[k])
    return 1 if c.bad else 0


sys.exit(main())
