/*
 * The git bundle inside a carry file (git's gitformat-bundle, version 2): all
 * branches, and all objects that they reach.
 */
#ifndef MUNIMENT_BUNDLE_H
#define MUNIMENT_BUNDLE_H

#include "agefile.h"
#include "vault.h"

#include <stdint.h>

struct bundle; /* what will be written */

/* List what goes in. NULL with `e` filled. */
struct bundle *bundle_new(struct vault *v, struct err *e);
void bundle_free(struct bundle *b);
/* Its length in bytes, known before it is written. */
uint64_t bundle_size(const struct bundle *b);
int bundle_write(struct bundle *b, agefile_sink *sink, void *ctx,
		 struct err *e);

/*
 * Reading: takes the bytes of a bundle as they come, indexes its pack under
 * `folder` and lists its branches.
 */
struct bundle_reader;
struct bundle_reader *bundle_reader_new(const char *folder, uint64_t max,
					struct err *e);
int bundle_reader_put(struct bundle_reader *r, const void *bytes, size_t len,
		      struct err *e);
int bundle_reader_finish(struct bundle_reader *r, struct err *e);
/* Has the form of vault_refs (vault.h). */
int bundle_reader_refs(void *reader, gitstore_ref *ref, void *ctx,
		       struct err *e);
void bundle_reader_free(struct bundle_reader *r);

#endif
