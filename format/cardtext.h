/* The text of a card: the public half of an identity (FORMAT.md 1). */
#ifndef MUNIMENT_CARDTEXT_H
#define MUNIMENT_CARDTEXT_H

#include "result.h"

#include <stddef.h>
#include <stdint.h>

#define CARDTEXT_MAX (16u << 10)    /* bytes of a card, with NUL */
#define CARDTEXT_NAME_MAX 201	    /* bytes of a name or org, with NUL */
#define CARDTEXT_RECIPIENT_MAX 2048 /* bytes, with NUL */

struct cardtext {
	char name[CARDTEXT_NAME_MAX];
	char org[CARDTEXT_NAME_MAX]; /* empty if none */
	char recipient[CARDTEXT_RECIPIENT_MAX];
	uint8_t key[32];
};

/* True if it can be a name: 1 to 200 bytes of UTF-8, nothing unprintable. */
int cardtext_is_name(const char *s);

/* The text above the signature, NUL-terminated; returns its length. */
size_t cardtext_encode(const struct cardtext *c, char out[CARDTEXT_MAX]);

/*
 * Read a whole card; *signed_len is the length of the text that is signed.
 * The signature, whose key is that of the card, is not checked.
 */
enum format_result cardtext_decode(const char *text, size_t len,
				   struct cardtext *c, size_t *signed_len,
				   uint8_t sig[64]);

#endif
