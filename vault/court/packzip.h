/*
 * A zip file of one folder, written by libarchive. Its bytes depend on the
 * files, their order and the folder's name alone: no times, owners or
 * compression. Files and archives may be of any length (ZIP64).
 */
#ifndef MUNIMENT_PACKZIP_H
#define MUNIMENT_PACKZIP_H

#include "packout.h"

#include <stdbool.h>

struct packzip;

/*
 * Begin a file (0600) that is not there yet. `root` is the folder in it;
 * `shown` is how messages call it, and lives as long. NULL with `e` filled.
 */
struct packzip *packzip_new(const char *path, const char *root,
			    const char *shown, struct err *e);
/*
 * Add the file that lies at `full` as `f` says: ERR_EVIDENCE if it is not of
 * that size and hash any more. After -1 there is only packzip_close.
 */
int packzip_add(struct packzip *z, const char *full,
		const struct packout_file *f, struct err *e);
/* Complete it, if `whole`, make it durable, and free `z`. */
int packzip_close(struct packzip *z, bool whole, struct err *e);

#endif
