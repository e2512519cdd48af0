#!/bin/sh
# The simulation (tests/sim): five devices of three organisations, random work
# and meetings from a seed; in the end all agree, and nothing hangs on what one
# seat wrote. $MUNIMENT_SEEDS: which seeds; $MUNIMENT_STEPS: how long each
# (`make soak`: a hundred seeds).
. "$(dirname "$0")/lib.sh"

SIM=$(dirname "$MUNIMENT")/tests/sim/sim
STEPS=${MUNIMENT_STEPS:-2000}
export SIM STEPS
[ -x "$SIM" ] || { not_ok "$SIM was not built"; finish; }
printf '%s\n' ${MUNIMENT_SEEDS:-1 2 3 7 40} | xargs -P "$(nproc)" -I{} sh -c '
	if timeout 1500 "$SIM" {} "$STEPS" >log.{} 2>&1; then
		echo "ok seed {}: $STEPS steps, and all agree"
	else
		echo "not ok seed {}: exit status $? ($SIM {} $STEPS)"
		tail -n 20 log.{} | sed "s/^/    /"
	fi' | tee said
! grep -q "^not ok" said
