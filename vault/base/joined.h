/*
 * Files that stand for one run of bytes, of which some may be missing, cut
 * off or unreadable: what can be read is read, and the rest is told.
 */
#ifndef MUNIMENT_JOINED_H
#define MUNIMENT_JOINED_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct joined;

/* An empty run; NULL without memory. */
struct joined *joined_new(void);
void joined_free(struct joined *j);

/* The next `size` bytes are those of this file. -1 with `e` filled. */
int joined_add(struct joined *j, const char *path, uint64_t size,
	       struct err *e);

/* Bytes of all. */
uint64_t joined_size(const struct joined *j);

/* Are all files there and exactly as long as they should be? */
bool joined_fits(const struct joined *j);

/*
 * Read `len` bytes from `at`, in units of `unit`: good[i] says whether all of
 * unit i could be read. What could not, and what lies behind the end, is zeros.
 */
void joined_read(struct joined *j, uint64_t at, void *buf, size_t len,
		 size_t unit, bool *good);

/*
 * Why a file could not be opened though it may be sound: an errno such as
 * EMFILE, for which nothing can be said of what is there; 0 if that never was.
 */
int joined_lack(const struct joined *j);

#endif
