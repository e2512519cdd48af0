#!/bin/sh
# A stick with FAT32 or exFAT that is pulled out, that is full, or that lies:
# what lay there stays readable, and nothing half-written is taken for whole.
#
# 1. The drivers exfat-fuse and fusefat carry out what the program did to a
#    folder, without being mounted (tests/stick/player.c): that works on every
#    machine. The power is cut at each of their writes, and at random.
# 2. The same with the drivers mounted, where /dev/fuse is; and all else that
#    the program does on such a stick.
# 3. The kernel's own drivers, where it has them.
#
# STICK_SUBSETS: how many random cuts each of the four logs gets; 300.
. "$(dirname "$0")/lib.sh"
SUBSETS=${STICK_SUBSETS:-300}
# writes of a mounted driver: each, or one in five
EVERY=1
[ "$SUBSETS" -gt 1000 ] || EVERY=5
PATH=$PATH:/usr/sbin:/sbin
MOUNTED= # folder that is mounted now
LOOP=
clean_up() {
	[ -z "$MOUNTED" ] || umount -l "$MOUNTED"
	[ -z "$LOOP" ] || losetup -d "$LOOP"
	chmod -R u+rwX "$W"
	rm -rf "$W"
} 2>/dev/null
trap clean_up EXIT

for tool in cc python3 mkfs.fat mkfs.exfat mount.exfat-fuse fusefat; do
	command -v $tool >/dev/null || missing="$missing $tool"
done
if [ -n "$missing" ]; then
	skip "sticks" "not installed:$missing"
	finish
fi
for c in calls writes player; do
	${CC:-cc} -std=c17 -D_GNU_SOURCE -shared -fPIC -o $c.so \
		"$TOP/tests/stick/$c.c" || exit 2
done
STICK_PLAYER="$W/writes.so $W/player.so"
export STICK_PLAYER

same() { [ "$2" = "$3" ] && ok "$1" || not_ok "$1: '$2', not '$3'"; }

# The people and the files.
person anna && person boris && new_vault anna v >/dev/null || exit 2
anna() { as anna --vault v "$@"; }
anna case new C >/dev/null
anna member add boris.card --case C --role author >/dev/null
head -c 5000 /dev/urandom >first
anna add first --case C >/dev/null
anna carry -o OLD.MUN --to boris.card --case C || exit 2
head -c 50000 /dev/urandom >second
anna add second --case C >/dev/null

# recorded FOLDER CALLS COMMAND...: what a command does to a folder
recorded() {
	folder=$1
	calls=$2
	shift 2
	mkdir -p "$folder"
	STICK_FOLDER=$(cd "$folder" && pwd -P) STICK_CALLS=$W/$calls \
		LD_PRELOAD=$W/calls.so "$@"
	rc=$?
	echo done >>"$calls"
	return $rc
}
check "a stick without links and careful renames: one file" \
	recorded one one.calls anna carry -o one/NEW.MUN --to boris.card \
	--case C
check "the same: parts" recorded parts parts.calls anna carry \
	-o parts/NEW --part-size 65536 --to boris.card --case C
for f in one/NEW.MUN "$(echo parts/NEW.0*)"; do
	# shellcheck disable=SC2086
	status "what was written is received: $f" 0 as boris --vault got \
		receive $f
	rm -rf got
done
# plainly FILE: the calls that put a file on a stick
plainly() {
	printf 'create %s\nwrite %s 0 %d\n' "$1" "$1" "$(stat -c %s "$1")"
	cat "$1"
	printf 'sync %s\nclose %s\nsyncfolder\n' "$1" "$1"
}
plainly OLD.MUN >old.calls
cp second THIRD.MUN
plainly THIRD.MUN >third.calls

# image KIND FILE: an empty stick
image() {
	rm -f "$2"
	case $1 in
	exfat) truncate -s 8M "$2" && mkfs.exfat "$2" ;;
	fat32) truncate -s 34M "$2" && mkfs.fat -F 32 "$2" ;;
	esac >/dev/null
}
# driver KIND IMAGE HOW: the words of its command
driver() {
	case $1 in
	exfat) echo "mount.exfat-fuse -o $3 $2" ;;
	fat32) [ "$3" = ro ] && echo "fusefat -o ro $2" ||
		echo "fusefat -o $3+ $2" ;;
	esac
}
# play KIND IMAGE CALLS LOG: the driver carries out calls
play() {
	# shellcheck disable=SC2046
	STICK_IMAGE=$2 STICK_PLAY=$3 STICK_WRITES=$4 STICK_GOT=$W/played \
		LD_PRELOAD=$STICK_PLAYER $(driver "$1" "$2" rw) /nowhere \
		>played.out 2>&1
}
# cut NAME KIND LOG NEW-FOLDER SUBSETS [EVERY]: all that a power cut can leave
cut_power() {
	rm -rf odd saved
	# shellcheck disable=SC2046
	python3 -B "$TOP/tests/stick/powercut.py" --name "$1" \
		--base base.img --log "$3" --old OLD.MUN --new "$4" \
		--work work.img --every "${6:-1}" --subsets "$5" --seed 3 --look 40 --odd odd --save saved \
		--again third.calls -- $(driver "$2" IMAGE HOW) /nowhere
}
# What is half is refused, in one line, and changes nothing.
refuse_odd() {
	halves=0
	wrong=
	state >state.before
	for f in odd/*; do
		as boris --vault hers receive "$f" >out 2>err
		rc=$?
		[ $rc -eq 1 ] || [ $rc -eq 2 ] || wrong="$wrong $f:$rc"
		[ "$(grep -vc '^hint:' err)" -eq 1 ] || wrong="$wrong $f:lines"
		halves=$((halves + 1))
	done
	state >state.after
	cmp -s state.before state.after || wrong="$wrong the vault changed"
	[ $halves -gt 0 ] || wrong="there is none"
	[ -z "$wrong" ] && ok "$1: $halves halves are refused" ||
		not_ok "$1: halves: $wrong"
}
state() { (cd hers && find . -path ./local/lock -prune -o -type f \
	-exec sha256sum {} + | sort); }
as boris --vault hers receive OLD.MUN >/dev/null || exit 2

# Other programs on what a power cut left: the checkers repair it, mtools and
# the driver read it, and the old file is the same all the time.
others() {
	wrong=
	sticks=0
	for i in saved/*.img; do
		case $1 in
		exfat) fsck.exfat -y "$i" ;;
		fat32) mcopy -n -i "$i" ::OLD.MUN got.mtools
			cmp got.mtools OLD.MUN || wrong="$wrong mtools"
			rm -f got.mtools
			fsck.fat -a "$i" ;;
		esac >/dev/null 2>&1
		python3 -B "$TOP/tests/stick/media.py" "$i" OLD.MUN >got
		cmp -s got OLD.MUN || wrong="$wrong $i"
		sticks=$((sticks + 1))
	done
	rm -rf saved
	[ -z "$wrong" ] && [ $sticks -gt 0 ] &&
		ok "$1: $sticks sticks are repaired, the old file the same" ||
		not_ok "$1: $sticks repaired sticks:$wrong"
}

for kind in exfat fat32; do
	image $kind base.img
	check "$kind: the old file" play $kind base.img old.calls old.log
	for what in one parts; do
		cp base.img stick.img
		rm -f stick.log
		check "$kind: new: $what" play $kind stick.img $what.calls \
			stick.log
		cut_power "$kind, $what" $kind stick.log $what "$SUBSETS" || BAD=$((BAD + 1))
		refuse_odd "$kind, $what"
		[ $what = parts ] || others $kind
	done
	# The test itself must see it when the name comes before the bytes.
	cp base.img stick.img
	rm -f stick.log
	LC_ALL=C sed -n '/^rename/p' one.calls | head -n 1 |
		sed 's/^rename \([^ ]*\) .*/\1/' >temp
	python3 -B - "$(cat temp)" <<'EOT'
import sys
temp = sys.argv[1].encode()
data = open("one.calls", "rb").read()
rename = b"rename %s NEW.MUN\n" % temp
made = b"create %s\n" % temp
data = data.replace(rename, b"").replace(temp, b"NEW.MUN")
open("bad.calls", "wb").write(data)
EOT
	check "$kind: written under its name: played" play $kind stick.img \
		bad.calls stick.log
	if cut_power "control" $kind stick.log one 100 >out; then
		not_ok "$kind: a file under its name too early is not seen"
	else
		ok "$kind: a file under its name too early is seen"
	fi
done

# --- the same with sync ---
# desk NAME COMMAND...: that person at the vault desk.NAME
desk() {
	p=$1
	shift
	as "$p" --vault "desk.$p" "$@"
}
mkdir st
cp -a v desk.anna
as boris --vault desk.boris receive OLD.MUN >/dev/null || exit 2
mkdir m
for p in anna boris; do desk $p remote add st st >/dev/null || exit 2; done
check "sync to a stick" desk anna sync st
mv st/???????? OLD.SYN && rm st/*-parity && plainly OLD.SYN >old.calls
cp OLD.SYN st/
echo third >third
desk anna add third --case C >/dev/null
cp -a desk.anna desk.before
check "sync to it once more" recorded st sync.calls desk anna sync st
mkdir synced && cp st/* synced && rm synced/OLD.SYN
same "one file is new, and its parity" "1 1" \
	"$(ls synced | grep -vc parity) $(ls synced | grep -c parity)"

# has FILE: does Boris list it?
has() { desk boris --json list | grep -q "\"name\": \"$1\""; }
# What a power cut left: Boris takes what is whole; Anna, whose sync failed,
# makes up for the rest.
recovers() {
	wrong=
	sticks=0
	for i in saved/*.img; do
		rm -rf st desk.boris desk.anna
		mkdir st
		cp -a desk.fresh desk.boris
		cp -a desk.before desk.anna
		python3 -B "$TOP/tests/stick/media.py" "$i" --to st
		desk boris sync st --pull >out 2>err || wrong="$wrong $(cat err)"
		has second || wrong="$wrong $i:old"
		desk anna sync st >out 2>err || wrong="$wrong $(cat err)"
		desk boris sync st >out 2>err || wrong="$wrong $(cat err)"
		has third || wrong="$wrong $i:new"
		[ -z "$(ls -A st | grep part)" ] || wrong="$wrong $i:rest"
		sticks=$((sticks + 1))
	done
	[ -z "$wrong" ] && [ $sticks -gt 0 ] &&
		ok "$1: sync: $sticks sticks are made up for" ||
		not_ok "$1: sync: $sticks sticks:$wrong"
}
cp -a desk.boris desk.fresh
cp OLD.MUN OLD.kept && cp OLD.SYN OLD.MUN
sed -i 's/OLD\.SYN/OLD.MUN/' old.calls
for kind in exfat fat32; do
	image $kind base.img
	check "$kind: sync: the old file" play $kind base.img old.calls old.log
	cp base.img stick.img
	rm -f stick.log
	check "$kind: sync: played" play $kind stick.img sync.calls stick.log
	cut_power "$kind, sync" $kind stick.log synced "$SUBSETS" ||
		BAD=$((BAD + 1))
	recovers $kind
done
mv OLD.kept OLD.MUN

# --- 2: the drivers mounted ---
# mounted KIND IMAGE [HOW]: at m; the driver sees $DIE, $ROT and $LOG
mounted() {
	how=${3:-rw}
	shims=
	STICK_IMAGE=$W/$2
	if [ "$1" = exfat ]; then
		LOOP=$(losetup -f --show "$2" 2>mount.out) || return 1
		STICK_IMAGE=$LOOP
	fi
	[ -z "${LOG:-}${DIE:-}${ROT:-}" ] || shims=$W/writes.so
	# shellcheck disable=SC2046
	env STICK_IMAGE="$STICK_IMAGE" STICK_WRITES="${LOG:-/dev/null}" \
		STICK_DIE="${DIE:-}" STICK_ROT="${ROT:-}" LD_PRELOAD="$shims" \
		$(driver "$1" "${LOOP:-$2}" "$how") m >mount.out 2>&1 &&
		mountpoint -q m && MOUNTED=$W/m && return 0
	[ -z "$LOOP" ] || losetup -d "$LOOP"
	LOOP=
	return 1
}
# The driver may write on when the unmount is done.
unmounted() {
	umount "$W/m" 2>/dev/null || umount -l "$W/m"
	MOUNTED=
	while find /proc/[0-9]*/fd -lname "${LOOP:-$W/work.img}" 2>/dev/null |
		grep -q .; do
		sleep 0.05
	done
	[ -z "$LOOP" ] || losetup -d "$LOOP"
	LOOP=
}
one_line() {
	same "$1: one line" 1 "$(grep -vc '^hint:' err)"
}
said() { anna --json custody "$(cat item)" | grep -c '"action": "carried"'; }
to() { anna carry --to boris.card --case C -o "$@"; }

# What the program does on a stick that is mounted at m.
behaves() {
	k=$1
	status "$k: carry" 0 to m/NEW.MUN
	status "$k: receive from the stick" 0 as boris --vault hers \
		receive m/NEW.MUN
	echo "$k" >"on-$k" && anna add "on-$k" --case C >/dev/null
	status "$k: sync" 0 anna sync m
	status "$k: sync back" 0 as boris --vault hers sync m
	as boris --vault hers --json list | grep -q "on-$k" &&
		ok "$k: sync brings all" || not_ok "$k: sync brings all"
	same "$k: sync: names that every stick takes" "" "$(ls -A m |
		grep -vE '^([0-9A-F]{8}|(NEW|OLD)[.]MUN)(-parity)?$')"
	for f in m/????????; do rm "$f" "$f-parity"; done
	# fusefat gives a file the time of its renaming
	[ "$k" = fat32 ] || same "$k: its time is the constant one" \
		1000000000 "$(stat -c %Y m/NEW.MUN)"
	sha256sum <m/OLD.MUN >sum
	for name in OLD.MUN old.mun Old.Mun; do
		status "$k: the name is taken: $name" 2 to m/$name
		says "$k: and that is said: $name" "exists already"
	done
	status "$k: parts" 0 to m/PARTS --part-size 65536
	same "$k: no part is longer" 65536 \
		"$(stat -c %s m/PARTS.0* | sort -n | tail -n 1)"
	status "$k: the parts are received" 0 as boris --vault "got.$k" \
		receive m/PARTS.0*
	status "$k: a part's name is taken, in other letters" 2 \
		to m/parts --part-size 65536
	rm m/PARTS.002
	status "$k: one part's name is taken" 2 to m/PARTS --part-size 65536
	one_line "$k: one part's name is taken"
	rm m/PARTS.0* m/PARTS-parity.0*
	: >m/.muniment-0123456789abcdef.part
	status "$k: carry after a crash" 0 to m/LAST.MUN
	rm m/LAST.MUN m/LAST.MUN-parity
	same "$k: nothing else lies there" \
		"NEW.MUN NEW.MUN-parity OLD.MUN OLD.MUN-parity" "$(ls -A m |
		sort | tr '\n' ' ' | sed 's/ $//')"
	same "$k: the old file is the same" "$(cat sum)" \
		"$(sha256sum <m/OLD.MUN)"
	fills "$k"
}
# A stick that is full, and one with a little room.
fills() {
	head -c 64M /dev/zero >m/BALLAST 2>/dev/null
	for room in 0 40000; do
		said >said.before
		[ $room -eq 0 ] || truncate -s "$(($(stat -c %s m/BALLAST) -
			room))" m/BALLAST
		status "$1: full but for $room" 2 to m/MORE.MUN
		# fusefat says "Operation not permitted"
		[ "$1" = fat32 ] || says "$1: it says so" \
			"No space left on device"
		one_line "$1: full but for $room"
		same "$1: full: nothing is left behind" \
			"BALLAST NEW.MUN NEW.MUN-parity OLD.MUN OLD.MUN-parity" \
			"$(ls -A m | sort |
			tr '\n' ' ' | sed 's/ $//')"
		# fusefat does not tell how much room there is
		[ "$1" != fat32 ] || continue
		same "$1: full: the vault does not say that it carried" \
			"$(cat said.before)" "$(said)"
	done
	rm m/BALLAST
	status "$1: with room again" 0 to m/MORE.MUN
	rm m/MORE.MUN m/MORE.MUN-parity
}
# A file whose chain of clusters is broken keeps no other from being read.
broken() {
	rm -rf desk.boris
	cp -a desk.fresh desk.boris
	image fat32 work.img
	mounted fat32 work.img || not_ok "fat32: a broken file: no mount"
	cp synced/???????? OLD.SYN m/
	unmounted
	name=$(ls synced | grep -v parity)
	python3 -B "$TOP/tests/stick/media.py" work.img --break OLD.SYN
	mounted fat32 work.img
	cmp -s m/OLD.SYN OLD.SYN && not_ok "fat32: the file is not broken"
	desk boris remote add m m >/dev/null
	status "fat32: a broken file" 2 desk boris sync m --pull
	says "fat32: a broken file is named" "OLD.SYN"
	cp "synced/$name" other && python3 -B \
		"$TOP/tests/stick/media.py" work.img "$name" | cmp -s - other &&
		ok "fat32: the file beside it is whole" ||
		not_ok "fat32: the file beside it"
	unmounted
}
# What was told to be done is on the medium, though nobody unmounts it.
done_is_done() {
	cp m/NEW.MUN new.now
	cp work.img pulled.img
	python3 -B "$TOP/tests/stick/media.py" pulled.img NEW.MUN >got
	check "$1: done is on the medium before an unmount" cmp got new.now
}
read_only() {
	status "$1: read-only: carry" 2 to m/RO.MUN
	one_line "$1: read-only"
	says "$1: read-only: says so" "Read-only file system"
	status "$1: read-only: receive" 0 as boris --vault "ro.$1" receive \
		m/OLD.MUN
}
# The stick is pulled out at the N-th write, of so many.
pulled() {
	lost=
	times=0
	writes=$(python3 -B "$TOP/tests/stick/powercut.py" --count stick.log)
	for die in 4 $((writes / 8)) $((writes / 2)) $((writes * 7 / 8)) \
		$((writes - 5)) $((writes - 3)) $((writes - 2)); do
		cp base.img work.img
		DIE=$die
		if ! mounted "$1" work.img; then
			lost="$lost $die:no mount"
			DIE=
			continue
		fi
		DIE=
		to m/NEW.MUN --json >out 2>err
		rc=$?
		unmounted
		python3 -B "$TOP/tests/stick/media.py" work.img OLD.MUN >got
		cmp -s got OLD.MUN || lost="$lost $die:old"
		# the last writes are those of the unmount
		[ $rc -eq 0 ] && continue
		[ $rc -eq 2 ] || lost="$lost $die:status $rc"
		[ ! -s out ] || lost="$lost $die:says it is done"
		[ "$(grep -vc '^hint:' err)" -eq 1 ] ||
			lost="$lost $die:$(cat err)"
		times=$((times + 1))
	done
	[ -z "$lost" ] && [ $times -ge 4 ] &&
		ok "$1: pulled out $times times: an error, and the old file" ||
		not_ok "$1: pulled out $times times:$lost"
}
# A stick that keeps other bytes: found by reading them back. The kernel does
# not write in the same order each time: some of these tries may hit a table of
# the driver's, which then refuses by itself.
rots() {
	found=no
	for n in $2 $(($2 + 1)) $(($2 - 1)) $(($2 + 2)); do
		[ $found = no ] || break
		cp base.img work.img
		ROT=$n
		mounted "$1" work.img || not_ok "$1: a stick that rots: no mount"
		ROT=
		to m/NEW.MUN >out 2>err
		rc=$?
		grep -q "not what was written" err && found=yes
		names=$(echo $(ls -A m))
		unmounted
	done
	same "$1: a stick that keeps another byte" 2 $rc
	same "$1: it is found" yes $found
	same "$1: it gets no name" "OLD.MUN OLD.MUN-parity" "$names"
}

anna remote add m m >/dev/null
as boris --vault hers remote add m m >/dev/null
anna --json list | sed -n 's/.*"item": "\([0-9a-f]*\)".*/\1/p' |
	head -n 1 >item
for kind in exfat fat32; do
	image $kind work.img
	if ! [ -c /dev/fuse ]; then
		skip "$kind: the driver mounted" "no /dev/fuse"
		continue
	elif ! mounted $kind work.img; then
		skip "$kind: the driver mounted" \
			"$(tail -n 1 mount.out | tr -c '[:print:]' ' ')"
		continue
	fi
	status "$kind: the first carry file" 0 to m/OLD.MUN
	cp m/OLD.MUN OLD.MUN
	unmounted
	cp work.img base.img
	rm -f stick.log
	LOG=$W/stick.log
	mounted $kind work.img
	status "$kind: another carry file" 0 to m/NEW.MUN
	rm -rf one && mkdir one && cp m/NEW.MUN one
	printf 'D\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >>stick.log
	done_is_done $kind
	unmounted
	LOG=
	cut_power "$kind, mounted" $kind stick.log one "$SUBSETS" "$EVERY" ||
		BAD=$((BAD + 1))
	cp base.img work.img
	mounted $kind work.img
	behaves $kind
	unmounted
	mounted $kind work.img ro
	read_only $kind
	unmounted
	pulled $kind
	rots $kind "$(python3 -B "$TOP/tests/stick/powercut.py" --find \
		stick.log one/NEW.MUN)"
	[ $kind = exfat ] || broken
done

# --- 3: the kernel's drivers ---
for kind in exfat fat32; do
	fs=$kind
	[ $kind = exfat ] || fs=vfat
	image $kind work.img
	if ! mount -t $fs -o loop work.img m 2>mount.out; then
		skip "$kind: the kernel's driver" \
			"$(head -n 1 mount.out | tr -c '[:print:]' ' ')"
		continue
	fi
	MOUNTED=$W/m
	status "kernel $kind: the first carry file" 0 to m/OLD.MUN
	behaves "kernel-$kind"
	done_is_done "kernel $kind"
	mount -o remount,ro m
	read_only "kernel-$kind"
	umount m
	MOUNTED=
done
finish
