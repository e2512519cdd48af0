"""
The programs that are measured beside Muniment, each doing the same work in
its own way, with its own defaults: restic, borg, `tar | zstd | age`,
gocryptfs; and what the disk and the ciphers can do at all.

A peer's methods give a measure.Run for each work that it knows; what it does
not know it has no method for. All work is in a scratch folder of its own.
"""
import os
import shutil
import subprocess
import time

import measure

PASS = "correct horse battery staple"


def said(*command):
    """The first line that a command prints."""
    try:
        p = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except OSError:
        return ""
    return (p.stdout + p.stderr).strip().split("\n")[0]


class Peer:
    """name; needs: programs; version."""

    needs = ()

    def __init__(self, top):
        self.work = f"{top}/{self.name}"
        self.env = dict(os.environ)

    @classmethod
    def lacks(cls):
        return [p for p in cls.needs if shutil.which(p) is None]

    def fresh(self):
        """An empty place to work in."""
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        with open(f"{self.work}/pass", "w") as h:
            h.write(PASS + "\n")
        measure.flush(self.work)

    def remove(self):
        shutil.rmtree(self.work, ignore_errors=True)

    def run(self, *command, read=(), durable=False, **how):
        measure.warm(*read)
        return measure.run(list(command), self.work, env=self.env,
                           sync=self.work if durable else None, **how)

    def shell(self, script, **how):
        return self.run("bash", "-o", "pipefail", "-c", script, **how)

    def again(self, folder):
        """An empty folder."""
        path = f"{self.work}/{folder}"
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path


class Restic(Peer):
    name = "restic"
    needs = ("restic",)

    @staticmethod
    def version():
        return said("restic", "version").split(" compiled")[0]

    def restic(self, *args, **how):
        return self.run("restic", "-q", "-r", f"{self.work}/store", *args,
                        **how)

    def start(self):
        self.fresh()
        self.env.update(RESTIC_PASSWORD_FILE=f"{self.work}/pass",
                        RESTIC_CACHE_DIR=f"{self.work}/cache")
        self.restic("init")

    def take_in(self, folder):
        return self.restic("backup", ".", cwd=folder, read=[folder],
                           durable=True)

    def store(self):
        return measure.size(f"{self.work}/store")

    def verify(self):
        return self.restic("check", "--read-data", read=[f"{self.work}/store"])

    def get(self, out):
        return self.restic("restore", "latest", "--target", out,
                           read=[f"{self.work}/store"], durable=True)

    def list(self):
        return self.restic("ls", "latest")


class Borg(Peer):
    name = "borg"
    needs = ("borg",)

    @staticmethod
    def version():
        return said("borg", "--version")

    def start(self):
        self.fresh()
        self.number = 0
        self.env.update(BORG_PASSPHRASE=PASS, BORG_BASE_DIR=self.work,
                        BORG_RELOCATED_REPO_ACCESS_IS_OK="yes")
        self.run("borg", "init", "-e", "repokey-blake2", f"{self.work}/store")

    def take_in(self, folder):
        self.number += 1
        return self.run("borg", "create", "--compression", "lz4",
                        f"{self.work}/store::{self.number}", ".", cwd=folder,
                        read=[folder], durable=True)

    def store(self):
        return measure.size(f"{self.work}/store")

    def verify(self):
        return self.run("borg", "check", "--verify-data", f"{self.work}/store",
                        read=[f"{self.work}/store"])

    def get(self, out):
        return self.run("borg", "extract", f"{self.work}/store::{self.number}",
                        cwd=out, read=[f"{self.work}/store"], durable=True)

    def list(self):
        return self.run("borg", "list", f"{self.work}/store::{self.number}")


class Age(Peer):
    """One archive, locked to a hybrid recipient: no store, no versions."""

    name = "tar, zstd, age"
    needs = ("tar", "zstd", "age", "age-keygen")

    def __init__(self, top):
        super().__init__(top)
        self.work = f"{top}/age"

    @staticmethod
    def version():
        zstd = said("zstd", "--version").split("v")[-1].split(",")[0]
        return f"age {said('age', '--version')}, zstd {zstd}"

    def start(self):
        self.fresh()
        self.key = f"{self.work}/key"
        subprocess.run(["age-keygen", "-pq", "-o", self.key], check=True,
                       capture_output=True)
        self.recipient = said("age-keygen", "-y", self.key)
        self.env.update(K=self.key, R=self.recipient, W=self.work)

    def take_in(self, folder):
        self.env["F"] = folder
        return self.shell('tar -C "$F" -cf - . | zstd -q -3 |'
                          ' age -r "$R" -o "$W/store"', read=[folder],
                          durable=True)

    def store(self):
        return measure.size(f"{self.work}/store")

    def verify(self):
        return self.shell('age -d -i "$K" "$W/store" >/dev/null',
                          read=[f"{self.work}/store"])

    def get(self, out):
        self.env["O"] = out
        return self.shell('age -d -i "$K" "$W/store" | zstd -qdc |'
                          ' tar -C "$O" -xf -', read=[f"{self.work}/store"],
                          durable=True)

    def carry(self, folder):
        """`tar | age -r`: a carry file without history and proofs."""
        self.env["F"] = folder
        run = self.shell('tar -C "$F" -cf - . | age -r "$R" -o "$W/carry"',
                         read=[folder], durable=True)
        os.remove(f"{self.work}/carry")
        return run

    def seal(self, file):
        self.env["F"] = file
        return self.shell('age -r "$R" "$F" >/dev/null', read=[file])

    def locked(self, file, out):
        """An age file for `open`: both programs open the same one."""
        self.env.update(F=file, O=out)
        self.shell('age -r "$R" -o "$O" "$F"')

    def open(self, file):
        self.env["F"] = file
        return self.shell('age -d -i "$K" "$F" >/dev/null', read=[file])


class Gocryptfs(Peer):
    """Files through FUSE: whole files, no history, no deduplication."""

    name = "gocryptfs"
    needs = ("gocryptfs", "fusermount")
    daemon = None

    @classmethod
    def lacks(cls):
        missing = super().lacks()
        return missing or ([] if os.path.exists("/dev/fuse")
                           else ["/dev/fuse"])

    @staticmethod
    def version():
        return said("gocryptfs", "-version").split(";")[0]

    def start(self):
        self.fresh()
        self.again("store")
        self.again("mount")
        self.run("gocryptfs", "-q", "-init", "-passfile", f"{self.work}/pass",
                 f"{self.work}/store")

    def mount(self):
        self.process = subprocess.Popen(
            ["gocryptfs", "-q", "-fg", "-passfile", f"{self.work}/pass",
             f"{self.work}/store", f"{self.work}/mount"])
        self.daemon = self.process.pid
        for _ in range(200):
            if os.path.ismount(f"{self.work}/mount"):
                return
            time.sleep(0.05)
        raise measure.Failed("gocryptfs: it does not mount here")

    def unmount(self):
        if self.daemon is None:
            return
        subprocess.run(["fusermount", "-u", f"{self.work}/mount"])
        self.process.wait()
        self.daemon = None

    def mounted(self, *command, **how):
        self.mount()
        try:
            return self.run(*command, daemon=self.daemon, **how)
        finally:
            self.unmount()

    def take_in(self, folder):
        return self.mounted("cp", "-a", f"{folder}/.", f"{self.work}/mount/",
                            read=[folder], durable=True)

    def store(self):
        return measure.size(f"{self.work}/store")

    def verify(self):
        return self.mounted("find", f"{self.work}/mount", "-type", "f",
                            "-exec", "cat", "{}", "+",
                            read=[f"{self.work}/store"])

    def get(self, out):
        return self.mounted("cp", "-a", f"{self.work}/mount/.", out,
                            read=[f"{self.work}/store"], durable=True)

    def list(self):
        return self.mounted("find", f"{self.work}/mount", "-type", "f")


PEERS = (Restic, Borg, Age, Gocryptfs)


def disk_write(folder, length):
    """Seconds to write that many bytes to one file and flush it."""
    path, block = f"{folder}/limit", os.urandom(1 << 20)
    begin = time.monotonic()
    with open(path, "wb", buffering=0) as h:
        for at in range(0, length, len(block)):
            h.write(block[:length - at])
        os.fsync(h.fileno())
    took = time.monotonic() - begin
    os.remove(path)
    measure.flush(folder)
    return took


def cipher(name):
    """Bytes a second of one core, in pieces of 1 MiB."""
    p = subprocess.run(["openssl", "speed", "-mr", "-seconds", "1", "-bytes",
                        str(1 << 20), "-evp", name], capture_output=True,
                       text=True)
    for line in p.stdout.split("\n"):
        if line.startswith("+F:"):
            return float(line.split(":")[-1])
    return None
