#!/bin/sh
# A collector's disk and memory after work: no content, no name, no usable key.
#
# The field machine lies on a disk image of its own, with its home and its
# temporary folder; the raw image is searched afterwards, so that what was
# written and deleted is found too. Its processes are stopped at their end, and
# their memory is searched.
. "$(dirname "$0")/lib.sh"
HELPER=$TOP/tests/cli/collector_leak.py

canary() { echo "Qzx$1Vk7" | tee -a canaries; }
kanar() { echo "Щъю$1Жэы" | tee -a canaries; }
: >canaries

# the office, whose names are canaries
"$MUNIMENT" --quiet --identity office.age --passphrase-fd 3 id new \
	--name "$(canary oname)" --org "$(kanar орг)" --work-factor 10 3<<P
pass office
P
new_vault office home || exit 2
office() { as office --vault home "$@"; }
case=$(kanar дело)
office case new "$case" >/dev/null
office collector kit --case "$case" --label "$(canary label)" -o kit >words

# what is collected: small, large, compressible and not, in folders
D=$(canary folder)
mkdir -p "plain/$D/$(kanar папка)"
{ canary text; kanar текст; } >"plain/$D/$(canary small).txt"
python3 - "$(canary bulk)" "plain/$D" <<'EOT2'
import random, sys
r = random.Random(1)
with open(sys.argv[2] + "/QzxnoiseVk7.bin", "wb") as f:
    for i in range(300):
        f.write(r.randbytes(960) + sys.argv[1].encode())
with open(sys.argv[2] + "/QzxlongVk7.csv", "wb") as f:  # two segments
    for i in range(18 << 10):
        f.write(b"%8d " % i + sys.argv[1].encode() * 68 + b"\n")
EOT2
echo QzxnoiseVk7 >>canaries
echo QzxlongVk7 >>canaries
cp "$TOP/tests/samples/case-A"/*.jpg "plain/$D/$(kanar папка)/" 2>/dev/null
cat >record.json <<EOT2
{"title": "$(canary title)", "x_note": "$(kanar заметка)"}
EOT2

# A disk of its own, if this system lets us mount one.
image=-
mkdir disk
truncate -s 96M disk.img
if mkfs.ext4 -q -F disk.img 2>/dev/null; then
	if mount -o loop disk.img disk 2>/dev/null; then
		image=disk.img
	elif command -v fuse2fs >/dev/null &&
		fuse2fs -o rw,fakeroot disk.img disk 2>/dev/null; then
		image=disk.img
	fi
fi
trap 'umount "$W/disk" 2>/dev/null || fusermount -u "$W/disk" 2>/dev/null
	chmod -R u+rwX "$W" 2>/dev/null; rm -rf "$W"' EXIT
[ "$image" != - ] || ok "the raw image # skip: nothing can be mounted here"
mkdir -m 700 disk/home disk/tmp
pass=$(canary fieldpass)
export HOME="$W/disk/home" TMPDIR="$W/disk/tmp"
# Non-root: strace cannot see into a process that has shut its memory.
export SHIM=
if [ "$(id -u)" -ne 0 ]; then
	cat >shim.c <<'EOT2'
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int prctl(int op, ...)
{
	va_list ap;
	unsigned long a[4];
	va_start(ap, op);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	return op == PR_SET_DUMPABLE ? 0 : (int)syscall(SYS_prctl, op, a[0],
	    a[1], a[2], a[3]);
}
EOT2
	check "a shim" "${CC:-cc}" -shared -fPIC -O1 -o shim.so shim.c
	SHIM=$W/shim.so
fi
mkdir dumps
# stopped CALL WORD...: a collector's command, its memory taken at a call
stopped() {
	python3 "$HELPER" run dumps "$MUNIMENT" "$@" <<P || BAD=$((BAD + 1))
$pass and more
P
}
collector() {
	"$MUNIMENT" --quiet --passphrase-fd 3 collector "$@" 3<<P
$pass and more
P
}
stopped exit_group new disk/field --kit kit --work-factor 10
check "add" collector add disk/field "plain/$D" --kind document \
	--record record.json --title "$(canary argument)"
stopped syncfs add disk/field "plain/$D" --record record.json
stopped exit_group add disk/field "plain/$D" --record record.json
check "status" collector status disk/field
stopped exit_group carry disk/field -o out.carry

# The office reads it all.
check "receive" office receive out.carry
check "confirm" office collector confirm \
	"$(basename disk/field/refs/heads/d*)"
check "get" office get --case "$case" -o got --by-item
for f in plain/$D/* "plain/$D/$(kanar папка)"/*; do
	[ -d "$f" ] && continue
	n=$(find got -name "${f##*/}" -exec cmp -s {} "$f" \; -print | wc -l)
	[ "$n" -eq 3 ] && ok "the office gets it three times: ${f##*.}" ||
		not_ok "got $n times: $f"
done
office --json list >items
"$MUNIMENT" --passphrase-fd 3 open -o office.txt office.age 3<<P
pass office
P
"$MUNIMENT" --passphrase-fd 3 open -o collector.txt \
	disk/field/local/collector.age 3<<P
$pass and more
P
python3 "$HELPER" secrets secrets.json "$pass" || BAD=$((BAD + 1))
cp -R disk/field copy
umount disk 2>/dev/null || fusermount -u disk 2>/dev/null
python3 "$HELPER" disk "$image" copy secrets.json || BAD=$((BAD + 1))
python3 "$HELPER" memory dumps secrets.json || BAD=$((BAD + 1))
finish
