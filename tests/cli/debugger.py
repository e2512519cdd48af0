"""What debugger.sh looks at, in its scratch folder.

debugger.py cores USER       cores of a process at work; USER is the folder of
                             somebody without rights
debugger.py journal SCRIPT   what is heard while the script runs
Prints "ok NAME" and "not ok NAME" lines; exits 1 if there was one of these.
"""
import glob
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

import collector_leak

PASSPHRASE = "pass anna"
NOBODY = 65534
SOCKETS = ("/dev/log", "/run/systemd/journal/socket",
           "/run/systemd/journal/dev-log")
report = collector_leak.report


def at_work(folder, user):
    """`add`, with its keys, stopped: the process."""
    end, other = os.pipe()
    os.write(other, PASSPHRASE.encode() + b"\n")
    os.close(other)
    env = dict(os.environ, LD_PRELOAD=folder + "/stop.so")
    p = subprocess.Popen(
        ["./muniment", "--quiet", "--identity", "anna.age", "--passphrase-fd",
         str(end), "--vault", "home", "add", "letter", "bulk", "--case",
         "Alpha", "--again"], cwd=folder, pass_fds=[end], env=env,
        stdout=subprocess.DEVNULL,
        **({"user": user, "group": user, "extra_groups": []} if user else {}))
    os.close(end)
    for _ in range(600):
        if p.poll() is not None:
            break
        if "State:\tT" in open("/proc/%d/status" % p.pid).read():
            return p
        time.sleep(0.1)
    report(False, "it stops in the middle of its work", p.poll())
    sys.exit(1)


def let_go(p):
    while p.poll() is None:
        os.kill(p.pid, signal.SIGCONT)
        time.sleep(0.05)
    report(p.returncode == 0, "and goes on to its end", p.returncode)


def gcore(pid, user=None):
    """The core; None if there is none."""
    os.makedirs("cores", exist_ok=True)
    os.chmod("cores", 0o777)
    subprocess.run(["gcore", "-o", "cores/core", str(pid)],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   **({"user": user, "group": user, "extra_groups": []}
                      if user else {}))
    found = glob.glob("cores/core.%d" % pid)
    return open(found[0], "rb").read() if found else None


def cores(folder):
    if not shutil.which("gcore"):
        print("ok a core by gcore # skipped: gdb is not here")
        return
    text = open("anna.txt").read()
    table = {"the passphrase": collector_leak.text_forms(PASSPHRASE)}
    for line in text.split():
        if line.startswith("AGE-SECRET-KEY"):
            table["the key %.24s" % line] = collector_leak.key_forms(line)
    report(len(table) >= 3, "the secrets to look for", list(table))
    device = os.path.basename(glob.glob("home/refs/heads/*")[0])

    p = at_work(folder, None)
    data = gcore(p.pid)
    everything = collector_leak.dump(p.pid)
    let_go(p)
    report(data is not None and device.encode() in data,
           "gcore by root takes a core of a process at work",
           data and len(data))
    found = collector_leak.hits(everything, table)
    report([n for n in found if n.startswith("the key")],
           "with the keys in its memory, so the search works")
    found = collector_leak.hits(data or b"", table)
    report(not found, "%d bytes of it hold none of %d secrets" % (
        len(data or b""), len(table)), found)

    subprocess.run(["chown", "-R", "%d:%d" % (NOBODY, NOBODY), folder],
                   check=True)
    p = at_work(folder, NOBODY)
    sleeper = subprocess.Popen(["sleep", "60"], user=NOBODY, group=NOBODY,
                               extra_groups=[])
    report(gcore(sleeper.pid, NOBODY), "who has no rights takes a core of"
           " another process of his")
    sleeper.kill()
    sleeper.wait()
    report(gcore(p.pid, NOBODY) is None, "but none of ours")
    let_go(p)


def journal(script):
    listening = []
    for path in SOCKETS:
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(path)
        os.chmod(path, 0o666)
        listening.append(s)
    stream = socket.socket(socket.AF_UNIX)
    stream.bind("/run/systemd/journal/stdout")
    stream.listen()
    p = subprocess.Popen(["sh", script], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    said = p.communicate()[0].decode()
    heard = []
    while ready := select.select([*listening, stream], [], [], 0.2)[0]:
        heard += [s.recv(65536) if s is not stream else stream.accept()
                  for s in ready]
    report("it worked" in said and "it crashed" in said and
           "no failure" not in said, "work, failures and a crash", said)
    control = [h for h in heard if b"it can be heard" in h]
    report(len(control) == 1, "what goes to the journal is heard", heard)
    report(len(heard) == 1, "it hears nothing of ours", heard)


if sys.argv[1] == "cores":
    cores(sys.argv[2])
else:
    journal(sys.argv[2])
sys.exit(collector_leak.bad > 0)
