# What the scripts of tests/cli share: source it first.
#
# Each script works in a scratch folder of its own ($W), which is removed.
# $MUNIMENT is the program; $TOP the repository.
TOP=$(cd "$(dirname "$0")/../.." && pwd)
: "${MUNIMENT:=$TOP/build/muniment}"
W=$(mktemp -d) || exit 2
trap 'chmod -R u+rwX "$W" 2>/dev/null; rm -rf "$W"' EXIT
trap 'exit 2' INT TERM HUP
cd "$W" || exit 2
BAD=0

ok() { echo "ok $*"; }
# skip NAME WHY: what cannot be checked here; tests/run.sh counts it apart
skip() { echo "ok $1 # skipped: $2"; }
not_ok() { echo "not ok $*"; BAD=$((BAD + 1)); }

# check NAME COMMAND...: the command must succeed
check() {
	n=$1
	shift
	if "$@" >check.out 2>&1; then ok "$n"; else
		not_ok "$n"
		sed 's/^/    /' check.out
	fi
}
# status NAME WANT COMMAND...: the command must end with this exit status,
# and say one line at least when it is not 0. Its output is in out and err.
status() {
	n=$1
	want=$2
	shift 2
	"$@" >out 2>err
	got=$?
	if [ "$got" -ne "$want" ]; then
		not_ok "$n: exit status $got, not $want"
		sed 's/^/    /' err
	elif [ "$want" -ne 0 ] && ! [ -s err ]; then
		not_ok "$n: it failed silently"
	else
		ok "$n"
	fi
}
# says NAME TEXT: the last status' error output holds the text
says() {
	if grep -qF -- "$2" err; then ok "$1"; else
		not_ok "$1: does not say: $2"
		sed 's/^/    /' err
	fi
}

# person NAME: an identity NAME.age with passphrase "pass NAME", and NAME.card
person() {
	"$MUNIMENT" --quiet --identity "$1.age" --passphrase-fd 3 id new \
		--name "$1" --work-factor 10 3<<P 2>/dev/null || return 1
pass $1
P
	as "$1" id card -o "$1.card"
}
# as NAME [--vault DIR] COMMAND...: run muniment as that person
as() {
	p=$1
	shift
	"$MUNIMENT" --quiet --identity "$W/$p.age" --passphrase-fd 3 "$@" 3<<P
pass $p
P
}
# new_vault NAME DIR: that person makes a vault
new_vault() {
	"$MUNIMENT" --quiet --identity "$W/$1.age" --passphrase-fd 3 init "$2" \
		--root-key "$2.root" --root-passphrase-fd 4 --work-factor 10 \
		3<<P 4<<R >/dev/null
pass $1
P
root of $2
R
}
# own_keyring SCRIPT: run it (of tests/cli) once more, in a session keyring of
# its own, and end with that; go on where it is that already, or there is none.
# A test must not end the sessions of the person who runs it.
own_keyring() {
	[ -z "${MUNIMENT_TEST_RING:-}" ] || return 0
	keyctl session - true >/dev/null 2>&1 || return 0
	MUNIMENT_TEST_RING=1 keyctl session - sh "$TOP/tests/cli/$1" 2>&1
	exit
}
finish() { [ "$BAD" -eq 0 ]; exit; }
