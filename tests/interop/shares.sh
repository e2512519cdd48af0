#!/bin/sh
# Sheets of trustees without Muniment: words and QR codes are read, and keys
# joined, by a program written from FORMAT.md alone; zbar reads the codes, and
# stock age uses the key that comes out.
. "$(dirname "$0")/../cli/lib.sh"
READER=$TOP/tests/interop/shares.py

person anna
status "split" 0 as anna id split --threshold 3 --shares 4 -o sheets \
	--label 'Label <&>'
check "from words" sh -c 'python3 "$@" >words.txt' - "$READER" words \
	"$TOP/format/wordlist.txt" sheets/share-4.txt sheets/share-2.txt \
	sheets/share-1.txt
check "from codes, read by zbar" sh -c 'python3 "$@" >codes.txt' - "$READER" \
	codes sheets/share-1.html sheets/share-3.html sheets/share-4.html
cmp -s words.txt codes.txt && ok "both give the same" || not_ok "they differ"
grep -q '^# name: anna$' words.txt && ok "whose it is" || not_ok "$(cat words.txt)"
grep AGE-SECRET-KEY-PQ words.txt >key
recipient=$(sed -n 's/^recipient //p' anna.card)
echo "for anna" | age -r "$recipient" >locked
[ "$(age -d -i key locked 2>&1)" = "for anna" ] &&
	ok "stock age opens what is locked to her card" || not_ok "age: $(age -d -i key locked 2>&1)"
[ "$(age-keygen -y key 2>&1)" = "$recipient" ] &&
	ok "age-keygen finds her recipient" || not_ok "age-keygen: another"

# the longest names: the largest share
long=$(printf 'x%.0s' $(seq 200))
"$MUNIMENT" --quiet --identity long.age --passphrase-fd 3 id new --name "$long" \
	--org "$long" --work-factor 10 3<<P 2>/dev/null
pass long
P
status "split the longest" 0 as long id split --threshold 2 --shares 2 -o longest
check "the largest codes" sh -c 'python3 "$@" >long.txt' - "$READER" codes \
	longest/share-1.html longest/share-2.html
grep -q "^# org: $long\$" long.txt && ok "the longest names come back" ||
	not_ok "$(cut -c 1-80 long.txt)"

new_vault anna vault
status "split a root key" 0 "$MUNIMENT" --passphrase-fd 3 id split \
	--threshold 2 --shares 3 -o root --root-key vault.root 3<<P
root of vault
P
check "a root key from words" sh -c 'python3 "$@" >root.txt' - "$READER" words \
	"$TOP/format/wordlist.txt" root/share-3.txt root/share-2.txt
id=$(as anna --vault vault --json verify | sed -n 's/.*"vault": "\(.*\)".*/\1/p')
grep -qx "vault $id" root.txt && ok "it names the vault" || not_ok "$(cat root.txt)"
# its seed is the private half of the key in the vault file
{
	printf '\060\056\002\001\000\060\005\006\003\053\145\160\004\042\004\040'
	sed -n 's/^seed \(.*\)$/\1=/p' root.txt | base64 -d
} | openssl pkey -inform DER -pubout -outform DER 2>/dev/null | tail -c 32 |
	od -An -v -tx1 | tr -d ' \n' >pub
git --git-dir=vault show "$(ls vault/refs/heads):vault" |
	sed -n 's/^root ssh-ed25519 //p' | base64 -d | tail -c 32 |
	od -An -v -tx1 | tr -d ' \n' >want
[ -s want ] && cmp -s pub want && ok "openssl: it is the vault's root key" ||
	not_ok "openssl: $(cat pub) is not $(cat want)"
finish
