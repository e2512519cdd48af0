#!/bin/sh
# Makes the vault that a format version leaves behind for ever:
#
#	sh tools/make-vector.sh PROGRAM OUT.tar
#
# tests/cli/vectors.sh opens every such vault with the program of today. Run
# this once when a format version is new, or says something that it did not say
# before, and never again for that.
set -eu
MUNIMENT=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")/.." && pwd)
out=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
. "$here/tests/cli/lib.sh"

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
# since 0.2.0: cosignatures, a renewed case, a collector, a retirement, a cut
$A case renew "Дело 1"
$A add in/folder/large.bin --case "Дело 1" --title "under the new key" --again
$A collector kit --case "Дело 1" --label "Нина" -o kit >/dev/null
"$MUNIMENT" --quiet collector new field --kit kit --no-passphrase >/dev/null 2>&1
"$MUNIMENT" --quiet collector add field in/testimony.txt >/dev/null
"$MUNIMENT" --quiet collector carry field -o from-field
$A receive from-field >/dev/null
$A collector confirm "$($A --json collector list | jq -r '.[0].devices[0].device')" >/dev/null
person cyrus
$A member add cyrus.card --case "Дело 1" --role author
$A carry -o to-cyrus --to cyrus.card
as cyrus --vault third receive to-cyrus >/dev/null
as cyrus --vault third add in/testimony.txt --case "Дело 1" --title "before the line" --again >/dev/null
as cyrus --vault third carry -o from-cyrus --to anna.card
$A receive from-cyrus >/dev/null
$A member retire cyrus >/dev/null
as cyrus --vault third add in/testimony.txt --case "Дело 1" --title "beyond it" --again >/dev/null
as cyrus --vault third carry -o from-cyrus2 --to anna.card
$A receive from-cyrus2 >/dev/null 2>&1
rm -f to-bahrom.muniment to-bahrom.muniment-parity
$A carry -o to-bahrom.muniment --to bahrom.card
$B receive to-bahrom.muniment >/dev/null
# since 0.3.0: stamps, a redacted copy, packages for a court
AT=$(date -u '+%Y-%m-%d %H:%M:%S')
. "$here/tests/cli/tsa.inc"
$A add in/folder/показания.txt --case "Дело 1" --title "for the court" --again >added
court=$(sed -n '1s/ .*//p' added)
tsa_ca root 30 && tsa_unit unit root 20
$A stamp root add "$TSA/root/cert.pem" >/dev/null
$A stamp -o request.tsq >/dev/null
AT=$(date -u '+%Y-%m-%d %H:%M:%S')
tsa_reply unit request.tsq reply.tsr
tsa_crl root root.crl
$A stamp --import reply.tsr --crl root.crl >/dev/null
printf 'short ####\n' >redacted.txt
$A redact "$court" --with redacted.txt --zones "1-1 a name" --title "redacted" >/dev/null
copy=$($A --json list | jq -r '.[] | select(.title == "redacted") | .item')
$A exhibit "$court" -o exhibit-1 --declaration fre902-14 >/dev/null
$A exhibit "$copy" -o exhibit-2.zip --disclose time >/dev/null
# since 0.4.0: what lay in an archive, versions that share segments, parity
mkdir pack
printf 'in an archive\n' >pack/letter.txt
tar -C pack -cf pack.tar letter.txt
$A add pack.tar --case "Дело 1" --contents >/dev/null
ledger() { awk -v from="$1" 'BEGIN {
	for (i = 0; i < 75000; i++) printf "%s%056d %06d\n", i == 40000 ? from : "", 0, i }'; }
ledger "" >ledger.txt
$A add ledger.txt --case "Дело 1" >added
large=$(sed -n '1s/ .*//p' added)
ledger "a line that came later " >ledger.txt
$A edit "$large" --content ledger.txt
rm -f to-bahrom.muniment to-bahrom.muniment-parity
$A carry -o to-bahrom.muniment --to bahrom.card
$B receive to-bahrom.muniment >/dev/null
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
	to-bahrom.muniment* to-anna.muniment* anna.list.json bahrom.list.json \
	anna.sha256 bahrom.sha256 exhibit-1 exhibit-2.zip
