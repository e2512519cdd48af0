/*
 * What people do in a vault besides taking in evidence: make it, open cases,
 * admit members, share, retract, note. Each writes one command's batches.
 */
#ifndef MUNIMENT_ACTS_H
#define MUNIMENT_ACTS_H

#include "card.h"
#include "index.h"

#include <stddef.h>

struct writer;

/*
 * Make a vault in a folder that is free, and its root-key file, locked with
 * `root_pass`. `vault_id` is set.
 */
int acts_init(const char *dir, const struct identity *id, const char *root_path,
	      const struct secret *root_pass, unsigned work_factor,
	      char vault_id[VAULT_ID_LEN + 1], struct err *e);

/* Open a case of this name; its id is set. */
int acts_case_new(struct index *x, const char *name, char id[INDEX_CASE_MAX],
		  struct err *e);

/*
 * Admit the holders of these cards: to a case with this role, whose keys they
 * get (a witness does not); or, if `c` is NULL, to the vault alone, with this
 * role in it or ROLE_NONE. Who is a member already gets right and keys only.
 * `keyless`: what they write in the case counts, but they get no key of it.
 */
int acts_member_add(struct index *x, const struct card *cards, size_t n,
		    struct index_case *c, enum index_role role, bool keyless,
		    struct err *e);

/* Give a member the keys of a case (and the right to read it). */
int acts_share_case(struct index *x, struct index_case *c,
		    struct index_seat *with, struct err *e);
/* Give a member the keys of single items of one case. */
int acts_share_items(struct index *x, struct index_item *const *items, size_t n,
		     struct index_seat *with, struct err *e);

/* Say that an item is not to be relied on, visibly, for ever. */
int acts_retract(struct index *x, const struct index_item *item,
		 const char *why, struct err *e);

/*
 * Custody: what was done with an item (or, with item "", with all that a case
 * held). `to` and `note` may be NULL.
 */
struct acts_custody {
	const char *case_id;
	const char *item;
	const char *action;
	const char *to;
	const char *note;
};
int acts_custody(struct index *x, const struct acts_custody *list, size_t n,
		 struct err *e);
/* The same as a part of what another command writes. */
int acts_custody_put(struct writer *w, const struct acts_custody *list,
		     size_t n, struct err *e);
/* One of them, in the batch that is being written. */
int acts_custody_add(struct writer *w, const struct acts_custody *c,
		     struct err *e);

/* True if this identity may write `kind` (record or custody) in a case. */
bool acts_may(const struct index *x, enum index_kind kind, const char *case_id);

#endif
