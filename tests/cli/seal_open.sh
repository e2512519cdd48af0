#!/bin/sh
# seal and open as commands: status, messages, and that nothing is left behind.
: "${MUNIMENT:?}"
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
failed=0

ok() {
	echo "ok seal_open $1"
}
not_ok() {
	echo "not ok seal_open $1: $2"
	failed=1
}

# check NAME STATUS PATTERN COMMAND... : status, what stderr says, and that the
# folder `out` stays empty
check() {
	name=$1 want=$2 pattern=$3
	shift 3
	"$@" >stdout 2>stderr </dev/null
	got=$?
	if [ $got -ne "$want" ]; then
		not_ok "$name" "status $got, not $want: $(cat stderr)"
	elif [ -n "$pattern" ] && ! grep -q -- "$pattern" stderr; then
		not_ok "$name" "does not say '$pattern': $(cat stderr)"
	elif [ -n "$(ls -A out)" ]; then
		not_ok "$name" "left behind: $(ls -A out)"
		rm -rf out && mkdir out
	elif [ "$want" -ne 0 ] && grep -q "AGE-SECRET-KEY" stdout stderr; then
		not_ok "$name" "prints a key"
	else
		ok "$name"
	fi
}

# yes_no NAME CONDITION...
yes_no() {
	name=$1
	shift
	if "$@"; then ok "$name"; else not_ok "$name" "failed: $*"; fi
}

mkdir out
age-keygen -o x25519.key 2>/dev/null
age-keygen -pq -o hybrid.key 2>/dev/null
age-keygen -pq -o other.key 2>/dev/null
x25519=$(age-keygen -y x25519.key)
hybrid=$(age-keygen -y hybrid.key)
head -c 200000 /dev/urandom >plain
"$MUNIMENT" seal --to "$hybrid" -o good.age plain || exit 2

# usage
check "no recipient" 2 "give --to or -p" "$MUNIMENT" seal plain
check "unknown option" 2 "unknown option" "$MUNIMENT" seal --frob plain
check "option without value" 2 "lacks its value" "$MUNIMENT" open -o
check "two files" 2 "one file" "$MUNIMENT" open good.age good.age
check "two files to seal" 2 "one file" \
	"$MUNIMENT" seal --to "$hybrid" plain plain
check "recipient and passphrase" 2 "exclude" \
	"$MUNIMENT" seal --to "$hybrid" -p plain
check "passphrase and content on stdin" 2 "cannot be both" \
	"$MUNIMENT" seal --passphrase-fd 0
check "bad descriptor" 2 "descriptor" "$MUNIMENT" seal --passphrase-fd x
check "bad recipient" 2 "not an age recipient" \
	"$MUNIMENT" seal --to age1nonsense plain
check "secret key as recipient" 2 "secret key" \
	"$MUNIMENT" seal --to "$(grep ^AGE hybrid.key)" plain
check "identity file as recipients" 2 "line 3: this is a secret key" \
	"$MUNIMENT" seal --to hybrid.key plain
check "no such recipients file" 2 "No such file" \
	"$MUNIMENT" seal --to nowhere.txt plain
check "no such input" 2 "No such file" \
	"$MUNIMENT" seal --to "$hybrid" -o out/x nowhere
check "no such identity" 2 "No such file" \
	"$MUNIMENT" open -i nowhere.key -o out/x good.age
check "identity file without a key" 2 "holds no identity\|no age identity" \
	"$MUNIMENT" open -i plain -o out/x good.age
check "a folder as input" 2 "directory" \
	"$MUNIMENT" seal --to "$hybrid" -o out/x .

# recipients
check "no mixing" 2 "cannot be mixed" \
	"$MUNIMENT" seal --to "$hybrid" --to "$x25519" -o out/x plain
# the neutral point, well written
low=age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z
check "low-order recipient" 2 "not a valid key" \
	"$MUNIMENT" seal --to "$low" -o out/x plain

# identities and passphrases
check "no identity" 2 "no identity is given" \
	"$MUNIMENT" open -o out/x good.age
check "wrong identity" 2 "no identity given here" \
	"$MUNIMENT" open -i other.key -o out/x good.age
check "right identity among others" 0 "" \
	"$MUNIMENT" open -i x25519.key -i other.key -i hybrid.key good.age
yes_no "content" cmp -s stdout plain
echo right >right
echo wrong >wrong
"$MUNIMENT" seal --passphrase-fd 3 -o pass.age plain 3<right
with() {
	pass=$1
	shift
	"$@" 3<"$pass"
}
check "wrong passphrase" 2 "wrong passphrase" with wrong \
	"$MUNIMENT" open --passphrase-fd 3 -o out/x pass.age
check "right passphrase" 0 "" with right \
	"$MUNIMENT" open --passphrase-fd 3 pass.age
yes_no "content by passphrase" cmp -s stdout plain
check "no terminal to ask" 2 "no terminal" setsid \
	"$MUNIMENT" open -o out/x pass.age
check "empty passphrase" 2 "passphrase" with /dev/null \
	"$MUNIMENT" seal --passphrase-fd 3 -o out/x plain

# a card as recipient, and the identity file that belongs to it
echo "passphrase of a person" >person
with person "$MUNIMENT" --identity id.age --passphrase-fd 3 \
	id new --name Person 2>stderr &&
	with person "$MUNIMENT" --identity id.age --passphrase-fd 3 \
		id card -o person.card 2>stderr
yes_no "a card" [ -s person.card ]
"$MUNIMENT" seal --to person.card -o card.age plain
check "locked to a card" 0 "" with person \
	"$MUNIMENT" open -i id.age --passphrase-fd 3 card.age
yes_no "content by card" cmp -s stdout plain
check "wrong passphrase of an identity" 2 "id.age: wrong passphrase" \
	with wrong "$MUNIMENT" open -i id.age --passphrase-fd 3 -o out/x \
	card.age
sed 's/^name .*/name Other/' person.card >changed.card
check "changed card" 1 "signature fails" \
	"$MUNIMENT" seal --to changed.card -o out/x plain

# evidence that fails
damage() { # FROM TO OFFSET: one bit turned
	python3 -c '
import sys
b = bytearray(open(sys.argv[1], "rb").read())
b[int(sys.argv[3])] ^= 1
open(sys.argv[2], "wb").write(b)' "$@"
}
damage good.age header.age 20
damage good.age mac.age 1600
damage good.age first.age 2000
damage good.age last.age -1
head -c 100000 good.age >cut.age
head -c $((1627 + 16 + 65552)) good.age >chunk.age
head -c 1000 good.age >short.age
{ cat good.age; echo; } >longer.age
: >empty.age
for bad in header mac first last cut chunk short longer empty; do
	check "$bad with -o" 1 "$bad.age: " \
		"$MUNIMENT" open -i hybrid.key -o out/x $bad.age
done
"$MUNIMENT" open -i hybrid.key last.age >stdout 2>stderr
yes_no "last: status to a pipe" [ $? -eq 1 ]
head -c "$(wc -c <stdout)" plain | cmp -s - stdout
yes_no "last: released bytes are verified ones" [ $? -eq 0 ]

# names
echo mine >out/taken
for how in "seal --to $hybrid" "open -i hybrid.key"; do
	"$MUNIMENT" $how -o out/taken good.age 2>stderr
	[ $? -eq 2 ] && grep -q "exists already" stderr &&
		[ "$(cat out/taken)" = mine ] && [ "$(ls -A out)" = taken ]
	yes_no "does not overwrite: ${how%% *}" [ $? -eq 0 ]
done
ln -s nowhere out/link
"$MUNIMENT" open -i hybrid.key -o out/link good.age 2>stderr
yes_no "does not follow a dangling link" [ $? -eq 2 ] && [ ! -e nowhere ]
rm out/*
check "no such folder" 2 "No such file" \
	"$MUNIMENT" open -i hybrid.key -o out/none/x good.age
"$MUNIMENT" open -i hybrid.key -o out/x good.age
yes_no "the file with its name" cmp -s out/x plain
yes_no "its mode" [ "$(stat -c %a out/x)" = 600 ]
yes_no "nothing beside it" [ "$(ls -A out)" = x ]
rm out/x

# a file appears under the name while we write: it is kept
mkfifo pipe
race() { # NAME COMMAND...
	name=$1
	shift
	"$@" seal --to "$hybrid" -o out/race pipe 2>stderr &
	pid=$!
	exec 4>pipe
	for i in $(seq 600); do
		[ -n "$(ls -A out)" ] && break
		sleep 0.1
	done
	begun=$(ls -A out)
	echo first >out/race
	exec 4>&-
	wait $pid
	[ $? -eq 2 ] && [ -n "$begun" ] && [ "$(cat out/race)" = first ] &&
		[ "$(ls -A out)" = race ]
	yes_no "$name" [ $? -eq 0 ]
	rm -f out/race
}
race "does not overwrite a file that came later" "$MUNIMENT"

# stopped in the middle
for sig in TERM INT HUP; do
	for verb in seal open; do
		if [ $verb = seal ]; then
			set -- seal --to "$hybrid"
		else
			set -- open -i hybrid.key
		fi
		# not `&` in the shell, which would ignore SIGINT
		python3 - "$sig" "$MUNIMENT" "$@" -o out/x pipe <<'EOT'
import os, signal, subprocess, sys, time
p = subprocess.Popen(sys.argv[2:])
with open("pipe", "wb") as f:
    f.write(open("good.age", "rb").read()[:150000])
    f.flush()
    for i in range(6000):
        if os.listdir("out"):
            break
        time.sleep(0.01)
    else:
        sys.exit(3)
    time.sleep(0.05)
    p.send_signal(getattr(signal, "SIG" + sys.argv[1]))
    code = p.wait(60)
sys.exit(0 if code == -getattr(signal, "SIG" + sys.argv[1]) else 4)
EOT
		rc=$?
		[ $rc -eq 0 ] && [ -z "$(ls -A out)" ]
		yes_no "SIG$sig in $verb leaves nothing" [ $? -eq 0 ]
		rm -rf out && mkdir out
	done
done

# no room: what the disk refuses is status 2, and nothing stays
if [ -w /dev/full ]; then
	"$MUNIMENT" seal --to "$hybrid" plain >/dev/full 2>stderr
	yes_no "disk full" [ $? -eq 2 ]
fi
sh -c 'ulimit -f 50; "$@"; exit $?' sh \
	"$MUNIMENT" seal --to "$hybrid" -o out/x plain >stdout 2>&1
yes_no "file too large leaves nothing" [ -z "$(ls -A out)" ]

# pipes
head -c 70000 plain | "$MUNIMENT" seal --to "$hybrid" |
	"$MUNIMENT" open -i hybrid.key >stdout
head -c 70000 plain | cmp -s - stdout
yes_no "pipes" [ $? -eq 0 ]
head -c 70000 plain | "$MUNIMENT" seal --to "$hybrid" -o - - |
	"$MUNIMENT" open -i hybrid.key -o - - >stdout
head -c 70000 plain | cmp -s - stdout
yes_no "pipes by name" [ $? -eq 0 ]

# terminals
echo "some text" >text
"$MUNIMENT" seal --to "$hybrid" -o text.age text
python3 - "$MUNIMENT" "$hybrid" <<'EOT'
import os, pty, subprocess, sys

muniment, hybrid = sys.argv[1:]
failed = 0


def on_terminal(args):
    """Status, what the terminal got and what stderr got."""
    master, slave = pty.openpty()
    p = subprocess.Popen([muniment] + args, stdin=subprocess.DEVNULL,
                         stdout=slave, stderr=subprocess.PIPE)
    os.close(slave)
    out = b""
    try:
        while True:
            part = os.read(master, 65536)
            if not part:
                break
            out += part
    except OSError:
        pass
    os.close(master)
    said = p.stderr.read().decode()
    return p.wait(), out, said


def check(name, args, status, in_out, in_err):
    global failed
    got, out, said = on_terminal(args)
    if got == status and in_out(out) and in_err in said:
        print("ok seal_open " + name)
    else:
        failed = 1
        print("not ok seal_open %s: status %d, %r" % (name, got, said))


check("no binary to a terminal", ["seal", "--to", hybrid, "text"], 2,
      lambda b: not b, "hint: --armor")
check("armor to a terminal", ["seal", "--to", hybrid, "--armor", "text"], 0,
      lambda b: b.startswith(b"-----BEGIN AGE"), "")
check("binary to a terminal by force",
      ["seal", "--to", hybrid, "-o", "-", "text"], 0,
      lambda b: b.startswith(b"age-encryption.org"), "")
check("text to a terminal", ["open", "-i", "hybrid.key", "text.age"], 0,
      lambda b: b == b"some text\r\n", "")
check("no binary content to a terminal",
      ["open", "-i", "hybrid.key", "good.age"], 2, lambda b: not b,
      "hint: -o FILE")
sys.exit(failed)
EOT
[ $? -eq 0 ] || failed=1

# file systems with no careful rename: hard links, then a reserved name
if command -v "${CC:-cc}" >/dev/null && [ -z "$MUNIMENT_NO_PRELOAD" ]; then
	cat >shim.c <<'EOT'
#include <errno.h>
#include <stdlib.h>
int renameat2(int a, const char *b, int c, const char *d, unsigned f);
int linkat(int a, const char *b, int c, const char *d, int f);
int renameat2(int a, const char *b, int c, const char *d, unsigned f)
{ (void)a; (void)b; (void)c; (void)d; (void)f; errno = EINVAL; return -1; }
#ifdef NO_LINKS
int linkat(int a, const char *b, int c, const char *d, int f)
{ (void)a; (void)b; (void)c; (void)d; (void)f; errno = EPERM; return -1; }
#endif
EOT
	"${CC:-cc}" -shared -fPIC -o links.so shim.c
	"${CC:-cc}" -shared -fPIC -DNO_LINKS -o nolinks.so shim.c
	for so in links nolinks; do
		LD_PRELOAD=./$so.so "$MUNIMENT" open -i hybrid.key -o out/x \
			good.age 2>stderr
		cmp -s out/x plain && [ "$(ls -A out)" = x ]
		yes_no "$so: the file with its name" [ $? -eq 0 ]
		rm -f out/*
		race "$so: does not overwrite" \
			env LD_PRELOAD=./$so.so "$MUNIMENT"
	done
	# the n-th allocation fails: status 2, a message, and nothing left
	cat >nomem.c <<'EOT'
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t k, size_t n);
void *__libc_realloc(void *p, size_t n);
static long left = -1;
static int fails(void)
{
	errno = ENOMEM;
	return left >= 0 && left-- == 0;
}
/* count from here: what libraries do before main is theirs */
int __libc_start_main(int (*m)(int, char **, char **), int c, char **v,
	void (*i)(void), void (*f)(void), void (*r)(void), void *s)
{
	int (*real)(int (*)(int, char **, char **), int, char **,
		void (*)(void), void (*)(void), void (*)(void), void *);
	*(void **)&real = dlsym(RTLD_NEXT, "__libc_start_main");
	left = atol(getenv("FAIL_AT"));
	return real(m, c, v, i, f, r, s);
}
void *malloc(size_t n) { return fails() ? 0 : __libc_malloc(n); }
void *calloc(size_t k, size_t n) { return fails() ? 0 : __libc_calloc(k, n); }
void *realloc(void *p, size_t n) { return fails() ? 0 : __libc_realloc(p, n); }
EOT
	"${CC:-cc}" -shared -fPIC -O1 -fno-builtin -D_GNU_SOURCE -o nomem.so \
		nomem.c
	"$MUNIMENT" seal --armor --to "$hybrid" -o armored.age plain
	for what in "seal --to $hybrid -o out/x plain" \
		"open -i hybrid.key -o out/x good.age" \
		"open -i hybrid.key -o out/x armored.age"; do
		# some failures do no harm: go on until many in a row do none
		n=0 good=0 failures=0 wrong=
		while [ $good -lt 60 ] && [ $n -lt 3000 ] && [ -z "$wrong" ]; do
			env LD_PRELOAD=./nomem.so FAIL_AT=$n "$MUNIMENT" \
				$what 2>stderr
			case $? in
			0) good=$((good + 1)) ;;
			2)
				good=0 failures=$((failures + 1))
				[ -s stderr ] && [ -z "$(ls -A out)" ] ||
					wrong="left something or says nothing"
				;;
			*) wrong="another status at allocation $n" ;;
			esac
			rm -f out/x
			n=$((n + 1))
		done
		[ -n "$wrong" ] || [ $failures -gt 20 ] ||
			wrong="only $failures failures"
		yes_no "no memory: ${what##* } ${wrong}" [ -z "$wrong" ]
	done
fi
exit $failed
