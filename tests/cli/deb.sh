#!/bin/sh
# The Debian package: what is in it, that it runs, the same bytes twice.
. "$(dirname "$0")/lib.sh"
for t in dpkg-deb dpkg-shlibdeps lintian; do
	command -v $t >/dev/null || { not_ok "$t is not here"; finish; }
done
B=$(dirname "$MUNIMENT")
version=$("$MUNIMENT" --version | sed 's/^muniment //')
export SOURCE_DATE_EPOCH=1700000000
check "made" sh "$TOP/tools/deb.sh" "$B" "$version" one
(umask 077 && TZ=Asia/Tokyo sh "$TOP/tools/deb.sh" "$B" "$version" two) \
	2>/dev/null
deb=$(ls one/*.deb)
cmp "$deb" two/*.deb && ok "the same bytes twice" || not_ok "other bytes"
[ "$(dpkg-deb -f "$deb" Package Version | tr '\n' ' ')" = \
	"Package: muniment Version: $version " ] && ok "name and version" ||
	not_ok "$(dpkg-deb -f "$deb")"
dpkg-deb -f "$deb" Depends >depends
for l in 'libsodium26 (>= 1.0.22' libgit2 libzstd1 libc6 libcurl libqpdf; do
	grep -qF "$l" depends && ok "depends on $l" || not_ok "$(cat depends)"
done
lintian --allow-root --fail-on error,warning "$deb" >lint 2>&1 &&
	ok "lintian finds nothing" || not_ok "lintian: $(cat lint)"
dpkg-deb -c "$deb" >list
grep -v ' root/root ' list | grep -q . && not_ok "owners: $(cat list)" ||
	ok "all belongs to root"
awk '{ print $1 }' list | grep -vE '^(-rw-r--r--|-rwxr-xr-x|drwxr-xr-x)$' |
	grep -q . && not_ok "rights: $(cat list)" || ok "no rights but the usual"
# into a root of its own
dpkg-deb -x "$deb" root
status "it runs from there" 0 root/usr/bin/muniment --version
[ "$(cat out)" = "muniment $version" ] && ok "it says its version" ||
	not_ok "$(cat out)"
(cd root && md5sum --quiet -c) <<S && ok "the sums are right" ||
$(dpkg-deb -I "$deb" md5sums)
S
	not_ok "the sums are wrong"
gzip -dc root/usr/share/man/man1/muniment.1.gz | cmp -s - \
	"$TOP/tools/muniment.1" && ok "it has the page" || not_ok "no page"
bash -n root/usr/share/bash-completion/completions/muniment &&
	ok "it has the completion" || not_ok "no completion"
for f in copyright changelog.gz NEWS.gz SECURITY.md.gz FORMAT.md.gz; do
	[ -s root/usr/share/doc/muniment/$f ] && ok "it has $f" ||
		not_ok "no $f"
done
# the whole job with what is installed
MUNIMENT=$W/root/usr/bin/muniment
person anna && new_vault anna home && as anna --vault home case new A >/dev/null
echo text >letter
check "add" as anna --vault home add letter --case A
check "verify" as anna --vault home verify
item=$(as anna --vault home --json list | sed -n 's/.*"item": "\(.*\)".*/\1/p')
check "exhibit, by the full program" as anna --vault home exhibit "$item" \
	-o shown.zip
finish
