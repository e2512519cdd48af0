#!/bin/sh
# check-paths.sh: checks every hash path in an exhibit package.
#
#	sh check-paths.sh [-q] [FOLDER]
#
# FOLDER is that of the package (without it: the current one); -q prints the
# last line only. Needs a POSIX shell, sha256sum, base64, od and cat. Status 0:
# everything holds; 1: something does not; 2: this is no package.
#
# What it shows: the files in data/ and the fields that are shown are those
# that a device's log commits to, under the checkpoints and stamps in proof/.
# What it does not: whether checkpoints and stamps are signed (COMMANDS.txt).
#
# A hash tree (RFC 6962) sums up many values in one hash, its root. A leaf is
# SHA-256(00 || value), a node SHA-256(01 || left || right). Who knows one leaf
# and the other half of each pair on the way up can work out the root again.
set -u
export LC_ALL=C

quiet=
good=0
bad=0
holds() { good=$((good + 1)); [ "$quiet" ] || printf '%s: holds\n' "$1"; }
fails() { bad=$((bad + 1)); printf '%s: DOES NOT HOLD\n' "$1"; }
none() { printf 'check-paths: %s\n' "$1"; exit 2; }
# test TEXT: what the last command said, as a verdict
verdict() { if [ "$?" -eq 0 ]; then holds "$1"; else fails "$1"; fi; }

is_hash() {
	case $1 in *[!0-9a-f]* | '') return 1 ;; esac
	[ "${#1}" -eq 64 ]
}
is_number() { # without leading zeros, at most 15 digits
	case $1 in *[!0-9]* | '' | 0?*) return 1 ;; esac
	[ "${#1}" -le 15 ]
}

# bytes HEX: the bytes, through printf's octal escapes
bytes() {
	hex=$1
	oct=
	while [ "$hex" ]; do
		tail=${hex#??}
		b=$((0x${hex%"$tail"}))
		oct=$oct\\$((b / 64))$((b / 8 % 8))$((b % 8))
		hex=$tail
	done
	printf "$oct"
}

# node LEFT RIGHT: the hash above the two, in $H
node() {
	H=$(bytes "01$1$2" | sha256sum)
	H=${H%% *}
}

# fold LEAF PLACE K NODES: the root of a tree with 4^K leaves, in $H. The bits
# of the place say, from the lowest, on which side the leaf is.
fold() {
	is_number "$2" && is_number "$3" && [ "$3" -le 8 ] || return 1
	H=$1
	at=$2
	steps=0
	for n in $4; do
		is_hash "$n" || return 1
		if [ $((at % 2)) -eq 0 ]; then node "$H" "$n"; else node "$n" "$H"; fi
		at=$((at / 2))
		steps=$((steps + 1))
	done
	[ "$at" -eq 0 ] && [ "$steps" -eq $((2 * $3)) ]
}

# from_base64 TEXT: a hash in hex, in $H
from_base64() {
	H=
	for b in $(printf '%s' "$1" | base64 -d 2>/dev/null | od -An -v -tx1); do
		H=$H$b
	done
	is_hash "$H"
}

# one_field ENTRY LINE: is a field where it says under the fields root? Some
# are kept for later.
one_field() {
	e=$1
	name=${2%% *}
	rest=${2#* }
	salt=${rest%% *}
	rest=${rest#* }
	where=${rest%% *}
	rest=${rest#* }
	halves=${rest%% *}
	value=${rest#* }
	is_hash "$salt" || return 1
	case $name in *[!a-z0-9_.]* | '') return 1 ;; esac
	H=$({
		bytes "00$salt"
		printf '%s\0%s' "$name" "$value"
	} | sha256sum)
	IFS=,
	fold "${H%% *}" "$where" "$fields_k" "$halves"
	same=$?
	unset IFS
	[ "$same" -eq 0 ] && [ "$H" = "$fields_root" ] || return 1
	case $name in
	kind | device | batch | original.entry | files.*.sha256)
		value=${value#\"}
		value=${value%\"}
		case $value in *[!0-9a-z]*) return 1 ;; esac
		name=$(printf '%s' "$name" | tr . _)
		eval "${e}_$name=\$value"
		;;
	esac
}

# one_entry ENTRY: proof/ENTRY.proof: its line in the batch, its fields
one_entry() {
	e=$1
	file=proof/$e.proof
	line= place= nodes= batch_k= batch_root= fields_k= n_fields=0 wrong=
	while IFS= read -r text; do
		case $text in
		'muniment proof 1') ;;
		'line entry '*) line=${text#line } ;;
		'place '*) place=${text#place } ;;
		'node '*) nodes="$nodes ${text#node }" ;;
		'batch '*)
			batch_k=${text#batch }
			batch_root=${batch_k#* }
			batch_k=${batch_k%% *}
			;;
		'fields '*)
			fields_k=${text#fields }
			fields_root=${line##* }
			;;
		'field '*)
			n_fields=$((n_fields + 1))
			one_field "$e" "${text#field }" || wrong=yes
			;;
		*) wrong=yes ;;
		esac
	done <"$file"
	hash=${line#entry }
	hash=${hash%% *}
	eval "${e}_hash=\$hash"
	[ ! "$wrong" ] && [ "$n_fields" -gt 0 ]
	verdict "$e: $n_fields fields lie under its fields root"
	H=$({
		printf '\0'
		printf '%s' "$line"
	} | sha256sum)
	is_hash "$hash" && fold "${H%% *}" "$place" "$batch_k" "$nodes" &&
		[ "$H" = "$batch_root" ]
	verdict "$e: its line lies under the root of its batch"
	# what the log holds for this batch
	H=$(printf '\0muniment/batch/v1 %s %s\n' "$batch_k" "$batch_root" |
		sha256sum)
	eval "${e}_leaf=\${H%% *}"
}

# in_log LEAF INDEX SIZE HASHES: the log's root, in $H (RFC 6962, 2.1.1; the
# steps are those of RFC 9162, 2.1.3.2)
in_log() {
	fn=$2
	sn=$(($3 - 1))
	[ "$fn" -le "$sn" ] || return 1
	r=$1
	for n in $4; do
		[ "$sn" -gt 0 ] && from_base64 "$n" || return 1
		if [ $((fn % 2)) -eq 1 ] || [ "$fn" -eq "$sn" ]; then
			node "$H" "$r"
			while [ $((fn % 2)) -eq 0 ] && [ "$fn" -gt 0 ]; do
				fn=$((fn / 2))
				sn=$((sn / 2))
			done
		else
			node "$r" "$H"
		fi
		r=$H
		fn=$((fn / 2))
		sn=$((sn / 2))
	done
	H=$r
	[ "$sn" -eq 0 ]
}

# one_proof ENTRY CHECKPOINT: a C2SP tlog-proof
one_proof() {
	eval "leaf=\$$1_leaf device=\$$1_device batch=\$$1_batch"
	{
		IFS= read -r head
		read -r word index
		hashes=
		while IFS= read -r text && [ "$text" ]; do hashes="$hashes $text"; done
		IFS= read -r origin
		IFS= read -r size
		IFS= read -r root
	} <"proof/$1-$2.tlog-proof"
	{
		IFS= read -r origin_
		IFS= read -r size_
		IFS= read -r root_
	} <"proof/$2.checkpoint"
	[ "$head" = c2sp.org/tlog-proof@v1 ] && [ "$word" = index ] &&
		is_number "$index" && is_number "$size" && [ "$size" -gt 0 ] &&
		[ "$((index + 1))" = "$batch" ] &&
		[ "$origin" = "muniment/$vault/$device" ] &&
		[ "$origin $size $root" = "$origin_ $size_ $root_" ] &&
		in_log "$leaf" "$index" "$size" "$hashes" && calculated=$H &&
		from_base64 "$root" && [ "$H" = "$calculated" ]
	verdict "$1: batch $batch lies in the log under checkpoint $2"
}

# under FILE PATH STAMP WORD: does a file lie under the root that was stamped?
under() {
	read -r word k root <"$3" || return 1
	place= nodes=
	while read -r w v; do
		case $w in
		place) place=$v ;;
		node) nodes="$nodes $v" ;;
		*) return 1 ;;
		esac
	done <"$2"
	H=$({
		printf '\0'
		cat "$1"
	} | sha256sum)
	[ "$word" = "$4" ] && fold "${H%% *}" "$place" "$k" "$nodes" &&
		[ "$H" = "$root" ]
}

one_stamp() { # STAMP CHECKPOINT
	under "proof/$2.checkpoint" "proof/$1/$2.path" "proof/$1/stamp.txt" \
		muniment/stamp/v1
	verdict "$1: checkpoint $2 lies under what was stamped"
}

renewals() { # STAMP
	r=1
	while [ -e "proof/$1/renewal-$r.txt" ]; do
		under "proof/$1/renewal-$r.txt" "proof/$1/renewal-$r.path" \
			"proof/$1/renewal-$r.stamp" muniment/renewal/v1
		verdict "$1: renewal $r: its list lies under what was stamped"
		r=$((r + 1))
	done
}

# Every line of proof/exhibit.txt, after its entries have been gone through.
one_line() {
	case $1 in
	entry)
		eval "k=\$$2_kind d=\$$2_device b=\$$2_batch"
		[ "$k $d $b" = "$3 $4 $5" ]
		verdict "$2: kind, device and batch are as listed"
		proofs=0
		for c in $checkpoints; do
			[ -e "proof/$2-$c.tlog-proof" ] || continue
			one_proof "$2" "$c"
			proofs=$((proofs + 1))
		done
		[ "$proofs" -gt 0 ] || fails "$2: a place in the log"
		;;
	opened)
		eval "h=\$$2_hash"
		[ "$(sha256sum <"proof/$2.age")" = "$h  -" ]
		verdict "$2: the encrypted entry is the one in the batch"
		;;
	file)
		eval "h=\${$3_files_$4_sha256:-}"
		[ "$(sha256sum <"$2")" = "$h  -" ]
		verdict "$2: is file $4 of entry $3"
		;;
	original)
		eval "h=\${$2_original_entry:-} o=\$$3_hash"
		[ "$h" = "$o" ]
		verdict "$2: is a redacted copy of $3"
		;;
	earlier)
		eval "[ \"\$$2_device\" = \"\$$3_device\" ] &&
			[ \"\$$3_batch\" -lt \"\$$2_batch\" ]"
		verdict "$2: stands in the log after $3"
		;;
	stamp)
		one_stamp "$2" "$3"
		case $seen_ in *" $2 "*) ;; *) renewals "$2" ;; esac
		seen_="$seen_$2 "
		;;
	esac
}

[ "${1:-}" != -q ] || { quiet=yes; shift; }
[ $# -le 1 ] || none 'usage: sh check-paths.sh [-q] [FOLDER]'
[ $# -eq 0 ] || cd "$1" || exit 2
[ -r proof/exhibit.txt ] || none 'no package here (proof/exhibit.txt)'

# Names are put together to those of variables: only harmless ones.
vault= checkpoints= entries= seen_=' '
while read -r what a b rest; do
	case $what in
	vault) vault=$a ;;
	checkpoint | stamp | entry | opened | earlier | original)
		case $a$b in *[!a-z0-9]*) none "bad line: $what $a $b" ;; esac
		;;
	file)
		case /$a/ in */../*) none "bad line: $what $a" ;; esac
		case $a in data/*) ;; *) none "bad line: $what $a" ;; esac
		case $b${rest%% *} in *[!a-z0-9]*) none "bad line: $what $a" ;; esac
		;;
	esac
	case $what in
	checkpoint) checkpoints="$checkpoints $a" ;;
	entry) entries="$entries $a" ;;
	esac
done <proof/exhibit.txt
for e in $entries; do
	eval "${e}_kind= ${e}_device= ${e}_batch= ${e}_hash= ${e}_leaf="
	[ -r "proof/$e.proof" ] || none "proof/$e.proof is not here"
	one_entry "$e"
done
while read -r what a b c d rest; do
	one_line "$what" "$a" "$b" "${c:-}" "${d:-}"
done <proof/exhibit.txt

[ "$good" -gt 0 ] || none 'nothing to check'
if [ "$bad" -gt 0 ]; then
	printf 'check-paths: %s checks DO NOT HOLD, %s hold\n' "$bad" "$good"
	exit 1
fi
printf 'check-paths: all %s checks hold\n' "$good"
