/*
 * What became of each path that `add` or `contents` was to take in. It is said
 * only when all is written: an item that never came to be must not have been
 * announced.
 */
#ifndef MUNIMENT_TELLING_H
#define MUNIMENT_TELLING_H

#include "desk.h"

struct telling {
	json_t *list; /* of {"what","path","item","by","why"} */
	size_t compared, unread, skipped;
};

/* Has the form of desk_told (ctx: the telling). */
void telling_told(void *ctx, enum desk_what what, const char *path,
		  const char *item, const char *why);
/* Say it all, and how much it is; lets go of the list. */
void telling_print(struct telling *t, const struct desk_sum *sum, bool written);
/* Is this what became of it? */
bool telling_is(const json_t *o, enum desk_what what);

#endif
