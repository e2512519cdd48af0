"""What a package tells of what it does not disclose: hunted in every form.

    court_leak.py hunt PACKAGE WORDS
        WORDS holds a text a line that must not be in the package. Each is
        looked for as it is, in any case of letters, as base64 (at each of
        three offsets, both alphabets), hex, UTF-16, JSON and HTML escapes,
        percent encoding; hex of at least 16 digits also as the bytes; in each
        file, in what a zip, a PDF (qpdf, pdftotext), an opened entry (age,
        zstd) or base64 holds, and in the files' names. A line of output for
        each find; status 1 if there is any.
    court_leak.py guess WITHHELD OPENED FIELD
        Tries a million values for a field that package WITHHELD does not show
        and OPENED does, with every salt that WITHHELD shows and without; then,
        to see that the search works, with the salt that OPENED shows.
"""

import base64
import hashlib
import html
import json
import re
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile
from pathlib import Path

from exhibit import Proof, fold, read_package


def run(argv, data=b""):
    return subprocess.run(argv, input=data, capture_output=True).stdout


def forms(word):
    """{bytes: what form it is}, all lower case"""
    raw = word.encode()
    found = {raw.hex().encode(): "hex",
             json.dumps(word)[1:-1].encode(): "JSON",
             urllib.parse.quote(word).encode(): "percent",
             "".join(f"&#{ord(c)};" for c in word).encode(): "HTML",
             "".join(f"&#x{ord(c):x};" for c in word).encode(): "HTML",
             html.escape(word).encode(): "HTML"}
    for code in "utf-16-le", "utf-16-be":
        found[word.encode(code)] = code
        found[word.encode(code).hex().encode()] = code + " hex"
    found[raw] = "as it is"
    if re.fullmatch(r"(?:[0-9a-f]{2}){8,}", word):
        found[bytes.fromhex(word)] = "bytes"
        raws = (raw, bytes.fromhex(word))
    else:
        raws = (raw,)
    return {k.lower(): v for k, v in found.items()}, raws


def base64_forms(raw):
    """The characters that stand for it, whatever stands before and after."""
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + raw)
        first = {0: 0, 1: 2, 2: 3}[offset]
        last = len(text) - {0: 0, 1: 3, 2: 2}[(offset + len(raw)) % 3]
        if last - first >= 8:
            yield text[first:last]
            yield text[first:last].replace(b"+", b"-").replace(b"/", b"_")


def layers(name, data):
    """The file, and all that can be read out of it"""
    yield name, data
    if data.startswith(b"%PDF"):
        with tempfile.NamedTemporaryFile(suffix=".pdf") as f:
            f.write(data)
            f.flush()
            yield name + " (qdf)", run(
                ["qpdf", "--qdf", "--object-streams=disable", f.name, "-"])
            text = run(["pdftotext", "-raw", f.name, "-"])
            yield name + " (text)", text
            yield name + " (text joined)", re.sub(rb"\s+", b"", text)
            yield name + " (info)", run(["pdfinfo", f.name])
    if name.endswith((".html", ".txt")):
        yield name + " (without entities)", html.unescape(
            data.decode(errors="replace")).encode()
    if b"\n" in data:
        yield name + " (lines joined)", re.sub(rb"\s+", b"", data)
        yield name + " (one blank)", re.sub(rb"\s+", b" ", data)
    for i, m in enumerate(re.findall(rb"[A-Za-z0-9+/\n]{40,}={0,2}",
                                     data if len(data) < 1 << 20 else b"")):
        text = m.replace(b"\n", b"")
        try:
            yield f"{name} (base64 {i})", base64.b64decode(
                text[:len(text) // 4 * 4])
        except ValueError:
            pass


def everything(package):
    files = read_package(package)
    if package.is_file():
        yield "the zip's bytes", package.read_bytes()
        with zipfile.ZipFile(package) as z:
            yield "the zip's names", "\n".join(
                f"{i.filename} {i.comment!r} {i.extra!r}"
                for i in z.infolist()).encode() + z.comment
    yield "names", "\n".join(files).encode()
    for name, data in files.items():
        yield from layers(name, data)
        if name.endswith(".age"):
            with tempfile.NamedTemporaryFile() as k:
                k.write(files[name[:-4] + ".key"])
                k.flush()
                plain = run(["age", "-d", "-i", k.name], data)
            yield name + " (opened)", run(["zstd", "-q", "-d", "-c"], plain)


def hunt(package, words):
    finds = 0
    texts = list(everything(package))
    small = [(name, data.lower()) for name, data in texts]
    for word in words:
        plain, raws = forms(word)
        for name, data in small:
            for form, what in plain.items():
                if form in data:
                    print(f"{word!r} ({what}) in {name}")
                    finds += 1
        for name, data in texts:
            for raw in raws:
                for form in base64_forms(raw):
                    if form in data:
                        print(f"{word!r} (base64) in {name}")
                        finds += 1
    print(f"{len(words)} words, {len(texts)} texts, {finds} finds")
    return finds > 0


def proof_with(files, field, line=None):
    """The proof that shows that field, or that is of that line"""
    for name, data in files.items():
        if re.fullmatch(r"proof/e\d+\.proof", name):
            p = Proof(data)
            if p.line == line or (not line and field in p.fields):
                return p
    sys.exit(f"no proof with {field}")


def candidates(true):
    """A million values like the true one, which is the last"""
    texts = [f"{first}{last}{n:02}.{ext}" for n in range(100)
             for first in ("Anna", "Boris", "IMG_", "scan", "Zarina",
                           "DSC", "doc", "WA", "DCIM", "x")
             for last in (f"{i:03}" for i in range(250))
             for ext in ("pdf", "jpg", "txt", "doc")]
    return texts[:999999] + [true]


def guess(withheld, opened, field):
    full = proof_with(read_package(opened), field)
    part = proof_with(read_package(withheld), field, full.line)
    if field in part.fields:
        sys.exit(f"{field} is not withheld")
    salt, place, nodes, value, true = full.fields[field]
    leaves = {n for f in part.fields.values() for n in f[2]}
    leaves |= {part.root, *(n for f in part.fields.values() for n in [f[0]])}
    values = [json.dumps(v, ensure_ascii=False).encode()
              for v in candidates(true)]
    head = field.encode() + b"\0"

    def tries(key):
        before = hashlib.sha256(b"\0" + key + head)
        for v in values:
            h = before.copy()
            h.update(v)
            yield h.digest(), v
    for key in [b"", bytes(32), *(f[0] for f in part.fields.values())][:4]:
        for h, v in tries(key):
            if h in leaves:
                print(f"guessed without the salt: {v}")
                return 1
    target = fold(hashlib.sha256(b"\0" + salt + head + value).digest(), place,
                  nodes)
    if target != part.root:
        print("the two packages' roots differ")
        return 1
    leaf = hashlib.sha256(b"\0" + salt + head + value).digest()
    for h, v in tries(salt):
        if h == leaf:
            print(f"{len(values)} tried; only with the salt: {v.decode()}")
            return 0
    print("not found with the salt either")
    return 1


def main():
    if sys.argv[1] == "hunt":
        words = [w for w in Path(sys.argv[3]).read_text().splitlines() if w]
        return hunt(Path(sys.argv[2]), words)
    return guess(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])


if __name__ == "__main__":
    sys.exit(main())
