# make            build/muniment
# make check      every test (see tests/README.md)
# make install    PREFIX=/usr/local, DESTDIR=
# make asan       build/asan/muniment, with AddressSanitizer and UBSan
# make format     clang-format over the tree
#
# Each folder is compiled with only the include paths that it may use, so that
# the compiler refuses a wrong dependency. A new file needs no change here.

VERSION := 0.1.0
PREFIX ?= /usr/local
B ?= build
CC ?= gcc

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wpointer-arith -Wcast-qual \
	-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings \
	-Wformat=2 -Wundef -Wconversion -Wno-sign-conversion
HARDEN := -O2 -g -fstack-protector-strong -fstack-clash-protection -fPIE \
	-D_FORTIFY_SOURCE=2
LDHARDEN := -pie -Wl,-z,relro,-z,now,-z,noexecstack
CFLAGS ?= $(HARDEN)
LDFLAGS ?= $(LDHARDEN)
override CFLAGS += -std=c17 -D_GNU_SOURCE $(WARN) $(EXTRA)

PKGS := libsodium libcrypto libgit2 libzstd zlib jansson libmagic libseccomp
LIBS := $(shell pkg-config --libs $(PKGS)) -lm

INC_crypto := -iquote crypto
INC_format := -iquote format -iquote $(B)/gen
INC_vault := -iquote vault -iquote format -iquote crypto
INC_tools := -iquote tools -iquote vault -iquote $(B)/gen \
	-DMUNIMENT_VERSION='"$(VERSION)"'
INC_tests := -iquote tests/unit -iquote vault -iquote format -iquote crypto

src = $(sort $(wildcard $(1)/*.c))
obj = $(patsubst %.c,$(B)/%.o,$(call src,$(1)))
LIBOBJ := $(foreach d,crypto format vault,$(call obj,$(d)))
UNITS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: all check quick unit asan install clean format
all: $(B)/muniment

$(B)/muniment: $(call obj,tools) $(LIBOBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# secret.h is the one header of crypto/ that tools/ may see
$(B)/gen/secret.h: crypto/secret.h
	@mkdir -p $(@D)
	cp $< $@
$(B)/gen/wordlist.inc: format/wordlist.txt
	@mkdir -p $(@D)
	sed 's/.*/"&",/' $< > $@
GEN := $(B)/gen/secret.h $(B)/gen/wordlist.inc

define folder
$(B)/$(1)/%.o: $(1)/%.c Makefile | $(GEN)
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) $$(INC_$(1)) -MMD -MP -c -o $$@ $$<
endef
$(foreach d,crypto format vault tools,$(eval $(call folder,$(d))))

$(B)/tests/unit/%: tests/unit/%.c $(LIBOBJ) Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(INC_tests) -MMD -MP $(LDFLAGS) -o $@ $< $(LIBOBJ) \
		$(LIBS) -lcmocka

unit: $(UNITS)

check: all unit
	sh tools/check-all.sh $(B)

quick: all unit
	sh tests/run.sh $(B)

asan:
	$(MAKE) B=$(B)/asan CFLAGS="-O1 -g -fno-omit-frame-pointer \
		-fsanitize=address,undefined -fno-sanitize-recover=all" \
		LDFLAGS="-fsanitize=address,undefined" all unit

install: all
	install -Dm755 $(B)/muniment $(DESTDIR)$(PREFIX)/bin/muniment
	install -Dm644 tools/muniment.1 \
		$(DESTDIR)$(PREFIX)/share/man/man1/muniment.1
	install -Dm644 tools/completion.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/muniment

format:
	clang-format -i $(wildcard */*.c */*.h tests/*/*.c tests/*/*.h)

clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
