#!/bin/sh
# Sessions: what unlock keeps, for whom, how long, and what never gets it.
. "$(dirname "$0")/lib.sh"
for t in keyctl strace; do
	command -v $t >/dev/null || { not_ok "$t is not here"; finish; }
done
person anna
person bob

# Where the kernel's keyring is forbidden, the program says so and goes on.
for errno in ENOSYS EPERM; do
	status "no keyring ($errno): unlock" 2 strace -qq -o /dev/null \
		-e inject=keyctl:error=$errno:when=1+ \
		"$MUNIMENT" --identity anna.age --passphrase-fd 3 unlock 3<<P
pass anna
P
	says "no keyring ($errno): says so" "keyring cannot be used here"
	says "no keyring ($errno): what now" "hint: containers often forbid it"
	status "no keyring ($errno): lock" 0 strace -qq -o /dev/null \
		-e inject=keyctl:error=$errno:when=1+ "$MUNIMENT" lock
	status "no keyring ($errno): others ask" 2 strace -qq -o /dev/null \
		-e inject=keyctl:error=$errno:when=1+ \
		setsid "$MUNIMENT" --identity anna.age id card </dev/null
	says "no keyring ($errno): others ask, says so" "there is no terminal"
done
if ! keyctl session - true 2>/dev/null; then
	skip "sessions" "this kernel, or its container, has no keyring"
	finish
fi
# as a login has
own_keyring unlock.sh

# free WHO COMMAND...: without a passphrase, and without a terminal to ask at
free() {
	p=$1
	shift
	setsid "$MUNIMENT" --quiet --identity "$W/$p.age" "$@" </dev/null
}
# elsewhere COMMAND...: the same user in another login
elsewhere() { keyctl session - "$@"; }
ours() { keyctl list @s | grep -c 'user: muniment:'; }
key() { keyctl list @s | sed -n 's/^ *\([0-9]*\):.*user: muniment:.*/\1/p'; }

new_vault anna home
status "locked: asks" 2 free anna --vault home list
says "locked: there is nobody to ask" "there is no terminal"
status "a wrong passphrase" 2 "$MUNIMENT" --identity anna.age \
	--passphrase-fd 3 unlock 3<<P
pass bob
P
[ "$(ours)" = 0 ] && ok "a wrong passphrase: nothing is kept" ||
	not_ok "a wrong passphrase left a key"
for bad in 0m 15 m 13h 99999h 1d -1m ''; do
	status "--for '$bad'" 2 "$MUNIMENT" unlock --for "$bad"
done
status "unlock" 0 as anna unlock --for 10m
status "unlocked: list" 0 free anna --vault home list
status "unlocked: id card" 0 free anna id card
status "unlocked: status" 0 free anna unlock --status
grep -qE '^unlocked for (9|10) more minutes$' out &&
	ok "unlocked: says how long" || not_ok "status: $(cat out)"
free anna --json unlock --status >j
grep -q '"keyring": "login"' j && grep -q '"unlocked": true' j &&
	ok "unlocked: as JSON" || not_ok "JSON: $(cat j)"
status "unlocked: --ask asks" 2 free anna --ask id card
status "unlocked: a descriptor goes first" 2 \
	"$MUNIMENT" --identity anna.age --passphrase-fd 3 id card 3<<P
pass bob
P
says "unlocked: a descriptor goes first, says so" "wrong passphrase"
status "unlocked: not somebody else's" 2 free bob id card
for c in "split --threshold 2 --shares 2 -o sheets" "rotate --out new.age"; do
	# shellcheck disable=SC2086
	status "unlocked: id ${c%% *} asks" 2 free anna id $c
	says "unlocked: id ${c%% *} asks, says so" "there is no terminal"
done

# what is kept, and who sees it
k=$(key)
keyctl rdescribe "$k" | grep -q ';2b000000;' &&
	ok "only who has the keyring has any right to the key" ||
	not_ok "rights: $(keyctl rdescribe "$k")"
keyctl pipe "$k" >kept
[ "$(wc -c <kept)" = 24 ] && ! grep -aq 'pass' kept &&
	ok "a time and 16 bytes are kept, no passphrase" ||
	not_ok "kept: $(od -c kept)"
elsewhere cat /proc/keys 2>/dev/null | grep -q muniment: &&
	not_ok "another login sees it" || ok "another login does not see it"
elsewhere keyctl pipe "$k" >stolen 2>/dev/null
[ ! -s stolen ] && ok "another login cannot read it by its number" ||
	not_ok "another login reads it by its number"
elsewhere keyctl link "$k" @s >/dev/null 2>&1 &&
	not_ok "another login links it" || ok "another login cannot link it"
status "another login asks" 2 elsewhere setsid "$MUNIMENT" --identity \
	anna.age id card </dev/null
if [ "$(id -u)" = 0 ]; then
	elsewhere setpriv --reuid 65534 --clear-groups keyctl pipe "$k" \
		>stolen 2>/dev/null
	[ ! -s stolen ] && ok "another user cannot read it" ||
		not_ok "another user reads it"
fi
tail -c 16 kept | od -An -tx1 | tr -d ' \n' >hex
cat /proc/keys /proc/key-users /proc/self/environ >seen
LC_ALL=C grep -qaf hex seen && not_ok "the key is shown in /proc" ||
	ok "/proc shows no byte of it"
# the key opens this file only
[ "$(python3 - <<'PY'
import hashlib
print(hashlib.sha256(open("anna.age", "rb").read()).hexdigest()[:32])
PY
)" = "$(keyctl rdescribe "$k" | sed 's/.*muniment://')" ] &&
	ok "it is bound to the file's hash" || not_ok "another name"
cp anna.age kept.age
printf 'x' >>anna.age
status "the file was changed: asks" 2 free anna id card
mv kept.age anna.age
# a key that lies under the right name opens nothing
keyctl add user "$(keyctl rdescribe "$k" | sed 's/.*;//')" y @s \
	>/dev/null 2>&1 && not_ok "the key can be overwritten" ||
	ok "the key cannot be overwritten"
name=$(keyctl rdescribe "$k" | sed 's/.*;//')
keyctl clear @s
keyctl add user "$name" "$(printf '%24s' | tr ' ' x)" @s >/dev/null
status "a false key" 2 free anna id card
says "a false key: refused by the file's MAC" "MAC does not fit"

# nothing is written anywhere
keyctl clear @s
status "unlock, traced" 0 strace -f -qq -o trace -e trace=%file,%network,add_key \
	"$MUNIMENT" --identity anna.age --passphrase-fd 3 unlock 3<<P
pass anna
P
grep -q add_key trace && ! grep -E 'O_(WRONLY|RDWR|CREAT)|socket|connect' \
	trace | grep -v ENOENT >found && ok "no file is written for it" ||
	not_ok "files: $(cat found)"

# helpers and other programs that sync starts are not handed it
mkdir bin
cat >bin/ssh <<'S'
#!/bin/sh
{ keyctl list @s; keyctl search @s user "$(cat "$NAME")"; } >"$SHOWN" 2>&1
exit 1
S
chmod 755 bin/ssh
export NAME="$W/name" SHOWN="$W/shown"
keyctl rdescribe "$(key)" | sed 's/.*;//' >name
free anna --vault home remote add host ssh://nobody@127.0.0.1/v >/dev/null
PATH=$W/bin:$PATH free anna --vault home sync >/dev/null 2>&1
if [ -s shown ] && ! grep -q 'user: muniment' shown &&
	grep -qi 'not available' shown; then
	ok "ssh, started by sync, has an empty keyring"
else
	not_ok "ssh has: $(cat shown)"
fi

# its end
k=$(key)
status "lock" 0 "$MUNIMENT" lock
says "lock says so" "muniment: locked"
keyctl pipe "$k" >stolen 2>/dev/null
[ ! -s stolen ] && [ "$(ours)" = 0 ] && ok "lock: nothing is left" ||
	not_ok "lock left something"
status "lock: asks again" 2 free anna id card
status "lock again" 0 "$MUNIMENT" lock
says "lock again: nothing" "nothing was unlocked"
as anna unlock --for 1s
k=$(key)
for _ in $(seq 200); do
	keyctl pipe "$k" >stolen 2>/dev/null || break
	sleep 0.1
done
keyctl pipe "$k" >stolen 2>/dev/null && not_ok "it outlives its time" ||
	ok "after its time it cannot be read"
status "after its time: asks" 2 free anna id card
# a login that ends takes its keyring along
keyctl session - sh -c '"$0" --quiet --identity anna.age --passphrase-fd 3 \
	unlock && keyctl list @s' "$MUNIMENT" 3<<P >login 2>/dev/null
pass anna
P
k=$(sed -n 's/^ *\([0-9]*\):.*user: muniment:.*/\1/p' login)
[ -n "$k" ] && ! keyctl pipe "$k" >/dev/null 2>&1 &&
	ok "after the login it is out of reach" || not_ok "logout: $(cat login)"

# killed at any point, it leaves no key that has no end
worst=
n=1
while [ $n -le 12 ]; do
	for call in keyctl add_key; do
		strace -qq -o /dev/null -e "inject=$call:signal=SIGKILL:when=$n" \
			"$MUNIMENT" --identity anna.age --passphrase-fd 3 \
			unlock 3<<P >/dev/null 2>&1
pass anna
P
		for k in $(key); do
			grep "^$(printf %08x "$k")" /proc/keys |
				grep -qw perm && worst=$call.$n
		done
		keyctl clear @s
	done
	n=$((n + 1))
done
[ -z "$worst" ] && ok "killed at any call, no key without an end" ||
	not_ok "a key without an end: $worst"
finish
