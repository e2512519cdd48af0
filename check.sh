#!/bin/sh
# Sets up what is missing, builds, and runs all tests. The last line of the
# output is "N passed, N failed".
set -eu
cd "$(dirname "$0")"
sh tools/setup.sh tests
make --no-print-directory -s -j"$(nproc)" EXTRA=-Werror all unit
exec sh tools/check-all.sh
