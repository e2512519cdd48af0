/*
 * Members who leave, whose devices are lost, or who come back (FORMAT.md 7):
 * retirements, cuts, renewed keys; and what the root key can do.
 */
#ifndef MUNIMENT_PEOPLE_H
#define MUNIMENT_PEOPLE_H

#include "card.h"
#include "index.h"

#include <jansson.h>

/*
 * Retire a person: all seats of theirs that this identity may retire (or, with
 * `root`, the root key's seed, all). Each device is cut at what is here now.
 * The cases that they read, and the vault, get new keys where this identity
 * may. With a `successor` card, the same person goes on under it with the same
 * rights. Says what it did and what they could have read (README.md).
 */
json_t *people_retire(struct index *x, struct index_seat *who,
		      const struct card *successor, const uint8_t *root,
		      struct err *e);
/* End a person's part in one case: what is here now still counts. */
json_t *people_end(struct index *x, struct index_seat *who,
		   struct index_case *c, struct err *e);

/*
 * Take in more of a retired or cut device: its first `size` batches (0: all
 * that are here). `branch` is the name of one of its branches, or the start.
 */
json_t *people_accept(struct index *x, const char *branch, uint64_t size,
		      const uint8_t *root, struct err *e);
/* Draw the line on one device; also says which side of a fork stands. */
json_t *people_cut(struct index *x, const char *branch, uint64_t size,
		   const uint8_t *root, struct err *e);

/* A new key for a case, for everybody who reads it but these seats. */
json_t *people_renew(struct index *x, struct index_case *c,
		     struct index_seat *const *without, size_t n,
		     struct err *e);

/*
 * By the root key: admit the holder of a card, or give a member this role, in
 * the vault (`c` NULL) or in a case.
 */
json_t *people_grant(struct index *x, const struct card *card,
		     struct index_case *c, enum index_role role,
		     const uint8_t root[32], struct err *e);

#endif
