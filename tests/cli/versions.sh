#!/bin/sh
# Large files: versions share the segments that did not change, within a case
# and never beyond it; batches without end; memory that does not grow.
. "$(dirname "$0")/lib.sh"

person anna && person bahrom || not_ok "no identities"
new_vault anna v || not_ok "no vault"
as anna --vault v case new C >/dev/null || not_ok "no case"
as anna --vault v case new D >/dev/null || not_ok "no case"
as anna --vault v member add bahrom.card --case C --role author >/dev/null ||
	not_ok "bahrom is not admitted"

# v0 of 14 MiB; v1 with something put in and something overwritten; v2 again
python3 - <<'P'
import random
r = random.Random(7)
v = bytearray(r.randbytes(14 << 20))
open("v0.bin", "wb").write(v)
v[5000000:5000000] = r.randbytes(70001)
v[9000000:9050000] = r.randbytes(50000)
open("v1.bin", "wb").write(v)
v[2000000:2000010] = b""
open("v2.bin", "wb").write(v)
v[12000000:12000000] = r.randbytes(99)
open("v3.bin", "wb").write(v)
P
objects() { find "$1/lfs/objects" -type f | wc -l; }
# more NAME BEFORE AFTER LEAST MOST
more() {
	n=$(($3 - $2))
	[ "$n" -ge "$4" ] && [ "$n" -le "$5" ] && ok "$1" ||
		not_ok "$1: $n new objects, not $4 to $5"
}
# back NAME VAULT PERSON ITEM FILE: the item's content comes back
back() {
	rm -rf got
	as "$3" --vault "$2" get "$4" -o got >/dev/null 2>&1
	cmp -s "got/$(ls got)" "$5" && ok "$1" || not_ok "$1"
}

check "a large file" as anna --vault v --json add v0.bin --case C
item=$(sed -n 's/.*"item": "\(.*\)".*/\1/p' check.out)
a=$(objects v)
more "it is cut into segments" 0 "$a" 8 28
check "a version of it" as anna --vault v edit "$item" --content v1.bin
b=$(objects v)
more "it shares what did not change" "$a" "$b" 1 8
back "the version comes back" v anna "$item" v1.bin
check "carried" as anna --vault v carry -o c1 --to bahrom.card
check "received" as bahrom --vault w receive c1
a=$(objects w)
check "a changed copy by another author" \
	as bahrom --vault w --json add v2.bin --case C
copy=$(sed -n 's/.*"item": "\(.*\)".*/\1/p' check.out)
more "two authors cut alike" "$a" "$(objects w)" 1 4
back "the copy comes back" w bahrom "$copy" v2.bin
check "carried back" as bahrom --vault w carry -o c2 --to anna.card
check "received back" as anna --vault v receive c2
back "its author's segments and one's own make the file" v anna "$copy" v2.bin
b=$(objects v)
check "the first version again" as anna --vault v add v0.bin --again --case C
more "nothing of it is new" "$b" "$(objects v)" 0 0


# what rests in the index cache is shared, too
check "the cache is made" as anna --vault v list
check "another changed copy" as anna --vault v --json add v3.bin --case C
copy3=$(sed -n 's/.*"item": "\(.*\)".*/\1/p' check.out)
more "with what is in the cache it shares" "$b" "$(objects v)" 1 4
back "it comes back" v anna "$copy3" v3.bin
b=$(objects v)

check "the same file in another case" as anna --vault v add v1.bin --case D
more "another case shares nothing" "$b" "$(objects v)" 8 28
b=$(objects v)
check "two versions at once" as anna --vault v --jobs 1 add --case D v0.bin v2.bin
more "one command's own are shared, too" "$b" "$(objects v)" 1 12

# one who is given one item alone gets no key to the rest of another
person cleo
as anna --vault v member add cleo.card --case D >/dev/null ||
	not_ok "cleo is not admitted"
check "one item is shared" as anna --vault v share "$copy" --with cleo
as anna --vault v carry -o c3 --to cleo.card 2>/dev/null
as cleo --vault x receive c3 >/dev/null 2>&1
back "cleo has it" x cleo "$copy" v2.bin
status "and not the one that it shares segments with" 2 \
	as cleo --vault x get "$item" -o got2

# sixty thousand bytes and more are an object: two lines of a batch each
mkdir many
python3 - <<'P'
import random
r = random.Random(8)
for i in range(540):
    open("many/%04d" % i, "wb").write(r.randbytes(65537 + i))
P
before=$(git --git-dir=v log --all --oneline | wc -l)
check "more than one batch holds" as anna --vault v add many --case D
[ "$(git --git-dir=v log --all --oneline | wc -l)" -ge $((before + 2)) ] &&
	ok "it is a chain of batches" || not_ok "no chain of batches"
check "all is right" as anna --vault v verify
check "all is right on one core" as anna --vault v --jobs 1 verify
as anna --vault v get --case D -o all >/dev/null 2>&1
for f in many/0000 many/0300 many/0539; do
	g=$(find all -name "${f#many/}")
	cmp -s "$f" "$g" && ok "$f comes back" || not_ok "$f differs"
done

# memory, of a file that is mostly holes: the most that was ever resident
peak() {
	python3 - "$@" <<'P'
import resource, subprocess, sys
rc = subprocess.run(sys.argv[1:], stdin=open("pass"), stdout=subprocess.DEVNULL).returncode
print(rc, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
P
}
if [ -n "${MUNIMENT_SANITIZED:-}" ]; then
	skip "memory does not grow with a file" "a sanitizer's own memory"
else
	echo "pass anna" >pass
	truncate -s 400M holes
	for verb in "add holes --case D" "verify"; do
		set -- $(peak "$MUNIMENT" --quiet --vault v --identity anna.age \
			--passphrase-fd 0 $verb)
		[ "$1" = 0 ] && [ "$2" -le 128 ] &&
			ok "memory does not grow with a file: $verb" ||
			not_ok "$verb: status $1, $2 MiB resident"
	done
fi
finish
