#!/bin/sh
# Sets up what is missing, builds Muniment, and lets you watch it work: a
# lawyer takes in evidence, admits a partner to one of two cases, and carries
# it to her. Everything happens in build/try, which is made anew each time.
set -eu
cd "$(dirname "$0")"
sh tools/setup.sh build
make --no-print-directory -s -j"$(nproc)" all
sh tools/walk.sh build/muniment tests/samples build/try
