/*
 * A foreign git pack taken apart as it passes: whole objects only (a delta of
 * seven bytes can stand for sixteen megabytes), none larger than anything in a
 * vault can be, and no more than it announces.
 *
 * Git hosts make deltas on their own; where they are allowed, what they stand
 * for and the work of unfolding them is bounded. Their bases must stand before
 * them, where git puts them.
 */
#ifndef MUNIMENT_PACKSCAN_H
#define MUNIMENT_PACKSCAN_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKSCAN_OBJECT_MAX (4u << 20) /* bytes of one object */

struct packscan;

struct packscan *packscan_new(void); /* NULL without memory */
/* Take deltas too, if unfolding all of them makes at most `work` bytes. */
void packscan_take_deltas(struct packscan *s, uint64_t work);
/* Refuse (ERR_UNKNOWN) more objects than this, or more bytes, inflated. */
void packscan_limit(struct packscan *s, uint64_t bytes, uint64_t objects);

/* Where the objects go, and where bases of deltas come from. */
struct packscan_out {
	int (*object)(void *ctx, unsigned type, const uint8_t *data, size_t len,
		      struct err *e);
	/*
	 * An object that was handed out before: by its number from 0, or if
	 * `id` is not NULL by its id. *data is lent until the next call. 0; 1
	 * if there is none; -1 with `e` filled.
	 */
	int (*base)(void *ctx, uint32_t number, const uint8_t *id,
		    unsigned *type, const uint8_t **data, size_t *len,
		    struct err *e);
	void *ctx;
};
/*
 * Hand out each object, and check the pack's own SHA-1 at its end. `out` is
 * copied. Without this it is only looked at.
 */
int packscan_hand_out(struct packscan *s, const struct packscan_out *out);

/* The next bytes of the pack. 0, or -1 with `e` filled. */
int packscan_put(struct packscan *s, const void *bytes, size_t len,
		 struct err *e);
/* True if all objects and the trailer have passed, and nothing after them. */
bool packscan_is_whole(const struct packscan *s);
/* How many objects the pack announces; 0 before its head has passed. */
uint32_t packscan_objects(const struct packscan *s);
void packscan_free(struct packscan *s);

#endif
