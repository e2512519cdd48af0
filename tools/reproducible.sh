#!/bin/sh
# Builds the programs twice from the same source, in folders of other names,
# under other users' settings and in another order, and compares the bytes;
# VERIFY.html, which they hold, too. Ends with 0 if they are the same.
#
#	sh tools/reproducible.sh [BUILD-FOLDER]
#
# With BUILD-FOLDER that one stands for the first build. The libraries and the
# compiler have to be of the same versions: they are printed.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
W=$(mktemp -d)
trap 'rm -rf "$W"' EXIT
trap 'exit 2' INT TERM HUP

# one FOLDER SETTING...: build a copy there
one() {
	dir=$1
	shift
	mkdir -p "$dir"
	tar -C "$top" -cf - --exclude=./build --exclude=./.git . |
		tar -C "$dir" -xmf -
	# what npm has brought already; the page itself is made anew
	if [ -e "$top/build/verifier/installed" ]; then
		mkdir -p "$dir/build"
		cp -a "$top/build/verifier" "$dir/build"
		rm -f "$dir"/build/verifier/*.html "$dir"/build/verifier/*.mjs
	fi
	env "$@" make -s -C "$dir" all
}

first=${1:-}
if [ -z "$first" ]; then
	one "$W/a" LC_ALL=C.UTF-8 TZ=UTC
	first=$W/a/build
fi
(umask 022 && one "$W/another-folder/b" LC_ALL=C TZ=Asia/Tokyo \
	USER=nobody MAKEFLAGS="-j$(nproc) --shuffle=reverse")
second="$W/another-folder/b/build"
for f in muniment muniment-full; do
	sha256sum "$first/$f" "$second/$f"
	cmp "$first/$f" "$second/$f"
done
${CC:-gcc} --version | head -n 1
readelf -dW "$first/muniment-full" |
	sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | tr '\n' ' '
echo
echo "the same bytes"
