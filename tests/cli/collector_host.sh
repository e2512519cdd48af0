#!/bin/sh
# A collector's machine and a git host: it sends, and takes nothing in. The
# office pulls from there.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/host/lib.sh"

office() { as office --vault home "$@"; }
field() { "$MUNIMENT" --quiet collector "$@" </dev/null; }
value() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$@"
}
items() { office --json list >j && value j "len(d)"; }

person office || exit 2
new_vault office home || exit 2
office case new Case >/dev/null
office collector kit --case Case --label Nina -o kit >/dev/null
field new laptop --kit kit --no-passphrase >/dev/null 2>&1
head -c 300000 /dev/urandom >one.bin
printf 'two\n' >two.txt
certificates
password
new_repo v
start_https

# The office has been there before: the collector needs nothing of that.
office remote add host "$HTTPS" >/dev/null
status "the office syncs first" 0 office sync
field add laptop one.bin two.txt
before=$(find laptop -type f | sort)
status "the collector syncs" 0 field --json sync laptop "$HTTPS"
is "two batches and an object went" "2 1" \
	"$(value out "'%d %d' % (d['batches'], d['objects'])")"
is "nothing came, and nothing is remembered" "$before" \
	"$(find laptop -type f | sort)"
status "again" 0 field --json sync laptop "$HTTPS"
is "nothing goes twice" "0 0" \
	"$(value out "'%d %d' % (d['batches'], d['objects'])")"
is "no object was put twice" 1 "$(ls "$HOST/lfs/v" | wc -l)"
status "the office pulls" 0 office sync
device=$(office --json collector list |
	sed -n 's/.*"device": "\(.*\)".*/\1/p')
is "which waits" 0 "$(items)"
status "confirm" 0 office collector confirm "$device"
is "and counts" 2 "$(items)"
status "get" 0 office get --case Case -o got
check "byte for byte" cmp one.bin got/one.bin

# A host that fails.
head -c 200000 /dev/urandom >three.bin
field add laptop three.bin
kill "$HTTPS_PID"
wait "$HTTPS_PID" 2>/dev/null
status "a host that is down" 2 field sync laptop "$HTTPS" --timeout 2
status "status is as before" 0 "$MUNIMENT" --json collector status laptop
is "nothing is lost" 3 "$(value out "d['items']")"
start_https
status "when it is up again" 0 field --json sync laptop "$HTTPS"
is "the rest goes" "1 1" \
	"$(value out "'%d %d' % (d['batches'], d['objects'])")"
# an object that the host has lost
rm "$HOST/lfs/v/"*
status "a host that has lost its objects" 0 field --json sync laptop "$HTTPS"
is "gets them again" "0 2" \
	"$(value out "'%d %d' % (d['batches'], d['objects'])")"
status "no password, no helper" 2 env HOME="$W/nobody" GIT_SSL_CAINFO="$W/ca.pem" \
	"$MUNIMENT" --quiet collector sync laptop "$HTTPS" </dev/null
finish
