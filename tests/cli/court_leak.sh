#!/bin/sh
# What an exhibit tells of everything else: every other item's names, hashes,
# ids, and contents, cases, members, what was withheld of its own item. Hunted
# in folder and zip, in PDF, base64, hex, UTF-16; and a million guesses at a
# withheld name.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/court.inc"
court_vault

must at ada exhibit "$photo" -o opened --witnesses none
must at ada exhibit "$photo" -o shown --disclose files.1.media_type,time
must at ada exhibit "$photo" -o shown.zip --disclose time --lang ru
must at ada exhibit "$words" -o bare --no-files --witnesses none

mkdir zip && unzip -q shown.zip -d zip

# All that the vault holds, a word a line: of items, cases, people, and of the
# batches themselves; but for what is of the photograph.
at ada --json list >list.json
at ada --json show "$photo" >photo.json
for i in $(jq -r '.[].item' list.json); do
	[ "$i" = "$photo" ] || at ada --json show "$i"
done >others.json
# entries of the photograph that are shown: the record, custody
for f in opened/proof/e*.proof shown/proof/e*.proof zip/*/proof/e*.proof; do
	grep -q "^field item .*\"$photo\"\$" "$f" &&
		sed -n 's/^line entry \([0-9a-f]*\) .*/\1/p' "$f"
done >photo.entries
{
	jq -r '.. | strings | select(length >= 8)' others.json
	sha256sum beta/*.txt beta/folder/* alpha/clip.bin alpha/report.pdf \
		alpha/П* | cut -c 1-64
	for d in of-ada/refs/heads/*; do
		git -C of-ada rev-list "refs/heads/${d##*/}" | while read -r c; do
			git -C of-ada cat-file blob "$c:batch"
		done
	done | sed -n 's/^\(entry\|object\) \([0-9a-f]*\) .*/\2/p' |
		grep -vxFf photo.entries
	printf '%s\n' "$beta" 'Alpha versus State' 'Beta, confidential' Айгуль \
		'Zarina' 'secret of beta' ledger-of-beta 'Rights Watchers' \
		'about Айгуль' 'shown to counsel' 'report.pdf' 'clip.bin'
	sed -n 's/^\(recipient\|key ssh-ed25519\) //p' bob.card eve.card
	sed -n 's/^recipient //p' ada.card
	find "$W" -maxdepth 0
} | sort -u >found.words
# What each of the packages says itself is not of the others: ids of this
# vault's log, this item, words that many things are called.
jq -r '.. | strings' photo.json | sort -u >photo.words
cat opened/proof/*.proof opened/proof/exhibit.txt | tr ' "/' '\n\n\n' |
	sort -u >opened.words
grep -vxFf photo.words found.words | grep -vxFf opened.words |
	grep -vx 'application/.*\|text/plain.*\|image/.*\|.* (their clock)' \
	>others.words
# Withheld of its own item: the case, the name, the seat.
{
	cat others.words
	printf '%s\n' "$alpha" photo.jpg
	jq -r '.. | objects | .seat? // empty' photo.json
} | sort -u >withheld.words
n=$(wc -l <others.words)
[ "$n" -gt 60 ] && ok "$n words to hunt for" || not_ok "only $n words"
seen() { # seen PACKAGE WORDS
	python3 "$TOP/tests/cli/court_leak.py" hunt "$1" "$2" >hunt.out 2>&1 &&
		ok "$1 tells nothing of it: $(tail -n 1 hunt.out)" ||
		not_ok "$1: $(head -n 15 hunt.out)"
}
seen opened others.words
seen shown withheld.words
seen shown.zip withheld.words
# The hunt finds what is there: in the entry, the certificate, a data file.
printf 'photo.jpg\n' >there.words
python3 "$TOP/tests/cli/court_leak.py" hunt opened there.words >hunt.out 2>&1
grep -q 'e001.age (opened)' hunt.out &&
	ok "the hunt opens entries" || not_ok "in the entry: $(cat hunt.out)"
sha256sum alpha/photo.jpg | cut -c 1-64 >there.words
python3 "$TOP/tests/cli/court_leak.py" hunt shown.zip there.words \
	>hunt.out 2>&1
grep -q 'CERTIFICATE.pdf' hunt.out && grep -q 'CERTIFICATE.html' hunt.out &&
	ok "the hunt reads the certificate" || not_ok "$(cat hunt.out)"

python3 "$TOP/tests/cli/court_leak.py" guess shown opened files.1.name \
	>guess.out 2>&1 && ok "a withheld name: $(tail -n 1 guess.out)" ||
	not_ok "guess: $(cat guess.out)"

# Each package holds one key for each opened entry, and no other.
is "one key" 1 "$(grep -rl 'AGE-SECRET-KEY' opened/proof | wc -l)"
is "no key" 0 "$(grep -rl 'AGE-SECRET-KEY' shown/proof bare/proof | wc -l)"
# The same number of files whatever else the vault holds.
(cd shown && find . -type f | sort) >files.1
for i in 1 2 3 4 5 6 7 8; do
	echo "more $i" >more.$i
	must at ada add more.$i --case "$beta"
done
must at ada exhibit "$photo" -o later --disclose files.1.media_type,time
(cd later && find . -type f | grep -v 'proof/e00[2-9]\|proof/c[2-9]' |
	sort) >files.2
grep -v 'proof/e00[2-9]\|proof/c[2-9]' files.1 >files.1b
cmp -s files.1b files.2 && ok "more items elsewhere change nothing" ||
	not_ok "$(diff files.1b files.2)"
finish
