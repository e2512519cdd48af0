"""What collector_leak.sh looks for on a collector's disk and in its memory.

collector_leak.py secrets OUT PASSPHRASE...   every key, hash and id there is
collector_leak.py disk IMAGE FOLDER SECRETS   the raw image, and the folder
collector_leak.py run FOLDER PROGRAM CALL WORD...   run `PROGRAM collector
                         WORD...`, and write the memory of its processes at
                         this system call into the folder
collector_leak.py memory FOLDER SECRETS             search that
Prints "ok NAME" and "not ok NAME" lines; exits 1 if there was one of these.
Works in the folder of collector_leak.sh; `canaries` holds a text a line.
"""
import base64
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
BLOCK = 4096
SHIM = os.environ.get("SHIM", "")
bad = 0


def report(good, name, why=""):
    global bad
    bad += not good
    print("ok " + name if good else "not ok %s: %s" % (name, why))


# ---- what must not be found

def base64_forms(b):
    """b inside a longer Base64 text, at each of the three offsets."""
    for off in range(3):
        text = base64.b64encode(b"\0" * off + b)
        yield text[(off * 8 + 5) // 6:(off + len(b)) * 8 // 6]


def raw_forms(b):
    return {b, b.hex().encode(), b.hex().upper().encode(), *base64_forms(b)}


def text_forms(text):
    plain = text.encode()
    return raw_forms(plain) | {
        text.encode("utf-16-le"), json.dumps(text)[1:-1].encode(),
        "".join("\\x%02x" % c for c in plain).encode()}


def unbech32(key):
    """The 32 bytes of an AGE-SECRET-KEY."""
    digits = ["qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(c)
              for c in key.lower().rsplit("1", 1)[1][:-6]]
    bits = int("".join("{:05b}".format(d) for d in digits), 2)
    return (bits >> (len(digits) * 5 - 256)).to_bytes(32, "big")


def key_forms(key):
    return raw_forms(unbech32(key)) | {key.encode(), key.lower().encode()}


def age_decrypt(key, path):
    with tempfile.NamedTemporaryFile("w") as f:
        f.write(key + "\n")
        f.flush()
        return subprocess.run(["age", "-d", "-i", f.name, path],
                              stdout=subprocess.PIPE, check=True).stdout


def secrets(out, passphrases):
    """Everything, with the office's help, as {name: [hex of each form]}."""
    spec = importlib.util.spec_from_file_location(
        "reader", HERE.parent / "interop" / "reader.py")
    reader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reader)
    table = {}
    for line in Path("canaries").read_text().splitlines():
        table["the text " + line] = text_forms(line)
    for p in passphrases:
        table["the passphrase"] = text_forms(p)
    for path in sorted(Path("plain").rglob("*")):
        if path.is_file():
            table["SHA-256 of " + path.name] = raw_forms(
                hashlib.sha256(path.read_bytes()).digest())
    with tempfile.TemporaryDirectory() as tmp:
        vault = reader.Vault(Path("home"), reader.Report(), Path(tmp))
        keys = reader.open_rings(vault, reader.read_identity("office.txt"))
    one_off = [k for ks in (keys.entry, keys.bulk) for v in ks.values()
               for k in v]
    for k in one_off:
        table["the one-off key %.30s" % k] = key_forms(k)
    for k in keys.cases:
        table["the epoch's key %.30s" % k] = key_forms(k)
    for item in json.loads(Path("items").read_text()):
        table["the item's id " + item["item"]] = raw_forms(
            bytes.fromhex(item["item"]))
    local = re.search(r"^AGE-SECRET-KEY-1\S+", Path("collector.txt").read_text(),
                      re.M).group(0)
    table["the key of local/"] = key_forms(local)
    device = age_decrypt(local, "disk/field/local/device.age").decode()
    seed = base64.b64decode(re.search(r"signing-key (\S+)", device).group(1))
    table["the device's key"] = raw_forms(seed)
    for k in Path("office.txt").read_text().split():
        if k.startswith("AGE-SECRET-KEY"):
            table["the office's key %.24s" % k] = key_forms(k)
    for word in ("AGE-SECRET-KEY", "entry.json", "muniment ring 1",
                 "muniment trust 1", "muniment device 1", "signing-key",
                 '"kind":'):
        table[word] = {word.encode()}
    report(len(one_off) > 6 and len(keys.cases) >= 2,
           "the office finds all keys", (len(one_off), len(keys.cases)))
    Path(out).write_text(json.dumps(
        {n: sorted(f.hex() for f in forms) for n, forms in table.items()}))


def load(path):
    return {n: [bytes.fromhex(f) for f in forms]
            for n, forms in json.loads(Path(path).read_text()).items()}


def hits(data, table):
    return [n for n, forms in table.items() if any(f in data for f in forms)]


# ---- the disk

def no_holes(path):
    """A file without its blocks of zeros: what a search need not read."""
    parts, zero = [], bytes(BLOCK)
    with open(path, "rb") as f:
        while block := f.read(BLOCK):
            if block != zero[:len(block)]:
                parts.append(block)
    return b"".join(parts)


def disk(image, folder, table):
    plain = b"".join(p.read_bytes()[:1 << 20]
                     for p in Path("plain").rglob("*") if p.is_file())
    names = " ".join(str(p) for p in Path("plain").rglob("*")).encode()
    found = hits(plain + names, table)
    report(len(found) >= 5, "the search finds canaries in the plain files",
           found)
    missed = [n for n, forms in table.items() for f in forms
              if len(f) < 6 or n not in hits(b"x" + f + b"y", {n: forms})]
    report(not missed and len(table) > 30, "and each of their forms", missed)
    if image != "-":
        data = no_holes(image)
        report(b"age-encryption.org" in data and
               (Path(folder) / "config").read_bytes()[:60] in data,
               "the image holds the field machine")
        found = hits(data, table)
        report(not found, "%d bytes of the raw image hold none of %d secrets" %
               (len(data), len(table)), found[:5])
    files = [p for p in sorted(Path(folder).rglob("*")) if p.is_file()]
    found = [(str(p), h) for p in files
             for h in hits(str(p).encode() + p.read_bytes(), table)]
    # what git has compressed
    objects = subprocess.run(
        ["git", "--git-dir", folder, "-c", "safe.directory=*", "cat-file",
         "--batch", "--batch-all-objects"], stdout=subprocess.PIPE,
        check=True).stdout
    found += hits(objects, table)
    report(len(files) > 8 and len(objects) > 10000 and not found,
           "%d files and the git objects in them hold none" % len(files),
           found[:5])


# ---- memory

def dump(pid):
    """All memory of a process but the files that it only reads."""
    parts, zero = [], bytes(BLOCK)
    with open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in open("/proc/%d/maps" % pid):
            where, perms, _, _, inode, *name = line.split(None, 5)
            if name and name[0].startswith("[v"):
                continue
            if "w" not in perms and inode != "0":
                continue
            start, end = (int(x, 16) for x in where.split("-"))
            for at in range(start, end, 1 << 20):
                try:
                    mem.seek(at)
                    data = mem.read(min(1 << 20, end - at))
                except OSError:
                    continue  # a guard page
                parts += [data[i:i + BLOCK]
                          for i in range(0, len(data), BLOCK)
                          if data[i:i + BLOCK] != zero]
    return b"".join(parts)


def descendants(pid):
    try:
        kids = [int(k) for t in os.listdir("/proc/%d/task" % pid)
                for k in open("/proc/%d/task/%s/children" % (pid, t))
                .read().split()]
    except OSError:
        return []
    return kids + [d for k in kids for d in descendants(k)]


def at_call(pid):
    try:
        return open("/proc/%d/syscall" % pid).read().split()[0]
    except (OSError, IndexError):
        return ""


NUMBERS = {"x86_64": {"exit_group": "231", "syncfs": "306"},
           "aarch64": {"exit_group": "94", "syncfs": "267"}}


def run(folder, program, call, words):
    """
    Run it, the passphrase on standard input, so that each process waits for a
    second at `call`; dump all of its processes then, to
    FOLDER/<call>.<at it, or elsewhere>.<parent or child>.<number>.
    """
    number = NUMBERS[os.uname().machine][call]
    shim = ["-E", "LD_PRELOAD=" + SHIM] if SHIM else []
    p = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", *shim, "-e",
         "trace=" + call, "-e", "inject=%s:delay_enter=1000000" % call,
         program, "--quiet", "--passphrase-fd", "0", "collector", *words],
        stdin=sys.stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    seen = set()
    while p.poll() is None:
        all_pids = descendants(p.pid)
        stopped = {q for q in all_pids if at_call(q) == number}
        for q in all_pids if stopped - seen else ():
            how = "at" if q in stopped else "elsewhere"
            who = "parent" if q == all_pids[0] else "child"
            try:
                data = dump(q)
            except OSError:
                continue
            if how == "elsewhere" or q not in seen:
                Path(folder, "%s.%s.%s.%d.%d" % (
                    call, how, who, q, len(seen))).write_bytes(data)
        seen |= stopped
        time.sleep(0.01)
    report(p.returncode == 0 and seen, "it runs, stopped at " + call,
           p.stdout.read())


def memory(folder, table):
    found = {p.name: hits(p.read_bytes(), table)
             for p in sorted(Path(folder).iterdir())}
    work = [h for n, h in found.items() if n.startswith("syncfs.at.child")]
    report(work and max(map(len, work)) > 8, "in the middle of its work the"
           " child's memory holds secrets, so the search works", work)
    parent = {n: h for n, h in found.items() if ".parent." in n}
    report(len(parent) >= 4 and not any(parent.values()),
           "%d images of the parent's memory, from work and end, hold none"
           % len(parent), parent)
    ends = {n: h for n, h in found.items()
            if n.startswith("exit_group.at.child")}
    # new: one child; add: one, and the helper for media types; carry: one
    report(len(ends) >= 4 and not any(ends.values()),
           "%d images of children at their end hold none of %d secrets" %
           (len(ends), len(table)), ends)


def main():
    if sys.argv[1] == "secrets":
        secrets(sys.argv[2], sys.argv[3:])
    elif sys.argv[1] == "disk":
        disk(sys.argv[2], sys.argv[3], load(sys.argv[4]))
    elif sys.argv[1] == "run":
        run(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
    else:
        memory(sys.argv[2], load(sys.argv[3]))
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
