#!/bin/sh
# Puts the program for a stick together: itself, its libraries and their
# loader, what libmagic knows, licences, sums (tools/stick/README.txt).
#
#	sh tools/stick.sh PROGRAM FOLDER
#
# The folder is made anew. $SIGN: an Ed25519 key of OpenSSH (a private one, or
# a public one whose private half the agent has) that signs the sums. The same
# program and libraries give the same bytes.
set -eu
LC_ALL=C
export LC_ALL
top=$(cd "$(dirname "$0")/.." && pwd)
program=$1
out=$2
umask 022

rm -rf "$out"
mkdir -p "$out/muniment/lib"
in=$out/muniment
cp "$top/tools/stick/muniment.sh" "$top/tools/stick/README.txt" "$out"
strip -o "$in/program" "$program"
chmod 644 "$in/program"

# "name => path (address)" is a library, "path (address)" the loader
ldd "$program" >"$in/list"
if grep -q 'not found' "$in/list"; then
	grep 'not found' "$in/list" >&2
	exit 2
fi
loader=$(sed -n 's/^[[:space:]]*\(\/.*ld-linux.*\) (0x.*/\1/p' "$in/list")
sed -n 's/^[[:space:]]*\(.*\) => \(\/.*\) (0x.*/\1 \2/p' "$in/list" |
	while read -r name path; do
		cp -L "$path" "$in/lib/$name"
		chmod 644 "$in/lib/$name"
	done
cp -L "$loader" "$in/start.com"
chmod 755 "$in/start.com"
cp -L /usr/share/misc/magic.mgc "$in/magic.mgc"
chmod 644 "$in/magic.mgc"

# whose work that is, each package's once
{
	cat "$top/LICENSE" "$top/format/wordlist.LICENSE"
	{
		sed -n 's/^[[:space:]]*.* => \(\/.*\) (0x.*/\1/p' "$in/list"
		echo "$loader"
		echo /usr/share/misc/magic.mgc
	} | while read -r path; do
		# the link, or what it leads to, is what the package holds
		for p in "$path" "$(readlink -f "$path")"; do
			dpkg-query -S "$p" "${p#/usr}" 2>/dev/null || true
		done
	done | cut -d: -f1 | sort -u | while read -r package; do
		printf '\n======== %s\n\n' "$package"
		cat "/usr/share/doc/$package/copyright"
	done
} >"$in/LICENCES.txt"
rm "$in/list"

(cd "$out" && find . -type f ! -name 'SHA256SUMS*' | sort | cut -c3- |
	xargs sha256sum >SHA256SUMS)
if [ -n "${SIGN:-}" ]; then
	ssh-keygen -q -Y sign -n muniment-stick -f "$SIGN" "$out/SHA256SUMS"
fi
echo "$out: $(du -sb "$out" | cut -f1) bytes" >&2
