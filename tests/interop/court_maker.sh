#!/bin/sh
# Packages that Muniment never saw, made from EXHIBIT.md alone: the checker
# written from it, stock tools, torchwood and `muniment check` come to the same
# verdict; each of some hundred forgeries, sealed anew by the forger so that
# manifests and seal are right, is refused by both.
. "$(dirname "$0")/../cli/lib.sh"
HERE=$(cd "$(dirname "$0")" && pwd)
export HERE

python3 "$HERE/exhibit_make.py" made >made.out 2>&1 || {
	not_ok "packages are made: $(tail -n 3 made.out)"
	finish
}

# verdicts PACKAGE EXIT: both checkers end so and agree on each check
verdicts() {
	python3 "$HERE/exhibit.py" "$1" --json >theirs.json 2>theirs.err
	rc=$?
	[ $rc -eq "$2" ] && ok "$1: the independent checker says $2" ||
		not_ok "$1: the independent checker says $rc: $(cat theirs.err
		jq -c '.checks[] | select(.result != "holds")' theirs.json)"
	"$MUNIMENT" check "$1" --json >ours.json 2>ours.err
	rc=$?
	[ $rc -eq "$2" ] && ok "$1: check says $2" ||
		not_ok "$1: check says $rc: $(cat ours.err
		jq -c '.checks[] | select(.result != "holds")' ours.json)"
	for f in theirs ours; do
		jq -r '.checks[] | "\(.name) \(.result)"' $f.json >$f.list
	done
	cmp -s theirs.list ours.list && ok "$1: both say the same of each check" ||
		not_ok "$1: $(diff theirs.list ours.list)"
}
verdicts made/sample-1 0
verdicts made/sample-2 2
verdicts made/sample-3 0
verdicts made/sample-3.zip 0
verdicts made/sample-4 2

for p in made/sample-?; do
	(cd "$p" && sha256sum --quiet -c manifest-sha256.txt &&
		sha256sum --quiet -c tagmanifest-sha256.txt) >sums 2>&1 &&
		ok "$p: sha256sum" || not_ok "$p: $(cat sums)"
	(cd "$p" && sh check-paths.sh) >paths 2>&1 && ok "$p: check-paths.sh" ||
		not_ok "$p: check-paths.sh: $(cat paths)"
	sh "$HERE/court_torchwood.inc" "$p" >wood 2>&1 &&
		ok "$p: torchwood: $(wc -l <wood) proofs" ||
		not_ok "$p: torchwood: $(cat wood)"
done

python3 "$HERE/exhibit_forge.py" made forged >forged.out 2>&1 ||
	not_ok "forgeries are made: $(tail -n 3 forged.out)"
[ "$(ls forged | wc -l)" -gt 90 ] || not_ok "forgeries: $(ls forged | wc -l)"
cat >both.sh <<'SH'
p=$1 say="refused by both"
python3 "$HERE/exhibit.py" "$p" >"$p.theirs" 2>&1
rc=$?
[ $rc -eq 1 ] || say="the independent checker ends $rc: $(tail -n 3 "$p.theirs")"
"$MUNIMENT" check "$p" >"$p.ours" 2>&1
rc=$?
[ $rc -eq 1 ] || say="check ends $rc: $(tail -n 20 "$p.ours")"
[ "$say" = "refused by both" ] && echo "ok ${p#*/}: $say" ||
	echo "not ok ${p#*/}: $say"
SH
ls -d forged/* | xargs -P "$(nproc)" -n 1 sh both.sh >both.out
cat both.out
BAD=$((BAD + $(grep -c '^not ok' both.out)))
finish
