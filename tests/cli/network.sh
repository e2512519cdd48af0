#!/bin/sh
# No command makes a network connection but sync with a git host and witness
# ask (SECURITY.md, P16): each command of the table is run for real and traced.
. "$(dirname "$0")/lib.sh"
own_keyring network.sh
PROGRAM=$MUNIMENT
command -v strace >/dev/null || { not_ok "strace is not here"; finish; }
mkdir traces
# without root's rights strace cannot read what a shut process passes, but it
# sees its calls: the program's own, with the first word as the trace's name
cat >traced <<EOT
#!/bin/sh
n=\$(ls "$W/traces" | wc -l)
exec strace -f -qq -o "$W/traces/\$n" -e trace=%network "$PROGRAM" "\$@"
EOT
chmod 755 traced
: >ran
mkdir other
# run WANT COMMAND...: as anna in her vault; its end is checked, so that what
# is traced is the work and not a refusal
run() {
	want=$1
	shift
	echo "$1" >>ran
	MUNIMENT=$W/traced as anna --vault home "$@" >out 2>err
	got=$?
	[ $got -eq "$want" ] || not_ok "$* ends with $got: $(cat err)"
}
person anna
person bob
new_vault anna home
echo "the text of a letter" >letter
echo "a copy" >copy
run 0 id words
run 0 passphrase
echo init >>ran
"$W/traced" --identity anna.age --passphrase-fd 3 init second 3<<P >out 2>&1 ||
pass anna
root
P
	not_ok "init: $(cat out)"
run 0 case new A
run 0 case list
run 0 member add bob.card --case A
run 0 member list
run 0 device list
run 0 add letter --case A --title L
run 0 list
item=$(as anna --vault home --json list |
	sed -n 's/.*"item": "\(.*\)".*/\1/p' | head -n 1)
for c in show history custody; do run 0 $c "$item"; done
run 0 search letter
run 0 edit "$item" --title M
run 0 get "$item" -o got
run 0 share "$item" --with bob
run 0 redact "$item" --with copy --zones "1-3 a name"
run 0 retract "$item" --why wrong
run 0 carry -o carried --to bob.card
as anna --vault home carry -o mine --to anna.card >/dev/null
run 0 invite bob.card -o invitation
run 0 receive mine
run 0 remote add other "$W/other" --kind stick
run 0 verify
run 0 verify --blind
run 0 exhibit "$item" -o package
echo check >>ran
"$W/traced" check package >out 2>&1
[ $? -ne 1 ] || not_ok "check: $(cat out)"
run 0 stamp -o request.tsq
run 0 stamp list
echo seal >>ran
"$W/traced" seal --to bob.card -o sealed letter || not_ok "seal"
run 0 collector kit --case A --label N -o kit
run 0 collector list
run 0 fields
tar cf some.tar letter copy
run 0 contents --file some.tar
run 0 lock
run 0 parity letter
run 0 repair letter --check
echo doctor >>ran
"$W/traced" doctor >out 2>&1
[ -s out ] || not_ok "doctor says nothing"
# sync with a folder needs none either
run 0 sync
# where there is no keyring it ends with 2, and has done all that it does
echo unlock >>ran
MUNIMENT=$W/traced as anna unlock --for 1s >out 2>err
echo open >>ran
MUNIMENT=$W/traced as bob open -i bob.age sealed >out 2>err
cmp -s out letter || not_ok "open: $(cat err)"

# all are there but one
"$PROGRAM" help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p' | sort -u >commands
sort -u ran >were
lacking=$(comm -23 commands were | tr '\n' ' ')
[ "$lacking" = "witness " ] && ok "$(wc -l <were) commands were traced" ||
	not_ok "not traced: $lacking"
n=$(ls traces | wc -l)
[ "$n" -gt 35 ] && ok "$n traces" || not_ok "only $n traces"
grep -hE '^[0-9]+ +(socket|connect|bind|listen|accept4?)\(' traces/* >found
[ ! -s found ] && ok "none opens a socket or connects" ||
	not_ok "network: $(sort -u found | head -n 5)"
grep -hE 'socketpair\(' traces/* | grep -v 'socketpair(AF_UNIX' >found
[ ! -s found ] && ok "socket pairs are this machine's own" ||
	not_ok "socket pairs: $(head -n 3 found)"
# the same trace sees a network call where there is one
strace -f -qq -o control -e trace=%network \
	python3 -c 'import socket; socket.socket(socket.AF_INET)' &&
	grep -qE '^[0-9]+ +socket\(AF_INET' control &&
	ok "a socket would be seen" || not_ok "the trace sees nothing"
finish
