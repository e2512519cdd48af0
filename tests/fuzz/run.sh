#!/bin/sh
# Drives each fuzz target with libFuzzer, begins with its seeds and its corpus,
# and says how many inputs it ran: one line "<target> <runs> <seconds>".
#
#	sh tests/fuzz/run.sh BUILD-FOLDER [TARGET...]
#
# RUNS: of each target (10,000,000); SECONDS_MAX: at most for each (3600).
# SAVE=1: the corpus, with what was found, is made small and kept. WORK: where
# all is done and crashes are left (default: BUILD-FOLDER/fuzzing).
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd) || exit 2
shift
work=${WORK:-$build/fuzzing}
mkdir -p "$work" || exit 2
cd "$top" || exit 2
[ $# -gt 0 ] || set -- $(ls "$build"/tests/fuzz/*.fuzz | sed 's|.*/||; s|\.fuzz$||')
ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}
export ASAN_OPTIONS
bad=0

# what several inputs have in common makes the archive small
pack() {
	tar -C "$2" --sort=name --owner=0 --group=0 --numeric-owner \
		--mtime=@0 --mode=644 --no-recursion -cf - \
		$(ls "$2" | sort) | zstd -q -19 >"$1"
}

for t; do
	dir=$work/$t
	saved=tests/fuzz/corpus/$t.tar.zst
	mkdir -p "$dir/corpus" "$dir/seeds"
	"$build/tests/fuzz/$t.replay" --seeds "$dir/seeds" >/dev/null || bad=1
	[ ! -f "$saved" ] || zstd -qdc "$saved" | tar -xf - -C "$dir/corpus"
	[ "$t" != timestamp ] || cp tests/vectors/stamps/*.tsr \
		tests/vectors/stamps/*.pem tests/vectors/stamps/*.crl "$dir/seeds"
	"$build/tests/fuzz/$t.fuzz" -runs="${RUNS:-10000000}" \
		-max_total_time="${SECONDS_MAX:-3600}" -timeout=25 -rss_limit_mb=2048 \
		-print_final_stats=1 -use_value_profile=0 -verbosity=0 \
		-artifact_prefix="$dir/" ${MAX_LEN:+-max_len=$MAX_LEN} \
		"$dir/corpus" "$dir/seeds" >"$dir/log" 2>&1 || {
		echo "not ok fuzz/$t: see $dir/log"
		bad=1
	}
	awk -v t="$t" '/^stat::number_of_executed_units/ { n = $2 }
		/^stat::average_exec_per_sec/ { s = $2 }
		END { print t, n + 0, (s > 0 ? int(n / s) : 0) }' "$dir/log"
	[ -n "${SAVE:-}" ] || continue
	rm -rf "$dir/small"
	mkdir "$dir/small"
	"$build/tests/fuzz/$t.fuzz" -merge=1 -verbosity=0 "$dir/small" \
		"$dir/corpus" "$dir/seeds" >"$dir/merge" 2>&1 || bad=1
	mkdir -p tests/fuzz/corpus
	pack "$saved" "$dir/small"
done
exit "$bad"
