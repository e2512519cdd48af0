#!/bin/sh
# Hostile archives, mail, folders, packs and carry files: nothing is written
# elsewhere, nothing started, nothing hangs, and something is said. Of those
# that tests/hostile/ makes, each MUNIMENT_HOSTILE-th (`make hostile`: all, with
# system calls traced).
. "$(dirname "$0")/lib.sh"
every=${MUNIMENT_HOSTILE:-12}
person anna
new_vault anna v >/dev/null
MUNIMENT_VAULT=$W/v as anna case new C >/dev/null
export MUNIMENT
MUNIMENT_HOSTILE=$every python3 "$TOP/tests/hostile/archives.py" "$W/archives" \
	>made || { cat made; exit 2; }
ls -a / /tmp >before
python3 "$TOP/tests/hostile/run.py" archives "$W/archives" "$every" || BAD=1
ls -a / /tmp | grep muniment-hostile && not_ok "a file appeared outside"
MUNIMENT_VAULT=$W/v status "the vault is whole" 0 as anna verify

python3 "$TOP/tests/hostile/folders.py" "$every" >folders.list || BAD=1
python3 "$TOP/tests/hostile/run.py" folders folders.list || BAD=1
[ ! -e "$W/pwned" ] && ok "nothing was run" || not_ok "something was run"
[ "$BAD" = 0 ]
