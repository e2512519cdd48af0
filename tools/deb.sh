#!/bin/sh
# Makes a Debian package of the two programs that are built.
#
#	sh tools/deb.sh BUILD-FOLDER VERSION FOLDER
#
# The libraries it depends on are those that they are linked with here: on
# Debian 12 and 13 libsodium26 comes from unstable (tools/setup.sh). All times
# are that of the last commit, or $SOURCE_DATE_EPOCH, so that the same programs
# give the same package. $MAINTAINER: who answers for it.
set -eu
LC_ALL=C
export LC_ALL
top=$(cd "$(dirname "$0")/.." && pwd)
build=$1
version=$2
out=$3
: "${MAINTAINER:=Muniment maintainers <maintainers@muniment.invalid>}"
: "${SOURCE_DATE_EPOCH:=$(git -C "$top" log -1 --format=%ct 2>/dev/null ||
	echo 1000000000)}"
export SOURCE_DATE_EPOCH
umask 022
mkdir -p "$out"
W=$(mktemp -d)
trap 'rm -rf "$W"' EXIT
trap 'exit 2' INT TERM HUP
root=$W/root
doc=$root/usr/share/doc/muniment

install -Dm755 "$build/muniment" "$root/usr/bin/muniment"
install -Dm755 "$build/muniment-full" "$root/usr/libexec/muniment/muniment-full"
strip --strip-unneeded --remove-section=.comment --remove-section=.note \
	"$root/usr/bin/muniment" "$root/usr/libexec/muniment/muniment-full"
install -Dm644 "$top/tools/completion.bash" \
	"$root/usr/share/bash-completion/completions/muniment"
install -d "$root/usr/share/man/man1" "$root/usr/share/lintian/overrides" \
	"$doc"
cat >"$root/usr/share/lintian/overrides/muniment" <<'OVERRIDE'
# doctor reads, where dpkg's list is, which updates the libraries have; it
# starts no other program to ask.
muniment: uses-dpkg-database-directly *
OVERRIDE
gzip -9nc "$top/tools/muniment.1" >"$root/usr/share/man/man1/muniment.1.gz"
for f in README.md SECURITY.md format/FORMAT.md format/EXHIBIT.md \
	format/RECORD.md; do
	gzip -9nc "$top/$f" >"$doc/${f##*/}.gz"
done
gzip -9nc "$top/CHANGELOG.md" >"$doc/NEWS.gz"
{
	echo "muniment ($version) unstable; urgency=medium"
	printf '\n  * See NEWS.gz beside this file.\n\n'
	echo " -- $MAINTAINER  $(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9nc >"$doc/changelog.gz"
{
	echo "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
	printf 'Upstream-Name: muniment\n\nFiles: *\n'
	sed -n 's/^Copyright (c) /Copyright: /p' "$top/LICENSE"
	echo "License: ISC"
	sed '1,/^$/d; s/^$/./; s/^/ /' "$top/LICENSE"
	echo "Comment: VERIFY.html, which the program holds, names the authors" \
		"and licences of the JavaScript in it."
	printf '\nFiles: format/wordlist.txt\n'
	echo "Copyright: 2016 Electronic Frontier Foundation"
	echo "License: CC-BY-3.0-US"
	sed 's/^$/./; s/^/ /' "$top/format/wordlist.LICENSE"
} >"$doc/copyright"

# what they are linked with, as Debian's own tool finds it
mkdir "$W/debian"
printf 'Source: muniment\n\nPackage: muniment\nArchitecture: any\n' \
	>"$W/debian/control"
depends=$(cd "$W" && dpkg-shlibdeps -O root/usr/bin/muniment \
	root/usr/libexec/muniment/muniment-full 2>/dev/null |
	sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo "deb: dpkg-shlibdeps found nothing" >&2; exit 2; }

mkdir "$root/DEBIAN"
(cd "$root" && find usr -type f | sort | xargs md5sum) >"$root/DEBIAN/md5sums"
cat >"$root/DEBIAN/control" <<CONTROL
Package: muniment
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: $MAINTAINER
Installed-Size: $(du -sk --apparent-size "$root/usr" | cut -f1)
Depends: $depends
Recommends: fonts-dejavu-core, fonts-liberation, openssh-client
Suggests: age, git, git-lfs, keyutils
Section: utils
Priority: optional
Description: encrypted, offline evidence vault
 Muniment keeps statements, photographs, recordings and documents so that
 nothing readable lies around, and lets anyone who holds a copy check years
 later that nothing was changed, removed or slipped in. It carries them across
 borders, shares single cases with partners, and makes packages for courts that
 are checked in a browser. Everything it writes opens with stock tools: git,
 age, zstd, tar, sha256sum, ssh-keygen, openssl.
CONTROL
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
deb=$out/muniment_${version}_$(dpkg --print-architecture).deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$deb" >/dev/null
echo "$deb: $(stat -c %s "$deb") bytes" >&2
