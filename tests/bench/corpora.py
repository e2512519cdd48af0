"""
What is taken in: made from a seed, the same everywhere.

  A  media      files that do not compress, 1 to 40 MiB each
  B  documents  mails, chats and web pages of 1 to 64 KiB, about 3:1
  C  versions   a file that does not compress, and versions of it: in each a
                hundredth of the bytes is new, half of that inserted
"""
import hashlib
import itertools
import multiprocessing
import os
import random
import time

SEED = "muniment bench 1"
MIB = 1 << 20
TIME = 1_600_000_000  # of every file
# seconds: what is younger muniment reads again (vault/local/sources.h)
SETTLED = 61


class Size:
    """How much of each."""

    def __init__(self, name, media, largest, documents, first, versions,
                 items, memory):
        self.name, self.media, self.largest = name, media, largest
        self.documents, self.first, self.versions = documents, first, versions
        self.items, self.memory = items, memory


SIZES = {s.name: s for s in (
    Size("small", 12 * MIB, 4 * MIB, 120, 8 * MIB, 2, (50,), 32 * MIB),
    Size("medium", 256 * MIB, 40 * MIB, 2000, 64 * MIB, 5, (1000, 10000),
         256 * MIB),
    Size("full", 2048 * MIB, 40 * MIB, 20000, 512 * MIB, 5,
         (1000, 10000, 100000), 1024 * MIB),
)}


def chance(*key):
    return random.Random("/".join([SEED, *map(str, key)]))


def write(path, pieces):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as h:
        for p in pieces:
            h.write(p)
    os.utime(path, (TIME, TIME))


def noise(r, length):
    """Bytes that do not compress, in pieces."""
    while length > 0:
        n = min(length, 4 * MIB)
        yield r.randbytes(n)
        length -= n


def one_medium(job):
    folder, number, length = job
    film = length >= 12 * MIB
    head = b"\0\0\0\x18ftypmp42" if film else b"\xff\xd8\xff\xe1\0\x18Exif\0\0"
    name = f"{'film' if film else 'photo'}-{number:04d}"
    write(f"{folder}/roll-{number // 20}/{name}.{'mp4' if film else 'jpg'}",
          itertools.chain([head], noise(chance("A", number),
                                        length - len(head))))


def media(folder, size, pool):
    r, left, jobs = chance("A"), size.media, []
    while left > 0:
        n = min(left, r.randint(MIB, size.largest))
        jobs.append((folder, len(jobs), n))
        left -= n
    pool.map(one_medium, jobs, chunksize=1)


def vocabulary():
    r = chance("B", "words")
    parts = ["ba", "ko", "ri", "lem", "tar", "un", "es", "vo", "da", "shi",
             "men", "pol", "gra", "is", "ul", "net", "or", "fa", "zhe", "kin"]
    words = set()
    while len(words) < 9000:
        words.add("".join(r.choices(parts, k=r.choice((1, 2, 2, 3, 3, 4)))))
    words = sorted(words)
    r.shuffle(words)
    weights = itertools.accumulate(1 / (k + 2.5) for k in range(len(words)))
    return words, list(weights)


WORDS, WEIGHTS = vocabulary()


def sentence(r, n):
    return " ".join(r.choices(WORDS, cum_weights=WEIGHTS, k=n)).capitalize()


def mail(r):
    yield (f"From: {sentence(r, 2)}\nMessage-ID: <{r.randbytes(9).hex()}>\n"
           f"Subject: {sentence(r, 5)}\n\n")
    while True:
        yield ". ".join(sentence(r, r.randint(5, 18)) for _ in range(6))
        yield ".\n\n"


def chat(r):
    yield '{"chat": "%s", "messages": [\n' % r.randbytes(8).hex()
    for i in itertools.count():
        yield ('  {"id": %d, "from": "%s", "at": %d, "text": "%s"},\n'
               % (i, sentence(r, 1), TIME + r.randrange(10**7),
                  sentence(r, r.randint(2, 25))))


def page(r):
    yield f"<!doctype html>\n<title>{sentence(r, 6)}</title>\n"
    for i in itertools.count():
        yield (f'<p class="text" id="p{i}">{sentence(r, r.randint(20, 70))}'
               f'. <a href="/{r.randbytes(5).hex()}">{sentence(r, 3)}</a>'
               "</p>\n")


def some_documents(job):
    folder, first, last = job
    kinds = (("mail", "txt", mail), ("chat", "json", chat),
             ("page", "html", page))
    for i in range(first, last):
        r = chance("B", i)
        kind, end, make = kinds[i % 3]
        length = int(1024 * 64 ** (r.random() ** 0.62))
        text, have = [], 0
        for piece in make(r):
            text.append(piece)
            have += len(piece)
            if have >= length:
                break
        write(f"{folder}/{i // 100:03d}/{kind}-{i:05d}.{end}",
              ["".join(text).encode()[:length]])


def documents(folder, size, pool):
    step = 100
    pool.map(some_documents,
             [(folder, i, min(i + step, size.documents))
              for i in range(0, size.documents, step)], chunksize=1)


def versions(folder, size, _pool):
    data = bytearray(b"".join(noise(chance("C", 0), size.first)))
    for v in range(size.versions + 1):
        r = chance("C", v)
        for edit in range(20 if v else 0):
            n = max(1, int(size.first / 100 / 20 * r.uniform(0.5, 1.5)))
            at = r.randrange(len(data) - n)
            data[at:at if edit % 2 else at + n] = r.randbytes(n)
        write(f"{folder}/v{v}.bin", [data])


MAKERS = {"A": media, "B": documents, "C": versions}


def digests(folder):
    """The SHA-256 of every file's content, sorted: names do not count."""
    out = []
    for top, _, names in os.walk(folder):
        for n in names:
            h = hashlib.sha256()
            with open(os.path.join(top, n), "rb") as f:
                while block := f.read(MIB):
                    h.update(block)
            out.append(h.hexdigest())
    return sorted(out)


def make(top, size, say):
    """Make what is not there yet; the folders by the names of the corpora."""
    folders, made = {}, False
    with multiprocessing.Pool() as pool:
        for name, maker in MAKERS.items():
            folder = folders[name] = f"{top}/{size.name}/{name}"
            if os.path.exists(f"{folder}.made"):
                continue
            say(f"making corpus {name}")
            maker(folder, size, pool)
            made = True
            with open(f"{folder}.made", "w") as h:
                h.write(SEED + "\n")
    if made and size.name != "small":
        time.sleep(SETTLED)
    return folders


def notes(folder, n):
    """n tiny files, each of its own content."""
    for i in range(n):
        write(f"{folder}/{i // 1000:04d}/note-{i:07d}.txt",
              [f"note {i}: {sentence(chance('N', i), 12)}\n".encode()])
