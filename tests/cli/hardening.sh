#!/bin/sh
# The programs are built with all the protection that compiler and linker give,
# and name no path of the machine that built them.
. "$(dirname "$0")/lib.sh"
B=$(dirname "$MUNIMENT")
for t in readelf objdump; do
	command -v $t >/dev/null || { not_ok "$t is not here"; finish; }
done
# has NAME FILE REGEX, lacks NAME FILE REGEX
has() { grep -qE -- "$3" "$2" && ok "$1" || not_ok "$1: no $3"; }
lacks() {
	if grep -E -- "$3" "$2" >found; then not_ok "$1: $(cat found)"
	else ok "$1"; fi
}
for p in muniment muniment-full; do
	readelf -hlW "$B/$p" >elf && readelf -dW "$B/$p" >dynamic &&
		readelf --dyn-syms -W "$B/$p" >symbols ||
		{ not_ok "readelf cannot read $p"; finish; }
	has "$p: any address: the kind of file" elf 'Type: +DYN'
	has "$p: any address: the flag" dynamic 'FLAGS_1.*PIE'
	has "$p: tables are read-only after the start" elf '^ +GNU_RELRO'
	has "$p: all functions are bound at the start" dynamic 'FLAGS_1.*NOW'
	has "$p: the stack has a header" elf '^ +GNU_STACK .* RW '
	lacks "$p: nothing is both writable and executable" elf 'RWE|LOAD .* (RW|W)E '
	has "$p: code is by itself" elf 'LOAD .* R E '
	lacks "$p: code is not with the tables" elf 'LOAD .* R E .*\.rodata'
	lacks "$p: no folder is searched for libraries" dynamic 'RPATH|RUNPATH'
	has "$p: the stack is watched" symbols '__stack_chk_fail'
	has "$p: lengths are checked: memcpy" symbols '__memcpy_chk'
	has "$p: lengths are checked: snprintf" symbols '__v?snprintf_chk'
	# nobody who builds is named, and the bytes depend on no folder
	if grep -aqF "$TOP" "$B/$p"; then
		not_ok "$p names $TOP"
	else
		ok "$p: no folder of the machine is in it"
	fi
done
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
finish
