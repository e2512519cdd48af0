/*
 * The items of an index, one after the other, as a list shows them: in the
 * order of what was taken in, wherever they rest.
 */
#ifndef MUNIMENT_LISTING_H
#define MUNIMENT_LISTING_H

#include "bond.h"
#include "desk.h"
#include "index.h"

/*
 * Call `item` for the items of a case (NULL: all) that hold `query` somewhere
 * (NULL: all). 0, or -1 with `e` filled.
 */
int listing_each(struct index *x, const struct index_case *c, const char *query,
		 desk_item_fn *item, void *ctx, struct err *e);

/*
 * One item of the list as an object: a new reference; NULL if it has no
 * current version.
 */
json_t *listing_item(const struct bonds *b, const struct index_item *item);

#endif
