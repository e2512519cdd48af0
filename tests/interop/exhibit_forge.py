#!/usr/bin/env python3
"""Forgeries of the packages that exhibit_make.py wrote.

    exhibit_forge.py MADE DIR     reads MADE/sample-1 to -4, writes DIR/<name>

The forger can do all but break hashes, signatures and time stamps: he changes
a package, makes manifests anew, and seals with a key of his own. So what
refuses these is not the manifests. What he can do unseen is not here: a whole
vault, witness and authority of his own, which is why keys are compared.
"""

import base64
import re
import sys
import tempfile
from pathlib import Path

import exhibit_make as make


def read(folder):
    return {str(p.relative_to(folder)): p.read_bytes()
            for p in folder.rglob("*") if p.is_file()}


class Forger:
    def __init__(self, made, out, tmp):
        self.made, self.out, self.tmp = made, out, tmp
        self.key = make.Key(tmp)
        self.names = []

    def forge(self, name, sample, change):
        """change(files), then sealed anew"""
        files = read(self.made / f"sample-{sample}")
        before = dict(files)
        change(files)
        assert files != before, f"{name}: nothing was changed"
        del files["seal.sig"]
        if files["proof/signers.txt"] == before["proof/signers.txt"]:
            files["proof/signers.txt"] = self.key.signers()
        make.seal(files, self.out / name, self.key)
        self.names.append(name)

    def sub(self, name, sample, path, pattern, to):
        """the first match in that file is replaced"""
        def change(files):
            files[path] = re.sub(pattern.encode(), to, files[path], count=1)
        self.forge(name, sample, change)


def other(m):
    """\\1 stays, the digit \\2 becomes another one"""
    return m[1] + (b"1" if m[2] == b"0" else b"0")


def exchange(a, b):
    def change(files):
        files[a], files[b] = files[b], files[a]
    return change


def remove(*paths):
    def change(files):
        for p in paths:
            del files[p]
    return change


def add(path, data):
    def change(files):
        files[path] = data
    return change


def flip(path, at=-2):
    """one bit of one byte, where it is not text's form"""
    def change(files):
        data = bytearray(files[path])
        data[at] ^= 1
        files[path] = bytes(data)
    return change


def index(f):
    exhibit = "proof/exhibit.txt"
    f.sub("vault-other", 1, exhibit, "(vault )(.)", other)
    f.sub("batch-other", 1, exhibit, r"(entry e001 .* )\d+( 1)", rb"\g<1>1\2")
    f.sub("kind-other", 1, exhibit, "entry e001 record",
          b"entry e001 custody")
    f.sub("item-other", 1, exhibit, "(item 1 )(.)", other)
    f.sub("item-of-none", 2, exhibit, r"(entry e003 .* )1\n", b"\\g<1>2\n")
    f.sub("entry-device", 2, exhibit, r"(entry e001 record )\S+",
          rb"\g<1>d" + b"a" * 52)
    f.sub("file-of-another", 2, exhibit, r"(data/0001.txt) e001",
          rb"\1 e002")
    f.sub("file-number", 2, exhibit, r"(data/0001.txt e001) 1", rb"\1 2")
    f.sub("size-other", 1, exhibit, r"(checkpoint c1 \S+ )\d+", rb"\g<1>5")
    f.sub("original-other", 4, exhibit, "original e001 e002",
          b"original e001 e003")
    f.sub("original-turned", 4, exhibit, "original e001 e002",
          b"original e002 e001")
    f.sub("earlier-turned", 4, exhibit, "earlier e001 e003",
          b"earlier e003 e001")
    f.sub("opened-without", 1, exhibit, "opened e001\n",
          b"opened e001\nopened e002\n")
    f.sub("not-said-opened", 1, exhibit, "opened e001\n", b"")
    f.sub("line-order", 1, exhibit, "(made .*\n)(by .*\n)", rb"\2\1")
    f.sub("line-end", 1, exhibit, "\n", b"\r\n")
    f.sub("verifier-other", 1, exhibit, "(verifier )(.)", other)
    f.sub("stamp-covers-more", 1, exhibit, "stamp t1 c1\n",
          b"stamp t1 c1\nstamp t1 c2\n")
    f.sub("witness-nobody", 4, exhibit, r"witness \S+", b"witness nobody/x")


def proofs(f):
    one, two = "proof/e001.proof", "proof/e002.proof"
    f.sub("value", 2, one, '(field fields.title .* )"s', rb'\1"S')
    f.sub("value-escaped", 2, one, '(field fields.title .* )"s',
          rb'\1"\\u0073')
    f.sub("salt", 2, one, "(field time )(.)", other)
    f.sub("field-node", 2, one, r"(field time \S+ \d+ )(.)", other)
    f.forge("field-place-beyond", 2, lambda files: files.update({
        one: re.sub(rb"(field time \S+) (\d+)", lambda m: b"%s %d" % (
            m[1], int(m[2]) + 4 ** 8), files[one])}))
    f.forge("place-beyond", 2, lambda files: files.update({
        one: re.sub(rb"place (\d+)", lambda m: b"place %d" % (
            int(m[1]) + 4 ** 8), files[one])}))
    f.sub("place-zeros", 2, one, "place ", b"place 0")
    f.sub("field-name", 2, one, "field time", b"field tine")
    f.sub("field-twice", 2, one, "(field time .*\n)", rb"\1\1")
    f.sub("field-order", 2, one, "(field time .*\n)(field .*\n)", rb"\2\1")
    f.sub("field-device-gone", 2, one, "field device .*\n", b"")
    f.sub("field-sha256-gone", 2, one, "field files.1.sha256 .*\n", b"")
    f.sub("field-action-gone", 2, "proof/e003.proof", "field action .*\n",
          b"")
    f.sub("opened-hides", 1, one, "field fields.source .*\n", b"")
    f.sub("line-hash", 2, one, "(line entry )(.)", other)
    f.sub("node", 2, one, "(node )(.)", other)
    f.sub("node-more", 2, one, "(node .*\n)", rb"\1\1")
    f.sub("inner-root", 2, one, "(batch 2 )(.)", other)
    f.sub("batch-k", 2, one, "batch 2", b"batch 3")
    f.sub("fields-k", 2, one, "fields 3", b"fields 4")
    f.forge("proofs-exchanged", 2, exchange(one, two))
    f.forge("proof-gone", 2, remove(one))
    f.forge("proof-more", 2, lambda files: files.update(
        {"proof/e099.proof": files[one]}))

    def fields_of_other(files):
        third = files["proof/e003.proof"]
        files["proof/e006.proof"] = (
            files["proof/e006.proof"].split(b"fields ")[0]
            + b"fields " + third.split(b"fields ")[1])
    f.forge("fields-of-another", 2, fields_of_other)


def logs(f):
    a, b = "proof/e001-c1.tlog-proof", "proof/e002-c2.tlog-proof"
    f.forge("tlog-exchanged", 2, exchange(a, b))
    f.forge("tlog-gone", 1, remove(a))
    f.sub("tlog-index", 1, a, r"index \d+", b"index 0")
    f.sub("tlog-extra", 1, a, "index ", b"extra QUJD\nindex ")
    f.sub("tlog-version", 1, a, "@v1", b"@v2")
    f.sub("tlog-node", 1, a, r"(index \d+\n)(.)", other)
    f.sub("tlog-path-long", 1, a, r"(index \d+\n)(.*\n)", rb"\1\2\2")
    f.sub("tlog-path-short", 1, a, r"(index \d+\n)(.*\n)", rb"\1")
    f.forge("checkpoint-bytes", 1, flip("proof/c1.checkpoint", -8))
    f.forge("checkpoints-exchanged", 2, exchange("proof/c1.checkpoint",
                                                 "proof/c2.checkpoint"))
    f.sub("checkpoint-cosigned", 1, "proof/c1.checkpoint", "(\n— .*\n)",
          rb"\1\1")

    def resigned(files):
        """all of c1 signed by another key under the device's name"""
        log = make.Log(f.tmp, "0" * 64, "0" * 32, "0" * 64)
        for path in a, "proof/c1.checkpoint":
            text = files[path].decode()
            m = re.search("\u2014 (muniment/.*/d.*) (.*)\n", text)
            note = text[text.index("muniment/"):text.index("\n\n\u2014") + 1]
            raw = (base64.b64decode(m[2])[:4] + log.key.sign(note.encode()))
            files[path] = text.replace(m[2], make.b64(raw), 1).encode()
    f.forge("checkpoint-other-key", 1, resigned)

    def cosigned_at(files):
        text = files[a].decode()
        m = re.search("\u2014 (witness.*) (.*)\n", text)
        raw = bytearray(base64.b64decode(m[2]))
        raw[11] ^= 1
        files[a] = text.replace(m[2], make.b64(bytes(raw))).encode()
    f.forge("cosignature-time", 1, cosigned_at)
    f.sub("policy-other-key", 1, "proof/policy.txt", r"(log \S+)A", rb"\1B")
    f.forge("policy-empty", 1, add("proof/policy.txt", b"quorum none\n"))


def opened(f):
    f.forge("age-bytes", 1, flip("proof/e001.age"))
    f.forge("key-bytes", 1, flip("proof/e001.key", -9))
    f.forge("data-bytes", 1, flip("data/0001.jpg"))
    f.forge("data-exchanged", 2, exchange("data/0001.txt", "data/0002.txt"))
    f.forge("data-longer", 2, lambda files: files.update(
        {"data/0001.txt": files["data/0001.txt"] + b"\n"}))

    def rewrapped(files):
        """the same content under a key of the forger's"""
        identity = make.run("age-keygen").decode().splitlines()[-1]
        to = make.run("age-keygen", "-y", data=identity.encode()).decode()
        with tempfile.NamedTemporaryFile() as k:
            k.write(files["proof/e001.key"])
            k.flush()
            plain = make.run("age", "-d", "-i", k.name,
                             data=files["proof/e001.age"])
        files["proof/e001.age"] = make.run("age", "-r", to.strip(), data=plain)
        files["proof/e001.key"] = identity.encode() + b"\n"
    f.forge("age-other-key", 1, rewrapped)


def stamps(f):
    path = "proof/t1/c1.path"
    f.sub("stamp-path", 1, path, "(node )(.)", other)
    f.sub("stamp-text", 1, "proof/t1/stamp.txt", r"(v1 \d )(.)", other)
    f.forge("token-bytes", 1, flip("proof/t1/token.tsr", -5))
    f.forge("token-no-root", 1, add("proof/roots.pem", b""))
    f.forge("token-more", 1, add("proof/t1/more.pem", b"x\n"))
    at = "2026-11-20 00:00:00"

    def stamped(authority, **how):
        def change(files):
            for name, data in make.stamp_of(
                    authority, {"c1": files["proof/c1.checkpoint"]}, at,
                    **how).items():
                files[f"proof/t1/{name}"] = data
            files["proof/roots.pem"] = authority.root().encode()
        return change

    def authority(name):
        return make.Authority(f.tmp, name, "2026-01-01 00:00:00", 3650)
    f.forge("token-sha1", 1, stamped(authority("One"), digest="sha1"))
    revoked = authority("Two")
    revoked.revoke("keyCompromise", "2026-11-21 00:00:00")
    f.forge("token-revoked", 1, stamped(revoked))
    early = authority("Three")
    early.revoke("superseded", "2026-11-19 00:00:00")
    f.forge("token-revoked-before", 1, stamped(early))
    fourth = authority("Four")

    def unknown(files):
        roots = files["proof/roots.pem"]
        stamped(fourth)(files)
        files["proof/roots.pem"] = roots
    f.forge("token-unknown-root", 1, unknown)

    def of_another(files):
        stamped(fourth)(files)
        files["proof/t1/token.tsr"] = fourth.stamp(b"x", "sha256", at)
    f.forge("token-of-another", 1, of_another)


def renewals(f):
    t1 = "proof/t1/"
    f.sub("renewal-list", 3, t1 + "renewal-1.txt", "()(.)", other)
    f.sub("renewal-list-short", 3, t1 + "renewal-1.txt", ".*chain.pem\n", b"")
    f.sub("renewal-text", 3, t1 + "renewal-1.stamp", r"(v1 \d )(.)", other)
    f.sub("renewal-path", 3, t1 + "renewal-2.path", "(node )(.)", other)
    f.forge("renewals-exchanged", 3, exchange(t1 + "renewal-1.tsr",
                                              t1 + "renewal-2.tsr"))
    f.forge("renewal-gap", 3, remove(t1 + "renewal-1.tsr"))
    f.forge("renewal-chain-gone", 3, remove(t1 + "chain.pem"))


def counts(f):
    files = read(f.made / "sample-3")
    logs = sorted(p for p in files if p.endswith(".batches"))
    some = next(p for p in logs if p.count(".") == 1)

    def one_less(files):
        data = files[some]
        files[some] = data[data.index(b"\nbatch ") + 1:]
    f.forge("count-batch-gone", 3, one_less)
    f.sub("count-line", 3, some, r"(entry )(.)", other)
    f.sub("count-bytes", 3, some, r"(batch 1 )(.)", other)
    f.forge("count-log-gone", 3, remove(
        *(p for p in files if p.startswith("count/"
          + files["proof/exhibit.txt"].split(b"checkpoint c1 ")[1]
          .split(b" ")[0].decode()))))


def form(f):
    f.forge("file-more", 1, add("proof/notes.txt", b"x\n"))
    f.forge("file-hidden", 1, add("proof/.x", b"x\n"))
    f.forge("data-more", 1, add("data/0002.txt", b"x\n"))
    f.forge("data-gap", 2, remove("data/0001.txt"))
    f.forge("readme-gone", 1, remove("00-READ-ME-FIRST.txt"))
    f.forge("signers-other", 1, add("proof/signers.txt",
                                    make.Key(f.tmp).signers()))
    f.forge("signers-any", 1, add(
        "proof/signers.txt", f.key.signers().replace(
            b' namespaces="muniment-exhibit"', b"")))
    f.forge("signers-two", 1, add("proof/signers.txt",
                                  f.key.signers() * 2))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    out = Path(sys.argv[2])
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as tmp:
        f = Forger(Path(sys.argv[1]), out, Path(tmp))
        for kind in (index, proofs, logs, opened, stamps, renewals, counts,
                     form):
            kind(f)
    print(len(f.names))


if __name__ == "__main__":
    main()
