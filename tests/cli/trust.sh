#!/bin/sh
# What a machine remembers of the logs, and how its owner goes on after a
# backup was restored: the break is seen, and nothing is written under a device
# key that may have signed something else.
. "$(dirname "$0")/lib.sh"

home() { as anna --vault home "$@"; }
abroad() { as boris --vault abroad "$@"; }
# add VAULT NAME: a new file of this name
file() { echo "content of $1 $$" >"$1"; }
# give: anna's state to boris; back: boris' to anna
give() {
	rm -f give.carry*
	home carry -o give.carry --to boris >out 2>err && abroad receive give.carry
}
back() {
	rm -f back.carry*
	abroad carry -o back.carry --to anna >out 2>err && home receive back.carry
}
restore() { rm -rf home && cp -R "$1" home; }
device() { home --json device list | sed -n 's/.*"device": "\(d[a-z2-7]\{11\}\).*/\1/p'; }
own() { # own WHO: the device of that person's machine
	$1 --json device list 2>/dev/null | python3 -c '
import json, sys
print([d["device"] for d in json.load(sys.stdin) if d["this_machine"]][0][:12])'
}
# device_is WHO DEVICE KEY VALUE: what a list says of a device
device_is() {
	got=$($1 --json device list 2>/dev/null | python3 -c '
import json, sys
d = [d for d in json.load(sys.stdin) if d["device"].startswith(sys.argv[1])][0]
print(d.get(sys.argv[2]))' "$2" "$3")
	if [ "$got" = "$4" ]; then ok "$1: $3 of its device is $4"; else
		not_ok "$1: $3 of $2: not '$4' but '$got'"
	fi
}
# new: the names of the devices of which --restored is the newest
restored() { home --json device new --restored "$@"; }

setup() {
	set -e
	person anna
	person boris
	new_vault anna home
	home case new A >/dev/null
	home member add boris.card --case A --role author
	for f in one two three four five six; do file $f; done
	home add one --case A
	give
	abroad add two --case A
	back
}
(setup) >setup.out 2>&1
[ $? -eq 0 ] && ok "set-up" || { not_ok "set-up"; cat setup.out; exit 1; }
first=$(own home)
cp -R home home.old
status "write on" 0 home add three --case A
status "give it to the partner" 0 give
cp -R home home.new
cp -R abroad abroad.new

# (a) vault and local/ as they were: only the partner's copy tells.
restore home.old
status "an older state looks like the past" 0 home list
status "the own log comes back longer" 1 back
says "it says whose" "device $first, this machine's own"
says "it says why" "a backup was restored here, or somebody else has its key"
says "and what to do" "device new --restored"
status "what was lost is back" 1 home --json list
grep -q '"three"' out && ok "the item is there" || not_ok "the item is not there"
status "nothing is added" 1 home add four --case A
says "the device is named" "device $first"
says "how to go on is said" "device new --restored"
status "nor after a second look" 1 home case new B
status "verify says it" 1 home verify
says "with the device and the batches" "device $first, this machine's own, has"
status "no reason given" 2 home device new
cp -R home home.longer
status "the person says so" 0 restored
status "from now on all is well" 0 home list
status "writing goes on" 0 home add four --case A
second=$(own home)
[ "$first" != "$second" ] && ok "under a new key" || not_ok "the key is the old one"
device_is home "$second" follows "$(home --json device list | sed -n \
	"s/.*\"follows\": \"\($first[^\"]*\)\".*/\1/p")"
device_is home "$second" why "restored from a backup"
device_is home "$first" state fine
status "verify passes" 0 home verify
says "and shows the break" "device $second, batch 1: it goes on for device $first"
status "the partner receives" 0 give
status "the partner sees it" 0 abroad verify
says "verify names the break" "it goes on for device $first: restored from a backup"
status "member list" 0 abroad member list
grep -q "$second.*goes on for $first" out && ok "member list shows the break" ||
	not_ok "member list does not show the break: $(cat out)"

# a reason in one's own words; what the old key signs later is shown
restore home.longer
rm -rf abroad && cp -R abroad.new abroad
status "the person says why" 0 home device new --why "диск восстановлен"
device_is home "$(own home)" why "диск восстановлен"

# the memory alone is older: the same as a restored backup
restore home.new
cp home.old/local/trust.age home/local/
status "an older memory is noticed" 1 home list
says "as this" "a backup was restored here"
status "nothing is added under it" 1 home add four --case A

# (b) it has written before it noticed: a fork
restore home.old
status "the restored machine writes" 0 home add five --case A
status "then it learns of its other history" 1 back
says "a fork is named with device and batch" "device $first: a fork: it has signed two histories that part at batch"
status "the fork is refused its own" 1 home add six --case A
says "with the way on" "device new --restored"
status "carrying is writing, too" 1 home carry -o b.carry --to boris
device_is home "$first" state forked
status "the person goes on" 0 restored
third=$(own home)
home add six --case A >out 2>err
[ $? -eq 1 ] && ok "a fork is told until it is settled" || not_ok "the fork is not told"
home list >out 2>/dev/null
grep -q six out && ok "the new device's item counts" || not_ok "it does not count"
grep -q five out && not_ok "what stands after the fork counts" ||
	ok "what stands after the fork does not count"
rm -f b.carry*
home carry -o b.carry --to boris >out 2>err
status "both sides travel on" 1 abroad receive b.carry
abroad verify >out 2>err
says "the partner names the same" "device $first: a fork: it has signed two histories"
home verify >out 2>err.home
grep "a fork: it" err.home >f1
abroad verify >out 2>err
grep "a fork: it" err >f2
cmp -s f1 f2 && ok "in the same words" || not_ok "in other words: $(cat f1 f2)"

branch=$(home --json device list 2>/dev/null | sed -n \
	's/.*"branch": "\([^"]*\)".*/\1/p' | head -n 1)
status "a cut says which side stands" 1 home member cut "$branch"
status "then all is well here" 0 home verify
device_is home "$first" state cut
rm -f b.carry*
home carry -o b.carry --to boris >out 2>err
status "and with the partner" 0 abroad receive b.carry
status "who finds nothing any more" 0 abroad verify
says "but the fork stays visible" "note: device $first: a fork"
status "history shows the break" 0 abroad history "$(abroad --json list |
	python3 -c 'import json, sys
print([i["item"] for i in json.load(sys.stdin) if i["file"]["name"] == "six"][0])')"
grep -q "a device that goes on for $first" out && ok "with the device" ||
	not_ok "without the device: $(cat out)"

# (c) local/ is gone
restore home.new
rm -rf home/local
status "without local/ the vault can be read" 0 home list
status "and not written to" 2 home add four --case A
says "because" "local/ holds nothing"
status "until the person says so" 0 restored
status "then it can" 0 home add four --case A
device_is home "$(own home)" follows "$(home --json device list | sed -n \
	"s/.*\"device\": \"\($first[^\"]*\)\".*/\1/p")"
restore home.new
rm home/local/device.age
status "without the key" 1 home add four --case A
status "a new key" 0 restored
status "goes on" 0 home add four --case A
restore home.new
rm home/local/trust.age
status "without the memory" 1 home add four --case A
status "a new key again" 0 restored
status "goes on with it" 0 home add four --case A
restore home.new
cp abroad/local/device.age home/local/
status "with another person's key" 1 home device new --restored
says "it is kept" "local/device.age"

# (d) the vault's folder is older than local/
rm -rf abroad && cp -R abroad.new abroad
older() {
	rm -rf home && cp -R home.old home && rm -rf home/local &&
		cp -R home.new/local home/
}
older
status "a rollback is named" 1 home list
says "with device and batch" "device $first: this machine has seen it at batch"
status "nothing is written on top" 1 home add four --case A
says "a carry file is asked for" "receive a carry file that has them"
status "a partner's carry file heals it" 0 back
status "all is well again" 0 home verify
status "and it is written to" 0 home add four --case A
older
status "if nobody has them" 0 restored
status "the person goes on" 0 home add four --case A
status "and all is well" 0 home verify
says "what was given up stays visible" "given up for a new device key"

# three histories, two of which part later, in all orders, by a courier
person courier
for v in X Y; do rm -rf $v && cp -R home.old $v; done
as anna --vault X add three --case A >/dev/null 2>&1
as anna --vault Y add four --case A >/dev/null 2>&1
rm -rf Z && cp -R Y Z
as anna --vault Y add five --case A >/dev/null 2>&1
as anna --vault Z add six --case A >/dev/null 2>&1
as anna --vault Z add three --case A >/dev/null 2>&1
for v in X Y Z; do
	as anna --vault $v carry -o $v.carry --to courier.card >/dev/null 2>&1
done
for o in "X Y Z" "X Z Y" "Y X Z" "Y Z X" "Z X Y" "Z Y X"; do
	v=c-$(echo $o | tr -d ' ')
	for s in $o; do
		as courier --vault $v receive $s.carry >/dev/null 2>&1
	done
	"$MUNIMENT" --vault $v verify --blind >/dev/null 2>err
	grep "a fork:" err | sort >$v.forks
	cat $v/refs/heads/* | sort >$v.heads
	cmp -s c-XYZ.heads $v.heads && cmp -s c-XYZ.forks $v.forks &&
		[ "$(wc -l <$v.forks)" = 2 ] &&
		ok "three histories as $o: the same" ||
		not_ok "as $o: $(cat $v.forks)"
done
as courier --vault c-XYZ carry -o k.carry --to courier.card >/dev/null 2>&1
for v in c-ZYX c-YXZ; do
	as courier --vault $v receive k.carry >/dev/null 2>err
	cat $v/refs/heads/* | sort | cmp -s - c-XYZ.heads &&
		ok "$v: what came in another order adds nothing" ||
		not_ok "$v: $(ls $v/refs/heads)"
done

# what is not ours below DIR.muniment-new stays
rm -rf new new.muniment-new
mkdir new.muniment-new && echo mine >new.muniment-new/diary
status "a foreign folder in the way" 2 as boris --vault new receive give.carry
says "it is named" "new.muniment-new"
[ "$(cat new.muniment-new/diary)" = mine ] && [ ! -e new ] &&
	ok "and left alone" || not_ok "it was touched"
rm -rf new.muniment-new
cp -R abroad new.muniment-new
status "a vault in the way" 2 as boris --vault new receive give.carry
check "is left alone too" as boris --vault new.muniment-new list
finish
