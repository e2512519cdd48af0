# A git host for scripts, in the scratch folder $W of tests/cli/lib.sh: source
# that first. $HTTPS and $SSH are addresses of the repository v; $HOST is the
# folder of the host, $HOST/log what was done there (see githost.py).
HOST=$W/host
HERE=$TOP/tests/host
export HOME="$W/home"
mkdir -p "$HOME" "$HOST/repos" "$HOST/lfs" "$W/bin" "$W/sshd" || exit 2
unset GIT_SSL_CAINFO GIT_SSH_COMMAND SSH_AUTH_SOCK ALL_PROXY all_proxy \
	HTTPS_PROXY https_proxy http_proxy NO_PROXY no_proxy
export GIT_CONFIG_NOSYSTEM=1
PIDS=
trap 'stop_all; chmod -R u+rwX "$W" 2>/dev/null; rm -rf "$W"' EXIT

stop_all() {
	for p in $PIDS; do kill "$p" 2>/dev/null; done
	PIDS=
}
# wait_for FILE: until it is there
wait_for() {
	for i in $(seq 1200); do # the machine may be busy
		[ -s "$1" ] && return 0
		sleep 0.1
	done
	echo "not ok $1 does not come"
	exit 2
}
# certificates: an authority, and the host's
certificates() {
	openssl req -x509 -newkey ed25519 -nodes -keyout ca.key -out ca.pem \
		-days 3 -subj /CN=authority 2>/dev/null
	openssl req -newkey ed25519 -nodes -keyout host.key -out host.csr \
		-subj /CN=host 2>/dev/null
	echo "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:vault.test" >host.ext
	openssl x509 -req -in host.csr -CA ca.pem -CAkey ca.key -days 3 \
		-extfile host.ext -out host.pem 2>/dev/null
	git config --global http.sslCAInfo "$W/ca.pem"
}
# new_repo NAME: an empty repository on the host
new_repo() {
	git init -q --bare "$HOST/repos/$1.git"
	git -C "$HOST/repos/$1.git" config http.receivepack true
	# packs stay as they came, so that they can be counted
	git -C "$HOST/repos/$1.git" config receive.unpackLimit 1
	git -C "$HOST/repos/$1.git" config gc.auto 0
}
start_https() {
	rm -f "$HOST/url"
	python3 "$HERE/githost.py" "$HOST" --cert "$W/host.pem" \
		--key "$W/host.key" 2>"$HOST/errors" &
	HTTPS_PID=$!
	PIDS="$PIDS $HTTPS_PID"
	wait_for "$HOST/url"
	HTTPS=$(cat "$HOST/url")/v.git
}
# password: a credential helper of git's that knows it, as the host has it
password() {
	cat >"$W/bin/helper" <<-'EOT'
	#!/bin/sh
	echo "$1" >>"$HOME/helper.log"
	[ "$1" != get ] || printf 'username=anna\npassword=pass word:1\n'
	EOT
	chmod +x "$W/bin/helper"
	git config --global credential.helper "$W/bin/helper"
}
# start_ssh: sshd on loopback, for the https host's repositories
start_ssh() {
	S=$W/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$S/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$S/user_key"
	cp "$S/user_key.pub" "$S/authorized_keys"
	# what the host lets people run; its shell reads the command
	cat >"$S/git-lfs-authenticate" <<-EOT
	#!/bin/sh
	echo "lfs-authenticate \$*" >>"$HOST/log"
	name=\${1##*/}
	base=\$(cat "$HOST/url")
	printf '{"href":"%s/%s/info/lfs","header":{"Authorization":"Token ssh"},"expires_in":3600}' \\
		"\$base" "\${name%.git}.git"
	EOT
	cat >"$S/command" <<-EOT
	#!/bin/sh
	PATH="$S:\$PATH"
	[ ! -e "$HOST/ssh-hang" ] || sleep 600
	# cut off after so many bytes, but not the first time
	if [ -e "$HOST/ssh-cut" ] && ! mkdir "$HOST/ssh-first" 2>/dev/null; then
		cd "$HOST/repos" && sh -c "\$SSH_ORIGINAL_COMMAND" |
			head -c "\$(cat "$HOST/ssh-cut")"
		exit 1
	fi
	cd "$HOST/repos" || exit 1
	echo "ssh \$SSH_ORIGINAL_COMMAND" >>"$HOST/log"
	exec sh -c "\$SSH_ORIGINAL_COMMAND"
	EOT
	chmod +x "$S/git-lfs-authenticate" "$S/command"
	PORT=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
	cat >"$S/config" <<-EOT
	Port $PORT
	ListenAddress 127.0.0.1
	HostKey $S/host_key
	AuthorizedKeysFile $S/authorized_keys
	PidFile $S/pid
	StrictModes no
	UsePAM no
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	ForceCommand $S/command
	EOT
	[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
	/usr/sbin/sshd -D -f "$S/config" -E "$S/log" &
	PIDS="$PIDS $!"
	wait_for "$S/pid"
	# the person's own settings of ssh, without touching their home
	cat >"$S/ssh_config" <<-EOT
	Host *
		IdentityFile $S/user_key
		IdentitiesOnly yes
		UserKnownHostsFile $S/known_hosts
	EOT
	cat >"$W/bin/ssh" <<-EOT
	#!/bin/sh
	exec /usr/bin/ssh -F "$S/ssh_config" "\$@"
	EOT
	chmod +x "$W/bin/ssh"
	PATH="$W/bin:$PATH"
	export PATH
	SSH=ssh://$(id -un)@127.0.0.1:$PORT$HOST/repos/v.git
}
# known_host: the person has compared the host's key
known_host() {
	printf '[127.0.0.1]:%s %s\n' "$PORT" \
		"$(cut -d' ' -f1,2 "$W/sshd/host_key.pub")" \
		>"$W/sshd/known_hosts"
}
is() { if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1: '$3', not '$2'"; fi; }
has() { if grep -qF -- "$2" "$3"; then ok "$1"; else
	not_ok "$1: no '$2'"; sed 's/^/    /' "$3"; fi; }
lacks() { if grep -qF -- "$2" "$3"; then not_ok "$1: '$2' is there"; else
	ok "$1"; fi; }
# fault WHERE WHAT [ARG [TIMES [SKIP]]]; fault alone: none
fault() {
	rm -f "$HOST/fault"
	[ $# -eq 0 ] || { echo "$*" >"$HOST/fault.new" &&
		mv "$HOST/fault.new" "$HOST/fault"; }
}
# count WORD: how often the host did that
count() { grep -c "^$1" "$HOST/log" 2>/dev/null || true; }
# twice FOLDER: git objects that its packs hold more than once
twice() {
	for i in "$1"/pack/*.idx; do
		git show-index --object-format=sha1 <"$i" | cut -d' ' -f2
	done | sort | uniq -d | wc -l
}
