#!/bin/sh
# Makes the files of this folder anew, with openssl and faketime. Keys are new
# each time, and are not kept.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
W=$(mktemp -d)
trap 'rm -rf "$W"' EXIT
cd "$W"
AT="2026-12-01 12:00:00"
. "$HERE/../../cli/tsa.inc"
trap 'cat "$TSA/log"; rm -rf "$W"' EXIT
printf 'muniment/stamp/v1 2 %064d\n' 7 >text.txt

tsa_ca root 20
tsa_ca ica 10 root
tsa_ca liar 20
tsa_unit unit ica 2
tsa_unit rsa ica 2 tsa_ext rsa
tsa_unit other ica 2
tsa_unit false liar 2
tsa_unit mail ica 2 mail_ext
tsa_unit loose ica 2 loose_ext
tsa_unit weak ica 2 tsa_ext rsa1024
tsa_unit old ica 2 tsa_ext ec sha1
AT="2026-12-02 12:00:00"
cat "$TSA/root/cert.pem" >root.pem
cat "$TSA/liar/cert.pem" >liar.pem
cat "$TSA/ica/cert.pem" >ica.pem
cat "$TSA/unit/cert.pem" "$TSA/ica/cert.pem" >chain.pem

ask() { tsa_ssl ts -query -data text.txt -out $2 $3 -$1; }
ask sha256 q.tsq -cert
tsa_reply unit q.tsq good.tsr
tsa_reply rsa q.tsq rsa.tsr
tsa_reply false q.tsq liar.tsr
sed -i 's/^accuracy.*/accuracy = secs:1, millisecs:250, microsecs:7/
	$ a clock_precision_digits = 3' "$TSA/unit/tsa.cnf"
AT="2026-12-02 12:00:00.25" tsa_reply unit q.tsq fraction.tsr
for md in sha384 sha512 sha1 md5; do
	ask $md $md.tsq -cert
	tsa_reply unit $md.tsq $md.tsr
done
ask sha256 bare.tsq ""
tsa_reply unit bare.tsq bare.tsr
tsa_ssl ts -query -data text.txt -sha256 -tspolicy 1.2.3.9 -out no.tsq
tsa_reply unit no.tsq no.tsr
for u in mail loose weak old; do
	tsa_resign good.tsr $u.tsr $u
done
tsa_resign good.tsr digest.tsr unit -md sha1
tsa_resign good.tsr two.tsr unit -signer "$TSA/other/cert.pem" \
	-inkey "$TSA/other/key.pem"
# signed, but not saying with which certificate
sed 's/ -cades//' "$HERE/../../cli/tsa.inc" >tsa2.inc
. ./tsa2.inc
tsa_resign good.tsr unnamed.tsr unit

AT="2026-12-03 12:00:00"
tsa_crl ica ica.crl
tsa_crl root root.crl
tsa_crl liar liar.crl
cp -R "$TSA/ica" "$TSA/keep"
again() { rm -rf "$TSA/ica"; cp -R "$TSA/keep" "$TSA/ica"; }
AT="2027-01-01 12:00:00"
tsa_revoke ica unit superseded && tsa_crl ica superseded.crl
again
tsa_revoke ica unit keyCompromise && tsa_crl ica stolen.crl
again
tsa_revoke ica unit && tsa_crl ica silent.crl
again
AT="2026-12-01 18:00:00"
tsa_revoke ica unit superseded
AT="2027-01-01 12:00:00"
tsa_crl ica before.crl
again
tsa_revoke root ica CACompromise && tsa_crl root ca.crl

rm -f "$HERE"/*.tsr "$HERE"/*.pem "$HERE"/*.crl "$HERE"/*.txt
cp text.txt ./*.tsr ./*.crl root.pem liar.pem ica.pem chain.pem "$HERE"
