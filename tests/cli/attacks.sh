#!/bin/sh
# What a hostile partner, server or thief can send: each is named with the
# device and the batch, or bounded in time, memory and disk. forge.py writes
# it, attacks.py sends it.
#
# ATTACKS_LONG=1 also fills the caps to their brim (minutes, some GiB of disk).
. "$(dirname "$0")/lib.sh"
export MUNIMENT

setup() {
	set -e # so not inside an if or check
	for p in anna boris nina eve; do person $p; done
	new_vault anna home
	home="as anna --vault home"
	$home case new A
	$home case new B
	for i in 1 2 3 4; do echo "small $i" >small$i; done
	head -c 70000 /dev/urandom >big1
	head -c 71000 /dev/urandom >big2
	$home add small1 big1 --case A
	$home add small2 --case B
	$home member add boris.card --case A --role author
	$home member add nina.card --case A --role reader
	$home carry -o first.carry --to boris.card
	$home carry -o ninas.carry --to nina.card
	as boris --vault abroad receive first.carry
	as nina --vault ninas receive ninas.carry
	as boris --vault abroad add small3 --case A
	as boris --vault abroad carry -o back.carry --to anna
	$home receive back.carry
	as nina --vault ninas carry -o back2.carry --to anna
	$home receive back2.carry
	cp -R home home.old
	# news that abroad has not seen
	$home add small4 big2 --case A
	$home carry -o news.carry --to boris
	new_vault anna other
	as anna --vault other case new C
	as anna --vault other add small1 --case C
}
(setup) >setup.out 2>&1
[ $? -eq 0 ] && ok "set-up" || { not_ok "set-up"; cat setup.out; exit 1; }
# What a passphrase costs is said by who wrote the file: more than age takes is
# refused before it is tried.
zero=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
for n in 23 31 64 999999999999; do
	printf 'age-encryption.org/v1\n-> scrypt %.22s %s\n%s\n--- %s\n%016d' \
		$zero $n $zero $zero 0 >hard.carry
	status "a passphrase that costs 2^$n" 2 as boris --vault abroad \
		receive -p --carry-passphrase-fd 4 hard.carry 4<<P
pass
P
	says "is refused" "more work than is accepted"
done
python3 "$TOP/tests/cli/attacks.py" $ATTACKS_PARTS || BAD=$((BAD + 1))
finish
