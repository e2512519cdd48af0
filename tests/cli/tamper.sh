#!/bin/sh
# A byte flipped, cut off or added anywhere; files swapped, deleted, added;
# histories rewritten by one who knows git. What is damaged is named, and a
# carry file that is not whole leaves nothing behind.
#
# TAMPER_SEED, TAMPER_PLACES (random places in the vault; those in carry files
# are some 250) and TAMPER_PARTS can be set.
. "$(dirname "$0")/lib.sh"
HELPER=$TOP/tests/cli/tamper.py
export MUNIMENT

setup() {
	set -e # so not inside an if or check
	for p in lawyer partner; do person $p; done
	new_vault lawyer home
	for i in 1 2 3 4; do head -c ${i}0000 /dev/urandom >small$i; done
	for i in 1 2 3; do head -c 7${i}000 /dev/urandom >big$i; done
	home="as lawyer --vault home"
	abroad="as partner --vault abroad"
	$home case new A
	$home case new B
	$home add big1 big2 small1 small2 --case A
	$home add big3 small3 --case B
	$home member add partner.card --case A --role author
	$home carry -o first.carry --to partner.card --case A
	$abroad receive first.carry
	cp -R abroad abroad.old
	# the newer one: more batches of both, and no object is absent
	$abroad add small4 --case A
	$abroad carry -o back.carry --to lawyer.card
	$home receive back.carry
	$home edit "$($home --json list --case A | sed -n \
		's/.*"item": "\(.*\)".*/\1/p' | head -n 1)" --title "New"
	$home carry -o next.carry --to partner.card --case A
	$abroad receive next.carry
	# something is absent abroad, and more of it than before
	head -c 75000 /dev/urandom >big4
	$home add big4 --case B
	$home carry -o last.carry --to partner.card --case A
	$abroad receive last.carry
	# a second vault of the partner's, for files that are of another
	new_vault partner second
}
(setup) >setup.out 2>&1
[ $? -eq 0 ] && ok "set-up" || { not_ok "set-up"; cat setup.out; exit 1; }
for v in home abroad abroad.old; do
	status "$v is whole" 0 "$MUNIMENT" --quiet --vault $v verify --blind
done
status "home, with the identity" 0 as lawyer --vault home verify
status "abroad, with the identity" 0 as partner --vault abroad verify
[ -s abroad/local/absent ] || not_ok "nothing is absent abroad"
# two processors at work: `bytes` is two processes, the others one each
part() {
	case " ${TAMPER_PARTS:-bytes plumbing local carry} " in
	*" $1 "*) python3 "$HELPER" "$1" ;;
	esac
}
part bytes || BAD=$((BAD + 1))
part plumbing >plumbing.out 2>&1 &
part local || BAD=$((BAD + 1))
part carry || BAD=$((BAD + 1))
wait $! || BAD=$((BAD + 1))
cat plumbing.out
finish
