#!/bin/sh
# VERIFY.html: built alike everywhere; its checks in Node against those of
# `muniment check`; the page in Chromium and Firefox, driven by page.mjs.
#
# WEB_LONG=1 also reads a file of 5 GiB. WEB_SHOTS=DIR keeps pictures.
. "$(dirname "$0")/../cli/lib.sh"

export MUNIMENT
page=$TOP/build/verifier/VERIFY.html
modules=$TOP/build/web-tests
for p in node npm python3 zip; do
	command -v $p >/dev/null || { skip "VERIFY.html" "no $p"; exit 0; }
done
[ -f "$page" ] || { skip "VERIFY.html" "made elsewhere"; exit 0; }

# the same bytes from another folder
mkdir -p other/tools/verifier
cp -r "$TOP/tools/verifier/." other/tools/verifier
cp "$TOP/LICENSE" other
check "the page is built alike in another folder" sh -c "
	node other/tools/verifier/build.mjs '$TOP/build/verifier' \
		'$TOP/format/phrases' again.html again.mjs && cmp again.html '$page'"

# the tests' own library, pinned as the page's
here=$TOP/tests/web
mkdir -p "$modules"
if ! cmp -s "$here/package-lock.json" "$modules/installed"; then
	cp "$here/package.json" "$here/package-lock.json" \
		"$here/../../tools/verifier/.npmrc" "$modules"
	(cd "$modules" && npm ci --loglevel=error) >npm.log 2>&1 || {
		cat npm.log
		not_ok "npm ci"
		exit 1
	}
	cp "$here/package-lock.json" "$modules/installed"
fi

python3 "$TOP/tests/interop/exhibit_make.py" samples >make.log 2>&1 &&
	python3 "$TOP/tests/interop/exhibit_forge.py" samples forged \
		>>make.log 2>&1 || { cat make.log; not_ok "samples"; exit 1; }
python3 "$TOP/tests/interop/exhibit_mislead.py" lies >make.log 2>&1 ||
	{ cat make.log; not_ok "misleading packages"; }
python3 -W ignore "$here/hostile.py" samples hostile || not_ok "hostile packages"

# as zip files, with one byte of a data file changed in the last
for n in 1 2; do
	(cd samples && zip -qr "../sample-$n.zip" "sample-$n")
done
cp -r samples/sample-1 tampered
printf X | dd of="$(ls tampered/data/0001.*)" bs=1 seek=100 conv=notrunc 2>dd.log
zip -qr tampered.zip tampered

timeout 300 node "$here/agree.mjs" again.mjs samples forged hostile lies
[ $? -eq 0 ] || BAD=$((BAD + 1))
timeout 900 node "$here/page.mjs" "$page" "$modules" samples hostile "$W"
[ $? -eq 0 ] || BAD=$((BAD + 1))
exit $((BAD > 0))
