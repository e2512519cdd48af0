"""Computes the worked example of FORMAT.md again: example.py FORMAT.md VAULT.

Prints one line "ok" or "not ok" for each value that the page must state.
"""
import base64
import hashlib
import hmac
import json
import re
import subprocess
import sys

DEVICE = "d2ebrjh5yej2sfycgo4wqxk3cxl7thwallzjyyjbobiepthmq2suq"
ENTRY = "603a3c30169ed22715b86fff9276778cac1183a057465f2262c45a992d1cbbbd"


def sha256(data):
    return hashlib.sha256(data).digest()


def git(vault, *args):
    cmd = ["git", "-c", "safe.directory=*", "-C", vault, *args]
    return subprocess.run(cmd, stdout=subprocess.PIPE, check=True).stdout


def padded_root(leaves, key, k):
    """The root over leaves and derived pads, 4^k in all."""
    pads = [sha256(b"\2" + key + i.to_bytes(4, "big"))
            for i in range(4 ** k - len(leaves))]
    nodes = sorted(leaves + pads)
    while len(nodes) > 1:
        nodes = [sha256(b"\1" + nodes[i] + nodes[i + 1])
                 for i in range(0, len(nodes), 2)]
    return nodes[0]


def open_entry(key, data):
    """entry.json by age, zstd and tar."""
    p = subprocess.run(
        ["bash", "-c", "age -d -i <(echo \"$0\") | zstd -dc | tar -xO entry.json",
         key], input=data, stdout=subprocess.PIPE, check=True)
    return p.stdout


def main():
    page, vault = open(sys.argv[1], encoding="utf-8").read(), sys.argv[2]
    bad = 0

    def states(name, value):
        nonlocal bad
        good = value in page
        bad += not good
        print("ok" if good else "not ok", name)

    commit = git(vault, "rev-list", "--reverse", DEVICE).split()[0].decode()
    states("vault id", sha256(git(vault, "show", commit + ":vault")).hex())
    lines = git(vault, "show", commit + ":batch").decode().splitlines()
    states("batch", "".join("    %s\n" % line for line in lines))
    pads = bytes.fromhex(
        [x for x in lines if x.startswith("pads ")][0].split()[1])
    leaves = [sha256(b"\0" + x.encode())
              for x in lines if not x.startswith("pads ")]
    for i, leaf in enumerate(leaves):
        states("leaf %d" % (i + 1), leaf.hex())
    states("pad", sha256(b"\2" + pads + bytes(4)).hex())
    inner = padded_root(leaves, pads, 2)
    states("inner root", inner.hex())
    log = sha256(b"\0muniment/batch/v1 2 " + inner.hex().encode() + b"\n")
    states("log leaf", log.hex())
    in_checkpoint = base64.b64encode(log).decode()
    states("checkpoint on the page", in_checkpoint)
    note = git(vault, "show", commit + ":checkpoint").decode()
    good = note.splitlines()[2] == in_checkpoint
    print("ok" if good else "not ok", "checkpoint in the vault")
    bad += not good

    key = re.search(r"AGE-SECRET-KEY-1[0-9A-Z]+", page).group(0)
    doc = json.loads(
        open_entry(key, git(vault, "show", commit + ":" + ENTRY)))
    del doc["signature"]
    states("entry.json", json.dumps(doc, sort_keys=True, ensure_ascii=False,
                                    separators=(",", ":")))
    salt = bytes.fromhex(doc.pop("salt"))
    fields = []
    for name, value in doc.items():
        own = hmac.new(salt, name.encode(), "sha256").digest()
        text = json.dumps(value, ensure_ascii=False).encode()
        fields.append(sha256(b"\0" + own + name.encode() + b"\0" + text))
        if name == "kind":
            states("field salt", own.hex())
            states("field leaf", fields[-1].hex())
    root = padded_root(fields, hmac.new(salt, b"", "sha256").digest(), 3)
    good = lines[0].split()[2] == root.hex()
    print("ok" if good else "not ok", "fields root")
    return 1 if bad or not good else 0


sys.exit(main())
