"""
What must not grow with a vault: the same small work in vaults of more and
more items. And what must not grow with a file: memory.
"""
import os
import shutil

import corpora
from vaults import CASE, Muniment

PHOTO = 3 << 20  # bytes
MILLION = 1_000_000


class Step:
    """Vaults of n items: one to work in, a partner's, and a stick."""

    def __init__(self, bench, n):
        self.b, self.n = bench, n
        self.top = f"{bench.top}/items-{n}"
        self.anna = Muniment(self.top)
        self.bahrom = Muniment(self.top, "bahrom")
        self.photos = 0

    def note(self, work, run):
        self.b.note(work, str(self.n), "muniment", run)

    def build(self):
        a, b = self.anna, self.bahrom
        a.start()
        if self.n:
            folder = f"{self.top}/notes"
            corpora.notes(folder, self.n)
            self.note("take in", a.take_in(folder))
            shutil.rmtree(folder)
            self.b.fact("store", str(self.n), "muniment", a.store())
        b.copy_of(a)
        os.makedirs(f"{self.top}/stick")
        a.do("remote", "add", "bahrom", b.vault)
        a.do("remote", "add", "stick", f"{self.top}/stick", "--kind", "stick",
             "--to", b.card)
        for _ in range(3):  # until nobody has anything to answer
            a.do("sync", "bahrom")
        a.do("sync", "stick")
        a.do("verify")
        self.some = a.items()[self.n // 2] if self.n else None

    def photo(self):
        """A new photo each time."""
        self.photos += 1
        path = f"{self.top}/photo-{self.photos}.jpg"
        corpora.write(path, corpora.noise(
            corpora.chance("photo", self.n, self.photos), PHOTO))
        return path

    def receive(self):
        """A carry file with one photo, by way of the stick."""
        stick = f"{self.top}/stick"
        before = set(os.listdir(stick))
        self.anna.do("sync", "stick")
        new = sorted(n for n in set(os.listdir(stick)) - before
                     if not n.endswith("parity"))
        files = [f"{stick}/{n}" for n in new]
        self.note("receive a photo",
                  self.bahrom.do("receive", *files, "--no-witness",
                                 read=files, durable=True))

    def share(self, number):
        """All of the case, with one person more."""
        other = Muniment(self.top, f"person-{number}")
        other.person()
        self.anna.do("member", "add", other.card)
        self.note("share the case",
                  self.anna.do("share", "--case", CASE, "--with", other.who,
                               durable=True))
        other.remove()

    def round(self, number):
        a = self.anna
        self.note("list", a.do("list"))
        if self.n:
            self.note("search", a.do("search", corpora.WORDS[5]))
            self.note("show", a.do("show", self.some))
        self.note("add a photo", a.take_in(self.photo()))
        if a.knows("verify", "--since-last"):
            self.note("verify, since last", a.do("verify", "--since-last"))
        self.receive()
        a.do("sync", "bahrom", "--no-witness")
        self.note("sync, nothing new", a.do("sync", "bahrom", "--no-witness"))
        if self.n:
            self.share(number)


class Ladder:
    """One step for each number of items."""

    def __init__(self, bench):
        self.steps, self.bench = [], bench
        counts = [0, *bench.size.items]
        if bench.large:
            counts.append(MILLION)
        for n in counts:
            bench.say(f"a vault of {n} items")
            s = Step(bench, n)
            self.steps.append(s)
            before = len(bench.failed)
            bench.attempt(f"a vault of {n} items", s.build)
            if len(bench.failed) > before:
                self.steps.remove(s)

    def round(self, number):
        for s in self.steps:
            self.bench.attempt(f"{s.n} items", s.round, number)

    def remove(self):
        for s in self.steps:
            shutil.rmtree(s.top, ignore_errors=True)


def memory(bench):
    """One large file through each command that reads or writes contents."""
    length = (10 << 30) if bench.large else bench.size.memory
    top = f"{bench.top}/memory"
    m, other = Muniment(top), Muniment(top, "other")
    file, out = f"{top}/file.mp4", f"{top}/out"

    def note(work, run):
        bench.note(work, "memory", "muniment", run)

    try:
        corpora.write(file, corpora.noise(corpora.chance("memory"), length))
        bench.fact("bytes", "memory", "muniment", length)
        m.start()
        other.person()
        m.do("member", "add", other.card, "--case", CASE, "--role", "reader")
        note("add", m.do("add", file, "--case", CASE))
        note("list", m.do("list"))
        note("verify", m.do("verify"))
        note("verify --blind", m.verify())
        item = m.items()[0]
        note("get", m.do("get", item, "-o", out))
        shutil.rmtree(out)
        note("exhibit", m.do("exhibit", item, "-o", out))
        note("check", m.run(m.program, "--quiet", "check", out,
                            ok=(0, 2)))
        shutil.rmtree(out)
        note("carry with parity", m.carry(other.card, parity=True)[0])
        note("repair", m.run(m.program, "--quiet", "repair",
                             m.carried()[0]))
        m.remove_carry()
        note("carry", m.carry(other.card)[0])
        note("receive", other.do("receive", *m.carried(), "--large"))
        m.remove_carry()
        m.do("remote", "add", "other", other.vault)
        note("sync, nothing new", m.do("sync", "other"))
        shutil.rmtree(other.vault)
        os.mkdir(f"{top}/stick")
        m.do("remote", "add", "stick", f"{top}/stick", "--kind", "stick")
        note("sync to a stick", m.do("sync", "stick"))
        shutil.rmtree(f"{top}/stick")
        note("seal", m.run(m.program, "--quiet", "seal", "--to", m.card,
                           "-o", out, file))
        os.remove(file)
        note("open", m.do("open", "-i", f"{m.work}/identity", "-o", file,
                          out))
    finally:
        shutil.rmtree(top, ignore_errors=True)
