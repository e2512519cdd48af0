#!/bin/sh
# The main commands under valgrind's memcheck: a lawyer takes in evidence,
# admits a partner, carries the case to her; then an age file made and opened.
# Ends with the first command that fails or that memcheck complains of, names
# it, and shows what was said.
#
#	MUNIMENT=/path/to/muniment sh tests/valgrind_walk.sh
#
# No suppressions and no special environment are needed. The pages that
# libsodium guards come from mmap: memcheck checks every access to them, but
# counts no leak of them. The helper that names media types cannot shut itself
# in under valgrind, which knows no Landlock and needs system calls that the
# helper gives up; so it ends, add and edit warn, and types are recorded as
# application/octet-stream. What takes a foreign git pack apart cannot either:
# receive runs without valgrind. It is a forked child, whose own reports
# --child-silent-after-fork leaves out: only the parent is judged here.
set -eu

: "${MUNIMENT:?set it to the path of the program}"
MUNIMENT=$(cd "$(dirname "$MUNIMENT")" && pwd)/${MUNIMENT##*/}
samples=$(cd "$(dirname "$0")/samples" && pwd)
unset MUNIMENT_VAULT MUNIMENT_IDENTITY
w=$(mktemp -d)
trap 'rm -rf "$w"' EXIT
trap 'exit 2' HUP INT TERM
cd "$w"

command -v valgrind >/dev/null || {
	echo "valgrind_walk: there is no valgrind here" >&2
	exit 2
}

# fail WORDS...: what the last command said, and the end
fail() {
	echo "valgrind_walk: $*" >&2
	sed 's/^/    /' err >&2
	exit 1
}

# check COMMAND...: must end with 0, and memcheck must be content
check() {
	status=0
	valgrind -q --error-exitcode=9 --leak-check=full \
		--errors-for-leak-kinds=definite \
		--child-silent-after-fork=yes \
		"$MUNIMENT" --quiet "$@" >out 2>err 3<pass 4<root || status=$?
	case $status in
	0) echo "ok valgrind: muniment $*" ;;
	9) fail "memcheck complains of: muniment $*" ;;
	*) fail "exit status $status: muniment $*" ;;
	esac
	# an error in a process that ends by itself is in its output at least
	if grep -q '^==[0-9]*== ' err; then
		fail "memcheck has something to say of: muniment $*"
	fi
}
# lawyer, partner COMMAND...: as this person, at this person's vault
lawyer() {
	check --identity lawyer.age --vault vault --passphrase-fd 3 "$@"
}
partner() {
	check --identity partner.age --vault copy --passphrase-fd 3 "$@"
}

echo "one passphrase for everything here" >pass
echo "another one for the root key" >root
mkdir evidence
cp "$samples/case-A/statement.pdf" "$samples/case-B/notes.txt" evidence
cp "$samples/case-B/with-attachment.pdf" evidence # above 64 KiB
[ "$(wc -c <evidence/with-attachment.pdf)" -gt 65536 ]

lawyer id new --name Lawyer --org Chambers --work-factor 10
partner id new --name Partner --work-factor 10
partner id card -o partner.card
check id words partner.card
lawyer init vault --root-passphrase-fd 4 --work-factor 10
lawyer case new Spring
lawyer add evidence --case Spring --kind document --title Statement \
	--field source.name=A-1
lawyer add evidence/with-attachment.pdf --case Spring # known already
lawyer member add partner.card --case Spring --role author
lawyer member list
lawyer carry -o stick --to partner.card --case Spring
"$MUNIMENT" --quiet --identity partner.age --vault copy --passphrase-fd 3 \
	receive stick 3<pass >out 2>err || fail "receive"
partner list
item=$(sed -n 's/^\([0-9a-f]*\) .* notes\.txt .*/\1/p' out)
partner edit "$item" --title Notes --field 'persons.1.name=B-2'
partner show "$item" --json
partner custody "$item"
partner get --case Spring -o originals
for f in evidence/*; do
	cmp "$f" "originals/${f##*/}" || fail "${f##*/} came back changed"
done
partner verify
check --vault copy verify --blind
check seal --to partner.card -o sealed.age evidence/with-attachment.pdf
partner open -i partner.age -o opened sealed.age
cmp opened evidence/with-attachment.pdf || fail "seal and open: changed"
