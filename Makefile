# make            build/muniment, build/muniment-full
# make check      every test (see tests/README.md)
# make VERIFIER=FILE   with a VERIFY.html that is ready, without npm
# make hostile   every hostile thing that tests/hostile/ makes
# make soak       what is random, for hours
# make bench      beside the peers that are installed (tests/bench/README.md)
# make damage     a damaged carry file, restored again and again
# make install    PREFIX=/usr/local, DESTDIR=
# make fuzz       libFuzzer on every decoder of what comes from outside
# make fault      every command killed and failed at every system call
# make asan       build/asan/muniment, with AddressSanitizer and UBSan
# make deb        build/muniment_VERSION_ARCH.deb
# make stick      build/stick, for a stick: runs where nothing is installed;
#                 SIGN=KEY signs its sums with an OpenSSH key
# make reproducible  builds it once more elsewhere: are the bytes the same?
# make warnings   what $CC warns of, as errors, without building: CC=clang
# make format     clang-format over the tree
#
# Each folder is compiled with only the include paths that it may use, so that
# the compiler refuses a wrong dependency. A new file needs no change here.

VERSION := 0.4.0
PREFIX ?= /usr/local
B ?= build
CC ?= gcc

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wpointer-arith -Wcast-qual \
	-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings \
	-Wformat=2 -Wundef -Wconversion -Wno-sign-conversion
# what only some compilers or processors have
have = $(shell $(CC) -Werror $(1) -x c -c /dev/null -o /dev/null 2>/dev/null \
	&& echo $(1))
# No path of the machine that builds gets into the program, so that two people
# who build the same source get the same bytes (tools/reproducible.sh).
HARDEN := -O2 -g -fstack-protector-strong -fstack-clash-protection -fPIE \
	-D_FORTIFY_SOURCE=3 $(call have,-ftrivial-auto-var-init=zero) \
	$(call have,-fcf-protection=full) \
	$(call have,-mbranch-protection=standard) \
	-ffile-prefix-map='$(CURDIR)=.' \
	-ffile-prefix-map=$(B)/=build/
LDHARDEN := -pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--as-needed
CFLAGS ?= $(HARDEN)
LDFLAGS ?= $(LDHARDEN)
override CFLAGS += -std=c17 -D_GNU_SOURCE $(WARN) $(EXTRA)

PKGS := libsodium libcrypto libgit2 libcurl libzstd zlib jansson libmagic \
	libseccomp libqrencode cairo pangocairo pangoft2 fontconfig libqpdf \
	libarchive gmime-3.0 libkeyutils libisal
# a test program loads only the libraries that it needs
LIBS := -Wl,--as-needed $(shell pkg-config --libs $(PKGS)) -lzxcvbn -lm
# folders that only some of them need, and whose headers are not ours to warn of
SYSINC := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I \
	cairo pangocairo pangoft2 fontconfig))
MAILINC := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags-only-I \
	gmime-3.0))

INC_crypto := -iquote crypto
INC_format := -iquote format -iquote $(B)/gen
# the rooms of vault/, and which of them each may see (vault/README.md)
CORE := base keys local history index
VAULT := $(CORE) host work move repair desk
see = $(1:%=-iquote vault/%) -iquote format -iquote crypto $(MAILINC) \
	-DMUNIMENT_VERSION='"$(VERSION)"'
INC_vault := $(call see,$(VAULT))
INC_vault/base := $(call see,base)
INC_vault/keys := $(call see,base keys)
INC_vault/local := $(call see,$(CORE))
INC_vault/history := $(call see,$(CORE))
INC_vault/index := $(call see,$(CORE))
INC_vault/host := $(call see,base keys local history host)
INC_vault/work := $(call see,$(CORE) work move desk)
INC_vault/move := $(call see,$(CORE) work move repair host)
INC_vault/repair := $(call see,$(CORE) work move repair)
INC_vault/desk := $(INC_vault)
INC_vault/court := -iquote vault/court $(INC_vault) -iquote $(B)/gen $(SYSINC)
INC_tools := -iquote tools $(VAULT:%=-iquote vault/%) -iquote vault/court \
	-iquote $(B)/gen -DMUNIMENT_VERSION='"$(VERSION)"'
# it stands in for a part of vault/, too
INC_tools/lean := -iquote tools -iquote vault/court $(INC_vault)
INC_tests := -iquote tests/unit $(INC_vault) -iquote vault/court

src = $(sort $(wildcard $(1)/*.c))
obj = $(patsubst %.c,$(B)/%.o,$(call src,$(1)))
CODE := crypto format $(VAULT:%=vault/%) vault/court
LIBOBJ := $(foreach d,$(CODE),$(call obj,$(d)))
# all but tools/, of which a program takes what it uses
LIB := $(B)/libmuniment.a
UNITS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: all check hostile quick soak damage bench unit asan fault fuzz fuzzers replays warnings \
	install clean format reproducible stick deb
all: $(B)/muniment $(B)/muniment-full

$(LIB): $(LIBOBJ)
	rm -f $@
	ar rcs --thin $@ $^
# The program is two files (tools/lean/README.md): what tools/lean/ stands in
# for is not linked into the first, nor are the libraries that only it needs.
LEAN_OUT := cmd_exhibit cmd_redact cmd_witness full
$(B)/muniment: $(filter-out $(LEAN_OUT:%=$(B)/tools/%.o),$(call obj,tools)) \
		$(call obj,tools/lean) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(B)/muniment-full: $(call obj,tools) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Other flags build anew what was built with others; a folder that was built
# with -Werror keeps it, so that it shows that there were no warnings.
FLAGS := $(strip $(CC) $(CFLAGS))
FLAGS_WERE := $(if $(wildcard $(B)/flags),$(file <$(B)/flags))
ifeq ($(FLAGS) -Werror,$(FLAGS_WERE))
override CFLAGS += -Werror
else ifneq ($(FLAGS),$(FLAGS_WERE))
$(shell mkdir -p $(B))
$(file >$(B)/flags,$(FLAGS))
endif

# secret.h is the one header of crypto/ that tools/ may see
$(B)/gen/secret.h: crypto/secret.h
	@mkdir -p $(@D)
	cp $< $@
$(B)/gen/wordlist.inc: format/wordlist.txt
	@mkdir -p $(@D)
	sed 's/.*/"&",/' $< > $@
# texts that are built in, as numbers for an array of bytes
bytes = od -An -v -tu1 $< | sed 's/[0-9][0-9]*/&,/g' > $@
$(B)/gen/phrases-%.inc: format/phrases/%.txt
	@mkdir -p $(@D)
	$(bytes)
$(B)/gen/check-paths.inc: format/check-paths.sh
	@mkdir -p $(@D)
	$(bytes)
GEN := $(B)/gen/secret.h $(B)/gen/wordlist.inc $(B)/gen/check-paths.inc \
	$(patsubst format/phrases/%.txt,$(B)/gen/phrases-%.inc,$(wildcard format/phrases/*.txt))

# VERIFY.html, the page that checks an exhibit in a browser. It is the same for
# all builds and made once; VERIFIER=FILE takes one that is ready.
VERIFIER ?= build/verifier/VERIFY.html
NODE_DIR := build/verifier
# the system's own certificates, too: node alone knows only those it came with
CA_FILE := /etc/ssl/certs/ca-certificates.crt
NODE_LOCK := tools/verifier/package.json tools/verifier/package-lock.json \
	tools/verifier/.npmrc
$(NODE_DIR)/installed: $(NODE_LOCK)
	@command -v npm >/dev/null && command -v node >/dev/null || { echo \
	"make: nodejs and npm are missing, which make VERIFY.html: run" \
	"sh tools/setup.sh, or make VERIFIER=FILE with a page that is ready" \
	>&2; exit 1; }
	@mkdir -p $(@D)
	cp $(NODE_LOCK) $(@D)
	cd $(@D) && NODE_EXTRA_CA_CERTS="$${NODE_EXTRA_CA_CERTS:-$(CA_FILE)}" \
		npm ci --loglevel=error >npm.log 2>&1 || \
		{ cat npm.log >&2; exit 1; }
	touch $@
build/verifier/VERIFY.html: $(NODE_DIR)/installed LICENSE \
		tools/verifier/build.mjs $(wildcard tools/verifier/src/*) \
		$(wildcard format/phrases/*.txt)
	node tools/verifier/build.mjs $(NODE_DIR) format/phrases $@.new \
		$(NODE_DIR)/check.mjs
	mv $@.new $@
$(B)/gen/verifier.inc: $(VERIFIER)
	@mkdir -p $(@D)
	$(bytes)
$(B)/vault/court/verifier.o: $(B)/gen/verifier.inc

define folder
$(B)/$(1)/%.o: $(1)/%.c Makefile $(B)/flags | $(GEN)
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) $$(INC_$(1)) -MMD -MP -c -o $$@ $$<
endef
$(foreach d,$(CODE) tools tools/lean,$(eval $(call folder,$(d))))

$(B)/tests/unit/%: tests/unit/%.c $(LIB) Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INC_tests) -MMD -MP $(LDFLAGS) -o $@ $< $(LIB) \
		$(LIBS) -lcmocka

# what drives one part of the program for a script
$(B)/tests/host/walk: tests/host/walk.c $(LIB) Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INC_tests) -MMD -MP $(LDFLAGS) -o $@ $< $(LIB) \
		$(LIBS)

# what kills and fails commands at their system calls
$(B)/tests/fault/inject: tests/fault/inject.c Makefile $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $<

# the simulation: one program of several files
SIMOBJ := $(patsubst tests/sim/%.c,$(B)/tests/sim/%.o,$(wildcard tests/sim/*.c))
$(B)/tests/sim/%.o: tests/sim/%.c Makefile $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INC_tests) -iquote tests/sim -MMD -MP -c -o $@ $<
$(B)/tests/sim/sim: $(SIMOBJ) $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# fuzz targets: each a file that libFuzzer drives (FUZZERS), or replay.c with
# what is known already (REPLAYS). Some include the file of vault/ whose inner
# part they are for: that one is then not taken from the archive.
FUZZNAMES := $(filter-out fuzz replay,$(patsubst tests/fuzz/%.c,%,$(wildcard \
	tests/fuzz/*.c)))
FUZZERS := $(patsubst %,$(B)/tests/fuzz/%.fuzz,$(FUZZNAMES))
REPLAYS := $(patsubst %,$(B)/tests/fuzz/%.replay,$(FUZZNAMES))
$(B)/tests/fuzz/%.o: tests/fuzz/%.c Makefile $(B)/flags | $(GEN)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INC_tests) -iquote tests/fuzz -MMD -MP -c -o $@ $<
$(B)/tests/fuzz/%.replay: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/fuzz.o \
		$(B)/tests/fuzz/replay.o $(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)
$(B)/tests/fuzz/%.fuzz: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/fuzz.o \
		$(LIB)
	$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)
.SECONDARY:
replays: $(REPLAYS)
fuzzers: $(FUZZERS) $(REPLAYS)

unit: $(UNITS) $(B)/tests/host/walk $(B)/tests/sim/sim $(B)/tests/fault/inject

# what $(CC) warns of, by its front end alone, which is where clang does
SYNTAX := $(CODE) tools tools/lean tests/unit tests/sim tests/host tests/fuzz \
	tests/fault
.PHONY: $(SYNTAX:%=syntax-%)
INC_tests/unit := $(INC_tests)
INC_tests/sim := $(INC_tests) -iquote tests/sim
INC_tests/host := $(INC_tests)
INC_tests/fuzz := $(INC_tests) -iquote tests/fuzz
$(SYNTAX:%=syntax-%): syntax-%: $(GEN) $(B)/gen/verifier.inc
	$(CC) $(CFLAGS) -Werror $(INC_$*) -fsyntax-only $(wildcard $*/*.c)
warnings: $(SYNTAX:%=syntax-%)

check:
	sh tools/check-all.sh $(B)

# hours: the simulation from a hundred seeds, and more of what is random
soak: all unit
	MUNIMENT="$(CURDIR)/$(B)/muniment" EDGES_FILES=100000 \
		sh tests/cli/edges.sh
	MUNIMENT="$(CURDIR)/$(B)/muniment" TAMPER_PLACES=20000 \
		sh tests/cli/tamper.sh
	MUNIMENT="$(CURDIR)/$(B)/muniment" MUNIMENT_SEEDS="$$(seq 1 100)" \
		MUNIMENT_STEPS=2000 sh tests/cli/sim.sh

bench: all
	python3 tests/bench/bench.py $(B)/muniment $(B)/bench

# half an hour: a carry file of 100 MB, damaged and restored 1,800 times
$(B)/tests/damage/damage: tests/damage/damage.c $(LIBOBJ) Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INC_tests) -MMD -MP $(LDFLAGS) -o $@ $< $(LIBOBJ) \
		$(LIBS)
damage: all $(B)/tests/damage/damage
	MUNIMENT="$(CURDIR)/$(B)/muniment" \
		DAMAGE="$(CURDIR)/$(B)/tests/damage/damage" \
		sh tests/damage/damage.sh

# ten minutes: every hostile archive, folder, pack and carry file, system calls
# traced
hostile: all
	MUNIMENT="$(CURDIR)/$(B)/muniment" MUNIMENT_HOSTILE=1 MUNIMENT_TRACE=1 \
		sh tests/cli/hostile.sh

quick: all unit
	sh tests/run.sh $(B)

FUZZFLAGS := -O2 -g -fno-omit-frame-pointer \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
# every system call of every command that writes, and KILLS at any moment
fault: all unit
	MUNIMENT="$(CURDIR)/$(B)/muniment" ALL=yes \
		FAULT_KILLS=$(or $(KILLS),10000) sh tests/fault/fault.sh
# each target for a while, beginning with its corpus (tests/fuzz/run.sh):
# FUZZ="batch card" some of them, RUNS= runs of each, SECONDS= at most
fuzz:
	$(MAKE) B=$(B)/fuzz CC=clang CFLAGS="$(FUZZFLAGS)" \
		LDFLAGS="-fsanitize=address,undefined" fuzzers
	sh tests/fuzz/run.sh $(B)/fuzz $(FUZZ)

asan:
	$(MAKE) B=$(B)/asan CFLAGS="-O1 -g -fno-omit-frame-pointer \
		-fsanitize=address,undefined -fno-sanitize-recover=all" \
		LDFLAGS="-fsanitize=address,undefined" all unit replays

deb: all
	sh tools/deb.sh $(B) $(VERSION) $(B)

stick: $(B)/muniment
	sh tools/stick.sh $< $(B)/stick

reproducible: all
	sh tools/reproducible.sh $(B)

install: all
	install -Dm755 $(B)/muniment $(DESTDIR)$(PREFIX)/bin/muniment
	install -Dm755 $(B)/muniment-full \
		$(DESTDIR)$(PREFIX)/libexec/muniment/muniment-full
	install -Dm644 tools/muniment.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/muniment.1
	install -Dm644 tools/completion.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/muniment

format:
	clang-format -i $(wildcard */*.c */*.h */*/*.c */*/*.h)

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
