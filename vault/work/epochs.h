/*
 * Epochs: new keys for cases, and who is given them (FORMAT.md 6 and 7).
 */
#ifndef MUNIMENT_EPOCHS_H
#define MUNIMENT_EPOCHS_H

#include "index.h"
#include "writer.h"

#include <jansson.h>
#include <stdbool.h>

/* Which cases get a new key, and which seats get it no more. */
struct epochs {
	struct index *x;
	struct index_case **cases; /* n of them */
	struct agekey_public *to;  /* once announced: their new public halves */
	size_t n;
	bool *leaving;	 /* for each seat of x */
	json_t *without; /* those who stay members, but are left out; or NULL */
	json_t *missing; /* names of those whose card cannot be read here */
};

/* For no case yet. -1 with `e` filled without memory. */
int epochs_new(struct epochs *ep, struct index *x, struct err *e);
void epochs_free(struct epochs *ep);
/* Put a case on the list. */
int epochs_add(struct epochs *ep, struct index_case *c, struct err *e);
/* May this identity renew a case: is it an admin there, and holds a key? */
bool epochs_may(const struct index *x, const struct index_case *c);

/* In the current batch of the vault: announce them all. */
int epochs_announce(struct epochs *ep, struct writer *w, struct err *e);
/* Then: a ring for everybody who stays, with the keys they may have. */
int epochs_grant(struct epochs *ep, struct writer *w, struct err *e);

/*
 * Keys that members should have and, as far as the acts here tell, do not: they
 * were admitted while somebody else renewed a case. An object from seat to a
 * list of "<case> <epoch>", of what this identity may give; NULL with `e`
 * filled without memory.
 */
json_t *epochs_due(struct index *x, struct err *e);
/* Give them, and say so. */
int epochs_put(struct index *x, struct writer *w, json_t *due, struct err *e);

/* A seat's recipient, from its acts or its card; -1 if none is readable. */
int epochs_recipient(const struct index *x, const struct index_seat *s,
		     struct agekey_public *to);

#endif
