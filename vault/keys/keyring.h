/*
 * Small secrets in the kernel's keyring (keyrings(7)): in the kernel's own
 * memory, which is never swapped, in no file, with a time at which they are
 * gone. Of the key's type "user", since "big_key" may go to a file of tmpfs.
 *
 * They hang on the session keyring, which a login with pam_keyinit(8) has for
 * itself and loses at its end, and only who possesses that keyring finds them:
 * not another login of the same user. Where a login has none, Linux gives all
 * of a user's processes one in common; keyring_where tells.
 */
#ifndef MUNIMENT_KEYRING_H
#define MUNIMENT_KEYRING_H

#include "err.h"
#include "secret.h"

#include <stddef.h>

enum keyring_where {
	KEYRING_NONE,  /* the kernel has none, or it is forbidden here */
	KEYRING_LOGIN, /* of this login, shell or service alone */
	KEYRING_USER   /* all processes of this user have one in common */
};
enum keyring_where keyring_where(void);

#define KEYRING_NAME_MAX 96  /* bytes, NUL included */
#define KEYRING_BYTES_MAX 64 /* bytes of a secret */

/*
 * Keep up to KEYRING_BYTES_MAX bytes for so many seconds (> 0), instead of
 * what has that name. It is never there without its end.
 */
int keyring_put(const char *name, const void *bytes, size_t len,
		unsigned seconds, struct err *e);
/* What has that name; NULL if nothing has, any more, or no memory. */
struct secret *keyring_get(const char *name);
/* Wipe all whose names begin so. How many, or -1 with `e` filled. */
int keyring_wipe(const char *prefix, struct err *e);

/*
 * From here on this process, and what it starts, has an empty keyring of its
 * own. 0, or -1 if it still has the other one.
 */
int keyring_leave(void);

#endif
