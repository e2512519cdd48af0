/*
 * The branches of another copy of a vault, by the commits they point to: a
 * commit's id says what a log holds, whatever its branch is called there.
 */
#ifndef MUNIMENT_HEADS_H
#define MUNIMENT_HEADS_H

#include "vault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct head {
	char branch[VAULT_BRANCH_MAX]; /* without refs/heads/ */
	uint8_t commit[GITFORM_OID_LEN];
};

struct heads {
	struct head *list;
	size_t n, cap;
	size_t others; /* references that are no device's, left out */
};

/* -1 with `e` filled: no memory, or too many. */
int heads_add(struct heads *h, const char *branch,
	      const uint8_t commit[GITFORM_OID_LEN], struct err *e);
void heads_free(struct heads *h);

/* Has the form of gitstore_ref: collects what has a device's name. */
int heads_take(void *heads, const char *name,
	       const uint8_t commit[GITFORM_OID_LEN], struct err *e);
/* Has the form of vault_refs: hands them out. */
int heads_refs(void *heads, gitstore_ref *ref, void *ctx, struct err *e);

/*
 * The log of `v` that holds this commit, and as which batch; NULL if none
 * does.
 */
const struct log *heads_find(const struct vault *v, const struct head *h,
			     uint64_t *n);
/* Is this commit among them, under whatever name? */
bool heads_hold(const struct heads *h, const uint8_t commit[GITFORM_OID_LEN]);
/* Those of `all` that `v` does not hold. */
int heads_news(const struct vault *v, const struct heads *all,
	       struct heads *news, struct err *e);
/*
 * For each log of `v` how many of its batches these heads hold; `sizes` has
 * v->n_logs elements.
 */
void heads_cover(const struct vault *v, const struct heads *h, uint64_t *sizes);

#endif
