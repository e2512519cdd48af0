#!/bin/sh
# Another reader, written from FORMAT.md, reads what the program writes; it
# gets the original bytes; and it finds what was tampered with.
# Usage: MUNIMENT=/path/to/muniment second_reader.sh

. "$(dirname "$0")/sample.inc"
read_() { python3 "$HERE/reader.py" "$@"; }

sample_vault

passes 'reader: the vault verifies without a key' read_ verify "$T/vault"
passes 'reader: the vault that was received verifies' read_ verify "$T/partner"

passes 'reader: the owner extracts everything' \
	read_ extract "$T/vault" -i "$T/owner.txt" -o "$T/out.owner"
same 'reader: all original bytes and names, to the owner' \
	"$T/out.owner" "$T/evidence-1" "$T/evidence-2" "$T/evidence-3"
passes 'reader: odd folder names come out as they were' \
	sh -c 'set -- "$1"/*/*/"$2"/odd.txt; [ -e "$1" ]' sh "$T/out.owner" \
	"$(printf 'odd \377 \\x41')"
passes 'reader: the partner extracts one case' \
	read_ extract "$T/partner" -i "$T/partner.txt" -o "$T/out.partner"
same 'reader: the bytes of that case and no others, to the partner' \
	"$T/out.partner" "$T/evidence-1" "$T/evidence-3"

read_ list "$T/partner" -i "$T/partner.txt" --json >"$T/list.json" || true
passes 'reader: every entry is accepted' \
	jq -e '.not_accepted == [] and (.items | length) > 0' "$T/list.json"
passes 'reader: the partner sees one case only' \
	jq -e --arg c "$case1" 'all(.items[]; .case == $c)' "$T/list.json"

passes 'reader: the third person extracts one item' \
	read_ extract "$T/third" -i "$T/third.txt" -o "$T/out.third"
mkdir "$T/evidence-third"
cp "$T/evidence-2/other.bin" "$T/evidence-third"
same 'reader: that item and no other' "$T/out.third" "$T/evidence-third"
read_ list "$T/vault" -i "$T/owner.txt" --json >"$T/list.json" || true
passes 'reader: an edit is a new version' jq -e '[.items[] | select(
	.versions == 2 and (.current | length) == 1 and
	.current[0].fields.title == "A better title")] | length == 1' "$T/list.json"
passes 'reader: a retraction is seen' jq -e '[.items[] | select(
	.retracted and .current[0].files[0].name == "statement.txt")] |
	length == 1' "$T/list.json"

# Who has seen what: the same by both.
read_ list "$T/vault" -i "$T/owner.txt" --json | jq -S '[.cosignatures[] |
	select(.by | contains("/seat/"))] | group_by(.by) | map({
	member: (.[0].by | split("/")[3]),
	batches: (group_by(.device) | map(map(.size) | max) | add),
	devices: ([.[].device] | unique | length),
	newest: (map(.time) | max | todate)}) | sort_by(.member)' >"$T/seen.1"
owner verify --json 2>/dev/null | jq -S '[.witnesses[] | {member, batches,
	devices, newest}] | sort_by(.member)' >"$T/seen.2"
passes 'reader: it finds cosignatures' jq -e 'length > 1' "$T/seen.1"
passes 'reader: who has seen how much, and when last' \
	cmp "$T/seen.1" "$T/seen.2"

# The carry file with stock tools alone.
mkdir "$T/carry"
age -d -i "$T/partner.txt" "$T/case1.carry" | tar -x -i -C "$T/carry" -f -
git clone -q --mirror "$T/carry/vault.bundle" "$T/mirror.git"
mv "$T/carry/lfs" "$T/mirror.git/lfs"
passes 'reader: a stock clone of the bundle verifies' \
	read_ verify --mirror "$T/mirror.git"
passes 'reader: a stock clone of the bundle opens' \
	read_ extract "$T/mirror.git" -i "$T/partner.txt" -o "$T/out.mirror"
same 'reader: the bytes out of the stock clone' "$T/out.mirror" "$T/evidence-1"

# Tampering.
tampered
flip "$(find "$T/tampered/lfs/objects" -type f | sort | head -n 1)"
finds 'reader: a changed object is found' 'SHA-256 is another' \
	read_ verify "$T/tampered"
finds 'reader: a changed object is not extracted' 'SHA-256 is another' \
	read_ extract "$T/tampered" -i "$T/owner.txt" -o "$T/out.tampered"

tampered
truncate -s -1 "$(find "$T/tampered/lfs/objects" -type f | sort | tail -n 1)"
finds 'reader: a cut object is found' 'wrong size' read_ verify "$T/tampered"

tampered
rm "$(find "$T/tampered/lfs/objects" -type f | sort | head -n 1)"
finds 'reader: a missing object is found' 'is missing' \
	read_ verify "$T/tampered"

for pack in $(find "$T/vault/objects/pack" -name '*.pack' | sort |
	sed -n '1p;2p;$p'); do
	tampered
	flip "$T/tampered/objects/pack/${pack##*/}"
	finds 'reader: a changed pack is found' 'pack is damaged' \
		read_ verify "$T/tampered"
done

tampered
branch=$(seen_branch "$T/tampered")
[ -n "$branch" ] || not_ok 'reader: seen lines' 'there are none'
git -C "$T/tampered" update-ref -d "refs/heads/$branch"
finds 'reader: a branch that was taken away is found' 'which is not here' \
	read_ verify "$T/tampered"

tampered
git -C "$T/tampered" update-ref "refs/heads/$branch" \
	"$(git -C "$T/tampered" rev-list --max-parents=0 "refs/heads/$branch")"
finds 'reader: a rollback is found' 'which is not here' \
	read_ verify "$T/tampered"

tampered
git -C "$T/tampered" config core.hooksPath /tmp
finds 'reader: another config is found' 'config' read_ verify "$T/tampered"

forked
finds 'reader: a fork is found' 'two histories' read_ verify "$T/forked"
read_ list "$T/forked" -i "$T/partner.txt" --json >"$T/list.json" 2>/dev/null || true
passes 'reader: what stands after a fork is not accepted' \
	jq -e '.not_accepted | length > 0 and all(.why | test("fork"))' "$T/list.json"

# A batch made anew by somebody who has no device key: same tree without one
# entry, unsigned, and as a commit that is signed by another key.
tampered
tip=$(git -C "$T/tampered" rev-parse "refs/heads/$branch")
ssh-keygen -q -t ed25519 -N '' -f "$T/other"
new=$(git -C "$T/tampered" ls-tree "$tip" | sed '1d' |
	git -C "$T/tampered" mktree)
forged=$(GIT_AUTHOR_DATE="@$(git -C "$T/tampered" log -1 --format=%at "$tip") +0000" \
	GIT_COMMITTER_DATE="@$(git -C "$T/tampered" log -1 --format=%ct "$tip") +0000" \
	git -C "$T/tampered" -c gpg.format=ssh -c user.signingKey="$T/other" \
	-c user.name=muniment -c user.email=muniment@invalid commit-tree -S \
	-m "$(git -C "$T/tampered" log -1 --format=%B "$tip")" \
	$(git -C "$T/tampered" log -1 --format=%P "$tip" | sed 's/^./-p &/') "$new")
git -C "$T/tampered" update-ref "refs/heads/$branch" "$forged"
finds 'reader: a commit by another key is found' 'signed by another' \
	read_ verify "$T/tampered"

finish
