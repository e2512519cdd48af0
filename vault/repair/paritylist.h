/*
 * The list of files that one set of local/parity protects (FORMAT.md 8). It
 * stands there twice, each with its own checksum.
 */
#ifndef MUNIMENT_PARITYLIST_H
#define MUNIMENT_PARITYLIST_H

#include "fsutil.h"
#include "hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parityitem {
	char rel[96]; /* path below the vault */
	uint64_t size;
	uint8_t sha256[HASH_LEN];
};

struct paritylist {
	char base[FSUTIL_PATH]; /* local/parity/<name>: what parity is of */
	bool packs;		/* the set of the history */
	struct parityitem *items;
	size_t n, cap;
	uint64_t bytes; /* of all */
};

/* Put one more file on it. -1: no memory. */
int paritylist_add(struct paritylist *l, const struct parityitem *item);
void paritylist_free(struct paritylist *l);

/* "objects/pack/pack-<40 hex>.pack" or ".idx", or an object's path. */
bool paritylist_is_pack(const char *rel);
bool paritylist_is_object(const char *rel, uint8_t sha256[HASH_LEN]);

/* Write both copies. */
int paritylist_write(const struct paritylist *l, struct err *e);
/*
 * Read the one that is whole; l->base is set. -1 with `e` filled, ERR_EVIDENCE
 * if neither is.
 */
int paritylist_read(struct paritylist *l, struct err *e);
/* Remove both, and the parity. */
void paritylist_remove(const struct paritylist *l);

#endif
