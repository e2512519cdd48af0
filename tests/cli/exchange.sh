#!/bin/sh
# Merging is a union: three people who worked apart exchange what they have,
# two at a time, in every order, and all come to the same listing of items,
# conflicts, members and rights.
#
# With EXCHANGE_ALL=1 sticks too go through every order.
. "$(dirname "$0")/lib.sh"

same() {
	if cmp -s "$2" "$3"; then ok "$1"; else
		not_ok "$1"
		diff "$2" "$3" | head -n 10 | sed 's/^/    /'
	fi
}
anna() { as anna --vault now/anna "$@"; }
boris() { as boris --vault now/boris "$@"; }
clara() { as clara --vault now/clara "$@"; }
PEOPLE="anna boris clara"

# --- what they have in common, and what each does alone ---
mkdir now
for p in $PEOPLE dora; do person $p || exit 2; done
new_vault anna now/anna >/dev/null || exit 2
anna case new Spring >/dev/null
for f in first second third a b c; do echo "the file $f" >$f; done
anna add first second third --case Spring >/dev/null
anna --json list >items
item() { # of the file called $1
	python3 -c 'import json, sys
print([i["item"] for i in json.load(open("items"))
	if i["file"]["name"] == sys.argv[1]][0])' "$1"
}
anna member add boris.card --case Spring --role author >/dev/null
anna member add clara.card --case Spring --role author >/dev/null
anna carry -o begin --to boris.card --to clara.card || exit 2
boris receive begin >/dev/null && clara receive begin >/dev/null || exit 2
apart() {
	anna add a --case Spring && boris add b --case Spring &&
		clara add c --case Spring &&
		anna edit "$(item first)" --title "as Anna sees it" &&
		boris edit "$(item first)" --title "as Boris sees it" &&
		clara edit "$(item first)" --title "as Clara sees it" &&
		boris retract "$(item second)" --why "a double" &&
		clara edit "$(item second)" --title "no double" &&
		anna member add dora.card --case Spring --role reader
}
check "they work apart" apart

# --- exchanges ---
# $HOW: by carry files, with each other's folders, or by a stick
hand() { # hand FROM TO: by a carry file
	rm -f handed handed-parity
	"$1" carry -o handed --to "$2.card" && "$2" receive handed >/dev/null
}
meet() {
	case $HOW in
	carry) hand "$1" "$2" && hand "$2" "$1" ;;
	folder) "$1" sync "$2" ;;
	stick) "$1" sync stick && "$2" sync stick && "$1" sync stick ;;
	esac
}

# view PERSON: what that person sees, and need not see in another way
view() {
	"$1" --json list >list.json && "$1" --json member list >members.json &&
		"$1" --json show "$(item first)" >show.json || return 1
	python3 - <<'EOT'
import json
members = json.load(open("members.json"))
for m in members:
    del m["you"]
    # how much each has written depends on who met whom
    m["devices"] = sorted(d["device"] for d in m.get("devices", []))
show = json.load(open("show.json"))
print(json.dumps([
    json.load(open("list.json")), sorted(members, key=lambda m: m["member"]),
    sorted(v["fields"]["title"] for v in show["current_versions"])],
    indent=1, sort_keys=True, ensure_ascii=False))
EOT
}
# all_meet NAME PAIRS: in this order, and once more, as the first who met have
# heard nothing of what came later
all_meet() {
	name="$HOW, $1"
	shift
	rm -rf now stick
	cp -a start now
	mkdir stick
	for pair in "$@" "$@"; do
		meet "${pair%-*}" "${pair#*-}" >met 2>&1 || {
			not_ok "$name: $pair meet"
			sed 's/^/    /' met
		}
	done
	for p in $PEOPLE; do
		view $p >view.$p || not_ok "$name: $p looks"
	done
	same "$name: Anna and Boris see the same" view.anna view.boris
	same "$name: Anna and Clara see the same" view.anna view.clara
	[ -e view.first ] || cp view.anna view.first
	same "$name: the same as in any order" view.first view.anna
	for p in $PEOPLE; do
		git -C now/$p for-each-ref --format='%(refname)' >refs.$p
	done
	same "$name: Anna and Boris hold the same devices" refs.anna refs.boris
	same "$name: Anna and Clara hold the same devices" refs.anna refs.clara
}
# at_rest NAME: after all have said what they have seen, the same branches to
# the last batch
at_rest() {
	# cosignatures are not answered by cosignatures: few rounds suffice
	for i in 1 2 3; do
		for pair in $AB $BC $CA; do
			meet "${pair%-*}" "${pair#*-}" >met 2>&1 ||
				not_ok "$HOW, $1: $pair: $(tail -n 1 met)"
		done
	done
	for p in $PEOPLE; do
		git -C now/$p for-each-ref >refs.$p
	done
	same "$HOW, $1: Anna and Boris have the same history" refs.anna \
		refs.boris
	same "$HOW, $1: Anna and Clara have the same history" refs.anna \
		refs.clara
	for p in $PEOPLE; do
		status "$HOW, $1: $p verifies" 0 $p verify
	done
}
AB=anna-boris BC=boris-clara CA=clara-anna
for p in $PEOPLE; do
	for q in $PEOPLE; do
		[ $p = $q ] || $p remote add $q now/$q >/dev/null || exit 2
	done
	$p remote add stick stick --kind stick >/dev/null || exit 2
done
rm -rf start
mv now start
HOW=carry
all_meet "in order" $AB $BC $CA
grep -q "as Anna sees it" view.anna && grep -q "as Clara sees it" view.anna &&
	grep -q '"name": "dora"' view.anna && grep -q '"name": "c"' view.anna &&
	ok "all of it is there" || not_ok "all of it is there"
all_meet "the other way round" $CA $BC $AB
for HOW in folder stick; do
	all_meet "1" $AB $BC $CA
	at_rest "1"
	if [ $HOW = folder ] || [ -n "${EXCHANGE_ALL:-}" ]; then
		all_meet "2" $AB $CA $BC
		all_meet "3" $BC $AB $CA
		all_meet "4" $BC $CA $AB
		all_meet "5" $CA $AB $BC
	fi
	all_meet "6" $CA $BC $AB
	at_rest "6"
done

# --- the same, and Anna has meanwhile retired Clara, who works on ---
rm -rf now view.first
cp -a start now
status "Anna retires Clara" 0 anna member retire clara
status "Clara does not know it" 0 clara add third --case Spring
rm -rf start
mv now start
HOW=carry
all_meet "retired, in order" $AB $BC $CA
HOW=folder
all_meet "retired, the other way round" $CA $BC $AB
for p in $PEOPLE; do
	status "retired: $p verifies" 0 $p verify
done
grep -q "as Anna sees it" view.anna && ! grep -q "as Clara sees it" view.anna &&
	! grep -q '"name": "c"' view.anna && ok "what she did is not counted" ||
	not_ok "what she did is not counted"

# --- who may write to a shared place cannot keep out the others ---
rm -rf now
cp -a start now
echo late >late
status "Boris adds one more" 0 boris add late --case Spring
GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
cp -a now before
for branch in $(git -C now/boris for-each-ref --format='%(refname)'); do
	rm -rf now
	cp -a before now
	git -C now/boris update-ref "$branch" "$(git -C now/boris commit-tree \
		-p "$branch" -m junk "$branch^{tree}")"
	status "junk on one branch" 1 anna sync --pull boris
	says "junk is named" "is not of the form"
	anna --json list | grep -q '"late"' && ok "what is sound comes" ||
		not_ok "what is sound comes"
	status "nothing bad came" 0 anna verify
done
rm -rf now
cp -a before now
cp now/boris/refs/heads/"$(ls now/boris/refs/heads | head -n 1)" \
	"now/boris/refs/heads/d$(head -c 32 /dev/zero | tr '\0' '\377' |
		base32 -w 0 | tr A-Z a-z | tr -d =)"
status "a name that is nobody's key" 1 anna sync --pull boris
says "it is named" "does not belong in a vault"
anna --json list | grep -q '"late"' && ok "the rest comes" ||
	not_ok "the rest comes"
status "and once more" 1 anna sync --pull boris
finish
