/*
 * Foreign git packs, taken apart in a process that holds no key and can do
 * nothing but answer (workshop.h). It inflates, unfolds deltas, and hands back
 * objects: a type, a length, bytes. We give each the name that its bytes have,
 * and write it into a pack of our own; no foreign pack is ever opened by
 * libgit2 here. What a worker that is taken over can do is to hand back other
 * objects, which then have other names than anything asks for.
 */
#ifndef MUNIMENT_PACKWORK_H
#define MUNIMENT_PACKWORK_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Start the helper of this process, once; to be called before any key or
 * passphrase is in memory, and before there are threads. If it cannot be
 * started, packwork_new says so.
 */
void packwork_prepare(void);

struct packwork;

struct packwork_limits {
	uint64_t bytes;	  /* of all objects, unpacked */
	uint64_t objects; /* how many */
	uint64_t work;	  /* bytes that deltas may unfold to; 0: no deltas */
};

/* Begin a pack, whose objects go to one of ours below `folder`. */
struct packwork *packwork_new(const char *folder,
			      const struct packwork_limits *limits,
			      struct err *e);
/* The next bytes of it. 0, or -1 with `e` filled: what packscan.h refuses. */
int packwork_put(struct packwork *p, const void *bytes, size_t len,
		 struct err *e);
/*
 * No more comes. *whole says whether the pack was; if so, and if it holds any,
 * its objects (*objects) have their names now. -1 with `e` filled.
 */
int packwork_finish(struct packwork *p, bool *whole, uint32_t *objects,
		    struct err *e);
void packwork_free(struct packwork *p); /* takes NULL */

#endif
