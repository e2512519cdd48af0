#!/bin/sh
# verify --since-last: what is new is checked fully, what was covered must be
# there; what is not read again is said; and nothing of it after a failed one.
. "$(dirname "$0")/lib.sh"

person anna && new_vault anna v || { not_ok "setup"; finish; }
anna() { as anna --vault v "$@"; }
# json NAME FILTER: what the last --json in out says
json() {
	if jq -e "$2" out >/dev/null 2>&1; then ok "$1"; else
		not_ok "$1"
		sed 's/^/    /' out | head -20
	fi
}
anna case new c >/dev/null
for i in 1 2 3; do head -c 100000 /dev/urandom >big.$i; done
echo small >small.txt
anna add big.1 small.txt --case c >/dev/null 2>&1
status "without a full verify there is nothing to go on from" 2 \
	anna verify --since-last
says "that is said" "no full verify"
status "--since-last and --blind" 2 anna verify --since-last --blind
check "a full verify" anna verify
covered=$(find v/lfs/objects -type f)
status "nothing new" 0 anna --json verify --since-last
json "nothing is read again" '.batches == 0 and .originals == 0 and
	.covered_batches > 1 and .covered_objects == 1 and .verified'
anna add big.2 --case c >/dev/null 2>&1
anna list >/dev/null
status "one more" 0 anna --json verify --since-last
json "it is read" '.batches == 1 and .objects == 1 and .originals == 1 and
	.covered_objects == 1'
anna verify --since-last >out 2>err
grep -q "not read again" out && ok "what was not read is said" ||
	not_ok "what was not read is said"

cp -a v was
again() { rm -rf v && cp -a was v; }
new() {
	find v/lfs/objects -type f | sort >all
	comm -13 old all
}
find was/lfs/objects -type f | sed 's/^was/v/' | sort >old
anna add big.3 --case c >/dev/null 2>&1
o=$(new | head -1)
chmod u+w "$o"
printf 'other bytes here' | dd of="$o" bs=1 seek=500 conv=notrunc 2>/dev/null
status "a new object that was changed" 1 anna verify --since-last
says "is named" "$(basename "$o" | cut -c1-16)"
status "after a failed one it asks for a full one" 2 anna verify --since-last

again
o=$covered
mv "$o" away
status "an old object that is missing" 1 anna verify --since-last
says "is named, too" "$(basename "$o" | cut -c1-16)"
again
chmod u+w "$o"
truncate -s -1 "$o"
status "an old object that is shorter" 1 anna verify --since-last
again
chmod u+w "$o"
printf 'other bytes here' | dd of="$o" bs=1 seek=500 conv=notrunc 2>/dev/null
status "one changed in place is not read" 0 anna verify --since-last
status "but a full verify reads it" 1 anna verify
status "and then nothing is covered" 2 anna verify --since-last

again
i=0
while [ $i -lt 12 ]; do
	anna case new "c$i" >/dev/null
	i=$((i + 1))
done
status "after small packs were joined" 0 anna verify --since-last
again
p=$(ls -S v/objects/pack/*.pack | tail -1)
rm -f "$p" "${p%.pack}.idx"
anna verify --since-last >out 2>err
[ $? -eq 1 ] && ok "a pack that is missing" || not_ok "a pack that is missing"
again
b=$(ls v/refs/heads/* | head -1)
git -C v cat-file -p "$(cat "$b")" | sed -n 's/^parent //p' >older
chmod u+w "$b" && cat older >"$b"
status "a rollback" 1 anna verify --since-last
again
rm -rf v/local/cache
status "without the index cache" 0 anna --json verify --since-last
json "the same is said" '.batches == 1 and .originals == 1'
finish
