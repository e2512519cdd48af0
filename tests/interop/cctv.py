#!/usr/bin/env python3
"""Run the CCTV age vectors through `muniment open` (see cctv.sh).

Each vector tells how opening must end and the SHA-256 of all plaintext that
may be released, even when opening fails in the end. The command's exit status
tells the outcome, its message the class of failure.
"""
import collections
import hashlib
import os
import subprocess
import sys
import tempfile
import zlib

KNOWN = {"expect", "payload", "identity", "passphrase", "armored",
         "compressed", "file key", "comment"}
STATUS = {"success": 0, "no match": 2, "HMAC failure": 1,
          "header failure": 1, "armor failure": 1, "payload failure": 1}
# Part of the message of each class. A work factor that is too large is no
# sign of tampering, so that its status is 2.
SAYS = {"no match": ("no identity", "wrong passphrase", "locked "),
        "HMAC failure": ("its MAC does not fit",),
        "header failure": ("header", "not an age file", "stanza",
                           "of version 1", "more work than"),
        "armor failure": ("armor",),
        "payload failure": ("changed or cut off", "cut off: the file",
                            "appended")}
# Armor is told by its first byte, so this is no age file at all.
OTHER_CLASS = {"armor_garbage_leading": "not an age file"}
OTHER_STATUS = {"scrypt_work_factor_23": 2, "scrypt_work_factor_overflow": 2}


def parse(path):
    with open(path, "rb") as f:
        head, body = f.read().split(b"\n\n", 1)
    keys = collections.defaultdict(list)
    for line in head.decode().split("\n"):
        key, value = line.split(": ", 1)
        keys[key].append(value)
    if keys["compressed"]:
        body = zlib.decompress(body)
    return keys, body


def run(muniment, keys, body, work):
    """Open one file; returns status, released bytes and message."""
    args = [muniment, "open"]
    pass_fds = ()
    for n, identity in enumerate(keys["identity"]):
        path = os.path.join(work, "identity%d" % n)
        with open(path, "w") as f:
            f.write(identity + "\n")
        args += ["-i", path]
    if keys["passphrase"]:
        r, w = os.pipe()
        os.write(w, "".join(p + "\n" for p in keys["passphrase"]).encode())
        os.close(w)
        args += ["--passphrase-fd", str(r)]
        pass_fds = (r,)
    path = os.path.join(work, "file.age")
    with open(path, "wb") as f:
        f.write(body)
    done = subprocess.run(args + [path], stdin=subprocess.DEVNULL,
                          capture_output=True, pass_fds=pass_fds)
    for fd in pass_fds:
        os.close(fd)
    return done.returncode, done.stdout, done.stderr.decode()


def check(name, keys, result):
    """What is wrong with this result, or None."""
    status, released, message = result
    expect = keys["expect"][0]
    want = OTHER_STATUS.get(name, STATUS[expect])
    if status != want:
        return "status %d, not %d: %s" % (status, want, message.strip())
    payload = (keys["payload"] or [hashlib.sha256(b"").hexdigest()])[0]
    if hashlib.sha256(released).hexdigest() != payload:
        return "released %d bytes that are not the payload" % len(released)
    says = (OTHER_CLASS[name],) if name in OTHER_CLASS else SAYS.get(expect)
    if says and not any(s in message for s in says):
        return "not said to be %s: %s" % (expect, message.strip())
    return None


def main():
    muniment, vectors = sys.argv[1:3]
    failed = count = 0
    for name in sorted(os.listdir(vectors)):
        keys, body = parse(os.path.join(vectors, name))
        if set(keys) - KNOWN:
            continue
        count += 1
        with tempfile.TemporaryDirectory() as work:
            wrong = check(name, keys, run(muniment, keys, body, work))
        if wrong:
            failed += 1
            print("not ok cctv %s: %s" % (name, wrong))
        else:
            print("ok cctv %s" % name)
    if count != 143:
        print("not ok cctv count: %d vectors, not 143" % count)
        failed += 1
    else:
        print("ok cctv count")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
