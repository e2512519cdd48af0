#!/bin/sh
# A damaged file is restored without Muniment: repair.py knows FORMAT.md alone.
. "$(dirname "$0")/../cli/lib.sh"
repair() { python3 "$TOP/tests/interop/repair.py" "$@"; }
sum() { sha256sum <"$1"; }

# of one group with small blocks, of several with large ones, and a short one
for size in 1 700 60000 1300001; do
	head -c $size /dev/urandom >f
	rm -f f-parity
	"$MUNIMENT" --quiet parity f || not_ok "parity of $size bytes"
	check "$size bytes, undamaged" repair f f-parity whole
	[ "$(sum whole)" = "$(sum f)" ] && ok "$size bytes: the same" ||
		not_ok "$size bytes: something else"
	cp f g
	cp f-parity g-parity
	python3 - $size <<'P'
import random, sys
random.seed(sys.argv[1])
b = bytearray(open("g", "rb").read())
p = bytearray(open("g-parity", "rb").read())
for _ in range(len(b) // 60000 + 1):
    b[random.randrange(len(b))] ^= 1 << random.randrange(8)
for _ in range(len(b) // 100000):
    p[random.randrange(len(p))] ^= 1 << random.randrange(8)
del b[len(b) - len(b) // 50:]
open("g", "wb").write(b)
open("g-parity", "wb").write(p)
P
	rm -f whole
	check "$size bytes, damaged" repair g g-parity whole
	[ "$(sum whole)" = "$(sum f)" ] && ok "$size bytes: restored" ||
		not_ok "$size bytes: not restored"
	# and Muniment does the same
	rm -f whole
	check "$size bytes, damaged, by Muniment" \
		"$MUNIMENT" --quiet repair g -o whole
	[ "$(sum whole)" = "$(sum f)" ] && cmp -s whole-parity f-parity &&
		ok "$size bytes: restored, and its parity" ||
		not_ok "$size bytes: not restored by Muniment"
	rm -f whole whole-parity
done
truncate -s 800000 g
status "past the limit" 1 repair g g-parity whole
[ ! -e whole ] && ok "past the limit: nothing is written" ||
	not_ok "past the limit: bytes are given out"
finish
