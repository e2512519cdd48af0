#!/bin/sh
# Who puts on a device's branch of a shared git host what makes no sense, or
# what no vault takes, does not keep the others from exchanging: it is named,
# what is sound comes all the same, and the device's own history finds another
# way. Nor is a host accused of what it has not done.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/host/lib.sh"
export MUNIMENT
export PYTHONPATH="$TOP/tests/cli"
anna() { as anna --vault "$W/home.v" "$@"; }
boris() { as boris --vault "$W/abroad" "$@"; }
# adds WHO NAME: a new file of that name
adds() {
	echo "$2" >"$2.txt"
	"$1" add "$2.txt" --case Case >/dev/null
}
lists() { # WHO NAMES...
	who=$1
	shift
	"$who" --json list >list
	for f in "$@"; do
		grep -q "\"$f.txt\"" list && ok "$who has $f" ||
			not_ok "$who has $f"
	done
}

for p in anna boris; do person $p || exit 2; done
new_vault anna home.v >/dev/null || exit 2
anna case new Case >/dev/null
anna member add boris.card --case Case --role author >/dev/null
anna carry --to boris.card -o first.carry
boris receive first.carry >/dev/null || exit 2
certificates
password
new_repo v
start_https
anna remote add host "$HTTPS" >/dev/null && boris remote add host "$HTTPS" \
	>/dev/null || exit 2
for p in anna boris anna; do status "$p syncs" 0 $p sync; done

# Pushing only, when the host has more.
adds boris newer && status "Boris syncs" 0 boris sync
adds anna older
status "push only: the host has more: nobody is accused" 0 anna sync --push
status "Boris takes it" 0 boris sync
lists boris older
status "Anna takes the rest" 0 anna sync
lists anna newer

# goes_on WHAT TEXT: both have something new, and exchange it past the junk
goes_on() {
	turn=$((turn + 1))
	adds anna "anna-$turn"
	adds boris "boris-$turn"
	for p in anna boris anna; do
		status "$1: $p syncs" 1 $p sync
		says "$1: $p is told" "$2"
		grep -q "rolled back" err && not_ok "$1: called a rollback" ||
			ok "$1: it is not called a rollback"
	done
	lists anna "boris-$turn" "anna-$turn"
	lists boris "boris-$turn" "anna-$turn"
	for p in anna boris; do status "$1: $p verifies" 0 $p verify; done
}
repo=$HOST/repos/v.git
turn=0
GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL

# Junk on top of each device's branch in turn; then on what went round it, too.
for round in 1 2; do
	for branch in $(git -C "$repo" for-each-ref --format='%(refname)'); do
		git -C "$repo" update-ref "$branch" "$(git -C "$repo" \
			commit-tree -p "$branch" -m junk "$branch^{tree}")"
		goes_on "junk, round $round" "not of the form of this log"
	done
done
# The host's master puts it right.
for branch in $(git -C "$repo" for-each-ref --format='%(refname)'); do
	[ "$(git -C "$repo" log -1 --format=%s "$branch")" != junk ] ||
		git -C "$repo" update-ref -d "$branch"
done
for p in anna boris; do status "junk removed: $p syncs" 0 $p sync; done
for branch in $(git -C "$repo" for-each-ref --format='%(refname)'); do
	case $branch in
	*.*) git -C "$repo" update-ref "${branch%.*}" "$branch" &&
		git -C "$repo" update-ref -d "$branch" ;;
	esac
done
adds anna last
for p in anna boris; do status "put right: $p syncs" 0 $p sync; done
lists boris last

# A member with a program of his own signs what no vault takes.
python3 - "$repo" <<'EOT'
import forge, sys
log = forge.Log("abroad", forge.stolen("boris", "abroad"))
log.batch(forge.line(bytes(4096)))
log.write(sys.argv[1])
EOT
goes_on "a batch of noise" "neither an entry nor a ring"
finish
