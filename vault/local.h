/*
 * What one person's machine keeps for itself in local/ (FORMAT.md 8): the
 * device key, and what was last seen of each log. Locked to the identity's
 * local key, which nobody else can write for.
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
 * The device's signing key, 32 bytes, and its name. With `make`, a fresh one
 * is made and written when there is none; else NULL without `e` filled.
 */
struct secret *local_device(struct vault *v, const struct identity *id,
			    bool make, char device[BATCH_DEVICE_LEN + 1],
			    struct err *e);

/*
 * Compare the logs with what was last seen of them; a log that is shorter or
 * other than before is damage. Damaged memory is reported too.
 */
int local_trust_check(struct vault *v, const struct identity *id,
		      struct err *e);
/*
 * Remember the logs as they are now; of one that is shorter or other than it
 * was, what is remembered stays. `next`, if not NULL, is what this device's
 * own log is about to become: after an interruption either state is right.
 */
struct local_next {
	uint64_t size;
	uint8_t root[HASH_LEN];
};
int local_trust_save(struct vault *v, const struct identity *id,
		     const struct local_next *next, struct err *e);
/* The device that this machine has written as; "" if it never has. */
int local_trust_own(struct vault *v, const struct identity *id,
		    char device[BATCH_DEVICE_LEN + 1], struct err *e);
/* How many batches of a device this machine has seen; 0 if none. */
int local_trust_size(struct vault *v, const struct identity *id,
		     const char *device, uint64_t *size, struct err *e);

/*
 * Bulk that was left out when the vault came here: local/absent lists it in
 * clear (for checks without a key), local/absent.age for its owner, who
 * notices when the two differ. What was missing already before (`missing`)
 * never gets on the list.
 */
int local_absent_save(struct vault *v, const struct identity *id,
		      const struct map *missing, struct err *e);
/*
 * Before a carry file is taken in: put what it lists and does not bring
 * (`came`: what it brings, or what was missing before) on both lists.
 */
int local_absent_grow(struct vault *v, const struct identity *id,
		      struct vault *incoming, const struct map *came,
		      struct err *e);
/* Objects that are not here and not on the clear list: missing. */
int local_absent_missing(struct vault *v, struct map *missing, struct err *e);
int local_absent_check(struct vault *v, const struct identity *id,
		       struct err *e);
/* Put the hashes of the clear list into a map. */
int local_absent_load(struct vault *v, struct map *absent, struct err *e);

#endif
