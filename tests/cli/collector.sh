#!/bin/sh
# A collector: kit, field machine, carry, confirmation; kits that were tampered
# with; a second device from one kit; interruptions.
. "$(dirname "$0")/lib.sh"

office() { as office --vault home "$@"; }
partner() { as partner --vault abroad "$@"; }
# field WORD...: a command of the collector's machine, with its passphrase
field() {
	"$MUNIMENT" --quiet --passphrase-fd 3 collector "$@" 3<<P
pass of the field
P
}
# value FILE EXPRESSION: of the JSON document d in FILE
value() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$@"
}
# is NAME WANT GOT
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else
		not_ok "$1: not '$2' but '$3'"
	fi
}
# items WHO: how many items that person sees
items() { "$1" --json list >j && value j "len(d)"; }

for p in office partner; do person $p || exit 2; done
new_vault office home || exit 2
office case new "Spring of Zeugma" >/dev/null
office case new "Autumn" >/dev/null
office member add partner.card --case "Spring of Zeugma" --role reader
mkdir in
cp -R "$TOP/tests/samples/case-A" in/
chmod -R u+w in
head -c 40000000 /dev/urandom >in/long.mp4 # several segments
printf 'a small one\n' >single.txt
files=$(find in -type f | wc -l)

# The kit.
status "kit" 0 office collector kit --case "Spring of Zeugma" \
	--label "Nina Qzx" -o kit
words=$(cat out)
is "the kit has eight words" 8 "$(echo "$words" | wc -w)"
! grep -qiwE 'nina|qzx|office|zeugma|spring' kit && ok "the kit holds no name" ||
	not_ok "a name is in the kit"
sed -n 2,4p kit >vault.file
office --json verify >j
is "its vault's id" "$(value j "d['vault']")" "$(sha256sum <vault.file |
	cut -d' ' -f1)"
is "two public keys, and no secret one" 2 "$(grep -c ' age1pq1' kit)"
! grep -q SECRET kit && ok "no secret key" || not_ok "a secret key is in it"
status "a kit is never written over" 2 office collector kit \
	--case "Spring of Zeugma" -o kit
status "a kit for no case" 2 office collector kit --case Winter -o kit2
[ ! -e kit2 ] && ok "and no file is left" || not_ok "kit2 is there"
# its signature is one that OpenSSH reads
sed '/^-----BEGIN/,$d' kit >signed
sed -n '/^-----BEGIN/,$p' kit >signature
python3 - kit >signers <<'EOT2'
import base64, re, sys
d = re.search(r"^device d(\S+)", open(sys.argv[1]).read(), re.M).group(1)
key = base64.b32decode(d.upper() + "====")
blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + key
print("office ssh-ed25519", base64.b64encode(blob).decode())
EOT2
check "ssh-keygen verifies the kit" ssh-keygen -Y verify -f signers -I office \
	-n muniment-kit -s signature <signed
status "carry to the partner" 0 office carry -o first.carry --to partner.card
status "the partner receives" 0 partner receive first.carry
status "who is no admin makes no kit" 2 partner collector kit \
	--case "Spring of Zeugma" -o kit2

# Kits that were tampered with.
awk '/^seat/ { d = substr($2, 1, 1); $2 = (d == "0" ? "1" : "0") substr($2, 2) }
	{ print }' kit >bad
status "a changed kit" 1 field new nowhere --kit bad --work-factor 10
says "a changed kit: says so" "signature fails"
head -c 3000 kit >bad
status "half a kit" 1 field new nowhere --kit bad --work-factor 10
status "a card is no kit" 1 field new nowhere --kit partner.card \
	--work-factor 10
[ ! -e nowhere ] && ok "and nothing is left behind" || not_ok "a folder is left"
# the partner's key for the case's, signed by a device of the thief's own
ssh-keygen -q -t ed25519 -N '' -f thief
python3 - signed partner.card thief.pub >swapped <<'EOT2'
import base64, re, sys
kit, card, pub = (open(p).read() for p in sys.argv[1:])
key = base64.b64decode(pub.split()[1])[-32:]
name = "d" + base64.b32encode(key).decode().rstrip("=").lower()
kit = re.sub(r"(?m)^device .*", "device " + name, kit)
to = re.search(r"(?m)^recipient (\S+)", card).group(1)
sys.stdout.write(re.sub(r"(?m)^(case-epoch \S+) .*", r"\1 " + to, kit))
EOT2
ssh-keygen -q -Y sign -f thief -n muniment-kit <swapped >swapped.sig 2>/dev/null
cat swapped swapped.sig >swapped.kit
status "a swapped key, signed again: the form is right" 0 field --json new away \
	--kit swapped.kit --work-factor 10
[ "$(value out "d['words']")" != "$words" ] &&
	ok "but the words are not the office's" || not_ok "the same words"

# The field machine.
status "new" 0 field --json new laptop --kit kit --work-factor 10
is "its kit has the office's words" "$words" "$(value out "d['words']")"
device=$(value out "d['device']")
device_words=$(value out "d['device_words']")
status "new over another" 2 field new laptop --kit kit --work-factor 10
status "add" 0 field --json add laptop in single.txt --title "Qzx interview" \
	--field x_note="Qzx of the village"
is "all files were taken in" "{'added': $((files + 1)), 'failed': 0, 'known': 0, 'skipped': 0}" \
	"$(value out d)"
status "status needs no passphrase" 0 "$MUNIMENT" --json collector status laptop
is "status counts the items" $((files + 1)) "$(value out "d['items']")"
is "status counts their size" True "$(value out "4e7 < d['bytes'] < 5e7")"
is "status shows the device's words" "$device_words" \
	"$(value out "d['device_words']")"
status "a file that is not there" 2 field add laptop nofile
says "it is named" nofile
[ "$(items office)" = 0 ] && ok "nothing is at the office yet" ||
	not_ok "items from nowhere"
echo wrong >wrong
status "a wrong passphrase" 2 "$MUNIMENT" --passphrase-fd 3 collector add \
	laptop single.txt 3<wrong
status "not a collector's folder" 2 field add home single.txt
# nobody reads it there, the office's own identity not either
status "the office itself cannot open it there" 2 as office --vault laptop list
[ ! -s out ] && ok "and sees nothing" || not_ok "it lists: $(cat out)"

status "carry" 0 field carry laptop -o one.carry
status "carry never writes over a file" 2 field carry laptop -o one.carry
status "who is no member cannot receive it" 2 as partner --vault other \
	receive one.carry

# At the office: it waits.
status "receive" 0 office --json receive one.carry
is "one device waits" 1 "$(value out "d['unconfirmed']")"
is "no item yet" 0 "$(items office)"
status "verify is no alarm" 0 office verify
says "it says why" "its collector's device is not confirmed yet"
office --json collector list >list
is "the list shows who waits" "[False]" \
	"$(value list "[x['confirmed'] for x in d[0]['devices']]")"
is "with its label" "Nina Qzx" "$(value list "d[0]['label']")"
is "and its words" "$device_words" \
	"$(value list "d[0]['devices'][0]['device_words']")"
status "carry on to the partner" 0 office carry -o second.carry \
	--to partner.card
status "the partner receives it too" 0 partner --json receive second.carry
is "where it waits as well" "0 1 0" \
	"$(value out "'%d %d %d' % (d['strangers'], d['unconfirmed'], 0)")"
status "the partner cannot confirm" 2 partner collector confirm "$device"
status "too short a name" 2 office collector confirm d
status "a device that is not there" 2 office collector confirm d222222222

# Confirmed.
status "confirm" 0 office --json collector confirm "${device%????????????}"
is "the words of what was confirmed" "$device_words" \
	"$(value out "d['device_words']")"
status "confirm again" 2 office collector confirm "$device"
is "all items are there" $((files + 1)) "$(items office)"
status "get" 0 office get --case "Spring of Zeugma" -o got
check "the small one, byte for byte" cmp single.txt got/single.txt
rm -f got/single.txt
check "all others, byte for byte" diff -r in got
item=$(value j "d[0]['item']")
office --json custody "$item" >custody
is "custody says who collected it" "taken in by collector Nina Qzx" \
	"$(value custody "d[0]['action'] + ' by ' + d[0]['by']")"
is "and that the office received it" "['office']" \
	"$(value custody "[x['by'] for x in d if x['action'] == 'received']")"
office show "$item" >shown
grep -q "by collector Nina Qzx" shown && ok "show says it" ||
	not_ok "show: $(cat shown)"
status "verify" 0 office verify
office carry -o third.carry --to partner.card
status "the partner receives the confirmation" 0 partner receive third.carry
is "and sees the items" $((files + 1)) "$(items partner)"

# works_here: is one at work in this folder?
works_here() {
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/cwd" 2>/dev/null)" = "$(pwd -P)" ] &&
			tr '\0' ' ' <"$p/cmdline" 2>/dev/null |
			grep -q "collector add laptop" && return
	done
	return 1
}
# Later work is accepted at once; a command that was killed leaves nothing.
printf 'another\n' >another.txt
field add laptop another.txt
"$MUNIMENT" --quiet --passphrase-fd 3 collector add laptop in/long.mp4 3<<P &
pass of the field
P
pid=$!
n=0 # until its ciphertext is on the way
while [ $n -lt 200 ] && [ -z "$(find laptop/local/tmp -type f 2>/dev/null)" ] &&
	kill -0 $pid 2>/dev/null; do
	sleep 0.02
	n=$((n + 1))
done
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
n=0
while [ $n -lt 600 ] && works_here; do
	sleep 0.05
	n=$((n + 1))
done
[ $n -lt 600 ] && ok "killed: its child ends with it" ||
	not_ok "a child is left running"
status "the next one goes on" 0 field add laptop single.txt
"$MUNIMENT" --json collector status laptop >j
is "the killed one is in or out, whole" True \
	"$(value j "d['items'] in ($((files + 3)), $((files + 4)))")"
total=$(value j "d['items']")
status "carry again" 0 field carry laptop -o two.carry
status "receive again" 0 office --json receive two.carry
is "nobody waits" 0 "$(value out "d['unconfirmed']")"
is "accepted at once" "$total" "$(items office)"
status "an older carry file does no harm" 0 office receive one.carry
is "still the same" "$total" "$(items office)"

# Straight into a copy of the vault, or onto a stick: only what is new goes.
printf 'by sync\n' >synced.txt
field add laptop synced.txt
status "sync into the office's folder" 0 field --json sync laptop home
is "one batch went" 1 "$(value out "d['batches']")"
status "again" 0 field --json sync laptop home
is "nothing was new" 0 "$(value out "d['batches']")"
total=$((total + 1))
is "the office has it" "$total" "$(items office)"
mkdir stick
status "sync onto a stick" 0 field --json sync laptop stick
head -c 100000 /dev/urandom >synced.bin
field add laptop synced.bin
status "and what is new" 0 field --json sync laptop stick
is "one batch, one object" "1 1" \
	"$(value out "'%d %d' % (d['batches'], d['objects'])")"
is "two files, and their parity" "2 2" \
	"$(ls stick | grep -vc parity) $(ls stick | grep -c parity)"
office remote add stick stick >/dev/null
status "the office syncs with the stick" 0 office sync
total=$((total + 1))
is "and has it" "$total" "$(items office)"
status "a place that is not there" 2 field sync laptop nowhere/at/all
status "nothing was taken in on the way" 0 "$MUNIMENT" collector status laptop

# A second device from the same kit, without a passphrase.
status "a second device" 0 "$MUNIMENT" collector new copy --kit kit \
	--no-passphrase
says "it is warned" "without a passphrase"
printf 'slipped in\n' >slipped.txt
status "it adds" 0 "$MUNIMENT" --quiet collector add copy slipped.txt \
	</dev/null
status "it carries" 0 "$MUNIMENT" --quiet collector carry copy -o copy.carry \
	</dev/null
status "the office receives it" 0 office --json receive copy.carry
is "it waits by itself" 1 "$(value out "d['unconfirmed']")"
is "its item does not count" "$total" "$(items office)"
office --json collector list >list
is "one is confirmed, one waits" "[False, True]" \
	"$(value list "sorted(x['confirmed'] for x in d[0]['devices'])")"

# A kit in the wrong hands makes any number of devices: few of them may wait.
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do
	"$MUNIMENT" --quiet collector new many$i --kit kit --no-passphrase \
		>/dev/null 2>&1
	[ $i -eq 1 ] || cp many$i/objects/pack/* many1/objects/pack
	[ $i -eq 1 ] || cp many$i/refs/heads/* many1/refs/heads
done
status "seventeen devices in one file" 0 "$MUNIMENT" --quiet collector carry \
	many1 -o many.carry </dev/null
status "the office receives them" 0 office --json receive many.carry
is "sixteen wait at most, the others are left out" "16 2" \
	"$(value out "'%d %d' % (d['unconfirmed'], d['strangers'])")"

# A renewed case: old kits write on, to the old key, which members still hold.
status "renew the case" 0 office case renew "Spring of Zeugma"
printf 'with an old kit\n' >old.txt
field add laptop old.txt
field carry laptop -o three.carry
status "receive what an old kit wrote" 0 office receive three.carry
total=$((total + 1))
is "it is accepted" "$total" "$(items office)"
status "a new kit" 0 office collector kit --case "Spring of Zeugma" -o kit3
[ "$(grep ^case-epoch kit)" != "$(grep ^case-epoch kit3)" ] &&
	ok "writes to the new key" || not_ok "the same key in both kits"
office --json member list >list
is "members see collectors as such" "['Nina Qzx', None]" \
	"$(value list "sorted((x.get('name') for x in d if x.get('collector')),
		key=str)")"
office --json collector list >list

# The reader that was written from FORMAT.md alone says the same.
"$MUNIMENT" --passphrase-fd 3 open -o office.txt office.age 3<<P
pass office
P
status "the second reader" 0 python3 "$TOP/tests/interop/reader.py" list --json \
	-i office.txt home
is "lists the same items" "$total" "$(value out "len(d['items'])")"
is "and says what waits" True "$(value out "any('not confirmed' in x['why']
	for x in d['not_accepted'])")"

# What lies in local/ and was changed is noticed.
sed '/^# seat/y/0123456789abcdef/123456789abcdef0/' copy/local/collector >bad
cp copy/local/collector good
cp bad copy/local/collector
status "a changed kit in local/" 1 "$MUNIMENT" collector add copy slipped.txt
cp good copy/local/collector
cp laptop/local/device.age copy/local/device.age.other
mv copy/local/device.age device.age
mv copy/local/device.age.other copy/local/device.age
status "another machine's device key" 1 "$MUNIMENT" collector add copy \
	slipped.txt
mv device.age copy/local/device.age
cp laptop/local/collector.age copy/local
status "with a passphrase and without" 1 "$MUNIMENT" collector add copy \
	slipped.txt
rm copy/local/collector.age
status "as it was" 0 "$MUNIMENT" --quiet collector add copy slipped.txt

# Retired: what it had brought stays, what comes from a stolen laptop does not.
seat=$(value list "[x['seat'] for x in d if x.get('label')][0]")
status "retire the collector" 0 office member retire "$seat"
is "what was collected stays" "$total" "$(items office)"
printf 'after the theft\n' >stolen.txt
status "the stolen laptop writes on" 0 field add laptop stolen.txt
field carry laptop -o stolen.carry
status "the office receives it" 0 office receive stolen.carry
is "it does not count" "$total" "$(items office)"
office verify 2>err >/dev/null
says "verify says why" "cut"
office --json collector list >list
is "the list shows it retired" True "$(value list "[x['retired'] for x in d if x.get('label')][0]")"

# Written with the swapped key: the office can check it and read nothing.
printf 'for the thief\n' >lost.txt
status "what a swapped kit writes" 0 field add away lost.txt
field carry away -o away.carry
office receive away.carry >/dev/null 2>&1
is "counts for nothing" "$total" "$(items office)"
finish
