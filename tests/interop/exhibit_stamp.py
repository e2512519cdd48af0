"""The time stamps of an exhibit package: proof/tN/, by the tool openssl.

Part of exhibit.py, which see. A token's own signature and chain are openssl's
to judge (`ts -verify` at a given time); what it forgives is asked here: weak
imprints, revoked certificates, short keys.
"""

import calendar
import hashlib
import re
import subprocess
import tempfile
import time
from pathlib import Path

GOOD_REASONS = {"", "Unspecified", "Affiliation Changed", "Superseded",
                "Cessation Of Operation"}
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
          "Oct", "Nov", "Dec"]


def openssl(*args, data=None):
    return subprocess.run(["openssl", *args], input=data, capture_output=True,
                          env={"LC_ALL": "C", "TZ": "UTC",
                               "PATH": "/usr/bin:/bin"})


def seconds(text):
    """'Nov 21 12:00:00 2015 GMT', with or without a fraction"""
    m = re.fullmatch(r"(\w{3}) +(\d+) (\d\d):(\d\d):(\d\d)(?:\.\d+)? (\d{4})"
                     r" GMT", text)
    return calendar.timegm((int(m[6]), MONTHS.index(m[1]) + 1, int(m[2]),
                            int(m[3]), int(m[4]), int(m[5])))


class Token:
    """A TimeStampResp, and what stands beside it."""

    def __init__(self, der, chain, revocation, roots):
        self.der = der
        self.chain, self.revocation, self.roots = chain, revocation, roots
        r = openssl("ts", "-reply", "-in", "/dev/stdin", "-text", data=der)
        text = r.stdout.decode(errors="replace")
        self.granted = r.returncode == 0 and "Status: Granted." in text
        m = re.search(r"Time stamp: (.*GMT)", text)
        self.time = seconds(m[1]) if m else 0
        m = re.search(r"Hash Algorithm: (\S+)", text)
        self.hash = m[1] if m else ""
        m = re.search(r"TSA: (.*)", text)
        self.authority = m[1] if m else "unnamed"

    def certificates(self):
        """Those of the token and of the chain, as text of `x509 -text`."""
        token = openssl("ts", "-reply", "-in", "/dev/stdin", "-token_out",
                        data=self.der).stdout
        all_ = openssl("pkcs7", "-inform", "DER", "-print_certs",
                       data=token).stdout + self.chain
        found = re.findall(rb"-----BEGIN CERTIFICATE-----.*?"
                           rb"-----END CERTIFICATE-----\n", all_, re.S)
        return {c: openssl("x509", "-text", "-noout", data=c).stdout.decode()
                for c in found + re.findall(
                    rb"-----BEGIN CERTIFICATE-----.*?"
                    rb"-----END CERTIFICATE-----\n", self.roots, re.S)}

    def signed(self, text, at):
        """None, or why openssl says no"""
        with tempfile.TemporaryDirectory() as d:
            for name, data in (("token", self.der), ("text", text),
                               ("roots", self.roots), ("chain", self.chain)):
                (Path(d) / name).write_bytes(data)
            more = ["-untrusted", f"{d}/chain"] if self.chain else []
            r = openssl("ts", "-verify", "-in", f"{d}/token", "-data",
                        f"{d}/text", "-CAfile", f"{d}/roots", "-attime",
                        str(at), "-auth_level", "2", *more)
        if r.returncode == 0 and b"Verification: OK" in r.stdout:
            return None
        return r.stderr.decode(errors="replace")

    def revoked(self):
        """Why, if a CRL lists a certificate of the chain"""
        serials = {}
        for text in self.certificates().values():
            m = re.search(r"Serial Number:\s*(?:\d+ \(0x)?([0-9a-fA-F:]+)",
                          text)
            issuer = re.search(r"Issuer: (.*)", text)[1]
            serials[int(m[1].replace(":", ""), 16), issuer] = text
        for crl in re.findall(rb"-----BEGIN X509 CRL-----.*?"
                              rb"-----END X509 CRL-----\n", self.revocation,
                              re.S):
            text = openssl("crl", "-text", "-noout", data=crl).stdout.decode()
            issuer = re.search(r"Issuer: (.*)", text)[1]
            for m in re.finditer(
                    r"Serial Number: (\w+)\n +Revocation Date: (.*)\n"
                    r"((?: +(?:CRL entry|X509v3|[A-Z]).*\n)*)", text):
                if (int(m[1], 16), issuer) not in serials:
                    continue
                why = re.search(r"Reason Code: *\n? *(.*)", m[3])
                why = why[1].strip() if why else ""
                if seconds(m[2]) <= self.time or why not in GOOD_REASONS:
                    return f"revoked {m[2]} {why}"
        return None

    def judge(self, text, at, allowed):
        """(holds, fails or aged, text); at: when it must have been valid"""
        if not self.granted:
            return "fails", "not granted"
        if self.hash not in allowed:
            return "fails", f"the imprint is of {self.hash}"
        why = self.revoked()
        if why:
            return "fails", why
        why = self.signed(text, at)
        if why is None:
            return "holds", ""
        if "expired" in why and self.signed(text, self.time) is None:
            return "aged", ""
        return "fails", why.strip().splitlines()[0] if why.strip() else "no"


class Stamps:
    def __init__(self, checker):
        self.c, self.files = checker, checker.files
        self.roots = self.files.get("proof/roots.pem", b"")
        self.stamped = {}

    def run(self):
        names = {}
        for t, c in self.c.index["stamp"]:
            names.setdefault(t, []).append(c)
        for t, points in names.items():
            self.stamp(t, points)
        if not names:
            self.c.say("stamps", "unknown", "no authority has stamped it")
        elif not any(self.c.covers(c) for points in names.values()
                     for c in points):
            self.c.say("stamps", "unknown", "none covers an item")
        for e in dict.fromkeys(e for _, e in self.c.index["earlier"]):
            self.earlier(e)

    def get(self, t, name):
        return self.files.get(f"proof/{t}/{name}", b"")

    def token(self, t, prefix, tsr):
        return Token(self.get(t, tsr), self.get(t, prefix + "chain.pem"),
                     self.get(t, prefix + "revocation.pem"), self.roots)

    def stamp(self, t, points):
        say = self.c.say
        text = self.get(t, "stamp.txt")
        m = re.fullmatch(rb"muniment/stamp/v1 ([2-8]) ([0-9a-f]{64})\n", text)
        if not m:
            return say("stamps", "fails", f"{t}: stamp.txt")
        for c in points:
            leaf = hashlib.sha256(
                b"\0" + self.files[f"proof/{c}.checkpoint"]).digest()
            self.c.attempt("stamps", f"{t} {c}", lambda: self.path(
                t, f"{c}.path", leaf, m))
        n = 0
        while f"proof/{t}/renewal-{n + 1}.tsr" in self.files:
            n += 1
        allowed = self.allowed(t, points, n)
        have = {f.split("/")[2] for f in self.files
                if f.startswith(f"proof/{t}/")}
        if have - allowed:
            say("package", "fails", f"{t}: {sorted(have - allowed)}")
        tokens = [self.token(t, "", "token.tsr")] + [
            self.token(t, f"renewal-{i}-", f"renewal-{i}.tsr")
            for i in range(1, n + 1)]
        times = [x.time for x in tokens[1:]] + [self.c.now]
        for c in points:
            self.stamped.setdefault(c, []).append(tokens[0].time)
        hashes = {"sha256", "sha384", "sha512"}
        self.verdict("stamps", t, tokens[0], tokens[0].judge(
            text, times[0], hashes))
        for i in range(1, n + 1):
            self.c.attempt("renewals", f"{t} renewal {i}: what it is of",
                           lambda: self.renewal(t, i))
            self.verdict("renewals", f"{t} renewal {i}", tokens[i],
                         tokens[i].judge(self.get(t, f"renewal-{i}.stamp"),
                                         times[i], {"sha512"}))

    def verdict(self, check, what, token, judged):
        result, why = judged
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(token.time))
        text = f"{what}: {token.authority}, no later than {when} {why}"
        if result == "aged":
            result = "unknown"
            text += "(aged)"
        self.c.say(check, result, text)

    @staticmethod
    def allowed(t, points, n):
        names = {"stamp.txt", "token.tsr", "chain.pem", "revocation.pem"}
        names |= {f"{c}.path" for c in points}
        for i in range(1, n + 1):
            names |= {f"renewal-{i}{x}" for x in (
                ".txt", ".stamp", ".path", ".tsr", "-chain.pem",
                "-revocation.pem")}
        return names

    def path(self, t, name, leaf, m):
        from exhibit import fold, lines_of, need, read_path
        place, nodes, rest = read_path(iter(lines_of(self.get(t, name))))
        need(not rest and len(nodes) == 2 * int(m[1]), "the path's length")
        need(fold(leaf, place, nodes).hex() == m[2].decode(),
             "not under what was stamped")

    def renewal(self, t, n):
        from exhibit import lines_of, need
        text = self.get(t, f"renewal-{n}.txt")
        order = ["stamp.txt", "token.tsr", "chain.pem", "revocation.pem"]
        for i in range(1, n):
            order += [f"renewal-{i}{x}" for x in
                      (".txt", ".tsr", "-chain.pem", "-revocation.pem")]
        lines = lines_of(text)
        m = re.fullmatch(r"[0-9a-f]{128}  ([0-9a-f]{64})/stamp.txt", lines[0])
        need(m, "the first line")
        need(lines == [
            f"{hashlib.sha512(self.get(t, f)).hexdigest()}  {m[1]}/{f}"
            for f in order if self.get(t, f)], "the list is another one")
        m = re.fullmatch(rb"muniment/renewal/v1 ([2-8]) ([0-9a-f]{64})\n",
                         self.get(t, f"renewal-{n}.stamp"))
        need(m, "the stamped text")
        self.path(t, f"renewal-{n}.path",
                  hashlib.sha256(b"\0" + text).digest(), m)

    def earlier(self, e):
        """A token in the log: valid of its own, whatever it answers."""
        from base64 import b64decode
        p = self.c.proofs[e]

        def pem(what, name):
            return b"".join(
                b"-----BEGIN %s-----\n" % what + b"\n".join(
                    x[i:i + 64].encode() for i in range(0, len(x), 64))
                + b"\n-----END %s-----\n" % what for x in p.value(name) or [])
        token = Token(b64decode(p.value("token") or ""),
                      pem(b"CERTIFICATE", "chain"),
                      pem(b"X509 CRL", "revocation"), self.roots)
        for (x, c) in self.c.tlogs:
            if x == e and any(token.time > t + 300
                              for t in self.stamped.get(c, [])):
                self.c.say("stamps", "fails", f"{c} was stamped before {e}")
        m = openssl("ts", "-reply", "-in", "/dev/stdin", "-text",
                    data=token.der).stdout.decode(errors="replace")
        imprint = "".join(re.findall(r"^ +[0-9a-f]{4} - ((?:[0-9a-f]{2}[ -])+)",
                                     m, re.M))
        self.c.say("stamps", *self.by_digest(token, re.sub(
            "[^0-9a-f]", "", imprint), e))

    def by_digest(self, token, imprint, e):
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(token.time))
        with tempfile.TemporaryDirectory() as d:
            for name, data in (("token", token.der), ("roots", token.roots),
                               ("chain", token.chain)):
                (Path(d) / name).write_bytes(data)
            more = ["-untrusted", f"{d}/chain"] if token.chain else []
            r = openssl("ts", "-verify", "-in", f"{d}/token", "-digest",
                        imprint, "-CAfile", f"{d}/roots", "-attime",
                        str(token.time), "-auth_level", "2", *more)
        why = token.revoked()
        if r.returncode == 0 and not why and token.granted:
            return "holds", f"{e}: no earlier than {when}"
        return "fails", f"{e}: {why or r.stderr.decode()[:200]}"
