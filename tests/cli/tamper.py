"""What tamper.sh does to vaults and carry files; see there.

tamper.py bytes|plumbing|local|carry, in the folder that tamper.sh prepared.
Prints "ok NAME" and "not ok NAME" lines; exits 1 if there was one of these.
"""
import hashlib
import multiprocessing
import os
import random
import shutil
import struct
import subprocess
import sys

PROGRAM = os.environ["MUNIMENT"]
SEED = os.environ.get("TAMPER_SEED", "20240229")
PLACES = int(os.environ.get("TAMPER_PLACES", "600"))
T = "work-" + sys.argv[1]  # the copy at hand: parts run side by side
KILL = 300  # seconds after which a command hangs
bad = 0


def report(good, name, why=""):
    global bad
    if good:
        print("ok " + name)
    else:
        bad += 1
        why = why.strip() or "(it says nothing)"
        print("not ok %s: %s" % (name, why[:1000]))


def muniment(vault, *args, who=None):
    """Exit status and standard error; `who` has an identity WHO.age."""
    line = [PROGRAM, "--quiet", "--vault", vault]
    end = None
    if who:
        end, other = os.pipe()
        os.write(other, b"pass %s\n" % who.encode())
        os.close(other)
        line += ["--identity", who + ".age", "--passphrase-fd", str(end)]
    try:
        p = subprocess.run(line + list(args), stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                           pass_fds=[end] if end else [], timeout=KILL)
    except subprocess.TimeoutExpired:
        return -1, "it hangs"
    finally:
        if end:
            os.close(end)
    return p.returncode, p.stderr.decode("utf-8", "replace")


def blind(vault):
    return muniment(vault, "verify", "--blind")


def files(vault):
    """Every file outside local/, relative."""
    found = []
    for folder, folders, names in os.walk(vault):
        if folder == vault:
            folders.remove("local")
        found += [os.path.relpath(os.path.join(folder, n), vault)
                  for n in names]
    return sorted(found)


def state(folder):
    """Every file below the folder, but caches, and the hash of its content."""
    found = {}
    for where, folders, names in os.walk(folder):
        if os.path.basename(where) == "local" and "cache" in folders:
            folders.remove("cache")
        for n in names:
            path = os.path.join(where, n)
            with open(path, "rb") as f:
                found[path] = hashlib.sha256(f.read()).digest()
    return found


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def copy(vault, to):
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(vault, to, symlinks=True)
    return to


def named(rel):
    """How a message must call a file, at least."""
    last = rel.rsplit("/", 1)[-1]
    if rel.startswith("lfs/objects/"):
        return last[:16]
    return last[:12] if rel.startswith("refs/heads/") else rel


def change(data, kind, at, r):
    if kind == "flip":
        return data[:at] + bytes([data[at] ^ r.randint(1, 255)]) + data[at + 1:]
    if kind == "cut":
        return data[:at] + data[at + 1:]
    if kind == "add":
        return data[:at] + bytes([r.randrange(256)]) + data[at:]
    if kind == "end":
        return data[:at]
    raise ValueError(kind)


def places(size, n, r):
    """The ends of a file, and n random places in it."""
    always = [("flip", 0), ("flip", size - 1), ("cut", 0), ("cut", size - 1),
              ("add", 0), ("add", size), ("end", 0)]
    chosen = []
    for i in range(n):
        kind = ("flip", "flip", "flip", "cut", "add", "end")[i % 6]
        chosen.append((kind, r.randrange(size)))
    return always + chosen


def spread(vault, total):
    """How many random places each file gets: half evenly, half by size."""
    sizes = {f: os.path.getsize(os.path.join(vault, f)) for f in files(vault)}
    whole = sum(sizes.values())
    return {f: total // 2 // len(sizes) + total // 2 * s // whole + 1
            for f, s in sizes.items()}


def one_file(work):
    """All places of one file; what went wrong, as texts."""
    vault, rel, n, part = work
    mine = os.path.join("work%d" % part, vault)
    r = random.Random("%s %s %d" % (SEED, rel, part))
    path = os.path.join(mine, rel)
    whole = read(path)
    before = state(mine)
    wrong = []
    done = 0
    # the ends of the file are the first process' affair
    for kind, at in places(len(whole), n, r)[7 if part else 0:]:
        changed = change(whole, kind, at, r)
        if changed == whole:
            continue
        done += 1
        write(path, changed)
        status, said = blind(mine)
        if status not in (1, 2) or named(rel) not in said:
            wrong.append("%s at %d: status %d, %s" % (kind, at, status, said))
        write(path, whole)
        if done % 20 == 0 and blind(mine)[0] != 0:
            wrong.append("%s at %d: not whole after it" % (kind, at))
    if blind(mine)[0] != 0:
        wrong.append("not whole at the end")
    if state(mine) != before:
        wrong.append("files came, went or changed")
    return part, rel, done, wrong


def vault_bytes():
    """Any byte of any file outside local/."""
    print("# seed %s" % SEED)
    share = spread("home", PLACES)
    for part in (0, 1):
        os.makedirs("work%d" % part, exist_ok=True)
        copy("home", "work%d/home" % part)
    # each of two processes takes half of the places of each file
    with multiprocessing.Pool(1) as a, multiprocessing.Pool(1) as b:
        jobs = [pool.apply_async(one_file, (("home", f, n // 2 + 1, part),))
                for part, pool in enumerate((a, b))
                for f, n in share.items()]
        total = 0
        for j in jobs:
            part, rel, done, wrong = j.get()
            total += done
            report(not wrong, "%d places of %s" % (done, rel),
                   "%d wrong, such as: %s" % (len(wrong), "; ".join(wrong[:3])))
    report(total >= PLACES, "%d places in all" % total)


# Below: what one can do who knows git well.

def git(vault, *args, data=None):
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1",
           "HOME": "/nonexistent"}
    return subprocess.run(["git", "--git-dir", vault] + list(args), input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True, env=env).stdout


def branches(vault):
    return sorted(os.listdir(os.path.join(vault, "refs/heads")))


def commits(vault, branch):
    return git(vault, "rev-list", "--reverse",
               "refs/heads/" + branch).decode().split()


def tree(vault, commit):
    names = {}
    for line in git(vault, "ls-tree", commit).decode().splitlines():
        meta, name = line.split("\t")
        names[name] = meta.split()[2]
    return names


def put_tree(vault, names, mode=b"100644"):
    raw = b"".join(mode + b" " + n.encode() + b"\0" + bytes.fromhex(names[n])
                   for n in sorted(names))
    return git(vault, "hash-object", "-t", "tree", "-w", "--stdin",
               data=raw).decode().strip()


def put_blob(vault, data):
    return git(vault, "hash-object", "-w", "--stdin",
               data=data).decode().strip()


def put_commit(vault, raw):
    return git(vault, "hash-object", "--literally", "-t", "commit", "-w",
               "--stdin", data=raw).decode().strip()


def set_branch(vault, branch, commit):
    write(os.path.join(vault, "refs/heads", branch), commit.encode() + b"\n")


def rewrite(vault, branch, n, change_tree=None, change_commit=None, drop=False,
            mode=b"100644"):
    """Write batch n of a branch anew, and the commits after it."""
    old = commits(vault, branch)
    parent = old[n - 2] if n > 1 else None
    for i in range(n - 1 + (1 if drop else 0), len(old)):
        raw = git(vault, "cat-file", "commit", old[i])
        if i == n - 1 and change_tree:
            names = tree(vault, old[i])
            change_tree(names)
            new = put_tree(vault, names, mode).encode()
            raw = b"tree " + new + raw[45:]
        if i == n - 1 and change_commit:
            raw = change_commit(raw)
        if b"\nparent " in raw:
            raw = raw[:46] + (b"parent %s\n" % parent.encode() if parent
                              else b"") + raw[94:]
        parent = put_commit(vault, raw)
    set_branch(vault, branch, parent)


def lines(vault, commit, word):
    text = git(vault, "cat-file", "blob", commit + ":batch").decode()
    return [l.split()[1] for l in text.splitlines() if l.startswith(word + " ")]


def expect(name, vault, *wanted):
    """verify --blind must exit 1 and say one of these."""
    status, said = blind(vault)
    report(status == 1 and any(w in said for w in wanted), name,
           "status %d, not one of %s in: %s" % (status, wanted, said[:300]))


def history():
    branch = max(branches("home"), key=lambda b: len(commits("home", b)))
    log = commits("home", branch)
    device = branch[:12]
    # an early batch with several entries, one with an object, and the last
    with_object = [i + 1 for i, c in enumerate(log)
                   if lines("home", c, "object")][0]
    middle = len(log) // 2

    def case(name, n, **what):
        v = copy("home", T)
        rewrite(v, branch, n, **what)
        expect("rewritten: %s, batch %d of %d" % (name, n, len(log)), v,
               "device %s, batch %d" % (device, n))

    for n in (1, middle, len(log)):
        entries = lines("home", log[n - 1], "entry")

        def swap(names, a=entries[0], b=entries[1]):
            names[a], names[b] = names[b], names[a]
        case("two entries swapped", n, change_tree=swap)
        for gone in (entries[0], "batch", "checkpoint", "vault"):
            case("no " + gone[:16], n, change_tree=lambda t: t.pop(gone))
        case("a file more", n, change_tree=lambda t: t.update(
            {"0" * 64: t["vault"]}))
        case("an entry under another name", n,
             change_tree=lambda t: t.update({"f" * 64: t.pop(entries[0])}))
        case("executable files", n, change_tree=lambda t: None, mode=b"100755")
        case("another message", n,
             change_commit=lambda c: c.replace(b"\n\nbatch", b"\n\nBatch"))
        case("an author", n,
             change_commit=lambda c: c.replace(b"author muniment",
                                               b"author Xeniment"))
        case("another time", n, change_commit=lambda c: c.replace(
            b"author muniment <muniment@invalid> 1000",
            b"author muniment <muniment@invalid> 1001"))
        case("a header more", n, change_commit=lambda c: c.replace(
            b"\ngpgsig ", b"\nencoding UTF-8\ngpgsig ", 1))
    objects = lines("home", log[with_object - 1], "object")

    def pointers(names):
        names[objects[0]], names[objects[1]] = (names[objects[1]],
                                                names[objects[0]])
    case("two pointers swapped", with_object, change_tree=pointers)

    # every batch but the last (which is: the end of a log)
    for b in branches("home"):
        log = commits("home", b)
        for n in range(1, len(log)):
            v = copy("home", T)
            rewrite(v, b, n, drop=True)
            expect("batch %d of %d left out" % (n, len(log)), v,
                   "device %s, batch %d" % (b[:12], n))
    # deleting the end, which another device has seen
    for b in branches("home"):
        v = copy("home", T)
        log = commits(v, b)
        others = "".join(git(v, "cat-file", "blob", c + ":batch").decode()
                         for o in branches(v) if o != b for c in commits(v, o))
        seen = max(int(l.split()[2]) for l in others.splitlines()
                   if l.startswith("seen " + b))
        set_branch(v, b, log[seen - 2])
        expect("the end of a log cut off", v, b[:12])
        v = copy("home", T)
        os.unlink(os.path.join(v, "refs/heads", b))
        expect("a branch deleted", v, b[:12])
        v = copy("home", T)
        other = [o for o in branches(v) if o != b][0]
        set_branch(v, b, commits(v, other)[-1])
        expect("a branch that shows another's log", v, b[:12])
        v = copy("home", T)
        os.rename(os.path.join(v, "refs/heads", b),
                  os.path.join(v, "refs/heads", b + ".x"))
        expect("a branch with another name", v, b[:12])
    v = copy("home", T)
    shutil.rmtree(os.path.join(v, "refs/heads"))
    os.mkdir(os.path.join(v, "refs/heads"))
    expect("all branches deleted", v, "refs/heads")


def every_object():
    """Each object of git missing, from a pack that is whole by itself."""
    v = copy("home", T)
    names = git(v, "rev-list", "--objects", "--no-object-names",
                "--all").split()
    where = {}  # blob -> how messages must call it
    for b in branches(v):
        for n, c in enumerate(commits(v, b), 1):
            files_of = tree(v, c)
            for e in lines(v, c, "entry"):
                where[files_of[e].encode()] = (
                    "device %s, batch %d: entry %s" % (b[:12], n, e[:16]),)
    devices = [b[:12] for b in branches(v)]
    folder = os.path.join(v, "objects/pack")
    wrong = []
    for gone in names:
        pack = git("home", "pack-objects", "--stdout", "--quiet", "--window=0",
                   data=b"\n".join(n for n in names if n != gone) + b"\n")
        shutil.rmtree(folder)
        os.mkdir(folder)
        git(v, "index-pack", "--stdin", data=pack)
        for f in os.listdir(folder):
            if not f.endswith((".pack", ".idx")):
                os.unlink(os.path.join(folder, f))
        status, said = blind(v)
        if status != 1 or not any(w in said for w in where.get(gone, devices)):
            wrong.append("%s: status %d, %s" % (gone, status, said))
    report(not wrong and len(where) > 40, "each of %d git objects missing, %d"
           " of them entries" % (len(names), len(where)),
           "%d: %s" % (len(wrong), "; ".join(wrong[:2])))


def idx_parts(idx):
    n = struct.unpack(">I", idx[8 + 255 * 4:8 + 256 * 4])[0]
    oids = 8 + 1024
    return n, oids, oids + 24 * n  # how many, where names and offsets are


def fixed_idx(idx, pack):
    body = idx[:-40] + pack[-20:]
    return body + hashlib.sha1(body).digest()


def all_objects(vault):
    try:
        return hashlib.sha1(git(vault, "cat-file", "--batch",
                                "--batch-all-objects")).digest()
    except subprocess.CalledProcessError:
        return None


def packs():
    """Packs changed by one who sets their checksums right again."""
    r = random.Random(SEED + " packs")
    v = copy("home", T)
    whole = all_objects(v)
    wrong = []
    swaps = flips = harmless = 0
    names = [f[:-5] for f in files(v) if f.endswith(".pack")]
    device = [b[:12] for b in branches(v)]
    for name in names:
        pack_path = os.path.join(v, name + ".pack")
        idx_path = os.path.join(v, name + ".idx")
        pack, idx = read(pack_path), read(idx_path)
        n, _, offsets = idx_parts(idx)
        for _ in range(8):
            i, k = r.sample(range(n), 2)
            changed = bytearray(idx)
            a, b = (slice(offsets + 4 * j, offsets + 4 * j + 4) for j in (i, k))
            changed[a], changed[b] = idx[b], idx[a]
            write(idx_path, fixed_idx(bytes(changed), pack))
            swaps += 1
            status, said = blind(v)
            if status != 1 or not any(d in said for d in device):
                wrong.append("%s: objects %d and %d swapped: status %d, %s" %
                             (name, i, k, status, said))
        write(idx_path, idx)
        for _ in range(12):
            at = r.randrange(12, len(pack) - 20)
            changed = change(pack, "flip", at, r)[:-20]
            changed += hashlib.sha1(changed).digest()
            write(pack_path, changed)
            write(idx_path, fixed_idx(idx, changed))
            flips += 1
            status, said = blind(v)
            if status == 0 and all_objects(v) == whole:
                harmless += 1  # another deflate stream of the same bytes
            elif status not in (1, 2) or not said:
                wrong.append("%s: byte %d: status %d, %s" %
                             (name, at, status, said))
        write(pack_path, pack)
        write(idx_path, idx)
    report(not wrong, "packs whose checksums were set right: %d objects"
           " swapped, %d bytes changed" % (swaps, flips),
           "; ".join(wrong[:3]))
    report(harmless < flips // 4, "most such changes are seen",
           "%d of %d not" % (harmless, flips))
    report(blind(v)[0] == 0, "whole after it")


def objects_and_files():
    """Objects swapped; every file deleted; files that do not belong."""
    objects = [f for f in files("home") if f.startswith("lfs/objects/")]
    v = copy("home", T)
    a, b = (os.path.join(v, o) for o in objects[:2])
    one, other = read(a), read(b)
    write(a, other)
    write(b, one)
    status, said = blind(v)
    report(status == 1 and named(objects[0]) in said and
           named(objects[1]) in said, "two objects swapped", said)

    v = copy("home", T)
    whole = state(v)
    devices = [b[:12] for b in branches(v)]
    for rel in files(v):
        path = os.path.join(v, rel)
        data = read(path)
        os.unlink(path)
        status, said = blind(v)
        # a pack that is gone shows in the logs that it held
        good = [named(rel)] if "pack" not in rel else devices
        report(status in (1, 2) and any(g in said for g in good),
               "deleted: " + rel, "status %d, %s" % (status, said))
        write(path, data)
    for rel in files(v):
        if rel.endswith(".pack"):
            pair = [rel, rel[:-5] + ".idx"]
            data = [read(os.path.join(v, p)) for p in pair]
            for p in pair:
                os.unlink(os.path.join(v, p))
            expect("deleted with its index: " + rel, v, *devices)
            for p, d in zip(pair, data):
                write(os.path.join(v, p), d)
    report(state(v) == whole, "every file is back")
    report(blind(v)[0] == 0, "whole after it")

    folders = [""] + sorted({os.path.dirname(f) for f in files(v)} |
                            {"refs", "objects", "lfs", "lfs/objects"} - {""})
    for folder in folders:
        for name in ("stray", ".stray.pack", "Бумага"):
            rel = os.path.join(folder, name)
            write(os.path.join(v, rel), b"x")
            status, said = blind(v)
            report(status == 1 and rel in said, "stray: " + rel,
                   "status %d, %s" % (status, said))
            os.unlink(os.path.join(v, rel))
    obj = read(os.path.join(v, objects[0])) + b"x"
    sha = hashlib.sha256(obj).hexdigest()
    junk = b"\0" * 100
    strays = {
        "lfs/objects/%s/%s/%s" % (sha[:2], sha[2:4], sha): obj,
        "lfs/objects/00/00/" + objects[0].rsplit("/", 1)[1]:
            read(os.path.join(v, objects[0])),
        "refs/heads/main": read(os.path.join(v, "refs/heads",
                                             branches(v)[0])),
        "refs/tags/x": read(os.path.join(v, "refs/heads", branches(v)[0])),
        "objects/info/alternates": b"/tmp\n",
        "objects/pack/pack-%s.pack" % ("0" * 40): junk +
            hashlib.sha1(junk).digest(),
        "commondir": b"..\n",
        "config.worktree": b"[core]\n\tbare = false\n",
        "packed-refs": b"%s refs/heads/main\n" %
            commits(v, branches(v)[0])[0].encode(),
        "logs/refs/heads/x": b"x\n",
        "worktrees/x/HEAD": b"x\n",
    }
    for rel, data in strays.items():
        v = copy("home", T)
        path = os.path.join(v, rel)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, data)
        status, said = blind(v)
        want = "refs/heads/main" if rel == "packed-refs" else rel
        report(status in (1, 2) and want in said, "does not belong: " + rel,
               "status %d, %s" % (status, said))
    for rel, to in (("link", "config"), ("lfs/objects/link", "/etc/passwd"),
                    ("refs/heads/link", branches("home")[0])):
        v = copy("home", T)
        os.symlink(to, os.path.join(v, rel))
        status, said = blind(v)
        report(status in (1, 2) and rel in said, "a link: " + rel,
               "status %d, %s" % (status, said))
    v = copy("home", T)
    os.mkfifo(os.path.join(v, "refs/heads/fifo"))
    status, said = blind(v)
    report(status in (1, 2) and "fifo" in said, "a FIFO",
           "status %d, %s" % (status, said))
    for link in ("config", files("home")[-1], objects[0]):
        v = copy("home", T)
        os.rename(os.path.join(v, link), "elsewhere")
        os.symlink(os.path.abspath("elsewhere"), os.path.join(v, link))
        status, said = blind(v)
        report(status in (1, 2) and named(link) in said,
               "a link in place of " + link, "status %d, %s" % (status, said))
        os.unlink("elsewhere")
    # a whole pack that no log needs, made by git itself
    v = copy("home", T)
    blob = put_blob(v, b"something that was never signed")
    name = git(v, "pack-objects", "--quiet",
               os.path.abspath(os.path.join(v, "objects/pack/pack")),
               data=blob.encode() + b"\n").decode().strip()
    os.unlink(os.path.join(v, "objects", blob[:2], blob[2:]))
    status, said = blind(v)
    report(status == 1 and name in said, "a pack that no log needs",
           "status %d, %s" % (status, said))
    v = copy("home", T)
    blob = put_blob(v, b"something that was never signed")
    status, said = blind(v)
    report(status == 1 and blob[2:] in said, "a loose object that no log needs",
           "status %d, %s" % (status, said))


def plumbing():
    history()
    every_object()
    packs()
    objects_and_files()


def local_files():
    """local/: the memory of one machine, which `verify` checks."""
    r = random.Random(SEED + " local")

    def case(name, want, change_local, vault="abroad", who="partner",
             same_blind=True):
        v = copy(vault, T)
        before = state(v)
        change_local(v)
        if state(v) == before:
            return report(False, name, "the test changed nothing")
        status, said = muniment(v, "verify", who=who)
        report(status == 1 and want in said, name, "status %d, %s" %
               (status, said))
        status, said = blind(v)
        if same_blind:
            report(status == 0, name + ": nothing to a courier", said)

    for name in ("trust.age", "device.age", "absent.age", "absent"):
        rel = "local/" + name
        size = os.path.getsize("abroad/" + rel)
        # without local/absent a courier must miss the objects
        calm = name != "absent"
        for kind, at in ([("flip", 0), ("flip", size - 1), ("cut", size - 1),
                          ("add", size), ("end", 0)] +
                         [("flip", r.randrange(size)) for _ in range(12)]):
            def damage(v):
                path = os.path.join(v, rel)
                write(path, change(read(path), kind, at, r))
            case("%s: %s at %d" % (rel, kind, at), rel[:12], damage,
                 same_blind=calm)
        case(rel + ": deleted", rel[:12],
             lambda v: os.unlink(os.path.join(v, rel)), same_blind=calm)
        if calm:
            theirs = "home/" + rel
            if not os.path.exists(theirs):
                theirs = "home/local/trust.age"
            case(rel + ": of another person", rel,
                 lambda v: shutil.copy(theirs, os.path.join(v, rel)))
        if os.path.exists("second/" + rel):
            # of trust.age the devices are named, which are not here
            case(rel + ": of another vault",
                 "a rollback" if name == "trust.age" else rel,
                 lambda v: shutil.copy("second/" + rel, os.path.join(v, rel)))
    case("local/absent.age: an older copy", "local/absent",
         lambda v: shutil.copy("abroad.old/local/absent.age", v + "/local/"))
    case("local/absent: an older copy", "local/absent",
         lambda v: shutil.copy("abroad.old/local/absent", v + "/local/"),
         same_blind=False)
    case("local/trust.age: an older copy", "local/trust.age",
         lambda v: shutil.copy("abroad.old/local/trust.age", v + "/local/"))

    # An older state of the whole history under a newer memory.
    def refs_back(v):
        shutil.rmtree(v + "/refs")
        shutil.copytree("abroad.old/refs", v + "/refs")
    case("older refs/: named", "a rollback", refs_back, same_blind=False)

    def all_back(v):
        shutil.copytree("abroad.old", v + ".old")
        shutil.rmtree(v + ".old/local")
        shutil.copytree(v + "/local", v + ".old/local")
        shutil.rmtree(v)
        os.rename(v + ".old", v)
    case("the older vault with the newer local/", "a rollback", all_back,
         same_blind=False)
    v = copy("abroad", T)
    all_back(v)
    status, said = muniment(v, "list", who="partner")
    report(status == 1 and "rollback" in said, "every command says so", said)
    status, said = muniment(v, "receive", "next.carry", who="partner")
    report(status in (0, 1), "and a carry file can mend it or is refused",
           said)


def receive_new(carry, folder, who):
    """Receive into no vault yet: refused, and nothing left. What is wrong."""
    before = sorted(os.listdir(folder))
    status, said = muniment(os.path.join(folder, "vault"), "receive", carry,
                            who=who)
    left = sorted(set(os.listdir(folder)) - set(before))
    for x in left:
        shutil.rmtree(os.path.join(folder, x), ignore_errors=True)
    return "" if status in (1, 2) and said and not left else \
        "status %d, left %s: %s" % (status, left, said)


def receive_old(carry, folder, who):
    """Receive into a vault that is there: it stays as it was."""
    vault = os.path.join(folder, "there")
    before = state(folder)
    status, said = muniment(vault, "receive", carry, who=who)
    same = state(folder) == before
    if not same:
        copy("abroad.old", vault)
    return "" if status in (1, 2) and said and same else \
        "status %d, %s: %s" % (status, "same" if same else "it changed", said)


def carry_part(work):
    carry, part, n_new, n_old, ends = work
    r = random.Random("%s %s %d" % (SEED, carry, part))
    whole = read(carry)
    folder = "carry%d" % part
    os.makedirs(folder, exist_ok=True)
    copy("abroad.old", os.path.join(folder, "there"))
    mine = os.path.join(folder, "changed.muniment")
    wrong = []
    done = 0
    for how, n in ((receive_new, n_new), (receive_old, n_old)):
        # the header is short and delicate: a third of the places is there
        todo = places(len(whole), n, r)[0 if ends else 7:]
        for i, (kind, at) in enumerate(todo):
            at = at if i % 3 or i < 7 else at % 8192
            write(mine, change(whole, kind, at, r))
            why = how(mine, folder, "partner")
            done += 1
            if why:
                wrong.append("%s at %d: %s" % (kind, at, why))
    vault = os.path.join(folder, "there")
    if muniment(vault, "verify", who="partner")[0] != 0:
        wrong.append("the vault that was there does not verify")
    return done, wrong


def seal(data, name):
    """A carry file that is whole, whatever is in it."""
    write("inner.changed", data)
    if os.path.exists(name):
        os.unlink(name)
    subprocess.run([PROGRAM, "seal", "--to", "partner.card", "-o", name,
                    "inner.changed"], check=True)
    return name


def inner():
    """One who may write to us sends a file that is whole outside only."""
    end, other = os.pipe()
    os.write(other, b"pass partner\n")
    os.close(other)
    tar = subprocess.run([PROGRAM, "open", "-i", "partner.age",
                          "--passphrase-fd", str(end), "next.carry"],
                         stdout=subprocess.PIPE, pass_fds=[end],
                         check=True).stdout
    os.close(end)
    os.makedirs("inside", exist_ok=True)
    status, said = muniment("inside/vault", "receive", seal(tar, "in.carry"),
                            who="partner")
    report(status == 0, "opened and sealed again: received", said)
    shutil.rmtree("inside/vault")
    r = random.Random(SEED + " inner")
    wrong = []
    size = int(tar[124:135], 8)  # of the bundle, the first member
    blank = len(tar) - len(tar.rstrip(b"\0"))
    spots = (list(range(0, 512, 43)) + [512, 520, 540, 600, 700] +
             [r.randrange(512, 512 + size) for _ in range(25)] +
             [r.randrange(512 + size, len(tar) - blank) for _ in range(15)] +
             [len(tar) - blank + 600, len(tar) - 1])
    for i, at in enumerate(spots):
        kind = ("flip", "flip", "cut", "add")[i % 4]
        if at >= len(tar) - blank:
            kind = "flip"  # how many zeros there are is the sender's affair
        data = change(tar, kind, at, r)
        why = receive_new(seal(data, "in.carry"), "inside", "partner")
        if why:
            wrong.append("%s at %d: %s" % (kind, at, why))
    report(not wrong, "%d places inside a carry file that is whole outside" %
           len(spots), "; ".join(wrong[:3]))

    member = bytearray(tar[:512])
    member[0:100] = b"../../planted".ljust(100, b"\0")
    member[124:136] = b"00000000005\0"
    member[148:156] = b" " * 8
    member[148:156] = b"%06o\0 " % sum(member)
    evil = bytes(member) + b"hello".ljust(512, b"\0")
    whole = tar[:len(tar) - blank]
    whole += b"\0" * (-len(whole) % 512)
    link = bytearray(evil[:512])
    link[0:100] = b"lfs/objects/aa/bb/x".ljust(100, b"\0")
    link[156:157] = b"2"
    link[157:257] = b"/etc/passwd".ljust(100, b"\0")
    link[148:156] = b" " * 8
    link[148:156] = b"%06o\0 " % sum(link)
    for name, data in (("a member with ..", whole + evil + b"\0" * 1024),
                       ("a link", whole + bytes(link) + b"\0" * 1024),
                       ("a stranger first", evil + tar),
                       ("nothing", b""), ("only zeros", b"\0" * 4096),
                       ("no end", whole), ("something behind", tar + b"x"),
                       ("the first member twice", whole + tar)):
        why = receive_new(seal(data, "in.carry"), "inside", "partner")
        report(not why, "inside a carry file: " + name, why)
    report(os.listdir("inside") == [] and not os.path.exists("planted") and
           not os.path.exists("../planted"), "nothing is planted")


def carry():
    """Any byte of a carry file, received into no vault and into an old one."""
    with multiprocessing.Pool(2) as pool:
        for done, wrong in pool.map(carry_part, [
                ("next.carry", 0, 60, 40, True),
                ("next.carry", 1, 60, 40, False)]):
            report(not wrong, "%d places of a carry file" % done,
                   "%d wrong, such as: %s" % (len(wrong), "; ".join(wrong[:3])))
    inner()


{"bytes": vault_bytes, "plumbing": plumbing, "local": local_files,
 "carry": carry}[sys.argv[1]]()
sys.exit(bad > 0)
