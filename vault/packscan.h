/*
 * A look at a foreign git pack as it passes, before libgit2 sees it: whole
 * objects only (a delta of seven bytes can stand for sixteen megabytes), none
 * larger than anything in a vault can be, and no more than it announces.
 */
#ifndef MUNIMENT_PACKSCAN_H
#define MUNIMENT_PACKSCAN_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

#define PACKSCAN_OBJECT_MAX (4u << 20) /* bytes of one object */

struct packscan;

struct packscan *packscan_new(void); /* NULL without memory */
/* The next bytes of the pack. 0, or -1 with `e` filled. */
int packscan_put(struct packscan *s, const void *bytes, size_t len,
		 struct err *e);
/* True if all objects and the trailer have passed, and nothing after them. */
bool packscan_is_whole(const struct packscan *s);
void packscan_free(struct packscan *s);

#endif
