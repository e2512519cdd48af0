/*
 * Destroying keys: an identity file, or any other file that is locked with a
 * passphrase, is overwritten and removed, and the sessions of it ended.
 *
 * What was locked to the identity alone opens for nobody any more, unless a
 * copy of the file is left: that is what deleting a vault comes to, as its
 * ciphertext is everywhere. Overwriting is of use on some disks only, and is
 * not relied upon: destroy_file tells.
 */
#ifndef MUNIMENT_DESTROY_H
#define MUNIMENT_DESTROY_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

/* How sure it is that the old bytes are not on the medium any more. */
enum destroy_medium {
	DESTROY_PLACE, /* written over in place, if the medium does that */
	DESTROY_COPIES /* this file system writes elsewhere, always */
};

/*
 * Refuse a file that is not locked with a passphrase, so that a slip of the
 * tongue destroys no evidence. 0, or -1 with `e` filled.
 */
int destroy_check(const char *path, struct err *e);
/*
 * Overwrite and remove; through a symbolic link, both. *links is set to how
 * many names of the file are left elsewhere (they hold noise now).
 */
int destroy_file(const char *path, enum destroy_medium *medium, size_t *links,
		 struct err *e);
/*
 * The files in a vault's local/ that are locked to the identity, its device
 * key among them. How many there were; -1 with `e` filled.
 */
int destroy_local(const char *vault, struct err *e);

#endif
