#!/bin/sh
# exhibit: what is in a package by what was asked for; what it refuses, before
# anything is written; what it leaves behind when it fails. What a package must
# not tell: court_leak.sh; that it is always the same: court_same.sh.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/court.inc"
court_vault

ex() { at ada exhibit "$@"; }
# reads PACKAGE STATUS NAME: `check` and the independent reader agree on it
reads() {
	"$MUNIMENT" check "$1" >check.got 2>&1
	is "$3: check" "$2" $?
	python3 "$INTEROP/exhibit.py" "$1" >reader.got 2>&1
	is "$3: the independent reader" "$2" $?
	grep -v ': holds' reader.got >reader.bad
	[ ! -s reader.bad ] || sed 's/^/    /' reader.bad
}
# shown PACKAGE ENTRY: names of its fields
shown() { sed -n 's/^field \([^ ]*\) .*/\1/p' "$1/proof/$2.proof" | tr '\n' ' '; }
# entries PACKAGE KIND: ids of its entries of this kind
entries() { sed -n "s/^entry \([^ ]*\) $2 .*/\1/p" "$1/proof/exhibit.txt"; }
# nothing NAME: neither that package nor anything unfinished is there
nothing() {
	[ ! -e "$1" ] && [ -z "$(find . -maxdepth 2 -name '.muniment-*')" ] &&
		ok "$1: nothing was left" ||
		not_ok "$1: left: $(ls -d "$1" .muniment-* 2>/dev/null)"
}
# refuses NAME STATUS TEXT ARGUMENT...: a command that writes nothing at all
refuses() {
	n=$1 want=$2 text=$3
	shift 3
	heads=$(git --git-dir=of-ada for-each-ref)
	status "$n" "$want" ex "$@"
	says "$n: says so" "$text"
	is "$n: the vault is as before" "$heads" \
		"$(git --git-dir=of-ada for-each-ref)"
}

# -- opened --
status "opened" 0 ex "$photo" "$pdf" -o opened
cmp -s opened/data/0001.jpg alpha/photo.jpg && cmp -s opened/data/0002.pdf \
	alpha/report.pdf && ok "the originals, byte for byte" ||
	not_ok "originals: $(ls opened/data)"
reads opened 0 "opened"
is "two records are open" 2 "$(ls opened/proof/*.key | wc -l)"
[ "$(find opened | grep -c '[^A-Za-z0-9._/-]')" = 0 ] &&
	ok "plain names" || not_ok "names: $(find opened)"
(cd opened && sha256sum --quiet -c manifest-sha256.txt tagmanifest-sha256.txt &&
	ssh-keygen -q -Y verify -f proof/signers.txt -I custodian \
		-n muniment-exhibit -s seal.sig <tagmanifest-sha256.txt) >out 2>&1 &&
	ok "sha256sum and ssh-keygen agree" || not_ok "$(cat out)"
at ada custody "$photo" >custody
[ "$(grep -c ' disclosed ' custody)" = 1 ] && ok "custody says so" ||
	not_ok "custody: $(cat custody)"
is "stamped: one stamp" 1 "$(grep -c '^stamp t' opened/proof/exhibit.txt)"
is "cosigned: no names" 0 "$(grep -c '^witness ' opened/proof/exhibit.txt)"
grep -q 'House of Law' -r opened && not_ok "a member's organisation is there" ||
	ok "no member's organisation"

# -- zip, and --json --
status "zip" 0 ex "$clip" -o clip.zip --json
is "json: files" 1 "$(jq .files out)"
is "json: checks hold" "" \
	"$(jq -r '.checks[] | select(.result == "fails") | .name' out)"
is "json: the id is the certificate's" "$(jq -r .id out)" \
	"$(unzip -p clip.zip '*/bag-info.txt' | sed -n 's/^External-Identifier: //p')"
reads clip.zip 0 "zip"

# -- selected --
status "selected" 0 ex "$photo" -o selected --disclose time,files.1.name
e=$(entries selected record)
is "these fields and no others" "batch device files.1.name files.1.sha256 \
files.1.size item kind time vault " "$(shown selected $e)"
[ ! -e selected/proof/$e.key ] && ok "nothing is opened" || not_ok "opened"
reads selected 0 "selected"
e=$(entries selected custody | head -n 1)
is "of custody the least" "action batch device item kind time vault " \
	"$(shown selected $e)"
status "custody's notes" 0 ex "$photo" -o notes \
	--disclose custody.note --witnesses named
[ -e notes/proof/e001.key ] && ok "custody.note: the record stays open" ||
	not_ok "custody.note narrows the record"
grep -q '^field note .*"shown to counsel"$' notes/proof/*.proof &&
	ok "custody.note: is shown" || not_ok "the note is not shown"
grep -q '^witness .* bob of House of Law$' notes/proof/exhibit.txt &&
	ok "named witnesses" || not_ok "$(cat notes/proof/exhibit.txt)"
reads notes 0 "notes"
status "no files, no witnesses" 0 ex "$words" -o none --no-files \
	--witnesses none
is "no files: none" "" "$(ls none/data 2>/dev/null)"
is "witnesses none: none" 0 "$(grep -c ^witness none/proof/policy.txt)"
reads none 2 "none"

# -- more than one original; a part of them; edits --
at ada edit "$pdf" --title 'A title of later' >/dev/null
status "edited" 0 ex "$pdf" -o edited
is "edited: the first version vouches for the original" 2 \
	"$(entries edited record | wc -l)"
e=$(entries edited record | tail -n 1)
is "of which nothing else is shown" \
	"batch device files.1.sha256 files.1.size item kind time vault " \
	"$(shown edited $e)"
reads edited 0 "edited"
is "under checkpoints that others have seen and stamped" 2 \
	"$(ls edited/proof/$e-c*.tlog-proof | wc -l)"

# -- retracted --
must at ada add "$W/ada.card" --case "$alpha" --title 'A slip'
slip=$(item ada.card)
must at ada retract "$slip" --why 'taken in by Bahrom, by mistake'
status "retracted" 0 ex "$slip" -o retracted
is "retracted: it is said" 1 "$(entries retracted retract | wc -l)"
grep -rq Bahrom retracted && not_ok "retracted: why is told" ||
	ok "retracted: why is withheld"
grep -q retracted retracted/CERTIFICATE.html && ok "retracted: on the certificate" ||
	not_ok "retracted: not on the certificate"
reads retracted 2 "retracted"

# -- of two cases --
other=$(item ledger-of-beta.xls)
status "of two cases" 0 ex "$photo" "$other" -o both
is "of two cases: custody of the other" 1 "$(at ada custody "$other" |
	grep -c " disclosed ")"
reads both 0 "of two cases"

# -- count --
status "count" 0 ex "$photo" -o counted --count
is "count: each log twice" "$(ls of-ada/refs/heads | wc -l)" \
	"$(ls counted/count | grep -c batches)"
reads counted 0 "count"

# -- a filing profile, a declaration, values --
printf '# of the case\ncourt=District Court\ncase_number=7/2026\n' >values
status "profile" 0 ex "$pdf" -o filed --profile generic --lang fr \
	--declaration un --set-file values --set exhibit_number=E-7
[ -n "$(ls filed/filing)" ] && ok "filing/ is there" || not_ok "no filing"
grep -q 'District Court' filed/CERTIFICATE.html &&
	grep -q 'E-7' filed/CERTIFICATE.html && ok "the values are printed" ||
	not_ok "the values are not in the certificate"
reads filed 0 "profile"

# -- no network; no file but in the package and the vault --
if strace -o /dev/null true 2>/dev/null; then
	strace -f -o trace -e trace=open,openat,creat,socket,execve \
		"$MUNIMENT" --quiet --identity ada.age --passphrase-fd 3 \
		--vault of-ada exhibit "$pdf" -o traced.zip --profile un 3<<P >out 2>err
pass ada
P
	is "traced" 0 $?
	grep -E 'O_CREAT|O_WRONLY|O_RDWR|creat\(|socket' trace |
		grep -vE ' E[A-Z]+ \(' | sed 's/^[0-9]* *//' |
		grep -vE '^[a-z]*\([A-Z_]*,? ?"(of-ada/|(\./)*/?\.muniment-[0-9a-f]{16}\.part|/dev/null)' >other
	[ ! -s other ] && ok "nothing is written elsewhere, no socket is made" ||
		not_ok "elsewhere: $(cat other)"
	# it goes on in muniment-full: lean.sh
	is "no other program is run" 2 "$(grep -c 'execve.* = 0$' trace)"
else
	skip "no file elsewhere" "strace does not work here"
fi

# -- what is refused, and named, before anything is written --
refuses "no such field" 2 "no item here has this" "$photo" -o no --disclose titel
refuses "no such file" 2 "has a file 7" "$photo" -o no --files 7
refuses "no such language" 2 "no such language" "$photo" -o no --lang xx
refuses "no such form" 2 "no such declaration" "$photo" -o no --declaration x
refuses "no such profile" 2 "no such profile" "$photo" -o no --profile x
refuses "no such item" 2 "no item" ffffffffff -o no
refuses "no such folder" 2 "No such file" "$photo" -o there/no
refuses "in the vault" 2 "the vault's own folder" "$photo" -o of-ada/no
refuses "in the vault, below" 2 "the vault's own folder" "$photo" \
	-o of-ada/local/../lfs/no.zip
refuses "is there already" 2 "exists already" "$photo" -o opened
nothing no
status "no -o" 2 ex "$photo"
status "a bad number" 2 ex "$photo" -o no --files 0
status "a bad --witnesses" 2 ex "$photo" -o no --witnesses all

# an original that is not here, or damaged
seg=$(find of-ada/lfs/objects -type f -size +90k -size -160k | head -n 1)
mv "$seg" kept
refuses "bulk that is absent" 1 "not here" "$clip" -o no
cp kept "$seg"
printf 'other bytes here' | dd of="$seg" bs=1 seek=5000 conv=notrunc 2>/dev/null
refuses "bulk that is damaged" 1 "another SHA-256" "$clip" -o no
nothing no
cp -p kept "$seg"

# no right in the case; nor any key
must at ada carry -o eve.carry --to eve.card
must at eve receive eve.carry
status "what one cannot read" 2 at eve exhibit "$photo" -o no
nothing no

# an entry that does not count: Bob is retired, and writes on
must at ada carry -o b.carry --to bob.card
must at bob receive b.carry
cp -r of-ada before
must at ada member retire bob
echo late >late.txt
must at bob add late.txt --case "$alpha"
late=$(item late.txt bob)
must at bob carry -o l.carry --to ada.card
at ada receive l.carry >/dev/null 2>&1
status "an entry that is not accepted" 1 ex "$late" -o no
says "not accepted: says why" "not accepted"
nothing no

# one's own log, rolled back: it cannot be gone on with
mv of-ada after
cp -r before of-ada
rm -r of-ada/local && cp -r after/local of-ada/local
at ada exhibit "$photo" -o no >out 2>err
[ $? -ne 0 ] && ok "a log that was rolled back: refused" ||
	not_ok "a rolled back log was written to"
nothing no
rm -rf of-ada && mv after of-ada

# -- the medium is full; a signal --
head -c 6000000 /dev/urandom >large.bin
must at ada add large.bin --case "$alpha"
large=$(item large.bin)
(
	ulimit -f 4000 # blocks of 512 or 1,024 bytes: less than it needs
	trap '' XFSZ
	at ada exhibit "$large" -o no.zip >out 2>err
) && not_ok "no room: it succeeded" || ok "no room: it fails"
nothing no.zip
if mkdir small && mount -t tmpfs -o size=3m none small 2>/dev/null; then
	status "disk full" 2 ex "$large" -o small/no
	says "disk full: says so" "No space left"
	is "disk full: nothing was left" "" "$(ls -A small)"
	umount small
else
	skip "disk full" "a tmpfs cannot be mounted"
fi
(exec "$MUNIMENT" --quiet --identity ada.age --passphrase-fd 3 \
	--vault of-ada exhibit "$large" -o no 3<<P >out 2>err
pass ada
P
) &
pid=$!
for i in $(seq 100); do
	ls -d .muniment-*.part >/dev/null 2>&1 && break
	sleep 0.05
done
kill -TERM $pid 2>/dev/null
wait $pid 2>/dev/null
rc=$?
if [ -e no ]; then
	skip "a signal" "it was done before"
else
	[ $rc -ne 0 ] && ok "a signal: it ends" || not_ok "a signal: status $rc"
	nothing no
fi
status "and again" 0 ex "$large" -o large
cmp -s large/data/0001.bin large.bin && ok "whole" || not_ok "not whole"
reads large 2 "what nobody has seen"
finish
