#!/bin/sh
# A custodian who owns the vault puts genuine things beside each other so that
# they seem to say more than they do. check says what they say of what is shown.
. "$(dirname "$0")/lib.sh"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
python3 "$TOP/tests/interop/exhibit_mislead.py" "$W/lies" >must.out 2>&1 || {
	cat must.out
	not_ok "prepare"
	exit 1
}
verdict() { # verdict NAME CHECK RESULT: of the last JSON
	r=$(jq -r --arg n "$2" '.checks[] | select(.name == $n) | .result' out)
	[ "$r" = "$3" ] && ok "$1" || not_ok "$1: $2 is '$r', not '$3'"
}
told() { # told NAME JQ: true of the last JSON
	jq -e "$2" out >jq.out 2>&1 && ok "$1" || { not_ok "$1"; jq .items out; }
}

for lie in other-version other-entry nothing-under; do
	status "$lie" 2 "$MUNIMENT" --json check "lies/$lie"
	verdict "$lie: its stamp is of no use" stamps unknown
	told "$lie: no time is said of the file" '.items[0].no_later == []'
done
status "other-entry once more" 2 "$MUNIMENT" --json check lies/other-entry
verdict "a cosignature of another entry is of no use" cosignatures unknown
status "own-witness" 2 "$MUNIMENT" --json check lies/own-witness
verdict "one's own key is nobody outside" cosignatures unknown
status "idle-witness" 1 "$MUNIMENT" --json check lies/idle-witness
verdict "who has signed nothing is no witness" cosignatures fails
status "before-itself" 1 "$MUNIMENT" --json check lies/before-itself
verdict "a stamp of before what it covers" stamps fails
status "item-twice" 1 "$MUNIMENT" --json check lies/item-twice
verdict "one item is one" fields fails
finish
