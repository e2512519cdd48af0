#!/bin/sh
# Members who leave, lose a laptop or come back: retirement, cuts, renewed
# keys, a successor, the root key. Each check looks from another member's desk.
. "$(dirname "$0")/lib.sh"

for p in ada bob cem dan; do person $p; done
new_vault ada v || exit 2
printf 'one\n' >one.txt
printf 'two\n' >two.txt
printf 'three\n' >three.txt
printf 'four\n' >four.txt
C=$(as ada --vault v case new "Spring")

# give FROM TO: a carry file from one desk to another's (folder FROM, TO)
files=0
give() {
	files=$((files + 1))
	as "$1" --vault "v$1" carry --to "$2.card" -o "c$files.age" >/dev/null &&
		as "$2" receive --vault "v$2" "c$files.age" >/dev/null 2>receive.err
}
mv v vada
json() { as "$1" --vault "v$1" --json "$2" 2>/dev/null; }
titles() { as "$1" --vault "v$1" --json list | jq -r '.[].title' | sort | tr '\n' ' '; }

check "bob is admitted as author" as ada --vault vada member add bob.card --case "$C" --role author
check "cem is admitted as reader" as ada --vault vada member add cem.card --case "$C"
check "one item by ada" as ada --vault vada add one.txt --case "$C" --title one
check "ada gives to bob" give ada bob
check "ada gives to cem" give ada cem
check "bob adds" as bob --vault vbob add two.txt --case "$C" --title two
check "bob gives to ada" give bob ada

# -- retirement: a cut, not a time --
status "nobody retires a sibling" 2 as bob --vault vbob member retire cem
says "and is told who can" "only a member above them"
status "nobody retires himself" 2 as ada --vault vada member retire ada
as ada --vault vada --json member retire bob >retired.json
check "retire says what it did" jq -e '
	(.retired | length == 1) and (.retired[0].cuts | length == 1) and
	(.could_read[0].items == 2) and (.renewed | length == 2) and
	(.not_renewed == []) and (.without_card == [])' retired.json
as ada --vault vada member list >out 2>err
grep bob out | grep -q retired && ok "the list says so" || not_ok "the list does not"
check "bob, who does not know, adds" as bob --vault vbob add three.txt --case "$C" --title three
check "bob gives to ada" give bob ada
[ "$(titles ada)" = "one two " ] && ok "what bob wrote before the cut counts, what he wrote after does not" ||
	not_ok "titles: $(titles ada)"
as ada --vault vada verify >out 2>err
grep -q "beyond the cut of its author's retirement" err out && ok "verify says so" || {
	not_ok "verify does not say why"; cat err out; }
check "ada adds under the new key" as ada --vault vada add four.txt --case "$C" --title four
check "ada gives to cem" give ada cem
[ "$(titles cem)" = "four one two " ] && ok "cem reads old and new" || not_ok "cem: $(titles cem)"
check "ada gives to bob" give ada bob
[ "$(titles bob)" = "one two " ] && ok "bob does not read what came after" || not_ok "bob: $(titles bob)"
status "bob's own machine refuses to write on" 2 as bob --vault vbob add four.txt --case "$C"

# -- honest offline work is taken in --
device=$(jq -r '.retired[0].cuts | keys[0]' retired.json)
cut=$(jq -r '.retired[0].cuts[] | split(" ")[0]' retired.json)
status "only above" 2 as cem --vault vcem member accept "$device"
as ada --vault vada --json member accept "$device" >accepted.json
check "accept raises the cut" jq -e --argjson c "$cut" '.up_to > $c' accepted.json
[ "$(titles ada)" = "four one three two " ] && ok "now the third counts" || not_ok "ada: $(titles ada)"
check "ada gives to cem" give ada cem
[ "$(titles cem)" = "four one three two " ] && ok "for cem too" || not_ok "cem: $(titles cem)"
check "accept lowers it again" as ada --vault vada member accept "$device" --up-to "$cut"
[ "$(titles ada)" = "four one two " ] && ok "and the third no longer counts" || not_ok "ada: $(titles ada)"

# -- the same person under new keys, by the admin's word --
person bob2
status "not the same card" 2 as ada --vault vada member rotate cem cem.card
check "cem lost his laptop" as cem --vault vcem list
person cem2
as ada --vault vada --json member rotate cem cem2.card >rotated.json
check "rotate names the successor" jq -e '.successor != null and (.retired | length == 1)' rotated.json
give ada cem2
[ "$(titles cem2)" = "four one two " ] && ok "the successor reads what cem read" || not_ok "cem2: $(titles cem2)"
as cem2 --vault vcem2 --json member list >members.json
check "and follows cem" jq -e 'map(select(.follows != null)) | length == 1' members.json

# -- keys: not sent, or renewed without --
check "dan may write but gets no key" as ada --vault vada member add dan.card --case "$C" --role author --no-keys
check "ada gives to dan" give ada dan
[ "$(titles dan)" = "" ] && ok "dan reads nothing" || not_ok "dan: $(titles dan)"
printf 'five\n' >five.txt
check "dan adds" as dan --vault vdan add five.txt --case "$C" --title five
check "dan gives to ada" give dan ada
case " $(titles ada)" in *" five "*) ok "and what he writes counts" ;; *) not_ok "ada: $(titles ada)" ;; esac
check "renew without cem2" as ada --vault vada case renew "$C" --without cem2
printf 'six\n' >six.txt
check "ada adds" as ada --vault vada add six.txt --case "$C" --title six
check "ada gives to cem2" give ada cem2
case " $(titles cem2)" in *" six "*) not_ok "cem2 reads on" ;; *) ok "cem2 gets no new key" ;; esac
check "the case is shared with cem2 again" as ada --vault vada share --case "$C" --with cem2
check "and renewed" as ada --vault vada case renew "$C"
printf 'six and a half\n' >six2.txt
check "ada adds" as ada --vault vada add six2.txt --case "$C" --title again
check "ada gives to cem2" give ada cem2
case " $(titles cem2)" in *" again "*" six "*) ok "cem2 is sent keys again" ;; *) not_ok "cem2: $(titles cem2)" ;; esac
status "only an admin renews" 2 as cem2 --vault vcem2 case renew "$C"

# -- a part in one case ends, the member stays --
check "dan's part in the case ends" as ada --vault vada member retire dan --case "$C"
printf 'seven\n' >seven.txt
check "dan, who does not know, adds" as dan --vault vdan add seven.txt --case "$C" --title seven
check "dan gives to ada" give dan ada
case " $(titles ada)" in *" seven "*) not_ok "it still counts" ;; *) ok "what he adds there now does not count" ;; esac

# -- the root key replaces an admin --
root() {
	p=$1
	shift
	"$MUNIMENT" --quiet --identity "$W/$p.age" --passphrase-fd 3 --vault "v$p" "$@" \
		--root-key v.root --root-passphrase-fd 4 3<<P 4<<R
pass $p
P
root of v
R
}
status "a wrong root key is refused" 2 as cem2 --vault vcem2 member add cem2.card --root-key cem2.age
check "the root key makes cem2 an admin" root cem2 member add cem2.card
as cem2 --vault vcem2 --json member list >members.json
check "of the vault" jq -e 'map(select(.you)) | .[0].rights.vault == "admin"' members.json
check "and retires ada" root cem2 member retire ada
check "cem2 gives to dan" give cem2 dan
as dan --vault vdan member list >out 2>err
grep "ada" out | grep -q retired && ok "dan sees ada retired" || { not_ok "dan does not see it"; cat out err; }
printf 'eight\n' >eight.txt
check "ada, who does not know, adds" as ada --vault vada add eight.txt --case "$C" --title eight
check "ada gives to cem2" give ada cem2
as cem2 --vault vcem2 verify >out 2>err
grep -q "beyond the cut" out err && ok "what ada wrote after it does not count" || {
	not_ok "not said"; cat out err; }

# -- who is admitted while somebody else renews gets the key all the same --
for p in eli fay gus; do person $p; done
new_vault eli veli || exit 2
D=$(as eli --vault veli case new "Autumn")
check "fay is an admin of the case" as eli --vault veli member add fay.card --case "$D" --role admin
check "eli gives to fay" give eli fay
check "eli renews the case" as eli --vault veli case renew "$D"
check "fay, who does not know, admits gus" as fay --vault vfay member add gus.card --case "$D"
check "eli adds under the new key" as eli --vault veli add one.txt --case "$D" --title new
check "eli gives to fay" give eli fay
check "fay's desk gives to gus" give fay gus
[ "$(titles gus)" = "new " ] && ok "gus reads what was written under the new key" || not_ok "gus: $(titles gus)"
finish
