#!/bin/sh
# The main job on sample evidence, step by step, shown as it is done.
#
#	sh tools/walk.sh PROGRAM SAMPLES FOLDER
set -eu
m=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
samples=$(cd "$2" && pwd)
rm -rf "$3"
mkdir -p "$3"
cd "$3"

# These passphrases are part of a demonstration. Yours is typed on the
# terminal, or made for you by the program.
anna() { step anna "$@"; "$m" --identity anna.age --passphrase-fd 3 "$@" 3<<P
demonstration passphrase of Anna
P
}
bahrom() { step bahrom "$@"; "$m" --identity bahrom.age --vault partner \
	--passphrase-fd 3 "$@" 3<<P
demonstration passphrase of Bahrom
P
}
step() { who=$1; shift; echo; echo "[$who] \$ muniment $*"; }

anna id new --name "Anna Petrova" --org "Lawyers without Fear"
bahrom id new --name "Bahrom Karimov" --org "Partner Network"
anna id card -o anna.card
bahrom id card -o bahrom.card
echo
echo "  Anna reads the words of Bahrom's card to him on the telephone:"
"$m" id words bahrom.card
export MUNIMENT_VAULT=vault
anna init vault --root-passphrase-fd 4 4<<P
demonstration passphrase of the root key
P
anna case new "Disappearance, spring"
anna case new "Ill-treatment, autumn"
anna add "$samples/case-A" --case "Disappearance, spring" --kind document
anna add "$samples/case-B" --case "Ill-treatment, autumn" --kind document
anna list
anna member add bahrom.card --case "Disappearance, spring" --role author
anna carry -o stick.muniment --to bahrom.card --case "Disappearance, spring"
echo
echo "  The file stick.muniment crosses the border. Nothing in it is readable:"
head -c 64 stick.muniment | od -c | head -n 3
bahrom receive stick.muniment
bahrom case list
bahrom get --case "Disappearance, spring" -o originals
for f in "$samples"/case-A/*; do
	cmp "$f" "originals/$(basename "$f")"
done
echo "  Byte for byte the same."
bahrom verify
echo
echo "  From now on they meet by a stick that goes to and fro:"
mkdir stick
anna remote add stick stick
bahrom remote add stick stick
anna sync
bahrom sync
bahrom add "$samples/case-B" --case "Disappearance, spring" --kind document
bahrom sync
anna sync
anna custody "$(anna list | sed -n '$s/ .*//p')"
echo
echo "  Bahrom's laptop is seized. What he wrote until now counts on:"
anna member retire Bahrom\ Karimov
anna verify
echo
echo "[a courier without any key] \$ muniment verify --blind"
"$m" verify --blind
echo
echo "  Years later a court wants one document, and nothing else of the vault:"
anna stamp -o request.tsq
exhibit=$(anna list | sed -n '/^ /d; /^[0-9a-f]/{s/ .*//p;q;}')
anna exhibit "$exhibit" -o exhibit-1 --declaration un \
	--set court="Human Rights Committee" --set exhibit_number=1
echo
echo "[a clerk without any key] \$ muniment check exhibit-1"
"$m" check exhibit-1 || [ $? = 2 ]
echo
echo "  or with what every machine has:"
(cd exhibit-1 && sha256sum -c manifest-sha256.txt && sh check-paths.sh)
echo
echo "  One byte of it changed:"
cp -r exhibit-1 changed
printf x | dd of="$(ls changed/data/*)" bs=1 seek=1000 conv=notrunc 2>/dev/null
"$m" check changed && exit 1
echo
echo "  For people there are CERTIFICATE.pdf and VERIFY.html in that folder."
echo
echo "All of it is in $(pwd)"
