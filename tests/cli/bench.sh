#!/bin/sh
# The benchmark (tests/bench) works: a small run measures all it promises, and
# says what it left out. What it measures means nothing at this size.
. "$(dirname "$0")/lib.sh"

BENCH_SIZE=small BENCH_ROUNDS=1 BENCH_DIR="$W/work" BENCH_PEERS="age gocryptfs" \
	python3 "$TOP/tests/bench/bench.py" "$MUNIMENT" "$W/made" \
	>table 2>progress
check "a small run" [ $? -eq 0 ] || tail -n 20 progress
cmp -s table made/table.md && ok "the table is kept" ||
	not_ok "what is printed is not what is kept"
check "pictures and results can be read" python3 - <<'E2'
import json, xml.dom.minidom as x
for n in ("corpus-A", "corpus-B", "corpus-C", "items"):
    d = x.parse("made/%s.svg" % n).documentElement
    assert d.tagName == "svg" and len(d.getElementsByTagName("text")) > 5, n
r = json.load(open("made/results.json"))
assert not r["failed"] and len(r["times"]) > 30, len(r["times"])
assert all(run["wall"] > 0 for t in r["times"] for run in t[3])
E2
# of what it can measure with these peers nothing is missing
for goal in "media, carry" "age payload alone, seal" "age payload alone, open" \
	"media, take in | at least 0.5" "add a photo" "memory, file of"; do
	grep -F "| $goal" table >line && ! grep -q "not measured" line &&
		ok "measured: $goal" || not_ok "not measured: $goal"
done
grep -q "restic.*not measured" table && ok "without restic: not measured" ||
	not_ok "restic was not there and has figures"
for p in "tar, zstd, age" gocryptfs; do
	grep -qE "^\* $p: |^\| seconds \|.* $p \|" table &&
		ok "$p: measured, or named as missing" || not_ok "$p: not named"
done
BENCH_SIZE=vast python3 "$TOP/tests/bench/bench.py" x y >out 2>err
[ $? -eq 2 ] && grep -q "BENCH_SIZE is one of" err &&
	ok "a size that is none" || not_ok "a size that is none: $(cat err)"
finish
