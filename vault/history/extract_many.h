/*
 * Writing many originals out at once: opened by all cores, named in groups, so
 * that the disk is waited for once a group and not once a file. Each gets its
 * name only when it is whole, verified and durable, as with extract_to.
 */
#ifndef MUNIMENT_EXTRACT_MANY_H
#define MUNIMENT_EXTRACT_MANY_H

#include "extract.h"

struct extract_many;

/*
 * What became of a file of this version, in order: `failed` is NULL if it
 * stands at `path`. Where none of its files could be told apart, path is "".
 */
typedef void extract_told(void *ctx, const struct index_entry *en,
			  const char *path, const struct err *failed);

/* NULL with `e` filled. */
struct extract_many *extract_many_new(struct index *x, extract_told *told,
				      void *ctx, struct err *e);
/* Write the files of one version into a folder. -1 only without memory. */
int extract_many_put(struct extract_many *m, const struct index_entry *en,
		     const char *folder, struct err *e);
/* Wait until all is told. */
int extract_many_finish(struct extract_many *m, struct err *e);
/* What was not told of is not written; takes NULL. */
void extract_many_free(struct extract_many *m);

#endif
