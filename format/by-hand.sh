#!/usr/bin/env bash
# by-hand.sh: open and check Muniment evidence without Muniment.
#
#   by-hand.sh open  CARRY-FILE IDENTITY.age OUTDIR
#   by-hand.sh check VAULT-OR-MIRROR
#
# This script is for somebody who has the evidence and the passphrase, or who
# was asked by a court to check it, and who does not have the program that
# wrote it. Everything here is done by tools that many people use for other
# things: age (encryption), git and git-lfs (history), zstd and tar (packing),
# jq (reading JSON), openssl and ssh-keygen (signatures), awk, and the GNU
# tools sha256sum, base64, base32. The comments say in plain words what each
# step does and what it shows. FORMAT.md, beside this file, is the full text;
# "section 4" below means its section 4.
#
# open   takes one encrypted carry file and one person's identity file, and
#        writes the original files into OUTDIR/items. CARRY-FILE may also be
#        the first of several parts (FILE.001) or the folder of a vault.
#        age itself asks for the passphrase. If the identity file has been
#        decrypted already, name that in AGE_IDENTITY_PLAIN.
# check  needs no key and no passphrase. It shows whether anything in a vault
#        has been changed, taken away or put back to an earlier state.
#
# What it does not do: it does not judge whether the person who wrote an entry
# had the right to (section 7), and it does not check the form of entries as
# strictly as section 5 asks. For that see tests/interop/reader.py.
#
# Exit status: 0 all is well; 1 something is wrong with the evidence;
# 2 the script could not do its work.

set -eu -o pipefail
umask 077
export LC_ALL=C
# Nothing in this computer's own git settings may change what git shows, and
# git must show each object as it is (no "replacements").
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_NO_REPLACE_OBJECTS=1 GIT_LFS_SKIP_SMUDGE=1

FAULTS=0
say() { printf '%s\n' "$*"; }
wrong() { FAULTS=$((FAULTS + 1)); printf 'WRONG: %s\n' "$*"; }
die() { printf 'by-hand: %s\n' "$*" >&2; exit 2; }
git_() { git -c safe.directory='*' "$@"; }

usage() { sed -n '4,5s/^# *//p' "$0" >&2; exit 2; }

# Keys and other short-lived files go into memory (/dev/shm), never to disk.
make_scratch() {
	scratch=$(mktemp -d "$([ -d /dev/shm ] && echo /dev/shm ||
		echo "${TMPDIR:-/tmp}")/by-hand.XXXXXX")
	trap 'rm -rf "$scratch"' EXIT
	trap 'exit 2' HUP INT TERM
}

# ------------------------------------------------------------ small helpers

# hex_to_b: 0aff -> \x0a\xff, the way printf %b takes any byte.
hex_to_b() { sed 's/../\\x&/g'; }

# hash_lines: for each line of input (in printf %b notation) the SHA-256 of
# the bytes that it stands for, a line each, in the same order.
hash_lines() {
	local i=1000000 text
	rm -rf "$scratch/hash"
	mkdir "$scratch/hash"
	while IFS= read -r text; do
		i=$((i + 1))
		printf '%b' "$text" >"$scratch/hash/$i"
	done
	[ "$i" -gt 1000000 ] || return 0
	(cd "$scratch/hash" && seq 1000001 "$i" | xargs sha256sum | cut -c1-64)
}

# node LEFT RIGHT: the parent of two hashes in a Merkle tree (RFC 6962).
# The answer is left in $NODE.
node() {
	NODE=$(printf '%b' "\\x01$(printf '%s' "$1$2" | hex_to_b)" | sha256sum)
	NODE=${NODE%% *}
}

# device_key DEVICE: a device's name is its public key, written in base32.
device_key() { printf '%s====' "${1#d}" | tr a-z A-Z | base32 -d; }

# look_at FOLDER: from here on git works in $view, which has git settings of
# our own and only points to the folder's contents. Git settings can start
# programs: those of a folder that a stranger handed over are not used. And
# nothing is written into the folder (git-lfs would add to its "config").
look_at() {
	local part
	view=$scratch/view.git
	git_ init -q --bare --template= "$view"
	rm -rf "$view/objects" "$view/refs"
	for part in objects refs packed-refs lfs; do
		! [ -e "$1/$part" ] || ln -s "$1/$part" "$view/$part"
	done
	[ -d "$view/objects/" ] && [ -d "$view/refs/" ] ||
		die "$1 is not a bare git repository"
}

branches() {
	git_ -C "$view" for-each-ref --format='%(refname:lstrip=2)' refs/heads
}

# unpack DIR: each batch (a git commit) as a folder of plain files,
# DIR/<branch>/<number>. Only the file names of section 2 are let through.
unpack() {
	local branch commit n names
	for branch in $(branches); do
		n=0
		git_ -C "$view" rev-list --reverse "refs/heads/$branch" >"$scratch/commits"
		while read -r commit; do
			n=$((n + 1))
			names=$(git_ -C "$view" ls-tree "$commit" | cut -f2 |
				grep -Evx 'vault|batch|checkpoint|[0-9a-f]{64}' || true)
			if [ -n "$names" ]; then
				wrong "$branch batch $n holds files that do not belong"
				continue
			fi
			mkdir -p "$1/$branch/$n"
			git_ -C "$view" archive --format=tar "$commit" |
				tar -x -m -f - -C "$1/$branch/$n" ||
				wrong "$branch batch $n cannot be read"
		done <"$scratch/commits"
	done
}

# hashes DIR: every evidence file in an unpacked batch is named by its own
# SHA-256. Pointers to bulk (they start with "version ") are left out.
hashes() {
	(cd "$1" && find . -type f -name '????????????????????????????????????????????????????????????????' \
		-exec awk 'FNR == 1 && !/^version / { print FILENAME }
			{ nextfile }' {} + |
		sed 's,^.*/\([^/]*\)$,\1  &,' >"$scratch/sums"
	! [ -s "$scratch/sums" ] || sha256sum --quiet -c "$scratch/sums") ||
		wrong "the files above are not what their names say"
}

# ===================================================================== open

cmd_open() {
	local carry=$1 identity=$2
	out=$3
	[ -e "$carry" ] || die "$carry is not there"
	[ ! -e "$out" ] || die "$out is there already; name a new folder"
	make_scratch
	mkdir -p "$out" "$scratch/keys"
	out=$(cd "$out" && pwd)

	say "1. The identity file"
	# A person's keys are an age file locked with a passphrase. Opened, it is
	# a few lines of text. It is kept in memory only until the script ends.
	if [ -n "${AGE_IDENTITY_PLAIN:-}" ]; then
		cp "$AGE_IDENTITY_PLAIN" "$scratch/identity"
	else
		age -d -o "$scratch/identity" "$identity" || die "wrong passphrase?"
	fi

	say "2. The carry file"
	# A carry file is an age file too. Inside is a tar archive: the vault's
	# history (vault.bundle) and its bulk (lfs/objects), both still encrypted.
	# Zeros follow the archive. -i makes tar read them to the end, so that
	# age gets to verify the last byte too (tar would stop in the middle).
	if [ -d "$carry" ]; then
		repo=$(cd "$carry" && pwd)
		lfs=$repo/lfs/objects
	else
		mkdir "$out/carry"
		case $carry in
		*.001) cat "${carry%.001}".[0-9][0-9][0-9] ;;
		*) cat "$carry" ;;
		esac | age -d -i "$scratch/identity" |
			tar -x -i -m -f - -C "$out/carry" ||
			die "this identity does not open the carry file, or it is damaged"

		# The bundle is a git repository in one file. Unpacked, it is an
		# ordinary bare repository with one branch for each device.
		repo=$out/vault.git
		git_ clone -q --mirror "$out/carry/vault.bundle" "$repo" ||
			die "git cannot read the bundle"
		! [ -d "$out/carry/lfs" ] || mv "$out/carry/lfs" "$repo/lfs"
		lfs=$repo/lfs/objects
	fi

	say "3. The batches"
	look_at "$repo"
	mkdir "$out/batches"
	unpack "$out/batches"
	hashes "$out/batches"

	say "4. The key rings"
	open_rings

	say "5. The entries"
	open_entries

	say "6. The original files"
	write_originals

	say "Done: $(grep -c ' ok$' "$out/overview.txt" || true) files are in" \
		"$out/items, listed in overview.txt. Entries: $out/entries."
	say "The whole repository is in $repo: now run 'by-hand.sh check' on it."
}

# A ring is a small age file with keys inside. Which key opens which ring is
# not written anywhere, so every key is tried on every ring: first the person's
# own key, then the case keys that turned up in the rings opened so far.
open_rings() {
	local ring path
	find "$out/batches" -type f -exec awk \
		'FNR == 2 && /^-> mlkem768x25519 / { print FILENAME }
		 FNR == 2 { nextfile }' {} + | sort >"$scratch/closed"
	: >"$scratch/rings"
	cp "$scratch/identity" "$scratch/try"
	while [ -s "$scratch/try" ] && [ -s "$scratch/closed" ]; do
		: >"$scratch/found"
		: >"$scratch/left"
		while read -r ring; do
			if ! age -d -i "$scratch/try" "$ring" \
				>"$scratch/ring" 2>"$scratch/error"; then
				grep -q 'no identity matched' "$scratch/error" ||
					wrong "ring $ring is damaged"
				say "$ring" >>"$scratch/left"
				continue
			fi
			# Its first line says in which device's which batch it stands.
			path=${ring#"$out/batches/"}
			path=${path%/*}
			if [ "$(awk 'NR == 1 { print $2, $3, $4, $6, $7 }' "$scratch/ring")" \
				!= "muniment ring 1 ${path%%[./]*} ${path##*/}" ]; then
				wrong "ring $ring does not stand where it says"
				continue
			fi
			cat "$scratch/ring" >>"$scratch/found"
		done <"$scratch/closed"
		cp "$scratch/left" "$scratch/closed"
		# Case keys that are new are what is tried next.
		awk '/^# case / { name = $0; getline; print name; print }' \
			"$scratch/found" >"$scratch/new"
		grep -vxF -f "$scratch/identity" "$scratch/new" >"$scratch/try" || true
		cat "$scratch/try" >>"$scratch/identity"
		cat "$scratch/found" >>"$scratch/rings"
	done
	# One small file for each key: entry-<first 32 digits>, bulk-<id>.
	awk -v dir="$scratch/keys" '/^# (entry|bulk) [0-9a-f]+$/ {
		file = dir "/" $2 "-" $3; getline; print >>file; close(file)
	}' "$scratch/rings"
	say "   rings that stay closed (for others, or fillers):" \
		"$(grep -c . "$scratch/closed" || true)"
}

# An entry is age( zstd( tar( entry.json, 0001, 0002, ... ))). entry.json says
# what it is; 0001 and so on are small files; large ones are bulk (step 6).
open_entries() {
	local file name key dir path
	mkdir "$out/entries"
	while read -r file; do
		name=${file##*/}
		key=$scratch/keys/entry-$(printf %.32s "$name")
		[ -e "$key" ] || continue
		dir=$out/entries/$name
		mkdir -p "$dir"
		if ! age -d -i "$key" "$file" | zstd -d -q -c |
			tar -x -m -f - -C "$dir"; then
			wrong "entry $name does not open"
			continue
		fi
		# It must stand where it says: this device's log, this batch.
		path=${file#"$out/batches/"}
		path=${path%/*}
		jq -e --arg d "${path%%[./]*}" --argjson n "${path##*/}" \
			'.device == $d and .batch == $n' "$dir/entry.json" \
			>"$scratch/jq" || wrong "entry $name does not stand where it says"
	done < <(find "$out/batches" -type f -exec awk \
		'FNR == 2 && /^-> X25519 / { print FILENAME }
		 FNR == 2 { nextfile }' {} + | sort)
}

# A "record" entry is one version of an item, with the names, sizes and
# SHA-256 of its files. Every version is written; overview.txt says which of
# them a later version has replaced.
write_originals() {
	local entry dir item parents
	parents=$scratch/parents
	: >"$parents"
	printf '%s\n' "$out"/entries/*/entry.json >"$scratch/list"
	[ -e "$(head -n 1 "$scratch/list")" ] || : >"$scratch/list"
	while read -r entry; do
		jq -r 'select(.kind == "record") | .parents[]' "$entry" >>"$parents"
	done <"$scratch/list"
	: >"$out/overview.txt"
	while read -r entry; do
		dir=${entry%/entry.json}
		item=$(jq -r 'select(.kind == "record") | .item' "$entry")
		[ -n "$item" ] || continue
		state=current
		! grep -qxF "${dir##*/}" "$parents" || state=replaced
		say "item $item version ${dir##*/} $state, case" \
			"$(jq -r '.case' "$entry"), $(jq -r '.time' "$entry")" \
			>>"$out/overview.txt"
		target=$out/items/${item//[!0-9a-f]/}/$(printf %.16s "${dir##*/}")
		mkdir -p "$target"
		write_files "$dir" "$target" </dev/null
	done <"$scratch/list"
}

# All files of one record. jq hands over one line a file; the texts are in
# base64, so that no character in a name can do harm here.
write_files() {
	local name bytes path path_bytes size sum content segments file got
	jq -r '.files[] | ["=" + (.name | @base64), "=" + (.name_bytes // ""),
		"=" + (.path // "" | @base64), "=" + (.path_bytes // ""), .size, .sha256, .content // "-",
		"=" + ([(.segments // [])[] | gsub(" "; ":")] | join(","))] | @tsv' \
		"$1/entry.json" >"$scratch/files"
	while read -r name bytes path path_bytes size sum content segments; do
		name=$(printf %s "${name#=}" | base64 -d; echo .)
		name=${name%.}
		path=$(printf %s "${path#=}" | base64 -d)
		# A name that is no proper text is also given as bytes, in hex.
		[ "$bytes" = "=" ] ||
			name=$(printf '%b' "$(printf %s "${bytes#=}" | hex_to_b)")
		[ "$path_bytes" = "=" ] ||
			path=$(printf '%b' "$(printf %s "${path_bytes#=}" | hex_to_b)")
		case /$path/ in */../* | */./*) path=unsafe-path ;; esac
		case $name in */* | . | .. | '') name=unsafe-name-$sum ;; esac
		file=$2/$path/$name
		mkdir -p "$2/$path"
		if [ -e "$file" ]; then
			wrong "two files are named $file"
			continue
		fi
		if [ "$content" != "-" ]; then
			cp "$1/${content//[!0-9]/}" "$file"
		else
			: >"$file"
			join_segments "${segments#=}" "$file"
		fi
		# The proof that these are the original bytes.
		got=$(sha256sum <"$file")
		if [ "${got%% *}" = "$sum" ] && [ "$(wc -c <"$file")" -eq "$size" ]; then
			say "  $sum $size $path${path:+/}$name ok" >>"$out/overview.txt"
		else
			wrong "$file is not the original"
			say "  $sum $size $path${path:+/}$name WRONG" >>"$out/overview.txt"
		fi
	done <"$scratch/files"
}

# A large file is cut into segments. Each is an object, age( zstd( bytes )),
# in lfs/objects under its own SHA-256. Joined in order they are the file.
join_segments() {
	local object bulk rest
	for rest in ${1//,/ }; do
		object=${rest%%:*}
		bulk=${rest##*:}
		rest=$lfs/${object:0:2}/${object:2:2}/$object
		if ! [ -f "$rest" ]; then
			wrong "object $object is not here (the carry file may have left it out)"
		elif [ "$(sha256sum <"$rest")" != "$object  -" ]; then
			wrong "object $object was changed"
		elif ! age -d -i "$scratch/keys/bulk-$bulk" "$rest" |
			zstd -d -q -c >>"$2"; then
			wrong "object $object does not open"
		fi
	done
}

# ==================================================================== check

cmd_check() {
	repo=$(cd "$1" && pwd) || die "$1 is not there"
	make_scratch
	look_at "$repo"
	mkdir "$scratch/batches"

	say "1. git fsck: is the repository whole"
	# Every object in it is read and its checksum computed again.
	git_ -C "$view" fsck --strict --no-dangling --no-progress \
		>"$scratch/fsck" 2>&1 || {
		cat "$scratch/fsck"
		wrong "git fsck; what is damaged here cannot be checked further"
		return
	}
	[ -n "$(branches)" ] || die "no branches: not a vault"

	say "2. git verify-commit: is every batch signed by its device"
	check_commits

	say "3. git lfs fsck: is the bulk what the history says"
	check_bulk

	say "4. The batches: does each hold what it lists, and nothing else"
	unpack "$scratch/batches"
	hashes "$scratch/batches"
	check_batches

	say "5. The log: leaves, inner roots, log roots, signed checkpoints"
	inner_roots
	check_logs

	say "6. What the devices saw of each other: is all of it still here"
	check_seen

	if [ "$FAULTS" -gt 0 ]; then
		say "$FAULTS faults."
	else
		say "All is well. Vault $(sha256sum <"$vault" | cut -c1-64)"
	fi
}

# The name of a branch is the public key of the device that alone writes to
# it. So the list of allowed signers is made from the names themselves.
check_commits() {
	local branch
	! git_ -C "$view" for-each-ref --format='%(refname)' |
		grep -v '^refs/heads/' || wrong "the above are no branches of devices"
	for branch in $(branches); do
		if ! [[ $branch =~ ^d[a-z2-7]{52}(\.[0-9a-f]{32})?$ ]]; then
			wrong "branch $branch is not the name of a device"
			continue
		fi
		{
			printf '%s namespaces="git" ssh-ed25519 ' "$branch"
			{
				printf '\0\0\0\013ssh-ed25519\0\0\0\040'
				device_key "${branch%%.*}"
			} | base64 -w 0
			echo
		} >"$scratch/allowed"
		git_ -C "$view" rev-list "refs/heads/$branch" |
			xargs git -c safe.directory='*' -C "$view" \
				-c gpg.ssh.allowedSignersFile="$scratch/allowed" \
				verify-commit >"$scratch/signatures" 2>&1 ||
			wrong "branch $branch: a commit is not signed by its device"
	done
}

# git-lfs looks only at the last batch if it is given a branch, and at nothing
# if it is given none. So it gets the first batch, and the range from there to
# the last. --dry-run keeps it from moving what it finds damaged. An object
# that was left out on purpose (one case's bulk) is told apart from a changed
# one: it is "not here".
check_bulk() {
	local branch first
	: >"$scratch/lfs"
	for branch in $(branches); do
		first=$(git_ -C "$view" rev-list --max-parents=0 "refs/heads/$branch")
		for range in "$first" "$first..refs/heads/$branch"; do
			git_ -C "$view" lfs fsck --dry-run "$range" \
				>>"$scratch/lfs" 2>&1 || true
		done
	done
	grep -v -e 'fsck OK' -e 'openError' "$scratch/lfs" | sort -u >"$scratch/bad" || true
	if [ -s "$scratch/bad" ]; then
		cat "$scratch/bad"
		wrong "git lfs fsck"
	fi
}

# Section 3. "batch" is the list; "vault" is the same in all batches; the other
# files are those that the list names; a pointer says what the list says.
check_batches() {
	local dir object size file pointer
	vault=$(find "$scratch/batches" -name vault -print -quit)
	find "$scratch/batches" -mindepth 2 -maxdepth 2 -type d >"$scratch/dirs"
	while read -r dir; do
		cmp -s "$vault" "$dir/vault" || wrong "$dir/vault differs"
		sort -u -c "$dir/batch" 2>"$scratch/error" ||
			wrong "$dir/batch is not sorted"
		{
			printf 'batch\ncheckpoint\nvault\n'
			awk '/^(entry|object) / { print $2 }' "$dir/batch"
		} | sort | cmp -s - <(ls "$dir") ||
			wrong "$dir: files and list differ"
		[ "$(grep -Ec '^pads [0-9a-f]{64}$' "$dir/batch")" = 1 ] ||
			wrong "$dir/batch has not one line of pads"
		! grep -Ev '^(entry [0-9a-f]{64} [0-9a-f]{64}|object [0-9a-f]{64} [0-9]+|pads [0-9a-f]{64}|seen d[a-z2-7]{52} [0-9]+ [0-9a-f]{64})$' \
			"$dir/batch" || say "   (the lines above are not understood)"
	done <"$scratch/dirs"
	find "$scratch/batches" -name batch -exec awk '/^object / {
		dir = FILENAME; sub("/batch$", "", dir); print $2, $3, dir
	}' {} + | sort -u -k1,1 >"$scratch/objects"
	absent=0
	while read -r object size dir; do
		pointer=$(printf '%s\n' 'version https://git-lfs.github.com/spec/v1' \
			"oid sha256:$object" "size $size")
		[ "$(cat "$dir/$object")" = "$pointer" ] || wrong "pointer $object"
		file=$repo/lfs/objects/${object:0:2}/${object:2:2}/$object
		if ! [ -f "$file" ]; then
			absent=$((absent + 1))
			# A vault lists what was left out when it came here.
			if [ ! -d "$repo/local" ] ||
				grep -qsxF "$object" "$repo/local/absent"; then
				say "   not here (left out): $object"
			else
				wrong "object $object is missing"
			fi
		elif [ "$(wc -c <"$file")" -ne "$size" ]; then
			wrong "object $object has another size"
		elif [ "$(sha256sum <"$file")" != "$object  -" ]; then
			wrong "object $object was changed"
		fi
	done <"$scratch/objects"
	say "   objects: $(grep -c . "$scratch/objects" || true), of these not here: $absent"
}

# Each batch is hashed like this (section 3): every line becomes a leaf; pads
# made from the "pads" line fill up to 16, 64, 256, ... so that nobody can
# count the lines; sorted, they are hashed in pairs until one hash is left.
# All batches are done together, a level at a time.
inner_roots() {
	local dir
	sort -o "$scratch/dirs" "$scratch/dirs"
	awk -v OFS='\t' '
	function b(hex,  i, s) {
		for (i = 1; i < length(hex); i += 2)
			s = s "\\x" substr(hex, i, 2)
		return s
	}
	{
		name = $0; leaves = 0; pads = ""
		while ((getline line < (name "/batch")) > 0) {
			if (line ~ /^pads /) {
				pads = b(substr(line, 6))
				continue
			}
			gsub(/\\/, "\\\\", line)
			print NR, "\\x00" line
			leaves++
		}
		for (k = 2; 4 ^ k < leaves; k++);
		for (i = 0; i < 4 ^ k - leaves; i++)
			print NR, "\\x02" pads b(sprintf("%08x", i))
		print NR, k > sizes
	}' sizes="$scratch/sizes" "$scratch/dirs" >"$scratch/texts"
	: >"$scratch/inner"
	hash_level "sort -k1,1n -k2,2"
	while [ -s "$scratch/level" ]; do
		awk -v roots="$scratch/inner" '
		function b(hex,  i, s) {
			for (i = 1; i < length(hex); i += 2)
				s = s "\\x" substr(hex, i, 2)
			return s
		}
		function alone() { if (left != "") print batch, left >>roots }
		$1 != batch { alone(); batch = $1; left = $2; next }
		left == "" { left = $2; next }
		{ print batch "\t\\x01" b(left) b($2); left = "" }
		END { alone() }' "$scratch/level" >"$scratch/texts"
		hash_level cat
	done
	# What goes into the device's log: "muniment/batch/v1 <k> <inner root>".
	sort -n -o "$scratch/inner" "$scratch/inner"
	tr '\t' ' ' <"$scratch/sizes" | paste -d ' ' - "$scratch/inner" |
		awk '{ print "\\x00muniment/batch/v1 " $2 " " $4 "\\n" }' |
		hash_lines | paste -d ' ' "$scratch/dirs" - >"$scratch/leaves"
}

hash_level() {
	cut -f1 "$scratch/texts" >"$scratch/ids"
	cut -f2- "$scratch/texts" | hash_lines |
		paste -d ' ' "$scratch/ids" - | $1 >"$scratch/level"
}

# A device's log is a Merkle tree (RFC 6962) over its batches. The root after
# each batch depends on every batch before it; the device signs that root in
# the checkpoint. PEAKS holds the roots of the full parts of the tree.
check_logs() {
	local branch n leaf root i size
	: >"$scratch/roots"
	for branch in $(branches); do
		{
			printf '\060\052\060\005\006\003\053\145\160\003\041\000'
			device_key "${branch%%.*}"
		} >"$scratch/key.der"
		sed -n "s,^.*/$branch/\([0-9]*\) ,\1 ,p" "$scratch/leaves" |
			sort -n >"$scratch/log"
		PEAKS=()
		count=0
		while read -r n leaf; do
			size=$n
			while [ $((size % 2)) -eq 0 ]; do
				node "${PEAKS[-1]}" "$leaf"
				leaf=$NODE
				unset 'PEAKS[-1]'
				size=$((size / 2))
			done
			PEAKS+=("$leaf")
			root=$leaf
			for ((i = ${#PEAKS[@]} - 2; i >= 0; i--)); do
				node "${PEAKS[i]}" "$root"
				root=$NODE
			done
			say "seen ${branch%%.*} $n $root" >>"$scratch/roots"
			check_checkpoint "$scratch/batches/$branch/$n/checkpoint" \
				"${branch%%.*}" "$n" "$root"
			count=$((count + 1))
			[ "$n" -eq "$count" ] || wrong "$branch: batch $count is missing"
		done <"$scratch/log"
		say "   $branch: $count batches"
		[ "$branch" = "${branch%%.*}" ] ||
			wrong "device ${branch%%.*} signed two histories (a fork)"
		[ "$count" -gt 0 ] && [ "$count" -eq "$(git_ -C "$view" rev-list \
			--count "refs/heads/$branch")" ] ||
			wrong "$branch: not every batch was checked"
	done
}

# Section 4: three lines of text (whose log, how many batches, the root), an
# empty line, and one line with the signature: base64 of 4 bytes that name
# the key and 64 bytes of signature.
check_checkpoint() {
	local origin id
	origin=muniment/$(sha256sum <"$vault" | cut -c1-64)/$2
	{
		printf '%s\n%s\n' "$origin" "$3"
		printf '%b' "$(printf %s "$4" | hex_to_b)" | base64 -w 0
		echo
	} >"$scratch/text"
	printf '\n\342\200\224 %s ' "$origin" | cat "$scratch/text" - >"$scratch/note"
	size=$(wc -c <"$scratch/note")
	if ! head -c "$size" "$1" | cmp -s - "$scratch/note" ||
		[ "$(wc -l <"$1")" -ne 5 ]; then
		wrong "${1#"$scratch/batches/"} says something else than the batches"
		return
	fi
	tail -c +"$((size + 1))" "$1" | base64 -d >"$scratch/blob" 2>/dev/null || true
	tail -c +5 "$scratch/blob" >"$scratch/signature"
	id=$({
		printf '%s\n\001' "$origin"
		tail -c 32 "$scratch/key.der"
	} | sha256sum | cut -c1-8)
	[ "$(head -c 4 "$scratch/blob" | od -An -tx1 | tr -d ' ')" = "$id" ] ||
		wrong "${1#"$scratch/batches/"} names another key"
	openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey "$scratch/key.der" \
		-in "$scratch/text" -sigfile "$scratch/signature" >"$scratch/openssl" 2>&1 ||
		wrong "${1#"$scratch/batches/"}: the signature is wrong"
}

# A device writes into its own log what it has last seen of the others. If
# that is not here, somebody took batches away or gave an older copy.
check_seen() {
	find "$scratch/batches" -name batch -exec grep -h '^seen ' {} + |
		sort -u >"$scratch/claims" || true
	sort -u -o "$scratch/roots" "$scratch/roots"
	comm -23 "$scratch/claims" "$scratch/roots" >"$scratch/gone"
	! [ -s "$scratch/gone" ] || {
		cat "$scratch/gone"
		wrong "a device has seen the above; it is not here"
	}
}

case ${1:-}$# in
open4) cmd_open "$2" "$3" "$4" ;;
check2) cmd_check "$2" ;;
*) usage ;;
esac
[ "$FAULTS" -eq 0 ] || exit 1
