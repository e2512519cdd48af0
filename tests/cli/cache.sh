#!/bin/sh
# The index cache: what it says is what the vault says, however it was made,
# damaged, set back or put there from elsewhere; and nothing in it is readable.
. "$(dirname "$0")/lib.sh"

person anna && person bahrom && new_vault anna v || { not_ok "setup"; finish; }
anna() { as anna --vault v "$@"; }
# seen NAME: what anna is shown is the same with the cache and without it
seen() {
	mv v/local/cache away 2>/dev/null
	for c in "list --json" "list" "case list --json" "search canary --json" \
		"show $ITEM --json" "history $ITEM --json" "custody $ITEM"; do
		anna $c 2>&1
	done >fresh
	rm -rf v/local/cache
	[ -d away ] && mv away v/local/cache
	for i in 1 2; do
		for c in "list --json" "list" "case list --json" \
			"search canary --json" "show $ITEM --json" \
			"history $ITEM --json" "custody $ITEM"; do
			anna $c 2>&1
		done >cached.$i
		if cmp -s fresh cached.$i && grep -q canary fresh; then
			ok "$1: the same from the cache ($i)"
		else
			not_ok "$1: the same from the cache ($i)"
			diff fresh cached.$i | head -5
		fi
	done
}
item() { anna list --case "$1" --json | jq -r ".[$2].item"; }

anna case new "canary case" >/dev/null
anna case new "other" >/dev/null
mkdir many
i=0
while [ $i -lt 1100 ]; do
	echo "canary text $i" >many/canary-$i.txt
	i=$((i + 1))
done
head -c 200000 /dev/urandom >large
check "take in 1100 files" anna add many --case "canary case"
set -- v/local/cache/*.age
[ $# -ge 2 ] && ok "what was taken in is in the cache already" ||
	not_ok "what was taken in is in the cache already"
ITEM=$(item "canary case" 7)
seen "written by the command that took it in"
mkdir more
i=0
while [ $i -lt 100 ]; do
	echo "canary more $i" >more/more-$i.txt
	i=$((i + 1))
done
check "take in 100 more" anna add more --case "canary case"
seen "and on top of that"
check "and a large one" anna add large --case "canary case"
ITEM=$(item "canary case" 7)
[ ${#ITEM} -eq 32 ] || not_ok "an item to look at"
[ -f v/local/cache/state.age ] && ok "the cache is there" ||
	not_ok "the cache is there"
seen "after taking in"
set -- v/local/cache/*.age
[ $# -ge 2 ] && ok "records rest in a segment" ||
	not_ok "records rest in a segment"

for j in 1 4; do
	rm -rf v/local/cache
	anna --jobs $j list --json >jobs.$j
	find v/local/cache -name '*.age' -printf '%s\n' | sort >sizes.$j
done
if cmp -s jobs.1 jobs.4 && cmp -s sizes.1 sizes.4; then
	ok "made on four cores it is the same as on one"
else
	not_ok "made on four cores it is the same as on one"
fi

check "edit" anna edit "$ITEM" --title "canary edited"
check "retract" anna retract "$(item "canary case" 9)" --why "canary"
check "note" anna custody "$(item "canary case" 11)" --note "canary note"
seen "after an edit, a retraction and a note"
anna add large --case "canary case" >/dev/null 2>said
n=$(anna list --json | jq length)
[ "$n" -eq 1201 ] && ok "content that rests is known" ||
	not_ok "content that rests is known: $n items"
check "a title by edit of another, with content" \
	anna edit "$(item "canary case" 12)" --content large
for i in 1 2; do
	check "an item that shares segments with one at rest ($i)" anna get \
		"$(item "canary case" 12)" -o "shared.$i"
	cmp -s large shared.$i/large && ok "byte for byte ($i)" ||
		not_ok "byte for byte ($i)"
	anna custody "$(item "canary case" 13)" --note "canary $i" >/dev/null
done
check "get gives the large one back" anna get "$(anna list --json |
	jq -r '.[] | select(.file.name == "large") | .item' | head -1)" -o got
cmp -s large "$(find got -name 'large*' | head -1)" &&
	ok "byte for byte" || not_ok "byte for byte"
check "share" anna member add bahrom.card --case "canary case" --role reader
check "a carry file" anna carry -o c.age --to bahrom.card
as bahrom --vault w receive c.age >/dev/null 2>&1
as bahrom --vault w list >b1 2>&1
as bahrom --vault w list >b2 2>&1
mv w/local/cache w/local/cache.away
as bahrom --vault w list >b3 2>&1
[ "$(wc -l <b1)" -eq 1201 ] && cmp -s b1 b2 && cmp -s b1 b3 &&
	ok "a partner reads the same" || not_ok "a partner reads the same"
# a first sync: the vault is read by more than one index in one process
anna remote add bahrom w >/dev/null
for i in 1 2; do
	status "sync with the partner's ($i)" 0 anna sync bahrom
	seen "after that sync ($i)"
	is "no item twice ($i)" "" "$(anna list | sort | uniq -d | head -2)"
done
cp -a v/local/cache old
check "one more" anna add anna.card --case other
seen "after sharing"

# nothing readable, nothing that tells
grep -rlaE "canary|AGE-SECRET|anna|bahrom" v/local/cache >said 2>/dev/null
[ -s said ] && not_ok "no plain text in the cache" ||
	ok "no plain text in the cache"
find v/local/cache -type f | sed 's|.*/||' |
	grep -vE '^([0-9a-f]{32}\.age|state\.age|lock)$' >said
[ -s said ] && not_ok "no names that tell" || ok "no names that tell"
find v/local/cache -name '*.age' -newermt 2001-09-10 >said
[ -s said ] && not_ok "no times that tell" || ok "no times that tell"

# damage of every sort costs time, and nothing else
for f in v/local/cache/*.age; do
	size=$(stat -c %s "$f")
	for at in 10 $((size / 3)) $((size - 5)); do
		printf '\377\000\377' | dd of="$f" bs=1 seek="$at" conv=notrunc \
			2>/dev/null
	done
done
status "list reads the vault anew" 0 anna list
seen "after bytes changed in all its files"
# one place of an old file: whatever command meets it first, the next is right
anna list >/dev/null
for at in 2000 70000 140000 210000; do
	f=$(ls -S v/local/cache/*.age | head -1)
	[ "$(stat -c %s "$f")" -gt $((at + 8)) ] || continue
	printf '\377\000\377\000' | dd of="$f" bs=1 seek=$at conv=notrunc \
		2>/dev/null
	anna search canary >/dev/null 2>&1
	anna list >out 2>err || anna list >out 2>err
	seen "after one place was changed, at $at"
done
f=$(ls -S v/local/cache/*.age | head -1)
truncate -s -70000 "$f"
seen "after its largest file was cut off"
rm "$(ls -S v/local/cache/*.age | head -1)"
seen "after its largest file was removed"
truncate -s 100 v/local/cache/state.age
seen "after its state was cut off"
rm -rf v/local/cache && cp -a old v/local/cache
seen "after an older one was put back"
rm -rf v/local/cache && cp -a w/local/cache.away v/local/cache
seen "with a partner's"
new_vault anna u && as anna --vault u case new "x" >/dev/null &&
	as anna --vault u list
rm -rf v/local/cache && cp -a u/local/cache v/local/cache 2>/dev/null
seen "with that of another vault"

# what verify says comes from the vault itself
anna list >/dev/null
check "verify" anna verify
o=$(find v/lfs/objects -type f | head -1)
chmod u+w "$o"
printf 'other bytes here' | dd of="$o" bs=1 seek=1000 conv=notrunc 2>/dev/null
status "list does not read old objects" 0 anna list
status "verify sees one that was changed behind a warm cache" 1 anna verify
says "and names it" "$(basename "$o" | cut -c1-16)"

# where it cannot be kept
if [ "$(id -u)" -ne 0 ]; then
	rm -rf v/local/cache
	chmod a-w v/local
	status "a vault that cannot be written to" 0 anna list
	chmod u+w v/local
fi
rm -rf v/local/cache
: >v/local/cache
status "where the cache cannot be" 0 anna list
finish
