#!/bin/sh
# A person moves to new keys: the new identity reads and writes what the old
# one did, others follow, local/ changes hands; and an interruption at any
# place is made good.
. "$(dirname "$0")/lib.sh"

anna() { as anna --vault home "$@"; }
bahrom() { as bahrom --vault abroad "$@"; }
# new COMMAND...: bahrom with his new identity, whose passphrase is another
new() { "$MUNIMENT" --quiet --vault abroad --identity new.age \
	--passphrase-fd 3 "$@" 3<<P
pass new
P
}
# rotate WHO DIR NEW [OPTION...]: hand the vault over to NEW.age
rotate() {
	who=$1
	dir=$2
	to=$3
	shift 3
	"$MUNIMENT" --quiet --identity "$who.age" --passphrase-fd 3 \
		--vault "$dir" id rotate --out "$to.age" --work-factor 10 \
		"$@" 3<<P
pass $who
pass $to
P
}
batches() { git --git-dir="$1" rev-list --all --count; }

person anna
person bahrom
new_vault anna home
anna case new Spring >/dev/null
anna case new Autumn >/dev/null
echo "spring one" >one.txt
echo "autumn two" >two.txt
head -c 100000 /dev/urandom >large.bin
anna add one.txt large.bin --case Spring >/dev/null
anna add two.txt --case Autumn >/dev/null
anna member add bahrom.card --case Spring --role author
two=$(anna --json search "two.txt" | sed -n 's/.*"item": "\(.*\)".*/\1/p')
anna share "$two" --with bahrom
anna carry -o carried --to bahrom.card
bahrom receive carried >/dev/null
echo "his own" >three.txt
bahrom add three.txt --case Spring >/dev/null

# without a vault: an identity of the same name, and nothing else
before=$(batches abroad)
status "rotate without a vault" 0 "$MUNIMENT" --quiet --identity bahrom.age \
	--passphrase-fd 3 id rotate --out spare.age --work-factor 10 3<<P
pass bahrom
pass spare
P
grep -qx bahrom out && ok "the same name" || not_ok "name: $(cat out)"
[ "$(stat -c %a spare.age)" = 600 ] && ok "for its owner alone" ||
	not_ok "$(stat -c %a spare.age)"
status "rotate over a file" 2 "$MUNIMENT" --quiet --identity bahrom.age \
	--passphrase-fd 3 id rotate --out spare.age 3</dev/null
says "rotate over a file: says so" "exists already"
[ "$(batches abroad)" = "$before" ] && ok "no vault was touched" || not_ok "batches"

# refused, and nothing is left
status "wrong passphrase" 2 "$MUNIMENT" --identity bahrom.age \
	--passphrase-fd 3 --vault abroad id rotate --out none.age 3<<P
wrong
pass none
P
status "no vault there" 2 rotate bahrom nowhere none
status "another person's vault" 2 rotate bahrom home none
says "another person's vault: says so" "local/ belongs to another identity"
status "to another person's identity" 2 rotate bahrom abroad anna
says "to another person's: says so" "not a new identity of the same person"
status "to itself" 2 rotate bahrom abroad bahrom
[ ! -e none.age ] && ok "nothing is left of what was refused" ||
	not_ok "none.age is there"
[ "$(batches abroad)" = "$before" ] && ok "and nothing was written" || not_ok "batches"
status "the old identity goes on" 0 bahrom list
# his other computer
as bahrom --vault laptop receive carried >/dev/null
echo "on the road" >road.txt
as bahrom --vault laptop add road.txt --case Spring >/dev/null

status "rotate" 0 rotate bahrom abroad new --json
grep -q '"handed_over": true' out && grep -q '"items": 1' out &&
	grep -q '"name": "Spring"' out && ok "rotate: says what it did" ||
	not_ok "rotate: $(cat out)"
before=$(batches abroad)
find abroad/local -name 'rotate*' | grep -q . && not_ok "local/rotate is left" ||
	ok "nothing is left in local/"
status "new: lists" 0 new list
[ "$(grep -c '\.txt\|\.bin' out)" = 4 ] && ok "new: reads all that it could" ||
	not_ok "new: $(cat out)"
status "new: gets" 0 new get "$two" -o got
cmp -s two.txt got/two.txt && ok "new: the item shared alone" || not_ok "got"
status "new: gets the case" 0 new get --case Spring -o got
cmp -s large.bin got/large.bin && ok "new: bulk" || not_ok "large.bin"
status "new: adds" 0 new add carried --case Spring --again
[ "$(ls abroad/refs/heads | wc -l)" = 2 ] && ok "new: the same device" ||
	not_ok "new: $(ls abroad/refs/heads)"
status "new: verifies" 0 new verify
status "the old one is told" 2 bahrom list
says "the old one: how to go on" "handed this vault over to a new identity"

before=$(batches abroad)
status "rotate again" 0 rotate bahrom abroad new --json
grep -q '"handed_over": false' out && [ "$(batches abroad)" = "$before" ] &&
	ok "again: nothing to do" || not_ok "again: $(cat out) $(batches abroad)"

# others: anna hears of it, and gives keys to the new one
new carry -o back --to anna.card
status "anna receives it" 0 anna receive back
status "anna verifies" 0 anna verify
new id card -o new.card
anna --json member list >members
[ "$(jq '[.[] | select(.name == "bahrom")] | length' members)" = 1 ] && ok "he is one member" ||
	not_ok "$(cat members)"
status "anna renews the case" 0 anna case renew Spring
echo "after" >four.txt
anna add four.txt --case Spring >/dev/null
rm -f carried carried-parity
anna carry -o carried --to new.card
status "new: receives" 0 new receive carried
new list >out
grep -q four.txt out && ok "new: reads under the new key" || not_ok "$(cat out)"
status "new: verifies that" 0 new verify

# his other computer: the same new identity; what it wrote goes on
status "the other computer" 0 rotate bahrom laptop new
status "the other computer: reads" 0 "$MUNIMENT" --quiet --vault laptop \
	--identity new.age --passphrase-fd 3 list 3<<P
pass new
P
[ "$(grep -c '\.txt\|\.bin' out)" = 4 ] && ok "the other computer: all of it" ||
	not_ok "$(cat out)"

# keys that came for the old identity in between reach the new one
person cyrus
anna member add cyrus.card --case Autumn --role reader
rm -f carried carried-parity
anna carry -o carried --to cyrus.card
as cyrus --vault east receive carried >/dev/null
rotate cyrus east cyrus2 >/dev/null 2>&1 # anna does not hear of it
anna case renew Autumn >/dev/null
echo "later" >five.txt
anna add five.txt --case Autumn >/dev/null
second() { "$MUNIMENT" --quiet --vault east --identity cyrus2.age \
	--passphrase-fd 3 "$@" 3<<P
pass cyrus2
P
}
second id card -o cyrus2.card
anna carry -o carried2 --to cyrus2.card
second receive carried2 >/dev/null 2>&1
second list >out
grep -q five.txt out && not_ok "a key came by itself" ||
	ok "what was locked to the old card alone is not read"
status "rotate again, for the key" 0 rotate cyrus east cyrus2 --json
grep -q '"handed_over": false' out || not_ok "$(cat out)"
second list >out
grep -q five.txt out && ok "then it is" || not_ok "$(cat out)"

# the administrator herself, whom the root key admitted
status "anna rotates" 0 rotate anna home anna2
admin() { "$MUNIMENT" --quiet --vault home --identity anna2.age \
	--passphrase-fd 3 "$@" 3<<P
pass anna2
P
}
status "anna: opens a case" 0 admin case new Winter
status "anna: admits" 0 admin member add new.card --case Winter
status "anna: verifies" 0 admin verify

# killed at every rename: then either identity goes on, or says what to do,
# and giving the command again finishes it
if command -v strace >/dev/null; then
	cp -R laptop before
	i=0
	done=
	while [ -z "$done" ] && [ $i -lt 60 ]; do
		i=$((i + 1))
		rm -rf struck fresh.age
		cp -R before struck
		strace -f -qq -o /dev/null \
			-e "inject=rename,renameat2:signal=SIGKILL:when=$i" \
			"$MUNIMENT" --quiet --identity new.age --passphrase-fd 3 \
			--vault struck id rotate --out fresh.age \
			--work-factor 10 >out 2>err 3<<P && done=yes
pass new
pass fresh
P
		good=0
		for who in new fresh; do
			"$MUNIMENT" --quiet --vault struck --identity $who.age \
				--passphrase-fd 3 list >list.$who 2>err.$who 3<<P
pass $who
P
			case $? in
			0) good=$((good + 1)) ;;
			2) grep -q "^hint: " err.$who || [ ! -e $who.age ] ||
				not_ok "kill $i: $who: $(cat err.$who)" ;;
			*) not_ok "kill $i: $who: $(cat err.$who)" ;;
			esac
		done
		[ $good -ge 1 ] || not_ok "kill $i: nobody opens it: $(cat err.*)"
		rotate new struck fresh >/dev/null 2>err ||
			not_ok "kill $i: again: $(cat err)"
		"$MUNIMENT" --quiet --vault struck --identity fresh.age \
			--passphrase-fd 3 verify >out 2>err 3<<P ||
pass fresh
P
			not_ok "kill $i: verify: $(cat err)"
		"$MUNIMENT" --quiet --vault struck --identity fresh.age \
			--passphrase-fd 3 list >out 2>err 3<<P
pass fresh
P
		[ "$(grep -c '\.txt\|\.bin' out)" = 4 ] ||
			not_ok "kill $i: reads $(cat out err)"
	done
	[ -n "$done" ] && [ $i -ge 8 ] && ok "killed at $((i - 1)) renames" ||
		not_ok "killed at $i renames: no end"
else
	not_ok "strace is not here: nothing was killed"
fi
finish
