#!/bin/sh
# The same vault at the same time gives the same package, byte for byte, as a
# folder and as a zip; at another time only what must be new; and the zip
# holds the folder.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/court.inc"
court_vault

mkdir first elsewhere third
cp -r of-ada of-ada.2 && cp -r of-ada of-ada.3
# exhibits VAULT OUT SECONDS: with a clock that stands still
exhibits() {
	printf '#!/bin/sh\nFAKETIME_FMT=%%s exec faketime -f %s %s "$@"\n' \
		"$3" "$REAL" >still.sh
	chmod +x still.sh
	MUNIMENT=./still.sh
	must as ada --vault "$1" exhibit "$photo" "$words" -o "$2"
	must as ada --vault "$1" exhibit "$pdf" -o "$2-shown" \
		--disclose files.1.media_type --lang ru --declaration echr
	must as ada --vault "$1" exhibit "$clip" -o "$2.zip"
	must as ada --vault "$1" exhibit "$clip" -o "$2-clip"
}
REAL=$MUNIMENT
now=$(date +%s)
exhibits of-ada first/one $((now + 100000))
TZ=Asia/Bishkek
LANG=ru_RU.UTF-8
export TZ LANG
umask 022
exhibits of-ada.2 elsewhere/one $((now + 100000))
unset TZ LANG
exhibits of-ada.3 third/one $((now + 200000))

cat >allowed <<'E'
00-READ-ME-FIRST.txt
CERTIFICATE.html
CERTIFICATE.pdf
bag-info.txt
proof/exhibit.txt
seal.sig
tagmanifest-sha256.txt
E
for p in "" -shown .zip; do
	diff -rq first/one$p elsewhere/one$p >diff.out && ok "one$p: the same bytes" ||
		not_ok "one$p: $(cat diff.out)"
done
for p in "" -shown; do
	diff -rq "first/one$p" "third/one$p" | sed -n "s,^Files first/one$p/\(.*\) and .*,\1,p;t
		s,^,? ,p" | grep -vxFf allowed >diff.out
	[ -s diff.out ] && not_ok "one$p: at another time: $(cat diff.out)" ||
		ok "one$p: at another time only what must be new"
done
# The zip's exhibit was made first, so its event stands in the folder's.
mkdir unzipped
unzip -q first/one.zip -d unzipped && ok "unzip reads it" || not_ok "unzip"
[ "$(ls unzipped | wc -l)" -eq 1 ] && ok "one folder in it" ||
	not_ok "in the zip: $(ls unzipped)"
(cd unzipped/* && sha256sum --quiet -c manifest-sha256.txt &&
	sha256sum --quiet -c tagmanifest-sha256.txt) >sums 2>&1 &&
	ok "the zip's files are whole" || not_ok "$(cat sums)"
cmp -s unzipped/*/data/0001.bin first/one-clip/data/0001.bin &&
	ok "the zip's original is the folder's" || not_ok "the original differs"
finish
