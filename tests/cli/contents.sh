#!/bin/sh
# What is in archives and mail files: listed, taken in, bound to the original;
# what cannot be read is told, and the original is there all the same.
. "$(dirname "$0")/lib.sh"
person anna
new_vault anna v >/dev/null
MUNIMENT_VAULT=$W/v
export MUNIMENT_VAULT
as anna case new C >/dev/null

mkdir -p src/DCIM
echo "what was said" >src/a.txt
head -c 300000 /dev/urandom >src/DCIM/1.jpg
head -c 17000000 /dev/urandom >src/DCIM/film.bin
ln -s /etc/passwd src/link
mkfifo src/pipe
tar cf t.tar src
for c in gzip bzip2 xz zstd; do
	tar --$c -cf "t.tar.$c" src
	$c -c <src/a.txt >"a.txt.$c"
done
mv t.tar.gzip t.tgz
(cd src && zip -qr ../t.zip a.txt DCIM)
cat >m.eml <<'M'
From: a@example.org
To: b@example.org
Date: Mon, 30 Nov 2026 10:00:00 +0000
Subject: two photographs
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=xyz

--xyz
Content-Type: text/plain; charset=windows-1251

the message itself
--xyz
Content-Type: image/png
Content-Disposition: attachment; filename*=UTF-8''%D1%84%D0%BE%D1%82%D0%BE.png
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--xyz
Content-Type: message/rfc822

From: c@example.org
Subject: inner
MIME-Version: 1.0
Content-Type: application/pdf; name="../../x.pdf"
Content-Transfer-Encoding: quoted-printable

%PDF=2D1.7
--xyz--
M
{ echo "From a@example.org Mon Nov 30 10:00:00 2026"; cat m.eml; echo
	echo "From a@example.org Mon Nov 30 10:00:00 2026"; cat m.eml; } >b.mbox

# listing, without a vault
for f in t.tar t.tgz t.tar.bzip2 t.tar.xz t.tar.zstd t.zip; do
	cp "$f" "list.${f##*.}"
	case $f in *.bzip2 | *.zstd) cp "$f" "list.${f%%.*}.tar" ;; esac
	status "list $f" 0 "$MUNIMENT" --json contents --file "$f"
	jq -r '.[].members[] | select(.sha256 != null) |
		.sha256 + "  " + (.path | sub("^src/"; ""))' out |
		(cd src && sha256sum -c --quiet) && [ "$(jq '[.[].members[] |
		select(.sha256 != null)] | length' out)" = 3 ] &&
		ok "list $f: three files, their SHA-256" || not_ok "list $f"
done
jq -r '.[].members[].kind' out >/dev/null
"$MUNIMENT" --json contents --file t.tar >out
[ "$(jq -c '[.[].members[].kind] | unique' out)" = \
	'["file","folder","pipe","symbolic link"]' ] &&
	ok "links and pipes are named" || not_ok "kinds: $(cat out)"
for c in gzip bzip2 xz zstd; do
	status "list a.txt.$c" 0 "$MUNIMENT" --json contents --file "a.txt.$c"
	[ "$(jq -r '.[0].members[0] | .path + " " + .sha256' out)" = \
		"a.txt $(sha256sum <src/a.txt | cut -c-64)" ] &&
		ok "a.txt.$c: the file, under its name" || not_ok "$(cat out)"
done
status "list mail" 0 "$MUNIMENT" --json contents --file m.eml
[ "$(jq -r '.[0].members[] | .kind + " " + .path' out)" = "text part-1
file фото.png
file message-1/../../x.pdf" ] && ok "mail: texts and attachments" ||
	not_ok "mail: $(cat out)"
status "list an mbox" 0 "$MUNIMENT" --json contents --file b.mbox
[ "$(jq -r '[.[0].members[] | select(.kind == "file")] | length' out)" = 4 ] &&
	ok "mbox: attachments of both messages" || not_ok "mbox: $(cat out)"
status "list what is none" 2 "$MUNIMENT" contents --file src/a.txt
status "list nothing" 2 "$MUNIMENT" contents --file none.zip
says "list nothing: says so" "No such file"

# taking in
find . -path ./v -prune -o -type f -print | sort >before
status "add --contents" 0 as anna --json add t.zip t.tgz m.eml --case C \
	--contents --title "a phone" --kind photo
cp out added
find . -path ./v -prune -o -type f -print | sort >after
sed -i -E '/^\.\/(out|err|before|after|added)$/d' before after
diff before after >/dev/null &&
	ok "nothing is unpacked beside" || not_ok "files: $(diff before after)"
[ "$(jq '[.[] | select(.what == "added")] | length' added)" = 8 ] &&
	ok "three originals, five members" || not_ok "added: $(cat added)"
[ "$(jq '[.[] | select(.what == "known")] | length' added)" = 3 ] &&
	ok "what the zip held is known in the tar" || not_ok "$(cat added)"
[ "$(jq -c '[.[] | select(.what == "skipped") | .why] | sort' added)" = \
	'["a pipe","a symbolic link"]' ] && ok "links and pipes are skipped" ||
	not_ok "$(cat added)"
[ "$(jq -r '[.[].path] | index("t.zip") < index("t.zip: a.txt")' added)" = true ] &&
	ok "the original first" || not_ok "$(cat added)"
zip=$(jq -r '.[] | select(.path == "t.zip").item' added)
jpg=$(jq -r '.[] | select(.path == "t.zip: DCIM/1.jpg").item' added)
pdf=$(jq -r '.[] | select(.path | endswith("x.pdf")).item' added)
as anna --json show "$jpg" >out
[ "$(jq -r '.current_versions[0].within | .item + " " + .path + " " +
	(.file | tostring) + " " + (.problem // "fine")' out)" = \
	"$zip DCIM/1.jpg 1 fine" ] && ok "a member is bound to its original" ||
	not_ok "within: $(cat out)"
[ "$(jq -r .current_versions[0].fields.kind out)" = photo ] &&
	ok "a member has its original's record" || not_ok "record: $(cat out)"
entry=$(as anna --json show "$zip" | jq -r '.current_versions[0].entry')
[ "$(jq -r '.current_versions[0].within.entry' out)" = "$entry" ] &&
	ok "bound by the entry's hash" || not_ok "entry: $(cat out)"
as anna show "$jpg" >out
grep -q "OUT OF file 1 of item $(echo "$zip" | cut -c-8)" out &&
	ok "show says what it is out of" || not_ok "show: $(cat out)"
as anna --json show "$pdf" >out
[ "$(jq -r '.current_versions[0] | .within.path + " " + .files[0].name +
	" " + (.files[0].path // "none")' out)" = \
	"message-1/../../x.pdf member-000003 none" ] &&
	ok "a name that no file may have is kept, and not used" ||
	not_ok "name: $(cat out)"
as anna edit "$jpg" --title other && as anna --json show "$jpg" >out &&
	[ "$(jq -r '.current_versions[0].within.item' out)" = "$zip" ] &&
	ok "a new version stays bound" || not_ok "edit: $(cat out)"
status "verify" 0 as anna verify
as anna get --case C -o got >/dev/null
cmp got/DCIM/film.bin src/DCIM/film.bin && cmp got/DCIM/1.jpg src/DCIM/1.jpg &&
	ok "members come back byte for byte" || not_ok "get: $(find got)"
cmp got/t.zip t.zip && ok "so does the original" || not_ok "original"
status "contents of an item" 0 as anna --json contents "$zip"
[ "$(jq -r '.[0].members[] | select(.path == "DCIM/1.jpg").item' out)" = "$jpg" ] &&
	ok "the list names the items" || not_ok "list: $(cat out)"

# twice, and later
before=$(as anna --json list | jq length)
status "twice" 0 as anna --json contents --take "$zip"
[ "$(jq -r '[.[].what] | unique | join(" ")' out)" = known ] &&
	[ "$(as anna --json list | jq length)" = "$before" ] &&
	ok "twice does nothing" || not_ok "twice: $(cat out)"
status "no container" 2 as anna contents --take "$jpg"
says "no container: says so" "neither an archive nor mail"
as anna add b.mbox --case C >/dev/null
mbox=$(as anna --json list | jq -r '.[] | select(.file.name == "b.mbox").item')
status "later" 0 as anna --json contents --take "$mbox"
[ "$(jq '[.[] | select(.what == "known")] | length' out)" = 4 ] &&
	ok "later: what the message held is known" || not_ok "later: $(cat out)"

# damaged and encrypted ones
head -c 17200000 t.zip >cut.zip
status "cut off" 2 as anna add cut.zip --case C --contents
says "cut off: says so" "cut.zip"
as anna --json list | jq -e '.[] | select(.file.name == "cut.zip")' >/dev/null &&
	ok "cut off: the original is kept" || not_ok "cut off: no original"
zip -qP secret enc.zip src/a.txt
status "encrypted" 2 as anna add enc.zip --case C --contents
says "encrypted: says so" "it is encrypted"
yes | head -c 100000000 | gzip >zeros.gz
status "a bomb" 2 "$MUNIMENT" contents --file zeros.gz
says "a bomb: says so" "too much"
status "a bomb, on demand" 0 "$MUNIMENT" contents --file zeros.gz --large
status "verify at the end" 0 as anna verify
[ "$BAD" = 0 ]
