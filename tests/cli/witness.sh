#!/bin/sh
# Cosignatures over carry files: two, then three people; who has seen what and
# since when; exchanges come to rest; a fork is noticed by what was cosigned;
# the times stand inside encryption only. What is forged: unit/test_witness.
. "$(dirname "$0")/lib.sh"

is() { [ "$2" = "$3" ] && ok "$1" || not_ok "$1: not '$2' but '$3'"; }
# org_person NAME ORG
org_person() {
	"$MUNIMENT" --quiet --identity "$1.age" --passphrase-fd 3 id new \
		--name "$1" --org "$2" --work-factor 10 3<<P 2>/dev/null || return 1
pass $1
P
	as "$1" id card -o "$1.card"
}
at() { w=$1; shift; as "$w" --vault "of-$w" "$@"; } # at WHO COMMAND...
# send FROM TO [OPTION]: a carry file from one to the other; its result in out
N=0
send() {
	N=$((N + 1))
	at "$1" carry -o $N.carry --to "$2.card" 2>send.err &&
		at "$2" --json receive $N.carry $3 >out 2>send.err ||
		{ not_ok "from $1 to $2: $(cat send.err)"; return 1; }
}
cosigned() { jq .cosigned out; }
sees() { # sees WHO FILE: who has seen that item, as WHO shows it
	at "$1" --json show "$(at "$1" --json list |
		jq -r --arg f "$2" '.[] | select(.file.name == $f) | .item')" |
		jq -r '.current_versions[0].seen_by | map(.name) | join(" ")'
}

org_person ada "" && org_person bob "House of Law" &&
	org_person eve "House of Law" || exit 2
new_vault ada of-ada || exit 2
at ada case new C >/dev/null
echo first >first.txt
at ada add first.txt --case C >/dev/null
at ada member add bob.card eve.card --case C --role author
is "nobody has seen it yet" "" "$(sees ada first.txt)"
newest=$(at ada --json verify | jq .batches)
is "verify counts what nobody has seen" "$newest" \
	"$(at ada --json verify | jq .unwitnessed)"

before=$(date +%s)
send ada bob
is "Bob cosigns Ada's log" 1 "$(cosigned)"
is "Bob has seen it" bob "$(sees bob first.txt)"
is "Ada does not know that yet" "" "$(sees ada first.txt)"
send bob ada
after=$(date +%s)
is "Ada cosigns Bob's" 1 "$(cosigned)"
is "now she knows" bob "$(sees ada first.txt)"
item=$(at ada --json list | jq -r '.[0].item')
since=$(at ada --json show "$item" |
	jq -r '.current_versions[0].seen_by[0].since')
t=$(date -d "$since" +%s)
[ "$t" -ge "$before" ] && [ "$t" -le "$after" ] &&
	ok "since when he received it" || not_ok "since: $since"
at ada show "$item" >shown
grep -qxF "  seen by bob (House of Law) since $since (their clock)" shown &&
	ok "show says it" || not_ok "show: $(cat shown)"
at ada custody "$item" >shown
grep -qxF "    seen by bob (House of Law) since $since (their clock)" shown &&
	ok "custody says it" || not_ok "custody: $(cat shown)"
at ada verify >shown
grep -q " batches of 1 devices seen by bob (House of Law), last $since" shown &&
	ok "verify says it" || not_ok "verify: $(cat shown)"
is "her own device is no witness of itself" 0 \
	"$(at ada --json show "$item" | jq '[.current_versions[0].seen_by[] |
	select(.name == "ada")] | length')"

# What came later is not covered by what was cosigned before.
echo second >second.txt
at ada add second.txt --case C >/dev/null
is "a later item is not seen yet" "" "$(sees ada second.txt)"
is "the earlier one is" bob "$(sees ada first.txt)"
send ada eve --no-witness
is "--no-witness: Eve cosigns nothing" 0 "$(cosigned)"
send ada eve
is "later she does" 2 "$(cosigned)"
send eve bob
is "by way of Bob: both have seen the first" "bob eve" "$(sees bob first.txt)"
is "and the second" "bob eve" "$(sees bob second.txt | tr ' ' '\n' | sort |
	tr '\n' ' ' | sed 's/ $//')"
send bob ada
is "who saw what, by way of Eve and Bob" "bob eve" "$(sees ada second.txt |
	tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/ $//')"
status "Ada's vault verifies" 0 at ada verify
status "Bob's vault verifies" 0 at bob verify
is "no cosignature was refused" 0 \
	"$(at ada --json verify | jq '[.findings[] | select(.level != "note")] |
	length')"

# Every carry file is news (`carry` notes itself), but no more than that.
rounds=0
for i in 1 2 3 4; do
	send ada bob && [ "$(cosigned)" = 1 ] && rounds=$((rounds + 1))
	send bob ada && [ "$(cosigned)" = 1 ] && rounds=$((rounds + 1))
done
is "each carry is news, and cosigned once" 8 "$rounds"
cp 1.carry again.carry
at bob receive again.carry >/dev/null 2>&1
at bob receive again.carry >/dev/null 2>&1
is "the same file again: nothing is written" "$(at bob --json verify |
	jq .batches)" "$(at bob receive again.carry >/dev/null 2>&1
	at bob --json verify | jq .batches)"
received=$(at bob custody "$item" | grep -c ' received .* bob')
is "received is said where records came, not for every file" 2 "$received"

# Synced folders come to rest: nobody answers an answer.
at ada remote add bob "$W/of-bob" >/dev/null
at bob remote add ada "$W/of-ada" >/dev/null
heads() {
	for w in ada bob; do
		git --git-dir=of-$w for-each-ref --format='%(objectname)'
	done
}
echo third >third.txt
at ada add third.txt --case C >/dev/null
for i in 1 2; do
	at ada sync bob >/dev/null 2>&1
	at bob sync ada >/dev/null 2>&1
done
is "a synced item is seen" bob "$(sees ada third.txt)"
heads >heads.1
for i in 1 2; do
	at ada sync bob >/dev/null 2>&1
	at bob sync ada >/dev/null 2>&1
done
heads >heads.2
check "further syncs write nothing" cmp heads.1 heads.2

# A witness who reads nothing.
org_person wit "Watch" || exit 2
at ada member add wit.card --role witness
send ada wit
[ "$(cosigned)" -ge 2 ] && ok "a witness without a case cosigns" ||
	not_ok "a witness without a case: $(cat out)"
send wit ada
is "and is shown" "bob eve wit" "$(sees ada second.txt | tr ' ' '\n' | sort |
	tr '\n' ' ' | sed 's/ $//')"

# A fork: Ada's vault from before, going on by itself. Eve has cosigned the
# one side, Bob gets the other; when they meet, it is named.
cp -R of-ada other-side
echo one >one.txt
at ada add one.txt --case C >/dev/null
send ada eve
echo two >two.txt
as ada --vault other-side add two.txt --case C >/dev/null
as ada --vault other-side carry -o fork.carry --to bob.card
at bob receive fork.carry >/dev/null 2>&1
at eve carry -o eve.carry --to bob.card
status "the two sides meet" 1 at bob receive eve.carry
status "Bob's vault says so" 1 at bob verify
n=$(at bob --json verify 2>/dev/null | jq '[.witnesses[] |
	select(.name == "eve")] | length')
is "what Eve has cosigned is still shown" 1 "$n"

# Times: inside encryption only.
cat >times.py <<'PY'
"""Is one of these times in clear in a folder's files, or in what git unpacks?"""
import os, subprocess, sys
times = [int(t) for t in open(sys.argv[1]).read().split()]
needles = [b"cosignature", b"/seat/"]
for t in times:
    needles += [b"%d" % t, t.to_bytes(8, "big")]
    needles += [subprocess.run(["date", "-u", "-d", "@%d" % t, "+" + f],
                               capture_output=True).stdout.strip()
                for f in ("%Y-%m-%dT%H:%M", "%s")]
def blobs(top):
    for d, _, names in os.walk(top):
        if "/local" in d:
            continue
        for n in names:
            with open(os.path.join(d, n), "rb") as f:
                yield n, f.read()
    if os.path.exists(os.path.join(top, "HEAD")):
        run = ["git", "-C", top, "cat-file", "--batch", "--batch-all-objects"]
        yield "git", subprocess.run(run, capture_output=True).stdout
found = sorted({(n, x) for top in sys.argv[2:] for n, b in blobs(top)
                for x in needles if x in b})
print(len(times), "times;", found[:5])
sys.exit(bool(found) or not times)
PY
at ada --json verify 2>/dev/null | jq -r '.witnesses[].newest' >iso
at ada --json custody "$item" 2>/dev/null |
	jq -r '.[].seen_by[].since' >>iso
sort -u iso | while read -r l; do date -d "$l" +%s; done >times
[ "$(wc -l <times)" -ge 3 ] && ok "there are times" || not_ok "times: $(cat times)"
check "no time of a cosignature is in clear" \
	python3 times.py times of-ada of-bob
mkdir shown.d && at ada --json custody "$item" >shown.d/custody 2>/dev/null
python3 times.py times shown.d >/dev/null &&
	not_ok "the search finds nothing at all" || ok "the search finds times"
finish
