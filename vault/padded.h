/*
 * How much padding makes an age file with one stanza exactly as long as
 * FORMAT.md 5 wants it.
 */
#ifndef MUNIMENT_PADDED_H
#define MUNIMENT_PADDED_H

#include "agekey.h"

#include <stdint.h>

enum padded_kind {
	PADDED_ENTRY, /* entries and rings: 4 KiB or Padmé */
	PADDED_OBJECT, /* Padmé */
};

/*
 * Bytes to add to `plain` bytes of content: 0, or at least `least` (the
 * smallest padding that can be written).
 */
uint64_t padded_missing(enum padded_kind kind, enum agekey_kind key,
    uint64_t plain, uint64_t least);

#endif
