#!/bin/sh
# check: what a stranger is told of a package, and packages made to harm: links,
# FIFOs, huge and deep and doubled things, zip files of two faces. Nothing is
# written, memory stays small, the exit status says which.
. "$(dirname "$0")/lib.sh"
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
must() { "$@" >must.out 2>&1 || { cat must.out; not_ok "$*"; exit 1; }; }
must python3 "$TOP/tests/interop/exhibit_make.py" "$W/made"
s=$W/made/sample-1
m() { env -i PATH=/nowhere HOME=/nowhere "$MUNIMENT" "$@"; }
fresh() { rm -rf p && cp -r "${1:-$s}" p; }
tells() { # tells NAME TEXT: standard output of the last status
	grep -qF -- "$2" out && ok "$1" || { not_ok "$1: does not say: $2"; head -n 30 out; }
}

# without home, vault, identity or network
cp -r "$s" before
status "a good package" 0 m check "$s"
tells "its seal" "sealed by the key SHA256:"
tells "what to compare" "to be compared by other means"
tells "the lines of time" "device's clock  2026-"
tells "no later than" "no later than   2026-"
tells "no earlier than" "no earlier than not established"
check "nothing was written" diff -r before "$s"
status "one not stamped" 2 m check "$W/made/sample-2"
tells "that is not checked, not failed" "not checked    stamps"
status "with a fork, renewed, counted" 0 m check "$W/made/sample-3"
tells "the count" "entries and rings: "
status "as a zip file" 0 m check "$W/made/sample-3.zip"
status "two packages" 2 m check "$s" "$s"
status "none" 2 m check
status "what is not there" 2 m check "$W/none"
status "a folder that is no package" 2 m check /usr/share
says "says so" "not an exhibit package"
status "JSON" 0 m --json check "$s"
check "JSON can be read" jq -e '.result == "holds" and .status == 0 and
	(.checks | map(.name) | index("seal") == 2) and
	(.items[0].no_later | length == 3) and (.compare | length >= 4)' out

# --key and --root
key=$(ssh-keygen -lf "$(sed 's/^[^ ]* [^ ]* //' "$s/proof/signers.txt" >k.pub; echo k.pub)" |
	cut -d' ' -f2)
status "the key that was given" 0 m check "$s" --key "$key"
tells "is named" "sealed by the key that you gave"
status "the same as a line" 0 m check "$s" --key "$(cat k.pub)"
status "another key" 1 m check "$s" --key "SHA256:aaaaXSNryOjXOjzHMWElMWgsnxkk9exXMloJe65hwU0"
status "a key of no form" 2 m check "$s" --key "custodian"
status "the root that was given" 0 m check "$s" --root "$s/proof/roots.pem"
status "other roots" 2 m check "$s" --root "$W/made/sample-4/proof/roots.pem"
tells "are not a failure" "it leads to no root that you gave"
status "roots that are none" 2 m check "$s" --root "$s/proof/policy.txt"

# every file: gone, changed, longer, shorter, replaced by a link or a FIFO
bad=0
(cd "$s" && find . -type f | sort) >files
while read -r f; do
	case $f in
	*.proof | *.key | */stamp.txt | *sha256.txt | *.jpg)
		ways="gone changed longer link fifo folder" ;;
	*) ways="gone changed" ;;
	esac
	for how in $ways; do
		fresh
		case $how in
		gone) rm "p/$f" ;;
		changed) printf '\001' | dd of="p/$f" bs=1 conv=notrunc 2>dd.err ;;
		longer) echo >>"p/$f" ;;
		link) rm "p/$f" && ln -s "$s/$f" "p/$f" ;;
		fifo) rm "p/$f" && mkfifo "p/$f" ;;
		folder) rm "p/$f" && mkdir "p/$f" ;;
		esac
		timeout 20 "$MUNIMENT" check p >out 2>err
		r=$?
		[ "$r" -eq 1 ] || { bad=$((bad + 1)); echo "    $f $how: $r"; }
	done
done <files
check "every file gone or changed; longer, a link, a FIFO, a folder" [ "$bad" -eq 0 ]

# what is more than the manifests say
for f in more.txt data/0002.jpg proof/e003.proof .DS_Store Thumbs.db "a b" -x; do
	fresh
	: >"p/$f"
	status "another file $f" 1 m check p
done
fresh
mkdir p/empty
status "an empty folder" 1 m check p
fresh
mkdir -p p/proof/a/b/c/d/e/f/g
status "deep folders" 1 m check p
fresh
ln -s / p/all
status "a link to everything" 1 m check p
tells "is not followed" "all: a link: not followed"
fresh
truncate -s 7E p/data/0001.jpg 2>/dev/null || truncate -s 15T p/data/0001.jpg
status "a file of a size that none can have" 1 timeout 20 "$MUNIMENT" check p
fresh
truncate -s 3G p/proof/e001.proof
status "a huge proof" 1 timeout 200 "$MUNIMENT" check p
mkfifo pipe
status "a FIFO in place of the package" 2 timeout 20 "$MUNIMENT" check pipe

# zip files
(cd made && zip -qr9 ../deflated.zip sample-1 && zip -qr0X ../stored.zip sample-1)
status "zip's own, deflated" 0 m check deflated.zip
status "zip's own, stored" 0 m check stored.zip
python3 - "$s" <<'PY'
import os, struct, sys, zipfile
s = sys.argv[1]
files = sorted(os.path.relpath(os.path.join(d, f), s)
               for d, _, fs in os.walk(s) for f in fs)
def make(name, more=(), skip=(), top="top/", method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(name, "w", method) as z:
        for f in files:
            if f not in skip:
                z.write(os.path.join(s, f), top + f)
        for n, b in more:
            z.writestr(n, b)
import warnings
warnings.simplefilter("ignore")
make("twice.zip", [("top/data/0001.jpg", b"another picture")])
make("case.zip", [("top/DATA/0001.jpg", b"another picture")])
make("up.zip", [("top/../../evil", b"x")])
make("root.zip", [("/etc/evil", b"x")])
make("two.zip", [("other/file", b"x")])
make("flat.zip", top="")
make("back.zip", [("top\\evil", b"x")])
link = zipfile.ZipInfo("top/link")
link.create_system = 3
link.external_attr = 0o120777 << 16
make("link.zip", [(link, "/etc/passwd")])
make("many.zip", [("top/count/%d" % i, b"") for i in range(140000)])
make("deep.zip", [("top/" + "a/" * 1000 + "x", b"x")])
make("inner.zip", [("top/inner.zip", open("twice.zip", "rb").read())])
with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
    for f in files:
        z.write(os.path.join(s, f), "top/" + f)
    with z.open("top/data/0002.bin", "w", force_zip64=True) as o:
        zero = bytes(1 << 20)
        for _ in range(2048):
            o.write(zero)
make("good.zip")
good = open("good.zip", "rb").read()
open("cut.zip", "wb").write(good[:-30])
open("before.zip", "wb").write(b"MZ" + good)
open("behind.zip", "wb").write(good + b"\n")
# the picture that other programs show: its own header names another file
at = good.index(b"top/data/0001.jpg")
open("faces.zip", "wb").write(good[:at] + b"top/data/0002.jpg" + good[at + 17:])
end = good.rindex(b"PK\5\6")
open("comment.zip", "wb").write(good[:end + 20] + b"\4\0" + b"note")
PY
status "one that Python made" 0 m check good.zip
for z in twice case up root two back link deep inner faces; do
	status "zip: $z" 1 timeout 60 "$MUNIMENT" check $z.zip
done
for z in many before; do
	timeout 60 "$MUNIMENT" check $z.zip >out 2>err
	r=$?
	[ "$r" -eq 1 ] || [ "$r" -eq 2 ] && [ -s err ] && ok "zip: $z" ||
		not_ok "zip: $z: exit $r"
done
for z in flat cut behind comment bomb; do
	status "zip: $z" 2 timeout 60 "$MUNIMENT" check $z.zip
done
says "a bomb is called one" "times as long unpacked"
check "nothing was unpacked" [ ! -e evil ]

# memory: a package of 600 MB takes no more than a small one
fresh
head -c 600M /dev/zero >p/data/0001.jpg
(ulimit -v 400000 && exec "$MUNIMENT" check p) >out 2>err
r=$?
check "600 MB within 400 MB of memory" [ "$r" -eq 1 ]
tells "says which file" "data/0001.jpg is not the file that manifest-sha256.txt lists"
finish
