"""One command, measured as a whole: time, processor, memory, and the flush."""
import ctypes
import json
import os
import subprocess
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
ONCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "once.py")
TICK = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A command that was to be measured did not end with 0."""


class Run:
    """What one command took. Seconds; bytes."""

    def __init__(self, wall, sync, cpu, rss, foreign):
        self.wall, self.sync, self.cpu = wall, sync, cpu
        self.rss, self.foreign = rss, foreign

    @property
    def durable(self):
        return self.wall + self.sync

    def as_json(self):
        return {k: round(v, 4) for k, v in vars(self).items()}


def flush(path):
    """Make all of the file system durable; how long that took."""
    fd = os.open(path, os.O_RDONLY)
    begin = time.monotonic()
    if LIBC.syncfs(fd) != 0:
        raise OSError(ctypes.get_errno(), "syncfs")
    took = time.monotonic() - begin
    os.close(fd)
    return took


def warm(*paths):
    """Read files and folders, so that they are in the page cache."""
    for path in paths:
        for f in files(path):
            with open(f, "rb", buffering=0) as h:
                while h.read(1 << 20):
                    pass


def files(path):
    """All regular files at or below a path."""
    if not os.path.isdir(path):
        yield path
        return
    for folder, _, names in os.walk(path):
        for n in names:
            f = os.path.join(folder, n)
            if os.path.isfile(f) and not os.path.islink(f):
                yield f


def size(path):
    return sum(os.path.getsize(f) for f in files(path))


def run(command, scratch, sync=None, daemon=None, cwd=".", env=None,
        opened=None, out=os.devnull, ok=(0,)):
    """
    Run a command to its end. sync: a path whose file system is flushed
    afterwards, on its own account. daemon: a process that works for it.
    opened: files to read, by the number they get. ok: right exit statuses.
    """
    err = os.path.join(scratch, "stderr")
    job = {"command": command, "cwd": cwd, "opened": opened or {}, "out": out,
           "err": err}
    spent = cpu_of(daemon)
    p = subprocess.run([sys.executable, "-I", "-S", ONCE, json.dumps(job)],
                       env=env, stdout=subprocess.PIPE, check=True)
    code, wall, cpu, rss, busy = json.loads(p.stdout)
    cpu += cpu_of(daemon) - spent
    foreign = max(0.0, busy - cpu)
    if code not in ok:
        with open(err, errors="replace") as h:
            raise Failed(f"{' '.join(command)}: exit status {code}\n"
                         f"{h.read()[-1500:]}")
    return Run(wall, flush(sync) if sync else 0.0, cpu,
               max(rss, rss_of(daemon)), foreign)


def cpu_of(pid):
    if pid is None:
        return 0.0
    with open(f"/proc/{pid}/stat") as h:
        f = h.read().rsplit(")", 1)[1].split()
    return (int(f[11]) + int(f[12])) / TICK


def rss_of(pid):
    if pid is None:
        return 0
    with open(f"/proc/{pid}/status") as h:
        for line in h:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return 0
