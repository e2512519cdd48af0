/*
 * Remotes and sync as the commands see them: names in, JSON out (README.md,
 * "For machines").
 */
#ifndef MUNIMENT_SYNCDESK_H
#define MUNIMENT_SYNCDESK_H

#include "desk.h"

/*
 * Add a remote: {"name","kind","where","to"}. `kind` may be NULL: told from
 * `where`. `to` (n of them): cards, recipients or members for whom carry files
 * are written there; none: all members.
 */
json_t *syncdesk_add(const char *dir, const char *identity,
		     const struct secret *pass, const char *name,
		     const char *where, const char *kind, const char *const *to,
		     size_t n, struct err *e);
/* [{"name","kind","where","to"}] */
json_t *syncdesk_list(const char *dir, const char *identity,
		      const struct secret *pass, struct err *e);
int syncdesk_remove(const char *dir, const char *identity,
		    const struct secret *pass, const char *name, struct err *e);

struct syncdesk_options {
	bool pull, push, bulk, cosign;
	bool large;	       /* take however much comes */
	const char *case_text; /* or NULL */
	unsigned stall;	       /* seconds; 0: the usual */
	bool terminal;	       /* git may ask for a password there */
};

/*
 * Sync with the remotes of these names (none: all): {"vault","absent",
 * "remotes": [{"name","kind","in": {...},"out": {...},"found": [...],
 * "error","hint"}],"cosigned","keys_given","findings","refused","hint"}.
 * *status is what the command shall end with.
 */
json_t *syncdesk_sync(const char *dir, const char *identity,
		      const struct secret *pass, const char *const *names,
		      size_t n, const struct syncdesk_options *o,
		      desk_progress *progress, int *status, struct err *e);

#endif
