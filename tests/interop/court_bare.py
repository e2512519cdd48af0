"""Runs the commands that COMMANDS.txt prints, verbatim, with nothing at hand.

    court_bare.py PACKAGE [ADDED-FILE...]

A root file system is made of sh, coreutils, grep, sed, openssl, age and
ssh-keygen with the libraries they need, and nothing else; the package is laid
into it, read-only, and unshare(1) enters it without a network. Each line
`    $ COMMAND` (a backslash at its end: the next line goes with it) is given to
one shell after the other; what it prints must be the lines indented below it.
A line `    ...` stands for any lines. Prints a line a command; status 1 if one
prints something else. With --changed, how many print something else than
stated is printed, and status is 0 if any does.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOOLS = "sh sed grep openssl age ssh-keygen".split()
NOT_PART = {"chroot", "runcon", "chcon"}


def coreutils():
    r = subprocess.run(["dpkg", "-L", "coreutils"], capture_output=True,
                       text=True)
    names = [os.path.basename(p) for p in r.stdout.splitlines()
             if re.match(r"(/usr)?/s?bin/", p)]
    if not names:  # no dpkg: those that such pages use
        names = ("base64 basenc cat cut date dd echo fold head join ls mkdir "
                 "mktemp od paste printf rm rmdir sha256sum sha512sum sort "
                 "tail tee test tr true false uniq wc basename dirname "
                 "comm cmp [ expr seq").split()
    return sorted(set(names) - NOT_PART)


def libraries(path):
    r = subprocess.run(["ldd", path], capture_output=True, text=True)
    return re.findall(r"(/\S+) \(0x", r.stdout)


def bare_root(root):
    wanted = set()
    for name in TOOLS + coreutils():
        path = shutil.which(name)
        if path:
            real = os.path.realpath(path)
            wanted |= {real, *libraries(real)}
            place(root, real, f"/bin/{name}")
    for path in wanted:
        if ".so" in path:
            place(root, path, path)
    for path in ("/etc/ssl/openssl.cnf", "/usr/lib/ssl/openssl.cnf"):
        if os.path.exists(path):
            place(root, os.path.realpath(path), path)
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
    for d in "dev tmp package".split():
        (root / d).mkdir()
    for d in "null zero urandom tty".split():
        (root / "dev" / d).touch()


def place(root, source, target):
    to = root / target.lstrip("/")
    to.parent.mkdir(parents=True, exist_ok=True)
    if not to.exists():
        shutil.copyfile(source, to)
        to.chmod(0o755)


def steps(text):
    """[(command, [expected lines])]"""
    found, lines = [], text.split("\n")
    while lines:
        line = lines.pop(0)
        if line.startswith("    $ "):
            command = line[6:]
            while command.endswith("\\"):
                command += "\n" + lines.pop(0)
            found.append((command, []))
        elif line.startswith("    ") and found and found[-1][1] is not None:
            found[-1][1].append(line[4:])
        elif found and lines and not lines[0].startswith("    "):
            found.append((None, None))
    return [(c, e) for c, e in found if c]


def run(root, commands):
    """What each prints, stdout and stderr together"""
    script = "cd /package\n" + "".join(
        f"{c}\necho \"=end {i} $?\"\n" for i, c in enumerate(commands))
    (root / "tmp/script").write_text(script)
    enter = ("cd {0} && for d in null zero urandom; do mount --bind /dev/$d "
             "dev/$d || exit 99; done; mount --bind -o ro package package "
             "2>/dev/null; exec chroot . /bin/sh -c 'export PATH=/bin HOME=/tmp "
             "LC_ALL=C; unset TMPDIR; exec sh /tmp/script 2>&1 "
             "</dev/null'").format(root)
    r = subprocess.run(["unshare", "-r", "-m", "-n", "-p", "-f", "sh", "-c",
                        enter], capture_output=True)
    out = r.stdout.decode(errors="replace")
    if r.returncode == 99 or (not out and commands):
        sys.exit(f"cannot enter the root: {r.returncode} "
                 f"{r.stderr.decode()[:300]}")
    found, rest = [], out
    for i, _ in enumerate(commands):
        said, mark, rest = rest.partition(f"=end {i} ")
        code, _, rest = rest.partition("\n")
        found.append((said.split("\n")[:-1] if mark else ["(nothing ran)"],
                      code))
    return found


def matches(said, expected):
    form = "".join(r"(?:.*\n)*" if x == "..." else re.escape(x) + r"\n"
                   for x in expected)
    return re.fullmatch(form, "".join(x + "\n" for x in said))


def main():
    changed = "--changed" in sys.argv
    package = Path([a for a in sys.argv[1:] if a != "--changed"][0])
    with tempfile.TemporaryDirectory() as tmp:
        root = Path(tmp)
        bare_root(root)
        shutil.copytree(package, root / "package", dirs_exist_ok=True)
        todo = steps((package / "COMMANDS.txt").read_text())
        if not todo:
            sys.exit("no commands")
        bad = 0
        for (command, expected), (said, code) in zip(
                todo, run(root, [c for c, _ in todo])):
            good = matches(said, expected)
            bad += not good
            if not changed or not good:
                print(("as stated: " if good else "NOT AS STATED: ")
                      + command.replace("\n", "\n    "))
            if not good:
                print(f"    exit {code}, it said:", *said[:20], sep="\n      ")
                print("    stated:", *expected[:20], sep="\n      ")
        print(f"{len(todo)} commands, {bad} not as stated")
    return (not bad) if changed else bool(bad)


if __name__ == "__main__":
    sys.exit(main())
