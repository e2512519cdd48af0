/*
 * Bulk that comes after its batches: which listed objects are not here, and
 * giving them their places as they arrive.
 *
 * Objects on their way wait in local/incoming, each under its SHA-256 once it
 * is whole, and as <sha256>.part while it comes from a git host. That folder
 * outlives a command that was interrupted, so that nothing is fetched twice;
 * what no batch lists, or is damaged, is removed.
 */
#ifndef MUNIMENT_BULK_H
#define MUNIMENT_BULK_H

#include "index.h"
#include "map.h"
#include "vault.h"

#include <stddef.h>
#include <stdint.h>

struct bulk_object {
	uint8_t sha256[HASH_LEN];
	uint64_t size; /* bytes */
};

struct bulk_list {
	struct bulk_object *list; /* sorted by SHA-256 */
	size_t n, cap;
	uint64_t bytes; /* of all */
};

/* What the vault lists and does not hold. -1 with `e` filled. */
int bulk_lacking(struct vault *v, struct bulk_list *out, struct err *e);
void bulk_free(struct bulk_list *l);
/* Keep only those whose SHA-256 is in `only`, or only those that are not. */
void bulk_filter(struct bulk_list *l, const struct map *only, bool in);
/* Those of `hashes` that the vault lists and holds. */
int bulk_offer(struct vault *v, const struct map *hashes, struct bulk_list *out,
	       struct err *e);
/* Keep only those that this vault holds as files. */
int bulk_held(struct bulk_list *l, const struct vault *v, struct err *e);
/* Put the objects of a case's records into a map. */
int bulk_of_case(struct index *x, const char *case_id, struct map *out,
		 struct err *e);

struct bulk_in;

/*
 * Begin to bring objects into `v`, which is open for writing and outlives it.
 * Whole ones from an earlier run get their places at once.
 */
struct bulk_in *bulk_in_new(struct vault *v, struct err *e);
/* Where to put them: local/incoming. */
const char *bulk_in_folder(const struct bulk_in *b);
/* This one lies there whole under its SHA-256, which was compared. */
int bulk_in_put(struct bulk_in *b, const struct bulk_object *o, struct err *e);
/*
 * Copy one from another vault's folder: 1; 0 if it is not there; -1 with `e`
 * filled (ERR_EVIDENCE: it is damaged there; nothing came).
 */
int bulk_in_copy(struct bulk_in *b, const char *from,
		 const struct bulk_object *o, struct err *e);
/* Give the last ones their places; *placed counts all. */
int bulk_in_finish(struct bulk_in *b, size_t *placed, struct err *e);
/* Takes NULL; what is whole waits for the next run. */
void bulk_in_free(struct bulk_in *b);

#endif
