#!/bin/sh
# The proofs that tests/unit/test_merkle.c compares with, computed again from
# RFC 6962 by another program.
. "$(dirname "$0")/../cli/lib.sh"
python3 "$TOP/tests/interop/merkle.py" >proofs || exit 2
check "the vectors are what RFC 6962 gives" \
	cmp proofs "$TOP/tests/vectors/merkle-proofs.txt"
finish
