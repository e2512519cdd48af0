/*
 * The git bundle inside a carry file (git's gitformat-bundle, version 2): all
 * branches, and all objects that they reach, or that are new to somebody.
 */
#ifndef MUNIMENT_BUNDLE_H
#define MUNIMENT_BUNDLE_H

#include "agefile.h"
#include "caps.h"
#include "vault.h"

#include <stdbool.h>
#include <stdint.h>

struct bundle; /* what will be written */

/*
 * List what goes in: all branches; of each log the batches after those that
 * the other side has (`since`: a number for each of v->logs; NULL: it has
 * none), whose commits become the bundle's prerequisites. NULL with `e` filled.
 */
struct bundle *bundle_new(struct vault *v, const uint64_t *since,
			  struct err *e);
void bundle_free(struct bundle *b);
/* Its length in bytes, known before it is written. */
uint64_t bundle_size(const struct bundle *b);
int bundle_write(struct bundle *b, agefile_sink *sink, void *ctx,
		 struct err *e);

/*
 * Reading: takes the bytes of a bundle as they come, has its pack taken apart
 * (packwork.h) into one of ours under `folder`, and lists its branches.
 */
struct bundle_reader;
struct bundle_reader *bundle_reader_new(const char *folder,
					const struct caps *caps, struct err *e);
int bundle_reader_put(struct bundle_reader *r, const void *bytes, size_t len,
		      struct err *e);
int bundle_reader_finish(struct bundle_reader *r, struct err *e);
/* Has the form of vault_refs (vault.h). */
int bundle_reader_refs(void *reader, gitstore_ref *ref, void *ctx,
		       struct err *e);
/*
 * Commits that it names, in the order of its lines: its prerequisites, or the
 * tips of its branches. *list is malloc'ed; -1 with `e` filled.
 */
int bundle_reader_commits(struct bundle_reader *r, bool needs,
			  uint8_t (**list)[GITFORM_OID_LEN], size_t *n,
			  struct err *e);
void bundle_reader_free(struct bundle_reader *r);

#endif
