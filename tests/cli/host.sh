#!/bin/sh
# Sync with a real git host on loopback, over https and over sshd, with stock
# git and git-lfs as the other client; killed anywhere; and with everything
# that a host can do wrong. MUNIMENT_KILLS sets how often it is killed (50).
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/host/lib.sh"
: "${MUNIMENT_KILLS:=50}"
anna() { as anna --vault "$W/home.v" "$@"; }
boris() { as boris --vault "$W/abroad" "$@"; }
# state DIR NAME: branches, what the person sees, and bulk
state() {
	git --git-dir="$1" for-each-ref --format='%(refname) %(objectname)'
	as "$2" --vault "$1" --json list
	(cd "$1/lfs/objects" && find . -type f | sort)
}
# same NAME: anna's and boris' vaults are in the same state
same() {
	state home.v anna >state.a 2>&1
	state abroad boris >state.b 2>&1
	if [ -s state.a ] && cmp -s state.a state.b; then ok "$1"; else
		not_ok "$1"
		diff state.a state.b | head -20 | sed 's/^/    /'
	fi
}
# leftovers DIR: what a sync may leave behind on its way
leftovers() {
	find "$1/local/tmp" "$1/local/incoming" "$1/local/journal" -type f \
		2>/dev/null
	find "$1" -name '*.part' -o -name '*.new' -o -name 'pack_git2_*' \
		-o -name FETCH_HEAD -o -name '*.lock'
}
photo() { head -c "$(($2 * 1000))" /dev/urandom >"$1"; }

for p in anna boris; do person $p || exit 2; done
new_vault anna home.v || exit 2
anna case new Case >/dev/null
anna member add boris.card --case Case --role author >/dev/null
mkdir in
for i in 1 2 3; do photo in/$i.jpg 100; done
anna add in --case Case >/dev/null
anna carry --to boris.card -o first.carry >/dev/null
boris receive first.carry >/dev/null || exit 2
for i in 4 5 6; do photo in/$i.jpg 90; done
anna add in --case Case >/dev/null
certificates
password
new_repo v
start_https
start_ssh
known_host
anna remote add host "$HTTPS" >/dev/null || exit 2
boris remote add host "$SSH" >/dev/null || exit 2

# Up over https, down over ssh, and back.
status "up over https" 0 anna sync
is "each object once" 6 "$(count put)"
status "again" 0 anna sync
is "nothing goes twice" "6 1" "$(count put) $(count git-push)"
status "down over ssh" 0 boris sync
status "and what boris saw of it" 0 anna sync
status "comes to rest" 0 boris sync
same "both have the same"
boris get --case Case -o got >/dev/null
for i in 1 2 3 4 5 6; do check "photo $i" cmp in/$i.jpg got/$i.jpg; done
photo b.jpg 120
boris add b.jpg --case Case >/dev/null
status "up over ssh" 0 boris sync
status "down over https" 0 anna sync
status "a note" 0 boris sync
status "comes to rest again" 0 anna sync
boris sync >/dev/null 2>&1
same "both have the same again"
is "no object was put that the host had" 0 "$(count again)"
is "nor any git object" 0 "$(twice "$HOST/repos/v.git/objects")"
is "the password stayed with the host" 0 "$(count leak)"
is "nothing is left behind" "" "$(leftovers home.v; leftovers abroad)"
is "no address lies in clear" "" \
	"$(grep -rlaF -e 127.0.0.1 -e localhost home.v abroad)"

# Stock clients at the other end, both ways.
check "stock git clones" git clone -q --mirror "$HTTPS" mirror
check "stock git-lfs fetches" git -C mirror lfs fetch --all
status "the clone verifies" 0 as anna --vault mirror verify
status "also without a key" 0 "$MUNIMENT" --quiet --vault mirror verify --blind
as anna --vault mirror get --case Case -o got2 >/dev/null 2>&1
check "and opens" cmp in/1.jpg got2/1.jpg
new_repo other
O_URL=${HTTPS%/v.git}/other.git
check "stock git-lfs pushes the bulk" git -C mirror lfs push --all "$O_URL"
check "stock git pushes the branches" git -C mirror push -q --all "$O_URL"
anna remote add other "$O_URL" >/dev/null
status "sync with what it pushed" 0 anna sync other
is "there is nothing to do" "" "$(cat out err)"
mv home.v/lfs/objects moved
mkdir home.v/lfs/objects
status "bulk that is missing is damage" 1 anna verify
rm -rf home.v/lfs/objects && mv moved home.v/lfs/objects
anna remote remove other

# Killed anywhere. What has arrived is never sent again: at the host each
# object is put once and lies there once; here, what was whole at the kill is
# not asked for again.
cat >kills.py <<'EOT'
"""kills.py DIR HOSTLOG UP|DOWN N COMMAND...: start the command again and again
and kill it at a random point, N times while it works; then let it end. A
command that ends before it is killed gets new work from `./more`."""
import os
import random
import re
import signal
import subprocess
import sys
import time

folder, log, way, times = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
command = sys.argv[5:]
fault = os.path.join(os.path.dirname(log), "fault")
random.seed(os.environ.get("MUNIMENT_SEED", "7"))


def whole():
    """The objects that are here, in place or waiting."""
    out = set()
    for top in ("lfs/objects", "local/incoming"):
        for path, _, files in os.walk(os.path.join(folder, top)):
            out |= {f for f in files if re.fullmatch("[0-9a-f]{64}", f)}
    return out


def packed():
    """Git objects in the quarantine, and how many lie there twice."""
    seen, twice = set(), 0
    pack = os.path.join(folder, "local/incoming/git/objects/pack")
    for name in os.listdir(pack) if os.path.isdir(pack) else []:
        if not name.endswith(".idx"):
            continue
        with open(os.path.join(pack, name), "rb") as f:
            ids = subprocess.run(["git", "show-index", "--object-format=sha1"],
                                 stdin=f, capture_output=True).stdout
        ids = {l.split()[1] for l in ids.splitlines()}
        twice += len(seen & ids)
        seen |= ids
    return twice


def asked(at):
    """Objects that the host was asked for since byte `at` of its log."""
    with open(log) as f:
        f.seek(at)
        return {l.split()[1] for l in f if l.startswith("get ")}


def run(limit):
    with open("pass.fd") as p, open("kill.err", "w") as err:
        os.dup2(p.fileno(), 3)
        child = subprocess.Popen(command, pass_fds=(3,), stdout=err, stderr=err)
        try:
            return child.wait(limit)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            child.wait()
            return None


def traces():
    """What the command was in the midst of: files on their way, a longer log."""
    names = [os.path.getsize(log)]
    for path, _, files in os.walk(os.path.join(folder, "local")):
        names += [f for f in files if path.endswith(("incoming", "pack", "tmp"))]
    return names


bad = again = hit = midst = 0
span = 1.0
# on a busy machine it may need longer to get to work at all
while hit < times or (midst == 0 and hit < 5 * times):
    here, at, was = whole(), os.path.getsize(log), traces()
    began = time.time()
    rc = run(random.uniform(0.05, span))
    if rc == 0:
        # it should be killed in the midst of its work, not after it
        span = max(0.2, (time.time() - began) * 0.9)
        subprocess.run(["./more"], check=True)
    elif rc is None:
        hit += 1
        busy = traces() != was
        midst += busy
        span = min(span * (1.05 if busy else 1.2), 30)
    else:
        print("not ok %s: it failed after a kill" % way)
        print(open("kill.err").read())
        bad += 1
        break
    again += len(asked(at) & here)
    bad += packed() > 1  # the file `vault` comes with each slice
os.rename(fault, fault + ".off")
rc = run(600)
os.rename(fault + ".off", fault)
if rc != 0:
    print(open("kill.err").read())
print("%sok %s: killed %d times, %d of them with something under way, it ends"
      " well" % ("not " * (rc != 0 or midst == 0), way, hit, midst))
print("%sok %s: nothing that had arrived was asked for again" %
      ("not " * (again + bad > 0), way))
sys.exit(rc != 0 or midst == 0 or again + bad > 0)
EOT
# kills WAY DIR NAME MORE N: as that person; MORE makes new work
kills() {
	echo "pass $3" >pass.fd
	printf '#!/bin/sh\n%s\n' "$4" >more
	chmod +x more
	python3 kills.py "$2" "$HOST/log" "$1" "$5" "$MUNIMENT" --quiet \
		--identity "$3.age" --passphrase-fd 3 --vault "$2" \
		sync host || BAD=$((BAD + 1))
}
# the person at the other end adds more, and brings it to the host
cat >add.sh <<'EOT'
# add.sh NAME DIR N [sync]
for i in $(seq "$3"); do
	head -c 70000 /dev/urandom >"more.$i.jpg"
done
run() {
	"$MUNIMENT" --quiet --identity "$NAME.age" --passphrase-fd 3 \
		--vault "$DIR" "$@" 3<<P >/dev/null
pass $NAME
P
}
NAME=$1 DIR=$2
run add more.*.jpg --case Case
[ "$NAME" != anna ] || for i in 1 2 3; do run case new "more $i"; done
mv "$HOST/fault" "$HOST/no-fault" 2>/dev/null
[ -z "$4" ] || run sync host
mv "$HOST/no-fault" "$HOST/fault" 2>/dev/null
exit 0
EOT
export HOST MUNIMENT
third=$((MUNIMENT_KILLS / 3))
sh add.sh anna home.v 5
fault all slow
kills "up over https" home.v anna "sh add.sh anna home.v 4" $third
kills "down over ssh" abroad boris "sh add.sh anna home.v 4 sync" \
	$((MUNIMENT_KILLS - 2 * third))
sh add.sh boris abroad 5
kills "up over ssh" abroad boris "sh add.sh boris abroad 4" $((third / 2))
kills "down over https" home.v anna "sh add.sh boris abroad 4 sync" \
	$((third - third / 2))
fault
for i in 1 2; do
	anna sync >/dev/null 2>&1
	boris sync >/dev/null 2>&1
done
anna sync >/dev/null 2>&1
same "after all that, both have the same"
is "no object was put that the host had" 0 "$(count again)"
is "nor any git object" 0 "$(twice "$HOST/repos/v.git/objects")"
is "nothing is left behind" "" "$(leftovers home.v; leftovers abroad)"
is "nor at the host" "" "$(find "$HOST/lfs" "$HOST/repos/v.git" \
	-name '*.[0-9]*[0-9]' -o -name 'tmp_*' -o -name 'incoming-*')"
status "anna's vault verifies" 0 anna verify
status "boris' vault verifies" 0 boris verify
check "the host's repository is whole" git -C "$HOST/repos/v.git" fsck \
	--strict --no-dangling

# A host that goes back to an earlier state is named, and brought forward again.
status "at rest" 0 anna sync
one=$(git -C home.v for-each-ref --format='%(refname)' | head -n 1)
new=$(git -C "$HOST/repos/v.git" rev-parse "$one")
git -C "$HOST/repos/v.git" update-ref "$one" "$new~1"
status "a host that was rolled back" 1 anna sync
says "is named" "rolled back"
is "and has it again" "$new" "$(git -C "$HOST/repos/v.git" rev-parse "$one")"
status "at rest again" 0 anna sync

# What a host can do wrong: one clear line, and nothing has changed.
photo last.jpg 80
anna add last.jpg --case Case >/dev/null
state home.v anna >before
# wrong STATUS TEXT WHERE WHAT ARG...; $STALL: seconds that it waits
wrong() {
	want=$1 text=$2
	shift 2
	fault "$@"
	status "$*" "$want" timeout 300 "$MUNIMENT" --quiet --identity \
		anna.age --passphrase-fd 3 --vault home.v sync host \
		--timeout "${STALL:-30}" 3<pass
	says "$*: says it" "$text"
	lacks "$*: nothing raw" "$(printf '\033')" err
	state home.v anna >after
	check "$*: nothing has changed" cmp before after
	fault
}
echo "pass anna" >pass
wrong 2 "does not allow it (403" refs 403
wrong 2 "(404" refs 404
wrong 2 "does not accept" all 401
STALL=2
wrong 2 "nothing came for 2 seconds" refs hang
STALL=
wrong 2 "is full" put 507
wrong 2 "no room" batch full
wrong 2 "larg" put 413
wrong 2 "no known form" batch hostile deep
wrong 2 "no git repository" refs hostile text
wrong 2 "sends us on to" refs redirect https://localhost:1
fault
mv ca.pem ca.away
wrong 2 "certificate" nothing
mv ca.away ca.pem

# While something is on its way others can read, and who writes waits.
anna_for() { # SECONDS COMMAND...
	most=$1
	shift
	timeout "$most" "$MUNIMENT" --identity anna.age --passphrase-fd 3 \
		--vault home.v "$@" 3<pass
}
is_free() { flock --nonblock "$@" true; }
fault put hang
timeout 600 "$MUNIMENT" --identity anna.age --passphrase-fd 3 --vault home.v \
	sync host --timeout 500 >sync.out 2>&1 3<pass &
slow=$!
for i in $(seq 600); do
	! is_free home.v/local/turn && is_free --shared home.v/local/lock &&
		break
	sleep 0.1
done
status "list, while an upload hangs" 0 anna_for 120 list
status "show" 0 anna_for 120 member list
status "verify" 0 anna_for 300 verify
kill -0 $slow && ok "it hangs" || not_ok "it ended: $(cat sync.out)"
anna_for 3 case new Later >out 2>err
[ $? -eq 124 ] && ok "who writes waits" || not_ok "it wrote: $(cat out err)"
kill $slow
wait $slow
fault
status "then it is done" 0 anna_for 120 case new Later
status "and so is the upload" 0 anna_for 120 sync host
finish
