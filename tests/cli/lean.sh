#!/bin/sh
# The program is two files: everyday commands load few libraries, the others
# go on in muniment-full, with the same arguments and descriptors, or say that
# it is not there.
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || { not_ok "strace is not here"; finish; }
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

# what keys are beside: nothing that reads PDF, archives, mail, or a network
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
	n=$(grep -c execve trace)
	[ "$n" = 1 ] && ok "$c: few libraries, one program" ||
		not_ok "$c: $n programs"
done

# what needs more goes on there, before the passphrase is read
for c in "exhibit $item -o shown" "contents $item" "doctor" \
	"add letters.tar --case A --contents --again" "sync"; do
	case $c in doctor | contents*) want=any ;; *) want=0 ;; esac
	traced $want $c
	grep -q "execve(\"$B/muniment-full\".* = 0\$" trace &&
		ok "$c: goes on in the full program" ||
		not_ok "$c: $(grep execve trace)"
	sed '/execve.*muniment-full.* = 0$/,$d' trace |
		grep -E 'anna.age|home/|letter' | grep -v execve >found
	[ ! -s found ] && ok "$c: nothing was read before" ||
		not_ok "$c: $(head -n 3 found)"
done
[ -f shown/VERIFY.html ] && ok "the exhibit is made" || not_ok "no exhibit"
# arguments that look like others, and those in another order
status "arguments are passed on as they are" 0 anna contents --file \
	-- letters.tar
grep -q '  letter$' out && ok "and mean the same" || not_ok "$(cat out)"
status "a wrong option" 2 anna exhibit --no-such-option
! grep -q 'muniment-full' err && ok "and the second file is not named" ||
	not_ok "$(cat err)"

# by a link, and from a folder of its own with libexec beside it
mkdir -p apart/bin apart/libexec/muniment links
cp "$B/muniment" apart/bin/
cp "$B/muniment-full" apart/libexec/muniment/
ln -s "$W/apart/bin/muniment" links/muniment
MUNIMENT=$W/links/muniment
status "by a link to it, from libexec" 0 anna exhibit "$item" -o shown.zip
# without it
rm apart/libexec/muniment/muniment-full
status "exhibit without the full program" 2 anna exhibit "$item" -o no.zip
says "it says what is missing" "muniment-full"
[ ! -e no.zip ] && ok "and leaves nothing" || not_ok "no.zip is there"
status "sync with a stick goes on without it" 0 anna sync
status "contents says that it cannot" 2 anna contents --file letters.tar
says "why" "does not look into archives"
# one that cannot be started is named
echo no >apart/libexec/muniment/muniment-full
status "one that is no program" 2 anna exhibit "$item" -o no.zip
says "it is named" "apart/bin/../libexec/muniment/muniment-full: "
finish
