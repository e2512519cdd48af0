#!/bin/sh
# Each fuzz target, given its seeds and the corpus that is kept: what fuzzing
# has found once stays found. Built with AddressSanitizer and UBSan (make asan,
# make fuzz); elsewhere there is nothing to replay.
. "$(dirname "$0")/../cli/lib.sh"
BIN=$(dirname "$MUNIMENT")/tests/fuzz
ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1}
export ASAN_OPTIONS
ls "$BIN"/*.replay >/dev/null 2>&1 || {
	skip "fuzz targets on their corpus" "not built here"
	finish
}
for f in "$TOP"/tests/fuzz/*.c; do
	t=$(basename "$f" .c)
	case $t in fuzz | replay) continue ;; esac
	rm -rf corpus
	mkdir corpus
	saved=$TOP/tests/fuzz/corpus/$t.tar.zst
	[ ! -f "$saved" ] || zstd -qdc "$saved" | tar -xf - -C corpus || {
		not_ok "fuzz/$t: its corpus cannot be read"
		continue
	}
	set -- corpus/*
	[ -e "$1" ] || set --
	if (cd "$TOP" && "$BIN/$t.replay" $(for c; do echo "$W/$c"; done)) \
		>out 2>&1; then
		ok "fuzz/$t: $(tail -n 1 out) inputs"
	else
		not_ok "fuzz/$t"
		tail -n 30 out | sed 's/^/    /'
	fi
done
finish
