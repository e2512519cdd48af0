#!/bin/sh
# Time in a package for a court, over fifteen years: `check`, the checker that
# was written from EXHIBIT.md alone, and openssl on the very files.
. "$(dirname "$0")/lib.sh"
for p in faketime openssl jq python3; do
	command -v $p >/dev/null || { skip "time in a package" "no $p"; exit 0; }
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
at() { as ada --vault of-ada "$@"; }
# verdict PACKAGE CHECK: what `check` says of it at $AT
verdict() {
	"$MUNIMENT" --json check "$1" 2>/dev/null >check.json
	jq -r --arg n "$2" '.checks[] | select(.name == $n) | .result' check.json
}
# second PACKAGE CHECK: what the other checker says
second() {
	python3 "$TOP/tests/interop/exhibit.py" "$1" --json \
		--at "$(date -d "$AT" +%s)" 2>/dev/null >second.json
	jq -r --arg n "$2" '.checks[] | select(.name == $n) | .result' second.json
}

tsa_ca root 30 && tsa_ca ica 12 root && tsa_unit unit ica 2 || exit 2
person ada || exit 2
new_vault ada of-ada || exit 2
at case new C >/dev/null
echo first >first.txt
at add first.txt --case C >/dev/null
item=$(at --json list | jq -r '.[0].item')
AT="2026-12-02 12:00:00"
at stamp root add "$TSA/root/cert.pem" >/dev/null
at stamp -o one.tsq >/dev/null
tsa_reply unit one.tsq one.tsr
tsa_crl ica ica.crl && tsa_crl root root.crl
at stamp --import one.tsr --crl ica.crl --crl root.crl >/dev/null
status "a package" 0 at exhibit "$item" -o p1
is "its stamp holds" holds "$(verdict p1 stamps)"
is "by the other checker too" holds "$(second p1 stamps)"
is "with nothing to renew there are no renewals" "" "$(verdict p1 renewals)"
verify() { # verify TOKEN TEXT DATE: by openssl, at a date
	openssl ts -verify -data "$2" -in "$1" -CAfile "${4-p1}/proof/roots.pem" \
		-attime "$(date -d "$3" +%s)"
}
check "openssl verifies the token in the package" \
	verify p1/proof/t1/token.tsr p1/proof/t1/stamp.txt "$AT"
check "with the revocation lists that lie beside it" sh -c '
	cat p1/proof/roots.pem p1/proof/t1/revocation.pem >with.pem
	openssl ts -verify -data p1/proof/t1/stamp.txt -crl_check_all \
		-in p1/proof/t1/token.tsr -CAfile with.pem \
		-attime $(date -d "2026-12-02 12:00:05" +%s)'

# in five years: without a renewal, and with one
cp -R of-ada of-late
AT="2028-06-01 12:00:00"
tsa_unit unit2 ica 5
at stamp --renew -o r1.tsq >/dev/null
tsa_reply unit2 r1.tsq r1.tsr
tsa_crl ica ica2.crl && tsa_crl root root2.crl
at stamp --import r1.tsr --crl ica2.crl --crl root2.crl >/dev/null
AT="2031-12-01 12:00:00"
tsa_crl ica ica5.crl && tsa_crl root root5.crl
status "revocation lists of today" 0 at stamp --import --crl ica5.crl \
	--crl root5.crl
status "a package, five years on" 0 at exhibit "$item" -o p2
is "its stamp holds" holds "$(verdict p2 stamps)"
is "its renewal holds" holds "$(verdict p2 renewals)"
is "by the other checker too" "holds holds" \
	"$(second p2 stamps) $(second p2 renewals)"
is "with the lists of then and of now" "2 4" "$(
	grep -c BEGIN p2/proof/t1/revocation.pem) $(
	grep -c BEGIN p2/proof/t1/renewal-1-revocation.pem)"
check "openssl: the first token, when it was renewed" verify \
	p2/proof/t1/token.tsr p2/proof/t1/stamp.txt "2028-06-01 12:00:00" p2
check "openssl: the renewal, now" verify p2/proof/t1/renewal-1.tsr \
	p2/proof/t1/renewal-1.stamp "$AT" p2
check "sha512sum: what was renewed is what lies there" sh -c '
	cd p2/proof/t1 && sed "s|  .*/|  |" renewal-1.txt | sha512sum -c'
verify p2/proof/t1/token.tsr p2/proof/t1/stamp.txt "$AT" p2 >out 2>&1 &&
	not_ok "openssl takes an expired token" ||
	ok "openssl: without the renewal it has expired"
is "the package of five years ago has aged: not a failure" unknown \
	"$(verdict p1 stamps)"
grep -q "aged" check.json && ok "and that is said" || {
	not_ok "aged is not said"
	jq '.checks[] | select(.name == "stamps")' check.json
}
as ada --vault of-late exhibit "$item" -o p3 >out 2>&1 ||
	not_ok "no package of an aged stamp: $(cat out)"
is "so has one that is made without a renewal" unknown "$(verdict p3 stamps)"
is "by the other checker too" unknown "$(second p3 stamps)"

# ten more
tsa_ca root2 30 && tsa_ca ica2 20 root2 && tsa_unit unit3 ica2 12
at stamp root add "$TSA/root2/cert.pem" >/dev/null
at stamp --renew --within 30 -o r2.tsq >/dev/null
tsa_reply unit3 r2.tsq r2.tsr
at stamp --import r2.tsr >/dev/null
AT="2041-12-01 12:00:00"
status "a package, fifteen years on" 0 at exhibit "$item" -o p4
is "stamp and two renewals hold" "holds holds" \
	"$(verdict p4 stamps) $(verdict p4 renewals)"
is "by the other checker too" "holds holds" \
	"$(second p4 stamps) $(second p4 renewals)"
check "two renewals lie there" test -f p4/proof/t1/renewal-2.tsr
# one link of another genuine chain, all else sealed as it is
cp -R p4 p5
cp p5/proof/t1/renewal-1.tsr p5/proof/t1/renewal-2.tsr
"$MUNIMENT" check p5 >out 2>&1
is "a link in another's place is refused" 1 $?

# revoked: its word is not in the package at all
AT="2027-02-01 12:00:00"
tsa_revoke ica unit keyCompromise && tsa_crl ica hard.crl
as ada --vault of-late stamp --import --crl hard.crl >/dev/null
AT="2027-03-01 12:00:00"
as ada --vault of-late exhibit "$item" -o p6 >out 2>&1 ||
	not_ok "no package of a revoked stamp: $(cat out)"
check "a revoked stamp is not shown as a time" test ! -e p6/proof/t1
is "nobody outside says when" unknown "$(verdict p6 stamps)"
finish
