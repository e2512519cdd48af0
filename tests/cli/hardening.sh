#!/bin/sh
# The program is built with all the protection that compiler and linker give,
# and names no path of the machine that built it.
. "$(dirname "$0")/lib.sh"
B=$(dirname "$MUNIMENT")
for t in readelf objdump; do
	command -v $t >/dev/null || { not_ok "$t is not here"; finish; }
done
readelf -hlW "$MUNIMENT" >elf && readelf -dW "$MUNIMENT" >dynamic &&
	readelf --dyn-syms -W "$MUNIMENT" >symbols ||
	{ not_ok "readelf cannot read the program"; finish; }

# has NAME FILE REGEX, lacks NAME FILE REGEX
has() { grep -qE -- "$3" "$2" && ok "$1" || not_ok "$1: no $3"; }
lacks() {
	if grep -E -- "$3" "$2" >found; then not_ok "$1: $(cat found)"
	else ok "$1"; fi
}
has "any address: the kind of file" elf 'Type: +DYN'
has "any address: the flag" dynamic 'FLAGS_1.*PIE'
has "tables are read-only after the start" elf '^ +GNU_RELRO'
has "all functions are bound at the start" dynamic 'FLAGS_1.*NOW'
has "the stack has a header" elf '^ +GNU_STACK .* RW '
lacks "nothing is both writable and executable" elf 'RWE|LOAD .* (RW|W)E '
has "code is by itself" elf 'LOAD .* R E '
lacks "code is not with the tables" elf 'LOAD .* R E .*\.rodata'
lacks "no folder is searched for libraries" dynamic 'RPATH|RUNPATH'
has "the stack is watched" symbols '__stack_chk_fail'
has "lengths are checked: memcpy" symbols '__memcpy_chk'
has "lengths are checked: snprintf" symbols '__v?snprintf_chk'
# gcc tells its flags; clang does not
readelf -p .debug_str "$B/tools/main.o" 2>/dev/null | grep 'GNU C17' >flags
if [ -s flags ]; then
	for f in -fstack-protector-strong -fstack-clash-protection -fPIE \
		-ftrivial-auto-var-init=zero; do
		has "flag $f" flags "$f"
	done
else
	skip "flags of the compiler" "it is not gcc"
fi
# FORTIFY 3 knows lengths that are found while the program runs
make -s -C "$TOP" -pn 2>/dev/null |
	sed -n 's/^HARDEN := //p' >harden
has "FORTIFY 3" harden 'FORTIFY_SOURCE=3'
if [ "$(uname -m)" = x86_64 ]; then
	# Debian's start files lack the mark, so the program as a whole has none;
	# the code is there for kernels and libraries that use it
	objdump -d --no-show-raw-insn "$B/tools/main.o" >code
	has "jumps land on marks" code endbr64
	for o in tools/main vault/desk/desk crypto/secret format/ageheader; do
		readelf -nW "$B/$o.o" >note 2>/dev/null
		has "$o is marked" note 'IBT.*SHSTK'
	done
else
	skip "jumps land on marks" "not an x86-64"
fi
# nobody who builds is named, and the bytes depend on no folder
if grep -aqF "$TOP" "$MUNIMENT"; then
	not_ok "the program names $TOP"
else
	ok "no folder of the machine is in the program"
fi
finish
