"""Runs the program on hostile things and watches it: run.py archives|folders.

`archives DIR [EVERY]`: each EVERY-th file of DIR is listed; then all of them are
taken in. `folders LIST`: each line of LIST is "NAME<tab>COMMAND...". Prints "ok"
and "not ok" lines. Watched are: files written elsewhere, programs started,
network, time, memory, raw bytes for the terminal, and that something is said.
With MUNIMENT_TRACE=1 system calls are traced (strace), else it is quicker.
"""
import json
import os
import re
import subprocess
import sys
import threading
import time
import tty
from pathlib import Path

PROGRAM = os.environ["MUNIMENT"]
FULL = 'execve("%s-full",' % os.path.realpath(PROGRAM)
TRACE = bool(os.environ.get("MUNIMENT_TRACE"))
SECONDS, MEGABYTES = 60, 600
CALLS = ("execve,execveat,open,openat,openat2,creat,mkdir,mkdirat,symlink,"
         "symlinkat,link,linkat,mknod,mknodat,rename,renameat,renameat2,socket,"
         "connect,bind,truncate,chmod,fchmodat,unlink,unlinkat,rmdir")
bad = 0
peak_all = slowest = 0


def report(good, name, why=""):
    global bad
    bad += not good
    print("ok " + name if good else "not ok %s: %s" % (
        name, why.strip()[:800]), flush=True)


def look(root, cpu):
    """Most MiB that any process below this one has had; their seconds of the
    processor go to `cpu`, by process."""
    kids, size = {}, {}
    for p in Path("/proc").glob("[0-9]*"):
        try:
            t = (p / "status").read_text()
        except OSError:
            continue
        pid, parent = int(p.name), int(re.search(r"PPid:\s*(\d+)", t)[1])
        m = re.search(r"VmHWM:\s*(\d+)", t)
        kids.setdefault(parent, []).append(pid)
        if m and "strace" not in t[:20]:
            size[pid] = int(m[1]) // 1024
    todo, most = [root], 0
    while todo:
        pid = todo.pop()
        most = max(most, size.get(pid, 0))
        todo += kids.get(pid, [])
        try:
            f = Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if pid in size:
            cpu[pid] = (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK")
    return most


def drain(fd, into):
    """All that is written to a terminal, until nobody has it open."""
    try:
        while got := os.read(fd, 1 << 16):
            into.append(got)
    except OSError:  # EIO: the other side is closed
        pass
    os.close(fd)


def run(args, fd=None, terminal=False):
    """
    Status, standard output, standard error, what strace saw. Standard output is
    a pipe, or a terminal, for which what it might obey has to be escaped.
    """
    global peak_all, slowest
    trace = "trace.%d" % threading.get_ident()
    # a strace that follows forks; the start of the program is its first execve
    pre = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", trace, "-e", "trace=" + CALLS] \
        if TRACE else []
    cpu, shown, to, reader = {}, [], subprocess.PIPE, None
    if terminal:
        screen, to = os.openpty()
        tty.setraw(to)
        reader = threading.Thread(target=drain, args=(screen, shown),
                                  daemon=True)
    p = subprocess.Popen(pre + args, stdin=subprocess.DEVNULL,
                         stdout=to, stderr=subprocess.PIPE,
                         pass_fds=[fd] if fd is not None else [])
    if terminal:
        os.close(to)
        reader.start()
    peak = [0]

    def watch():
        while p.poll() is None:
            peak[0] = max(peak[0], look(p.pid, cpu))
            time.sleep(0.2)
    threading.Thread(target=watch, daemon=True).start()
    try:
        out, err = p.communicate(timeout=10 * SECONDS)
    except subprocess.TimeoutExpired:
        p.kill()
        out, err = p.communicate()
    if terminal:
        reader.join(SECONDS)
        out = b"".join(shown)
    # the machine may be busy: of the processor, unless it was ended
    took = sum(cpu.values()) if p.returncode != -9 else 10 * SECONDS
    peak_all, slowest = max(peak_all, peak[0]), max(slowest, took)
    seen = Path(trace).read_text(errors="replace") if TRACE else ""
    return p.returncode, out, err, seen, took, peak[0]


def wrong(result, inside, wants_words=True, may_connect=False):
    """What is wrong with how it went; "" if nothing is."""
    status, out, err, seen, took, peak = result
    if status not in (0, 1, 2):
        return "status %d: %s" % (status, err[-300:])
    if status != 0 and wants_words and not err.strip():
        return "it failed silently"
    if took > SECONDS:
        return "%d s" % took
    if peak > MEGABYTES:
        return "%d MiB" % peak
    raw = re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]",
                    out + err)
    if raw:
        return "raw bytes for a terminal: %r" % (out + err)[
            max(0, raw.start() - 30):raw.end() + 30]
    starts = re.findall(r"exec(?:ve|veat)\(.*\) += 0", seen)
    # the program is two files: it may go on in the second
    starts = [s for s in starts if not s.startswith(FULL)]
    if len(starts) > 1:
        return "programs were started: %s" % starts[1:3]
    if not may_connect and re.search(r"socket\(AF_INET|connect\(", seen):
        return "network: " + re.search(r".*(socket\(AF_INET|connect\().*",
                                       seen)[0]
    for line in seen.splitlines():
        m = re.search(r"(\w+)\((?:AT_FDCWD, |\d+, )?\"([^\"]*)\"(.*)", line)
        if not m or re.search(r"= -1 E", line):
            continue
        call, path, rest = m.groups()
        writes = call not in ("execve", "open", "openat", "openat2") or (
            call != "execve" and re.search(r"O_WRONLY|O_RDWR|O_CREAT", rest))
        if call == "execve":
            continue
        if writes and not any(path.startswith(i) for i in inside) and \
                path not in ("/dev/null", "/dev/tty"):
            return "written outside: " + line
    return ""


def archives(folder, every):
    files = sorted(Path(folder).iterdir())[::every]
    states = {}
    for f in files:
        r = run([PROGRAM, "--json", "contents", "--file", str(f)],
                terminal=True)
        why = wrong(r, [])
        if not why and r[1]:
            for o in json.loads(r[1]):
                s = o.get("state", "no form")
                states[s] = states.get(s, 0) + 1
        elif not why and r[0] == 0:
            why = "no answer"
        report(not why, "list " + f.name, why)
    print("# %d listed: %s" % (len(files), states))
    for i in range(0, len(files), 80):
        take(files[i:i + 80], i)


def as_anna(*args):
    end, other = os.pipe()
    os.write(other, b"pass anna\n")
    os.close(other)
    r = run([PROGRAM, "--identity", "anna.age", "--vault", "v",
             "--passphrase-fd", str(end)] + list(args), fd=end)
    os.close(end)
    return r


def take(files, i):
    """All at once: each original is there, whatever it holds."""
    r = as_anna("add", "--case", "C", "--contents", *map(str, files))
    why = wrong(r[:4] + (0, r[5]), ["v/", str(Path("v").resolve())])
    report(not why, "take in %d from %d on" % (len(files), i), why)
    listed = as_anna("--json", "list")
    hashes = {o["file"]["sha256"] for o in json.loads(listed[1])}
    lost = [f.name for f in files if subprocess.run(
        ["sha256sum", str(f)], stdout=subprocess.PIPE).stdout[:64].decode()
        .lstrip("\\") not in hashes]
    report(not lost, "their originals are there", str(lost))


def folders(lines):
    for line in Path(lines).read_text().splitlines():
        name, inside, *args = line.split("\t")
        end, other = os.pipe()
        os.write(other, b"pass anna\n")
        os.close(other)
        args = [a.replace("%FD", str(end)) for a in args]
        r = run([PROGRAM] + args, fd=end)
        os.close(end)
        why = wrong(r, [inside, str(Path(inside).resolve())])
        report(not why, name, why)


if sys.argv[1] == "archives":
    archives(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1)
else:
    folders(sys.argv[2])
print("# slowest %.1f s, most memory of one process %d MiB" % (slowest, peak_all))
sys.exit(bad > 0)
