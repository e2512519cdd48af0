/*
 * What a git host announces when a service is opened: its branches and what it
 * can do (git's gitprotocol-pack, "Reference Discovery").
 */
#ifndef MUNIMENT_GITADVERT_H
#define MUNIMENT_GITADVERT_H

#include "gitremote.h"
#include "pktline.h"

#define GITADVERT_CAPS 2048 /* bytes of the list of what a host can do */

struct gitadvert {
	struct gitremote_branch *list; /* sorted by name once it is whole */
	size_t n, cap;
	size_t others; /* references of other names */
	char caps[GITADVERT_CAPS];
	bool begun, whole;
	struct pktline packet;
};

/* Has the form of child_sink: 1 at the end, when all is sorted and checked. */
int gitadvert_put(void *advert, const void *bytes, size_t len, struct err *e);
/* Can the host do this: "atomic", "shallow", ... */
bool gitadvert_can(const struct gitadvert *a, const char *what);
/* The branch of that name, or NULL. */
const struct gitremote_branch *gitadvert_find(const struct gitadvert *a,
					      const char *name);
/* Empty it. */
void gitadvert_clear(struct gitadvert *a);

#endif
