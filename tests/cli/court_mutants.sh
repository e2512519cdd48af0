#!/bin/sh
# A thousand changes of one byte over every file of genuine packages, a
# thousand swaps of a part for another genuine package's, and swaps with
# manifests and seal made anew: `check` refuses each. MUNIMENT_MUTANTS: how
# many of each.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/court.inc"
court_vault

printf 'Я видела [...] в понедельник.\n' >copy.txt
must at ada redact "$words" --with copy.txt --zones '1-1 a name'
copy=$(item copy.txt)
must at ada exhibit "$photo" "$pdf" -o one
must at ada exhibit "$words" "$copy" -o two --disclose files.1.media_type,time
must at ada exhibit "$clip" -o three --count
for p in one two three; do
	status "$p: check" 0 "$MUNIMENT" check $p
done
python3 "$TOP/tests/cli/court_mutants.py" "${MUNIMENT_MUTANTS:-1000}" "$W" \
	one two three >mutants.out 2>&1 &&
	ok "all refused: $(tail -n 1 mutants.out)" ||
	not_ok "$(cat mutants.out)"
finish
