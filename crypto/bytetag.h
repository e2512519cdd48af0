/*
 * Are these the bytes that were written? Poly1305 under a key by chance, which
 * costs a small part of SHA-256. A tag is compared with another of the same
 * maker and means nothing to anybody else: it is never stored.
 */
#ifndef MUNIMENT_BYTETAG_H
#define MUNIMENT_BYTETAG_H

#include <stddef.h>
#include <stdint.h>

#define BYTETAG_LEN 16 /* bytes */

struct bytetag;

/* A maker of tags with a key of its own. NULL without memory. */
struct bytetag *bytetag_new(void);
void bytetag_update(struct bytetag *t, const void *bytes, size_t len);
/* The tag of all bytes so far; then it begins anew. */
void bytetag_final(struct bytetag *t, uint8_t out[BYTETAG_LEN]);
/* Takes NULL. */
void bytetag_free(struct bytetag *t);

#endif
