"""The machine that a benchmark ran on."""
import os
import subprocess
import time

import peers
from vaults import Muniment


def first(path, key):
    try:
        with open(path) as h:
            for line in h:
                if line.startswith(key):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown"


def filesystem(path):
    p = subprocess.run(["findmnt", "-fno", "FSTYPE,OPTIONS", "-T", path],
                       capture_output=True, text=True)
    return p.stdout.strip() or "unknown"


def describe(path):
    with open("/etc/os-release") as h:
        system = [line.split("=")[1].strip().strip('"') for line in h
                  if line.startswith("PRETTY_NAME=")]
    kinds = [Muniment, *(p for p in peers.PEERS if not p.lacks())]
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "processor": f"{first('/proc/cpuinfo', 'model name')}, "
                     f"{len(os.sched_getaffinity(0))} cores",
        "memory": first("/proc/meminfo", "MemTotal"),
        "kernel": os.uname().release,
        "system": " ".join(system),
        "file system": filesystem(path),
        "openssl": peers.said("openssl", "version"),
        **{k.name: k.version() for k in kinds},
    }


def others(times):
    """How much of the processors others had while commands were measured."""
    runs = [r for rs in times.values() for r in rs]
    wall = sum(r.wall for r in runs) * len(os.sched_getaffinity(0))
    return round(sum(r.foreign for r in runs) / wall, 3) if wall else 0
