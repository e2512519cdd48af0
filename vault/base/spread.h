/*
 * A run of bytes, written in any order to a new file, or to its parts FILE.001,
 * FILE.002, ..., which get their names only when all is whole (newfile.h).
 */
#ifndef MUNIMENT_SPREAD_H
#define MUNIMENT_SPREAD_H

#include "newfile.h"

#include <stddef.h>
#include <stdint.h>

#define SPREAD_MAX 64 /* parts */

struct spread;

/*
 * Begin a file of `total` bytes: one called `path`, or if `part` is not 0 and
 * it is longer, parts of so many bytes. NULL with `e` filled if a name is
 * taken.
 */
struct spread *spread_new(const char *path, uint64_t part, uint64_t total,
			  struct err *e);

/*
 * Write at a place (parity_write; `spread` is a struct spread); what follows on
 * what was written last is quickest.
 */
int spread_put(void *spread, uint64_t at, const void *bytes, size_t len,
	       struct err *e);

/* Make it durable, and go over to reading what the medium has. */
int spread_settle(struct spread *s, struct err *e);
/* Then: exactly so many bytes (parity_read). */
int spread_get(void *spread, uint64_t at, void *buf, size_t len, struct err *e);

/* Hand its files over for newfile_commit_all: how many, first part first. */
size_t spread_take(struct spread *s, struct newfile *list[SPREAD_MAX]);

/* Remove what was not handed over; takes NULL. */
void spread_free(struct spread *s);

#endif
