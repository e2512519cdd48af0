/*
 * Where this vault is synced with, and what was last seen there. All of it is
 * in local/remotes.age: no address stands in clear anywhere in the vault.
 */
#ifndef MUNIMENT_REMOTES_H
#define MUNIMENT_REMOTES_H

#include "heads.h"
#include "identity.h"
#include "vault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REMOTES_NAME_MAX 64 /* bytes, with NUL */
#define REMOTES_MAX 256

enum remote_kind {
	REMOTE_VAULT, /* the folder of another copy of the vault */
	REMOTE_STICK, /* a folder of carry files */
	REMOTE_HOST,  /* a git host */
};

struct remote {
	char name[REMOTES_NAME_MAX];
	enum remote_kind kind;
	char *where; /* an absolute path, or a URL */
	char **to;   /* recipients, n_to of them; none: all members */
	size_t n_to;
	struct heads seen; /* what was last seen or put there */
	struct map owed;   /* objects for a host, once they are here */
};

struct remotes {
	struct remote *list;
	size_t n;
};

/* No file is an empty list. -1 with `e` filled. */
int remotes_load(struct vault *v, const struct identity *id,
		 struct remotes *out, struct err *e);
int remotes_save(struct vault *v, const struct identity *id,
		 const struct remotes *r, struct err *e);
void remotes_free(struct remotes *r);

/* By name; NULL with `e` filled. */
struct remote *remotes_find(struct remotes *r, const char *name, struct err *e);
/*
 * Add one. `kind` is "vault", "stick", "host" or NULL: told from `where`; a
 * path is made absolute. -1 with `e` filled: a bad name, one that is taken, a
 * place whose kind cannot be told.
 */
int remotes_add(struct remotes *r, const char *name, const char *where,
		const char *kind, struct err *e);
/* A further recipient (age1pq1...). */
int remotes_add_to(struct remote *r, const char *recipient, struct err *e);
int remotes_remove(struct remotes *r, const char *name, struct err *e);
const char *remotes_kind_name(enum remote_kind kind);

#endif
