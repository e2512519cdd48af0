#!/bin/sh
# Parity and repair: what is damaged comes back byte for byte, or not at all.
. "$(dirname "$0")/lib.sh"

same() { cmp -s "$2" "$3" && ok "$1" || not_ok "$1: other bytes"; }
gone() { # gone NAME FILE...: none of them is there
	n=$1
	shift
	for f in "$@"; do
		[ ! -e "$f" ] || { not_ok "$n: $f is there"; return; }
	done
	ok "$n"
}
# flip FILE OFFSET...: change one bit of each of these bytes
flip() {
	python3 - "$@" <<'P'
import sys
with open(sys.argv[1], "r+b") as f:
    for at in sys.argv[2:]:
        f.seek(int(at))
        b = f.read(1)[0]
        f.seek(int(at))
        f.write(bytes([b ^ 4]))
P
}
# hole FILE FROM LENGTH
hole() {
	tr '\0' '\377' </dev/zero | dd of="$1" bs=1 seek="$2" count="$3" \
		conv=notrunc status=none iflag=fullblock
}

# -- carry files --

person anna && person boris && new_vault anna v >/dev/null || exit 2
anna() { as anna --vault v "$@"; }
anna case new C >/dev/null
anna member add boris.card --case C --role author >/dev/null
head -c 300000 /dev/urandom >first
echo small >second
anna add first second --case C >/dev/null

status "carry: a bad percentage" 2 anna carry -o no --to boris.card --parity 101
status "carry: not a percentage" 2 anna carry -o no --to boris.card --parity -1
: >taken-parity
status "carry: the parity's name is taken" 2 \
	anna carry -o taken --to boris.card
says "carry: says whose name" "taken-parity: exists already"
gone "carry: nothing is left" taken .muniment-*
rm taken-parity
status "carry without parity" 0 anna carry -o bare --to boris.card --parity 0
gone "carry without parity: there is none" bare-parity
status "carry, as JSON" 0 anna --json carry -o F --to boris.card
grep -q '"parity": *20' out && ok "carry: 20 percent" ||
	not_ok "carry: $(cat out)"
[ "$(stat -c %Y-%a F-parity)" = 1000000000-600 ] &&
	ok "the parity has the one time stamp, and is its owner's alone" ||
	not_ok "the parity's time or mode: $(stat -c %Y-%a F-parity)"
age=$(wc -c <F)
par=$(wc -c <F-parity)
[ $((par * 100)) -lt $((age * 24)) ] && [ $((par * 100)) -gt $((age * 20)) ] &&
	ok "the parity has its length" || not_ok "parity: $par bytes of $age"
cp F whole
cp F-parity whole-parity

# -- repair --

status "whole" 0 "$MUNIMENT" repair F
says "whole: says so" "F: whole"
status "whole, looked at" 0 "$MUNIMENT" repair --check F
gone "whole: nothing is written" F.repaired F.repaired-parity

flip F 0 20000 70000 200000
flip F-parity 0 50000
status "flips, looked at" 1 "$MUNIMENT" repair --check F
says "flips: how many" "F: damaged: 4 of its"
says "flips: of the parity too" "F-parity: damaged: 2 of its"
says "flips: what to do" "muniment repair F"
gone "flips: --check writes nothing" F.repaired
status "flips" 0 "$MUNIMENT" repair F
same "flips: byte for byte" F.repaired whole
same "flips: and its parity" F.repaired-parity whole-parity
cmp -s F whole && not_ok "the damaged file was written to" ||
	ok "the damaged file is left as it was"
status "flips, again" 2 "$MUNIMENT" repair F
says "flips, again: nothing is overwritten" "F.repaired: exists already"
rm F.repaired F.repaired-parity
status "flips, to a name" 0 "$MUNIMENT" repair F -o G
same "flips, to a name: byte for byte" G whole
rm G G-parity

# damaged NAME COMMAND...: F is damaged by the command, and restored
damaged() {
	what=$1
	shift
	cp whole F
	cp whole-parity F-parity
	"$@"
	status "$what" 0 "$MUNIMENT" repair F -o G
	cmp -s F whole && gone "$what: the file is whole already" G ||
		same "$what: byte for byte" G whole
	same "$what: and its parity" G-parity whole-parity
	rm -f G G-parity
}
tail_of_both() {
	truncate -s $((age * 87 / 100)) F
	truncate -s $((par * 87 / 100)) F-parity
}
damaged "a hole" hole F 100000 $((age * 19 / 100))
damaged "a lost tail" truncate -s $((age * 81 / 100)) F
damaged "bytes too many" sh -c 'echo >>F'
damaged "tails of both are lost" tail_of_both
damaged "the beginning of the parity is lost" hole F-parity 0 $((par * 80 / 100))
sixteen() { hole F 0 $((age * 16 / 100)) && hole F-parity 0 $((par * 16 / 100)); }
damaged "the beginnings of both" sixteen
cp whole F
rm F-parity
status "the parity alone is lost" 2 "$MUNIMENT" repair F
says "the parity alone is lost: says so" "F-parity: there is none"
status "it is made again" 0 "$MUNIMENT" parity F
same "it is made again: the same" F-parity whole-parity
status "it is there already" 2 "$MUNIMENT" parity F
rm F
status "the file alone is lost" 1 "$MUNIMENT" repair F
says "the file alone is lost: says so" "too much is lost"
gone "the file alone is lost: nothing is written" F.repaired G

# past the limit
cp whole F
hole F 50000 $((age * 25 / 100))
status "past the limit" 1 "$MUNIMENT" repair F
says "past the limit: names what is lost" "F: lost: bytes "
says "past the limit: says what to do" "ask for another copy"
gone "past the limit: nothing is written" F.repaired F.repaired-parity \
	.muniment-*
status "past the limit, as JSON" 1 "$MUNIMENT" --json repair F
grep -q '"restorable": *false' out && ok "past the limit: JSON says so" ||
	not_ok "past the limit: $(cat out)"

# a medium that does not give its bytes
if [ -z "${MUNIMENT_SANITIZED:-}" ] && command -v cc >/dev/null &&
	cc -shared -fPIC -D_GNU_SOURCE -o badread.so "$TOP/tests/cli/badread.c"; then
	cp whole F
	status "unreadable blocks" 0 env LD_PRELOAD="$W/badread.so" \
		BADREAD_FILE=F BADREAD_FROM=100 BADREAD_TO=40000 \
		"$MUNIMENT" repair F -o G
	same "unreadable blocks: byte for byte" G whole
	grep -q "F: whole" err && not_ok "unreadable blocks: called whole" ||
		ok "unreadable blocks: told"
	rm G G-parity
	status "an unreadable parity" 0 env LD_PRELOAD="$W/badread.so" \
		BADREAD_FILE=F-parity BADREAD_FROM=0 BADREAD_TO=30000 \
		"$MUNIMENT" repair F -o G
	same "an unreadable parity: restored" G-parity whole-parity
	gone "an unreadable parity: the file is whole already" G
	rm G-parity
	cat >boris.sh <<P
LD_PRELOAD="$W/badread.so" BADREAD_FILE=F BADREAD_FROM=100000 \
BADREAD_TO=110000 exec "$MUNIMENT" --identity boris.age --vault torn \
	--passphrase-fd 3 receive F
P
	status "receive from an unreadable medium" 0 sh boris.sh 3<<P
pass boris
P
	says "receive from an unreadable medium: says so" "restored by its parity"
else
	skip "unreadable media" "no compiler, or a sanitized program"
fi

# -- parts --

anna carry -o P --to boris.card --part-size 100000
cat P.0?? >joined
cat P-parity.0?? >joined-parity
rm P.003
truncate -s 90000 P.001
flip P-parity.001 5
status "a lost part" 1 "$MUNIMENT" repair P.001
n=$(ls P.0?? | wc -l)
anna carry -o Q --to boris.card --part-size 70000 --parity 40
cat Q.0?? >joined
rm Q.003
truncate -s 60000 Q.002
status "a lost part, and 40 percent" 0 "$MUNIMENT" repair Q.001 -o R
cat R.0?? | cmp -s - joined && ok "a lost part: byte for byte" ||
	not_ok "a lost part: other bytes"
[ "$(wc -c <R.001)" = 70000 ] && ok "a lost part: cut as before" ||
	not_ok "a lost part: $(ls -l R.*)"
rm -f [PQR].0* [PQR]-parity.0*

# -- what a damaged carry file does to those who receive --

boris() { as boris --vault b "$@"; }
for at in 2 100 3000 60000 $((age - 20)); do
	rm -rf b
	cp whole F
	cp whole-parity F-parity
	flip F $at
	status "receive, byte $at damaged" 0 "$MUNIMENT" --identity boris.age \
		--vault b --passphrase-fd 3 receive F 3<<P
pass boris
P
	says "receive, byte $at damaged: says so" "restored by its parity"
	says "receive, byte $at damaged: what to do" "muniment repair"
done
check "receive: all of it is there" boris verify
boris --json receive F >json 2>/dev/null
grep -q '"mended": *1' json && ok "receive: JSON says it" || not_ok "$(cat json)"
rm -rf b
truncate -s $((age / 2)) F
status "receive, past the limit" 1 boris receive F
says "receive, past the limit: says so" "its parity is of no help"
cp whole F
hole F 50000 $((age * 25 / 100))
status "receive, somewhat past the limit" 1 boris receive F
says "receive, past the limit: says so" "more is damaged than its parity"
gone "receive, past the limit: nothing is left" b .muniment-* .b*
cp whole F
flip F 60000
cp whole-parity other-parity
rm F-parity
status "receive, damaged and without parity" 1 boris receive F
gone "receive, damaged and without parity: nothing is left" b
# parity of something else helps nobody
head -c "$age" /dev/urandom >other
rm other-parity
"$MUNIMENT" --quiet parity other
mv other-parity F-parity
status "receive, parity of another file" 1 boris receive F
status "repair, parity of another file" 1 "$MUNIMENT" repair F
gone "parity of another file: nothing is left" b F.repaired

# -- a stick --

mkdir stick
anna remote add stick "$W/stick" >/dev/null
anna sync
f=$(ls stick | grep -v parity)
[ -f "stick/$f-parity" ] && ok "sync to a stick: with parity" ||
	not_ok "sync to a stick: $(ls stick)"
cp whole F
cp whole-parity F-parity
boris receive bare >/dev/null
boris remote add stick "$W/stick" >/dev/null
flip "stick/$f" 3 50000
status "sync from a damaged stick" 0 "$MUNIMENT" --identity boris.age \
	--vault b --passphrase-fd 3 sync --pull 3<<P
pass boris
P
says "sync from a damaged stick: says so" "restored by its parity"
says "sync from a damaged stick: it came" "new batches"
status "sync again" 0 "$MUNIMENT" --identity boris.age --vault b \
	--passphrase-fd 3 sync --pull 3<<P
pass boris
P
grep -q "restored by" err && not_ok "sync again: it is read once more" ||
	ok "sync again: nothing is read again"
check "sync from a damaged stick: all is there" boris verify

# -- hostile parity --

head -c 5000 /dev/urandom >h
python3 - <<'P'
import hashlib, struct
def parity(name, size, block, k, m, groups, records=1):
    """A right record that lies about the file."""
    n = -(-size // block)
    total = groups * m
    chunk = -(-n // total) if total else 0
    with open(name, "wb") as f:
        for r in range(records):
            body = struct.pack(">QQ32sIHHII", size, 0, bytes(32), block, k, m,
                               groups, r)
            body += bytes(3 * 16 * chunk + block)
            f.write(b"muniment parity1" + hashlib.sha256(body).digest()[:16] +
                    body)
# the largest there can be
parity("h1-parity", 2**38, 65536, 200, 40, 20972)
# as many groups as blocks; a group of one
parity("h2-parity", 4096 * 2**22, 4096, 1, 1, 2**22)
# what fits, and has another SHA-256
parity("h3-parity", 5000, 512, 10, 10, 1, 10)
P
for i in 1 2 3; do
	cp h h$i
	status "hostile parity $i" 1 sh -c \
		"ulimit -v 1000000; ulimit -f 1000; exec '$MUNIMENT' repair h$i"
	gone "hostile parity $i: nothing is written" h$i.repaired \
		h$i.repaired-parity .muniment-*
done
mkfifo h4-parity
cp h h4
status "a FIFO for parity" 1 timeout 20 "$MUNIMENT" repair h4
: >h5-parity
cp h h5
status "empty parity" 1 "$MUNIMENT" repair h5
: >empty
status "parity of nothing" 2 "$MUNIMENT" parity empty
status "parity of a folder" 2 "$MUNIMENT" parity stick
status "parity: a bad percentage" 2 "$MUNIMENT" parity h --percent 0
# any file, and as much as there can be
cp anna.age key
status "parity of a key" 0 "$MUNIMENT" parity key --percent 100
head -c 100 /dev/zero | dd of=key conv=notrunc status=none
status "a key is restored" 0 "$MUNIMENT" repair key -o key2
same "a key is restored: byte for byte" key2 anna.age
finish
