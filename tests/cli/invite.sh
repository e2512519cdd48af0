#!/bin/sh
# First contact checked against an invitation: another vault, one that was
# rolled back or forked on the way, and invitations of others are refused, and
# no vault is made.
. "$(dirname "$0")/lib.sh"

home() { as anna --vault home "$@"; }
# made NAME: no folder was made
none() { if [ ! -e first ] && [ ! -e first.muniment-new ]; then ok "$1"; else
	not_ok "$1: $(ls -d first*)"; rm -rf first*; fi; }

setup() {
	set -e
	for p in anna boris eve; do person $p; done
	new_vault anna home
	home case new A >/dev/null
	echo one >one
	home add one --case A
	home member add boris.card --case A --role author
	home carry -o old.carry --to boris.card
	cp -R home home.old
	echo two >two
	home add two --case A
	# another vault of hers, in which he is a member, too
	new_vault anna second
	as anna --vault second case new A >/dev/null
	as anna --vault second member add boris.card --case A
	as anna --vault second carry -o second.carry --to boris.card
}
(setup) >setup.out 2>&1
[ $? -eq 0 ] && ok "set-up" || { not_ok "set-up"; cat setup.out; exit 1; }

status "invite" 0 home invite boris.card -o boris.invite
grep -q "^invitation  [a-z]" out && ok "its words are shown" || not_ok "no words"
sed -n 's/^invitation  //p' out >words
[ "$(sed -n 's/^their card  //p' out)" = "$("$MUNIMENT" id words boris.card |
	tail -n 1)" ] && ok "and those of the card" || not_ok "of another card"
status "a name that is taken" 2 home invite boris.card -o boris.invite
status "no card" 1 home invite one -o x.invite
[ ! -e x.invite ] && ok "leaves nothing" || not_ok "left x.invite"
status "write on" 0 home add words --case A
home carry -o new.carry --to boris.card >/dev/null 2>&1

status "an older state" 1 as boris --vault first receive old.carry \
	--invite boris.invite
says "is named" "rolled back relative to the invitation: device"
says "with the batch" "batch"
none "and no vault is made"
status "another vault" 1 as boris --vault first receive second.carry \
	--invite boris.invite
says "is named, too" "this is not the vault of the invitation"
none "and none is made of it"
status "a newer state" 0 as boris --vault first receive new.carry \
	--invite boris.invite
grep -qxF "$(cat words)" out && ok "the same words are shown" ||
	not_ok "other words: $(cat out)"
grep -q "invitation of anna" out && ok "and by whom" || not_ok "not by whom"
status "the vault verifies against it" 0 as boris --vault first verify \
	--invite boris.invite
rm -rf first
status "without an invitation" 0 "$MUNIMENT" --identity boris.age \
	--passphrase-fd 3 --vault first receive new.carry 3<<P
pass boris
P
says "it is said that nothing was checked" \
	"first contact was not checked against an invitation"
status "later" 0 as boris --vault first receive new.carry --invite boris.invite
rm -rf first
as boris --vault first receive old.carry >/dev/null 2>&1
status "verify names what is lacking" 1 as boris --vault first verify \
	--invite boris.invite
says "as a rollback" "rolled back relative to the invitation"
status "what comes later heals it" 0 as boris --vault first receive new.carry \
	--invite boris.invite
cp -R first boris.vault
rm -rf first

# a fork on the way: the same number of batches, and other ones
cp -R home.old forked
echo three >three
for i in 1 2 3 4 5; do
	as anna --vault forked add three --again --case A >/dev/null 2>&1
done
as anna --vault forked carry -o fork.carry --to boris.card >/dev/null 2>&1
status "another history" 1 as boris --vault first receive fork.carry \
	--invite boris.invite
says "it is told from a rollback" "another history than was signed"
none "no vault of it either"

# invitations of others
status "for somebody else" 2 as eve --vault first receive new.carry \
	--invite boris.invite
says "so it says" "an invitation for somebody else"
status "one who is no member invites nobody" 2 as eve --vault boris.vault \
	invite boris.card -o eve.invite
cat >forge.py <<'EOT'
# An invitation whose signature is Eve's, or whose text was changed.
import os, subprocess, sys

def muniment(who, *args):
    end, other = os.pipe()
    os.write(other, b"pass %s\n" % who.encode())
    os.close(other)
    return subprocess.run([os.environ["MUNIMENT"], "--identity", who + ".age",
                           "--passphrase-fd", str(end)] + list(args),
                          stdout=subprocess.PIPE, pass_fds=[end],
                          check=True).stdout

def seal(text, name):
    with open("text", "wb") as f:
        f.write(text)
    subprocess.run([os.environ["MUNIMENT"], "seal", "--to", "boris.card",
                    "-o", name, "text"], check=True)

text = muniment("boris", "open", "-i", "boris.age", "boris.invite")
assert text.startswith(b"muniment invite 1\nvault "), text[:40]
assert len(text) % 64 == 0
n = text.index(b"\nlog ")
batch = text.index(b" ", n + 5)
size = text[batch + 1:text.index(b" ", batch + 1)]
seal(text[:batch + 1] + b"1" + text[batch + 1 + len(size):], "changed.invite")
seal(text.replace(b"name anna", b"name hanna"), "name.invite")
seal(text.rstrip(b"\n") + b"\nx", "more.invite")
seal(text[:500], "cut.invite")
seal(b"", "empty.invite")
# a vault of Eve's own that has the id in its text: signed by her
eve = muniment("eve", "--vault", "eves", "invite", "boris.card", "-o",
               "eves.invite")
EOT
export MUNIMENT
new_vault eve eves
check "forge" python3 forge.py
for f in changed name more cut empty; do
	status "$f" 1 as boris --vault first receive new.carry --invite $f.invite
	none "$f: no vault is made"
done
status "a carry file as invitation" 1 as boris --vault first receive new.carry \
	--invite old.carry
status "of another vault and person" 1 as boris --vault first receive new.carry \
	--invite eves.invite
says "it says which" "this is not the vault of the invitation"

# stock tools read it
if command -v age >/dev/null && command -v ssh-keygen >/dev/null; then
	"$MUNIMENT" --identity boris.age --passphrase-fd 3 open -i boris.age \
		boris.invite >text 3<<P
pass boris
P
	sed '/^-----BEGIN/,$d' text >signed
	sed -n '/^-----BEGIN/,/^-----END/p' text >signed.sig
	echo "anna $(sed -n 's/^key //p' text)" >signers
	check "ssh-keygen verifies it" sh -c \
		'ssh-keygen -Y verify -f signers -I anna -n muniment-invite \
		-s signed.sig <signed'
	echo x >>signed
	sh -c 'ssh-keygen -Y verify -f signers -I anna -n muniment-invite \
		-s signed.sig <signed' >/dev/null 2>&1 &&
		not_ok "ssh-keygen accepts a changed one" ||
		ok "and not a changed one"
fi

# one who was retired invites nobody
as boris --vault boris.vault invite eve.card -o by-boris.invite >/dev/null 2>&1
as boris --vault boris.vault carry -o b.carry --to anna >/dev/null 2>&1
home receive b.carry >/dev/null 2>&1
home member add eve.card --case A >/dev/null 2>&1
home member retire boris >/dev/null 2>&1
home carry -o eve.carry --to eve.card >/dev/null 2>&1
status "an invitation by one who was retired since" 1 as eve --vault first \
	receive eve.carry --invite by-boris.invite
says "is not accepted" "nobody who is a member"
none "and no vault is made of it"
finish
