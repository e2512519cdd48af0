#!/bin/sh
# Every test: the plain build; both compilers with warnings as errors; the
# unit tests and a walk through the program under AddressSanitizer + UBSan,
# and under valgrind. Ends with a line "N passed, N failed".
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

suite sh tests/run.sh "$build"

step "gcc, warnings as errors" \
	make -s -j"$jobs" B="$build/werror-gcc" CC=gcc EXTRA=-Werror all unit
step "clang, warnings as errors" \
	make -s -j"$jobs" B="$build/werror-clang" CC=clang EXTRA=-Werror all unit

echo "# AddressSanitizer and UBSan"
step "build with AddressSanitizer and UBSan" make -s -j"$jobs" B="$build" asan
# guarded memory is unmapped under the sanitizer's feet, and no leak may pass
ASAN_OPTIONS=detect_leaks=1:abort_on_error=1
UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS UBSAN_OPTIONS
MUNIMENT_SANITIZED=1
export MUNIMENT_SANITIZED
suite sh tests/run.sh "$build/asan" unit/
suite sh tests/run.sh "$build/asan" cli/three_roles
unset MUNIMENT_SANITIZED

echo "# valgrind"
for t in "$build"/tests/unit/test_*; do
	case $t in *.d | *test_mediatype | *test_agekey | *test_agefile) continue ;; esac
	step "valgrind ${t##*/}" valgrind -q --error-exitcode=9 \
		--leak-check=full --errors-for-leak-kinds=definite "$t"
done
step "valgrind walk" env MUNIMENT="$PWD/$build/muniment" \
	sh tests/valgrind_walk.sh

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
