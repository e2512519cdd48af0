#!/bin/sh
# Old vaults open for ever: every vault of tests/vectors/vault-*.tar is checked
# and read by the program of today; and what parity-*.tar holds is damaged and
# restored.
. "$(dirname "$0")/lib.sh"

for tar in "$TOP"/tests/vectors/vault-*.tar; do
	name=$(basename "$tar" .tar)
	mkdir "$W/$name" && cd "$W/$name" || exit 2
	tar xf "$tar" || exit 2
	W=$PWD
	for who in anna bahrom; do
		v=vault
		[ $who = anna ] || v=partner
		status "$name: $who verifies" 0 as $who --vault $v verify
		status "$name: anybody verifies $v" 0 "$MUNIMENT" --quiet \
			--vault $v verify --blind
		as $who --vault $v --json list | jq -S . >now.json
		check "$name: $who lists the same" cmp now.json \
			$who.list.json
		as $who --vault $v get --case "Дело 1" -o $who.got --by-item \
			>/dev/null
		(cd $who.got && find . -type f -print0 | LC_ALL=C sort -z |
			xargs -0 sha256sum) >now.sha256
		check "$name: $who gets the same" cmp now.sha256 $who.sha256
	done
	status "$name: its carry file is received" 0 \
		as bahrom --vault again receive to-bahrom.muniment
	# since 0.4.0 a carry file has parity, which restores it
	if [ -e to-bahrom.muniment-parity ]; then
		cp to-bahrom.muniment whole
		printf 'X' | dd of=to-bahrom.muniment bs=1 seek=99999 \
			conv=notrunc 2>/dev/null
		status "$name: its carry file is restored" 0 \
			"$MUNIMENT" --quiet repair to-bahrom.muniment -o mended
		check "$name: byte for byte" cmp whole mended
	fi
	status "$name: it goes on" 0 as anna --vault vault case new "Later"
	# stamps age, and that is no failure
	for x in exhibit-*; do
		[ -e "$x" ] || continue
		"$MUNIMENT" --json check "$x" >verdict.json 2>/dev/null
		[ $? != 1 ] && [ -s verdict.json ] &&
			ok "$name: $x holds" || not_ok "$name: $x holds"
	done
	W=$(dirname "$PWD")
	cd "$W" || exit 2
done

# harm FILE: eight other bytes in its middle
harm() {
	chmod u+w "$1"
	printf 'XXXXXXXX' | dd of="$1" bs=1 conv=notrunc 2>/dev/null \
		seek=$(($(stat -c %s "$1") / 2))
}
# as_made NAME PATTERN: these files have the SHA-256 that they had
as_made() { check "$1" sh -c 'grep "$0" sha256 | sha256sum -c --quiet' "$2"; }

for tar in "$TOP"/tests/vectors/parity-*.tar; do
	name=$(basename "$tar" .tar)
	mkdir "$W/$name" && cd "$W/$name" || exit 2
	tar xf "$tar" || exit 2
	as_made "$name: as it was made" .
	W=$PWD

	for f in $(find vault/lfs/objects vault/objects/pack -size +40 -type f); do
		harm "$f"
	done
	truncate -s -9000 "$(find vault/lfs/objects -type f | head -n 1)"
	status "$name: what is damaged is seen" 1 as anna --vault vault verify
	status "$name: a vault by its own parity" 0 \
		"$MUNIMENT" --quiet --vault vault repair
	as_made "$name: a vault by its own parity: byte for byte" vault/
	status "$name: a vault by its own parity: whole" 0 \
		as anna --vault vault verify

	truncate -s 40000 large
	status "$name: a file of which half is lost" 0 \
		"$MUNIMENT" --quiet repair large -o mended
	mv mended large
	as_made "$name: a file of which half is lost: byte for byte" '  large$'

	for f in parts.muniment.*; do
		harm "$f"
	done
	status "$name: a carry file in parts" 0 \
		"$MUNIMENT" --quiet repair parts.muniment -o again
	for f in again.*; do
		mv "$f" "parts.muniment${f#again}"
	done
	as_made "$name: a carry file in parts: byte for byte" 'parts.*[0-9]$'
	status "$name: a carry file in parts: it is received" 0 \
		as anna --vault other receive parts.muniment.*
	W=$(dirname "$PWD")
	cd "$W" || exit 2
done
finish
