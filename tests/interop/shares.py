"""Restores a key from sheets without Muniment, from FORMAT.md alone.

    shares.py words WORDLIST SHEET.txt...     from the lines of words
    shares.py codes SHEET.html...             from the QR codes, read by zbar

Prints an age identity file, or a root key's vault and seed.
"""
import base64
import ctypes
import hashlib
import re
import sys


def from_words(wordlist, path):
    digit = {w: i for i, w in enumerate(open(wordlist).read().split())}
    share = b""
    for line in open(path):
        m = re.match(r" *(\d+) +(.*)", line)
        if not m:
            continue
        n = 0
        for w in m[2].split():
            n = n * 7776 + digit[w]
        n, number = divmod(n, 11981)
        assert number == int(m[1]), line
        share += n.to_bytes(8, "big")
    return share


def raster(svg, scale):
    """The drawing of a page as grey pixels: white, and black rectangles."""
    x0, y0, w, h = map(int, re.search(r'viewBox="(\S+) (\S+) (\S+) (\S+)"', svg).groups())
    rows = [bytearray(b"\xff" * (w * scale)) for _ in range(h)]
    for x, y, n in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", svg):
        a = (int(x) - x0) * scale
        rows[int(y) - y0][a : a + int(n) * scale] = b"\0" * (int(n) * scale)
    return w * scale, h * scale, b"".join(bytes(r) * scale for r in rows)


ZBAR_QRCODE = 64


def scan(w, h, grey):
    """What zbar reads: one QR code; or None. (Its library itself, since the python3
    in the path need not be the one that Debian's module is for.)"""
    z = ctypes.CDLL("libzbar.so.0")
    for f in ("image_create", "image_scanner_create", "image_first_symbol"):
        getattr(z, "zbar_" + f).restype = ctypes.c_void_p
    z.zbar_symbol_get_data.restype = ctypes.c_char_p
    image = ctypes.c_void_p(z.zbar_image_create())
    z.zbar_image_set_format(image, int.from_bytes(b"Y800", "little"))
    z.zbar_image_set_size(image, w, h)
    z.zbar_image_set_data(image, grey, ctypes.c_ulong(len(grey)), None)
    scanner = ctypes.c_void_p(z.zbar_image_scanner_create())
    # of no other kind
    z.zbar_image_scanner_set_config(scanner, 0, 0, 0)
    z.zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, 0, 1)
    if z.zbar_scan_image(scanner, image) != 1:
        return None
    symbol = ctypes.c_void_p(z.zbar_image_first_symbol(image))
    assert z.zbar_symbol_get_type(symbol) == ZBAR_QRCODE
    return z.zbar_symbol_get_data(symbol).decode()


def from_code(path):
    page = open(path).read()
    svg = page[page.index("<svg") : page.index("</svg>")]
    # at four sizes, as a camera is nearer or further
    found = [t for t in (scan(*raster(svg, n)) for n in (4, 6, 3, 8)) if t]
    assert found, "no code found"
    text = found[0]
    head = "MUNIMENT-SHARE:"
    assert text.startswith(head) and {text} == set(found)
    return base64.b32decode(text[len(head) :])


def mul(a, b):
    r = 0
    for i in range(8):
        if b >> i & 1:
            r ^= a << i
    for i in range(14, 7, -1):
        if r >> i & 1:
            r ^= 0x11B << (i - 8)
    return r


def inverse(a):
    return next(b for b in range(1, 256) if mul(a, b) == 1)


def join(shares):
    data = {}
    for s in shares:
        assert s[0] == 1 and s[1] * 8 == len(s) and s[2:11] == shares[0][2:11]
        assert hashlib.sha256(s[:-4]).digest()[:4] == s[-4:]
        data[s[11]] = s[12:-4]
    assert len(data) >= shares[0][10]
    data = dict(list(data.items())[: shares[0][10]])
    secret = bytearray(len(shares[0]) - 16)
    for x, d in data.items():
        weight = 1
        for m in data:
            if m != x:
                weight = mul(weight, mul(m, inverse(m ^ x)))
        for i, b in enumerate(d):
            secret[i] ^= mul(b, weight)
    assert hashlib.sha256(secret[:-16]).digest()[:16] == secret[-16:]
    return bytes(secret)


def bech32(hrp, data):
    chars = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    n = int.from_bytes(data, "big") << (-8 * len(data)) % 5
    bits = (8 * len(data) + 4) // 5
    five = [n >> 5 * (bits - 1 - i) & 31 for i in range(bits)]
    poly = 1
    for v in [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp] + five + [0] * 6:
        top = poly >> 25
        poly = (poly & 0x1FFFFFF) << 5 ^ v
        for i, g in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            poly ^= g if top >> i & 1 else 0
    poly ^= 1
    five += [poly >> 5 * (5 - i) & 31 for i in range(6)]
    return (hrp + "1" + "".join(chars[v] for v in five)).upper()


def name(s):
    return s[1 : 1 + s[0]].decode(), s[1 + s[0] :]


def show(s):
    if s[0] == 2:
        print("vault", s[1:33].hex())
        print("seed", base64.b64encode(s[33:65]).decode().rstrip("="))
        return
    who, rest = name(s[97:])
    print("# name:", who)
    print("# org:", name(rest)[0])
    print("# signing-key:", base64.b64encode(s[65:97]).decode())
    print(bech32("age-secret-key-pq-", s[1:33]))
    print(bech32("age-secret-key-", s[33:65]))


if sys.argv[1] == "words":
    show(join([from_words(sys.argv[2], p) for p in sys.argv[3:]]))
else:
    show(join([from_code(p) for p in sys.argv[2:]]))
