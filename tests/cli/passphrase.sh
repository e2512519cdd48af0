#!/bin/sh
# Passphrases: made, weighed, warned about; and an identity destroyed.
. "$(dirname "$0")/lib.sh"
own_keyring passphrase.sh

# made by chance
for k in 4 6 16; do
	status "of $k words" 0 "$MUNIMENT" passphrase --words $k
	cp out made
	[ "$(wc -w <made)" = $k ] && [ "$(wc -l <made)" = 1 ] &&
		ok "$k words on one line" || not_ok "$k words: $(cat made)"
	tr ' ' '\n' <made >list
	[ "$(grep -cxFf "$TOP/format/wordlist.txt" list)" = $k ] &&
		ok "$k words of the list" || not_ok "not of the list: $(cat made)"
done
says "its strength" "206 bits"
"$MUNIMENT" --quiet passphrase >a 2>err
"$MUNIMENT" --quiet passphrase >b
[ ! -s err ] && ! cmp -s a b && ok "another one each time" ||
	not_ok "twice the same, or not quiet"
for bad in 3 17 x ''; do
	status "--words '$bad'" 2 "$MUNIMENT" passphrase --words "$bad"
done
status "an argument" 2 "$MUNIMENT" passphrase "my own one"
grep -q 'my own' err && not_ok "the argument is repeated" ||
	ok "the argument is not repeated"

# by dice: the published list, 11111 abacus to 66666 zoom
status "by dice" 0 "$MUNIMENT" --passphrase-fd 3 passphrase --dice --words 4 \
	3<<D
11111
6 6 6 6 6
11112
16665
D
[ "$(cat out)" = "abacus zoom abdomen $(sed -n 1295p "$TOP/format/wordlist.txt")" ] &&
	ok "dice: the words of the list" || not_ok "dice: $(cat out)"
for bad in 1111 111111 11117 0 abcde "1111 "; do
	status "dice '$bad'" 2 "$MUNIMENT" --passphrase-fd 3 passphrase \
		--dice 3<<D
$bad
D
	[ ! -s out ] && ok "dice '$bad': no passphrase" || not_ok "one was made"
done

# weigh TEXT: its bits
weigh() {
	"$MUNIMENT" --json --passphrase-fd 3 passphrase --check 3<<P |
$1
P
		sed -n 's/.*"bits_at_most": \([0-9]*\).*/\1/p'
}
# between TEXT LEAST MOST
between() {
	bits=$(weigh "$1")
	[ "${bits:-0}" -ge "$2" ] && [ "$bits" -le "$3" ] &&
		ok "'$1': $bits bits" || not_ok "'$1': $bits bits, not $2 to $3"
}
between 'password1234' 0 12
between '111111111111' 0 12
between 'Anna1980Petrova' 10 40
between 'пароль для меня одной' 5 42
between 'correct horse battery staple' 20 56
between 'gnq8k2xw9zvpe4hcTf' 80 110
between "$(cat a)" 40 78
between "$(head -c 1000 /dev/zero | tr '\0' a)" 0 40
status "weak: weighed" 0 "$MUNIMENT" --passphrase-fd 3 passphrase --check 3<<P
password1234
P
grep -q 'warning: this passphrase is weak' out && ! grep -q password1234 out err &&
	ok "weak: said, and not repeated" || not_ok "weak: $(cat out err)"
status "strong: weighed" 0 "$MUNIMENT" --passphrase-fd 3 passphrase --check 3<<P
gnq8k2xw9zvpe4hcTf
P
grep -q weak out && not_ok "strong: called weak" || ok "strong: not called weak"

# destroyed: the identity, its session, its device key
person anna
new_vault anna home
sum=$(sha256sum <anna.age)
status "destroy without a terminal" 2 setsid "$MUNIMENT" --identity anna.age \
	id destroy </dev/null
says "destroy without a terminal: says so" "nothing was destroyed"
echo evidence >letter
"$MUNIMENT" seal --to anna.card -o sealed.age letter
for f in letter sealed.age anna.card missing; do
	status "destroy $f" 2 "$MUNIMENT" --identity $f id destroy --yes
done
[ -s letter ] && [ -s sealed.age ] && [ -s anna.card ] &&
	[ "$sum" = "$(sha256sum <anna.age)" ] &&
	ok "only what is locked with a passphrase is destroyed" ||
	not_ok "something was destroyed"
ln anna.age second
ln -s anna.age link
cp anna.age copy.age
as anna unlock --for 5m 2>/dev/null && unlocked=1 || unlocked=
status "destroy" 0 "$MUNIMENT" --identity link --vault home id destroy --yes
for t in "^destroyed: link" "1 other name" "^What remains:" "copies of the id" \
	"id split" "other members" "flash memory" "destroyed in local/: [1-9]"; do
	grep -q "$t" out && ok "destroy says: $t" || not_ok "does not say: $t"
done
[ ! -e anna.age ] && [ ! -L link ] && ok "file and link are gone" ||
	not_ok "something is left: $(ls)"
head -c 22 second | grep -q age-encryption && not_ok "not overwritten" ||
	ok "it was overwritten before"
[ "$(stat -c %s second)" = "$(stat -c %s copy.age)" ] &&
	ok "all of it" || not_ok "its length changed"
[ -z "$(find home/local -name '*.age')" ] && ok "local/ holds no key" ||
	not_ok "local/: $(ls home/local)"
[ -z "$unlocked" ] || {
	mv copy.age anna.age
	status "the session is over" 2 setsid "$MUNIMENT" --identity anna.age \
		id card </dev/null
	mv anna.age copy.age
}
status "the vault is whole without it" 0 "$MUNIMENT" --vault home verify --blind
mv copy.age anna.age
status "a copy of the identity opens it as before" 0 as anna --vault home list
"$MUNIMENT" --json --identity anna.age id destroy --yes >j
python3 -c 'import json; d = json.load(open("j"))
assert d["destroyed"] == "anna.age" and len(d["remains"]) > 4' &&
	ok "destroy as JSON" || not_ok "JSON: $(cat j)"
finish
