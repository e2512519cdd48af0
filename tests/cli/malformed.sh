#!/bin/sh
# Each field of each thing in a vault set wrong in turn (malformed.py): it is
# named, and not accepted; nothing crashes. tests/MALFORMED.md says which test
# does so for which format.
. "$(dirname "$0")/lib.sh"
export MUNIMENT

setup() {
	set -e # so not inside an if or check
	for p in anna boris; do person $p; done
	new_vault anna home
	home="as anna --vault home"
	$home case new A
	echo "small 1" >small1
	$home add small1 --case A
	$home member add boris.card --case A --role author
	$home carry -o first.carry --to boris.card
	as boris --vault abroad receive first.carry
	as boris --vault abroad add small1 --case A --again
	as boris --vault abroad carry -o back.carry --to anna
	$home receive back.carry
}
(setup) >setup.out 2>&1
[ $? -eq 0 ] && ok "set-up" || { not_ok "set-up"; cat setup.out; exit 1; }
python3 "$TOP/tests/cli/malformed.py" $MALFORMED_PARTS || BAD=$((BAD + 1))
finish
