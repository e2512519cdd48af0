/*
 * Content that a case holds: a file that is taken in again is told by its
 * SHA-256, and a large one shares segments with what is there.
 */
#ifndef MUNIMENT_HELD_H
#define MUNIMENT_HELD_H

#include "hash.h"
#include "hex.h"
#include "index.h"
#include "segments.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct held;

/* What the case holds now; `x` is borrowed. NULL: no memory. */
struct held *held_new(struct index *x, const char *case_id);
void held_free(struct held *h);

/*
 * Content that this command has taken in itself: the item that it is in, and
 * its segments, or NULL. 0, or -1: no memory.
 */
int held_add(struct held *h, const uint8_t sha256[HASH_LEN], uint64_t size,
	     const char *item, json_t *segments);

/* Is there content of this size? */
bool held_size(const struct held *h, uint64_t size);
/*
 * Is this content there? Records may claim any hash: only if what the case
 * holds opens, and has that SHA-256. Then *at is its place, until the next
 * call.
 */
bool held_find(struct held *h, uint64_t size, const uint8_t sha256[HASH_LEN],
	       size_t *at);
/*
 * Of what held_find found: its item; the segments that were opened, a new
 * reference, or NULL.
 */
const char *held_item(const struct held *h, size_t at);
json_t *held_segments(const struct held *h, size_t at);

/*
 * The item that has this content, unless it has been retracted; or false. The
 * content is not opened.
 */
bool held_current(const struct held *h, uint64_t size,
		  const uint8_t sha256[HASH_LEN], char item[HEX_ID_LEN + 1]);

/* Tell `s` of the segments that are there, which new ones may be the same as.
 * 0, or -1: no memory. */
int held_offer(const struct held *h, struct segments *s);

#endif
