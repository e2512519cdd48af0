#!/bin/sh
# What a git host can do to those who sync with it, its keeper knowing git and
# holding a stolen device key. With ATTACKS_LONG=1 it sends hundreds of MiB, too.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/host/lib.sh"
export MUNIMENT
export PYTHONPATH="$TOP/tests/cli"

home() { as anna --vault home "$@"; }
abroad() { as boris --vault abroad "$@"; }
REPO=$HOST/repos/v.git
forge() { python3 -c "import forge, os
from forge import Log, junk
from pathlib import Path
REPO = '$REPO'
$(cat)"; }
# back: the host as it was
back() { rm -rf "$REPO" "$HOST/lfs" && cp -R repo.good "$REPO" &&
	cp -R lfs.good "$HOST/lfs"; }
# fresh: the partner's vault as it was
fresh() { rm -rf abroad && cp -R abroad.good abroad; }
state() { (cd abroad && find . -path ./local -prune -o -type f \
	-exec sha256sum {} + | sort); }

for p in anna boris; do person $p || exit 2; done
new_vault anna home
home case new A >/dev/null
head -c 90000 /dev/urandom >big
echo one >one
home add big one --case A >/dev/null
home member add boris.card --case A --role author
home carry -o c.carry --to boris.card >/dev/null 2>&1
abroad receive c.carry >/dev/null 2>&1
certificates
password
new_repo v
start_https
home remote add host "$HTTPS" >/dev/null
abroad remote add host "$HTTPS" >/dev/null
status "first sync" 0 home sync
status "the partner too" 0 abroad sync
cp -R home home.old
echo two >two
head -c 95000 /dev/urandom >big2
home add two big2 --case A >/dev/null
home sync >/dev/null 2>&1
cp -R "$REPO" repo.good
cp -R "$HOST/lfs" lfs.good
cp -R abroad abroad.good
device=$(ls home/refs/heads | while read -r b; do
	echo "$(git -C home rev-list --count "$b") $b"; done | sort -n |
	tail -n 1 | cut -d' ' -f2)
short=$(echo "$device" | cut -c1-12)

# rolled back
size=$(git -C home rev-list --count "$device")
git -C "$REPO" update-ref "refs/heads/$device" "$(git -C home rev-parse \
	"$device~2")"
status "a branch set back" 1 home sync --pull
says "is named, with the device and the batch" \
	"device $short: batch $size was there; now it ends at $((size - 2))"
status "and brought forward again" 0 home sync
[ "$(git -C "$REPO" rev-parse "$device")" = "$(git -C home rev-parse \
	"$device")" ] && ok "the host has the newest" || not_ok "it has not"
back
git -C "$REPO" update-ref -d "refs/heads/$device"
status "a branch removed" 1 home sync --pull
says "is named" "device $short: batch $size was there; now it ends at 0"
back
status "a partner who had the newest" 0 abroad sync
git -C "$REPO" update-ref "refs/heads/$device" "$(git -C home rev-parse \
	"$device~1")"
status "sees it too" 1 abroad sync --pull
says "by name" "device $short: batch $size was there"
back
fresh

# dropped: an entry, a pointer, an object
state >before
forge <<'EOT'
import subprocess
repo = Path(REPO)
log = Log("home", forge.stolen("anna", "home"))
b = log.batches[-1]
gone = b.files[next(iter(b.entries))]
objects = {o: v for o, v in forge.all_objects(REPO).items() if o != gone}
for p in repo.glob("objects/pack/*"):
    p.chmod(0o600)
    p.unlink()
f = Log.__new__(Log)
f.new, f.head, f.branch = objects, log.head, log.branch
f.write(REPO)
EOT
abroad sync --pull >out 2>err
[ $? -ne 0 ] && [ -s err ] && ok "an entry that the host lost: refused" ||
	not_ok "an entry that the host lost: $(cat out err)"
state >after
check "and nothing has changed" cmp before after
back
fresh
obj=$(cd "$HOST/lfs" && find . -type f | while read -r f; do
	[ -n "$(find "$W/abroad/lfs" -name "${f##*/}")" ] || echo "$f"; done |
	head -n 1)
head -c 20 /dev/zero | dd of="$HOST/lfs/$obj" bs=1 seek=50000 conv=notrunc \
	2>/dev/null
fresh
status "an object with another payload" 1 abroad sync
says "is named" "$(basename "$obj" | cut -c1-16)"
[ -z "$(find abroad/lfs -name "$(basename "$obj")")" ] &&
	ok "and not taken in" || not_ok "it was taken in"
back
fresh
status "from a good host it comes" 0 abroad sync

# a second history, signed with a stolen key
back
fresh
status "the owner has the host in mind" 0 home sync
forge <<'EOT'
log = Log("home", forge.stolen("anna", "home"),
          upto=len(Log("home.old", forge.stolen("anna", "home")).batches))
log.batch(junk(3))
log.write(REPO)
EOT
status "a fork put in its place: the owner" 1 home sync --pull
says "sees which batch is gone" "device $short: batch"
says "and the fork" "device $short: a fork: it has signed two histories"
status "and writes nothing more there" 1 home add one --again --case A
says "but under a new key" "device new --restored"
status "the partner takes the thief's" 0 abroad sync --pull
status "till the owner has been there" 1 home sync
status "then he sees both" 1 abroad sync
says "by name" "device $short: a fork: it has signed two histories"
back

# strangers, and too much
fresh
state >before
forge <<'EOT'
for i in range(20):
    log = Log("home", forge.Key(os.urandom(32)))
    log.batch(junk(1))
    log.write(REPO)
EOT
status "branches of nobody" 0 "$MUNIMENT" --identity boris.age --vault abroad \
	--passphrase-fd 3 sync --pull 3<<P
pass boris
P
says "are left out" "20 devices that belong to no"
[ "$(ls abroad/refs/heads | wc -l)" = "$(ls abroad.good/refs/heads | wc -l)" ] &&
	ok "all of them" || not_ok "$(ls abroad/refs/heads)"
back
fresh
if [ -n "$ATTACKS_LONG" ]; then
git -C "$REPO" config core.compression 0
git -C "$REPO" config pack.compression 0
forge <<'EOT'
import subprocess
log = Log("home", forge.Key(os.urandom(32)))
log.batch(junk(1))
# 300 MiB that no line lists, in trees of no form
names = {}
for i in range(76):
    data = os.urandom(4 << 20)
    oid = subprocess.run(["git", "-C", REPO, "-c", "core.compression=0",
                          "hash-object", "-w", "--stdin"], input=data,
                         stdout=subprocess.PIPE, check=True).stdout
    names["%064x" % i] = oid.decode().strip()
tree = b"".join(b"100644 " + n.encode() + b"\0" + bytes.fromhex(o)
                for n, o in sorted(names.items()))
log.n += 1
log.commit(log.put(b"tree", tree))
log.write(REPO)
EOT
used=$(du -s abroad | cut -f1)
abroad sync --pull >out 2>err
[ $? -ne 0 ] && ok "hundreds of MiB: refused" || not_ok "hundreds of MiB: taken"
[ "$(du -s abroad | cut -f1)" -lt $((used + 1024)) ] &&
	ok "and nothing of it stays" ||
	not_ok "$(du -s abroad) KiB, before $used: $(cat err)"
fi
back
status "a good host is taken again" 0 abroad sync
status "all is well" 0 abroad verify
finish
