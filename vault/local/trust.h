/*
 * The trust memory of one machine (FORMAT.md 8): the newest state that it has
 * seen of each log, and how far it has written its own. What the vault does
 * not hold any more was rolled back; of its own log there can be no more than
 * it wrote, unless a backup was restored here or somebody else has its key.
 */
#ifndef MUNIMENT_TRUST_H
#define MUNIMENT_TRUST_H

#include "identity.h"
#include "vault.h"

#include <stdbool.h>

/* A state of a device's log. */
struct trust_state {
	char device[BATCH_DEVICE_LEN + 1];
	uint64_t size; /* batches; 0: none */
	uint8_t root[HASH_LEN];
};

/*
 * Compare the logs with the memory, and report. -1 with `e` filled only if
 * that cannot be done.
 */
int trust_check(struct vault *v, const struct identity *id, struct err *e);

/*
 * Remember the logs as they are now; of one that is shorter or other than it
 * was, what is remembered stays. `next`, if not NULL, is what this machine is
 * about to write: after an interruption either state is right, and when the
 * vault holds it, its device is this machine's.
 */
int trust_save(struct vault *v, const struct identity *id,
	       const struct trust_state *next, struct err *e);

/*
 * Put the keys of the devices whose logs are shorter or other than this
 * machine has seen them into a map; of all, if its memory is damaged.
 */
int trust_differs(struct vault *v, const struct identity *id,
		  struct map *devices, struct err *e);

/*
 * For each log of the vault, how many of its batches this machine has seen;
 * UINT64_MAX (all of them) when its memory is damaged or was taken away.
 */
int trust_covers(struct vault *v, const struct identity *id, uint64_t *sizes,
		 struct err *e);

/* How this machine stands to its own log. */
enum trust_self_state {
	TRUST_NEW,	 /* it has never written here */
	TRUST_FINE,	 /* the log ends where this machine ended it */
	TRUST_NO_KEY,	 /* the device's key is gone, or another one is here */
	TRUST_NO_MEMORY, /* there is a key, and no memory or a damaged one */
	TRUST_SHORTER,	 /* what this machine has written is not here */
	TRUST_LONGER,	 /* there is more than this machine has written */
};

struct trust_self {
	enum trust_self_state state;
	bool memory;		  /* there is a trust memory at all */
	struct trust_state wrote; /* device "" and size 0 if not known */
	uint64_t here;		  /* batches of the longest of its logs */
};

int trust_self(struct vault *v, const struct identity *id,
	       struct trust_self *out, struct err *e);

#endif
