"""Writes hostile archives and mail files into a folder: archives.py DIR.

Names tell what each is about; the same every time. What they should come to is
the same for all: nothing outside, nothing started, no hang, a clear answer.
"""
import bz2
import ctypes
import ctypes.util
import gzip
import lzma
import os
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

out = Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
MIB = 1 << 20


def put(name, data):
    (out / name).write_bytes(data)


# Names, as bytes: what they might do to a path, a terminal, a text.
NAMES = [
    b"../up", b"../../../../../../tmp/muniment-hostile", b"/tmp/muniment-hostile",
    b"//tmp/muniment-hostile", b"a/../../b", b"a/..", b"..", b".", b"./", b"./x",
    b"./../x", b"a//b", b"a/./b", b"/", b"dir/", b"..\\..\\up", b"C:\\x", b"C:x",
    b"\\\\host\\share", b"CON", b"nul.txt", b"a:b", b"-rf", b"--output=x",
    b"$(touch pwned)", b"`touch pwned`", b"|touch pwned", b"a\nb", b"a\rb",
    b"\x1b[2J\x1b[31mred", b"\x1b]0;title\x07", b"\x9b31m", b"\x07bell",
    b"a\x08\x08b", b"\xff\xfe\xfd", b"\xc0\xaf\xc0\xae", b"\xed\xa0\x80",
    "\u202egnp.exe".encode(), "a\u200bb".encode(), "e\u0301".encode(),
    "\u00e9".encode(), b".git/config", b"local/lock", b"objects/info/alternates",
    b"x" * 255, b"y" * 256, b"z" * 5000, b"d/" * 200 + b"f", b" ", b"a ", b"a.",
]


def slug(i, name):
    text = "".join(c if c.isalnum() else "-" for c in name.decode("latin-1"))
    return "%02d-%s" % (i, text[:20])


def tar_head(name, size=0, kind=b"0", link=b"", mode=b"0000644", size_field=None,
             magic=b"ustar\x0000"):
    h = bytearray(512)
    h[0:min(len(name), 100)] = name[:100]
    h[100:108] = mode + b"\0"
    h[108:116] = h[116:124] = b"0000000\0"
    h[124:136] = size_field if size_field is not None else b"%011o\0" % size
    h[136:148] = b"00000000000\0"
    h[156:157] = kind
    h[157:157 + min(len(link), 100)] = link[:100]
    h[257:265] = magic
    h[148:156] = b" " * 8
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def fill(data):
    return data + bytes(-len(data) % 512)


def pax(records):
    text = b""
    for k, v in records:
        body = b" " + k + b"=" + v + b"\n"
        n = len(body) + 1
        while len(str(n)) + len(body) != n:
            n = len(str(n)) + len(body)
        text += str(n).encode() + body
    return tar_head(b"pax", len(text), b"x") + fill(text)


END = bytes(1024)


def tar_of(name, data=b"data\n"):
    head = b""
    if len(name) > 100:
        head = tar_head(b"././@LongLink", len(name) + 1, b"L",
                        magic=b"ustar  \0") + fill(name + b"\0")
    return head + tar_head(name, len(data)) + fill(data)


def zip_of(members, **how):
    """A zip, its bytes put together here: any name, any lie."""
    body, central = b"", b""
    for m in members:
        name, data = m["name"], m.get("data", b"data\n")
        packed = data if not m.get("deflate") else zlib.compress(data, 9)[2:-4]
        method = m.get("method", 8 if m.get("deflate") else 0)
        crc = m.get("crc", zlib.crc32(data))
        size = m.get("size", len(data))
        csize = m.get("csize", len(packed))
        flags = m.get("flags", 0)
        at = m.get("at", len(body))
        local = m.get("local_name", name)
        body += struct.pack("<4s5H3I2H", b"PK\3\4", 20, flags, method, 0, 33,
                            crc, csize, size, len(local), 0) + local + packed
        attr = m.get("attr", 0o100644 << 16)
        central += struct.pack("<4s6H3I5H2I", b"PK\1\2", 3 << 8 | 20, 20, flags,
                               method, 0, 33, crc, csize, size, len(name), 0, 0,
                               0, 0, attr, at) + name
    n = how.get("count", len(members))
    return body + central + struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, n, n, how.get("csize", len(central)),
        how.get("cat", len(body)), 0)


class SevenZip:
    """7z files, written by libarchive itself."""
    lib = ctypes.CDLL(ctypes.util.find_library("archive") or "libarchive.so.13")
    for f in ("archive_write_new", "archive_entry_new"):
        getattr(lib, f).restype = ctypes.c_void_p

    def make(self, members, method=b"lzma2"):
        lib, p = self.lib, ctypes.c_void_p
        a = p(lib.archive_write_new())
        lib.archive_write_set_format_7zip(a)
        lib.archive_write_set_options(a, b"compression=" + method)
        buf, used = ctypes.create_string_buffer(4 * MIB), ctypes.c_size_t()
        lib.archive_write_open_memory(a, buf, ctypes.c_size_t(len(buf)),
                                      ctypes.byref(used))
        for name, kind, data in members:
            e = p(lib.archive_entry_new())
            lib.archive_entry_set_pathname(e, name)
            lib.archive_entry_set_filetype(e, kind)
            lib.archive_entry_set_perm(e, 0o644)
            if kind == 0o120000:
                lib.archive_entry_set_symlink(e, data)
            lib.archive_entry_set_size(e, ctypes.c_int64(len(data)))
            lib.archive_write_header(a, e)
            lib.archive_write_data(a, data, ctypes.c_size_t(len(data)))
            lib.archive_entry_free(e)
        lib.archive_write_close(a)
        lib.archive_write_free(a)
        return buf.raw[:used.value]


seven = SevenZip()


def zstd(data, *how):
    return subprocess.run(["zstd", "-q", "-c", *how], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def names():
    for i, n in enumerate(NAMES):
        put("name-%s.tar" % slug(i, n), tar_of(n) + END)
        put("name-%s.zip" % slug(i, n), zip_of([{"name": n}]))
        put("name-%s-pax.tar.gz" % slug(i, n), gzip.compress(
            pax([(b"path", n)]) + tar_of(b"other") + END, mtime=0))
        if b"\0" not in n and len(n) < 300:
            put("name-%s.7z" % slug(i, n), seven.make([(n, 0o100000, b"data")]))
    put("name-nul-pax.tar", pax([(b"path", b"a\0b")]) + tar_of(b"c") + END)
    put("name-none.zip", zip_of([{"name": b""}]))


def types():
    kinds = [(b"1", "hard"), (b"2", "soft"), (b"3", "char"), (b"4", "block"),
             (b"5", "dir"), (b"6", "fifo"), (b"7", "contiguous"),
             (b"D", "dumpdir"), (b"M", "multivolume"), (b"S", "sparse"),
             (b"V", "volume"), (b"Z", "unknown")]
    for k, what in kinds:
        for link in (b"/etc/passwd", b"../../x"):
            put("type-%s-%d.tar" % (what, len(link)),
                tar_head(b"member", 5, k, link) + fill(b"data\n") + tar_of(b"z")
                + END)
    put("type-through-link.tar", tar_head(b"d", 0, b"2", b"/tmp") +
        tar_of(b"d/muniment-hostile") + END)
    put("type-link-loop.tar", tar_head(b"a", 0, b"2", b"b") +
        tar_head(b"b", 0, b"2", b"a") + tar_of(b"a/x") + END)
    put("type-hard-to-self.tar", tar_head(b"a", 0, b"1", b"a") + END)
    put("type-dir-and-file.tar", tar_head(b"a", 0, b"5") + tar_of(b"a") +
        tar_of(b"a/b") + END)
    for mode, what in ((0o120777, "soft"), (0o010644, "fifo"),
                       (0o020644, "char"), (0o060644, "block"),
                       (0o140644, "socket"), (0o040755, "dir")):
        put("type-%s.zip" % what, zip_of([{"name": b"m", "data": b"/etc/passwd",
                                           "attr": mode << 16}]))
    put("type-soft.7z", seven.make([(b"l", 0o120000, b"/etc/passwd")]))


def doubles():
    same = [b"a", b"a", b"A", b"\xc3\xa9", b"e\xcc\x81", b"dir/a", b"DIR/a"]
    put("double.tar", b"".join(tar_of(n, b"%d" % i)
                               for i, n in enumerate(same)) + END)
    put("double.zip", zip_of([{"name": n, "data": b"%d" % i}
                              for i, n in enumerate(same)]))
    put("double.7z", seven.make([(n, 0o100000, b"%d" % i)
                                 for i, n in enumerate(same)]))
    put("double-names.zip", zip_of([{"name": b"shown", "local_name": b"other"}]))


def lies():
    sizes = [b"77777777777\0", b"-0000000001\0", b"\x80" + b"\xff" * 11,
             b"\xff" * 12, b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7,
             b"99999999999\0", b"            ", b"abcdefghijk\0"]
    for i, s in enumerate(sizes):
        put("lie-size-%d.tar" % i, tar_head(b"a", size_field=s) + fill(b"data")
            + END)
    for k, v in ((b"size", b"99999999999999999999"), (b"size", b"-1"),
                 (b"size", b"9223372036854775807"), (b"mtime", b"9" * 30),
                 (b"mtime", b"-9223372036854775808"), (b"path", b""),
                 (b"GNU.sparse.realsize", b"9223372036854775807"),
                 (b"GNU.sparse.map", b"0,1,99999999999999,1"),
                 (b"GNU.sparse.numblocks", b"99999999999"),
                 (b"SCHILY.xattr.security.x", b"v" * 1000), (b"hdrcharset",
                 b"BINARY"), (b"SCHILY.acl.access", b"user::rwx," * 5000),
                 (b"LIBARCHIVE.xattr.a", b"=" * 1000)):
        put("lie-pax-%s-%d.tar" % (k.decode().replace(".", "-")[:20], len(v)),
            pax([(k, v)]) + tar_of(b"a") + END)
    put("lie-pax-long.tar", tar_head(b"p", 9, b"x") + fill(b"99999 a=b\n") +
        tar_of(b"a") + END)
    put("lie-sparse-1.0.tar", pax([(b"GNU.sparse.major", b"1"),
        (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"hole"),
        (b"GNU.sparse.realsize", b"1152921504606846976")]) +
        tar_head(b"x", 1024) + fill(b"1\n1152921504606846975\n1\n") + bytes(512)
        + END)
    for field, value in (("size", 0xfffffffe), ("csize", 0xfffffffe),
                         ("size", 0), ("csize", 0), ("crc", 0), ("method", 99),
                         ("method", 14), ("method", 12), ("at", 0xfffffff0),
                         ("at", 1), ("size", 0xffffffff), ("csize", 0xffffffff)):
        put("lie-zip-%s-%x.zip" % (field, value), zip_of(
            [{"name": b"a", "data": b"x" * 5000, "deflate": True, field: value}]))
    for how in ({"count": 0}, {"count": 65535}, {"csize": 0xfffffff0},
                {"cat": 0xfffffff0}, {"cat": 0}, {"csize": 0}):
        put("lie-zip-end-%s.zip" % "-".join("%s%x" % i for i in how.items()),
            zip_of([{"name": b"a"}], **how))
    z = seven.make([(b"a", 0o100000, b"data" * 100)])
    for at in (6, 8, 12, 20, 28):
        put("lie-7z-%d.7z" % at, z[:at] + b"\xff\xff\xff\x7f" + z[at + 4:])
    put("lie-gzip-crc.gz", gzip.compress(b"data" * 1000, mtime=0)[:-8] +
        bytes(8))


def bombs():
    y = (b"all work and no play makes jack a dull boy\n" * 25000)[:MIB]
    c = zlib.compressobj(9, zlib.DEFLATED, 31)
    big = b"".join(c.compress(y) for _ in range(600)) + c.flush()
    put("bomb-600M.gz", big)
    put("bomb-gz-gz.gz", gzip.compress(big, mtime=0))
    c = bz2.BZ2Compressor()
    put("bomb-70M.bz2", b"".join(c.compress(y) for _ in range(70)) + c.flush())
    c = lzma.LZMACompressor(preset=0)
    put("bomb-400M.xz", b"".join(c.compress(y) for _ in range(400)) + c.flush())
    put("bomb-1G.zst", zstd(y * 1024))
    put("bomb-tar.tar.zst", zstd(tar_head(b"big", 1 << 30) + y * 1024 + END))
    put("bomb-window.zst", zstd(y * 8, "--long=31"))
    put("bomb-dict.xz", lzma.compress(y, format=lzma.FORMAT_XZ, filters=[
        {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30, "preset": 0}]))
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = b"".join(c.compress(y) for _ in range(500)) + c.flush()
    one = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 33, 0, len(raw),
                      500 * MIB, 1, 0)
    cd = b"".join(struct.pack("<4s6H3I5H2I", b"PK\1\2", 788, 20, 0, 8, 0, 33, 0,
                              len(raw), 500 * MIB, 6, 0, 0, 0, 0, 0, 0) +
                  b"%06d" % i for i in range(2000))
    put("bomb-overlap.zip", one + b"a" + raw + cd + struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, 2000, 2000, len(cd), len(one) + 1 +
        len(raw), 0))
    for n, e in ((150000, "tar.gz"), (3000, "tar")):
        data = b"".join(tar_of(b"f%d" % i, b"") for i in range(n)) + END
        put("bomb-count-%d.%s" % (n, e), gzip.compress(data, 1, mtime=0)
            if e == "tar.gz" else data)
    put("bomb-count.zip", zip_of([{"name": b"f%d" % i, "data": b""}
                                  for i in range(60000)]))
    put("bomb-pax.tar.gz", gzip.compress(pax([(b"comment", b"c" * (40 * MIB))])
                                         + tar_of(b"a") + END, 1, mtime=0))
    put("bomb-longname.tar.gz", gzip.compress(
        tar_head(b"././@LongLink", 40 * MIB, b"L", magic=b"ustar  \0") +
        b"n" * (40 * MIB) + tar_of(b"a") + END, 1, mtime=0))
    put("bomb-pax-many.tar.gz", gzip.compress(
        pax([(b"path", b"x" * 60000)]) * 2000 + tar_of(b"a") + END, 1, mtime=0))
    d = tar_of(b"a")
    for _ in range(60):
        d = gzip.compress(d, mtime=0)
    put("bomb-deep.gz", d)
    d = b"core"
    for i in range(400):
        d = zip_of([{"name": b"%d.zip" % i, "data": d}])
    put("nested-400.zip", d)
    d = b"core"
    for i in range(50):
        d = tar_of(b"%d.tar" % i, d) + END
    put("nested-50.tar", d)
    put("bomb-folders.tar", b"".join(
        tar_head(b"d/" * (i % 50) + b"d", 0, b"5") for i in range(5000)) + END)
    put("empty.zip", struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0, 0, 0, 0, 0))
    for e in ("zip", "7z", "tar", "gz", "xz", "bz2", "zst", "eml", "mbox"):
        put("nothing." + e, b"")
        put("junk." + e, random.Random(e).randbytes(5000))


def bases():
    r = random.Random(7)
    data = [(b"a.txt", b"text " * 500), (b"d/b.bin", r.randbytes(3000)),
            (b"d/c", b"")]
    t = b"".join(tar_of(n, d) for n, d in data) + END
    return {
        "tar": t, "tar.gz": gzip.compress(t, mtime=0),
        "tar.bz2": bz2.compress(t), "tar.xz": lzma.compress(t),
        "tar.zst": zstd(t),
        "zip": zip_of([{"name": n, "data": d, "deflate": True}
                       for n, d in data]),
        "7z": seven.make([(n, 0o100000, d) for n, d in data]),
    }


def damaged():
    for e, b in bases().items():
        for i in range(1, 7):
            put("cut-%d.%s" % (i, e), b[:len(b) * i // 7])
        r = random.Random(e)
        for i in range(8):
            m = bytearray(b)
            for _ in range(1 + i):
                m[r.randrange(len(m))] = r.randrange(256)
            put("mutant-%d.%s" % (i, e), bytes(m))


HEAD = (b"From: a@example.org\nSubject: s\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=b\n\n")


def part(head, body=b"x"):
    return b"--b\n" + head + b"\n\n" + body + b"\n"


def mail():
    for i, n in enumerate([b"../../x", b"/etc/passwd", b"\x1b[31m", b"a\"b",
                           b"=?utf-8?B?Li4vLi4veA==?=", b"=?x-none?Q?=FF=FE?=",
                           b"\xff\xfe", b"n" * 70000]):
        put("mail-name-%d.eml" % i, HEAD + part(
            b"Content-Disposition: attachment; filename=\"" + n + b"\"") +
            b"--b--\n")
    put("mail-name-rfc2231.eml", HEAD + part(
        b"Content-Disposition: attachment;\n" + b"".join(
            b" filename*%d*=%%2e%%2e%%2f;\n" % i for i in range(2000)) +
        b" filename*2000=x") + b"--b--\n")
    deep = b"x"
    for i in range(3000):
        deep = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i)
                + deep + b"\n--b%d--\n" % i)
    put("mail-deep.eml", b"From: a\n" + deep)
    deep = b"Subject: x\n\nbody"
    for i in range(2000):
        deep = b"Subject: x\nContent-Type: message/rfc822\n\n" + deep
    put("mail-deep-rfc822.eml", deep)
    put("mail-parts.eml", HEAD + part(b"Content-Type: image/png", b"") * 120000
        + b"--b--\n")
    put("mail-heads.eml", b"".join(b"X-%d: y\n" % i for i in range(200000)) +
        b"From: a\n\nbody\n")
    put("mail-long-head.eml", b"From: " + b"a" * (30 * MIB) + b"\n\nbody\n")
    put("mail-folded.eml", b"From: a\n" + b" b\n" * (2 * MIB) + b"\nbody\n")
    put("mail-open.eml", HEAD + part(b"Content-Type: image/png"))
    put("mail-no-boundary.eml", b"From: a\nContent-Type: multipart/mixed\n\n--\n")
    put("mail-empty-boundary.eml",
        b"From: a\nContent-Type: multipart/mixed; boundary=\"\"\n\n--\n--\n" * 9)
    for e, body in ((b"base64", b"====!!!!" * 9000), (b"base64", b"A" * 999999),
                    (b"quoted-printable", b"=ZZ=" * 9000),
                    (b"x-uuencode", b"begin 644 ../../x\n" + b"M" * 9999),
                    (b"none-such", b"\0" * 9999)):
        put("mail-%s-%d.eml" % (e.decode(), len(body)), HEAD + part(
            b"Content-Type: image/png\nContent-Transfer-Encoding: " + e, body) +
            b"--b--\n")
    put("mail-nul.eml", b"From: a\0b\nSub\0ject: \0\n\n\0\n")
    put("mail-dates.eml", b"From: a\nDate: Thu, 99 Foo 99999999999 99:99:99 "
        b"+99999999\n\nx\n")
    put("mail-charset.eml", b"From: =?iso-2022-kr?B?" + b"GyQpQw4=" * 5000 +
        b"?=\nContent-Type: text/plain; charset=utf-7\n\n+AAA-\n")
    put("mail-external.eml", HEAD + part(
        b"Content-Type: message/external-body; access-type=local-file;"
        b" name=\"/etc/passwd\"") + b"--b--\n")
    put("mail-pgp.eml", b"From: a\nContent-Type: multipart/encrypted; boundary=b;"
        b" protocol=application/pgp-encrypted\n\n" + part(
            b"Content-Type: application/pgp-encrypted", b"Version: 1") + part(
            b"Content-Type: application/octet-stream", b"-----BEGIN PGP") +
        b"--b--\n")
    put("mail-many.mbox", b"From a\nSubject: x\n\nb\n\n" * 60000)
    put("mail-froms.mbox", b"From \n" * 500000)


def locked():
    put("locked.zip", zip_of([{"name": b"a", "data": b"x" * 40, "flags": 1}]))
    put("locked-mixed.zip", zip_of([{"name": b"a"}, {"name": b"b", "flags": 1,
                                                     "data": b"y" * 40}]))
    put("locked-strong.zip", zip_of([{"name": b"a", "flags": 0x41,
                                      "data": b"z" * 40}]))


for make in (names, types, doubles, lies, damaged, mail, locked):
    make()
if os.environ.get("MUNIMENT_HOSTILE", "1") == "1":
    bombs()  # half a minute
print(len(list(out.iterdir())))
