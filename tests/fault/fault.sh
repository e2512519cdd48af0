#!/bin/sh
# Commands killed and failed at their system calls: a sample of all points, the
# same each day. `make fault` (ALL=yes) takes every one, and thousands of kills
# at any moment.
. "$(dirname "$0")/../cli/lib.sh"
own_keyring ../fault/fault.sh
unset MUNIMENT_VAULT MUNIMENT_IDENTITY
INJECT=$(dirname "$MUNIMENT")/tests/fault/inject
F=$TOP/tests/fault/fault.py
"$INJECT" -- true
[ $? -ne 77 ] || {
	skip "commands killed and failed at their system calls" \
		"they cannot be traced here"
	finish
}
# lane NAME SAMPLE EVERY [SCENE...]; with ALL all points of all scenes
lane() {
	l_name=$1
	FAULT_SAMPLE=$2
	FAULT_EVERY=$3
	shift 3
	[ -z "${ALL:-}" ] || FAULT_SAMPLE=1 FAULT_EVERY=4
	export FAULT_SAMPLE FAULT_EVERY
	python3 "$F" "$MUNIMENT" "$INJECT" "$l_name" "$@" || BAD=$((BAD + 1))
}
if [ -n "${ALL:-}" ]; then
	for l in ${FAULT_LANES:-kill errno random lie race}; do lane $l 1 4; done
else
	lane kill 150 4
	lane kill 5 9999 init "id new" seal invite
	lane errno 300 14
	# each call of what reads the most that may be damaged
	lane errno 60 1 repair "add --contents"
	lane lie 3 4
	lane race 1 4
fi
finish
