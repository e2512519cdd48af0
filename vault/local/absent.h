/*
 * Bulk that is listed and was left out (FORMAT.md 8): local/absent says so in
 * clear, for checks without a key; local/absent.age says the same to its
 * owner, who notices what others change.
 *
 * Others may add to the clear list what came with batches that its owner has
 * not seen yet: whoever brings batches into another's folder and has not all
 * bulk himself. What the owner knew to be there can only be missing.
 */
#ifndef MUNIMENT_ABSENT_H
#define MUNIMENT_ABSENT_H

#include "identity.h"
#include "map.h"
#include "vault.h"

/* Put the hashes of the clear list into a map. */
int absent_load(struct vault *v, struct map *absent, struct err *e);

/* The owner compares both lists; what is wrong goes to v->report. */
int absent_check(struct vault *v, const struct identity *id, struct err *e);

/*
 * Before batches are taken in that list the objects in `more`: those that are
 * not here go on the lists. `id` is the vault's owner, or NULL for another's
 * vault: then only the clear list is written.
 */
int absent_grow(struct vault *v, const struct identity *id,
		const struct map *more, struct err *e);

/* Take off the lists what is here by now. *left: how many are still on them. */
int absent_shrink(struct vault *v, const struct identity *id, size_t *left,
		  struct err *e);

/*
 * The owner takes over what others may have put on the clear list. To be
 * called before the trust memory moves on (trust_save does).
 */
int absent_adopt(struct vault *v, const struct identity *id, struct err *e);

#endif
