#!/bin/sh
# A lawyer, a partner abroad and a courier: the whole job, with every sample
# file, in two cases of which the partner is admitted to one.
#
# With MUNIMENT_SANITIZED=1 (a slow program) it takes in fewer files and
# leaves the later parts out.
. "$(dirname "$0")/lib.sh"

SPRING="Исчезновение, весна"
AUTUMN="Ill-treatment, autumn of Xanthippe"
SANITIZED=${MUNIMENT_SANITIZED:-}
[ "$SANITIZED" != 0 ] || SANITIZED=

# value FILE EXPRESSION: of the JSON document d in FILE
value() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
v = eval(sys.argv[2])
print(v if isinstance(v, (str, int)) else "\n".join(map(str, v)))' "$@"
}
# is NAME WANT GOT
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else
		not_ok "$1: not '$2' but '$3'"
	fi
}
# has/lacks NAME TEXT FILE
has() { if grep -qF -- "$2" "$3"; then ok "$1"; else
	not_ok "$1: no '$2'"; sed 's/^/    /' "$3"; fi; }
lacks() { if grep -qF -- "$2" "$3"; then not_ok "$1: '$2' is there"; else
	ok "$1"; fi; }
# id_of FILE NAME: the item whose file has this name, in a list
id_of() { value "$1" "[i['item'] for i in d if i['file']['name'] == '$2'][0]"; }
lawyer() { as lawyer --vault home "$@"; }
partner() { as partner --vault abroad "$@"; }
nina() { as nina --vault ninas "$@"; }

# Dates of the source files by which the cases can be told apart.
mkdir in
cp -R "$TOP/tests/samples/case-A" "$TOP/tests/samples/case-B" in/
chmod -R u+w in
if [ -n "$SANITIZED" ]; then
	rm in/case-A/[c-r]* in/case-B/[d-m]* in/case-B/report.docx \
		in/case-A/statement.docx
fi
find in/case-A -type f -exec touch -d 2012-06-07T08:09:10Z {} +
find in/case-B -type f -exec touch -d 2013-02-03T04:05:06Z {} +

for p in lawyer partner nina; do person $p || exit 2; done
check "init" new_vault lawyer home
lawyer case new "$SPRING" >/dev/null
lawyer case new "$AUTUMN" >/dev/null
status "take in case A" 0 lawyer --json add in/case-A --case "$SPRING"
is "every file of case A" "$(find in/case-A -type f | wc -l)" \
	"$(value out "len([x for x in d if x['what'] == 'added'])")"
sleep 1.1 # so that no time of case B is one of case A
status "take in case B" 0 lawyer --json add in/case-B --case "$AUTUMN" \
	--title "Zeugma of case B"
is "every file of case B" "$(find in/case-B -type f | wc -l)" \
	"$(value out "len([x for x in d if x['what'] == 'added'])")"
sleep 1.1
status "list" 0 lawyer --json list --case "$SPRING"
mv out a.json
lawyer --json list --case "$AUTUMN" >b.json
status "taken in again: known" 0 as lawyer --vault home --json add in/case-A \
	--case "$SPRING"
is "nothing is taken in twice" 0 \
	"$(value out "len([x for x in d if x['what'] != 'known'])")"

status "admit the partner" 0 lawyer member add partner.card \
	--case "$SPRING" --role author
status "carry" 0 lawyer carry -o first.carry --to partner.card \
	--case "$SPRING"
status "nobody else can receive it" 2 as nina --vault x receive first.carry
is "and no folder is made" "" "$(ls -d x* 2>/dev/null)"
status "the partner receives" 0 partner receive first.carry
status "the partner gets case A" 0 partner get --case "$SPRING" -o got
for f in in/case-A/*; do
	check "byte for byte: ${f##*/}" cmp "$f" "got/${f##*/}"
done
is "and no other file" "$(ls in/case-A)" "$(ls got)"
# each item has custody entries of its own, also when a whole case is given out
partner --json list >p.list
one=$(value p.list "d[0]['item']")
two=$(value p.list "d[1]['item']")
exported() {
	partner --json custody "$1" >p.custody
	value p.custody "[x['entry'] for x in d if x['action'] == 'exported']"
}
is "custody: exported once" 1 "$(exported "$one" | tr ',' '\n' | grep -c .)"
[ "$(exported "$one")" != "$(exported "$two")" ] &&
	ok "by an entry of its own" || not_ok "by an entry of its own"
status "the partner gets one item" 0 partner get "$one" -o got.one
is "custody of that one" 2 "$(exported "$one" | tr ',' '\n' | grep -c .)"
is "and not of the other" 1 "$(exported "$two" | tr ',' '\n' | grep -c .)"
status "the partner's vault verifies" 0 partner verify
status "the lawyer's vault verifies" 0 lawyer verify
for v in home abroad; do
	status "a courier verifies $v without a key" 0 \
		"$MUNIMENT" --quiet --vault $v verify --blind </dev/null
done

# Nothing of the other case.
partner --json case list >p.cases
partner --json list >p.list
partner --json search e >p.search
partner --json member list >p.members
first=$(value p.list "d[0]['item']")
partner --json custody "$first" >p.custody
partner --json show "$first" >p.show
partner --json history "$first" >p.history
partner --json verify >p.verify
is "the partner lists case A only" "$(value a.json "len(d)")" \
	"$(value p.list "len(d)")"
is "the other case has no name" "['case', 'items', 'opened_by', 'readable', 'role']" \
	"$(value p.cases "str(sorted([c for c in d if not c['readable']][0]))")"
is "and no number of items" 0 \
	"$(value p.cases "[c for c in d if not c['readable']][0]['items']")"
cat >secrets.py <<'EOT'
# What the list of case B tells of its items must not be in any of the files.
import json, re, sys

seen = set()
for name in sys.argv[2:]:
    with open(name) as f:
        seen |= set(re.findall(r'"[^"]*"|\d+', f.read()))
words = {w.strip('"') for w in seen}
bad = 0
for item in json.load(open(sys.argv[1])):
    for key, value in {**item, **item["file"]}.items():
        # what case A has too: the media type; the case id names no item
        if key in ("file", "versions", "media_type", "case"):
            continue
        bad += 1 if str(value) in words else 0
        print(("not ok" if str(value) in words else "ok") +
              " %s of %s is not in sight" % (key, item["file"]["name"]))
sys.exit(bad > 0)
EOT
python3 secrets.py b.json p.* || BAD=$((BAD + 1))
# the same helper must see what is there: the partner's own items
if python3 secrets.py a.json p.list >/dev/null; then
	not_ok "the search for names finds nothing at all"
else
	ok "the search for names finds what is there"
fi
for id in $(value b.json "[i['item'] for i in d]"); do
	status "show $id" 2 partner show "$id"
	status "get $id" 2 partner get "$id" -o other
	status "custody $id" 2 partner custody "$id"
done
status "get of the other case" 2 partner get --case "$AUTUMN" -o other
is "nothing was written" "" "$(ls other 2>/dev/null)"
status "a case without a right takes nothing in" 2 partner add in/case-A \
	--case "$(value p.cases "[c for c in d if not c['readable']][0]['case']")"

# Editing, history, search.
page=$(id_of a.json saved-webpage.mht)
pdf=$(id_of a.json statement.pdf)
status "edit metadata" 0 lawyer edit "$page" --title "ПРОТОКОЛ Допроса" \
	--kind document --field x_shelf="Straße 7"
status "search in Cyrillic, any case" 0 lawyer --json search "протокол ДОПРОСА"
is "finds the item" "$page" "$(value out "[i['item'] for i in d]")"
status "search in a field of one's own" 0 lawyer --json search "sTRAßE"
is "finds the item again" "$page" "$(value out "[i['item'] for i in d]")"
status "search that finds nothing" 0 lawyer --json search "протокол обыска"
is "finds nothing" 0 "$(value out "len(d)")"
echo "second content" >second.txt
status "edit content" 0 lawyer edit "$page" --content second.txt
status "history" 0 lawyer --json history "$page"
is "three versions, one current" "[False, False, True]" \
	"$(value out "str([v['current'] for v in d])")"
is "the first is the sample" \
	"$(sha256sum <in/case-A/saved-webpage.mht | cut -c1-64)" \
	"$(value out "d[0]['files'][0]['sha256']")"
status "get after an edit" 0 lawyer get "$page" -o now
is "the new content, and nothing else" "$(cat second.txt)" "$(cat now/*)"
status "show" 0 lawyer --json show "$page"
is "the title stays" "ПРОТОКОЛ Допроса" "$(value out "d['title']")"
status "edit of nothing" 2 lawyer edit "$page"

# Notes, retraction, custody.
status "note" 0 lawyer custody "$pdf" --note "Показано врачу"
status "retract" 0 lawyer retract "$pdf" --why "Другой человек"
status "custody" 0 lawyer --json custody "$pdf"
is "custody in order" "taken in carried note retracted" \
	"$(value out "' '.join(x['action'] for x in d)")"
has "custody holds the note" "Показано врачу" out
lawyer --json list >l.list
is "retracted is shown" "$pdf" \
	"$(value l.list "[i['item'] for i in d if i.get('retracted')]")"
status "a retracted item can be read" 0 lawyer get "$pdf" -o retracted
check "with its content" cmp in/case-A/statement.pdf retracted/statement.pdf

# Two who edit apart.
status "the partner edits" 0 partner edit "$page" --title "Partner's title"
status "the partner carries back" 0 partner carry -o back.carry \
	--to lawyer.card --case "$SPRING"
status "the lawyer carries" 0 lawyer carry -o forth.carry --to partner.card \
	--case "$SPRING"
status "the lawyer receives" 0 lawyer receive back.carry
status "the partner receives too" 0 partner receive forth.carry
for who in lawyer partner; do
	status "$who sees both" 0 $who --json show "$page"
	is "$who: two versions side by side" 2 \
		"$(value out "len(d['current_versions'])")"
	has "$who: the one title" "Partner's title" out
	has "$who: the other title" "ПРОТОКОЛ Допроса" out
	status "$who verifies" 0 $who verify
done
status "edit without --join" 2 lawyer edit "$page" --title x
says "it says how" "--join"
status "join" 0 lawyer edit "$page" --join --title "One title"
status "carry the joined one" 0 lawyer carry -o joined.carry \
	--to partner.card --case "$SPRING"
status "receive the joined one" 0 partner receive joined.carry
for who in lawyer partner; do
	status "$who sees one" 0 $who --json show "$page"
	is "$who: one version" "One title" "$(value out \
		"[v['fields']['title'] for v in d['current_versions']]")"
	status "$who: all are in the history" 0 $who --json history "$page"
	is "$who: five versions" 5 "$(value out "len(d)")"
done
status "the partner sees the retraction" 0 partner --json show "$pdf"
has "with its reason" "Другой человек" out

# A file that brings nothing new.
state() { (cd abroad && find . -path ./local -prune -o -type f \
	-exec sha256sum {} + | sort); }
state >before
for f in joined first forth; do
	status "receive $f once more" 0 partner receive $f.carry
	state >after
	check "$f changes nothing" cmp before after
done
status "the partner verifies" 0 partner verify
is "still one version" "One title" "$(partner --json show "$page" >out
	value out "[v['fields']['title'] for v in d['current_versions']]")"
[ -z "$SANITIZED" ] || finish

# One item for a member of another case.
status "admit Nina to case B" 0 lawyer member add nina.card --case "$AUTUMN"
status "share one item of case A" 0 lawyer share "$pdf" --with nina
status "carry to her" 0 lawyer carry -o nina.carry --to nina
status "she receives" 0 nina receive nina.carry
nina --json list --case "$AUTUMN" >n.b
is "she reads all of case B" "$(value b.json "len(d)")" "$(value n.b "len(d)")"
nina --json list >n.list
is "and one item of case A" "$pdf" "$(value n.list \
	"{i['item'] for i in d} - {i['item'] for i in json.load(open('n.b'))}")"
status "she gets it" 0 nina get "$pdf" -o ninas-got
check "byte for byte" cmp in/case-A/statement.pdf ninas-got/statement.pdf
status "she gets no other of case A" 2 nina get "$page" -o ninas-got
lacks "she sees no other title" "One title" n.list
lacks "nor the name of case A" "$SPRING" n.list
status "a reader writes nothing" 2 nina add second.txt --case "$AUTUMN"
status "nor edits" 2 nina edit "$(value b.json "d[0]['item']")" --title x
status "she verifies" 0 nina verify

# Parts; a passphrase.
status "carry in parts" 0 lawyer carry -o parts --part-size 262144 \
	--to partner.card --case "$SPRING"
parts=$(ls parts.0*)
is "no part is longer" 262144 "$(stat -c %s $parts | sort -n | tail -n 1)"
if [ "$(echo "$parts" | wc -l)" -gt 2 ]; then ok "several parts"; else
	not_ok "several parts"; fi
status "receive the parts" 0 as partner --vault fresh receive $parts
as partner --vault fresh get --case "$SPRING" -o again >/dev/null
check "byte for byte from parts" cmp in/case-A/clip.mov again/clip.mov
status "a part is missing" 1 as partner --vault fresh2 receive \
	$(echo "$parts" | sed '$d')
status "parts in another order" 1 as partner --vault fresh2 receive \
	$(echo "$parts" | sort -r)
cat $parts >whole
status "parts joined by cat" 0 as partner --vault fresh3 receive whole
lock() {
	"$MUNIMENT" --quiet --identity "$1.age" --passphrase-fd 3 \
		--vault "$2" "$3" --carry-passphrase-fd 4 $4 $5 $6 $7 3<<P 4<<Q
pass $1
P
${WORD:-six words that were sent apart}
Q
}
status "carry with a passphrase" 0 lock lawyer home carry -p -o pass.carry \
	"$pdf"
status "receive with it" 0 lock partner fourth receive -p pass.carry
status "get" 0 as partner --vault fourth get "$pdf" -o by-pass
check "byte for byte by passphrase" cmp in/case-A/statement.pdf \
	by-pass/statement.pdf
WORD="another one"
status "receive with a wrong one" 2 lock partner fifth receive -p pass.carry
WORD=
is "and no folder is made again" "" "$(ls -d fifth* fresh2* 2>/dev/null)"
# one who is no member, with the passphrase: checks and carries, reads nothing
person stranger
status "a stranger with the passphrase" 0 lock stranger sixth receive -p \
	pass.carry
as stranger --vault sixth --json list >s.list
is "reads nothing" 0 "$(value s.list "len(d)")"
lacks "not even names" "statement" s.list
as stranger --vault sixth --json case list >s.cases
is "nor a case's name" 0 "$(value s.cases "len([c for c in d if 'name' in c])")"
finish
