#!/bin/sh
# A machine that is looked at while it works: the core that a debugger takes of
# a process that has the keys holds neither the passphrase nor a secret key;
# nobody but root can take one; and the system's journal hears nothing, not
# even of failures and crashes.
. "$(dirname "$0")/lib.sh"
HELPER=$TOP/tests/cli/debugger.py
[ "$(id -u)" -eq 0 ] || { skip "a debugger" "not root"; finish; }

person anna
new_vault anna home
as anna --vault home case new Alpha >/dev/null
head -c 200000 /dev/urandom >bulk
echo "a letter" >letter
"$MUNIMENT" --passphrase-fd 3 open -o anna.txt anna.age 3<<P
pass anna
P

# At the first flush of all it has stored, with the keys in use, it stops.
cat >stop.c <<'EOT'
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>
int syncfs(int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "syncfs");
	kill(getpid(), SIGSTOP);
	return real(fd);
}
EOT
check "a stop" "${CC:-cc}" -D_GNU_SOURCE -shared -fPIC -o stop.so stop.c -ldl

# A copy for somebody without rights.
chmod 711 "$W"
mkdir user
cp "$MUNIMENT" user/muniment
cp -R anna.age home letter bulk stop.so user/
python3 "$HELPER" cores "$W/user" || BAD=$((BAD + 1))

cat >work.sh <<EOT
go() { "$MUNIMENT" --identity anna.age --passphrase-fd 3 "\$@" 3<pass; }
echo "pass anna" >pass
go --vault home add letter bulk --case Alpha && echo "it worked"
go --vault home verify
go --vault home add nothing --case Alpha && echo "no failure"
go --vault nowhere list && echo "no failure"
echo "not it" >pass
go --vault home list && echo "no failure"
"$MUNIMENT" --identity anna.age --passphrase-fd 3 --vault home list 3<fifo &
exec 9>fifo
# it waits for the passphrase
until grep -q "^[0-9]* 0x3 " /proc/\$!/syscall; do sleep 0.1; done
kill -SEGV \$!
wait \$!
[ \$? -eq 139 ] && echo "it crashed"
logger "it can be heard"
EOT
mkfifo fifo
# a /dev and a /run of our own, where it is heard what goes to the journal
cat >rooms.sh <<EOT
set -e
mount -t tmpfs none "$W/dev"
for x in null zero full random urandom tty; do
	touch "$W/dev/\$x"
	mount --bind /dev/\$x "$W/dev/\$x"
done
ln -s /proc/self/fd "$W/dev/fd"
mkdir "$W/dev/shm" "$W/dev/pts"
mount --rbind /dev/shm "$W/dev/shm"
mount --move "$W/dev" /dev
mount -t tmpfs none /run
mkdir -p /run/systemd/journal
exec python3 "$HELPER" journal "$W/work.sh"
EOT
mkdir dev
if unshare -m true 2>/dev/null; then
	unshare -m sh rooms.sh || BAD=$((BAD + 1))
else
	skip "the journal" "no mount namespaces here"
fi
finish
