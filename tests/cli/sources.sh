#!/bin/sh
# What is not read again by `add`: a file is believed to be as it was only if
# all that its file system says of it is the same, it had been left alone, and
# this case of this vault holds it. The list of such files tells nobody else
# anything, and without it all is read. faketime is the calendar: the program
# lives in an hour that has come since the files were made.
. "$(dirname "$0")/lib.sh"
for p in faketime jq; do
	command -v $p >/dev/null || { skip "files not read again" "no $p"; exit 0; }
done
export REAL="$MUNIMENT" AT=+1h TRACE= NO_FAKE_STAT=1
cat >"$W/muniment" <<'E2'
#!/bin/sh
exec $TRACE faketime -f "$AT" "$REAL" "$@"
E2
chmod +x "$W/muniment"
MUNIMENT=$W/muniment
person anna && person bahrom && new_vault anna v && new_vault anna v2 &&
	new_vault bahrom b || { not_ok "setup"; finish; }

add() { as anna --vault v --json add "$@" 2>err; }
# how NAME WANT PATH...: what becomes of each: added, content or stat
how() {
	n=$1 want=$2
	shift 2
	got=$(add "$@" --case one | jq -r '[.[] | .by // .what] | join(" ")')
	[ "$got" = "$want" ] && ok "$n" || {
		not_ok "$n: not '$want' but '$got'"
		sed 's/^/    /' err
	}
}

for v in "anna v" "anna v2" "bahrom b"; do
	as "${v% *}" --vault "${v#* }" case new one >/dev/null
done
as anna --vault v case new two >/dev/null
mkdir src src/below
for f in a b c below/d; do
	echo "canary text of $f" >src/$f
done
head -c 300000 /dev/urandom >src/large

AT=+0
how "taken in" "added added added added added" src
[ -e v/local/sources ] && not_ok "what has just changed is on no list" ||
	ok "what has just changed is on no list"
AT=+30s
how "half a minute later all is read" "content content content content content" \
	src
how "that is no long time" "content content content content content" src
AT=+1h
how "an hour later all is read once more" \
	"content content content content content" src
how "then nothing is" "stat stat stat stat stat" src
as anna --vault v add src --case one 2>&1 >/dev/null | grep -q . &&
	not_ok "--quiet says nothing" || ok "--quiet says nothing"
"$MUNIMENT" --identity anna.age --passphrase-fd 3 --vault v add src/a src/b \
	--case one --reread 3<<P 2>err >/dev/null
pass anna
P
says "how many were compared is said" \
	"2 known already (2 read and compared; 0 not read"
"$MUNIMENT" --identity anna.age --passphrase-fd 3 --vault v add src \
	--case one 3<<P 2>err >/dev/null
pass anna
P
says "and how many were not read" \
	"5 known already (0 read and compared; 5 not read"
says "each by itself, too" "src/below/d: not read: unchanged since it was taken"

# Without root's rights strace cannot read a process that has shut its memory.
if [ "$(id -u)" -eq 0 ] && strace -o /dev/null true 2>/dev/null; then
	TRACE="strace -f -o trace -e trace=open,openat,read"
	how "traced" "stat stat stat stat stat" src
	grep -q '"[^"]*src/below/*"' trace && ok "folders are looked at" ||
		not_ok "folders are looked at"
	grep -E '"[^"]*(src/[abc]|src/below/d|src/large)"' trace >opened
	[ -s opened ] && not_ok "no file is opened: $(head -1 opened)" ||
		ok "no file is opened"
	how "traced, with --reread" "content content content content content" \
		src --reread
	n=$(grep -cE '"[^"]*(src/[abc]|src/below/d|src/large)"' trace)
	[ "$n" -eq 5 ] && ok "all are opened" || not_ok "all are opened: $n"
	TRACE=
else
	skip "no file is opened" "strace cannot look here"
fi

# what has changed
touch -r src/a kept
echo "CANARY text of a" >src/a
touch -r kept src/a
how "the same length, and its time put back" "added stat" src/a src/b
chmod 600 src/b
how "its rights changed: read" "content" src/b
how "once" "stat" src/b
mv src/c src/moved
how "another name" "content" src/moved
mv src/moved src/c
how "moved back" "content" src/c
cp -p src/b copy && mv copy src/b
how "another file in its place" "content" src/b
touch -d "2 days" src/below/d
how "from the future" "content" src/below/d
how "it stays so" "content" src/below/d
touch -d 2020-01-01 src/below/d
how "read" "content" src/below/d
how "and believed again" "stat" src/below/d
ln src/below/d src/below/e
how "a second name of a file" "content content" src/below/d src/below/e
ln -s src link
how "by a folder's other name" "stat" link/below/d
how "from another folder" "stat" "$W/src/below/d"
how "--again takes it in" "added" src/b --again
touch src/c
AT="-10d"
how "with a clock that stands in the past" "content stat" src/c src/below/d
how "what changes goes on no list" "content" src/c
AT=+1h

# what is held
ITEM=$(add src/large --case one | jq -r '.[0].item')
as anna --vault v retract "$ITEM" --why "not the right one"
how "its item is retracted: read" "content" src/large
how "each time" "content" src/large
[ "$(add src/below/d --case two | jq -r '.[0].what')" = added ] &&
	ok "another case has not got it" || not_ok "another case has not got it"
how "which changes nothing here" "stat" src/below/d
mkdir v2/local/sources b/local/sources
cp v/local/sources/* v2/local/sources
cp v/local/sources/* b/local/sources
OLD=$(ls v/local/sources)
as anna --vault v2 --json add src/below/d src/b --case one >said 2>/dev/null
[ "$(jq -r 'map(.what) | join(" ")' said)" = "added added" ] &&
	ok "another vault has not got it" || not_ok "another vault has not got it"
as bahrom --vault b --json add src/below/d src/b --case one >said 2>/dev/null
[ "$(jq -r 'map(.what) | join(" ")' said)" = "added added" ] &&
	ok "another person has not got it" ||
	not_ok "another person has not got it"
as bahrom --vault b --json add src/below/d --case one 2>/dev/null |
	grep -q '"by": "stat"' && ok "and keeps his own list" ||
	not_ok "and keeps his own list"
for f in $OLD; do
	[ -e "v2/local/sources/$f" ] || [ -e "b/local/sources/$f" ] &&
		not_ok "a foreign list is removed" || ok "a foreign list is removed"
done

# the list
grep -rqaE "canary|below|src" v/local/sources && not_ok "it shows no name" ||
	ok "it shows no name"
sizes=$(stat -c %s v/local/sources/* v2/local/sources/* b/local/sources/* |
	sort -u | wc -l)
[ "$sizes" -eq 1 ] && ok "its length does not tell how many" ||
	not_ok "its length does not tell how many: $sizes lengths"
[ "$(stat -c '%Y %a' v/local/sources/*.age)" = "1000000000 600" ] &&
	ok "nor its time when" || not_ok "nor its time when"
P=$(echo v/local/sources/*.age)
cp "$P" good
# What is left whole of a list counts: each part of it is authentic by itself.
while read -r want how; do
	cp good "$P"
	eval "$how" 2>/dev/null
	got=$(add src/below/d --case one | jq -r '.[0].by')
	[ "$got" = "$want" ] && ok "the list after: $how" ||
		not_ok "the list after: $how: $got"
	[ "$(ls v/local/sources | wc -l)" -eq 1 ] ||
		not_ok "more than one list after: $how"
	P=$(echo v/local/sources/*.age)
done <<'E2'
stat dd if=/dev/zero of="$P" bs=1 count=1 seek=250000 conv=notrunc
content dd if=/dev/zero of="$P" bs=1 count=1 seek=1000 conv=notrunc
content dd if=/dev/zero of="$P" bs=1 count=9 seek=30 conv=notrunc
stat truncate -s 100000 "$P"
content truncate -s 60000 "$P"
content truncate -s 0 "$P"
content cp /etc/passwd "$P"
content rm "$P"
content ln -sf "$W/good" "$P"
E2
how "and then it is whole again" "stat" src/below/d
cp good v/local/sources/00000000000000000000000000000000.age
: >v/local/sources/11111111111111111111111111111111.new
how "left by a command that was killed" "stat" src/below/d
touch -d 2021-01-01 src/below/d
how "read" "content" src/below/d
how "the newest counts" "stat" src/below/d
[ "$(ls v/local/sources | wc -l)" -eq 1 ] && ok "what was left is cleared" ||
	not_ok "what was left is cleared"

# where no list may be
if unshare -rm true 2>/dev/null; then
	mkdir elsewhere
	cat >inside <<'E2'
mount -t ramfs none elsewhere && echo "canary on a stick" >elsewhere/f ||
	exit 9
for i in 1 2; do
	"$MUNIMENT" --quiet --identity anna.age --passphrase-fd 3 --vault v \
		--json add elsewhere/f --case one 3<<P | jq -r '.[0] | .by // .what'
pass anna
P
done
E2
	got=$(MUNIMENT="$MUNIMENT" unshare -rm sh inside 2>err | tr '\n' ' ')
	[ "$got" = "added content " ] &&
		ok "on a file system that is not known all is read" ||
		not_ok "on a file system that is not known all is read: $got"
else
	skip "on a file system that is not known all is read" "no mounts here"
fi
as anna --vault v collector kit --case one --label nina -o kit >/dev/null &&
	"$MUNIMENT" --quiet --passphrase-fd 3 collector new field --kit kit 3<<P \
		>/dev/null &&
pass nina
P
	for i in 1 2; do
		"$MUNIMENT" --quiet --passphrase-fd 3 collector add field src 3<<P
pass nina
P
	done >/dev/null
git --git-dir=field rev-list --all --count >out
[ "$(cat out)" -ge 3 ] && ! [ -e field/local/sources ] &&
	ok "a collector's machine keeps no list" ||
	not_ok "a collector's machine keeps no list"
# carried, it is not
as anna --vault v carry -o stick --to bahrom.card && as bahrom --vault c \
	receive stick >/dev/null && ! [ -e c/local/sources ] &&
	ok "it does not travel" || not_ok "it does not travel"
mv v/local away
as anna --vault v add src/c --case one >out 2>err
[ -e v/local/sources ] && not_ok "a machine that keeps nothing keeps no list" ||
	ok "a machine that keeps nothing keeps no list"
finish
