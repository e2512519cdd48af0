#!/bin/sh
# Redacted copies: taken in and bound to their original, seen from both sides;
# what was not taken out is noticed, as far as a machine can tell; nothing of
# the original's record goes along.
. "$(dirname "$0")/lib.sh"

is() { [ "$2" = "$3" ] && ok "$1" || not_ok "$1: not '$2' but '$3'"; }
has() { # has NAME FILE TEXT
	if grep -qF -- "$3" "$2"; then ok "$1"; else
		not_ok "$1: lacks: $3"
		sed 's/^/    /' "$2"
	fi
}
lacks() { # lacks NAME FILE TEXT
	if grep -qF -- "$3" "$2"; then
		not_ok "$1: holds: $3"
	else ok "$1"; fi
}
pdf() { python3 "$TOP/tests/cli/makepdf.py" "$@"; }
ada() { as ada --vault v "$@"; }
add() { ada --json add "$@" --case C | jq -r '.[0].item'; }
count() { ada --json list | jq length; }

person ada && person bob && new_vault ada v || exit 2
ada case new C >/dev/null
ada member add bob.card --case C --role author
pdf original.pdf "text:Salima Karimova saw it" "text:all else" image:9000
pdf covered.pdf "cover:Salima Karimova saw it" "text:all else" image:9000
pdf copy.pdf "text:A witness saw it" "text:all else" image:9000
item=$(add original.pdf --title "Testimony of Karimova" --kind testimony)
zone="1 100 140 300 30 name of a witness"

# -- what is refused, and leaves nothing
redact() { ada redact "$item" "$@"; }
status "no zones" 2 redact --with copy.pdf
says "no zones: asks" "--zones"
status "no file" 2 redact --zones "$zone"
status "a zone that is none" 2 redact --with copy.pdf --zones "page 1, top"
says "a zone that is none: shown" "not a zone: page 1, top"
status "a zone of a recording" 2 redact --with copy.pdf --zones "1-2 name"
status "a zone on a page that is not there" 2 redact --with copy.pdf \
	--zones "4 0 0 10 10 name"
says "that page: named" "page 4"
status "the original itself" 2 redact --with original.pdf --zones "$zone"
says "the original itself: said" "nothing was taken out"
cp original.pdf renamed.pdf
status "the original renamed" 2 redact --with renamed.pdf --zones "$zone"
{ cat original.pdf && echo "%%EOF"; } >appended.pdf
status "the original, and something after it" 2 redact --with appended.pdf \
	--zones "$zone"
says "appended: said" "begins with the whole original"
status "no such file of the item" 2 redact --with copy.pdf --zones "$zone" \
	--file 2
status "no such item" 2 ada redact 00000000 --with copy.pdf --zones "$zone"
ln -s copy.pdf link.pdf
status "a symbolic link" 2 redact --with link.pdf --zones "$zone"
echo something else >other.txt
other=$(add other.txt)
status "what the case has already" 2 redact --with other.txt --zones "$zone"
says "has it already: which" "item $(echo "$other" | cut -c1-8) of this case"
status "not UTF-8" 2 redact --with copy.pdf --zones "1 0 0 9 9 $(printf '\377')"
is "nothing was taken in" 2 "$(count)"
is "and nothing was noted" 1 "$(ada --json custody "$item" | jq length)"

# -- a copy
cat >zones.txt <<Z
# what the court ordered
$zone

  3  0 0   1000 100   address
Z
status "a copy" 0 ada --json redact "$item" --with copy.pdf --zones @zones.txt \
	--decided-by "Judge Aliev" --basis "art. 21, order 7"
copy=$(jq -r .item out)
is "of that item" "$item" "$(jq -r .original out)"
is "zones" 2 "$(jq -r .zones out)"
is "no warning" 0 "$(jq '.warnings | length' out)"
ada --json show "$copy" >shown
entry=$(ada --json show "$item" | jq -r '.current_versions[0].entry')
is "it names the original's entry" "$entry" \
	"$(jq -r '.current_versions[0].original.entry' shown)"
is "zones in their one form" "3 0 0 1000 100 address" \
	"$(jq -r '.current_versions[0].original.zones[1]' shown)"
is "who decided" "Judge Aliev" \
	"$(jq -r '.current_versions[0].original.decided_by' shown)"
is "no problem" null "$(jq '.current_versions[0].original.problem' shown)"
is "fields are not inherited" "{}" \
	"$(jq -c '.current_versions[0].fields' shown)"
lacks "nor the title" shown Karimova
lacks "nor the original's hash" shown "$(sha256sum <original.pdf | cut -c1-64)"
is "the original lists it" "$copy" \
	"$(ada --json show "$item" | jq -r '.redacted_copies[0].item')"
ada show "$copy" >shown
has "show, in words" shown "REDACTED COPY of file 1 of item $(echo "$item" |
	cut -c1-8)"
has "show: a zone" shown "$zone"
has "show: basis" shown "art. 21, order 7"
ada show "$item" >shown
has "show the original" shown "redacted copy: item $(echo "$copy" | cut -c1-8)"
ada history "$item" >shown
has "history of the original" shown "redacted copy: item"
ada history "$copy" >shown
has "history of the copy" shown "REDACTED COPY of file 1"
ada search "name of a witness" >shown
has "searched by a zone's reason" shown "redacted copy of $(echo "$item" |
	cut -c1-8)"
ada list >shown
has "the list tells the original" shown "(1 redacted copy)"
ada --json custody "$item" >shown
is "noted at the original" "redacted copy of file 1: item $copy" \
	"$(jq -r '.[] | select(.action == "note") | .note' shown)"
ada get "$copy" -o got >/dev/null
cmp -s got/copy.pdf copy.pdf && ok "its bytes" || not_ok "its bytes"
status "verify" 0 ada verify
"$MUNIMENT" --quiet --vault v verify --blind >out 2>&1 && ok "verify --blind" ||
	not_ok "verify --blind: $(cat out)"
batches=$(git -C v rev-list --all --count)
pdf second.pdf "text:Someone saw it" "text:all else" image:9000
redact --with second.pdf --zones "$zone" >/dev/null
is "one command is one batch" $((batches + 1)) \
	"$(git -C v rev-list --all --count)"

# -- a later version keeps the bond
ada edit "$copy" --title "Testimony of a witness"
ada --json show "$copy" >shown
is "edited: the bond stays" "$entry" \
	"$(jq -r '.current_versions[0].original.entry' shown)"
pdf better.pdf "text:W saw it" "text:all else" image:9000
ada edit "$copy" --content better.pdf
is "new content: the bond stays" "$entry" \
	"$(ada --json show "$copy" | jq -r '.current_versions[0].original.entry')"
is "the original lists each copy once" 2 \
	"$(ada --json show "$item" | jq '.redacted_copies | length')"
# the original goes on; its old version is still the one that was redacted
ada edit "$item" --title "Testimony of Salima Karimova"
is "edited original: copies are listed" 2 \
	"$(ada --json show "$item" | jq '.redacted_copies | length')"
ada --json history "$item" >shown
is "at the version that was redacted" 2 \
	"$(jq '.[0].redacted_copies | length' shown)"
is "not at the later one" null "$(jq '.[1].redacted_copies' shown)"

# -- what a machine can tell
warned() { jq -r '.warnings[]' out >warnings; }
status "a box laid over" 0 ada --json redact "$item" --with covered.pdf \
	--zones "$zone"
warned
has "the text is still there" warnings "page 1 shows the same text"
# another program wrote it anew
qpdf --object-streams=generate --linearize covered.pdf anew.pdf
status "laid over, and written anew" 0 ada --json redact "$item" \
	--with anew.pdf --zones "$zone"
warned
has "written anew: still told" warnings "page 1 shows the same text"
lacks "one state only" warnings "states"
{ cat covered.pdf && printf '4 0 obj 1\nendobj\nxref\n4 1\n%s\n' \
	"0000000000 00000 n " && printf 'trailer<</Root 1 0 R/Size 5/Prev 9>>\n%s' \
	"startxref
9
%%EOF
"; } >twice.pdf
status "saved twice" 0 ada --json redact "$item" --with twice.pdf \
	--zones "2 0 0 9 9 x"
warned
has "saved twice: told" warnings "2 states"
ada redact "$item" --with second.pdf --zones "$zone" >out 2>err
has "the same copy again" err "has this content already"
head -c 100000 /dev/urandom >noise
{ printf '\377\330\377\341\000\100Exif\000\000xxxx\377\330\377' && cat noise; } \
	>picture.jpg
pdf big.pdf image:90000
status "a picture with a small one in it" 0 ada --json redact "$item" \
	--with picture.jpg --zones "$zone"
warned
has "a small picture: told" warnings "a small one of itself"
printf '%%PDF-1.4\nnothing' >broken.pdf
status "a broken copy" 0 ada --json redact "$item" --with broken.pdf \
	--zones "$zone"
warned
has "broken: told" warnings "could not be looked into"

# -- recordings and texts
cp "$TOP/tests/samples/case-A/clip.mov" clip.mov
clip=$(add clip.mov)
head -c 2000 clip.mov >short.mov
status "a page of a recording" 2 ada redact "$clip" --with short.mov \
	--zones "$zone"
status "a recording" 0 ada redact "$clip" --with short.mov \
	--zones "12.5-17 voice of a child" --title "Clip, voice removed"
printf 'one\ntwo\nthree\n' >t.txt
printf 'one\n[taken out]\nthree\n' >u.txt
text=$(add t.txt)
status "half a line" 2 ada redact "$text" --with u.txt --zones "1.5-2 name"
status "a text" 0 ada redact "$text" --with u.txt --zones "2-2 name"

# -- who may
as bob --vault v verify >/dev/null 2>&1 && not_ok "Bob in Ada's vault"
ada carry --to bob.card -o b.carry >/dev/null 2>&1
as bob --vault w receive b.carry >/dev/null 2>&1
as bob --vault w --json show "$copy" >shown
is "Bob sees the bond" "$entry" \
	"$(jq -r '.current_versions[0].original.entry' shown)"
status "Bob verifies" 0 as bob --vault w verify

# -- somebody who is shown the copy alone
person eve
ada member add eve.card --role reader
status "shared alone" 0 ada share "$copy" --with eve
ada carry --to eve.card -o e.carry >/dev/null 2>&1
as eve --vault x receive e.carry >/dev/null 2>&1
as eve --vault x show "$copy" >shown 2>err
has "Eve: whose copy it is" shown "REDACTED COPY"
has "Eve: she cannot open the original" shown \
	"BUT its original cannot be opened with your keys"
lacks "Eve: nothing of the original" shown Karimova
as eve --vault x verify >shown 2>&1
has "Eve: verify says so" shown "cannot be opened with your keys"
finish
