#!/bin/sh
# Trustees: an identity and a root key cut into shares and restored from any
# that are enough; mistakes and foul play are named; nothing else is written.
. "$(dirname "$0")/lib.sh"

mkdir tmp home
export TMPDIR="$W/tmp" HOME="$W/home"
# mine COMMAND...: with the old passphrase; new_one: with the one for what is
# restored
mine() { "$MUNIMENT" --quiet --identity anna.age --passphrase-fd 3 "$@" 3<<P
pass anna
P
}
new_one() { "$MUNIMENT" --quiet --passphrase-fd 3 "$@" --work-factor 10 3<<P
another passphrase
P
}
sheets() { ls -A "$1" 2>/dev/null | tr '\n' ' '; }
# whose WANT SHARE...: what a rehearsal says
whose() {
	"$MUNIMENT" --identity none.age id join --check "$@" 2>err |
		head -n 1
}
# refused NAME TEXT SHARE...: named, with status 2, and nothing is written
refused() {
	n=$1
	text=$2
	shift 2
	status "$n" 2 new_one --identity refused.age id join "$@"
	says "$n: says so" "$text"
	[ ! -e refused.age ] && [ ! -s out ] && ok "$n: nothing is written" ||
		not_ok "$n: something is written"
}

"$MUNIMENT" --quiet --identity anna.age --passphrase-fd 3 id new \
	--name "Anna Петрова" --org "Юристы <без> страха" --work-factor 10 \
	3<<P 2>/dev/null
pass anna
P
mine id card -o anna.card
new_vault anna vault
mine --vault vault case new Spring >/dev/null
echo "what she saw" >testimony.txt
mine --vault vault add testimony.txt --case Spring >/dev/null

touch stamp
status "split" 0 mine id split --threshold 3 --shares 5 -o sheets
want=
for i in 1 2 3 4 5; do want="${want}share-$i.html share-$i.txt "; done
[ "$(sheets sheets)" = "$want" ] && ok "split: five sheets, twice each" ||
	not_ok "split: wrote $(sheets sheets)"
[ "$(stat -c %a sheets sheets/* | sort | uniq -c | tr -s ' \n' ' ')" = \
	" 10 600 1 700 " ] && ok "split: for the owner alone" ||
	not_ok "split: $(stat -c '%a %n' sheets sheets/*)"
new=$(find . -newercm stamp ! -path './sheets*' ! -name err ! -name out ! -name .)
[ -z "$new" ] && ok "split: nothing else is written" || not_ok "split: $new"
for t in Anna Петрова Юристы "pass anna" AGE-SECRET "$W"; do
	grep -rqF -- "$t" sheets && not_ok "split: '$t' is on a sheet" ||
		ok "split: no '$t' on a sheet"
done
grep -v 'xmlns="http' sheets/share-1.html |
	grep -qi 'https*:\|src=\|href=\|@import\|<script\|url(' &&
	not_ok "page: needs something from elsewhere" ||
	ok "page: needs nothing from elsewhere"
status "split again, same folder" 2 mine id split --threshold 3 --shares 5 \
	-o sheets
says "split again: says why" "not an empty folder"
status "split, labelled" 0 mine id split --threshold 2 --shares 2 -o labelled \
	--label 'for <b>Karim</b> & co'
grep -qF 'for <b>Karim</b> & co' labelled/share-1.txt &&
	grep -qF 'for &lt;b&gt;Karim&lt;/b&gt; &amp; co' labelled/share-2.html &&
	ok "a label means itself" || not_ok "label: not on the sheets"
touch stamp
status "split to standard output" 0 mine id split --threshold 2 --shares 3 -o -
cp out printed
new=$(find . -newercm stamp -type f ! -name err ! -name out ! -name printed)
[ -z "$new" ] && [ "$(grep -c '^25  ' printed)" = 3 ] &&
	ok "three sheets are printed, and nothing is written" ||
	not_ok "printed: $new"
[ "$("$MUNIMENT" --identity none.age id join --check printed 2>err |
	head -n 1)" = "Anna Петрова (Юристы <без> страха)" ] &&
	ok "what is printed restores it" || not_ok "printed: $(cat err)"
for bad in "1 3" "4 3" "2 17" "x 3" "2 0" "-2 3"; do
	status "split $bad" 2 mine id split --threshold "${bad% *}" \
		--shares "${bad#* }" -o never
done
status "split without numbers" 2 mine id split -o never
status "split into nothing" 2 mine id split --threshold 2 --shares 3
status "split, wrong passphrase" 2 as nobody --identity anna.age id split \
	--threshold 2 --shares 3 -o never
(
	ulimit -f 24 # of 512 bytes
	mine id split --threshold 2 --shares 9 -o never >out 2>err
)
[ -z "$(sheets never)" ] && ok "a full disk: no sheet" ||
	not_ok "a full disk: left $(sheets never)"
rm -rf never
status "split to a full output" 2 sh -c '"$@" >/dev/full' - "$MUNIMENT" \
	--identity anna.age --passphrase-fd 0 id split --threshold 2 \
	--shares 3 -o - <<P
pass anna
P
[ ! -e never ] && ok "nothing came of what was refused" || not_ok "never is"

# any three, as text or page
a="Anna Петрова (Юристы <без> страха)"
for set in 123 124 125 134 135 145 234 235 245 345 1234 12345; do
	list=
	for i in $(echo $set | sed 's/./& /g'); do
		list="$list sheets/share-$i.$([ $((i % 2)) = 0 ] && echo txt ||
			echo html)"
	done
	# shellcheck disable=SC2086
	[ "$(whose $list)" = "$a" ] && ok "shares $set restore it" ||
		not_ok "shares $set: $(cat err)"
done
[ ! -e none.age ] && ok "a rehearsal writes nothing" ||
	not_ok "a rehearsal writes"

touch stamp
status "join" 0 new_one --identity again.age id join sheets/share-5.txt \
	sheets/share-1.html sheets/share-3.txt
new=$(find . -newercm stamp -type f ! -name err ! -name out)
[ "$new" = ./again.age ] && ok "join: nothing else is written" ||
	not_ok "join: $new"
[ "$(stat -c %a again.age)" = 600 ] && ok "restored: for the owner alone" ||
	not_ok "restored: $(stat -c %a again.age)"
again() { "$MUNIMENT" --quiet --identity again.age --passphrase-fd 3 "$@" 3<<P
another passphrase
P
}
again id card -o again.card
cmp -s anna.card again.card && ok "restored: the same card" ||
	not_ok "restored: another card"
status "restored: opens the vault" 0 again --vault vault --json list
grep -q testimony.txt out && ok "restored: reads it" || not_ok "$(cat out)"
status "restored: writes as the same device" 0 again --vault vault case new More
[ "$(ls vault/refs/heads 2>/dev/null | wc -l)" -le 1 ] &&
	ok "restored: no other device" || not_ok "$(ls vault/refs/heads)"
status "restored: all verifies" 0 again --vault vault verify
status "join over an identity" 2 new_one --identity anna.age id join sheets/*.txt
says "join over: says so" "exists already"

# what does not go together
refused "two of three" "2 shares of the 3 that it takes: 1 is missing" \
	sheets/share-1.txt sheets/share-4.txt
refused "one twice" "share 1 is there already" sheets/share-1.txt \
	sheets/share-1.html sheets/share-2.txt
mine id split --threshold 3 --shares 5 -o other 2>err
refused "two sets" "a share of another set" sheets/share-1.txt \
	other/share-2.txt sheets/share-3.txt
refused "no share at all" "there is no share in it" testimony.txt
refused "a file that is not there" "No such file" sheets/share-9.txt
status "join nothing" 2 new_one --identity refused.age id join
sed 's/^\(12  [a-z-]* [a-z-]*\) [a-z-]*/\1 abakus/' sheets/share-2.txt >typed
refused "a word not in the list" "typed: line 12, word 3: not in the list" \
	typed sheets/share-1.txt sheets/share-3.txt
grep -q abakus err && not_ok "it repeats the word" || ok "the word is not repeated"
sed 's/^\(12  [a-z-]* [a-z-]*\) [a-z-]*/\1 zoom/' sheets/share-2.txt >typed
refused "another word" "typed: line 12: a word is wrong" typed \
	sheets/share-1.txt sheets/share-3.txt
sed 's/^\(12 \) \([a-z-]*\) \([a-z-]*\)/\1 \3 \2/' sheets/share-2.txt >typed
refused "two words that changed places" "typed: line 12: a word is wrong" typed
sed '/^ 7 /d' sheets/share-2.txt >typed
refused "a line left out" "typed: line 7 is missing" typed
sed '/^25 /d' sheets/share-2.txt >typed
refused "the last line left out" "a share ends after line 24 of 25" typed
{ sed -n '1,/^12 /p' sheets/share-2.txt; sed -n '/^13 /,$p' sheets/share-3.txt
} >typed
refused "halves of two sheets" "share 2: its checksum is wrong" typed
tr a-z A-Z <sheets/share-2.txt | sed 's/^ *\([0-9]*\) /\1. /' >typed
[ "$(whose typed sheets/share-1.txt sheets/share-3.txt)" = "$a" ] &&
	ok "capitals and full stops do not matter" || not_ok "$(cat err)"
cat sheets/share-2.txt sheets/share-4.html sheets/share-5.txt >typed
[ "$("$MUNIMENT" --identity none.age id join --check - <typed | head -n 1)" = \
	"$a" ] && ok "three in one, from standard input" || not_ok "standard input"

# forged with a right checksum: refused, and named when there are more
python3 "$TOP/tests/cli/recovery.py" forge "$TOP" sheets/share-2.txt >forged
refused "a forged share" "do not fit together" forged sheets/share-1.txt \
	sheets/share-3.txt
refused "a forged share among four" \
	"forged: share 2 does not fit the others" forged sheets/share-1.txt \
	sheets/share-3.txt sheets/share-5.txt

# the root key
root() { "$MUNIMENT" --passphrase-fd 3 "$@" 3<<P
root of vault
P
}
status "split the root key" 0 root --quiet id split --threshold 2 --shares 3 \
	-o root --root-key vault.root
[ "$(wc -l <root/share-1.txt)" = "$(wc -l <sheets/share-1.txt)" ] &&
	ok "root: its shares look like a person's" || not_ok "root: they differ"
id=$(again --vault vault --json verify | sed -n 's/.*"vault": "\(.*\)".*/\1/p')
[ "$(whose root/share-3.txt root/share-1.html)" = \
	"the root key of vault $id" ] && ok "root: the rehearsal names the vault" ||
	not_ok "root: $(whose root/share-3.txt root/share-1.html) $(cat err)"
status "restore the root key" 0 new_one id join root/share-2.txt \
	root/share-1.txt --root-key again.root
status "split the restored root key" 0 "$MUNIMENT" --quiet --passphrase-fd 3 \
	id split --threshold 2 --shares 2 -o root2 --root-key again.root 3<<P
another passphrase
P
[ "$(whose root2/share-1.txt root2/share-2.txt)" = \
	"the root key of vault $id" ] && ok "root: restored" || not_ok "$(cat err)"
status "an identity is no root key" 2 mine id split --threshold 2 --shares 2 \
	-o never --root-key anna.age
says "an identity is no root key: says so" "anna.age: not a root key"

# on a terminal
status "typed on a terminal" 0 python3 "$TOP/tests/cli/recovery.py" typed \
	"$MUNIMENT" sheets/share-1.txt sheets/share-3.txt sheets/share-5.txt "$a"
cat out

left=$(find tmp home -mindepth 1)
[ -z "$left" ] && ok "nothing in TMPDIR or HOME" || not_ok "left: $left"
finish
