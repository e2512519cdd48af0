#!/usr/bin/env python3
"""Packages of a custodian who lies with what is genuine.

    exhibit_mislead.py DIR      writes DIR/<name>

Unlike the forger of exhibit_forge.py he owns vault and devices, and signs
whatever he likes; the witness and the authority are honest. Every hash and
signature here is right: what misleads is what they are put beside.
"""

import base64
import os
import sys
import tempfile
from pathlib import Path

import exhibit_make as make


def begin(w):
    """An old version, stamped and cosigned, and a new one with other content"""
    log = w.logs[0]
    old = b"what was really said\n"
    item, first = w.record(log, old, "txt", "statement")
    log.add([first])
    size = len(log.leaves)
    new = b"what was never said\n"
    _, second = w.record(log, new, "txt", "statement", item=item)
    log.add([second])
    return log, item, first, second, new, size


def stamped(w, p, tsa, c, when="2026-11-21 12:00:00"):
    p.stamp(make.stamp_of(tsa, {c: p.note(c)}, when), tsa.root())


def other_version(w, out, tsa):
    """stamp and cosignature are of the old version, the file is the new one"""
    log, item, first, second, new, size = begin(w)
    p = make.Package(w.tmp, w.vault)
    p.item(item)
    c1 = p.checkpoint(log, size, [(w.partner, 1795200000)])
    c2 = p.checkpoint(log, len(log.leaves))
    p.entry(second, 1, points=[c2], files=[(1, new, "txt")])
    p.entry(first, 1, show=["files.1.sha256", "files.1.size"], points=[c1])
    stamped(w, p, tsa, c1)
    p.write(out / "other-version", w.custodian)


def other_entry(w, out, tsa):
    """they are of an event in the custody of the item"""
    log = w.logs[0]
    item = os.urandom(16).hex()
    event = w.custody(log, item, "received")
    log.add([event])
    size = len(log.leaves)
    data = b"made much later\n"
    _, e = w.record(log, data, "txt", "late", item=item)
    log.add([e])
    p = make.Package(w.tmp, w.vault)
    p.item(item)
    c1 = p.checkpoint(log, size, [(w.partner, 1795200000)])
    c2 = p.checkpoint(log, len(log.leaves))
    p.entry(e, 1, points=[c2], files=[(1, data, "txt")])
    p.entry(event, 1, points=[c1])
    stamped(w, p, tsa, c1)
    p.write(out / "other-entry", w.custodian)


def nothing_under(w, out, tsa):
    """they are of a checkpoint under which nothing is shown"""
    log, item, first, second, new, size = begin(w)
    p = make.Package(w.tmp, w.vault)
    p.item(item)
    c1 = p.checkpoint(log, size)
    c2 = p.checkpoint(log, len(log.leaves))
    p.entry(second, 1, points=[c2], files=[(1, new, "txt")])
    stamped(w, p, tsa, c1)
    p.write(out / "nothing-under", w.custodian)


def own_witness(w, out, tsa):
    """the custodian's own key is the only witness"""
    log, item, first, second, new, size = begin(w)
    witness = make.Witness(w.tmp, "independent.example/w1")
    witness.key = w.custodian
    p = make.Package(w.tmp, w.vault)
    p.item(item)
    c1 = p.checkpoint(log, len(log.leaves), [(witness, 1795200000)])
    p.entry(second, 1, points=[c1], files=[(1, new, "txt")])
    p.lines["witness"].append(f"witness {witness.name} A Large Organisation")
    p.write(out / "own-witness", w.custodian)


def idle_witness(w, out, tsa):
    """a renowned witness is named who has signed nothing"""
    log, item, first, second, new, size = begin(w)
    p = make.Package(w.tmp, w.vault)
    p.item(item)
    c1 = p.checkpoint(log, len(log.leaves), [(w.partner, 1795200000)])
    p.witnesses[w.outside.name] = w.outside.key.public
    p.entry(second, 1, points=[c1], files=[(1, new, "txt")])
    p.lines["witness"].append(
        f"witness {w.outside.name} A Large Organisation")
    p.write(out / "idle-witness", w.custodian)


def before_itself(w, out, tsa):
    """a log is stamped before a stamp that stands in it was made"""
    log = w.logs[0]
    early = make.stamp_of(tsa, {"c1": log.checkpoint()}, "2026-11-21 12:00:00")
    token = make.Entry(log, "stamp", {
        "act": "token", "ask": os.urandom(32).hex(),
        "token": base64.b64encode(early["token.tsr"]).decode(),
        "chain": [], "revocation": []})
    log.add([token])
    log, item, first, second, new, size = begin(w)
    p = make.Package(w.tmp, w.vault)
    p.item(item)
    c1 = p.checkpoint(log, len(log.leaves))
    p.entry(second, 1, points=[c1], files=[(1, new, "txt")])
    p.entry(token, 0, points=[c1])
    p.lines["earlier"].append("earlier e001 e002")
    stamped(w, p, tsa, c1, "2026-03-01 12:00:00")
    p.write(out / "before-itself", w.custodian)


def item_twice(w, out, tsa):
    """one item is counted for two"""
    log, item, first, second, new, size = begin(w)
    p = make.Package(w.tmp, w.vault)
    p.item(item)
    p.item(item)
    c1 = p.checkpoint(log, len(log.leaves))
    p.entry(second, 1, points=[c1], files=[(1, new, "txt")])
    p.entry(first, 2, points=[c1])
    p.write(out / "item-twice", w.custodian)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as tmp:
        w = make.World(Path(tmp))
        tsa = make.Authority(w.tmp, "Sample Time", "2026-01-01 00:00:00", 3650)
        for lie in (other_version, other_entry, nothing_under, own_witness,
                    idle_witness, before_itself, item_twice):
            w.logs[0] = make.Log(w.tmp, w.vault, w.case, w.seat[0])
            for _ in range(3):
                w.logs[0].add([])
            lie(w, out, tsa)


if __name__ == "__main__":
    main()
