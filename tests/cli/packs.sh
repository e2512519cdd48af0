#!/bin/sh
# Many small commands leave few packs, and lose nothing.
. "$(dirname "$0")/lib.sh"

person anna
new_vault anna v
as anna --vault v case new C >/dev/null
for i in $(seq 1 40); do
	echo "note $i" >"n$i"
	as anna --vault v add "n$i" --case C >/dev/null || not_ok "add $i"
done
n=$(ls v/objects/pack/*.pack | wc -l)
if [ "$n" -le 33 ]; then ok "few packs"; else not_ok "few packs: $n"; fi
status "it verifies" 0 as anna --vault v verify
check "git finds nothing wrong" git -C v -c safe.directory='*' fsck --strict
check "nothing is stored twice" sh -c '
	for i in v/objects/pack/*.idx; do git show-index <"$i"; done |
		awk "{ n[\$2]++ } END { for (o in n) if (n[o] > 1) d++
		exit d > 1 }"'
as anna --vault v get --case C -o got >/dev/null
n=0
for i in $(seq 1 40); do cmp -s "n$i" "got/n$i" && n=$((n + 1)); done
if [ "$n" -eq 40 ]; then ok "all is there"; else not_ok "all is there: $n"; fi
finish
