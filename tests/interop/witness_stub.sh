#!/bin/sh
# A witness in Python, from C2SP's pages and RFC 6962 alone, takes what we send;
# and what bad witnesses answer changes nothing in the vault.
. "$(dirname "$0")/../cli/lib.sh"

STUB=
trap 'kill $STUB 2>/dev/null; rm -rf "$W"' EXIT
is() { [ "$2" = "$3" ] && ok "$1" || not_ok "$1: not '$2' but '$3'"; }
head -c 32 /dev/urandom >seed
python3 -B "$TOP/tests/interop/witness_stub.py" seed witness.example/py port &
STUB=$!
for i in $(seq 300); do
	[ -s port ] && break
	sleep 0.2
done
read -r port VKEY <port || exit 2
ask() { as ada --vault home --json witness ask "http://127.0.0.1:$port/$1" \
	--key "$VKEY" --insecure-http; }
batches() { as ada --vault home --json witness keys | jq '.[0].size'; }

person ada || exit 2
new_vault ada home || exit 2
as ada --vault home case new C >/dev/null

was=$(batches)
bad() { # bad MODE STATUS TEXT
	status "$1" "$2" ask "$1"
	jq -r '.[0].error' out | grep -qF -- "$3" && ok "$1: it says so" ||
		not_ok "$1: does not say '$3': $(cat out err)"
}
none="its answer is no cosignature by the key that was named"
bad otherkey 2 "$none"
bad othername 2 "$none"
bad othernote 2 "$none"
bad zero 2 "$none"
bad year10000 2 "$none"
bad garbage 2 "$none"
bad empty 2 "$none"
bad loop 2 "HTTP status 409"
bad nosize 2 "HTTP status 409"
bad broken 2 "HTTP status 500"
bad away 2 "HTTP status 302"
bad big 2 "answers too much"
bad ahead 1 "the witness has seen 99999 batches"
bad other 1 "another history of this log"
is "after all that the vault is as it was" "$was" "$(batches)"
is "a redirect is not followed" 0 "$(grep -c '^/good' requests)"
grep -qiE 'cookie|user-agent|authorization' requests &&
	not_ok "it says who it is: $(cat requests)" ||
	ok "no header says who asks"

for u in "http://127.0.0.1:$port" "https://u:p@127.0.0.1:$port" \
	"http://localhost:$port --insecure-http" "ftp://127.0.0.1/" \
	"http://10.0.0.1/ --insecure-http" "nonsense:" \
	"https://127.0.0.1:$port/?x"; do
	# shellcheck disable=SC2086
	set -- $u
	o=$2
	status "not asked: $u" 2 as ada --vault home witness ask "$1" \
		--key "$VKEY" $o
done
status "its certificate is checked" 2 as ada --vault home --json witness ask \
	"https://127.0.0.1:$port/good" --key "$VKEY"
is "nothing was sent there" 0 "$(grep -c '^/good' requests)"

status "a good one" 0 ask good
is "keeps it" $((was + 1)) "$(batches)"
for i in 1 2 3 4 5 6 7; do
	echo $i >f$i.txt
	as ada --vault home add f$i.txt --case C >/dev/null
	status "a proof that it checks: $i" 0 ask $([ $i = 3 ] && echo many ||
		echo good)
	is "it cosigned: $i" true "$(jq '.[0].since != null' out)"
done
is "each proof was accepted" 8 "$(wc -l <accepted)"
grep -q ' [1-9]$' accepted && ok "there were proofs" ||
	not_ok "no proofs: $(cat accepted)"
status "the vault verifies" 0 as ada --vault home verify
finish
