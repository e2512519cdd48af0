/* What the parts of the cache share (cache.c, cache_save.c). */
#ifndef MUNIMENT_CACHE_INSIDE_H
#define MUNIMENT_CACHE_INSIDE_H

#include "cache.h"
#include "cold.h"

/* What is open of it. */
struct cache {
	const struct identity *id;
	char dir[FSUTIL_PATH];
	struct agepages_pool *pool;
	struct agepages *state; /* read as far as `at`; NULL if there is none */
	uint64_t at;
	uint64_t rewritten; /* of the vault, while what was read holds */
	uint64_t *sizes;    /* of the logs in it */
	size_t n_logs;
	bool used, saved;
	bool moved_on; /* what is open is not what was saved */
};

/* Records and listed hashes that make a segment; tests make it smaller. */
extern size_t cache_flush;

#define CACHE_STATE "state" /* the file that names all others */

/* The first bytes: what made it, and how. */
#define CACHE_HEAD_MAX 160
size_t cache_head(char out[CACHE_HEAD_MAX]);

#endif
