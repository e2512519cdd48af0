#!/bin/sh
# Starts the muniment that lies in the folder beside this file, with its own
# libraries, on a computer where nothing is installed:
#
#	sh muniment.sh COMMAND ...
#	sh muniment.sh --in-memory COMMAND ...
#
# The second is for a stick that is mounted so that no program on it can be
# started: it is copied to the computer's memory, and removed afterwards.
# helpers leave the folder that the command was given in: a whole path
case $0 in
*/*) top=$(CDPATH='' cd -- "${0%/*}" && pwd) || exit 2 ;;
*) top=$PWD ;;
esac
from=$top/muniment
# nothing of the computer's own is loaded into it
unset LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT
# nothing is kept in the home folder
: "${MUNIMENT_IDENTITY:=$top/identity.age}"
export MUNIMENT_IDENTITY

start() {
	MUNIMENT_MAGIC=$from/magic.mgc "$from/start.com" --inhibit-cache \
		--library-path "$from/lib" "$from/program" "$@"
}

if [ "${1:-}" = --in-memory ]; then
	shift
	for d in "${XDG_RUNTIME_DIR:-}" /dev/shm; do
		[ -d "$d" ] && [ -w "$d" ] || continue
		m=$d/muniment.$$
		mkdir -m 700 "$m" || continue
		trap 'rm -rf "$m"' EXIT
		trap 'exit 2' INT TERM HUP
		cp -R "$from/." "$m" && chmod 700 "$m/start.com" || exit 2
		from=$m
		start "$@"
		exit
	done
	echo "muniment.sh: no folder in memory can be written" >&2
	exit 2
fi
if [ ! -x "$from/start.com" ]; then
	echo "muniment.sh: this stick is mounted so that programs on it cannot" \
		"be started" >&2
	echo "hint: sh muniment.sh --in-memory COMMAND ..., or mount it with" \
		"exec" >&2
	exit 2
fi
MUNIMENT_MAGIC=$from/magic.mgc exec "$from/start.com" --inhibit-cache \
	--library-path "$from/lib" "$from/program" "$@"
