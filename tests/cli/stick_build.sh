#!/bin/sh
# The program for a stick: from FAT, in a root with nothing else in it.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin:/sbin
FULL=$(dirname "$MUNIMENT")/muniment-full
if [ "$(uname -m)" != x86_64 ]; then
	skip "the stick" "it is for x86-64"
	finish
fi

# put together, signed, the same twice
ssh-keygen -q -t ed25519 -N '' -C '' -f maker || exit 2
check "put together" env SIGN=maker sh "$TOP/tools/stick.sh" \
	"$MUNIMENT" stick
check "and again" sh "$TOP/tools/stick.sh" "$MUNIMENT" again
cp stick/SHA256SUMS.sig again/
check "the same bytes" diff -r stick again
rm -rf again
(cd stick && sha256sum --quiet -c SHA256SUMS) && ok "the sums are right" ||
	not_ok "the sums are wrong"
[ "$(wc -l <stick/SHA256SUMS)" = "$(find stick -type f ! -name 'SHA256SUMS*' |
	wc -l)" ] && ok "of all files" || not_ok "sums are missing"
echo "maker $(cat maker.pub)" >makers
ssh-keygen -Y verify -f makers -I maker -n muniment-stick \
	-s stick/SHA256SUMS.sig <stick/SHA256SUMS >/dev/null 2>&1 &&
	ok "and signed" || not_ok "the signature is wrong"
size=$(du -sb stick | cut -f1)
[ "$size" -lt 40000000 ] && ok "$size bytes" || not_ok "it has grown: $size"
for l in cairo pango qpdf curl archive gmime glib icu; do
	ls stick/muniment/lib | grep -q "$l" && not_ok "it brings $l"
done

# through FAT, which keeps no links and no rights
dd if=/dev/zero of=fat.img bs=1M count=64 status=none
if mkfs.fat fat.img >/dev/null 2>&1 && mcopy -s -i fat.img stick/* ::/ &&
	mkdir fat && mcopy -s -n -i fat.img ::/ fat/ 2>check.out; then
	[ -d fat/muniment ] || { mv fat/* fat.in; rmdir fat; mv fat.in fat; }
	check "FAT gives back all" diff -r stick fat
else
	skip "through FAT" "mtools or dosfstools are not here"
	cp -R stick fat
fi
rm -f fat.img
find fat -type f -exec chmod 644 {} +
status "a stick that no program may start from" 2 sh fat/muniment.sh --version
says "a stick that no program may start from: what now" "--in-memory"
status "from memory" 0 sh fat/muniment.sh --in-memory --version
[ "$(cat out)" = "$("$FULL" --version)" ] && ok "the same version" ||
	not_ok "$(cat out)"
ls -d /dev/shm/muniment.* "${XDG_RUNTIME_DIR:-/nowhere}"/muniment.* \
	>left 2>/dev/null
[ ! -s left ] && ok "from memory: nothing is left" || not_ok "$(cat left)"
# what "showexec" does, with which desktops mount FAT
chmod 755 fat/muniment/start.com
status "from a stick" 0 sh fat/muniment.sh --version

# the office, with everything installed
person anna
new_vault anna home
anna() { as anna --vault home "$@"; }
anna case new A >/dev/null
{ printf '\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0'
	head -c 3000 /dev/zero; } >picture.bin
anna add picture.bin --case A --title P >/dev/null
item=$(anna --json list | sed -n 's/.*"item": "\(.*\)".*/\1/p')
check "an exhibit for the traveller to check" anna exhibit "$item" -o exhibit
anna collector kit --case A --label N -o kit >/dev/null

# An empty root: the stick, a folder, and what the kernel gives.
mkdir -p root/stick root/case root/dev root/proc
cp -R fat/. root/stick/
cp -R exhibit kit picture.bin root/case/
run="chroot root"
[ "$(id -u)" = 0 ] || run="unshare -r chroot root"
S="/stick/muniment/start.com --inhibit-cache --library-path
	/stick/muniment/lib /stick/muniment/program"
if ! $run $S --version >/dev/null 2>check.out; then
	if [ "$(id -u)" = 0 ] || unshare -r true 2>/dev/null; then
		not_ok "it does not start in an empty root: $(cat check.out)"
	else
		skip "an empty root" "this user may make none"
	fi
	finish
fi
ok "it starts in an empty root"
[ "$(id -u)" != 0 ] || mknod -m 666 root/dev/null c 1 3
# t [--vault V] COMMAND...: the traveller
t() {
	$run $S --quiet --identity /case/nina.age --passphrase-fd 3 "$@" 3<<P
pass nina
P
}
free() { $run $S --quiet "$@"; } # without a passphrase
export MUNIMENT_MAGIC=/stick/muniment/magic.mgc
status "id new" 0 t id new --name nina --work-factor 10
grep -q 'cannot be locked' err && not_ok "memory is not locked" ||
	ok "no complaint of memory that cannot be locked"
status "id card" 0 t id card
cp out nina.card
anna member add nina.card --case A --role author >/dev/null
anna carry -o root/case/carry --to nina.card >/dev/null
status "receive" 0 t --vault /case/v receive /case/carry
status "verify" 0 t --vault /case/v verify
status "list" 0 t --vault /case/v list
grep -q ' P$\| P ' out && ok "list shows the item" || not_ok "list: $(cat out)"
status "get" 0 t --vault /case/v get "$item" -o /case/got
cmp picture.bin root/case/got/picture.bin && ok "the original, byte for byte" ||
	not_ok "not the original"
"$FULL" --quiet check exhibit >full.out 2>&1
full=$?
free check /case/exhibit >out 2>&1
[ $? = "$full" ] && [ "$full" != 1 ] && sed 's|/case/exhibit|exhibit|' out | cmp - full.out &&
	ok "check says what the full program says" || not_ok "check says: $(cat out full.out)"
find root/case/exhibit/data -type f | while read -r f; do
	! cmp -s picture.bin "$f" || printf x >>"$f"
done
free check /case/exhibit >out 2>&1
[ $? = 1 ] && ok "check of what was changed" ||
	not_ok "check of what was changed: $(cat out)"
status "add" 0 t --vault /case/v add /case/picture.bin --case A --title Q --again
status "show" 0 t --vault /case/v --json list
new=$(sed -n 's/.*"item": "\(.*\)".*/\1/p' out | grep -v "$item" | head -n 1)
status "show" 0 t --vault /case/v --json show "$new"
# only the helper that shuts itself in finds the type
grep -q '"image/png"' out && ok "the helper, shut in, knows the media type" ||
	not_ok "no media type: $(grep -i media out)"
status "carry" 0 t --vault /case/v carry -o /case/back --to anna
status "the office takes it in" 0 anna receive root/case/back
status "collector new" 0 t collector new /case/field --kit /case/kit \
	--work-factor 10
status "collector add" 0 t collector add /case/field /case/picture.bin
status "collector status" 0 t collector status /case/field
status "collector carry" 0 t collector carry /case/field -o /case/seen
status "the office receives it" 0 anna receive root/case/seen
anna collector list | grep -q N && ok "and lists the collector" ||
	not_ok "no collector"
printf 'letter' >root/case/letter
cp nina.card root/case/
status "seal" 0 free seal --to /case/nina.card -o /case/sealed /case/letter
status "open" 0 t open -i /case/nina.age /case/sealed
[ "$(cat out)" = letter ] && ok "opened" || not_ok "opened: $(cat out)"
mkdir -p root/stick/libexec/muniment root/libexec/muniment
# what whoever had the stick may have put there is not run
for f in root/stick/muniment/muniment-full \
	root/stick/libexec/muniment/muniment-full \
	root/libexec/muniment/muniment-full; do
	cp "$FULL" $f
done
for c in exhibit redact witness "contents --file /case/letter" \
	"add /case/letter --case A --contents"; do
	status "$c" 2 t $c
	says "$c: says why" "on a stick there is only"
done
t --vault /case/v remote add host https://127.0.0.1:9/x.git >/dev/null
status "sync with a host" 2 t --vault /case/v sync host
says "sync with a host: says why" "a stick uses no network"
t --json doctor >out 2>err
grep -q 'those that came with this stick' out && ok "doctor" ||
	not_ok "doctor: $(cat out err)"
rm -r root/stick/muniment/muniment-full root/stick/libexec root/libexec

# On a computer: nothing but the folders named is written, nothing of the
# computer's own is loaded, no network; memory is locked, the helper shut in.
if ! command -v strace >/dev/null; then
	not_ok "strace is not here"
	finish
fi
mkdir house trip
export HOME="$W/house"
unset MUNIMENT_MAGIC MUNIMENT_IDENTITY
runs=0
# traced COMMAND...: as the owner of the stick's own identity.age
traced() {
	runs=$((runs + 1))
	strace -f -qq -y -o trace.$runs -e trace=%file,%network,mlock,mlock2,prctl,\
seccomp sh fat/muniment.sh --quiet --passphrase-fd 3 "$@" 3<<P
pass ida
root
P
}
status "on a computer: id new" 0 traced id new --name ida --work-factor 10
status "on a computer: init" 0 traced init trip/v --root-key trip/root \
	--work-factor 10
case=$(traced --json --vault trip/v case new C |
	sed -n 's/.*"case": "\(.*\)".*/\1/p')
status "on a computer: add" 0 traced --vault trip/v add picture.bin --case "$case"
grep -q 'cannot be recognised' err && not_ok "no media types: $(cat err)" ||
	ok "on a computer: media types are recognised"
status "on a computer: get" 0 traced --vault trip/v get --case "$case" -o trip/got
[ -f fat/identity.age ] && ok "the identity is on the stick" ||
	not_ok "no identity.age on the stick"
[ -z "$(ls -A house)" ] && ok "the home folder is empty" ||
	not_ok "in the home folder: $(ls -A house)"
grep -hE 'O_(WRONLY|RDWR|CREAT)|mkdir|rename|link\(|symlink' trace.* |
	grep -v ' = -1 ' | grep -vE "$W/(fat/identity|fat/.muniment-|trip[/>])|\"trip/" |
	grep -vE "$W/fat>, \"\.muniment-.*\"identity.age\"|\"fat/identity" |
	grep -vE '"(/dev/(null|tty)|/proc/self/maps)"' |
	grep -vE '^[0-9]+ +(unlink|readlink)' >found
[ ! -s found ] && ok "nothing is written elsewhere" ||
	not_ok "written: $(head -n 5 found)"
# of what is opened after the loader has begun
for f in trace.*; do
	sed '1,/start.com", /d' $f
done | grep 'open.*\.so' | grep -v ' = -1 ' | grep -v "fat/muniment/lib" >found
[ ! -s found ] && ok "no library of the computer is opened" ||
	not_ok "opened: $(head -n 5 found)"
grep -hE '^[0-9]+ +(socket|connect|bind|listen)\(' trace.* >found
[ ! -s found ] && ok "no network" || not_ok "network: $(head -n 3 found)"
grep -qE 'mlock2?\(.* = 0' trace.1 && ok "memory is locked" ||
	not_ok "no mlock"
grep -qE '(seccomp\(SECCOMP_SET_MODE_FILTER|PR_SET_SECCOMP).* = 0' trace.* &&
	ok "the helper is shut in" || not_ok "no seccomp"
grep -q 'PR_SET_DUMPABLE, SUID_DUMP_DISABLE' trace.1 &&
	ok "no other process looks in" || not_ok "dumpable"
finish
