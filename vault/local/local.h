/*
 * What one person's machine keeps for itself in local/ (FORMAT.md 8), locked
 * to the identity's local key, which nobody else can write for; and the device
 * key, which is one of these files.
 */
#ifndef MUNIMENT_LOCAL_H
#define MUNIMENT_LOCAL_H

#include "identity.h"
#include "secret.h"
#include "vault.h"

/* Write a small file of local/, locked. */
int local_write(struct vault *v, const struct identity *id, const char *rel,
		const void *bytes, size_t len, struct err *e);
/*
 * Read one: NULL without `e` filled when it is not there; NULL with `e`
 * filled (ERR_EVIDENCE when damaged or written by somebody else).
 */
struct secret *local_read(struct vault *v, const struct identity *id,
			  const char *rel, struct err *e);

/*
 * The id of the vault for which the device's key was made, when nothing else
 * tells it any more. -1 if it cannot be read.
 */
int local_vault_id(struct vault *v, const struct identity *id,
		   char out[VAULT_ID_LEN + 1]);

/*
 * The device's signing key, 32 bytes, and its name. With `make`, a fresh one
 * is made and written when there is none; else NULL without `e` filled.
 */
struct secret *local_device(struct vault *v, const struct identity *id,
			    bool make, char device[BATCH_DEVICE_LEN + 1],
			    struct err *e);

/*
 * A fresh key that becomes this machine's once the vault has a log of it; the
 * one before serves until then. NULL with `e` filled.
 */
struct secret *local_device_new(struct vault *v, const struct identity *id,
				char device[BATCH_DEVICE_LEN + 1],
				struct err *e);

#endif
