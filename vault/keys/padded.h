/*
 * How much padding makes an age file with one stanza exactly as long as
 * FORMAT.md 5 wants it.
 */
#ifndef MUNIMENT_PADDED_H
#define MUNIMENT_PADDED_H

#include "agekey.h"

#include <stddef.h>
#include <stdint.h>

enum padded_kind {
	PADDED_ENTRY,  /* entries and rings: 4 KiB or Padmé */
	PADDED_OBJECT, /* Padmé */
};

/*
 * Bytes to add to `plain` bytes of content: 0, or at least `least` (the
 * smallest padding that can be written).
 */
uint64_t padded_missing(enum padded_kind kind, enum agekey_kind key,
			uint64_t plain, uint64_t least);

/*
 * What an age file is by its first bytes, without a key: those that may stand
 * in a vault have exactly one stanza.
 */
enum padded_form {
	PADDED_ONE_OFF, /* one X25519 stanza: an entry, or bulk */
	PADDED_RING,	/* one mlkem768x25519 stanza */
	PADDED_OTHER,	/* does not belong in a vault */
};
#define PADDED_HEAD 2048 /* bytes that are enough to tell */
enum padded_form padded_form(const uint8_t *head, size_t len);

#endif
