#!/bin/sh
# A damaged vault heals itself from a partner's copy or a carry file, and what
# is not damaged can be read all the time.
. "$(dirname "$0")/lib.sh"

setup() {
	set -e # so not inside an if or check
	person anna
	person boris
	new_vault anna home
	anna="as anna --vault home"
	$anna case new C
	for i in 1 2 3; do
		head -c 9000$i /dev/urandom >big$i
		head -c 100$i /dev/urandom >small$i
	done
	$anna add big1 small1 --case C
	$anna member add boris.card --case C --role author
	$anna carry -o whole.carry --to boris.card
	as boris --vault abroad receive whole.carry
	cp -a abroad early
	$anna add big2 small2 --case C
	$anna remote add boris "$W/abroad"
	$anna sync
	as boris --vault abroad add big3 small3 --case C
	$anna sync
	$anna carry -o copy.carry --to anna.card
	$anna sync # so that boris has all that she has
	$anna verify
	as boris --vault abroad verify
	cp -a home home.whole
}
(setup) >setup.out 2>&1
[ $? -eq 0 ] && ok "set-up" || { not_ok "set-up"; cat setup.out; exit 1; }

damage() { # damage FILE [OFFSET]: one byte of it
	chmod u+w "$1"
	python3 - "$1" "${2:-}" <<'P'
import os, sys
n = os.path.getsize(sys.argv[1])
at = int(sys.argv[2]) if sys.argv[2] else n // 2
with open(sys.argv[1], "r+b") as f:
    f.seek(at)
    b = f.read(1)[0]
    f.seek(at)
    f.write(bytes([b ^ 0x10]))
P
}
objects() { find home/lfs/objects -type f | sort; }
packs() { find home/objects/pack -name "*.$1" | sort; }

# healed NAME OTHER COMMAND...: what the command damages is found, and healed
healed() {
	what=$1
	from=$2
	shift 2
	rm -rf home
	cp -a home.whole home
	"$@" || not_ok "$what: it could not be damaged"
	as anna --vault home verify >/dev/null 2>&1 &&
		not_ok "$what: verify does not see it"
	status "$what: repair" 0 as anna --vault home repair --from "$from"
	status "$what: then all is well" 0 as anna --vault home verify
	rm -rf got
	as anna --vault home get --case C -o got >/dev/null 2>&1
	for f in big1 big2 big3 small1 small2 small3; do
		cmp -s $f got/$f || not_ok "$what: $f is not what it was"
	done
	[ ! -e home/local/heal ] || not_ok "$what: work is left behind"
	# and it goes on
	echo "$what" >more
	status "$what: it goes on" 0 as anna --vault home add more --case C
}
first_object() { damage "$(objects | head -n 1)"; }
all_objects() { objects | while read -r f; do rm "$f"; done; }
every_pack() { packs pack | while read -r f; do damage "$f"; done; }
every_index() { packs idx | while read -r f; do damage "$f"; done; }
cut_pack() { f=$(packs pack | head -n 1); truncate -s 100 "$f"; }
no_packs() { rm -rf home/objects/pack; }
no_refs() { rm -rf home/refs; }
bad_refs() { for f in home/refs/heads/*; do echo nonsense >"$f"; done; }
bad_config() { echo "[include] path = /etc/passwd" >home/config && rm home/HEAD; }
stray_pack() { cp "$(packs pack | head -n 1)" home/objects/pack/pack-0123456789012345678901234567890123456789.pack; }
everything() {
	all_objects
	every_pack
	bad_config
}
for other in abroad copy.carry; do
	healed "$other: a damaged large file" $other first_object
	healed "$other: all large files lost" $other all_objects
	healed "$other: every pack damaged" $other every_pack
	healed "$other: every index damaged" $other every_index
	healed "$other: everything at once" $other everything
done
healed "a pack cut off" abroad cut_pack
healed "a bad config, no HEAD" abroad bad_config
healed "bad references" abroad bad_refs
healed "no references" abroad no_refs
healed "a pack that does not belong" abroad stray_pack

# what only this copy holds stays
rm -rf home
cp -a home.whole home
echo mine >mine
head -c 95000 /dev/urandom >bigmine
as anna --vault home add mine bigmine --case C >/dev/null
damage "$(packs pack | head -n 1)"
damage "$(objects | head -n 1)"
rm -rf abroad.before
cp -a abroad abroad.before
as anna --vault home repair --from abroad >/dev/null 2>err
rc=$?
rm -rf got
as anna --vault home get --case C -o got >out 2>&1
n=0
for f in big1 big2 big3 small1 small2 small3 mine bigmine; do
	[ -e got/$f ] || continue
	cmp -s $f got/$f && n=$((n + 1)) || not_ok "a wrong $f is given out"
done
[ $n -ge 7 ] && ok "what the other copy has not stays ($n of 8)" ||
	not_ok "what the other copy has not: $n of 8, status $rc"
diff -r abroad abroad.before >/dev/null && ok "the other copy is not touched" ||
	not_ok "the other copy was changed"

# without another copy, the rest can be read
rm -rf home
cp -a home.whole home
damage "$(objects | head -n 1)"
rm -rf got
status "one large file damaged: get of the case" 1 \
	as anna --vault home get --case C -o got
n=0
for f in big1 big2 big3 small1 small2 small3; do
	[ -e got/$f ] || continue
	cmp -s $f got/$f && n=$((n + 1)) || not_ok "a wrong $f is given out"
done
[ $n -eq 5 ] && ok "one large file damaged: the other five are got" ||
	not_ok "one large file damaged: $n of five are got"

# a copy that is damaged itself, or of another vault
rm -rf home
cp -a home.whole home
rm -rf bad
cp -a abroad bad
one=$(objects | head -n 1)
damage "$one"
damage "bad/${one#home/}"
status "damaged on both sides" 1 as anna --vault home repair --from bad
says "damaged on both sides: says so" "that copy has them not either"
status "healed from a third" 0 as anna --vault home repair --from copy.carry
check "healed from a third: all is well" as anna --vault home verify
new_vault anna strange >/dev/null
as anna --vault strange case new X >/dev/null
every_pack
packs pack >packs.before
status "from another vault" 1 as anna --vault home repair --from strange
says "from another vault: says so" "has not all that is lacking"
packs pack | cmp -s - packs.before && ok "from another vault: nothing is moved" ||
	not_ok "from another vault: packs were moved"
status "from itself" 2 as anna --vault home repair --from home
status "from nothing" 2 as anna --vault home repair --from nowhere
cp -a abroad hostile
mkdir -p hostile/objects/info
echo /etc >hostile/objects/info/alternates
status "from a hostile repository" 1 as anna --vault home repair --from hostile
status "after all that: repair" 0 as anna --vault home repair --from abroad
check "after all that: all is well" as anna --vault home verify

# what one copy has not another may have, whatever was set aside before
rm -rf home
cp -a home.whole home
for f in $(ls -S home/objects/pack/*.pack | head -n 4); do damage "$f"; done
as anna --vault home repair --from early >/dev/null 2>&1
status "by a second copy" 0 as anna --vault home repair --from abroad
check "by a second copy: all is well" as anna --vault home verify

# a whole vault is left as it is
rm -rf home
cp -a home.whole home
status "nothing is damaged" 0 "$MUNIMENT" --identity anna.age --vault home \
	--passphrase-fd 3 repair --from abroad 3<<P
pass anna
P
says "nothing is damaged: says so" "nothing that can be restored"
check "nothing is damaged: all is well" as anna --vault home verify
finish
