#!/bin/sh
# Makes the vault that a format version leaves behind for ever:
#
#	sh tools/make-vector.sh PROGRAM OUT.tar
#
# tests/cli/vectors.sh opens every such vault with the program of today. Run
# this once when a format version is new, and never again for that version.
set -eu
MUNIMENT=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
out=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
. "$(dirname "$0")/../tests/cli/lib.sh"

person anna
person bahrom
new_vault anna vault
A="as anna --vault vault"
B="as bahrom --vault partner"
$A case new "Дело 1" >/dev/null
$A case new "Second case" >/dev/null
mkdir -p in/folder
echo "short testimony" >in/testimony.txt
: >in/empty
head -c 70000 /dev/zero | tr '\0' 'x' >in/folder/large.bin
printf 'показания\n' >"in/folder/показания.txt"
printf 'odd\n' >"$(printf 'in/odd\nname\377')"
$A add in --case "Дело 1" --kind document --title "Заголовок" \
	--field remarks="a remark" >added
$A add in/testimony.txt --case "Second case" >/dev/null
item=$(grep testimony.txt added | cut -c1-8)
$A edit "$item" --title "second title"
$A custody "$item" --note "a note"
$A retract "$(grep empty added | cut -c1-8)" --why "taken in by mistake"
$A member add bahrom.card --case "Дело 1" --role author
$A carry -o to-bahrom.muniment --to bahrom.card
$B receive to-bahrom.muniment >/dev/null
$B edit "$item" --title "partner's title"
$B carry -o to-anna.muniment --to anna.card
$A edit "$item" --title "third title"
$A receive to-anna.muniment >/dev/null
for who in anna bahrom; do
	v=vault
	[ $who = anna ] || v=partner
	as $who --vault $v --json list | jq -S . >$who.list.json
	as $who --vault $v get --case "Дело 1" -o $who.got --by-item >/dev/null
	(cd $who.got && find . -type f -print0 | LC_ALL=C sort -z |
		xargs -0 sha256sum) >$who.sha256
done
# as it was when it was made: get has written custody entries since
chmod -R u+w .
tar --sort=name --owner=0 --group=0 --mtime=@1000000000 -cf "$out" \
	anna.age anna.card bahrom.age bahrom.card vault partner vault.root \
	to-bahrom.muniment to-anna.muniment anna.list.json bahrom.list.json \
	anna.sha256 bahrom.sha256
