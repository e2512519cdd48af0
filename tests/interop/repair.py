"""Restores a damaged file by its parity file, from FORMAT.md section 15 alone.

    repair.py FILE PARITY OUT

Nothing but the standard library; for files of some megabytes. Exit status 0:
OUT is, by its SHA-256, what FILE was. 1: it cannot be restored.
"""
import hashlib
import sys

MAGIC = b"muniment parity1"

# GF(2^8) by logarithms of 2
EXP, LOG = [0] * 510, [0] * 256
x = 1
for i in range(255):
    EXP[i] = EXP[i + 255] = x
    LOG[x] = i
    x = x << 1 ^ (0x11D if x & 0x80 else 0)


def mul(a, b):
    return EXP[LOG[a] + LOG[b]] if a and b else 0


def inv(a):
    return EXP[255 - LOG[a]]


def scale(factor, block):
    """factor times each byte of a block, as one large integer."""
    table = bytes(mul(factor, b) for b in range(256))
    return int.from_bytes(block.translate(table), "big")


def check(b):
    return hashlib.sha256(b).digest()[:16]


def number(b):
    return int.from_bytes(b, "big")


class Layout:
    def __init__(self, head):
        self.head = head[32:92]  # the same in all records
        self.size = number(head[32:40])
        self.sha256 = head[48:80]
        self.block = number(head[80:84])
        self.k, self.m = number(head[84:86]), number(head[86:88])
        self.groups = number(head[88:92])
        self.blocks = -(-self.size // self.block)
        self.records = self.groups * self.m
        self.chunk = -(-self.blocks // self.records)
        self.length = 96 + 3 * self.chunk * 16 + self.block


def find_layout(parity):
    at = parity.find(MAGIC)
    while at >= 0:
        head = parity[at:at + 96]
        if len(head) == 96 and 512 <= number(head[80:84]) <= 65536 and \
                number(head[86:88]) and number(head[88:92]):
            layout = Layout(head)
            record = parity[at:at + layout.length]
            if check(record[32:]) == record[16:32]:
                return layout
        at = parity.find(MAGIC, at + 1)
    sys.exit("no record of the parity file is left")


def read_records(parity, f):
    """The right ones, and what they say of the file's blocks."""
    records, sums = {}, {}
    for r in range(f.records):
        b = parity[r * f.length:(r + 1) * f.length]
        if len(b) < f.length or b[:16] != MAGIC or b[32:92] != f.head or \
                number(b[92:96]) != r or check(b[32:]) != b[16:32]:
            continue
        records[r] = b[-f.block:]
        for c in range(3):
            q = (r + c * (f.records // 3)) % f.records
            for i in range(f.chunk):
                at = 96 + (c * f.chunk + i) * 16
                if q * f.chunk + i < f.blocks:
                    sums[q * f.chunk + i] = b[at:at + 16]
    return records, sums


def solve(f, group, data, lost, rows, parity):
    """The lost blocks of a group, by Gauss and Jordan."""
    right = []
    for j in rows:
        v = int.from_bytes(parity[j], "big")
        for i in range(f.k):
            if i not in lost:
                v ^= scale(inv((f.k + j) ^ i), data[i])
        right.append(v)
    a = [[inv((f.k + j) ^ i) for i in lost] for j in rows]
    n, size = len(lost), f.block
    for c in range(n):
        p = next(r for r in range(c, n) if a[r][c])
        a[c], a[p], right[c], right[p] = a[p], a[c], right[p], right[c]
        d = inv(a[c][c])
        a[c] = [mul(d, v) for v in a[c]]
        right[c] = scale(d, right[c].to_bytes(size, "big"))
        for r in range(n):
            if r != c and a[r][c]:
                d = a[r][c]
                a[r] = [v ^ mul(d, w) for v, w in zip(a[r], a[c])]
                right[r] ^= scale(d, right[c].to_bytes(size, "big"))
    return {lost[i]: right[i].to_bytes(size, "big") for i in range(n)}


def main(path, parity_path, out_path):
    data, parity = open(path, "rb").read(), open(parity_path, "rb").read()
    f = find_layout(parity)
    records, sums = read_records(parity, f)
    there = min(len(data), f.size)
    data = data[:f.size].ljust(f.blocks * f.block, b"\0")
    out = bytearray(data)
    for g in range(f.groups):
        blocks, lost = [], []
        for i in range(f.k):
            b = i * f.groups + g
            block = data[b * f.block:(b + 1) * f.block] or bytes(f.block)
            blocks.append(block)
            if b < f.blocks and (min((b + 1) * f.block, f.size) > there or
                                 sums.get(b) != check(block)):
                lost.append(i)
        have = {j: records[j * f.groups + g] for j in range(f.m)
                if j * f.groups + g in records}
        if len(lost) > len(have):
            sys.exit("more is damaged than can be restored")
        rows = sorted(have)[:len(lost)]
        for i, b in solve(f, g, blocks, lost, rows, have).items():
            at = (i * f.groups + g) * f.block
            out[at:at + f.block] = b
    out = bytes(out[:f.size])
    if hashlib.sha256(out).digest() != f.sha256:
        sys.exit("what comes of it is not the file")
    open(out_path, "wb").write(out)


main(*sys.argv[1:4])
