/* A card: the public half of an identity, self-signed (FORMAT.md 1). */
#ifndef MUNIMENT_CARD_H
#define MUNIMENT_CARD_H

#include "agekey.h"
#include "cardtext.h"
#include "err.h"
#include "words.h"

struct card {
	struct cardtext text;
	struct agekey_public recipient; /* hybrid */
	char bytes[CARDTEXT_MAX];	/* the whole card, NUL-terminated */
	size_t len;
	char words[WORDS_FINGERPRINT_MAX];
};

/* Read and check a card. ERR_EVIDENCE if its signature fails. */
int card_parse(const char *bytes, size_t len, struct card *out, struct err *e);
int card_load(const char *path, struct card *out, struct err *e);
/* Make the card of a signing key. `text.recipient` and key are filled in. */
int card_make(const char *name, const char *org,
	      const struct agekey_public *recipient, const uint8_t seed[32],
	      struct card *out, struct err *e);

#endif
