#!/bin/sh
# A vault's own parity: made on request, grown, and what it restores.
. "$(dirname "$0")/lib.sh"

setup() {
	set -e # so not inside an if or check
	person anna
	new_vault anna v
	as anna --vault v case new C
	for i in 1 2 3 4 5 6 7 8; do head -c 7${i}000 /dev/urandom >big$i; done
	echo small >small
	as anna --vault v add big? small --case C
}
(setup) >setup.out 2>&1
[ $? -eq 0 ] && ok "set-up" || { not_ok "set-up"; cat setup.out; exit 1; }
anna() { as anna --vault v "$@"; }
bare() { "$MUNIMENT" --vault v "$@" </dev/null; } # without any key
parities() { ls v/local/parity | grep -c -- '-parity$'; }
objects() { find v/lfs/objects -type f | sort; }
packs() { find v/objects/pack -type f | sort; }
flip() {
	chmod u+w "$1"
	python3 - "$1" <<'P'
import os, sys
with open(sys.argv[1], "r+b") as f:
    at = os.path.getsize(sys.argv[1]) // 2
    f.seek(at)
    b = f.read(1)[0]
    f.seek(at)
    f.write(bytes([b ^ 0x10]))
P
}

# of a set of eight, so that one of them can be lost whole
eight=$(objects)

status "repair without parity" 0 bare repair
says "repair without parity: says so" "no parity of its own"
status "parity" 0 bare parity
all=$(($(objects | wc -l) + $(packs | wc -l)))
says "parity: of all files" "$all files of this vault are protected now"
[ "$(parities)" = 2 ] && ok "a set of large files, and one of packs" ||
	not_ok "$(parities) sets"
status "verify" 0 anna verify
grep -q "$all  files protected by parity" out && ok "verify: counts them" ||
	not_ok "verify: $(cat out)"
status "parity, again" 0 bare parity
says "parity, again: nothing new" ", 0 of them newly"

# what a command that was interrupted has left goes, all else stays
ls v/local/parity >before
set -- v/local/parity/*-parity
cp "$1" v/local/parity/01234567-parity
touch v/local/parity/01234567.list.new v/local/parity/.muniment-abc
status "parity, after an interruption" 0 bare parity
ls v/local/parity >after
cmp -s before after && ok "parity, after an interruption: it is cleared" ||
	not_ok "left: $(diff before after)"

# it grows
head -c 90000 /dev/urandom >new1
anna add new1 --case C >/dev/null
status "verify, more is here" 0 anna --json verify
python3 -c 'import json,sys; sys.exit(json.load(open("out"))["parity"]["unprotected"] == 0)' &&
	ok "verify: says that some are without" || not_ok "verify: $(cat out)"
old=$(ls v/local/parity)
status "parity of what is new" 0 bare --json parity
python3 -c 'import json,sys; sys.exit(json.load(open("out"))["unprotected"] != 0)' &&
	ok "parity of what is new: nothing is without" || not_ok "$(cat out)"
[ "$(parities)" = 3 ] && ok "parity of what is new: a set of its own" ||
	not_ok "parity of what is new: $(parities) sets: $(ls v/local/parity)"
for i in 1 2 3 4 5 6 7 8; do
	head -c 90000 /dev/urandom >more$i
	anna add more$i --case C >/dev/null
	bare --quiet parity || not_ok "parity, time $i"
done
[ "$(parities)" -le 5 ] && ok "few sets after many additions" ||
	not_ok "$(parities) sets"
status "verify, all of it" 0 anna verify
cp -a v v.whole

# mended NAME COMMAND...: what is damaged is restored, without a key
mended() {
	what=$1
	shift
	rm -rf v
	cp -a v.whole v
	"$@" || not_ok "$what: it could not be damaged"
	anna verify >/dev/null 2>&1 && not_ok "$what: verify does not see it"
	status "$what: repair" 0 bare repair
	status "$what: then all is well" 0 anna verify
	(cd v.whole && find lfs objects -type f -exec cmp {} ../v/{} \;) \
		>differ 2>&1
	[ -s differ ] && not_ok "$what: $(cat differ)" ||
		ok "$what: byte for byte"
	[ ! -e v/local/parity/restored ] && [ ! -e v/local/incoming ] &&
		ok "$what: nothing is left behind" || not_ok "$what: $(find v/local)"
}
two_objects() {
	flip "$(echo "$eight" | head -n 1)" && rm "$(echo "$eight" | tail -n 1)"
}
cut_object() { truncate -s 1000 "$(echo "$eight" | head -n 2 | tail -n 1)"; }
long_object() { echo more >>"$(objects | head -n 2 | tail -n 1)"; }
one_pack() { flip "$(packs | grep 'pack$' | head -n 1)"; }
one_index() { flip "$(packs | grep 'idx$' | head -n 1)"; }
lost_pack() {
	p=$(ls -S v/objects/pack/*.pack | tail -n 1)
	rm "$p" "${p%.pack}.idx"
}
several() { two_objects && one_pack && rm v/HEAD; }
mended "a large file damaged, one lost" two_objects
mended "a large file cut off" cut_object
mended "a large file with more at its end" long_object
mended "a pack damaged" one_pack
mended "an index damaged" one_index
mended "a pack lost" lost_pack
mended "several at once" several

# a list damaged, and one lost: the other copies serve
rm -rf v
cp -a v.whole v
for f in v/local/parity/*.list; do flip "$f"; done
flip "$(objects | head -n 1)"
status "damaged lists: repair" 0 bare repair
status "damaged lists: then all is well" 0 anna verify
rm v/local/parity/*.list v/local/parity/*.list2
status "no lists at all" 0 anna verify
status "made anew" 0 bare parity --anew

# parity damaged itself: said, and no damage of the evidence
rm -rf v
cp -a v.whole v
for f in v/local/parity/*-parity; do flip "$f"; done
status "damaged parity" 0 anna verify
says "damaged parity: said" "muniment parity --anew makes it again"
status "parity, anew" 0 bare parity --anew
status "parity, anew: verify" 0 anna verify
grep -q damaged err && not_ok "parity, anew: $(cat err)" ||
	ok "parity, anew: it is whole"

# past the limit
objects | while read -r f; do rm "$f"; done
status "all large files lost" 1 bare repair
says "all large files lost: names them" "lfs/objects/"
says "all large files lost: what to do" "repair --from"
[ -z "$(objects)" ] && ok "all large files lost: nothing is made up" ||
	not_ok "all large files lost: $(objects)"
cp -a v.whole/lfs/. v/lfs/
flip "$(objects | head -n 1)"
status "parity of what is damaged already" 1 bare parity --anew
says "parity of what is damaged already: named" "damaged already"
status "and repaired by the old one" 0 bare repair
status "and then all is well" 0 anna verify
finish
