#!/bin/sh
# Installs what is missing to build Muniment (and, with "tests", to run its
# whole test suite; with "bench", what it is measured beside) on Debian 12 or
# 13, through apt. Safe to run twice.
#
#	sh tools/setup.sh [build|tests|bench]
#
# libsodium >= 1.0.22 (and, for the tests, age >= 1.3 and torchwood, which has
# a witness of logs) comes from the unstable suite of the mirror that apt is
# already set to. The preferences file pins those packages alone, and is
# written before the source, so that nothing else can follow from there.
set -eu

fail() { echo "setup: $*" >&2; exit 2; }
have() { # have PACKAGE [VERSION]
	v=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null) ||
		return 1
	[ "${v%% *}" = installed ] || return 1
	[ $# -lt 2 ] || dpkg --compare-versions "${v#* }" ge "$2"
}

what=${1:-build}
build="make gcc libc6-dev pkg-config libssl-dev libzstd-dev
	libgit2-dev libcurl4-openssl-dev libjansson-dev zlib1g-dev libmagic-dev libseccomp-dev libkeyutils-dev libzxcvbn-dev
	libqrencode-dev libcairo2-dev libpango1.0-dev libqpdf-dev libarchive-dev
	libgmime-3.0-dev libisal-dev
	fonts-dejavu-core fonts-liberation nodejs npm"
tests="git git-lfs zstd jq openssl openssh-client openssh-server
	python3 file tar xz-utils qpdf poppler-utils zip chromium firefox-esr
	coreutils binutils clang valgrind mandoc libcmocka-dev procps
	util-linux keyutils dpkg-dev lintian strace gdb python3-zbar e2fsprogs faketime
	exfat-fuse exfatprogs fusefat mtools dosfstools fuse"
bench="python3 restic borgbackup gocryptfs fuse zstd openssl tar"
unstable="libsodium26 libsodium-dev"
case $what in
build) want=$build ;;
tests) want="$build $tests"; unstable="$unstable age torchwood" ;;
bench) want="$build $bench"; unstable="$unstable age" ;;
*) fail "usage: sh tools/setup.sh [build|tests|bench]" ;;
esac

missing=
for p in $want; do
	case $p in
	# whoever has them from elsewhere keeps them
	nodejs) command -v node >/dev/null || missing="$missing $p" ;;
	npm) command -v npm >/dev/null || missing="$missing $p" ;;
	*) have "$p" || missing="$missing $p" ;;
	esac
done
new=
for p in $unstable; do
	case $p in
	age) have "$p" 1.3 || new="$new $p" ;;
	torchwood) have "$p" 0.9 || new="$new $p" ;;
	*) have "$p" 1.0.22 || new="$new $p" ;;
	esac
done
if [ -z "$missing$new" ]; then
	exit 0
fi

[ -r /etc/os-release ] || fail "not a Debian system: /etc/os-release is missing"
. /etc/os-release
[ "${ID:-}" = debian ] || fail "this script knows Debian 12 and 13 only"
if [ "$(id -u)" = 0 ]; then
	root=
elif command -v sudo >/dev/null 2>&1; then
	root=sudo
else
	fail "packages are missing ($missing$new ): run this as root"
fi
export DEBIAN_FRONTEND=noninteractive
apt="$root apt-get -qq -o Dpkg::Use-Pty=0 -o APT::Get::Assume-Yes=true"

echo "setup: installing$missing$new" >&2
$apt update
if [ -n "$missing" ]; then
	# the tests run an ssh server of their own: none shall start here
	policy=
	case $missing in
	*openssh-server*)
		if [ ! -e /usr/sbin/policy-rc.d ]; then
			policy=/usr/sbin/policy-rc.d
			printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null
			$root chmod 755 $policy
		fi
		;;
	esac
	# shellcheck disable=SC2086
	$apt install --no-install-recommends $missing >/dev/null
	case $missing in
	*openssh-server*)
		[ -z "$policy" ] || $root rm $policy
		$root systemctl disable ssh.service ssh.socket \
			>/dev/null 2>&1 || true
		;;
	esac
fi
[ -n "$new" ] || exit 0

site=$(apt-get indextargets \
	--format '$(ORIGIN) $(CODENAME) $(COMPONENT) $(SITE)' \
	'Identifier: Packages' |
	awk -v c="$VERSION_CODENAME" \
	'$1 == "Debian" && $2 == c && $3 == "main" { print $4; exit }')
[ -n "$site" ] || fail "apt knows no Debian mirror for $VERSION_CODENAME"

$root mkdir -p /etc/apt/preferences.d /etc/apt/sources.list.d
$root tee /etc/apt/preferences.d/muniment >/dev/null <<PIN
Package: *
Pin: release o=Debian,n=sid
Pin-Priority: -1

Package: libsodium26 libsodium-dev age torchwood
Pin: release o=Debian,n=sid
Pin-Priority: 990
PIN
# unstable's Release file is short-lived: a frozen mirror or a laptop with a
# wrong clock would refuse it. Its signature is checked all the same.
$root tee /etc/apt/sources.list.d/muniment.sources >/dev/null <<SRC
Types: deb
URIs: $site
Suites: unstable
Components: main
Architectures: $(dpkg --print-architecture)
Languages: none
Targets: Packages
Check-Valid-Until: no
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SRC
$apt update
# shellcheck disable=SC2086
$apt install --no-install-recommends $new >/dev/null
have libsodium-dev 1.0.22 || fail "libsodium-dev is older than 1.0.22"
