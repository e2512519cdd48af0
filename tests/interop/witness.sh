#!/bin/sh
# A real C2SP witness, litewitness of Debian's torchwood: what we send it is
# accepted, a stale size is refused, a fork is refused; what it answers is kept
# and shown; what we store can be checked without us.
. "$(dirname "$0")/../cli/lib.sh"

for p in litewitness witnessctl ssh-agent; do
	command -v $p >/dev/null || {
		not_ok "$p is missing: tools/setup.sh tests installs it"
		finish
	}
done
AGENT= WITNESS=
trap 'kill $AGENT $WITNESS 2>/dev/null; rm -rf "$W"' EXIT

# Its key in an agent of its own; a free port.
ssh-keygen -q -t ed25519 -N '' -C '' -f witness.key || exit 2
ssh-agent -D -a "$W/agent.sock" >/dev/null 2>&1 &
AGENT=$!
for i in $(seq 300); do
	[ -S agent.sock ] && break
	sleep 0.2
done
SSH_AUTH_SOCK=$W/agent.sock ssh-add -q witness.key 2>/dev/null || exit 2
fingerprint=$(ssh-keygen -lf witness.key.pub | cut -d' ' -f2)
port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port
NAME=witness.example/w1
VKEY=$(python3 - witness.key.pub "$NAME" <<'PY'
import base64, hashlib, sys
key = base64.b64decode(open(sys.argv[1]).read().split()[1])[-32:]
name = sys.argv[2]
kid = hashlib.sha256(name.encode() + b"\n\x04" + key).hexdigest()[:8]
print("%s+%s+%s" % (name, kid, base64.b64encode(b"\x04" + key).decode()))
PY
)
witness_up() {
	litewitness -listen 127.0.0.1:$port -db w.db -name $NAME \
		-key "$fingerprint" -ssh-agent "$W/agent.sock" 2>>witness.log &
	WITNESS=$!
	for i in $(seq 300); do
		python3 -c "import socket
socket.create_connection(('127.0.0.1', $port), 1)" 2>/dev/null && return
		sleep 0.2
	done
	exit 2
}
ask() { as "$1" --vault "$2" --json witness ask $url --key "$VKEY" \
	--insecure-http; }
is() { [ "$2" = "$3" ] && ok "$1" || not_ok "$1: not '$2' but '$3'"; }

person ada && person bob || exit 2
new_vault ada home || exit 2
as ada --vault home case new C >/dev/null
as ada --vault home witness keys >keys || exit 2
is "a key for each log" 1 "$(wc -l <keys)"

status "no witness there" 2 ask ada home
is "it says so" 1 "$(jq -r '.[0].error' out | grep -c "$url: ")"
witness_up
status "a witness that does not know the log" 2 ask ada home
is "it says so" "the witness does not know this log" "$(jq -r '.[0].error' out)"
is "and what to do" "muniment witness keys prints the keys for whoever runs it" \
	"$(jq -r '.[0].hint' out)"
add_log() { # add_log KEYS: its operator takes the logs in
	while read -r k; do
		witnessctl add-log -db w.db -origin "${k%%+*}" >/dev/null 2>&1
		witnessctl add-key -db w.db -origin "${k%%+*}" -key "$k" \
			>/dev/null 2>&1
	done <"$1"
}
add_log keys
newest=$(as ada --vault home --json witness keys | jq '.[0].size')
status "a first checkpoint is accepted" 0 ask ada home
is "the newest" "$newest" "$(jq '.[0].size' out)"
status "asked again: nothing new" 0 ask ada home
is "nothing is sent" true "$(jq '.[0].nothing' out)"
for i in 1 2 3 4 5; do
	echo "$i" >f$i.txt
	as ada --vault home add f$i.txt --case C >/dev/null
	status "consistent from what it had: $i" 0 ask ada home
	is "a cosignature: $i" true "$(jq '.[0].since != null' out)"
done
status "a vault with them verifies" 0 as ada --vault home verify
grep -q "seen by $NAME (not a member" out && ok "verify names the witness" ||
	not_ok "verify does not name it: $(cat out)"
item=$(as ada --vault home --json list | jq -r '.[] |
	select(.file.name == "f3.txt") | .item')
status "custody" 0 as ada --vault home custody "$item"
grep -q "seen by $NAME since 20.* (their clock); not a member: as ada" out &&
	ok "custody names it, and who recorded it" || not_ok "custody: $(cat out)"

# Bob has a copy; what he has of the witness came with it.
as ada --vault home member add bob.card --case C --role author
as ada --vault home carry -o 1.carry --to bob.card --case C
as bob --vault bobs receive 1.carry >/dev/null 2>&1
cp -R home old
status "before the witness knows the new log" 2 ask bob bobs
is "the old log is cosigned all the same" 1 \
	"$(jq '[.[] | select(.since)] | length' out)"
as bob --vault bobs witness keys >keys
is "two logs" 2 "$(wc -l <keys)"
add_log keys
status "both logs" 0 ask bob bobs
is "the witness' own line verifies for both" 2 \
	"$(as bob --vault bobs --json verify |
	jq '.witnesses[] | select(.key) | .devices')"

# Another reader, from FORMAT.md alone, finds the same cosignatures.
AGE_PASSPHRASE='pass bob' age -d -j batchpass -o bob.txt bob.age 2>/dev/null
check "a second reader reads them" sh -c 'python3 "$0" list --json \
	-i bob.txt bobs >read.json' "$TOP/tests/interop/reader.py"
is "and checks those of the witness" \
	"$(as bob --vault bobs --json verify | jq -c '[.witnesses[] |
	select(.key) | .batches, .newest]')" \
	"$(jq -c --arg by "$NAME" '[.cosignatures[] | select(.by == $by)] |
	[(group_by(.device) | map(map(.size) | max) | add),
	(map(.time) | max | todate)]' read.json)"

# What it had from elsewhere: 409 names the size, and the proof starts there.
echo new >f6.txt
as ada --vault home add f6.txt --case C >/dev/null
status "its size is other than we remember" 0 ask ada home
# A copy from before, with the same device key: rolled back, then forked.
status "a rolled-back copy: it has seen more" 1 ask ada old
grep -q "a rollback" out && ok "a rollback, it says" || not_ok "$(cat out)"
while [ "$(as ada --vault old --json witness keys | jq '.[0].size')" -lt \
	"$(as ada --vault home --json witness keys | jq '.[0].size')" ]; do
	date +%N >f.txt
	as ada --vault old add f.txt --again --case C >/dev/null || exit 2
done
date +%N >f.txt
as ada --vault old add f.txt --again --case C >/dev/null
status "a fork is refused" 1 ask ada old
grep -q "another history of this log: a fork" out && ok "a fork, it says" ||
	not_ok "$(cat out)"

# Another key than the one that was named.
VKEY=$(echo "$VKEY" | sed 's/w1/w2/')
status "a key whose id is not its own" 2 ask ada home
says "it says so" "not the verifier key of a witness"
finish
