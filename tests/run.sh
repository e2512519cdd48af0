#!/bin/sh
# Runs every test that has been built, and says how many passed.
#
#	sh tests/run.sh BUILD-FOLDER [PATTERN]
#
# A test is a program in BUILD/tests/unit or a script in tests/cli or
# tests/interop. Each prints one line "ok ..." or "not ok ..." a check; one
# that ends with an error and no such line counts as failed.
set -u

top=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "${1:-build}" && pwd) || exit 2
pattern=${2:-}
MUNIMENT=$build/muniment
export MUNIMENT CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C.UTF-8
unset MUNIMENT_VAULT MUNIMENT_IDENTITY
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0

run() { # run NAME COMMAND...
	name=$1
	shift
	case $name in *"$pattern"*) ;; *) return ;; esac
	echo "# $name"
	timeout 1200 "$@" >"$log" 2>&1 </dev/null
	rc=$?
	good=$(grep -cE '^[[:space:]]*ok ' "$log")
	bad=$(grep -cE '^[[:space:]]*not ok ' "$log")
	if [ "$rc" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
		echo "not ok $name: exit status $rc"
	elif [ "$good" -eq 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
		echo "not ok $name: it checked nothing"
	fi
	if [ "$bad" -gt 0 ]; then
		grep -E '^[[:space:]]*not ok ' "$log"
		tail -n 25 "$log" | sed 's/^/    /'
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
}

for t in "$build"/tests/unit/test_*; do
	case $t in *.d) continue ;; esac
	[ -x "$t" ] && run "unit/${t##*/}" "$t"
done
for t in "$top"/tests/cli/*.sh "$top"/tests/interop/*.sh; do
	case $t in */lib.sh) continue ;; esac
	d=${t%/*}
	run "${d##*/}/${t##*/}" sh "$t"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
