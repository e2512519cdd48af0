#!/bin/sh
# Old vaults open for ever: every vault of tests/vectors/vault-*.tar is checked
# and read by the program of today.
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
	status "$name: it goes on" 0 as anna --vault vault case new "Later"
	W=$(dirname "$PWD")
	cd "$W" || exit 2
done
finish
