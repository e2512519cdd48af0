/*
 * An age file of this machine's own, read at any place: the chunks of an age
 * file can be opened in any order. What is open lies in guarded memory.
 */
#ifndef MUNIMENT_AGEPAGES_H
#define MUNIMENT_AGEPAGES_H

#include "agefile.h"
#include "err.h"

#include <stddef.h>
#include <stdint.h>

/* The chunks that are open, of all files that share it. */
struct agepages_pool;
struct agepages_pool *agepages_pool_new(void);
void agepages_pool_free(struct agepages_pool *pool);

struct agepages;

/*
 * Open a file that `key` opens. The pool outlives it. NULL with `e` filled
 * (ERR_EVIDENCE: damaged, or locked to another key).
 */
struct agepages *agepages_open(const char *path, struct agepages_pool *pool,
			       const struct agefile_identity *key,
			       struct err *e);
void agepages_close(struct agepages *p);
/* Bytes of its content, by the file's length. */
uint64_t agepages_size(const struct agepages *p);
/*
 * Read `len` bytes from byte `at` on. ERR_EVIDENCE when they are not what was
 * locked, or are not there.
 */
int agepages_read(struct agepages *p, uint64_t at, void *out, size_t len,
		  struct err *e);

#endif
