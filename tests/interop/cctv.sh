#!/bin/sh
# The 143 CCTV test vectors of the age format: outcome, class of failure, and
# the hash of every byte that is released.
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/cctv.py" "${MUNIMENT:?}" \
	"$here/../vectors/cctv-age/testdata"
