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
void identity_free(struct identity *id);

/*
 * Write it to a new file (which must not be there), locked with `pass`.
 * work_factor 0 means the usual one.
 */
int identity_save(const struct identity *id, const char *path,
		  const struct secret *pass, unsigned work_factor,
		  struct err *e);
/* Read and unlock it. */
struct identity *identity_load(const char *path, const struct secret *pass,
			       struct err *e);
/* Its card. */
int identity_card(const struct identity *id, struct card *out, struct err *e);

/* The root key of a vault: `seed` is 32 bytes of guarded memory. */
int identity_save_root(const uint8_t seed[32], const char *vault_id,
		       const char *path, const struct secret *pass,
		       unsigned work_factor, struct err *e);
/* NULL with `e` filled; else a secret of 32 bytes. */
struct secret *identity_load_root(const char *path, const char *vault_id,
				  const struct secret *pass, struct err *e);

#endif
