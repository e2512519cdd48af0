#!/bin/sh
# format/by-hand.sh, which uses stock tools only, opens what the program
# writes, gets the original bytes, and finds what was tampered with.
# Usage: MUNIMENT=/path/to/muniment by_hand.sh

. "$(dirname "$0")/sample.inc"
by_hand() { bash "$ROOT/format/by-hand.sh" "$@"; }

sample_vault

export AGE_IDENTITY_PLAIN="$T/partner.txt"
passes 'by hand: the carry file opens' \
	by_hand open "$T/case1.carry" "$T/partner.age" "$T/out"
same 'by hand: all original bytes of the case' "$T/out/items" "$T/evidence-1"
passes 'by hand: overview.txt calls every file ok' \
	sh -c '! grep -v -e "^item " -e " ok$" "$1"' sh "$T/out/overview.txt"
passes 'by hand: the clone from the carry file checks' \
	by_hand check "$T/out/vault.git"

AGE_IDENTITY_PLAIN="$T/owner.txt"
passes 'by hand: the vault opens' \
	by_hand open "$T/vault" "$T/owner.age" "$T/out.owner"
same 'by hand: all original bytes of the vault' "$T/out.owner/items" \
	"$T/evidence-1" "$T/evidence-2" "$T/evidence-3"

split -b 9M -a 3 --numeric-suffixes=1 "$T/case1.carry" "$T/parts."
AGE_IDENTITY_PLAIN="$T/partner.txt"
passes 'by hand: a carry file in parts opens' \
	by_hand open "$T/parts.001" x "$T/out.parts"
same 'by hand: all bytes out of the parts' "$T/out.parts/items" "$T/evidence-1"

AGE_IDENTITY_PLAIN="$T/third.txt"
passes 'by hand: one item that was shared opens' \
	by_hand open "$T/third.carry" x "$T/out.third"
mkdir "$T/evidence-third"
cp "$T/evidence-2/other.bin" "$T/evidence-third"
same 'by hand: that item and no other' "$T/out.third/items" "$T/evidence-third"

cp "$T/vault/config" "$T/config.before"
(cd "$T/vault" && find . -type f | sort) >"$T/files.before"
passes 'by hand: the vault checks' by_hand check "$T/vault"
passes 'by hand: the vault that was received checks' by_hand check "$T/partner"
passes 'by hand: checking leaves the config alone' \
	cmp "$T/config.before" "$T/vault/config"
(cd "$T/vault" && find . -type f | sort) >"$T/files.after"
passes 'by hand: checking leaves no file behind' \
	cmp "$T/files.before" "$T/files.after"

# With the passphrase, as age asks for it on a terminal.
if command -v script >/dev/null; then
	passes 'by hand: age asks for the passphrase' env -u AGE_IDENTITY_PLAIN \
		sh -c '{ sleep 1; cat "$2"; echo; } | script -q -e -c \
			"bash \"$1/format/by-hand.sh\" open \"$3/case1.carry\" \
			\"$3/partner.age\" \"$3/out.typed\"" /dev/null' \
		sh "$ROOT" "$T/partner.pass" "$T"
	same 'by hand: the same bytes' "$T/out.typed/items" "$T/evidence-1"
fi

# Somebody else's identity opens nothing.
age-keygen -pq -o "$T/stranger.txt" 2>/dev/null
AGE_IDENTITY_PLAIN="$T/stranger.txt"
if by_hand open "$T/case1.carry" x "$T/out.stranger" >"$T/log" 2>&1; then
	not_ok 'by hand: a stranger opens nothing' 'it opened'
else
	ok 'by hand: a stranger opens nothing'
fi

# Tampering.
AGE_IDENTITY_PLAIN="$T/owner.txt"
for object in $(find "$T/vault/lfs/objects" -type f | sort | sed -n '1p;$p'); do
	tampered
	flip "$T/tampered/${object#"$T/vault/"}"
	finds 'by hand: a changed object is found' 'corruptObject' \
		by_hand check "$T/tampered"
done
finds 'by hand: a changed object is named on opening' 'was changed' \
	by_hand open "$T/tampered" x "$T/out.tampered"

tampered
rm "$(find "$T/tampered/lfs/objects" -type f | sort | head -n 1)"
finds 'by hand: a missing object is found' 'is missing' \
	by_hand check "$T/tampered"

for pack in $(find "$T/vault/objects/pack" -name '*.pack' | sort |
	sed -n '1p;2p;$p'); do
	tampered
	flip "$T/tampered/objects/pack/${pack##*/}"
	finds 'by hand: a changed pack is found' 'git fsck' \
		by_hand check "$T/tampered"
done

tampered
branch=$(seen_branch "$T/tampered")
[ -n "$branch" ] || not_ok 'by hand: seen lines' 'there are none'
git -C "$T/tampered" update-ref -d "refs/heads/$branch"
finds 'by hand: a branch that was taken away is found' 'is not here' \
	by_hand check "$T/tampered"

tampered
git -C "$T/tampered" update-ref "refs/heads/$branch" \
	"$(git -C "$T/tampered" rev-list --max-parents=0 "refs/heads/$branch")"
finds 'by hand: a rollback is found' 'is not here' by_hand check "$T/tampered"

forked
finds 'by hand: a fork is found' 'two histories' by_hand check "$T/forked"

tampered
tip=$(git -C "$T/tampered" rev-parse "refs/heads/$branch")
forged=$(git -C "$T/tampered" -c user.name=muniment \
	-c user.email=muniment@invalid commit-tree -p "$tip" -m 'batch 99' \
	"$(git -C "$T/tampered" rev-parse "$tip^{tree}")")
git -C "$T/tampered" update-ref "refs/heads/$branch" "$forged"
finds 'by hand: a batch that no device signed is found' 'not signed' \
	by_hand check "$T/tampered"

# A stick with two carry files, of which the second goes on from the first.
mkdir "$T/stick"
owner --quiet remote add stick "$T/stick"
owner --quiet sync stick >/dev/null
first=$(ls "$T/stick" | grep -v parity)
partner --quiet remote add stick "$T/stick"
partner --quiet sync stick >/dev/null
second=$(ls "$T/stick" | grep -v "$first\|parity")
passes 'by hand: the stick holds two files' test -n "$second" -a \
	"$(ls "$T/stick" | grep -vc parity)" -eq 2
for n in 1 2; do
	mkdir "$T/unpacked.$n"
	[ $n = 1 ] && f=$first || f=$second
	passes "by hand: file $n opens" sh -c \
		'age -d -i "$1" "$2" | tar -x -i -C "$3"' sh "$T/partner.txt" \
		"$T/stick/$f" "$T/unpacked.$n"
done
passes 'by hand: the first makes a clone' git clone -q --mirror \
	"$T/unpacked.1/vault.bundle" "$T/stick.git"
finds 'by hand: the second alone does not' 'lacks these prerequisite' \
	sh -c 'git init -q --bare "$1/none.git" &&
	git -C "$1/none.git" bundle verify "$1/unpacked.2/vault.bundle"' sh "$T"
passes 'by hand: git says that the second fits' git -C "$T/stick.git" \
	bundle verify "$T/unpacked.2/vault.bundle"
passes 'by hand: and fetches it' git -C "$T/stick.git" fetch -q \
	"$T/unpacked.2/vault.bundle" 'refs/heads/*:refs/heads/*'
git -C "$T/stick.git" for-each-ref >"$T/refs.1"
git -C "$T/partner" for-each-ref >"$T/refs.2"
passes "by hand: the clone has the partner's logs" \
	cmp "$T/refs.1" "$T/refs.2"

finish
