#!/bin/sh
# The program is two files: everyday commands load few libraries, the others
# go on in muniment-full, with the same arguments and descriptors, or say that
# it is not there.
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || { not_ok "strace is not here"; finish; }
# without root's rights strace cannot read the paths of a process that has shut
# its memory: it sees how many programs are started, and not which
ROOT=$([ "$(id -u)" -eq 0 ] && echo yes)
B=$(readlink -f "$(dirname "$MUNIMENT")")
person anna
new_vault anna home
anna() { as anna --vault home "$@"; }
anna case new A >/dev/null
echo "what the witness saw" >letter
tar -cf letters.tar letter
anna add letter letters.tar --case A >/dev/null
item=$(anna --json list | sed -n 's/.*"item": "\(.*\)".*/\1/p' | head -n 1)
cat >traced <<EOT
#!/bin/sh
exec strace -f -qq -o "$W/trace" -e trace=open,openat,execve "$MUNIMENT" "\$@"
EOT
chmod 755 traced
# traced WANT COMMAND...: as anna; its calls are in trace. WANT: its exit status,
# or "any"
traced() {
	want=$1
	shift
	MUNIMENT=$W/traced as anna --vault home "$@" >out 2>err
	got=$?
	[ "$want" = any ] || [ $got = "$want" ] || not_ok "$*: $(cat err)"
}
mkdir stick
anna remote add stick stick --kind stick --to anna >/dev/null ||
	not_ok "no remote"

# what keys are beside: no library for PDF, archives, mail or git hosts
heavy='lib(cairo|pango|qpdf|curl|archive|gmime|glib|icu|xml2|gnutls)'
person boris
anna member add boris.card --case A >/dev/null
anna exhibit "$item" -o of.zip >/dev/null 2>&1
for c in "list" "show $item" "search witness" "verify" "get $item -o got" \
	"add letter --case A --again" "edit $item --title T" \
	"share $item --with boris" "carry -o carried --to anna" \
	"custody $item" "receive carried" "repair carried --check" \
	"check of.zip"; do
	case $c in check*) want=any ;; *) want=0 ;; esac
	traced $want $c
	grep -E "open.*\"[^\"]*/$heavy[^\"]*\.so" trace | grep -v ENOENT >found
	[ ! -s found ] || not_ok "$c loads $(head -n 3 found)"
	n=$(grep -c 'execve.* = 0$' trace)
	[ "$n" = 1 ] && ok "$c: few libraries, one program" ||
		not_ok "$c: $n programs"
done

# what needs more goes on there, before the passphrase is read
for c in "exhibit $item -o shown" "contents $item" "doctor" \
	"redact $item --with letter --zones 1" "witness keys" \
	"collector sync $W/none $W/stick" \
	"add letters.tar --case A --contents --again" "sync"; do
	case $c in exhibit* | add* | sync) want=0 ;; *) want=any ;; esac
	traced $want $c
	[ "$(grep -c 'execve.* = 0$' trace)" = 2 ] &&
		ok "$c: goes on in another program" ||
		not_ok "$c: $(grep execve trace)"
	[ -n "$ROOT" ] || continue
	grep -q "execve(\"$B/muniment-full\".* = 0\$" trace &&
		ok "$c: the full one" || not_ok "$c: $(grep execve trace)"
	sed '/execve.*muniment-full.* = 0$/,$d' trace |
		grep -E 'anna.age|home/|letter|none' | grep -v execve >found
	[ ! -s found ] && ok "$c: nothing was read before" ||
		not_ok "$c: $(head -n 3 found)"
done
[ -f shown/VERIFY.html ] && ok "the exhibit is made" || not_ok "no exhibit"
# arguments that look like others, and those in another order
status "arguments are passed on as they are" 0 anna contents --file \
	-- letters.tar
grep -q '  letter$' out && ok "and mean the same" || not_ok "$(cat out)"
status "a wrong option" 2 anna exhibit --no-such-option
grep -q . err && ! grep -q 'muniment-full' err && ok "and the second file is not named" ||
	not_ok "$(cat err)"

# by a link, and from a folder of its own with libexec beside it
F=apart/libexec/muniment/muniment-full
mkdir -p apart/bin apart/libexec/muniment links
cp "$B/muniment" apart/bin/
cp "$B/muniment-full" $F
ln -s "$W/apart/bin/muniment" links/muniment
MUNIMENT=$W/links/muniment
status "by a link to it, from libexec" 0 anna exhibit "$item" -o shown.zip

# refused NAME WHY: the full program is there, and is not run
refused() {
	rm -f no.zip
	status "$1" 2 anna exhibit "$item" -o no.zip
	says "$1: why" "$2"
	says "$1: which" "$W/$F: "
	[ ! -e no.zip ] && ok "$1: nothing is left" || not_ok "$1: no.zip is there"
}
chmod 775 $F
refused "one that others may change" "others could have changed it"
chmod 755 $F
for d in apart/libexec/muniment apart/libexec apart; do
	chmod 777 $d
	refused "$d is everybody's" "others could have changed it"
	chmod 755 $d
done
if [ "$(id -u)" = 0 ]; then
	chown 12345 $F
	refused "another user's" "others could have changed it"
	chown 0 $F
else
	skip "another user's" "only root can make one"
fi
mv $F apart/there
ln -s "$W/apart/there" $F
refused "a link" "not a file"
rm $F
# another version says so itself
sed "s/$("$MUNIMENT" --version | sed 's/.* //; s/\./\\./g')/9.9.9/g" apart/there >$F
chmod 755 $F
status "another version" 2 anna exhibit "$item" -o no.zip
says "another version: which" "and muniment-full 9.9.9"
printf 'no program' >$F
refused "one that is no program" "Exec format error"
# only from a folder "bin", and only of a program that is called muniment
cp apart/there $F
mkdir apart/there.d
cp apart/bin/muniment apart/there.d/
MUNIMENT=$W/apart/there.d/muniment
status "libexec is that of bin" 2 anna exhibit "$item" -o no.zip
cp apart/there apart/there.d/muniment-full
cp apart/bin/muniment apart/there.d/start.com
MUNIMENT=$W/apart/there.d/start.com
status "a program of another name" 2 anna exhibit "$item" -o no.zip
says "a program of another name: why" "it is not here"

# without it
rm $F
MUNIMENT=$W/apart/bin/muniment
for c in "exhibit $item -o no.zip" "redact $item --with letter --zones 1" \
	"witness keys" "contents --file letters.tar" "contents $item" \
	"add letters.tar --case A --again --contents"; do
	status "$c, without the full program" 2 anna $c
	says "it says what is missing" "muniment-full does that, and it is not here"
done
[ ! -e no.zip ] && ok "and leaves nothing" || not_ok "no.zip is there"
status "sync with a stick goes on without it" 0 anna sync
anna remote add host https://127.0.0.1:9/x.git >/dev/null || not_ok "no remote"
status "sync with a host does not" 2 anna sync host
says "it says why" "muniment-full speaks to one, and it is not here"
finish
