#!/bin/sh
# What goes wrong: each mistake, lack, damage or interruption ends with the
# right exit status and one clear line, and loses nothing and leaves nothing.
#
# EDGES_FILES: how many files the large folder has; 10,000 if not set.
. "$(dirname "$0")/lib.sh"
unset MUNIMENT_VAULT MUNIMENT_IDENTITY
# a copy: the one that is tested may be built anew meanwhile, and a person
# without rights must be able to reach it
cp "$MUNIMENT" "$W/program" && MUNIMENT=$W/program
chmod 755 "$W"
ROOT=$([ "$(id -u)" -eq 0 ] && echo yes)
SAN=${MUNIMENT_SANITIZED:-}
# where hundreds of commands need not wait for a disk
FAST=$W/fast
if [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'END { print $4 }')" -gt \
	1000000 ]; then
	FAST=$(mktemp -d /dev/shm/edges.XXXXXX) || exit 2
	ln -s "$FAST" fast
else
	mkdir fast
fi
trap 'for m in small ro; do umount -l "$W/$m" 2>/dev/null; done
	chmod -R u+rwX "$W" 2>/dev/null; rm -rf "$W" "$FAST"' EXIT

# loud NAME COMMAND...: like `as`, without --quiet
loud() {
	p=$1
	shift
	"$MUNIMENT" --identity "$W/$p.age" --passphrase-fd 3 "$@" 3<<P
pass $p
P
}
# state VAULT: all that is the vault's, but for what is of this machine
state() { (cd "$1" && find . -path ./local -prune -o -type f \
	-exec sha256sum {} + | sort); }
# leftovers: names that a command gives to what is not finished
leftovers() {
	find "$W" "$FAST" -xdev \( -name '.muniment-*' -o -name '*.muniment-new' -o \
		-name '*.new' -o -path '*/local/tmp/*' -o -path '*/local/journal' \
		\) 2>/dev/null
	[ ! -d small ] || find small \( -name '.muniment-*' -o -name '*.new' -o \
		-name '*.muniment-new' -o -path '*/local/tmp/*' -o \
		-path '*/local/journal' \)
}
# clean NAME: nothing unfinished lies anywhere
clean() {
	c_left=$(leftovers | head -n 5)
	[ -z "$c_left" ] && ok "$1: nothing left" ||
		not_ok "$1: left behind:" $c_left
	[ -z "$c_left" ] || leftovers | while read -r f; do rm -rf "$f"; done
}
# sound NAME [VAULT [PERSON]]: the vault verifies, and nothing is left
sound() {
	if as "${3:-anna}" --vault "${2:-vault}" verify >sound.out 2>&1; then
		ok "$1: verifies"
	else
		not_ok "$1: verify fails"
		sed 's/^/    /' sound.out
	fi
	clean "$1"
}
# one_line NAME: the last error is one line, with a hint perhaps
one_line() {
	o_lines=$(grep -vc '^hint: ' err)
	[ "$o_lines" -eq 1 ] && ok "$1: one line" || {
		not_ok "$1: $o_lines lines"
		sed 's/^/    /' err
	}
}
# fails NAME WANT TEXT COMMAND...: this status, this text in one line, and
# the vault $V (default: vault) is as it was
fails() {
	f_name=$1
	f_want=$2
	f_text=$3
	shift 3
	f_before=$(state "${V:-vault}")
	status "$f_name" "$f_want" "$@"
	says "$f_name: says why" "$f_text"
	one_line "$f_name"
	[ "$f_before" = "$(state "${V:-vault}")" ] &&
		ok "$f_name: vault as it was" ||
		not_ok "$f_name: the vault has changed"
	clean "$f_name"
}
# same NAME A B
same() { [ "$2" = "$3" ] && ok "$1" || not_ok "$1: $2, not $3"; }
items() { as "${2:-anna}" --vault "${1:-vault}" list | wc -l; }
cut_at() { head -c "$2" "$1"; }
# flip FILE OFFSET TO: one bit turned
flip() { python3 -c '
import sys
b = bytearray(open(sys.argv[1], "rb").read())
b[int(sys.argv[2])] ^= 1
open(sys.argv[3], "wb").write(b)' "$@"; }
T0=$(date +%s)
section() { echo "# $1 ($(($(date +%s) - T0)) s)"; }

person anna && person bahrom && person clara || exit 2
new_vault anna vault || exit 2
as anna --vault vault case new C >/dev/null || exit 2
export MUNIMENT_VAULT=vault
mkdir src && echo one >src/one && echo two >src/two
head -c 300000 /dev/urandom >src/large
as anna add src --case C >added || exit 2
ITEM=$(sed -n 's/  .*one$//p' added)
LARGE=$(sed -n 's/  .*large$//p' added)
echo new >new

section "identity and passphrase"
wrong() { "$MUNIMENT" --quiet --identity anna.age --passphrase-fd 3 "$@" \
	3<<P
not this
P
}
fails "wrong passphrase" 2 "wrong passphrase" wrong list
fails "wrong passphrase, add" 2 "wrong passphrase" wrong add new --case C
fails "wrong passphrase, get" 2 "wrong passphrase" wrong get "$ITEM" -o g
[ ! -e g ] && ok "wrong passphrase, get: no folder" || not_ok "folder g made"
fails "wrong passphrase, verify" 2 "wrong passphrase" wrong verify
fails "no terminal to ask" 2 "no terminal" setsid "$MUNIMENT" \
	--identity anna.age list
fails "no such descriptor" 2 "passphrase" "$MUNIMENT" --identity anna.age \
	--passphrase-fd 77 list
fails "empty passphrase" 2 "passphrase" "$MUNIMENT" --identity anna.age \
	--passphrase-fd 3 list 3</dev/null
fails "missing identity" 2 "No such file" as nobody list
says "missing identity: hint" "hint: muniment id new"
fails "a folder as identity" 2 "directory" "$MUNIMENT" --identity src \
	--passphrase-fd 3 list 3<new
n=$(wc -c <anna.age)
flip anna.age 30 flip1.age
flip anna.age $((n / 2)) flip2.age
flip anna.age $((n - 1)) flip3.age
cut_at anna.age $((n / 2)) >cut.age
: >empty.age
head -c 2000 /dev/urandom >random.age
for f in flip1 flip2 flip3 cut empty random; do
	damaged() { "$MUNIMENT" --identity $f.age --passphrase-fd 3 "$@" 3<<P
pass anna
P
}
	fails "damaged identity ($f)" 2 "$f.age" damaged list
done
# what is locked to another, or damaged, cannot be told apart
fails "an identity of another" 2 "not written by this identity" as bahrom list
as anna id card -o a.card
again() { "$MUNIMENT" --identity bahrom.age --passphrase-fd 3 id new --name B \
	3<new; }
cp bahrom.age bahrom.before
fails "id new where there is one" 2 "is there already" again
same "id new: the old one stays" "$(cmp bahrom.age bahrom.before)" ""
fails "id card into a file that exists" 2 "exists already" as anna id card \
	-o a.card
cmp -s a.card anna.card && ok "the same card each time" || not_ok "cards differ"
fails "id new without a name" 2 "--name" as dora id new
ctl() { "$MUNIMENT" --identity dora.age --passphrase-fd 3 id new \
	--name "$(printf 'a\033[2J')" --work-factor 10 3<new; }
status "id new with a control character" 2 ctl
says "id new with a control character: says why" "unprintable"
[ ! -e dora.age ] && ok "no identity made" || not_ok "dora.age was made"

section "vaults that are none"
fails "vault folder missing" 2 "not a vault" as anna --vault nowhere list
[ ! -e nowhere ] && ok "not made" || not_ok "nowhere was made"
for c in "verify" "verify --blind" "add new --case C" "receive anna.card" \
	"carry -o x.carry --to bahrom.card" "get $ITEM -o g"; do
	b=$(ls -A src | sort)
	fails "not a vault: ${c%% -*}" 2 "" as anna --vault src $c
	same "not a vault: ${c%% -*}: the folder is as it was" \
		"$(ls -A src | sort)" "$b"
done
fails "a file as vault" 2 "not a vault" as anna --vault new list
fails "vault missing, verify" 2 "not a vault" as anna --vault nowhere verify
git init -q --bare plain.git 2>/dev/null && {
	for c in "list" "add new --case C"; do
		status "a git repository that is no vault: $c" 2 as anna \
			--vault plain.git $c
	done
	clean "a git repository that is no vault"
}
fails "init into a folder that is not empty" 2 "not empty" new_vault anna src
[ ! -e src.root ] && ok "no root key made" || not_ok "src.root was made"
same "init: the folder is as it was" "$(ls src | tr '\n' ' ')" "large one two "
fails "init where the vault is" 2 "not empty" new_vault anna vault
echo mine >v2.root
fails "init where the root key file exists" 2 "exists" new_vault anna v2
[ "$(cat v2.root)" = mine ] && [ ! -e v2 ] &&
	ok "init: root key file kept, no vault" || not_ok "init: v2 or v2.root"
mkdir v3 && new_vault anna v3 && sound "init into an empty folder" v3
init_wrong() { "$MUNIMENT" --quiet --identity anna.age --passphrase-fd 3 \
	init v4 --root-passphrase-fd 4 3<<P 4<new
not this
P
}
fails "init with a wrong passphrase" 2 "wrong passphrase" init_wrong
[ ! -e v4 ] && [ ! -e v4.root-key.age ] && ok "init: no vault, no root key" ||
	not_ok "init: v4 was made"

section "cards"
n=$(wc -c <bahrom.card)
for at in 3 20 60 500 1500 $((n / 2 + 300)) $((n - 60)) $((n - 2)); do
	flip bahrom.card $at changed.card
	good=0
	for c in "id words changed.card" "member add changed.card" \
		"carry -o x.carry --to changed.card"; do
		s1=$(state vault)
		as anna $c >out 2>err
		rc=$?
		[ $rc -eq 1 ] || [ $rc -eq 2 ] && grep -q changed.card err &&
			[ "$s1" = "$(state vault)" ] && [ ! -e x.carry ] ||
			{ good="$c: status $rc, $(cat err)"; break; }
	done
	same "a card with a changed byte at $at is refused" "$good" 0
done
sed 's/^name .*/name Other/' bahrom.card >changed.card
status "another name on a card: words" 1 as anna id words changed.card
status "another name on a card: member" 1 as anna member add changed.card
status "another name on a card: carry" 1 as anna carry -o x.carry \
	--to changed.card
{ cat bahrom.card; echo; } >longer.card
status "a card with something behind it" 1 as anna member add longer.card
cut_at bahrom.card 100 >cut.card
status "half a card" 1 as anna member add cut.card
fails "a card that is not there" 2 "No such file" as anna member add no.card
fails "no card" 2 "whose card" as anna member add
fails "the same card twice" 2 "twice" as anna member add bahrom.card \
	bahrom.card
fails "no such role" 2 "role" as anna member add bahrom.card --role king
fails "no such case" 2 "no case" as anna member add bahrom.card --case D
status "member add" 0 as anna member add bahrom.card --case C --role reader
status "the same card again" 0 as anna member add bahrom.card --case C \
	--role reader
same "one person, not two" \
	"$(as anna member list | grep -c '  bahrom')" 1
sound "cards"

section "command line"
fails "no such command" 2 "no such command" "$MUNIMENT" frob
says "no such command: hint" "hint: "
fails "unknown option" 2 "frob" as anna list --frob
fails "unknown option before the command" 2 "frob" "$MUNIMENT" --frob list
fails "option without its value" 2 "case" as anna list --case
fails "passphrase from no descriptor" 2 "descriptor" "$MUNIMENT" \
	--passphrase-fd x list
"$MUNIMENT" >out 2>err
same "no command" "$? $(head -c 6 err)" "2 usage:"
for c in "add" "add new" "add --case C" "get" "get $ITEM" "get -o g" \
	"get $ITEM --case C -o g" "show" "show $ITEM $ITEM" "history" "search" \
	"edit" "edit $ITEM" "share" "share $ITEM" "share --with bahrom" \
	"custody" "retract $ITEM" "carry" "carry -o x" "carry --to bahrom.card" \
	"receive" "verify x" "list x" "case" "case new" "case list x" "member" \
	"member list x" "id" "id frob" "init" "init a b" "fields --frob" \
	"carry -o x --to bahrom.card --part-size 7"; do
	s1=$(state vault)
	as anna $c >out 2>err </dev/null
	rc=$?
	[ $rc -eq 2 ] && [ "$(grep -vc '^hint: ' err)" -eq 1 ] &&
		[ "$s1" = "$(state vault)" ] && ok "usage: $c" ||
		not_ok "usage: $c: status $rc: $(cat err)"
done
fails "unknown item" 2 "no item" as anna show 0000000000000000
fails "unknown item, get" 2 "no item" as anna get ffffffffffff -o g
fails "an item by too few digits" 2 "4 digits" as anna show a
fails "an item by a text" 2 "no item" as anna show "$(printf 'abcd\033[2J')"
grep -q "$(printf '\033')" err && not_ok "ESC reaches the terminal" ||
	ok "foreign text is escaped"
fails "unknown case" 2 "no case" as anna add new --case Nowhere
fails "empty passphrase file" 2 "" "$MUNIMENT" --identity anna.age \
	--passphrase-fd 3 show "$ITEM" 3</dev/null
[ ! -e g ] && [ ! -e x ] && ok "nothing was written" || not_ok "g or x exists"

section "records"
printf '{"title": "a", "title": "b"}' >twice.json
printf '{"title": ' >half.json
printf '{"x_n": 1.5}' >float.json
printf '{"x_n": 1e3}' >exponent.json
printf '{"x_n": -1}' >minus.json
printf '{"titel": "a"}' >unknown.json
printf '["title"]' >list.json
printf '{"title": 7}' >number.json
printf '{"kind": "rumour"}' >kind.json
printf '{"title": "a"} x' >tail.json
printf '{"title": "a\\u0000b"}' >nul.json
printf '{"title": "\377"}' >bytes.json
: >none.json
{ printf '{"title": "'; head -c 2000000 /dev/zero | tr '\0' a; printf '"}'; } \
	>huge.json
{ head -c 100000 /dev/zero | tr '\0' '['; } >deep.json
for f in twice half list tail nul bytes none huge deep missing; do
	fails "--record $f" 2 "$f.json" as anna add new --case C --record $f.json
	says "--record $f: hint" "hint: "
done
for f in float:x_n exponent:x_n minus:x_n unknown:titel number:title \
	kind:kind; do
	fails "--record ${f%:*}" 2 "${f#*:}: " as anna add new --case C \
		--record ${f%:*}.json
	says "--record ${f%:*}: hint" "hint: "
done
for c in "--field titel=a" "--field title" "--field =a" "--field title=" \
	"--field persons.x.name=a" "--field persons.3.name=a" \
	"--field item.clock_ahead_s=-1" "--field event.date=yesterday" \
	"--kind rumour"; do
	fails "add $c" 2 "" as anna add new --case C $c
	says "add $c: hint" "hint: "
done
fails "add --title with a control character" 2 "" as anna add new --case C \
	--title "$(printf 'a\033b')"
fails "edit with an unknown field" 2 "titel" as anna edit "$ITEM" \
	--field titel=a
fails "edit with unreadable content" 2 "nowhere" as anna edit "$ITEM" \
	--content nowhere
printf '{"title": "A", "remarks": "Quince", "persons": [{"name": "B"}]}' >good.json
status "a good record" 0 as anna add new --case C --record good.json --title T
same "a good record: title" "$(as anna --json search Quince |
	jq -r '.[].title')" T
sound "records"

section "sources"
mkdir locked && echo a >locked/a && echo b >locked/b && chmod 000 locked/b
status "a file that fails when read" 2 as anna add /proc/self/mem --case C
says "a file that fails when read: named" "/proc/self/mem: not taken in: "
sound "a file that fails when read"
status "a source that is not there" 2 as anna add nowhere --case C
says "a source that is not there: named" "nowhere: not taken in: No such file"
before=$(items)
status "one is missing, the others go on" 2 as anna add nowhere locked/a \
	--case C
same "the other was taken in" "$(items)" $((before + 1))
sound "one is missing"
# a person without rights over a file; root has them over all
mkdir -m 777 user && cp anna.age user/ && cp -r vault user/vault
if [ -n "$ROOT" ]; then
	chown -R 65534:65534 user locked
	user() { setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$MUNIMENT" --quiet --identity user/anna.age \
		--passphrase-fd 3 --vault user/vault "$@" 3<<P
pass anna
P
}
else
	user() { as anna --vault user/vault "$@"; }
fi
mkdir locked/shut && echo c >locked/shut/c && chmod 000 locked/shut
echo d >locked/d
chmod 644 locked/d
before=$(user list | wc -l)
status "a folder with an unreadable file" 2 user add locked --case C
says "the unreadable file is named" "locked/b: not taken in: Permission denied"
says "the unreadable folder is named" "locked/shut: not taken in: Permission"
grep -q "locked/d" out && ok "the readable one is taken in" ||
	not_ok "locked/d is not taken in"
check "and the vault verifies" user verify
user add locked/b --case C 2>&1 | grep -q "locked/b: not taken in" &&
	ok "a file that must not be read is named" || not_ok "locked/b not named"

# a disk that dies in the middle of a large file
preload=
if [ -z "$SAN" ] && [ -z "${MUNIMENT_NO_PRELOAD:-}" ] &&
	command -v "${CC:-cc}" >/dev/null; then
	preload=yes
	cat >dying.c <<'EOT'
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
/* files called "dying" cannot be read behind their first 20 MB */
ssize_t read(int fd, void *buf, size_t n)
{
	char link[64], name[512];
	ssize_t (*real)(int, void *, size_t) =
	    (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
	ssize_t len;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	len = readlink(link, name, sizeof name - 1);
	if (len > 6 && strncmp(name + len - 6, "/dying", 6) == 0 &&
	    lseek(fd, 0, SEEK_CUR) > 20000000) {
		errno = EIO;
		return -1;
	}
	return real(fd, buf, n);
}
EOT
	"${CC:-cc}" -D_GNU_SOURCE -shared -fPIC -o dying.so dying.c -ldl
	mkdir disk && echo first >disk/before && echo last >disk/zlast
	head -c 40000000 /dev/urandom >disk/dying
	before=$(items)
	dying() { LD_PRELOAD=./dying.so as anna "$@"; }
	status "a disk that dies in a file" 2 dying add disk --case C
	says "a disk that dies: named" "disk/dying"
	same "a disk that dies: the other files are taken in" "$(items)" \
		$((before + 2))
	sound "a disk that dies"
	rm -r disk
else
	skip "a disk that dies in a file" "no preloading here"
fi

section "known content"
status "taken in again" 0 loud anna add src/large --case C
says "taken in again: named" "src/large: the case holds this content already"
says "taken in again: as which item" "$LARGE"
before=$(items)
objects=$(find vault/lfs/objects -type f | wc -l)
as anna add src/large src/one --case C >out
same "taken in again: nothing new" "$(items) $(wc -c <out)" "$before 0"
status "--again" 0 as anna add src/large --case C --again
same "--again: a second item" "$(items)" $((before + 1))
same "--again: the content is shared" \
	"$(find vault/lfs/objects -type f | wc -l)" "$objects"
again=$(sed -n 's/  .*//p' out)
as anna get "$again" -o again.out >/dev/null && cmp -s again.out/large src/large
same "--again: it can be had" $? 0
cp src/large twin1 && echo x >>twin1 && cp twin1 twin2
before=$(items)
as anna add twin1 twin2 --case C >/dev/null
same "two alike in one command: one item" "$(items)" $((before + 1))
sound "known content"
as anna case new Other >/dev/null
status "the same in another case" 0 as anna add src/one --case Other
same "the same in another case: an item" \
	"$(as anna list --case Other | wc -l)" 1

: >src/empty
status "a file of 0 bytes" 0 as anna add src/empty --case C
as anna get "$(sed 's/  .*//' out)" -o zero >/dev/null
[ -f zero/empty ] && [ ! -s zero/empty ] && ok "0 bytes: the file again" ||
	not_ok "0 bytes: not the file"
sound "a file of 0 bytes"

section "files that change"
# writer HOW FILE: until it is killed
cat >writer.py <<'EOT'
import os, sys, time
how, name = sys.argv[1:]
f = open(name, "r+b", buffering=0)
while True:
    if how == "rewrite":
        f.seek(0)
        f.write(os.urandom(4096))
        f.seek(-4096, 2)
        f.write(os.urandom(4096))
    elif how == "append":
        f.seek(0, 2)
        f.write(os.urandom(4096))
    elif how == "grow":  # faster than anybody reads; a hole takes no room
        f.truncate(os.fstat(f.fileno()).st_size + (256 << 20))
        time.sleep(0.05)
    elif how == "small":
        f.seek(0)
        f.write(os.urandom(60000))
    open("writing", "w").close()
    time.sleep(0.001)
EOT
for how in rewrite append grow small; do
	head -c $([ $how = small ] && echo 60000 || echo 30000000) \
		/dev/urandom >moving
	echo "still $how" >still
	before=$(items)
	python3 writer.py $how moving &
	writer=$!
	while [ ! -e writing ]; do sleep 0.05; done
	# a small one can be caught at rest: then it is taken in as it was
	hung() { timeout -k 1 120 "$MUNIMENT" --identity anna.age \
		--passphrase-fd 3 "$@" 3<<P
pass anna
P
}
	hung add moving still --case C >out 2>err
	rc=$?
	kill $writer
	wait $writer 2>/dev/null
	if [ $how = small ] && [ $rc -eq 0 ]; then
		same "$how: both taken in" "$(items)" $((before + 2))
	else
		same "$how while it is read: status" $rc 2
		says "$how while it is read: named" \
			"moving: not taken in: it changed while it was read"
		same "$how while it is read: the other one is taken in" \
			"$(items)" $((before + 1))
	fi
	sound "$how while it is read"
	rm -f moving writing
done

section "names"
mkdir names
python3 - <<'EOT'
import os
names = ["справка о задержании.txt", "line\nfeed", "tab\there",
         "esc\033[2J\033]0;owned\007", "back\\slash", "\\x41", "-rf", "--case",
         " spaces ", "a" * 255, "ж" * 127, "right\u202eto left\u2066",
         "zero\u200bwidth\ufeff", "%s%n", "quote'\"$(id)`id`", "..."]
raw = [n.encode() for n in names]
raw += [b"latin\xe9", b"\xff\xfe", b"cut\xd0", b"\xed\xa0\x80", b"\xff" * 255,
        b"c1\xc2\x9b", b"del\x7f", b"\x01\x02"]
for i, n in enumerate(raw):
    with open(b"names/" + n, "wb") as f:
        f.write(b"content %d\n" % i)
os.makedirs(b"names/folder\xff\n/\xd0\xb6\\")
with open(b"names/folder\xff\n/\xd0\xb6\\/inner", "wb") as f:
    f.write(b"inner\n")
EOT
as anna case new Names >/dev/null
status "strange names" 0 as anna add names --case Names
cat out >shown
as anna list --case Names >>shown
same "strange names: all are there" \
	"$(as anna list --case Names | wc -l)" "$(find names -type f -print0 |
		tr -dc '\0' | wc -c)"
i=$(as anna --json list --case Names |
	jq -r '.[] | select(.file.name == "inner") | .item')
as anna show "$i" >>shown
as anna search x >>shown
check "strange names: the terminal gets no commands" python3 - <<'EOT'
import sys
b = open("shown", "rb").read()
t = b.decode()  # fails if not UTF-8
bad = [c for c in t if c != "\n" and
       (ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2066\u200b\ufeff")]
sys.exit("unsafe: %r" % bad if bad else 0)
EOT
as anna list --case Names >shown
grep -qF 'line\x0afeed' shown && ok "a line feed is shown as \\x0a" ||
	not_ok "a line feed in a name is shown as: $(grep feed shown)"
status "strange names: get" 0 as anna get --case Names -o names.out
check "strange names: bytes of name and content" python3 - <<'EOT'
import os, sys
def tree(top):
    return {os.path.basename(n): open(os.path.join(d, n), "rb").read()
            for d, _, ns in os.walk(top) for n in ns}
a, b = tree(b"names"), tree(b"names.out")
for n in a:
    if a[n] != b.get(n):
        sys.exit("differs: %r" % n)
sys.exit(0 if len(a) == len(b) else "too many")
EOT
as anna --json list --case Names | jq . >/dev/null
same "strange names: --json parses" $? 0
status "a name that begins with a dash" 0 as anna add --again --case Names -- \
	"names/-rf"
sound "strange names"

section "what is no file"
mkdir odd && echo a >odd/a && ln -s a odd/link && ln -s . odd/loop &&
	mkfifo odd/fifo && ln -s nowhere odd/dangling
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("odd/socket")'
[ -z "$ROOT" ] || mknod odd/device c 1 3
before=$(items)
status "links, pipes, sockets, devices" 0 timeout 300 "$MUNIMENT" \
	--identity anna.age --passphrase-fd 3 add odd --case C --again 3<<P
pass anna
P
for what in "link: skipped: a symbolic link" "loop: skipped: a symbolic link" \
	"dangling: skipped: a symbolic link" "fifo: skipped: a pipe" \
	"socket: skipped: a socket" ${ROOT:+"device: skipped: a device"}; do
	says "named: $what" "odd/$what"
done
same "only the file is taken in" "$(items)" $((before + 1))
before=$(items)
for f in link fifo socket; do
	status "$f alone" 0 timeout 300 "$MUNIMENT" --identity anna.age \
		--passphrase-fd 3 add odd/$f --case C 3<<P
pass anna
P
	says "$f alone: named" "odd/$f: skipped"
done
same "nothing is taken in of them" "$(items)" "$before"
sound "what is no file"

section "the same name twice"
mkdir -p nest/a/deep nest/b && echo 1 >nest/a/x && echo 2 >nest/b/x &&
	echo 3 >nest/a/deep/y
as anna case new Nest >/dev/null
status "folders in folders" 0 as anna add nest --case Nest
same "their paths are kept" "$(as anna --json list --case Nest |
	jq -r '.[].item' | while read -r i; do
		as anna --json show $i | jq -r '.current_versions[].files[].path'
	done | sort | tr '\n' ' ')" "a a/deep b "
as anna get --case Nest -o nest.out >out 2>err
rc=$?
files=$(find nest.out -type f | wc -l)
if [ $rc -eq 0 ] && [ "$files" -eq 3 ]; then
	ok "get of both writes both"
elif [ $rc -eq 2 ] && [ "$files" -eq 2 ] && grep -q "exists already" err; then
	ok "get of both: the second is refused by name"
else
	not_ok "get of both: status $rc, $files files: $(cat err)"
fi
i=$(as anna --json list --case Nest | jq -r '.[].item')
for i in $i; do as anna get $i -o nest.$i >/dev/null || not_ok "get $i"; done
same "each by itself can be had" "$(cat $(find nest.????????* -type f) | sort |
	tr -d '\n')" 123
status "get refuses to overwrite" 2 as anna get $i -o nest.$i
says "get refuses to overwrite: says so" "exists already"
same "what was there stays" "$(cat $(find nest.????????* -type f) | sort |
	tr -d '\n')" 123
ln -s nowhere link && mkdir target && ln -s ../nowhere target/one
status "get onto a dangling link" 2 as anna get "$ITEM" -o target
[ ! -e nowhere ] && [ -L target/one ] && ok "the link is not followed" ||
	not_ok "a link was followed"
status "get into a file" 2 as anna get "$ITEM" -o new
status "get below a file" 2 as anna get "$ITEM" -o new/below
same "the file stays" "$(cat new)" new
status "an item named twice" 0 as anna get "$ITEM" "$ITEM" -o once
same "is written once" "$(ls once)" one
sound "the same name twice"

section "output that cannot be written"
closed() { as anna list >&-; }
closed 2>err
same "standard output closed: status" $? 2
[ -s err ] && ok "standard output closed: says so" ||
	not_ok "standard output closed: it failed silently"
as anna list 2>&- >out
same "standard error closed: status" $? 2
full() { "$@" >/dev/full; }
for c in "list" "show $ITEM" "verify" "fields" "help" "case list" \
	"member list" "--json list" "id card" "id words anna.card" "--version"; do
	full as anna $c 2>err
	rc=$?
	[ $rc -eq 2 ] && grep -q "No space left" err && ok "/dev/full: $c" ||
		not_ok "/dev/full: $c: status $rc: $(cat err)"
done
before=$(items)
echo full >full.txt
full as anna add full.txt --case C 2>err
same "/dev/full: add: status" $? 2
same "/dev/full: add: it is in all the same" "$(items)" $((before + 1))
as anna list | head -n 1 >/dev/null
sound "output that cannot be written"

section "disk full"
mkdir small
if [ -n "$ROOT" ] && mount -t tmpfs -o size=4m none small 2>/dev/null; then
	fill() { # all but N KiB; the largest file that fits
		rm -f small/ballast
		dd if=/dev/zero of=small/ballast bs=4k count=5000 2>/dev/null
		truncate -s -$(($1 * 1024)) small/ballast
	}
	head -c 8000000 /dev/urandom >large
	new_vault anna small/v && rm small/v.root && as anna --vault small/v case new C >/dev/null &&
		as anna --vault small/v add src --case C >/dev/null
	V=small/v
	fails "disk full in add" 2 "No space left" as anna --vault small/v add \
		large --case C
	fill 0
	fails "disk full from the start" 2 "No space left" as anna \
		--vault small/v add new --case C
	same "disk full: reading goes on" "$(items small/v)" "$(ls src | wc -l)"
	# each amount of room: done or not done, and nothing in between
	wrong=
	for room in 4 8 12 16 20 24 28 32 40 48 64 96 128 160 192 224 256 512; do
		fill $room
		echo "room $room" | cat - twin1 | head -c 90000 >room.txt
		before=$(items small/v)
		as anna --vault small/v add room.txt --case C >out 2>err
		rc=$?
		after=$(items small/v)
		case "$rc $((after - before))" in
		"0 1" | "2 0") ;;
		*) wrong="$wrong; $room KiB: status $rc, $((after - before))" ;;
		esac
		[ $rc -eq 0 ] || grep -q "No space left" err ||
			wrong="$wrong; $room KiB says: $(cat err)"
		as anna --vault small/v verify >sound.out 2>&1 ||
			wrong="$wrong; $room KiB: $(cat sound.out)"
		[ -z "$(ls -A small/v/local/tmp 2>/dev/null)" ] ||
			wrong="$wrong; $room KiB: local/tmp"
	done
	same "disk full at any moment of add" "$wrong" ""
	rm small/ballast
	status "with room again" 0 as anna --vault small/v add new --case C
	sound "disk full in add" small/v
	unset V
	as anna add large --case C >out
	big=$(sed 's/  .*//' out)
	status "disk full in get" 2 as anna get "$big" -o small/got
	grep -q "No space left" err && grep -q "$big" err &&
		ok "disk full in get: says so" || not_ok "get: $(cat err)"
	same "disk full in get: nothing written" \
		"$(ls -A small/got 2>/dev/null)" ""
	sound "disk full in get"
	status "disk full in get: the others are written" 2 as anna get "$ITEM" \
		"$big" "$LARGE" -o small/got
	same "disk full in get: two of three" \
		"$(ls small/got | tr '\n' ' ')" "large one "
	rm -r small/got
	status "disk full in carry" 2 as anna carry -o small/x.carry \
		--to bahrom.card
	says "disk full in carry: says so" "No space left"
	same "disk full in carry: nothing written" "$(ls small)" v
	status "disk full in carry, in parts" 2 as anna carry -o small/x.carry \
		--to bahrom.card --part-size 1000000
	same "disk full in carry, in parts: nothing written" "$(ls small)" v
	sound "disk full in carry"
	as anna carry -o big.carry --to bahrom.card
	status "disk full in receive" 2 as bahrom --vault small/r receive \
		big.carry
	says "disk full in receive: says so" "No space left"
	same "disk full in receive: nothing written" "$(ls -A small)" v
	# into a vault that is there
	as anna --vault small/v carry -o v.carry --to bahrom.card &&
		as anna --vault small/v member add bahrom.card --case C \
			--role author &&
		as bahrom --vault small/b receive v.carry >/dev/null
	as anna --vault small/v carry -o v2.carry --to bahrom.card
	rm -rf small/v
	fill 16
	V=small/b
	fails "disk full in receive into a vault" 2 "No space left" \
		as bahrom --vault small/b receive v2.carry
	unset V
	rm small/ballast
	status "with room again, receive" 0 as bahrom --vault small/b receive \
		v2.carry
	sound "disk full in receive" small/b bahrom
	rm -rf small/b
	fill 0
	status "disk full in id card" 2 as anna id card -o small/card
	says "disk full in id card: says so" "No space left"
	idnew() { "$MUNIMENT" --quiet --identity small/id --passphrase-fd 3 \
		id new --name S --work-factor 10 3<new; }
	status "disk full in id new" 2 idnew
	init_small() { "$MUNIMENT" --quiet --identity anna.age \
		--passphrase-fd 3 init small/i --root-key "$1" \
		--root-passphrase-fd 4 --work-factor 10 3<<P 4<new
pass anna
P
	}
	same "disk full: no card, no identity" "$(ls -A small)" ballast
	for room in 0 4 16 32; do
		fill $room
		status "disk full in init ($room KiB)" 2 init_small small/root
		same "disk full in init ($room KiB): nothing is left" \
			"$(ls -A small)" ballast
		# a key that opens no vault would stand in the way of the next try
		rm -rf small/i small/root
		status "disk full in init ($room KiB), root key elsewhere" 2 \
			init_small root.key
		[ ! -e root.key ] && [ ! -e small/i ] &&
			ok "disk full in init ($room KiB): no root key" ||
			not_ok "disk full in init ($room KiB): a root key stays"
		rm -rf small/i root.key
	done
	fill 4
	status "disk full in seal" 2 "$MUNIMENT" seal --to bahrom.card \
		-o small/x large
	same "disk full in seal: nothing is left" "$(ls -A small)" ballast
	umount small
else
	for what in add get carry receive "id card" init; do
		skip "disk full in $what" "not root, or no mount here"
	done
fi

section "two at once"
for i in 1 2 3 4 5 6; do echo "parallel $i" >par$i; done
before=$(items)
pids=
for i in 1 2 3 4; do
	as anna add par$i --case C >par.out$i 2>&1 &
	pids="$pids $!"
done
as anna list >/dev/null 2>err
same "a list meanwhile" $? 0
bad=0
for i in $pids; do wait "$i" || bad=$((bad + 1)); done
same "four adds at once: all end well" $bad 0
same "four adds at once: nothing lost" "$(items)" $((before + 4))
sound "four adds at once"
as anna add par5 --case C >/dev/null &
as anna carry -o par.carry --to bahrom.card
same "a carry meanwhile" $? 0
wait
sound "an add and a carry"

section "kill"
head -c 32000000 /dev/urandom >large32
cat >kill.py <<'EOT'
# kill.py SIGNAL SECONDS COMMAND...: 0 if it was killed, 3 if it was done
import os, signal, subprocess, sys, time
p = subprocess.Popen(sys.argv[3:], pass_fds=(3,), stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL)
try:
    p.wait(float(sys.argv[2]))
except subprocess.TimeoutExpired:
    p.send_signal(getattr(signal, "SIG" + sys.argv[1]))
sys.exit({0: 3}.get(p.wait(60), 0))
EOT
printf 'pass anna\n' >pass
killed() { # SIGNAL SECONDS COMMAND...
	k_sig=$1
	k_secs=$2
	shift 2
	python3 kill.py "$k_sig" "$k_secs" "$MUNIMENT" --quiet --vault fast/kill \
		--identity anna.age --passphrase-fd 3 "$@" 3<pass
}
new_vault anna kill0 && as anna --vault kill0 case new C >/dev/null
cp -a kill0 fast/kill
t=$(python3 -c 'import time; print(time.time())')
as anna --vault fast/kill add large32 --case C >/dev/null
t=$(python3 -c "import time; print(time.time() - $t)")
stopped=0
k=0
signals="KILL KILL KILL KILL KILL KILL KILL KILL KILL KILL KILL KILL KILL KILL
	KILL KILL KILL KILL KILL KILL TERM TERM TERM INT INT INT HUP"
wrong=
[ -z "$SAN" ] || signals="KILL KILL TERM INT"
for sig in $signals; do
	# a fresh one now and then: a large one takes long to verify
	[ $((k % 4)) -ne 0 ] || { rm -rf fast/kill && cp -a kill0 fast/kill; }
	before=$(items fast/kill)
	s=$(python3 -c "import random; print(random.random() * 1.1 * $t)")
	killed $sig "$s" add large32 --case C --again
	rc=$?
	[ $rc -eq 0 ] && stopped=$((stopped + 1))
	# the first may have been slow because of others: strike earlier
	[ $rc -ne 3 ] || t=$(python3 -c "print($t * 0.8)")
	k=$((k + 1))
	as anna --vault fast/kill verify >sound.out 2>&1 ||
		wrong="$wrong; SIG$sig after $s s: $(cat sound.out)"
	now=$(items fast/kill)
	# one that was done at the last moment may be in; a whole one only
	[ "$now" -eq "$before" ] || [ "$now" -eq $((before + 1)) ] ||
		wrong="$wrong; SIG$sig after $s s: $now items, were $before"
	[ $rc -ne 3 ] || [ "$now" -eq $((before + 1)) ] ||
		wrong="$wrong; SIG$sig: it was done, and is not there"
	as anna --vault fast/kill add new --case C --again >/dev/null 2>err ||
		wrong="$wrong; the next command: $(cat err)"
	[ -z "$(ls -A fast/kill/local/tmp 2>/dev/null)" ] && [ ! -e fast/kill/local/journal ] ||
		wrong="$wrong; SIG$sig: left behind: $(ls -A fast/kill/local/tmp)"
	echo $k >>large32 # known content would not be written again
done
same "killed $stopped times of $k in add" "$wrong" ""
[ $stopped -ge $((k / 3)) ] && ok "most of them in the middle" ||
	not_ok "only $stopped of $k were stopped in the middle"
sound "killed in add" fast/kill

# the same at each call that changes the disk, one after the other
if [ -n "$preload" ]; then
	cat >crash.c <<'EOT'
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
/* dies before the call number $CRASH_AT that changes the disk */
static void tick(void)
{
	static long left = -1;

	if (left == -1)
		left = getenv("CRASH_AT") ? atol(getenv("CRASH_AT")) : 0;
	if (left > 0 && --left == 0)
		kill(getpid(), SIGKILL);
}
#define NEXT(name, ...)                                                        \
	__typeof__(name) *real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name);  \
	tick();                                                                \
	return real(__VA_ARGS__)
int rename(const char *a, const char *b) { NEXT(rename, a, b); }
int renameat2(int a, const char *b, int c, const char *d, unsigned f)
{ NEXT(renameat2, a, b, c, d, f); }
int linkat(int a, const char *b, int c, const char *d, int f)
{ NEXT(linkat, a, b, c, d, f); }
int link(const char *a, const char *b) { NEXT(link, a, b); }
int unlink(const char *a) { NEXT(unlink, a); }
int fsync(int fd) { NEXT(fsync, fd); }
int syncfs(int fd) { NEXT(syncfs, fd); }
EOT
	"${CC:-cc}" -D_GNU_SOURCE -shared -fPIC -o crash.so crash.c -ldl
	mkdir crash.src
	echo small >crash.src/small
	head -c 200000 /dev/urandom >crash.src/large
	# crash NAME PERSON VAULT COMMAND...: CRASH_AT 1, 2, ... until it is done
	crash() {
		c_name=$1
		c_who=$2
		c_vault=$3
		shift 3
		c_at=1
		c_wrong=
		while [ $c_at -lt 200 ]; do
			rm -rf fast/crash.v fast/crash.v.muniment-new
			[ "$c_vault" = none ] || cp -a "$c_vault" fast/crash.v
			c_rc=0
			LD_PRELOAD=./crash.so CRASH_AT=$c_at as "$c_who" \
				--vault fast/crash.v "$@" >out 2>err || c_rc=$?
			[ $c_rc -eq 0 ] && break
			[ $c_rc -eq 137 ] || c_wrong="$c_wrong; $c_at: status $c_rc"
			[ "$c_vault" = none ] && [ ! -e fast/crash.v ] ||
				as "$c_who" --vault fast/crash.v verify >sound.out 2>&1 ||
				c_wrong="$c_wrong; at $c_at: $(head -n 2 sound.out)"
			as "$c_who" --vault fast/crash.v "$@" >out 2>err ||
				c_wrong="$c_wrong; at $c_at, again: $(cat err)"
			# a crash may leave a trace that only all together shows
			[ $((c_at % 5)) -ne 0 ] ||
				as "$c_who" --vault fast/crash.v verify >sound.out 2>&1 ||
				c_wrong="$c_wrong; at $c_at, again: $(cat sound.out)"
			[ -z "$(ls -A fast/crash.v/local/tmp 2>/dev/null)" ] &&
				[ ! -e fast/crash.v/local/journal ] &&
				[ ! -e fast/crash.v.muniment-new ] ||
				c_wrong="$c_wrong; at $c_at: something is left"
			c_at=$((c_at + 1))
		done
		same "$c_name: killed at each of $((c_at - 1)) changes" "$c_wrong" ""
		[ $c_at -gt 5 ] && [ $c_at -lt 200 ] &&
			ok "$c_name: there were changes" ||
			not_ok "$c_name: $c_at changes"
		rm -rf fast/crash.v
		clean "$c_name"
	}
	new_vault anna crash0 && as anna --vault crash0 case new C >/dev/null &&
		as anna --vault crash0 member add bahrom.card --case C \
			--role author
	as anna --vault crash0 carry -o crash0.carry --to bahrom.card
	as bahrom --vault crash1 receive crash0.carry >/dev/null
	as anna --vault crash0 add crash.src --case C >/dev/null
	as anna --vault crash0 carry -o crash1.carry --to bahrom.card
	crash "add" anna crash0 add src/two src/large --case C
	crash "case new" anna crash0 case new D
	crash "receive" bahrom crash1 receive crash1.carry
	crash "receive into a new vault" bahrom none receive crash1.carry
else
	skip "killed at each change" "no preloading here"
fi

section "read-only"
RO=
mkdir ro
if [ -n "$ROOT" ]; then
	mount --bind vault ro 2>/dev/null && mount -o remount,bind,ro ro &&
		RO=yes
else
	rmdir ro && cp -a vault ro && chmod -R a-w ro && RO=yes
fi
if [ -n "$RO" ]; then
	for c in list verify "verify --blind" "show $ITEM" "case list" \
		"member list" "custody $ITEM"; do
		status "read-only: $c" 0 as anna --vault ro $c
	done
	for c in "add new --case C --again" "case new X" "edit $ITEM --title T" \
		"retract $ITEM --why x" "member add clara.card" \
		"carry -o ro.carry --to bahrom.card"; do
		V=ro
		fails "read-only: $c" 2 "" as anna --vault ro $c
		unset V
	done
	[ ! -e ro.carry ] && ok "read-only: no carry file" || not_ok "ro.carry"
	as anna --vault ro get "$ITEM" -o ro.out >out 2>err
	rc=$?
	{ [ $rc -eq 0 ] && cmp -s ro.out/one src/one; } ||
		{ [ $rc -eq 2 ] && grep -q "ead-only\|ermission" err; } &&
		ok "read-only: get works or says why not" ||
		not_ok "read-only: get: status $rc: $(cat err)"
	[ -z "$ROOT" ] || umount ro
	chmod -R u+w ro
else
	skip "a read-only vault" "no bind mount here"
fi
sound "read-only"

section "carry files"
new_vault anna cv && export MUNIMENT_VAULT=cv && as anna case new C >/dev/null &&
	as anna case new Other >/dev/null &&
	as anna member add bahrom.card --case C --role reader &&
	as anna add src --case C >added
ITEM=$(sed -n 's/  .*one$//p' added)
LARGE=$(sed -n 's/  .*large$//p' added)
V=cv
as anna carry -o good.carry --to bahrom.card
n_carry=$(wc -c <good.carry)
for at in 1 100 3000 7000 $((n_carry / 2)) $((n_carry - 17)) \
	$((n_carry - 1)); do
	cut_at good.carry $at >cut$at.carry
done
: >empty.carry
head -c 100000 /dev/urandom >random.carry
flip good.carry 100 header.carry
flip good.carry $((n_carry / 2)) middle.carry
flip good.carry $((n_carry - 5)) end.carry
{ cat good.carry; echo; } >longer.carry
as anna carry -o other.carry --to clara.card
"$MUNIMENT" seal --to bahrom.card -o sealed.carry new
mkdir rdir && cd rdir && mkdir there && echo mine >there/mine
cd .. && as bahrom --vault rb receive good.carry >/dev/null
sound "a good carry file" rb bahrom
bad=0
for f in cut* empty random header middle end longer sealed; do
	for f in ${f%.carry}*.carry; do
		case $f in cut.carry) continue ;; esac
		rm -rf rdir/v
		s1=$(state rb)
		as bahrom --vault rdir/v receive $f >out 2>err
		rc1=$?
		l1=$(grep -vc '^hint: ' err)
		as bahrom --vault rb receive $f >out 2>err
		rc2=$?
		case "$rc1 $l1 $rc2 $(grep -vc '^hint: ' err)" in
		"1 1 1 1" | "2 1 2 1") ok "receive $f: status $rc1" ;;
		*) not_ok "receive $f: $rc1 $l1 $rc2: $(cat err)" ;;
		esac
		same "receive $f: nothing is left" "$(ls -A rdir)" there
		[ "$s1" = "$(state rb)" ] && ok "receive $f: vault as it was" ||
			not_ok "receive $f: the vault has changed"
	done
done
fails "a carry file for another" 2 "no identity" as bahrom --vault rdir/v \
	receive other.carry
says "a carry file for another: hint" "hint: "
same "a carry file for another: nothing is left" "$(ls -A rdir)" there
fails "no carry file" 2 "No such file" as bahrom --vault rdir/v receive nowhere
same "no carry file: nothing is left" "$(ls -A rdir)" there
status "receive into a folder that holds other things" 2 as bahrom \
	--vault rdir/there receive good.carry
says "receive into a folder that holds other things: says so" "not a vault"
same "what was there stays, alone" "$(ls -A rdir/there)" mine
fails "carry into a file that exists" 2 "exists already" as anna carry \
	-o new --to bahrom.card
fails "carry into no folder" 2 "No such file" as anna carry -o nofolder/x \
	--to bahrom.card
fails "carry to nobody that is known" 2 "neither" as anna carry -o x \
	--to nobody.card
new_vault clara other && as clara --vault other carry -o foreign.carry \
	--to bahrom.card
V=rb
fails "receive of another vault" 1 "" as bahrom --vault rb receive \
	foreign.carry
sound "carry files" rb bahrom
as anna carry -o parts.carry --to bahrom.card --part-size 65536
status "parts" 0 as bahrom --vault rp receive parts.carry.*
rm -rf rp
status "a part is missing" 1 as bahrom --vault rp receive parts.carry.001
status "parts in the wrong order" 1 as bahrom --vault rp receive \
	parts.carry.002 parts.carry.001
[ ! -e rp ] && ok "no vault of some parts" || not_ok "rp was made"
clean "parts"

section "rights"
V=rb
fails "a reader adds" 2 "no right" as bahrom --vault rb add new --case C
fails "a reader edits" 2 "no right" as bahrom --vault rb edit "$ITEM" \
	--title T
fails "a reader retracts" 2 "right" as bahrom --vault rb retract "$ITEM" \
	--why x
fails "a reader admits" 2 "" as bahrom --vault rb member add clara.card \
	--case C --role reader
fails "a reader shares" 2 "" as bahrom --vault rb share --case C --with anna
fails "another case is not there for them" 2 "no case" as bahrom --vault rb \
	add new --case Other
V=cv
as anna carry -o clara.carry --to clara.card
as clara --vault rc receive clara.carry >/dev/null 2>&1
V=rc
fails "one who is no member adds" 2 "" as clara --vault rc add new --case C
V=cv
sound "rights" rb bahrom

section "json"
for c in "list" "list --case C" "show $ITEM" "history $ITEM" "search one" \
	"search zzzzz" "custody $ITEM" "case list" "member list" "verify" \
	"verify --blind" "fields" "add src/one --case C" \
	"add src/one nowhere odd --case C --again" "get $ITEM -o j.out" \
	"get $ITEM $LARGE -o j.out" "carry -o j.carry --to bahrom.card" \
	"case new J" "id words" "id words anna.card"; do
	as anna --json $c >out 2>/dev/null
	jq -e 'type == "object" or type == "array"' out >/dev/null 2>&1 &&
		ok "--json $c" || not_ok "--json $c: $(head -c 200 out)"
done
as bahrom --json --vault rb receive j.carry >out
jq -e '.batches > 0' out >/dev/null && ok "--json receive" ||
	not_ok "--json receive: $(cat out)"

section "paths and variables"
export MUNIMENT_VAULT=vault
ITEM=$(as anna --json list | jq -r '[.[] | select(.file.name == "one")][0].item')
mkdir "Дело № 1 (копия)"
new_vault anna "Дело № 1 (копия)/хранилище  a" &&
	as anna --vault "Дело № 1 (копия)/хранилище  a/" case new C >/dev/null
same "a path with spaces and Cyrillic" $? 0
sound "a path with spaces and Cyrillic" "Дело № 1 (копия)/хранилище  a"
status "trailing slashes" 0 as anna --vault vault/// add src/// --case C \
	--again
grep -q '  src/one$' out && ok "trailing slashes: plain paths" ||
	not_ok "trailing slashes: $(cat out)"
status "trailing slashes, get" 0 as anna --vault ./vault/ get "$ITEM" \
	-o slash.out//
cmp -s slash.out/one src/one && ok "trailing slashes: got" || not_ok "no slash.out"
slash() { "$MUNIMENT" --quiet --identity anna.age --passphrase-fd 3 init \
	slash// --root-passphrase-fd 4 --work-factor 10 3<pass 4<new; }
status "init with trailing slashes" 0 slash
[ -f slash.root-key.age ] && ok "init: the root key beside the vault" ||
	not_ok "init: no slash.root-key.age"
sound "init with trailing slashes" slash//
mkdir sub && cd sub && as anna --vault ../vault list >/dev/null
same "a relative vault" $? 0
MUNIMENT_VAULT=../vault as anna list >/dev/null
same "MUNIMENT_VAULT" $? 0
cd ..
cd vault && MUNIMENT_VAULT='' as anna list >/dev/null
same "an empty MUNIMENT_VAULT is the folder itself" $? 0
cd ..
MUNIMENT_IDENTITY=$W/anna.age "$MUNIMENT" --passphrase-fd 3 list 3<pass \
	>/dev/null
same "MUNIMENT_IDENTITY" $? 0
MUNIMENT_IDENTITY=$W/bahrom.age "$MUNIMENT" --passphrase-fd 3 \
	--identity anna.age list 3<pass >/dev/null
same "--identity before MUNIMENT_IDENTITY" $? 0
"$MUNIMENT" list --passphrase-fd 3 --identity anna.age --vault vault 3<pass \
	>/dev/null
same "the same options behind the command" $? 0
status "add of a folder that holds the vault's own files" 0 as anna add \
	vault/HEAD --case C
sound "paths and variables"

section "digits of several items"
# of 1,500 items some begin with the same four digits
mkdir several && for i in $(seq 1500); do echo $i >several/$i; done
new_vault anna pre && export MUNIMENT_VAULT=pre && as anna case new C >/dev/null
as anna add several --case C >out
p4=$(cut -c 1-4 out | sort | uniq -d | head -n 1)
status "an item by digits of several" 2 as anna show "$p4"
says "an item by digits of several: says so" "begin so"
says "an item by digits of several: hint" "hint: "
status "get by digits of several" 2 as anna get "$p4" -o pre.out
[ ! -e pre.out ] && ok "nothing is got" || not_ok "pre.out was made"
rm -r several

section "a large folder"
FILES=${EDGES_FILES:-10000}
[ -z "$SAN" ] || FILES=2000
cat >measure.py <<'EOT'
import resource, subprocess, sys, time
t = time.time()
rc = subprocess.call(sys.argv[2:], pass_fds=(3,))
print("# %s: %.0f s, %d MiB" % (
    sys.argv[1], time.time() - t,
    resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024),
    file=open("measured", "a"))
sys.exit(rc)
EOT
python3 - "$FILES" <<'EOT'
import os, sys
os.mkdir("many")
for i in range(int(sys.argv[1])):
    with open("many/%06d" % i, "w") as f:
        f.write("tiny %d\n" % i)
EOT
measured() { python3 measure.py "$1: $FILES files" timeout -k 1 1000 \
	"$MUNIMENT" --identity anna.age --passphrase-fd 3 "$@" 3<pass; }
new_vault anna big && export MUNIMENT_VAULT=big &&
	as anna case new Big >/dev/null
measured add many --case Big >out 2>err
same "a large folder: add" $? 0
measured list >out 2>err
same "a large folder: list" "$? $(wc -l <out)" "0 $FILES"
measured verify --blind >/dev/null 2>err
same "a large folder: verify --blind" $? 0
rm -rf many
export MUNIMENT_VAULT=vault
cat measured
clean "a large folder"
section "end"
finish
