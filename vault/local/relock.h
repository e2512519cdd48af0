/*
 * local/ changes hands: its locked files are locked anew to the local key of
 * another identity of the same person. The new ones are made in
 * local/rotate.new, which becomes local/rotate when it is complete: from then
 * on they count, and whoever next writes to the vault puts them in their
 * places (FORMAT.md 8).
 */
#ifndef MUNIMENT_RELOCK_H
#define MUNIMENT_RELOCK_H

#include "identity.h"
#include "vault.h"

/* Does this identity open all that is locked in local/? True if nothing is. */
bool relock_is_of(struct vault *v, const struct identity *id);

/*
 * Lock it all to `to`; the vault is locked (VAULT_WRITE). After a failure it
 * is as before, or as it should be.
 */
int relock(struct vault *v, const struct identity *from,
	   const struct identity *to, struct err *e);

/* Under the lock: finish what an interrupted relock has decided. */
int relock_finish(struct vault *v, struct err *e);

/*
 * Where a file of local/ is to be read: in local/rotate, if it is there.
 * `rel` begins with "local/".
 */
int relock_path(struct vault *v, const char *rel, char out[FSUTIL_PATH],
		struct err *e);

#endif
