/*
 * What the carry files of a folder hold, taken together, for those who are to
 * read them.
 */
#ifndef MUNIMENT_STICKHELD_H
#define MUNIMENT_STICKHELD_H

#include "stickfiles.h"

struct stickheld {
	uint64_t *sizes;    /* batches of each log of the vault */
	struct map objects; /* large files */
};

/*
 * Count what is in the files that are there now, were read or written here,
 * and can be opened by each of the n recipients `to`: those who were members
 * already when it was written. What goes on from a file that not all can open
 * does not count either. -1 with `e` filled; *out is freed in any case.
 */
int stickheld_look(struct index *x, const char *folder,
		   const struct stickmemory *m, const struct agekey_public *to,
		   size_t n, struct stickheld *out, struct err *e);

/* Nothing is held. -1 without memory. */
int stickheld_none(const struct index *x, struct stickheld *out);
void stickheld_free(struct stickheld *h);

#endif
