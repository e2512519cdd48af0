/*
 * A file and the parity file beside it, which has the same name and "-parity"
 * behind it. Both may be in parts (FILE.001, FILE-parity.001, ...).
 */
#ifndef MUNIMENT_PARITYFILE_H
#define MUNIMENT_PARITYFILE_H

#include "fsutil.h"
#include "paritymend.h"

#include <stdbool.h>
#include <stddef.h>

/* The name of the parity file of `path`. -1 with `e` filled: too long. */
int parityfile_name(const char *path, char out[FSUTIL_PATH], struct err *e);

/*
 * Is there parity beside this file, or beside what it is a part of? Then `base`
 * is the name without the ending of a part, or of a parity file.
 */
bool parityfile_is_there(const char *path, char base[FSUTIL_PATH]);

/* Is this the name of a parity file, or of a part of one? */
bool parityfile_is_one(const char *name);

/*
 * Write the parity of a file that is there (or of its parts): `percent` of it.
 * -1 with `e` filled; what is there already is not touched.
 */
int parityfile_make(const char *path, unsigned percent,
		    vault_progress *progress, void *ctx, struct err *e);

/*
 * The parity of what `j` joins, as if it were a file called `path`, which is
 * not there. `each` (or NULL) is shown every byte in order first, and can
 * refuse with -1.
 */
typedef int parity_each(void *ctx, uint64_t at, const void *bytes, size_t len,
			struct err *e);
int parityfile_make_of(struct joined *j, const char *path, uint64_t part,
		       unsigned percent, parity_each *each, void *each_ctx,
		       vault_progress *progress, void *ctx, struct err *e);

struct parityfile;

/*
 * Look at a file and its parity from end to end. NULL with `e` filled;
 * ERR_UNKNOWN if there is no parity, ERR_EVIDENCE if nothing of it can be read.
 * parityfile_state's answer lives as long.
 */
struct parityfile *parityfile_open(const char *path, vault_progress *progress,
				   void *ctx, struct err *e);
/* The same of what `j` joins, which it takes over in any case. */
struct parityfile *parityfile_open_of(struct joined *j, const char *path,
				      vault_progress *progress, void *ctx,
				      struct err *e);
/*
 * The parity alone, of so many bytes that stand under that name: how many
 * records it has, and how many of them are damaged. -1 with `e` filled, as
 * parityfile_open.
 */
int parityfile_check(const char *path, uint64_t size, vault_progress *progress,
		     void *ctx, struct paritymend_state *out, struct err *e);
/* For paritymend_restore, of a part of it. */
struct paritymend *parityfile_mend(struct parityfile *p);
const struct paritymend_state *parityfile_state(const struct parityfile *p);
/* Bytes of the file. */
uint64_t parityfile_size(const struct parityfile *p);
void parityfile_close(struct parityfile *p);

/*
 * Write what the file was to `out` (in parts if it was), if it is damaged; and
 * its parity beside it, if either is. Nothing is written that has not the
 * SHA-256 that the file had. ERR_EVIDENCE: more is damaged than can be
 * restored.
 */
int parityfile_restore(struct parityfile *p, const char *out,
		       vault_progress *progress, void *ctx, struct err *e);

/*
 * Write what the file was to an open file that has no name and is read from
 * its beginning afterwards.
 */
int parityfile_restore_fd(struct parityfile *p, int fd,
			  vault_progress *progress, void *ctx, struct err *e);

#endif
