#!/bin/sh
# Round trips with the stock age, both ways: recipients, passphrases, armor,
# sizes around the chunks, and one file above 4 GiB through pipes.
: "${MUNIMENT:?}"
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
failed=0

ok() {
	echo "ok age $1"
}
not_ok() {
	echo "not ok age $1: $2"
	failed=1
}
# result NAME STATUS
result() {
	if [ "$2" -eq 0 ]; then ok "$1"; else not_ok "$1" "status $2"; fi
}

if ! command -v age >/dev/null || ! command -v age-keygen >/dev/null; then
	echo "not ok age: no age here"
	exit 1
fi
age-keygen -o x25519.key 2>/dev/null
age-keygen -pq -o hybrid.key 2>/dev/null
for kind in x25519 hybrid; do
	age-keygen -y $kind.key >$kind.pub
done

sizes="0 1 65535 65536 65537 131072 131073 1000000"
for kind in x25519 hybrid; do
	to=$(cat $kind.pub)
	for armor in "" --armor; do
		for size in $sizes; do
			name="$kind $size${armor:+ armored}"
			head -c "$size" /dev/urandom >plain
			"$MUNIMENT" seal --to "$to" $armor <plain >ours.age &&
				age -d -i $kind.key ours.age | cmp -s - plain
			result "reads $name" $?
			age -r "$to" $armor plain >theirs.age &&
				"$MUNIMENT" open -i $kind.key theirs.age |
				cmp -s - plain
			result "is read $name" $?
		done
	done
done

# several recipients, each of whom opens it; a recipients file with comments
age-keygen -pq -o second.key 2>/dev/null
{ echo "# two"; cat hybrid.pub; echo; age-keygen -y second.key; } >both.txt
head -c 70000 /dev/urandom >plain
"$MUNIMENT" seal --to both.txt -o two.age plain
for key in hybrid second; do
	age -d -i $key.key two.age | cmp -s - plain
	result "recipients file, $key" $?
done
age -R both.txt -o two2.age plain
"$MUNIMENT" open -i second.key two2.age | cmp -s - plain
result "reads the second of two recipients" $?

# passphrases: age takes them from a terminal or from its batchpass plugin
if command -v age-plugin-batchpass >/dev/null; then
	pass="correct horse battery staple"
	echo "$pass" | "$MUNIMENT" seal --passphrase-fd 0 -o pass.age plain
	AGE_PASSPHRASE=$pass age -d -j batchpass pass.age | cmp -s - plain
	result "passphrase is read" $?
	AGE_PASSPHRASE=$pass age -e -j batchpass -o pass2.age plain
	echo "$pass" | "$MUNIMENT" open --passphrase-fd 0 pass2.age |
		cmp -s - plain
	result "passphrase" $?
	# an identity file that is locked itself
	for armor in "" -a; do
		AGE_PASSPHRASE=$pass age -e $armor -j batchpass hybrid.key \
			>locked.key
		echo "$pass" | "$MUNIMENT" open --passphrase-fd 0 \
			-i locked.key two.age | cmp -s - plain
		result "locked identity file $armor" $?
	done
else
	not_ok "passphrase" "no age-plugin-batchpass here"
fi

# what age refuses, we refuse, and the other way round
age-keygen -o other.key 2>/dev/null
"$MUNIMENT" open -i other.key two.age >out 2>err
[ $? -eq 2 ] && [ ! -s out ]
result "no match" $?

# above 4 GiB through pipes, in constant memory
python3 - "$MUNIMENT" <<'EOT'
import os, subprocess, sys

muniment = sys.argv[1]
LIMIT = 64 << 20
# 15 s; slow builds may ask for less
size = int(os.environ.get("MUNIMENT_AGE_BYTES", (4 << 30) + 12345))
to = open("hybrid.pub").read().strip()
BLOCK = bytes(range(256)) * 4096
failed = 0


def report(name, wrong):
    global failed
    print("not ok age %s: %s" % (name, wrong) if wrong else "ok age " + name)
    failed |= bool(wrong)


def stream(name, first, second, ours):
    """size bytes | first | second | check; memory of `ours` (a Popen index)"""
    a = subprocess.Popen(first, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    b = subprocess.Popen(second, stdin=a.stdout, stdout=subprocess.PIPE)
    a.stdout.close()
    if os.fork() == 0:
        left = size
        while left > 0:
            n = min(left, len(BLOCK))
            a.stdin.write(BLOCK[:n])
            left -= n
        a.stdin.close()
        os._exit(0)
    a.stdin.close()
    got, left = 0, size
    wrong = None
    while True:
        part = b.stdout.read(len(BLOCK))
        if not part:
            break
        if not wrong and part != BLOCK[:len(part)]:
            wrong = "wrong content near byte %d" % got
        got += len(part)
    codes, peak = [], []
    for p in (a, b):
        _, status, usage = os.wait4(p.pid, 0)
        codes.append(os.waitstatus_to_exitcode(status))
        peak.append(usage.ru_maxrss * 1024)
        p.returncode = codes[-1]
    os.wait()
    if codes != [0, 0]:
        wrong = "status %s" % codes
    elif got != size:
        wrong = "%d bytes, not %d" % (got, size)
    elif peak[ours] > LIMIT:
        wrong = "%d MiB resident" % (peak[ours] >> 20)
    report("%s, %d bytes, %d MiB resident"
           % (name, size, peak[ours] >> 20), wrong)


stream("stream sealed here", [muniment, "seal", "--to", to],
       ["age", "-d", "-i", "hybrid.key"], 0)
stream("stream opened here", ["age", "-r", to],
       [muniment, "open", "-i", "hybrid.key"], 1)
sys.exit(failed)
EOT
result "streams" $?
exit $failed
