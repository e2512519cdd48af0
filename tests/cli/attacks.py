"""The attacks of attacks.sh, in the folder that it prepared. Prints "ok NAME"
and "not ok NAME" lines; exits 1 if there was one of these.
"""
import base64
import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import forge
from forge import Log, Opened, junk, line, muniment

LONG = bool(os.environ.get("ATTACKS_LONG"))
SECONDS, MEGABYTES = 60, 600  # of the processor; the machine may be busy
bad = 0


def report(good, name, why=""):
    global bad
    bad += not good
    print("ok " + name if good else "not ok %s: %s" % (
        name, (why.strip() or "(it says nothing)")[:1500]), flush=True)


def run(who, vault, *args, stdin=None):
    """Exit status and what was said, bounded in time and memory."""
    end, other = os.pipe()
    os.write(other, b"pass %s\n" % who.encode())
    os.close(other)
    p = subprocess.Popen(
        [forge.PROGRAM, "--identity", who + ".age", "--vault", vault,
         "--passphrase-fd", str(end)] + list(args), pass_fds=[end],
        stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    kill = threading.Timer(10 * SECONDS, p.kill)
    kill.start()
    said = p.stdout.read().decode("utf-8", "replace")
    _, status, used = os.wait4(p.pid, 0)
    kill.cancel()
    os.close(end)
    p.returncode = 0
    run.took = used.ru_utime + used.ru_stime
    run.memory = used.ru_maxrss // 1024
    status = os.waitstatus_to_exitcode(status)
    if run.took > SECONDS or run.memory > MEGABYTES:
        status, said = -9, "%d s, %d MiB: %s" % (run.took, run.memory, said)
    return status, said


def state(folder):
    """All files but those of local/, which may say that one has looked."""
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).digest()
            for p in Path(folder).rglob("*")
            if p.is_file() and "local" not in p.relative_to(folder).parts[:1]}


def copy(vault, to="work"):
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(vault, to)
    return to


def refused(name, carry, *wanted, status=1, vault="abroad", who="boris",
            more=(), **how):
    """A carry file is refused with these words, and nothing changes."""
    v = copy(vault)
    before = state(v)
    got, said = run(who, v, "receive", carry, *more, **how)
    left = [p for p in Path(v, "local").rglob("tmp/*")]
    report(got == status and all(w in said for w in wanted) and
           state(v) == before and not left, name,
           "status %d, changed %s, left %s, not %s in: %s" % (
               got, state(v) != before, left, wanted, said))


def taken(name, carry, *wanted, status=0, vault="home", who="anna", to="work"):
    """A carry file is taken in, with these words; gives the vault."""
    v = copy(vault, to)
    got, said = run(who, v, "receive", carry)
    report(got == status and all(w in said for w in wanted), name,
           "status %d, not %s in: %s" % (got, wanted, said))
    return v


def says(name, v, who, verb, *wanted, status=0, never=()):
    got, said = run(who, v, *verb)
    report(got == status and all(w in said for w in wanted) and
           not any(w in said for w in never), name,
           "status %d, not %s or one of %s in: %s" % (got, wanted, never, said))


def titles(vault, who):
    return {i["file"]["name"] for i in json.loads(
        muniment(who, "--vault", vault, "--json", "list", ok=False))}


# What comes is not what was signed.

def dropped():
    """A part of a history is missing from a carry file."""
    objects, refs = forge.all_objects("home"), forge.heads("home")
    anna = forge.stolen("anna", "home")
    log = Log("home", anna)
    old = len(Log("home.old", anna).batches)
    b = log.batches[old]  # the first that abroad has not seen
    device = log.device[:12]
    where = "device %s, batch %d" % (device, old + 1)
    entry = [n for n in b.entries][0]
    owner = [x for x in log.batches if x.objects][-1]
    pointer = next(iter(owner.objects))
    bulk = forge.lfs("home")

    def without(oid):
        return {o: v for o, v in objects.items() if o != oid}
    forge.carry("x.carry", "boris.card", refs, objects, bulk)
    v = copy("abroad")
    report(run("boris", v, "receive", "x.carry")[0] == 0,
           "the whole, for comparison")
    for name, oid in (("an entry", b.files[entry]), ("a batch file",
                      b.files["batch"]), ("a checkpoint",
                      b.files["checkpoint"])):
        forge.carry("x.carry", "boris.card", refs, without(oid), bulk)
        refused("dropped: " + name, "x.carry", where)
    forge.carry("x.carry", "boris.card", refs,
                without(owner.files[pointer]), bulk)
    refused("dropped: a pointer", "x.carry",
            "device %s, batch %d" % (device, owner.n))
    oid = subprocess.run(["git", "-C", "home", "rev-parse",
                          refs[log.device] + "~1"], stdout=subprocess.PIPE,
                         check=True).stdout.decode().strip()
    forge.carry("x.carry", "boris.card", refs, without(oid), bulk)
    refused("dropped: a commit", "x.carry", device)
    # with the stolen key the tree can be signed anew, without the file
    for name, gone in (("an entry", list(junk(2))[0]),):
        f = Log("home", anna)
        files = junk(2)
        gone = sorted(files)[0]
        f.batch(files, drop=[gone])
        forge.carry("x.carry", "boris.card", {**refs, f.branch: f.head},
                    {**objects, **f.new}, bulk)
        refused("signed without " + name, "x.carry",
                "device %s, batch %d: entry %s is missing" % (
                    device, f.n, gone[:16]))
    # a batch skipped: the next one's parent is the one before
    raw = objects[refs[log.device]][1]
    parent = subprocess.run(["git", "-C", "home", "rev-parse",
                             refs[log.device] + "~2"], stdout=subprocess.PIPE,
                            check=True).stdout.decode().strip()
    fake = raw[:46] + b"parent " + parent.encode() + raw[93 + 1 - 1:]
    f = Log("home", anna)
    oid = f.put(b"commit", raw.replace(raw[46:93], b"parent " +
                                       parent.encode()))
    del fake
    forge.carry("x.carry", "boris.card", {**refs, log.device: oid},
                {**objects, **f.new}, bulk)
    refused("a batch left out", "x.carry", "device %s, batch" % device)
    # an object that is not what was listed, under an unchanged age header
    name, data = bulk[0]
    changed = data[:-20] + bytes(20)
    forge.carry("x.carry", "boris.card", refs, objects,
                [(name, changed)] + bulk[1:])
    refused("another payload under the same header", "x.carry",
            "object " + name.rsplit("/", 1)[1][:16], "another SHA-256")
    whole, n = objects[b.files[entry]][1], f.put(b"blob", b"")
    del n
    f = Log("home", anna)
    oid = f.put(b"blob", whole[:-20] + bytes(20))
    tree = f.put(b"tree", objects[subprocess.run(
        ["git", "-C", "home", "rev-parse", refs[log.device] + "^{tree}"],
        stdout=subprocess.PIPE, check=True).stdout.decode().strip()][1])
    last = log.batches[-1]
    inside = [e for e in last.entries][0]
    oid = f.put(b"blob", objects[last.files[inside]][1][:-20] + bytes(20))
    raw_tree = objects[subprocess.run(
        ["git", "-C", "home", "rev-parse", refs[log.device] + "^{tree}"],
        stdout=subprocess.PIPE, check=True).stdout.decode().strip()][1]
    tree = f.put(b"tree", raw_tree.replace(bytes.fromhex(last.files[inside]),
                                           bytes.fromhex(oid)))
    f.n, f.head = log.n - 1, parent
    parent1 = subprocess.run(["git", "-C", "home", "rev-parse",
                              refs[log.device] + "~1"],
                             stdout=subprocess.PIPE,
                             check=True).stdout.decode().strip()
    f.n, f.head = log.n, parent1
    f.commit(tree)
    forge.carry("x.carry", "boris.card", {**refs, log.device: f.head},
                {**objects, **f.new}, bulk)
    refused("an entry's payload, signed anew", "x.carry",
            "device %s, batch %d" % (device, log.n), "another SHA-256")


def foreign():
    """Another vault under the same name."""
    forge.carry("x.carry", "boris.card", forge.heads("other"),
                forge.all_objects("other"))
    device = next(iter(forge.heads("other")))[:12]
    refused("another vault", "x.carry", "device %s, batch 1" % device,
            "another vault")
    # one that begins like it and goes on with another's batches
    forge.carry("x.carry", "boris.card",
                {**forge.heads("home"), **forge.heads("other")},
                {**forge.all_objects("home"), **forge.all_objects("other")})
    refused("a mixture of two", "x.carry", "device %s, batch 1" % device,
            "another vault")
    v = copy("abroad")
    muniment("boris", "--vault", v, "remote", "add", "x", "other")
    says("another vault as a remote", v, "boris", ["sync", "--pull"],
         "another vault", status=1)


def replayed():
    """An old carry file, again."""
    before = state(copy("home"))
    got, said = run("anna", "work", "receive", "back.carry")
    report(got == 0 and state("work") == before,
           "a known carry file changes nothing", said)
    forge.carry("x.carry", "anna.card", forge.heads("home.old"),
                forge.all_objects("home.old"))
    got, said = run("anna", "work", "receive", "x.carry")
    device = Log("home", forge.stolen("anna", "home")).device[:12]
    report(got == 0 and "older state" in said and "device " + device in said
           and state("work") == before, "an old one is said to be older", said)


# Whoever has the key.

def forked():
    """A thief writes a second history with a stolen device key."""
    anna = forge.stolen("anna", "home")
    log = Log("home", anna, upto=len(Log("home.old", anna).batches))
    at = log.n + 1
    log.batch(junk(3))
    log.batch(junk(1))
    refs = forge.heads("home.old")
    refs[log.device] = log.head
    forge.carry("x.carry", "boris.card", refs,
                {**forge.all_objects("home.old"), **log.new})
    where = "device %s: a fork: it has signed two histories that part at" \
        " batch %d" % (log.device[:12], at)
    # the partner has the true one, then sees the thief's; and the other way
    v = copy("abroad", "first")
    report(run("boris", v, "receive", "news.carry")[0] == 0, "the true history")
    taken("a second history is named", "x.carry", where, status=1,
          vault="first", who="boris", to="one")
    taken("the thief's comes first", "x.carry", vault="abroad", who="boris",
          to="second")
    taken("then it is named, too", "news.carry", where, status=1,
          vault="second", who="boris", to="two")
    for v in ("one", "two"):
        says("%s: what stands after the fork does not count" % v, v, "boris",
             ["list"], where, status=1, never=["small4"])
        report(len(list(Path(v, "refs/heads").glob(log.device + "*"))) == 2,
               "%s: both sides are kept" % v)
        says("%s: the rest goes on" % v, v, "boris",
             ["add", "small1", "--again", "--case", "A"], status=1)
        report("small1" in titles(v, "boris"), "%s: and counts" % v)
    a, b = (sorted(Path(v, "refs/heads", p).read_text() for p in
                   os.listdir(v + "/refs/heads") if p.startswith(log.device))
            for v in ("one", "two"))
    report(a == b, "both have the same sides")
    muniment("boris", "--vault", "one", "carry", "-o", "evidence.carry",
             "--to", "anna", ok=False)
    taken("they travel on to the owner", "evidence.carry", where, status=1)
    says("who is told what to do", "work", "anna", ["add", "small1", "--again",
                                                   "--case", "A"],
         "this machine's own, has signed two histories",
         "device new --restored", status=1)


def many_sides():
    """He signs a hundred of them, and a hundred devices of nobody."""
    anna = forge.stolen("anna", "home")
    known = len(Log("home.old", anna).batches)
    refs, objects = forge.heads("home.old"), forge.all_objects("home.old")
    for i in range(100):
        log = Log("home.old", anna, upto=known - 1)
        log.batch(junk(1))
        refs["%s.%s" % (log.device, log.root.hex()[:32])] = log.head
        objects.update(log.new)
    forge.carry("x.carry", "boris.card", refs, objects)
    v = taken("a hundred histories of one device", "x.carry",
              "histories were left out", "a fork", status=1, vault="abroad",
              who="boris")
    n = len(list(Path(v, "refs/heads").glob(log.device + "*")))
    report(2 <= n <= 16, "of which few are kept", str(n))
    refs, objects = forge.heads("home"), forge.all_objects("home")
    for i in range(100):
        log = Log("home", forge.Key(os.urandom(32)))
        log.batch(junk(1))
        refs[log.branch] = log.head
        objects.update(log.new)
    forge.carry("x.carry", "boris.card", refs, objects)
    v = taken("a hundred devices of nobody", "x.carry",
              "100 devices that belong to no member", "were left out",
              vault="abroad", who="boris")
    report(len(forge.heads(v)) == len(forge.heads("home")), "none is kept")


# Members with programs of their own.

def records():
    """Records that are not their author's to write, or not where they say."""
    key = forge.stolen("nina", "ninas")
    opened = Opened("nina", "home")
    case = [e for e in opened.entries if e["kind"] == "record"][0]["case"]
    to = forge.recipient(opened, case)
    anna = [e for e in opened.entries if e["kind"] == "record"][0]
    seat = [e for e in opened.entries if e["kind"] == "device" and
            e["device"] == forge.device_name(key.pub)][0]["seat"]
    refs, objects = forge.heads("home"), forge.all_objects("home")
    other = Opened("anna", "other")

    def send(name, make, *wanted, log=None, status=0, kept=True):
        log = log or Log("home", key)
        files, keys = make(log)
        files.update(forge.ring(log, to, keys))
        log.batch(files)
        forge.carry("x.carry", "anna.card", {**refs, log.branch: log.head},
                    {**objects, **log.new})
        v = taken(name + ": it is kept", "x.carry", status=status)
        says(name + ": and not accepted", v, "anna", ["verify"],
             "device %s, batch %d" % (log.device[:12], log.n), *wanted,
             status=status)
        report("x" * 8 not in titles(v, "anna"), name + ": it is not listed")

    def record(log, **what):
        fields = {"item": os.urandom(16).hex(), "parents": [], "files": [],
                  "fields": {"title": "x" * 8}, **what}
        files, k = forge.entry(log, "record", what.pop("case", case),
                               what.pop("seat", seat),
                               **{k: v for k, v in fields.items()
                                  if k not in ("case", "seat")})
        return files, {next(iter(files)): k}

    send("a reader writes", record,
         "its author has no right to write in this case")
    send("in another's name", lambda log: record(log, seat=anna["seat"]),
         "another seat than that of its device")
    send("in another case", lambda log: record(log, case=os.urandom(16).hex()),
         "no right")

    def moved(source, **what):
        """An entry of somebody else's, sealed anew."""
        def make(log):
            doc = {k: v for k, v in {**source.data, **what}.items()
                   if k not in ("version", "kind", "case", "seat")}
            text = {"version": 1, "kind": source["kind"], "case":
                    source["case"], "seat": source["seat"], **doc}
            plain = reader_entry(text)
            return plain
        return make

    def reader_entry(doc):
        text = forge.reader.canonical(doc).encode()
        head = forge.reader.tar_header("entry.json", len(text))
        body = forge.frame(head + text + b"\0" * (-len(text) % 512)) + \
            forge.frame(bytes(1024))
        k, recipient = forge.one_off()
        room = 4096 - len(forge.seal(recipient, b"")) - len(body) - 8
        data = forge.seal(recipient, body + b"\x50\x2a\x4d\x18" +
                          room.to_bytes(4, "little") + bytes(room))
        files = line(data, forge.reader.fields_root(doc))
        return files, {next(iter(files)): k}

    send("an entry moved to another device", moved(anna),
         "it says that it is of another device", status=1)
    send("to another batch", moved(anna, device=forge.device_name(key.pub)),
         "it says that it is of another batch", status=1)
    send("to another vault", moved(other.entries[0]),
         "it says that it is of another vault", status=1)

    def wrong_root(log):
        files, keys = record(log)
        name = next(iter(files))
        return line(files[name][1]), keys
    send("with other fields than its line", wrong_root,
         "its fields do not agree with the root on its line", status=1)

    def listed_again(log):
        """The very file, in a batch of one's own."""
        b = anna.batch
        data = b.read(anna.name)
        return ({anna.name: ("entry %s %s" % (anna.name,
                                              b.entries[anna.name]), data)},
                {anna.name: opened.keys.entry[anna.name[:32]][0]})
    send("the very entry listed again", listed_again,
         "entry %s is listed by device" % anna.name[:16], status=1)

    def another_item(log):
        """What she read, as a record of hers under another item's number."""
        return record(log, item=anna["item"], parents=[anna.name])
    send("to another item", another_item, "no right to write in this case")


def retired():
    """One who was retired writes on."""
    v = copy("home", "boss")
    assert run("anna", v, "member", "retire", "boris")[0] == 0
    b = copy("abroad", "left")
    assert run("boris", b, "add", "small1", "--again", "--case", "A")[0] == 0
    muniment("boris", "--vault", b, "carry", "-o", "left.carry", "--to", "anna",
             ok=False)
    device = Log(b, forge.stolen("boris", b)).device[:12]
    taken("what a retired member writes is kept", "left.carry", vault="boss",
          to="later")
    says("and named", "later", "anna", ["verify"], "device %s, batch" % device,
         "is not accepted")
    items = json.loads(muniment("anna", "--vault", "later", "--json", "list"))
    report(len([i for i in items if i["file"]["name"] == "small1"]) == 1,
           "and does not count")
    muniment("anna", "--vault", v, "carry", "-o", "told.carry", "--to",
             "boris.card")
    assert run("boris", b, "receive", "told.carry")[0] in (0, 1)
    says("once told, he is refused by his own", b, "boris",
         ["add", "small1", "--again", "--case", "A"], "retired", status=2)


# Much of it.

def stream(pieces):
    """A pipe that gives these bytes; how many were taken is in its `sent`."""
    r, w = os.pipe()

    def feed():
        feed.sent = 0
        try:
            with open(w, "wb", buffering=0) as f:
                for p in pieces:
                    f.write(p)
                    feed.sent += len(p)
        except BrokenPipeError:
            pass
    feed.thread = threading.Thread(target=feed, daemon=True)
    feed.thread.start()
    return r, feed


def sealed(pieces):
    """The same, locked to a card as it goes."""
    r, feed = stream(pieces)
    p = subprocess.Popen([forge.PROGRAM, "seal", "--to", "boris.card"],
                         stdin=r, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    os.close(r)
    return p, feed


def head(name, size):
    return forge.reader.tar_header(name, size)


def flood():
    """Gigabytes, millions, bombs: refused early."""
    piece = os.urandom(1 << 20)

    def endless(first):
        yield first
        for _ in range(10 << 10):
            yield piece

    def send(name, first, *wanted, status, most=64 << 20):
        p, feed = sealed(endless(first))
        refused(name, "/dev/stdin", *wanted, status=status, stdin=p.stdout)
        p.stdout.close()
        p.kill()
        p.wait()
        report(feed.sent < most, name + ": before much of it was read",
               "%d bytes" % feed.sent)

    r, feed = stream(endless(b""))
    refused("10 GB of noise", "/dev/stdin", status=1, stdin=r)
    os.close(r)
    report(feed.sent < 64 << 20, "10 GB of noise: hardly read")
    send("10 GB that are locked to me", b"", "not a carry file", status=1)
    size = (8 << 30) - 512
    send("8 GB of history", head("vault.bundle", size),
         "than one exchange is taken to bring", status=2)
    refs = "# v2 git bundle\n%s refs/heads/x\n\n" % ("0" * 40)
    first = head("vault.bundle", 1 << 29) + refs.encode()
    send("a million git objects, and more", first + b"PACK" +
         (2).to_bytes(4, "big") + (9000000).to_bytes(4, "big"),
         "than one exchange is taken to bring", status=2)

    def bombs():
        """4 MiB of zeros in 20 KiB, again and again."""
        yield first + b"PACK" + (2).to_bytes(4, "big") + \
            (900000).to_bytes(4, "big")
        for i in range(1000):
            yield forge.pack([(b"blob", b"%04d" % i + bytes((4 << 20) - 4))],
                             level=1)[12:-20]
    p, feed = sealed(bombs())
    refused("zeros that inflate", "/dev/stdin", "than one exchange is taken to"
            " bring", status=2, stdin=p.stdout)
    p.stdout.close()
    p.kill()
    p.wait()

    # and behind a good one, without end
    good = forge.tar([("vault.bundle", forge.bundle(
        forge.heads("home"), forge.all_objects("home")))])

    def zeros():
        yield good
        for _ in range(10 << 10):
            yield bytes(1 << 20)
    p, feed = sealed(zeros())
    refused("10 GB of zeros behind it", "/dev/stdin", "not of the form",
            status=1, stdin=p.stdout)
    p.stdout.close()
    p.kill()
    p.wait()
    report(feed.sent < 64 << 20, "10 GB of zeros: hardly read")


def shapes():
    """Git objects of strange shapes."""
    refs, objects = forge.heads("home"), forge.all_objects("home")
    anna = forge.stolen("anna", "home")
    device = forge.device_name(anna.pub)[:12]

    def send(name, log, *wanted, status=1, new=None):
        forge.carry("x.carry", "boris.card", {**refs, log.branch: log.head},
                    {**objects, **log.new, **(new or {})})
        refused(name, "x.carry", *wanted, status=status)

    log = Log("home", anna)
    sub = log.put(b"tree", b"100644 x\0" + bytes(20))
    for _ in range(30):  # 10^30 files, if anybody went down there
        sub = log.put(b"tree", b"".join(
            b"40000 %d\0" % i + bytes.fromhex(sub) for i in range(10)))
    log.n += 1
    log.commit(sub)
    send("a tree bomb", log, "device %s, batch %d" % (device, log.n), "tree")
    log = Log("home", anna)
    blob = log.put(b"blob", b"")
    log.n += 1
    log.commit(log.put(b"tree", b"".join(
        b"100644 %064x\0" % i + bytes.fromhex(blob) for i in range(40000))))
    send("a tree of 40,000 files", log, "device %s, batch %d" % (
        device, log.n))
    log = Log("home", anna)
    log.put(b"blob", bytes(5 << 20))
    log.batch(junk(1))
    send("a blob of 5 MiB", log, "larger than any in a vault")
    log = Log("home", anna)
    name = "%064x" % 1
    log.batch({name: ("entry %s %s" % (name, name), b"x" * 4096)})
    send("an entry under another hash", log, "device %s, batch %d: its file has"
         " another SHA-256" % (device, log.n))
    log = Log("home", anna)
    log.batch(line(os.urandom(4096)))
    send("noise as an entry", log, "device %s, batch %d" % (device, log.n),
         "neither an entry nor a ring")
    log = Log("home", anna)
    log.batch(junk(1), checkpoint=b"x")
    send("a checkpoint of no form", log, "device %s, batch %d: its checkpoint" %
         (device, log.n))
    log = Log("home", anna)
    log.batch(junk(1), also={"0" * 64: log.put(b"blob", b"more")})
    send("a file that no line lists", log, "device %s, batch %d" % (
        device, log.n))
    # a delta of a few bytes that stands for megabytes
    log = Log("home", anna)
    log.batch(junk(1))
    whole = forge.bundle({**refs, log.branch: log.head}, {**objects, **log.new},
                         count=len(objects) + len(log.new) + 1)
    start = whole.index(b"\n\nPACK") + 2
    body = whole[start:-20]
    delta = b"\x80\x80\x80\x02\x80\x80\x80\x02" + b"\xf0\x80\x80\x80" * 100
    h = bytes([7 << 4 | 0x80 | len(delta) & 15, len(delta) >> 4])
    body += h + bytes(20) + zlib.compress(delta)
    Path("x.carry").write_bytes(forge.seal("boris.card", forge.tar([
        ("vault.bundle", whole[:start] + body +
         hashlib.sha1(body).digest())])))
    refused("a delta", "x.carry", "a delta", status=1)


def folders():
    """A vault's folder, by hand of whoever keeps it."""
    v = copy("abroad")
    obj = next(Path(v, "lfs/objects").glob("*/*/*"))
    data = obj.read_bytes()
    name = obj.name[:16]
    owner = [b for b in Log("abroad", forge.stolen("anna", "home")).batches
             if obj.name in b.objects][0]
    where = "device %s, batch %d: object %s" % (owner.device[:12], owner.n,
                                                name)
    obj.write_bytes(data[:-20] + bytes(20))
    says("another payload under the same header", v, "boris", ["verify"],
         where, status=1)
    obj.unlink()
    says("an object removed", v, "boris", ["verify"], where, status=1)
    obj.write_bytes(data)
    says("it is back", v, "boris", ["verify"])
    for ref in Path("abroad/refs/heads").iterdir():
        v = copy("abroad")
        head = subprocess.run(["git", "-C", v, "rev-parse",
                               ref.read_text().strip() + "~1"], check=False,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout.decode()
        if len(head) != 41:
            Path(v, "refs/heads", ref.name).unlink()
        else:
            Path(v, "refs/heads", ref.name).write_text(head)
        says("a branch set back: %s" % ref.name[:12], v, "boris", ["list"],
             "device %s: this machine has seen it at batch" % ref.name[:12],
             "a rollback", status=1)
    v = copy("one" if Path("one").exists() else "abroad")
    for side in Path(v, "refs/heads").glob("*.*"):
        side.unlink()
        says("a fork's side removed", v, "boris", ["list"],
             "device %s: this machine has seen it at batch" % side.name[:12],
             status=1)


PARTS = [dropped, foreign, replayed, forked, many_sides, records, retired, flood, shapes,
         folders]
for part in PARTS:
    if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
        part()
sys.exit(bad > 0)
