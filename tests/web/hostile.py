#!/usr/bin/env python3
"""Zip files that mean harm: hostile.py SAMPLES DIR

Each is refused by VERIFY.html as no package, or as one that does not hold;
none may hang it, or show it something that another reader would not see.
"""

import io
import struct
import sys
import zipfile
import zlib
from pathlib import Path


def pack(files, **change):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files:
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = change.get("method", zipfile.ZIP_DEFLATED)
            z.writestr(info, data)
    return out.getvalue()


def zeros(name, size):
    """One entry of `size` zero bytes, without ever holding them."""
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    part, crc, done, packed = bytes(1 << 24), 0, 0, []
    while done < size:
        n = min(len(part), size - done)
        packed.append(c.compress(part[:n]))
        crc = zlib.crc32(part[:n], crc)
        done += n
    packed.append(c.flush())
    body = b"".join(packed)
    n = name.encode()
    both = struct.pack("<HHHHIII", 0, 8, 0, 0x5c21, crc, len(body), size)
    local = (b"PK\3\4" + struct.pack("<H", 20) + both
             + struct.pack("<HH", len(n), 0) + n + body)
    central = (b"PK\1\2" + struct.pack("<HH", 20, 20) + both
               + struct.pack("<HHHHHII", len(n), 0, 0, 0, 0, 0, 0) + n)
    return local + central + b"PK\5\6" + struct.pack(
        "<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def main():
    samples, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir()
    top = samples / "sample-4"
    files = [(f"p/{f.relative_to(top)}", f.read_bytes())
             for f in sorted(top.rglob("*")) if f.is_file()]
    good = pack(files)
    end = good.rindex(b"PK\5\6")
    start = struct.unpack("<I", good[end + 16:end + 20])[0]
    first = good.index(b"PK\1\2", start)

    def write(name, data):
        (out / (name + ".zip")).write_bytes(data)

    write("bomb", zeros("p/proof/exhibit.txt", 1 << 30))
    write("before", b"#!/bin/sh\n" + good)
    write("behind", good + b"something else")
    write("twice", pack(files + [files[0]]))
    write("two-folders", pack(files + [("q/x", b"")]))
    write("no-folder", pack([(n[2:], d) for n, d in files]))
    write("up", pack(files + [("p/../x", b"")]))
    write("absolute", pack(files + [("/p/x", b"")]))
    write("backslash", pack(files + [("p/data\\x", b"")]))
    write("html", pack(files + [
        ("p/<img src=x onerror=document.title='owned'>", b"")]))
    write("direction", pack(files + [("p/\u202etxt.exe", b"")]))
    write("many", pack([(f"p/data/{i}", b"") for i in range(66000)],
                       method=zipfile.ZIP_STORED))
    write("many-said", good[:end + 8] + struct.pack("<HH", 65534, 65534)
          + good[end + 12:])
    write("cut", good[:len(good) // 2])
    write("empty", b"")
    write("not", b"this is no zip file" * 100)
    # two entries share their bytes
    second = good.index(b"PK\1\2", first + 4)
    offset = good[first + 42:first + 46]
    write("overlap", good[:second + 42] + offset + good[second + 46:])
    # something hides between two members
    gap, hidden = struct.unpack("<I", good[second + 42:second + 46])[0], b"x" * 7
    moved = bytearray(good[:gap] + hidden + good[gap:])
    at = second + len(hidden)
    while moved[at:at + 4] == b"PK\1\2":
        struct.pack_into("<I", moved, at + 42, len(hidden) + struct.unpack_from(
            "<I", moved, at + 42)[0])
        at += 46 + sum(struct.unpack_from("<HHH", moved, at + 28))
    struct.pack_into("<I", moved, at + 16, start + len(hidden))
    write("gap", bytes(moved))
    # the local header has another name than the directory
    write("names-differ", good.replace(b"p/00-READ", b"p/00-BEAD", 1))
    write("size-differs", good[:first + 24] + struct.pack("<I", 1 << 30)
          + good[first + 28:])
    write("crc-differs", good[:first + 16] + b"\0\0\0\0" + good[first + 20:])
    write("encrypted", good[:first + 8] + b"\1\0" + good[first + 10:])
    write("method", good[:first + 10] + b"\x0c\0" + good[first + 12:])


main()
