#!/bin/sh
# What `exhibit` writes, read by others: sha256sum alone; every command that
# COMMANDS.txt prints, verbatim, in a root file system with nothing else in it;
# torchwood; the checker written from EXHIBIT.md alone; qpdf and poppler.
. "$(dirname "$0")/../cli/lib.sh"
. "$(dirname "$0")/../cli/court.inc"
court_vault

printf 'Я видела [...] в понедельник.\n' >copy.txt
must at ada redact "$words" --with copy.txt --zones '1-1 a name'
copy=$(item copy.txt)
must at ada exhibit "$photo" "$pdf" -o opened
must at ada exhibit "$words" "$copy" -o shown --lang ru \
	--disclose time,files.1.name --declaration echr
must at ada exhibit "$clip" -o counted --count --lang fr
must at ada exhibit "$clip" -o counted.zip --count --declaration fre902-14
must at ada exhibit "$pdf" -o nofiles --no-files --witnesses none

ends() { # ends NAME STATUS COMMAND...
	name=$1 want=$2
	shift 2
	"$@" >ends.out 2>&1
	rc=$?
	[ $rc -eq "$want" ] && ok "$name" ||
		not_ok "$name: $rc, $(tail -n 15 ends.out)"
}
for p in opened shown counted counted.zip nofiles; do
	want=0
	[ $p = nofiles ] && want=2 # nobody has countersigned, as asked for
	ends "$p: the independent checker" $want \
		python3 "$INTEROP/exhibit.py" $p
	ends "$p: check" $want "$MUNIMENT" check $p
done

for p in opened shown counted nofiles; do
	(cd $p && for m in manifest tagmanifest; do
		[ ! -s $m-sha256.txt ] || sha256sum --strict -c $m-sha256.txt
	done) >sums 2>&1 && ok "$p: sha256sum -c" || not_ok "$p: $(cat sums)"
	grep -q 'FAILED\|WARNING' sums && not_ok "$p: $(cat sums)"
	ends "$p: commands in a bare root" 0 \
		python3 "$INTEROP/court_bare.py" $p
	ends "$p: torchwood" 0 sh "$INTEROP/court_torchwood.inc" $p
done
[ "$(sh "$INTEROP/court_torchwood.inc" shown | wc -l)" -ge 3 ] ||
	not_ok "torchwood saw too few proofs"
# torchwood refuses a wrong path, a wrong leaf, a wrong key
for change in '4{s/^B/C/;t;s/^./B/}' 's/^index .*/index 0/' \
	'/^— /{s/\( .\{9\}\)x\([^ ]*\)$/\1y\2/;t;s/\( .\{9\}\).\([^ ]*\)$/\1x\2/}'
do
	rm -rf bad && cp -r opened bad
	sed -i "$change" bad/proof/e001-c1.tlog-proof
	cmp -s opened/proof/e001-c1.tlog-proof bad/proof/e001-c1.tlog-proof &&
		not_ok "not changed: $change"
	sh "$INTEROP/court_torchwood.inc" bad >wood 2>&1 &&
		not_ok "torchwood takes: $change" || ok "torchwood refuses"
done
# The printed commands show a change too, in each of the parts.
for f in data/0001.jpg proof/e001.proof proof/e001.age proof/c1.checkpoint \
	proof/t1/stamp.txt seal.sig; do
	rm -rf bad && cp -r opened bad && chmod -R u+w bad
	python3 -c 'import sys
p = sys.argv[1]
d = bytearray(open(p, "rb").read())
d[-8] ^= 1
open(p, "wb").write(d)' bad/$f
	ends "commands: $f changed" 0 \
		python3 "$INTEROP/court_bare.py" --changed bad
done

for p in opened shown counted nofiles; do
	ends "$p: qpdf --check" 0 qpdf --check $p/CERTIFICATE.pdf
	pdfinfo $p/CERTIFICATE.pdf >info
	grep -q '^Tagged: *yes' info && ok "$p: tagged" ||
		not_ok "$p: $(cat info)"
	grep -q '^Page size:.*A4' info && ok "$p: A4" || not_ok "$p: $(cat info)"
	grep -qi '^JavaScript: *no' info && grep -qi '^Encrypted: *no' info &&
		ok "$p: no scripts, not encrypted" || not_ok "$p: $(cat info)"
	pdffonts $p/CERTIFICATE.pdf | awk 'NR > 2 && $(NF - 4) != "yes" { n++ }
		END { exit n > 0 }' && ok "$p: fonts are in it" ||
		not_ok "$p: $(pdffonts $p/CERTIFICATE.pdf)"
	qpdf --json $p/CERTIFICATE.pdf >pdf.json
	jq -e '.outlines | length > 2' pdf.json >/dev/null &&
		ok "$p: bookmarks" || not_ok "$p: no bookmarks"
	lang=$(jq -r '[.. | objects | ."/Lang"? // empty][0]' pdf.json)
	case $p$lang in shown*ru* | counted*fr* | opened*en* | nofiles*en*)
		ok "$p: its language" ;;
	*) not_ok "$p: its language is $lang" ;;
	esac
	pdftotext $p/CERTIFICATE.pdf - | tr -d ' \n-' >text
	for h in $(cut -c 1-64 $p/manifest-sha256.txt); do
		grep -q "$h" text && ok "$p: the PDF's text has the hash" ||
			not_ok "$p: no $h in the PDF's text"
	done
	pdfinfo -struct-text $p/CERTIFICATE.pdf >struct 2>&1
	grep -q 'H1\|H2' struct && grep -q Table struct &&
		ok "$p: headings and tables are tagged" ||
		not_ok "$p: $(head -n 20 struct)"
done
finish
