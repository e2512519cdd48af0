/*
 * How much one exchange is taken to bring: a partner's junk must not fill the
 * disk, the memory or the day. An honest vault can be larger than this; then
 * its receiver says so.
 */
#ifndef MUNIMENT_CAPS_H
#define MUNIMENT_CAPS_H

#include "vault.h"

#include <stdint.h>

struct caps {
	uint64_t bytes;	  /* of history, unpacked */
	uint64_t objects; /* of git */
	uint64_t batches; /* new ones */
};

/*
 * What this vault takes at once: as much again as it holds twice over, and at
 * least what caps.c says; anything, if `large`.
 */
void caps_of(const struct vault *v, bool large, struct caps *out);

/* ERR_UNKNOWN: `what` ("more ...") it brings. Returns -1. */
int caps_exceeded(const char *what, struct err *e);
/* Is it such an error? */
bool caps_are_exceeded(const struct err *e);

/* Has the file system of `v` room for so many bytes? */
int caps_room(const struct vault *v, uint64_t bytes, struct err *e);

#endif
