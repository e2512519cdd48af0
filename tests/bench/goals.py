"""What was measured, as a table against what was wanted."""
from statistics import median

MIB = 1 << 20


def middle(runs, of=lambda r: r.durable):
    return median(of(r) for r in runs) if runs else None


def figure(x):
    """Three digits that mean something."""
    if x is None:
        return "-"
    return f"{x:.0f}" if x >= 100 else f"{x:.1f}" if x >= 10 else f"{x:.2f}" \
        if x >= 0.1 else f"{x:.3f}"


def spread(runs, of=lambda r: r.durable):
    """Median (least to most)."""
    if not runs:
        return "-"
    v = [of(r) for r in runs]
    if len(v) == 1:
        return figure(v[0])
    return f"{figure(median(v))} ({figure(min(v))} to {figure(max(v))})"


class Look:
    """What a goal looks at."""

    def __init__(self, bench):
        self.b = bench

    def s(self, work, corpus, who="muniment"):
        return middle(self.b.times.get((work, corpus, who), []))

    def fact(self, what, corpus, who="muniment"):
        v = self.b.facts.get((what, corpus, who))
        return median(v) if v else None

    def rss(self, works=None):
        runs = [r for (w, c, _), rs in self.b.times.items() for r in rs
                if c == "memory" and (works is None or w in works)]
        return max((r.rss for r in runs), default=None)


def over(a, b):
    return a / b if a is not None and b else None


def faster(k, work, corpus, peer, peers_work=None):
    """How many times faster than a peer."""
    return over(k.s(peers_work or work, corpus, peer), k.s(work, corpus))


def goals(k):
    """(work, goal, measured, limit, whether more is better)"""
    b = k.b
    disk = k.fact("write + fsync", str(b.size.media), "disk")
    yield ("media, take in", "restic's speed", faster(k, "take in", "A",
           "restic"), 2.5, True)
    yield ("media, take in", "of the disk's own write + fsync",
           over(disk, k.s("take in", "A")), 0.5, True)
    yield ("documents, take in", "restic's speed", faster(k, "take in", "B",
           "restic"), 2, True)
    yield ("documents, store", "of restic's size", over(
        k.fact("store", "B"), k.fact("store", "B", "restic")), 1.2, False)
    yield ("versions, store", "of restic's size", over(
        k.fact("store", "C"), k.fact("store", "C", "restic")), 1.1, False)
    yield ("versions, each", "restic's speed", faster(
        k, "each version", "C", "restic"), 1, True)
    for c, name in (("A", "media"), ("B", "documents")):
        yield (f"{name}, get everything back", "restic's speed", faster(
            k, "get", c, "restic"), 1.5, True)
        yield (f"{name}, verify blind", "`restic check --read-data`", faster(
            k, "verify", c, "restic"), 2.5, True)
        yield (f"{name}, verify with identity", "`restic check --read-data`",
               faster(k, "verify, identity", c, "restic", "verify"), 1.3, True)
        for peer in ("restic", "borg"):
            yield (f"{name}, nothing changed", f"{peer}'s speed", faster(
                k, "nothing changed", c, peer), 1, True)
    yield ("media, carry to one recipient", "of `tar \\| age -r`", faster(
        k, "carry", "A", "tar, zstd, age"), 0.8, True)
    for way in ("seal", "open"):
        yield (f"age payload alone, {way}", "age's speed", faster(
            k, way, "C", "tar, zstd, age"), 2, True)
    yield from flat(k)


def flat(k):
    for n, most in ((100000, 0.5), (1000000, 3)):
        yield (f"list {n:,} items, warm", "seconds", k.s("list", str(n)),
               most, False)
    yield ("list 1,000,000 items", "MiB", over(middle(k.b.times.get(
        ("list", "1000000", "muniment"), []), lambda r: r.rss), MIB), 300,
        False)
    counts = [int(c) for (w, c, _) in k.b.times if w == "add a photo"]
    for n in sorted(n for n in counts if n >= 1000 or n == max(counts)):
        yield (f"add a photo to {n:,} items", "of the cost in an empty vault",
               over(k.s("add a photo", str(n)), k.s("add a photo", "0")), 1.5,
               False)
    for n in sorted(counts):
        if n >= 10000:
            yield (f"share a case of {n:,} items", "seconds",
                   k.s("share the case", str(n)), 1, False)
    length = k.fact("bytes", "memory")
    rss = k.rss()
    yield (f"memory, file of {(length or 0) / (1 << 30):.3g} GiB, any command",
           "MiB", rss / MIB if rss else None, 128, False)


def goal_rows(k):
    for work, what, got, limit, more in goals(k):
        least = "at least" if more else "at most"
        met = "not measured" if got is None else \
            "met" if (got >= limit if more else got <= limit) else "NOT MET"
        yield [work, f"{least} {limit:g} {what}", figure(got), met]


def table(head, rows):
    out = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    out += ["| " + " | ".join(r) + " |" for r in rows]
    return "\n".join(out) + "\n"


WORKS = {
    "A": ("take in", "nothing changed", "list", "get", "verify",
          "verify, identity", "carry", "carry with parity", "receive"),
    "B": ("take in", "nothing changed", "list", "get", "verify",
          "verify, identity"),
    "C": ("first", "each version", "seal", "open"),
}


def corpus_table(b, corpus):
    who = ["muniment", *(p.name for p in b.peers)]
    rows = [[w, *(spread(b.times.get((w, corpus, p), [])) for p in who)]
            for w in WORKS[corpus]
            if any((w, corpus, p) in b.times for p in who)]
    for fact in ("store", "caches"):
        if (fact, corpus, "muniment") in b.facts:
            rows.append([f"{fact}, MB", *(figure(
                median(b.facts[(fact, corpus, p)]) / 1e6)
                if (fact, corpus, p) in b.facts else "-" for p in who)])
    return table(["seconds", *who], rows)


def item_table(b):
    counts = sorted({int(c) for (_, c, _) in b.times if c.isdigit()})
    works = list(dict.fromkeys(w for (w, c, _) in b.times if c.isdigit()))
    rows = [[w, *(spread(b.times.get((w, str(n), "muniment"), []))
                  for n in counts)] for w in works]
    return table(["seconds, by items", *(f"{n:,}" for n in counts)], rows)


def memory_table(b):
    runs = [(w, rs) for (w, c, _), rs in b.times.items() if c == "memory"]
    return table(["command", "MiB", "seconds"], [
        [w, figure(max(r.rss for r in rs) / MIB), spread(rs)]
        for w, rs in runs])


def sizes(b):
    s = b.size
    return {"A": f"Corpus A: media, {s.media / MIB:,.0f} MiB",
            "B": f"Corpus B: {s.documents:,} documents",
            "C": f"Corpus C: {s.first / MIB:,.0f} MiB and {s.versions}"
                 " versions of it"}


def report(b, about):
    out = [f"Size `{b.size.name}`, {b.rounds} rounds. Seconds, the flush to"
           " disk (`syncfs`) counted where something is written: median"
           " (least to most).\n"]
    out += [f"* {k}: {v}" for k, v in about.items() if k != "others"]
    out += [f"* other programs had {about['others']:.0%} of the"
            " processors while commands were measured"]
    out += [f"* {name}: left out, {', '.join(what)} is not installed"
            for name, what in b.missing.items()]
    out += ["", "### Goals\n", table(["work", "goal", "measured", ""],
                                     goal_rows(Look(b)))]
    for corpus, name in sizes(b).items():
        if any(c == corpus for (_, c, _) in b.times):
            out += [f"### {name}\n", corpus_table(b, corpus)]
    if any(c.isdigit() for (_, c, _) in b.times):
        out += ["### Vaults that grow\n", item_table(b)]
    if any(c == "memory" for (_, c, _) in b.times):
        out += ["### Resident memory\n", memory_table(b)]
    limits = [[f"{w} of {int(c) / MIB:,.0f} MiB", f"{figure(median(v))} s"]
              for (w, c, p), v in b.facts.items() if p == "disk"]
    unlock = b.times.get(("list", "unlock", "muniment"))
    if unlock:
        limits.append(["muniment list in an empty vault, with a passphrase of"
                       " the usual cost", f"{spread(unlock)} s"])
    limits += [[c, f"{median(v) / 1e9:.2f} GB/s, one core"]
               for (w, c, p), v in b.facts.items() if p == "openssl"]
    if limits:
        out += ["### What the machine can do\n", table(["what", ""], limits)]
    if b.failed:
        out += ["### Failed\n", *(f"    {line}" for f in b.failed
                                  for line in f.split("\n"))]
    return "\n".join(out) + "\n"
