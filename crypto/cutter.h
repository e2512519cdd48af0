/*
 * Where a large file is cut into segments (FORMAT.md 5): at places that its
 * content and a secret key decide, so that versions of a file share the
 * segments that did not change, and nobody without the key can compute from a
 * file he knows how long its segments are.
 *
 * Bytes are looked at, nothing is kept of them.
 */
#ifndef MUNIMENT_CUTTER_H
#define MUNIMENT_CUTTER_H

#include <stddef.h>
#include <stdint.h>

#define CUTTER_KEY_LEN 32 /* bytes */
#define CUTTER_WINDOW 64  /* bytes before a place decide on it */

struct cutter;

/*
 * A cutter with this key; NULL without memory. The free wipes, and takes NULL.
 */
struct cutter *cutter_new(const uint8_t key[CUTTER_KEY_LEN]);
void cutter_free(struct cutter *c);

/*
 * Begin a file of `size` bytes, which says how long its segments are: each is
 * at least cutter_min bytes long but the last, and at most cutter_max.
 */
void cutter_begin(struct cutter *c, uint64_t size);
size_t cutter_min(const struct cutter *c);
size_t cutter_max(const struct cutter *c);
/* From here on segments have the greatest length: there are many already. */
void cutter_coarse(struct cutter *c);

/*
 * `seg` has `have` bytes of a segment (at most cutter_max), of which the first
 * `seen` were looked at before. How long it is; 0 if it goes on beyond them.
 */
size_t cutter_find(struct cutter *c, const uint8_t *seg, size_t seen,
		   size_t have);

#endif
