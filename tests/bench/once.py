#!/usr/bin/env python3
"""
Run one command and print, as JSON, its exit status, seconds, processor
seconds, peak memory and the processor seconds of the whole machine.

A process of its own: the kernel counts as a child's memory what its parent
had when it was started, and the benchmark's own is large.
"""
import json
import os
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")


def busy():
    """Processor seconds that the machine has spent on programs."""
    with open("/proc/stat") as h:
        f = [int(x) for x in h.readline().split()[1:9]]
    return (f[0] + f[1] + f[2] + f[5] + f[6]) / TICK


def main():
    job = json.loads(sys.argv[1])
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, job["out"], flags, 0o600),
               (os.POSIX_SPAWN_OPEN, 2, job["err"], flags, 0o600)]
    for fd, path in sorted(job["opened"].items()):
        actions.append((os.POSIX_SPAWN_OPEN, int(fd), path, os.O_RDONLY, 0))
    os.chdir(job["cwd"])
    before = busy()
    begin = time.monotonic()
    pid = os.posix_spawnp(job["command"][0], job["command"], os.environ,
                          file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - begin
    print(json.dumps([os.waitstatus_to_exitcode(status), wall,
                      usage.ru_utime + usage.ru_stime,
                      usage.ru_maxrss * 1024, busy() - before]))


main()
