#!/bin/sh
# Nothing leaks: not into the vault, the carry file or local/, not into other
# files, not over the network, not to other processes, not by sizes.
#
# Canaries, unique texts, stand in for all that is secret; what the program
# writes is searched for them in many forms, and every command is traced.
. "$(dirname "$0")/lib.sh"
HELPER=$TOP/tests/cli/leak.py
PROGRAM=$MUNIMENT
umask 000 # the program must not lean on it

# canary NAME: an ASCII one; Cyrillic: канарейка NAME
canary() { echo "Qzx$1Vk7" | tee -a canaries; }
kanar() { echo "Щъю$1Жэы" | tee -a canaries; }
: >canaries
mkdir -m 700 tmp people cards carry
mkdir "nobody$(canary home)"
# what git or libc could pick up about the user
export TMPDIR="$W/tmp" HOME="$W/nobody$(canary home)" USER="$(canary user)" \
	LOGNAME="$(canary logname)" HOSTNAME="$(canary hostname)" \
	GIT_AUTHOR_NAME="$(canary author)" GIT_AUTHOR_EMAIL="$(canary mail)" \
	GIT_COMMITTER_NAME="$(canary committer)" EMAIL="$(canary email)"
printf '[user]\n\tname = %s\n\temail = %s\n' "$(canary gitname)" \
	"$(canary gitmail)" >"$HOME/.gitconfig"
echo "$W" >>canaries
host=$(uname -n)
[ ${#host} -lt 6 ] || echo "$host" >>canaries

# Every command is traced, with all that it writes.
if ! command -v strace >/dev/null; then
	not_ok "strace is not here: nothing was traced"
	finish
fi
# Without root's rights strace cannot read a process that has shut its memory
# (which `process` below is about): for the traces it is left open then.
shim=
if [ "$(id -u)" -ne 0 ]; then
	cat >shim.c <<'EOT'
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
EOT
	check "a shim" "${CC:-cc}" -shared -fPIC -O1 -o shim.so shim.c
	shim="-E LD_PRELOAD=$W/shim.so"
fi
cat >traced <<EOT
#!/bin/sh
n=\$(ls "$W" | grep -c ^trace[.])
exec strace $shim -f -y -xx -s 9999999 -o "$W/trace.\$n" -e trace=%network,\
open,openat,creat,write,writev,pwrite64,pwritev,pwritev2,sendfile,\
copy_file_range,splice,vmsplice,rename,renameat,renameat2,link,linkat,\
symlink,symlinkat,mknodat,memfd_create,mmap "$PROGRAM" "\$@"
EOT
chmod 755 traced
MUNIMENT=$W/traced

# somebody WHO NAME ORG: an identity whose name, organisation and passphrase
# ("pass WHO", see as) are canaries
somebody() {
	"$MUNIMENT" --quiet --identity "people/$1.age" --passphrase-fd 3 id new \
		--name "$2" --org "$3" --work-factor 10 3<<P 2>/dev/null &&
pass $1
P
	ln -s "people/$1.age" "$1.age" && as "$1" id card -o "cards/$1.card" &&
	cp "cards/$1.card" .
}
L=$(canary lawyer)
P=$(canary partner)
echo "root of home" >>canaries
check "the lawyer" somebody "$L" "$(canary lname) $(kanar имя)" "$(kanar орг)"
check "the partner" somebody "$P" "$(kanar парт)" "$(canary org)"
D=$(canary folder)
K=$(kanar папка)
mkdir -p "plain/$D/$K"
small=$(canary small)
{ canary text; kanar текст; } >"plain/$D/$small.txt"
# 200 KiB that compress badly, so that they become an object; a canary each KiB
python3 - "$(canary bulk)" "$(kanar груз)" >"plain/$D/$K/$(kanar файл).bin" <<'EOT'
import random, sys
r = random.Random(1)
for i in range(200):
    sys.stdout.buffer.write(r.randbytes(960) + " ".join(sys.argv[1:]).encode())
EOT
canary edited >"plain/$(canary second).txt"
lawyer() { as "$L" --vault home "$@"; }
partner() { as "$P" --vault abroad "$@"; }

one=$(canary case1)
two=$(kanar дело)
check "init" new_vault "$L" home
mv home.root people/
lawyer --json case new "$one" >j.case1
lawyer --json case new "$two" >j.case2
check "add" lawyer add "plain/$D" --case "$one" --title "$(canary title)" \
	--kind document --field "x_note=$(canary field)" \
	--field "x_$(canary key | tr A-Z a-z)=$(kanar поле)"
check "add to the other case" lawyer add "plain/$D/$small.txt" --case "$two" \
	--title "$(kanar титул)"
lawyer --json list >j.list
item=$(sed -n 's/.*"item": "\(.*\)".*/\1/p' j.list | head -n 1)
check "edit" lawyer edit "$item" --content "plain/$(canary second).txt" \
	--title "$(canary newtitle)"
check "note" lawyer custody "$item" --note "$(canary note)"
check "retract" lawyer retract "$item" --why "$(kanar причина)"
check "member add" lawyer member add "$P.card" --case "$one" --role author
check "share" lawyer share "$(sed -n 's/.*"item": "\(.*\)".*/\1/p' j.list |
	tail -n 1)" --with "$(canary lname) $(kanar имя)"
check "get" lawyer get --case "$one" -o got
lawyer show "$item" >j.show
lawyer history "$item" >j.history
lawyer search "$(canary text)" >j.search
check "carry" lawyer carry -o carry/one --to "$P.card" --case "$one"
check "receive" partner receive carry/one
check "get by the partner" partner get --case "$one" -o got/partner
check "edit by the partner" partner edit "$item" --title "$(kanar правка)"
check "carry back" partner carry -o carry/two --to "$L.card"
check "receive back" lawyer receive carry/two
check "verify" lawyer verify
check "verify --blind" "$MUNIMENT" --quiet --vault home verify --blind
pass=$(canary carrypass)
check "carry with a passphrase" "$MUNIMENT" --quiet --identity "$L.age" \
	--passphrase-fd 3 --vault home carry -o carry/three --work-factor 10 \
	--carry-passphrase-fd 4 3<<A 4<<B
pass $L
A
$pass and more
B
MUNIMENT=$PROGRAM
python3 -c '
import json
for name in ("j.case1", "j.case2", "j.list"):
    d = json.load(open(name))
    for o in d if isinstance(d, list) else [d]:
        print(o["case"] if "name" in o else o["item"])' >ids
sort -u canaries -o canaries
check "nothing is left in TMPDIR" test -z "$(ls -A tmp)"
python3 "$HELPER" search plain -- home abroad carry people/*.age \
	people/*.root || BAD=$((BAD + 1))
for f in got cards; do
	# names of folders are those of the originals, and so are no secret there
	open=$(find "$f" -type f ! -perm 600)
	check "all of $f is 0600" test -z "$open"
done
python3 "$HELPER" traces trace.* || BAD=$((BAD + 1))
rm -f trace.*

# The same history for 1, 3 and 9 readers.
unset TMPDIR
person lawyer
cards=
for i in 1 2 3 4 5 6 7 8 9; do
	person reader$i
	cards="$cards reader$i.card"
done
for i in 1 2 3; do head -c 90$i00 /dev/zero | tr '\0' $i >short$i; done
openssl rand 80000 >bulk
for readers in 1 3 9; do
	v=readers$readers
	new_vault lawyer $v
	of() { as lawyer --vault $v "$@" >/dev/null; }
	of case new A
	of case new B
	of add bulk --case A --title x
	of member add $(echo "$cards" | tr ' ' '\n' | sed 1d | head -n $readers) \
		--case A
	of add short1 --case A
	item=$(as lawyer --vault $v --json list | sed -n \
		's/.*"item": "\(.*\)".*/\1/p' | head -n 1)
	of edit "$item" --title y
	of custody "$item" --note z
	of retract "$item" --why w
	of get "$item" -o out$readers
	of share "$item" --with reader1
	of carry -o $v.carry $(echo "$cards" | tr ' ' '\n' | sed 1d |
		head -n $readers | sed 's/^/--to /') --case A
	status "the vault of $readers readers" 0 as lawyer --vault $v verify
done
python3 "$HELPER" same || BAD=$((BAD + 1))

# Terminal, memory, core: as somebody who has no rights.
person typist
chmod 711 "$W"
chmod 644 typist.age
cp "$PROGRAM" ./program
chmod 755 program
[ "$(id -u)" -ne 0 ] || chown 65534 typist.age
python3 "$HELPER" process "$W/program" || BAD=$((BAD + 1))
finish
