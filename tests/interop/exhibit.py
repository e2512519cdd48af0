#!/usr/bin/env python3
"""An independent checker of exhibit packages (format/EXHIBIT.md, section 4).

    exhibit.py PACKAGE [--json] [--at POSIX-SECONDS]

Written from EXHIBIT.md and FORMAT.md alone; shares no code with the program:
Python's standard library, and age, zstd, openssl and ssh-keygen as they are.
Exit status: 0 all holds; 1 something does not; 2 something could not be
checked, or there is no package.
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from exhibit_stamp import Stamps, openssl

HEX = r"[0-9a-f]{64}"
ID = r"[0-9a-f]{32}"
DEVICE = r"d[a-z2-7]{52}"
NUMBER = r"(?:0|[1-9][0-9]{0,15})"
WHEN = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
E, C, T = r"e\d{3,}", r"c[1-9]\d*", r"t[1-9]\d*"
KINDS = "record custody retract stamp"
INDEX = [("muniment", r"exhibit 1"), ("made", WHEN), ("by", r"muniment \S+"),
         ("vault", HEX), ("verifier", HEX),
         ("item", rf"{NUMBER} {ID}"),
         ("entry", rf"{E} [a-z]+ {DEVICE} {NUMBER} {NUMBER}"),
         ("opened", E), ("file", rf"data/\d{{4}}\.[a-z0-9]+ {E} {NUMBER}"),
         ("original", rf"{E} {E}"), ("checkpoint", rf"{C} {DEVICE} {NUMBER}"),
         ("stamp", rf"{T} {C}"), ("earlier", rf"{E} {E}"),
         ("witness", r"\S+ .+")]
ONCE = "muniment made by vault verifier"
FIXED = ("00-READ-ME-FIRST.txt CERTIFICATE.html CERTIFICATE.pdf VERIFY.html "
         "COMMANDS.txt check-paths.sh bagit.txt bag-info.txt "
         "manifest-sha256.txt tagmanifest-sha256.txt seal.sig "
         "proof/exhibit.txt proof/signers.txt proof/policy.txt").split()
CHECKS = ("package files seal originals fields entries batch log checkpoint "
          "cosignatures stamps renewals redaction count").split()
SPKI = bytes.fromhex("302a300506032b6570032100")


class Wrong(Exception):
    """The evidence, or the package's form, does not hold."""


def sha(data):
    return hashlib.sha256(data).digest()


def need(condition, why):
    if not condition:
        raise Wrong(why)


def number(text):
    return int("0" + re.sub(r"\D", "", text))


def unbase64(text):
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Wrong("not base64") from None
    need(base64.b64encode(raw).decode() == text, "base64 of another form")
    return raw


def lines_of(data):
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Wrong("not UTF-8") from None
    need(text.endswith("\n"), "does not end in a line end")
    need("\r" not in text and "\0" not in text, "odd characters")
    return text[:-1].split("\n")


def canon(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False).encode()


def fold(h, place, nodes):
    for n in nodes:
        h = sha(b"\1" + n + h) if place & 1 else sha(b"\1" + h + n)
        place >>= 1
    need(place == 0, "the place lies outside the tree")
    return h


def padded_root(leaves, key, least):
    k = least
    while 4 ** k < len(leaves):
        k += 1
    row = sorted(leaves + [sha(b"\2" + key + struct.pack(">I", i))
                           for i in range(4 ** k - len(leaves))])
    while len(row) > 1:
        row = [sha(b"\1" + row[i] + row[i + 1])
               for i in range(0, len(row), 2)]
    return k, row[0]


def log_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1" + log_root(leaves[:half]) + log_root(leaves[half:]))


def included(leaf, index, size, path):
    """RFC 9162, 2.1.3.2: the root that this path leads to."""
    need(index < size, "the index is beyond the log")
    fn, sn, h = index, size - 1, leaf
    for n in path:
        need(sn > 0, "the path is too long")
        if fn & 1 or fn == sn:
            h = sha(b"\1" + n + h)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            h = sha(b"\1" + h + n)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "the path is too short")
    return h


def ed25519(public, message, signature):
    with tempfile.TemporaryDirectory() as d:
        for name, data in (("key", SPKI + public), ("text", message),
                           ("sig", signature)):
            (Path(d) / name).write_bytes(data)
        return openssl("pkeyutl", "-verify", "-pubin", "-keyform", "DER",
                       "-inkey", f"{d}/key", "-rawin", "-in", f"{d}/text",
                       "-sigfile", f"{d}/sig").returncode == 0


def device_key(device):
    return base64.b32decode(device[1:].upper() + "====")


def key_id(name, kind, public):
    return sha(name.encode() + b"\n" + bytes([kind]) + public)[:4]


# ---------------------------------------------------------------- reading

def read_package(path):
    """{path: bytes}"""
    files = {}
    if path.is_dir():
        for p in sorted(path.rglob("*")):
            need(not p.is_symlink(), f"{p} is a link")
            if p.is_file():
                files[str(p.relative_to(path))] = p.read_bytes()
            else:
                need(p.is_dir(), f"{p} is no file")
    else:
        try:
            with zipfile.ZipFile(path) as z:
                for i in z.infolist():
                    top, _, rest = i.filename.partition("/")
                    need(rest not in files, f"{rest} is there twice")
                    if not i.is_dir():
                        files[rest] = z.read(i)
                    files.setdefault("", top)
                    need(files[""] == top, "more than one folder")
        except (zipfile.BadZipFile, EOFError, NotImplementedError,
                OSError, ValueError, struct.error, zlib_error()) as e:
            raise Wrong(f"zip: {e}") from None
        files.pop("", None)
    for name in files:
        need(all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{,126}", x)
                 for x in name.split("/")) and len(name) <= 191,
             f"the name {name!r}")
    need(len({f.lower() for f in files}) == len(files), "names differ in case")
    return files


def zlib_error():
    import zlib
    return zlib.error


class Proof:
    """proof/eNNN.proof"""

    def __init__(self, data):
        lines = iter(lines_of(data))
        need(next(lines, "") == "muniment proof 1", "first line")
        m = re.fullmatch(rf"line (entry ({HEX}) ({HEX}))", next(lines, ""))
        need(m, "line")
        self.line, self.hash, self.root = m[1], m[2], bytes.fromhex(m[3])
        self.place, self.nodes, line = read_path(lines)
        m = re.fullmatch(rf"batch ({NUMBER}) ({HEX})", line)
        need(m and 2 <= int(m[1]) <= 8, "batch")
        self.k, self.inner = int(m[1]), bytes.fromhex(m[2])
        need(len(self.nodes) == 2 * self.k, "the path's length")
        self.leaf_data = f"muniment/batch/v1 {self.k} {m[2]}\n".encode()
        m = re.fullmatch("fields ([3-8])", next(lines, ""))
        need(m, "fields")
        self.fields_k, self.fields = int(m[1]), {}
        last = ""
        for line in lines:
            m = re.fullmatch(rf"field (\S+) ({HEX}) ({NUMBER}) "
                             rf"({HEX}(?:,{HEX})*) ([^\0-\x1f\x7f-\x9f]+)",
                             line)
            need(m, "a field's line")
            need(last.encode() < m[1].encode(), "the fields' order")
            last = m[1]
            try:
                value = json.loads(m[5])
            except ValueError:
                raise Wrong("not JSON") from None
            need(canon(value).decode() == m[5], "JSON in another form")
            nodes = [bytes.fromhex(n) for n in m[4].split(",")]
            need(len(nodes) == 2 * self.fields_k, "a field path's length")
            self.fields[m[1]] = (bytes.fromhex(m[2]), int(m[3]), nodes,
                                 m[5].encode(), value)

    def value(self, name):
        return self.fields[name][4] if name in self.fields else None

    def leaf(self):
        return sha(b"\0" + self.line.encode())


def read_path(lines):
    """(place, nodes, the line after them or "")"""
    m = re.fullmatch(rf"place ({NUMBER})", next(lines, ""))
    need(m, "place")
    nodes = []
    for line in lines:
        n = re.fullmatch(rf"node ({HEX})", line)
        if not n:
            return int(m[1]), nodes, line
        nodes.append(bytes.fromhex(n[1]))
    return int(m[1]), nodes, ""


class Note:
    """A checkpoint: signed note with lines of signatures."""

    def __init__(self, data):
        text, _, sigs = data.partition(b"\n\n")
        self.text = text + b"\n"
        lines = lines_of(self.text)
        need(len(lines) == 3, "a checkpoint's lines")
        self.origin, size, root = lines
        need(re.fullmatch(NUMBER, size), "a checkpoint's size")
        self.size, self.root = int(size), unbase64(root)
        need(self.size > 0 and len(self.root) == 32, "a checkpoint's root")
        self.lines = lines_of(sigs)
        self.signatures = []
        for line in self.lines:
            m = re.fullmatch(r"\u2014 (\S+) (\S+)", line)
            need(m, "a signature line")
            self.signatures.append((m[1], unbase64(m[2])))


class TlogProof:
    def __init__(self, data):
        head, _, note = data.partition(b"\n\n")
        lines = lines_of(head + b"\n")
        need(lines[0] == "c2sp.org/tlog-proof@v1", "first line")
        m = re.fullmatch(rf"index ({NUMBER})", lines[1] if lines[1:] else "")
        need(m, "index")
        self.index = int(m[1])
        self.path = [unbase64(x) for x in lines[2:]]
        need(all(len(x) == 32 for x in self.path), "a node's length")
        self.note = Note(note)


# --------------------------------------------------------------- checking

class Checker:
    def __init__(self, files, now):
        self.files, self.now = files, now
        self.said = {c: [] for c in CHECKS}
        self.index, self.proofs, self.tlogs, self.notes = {}, {}, {}, {}

    def say(self, check, result, text):
        self.said[check].append((result, text))

    def attempt(self, check, what, do):
        """do() holds, raises Wrong, or says a result of its own."""
        try:
            result = do()
            self.say(check, "holds", result or what)
        except Wrong as e:
            self.say(check, "fails", f"{what}: {e}")
        except (KeyError, IndexError) as e:
            self.say(check, "fails", f"{what}: {e!r} is not there")

    def run(self):
        self.attempt("package", "form", self.package)
        if any(r == "fails" for r, _ in self.said["package"]):
            return self.said
        for what, do in (("files", self.hashes), ("seal", self.seal)):
            self.attempt(what, what, do)
        for e in self.entries:
            p = self.proofs[e]
            for f in p.fields:
                self.attempt("fields", f"{e} {f}", lambda: self.field(p, f))
            self.attempt("fields", f"{e}: what must be shown",
                         lambda: self.must_show(e, p))
            self.attempt("batch", e, lambda: self.batch(e, p))
        for line in self.index["file"]:
            self.attempt("originals", line[0], lambda: self.original(*line))
        if not self.index["opened"]:
            self.say("entries", "holds", "none is opened")
        for (e,) in self.index["opened"]:
            self.attempt("entries", e, lambda: self.opened(e))
        for (e, c), t in self.tlogs.items():
            self.attempt("log", f"{e} in {c}", lambda: self.log(e, c, t))
        for c in self.notes:
            self.attempt("checkpoint", c, lambda: self.checkpoint(c))
        self.attempt("checkpoint", "earlier", self.earlier)
        self.cosignatures()
        Stamps(self).run()
        self.redaction()
        if any(f.startswith("count/") for f in self.files):
            self.attempt("count", "count", self.count)
        return self.said

    # -- package, files, seal

    def package(self):
        for f in FIXED:
            need(f in self.files, f"{f} is missing")
        self.read_index()
        listed = set(self.manifest("manifest-sha256.txt"))
        tags = set(self.manifest("tagmanifest-sha256.txt"))
        have = set(self.files)
        data = {f for f in have if f.startswith("data/")}
        need(listed == data, f"data/ and its manifest: {listed ^ data}")
        rest = have - data - {"tagmanifest-sha256.txt", "seal.sig"}
        need(tags == rest, f"the tag manifest: {tags ^ rest}")
        need(self.files["bagit.txt"] == b"BagIt-Version: 1.0\n"
             b"Tag-File-Character-Encoding: UTF-8\n", "bagit.txt")
        total = sum(len(self.files[f]) for f in data)
        need(lines_of(self.files["bag-info.txt"]) == [
            f"Bag-Software-Agent: {' '.join(self.index['by'][0])}",
            f"Bagging-Date: {self.index['made'][0][0][:10]}",
            "External-Identifier: "
            f"{sha(self.files['manifest-sha256.txt']).hex()[:32]}",
            f"Payload-Oxum: {total}.{len(data)}"], "bag-info.txt")
        need({x[0] for x in self.index["file"]} == data, "file lines, data/")
        self.read_proofs()

    def read_index(self):
        lines = lines_of(self.files["proof/exhibit.txt"])
        self.index = {w: [] for w, _ in INDEX}
        words = [w for w, _ in INDEX]
        at = 0
        for line in lines:
            word, _, rest = line.partition(" ")
            need(word in words and words.index(word) >= at,
                 f"exhibit.txt: {line!r}")
            at = words.index(word)
            need(re.fullmatch(INDEX[at][1], rest), f"exhibit.txt: {line!r}")
            self.index[word].append(tuple(
                rest.split(" ", 1) if word == "witness" else rest.split(" ")))
        for w in words:
            key = [tuple(number(x) if re.fullmatch(
                       r"[ect]?\d+|data/\d+\..*", x) else x for x in v)
                   for v in self.index[w]]
            need(w in ONCE.split() or w == "entry" or key == sorted(key),
                 f"exhibit.txt: the order of {w}")
            need(len(set(key)) == len(key), f"exhibit.txt: {w} twice")
            need(w not in ONCE.split() or len(key) == 1, f"exhibit.txt: {w}")
        for w, at in (("item", 1), ("file", slice(1, 3))):
            once = [v[at] for v in self.index[w]]
            need(len(set(once)) == len(once), f"exhibit.txt: {w} twice")
        for w, form in (("item", "{}"), ("entry", "e{:03}"),
                        ("checkpoint", "c{}"),
                        ("file", "data/{:04}")):
            for i, v in enumerate(self.index[w], 1):
                need(re.sub(r"\.[a-z0-9]+$", "", v[0]) == form.format(i),
                     f"exhibit.txt: {v}")
        self.vault = self.index["vault"][0][0]
        self.entries = {v[0]: v for v in self.index["entry"]}
        self.points = {v[0]: v for v in self.index["checkpoint"]}
        need(self.entries and self.index["item"], "no item, no entry")

    def manifest(self, name):
        found = {}
        last = ""
        if not self.files[name]:
            return found
        for line in lines_of(self.files[name]):
            m = re.fullmatch(rf"({HEX})  (\S+)", line)
            need(m and m[2] > last, f"{name}: {line!r}")
            last = m[2]
            found[m[2]] = m[1]
        return found

    def read_proofs(self):
        """proof/ holds what exhibit.txt names and nothing else"""
        known = {"proof/exhibit.txt", "proof/signers.txt",
                 "proof/policy.txt", "proof/roots.pem"}
        stamps = {t for t, _ in self.index["stamp"]}
        for e in self.entries:
            known.add(f"proof/{e}.proof")
            self.proofs[e] = Proof(self.files[f"proof/{e}.proof"])
        for (e,) in self.index["opened"]:
            known |= {f"proof/{e}.age", f"proof/{e}.key"}
        for c in self.points:
            known.add(f"proof/{c}.checkpoint")
            self.notes[c] = Note(self.files[f"proof/{c}.checkpoint"])
        for f in self.files:
            m = re.fullmatch(rf"proof/({E})-({C})\.tlog-proof", f)
            if m:
                need(m[1] in self.entries and m[2] in self.points, f)
                self.tlogs[m[1], m[2]] = TlogProof(self.files[f])
                known.add(f)
            m = re.fullmatch(rf"proof/({T})/[a-zA-Z0-9.-]+", f)
            if m:
                need(m[1] in stamps, f"{f} of no stamp")
                known.add(f)
            if re.match("filing/|count/|data/", f) or f in FIXED:
                known.add(f)
        extra = set(self.files) - known
        need(not extra, f"nothing speaks of {sorted(extra)}")
        have = {e for e, _ in self.tlogs}
        need(have == set(self.entries), f"in no log: {set(self.entries)-have}")

    def hashes(self):
        for name in "manifest-sha256.txt", "tagmanifest-sha256.txt":
            for f, h in self.manifest(name).items():
                need(sha(self.files[f]).hex() == h, f)
        need(sha(self.files["VERIFY.html"]).hex()
             == self.index["verifier"][0][0], "VERIFY.html, the verifier line")

    def seal(self):
        m = re.fullmatch(r'custodian namespaces="muniment-exhibit" '
                         r"(ssh-ed25519 \S+)\n",
                         self.files["proof/signers.txt"].decode())
        need(m, "signers.txt")
        with tempfile.TemporaryDirectory() as d:
            for name in "signers.txt", "seal.sig":
                data = self.files.get(name) or self.files["proof/" + name]
                (Path(d) / name).write_bytes(data)
            r = subprocess.run(
                ["ssh-keygen", "-Y", "verify", "-f", f"{d}/signers.txt", "-I",
                 "custodian", "-n", "muniment-exhibit", "-s", f"{d}/seal.sig"],
                input=self.files["tagmanifest-sha256.txt"],
                capture_output=True)
        need(r.returncode == 0, r.stderr.decode().strip())
        self.armored(self.files["seal.sig"])
        return f"{m[1]}: compare the key with the certificate on paper"

    @staticmethod
    def armored(data):
        lines = lines_of(data)
        need(lines[0] == "-----BEGIN SSH SIGNATURE-----" and
             lines[-1] == "-----END SSH SIGNATURE-----", "armor")
        unbase64("".join(lines[1:-1]))
        need(all(len(x) == 70 for x in lines[1:-2]), "armor's lines")

    # -- the disclosed entries

    def field(self, p, name):
        salt, place, nodes, value, _ = p.fields[name]
        leaf = sha(b"\0" + salt + name.encode() + b"\0" + value)
        need(fold(leaf, place, nodes) == p.root, "not under the fields root")

    def must_show(self, e, p):
        _, kind, device, batch, item = self.entries[e]
        for f, v in (("kind", kind), ("vault", self.vault),
                     ("device", device), ("batch", int(batch))):
            need(p.value(f) == v, f"{f} is not {v}")
        items = dict(self.index["item"])
        need(item == "0" or item in items, "no such item")
        if kind in ("record", "custody", "retract") and item != "0":
            need(p.value("item") == items[item], "another item")
        for f in {"custody": ["action", "time"], "retract": ["time"],
                  "stamp": ["act", "token", "chain", "revocation"]}.get(
                      kind, []):
            need(f in p.fields, f"{f} is not shown")
        need(kind in KINDS.split(), "kind")
        need(f"proof/{e}.age" not in self.files
             or (e,) in self.index["opened"], "an age file not opened")

    def original(self, path, e, n):
        p, data = self.proofs[e], self.files[path]
        need(p.value(f"files.{n}.sha256") == sha(data).hex(),
             "its SHA-256 is not the one shown")
        need(p.value(f"files.{n}.size") == len(data), "its size")

    def opened(self, e):
        p = self.proofs[e]
        age = self.files[f"proof/{e}.age"]
        need(sha(age).hex() == p.hash, "the age file is another one")
        key = self.files[f"proof/{e}.key"]
        need(re.fullmatch(rb"AGE-SECRET-KEY-1[A-Z0-9]{58}\n", key), "the key")
        need(age.count(b"\n-> ") == 1, "more than one stanza")
        with tempfile.NamedTemporaryFile() as k:
            k.write(key)
            k.flush()
            r = subprocess.run(["age", "-d", "-i", k.name], input=age,
                               capture_output=True)
        need(r.returncode == 0, "age: " + r.stderr.decode().strip())
        r = subprocess.run(["zstd", "-q", "-d", "-c"], input=r.stdout,
                           capture_output=True)
        need(r.returncode == 0, "zstd: " + r.stderr.decode().strip())
        members = untar(r.stdout)
        self.entry_json(p, members.pop(0))
        for n in range(1, len(members) + 2):
            content = p.value(f"files.{n}.content")
            if content:
                data = members[int(content) - 1]
                need(sha(data).hex() == p.value(f"files.{n}.sha256"),
                     f"content {n}")

    def entry_json(self, p, data):
        entry = json.loads(data)
        need(canon(entry) == data, "entry.json in another form")
        salt = bytes.fromhex(entry.pop("salt"))
        entry.pop("signature", None)
        fields = dict(flat(entry))
        need(set(fields) == set(p.fields), "shown and held fields differ: "
             f"{sorted(set(fields) ^ set(p.fields))}")
        leaves = []
        for name, value in fields.items():
            own = hmac.digest(salt, name.encode(), "sha256")
            need(own == p.fields[name][0], f"the salt of {name}")
            need(canon(value) == p.fields[name][3], name)
            leaves.append(sha(b"\0" + own + name.encode() + b"\0"
                              + canon(value)))
        need(padded_root(leaves, hmac.digest(salt, b"", "sha256"), 3)
             == (p.fields_k, p.root), "another fields root")

    # -- batch, log, checkpoint

    def batch(self, e, p):
        need(fold(p.leaf(), p.place, p.nodes) == p.inner,
             "not under the batch's root")
        for other, v in self.entries.items():
            if v[2:4] == self.entries[e][2:4]:
                need(self.proofs[other].leaf_data == p.leaf_data,
                     f"{other} has another root for this batch")

    def log(self, e, c, t):
        _, _, device, batch, _ = self.entries[e]
        need(self.points[c][1] == device, "another device's checkpoint")
        need(t.index == int(batch) - 1, "index")
        note = self.notes[c]
        need(t.note.text == note.text and t.note.lines[0] == note.lines[0],
             "its note is not the checkpoint")
        root = included(sha(b"\0" + self.proofs[e].leaf_data), t.index,
                        t.note.size, t.path)
        need(root == note.root, "not in the log")
        first = next(x for (_, d), x in self.tlogs.items() if d == c)
        need(first.note.lines == t.note.lines, "other cosignatures")

    def checkpoint(self, c):
        _, device, size = self.points[c]
        note = self.notes[c]
        origin = f"muniment/{self.vault}/{device}"
        need(note.origin == origin, "origin")
        need(note.size == int(size), "size")
        need(len(note.signatures) == 1, "more than its own signature")
        name, raw = note.signatures[0]
        public = device_key(device)
        need(name == origin and raw[:4] == key_id(origin, 1, public)
             and len(raw) == 68, "the signature's name")
        need(ed25519(public, note.text, raw[4:]), "the signature")
        need(("log", origin, 1, public) in self.policy(), "not in policy.txt")

    def policy(self):
        """{(word, name, type, key)}"""
        found = set()
        lines = lines_of(self.files["proof/policy.txt"])
        need(lines[-1] == "quorum none", "policy.txt: quorum")
        for line in lines[:-1]:
            m = re.fullmatch(r"(?:(log)|(witness) (\S+)) "
                             r"(\S+)\+([0-9a-f]{8})\+(\S+)", line)
            need(m and m[3] in (None, m[4]), f"policy.txt: {line!r}")
            raw = unbase64(m[6])
            need(len(raw) == 33 and
                 key_id(m[4], raw[0], raw[1:]).hex() == m[5],
                 f"policy.txt: the key id of {m[4]}")
            found.add((m[1] or m[2], m[4], raw[0], raw[1:]))
        return found

    def earlier(self):
        for e, before in self.index["earlier"]:
            a, b = self.entries[e], self.entries[before]
            need(b[1] == "stamp" and a[2] == b[2] and int(b[3]) < int(a[3]),
                 f"{before} does not come before {e}")
            need({c for x, c in self.tlogs if x == e}
                 & {c for x, c in self.tlogs if x == before},
                 f"{e}, {before}: no checkpoint of both")

    def cosignatures(self):
        try:
            known = {(n, k) for w, n, t, k in self.policy()
                     if w == "witness" and t == 4}
        except Wrong as e:
            return self.say("cosignatures", "fails", str(e))
        seen, vouched = set(), set()
        for c in dict.fromkeys(c for _, c in self.tlogs):
            t = next(x for (_, d), x in self.tlogs.items() if d == c)
            for name, raw in t.note.signatures[1:]:
                keys = [k for n, k in known
                        if n == name and key_id(n, 4, k) == raw[:4]]
                if not keys or len(raw) != 76:
                    self.say("cosignatures", "unknown", f"{c}: {name}")
                    continue
                when = struct.unpack(">Q", raw[4:12])[0]
                text = b"cosignature/v1\ntime %d\n" % when + t.note.text
                ok = when > 0 and ed25519(keys[0], text, raw[12:])
                own = self.sealer() == keys[0] or when > self.now + 86400
                self.say("cosignatures", "fails" if not ok else
                         "unknown" if own else "holds",
                         f"{c}: {name} at {when}")
                seen.add(name)
                vouched |= set() if own else self.covers(c)
        if not seen:
            self.say("cosignatures", "unknown",
                     "nobody outside has countersigned")
        elif not vouched:
            self.say("cosignatures", "unknown", "none covers an item")
        for name, _ in known:
            if name not in seen:
                self.say("cosignatures", "fails", f"{name} is idle")
        for name, *_ in self.index["witness"]:
            if name not in seen:
                self.say("cosignatures", "fails", f"witness line: {name}")

    def sealer(self):
        line = self.files["proof/signers.txt"].split()[-1]
        return base64.b64decode(line)[-32:]

    def covers(self, c):
        """Items for which what vouches for this checkpoint counts"""
        files = {}
        for path, e, _ in self.index["file"]:
            files.setdefault(self.entries[e][4], set()).add(
                (sha(self.files[path]).hex(), len(self.files[path])))
        found = set()
        for e, point in self.tlogs:
            _, kind, _, _, item = self.entries[e]
            p = self.proofs[e]
            shown = {(p.value(f), p.value(f[:-6] + "size"))
                     for f in p.fields if re.fullmatch(r"files\.\d+\.sha256", f)}
            if point == c and kind == "record" and (
                    item not in files or shown & files[item]):
                found.add(item)
        return found

    # -- redaction, count

    def redaction(self):
        pairs = dict(self.index["original"])
        for e, p in self.proofs.items():
            if not any(f.startswith("original.") for f in p.fields):
                if e in pairs:
                    self.say("redaction", "fails", f"{e}: no such copy")
                continue
            entry = p.value("original.entry")
            if e in pairs:
                good = self.proofs[pairs[e]].hash == entry
                self.say("redaction", "holds" if good else "fails",
                         f"{e} is a copy of {pairs[e]}")
            elif entry is None:
                self.say("redaction", "unknown", f"{e}: its bond is withheld")
            else:
                self.say("redaction", "holds", f"{e}: of {entry}, not shown")

    def count(self):
        names = {f[6:].rpartition(".")[0] for f in self.files
                 if f.startswith("count/")}
        logs, entries, objects, seen = {}, set(), set(), set()
        for name in names:
            note = Note(self.files[f"count/{name}.checkpoint"])
            batches = split_batches(self.files[f"count/{name}.batches"])
            device = name.partition(".")[0]
            origin = f"muniment/{self.vault}/{device}"
            need(note.origin == origin and ed25519(
                device_key(device), note.text, note.signatures[0][1][4:]),
                f"{name}: its checkpoint")
            leaves = []
            for b in batches:
                leaves.append(batch_leaf(b, entries, objects, seen))
            need(len(leaves) == note.size and log_root(leaves) == note.root,
                 f"{name}: its batches")
            logs[name] = leaves
        for device, size, root in seen:
            need(any(n.partition(".")[0] == device and len(v) >= size
                     and log_root(v[:size]).hex() == root
                     for n, v in logs.items()), f"{device} is not whole")
        for c, note in self.notes.items():
            need(any(n.partition(".")[0] == self.points[c][1]
                     and len(v) >= note.size
                     and log_root(v[:note.size]) == note.root
                     for n, v in logs.items()), f"{c} is in none of them")
        return f"{len(entries)} entries, {len(objects)} objects"


def flat(value, name=""):
    if isinstance(value, dict) and value:
        for k, v in value.items():
            yield from flat(v, f"{name}.{k}" if name else k)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for i, v in enumerate(value, 1):
            yield from flat(v, f"{name}.{i}")
    else:
        yield name, value


def untar(data):
    """Contents; each header must be exactly the one FORMAT.md 5 states."""
    members, at = [], 0
    while data[at:at + 512].strip(b"\0"):
        name = b"entry.json" if not members else b"%04d" % len(members)
        size = int(data[at + 124:at + 135] or b"0", 8)
        head = (name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2
                + b"%011o\0" % size + b"00000000000\0" + b" " * 8 + b"0"
                + bytes(100) + b"ustar\x0000").ljust(512, b"\0")
        head = head[:148] + b"%06o\0 " % sum(head) + head[156:]
        need(data[at:at + 512] == head, "a tar header")
        members.append(data[at + 512:at + 512 + size])
        at += 512 + -(-size // 512) * 512
    need(data[at:] == bytes(1024) and members, "the end of the tar")
    return members


def split_batches(data):
    found = []
    while data:
        head, _, data = data.partition(b"\n")
        m = re.fullmatch(rb"batch ([1-9]\d*) ([1-9]\d*)", head)
        need(m and int(m[1]) == len(found) + 1 and int(m[2]) <= len(data),
             "batches")
        found.append(data[:int(m[2])])
        data = data[int(m[2]):]
    return found


def batch_leaf(data, entries, objects, seen):
    lines = lines_of(data)
    need(lines == sorted(set(lines)), "a batch's order")
    pads = [x for x in lines if x.startswith("pads ")]
    need(len(pads) == 1, "pads")
    for x in lines:
        word, *rest = x.split(" ")
        if word == "entry":
            entries.add(rest[0])
        elif word == "object":
            objects.add(rest[0])
        elif word == "seen":
            seen.add((rest[0], int(rest[1]), rest[2]))
    k, root = padded_root([sha(b"\0" + x.encode()) for x in lines
                           if x != pads[0]], bytes.fromhex(pads[0][5:]), 2)
    return sha(b"\0" + f"muniment/batch/v1 {k} {root.hex()}\n".encode())


def verdict(said):
    """{check: result}, of those that say anything"""
    found = {}
    for check, all_ in said.items():
        results = {r for r, _ in all_}
        for r in "fails", "unknown", "holds":
            if r in results:
                found[check] = r
                break
    return found


def main():
    a = argparse.ArgumentParser()
    a.add_argument("package")
    a.add_argument("--json", action="store_true")
    a.add_argument("--at", type=int, default=int(time.time()))
    a = a.parse_args()
    try:
        said = Checker(read_package(Path(a.package)), a.at).run()
    except (Wrong, OSError) as e:
        print(f"package: {e}", file=sys.stderr)
        return 1 if isinstance(e, Wrong) else 2
    results = verdict(said)
    if a.json:
        print(json.dumps({"checks": [
            {"name": c, "result": r,
             "texts": [t for x, t in said[c] if x == r or r == "holds"]}
            for c, r in results.items()]}, indent=1, ensure_ascii=False))
    else:
        for c, r in results.items():
            texts = [t for x, t in said[c] if x == r]
            print(f"{c}: {r}: {'; '.join(texts)[:400]}")
    if "fails" in results.values():
        return 1
    return 2 if "unknown" in results.values() else 0


if __name__ == "__main__":
    sys.exit(main())
