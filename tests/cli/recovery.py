"""What recovery.sh cannot do in shell: forge a share with a right checksum,
and type shares on a terminal.

    recovery.py forge TOP SHEET
    recovery.py typed MUNIMENT SHEET SHEET SHEET NAME
"""
import hashlib
import os
import pty
import re
import select
import sys
import time

PRIME = 11981


def lines(path):
    return [l.split() for l in open(path) if re.match(r" ?\d+  ", l)]


def forge(top, path):
    words = open(top + "/format/wordlist.txt").read().split()
    data = b""
    for l in lines(path):
        n = 0
        for w in l[1:]:
            n = n * 7776 + words.index(w)
        data += (n // PRIME).to_bytes(8, "big")
    data = bytearray(data[:-4])
    data[60] ^= 4
    data += hashlib.sha256(data).digest()[:4]
    for i in range(0, len(data), 8):
        n = int.from_bytes(data[i : i + 8], "big") * PRIME + i // 8 + 1
        out = []
        for _ in range(6):
            n, w = divmod(n, 7776)
            out.insert(0, words[w])
        print(i // 8 + 1, *out)


class Terminal:
    def __init__(self, argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(argv[0], argv)
        self.seen = b""

    def until(self, text):
        end = time.time() + 60
        text = text.encode()
        while text not in self.seen:
            if time.time() > end or not select.select([self.fd], [], [], 60)[0]:
                raise SystemExit(f"not ok typed: no {text} in {self.seen}")
            try:
                got = os.read(self.fd, 4096)
            except OSError:
                got = b""
            if not got:
                raise SystemExit(f"not ok typed: no {text} in {self.seen}")
            self.seen += got
        at = self.seen.index(text) + len(text)
        before, self.seen = self.seen[:at], self.seen[at:]
        return before

    def type(self, text):
        os.write(self.fd, text.encode() + b"\n")


def typed(program, *rest):
    *sheets, name = rest
    t = Terminal([program, "--identity", "none.age", "id", "join", "--check", "-"])
    for n, sheet in enumerate(sheets, 1):
        ls = lines(sheet)
        for i, l in enumerate(ls, 1):
            of = "" if i == 1 else f" of {len(ls)}"
            prompt = f"Share {n}, line {i}{of}: "
            t.until(prompt)
            if i == 7:  # a mistake, then the line without its number
                t.type(" ".join(l[:-1] + ["mistake"]))
                said = t.until(prompt)
                assert b"line 7, word 6: not in the list" in said, said
                t.type(" ".join(l[1:]))
            else:
                t.type(" ".join(l))
            if i < len(ls):
                said = t.until(prompt + "right")
                assert b"\x1b[A\x1b[2K" in said, said
        said = t.until(f"Share {n} is whole.")
    t.until(name)
    _, how = os.waitpid(t.pid, 0)
    assert os.waitstatus_to_exitcode(how) == 0, how
    print("ok typed: line by line, mistakes asked again, erased when right")


globals()[sys.argv[1]](*sys.argv[2:])
