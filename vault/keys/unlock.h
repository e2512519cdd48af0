/*
 * A session: for some minutes the commands of a login open the identity
 * without its passphrase (SECURITY.md, "An unlocked session").
 *
 * What is kept is the age file key of that one identity file, in the kernel's
 * keyring under a name made of the file's hash. It opens that file and
 * nothing else: not another copy with another passphrase, and it is worth
 * nothing to who has not got the file. The passphrase itself, and the keys in
 * the file, are kept nowhere.
 */
#ifndef MUNIMENT_UNLOCK_H
#define MUNIMENT_UNLOCK_H

#include "err.h"
#include "keyring.h"
#include "secret.h"

#include <stdbool.h>
#include <stddef.h>

#define UNLOCK_SECONDS 900	 /* if nothing else is said */
#define UNLOCK_SECONDS_MAX 43200 /* twelve hours */

/* Unlock the identity file for so many seconds. */
int unlock_begin(const char *identity, const struct secret *pass,
		 unsigned seconds, struct err *e);
/* End all sessions of this login. How many there were; -1 with `e` filled. */
int unlock_end(struct err *e);
/* How many seconds are left for this identity file; 0 if it is locked. */
unsigned unlock_left(const char *identity);

/*
 * The file key of an identity file of which these are the bytes: 16 bytes in
 * guarded memory, or NULL if no session is open for it.
 */
struct secret *unlock_key(const void *file, size_t len);

#endif
