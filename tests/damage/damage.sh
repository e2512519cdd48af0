#!/bin/sh
# A carry file of 100 MB with 20 % parity, damaged 200 times in each of four
# ways, and 1,000 times past all help (make damage). It takes some half an hour
# of one processor, and 400 MB of memory in $DAMAGE_DIR (/dev/shm).
#
# DAMAGE_SEEDS, DAMAGE_BEYOND: how many times; DAMAGE_BYTES: of evidence.
. "$(dirname "$0")/../cli/lib.sh"
D=$(mktemp -d "${DAMAGE_DIR:-/dev/shm}/muniment-damage-XXXXXX") || exit 2
trap 'rm -rf "$W" "$D"' EXIT
person anna && new_vault anna v >/dev/null || exit 2
as anna --vault v case new C >/dev/null
head -c "${DAMAGE_BYTES:-99000000}" /dev/urandom >"$D/evidence"
as anna --vault v add "$D/evidence" --case C >/dev/null || exit 2
rm "$D/evidence"
as anna --vault v carry -o "$D/F" --to anna.card || exit 2
rm -r v
ls -l "$D" | sed '1d;s/^/# /'
"$DAMAGE" "$D/F" "${DAMAGE_SEEDS:-200}" "${DAMAGE_BEYOND:-1000}"
