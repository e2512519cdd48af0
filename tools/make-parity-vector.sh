#!/bin/sh
# Makes what parity leaves behind for ever: a vault with parity of its own, a
# file with all that it takes to make it anew, a carry file in parts:
#
#	sh tools/make-parity-vector.sh PROGRAM OUT.tar
#
# tests/cli/vectors.sh damages and restores each of them with the program of
# today. Run this once when the form of parity is new, and never again for that.
set -eu
MUNIMENT=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")/.." && pwd)
out=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
. "$here/tests/cli/lib.sh"

person anna
new_vault anna vault >/dev/null
A="as anna --vault vault"
$A case new C >/dev/null
for i in 1 2 3 4 5 6; do
	head -c ${i}7000 /dev/urandom >file-$i
done
head -c 71000 /dev/urandom >large
$A add file-? large --case C >/dev/null
"$MUNIMENT" --quiet --vault vault parity --percent 30
"$MUNIMENT" --quiet parity large --percent 100
$A carry -o parts.muniment --to anna.card --part-size 100000
(
	find vault/lfs/objects vault/objects/pack -type f
	ls large* parts.muniment*
) | LC_ALL=C sort | xargs sha256sum >sha256
chmod -R u+w .
rm -rf vault/local/cache
tar --sort=name --owner=0 --group=0 --mtime=@1000000000 -cf "$out" \
	anna.age vault large large-parity parts.muniment* sha256
