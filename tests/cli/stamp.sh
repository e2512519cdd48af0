#!/bin/sh
# Time stamps: asked for, taken in, renewed over fifteen years; what is not
# right is refused with the reason and nothing is written. The authority is
# made with openssl, and openssl is the referee of what we write; faketime is
# the calendar. Each fault of a token by itself: unit/test_timestamp.
. "$(dirname "$0")/lib.sh"
for p in faketime openssl jq python3; do
	command -v $p >/dev/null || { skip "time stamps" "no $p"; exit 0; }
done
AT="2026-12-01 12:00:00"
export AT
. "$TOP/tests/cli/tsa.inc"
export MUNIMENT_REAL="$MUNIMENT"
cat >"$W/muniment" <<'E'
#!/bin/sh
exec faketime "$AT" "$MUNIMENT_REAL" "$@"
E
chmod +x "$W/muniment"
MUNIMENT=$W/muniment

is() { [ "$2" = "$3" ] && ok "$1" || not_ok "$1: not '$2' but '$3'"; }
at() { w=$1; shift; as "$w" --vault "of-$w" "$@"; } # at WHO COMMAND...
heads() { git --git-dir="of-$1" for-each-ref --format='%(objectname)'; }
has() { grep -qF -- "$2" out && ok "$1" || {
	not_ok "$1: does not say: $2"
	sed 's/^/    /' out
}; }
# shown WHO: the first item; what its show says of stamps
shown() {
	at "$1" show "$(at "$1" --json list | jq -r '.[0].item')" |
		sed -n 's/^ *\(no [a-z]* than .*\)/\1/p'
}
# refused NAME WHO STATUS TEXT ARGUMENT...: not taken in, for this reason
refused() {
	n=$1 who=$2 want=$3 text=$4
	shift 4
	heads "$who" >before
	status "refused: $n" "$want" at "$who" stamp --import "$@"
	cat err >>out
	has "$n: says so" "$text"
	heads "$who" >after
	cmp -s before after && ok "$n: nothing is written" ||
		not_ok "$n: something was written"
}

tsa_ca root 30 && tsa_ca ica 12 root && tsa_unit unit ica 2 &&
	tsa_unit other ica 2 || { cat "$TSA/log"; exit 2; }
person ada && person bob || exit 2
new_vault ada of-ada || exit 2
at ada case new C >/dev/null
echo first >first.txt
at ada add first.txt --case C >/dev/null
at ada member add bob.card --case C --role author
at ada carry -o 1.carry --to bob.card && at bob receive 1.carry >/dev/null 2>&1

# -- asking --
AT="2026-12-02 12:00:00"
status "a request is written" 0 at ada stamp -o one.tsq
has "with the line for a connected machine" \
	"curl -sS -H 'Content-Type: application/timestamp-query' --data-binary @one.tsq -o reply.tsr ADDRESS"
openssl ts -query -in one.tsq -text >query 2>&1
grep -q '^Hash Algorithm: sha256' query &&
	grep -q '^Certificate required: yes' query &&
	ok "openssl reads it" || not_ok "openssl: $(cat query)"
heads ada >before
status "asked again: the same" 0 at ada stamp -o same.tsq
heads ada >after
check "the same request" cmp one.tsq same.tsq
check "and nothing new in the vault" cmp before after
status "a name that is taken is not written over" 2 at ada stamp -o one.tsq
is "list says what is asked for" 1 \
	"$(at ada --json stamp list | jq '.pending | length')"
[ "$(at ada --json stamp list | jq .unstamped)" -gt 0 ] &&
	ok "and what is not stamped" || not_ok "nothing is unstamped"
grep -q first one.tsq && not_ok "the request holds a name" ||
	ok "the request is an imprint, no more"

# -- the root --
tsa_reply unit one.tsq one.tsr || cat "$TSA/log"
refused "a reply under no root of ours" ada 2 "no root that is trusted" one.tsr
status "a certificate between is no root" 2 \
	at ada stamp root add "$TSA/ica/cert.pem"
says "it says why" "not signed by itself"
status "nor is a text" 2 at ada stamp root add first.txt
status "who is no admin adds none" 2 \
	at bob stamp root add "$TSA/root/cert.pem"
says "it says so" "only an admin"
status "Ada, an admin, does" 0 at ada stamp root add "$TSA/root/cert.pem"
fingerprint=$(openssl x509 -in "$TSA/root/cert.pem" -noout -fingerprint -sha256 |
	sed 's/.*=//; s/://g' | tr A-F a-f)
has "with its fingerprint" "$fingerprint"
heads ada >before
status "twice does no harm" 0 at ada stamp root add "$TSA/root/cert.pem"
heads ada >after
check "and writes nothing" cmp before after
is "it is listed" "$fingerprint" \
	"$(at ada --json stamp root list | jq -r '.[].sha256')"

# -- what is wrong --
head -c 1000 one.tsr >half.tsr
refused "half a reply" ada 1 "not a time stamp reply" half.tsr
{ cat one.tsr; printf x; } >more.tsr
refused "a byte behind it" ada 1 "bytes behind" more.tsr
refused "another file" ada 1 "not a time stamp reply" first.txt
python3 - one.tsr forged.tsr <<'P'
import sys
b = bytearray(open(sys.argv[1], "rb").read())
b[-3] ^= 1
open(sys.argv[2], "wb").write(b)
P
refused "a forged signature" ada 1 "forged or damaged" forged.tsr
python3 - one.tsr later.tsr <<'P'
import sys
b = open(sys.argv[1], "rb").read()
assert b.count(b"20261202120000Z") >= 1
open(sys.argv[2], "wb").write(b.replace(b"20261202120000Z", b"20251202120000Z"))
P
refused "an earlier time put in" ada 1 "forged or damaged" later.tsr
for md in sha1 md5; do
	tsa_ssl ts -query -data first.txt -$md -cert -out $md.tsq
	tsa_reply unit $md.tsq $md.tsr
	refused "an imprint by $md" ada 1 "only SHA-256, SHA-384 and SHA-512" \
		$md.tsr
done
tsa_ssl ts -query -data first.txt -sha256 -cert -out wrong.tsq
tsa_reply unit wrong.tsq wrong.tsr
refused "a stamp of something else" ada 1 "answers no request" wrong.tsr
tsa_ssl ts -query -data first.txt -sha256 -tspolicy 1.2.3.9 -out no.tsq
tsa_reply unit no.tsq no.tsr
refused "one that was not granted" ada 1 "has not granted" no.tsr
tsa_ca liar 20 && tsa_unit false liar 2
tsa_reply false one.tsq false.tsr
refused "another authority of the same name" ada 2 "no root" false.tsr
tsa_unit mail ica 2 mail_ext
tsa_unit loose ica 2 loose_ext
tsa_unit weak ica 2 tsa_ext rsa1024
tsa_unit old ica 2 tsa_ext ec sha1
cp one.tsr base.tsr
tsa_resign base.tsr mail.tsr mail || cat "$TSA/log"
refused "signed with a certificate for mail" ada 1 "not one for time stamps" \
	mail.tsr
tsa_resign base.tsr loose.tsr loose
refused "one whose purpose is not critical" ada 1 "not one for time stamps" \
	loose.tsr
tsa_resign base.tsr weak.tsr weak
refused "a key of 1024 bits" ada 1 "112 bits" weak.tsr
tsa_resign base.tsr old.tsr old
refused "a certificate signed by way of SHA-1" ada 1 "SHA-1" old.tsr
tsa_resign base.tsr sha1.tsr unit -md sha1
refused "signed by way of SHA-1" ada 1 "weak hash" sha1.tsr
tsa_resign base.tsr two.tsr unit -signer "$TSA/other/cert.pem" \
	-inkey "$TSA/other/key.pem"
refused "two signatures" ada 1 "exactly one signature" two.tsr
tsa_resign base.tsr again.tsr other
check "signed anew by a right authority: openssl takes it" openssl ts -verify \
	-queryfile one.tsq -in again.tsr -CAfile "$TSA/root/cert.pem" \
	-attime "$(date -d "$AT" +%s)"
head -c 300000 /dev/zero >huge.tsr
refused "a huge file" ada 2 "" huge.tsr
AT="2030-12-02 12:00:00"
refused "one that has expired" ada 1 "has expired" one.tsr
AT="2026-12-02 12:00:00"
is "after all that nothing is stamped" 0 \
	"$(at ada --json stamp list | jq '.stamps | length')"

# -- taking in --
status "the right one is taken in" 0 at ada stamp --import one.tsr
has "without a list it says what was not checked" \
	"revocation could not be checked"
check "openssl takes it too" openssl ts -verify -queryfile one.tsq -in one.tsr \
	-CAfile "$TSA/root/cert.pem" -attime "$(date -d "$AT" +%s)"
heads ada >before
status "twice does no harm" 0 at ada stamp --import one.tsr
has "and is said" "here already"
heads ada >after
check "and writes nothing" cmp before after
tsa_crl ica ica.crl && tsa_crl root root.crl
status "with lists" 0 at ada stamp --import one.tsr --crl ica.crl --crl root.crl
has "it says as of when" "not revoked as of 2026-12-02T12:00:00Z"
is "show: no later than" \
	"no later than 2026-12-02T12:00:00Z (time stamp by O=Test,CN=unit)" \
	"$(shown ada)"
at ada show "$(at ada --json list | jq -r '.[0].item')" >show
grep -q "taken in 2026-12-01.* (this device's clock; a claim)" show &&
	grep -q "modified .* (the source file's own time)" show &&
	ok "each time is named for what it is" || not_ok "show: $(cat show)"
at ada custody "$(at ada --json list | jq -r '.[0].item')" >out
has "custody says it" "no later than 2026-12-02T12:00:00Z"
status "verify" 0 at ada verify
has "verify says it" "from 2026-12-02T12:00:00Z to 2026-12-02T12:00:00Z"
has "all is stamped" " 0  batches that are not stamped yet"
status "nothing more to ask for" 0 at ada stamp -o none.tsq
has "it says so" "nothing to ask for"
[ -e none.tsq ] && not_ok "a request for nothing" || ok "and writes no file"
check "blind verify needs no clock" "$MUNIMENT" --vault of-ada verify --blind

# -- several requests; later items; a second authority; no earlier than --
status "--all asks all the same" 0 at ada stamp --all -o two.tsq
echo second >second.txt
at ada add second.txt --case C >/dev/null
is "a later item is not stamped" "" "$(at ada show "$(at ada --json list |
	jq -r '.[] | select(.file.name == "second.txt") | .item')" |
	grep 'no later')"
at ada show "$(at ada --json list | jq -r '.[] |
	select(.file.name == "second.txt") | .item')" >out
has "but no earlier than the stamp before it" \
	"no earlier than 2026-12-02T12:00:00Z (time stamp by O=Test,CN=unit, in this log before it)"
status "asked for again" 0 at ada stamp -o three.tsq
cmp -s two.tsq three.tsq && not_ok "the same request for more" ||
	ok "is another request"
AT="2026-12-03 12:00:00"
tsa_reply unit three.tsq three.tsr
tsa_reply other two.tsq two.tsr
status "replies in any order, one of them bad" 1 at ada stamp --import \
	three.tsr half.tsr two.tsr one.tsr
has "the bad one is named" "half.tsr: refused"
is "each right one is kept" 4 "$(at ada --json stamp list | jq '.stamps |
	length')"
is "by two authorities" "O=Test,CN=other O=Test,CN=unit" \
	"$(at ada --json stamp list | jq -r '[.stamps[].authority] | unique |
	join(" ")')"
is "nothing waits" 0 "$(at ada --json stamp list | jq '.pending | length')"

# -- a root that is taken back --
cp -R of-ada of-back
back() { as ada --vault of-back "$@"; }
status "which root?" 2 back stamp root remove 0123456789
status "a root is taken back" 0 back stamp root remove \
	"$(echo "$fingerprint" | cut -c1-16)"
has "that is said" "do not count any more"
back show "$(back --json list | jq -r '.[0].item')" >out
grep -q "no later than" out && not_ok "stamps under it still count" ||
	ok "stamps under it count no more"
status "it is added again" 0 back stamp root add "$TSA/root/cert.pem"
back show "$(back --json list | jq -r '.[0].item')" >out
has "and they count" "no later than 2026-12-02T12:00:00Z"

# -- two members: a union --
AT="2026-12-04 12:00:00"
echo third >third.txt
at ada add third.txt --case C >/dev/null
at ada stamp -o four.tsq >/dev/null
at ada carry -o 2.carry --to bob.card && at bob receive 2.carry >/dev/null 2>&1
is "Bob's vault shows the same" "$(shown ada)" "$(shown bob)"
tsa_reply unit four.tsq four.tsr
status "Bob takes in what Ada asked for" 0 at bob stamp --import four.tsr
status "Ada does, too" 0 at ada stamp --import four.tsr
at bob carry -o 3.carry --to ada.card && at ada receive 3.carry >/dev/null 2>&1
third=$(at ada --json list | jq -r '.[] | select(.file.name == "third.txt") |
	.item')
is "together it is one stamp" "O=Test,CN=unit" \
	"$(at ada --json show "$third" |
	jq -r '[.current_versions[0].stamped[].authority] | join(" ")')"
status "Ada's vault verifies" 0 at ada verify
status "Bob's vault verifies" 0 at bob verify
is "no stamp was refused" 0 "$(at ada --json verify |
	jq '[.findings[] | select(.level != "note")] | length')"

# -- five years: renewed in time, or not --
cp -R of-ada of-late
late() { as ada --vault of-late "$@"; }
AT="2028-06-01 12:00:00"
[ "$(at ada --json stamp list | jq .ageing)" -gt 0 ] &&
	ok "half a year before its end it is ageing" || not_ok "nothing ages"
is "within one month nothing is" 0 \
	"$(at ada --json stamp list --within 1 | jq .ageing)"
tsa_unit unit2 ica 5 || cat "$TSA/log"
status "a renewal is asked for" 0 at ada stamp --renew -o r1.tsq
openssl ts -query -in r1.tsq -text 2>/dev/null |
	grep -q '^Hash Algorithm: sha512' && ok "by SHA-512" || not_ok "no SHA-512"
heads ada >before
at ada stamp --renew -o r1b.tsq >/dev/null
heads ada >after
check "asked again: the same" cmp r1.tsq r1b.tsq
check "and nothing new in the vault" cmp before after
tsa_reply unit2 r1.tsq r1.tsr
tsa_crl ica ica2.crl && tsa_crl root root2.crl
status "it is taken in" 0 at ada stamp --import r1.tsr --crl ica2.crl \
	--crl root2.crl
status "nothing ages any more" 0 at ada stamp --renew -o none.tsq
has "which is said" "nothing to ask for"
before=$(shown ada | sort)
AT="2031-12-01 12:00:00"
shown ada >out
has "five years on it is renewed" "time stamp by O=Test,CN=unit; renewed"
is "all of them are" 0 "$(at ada --json stamp list |
	jq '[.stamps[] | select(.status != "renewed")] | length')"
late show "$(late --json list | jq -r '.[0].item')" >out
has "without a renewal it has aged" "aged: valid when it was made"
status "too late to renew" 0 late stamp --renew -o none.tsq
has "that is said" "too late for them"
status "what has aged is not damage" 0 late verify
has "but it is said" " aged"

# -- ten more years: every link renewed before its end --
tsa_ca root2 30 && tsa_ca ica2 20 root2 && tsa_unit unit3 ica2 12
status "another root" 0 at ada stamp root add "$TSA/root2/cert.pem"
status "a second renewal" 0 at ada stamp --renew --within 30 -o r2.tsq
tsa_reply unit3 r2.tsq r2.tsr
tsa_crl ica2 ica3.crl && tsa_crl root2 root3.crl
status "by another authority is taken in" 0 at ada stamp --import r2.tsr \
	--crl ica3.crl --crl root3.crl
AT="2041-12-01 12:00:00"
shown ada >out
has "fifteen years on it is renewed" "time stamp by O=Test,CN=unit; renewed"
is "by two renewals each" "[2]" "$(at ada --json stamp list |
	jq -c '[.stamps[].renewals | length] | unique')"
status "it verifies" 0 at ada verify
AT="2044-12-01 12:00:00"
shown ada >out
has "when that has ended, it has aged" "aged: valid when it was made"

# -- revoked --
AT="2027-01-01 12:00:00"
tsa_revoke ica other superseded && tsa_crl ica soft.crl
cp -R of-late of-gone
gone() { as ada --vault of-gone "$@"; }
status "a revocation list alone" 0 gone stamp --import --crl soft.crl
is "superseded after the token's time: it still counts" 0 \
	"$(gone --json stamp list | jq '[.stamps[] | select(.status == "revoked")] |
	length')"
AT="2027-02-01 12:00:00"
tsa_revoke ica unit keyCompromise && tsa_crl ica hard.crl
status "the key was stolen" 0 gone stamp --import --crl hard.crl
is "revoked, all of that authority" "O=Test,CN=unit" \
	"$(gone --json stamp list | jq -r '[.stamps[] |
	select(.status == "revoked").authority] | unique | join(" ")')"
gone show "$(gone --json list | jq -r '.[0].item')" >out
grep -q "no later.*CN=unit" out && not_ok "a revoked stamp is shown as a time" ||
	ok "its word is no time any more"
has "the other authority's still is" "time stamp by O=Test,CN=other"
status "verify goes on" 0 gone verify
has "and says it" " revoked"
grep -q "was revoked" err && ok "with the reason" || {
	not_ok "no reason"; cat err; }
gone stamp --all -o g.tsq >/dev/null
tsa_reply unit g.tsq g.tsr
gone --quiet stamp --import g.tsr >out 2>&1
is "a token of the revoked authority is refused" 1 $?
has "with the reason" "was revoked"
status "a list of somebody else" 2 gone stamp --import --crl root3.crl
tsa_crl liar liar.crl
status "a liar's list" 2 gone stamp --import --crl liar.crl
says "is said to be of nobody here" "of no authority whose tokens are here"
finish
