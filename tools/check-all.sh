#!/bin/sh
# Every test: both compilers with warnings as errors; all tests of the plain
# build; the unit tests and a walk through the program under AddressSanitizer +
# UBSan, and under valgrind. Ends with a line "N passed, N failed".
#
#	sh tools/check-all.sh [BUILD-FOLDER]
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:-build}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
jobs=$(nproc)

# step NAME COMMAND...: one check that is its exit status
step() {
	name=$1
	shift
	if "$@" >"$log" 2>&1; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "not ok $name"
		tail -n 25 "$log" | sed 's/^/    /'
		failed=$((failed + 1))
	fi
}
# suite COMMAND...: tests that count themselves
suite() {
	"$@" | tee "$log"
	last=$(tail -n 1 "$log")
	p=$(echo "$last" | sed -n 's/^\([0-9]*\) passed, [0-9]* failed$/\1/p')
	f=$(echo "$last" | sed -n 's/^[0-9]* passed, \([0-9]*\) failed$/\1/p')
	passed=$((passed + ${p:-0}))
	failed=$((failed + ${f:-1}))
}

step "gcc, warnings as errors" \
	make -s -j"$jobs" B="$build" EXTRA=-Werror all unit
step "clang, warnings as errors" \
	make -s -j"$jobs" B="$build/clang" CC=clang warnings
step "the same bytes from another folder" \
	sh tools/reproducible.sh "$build"
# guarded memory is unmapped under the sanitizer's feet, and no leak may pass
step "build with AddressSanitizer and UBSan" make -s -j"$jobs" B="$build" asan
suite sh tests/run.sh --every "$build"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
