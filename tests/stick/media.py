"""Reads the root folder of a FAT32 or exFAT image: names and whole files.

Small on purpose, and forgiving as a person's system would be: what makes no
sense is passed over, and a file whose chain is broken has no bytes.
"""
import array
import os
import struct
import sys


def files(img):
    """{name: bytes, or None if they cannot be read} of an image in memory."""
    if bytes(img[3:11]) == b"EXFAT   ":
        return exfat(img)
    if bytes(img[82:90]) == b"FAT32   ":
        return fat32(img)
    raise ValueError("neither FAT32 nor exFAT")


FOLDER = "a folder: what comes before the break"


class Volume:
    """Where the clusters lie, and which follows which."""

    def __init__(self, img, fat, heap, size, last, end):
        self.img, self.heap, self.size = img, heap, size
        self.last, self.end = last, end
        self.next = array.array("I")
        self.next.frombytes(bytes(img[fat:fat + 4 * (last + 1)]))
        if sys.byteorder == "big":
            self.next.byteswap()

    def chain(self, c, what=None):
        """The clusters from c; None if they lead nowhere."""
        got = []
        while 2 <= c <= self.last and len(got) <= self.last:
            got.append(c)
            c = self.next[c] & self.end
            if c >= self.end - 7:
                return got
        return got if what == FOLDER else None

    def content(self, clusters, wanted):
        if clusters is None or len(clusters) * self.size < wanted:
            return None
        out, i = bytearray(), 0
        while len(out) < wanted:
            k = i + 1
            while k < len(clusters) and clusters[k] - clusters[i] == k - i:
                k += 1
            at = self.heap + (clusters[i] - 2) * self.size
            out += self.img[at:at + (k - i) * self.size]
            i = k
        return bytes(out[:wanted])


def fat32(img):
    sector, per, reserved, fats = struct.unpack_from("<HBHB", img, 11)
    total, long_fat = struct.unpack_from("<II", img, 32)
    root = struct.unpack_from("<I", img, 44)[0]
    size, fat = sector * per, reserved * sector
    heap = fat + fats * long_fat * sector
    last = (total * sector - heap) // size + 1
    vol = Volume(img, fat, heap, size, last, 0x0FFFFFFF)
    found, pieces, want = {}, {}, None
    for c in vol.chain(root, FOLDER):
        for at in range(heap + (c - 2) * size, heap + (c - 1) * size, 32):
            e = bytes(img[at:at + 32])
            if e[0] == 0:
                return found
            if e[0] == 0xE5:
                pieces = {}
            elif e[11] == 0x0F:
                if e[0] & 0x40:
                    pieces, want = {}, e[13]
                if e[13] == want:
                    pieces[e[0] & 0x3F] = e[1:11] + e[14:26] + e[28:32]
            elif not e[11] & 0x18:
                found.update([fat_entry(vol, e, pieces, want)])
                pieces = {}
    return found


def short_name(e):
    base, ext = e[:8].rstrip(b" "), e[8:11].rstrip(b" ")
    return (base + (b"." + ext if ext else b"")).decode("latin-1")


def fat_entry(vol, e, pieces, want):
    total = 0
    for b in e[:11]:
        total = ((total >> 1 | (total & 1) << 7) + b) & 0xFF
    name = short_name(e)
    if pieces and total == want and set(pieces) == set(
            range(1, len(pieces) + 1)):
        text = b"".join(pieces[i] for i in sorted(pieces))
        name = text.decode("utf-16le", "replace").split("\0")[0]
    high, low, length = struct.unpack_from("<H4xHI", e, 20)
    if length == 0:
        return name, b""
    return name, vol.content(vol.chain(high << 16 | low), length)


def exfat(img):
    fat_at, _, heap_at, count, root = struct.unpack_from("<5I", img, 80)
    sector = 1 << img[108]
    size = sector << img[109]
    fat, heap, last = fat_at * sector, heap_at * sector, count + 1
    vol = Volume(img, fat, heap, size, last, 0xFFFFFFFF)
    table = bytearray()
    for c in vol.chain(root, FOLDER):
        table += img[heap + (c - 2) * size:heap + (c - 1) * size]
    found, at = {}, 0
    while at < len(table) and table[at] != 0:
        n = table[at + 1] + 1 if table[at] == 0x85 else 1
        entries = bytes(table[at:at + 32 * n])
        if n > 2 and len(entries) == 32 * n and checks(entries):
            found.update([exfat_entry(vol, entries)])
            at += 32 * n
        else:
            at += 32
    return found


def checks(entries):
    total = 0
    for i, b in enumerate(entries):
        if i not in (2, 3):
            total = ((total << 15 | total >> 1) + b) & 0xFFFF
    return total == entries[2] | entries[3] << 8


def exfat_entry(vol, entries):
    flags, length, valid = entries[33], entries[35], struct.unpack_from(
        "<Q", entries, 40)[0]
    first, total = struct.unpack_from("<IQ", entries, 52)
    name = b"".join(entries[i + 2:i + 32]
                    for i in range(64, len(entries), 32))
    name = name[:2 * length].decode("utf-16le", "replace")
    if total == 0 or valid != total:
        return name, b"" if total == 0 else None
    if not flags & 2:
        return name, vol.content(vol.chain(first), total)
    clusters = range(first, first + (total + vol.size - 1) // vol.size)
    if first < 2 or clusters[-1] > vol.last:
        return name, None
    return name, vol.content(clusters, total)


def break_chain(path, data):
    """After its first cluster the FAT32 file with these bytes goes nowhere."""
    with open(path, "r+b") as f:
        img = f.read()
        sector, per, reserved, fats = struct.unpack_from("<HBHB", img, 11)
        long_fat = struct.unpack_from("<I", img, 36)[0] * sector
        heap = reserved * sector + fats * long_fat
        at = img.index(data[:sector * per], heap)
        for i in range(fats):
            f.seek(reserved * sector + i * long_fat +
                   4 * ((at - heap) // (sector * per) + 2))
            f.write(bytes(4))


def main():
    """media.py IMAGE NAME: its bytes; media.py IMAGE --to FOLDER: all;
    media.py IMAGE --break NAME"""
    with open(sys.argv[1], "rb") as f:
        found = files(f.read())
    if sys.argv[2] == "--break":
        break_chain(sys.argv[1], found[sys.argv[3]])
        return
    if sys.argv[2] != "--to":
        sys.stdout.buffer.write(found[sys.argv[2]])
        return
    for name, data in found.items():
        if data is not None and "/" not in name:
            with open(os.path.join(sys.argv[3], name), "wb") as f:
                f.write(data)


if __name__ == "__main__":
    main()
