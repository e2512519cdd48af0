"""What leak.sh looks for in what the program wrote; see there.

leak.py search PLAIN -- PLACE...   canaries of the file `canaries` in places
leak.py traces FILE...             what the traced commands wrote, opened, sent
leak.py same                       the vaults for 1, 3 and 9 readers
leak.py process PROGRAM            terminal, memory, core
Prints "ok NAME" and "not ok NAME" lines; exits 1 if there was one of these.
"""
import base64
import collections
import hashlib
import json
import math
import os
import pty
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import termios
import time

bad = 0


def report(good, name, why=""):
    global bad
    bad += not good
    print("ok " + name if good else "not ok %s: %s" % (name, why))


def read(path):
    with open(path, "rb") as f:
        return f.read()


def tree_of(place):
    """All files of a place: a file or a folder."""
    if not os.path.isdir(place):
        return [place]
    return sorted(os.path.join(d, n) for d, _, names in os.walk(place)
                  for n in names)


def git(vault, *args, data=None):
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1",
           "HOME": "/nonexistent"}
    return subprocess.run(["git", "--git-dir", vault] + list(args), input=data,
                          stdout=subprocess.PIPE, check=True, env=env).stdout


def is_vault(place):
    return os.path.isdir(os.path.join(place, "refs"))


def git_objects(vault):
    """Name, type and bytes of every object."""
    raw = git(vault, "cat-file", "--batch", "--batch-all-objects")
    at = 0
    while at < len(raw):
        end = raw.index(b"\n", at)
        name, kind, size = raw[at:end].split()
        at = end + 1 + int(size)
        yield name.decode(), kind.decode(), raw[end + 1:at]
        at += 1


# ---- canaries

def base64_forms(b):
    """b inside a longer Base64 text, at each of the three offsets."""
    for off in range(3):
        text = base64.b64encode(b"\0" * off + b)
        yield text[(off * 8 + 5) // 6:(off + len(b)) * 8 // 6]


def forms(text):
    plain = text.encode()
    found = {plain, text.lower().encode(), text.upper().encode(),
             text.encode("utf-16-le"), text.encode("utf-16-be"),
             json.dumps(text)[1:-1].encode(),
             "".join("%%%02X" % c for c in plain).encode()}
    return found | raw_forms(plain)


def raw_forms(b):
    h = b.hex()
    return {b, h.encode(), h.upper().encode(), *base64_forms(b),
            *(f.replace(b"+", b"-").replace(b"/", b"_")
              for f in base64_forms(b))}


def wanted():
    """What must be nowhere -> all its forms."""
    table = {}
    with open("canaries", encoding="utf-8") as f:
        for line in f.read().splitlines():
            table[line] = forms(line)
    # the hashes of the originals tell who has the same file
    for path in tree_of("plain"):
        data = read(path)
        git_name = b"blob %d\0" % len(data) + data
        for name, h in (("SHA-256", hashlib.sha256(data)),
                        ("SHA-1", hashlib.sha1(data)),
                        ("MD5", hashlib.md5(data)),
                        ("git name", hashlib.sha1(git_name))):
            table["%s of %s" % (name, path)] = raw_forms(h.digest())
    for path in sorted(os.listdir(".")):
        if path.endswith(".card"):
            text = read(path).decode()
            key = base64.b64decode(re.search(r"ssh-ed25519 (\S+)",
                                             text).group(1))
            table["key of " + path] = raw_forms(key[-32:])
            recipient = re.search(r"^recipient (\S+)", text, re.M).group(1)
            table["recipient of " + path] = {recipient[:80].encode(),
                                             recipient[-80:].encode()}
    # ids that the commands printed
    with open("ids") as f:
        for line in f.read().split():
            table["id " + line] = raw_forms(bytes.fromhex(line))
    for word in ("AGE-SECRET-KEY", "entry.json", "muniment ring 1",
                 "muniment trust 1", "muniment device 1", "signing-key",
                 '"kind":'):
        table[word] = {word.encode()}
    return table


def hits(data, table):
    return [name for name, all_forms in table.items()
            if any(f in data for f in all_forms)]


def search(plain, places):
    table = wanted()
    # would it be found at all?
    everything = b"".join(read(p) for p in tree_of(plain))
    names = " ".join(tree_of(plain)).encode()
    report(len(hits(everything + names, table)) > 8,
           "the search finds canaries in the plain files")
    missed = [name for name, all_forms in table.items() for f in all_forms
              if name not in hits(b"xx" + f + b"yy", {name: all_forms})]
    report(not missed and len(table) > 40, "and each of its forms", missed)
    for form in forms("Щука")  | set(base64_forms("Щука".encode())):
        report(len(form) >= 7, "a form is long enough", form)
    files = objects = 0
    found = []
    for place in places:
        for path in tree_of(place):
            files += 1
            # the names of files inside are searched too
            found += [(path, h) for h in hits(
                path[len(place):].encode() + read(path), table)]
        if is_vault(place):
            for name, kind, data in git_objects(place):
                objects += 1
                found += [("%s %s %s" % (place, kind, name), h)
                          for h in hits(data, table)]
    report(not found, "%d files and %d git objects hold none of %d canaries" %
           (files, objects, len(table)), found[:5])
    strings = b""
    for place in places:
        for path in tree_of(place):
            for width in "sl":
                strings += subprocess.run(
                    ["strings", "-a", "-n", "6", "-e", width, path],
                    stdout=subprocess.PIPE, check=True).stdout
    report(not hits(strings, table) and len(strings) > 1000,
           "strings finds none")
    forms_of_all(places)


COMMIT = re.compile(
    rb"tree [0-9a-f]{40}\n(parent [0-9a-f]{40}\n)?"
    rb"author muniment <muniment@invalid> (1\d{9}) \+0000\n"
    rb"committer muniment <muniment@invalid> \2 \+0000\n"
    rb"gpgsig -----BEGIN SSH SIGNATURE-----\n( [A-Za-z0-9+/=]+\n)+"
    rb" -----END SSH SIGNATURE-----\n\nbatch (\d+)\n")


def padme(n):
    """The length to which n is filled up."""
    e = int(math.log2(n))
    mask = (1 << (e - int(math.log2(e)) - 1)) - 1
    return (n + mask) & ~mask


def forms_of_all(places):
    """Everything else that a file or an object could say by itself."""
    wrong_time, wrong_mode, wrong_commit, wrong_size = [], [], [], []
    entries = commits = 0
    for place in places:
        for path in tree_of(place) + [d for d, _, _ in os.walk(place)]:
            st = os.lstat(path)
            folder = os.path.isdir(path)
            if st.st_mode & 0o7777 != (0o700 if folder else 0o600):
                wrong_mode.append((path, oct(st.st_mode)))
            if is_vault(place) and not folder and \
                    "/local/" not in path and st.st_mtime_ns != 10 ** 18:
                wrong_time.append((path, st.st_mtime))
            if "/lfs/objects/" in path and not folder and \
                    padme(st.st_size) != st.st_size:
                wrong_size.append((path, st.st_size))
        if not is_vault(place):
            continue
        for name, kind, data in git_objects(place):
            if kind == "commit":
                commits += 1
                m = COMMIT.fullmatch(data)
                if not m or int(m.group(2)) != 10 ** 9 + int(m.group(4)):
                    wrong_commit.append((name, data))
            elif kind == "blob" and data.startswith(b"age-encryption.org"):
                entries += 1
                if len(data) != 4096 and padme(len(data)) != len(data):
                    wrong_size.append((name, len(data)))
            elif kind not in ("blob", "tree"):
                wrong_commit.append((name, kind))
    report(not wrong_time, "no true time stamp outside local/", wrong_time[:5])
    report(not wrong_mode, "files 0600, folders 0700, whatever the umask",
           wrong_mode[:5])
    report(not wrong_commit and commits > 10,
           "%d commits name nobody and no time" % commits, wrong_commit[:2])
    report(not wrong_size and entries > 40, "%d entries and all objects have"
           " a length of the set" % entries, wrong_size[:5])


# ---- traces

LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)$")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
FD = re.compile(r"^(\d+)<([^>]*)>")


def unhex(text):
    return bytes.fromhex(text.replace("\\x", ""))


def name_of(text):
    """What strace -y -xx writes of an open file."""
    hexed = re.sub(r"\\x(..)", r"\1", text) if "\\x" in text else None
    return bytes.fromhex(hexed).decode("utf-8", "replace") if hexed else text


def traces(files):
    table = wanted()
    here = os.getcwd()
    fine = [os.path.join(here, d) for d in
            ("home", "abroad", "carry", "got", "people", "cards")]
    # what get and `id card` write is meant to be read
    meant = (os.path.join(here, "got/"), os.path.join(here, "cards/"))
    calls = collections.Counter()
    wrong_net, wrong_open, wrong_write, wrong_map = [], [], [], []
    for name in files:
        with open(name, errors="replace") as f:
            text = f.read()
        ours = set()  # the two ends of the helper's socket pair
        for line in text.splitlines():
            m = LINE.match(line)
            if not m or "execve" == m.group(1):
                continue
            call, args = m.groups()
            calls[call] += 1
            strings = [unhex(s) for s in STRING.findall(args)]
            m = FD.match(args)
            path = name_of(m.group(2)) if m else "?"
            if not strings and call in ("open", "openat", "write", "pwrite64",
                                        "rename", "renameat2", "link"):
                wrong_write.append((name, "strace cannot read: " + line[:99]))
                continue
            if call in ("socket", "connect", "bind", "listen", "accept",
                        "accept4", "getsockname", "getpeername",
                        "sendmmsg", "recvmmsg"):
                wrong_net.append((name, line[:200]))
            elif call == "socketpair":
                ours |= {name_of(x) for x in re.findall(r"\d<([^>]*)>", args)}
                if not args.startswith("AF_UNIX"):
                    wrong_net.append((name, line[:200]))
            elif call in ("sendto", "sendmsg", "recvfrom", "recvmsg",
                          "setsockopt", "getsockopt", "shutdown") and \
                    path not in ours:
                wrong_net.append((name, line[:200]))
            elif call in ("open", "openat", "creat") and \
                    ("O_WRONLY" in args or "O_RDWR" in args or
                     "O_CREAT" in args or "O_TMPFILE" in args or
                     call == "creat"):
                got = re.search(r"= \d+<([^>]*)>", args)
                path = name_of(got.group(1)) if got else os.path.join(
                    here, strings[-1].decode("utf-8", "replace"))
                # a file that is not whole yet, beside the name it will have
                part = os.path.dirname(path) == here and re.match(
                    r"\.muniment-[0-9a-f]{16}\.part$", os.path.basename(path))
                if path not in ("/dev/null", "/dev/tty") and not part and \
                        not any(path.startswith(d) for d in fine):
                    wrong_open.append((name, path))
            elif call in ("write", "writev", "pwrite64", "pwritev",
                          "pwritev2", "sendfile", "copy_file_range",
                          "splice", "vmsplice"):
                # terminals, pipes and the helper's socket are no files
                if m and (int(m.group(1)) <= 2 or path in ours or
                          path.startswith(meant)):
                    continue
                if call not in ("write", "pwrite64") or '"...' in args:
                    wrong_write.append((name, call, path, "not searched"))
                for found in hits(b"".join(strings), table):
                    wrong_write.append((name, path, found))
            elif call == "mmap" and "MAP_SHARED" in args and \
                    "PROT_WRITE" in args and "MAP_ANONYMOUS" not in args:
                wrong_map.append((name, line[:200]))
            elif call in ("rename", "renameat", "renameat2", "linkat",
                          "link", "symlink", "symlinkat", "mknodat",
                          "memfd_create"):
                names = [os.path.join(here, x.decode("utf-8", "replace"))
                         for x in strings]
                # names that the test itself gave do not count; such a file
                # was written under another name
                if os.path.basename(names[0]).startswith(".muniment-") and \
                        os.path.dirname(names[-1]) == here:
                    continue
                names = [x[len(here):] for x in names
                         if not x.startswith(meant) and
                         not (path + "/").startswith(meant)]
                for found in hits(" ".join(names).encode(), table):
                    wrong_open.append((name, call, found))
    for call in ("write", "openat", "mmap", "socketpair"):
        report(calls[call] > 0, "the traces show calls of " + call)
    report(len(files) > 15, "%d commands were traced" % len(files))
    report(not wrong_net, "no network call but the helper's socket pair",
           wrong_net[:5])
    report(not wrong_open, "nothing is opened for writing but vault, carry"
           " file, identity and output", wrong_open[:5])
    report(not wrong_write, "nothing that is written to a file holds a canary",
           wrong_write[:5])
    report(not wrong_map, "no file is written through memory", wrong_map[:5])


# ---- the same history for 1, 3 and 9 readers

def structure(vault):
    """Of each batch: lines of each kind, and the sizes of its files."""
    (branch,) = os.listdir(os.path.join(vault, "refs/heads"))
    found = []
    for commit in git(vault, "rev-list", "--reverse",
                      "refs/heads/" + branch).decode().split():
        text = git(vault, "cat-file", "blob", commit + ":batch").decode()
        kinds = collections.Counter(l.split()[0] for l in text.splitlines())
        sizes = collections.Counter()
        for line in git(vault, "ls-tree", "-l", commit).decode().splitlines():
            meta, name = line.split("\t")
            sizes[name if len(name) < 64 else "entry",
                  int(meta.split()[3])] += 1
        # numbers grow: a checkpoint is one byte longer from batch 10 on
        found.append((dict(kinds), len(text), dict(sizes),
                      len(git(vault, "cat-file", "commit", commit))))
    return found


def other_sizes(vault):
    """Sizes of all files but the packs, by folder."""
    found = collections.Counter()
    for path in tree_of(vault):
        rel = os.path.relpath(path, vault)
        if not rel.startswith("objects/pack/"):
            found[rel.split("/")[0], os.path.getsize(path)] += 1
    return found


def pack_sizes(vault):
    return sorted(os.path.getsize(p) for p in tree_of(vault + "/objects"))


def same():
    s = {n: structure("readers%d" % n) for n in (1, 3, 9)}
    print("# batches: lines, bytes of the batch file, files, bytes of commit")
    for i, b in enumerate(s[9]):
        mark = "" if s[1][i] == b else "   (1 reader: %s)" % (s[1][i],)
        print("# %2d %s%s" % (i + 1, b, mark))
    report(len(s[1]) == len(s[3]) == len(s[9]), "as many batches",
           [len(x) for x in s.values()])
    report(other_sizes("readers1") == other_sizes("readers3") ==
           other_sizes("readers9"), "1, 3 and 9 readers: refs, objects,"
           " local/ and all else have the same sizes")
    # Only `member add` differs, which writes two batches: one of the vault
    # with the admissions and the keys, one of the case with the cards.
    for few, many in ((1, 9), (3, 9), (1, 3)):
        differ = [i for i in range(len(s[9])) if s[few][i] != s[many][i]]
        report(len(differ) <= 2 and all(
            b == a + 1 for a, b in zip(differ, differ[1:])),
            "%d and %d readers: only the batches that admit them differ" %
            (few, many), differ)
    at = [i for i in range(len(s[9])) if s[3][i] != s[9][i]]
    counts = {n: tuple(s[n][i][0]["entry"] for i in at) for n in s}
    # rings and member entries; the case's ring and card entries
    report(counts[9] == (16 + 16, 1 + 16), "9 readers: filled up to 16",
           counts[9])
    report(counts[3] == (4 + 4, 1 + 4), "3 readers: filled up to 4", counts[3])
    # a single entry is the one number that stays below 4
    report(counts[1] in ((4 + 1, 1 + 1), (4 + 4, 1 + 4)),
           "1 reader: 4 rings", counts[1])
    for i in at:
        for n in (1, 3):
            a, b = s[n][i], s[9][i]
            lines = [{k: v for k, v in x[0].items() if k != "entry"}
                     for x in (a, b)]
            kinds = [{k for k in x[2] if k[0] != "batch"} for x in (a, b)]
            report(lines[0] == lines[1] and kinds[0] == kinds[1] and
                   a[3] == b[3], "batch %d, %d and 9: no other line and no"
                   " other size of a file or commit" % (i + 1, n))
    for few, many in ((1, 3), (3, 9)):
        a, b = (collections.Counter(pack_sizes("readers%d" % n))
                for n in (few, many))
        report(sum((a - b).values()) <= 2 and sum((b - a).values()) <= 2 and
               sum(a.values()) == sum(b.values()) > 2,
               "%d and %d readers: but for one pack and its index, all have"
               " the same sizes" % (few, many), (a - b, b - a))
    sizes = {k for b in s[9] for k in b[2] if k[0] == "entry" and k[1] > 200}
    report(sizes == {("entry", 4096)}, "all kinds of entry with short texts,"
           " and all rings, have one size", sizes)
    heads = {n: read("readers%d.carry" % n).split(b"\n---")[0].count(b"\n-> ")
             for n in (1, 3, 9)}
    report(heads == {1: 4, 3: 4, 9: 16}, "carry files to 1, 3 and 9: 4, 4 and"
           " 16 stanzas", heads)
    for n in heads:
        data = read("readers%d.carry" % n)
        whole = len(data) - data.index(b"\n", data.index(b"\n---") + 1) - 1
        sealed = whole - 16  # nonce; then chunks of 64 KiB and 16 bytes
        length = sealed - 16 * -(-sealed // (65536 + 16))
        report(padme(length) == length, "to %d: a length of the set" % n,
               length)


# ---- the process

def started(program, *args, user=None):
    """A command on a terminal of its own, waiting for a passphrase."""
    pid, fd = pty.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
        if user:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        os.execv(program, [program] + list(args))
    return pid, fd


def until(fd, text, seconds=120):
    got = b""
    end = time.time() + seconds
    while text not in got and time.time() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                part = os.read(fd, 4096)
            except OSError:
                break
            if not part:
                break
            got += part
    return got


def echoes(fd):
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)


def ended(pid, seconds=120):
    end = time.time() + seconds
    while time.time() < end:
        got, status = os.waitpid(pid, os.WNOHANG)
        if got:
            return status
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


ASKS = b"Passphrase of your identity: "


def write_made(made):
    with open("made", "wb") as f:
        f.write(made)


def typing(program):
    words = b"pass typist"
    pid, fd = started(program, "--identity", "typist.age", "id", "card")
    got = until(fd, ASKS)
    report(ASKS in got, "the passphrase is asked for on the terminal", got)
    report(not echoes(fd), "echo is off meanwhile")
    os.write(fd, words + b"\n")
    got = until(fd, b"-----END")
    report(words not in got and b"muniment card 1" in got,
           "typing works, and is not shown", got[:200])
    report(echoes(fd), "echo is on again")
    status = ended(pid)
    report(status == 0, "exit status 0", status)
    os.close(fd)

    for how in ("^C", "SIGINT", "SIGTERM", "SIGHUP", "^\\"):
        pid, fd = started(program, "--identity", "typist.age", "id", "card")
        until(fd, ASKS)
        off = not echoes(fd)
        os.write(fd, b"half a pass")
        time.sleep(0.05)
        if how.startswith("^"):
            os.write(fd, {"^C": b"\x03", "^\\": b"\x1c"}[how])
        else:
            os.kill(pid, getattr(signal, how))
        status = ended(pid)
        # the terminal outlives its last user only while it is open here
        got = until(fd, b"\0never\0", 0.3)
        report(off and echoes(fd) and b"half" not in got and status and
               os.WIFSIGNALED(status) and not os.WCOREDUMP(status),
               "%s while typing: echo is back, nothing shown, no core" % how,
               (off, echoes(fd), got, status))
        os.close(fd)

    pid, fd = started(program, "--identity", "typist.age", "id", "card")
    until(fd, ASKS)
    os.write(fd, b"wrong\n")
    got = until(fd, b"wrong passphrase")
    report(b"wrong passphrase" in got and
           os.waitstatus_to_exitcode(ended(pid) or 0) == 2,
           "a wrong one: exit status 2", got)
    os.close(fd)

    pid, fd = started(program, "--identity", "new.age", "id", "new",
                      "--name", "New")
    got = until(fd, b"Passphrase: ").replace(b"\r", b"")
    made = got.split(b"\n\n    ")[1].split(b"\n")[0] if b"\n\n    " in got \
        else b""
    report(len(made.split()) == 6, "a passphrase of six words is offered", got)
    os.write(fd, made + b"\n")
    got = until(fd, b"written")
    report(b"written" in got and ended(pid) == 0, "and can be used", got)
    os.close(fd)
    write_made(made)
    pid, fd = started(program, "--identity", "new2.age", "id", "new",
                      "--name", "New")
    until(fd, b"Passphrase: ")
    os.write(fd, b"short\n")
    until(fd, b"shorter")
    report(os.waitstatus_to_exitcode(ended(pid) or 0) == 2 and
           not os.path.exists("new2.age"), "a short one is refused")
    os.close(fd)

    # one's own is weighed and taken, however weak
    own = b"password1234"
    pid, fd = started(program, "--identity", "own.age", "id", "new",
                      "--name", "Own")
    got = until(fd, b"Passphrase: ")
    report(b"77 bits" in got, "the generated one's strength is shown", got)
    os.write(fd, own + b"\n")
    got = until(fd, b"Once more: ")
    report(b"At most" in got and b"this passphrase is weak" in got and
           own not in got, "a weak one of one's own is called weak", got)
    os.write(fd, own + b"\n")
    got = until(fd, b"written")
    report(b"written" in got and own not in got and ended(pid) == 0,
           "and is taken", got)
    os.close(fd)

    # destroying asks for a word
    for word, gone in ((b"yes", False), (b"destroy", True)):
        pid, fd = started(program, "--identity", "own.age", "id", "destroy")
        until(fd, b"to go on: ")
        os.write(fd, word + b"\n")
        until(fd, b"destroyed")
        status = os.waitstatus_to_exitcode(ended(pid) or 0)
        report(os.path.exists("own.age") is not gone and
               status == (0 if gone else 2),
               "destroy: %s" % word.decode(), status)
        os.close(fd)

    p = subprocess.run([program, "--identity", "typist.age", "id", "card"],
                       input=words + b"\n", start_new_session=True,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = p.stderr.decode()
    report(p.returncode == 2 and "no terminal" in said and
           "hint:" in said and "--passphrase-fd" in said and not p.stdout,
           "standard input is no terminal: refused, with a hint", said)


def shell(user, line):
    def drop():
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    return subprocess.run(["/bin/sh", "-c", line], preexec_fn=drop if user
                          else None, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).returncode == 0


def memory(program):
    # as root every door is open: show it as somebody without rights
    user = 65534 if os.getuid() == 0 else None
    pid, fd = started(program, "--identity", "typist.age", "id", "card",
                      user=user)
    got = until(fd, ASKS)
    report(ASKS in got, "somebody without rights runs it", got)
    other = subprocess.Popen(["sleep", "60"],
                             **({"user": user, "group": user,
                                 "extra_groups": []} if user else {}))
    time.sleep(0.2)
    for what in ("mem", "environ", "maps"):
        # mem has nothing at address 0: to open it is enough
        line = "exec 3</proc/%d/" + what
        if what != "mem":  # which some systems refuse anyway
            report(shell(user, line % other.pid),
                   "of another process the same user opens " + what)
        report(not shell(user, line % pid), "of ours not even the same user"
               " opens " + what)
    report(os.stat("/proc/%d/mem" % pid).st_uid == 0, "it belongs to root")
    core = re.search(r"Max core file size +(\S+) +(\S+)",
                     read("/proc/%d/limits" % pid).decode()
                     if not user else subprocess.run(
                         ["cat", "/proc/%d/limits" % pid],
                         stdout=subprocess.PIPE).stdout.decode())
    report(core and core.groups() == ("0", "0"), "a core may have no byte",
           core and core.groups())
    other.kill()
    other.wait()
    os.write(fd, b"the secret that is typed")
    os.kill(pid, signal.SIGSEGV)
    status = ended(pid)
    report(status is not None and os.WIFSIGNALED(status) and
           not os.WCOREDUMP(status), "killed by SIGSEGV: no core", status)
    os.close(fd)
    # where a core could be written, and by whom
    pid, fd = started(program, "--identity", "typist.age", "id", "card")
    until(fd, ASKS)
    os.kill(pid, signal.SIGSEGV)
    status = ended(pid)
    report(status is not None and os.WIFSIGNALED(status) and
           not os.WCOREDUMP(status) and
           not [f for f in os.listdir(".") if f.startswith("core")],
           "no core file where there could be one", status)
    os.close(fd)


def arguments(program):
    """The passphrase is in no argument and no variable of any process."""
    made = read("made")
    end, other = os.pipe()
    # this identity has the usual work factor: there is time to look
    p = subprocess.Popen([program, "--quiet", "--identity", "new.age",
                          "--passphrase-fd", str(end), "--vault", "home",
                          "add", "plain", "--case", "none"], pass_fds=[end],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.write(other, made + b"\n")
    seen = b""
    looks = 0
    while p.poll() is None and looks < 2000:
        for pid in [str(p.pid)] + subprocess.run(
                ["cat", "/proc/%d/task/%d/children" % (p.pid, p.pid)],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
                ).stdout.decode().split():
            for f in ("cmdline", "environ", "comm"):
                try:
                    seen += read("/proc/%s/%s" % (pid, f))
                except OSError:
                    pass
        looks += 1
    p.wait()
    report(looks > 5 and b"new.age" in seen and made not in seen, "the passphrase is no argument and in"
           " no environment (%d looks)" % looks)


def process(program):
    typing(program)
    memory(program)
    arguments(program)


if sys.argv[1] == "search":
    cut = sys.argv.index("--")
    search(sys.argv[2], sys.argv[cut + 1:])
elif sys.argv[1] == "traces":
    traces(sys.argv[2:])
elif sys.argv[1] == "same":
    same()
else:
    process(sys.argv[2])
sys.exit(bad > 0)
