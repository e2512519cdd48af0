#!/bin/sh
# Sync with other vaults' folders: any order of exchange comes to one state.
. "$(dirname "$0")/lib.sh"

# here NAME COMMAND...: as that person at the vault of the same name
here() {
	who=$1
	shift
	as "$who" --vault "$W/v.$who" "$@"
}
# at A B: A syncs with B's folder
at() { here "$1" sync "$2"; }
# state NAME: branches, listing and objects of a vault
state() {
	git --git-dir="v.$1" for-each-ref --format='%(refname) %(objectname)'
	here "$1" --json list
	(cd "v.$1/lfs/objects" && find . -type f | sort)
}
# same NAME A B: both vaults are in the same state
same() {
	state "$2" >state.a 2>&1
	state "$3" >state.b 2>&1
	if cmp -s state.a state.b && [ -s state.a ]; then ok "$1"; else
		not_ok "$1"
		diff state.a state.b | head -20 | sed 's/^/    /'
	fi
}

for x in anna bahrom carla; do
	person $x || exit 2
done
new_vault anna v.anna || exit 2
here anna case new C >/dev/null || exit 2
here anna member add bahrom.card carla.card --case C --role author || exit 2
printf 'first\n' >first.txt
head -c 300000 /dev/urandom >big.bin
here anna add first.txt big.bin --case C >/dev/null || exit 2
for x in bahrom carla; do
	here anna carry --to $x.card -o $x.carry || exit 2
	here $x receive $x.carry >/dev/null || exit 2
done

# -- remotes --
status "remote list: none" 0 here anna remote list
[ ! -s out ] && ok "remote list: nothing" || not_ok "remote list: $(cat out)"
status "sync with none" 2 here anna sync
says "sync with none: hint" "muniment remote add"
for x in anna bahrom carla; do
	for y in anna bahrom carla; do
		[ $x = $y ] || here $x remote add $y "v.$y" >/dev/null || exit 2
	done
done
status "remote list" 0 here anna remote list
[ "$(wc -l <out)" -eq 2 ] && grep -q "^bahrom  *vault .*/v.bahrom$" out &&
	ok "remote list: name, kind, place" || not_ok "remote list: $(cat out)"
status "a name twice" 2 here anna remote add bahrom v.bahrom
status "a bad name" 2 here anna remote add a/b v.bahrom
status "an unknown remote" 2 here anna sync nobody
status "a place that is not there" 2 here anna remote add later ./later
says "it asks for the kind" "--kind"
status "with its kind" 0 here anna remote add later ./later --kind vault
status "no vault there" 2 here anna sync later
status "remote remove" 0 here anna remote remove later
status "remote remove again" 2 here anna remote remove later
grep -rlaF -e "v.bahrom" -e bahrom v.anna/local >/dev/null 2>&1 &&
	not_ok "a remote stands in clear in local/" ||
	ok "no remote stands in clear"
status "a place that is nowhere" 2 here anna remote add anna ./v.nowhere
here anna remote add self v.anna >/dev/null
status "with itself" 2 here anna sync self
says "with itself: says so" "this vault itself"
here anna remote remove self

# -- both ways, any order --
status "nothing new yet" 0 at anna bahrom
printf 'bahrom\n' >b.txt
printf 'carla\n' >c.txt
head -c 200000 /dev/urandom >c.bin
here bahrom add b.txt --case C >/dev/null || exit 2
here carla add c.txt c.bin --case C >/dev/null || exit 2
status "bahrom with carla" 0 at bahrom carla
status "anna with bahrom" 0 at anna bahrom
status "carla with anna" 0 at carla anna
status "anna with bahrom again" 0 at anna bahrom
status "bahrom with carla again" 0 at bahrom carla
# what was pushed here is cosigned at the next sync of one's own
for i in 1 2; do
	at anna bahrom
	at carla anna
	at bahrom carla
done >/dev/null 2>&1
same "anna and bahrom agree" anna bahrom
same "bahrom and carla agree" bahrom carla
for x in anna bahrom carla; do
	status "verify: $x" 0 here $x verify
done
status "again" 0 as anna --vault v.anna sync
for x in bahrom carla; do
	here $x sync >/dev/null 2>&1
done
git --git-dir=v.anna for-each-ref >before
status "when nothing changed" 0 "$MUNIMENT" --identity anna.age --vault v.anna \
	--passphrase-fd 3 sync 3<<P
pass anna
P
says "nothing changed: says so" "nothing new on either side"
git --git-dir=v.anna for-each-ref | cmp -s - before &&
	ok "nothing changed: nothing written" || not_ok "it wrote something"
status "as JSON" 0 here anna --json sync bahrom
jq -e '.remotes[0] | .name == "bahrom" and .in.batches == 0 and
	.out.batches == 0' out >/dev/null && ok "JSON: counts" ||
	not_ok "JSON: $(cat out)"

# -- two edits of one item --
item=$(here anna --json list | jq -r '.[] | select(.title == "first.txt").item')
[ -n "$item" ] || item=$(here anna --json list | jq -r '.[0].item')
here anna edit "$item" --title "as Anna says" || not_ok "anna edits"
here bahrom edit "$item" --title "as Bahrom says" || not_ok "bahrom edits"
status "anna with carla" 0 at anna carla
status "bahrom with carla" 0 at bahrom carla
status "anna with bahrom" 0 at anna bahrom
here anna show "$item" >out
grep -q "Anna says" out && grep -q "Bahrom says" out &&
	ok "both edits stand side by side" || not_ok "show: $(cat out)"
here anna edit "$item" --title "as both say" --join || not_ok "join"
for i in 1 2; do
	at anna bahrom
	at bahrom carla
	at carla anna
done >/dev/null 2>&1
here carla show "$item" >out
grep -q "both say" out && ! grep -q "Bahrom says" out &&
	ok "joined, for all" || not_ok "show: $(cat out)"
same "and all agree" anna carla

# -- a stick --
mkdir stick
for x in anna bahrom carla; do
	here $x remote add stick stick >/dev/null || exit 2
done
printf 'on a stick\n' >s.txt
here anna add s.txt --case C >/dev/null || exit 2
status "anna to the stick" 0 at anna stick
[ "$(ls stick | wc -l)" -eq 2 ] && ls stick | grep -qE '^[0-9A-F]{8}$' &&
	ok "one file of a short name" || not_ok "stick: $(ls -A stick)"
status "anna to the stick again" 0 at anna stick
[ "$(ls stick | wc -l)" -eq 2 ] && ok "nothing new: nothing written" ||
	not_ok "stick: $(ls -A stick)"
printf 'and back\n' >t.txt
here bahrom add t.txt --case C >/dev/null || exit 2
status "bahrom with the stick" 0 at bahrom stick
status "anna with the stick" 0 at anna stick
status "bahrom with the stick again" 0 at bahrom stick
status "anna with the stick, a third time" 0 at anna stick
n=$(ls stick | wc -l)
at bahrom stick && at anna stick
[ "$(ls stick | wc -l)" -eq "$n" ] && ok "the stick comes to rest" ||
	not_ok "the stick grows: $(ls -A stick)"
same "over the stick they agree" anna bahrom

# -- bulk left out, and brought later --
head -c 150000 /dev/urandom >late.bin
here carla add late.bin --case C >/dev/null || exit 2
status "without bulk" 0 here anna sync carla --pull --no-bulk
here anna --json verify >out
jq -e '.absent == 1' out >/dev/null && ok "one object is absent" ||
	not_ok "verify: $(cat out)"
status "anna brings bahrom what she has" 0 here anna sync bahrom --push
status "bahrom: left out is not missing" 0 here bahrom verify
jq -e '.absent == 1' out >/dev/null 2>&1
here bahrom --json verify >out 2>err
jq -e '.absent == 1' out >/dev/null && ok "bahrom: one is absent" ||
	not_ok "bahrom: $(cat out err)"
cp -R v.bahrom v.bahrom.early
printf 'goes on\n' >on.txt
status "bahrom goes on" 0 here bahrom add on.txt --case C
status "and it is still absent" 0 here bahrom verify
# an object that he had before: removed, and declared left out
(
	cd v.bahrom || exit 1
	old=$(cd lfs/objects && find . -type f | sort | head -n 1)
	rm "lfs/objects/$old"
	(cat local/absent && echo "${old##*/}") | sort >absent.new
	mv absent.new local/absent
)
status "an old one cannot be declared left out" 1 here bahrom verify
says "it says so" "local/absent: changed by somebody else"
rm -rf v.bahrom && mv v.bahrom.early v.bahrom
(
	cd v.bahrom || exit 1
	old=$(cd lfs/objects && find . -type f | sort | head -n 1)
	rm "lfs/objects/$old"
	(cat local/absent && echo "${old##*/}") | sort >absent.new
	cp local/absent absent.old
	mv absent.new local/absent
)
status "nor before he has looked" 1 here bahrom verify
mv v.bahrom/absent.old v.bahrom/local/absent
status "what is missing is brought back, and the late one" 0 at bahrom carla
status "bahrom has all" 0 here bahrom --json verify
jq -e '.absent == 0' out >/dev/null && ok "nothing is absent any more" ||
	not_ok "verify: $(cat out)"
for i in 1 2; do
	for x in anna bahrom carla; do here $x sync; done
done >/dev/null 2>&1
same "all agree" anna bahrom

# -- what others may do to a folder --
cp -R v.carla v.carla.old
printf 'more\n' >more.txt
here carla add more.txt --case C >/dev/null || exit 2
status "anna sees carla's newest" 0 at anna carla
cp -R v.carla v.carla.new
rm -rf v.carla/refs && cp -R v.carla.old/refs v.carla/refs
status "a rollback is named" 1 at anna carla
says "with the device and the batch" "was there; now it ends at"
status "and mended" 0 at anna carla
status "carla is as before" 0 here carla verify
rm -rf v.carla.old v.carla.new

cp -R v.bahrom v.twin
printf 'one side\n' >e1.txt
printf 'the other\n' >e2.txt
here bahrom add e1.txt --case C >/dev/null || exit 2
as bahrom --vault v.twin add e2.txt --case C >/dev/null || exit 2
here anna remote add twin v.twin >/dev/null
status "one side of a fork" 0 at anna bahrom
status "the other" 1 at anna twin
says "a fork is named" "fork"
git --git-dir=v.anna for-each-ref | grep -q '\.[0-9a-f]\{32\}$' &&
	ok "both sides are kept" || not_ok "no second side"
status "everything else goes on" 1 at anna carla
status "it travels on as evidence" 1 at carla anna
git --git-dir=v.carla for-each-ref | grep -q '\.[0-9a-f]\{32\}$' &&
	ok "carla has it too" || not_ok "no second side"
here anna remote remove twin

new_vault carla v.other >/dev/null || exit 2
here anna remote add other v.other >/dev/null
git --git-dir=v.anna for-each-ref >before
status "another vault" 1 at anna other
says "another vault: says so" "another vault"
here anna remote remove other
hostile() { # hostile NAME: after a change of v.evil, nothing is taken in
	status "$1" "${2:-1}" at anna evil
	git --git-dir=v.anna for-each-ref | cmp -s - before &&
		ok "$1: nothing changed" || not_ok "$1: it was taken in"
	rm -rf v.evil && cp -R v.carla v.evil
}
printf 'evil\n' >f.txt
here carla add f.txt --case C >/dev/null
cp -R v.carla v.evil
here anna remote add evil v.evil >/dev/null
printf '[include]\n\tpath = /etc/passwd\n' >>v.evil/config
hostile "a config that includes"
rm v.evil/config && mkfifo v.evil/config
hostile "a FIFO in place of config"
rm v.evil/HEAD && ln -s /etc/passwd v.evil/HEAD
hostile "a link in place of HEAD"
echo /tmp >v.evil/commondir
hostile "a commondir"
mkdir -p v.evil/objects/info && echo "$W/v.carla/objects" >v.evil/objects/info/alternates
hostile "alternates"
ln -s /etc/passwd v.evil/refs/heads/x
hostile "a link among the branches"
rm -rf v.evil/objects/pack
hostile "no packs" 1
python3 - v.evil/objects/pack <<-'EOT'
import glob, os, sys
for p in glob.glob(sys.argv[1] + "/*.pack"):
    os.chmod(p, 0o600)
    b = bytearray(open(p, "rb").read())
    for i in range(40, len(b) - 20, 97):
        b[i] ^= 1
    open(p, "wb").write(b)
EOT
hostile "damaged packs"
if [ "$(id -u)" = 0 ]; then
	chown -R 12345 v.evil
	status "a folder of another user is read" 1 here anna sync evil --pull
	status "but not written to" 1 here anna sync evil --push
	says "it says why" "another user"
fi
here anna remote remove evil

# -- two at once, and killed at any moment --
for x in dora emil; do
	person $x || exit 2
	echo "pass $x" >$x.pass
done
new_vault dora v.dora >/dev/null || exit 2
here dora case new K >/dev/null
here dora member add emil.card --case K --role author
here dora carry --to emil.card -o emil.carry && here emil receive emil.carry >/dev/null
here dora remote add it v.emil >/dev/null
here emil remote add it v.dora >/dev/null
# run NAME: that person's sync, in the background; $! is the program
run() {
	"$MUNIMENT" --quiet --identity $1.age --passphrase-fd 3 --vault v.$1 \
		sync 3<$1.pass >$1.out 2>&1 &
}
mkdir bulk
for i in $(seq 40); do head -c 90000 /dev/urandom >bulk/$i.bin; done
here dora add bulk --case K >/dev/null || exit 2
here emil add s.txt --case K >/dev/null || exit 2
run dora
d=$!
run emil
wait $! && ok "two who sync with each other at once: emil" ||
	not_ok "emil: $(cat emil.out)"
wait $d && ok "and dora" || not_ok "dora: $(cat dora.out)"
kills=0
for i in $(seq 20); do
	x=dora
	[ $((i % 2)) -eq 0 ] || x=emil
	head -c 150000 /dev/urandom >b$i.bin
	here $x add b$i.bin >/dev/null --case K || not_ok "$x cannot go on"
	y=dora
	[ $((i % 3)) -eq 0 ] || y=emil
	run $y
	sleep 0.$(printf '%03d' $(($(od -An -N2 -tu2 /dev/urandom) % 150)))
	kill -9 $! 2>/dev/null && kills=$((kills + 1))
	wait $! 2>/dev/null
done
[ $kills -ge 5 ] && ok "$kills of 20 were killed in the middle" ||
	not_ok "only $kills of 20 were killed in the middle"
for i in 1 2 3; do
	here dora sync >/dev/null || not_ok "dora cannot go on"
	here emil sync >/dev/null || not_ok "emil cannot go on"
done
same "then they agree" dora emil
for x in dora emil; do
	status "verify after kills: $x" 0 here $x --json verify
	jq -e '.absent == 0' out >/dev/null && ok "$x has all" ||
		not_ok "$x: $(cat out)"
	[ -z "$(ls v.$x/local/incoming v.$x/local/tmp 2>/dev/null)" ] &&
		ok "$x: nothing is left behind" ||
		not_ok "$x: $(ls -R v.$x/local)"
done

finish
