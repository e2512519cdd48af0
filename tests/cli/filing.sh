#!/bin/sh
# Filing profiles: what each forbids is named before anything is written; the
# order, names, parts and pages of what is written; what is withheld is not in
# the list. qpdf and poppler judge the PDF files.
. "$(dirname "$0")/lib.sh"

is() { [ "$2" = "$3" ] && ok "$1" || not_ok "$1: not '$2' but '$3'"; }
has() { # has NAME FILE TEXT
	if grep -qF -- "$3" "$2"; then ok "$1"; else
		not_ok "$1: lacks: $3"
		sed 's/^/    /' "$2"
	fi
}
lacks() { # lacks NAME FILE TEXT
	if grep -qF -- "$3" "$2"; then not_ok "$1: holds: $3"; else ok "$1"; fi
}
pdf() { python3 "$TOP/tests/cli/makepdf.py" "$@"; }
ada() { as ada --vault v "$@"; }
add() { ada --json add "$@" --case C | jq -r '.[0].item'; }
pages() { pdfinfo "$1" | sed -n 's/^Pages: *//p'; }

person ada && new_vault ada v || exit 2
ada case new C >/dev/null
pdf минск.pdf "text:one" "text:two" "text:three"
pdf report.pdf text:a image:20000000 text:b image:20000000 text:c \
	image:15000000 text:d
pdf page.pdf text:a image:51000000 text:b
pdf scan.pdf image:9000 image:9000
pdf mixed.pdf "text:a" image:9000
qpdf --encrypt secret owner 256 -- mixed.pdf locked.pdf
qpdf --encrypt "" owner 256 --print=none -- mixed.pdf owned.pdf
printf '%%PDF-1.4\nno more' >broken.pdf
echo "a note" >note.txt
minsk=$(add минск.pdf --title "Протокол обыска № 5" \
	--field document.date=2024-03-02 --field language=ru)
report=$(add report.pdf --title "Report on detention" \
	--field document.date="~1998" --field language=en)
page=$(add page.pdf --title "Map")
scan=$(add scan.pdf --title "Ўқитувчи" --field language=uz)
mixed=$(add mixed.pdf --title "Complaint, 日本" --field item.created=2001-05)
locked=$(add locked.pdf)
owned=$(add owned.pdf)
broken=$(add broken.pdf)
note=$(add note.txt)

exhibit() { ada exhibit "$@"; }
listed() { sed -n 's/^\([0-9]*\)\. .*/\1/p' "$1" | tr '\n' ' '; }

# -- what stands against it is named, and nothing is written
status "no such profile" 2 exhibit "$minsk" -o p0 --profile icc
says "no such profile: said" "no such profile"
status "Rule 39: everything that it forbids" 2 exhibit "$minsk" "$report" \
	"$page" "$scan" "$locked" "$owned" "$broken" "$note" -o p0 \
	--profile echr-rule39
says "a page that is too large" "data/0003.pdf: page 2 alone takes 50"
says "a scan" "data/0004.pdf: images of pages without text"
says "encrypted" "data/0005.pdf: an encrypted PDF"
says "encrypted, and opens without a password" "data/0006.pdf: an encrypted PDF"
says "broken" "data/0007.pdf: no PDF that can be read"
says "no PDF" "data/0008.txt: not a PDF (text/plain)"
says "cut" "data/0002.pdf: larger than 50000000 bytes: cut at pages into 2"
says "a title" '"Протокол обыска № 5" is called "Protokol obyska No. 5"'
says "how many" "things stand against it"
[ ! -e p0 ] && ok "nothing was written" || not_ok "p0 is there"
is "nor said in the vault" 1 "$(ada --json custody "$minsk" | jq length)"
for p in echr-application un; do
	status "$p: encrypted" 2 exhibit "$locked" -o p0 --profile $p
	says "$p: said" "an encrypted PDF"
	status "$p: broken" 2 exhibit "$broken" -o p0 --profile $p
done
[ ! -e p0 ] && ok "still nothing was written" || not_ok "p0 is there"

# -- Rule 39: parts under the limit
status "Rule 39" 0 exhibit "$minsk" "$report" -o p1 --profile echr-rule39 \
	--set case_name="Aliev v. X" --set case_number=12/26
says "half of it are images" "3 of 7 pages are images without text, the first is page 2"
is "names" "01_Report-on-detention_Part1.pdf 01_Report-on-detention_Part2.pdf \
02_Protokol-obyska-No.-5.pdf LIST.html LIST.pdf LIST.txt" \
	"$(ls p1/filing | tr '\n' ' ' | sed 's/ $//')"
total=0
for f in p1/filing/*_Part*.pdf; do
	check "qpdf: $f" qpdf --check "$f"
	[ "$(stat -c %s "$f")" -le 50000000 ] && ok "$f: below the limit" ||
		not_ok "$f: $(stat -c %s "$f") bytes"
	total=$((total + $(pages "$f")))
	pdftotext "$f" - >>text
done
is "all pages are there" 7 "$total"
is "with their texts, in order" "a b c d" \
	"$(tr -s '\n\f' ' ' <text | sed 's/ $//; s/^ //')"
cmp -s p1/filing/02_* минск.pdf && ok "small ones byte for byte" ||
	not_ok "a small one is another"
list=p1/filing/LIST.txt
has "list: court" $list "request under Rule 39"
has "list: case" $list "Case: Aliev v. X"
has "list: about 1998 comes first" $list "1. Report on detention"
has "list: pages" $list "Pages: 7. In the bundle: 1 to 7"
has "list: pages go on" $list "Pages: 3. In the bundle: 8 to 10"
has "list: the original's hash" $list "$(sha256sum <report.pdf | cut -c1-64)"
has "list: where it is" $list "data/0002.pdf"
has "list: a part's pages" $list "Part 2: its pages"
has "list: Latin letters" $list "In Latin letters: Protokol obyska No. 5"
has "list: its rules are dated" $list "November 2026"
has "list: and to be checked" $list "Check the court's current rules"
check "qpdf: the list" qpdf --check p1/filing/LIST.pdf
pdftotext -layout p1/filing/LIST.pdf text
has "the list as PDF" text "Report on detention"
has "the list as PDF: pages" text "8 to 10"
has "the list as HTML" p1/filing/LIST.html "Протокол обыска № 5"
grep -qi '<script' p1/filing/LIST.html && not_ok "a script in the list" ||
	ok "no script in the list"
status "the package holds" 2 "$MUNIMENT" check p1
grep -q "does not hold" out && not_ok "check: $(cat out)" || ok "check: nothing is wrong"
(cd p1 && sha256sum -c --quiet tagmanifest-sha256.txt) >out 2>&1 &&
	grep -q " filing/LIST.pdf" p1/tagmanifest-sha256.txt &&
	ok "filing/ is sealed" || not_ok "filing/: $(cat out)"

status "Rule 39: all the same" 0 exhibit "$minsk" "$scan" "$note" -o p1a \
	--profile echr-rule39 --file-anyway
says "all the same: named" "data/0002.pdf: images of pages without text"
has "all the same: left out" p1a/filing/LIST.txt "not in this filing"
is "all the same: what can be filed" 2 "$(ls p1a/filing | grep -vc LIST)"

# -- UN: languages
status "UN" 0 exhibit "$minsk" "$scan" "$note" -o p2 --profile un --lang ru
says "a language that is none of the UN's" 'data/0002.pdf: in "uz"'
says "a language that is not stated" "data/0003.txt: its language is not stated"
lacks "Russian is one" err '"ru"'
says "no PDF: doubtful" "data/0003.txt: not a PDF"
has "the list is in Russian" p2/filing/LIST.txt "Перечень документов"
has "the form's limit is told" p2/filing/LIST.txt "не более 50 страниц"
is "all are in it" "1 2 3 " "$(listed p2/filing/LIST.txt)"
status "UN: what the lawyer says" 0 exhibit "$note" -o p3 --profile un \
	--set document_1_language=fr --set document_1_title="Записка" \
	--set document_1_date=2020
lacks "then it is stated" err "not stated"
[ -f p3/filing/01_Zapiska.txt ] && ok "and called so" ||
	not_ok "$(ls p3/filing)"
status "no date" 2 exhibit "$note" -o p4 --profile un \
	--set document_1_date=yesterday
says "no date: said" "document_1_date is no date"

# -- ECHR application, generic: whatever there is
status "ECHR application" 0 exhibit "$minsk" "$mixed" -o p5 --lang fr \
	--profile echr-application
says "letters that are not known" "no Latin letters are known"
has "by date" p5/filing/LIST.txt "1. Complaint, 日本"
[ -f p5/filing/01_Complaint.pdf ] && ok "its name" || not_ok "$(ls p5/filing)"
status "generic" 0 exhibit "$locked" "$owned" "$broken" "$note" "$scan" -o p6 \
	--profile generic
says "generic: encrypted is doubtful" "an encrypted PDF"
is "generic: all are in it" "1 2 3 4 5 " "$(listed p6/filing/LIST.txt)"
has "generic: pages that cannot be counted" p6/filing/LIST.txt \
	"without those of documents whose pages cannot be counted"
is "generic: as a zip" 0 "$(exhibit "$note" -o p7.zip --profile generic \
	2>/dev/null >&2; echo $?)"
unzip -l p7.zip 2>/dev/null | grep -q filing/LIST.pdf && ok "the zip has it" ||
	not_ok "the zip lacks the list"

# -- what is withheld has no name in the list
status "withheld" 0 exhibit "$minsk" -o p8 --profile generic --lang en \
	--disclose fields.language
grep -rlE 'Протокол|Protokol|минск|minsk|2024-03-02' p8 >found 2>/dev/null
[ -s found ] && not_ok "withheld, and found in: $(cat found)" ||
	ok "title, name and date are withheld"
has "it is called by its number" p8/filing/LIST.txt "1. Document 1"
status "without files" 2 exhibit "$minsk" -o p9 --profile generic --no-files

# -- hostile documents: an end in any case
python3 - <<'PY'
import zlib
def put(name, objects):
    out, n = b"%PDF-1.4\n", 0
    for n, o in objects:
        out += b"%d 0 obj %s\nendobj\n" % (n, o)
    out += b"trailer<</Root 1 0 R/Size 99>>\nstartxref\n1\n%%EOF\n"
    open(name, "wb").write(out)
root = (1, b"<</Type/Catalog/Pages 2 0 R>>")
put("loop.pdf", [root, (2, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>")])
bomb = zlib.compress(b" " * (300 << 20), 9)
bomb = zlib.compress(bomb, 9)
put("bomb.pdf", [root, (2, b"<</Type/Pages/Kids[3 0 R]/Count 1>>"),
    (3, b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<<>>>>"),
    (4, b"<</Filter[/FlateDecode/FlateDecode]/Length %d>>stream\n%s\nendstream"
     % (len(bomb), bomb))])
put("deep.pdf", [root, (2, b"[" * 300000)])
# forms that draw each other, ten times each
forms = [(10 + i, b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources"
          b"<</XObject<</F %d 0 R>>>>/Length 50>>stream\n%s\nendstream"
          % (10 + (i + 1) % 9, b"/F Do " * 10)) for i in range(9)]
put("forms.pdf", [root, (2, b"<</Type/Pages/Kids[3 0 R]/Count 1>>"),
    (3, b"<</Type/Page/Parent 2 0 R/Contents 10 0 R/Resources"
     b"<</XObject<</F 10 0 R>>>>>>")] + forms)
PY
for f in loop bomb deep forms; do
	i=$(add $f.pdf)
	start=$(date +%s)
	status "hostile: $f" 0 timeout 200 env MUNIMENT="$MUNIMENT" sh -c '
		"$MUNIMENT" --quiet --vault v --identity ada.age --passphrase-fd 3 \
			exhibit "$0" "$1" -o "$2" --profile generic 3<<P
pass ada
P' "$i" "$minsk" "h-$f"
	[ $(($(date +%s) - start)) -lt 180 ] && ok "$f: in time" ||
		not_ok "$f: $(($(date +%s) - start)) s"
	has "$f: the other is counted" "h-$f/filing/LIST.txt" "Pages: 3."
done
finish
