#!/bin/sh
# Who counts: the program and the reader that was written from FORMAT.md say
# the same of every entry, on every desk, after retirements, cuts, hand-overs
# and a fork; and carry files that go on from others hold what they should.
. "$(dirname "$0")/../cli/lib.sh"
READER=$TOP/tests/interop/reader.py

for p in ada bob cem dan eve; do person $p; done
new_vault ada vada || exit 2
# do_ NAME COMMAND...: a step of the preparation, on that person's desk
do_() {
	who=$1
	shift
	as "$who" --vault "v$who" "$@" >step.out 2>step.err
	[ $? -eq "${want:-0}" ] || {
		not_ok "prepare: $who $*"
		sed 's/^/    /' step.err
	}
}
# give FROM TO: a carry file from one desk to another's
files=0
give() {
	files=$((files + 1))
	do_ "$1" carry --to "$2.card" -o "c$files.age"
	as "$2" receive --vault "v$2" "c$files.age" >/dev/null 2>step.err
	[ $? -ne 2 ] || not_ok "prepare: $2 receives from $1: $(cat step.err)"
}
# add WHO TITLE CASE
add() {
	printf '%s\n' "$2" >"$2.txt"
	do_ "$1" add "$2.txt" --case "$3" --title "$2"
}
# root WHO COMMAND...: with the root key
root() {
	who=$1
	shift
	"$MUNIMENT" --quiet --identity "$W/$who.age" --passphrase-fd 3 \
		--vault "v$who" "$@" --root-key vada.root \
		--root-passphrase-fd 4 3<<P 4<<R >step.out 2>step.err ||
pass $who
P
root of vada
R
		not_ok "prepare: root $*: $(cat step.err)"
}

# ask DESK [WHO]: both readers' word on a copy of that desk, side by side
asked=
desks=
vaults=0
ask() {
	d=$1
	who=${2:-$1}
	cp -R "v$who" "at.$d"
	asked="$asked $d"
	[ -e "$who.txt" ] || as "$who" open -o "$who.txt" "$who.age"
	for c in verify list "member list"; do
		as "$who" --vault "at.$d" --json $c 2>/dev/null >"$d.${c% *}.json"
	done &
	desks="$desks at.$d $who.txt"
}
# judge: the reader's word on the desks of one vault, meanwhile
judge() {
	vaults=$((vaults + 1))
	python3 "$READER" desks $desks >"desks.$vaults" 2>"desks.err.$vaults" &
	desks=
}
# compare DESK: entry by entry, item by item, seat by seat
compare() {
	d=$1
	jq -r '.findings[] | select(.level == "refused").text' \
		"$d.verify.json" | sed -n \
		's/.*entry \([0-9a-f]\{16\}\) is not accepted.*/\1/p' |
		sort >"$d.1"
	jq -r '.not_accepted[].entry[:16]' "$d.reader.json" | sort >"$d.2"
	same "$d: the same $(wc -l <"$d.2") entries are not accepted"
	jq .opened "$d.verify.json" >"$d.1"
	jq '.entries | length' "$d.reader.json" >"$d.2"
	same "$d: of $(cat "$d.2") that both can read"
	jq -r '.[] | .item' "$d.list.json" | sort >"$d.1"
	jq -r '.items[].item' "$d.reader.json" | sort >"$d.2"
	same "$d: the same $(wc -l <"$d.2") items"
	jq -r '.[] | "\(.member) \(.retired // false) \(.rights |
		to_entries | sort_by(.key) | map(.key + "=" + .value) |
		join(" "))"' "$d.member.json" | sort >"$d.1"
	jq -r '.members | to_entries[] | "\(.key) \(.value.retired) \(
		.value.rights | to_entries | sort_by(.key) |
		map(.key + "=" + .value) | join(" "))"' "$d.reader.json" |
		sort >"$d.2"
	same "$d: the same $(wc -l <"$d.2") seats and rights"
}
same() {
	if cmp -s "$d.1" "$d.2"; then ok "$1"; else
		not_ok "$1"
		diff "$d.1" "$d.2" | sed 's/^/    /'
		diff "$d.1" "$d.2" | sed -n 's/^[<>] //p' | while read -r h; do
			grep -ho "entry $h.*" "$d.verify.json"
			jq -c --arg h "$h" '.entries[] |
				select(.entry | startswith($h))' "$d.reader.json"
		done | sed 's/^/    /'
		jq -r '.faults[] | "    " + .' "$d.reader.json"
	fi
}
# -- a vault of five --
C=$(as ada --vault vada case new Spring)
do_ ada member add bob.card --role admin
do_ ada member add bob.card --case "$C" --role admin
add ada one "$C"
give ada bob
do_ bob member add cem.card --case "$C" --role author
do_ bob member add dan.card --case "$C" --role admin
D=$(as bob --vault vbob case new Autumn)
do_ bob member add cem.card --case "$D" --role author
do_ bob member add dan.card --case "$D" --role author
give bob cem
give bob dan
add cem two "$C"
add cem three "$D"
do_ dan member add eve.card --case "$C" --role author
add dan four "$D"
give dan eve
add eve five "$C"

# -- a part in one case ends: what is done there afterwards, and elsewhere --
cp -R vdan vdan.before
do_ bob member retire dan --case "$C"
do_ dan case renew "$C"
do_ dan member add ada.card --case "$C" --role author
add dan six "$C"
add dan seven "$D"
give dan bob
ask bob1 bob

# -- out of a case, and yet an administrator of the vault --
give bob ada
do_ ada member retire bob --case "$C"
person fay
do_ bob member add fay.card --case "$C"
do_ bob case renew "$C"

# -- retired by two who are apart: bob retires cem, ada has retired bob --
give cem bob
do_ bob member retire cem
add cem eight "$C"
give cem bob
give bob dan
as ada --vault vada --json member retire bob >retired.json
device=$(jq -r '.retired[0].cuts | keys[0]' retired.json)
give bob ada
ask ada1 ada
ask cem1 cem

# -- which is taken back: so bob's word counts, and cem's does not --
do_ ada member accept "$device"
ask ada2 ada

# -- and the root key retires ada where that is not known --
give ada dan
do_ ada member accept "$device" --up-to 3
root dan member add dan.card
root dan member retire ada
ask dan1 dan
give ada dan
ask dan2 dan
judge

# -- keys handed over, a renewal --
for p in gus hal ivy; do person $p; done
new_vault gus vgus || exit 2
C=$(as gus --vault vgus case new Summer)
do_ gus member add hal.card --case "$C" --role author
do_ gus member add ivy.card --case "$C" --role author
give gus hal
give gus ivy
add hal nine "$C"
"$MUNIMENT" --quiet --identity hal.age --passphrase-fd 3 --vault vhal \
	id rotate --out hal2.age --work-factor 10 3<<P >/dev/null 2>step.err ||
pass hal
pass hal2
P
	not_ok "prepare: id rotate: $(cat step.err)"
as hal2 id card -o hal2.card
mv vhal vhal2
add hal2 ten "$C"
do_ gus case renew "$C"
give hal2 gus
add gus eleven "$C"
ask gus1 gus

# -- two laptops of one person, each of which says the other is lost --
give gus hal2
do_ hal2 carry --to hal2.card -o laptop1.age
laptop() { as hal2 --vault laptop "$@" >step.out 2>step.err; }
laptop receive laptop1.age
laptop add eight.txt --case "$C" --title twelve
laptop carry --to hal2.card -o laptop2.age
do_ hal2 receive laptop2.age
lost=$(ls laptop/refs/heads vgus/refs/heads | sort | uniq -u | grep '^d')
do_ hal2 member cut "$lost" --up-to 2
for b in $(ls vgus/refs/heads); do # his own alone lets itself be cut
	laptop member cut "$b" --up-to 3
done
laptop carry --to hal2.card -o laptop3.age
do_ hal2 receive laptop3.age
ask hal1 hal2

# -- a fork, and a collector who is not confirmed --
add ivy thirteen "$C"
cp -R vivy vside
add ivy fourteen "$C"
as ivy --vault vside add nine.txt --case "$C" --title fifteen >/dev/null
as ivy --vault vside carry --to gus.card -o side.age
give ivy gus
as gus --vault vgus receive side.age >/dev/null 2>&1
want=1 # a fork is said each time
do_ gus collector kit --case "$C" --label Nina -o kit
field() { "$MUNIMENT" --quiet collector "$@" >step.out 2>&1 </dev/null ||
	not_ok "prepare: collector $*: $(cat step.out)"; }
field new nina --kit kit --no-passphrase
field add nina nine.txt
field carry nina -o nina.age
do_ gus receive nina.age
ask gus2 gus

# -- both settled; the collector's laptop is stolen then --
side=$(ls vgus/refs/heads | grep '\.')
do_ gus member cut "$side"
want=0
do_ gus collector confirm "$(ls nina/refs/heads)"
ask gus3 gus
as gus --vault vgus --json member list >out
do_ gus member retire "$(jq -r '.[] | select(.collector).member' out)"
field add nina ten.txt
field carry nina -o nina2.age
do_ gus receive nina2.age
ask gus4 gus
judge

# -- carry files that go on from others, with stock tools alone --
mkdir stick
cp -R vgus vsync
sync_() { as gus --vault vsync "$@" >step.out 2>step.err ||
	not_ok "prepare: $*: $(cat step.err)"; }
sync_ remote add stick "$W/stick" --kind stick --to gus.card
sync_ sync stick
one=$(ls stick | grep -v parity)
sync_ add nine.txt --case "$C" --title sixteen --again
sync_ sync stick
for f in $one $(ls stick | grep -v "^$one\|parity"); do
	mkdir "un.$f"
	age -d -i gus.txt "stick/$f" | tar -x -i -C "un.$f"
	if [ "$f" = "$one" ]; then
		git clone -q --mirror "un.$f/vault.bundle" mirror.git
	else
		head -n 3 "un.$f/vault.bundle" | grep -aq '^-[0-9a-f]' &&
			ok "the second file goes on from the first" ||
			not_ok "the second file holds everything"
		check "git takes it in" git -C mirror.git fetch -q \
			"$W/un.$f/vault.bundle" 'refs/heads/*:refs/heads/*'
	fi
done
desks="mirror.git gus.txt vsync gus.txt"
judge

wait
cat desks.err.*
jq -s add desks.[12] >desks.json
check "both files together say what the vault says" jq -e '
	(.["mirror.git"].entries == .vsync.entries) and
	(.vsync.entries | length > 50)' desks.3
for d in $asked; do
	jq --arg d "at.$d" '.[$d]' desks.json >"$d.reader.json"
	compare "$d"
done
jq -r '.[].entries[] | select(.accepted) | .kind + " " + .act' desks.json |
	sort -u | tr '\n' ',' >seen
want="case epoch,case name,case open,custody ,device ,filler ,member admit,\
member card,member cut,member device,member handover,member keys,\
member label,member retire,member rights,record ,witness ,"
[ "$(cat seen)" = "$want" ] && ok "all kinds but one were among them" ||
	not_ok "kinds: $(cat seen)"
check "two cuts that hang on themselves are void" jq -e '.["at.hal1"].notes |
	map(select(test("hangs on itself"))) | length == 2' desks.json
finish
