#!/bin/sh
# Runs every test that has been built, several at a time, and says how many
# passed.
#
#	sh tests/run.sh BUILD-FOLDER [PATTERN]
#	sh tests/run.sh --every BUILD-FOLDER [PATTERN]
#
# A test is a program in BUILD/tests/unit or a script in tests/cli,
# tests/interop, tests/web or tests/fault, or tests/fuzz/replay.sh. Each prints
# one line "ok ..." or "not ok ..." a check; one that ends with an error and no
# such line counts as failed. $JOBS: how many at a time.
#
# With --every the unit tests run under AddressSanitizer with UBSan
# (BUILD/asan) and under valgrind, too, and so does a walk through the program:
# all in one queue, so that no processor waits for the end of a part.
set -u

top=$(cd "$(dirname "$0")/.." && pwd)

# These take longest and begin first, or one would run alone at the end.
dear="cli/edges cli/tamper cli/sim cli/stick interop/by_hand interop/githost
	web/verify interop/second_rights interop/court_packages
	interop/court_maker interop/second_reader cli/host cli/sync
	valgrind_walk interop/age cli/court_mutants cli/collector cli/check
	cli/leak cli/bench fault/fault"
# Under valgrind these would take minutes each, for keys, streams and fonts
# that others cover; test_apart overwrites all memory of its child,
# valgrind's with it; and the helpers of test_field and test_stick cannot shut
# themselves in there.
no_valgrind="test_mediatype test_agekey test_agefile test_apart test_field test_stick
	test_certificate"

# set_up HOW: the environment and the command in front of what runs so
set_up() {
	wrap=
	case $1 in
	asan)
		MUNIMENT=$BUILD/asan/muniment
		MUNIMENT_SANITIZED=1
		ASAN_OPTIONS=detect_leaks=1:abort_on_error=1
		UBSAN_OPTIONS=print_stacktrace=1
		export MUNIMENT_SANITIZED ASAN_OPTIONS UBSAN_OPTIONS
		;;
	valgrind) wrap="valgrind -q --error-exitcode=9 --leak-check=full
		--errors-for-leak-kinds=definite" ;;
	esac
}

# one "HOW TEST": run it, print what is to be said at once, keep its counts
one() {
	how=${1%% *}
	set -- "${1#* }"
	set_up "$how"
	name=$(basename "$(dirname "$1")")/${1##*/}
	[ "$how" = plain ] || name="$how $name"
	log=$TESTS/$(echo "$name" | tr '/ ' ..)
	begin=$(date +%s)
	case $1 in
	*.sh) timeout 3600 sh "$1" >"$log" 2>&1 </dev/null ;;
	*) timeout 3600 $wrap "$1" >"$log" 2>&1 </dev/null ;;
	esac
	rc=$?
	took=$(($(date +%s) - begin))
	# cmocka before 1.1.8 calls a skipped check "not ok ... # SKIP"
	skipped=$(grep -iE '^[[:space:]]*(not )?ok .*# skip' "$log")
	good=$(grep -E '^[[:space:]]*ok ' "$log" | grep -civ '# skip')
	bad=$(grep -E '^[[:space:]]*not ok ' "$log" | grep -cv '# SKIP')
	why=
	if [ "$rc" -ne 0 ] && [ "$bad" -eq 0 ]; then
		bad=1
		why="not ok $name: exit status $rc"
	elif [ "$good" -eq 0 ] && [ "$bad" -eq 0 ] && [ -z "$skipped" ]; then
		bad=1
		why="not ok $name: it checked nothing"
	fi
	said=$(
		echo "# $name: $good passed${skipped:+, some skipped}, $took s"
		[ -z "$skipped" ] || echo "$skipped"
		if [ "$bad" -gt 0 ]; then
			echo "${why:-$(grep -E '^[[:space:]]*not ok ' "$log" |
				grep -v '# SKIP')}"
			tail -n 25 "$log" | sed 's/^/    /'
		fi
	)
	printf '%s\n' "$said"
	echo "$good $bad $(printf %s "$skipped" | grep -c .)" >>"$TESTS/counts"
}
if [ "${1:-}" = --one ]; then
	one "$2"
	exit 0
fi

every=
if [ "${1:-}" = --every ]; then
	every=yes
	shift
fi
BUILD=$(cd "${1:-build}" && pwd) || exit 2
pattern=${2:-}
MUNIMENT=$BUILD/muniment
# Scratch folders lie in memory where there is room (8 GiB): thousands of small
# flushes would wait for a disk. A TMPDIR that is set stays.
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ] &&
	[ "$(df -Pk /dev/shm | awk 'END { print $4 }')" -gt 8388608 ] &&
	[ "$(awk '/^MemAvailable/ { print $2 }' /proc/meminfo)" -gt 12582912 ]; then
	TMPDIR=/dev/shm
fi
TESTS=$(mktemp -d "${TMPDIR:-/tmp}/tests.XXXXXX") || exit 2
trap 'chmod -R u+rwX "$TESTS"; rm -rf "$TESTS"' EXIT
TMPDIR=$TESTS/tmp
mkdir "$TMPDIR" && chmod 1777 "$TMPDIR" && chmod 711 "$TESTS" || exit 2
export BUILD TESTS MUNIMENT TMPDIR CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C.UTF-8
unset MUNIMENT_VAULT MUNIMENT_IDENTITY

# list HOW TEST...: those of them with the pattern in their name
list() {
	how=$1
	shift
	for t; do
		case $t in */lib.sh | *.d) continue ;; esac
		[ -x "$t" ] || [ "${t%.sh}" != "$t" ] || continue
		name=$(basename "$(dirname "$t")")/${t##*/}
		case $name in *"$pattern"*) echo "$how $t" ;; esac
	done
}
# the dear ones first
ordered() {
	awk -v dear="$dear" 'BEGIN { n = split(dear, d) }
	{
		at = n + 1
		for (i = 1; i <= n; i++)
			if (at > n && index($2, "/" d[i] "."))
				at = i
		printf "%04d %s\n", at, $0
	}' | sort -s -k1,1 | cut -d' ' -f2-
}
{
	list plain "$top"/tests/web/*.sh "$top"/tests/cli/*.sh \
		"$top"/tests/interop/*.sh "$top"/tests/fault/*.sh \
		"$BUILD"/tests/unit/test_*
	if [ -n "$every" ]; then
		list asan "$BUILD"/asan/tests/unit/test_* \
			"$top"/tests/cli/three_roles.sh \
			"$top"/tests/fuzz/replay.sh
		for t in $no_valgrind; do echo "/$t"; done >"$TESTS/no"
		list valgrind "$BUILD"/tests/unit/test_* \
			"$top"/tests/valgrind_walk.sh | grep -vFf "$TESTS/no"
	fi
} | ordered >"$TESTS/list"
: >"$TESTS/counts"
xargs -r -P "${JOBS:-$(nproc)}" -d '\n' -n 1 sh "$0" --one <"$TESTS/list"

awk '{ p += $1; f += $2; s += $3 }
	END { if (s > 0) print "# " s " skipped"
	print p + 0 " passed, " f + 0 " failed"; exit f > 0 }' \
	"$TESTS/counts"
