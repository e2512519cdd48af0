#!/bin/sh
# The worked example of FORMAT.md, computed again from the vector it is from.
. "$(dirname "$0")/../cli/lib.sh"
tar xf "$TOP/tests/vectors/vault-1.tar" vault || exit 2
python3 "$TOP/tests/interop/example.py" "$TOP/format/FORMAT.md" vault
