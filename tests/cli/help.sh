#!/bin/sh
# The help texts, and that page and completion know every command.
. "$(dirname "$0")/lib.sh"
unset MUNIMENT_VAULT MUNIMENT_IDENTITY
page=$TOP/tools/muniment.1
completion=$TOP/tools/completion.bash

status "help" 0 "$MUNIMENT" help
cp out help
[ ! -s err ] && ok "help: to standard output" || not_ok "help: $(cat err)"
for o in --help -h; do
	status "$o" 0 "$MUNIMENT" $o
	cmp -s out help && ok "$o is help" || not_ok "$o says something else"
done
status "no command" 2 "$MUNIMENT"
cmp -s err help && [ ! -s out ] && ok "no command: help as an error" ||
	not_ok "no command: not the help on standard error"
status "--version" 0 "$MUNIMENT" --version
grep -qE '^muniment [0-9]+\.[0-9]+\.[0-9]+$' out && [ ! -s err ] &&
	ok "--version: one line" || not_ok "--version: $(cat out)"
status "help of no command" 2 "$MUNIMENT" help frob
says "help of no command: says so" "no command of that name"
status "no such command" 2 "$MUNIMENT" frob
says "no such command: hint" "hint: muniment help"
[ ! -s out ] && ok "no such command: nothing to standard output" ||
	not_ok "no such command: $(cat out)"
awk 'length > 79' help | grep -q . && not_ok "help: wider than 79" ||
	ok "help: fits a terminal"

commands=$(sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' help)
n=$(echo "$commands" | wc -l)
[ "$n" -ge 15 ] && ok "help lists commands" || not_ok "help lists $n commands"
for o in vault identity passphrase-fd jobs ask json quiet; do
	grep -q -- "--$o" help && ok "help: --$o" || not_ok "help lacks --$o"
done
[ -f "$page" ] && ok "there is a page" || not_ok "there is no muniment.1"
[ -f "$completion" ] && ok "there is a completion" ||
	not_ok "there is no completion.bash"
for c in $commands; do
	status "help $c" 0 "$MUNIMENT" help $c
	head -n 1 out | grep -q "^usage: muniment $c" && [ "$(wc -l <out)" -ge 2 ] &&
		ok "help $c: usage and meaning" || not_ok "help $c: $(cat out)"
	# the command has a paragraph of its own, not only a word somewhere
	grep -qE "^\.(It|Ss|Sh|Ic|Cm|Nm|TP|SS|B|BR)( [A-Za-z]{2})* +\"?(muniment )?$c\\b" \
		"$page" 2>/dev/null && ok "the page knows $c" ||
		not_ok "the page does not document $c"
	grep -qw -- "$c" "$completion" 2>/dev/null &&
		ok "the completion knows $c" ||
		not_ok "the completion does not know $c"
	# each long option that the usage shows is on the page, and completed
	for o in $(grep -o -- '--[a-z-]*' out | sort -u); do
		grep -q -- "${o#--}" "$page" 2>/dev/null &&
			ok "the page knows $c $o" ||
			not_ok "the page does not document $c $o"
		grep -q -- "$o" "$completion" 2>/dev/null &&
			ok "the completion knows $c $o" ||
			not_ok "the completion does not know $c $o"
	done
	status "$c --frob" 2 "$MUNIMENT" $c --frob </dev/null
done
if [ -f "$page" ] && command -v mandoc >/dev/null; then
	mandoc -T lint -W error "$page" >lint 2>&1
	[ ! -s lint ] && ok "the page is well formed" || not_ok "page: $(cat lint)"
fi
if [ -f "$completion" ]; then
	bash -n "$completion" 2>err && ok "bash takes the completion" ||
		not_ok "completion: $(cat err)"
fi
finish
