/*
 * A collector's kit (FORMAT.md 1): what it takes to write for a seat of a
 * vault, and not to read. Signed by the device that made it.
 */
#ifndef MUNIMENT_KIT_H
#define MUNIMENT_KIT_H

#include "agekey.h"
#include "err.h"
#include "kittext.h"
#include "words.h"

struct kit {
	struct kittext text;
	struct agekey_public vault_to, case_to; /* hybrid */
	char vault_id[65];
	char bytes[KITTEXT_MAX]; /* the whole kit, NUL-terminated */
	size_t len;
	char words[WORDS_FINGERPRINT_MAX]; /* over the whole kit */
};

/*
 * Read and check a kit. ERR_EVIDENCE if it is not of the form, or its
 * signature fails. Anyone can sign another kit with another device's key: only
 * comparing the words tells.
 */
int kit_parse(const char *bytes, size_t len, struct kit *out, struct err *e);
int kit_load(const char *path, struct kit *out, struct err *e);

/*
 * Make one. `text` holds all but `device`; `seed` is the signing device's key,
 * in guarded memory.
 */
int kit_make(const struct kittext *text, const uint8_t seed[32],
	     struct kit *out, struct err *e);

#endif
