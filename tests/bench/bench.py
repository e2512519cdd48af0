#!/usr/bin/env python3
"""
make bench: Muniment and those peers that are installed, on the same work, in
turn, in one run (README.md).

	bench.py PROGRAM OUTPUT-FOLDER

BENCH_SIZE    small, medium or full (which is the issue's own size)
BENCH_ROUNDS  how often each is measured; 3
BENCH_DIR     where the work is done, on the disk that is meant; a folder of
              the temporary folder. Corpora stay there for the next run.
BENCH_LARGE   1: a vault of 1,000,000 items, and a file of 10 GiB, too
BENCH_ONLY    some of: media documents versions streams items memory
BENCH_PEERS   some of: restic borg age gocryptfs; or none
"""
import json
import os
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source stays as it is

import corpora
import goals
import items
import machine
import measure
import peers
import plots
from vaults import Muniment

PARTS = ("media", "documents", "versions", "streams", "items", "memory")
CORPORA = {"media": "A", "documents": "B"}


class Bench:
    """One run: what was measured, by (work, corpus, who)."""

    def __init__(self, size, rounds, top, large, parts):
        self.size, self.rounds, self.large = size, rounds, large
        self.parts = parts
        self.top = f"{top}/work"
        self.corpus_top = f"{top}/corpus"
        self.times, self.facts = {}, {}
        self.failed, self.missing = [], {}
        self.began = time.monotonic()
        self.peers = []
        os.makedirs(self.top, exist_ok=True)

    def say(self, text):
        print(f"[{time.monotonic() - self.began:7.1f} s] {text}",
              file=sys.stderr, flush=True)

    def note(self, work, corpus, who, run):
        self.times.setdefault((work, corpus, who), []).append(run)
        self.say(f"  {who:15} {work:22} {corpus:9} {run.wall:9.3f} s"
                 f" + {run.sync:6.3f}  {run.rss >> 20:5d} MiB")

    def fact(self, what, corpus, who, value):
        self.facts.setdefault((what, corpus, who), []).append(value)

    def attempt(self, what, function, *args):
        """What fails is told in the table; the rest goes on."""
        try:
            function(*args)
        except (measure.Failed, OSError) as e:
            self.failed.append(f"{what}: {e}".strip())
            self.say(f"FAILED {self.failed[-1]}")

    def find_peers(self, wanted):
        for kind in peers.PEERS:
            if kind.__name__.lower() not in wanted:
                continue
            lacks = kind.lacks()
            if lacks:
                self.missing[kind.name] = lacks
                self.say(f"{kind.name}: left out: {', '.join(lacks)}"
                         " is not installed (sh tools/setup.sh bench)")
            else:
                self.peers.append(kind)

    def limits(self):
        """What this machine can do at all."""
        for length in {self.size.media, self.size.first}:
            self.fact("write + fsync", str(length), "disk",
                      peers.disk_write(self.top, length))
        for name in ("chacha20-poly1305", "sha256"):
            if shutil.which("openssl"):
                rate = peers.cipher(name)
                if rate:
                    self.fact("bytes a second", name, "openssl", rate)

    def unlock(self):
        """What the usual passphrase costs, once a command."""
        m = Muniment(self.top, "usual")
        m.start(work_factor="18")
        self.note("list", "unlock", m.name, m.list())
        m.remove()

    def store(self, kind, corpus):
        """Take a corpus in, and all that can then be done with it."""
        folder = self.corpora[corpus]
        p = kind(self.top)
        try:
            p.start()
            self.note("take in", corpus, p.name, p.take_in(folder))
            self.fact("store", corpus, p.name, p.store())
            if hasattr(p, "caches"):
                self.fact("caches", corpus, p.name, p.caches())
            if kind in (peers.Restic, peers.Borg, Muniment):
                self.note("nothing changed", corpus, p.name,
                          p.take_in(folder))
            if hasattr(p, "list"):
                self.note("list", corpus, p.name, p.list())
            self.note("verify", corpus, p.name, p.verify())
            if hasattr(p, "verify_known"):
                self.note("verify, identity", corpus, p.name,
                          p.verify_known())
            out = p.again("out")
            self.note("get", corpus, p.name, p.get(out))
            self.compare(corpus, p, folder, out)
            shutil.rmtree(out)
            if corpus == "A" and hasattr(p, "carry"):
                self.carry(p, folder)
        finally:
            p.remove()

    def compare(self, corpus, p, folder, out):
        if corpora.digests(folder) != corpora.digests(out):
            self.failed.append(f"{p.name}, corpus {corpus}: what came back"
                               " is not what was taken in")

    def carry(self, p, folder):
        if not isinstance(p, Muniment):
            self.note("carry", "A", p.name, p.carry(folder))
            return
        for parity in (False, True):
            run, file = p.carry(p.card, parity)
            self.note("carry with parity" if parity else "carry", "A", p.name,
                      run)
            p.remove_carry()
        other = Muniment(self.top, "other")
        other.person()
        p.do("member", "add", other.card)
        run, file = p.carry(other.card)
        self.note("receive", "A", p.name,
                  other.do("receive", file, "--large", read=[file],
                           durable=True))
        other.remove()

    def versions(self, kind):
        """One file that changes: how much the store grows, and how fast."""
        p = kind(self.top)
        try:
            p.start()
            folder = p.again("in")
            for v in range(self.size.versions + 1):
                shutil.copy(f"{self.corpora['C']}/v{v}.bin",
                            f"{folder}/file.bin")
                self.note("first" if v == 0 else "each version", "C", p.name,
                          p.take_in(folder))
            self.fact("store", "C", p.name, p.store())
        finally:
            p.remove()

    def streams(self):
        """The age payload alone: one file, warm, to /dev/null."""
        p, m = peers.Age(self.top), Muniment(self.top)
        file = f"{self.corpora['C']}/v0.bin"
        try:
            p.start()
            m.fresh()
            locked = f"{p.work}/locked"
            p.locked(file, locked)
            for _ in range(3):
                self.note("seal", "C", p.name, p.seal(file))
                self.note("seal", "C", m.name, m.seal(file, p.recipient))
                self.note("open", "C", p.name, p.open(locked))
                self.note("open", "C", m.name, m.open(locked, p.key))
        finally:
            p.remove()
            m.remove()

    def round(self):
        kinds = [Muniment, *self.peers]
        self.attempt("limits", self.limits)
        self.attempt("unlocking", self.unlock)
        for part, corpus in CORPORA.items():
            for k in kinds if part in self.parts else ():
                self.attempt(f"{k.name}, corpus {corpus}", self.store, k,
                             corpus)
        for k in kinds if "versions" in self.parts else ():
            if k is not peers.Age:
                self.attempt(f"{k.name}, corpus C", self.versions, k)
        if "streams" in self.parts and peers.Age in self.peers:
            self.attempt("seal and open", self.streams)

    def run(self, wanted):
        self.find_peers(wanted)
        self.corpora = corpora.make(self.corpus_top, self.size, self.say)
        ladder = items.Ladder(self) if "items" in self.parts else None
        try:
            for r in range(self.rounds):
                self.say(f"round {r + 1} of {self.rounds}")
                self.round()
                if ladder:
                    ladder.round(r)
        finally:
            if ladder:
                ladder.remove()
        if "memory" in self.parts:
            self.attempt("memory", items.memory, self)


def fail(text):
    print(f"bench: {text}", file=sys.stderr)
    sys.exit(2)


def main():
    if len(sys.argv) != 3:
        fail("bench.py PROGRAM OUTPUT-FOLDER")
    Muniment.program = os.path.abspath(sys.argv[1])
    out = sys.argv[2]
    name = os.environ.get("BENCH_SIZE", "full")
    if name not in corpora.SIZES:
        fail(f"BENCH_SIZE is one of {', '.join(corpora.SIZES)}")
    parts = os.environ.get("BENCH_ONLY", " ".join(PARTS)).split()
    if not set(parts) <= set(PARTS):
        fail(f"BENCH_ONLY is some of {' '.join(PARTS)}")
    top = os.environ.get("BENCH_DIR") or os.path.join(tempfile.gettempdir(),
                                                      "muniment-bench")
    os.makedirs(top, exist_ok=True)
    os.makedirs(out, exist_ok=True)
    b = Bench(corpora.SIZES[name], int(os.environ.get("BENCH_ROUNDS", 3)),
              os.path.abspath(top), os.environ.get("BENCH_LARGE") == "1",
              parts)
    about = machine.describe(b.top)
    try:
        b.run(os.environ.get("BENCH_PEERS", "restic borg age gocryptfs")
              .split())
    finally:
        shutil.rmtree(b.top, ignore_errors=True)
    about["others"] = machine.others(b.times)
    text = goals.report(b, about)
    with open(f"{out}/table.md", "w") as h:
        h.write(text)
    with open(f"{out}/results.json", "w") as h:
        json.dump({"machine": about, "failed": b.failed, "facts": [
            [*k, v] for k, v in b.facts.items()], "times": [
            [*k, [r.as_json() for r in v]] for k, v in b.times.items()]},
            h, indent=1)
    plots.write(b, out)
    sys.stdout.write(text)
    sys.exit(1 if b.failed else 0)


main()
