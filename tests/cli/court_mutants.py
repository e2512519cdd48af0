"""Changes of one byte, and swaps of one part for another genuine package's.

    court_mutants.py COUNT SCRATCH PACKAGE PACKAGE...

Runs "$MUNIMENT check" on each; prints what it did not refuse with status 1
and, as the last line, how many of each kind were refused. COUNT changes are
spread over every file of all packages (each file is changed at least once in
its first, its last and some byte between), then as many swaps; then the parts
that the evidence itself binds are swapped with manifests and seal made anew.
The seed is fixed, so a failure can be had again; $SEED takes another.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import exhibit_make as make
from exhibit_forge import read

# What says what the evidence is, so that a forger who seals anew cannot
# replace it. Not here: texts, made and by, roots, policy, a stamp's CRLs.
BOUND = re.compile(r"data/.*|proof/e\d+\.(proof|age|key)|proof/.*tlog-proof"
                   r"|proof/c\d+\.checkpoint|proof/t\d+/(stamp\.txt|token\.tsr"
                   r"|c\d+\.path)|count/.*")


class Runner:
    """Packages in folders of a worker's own, changed and put back."""

    def __init__(self, scratch, packages):
        self.scratch, self.packages = scratch, packages
        self.files = [read(p) for p in packages]
        self.lock, self.missed, self.counts = threading.Lock(), [], {}

    def work(self, jobs, n):
        key = make.Key(self.scratch)
        for kind, which, changes, reseal in jobs:
            here = self.scratch / f"{n}-{which}"
            if not here.exists():
                shutil.copytree(self.packages[which], here)
            if reseal:
                here = self.scratch / f"{n}-sealed"
                files = {**self.files[which], **changes,
                         "proof/signers.txt": key.signers()}
                del files["seal.sig"]
                make.seal(files, here, key)
            else:
                self.put(here, changes)
            r = subprocess.run([os.environ["MUNIMENT"], "check", str(here)],
                               capture_output=True)
            with self.lock:
                good = r.returncode == 1 and r.stdout + r.stderr
                self.counts[kind] = self.counts.get(kind, 0) + bool(good)
                if not good:
                    self.missed.append(f"{kind}: {self.packages[which].name} "
                                       f"{[*changes]}: {r.returncode}")
            if not reseal:
                self.put(here, {p: self.files[which][p] for p in changes})

    @staticmethod
    def put(here, files):
        for path, data in files.items():
            (here / path).write_bytes(data)

    def run(self, jobs):
        n = os.cpu_count() or 1
        threads = [threading.Thread(target=self.work, args=(jobs[i::n], i))
                   for i in range(n)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if sum(self.counts.values()) + len(self.missed) != len(jobs):
            self.missed.append("some were not tried")


def bytes_changed(r, runner, count):
    every = [(i, p) for i, f in enumerate(runner.files) for p in sorted(f)
             if f[p]]
    spots = [(i, p, at) for i, p in every
             for at in {0, len(runner.files[i][p]) - 1}]
    while len(spots) < count:
        i, p = r.choice(every)
        spots.append((i, p, r.randrange(len(runner.files[i][p]))))
    for i, p, at in spots:
        data = bytearray(runner.files[i][p])
        data[at] ^= 1 << r.randrange(8)
        yield "byte", i, {p: bytes(data)}, False


def like(path):
    """Parts that have the same look: only such are swapped."""
    return re.sub(r"\d+|[d][a-z2-7]{52}", "0", path)


def swaps(r, runner, count, kind, reseal=False):
    """Parts of one package put for those of another, or of the same one."""
    by_look = {}
    for i, files in enumerate(runner.files):
        for p in files:
            if not reseal or BOUND.fullmatch(p):
                by_look.setdefault(like(p), []).append((i, p))
    pairs = [(a, b) for parts in by_look.values() for a in parts
             for b in parts if runner.files[a[0]][a[1]]
             != runner.files[b[0]][b[1]]]
    for _ in range(count):
        (i, p), (j, q) = r.choice(pairs)
        yield kind, i, {p: runner.files[j][q]}, reseal


def main():
    count, scratch = int(sys.argv[1]), Path(sys.argv[2])
    runner = Runner(scratch, [Path(p) for p in sys.argv[3:]])
    r = random.Random(int(os.environ.get("SEED", "4")))
    runner.run([*bytes_changed(r, runner, count),
                *swaps(r, runner, count, "swap"),
                *swaps(r, runner, count // 5, "sealed swap", True)])
    for line in runner.missed[:20]:
        print("not refused:", line)
    print(*(f"{n} {kind}" for kind, n in runner.counts.items()), sep=", ")
    return 1 if runner.missed else 0


if __name__ == "__main__":
    sys.exit(main())
