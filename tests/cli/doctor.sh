#!/bin/sh
# What protects on this machine: said in words and as JSON, with a status.
. "$(dirname "$0")/lib.sh"
person anna
new_vault anna v >/dev/null
# doctor ARGUMENT...: as anna, in JSON; its status is in $got
doctor() {
	"$MUNIMENT" --json --identity "$W/anna.age" --vault "$W/v" doctor >out 2>err
	got=$?
}
state() { jq -r --arg c "$1" '[.[] | select(.check == $c).state] | join(" ")' out; }

doctor
for c in seccomp landlock "locked memory" swap "core files" clock libraries \
	"known holes" identity "file system" medium vault "local"; do
	[ -n "$(state "$c")" ] && ok "it speaks of: $c" || not_ok "nothing of: $c"
done
for c in seccomp "core files" identity vault "local"; do
	[ "$(state "$c")" = holds ] && ok "$c holds" || not_ok "$c: $(cat out)"
done
want=0
jq -e 'any(.[]; .state == "unknown")' out >/dev/null && want=2
jq -e 'any(.[]; .state == "lacks")' out >/dev/null && want=1
[ "$got" = "$want" ] && ok "the status is the worst of it" ||
	not_ok "status $got, not $want"
chmod 644 anna.age
doctor
[ "$got" = 1 ] && [ "$(state identity)" = lacks ] &&
	ok "an identity that others can read" || not_ok "identity: $(cat out)"
chmod 600 anna.age
chmod 777 v
doctor
[ "$got" = 1 ] && [ "$(state vault)" = lacks ] &&
	ok "a vault that others can change" || not_ok "vault: $(cat out)"
chmod 700 v
ulimit -l 0 2>/dev/null && if [ "$(id -u)" != 0 ]; then
	doctor
	[ "$(state "locked memory")" = lacks ] && ok "no memory can be locked" ||
		not_ok "locking: $(cat out)"
fi
"$MUNIMENT" --identity "$W/anna.age" doctor >out 2>err
grep -q '^ok *seccomp: ' out && ok "in words" || not_ok "words: $(cat out)"
! grep -q "file system" out && ok "nothing of a vault that nobody named" ||
	not_ok "a vault: $(cat out)"
[ "$BAD" = 0 ]
