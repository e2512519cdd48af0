#!/bin/sh
# The way to a git host, driven by tests/host/walk: https and ssh, stock git
# and git-lfs at the other end, and everything that a host can do wrong.
. "$(dirname "$0")/../cli/lib.sh"
. "$TOP/tests/host/lib.sh"
: "${WALK:=${MUNIMENT%/*}/tests/host/walk}"
walk() { timeout 300 "$WALK" -s "${STALL:-30}" -t "${TRIES:-2}" "$@"; }

person anna || exit 2
new_vault anna vault
as anna --vault vault case new Case >/dev/null
mkdir in
for i in 1 2 3 4 5 6; do head -c $((i * 70000)) /dev/urandom >in/$i.jpg; done
as anna --vault vault add in --case Case >/dev/null
cp -R vault short
for i in $(seq 40); do
	as anna --vault vault case new "Case $i" >/dev/null
done
git init -q --bare empty && mkdir -p empty/local
certificates
new_repo v
start_https

# Who may, and who is asked.
status "no password, no helper" 2 walk "$HTTPS" list
says "it says where passwords are kept" "credential helper"
git config --global credential.helper \
	'!f() { printf "username=anna\npassword=wrong\n"; }; f'
status "a wrong password" 2 walk "$HTTPS" list
says "it says so" "does not accept"
password
status "an empty repository" 0 walk "$HTTPS" list
has "has no branches" "0 branches" out
is "the helper is told that it was right" "get store" \
	"$(tr '\n' ' ' <"$HOME/helper.log" | sed 's/ $//')"
git config --global --unset http.sslCAInfo
status "a certificate of nobody known" 2 walk "$HTTPS" list
says "it says what to do" "http.sslCAInfo"
GIT_SSL_CAINFO=$W/ca.pem walk "$HTTPS" list >out 2>err
is "GIT_SSL_CAINFO is heeded" "0 branches, 0 others" "$(cat out)"
git config --global http.sslCAInfo "$W/ca.pem"
openssl x509 -req -in host.csr -CA ca.pem -CAkey ca.key -days 3 \
	-out host2.pem 2>/dev/null # no name in it
status "http to another machine" 2 walk http://example.org/v.git list
says "http is refused" "anyone on the way can read"
status "a password in the address" 2 walk https://anna:x@localhost/v.git list
lacks "it is not repeated" "anna:x" err
for u in ftp://host/x ext::sh -oProxyCommand=x:y ssh://-oX/y \
	'https://host/a b' ssh://host:99999/x ssh://host; do
	status "no address: $u" 2 walk -- "$u" list
done

# Up, down, and with stock git.
status "push" 0 walk "$HTTPS" push vault
has "the branch moved" "1 branches moved" out
status "push again" 0 walk "$HTTPS" push vault
has "nothing is left to do" "0 branches moved" out
is "one push reached the host" 1 "$(count git-push)"
status "bulk" 0 walk "$HTTPS" put vault
has "all of it" "6 objects moved" out
status "bulk again" 0 walk "$HTTPS" put vault
has "nothing is sent twice" "0 objects moved, 6 there" out
is "the host checked each" 6 "$(count verify)"
check "stock git clones it" git clone -q --mirror "$HTTPS" mirror
check "stock git-lfs has the bulk" git -C mirror lfs fetch --all
check "stock git checks it" git -C mirror fsck --strict --no-dangling
status "such a clone verifies" 0 "$MUNIMENT" --quiet --vault mirror verify \
	--blind
status "fetch" 0 walk "$HTTPS" fetch empty q1/objects
cp -R empty got && cp q1/objects/pack/pack-* got/objects/pack/
git -C vault for-each-ref --format='%(objectname) %(refname)' |
	while read -r o r; do git -C got update-ref "$r" "$o"; done
check "what was fetched is whole" git -C got fsck --strict --no-dangling
status "bulk comes" 0 walk "$HTTPS" get vault q1/bulk
has "six objects" "6 objects moved" out
for f in q1/bulk/*; do
	check "object ${f##*/}" [ "$(sha256sum <"$f" | cut -c1-64)" = "${f##*/}" ]
done
status "fetch of what is here" 0 walk "$HTTPS" fetch vault q2/objects
is "brings nothing" "" "$(find q2 -name '*.pack')"
is "the password went to the API alone" 0 "$(count leak)"

# Through a proxy that resolves names itself, as Tor does.
port=${HTTPS##*:}
python3 "$HERE/socks.py" "$W/socks" "${port%%/*}" &
PIDS="$PIDS $!"
wait_for "$W/socks"
export ALL_PROXY="socks5h://127.0.0.1:$(cat socks)"
status "through a proxy" 0 walk "https://vault.test:${port%%/*}/v.git" list
status "bulk through a proxy" 0 walk "https://vault.test:${port%%/*}/v.git" \
	get short q6
unset ALL_PROXY
is "the proxy heard names only" "localhost vault.test" \
	"$(sort -u socks.log | tr '\n' ' ' | sed 's/ $//')"

# A long history comes in slices; what has arrived is not sent again.
# whole NAME FOLDER: with it, an empty repository holds the host's branches
whole() {
	rm -rf got && cp -R empty got
	cp "$2"/pack/pack-* got/objects/pack/
	git -C "$HOST/repos/$3.git" for-each-ref \
		--format='%(objectname) %(refname)' |
		while read -r o r; do git -C got update-ref "$r" "$o"; done
	check "$1" git -C got fsck --strict --no-dangling
}
fault fetch cut 3000 1 1
TRIES=1 status "a fetch that is cut" 2 walk "$HTTPS" fetch empty qc/objects
fault
status "goes on" 0 walk "$HTTPS" fetch empty qc/objects
whole "and is whole" qc/objects v
# the file `vault`, which is one in all batches, comes with each slice
is "nothing came twice" 1 "$(twice qc/objects)"
new_repo m
M_URL=${HTTPS%/v.git}/m.git
status "half of it" 0 walk "$M_URL" push vault 25
rm -rf q
fault fetch cut 3000 1 1
TRIES=1 status "a fetch that is cut" 2 walk "$M_URL" fetch empty q/objects
fault
status "the other half, meanwhile" 0 walk "$M_URL" push vault
status "goes on all the same" 0 walk "$M_URL" fetch empty q/objects
whole "and is whole" q/objects m
is "nothing came twice" 1 "$(twice q/objects)"
status "what a shorter vault lacks" 0 walk "$M_URL" fetch short qs/objects
objects() { git -C "$1" rev-list --objects --all | wc -l; }
is "is all that comes, and the file vault" \
	$(($(objects vault) - $(objects short) + 1)) \
	"$(for i in qs/objects/pack/*.idx; do git show-index --object-format=sha1 <"$i"; done |
		wc -l)"

# ssh.
start_ssh
status "an unknown host key" 2 walk "$SSH" list
says "is refused" "host key is not known"
known_host
status "over ssh" 0 walk "$SSH" list
has "the branch" "1 branches" out
new_repo s
S_URL=${SSH%/v.git}/s.git
status "push over ssh" 0 walk "$S_URL" push vault
status "bulk over git-lfs-authenticate" 0 walk "$S_URL" put vault
has "all of it" "6 objects moved" out
status "fetch over ssh" 0 walk "$S_URL" fetch empty q3/objects
check "the same branches" cmp q1/objects/heads q3/objects/heads
echo 30000 >"$HOST/ssh-cut"
TRIES=1 status "a fetch over ssh that is cut" 2 walk "$S_URL" fetch empty \
	q5/objects
rm "$HOST/ssh-cut"
status "goes on" 0 walk "$S_URL" fetch empty q5/objects
whole "and is whole" q5/objects s
is "nothing came twice" 1 "$(twice q5/objects)"
status "bulk comes over ssh" 0 walk "$S_URL" get vault q3/bulk
has "all of it" "6 objects moved" out
check "stock git clones over ssh" git clone -q --mirror "$S_URL" mirror2
check "stock git-lfs too" git -C mirror2 lfs fetch --all
status "such a clone verifies" 0 "$MUNIMENT" --quiet --vault mirror2 verify \
	--blind
scp=$(id -un)@127.0.0.1:$HOST/repos/s.git
printf '\tPort %s\n' "$PORT" >>"$W/sshd/ssh_config"
status "user@host:path" 0 walk "$scp" list
new_repo "it's; touch \$HOME/pwned"
status "a path is one word over there" 0 walk \
	"$(id -un)@127.0.0.1:$HOST/repos/it's; touch \$HOME/pwned.git" list
is "and no command" "" "$(find . -name 'pwned*' -not -path './host/*')"
ssh-keygen -q -t ed25519 -N '' -f other
printf '[127.0.0.1]:%s %s\n' "$PORT" "$(cut -d' ' -f1,2 other.pub)" \
	>"$W/sshd/known_hosts"
status "another host key" 2 walk "$SSH" list
says "is refused" "another one than before"
known_host
mv "$W/sshd/authorized_keys" "$W/sshd/nobody"
status "a key that may not" 2 walk "$SSH" list
says "it says who keeps keys" "ssh-add"
mv "$W/sshd/nobody" "$W/sshd/authorized_keys"
status "no such repository" 2 walk "${SSH%v.git}none.git" list
touch "$HOST/ssh-hang"
STALL=2 status "a host that hangs" 2 walk "$SSH" list
says "is left" "nothing came for 2 seconds"
rm "$HOST/ssh-hang"

# What a host can do wrong.
new_repo w
W_URL=${HTTPS%/v.git}/w.git
clear() { lacks "one clear line: $1" "$(printf '\033')" err
	is "one line: $1" 1 "$(grep -cv '^hint' err)"; }
# wrong WHERE WHAT ARG TEXT COMMAND...: it must fail and say TEXT
wrong() {
	name="$1 $2 $3"
	fault "$1" "$2" "$3"
	text=$4
	shift 4
	TRIES=1 status "$name" 2 walk "$@"
	says "$name: says it" "$text"
	clear "$name"
	fault
}
for s in 403 404 503; do
	wrong refs $s - "($s" "$W_URL" list
	wrong push $s - "($s" "$W_URL" push short
	wrong fetch $s - "($s" "$HTTPS" fetch empty qx/objects
done
wrong push 413 - "(413" "$W_URL" push short
for s in 403 413 429 500 507; do
	wrong batch $s - "($s" "$W_URL" put short
	wrong put $s - "($s" "$W_URL" put short
done
wrong put 422 - "(422" "$W_URL" put short
wrong batch full - "no room" "$W_URL" put short
wrong verify 404 - "own check" "$W_URL" put short
rm -rf "$HOST/lfs/w"
wrong batch 404 - "no Git LFS" "$W_URL" put short
wrong batch 401 - "does not accept" "$W_URL" put short
STALL=2 wrong refs hang - "nothing came" "$W_URL" list
STALL=2 wrong push hang - "nothing came" "$W_URL" push short
STALL=2 wrong fetch hang - "nothing came" "$HTTPS" fetch empty qx/objects
STALL=2 wrong get hang - "nothing came" "$HTTPS" get short qx/bulk
wrong refs close - "connection broke" "$W_URL" list
wrong push cutup 5000 "" "$W_URL" push short
wrong fetch cut 5000 "" "$HTTPS" fetch empty qx/objects
wrong refs cut 40 "" "$HTTPS" list
wrong put cutup 5000 "connection broke" "$W_URL" put short
wrong refs redirect https://localhost:1 "sends us on to localhost:1" \
	"$W_URL" list
wrong batch redirect https://localhost:1 "sends us on" "$W_URL" put short
for k in empty text deep null list double objects transfer long; do
	wrong batch hostile $k "" "$W_URL" put short
done
for k in empty text pkt pktlong refs; do
	wrong refs hostile $k "" "$W_URL" list
	wrong fetch hostile $k "" "$HTTPS" fetch empty qx/objects
	wrong push hostile $k "" "$W_URL" push short
done
wrong batch inject - "no known form" "$W_URL" put short
wrong batch plain - "not https" "$W_URL" put short
wrong batch othersize - "another size" "$W_URL" put short
is "no push got through" 0 \
	"$(git -C "$HOST/repos/w.git" for-each-ref | wc -l)"
is "no object that is none" "" "$(find "$HOST/lfs/w" -type f 2>/dev/null)"

# Damage: never kept, and the rest goes on.
fault get damaged 100 1
status "a damaged object" 0 walk "$HTTPS" get short q4
has "is named" "damaged there" out
has "the others come" "5 objects moved, 0 there, 1 failed" out
is "it is not kept" 5 "$(ls q4 | wc -l)"
rm -rf q4
fault get toolong - 1
status "an object that is too long" 0 walk "$HTTPS" get short q4
has "is named" "more than was asked for" out
rm -rf q4
fault get cut 50000 1
status "an object that is cut off" 0 walk "$HTTPS" get short q4
has "is gone on with" "6 objects moved" out
check "from where it was cut" grep -q '^get [0-9a-f]* 50000$' "$HOST/log"
one=$(ls "$HOST/lfs/v" | head -n 1)
mv "$HOST/lfs/v/$one" .
rm -rf q4
fault
status "an object that is gone" 0 walk "$HTTPS" get short q4
has "is named" "object $(echo "$one" | cut -c1-16)" out
has "the others come" "5 objects moved, 0 there, 1 failed" out
mv "$one" "$HOST/lfs/v/"
fault fetch damaged 20000
status "a damaged pack" 1 walk "$HTTPS" fetch empty qy/objects
clear "a damaged pack"
fault
status "too much" 1 walk "$HTTPS" fetch empty qz/objects 10000
says "is refused" "more than"
is "leaves nothing" "" "$(find qx qy qz -name 'pack*' -type f)"

# What passes is tried again.
fault put 503 - 1
status "503, once" 0 walk "$W_URL" put short
fault push 502 - 1
status "a push in trouble, once" 0 walk "$W_URL" push short
fault
is "the password stayed with the API" 0 "$(count leak)"
kill "$HTTPS_PID"
sleep 0.3
status "a host that is down" 2 walk "$HTTPS" list
says "it says so" "cannot be reached"
finish
