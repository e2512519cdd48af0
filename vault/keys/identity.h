/*
 * An identity: one person's keys, in one passphrase-encrypted age file
 * (FORMAT.md 1), and the root key of a vault in another.
 */
#ifndef MUNIMENT_IDENTITY_H
#define MUNIMENT_IDENTITY_H

#include "card.h"
#include "err.h"
#include "secret.h"

#include <stdint.h>

struct identity {
	char name[CARDTEXT_NAME_MAX];
	char org[CARDTEXT_NAME_MAX]; /* empty if none */
	struct secret *keys;	     /* 96 bytes: use the functions below */
	struct agekey_public person_pub;
	struct agekey_public local_pub;
	uint8_t sign_pub[32];
};

/* Views into guarded memory, 32 bytes each. */
const uint8_t *identity_person(const struct identity *id); /* hybrid */
const uint8_t *identity_local(const struct identity *id);  /* X25519 */
const uint8_t *identity_seed(const struct identity *id);   /* Ed25519 */

/* Make an identity. The caller frees it; NULL with `e` filled. */
struct identity *identity_new(const char *name, const char *org, struct err *e);
/*
 * Nobody: the key of local/ and no other. A collector's machine writes with
 * it (field.h).
 */
struct identity *identity_nobody(const uint8_t local[32], struct err *e);
#define IDENTITY_KEYS_LEN 96 /* bytes: person, local, seed */
/* One of these keys, 96 bytes in the order of `keys`; `org` may be empty. */
struct identity *identity_of_keys(const char *name, const char *org,
				  const uint8_t keys[IDENTITY_KEYS_LEN],
				  struct err *e);
void identity_free(struct identity *id);

/*
 * Write it to a new file (which must not be there), locked with `pass`.
 * work_factor 0 means the usual one.
 */
int identity_save(const struct identity *id, const char *path,
		  const struct secret *pass, unsigned work_factor,
		  struct err *e);
/*
 * Read and unlock it. `pass` may be of length 0, which no passphrase is: then
 * a session must be open for it (unlock.h).
 */
struct identity *identity_load(const char *path, const struct secret *pass,
			       struct err *e);
#define IDENTITY_FILE_MAX (64u << 10) /* bytes */
/*
 * The same, for a session: `key` takes the age file key, of 16 bytes of guarded
 * memory; *file its bytes, malloc'ed.
 */
struct identity *identity_load_keeping(const char *path,
				       const struct secret *pass, uint8_t *key,
				       char **file, size_t *len, struct err *e);
/* Its card. */
int identity_card(const struct identity *id, struct card *out, struct err *e);

/* The root key of a vault: `seed` is 32 bytes of guarded memory. */
int identity_save_root(const uint8_t seed[32], const char *vault_id,
		       const char *path, const struct secret *pass,
		       unsigned work_factor, struct err *e);
/*
 * The same in two steps: what will be in the file (malloc'ed), and putting it
 * there. The file has its name only when it is whole and durable.
 */
int identity_lock_root(const uint8_t seed[32], const char *vault_id,
		       const struct secret *pass, unsigned work_factor,
		       uint8_t **file, size_t *len, struct err *e);
int identity_put(const char *path, const uint8_t *file, size_t len,
		 struct err *e);
/* NULL with `e` filled; else a secret of 32 bytes. */
struct secret *identity_load_root(const char *path, const char *vault_id,
				  const struct secret *pass, struct err *e);

/* The same of whichever vault it is: its id, NUL-terminated, is set. */
struct secret *identity_load_any_root(const char *path, char vault_id[65],
				      const struct secret *pass, struct err *e);

#endif
