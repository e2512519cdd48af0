"""Muniment, doing the work of peers.py and its own."""
import json
import os
import shutil
import subprocess

import measure
import peers

CASE = "Bench"


class Muniment(peers.Peer):
    """
    A person at a vault, $work/vault. The passphrase of the benchmark's
    identities costs next to nothing to check (--work-factor 10); what the
    usual one costs is measured on its own.
    """

    name = "muniment"
    program = "muniment"

    def __init__(self, top, who="anna"):
        super().__init__(top)
        self.work = f"{top}/muniment-{who}"
        self.who = who
        self.env["HOME"] = self.work
        for v in ("MUNIMENT_VAULT", "MUNIMENT_IDENTITY"):
            self.env.pop(v, None)

    @classmethod
    def version(cls):
        return peers.said(cls.program, "--version")

    @property
    def vault(self):
        return f"{self.work}/vault"

    @property
    def card(self):
        return f"{self.work}/card"

    def do(self, *args, **how):
        """A command at the vault, measured."""
        return self.run(self.program, "--quiet", "--identity",
                        f"{self.work}/identity", "--passphrase-fd", "3",
                        "--vault", self.vault, *args,
                        opened={3: f"{self.work}/pass",
                                4: f"{self.work}/pass"}, **how)

    def says(self, *args):
        """What a command prints as JSON."""
        out = f"{self.work}/out"
        self.do("--json", *args, out=out)
        with open(out) as h:
            return json.load(h)

    def person(self, work_factor="10"):
        """An identity and a card, no vault."""
        self.fresh()
        self.do("id", "new", "--name", self.who, "--work-factor", work_factor)
        self.do("id", "card", "-o", self.card)

    def start(self, work_factor="10"):
        self.person(work_factor)
        self.do("init", self.vault, "--root-key", f"{self.work}/root",
                "--root-passphrase-fd", "4", "--work-factor", "10")
        self.do("case", "new", CASE)

    def take_in(self, *paths, durable=True):
        return self.do("add", *paths, "--case", CASE, read=paths,
                       durable=durable)

    def store(self):
        """
        All of the vault but its caches, as restic and borg keep theirs
        elsewhere, where they are not counted.
        """
        return measure.size(self.vault) - self.caches()

    def caches(self):
        """What may be removed at any time, and costs no more than time."""
        return sum(measure.size(f"{self.vault}/local/{name}")
                   for name in ("cache", "sources")
                   if os.path.isdir(f"{self.vault}/local/{name}"))

    def verify(self):
        """Blind: every hash, root and signature, without a key."""
        return self.run(self.program, "--quiet", "--vault", self.vault,
                        "verify", "--blind", read=[self.vault])

    def verify_known(self):
        """With the identity: each original's SHA-256, too."""
        return self.do("verify", read=[self.vault])

    def get(self, out):
        return self.do("get", "--case", CASE, "-o", f"{out}/all",
                       read=[self.vault], durable=True)

    def list(self):
        return self.do("list")

    def carry(self, card, parity=False):
        """One carry file of everything; its name."""
        out = f"{self.work}/carry"
        none = [] if parity else ["--parity", "0"]
        run = self.do("carry", "-o", out, "--to", card, *none,
                      read=[self.vault], durable=True)
        return run, out

    def seal(self, file, recipient):
        return self.run(self.program, "--quiet", "seal", "--to", recipient,
                        "-o", "-", file, read=[file])

    def open(self, file, key):
        return self.run(self.program, "--quiet", "open", "-i", key, "-o", "-",
                        file, read=[file])

    def knows(self, verb, option):
        """Has this version that option?"""
        p = subprocess.run([self.program, "help", verb], capture_output=True,
                           text=True)
        return option in p.stdout + p.stderr

    def items(self):
        return [i["item"] for i in self.says("list")]

    def carried(self):
        """The carry file, or its parts: a vault may be larger than one."""
        return sorted(f"{self.work}/{name}" for name in os.listdir(self.work)
                      if name.startswith("carry")
                      and not name.endswith("parity"))

    def remove_carry(self):
        for name in os.listdir(self.work):
            if name.startswith("carry"):
                os.remove(f"{self.work}/{name}")

    def copy_of(self, other):
        """Become a member who has received all of another's vault."""
        self.person()
        other.do("member", "add", self.card, "--case", CASE, "--role",
                 "author")
        other.carry(self.card)
        self.do("receive", *other.carried(), "--large")
        other.remove_carry()
