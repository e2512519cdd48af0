/*
 * Bulk on a git host: the Git LFS batch API with the basic transfer (git-lfs
 * docs/api/batch.md, basic-transfers.md, authentication.md).
 */
#ifndef MUNIMENT_LFSHOST_H
#define MUNIMENT_LFSHOST_H

#include "hash.h"
#include "host.h"

#include <stddef.h>
#include <stdint.h>

struct lfshost_object {
	uint8_t sha256[HASH_LEN];
	uint64_t size; /* bytes */
};

/* The next object: 1 and *o, 0 at the end, -1 with `e` filled. */
typedef int lfshost_next(void *ctx, struct lfshost_object *o, struct err *e);
/* Where an object's file is (to send it). -1 with `e` filled. */
typedef int lfshost_path(void *ctx, const uint8_t sha256[HASH_LEN], char *out,
			 size_t cap, struct err *e);
/*
 * An object is through: sent, or received and compared. -1 with `e` filled
 * stops the transfer.
 */
typedef int lfshost_done(void *ctx, const struct lfshost_object *o,
			 struct err *e);
/*
 * One could not be had; the others go on. `why` is one line, `code` is
 * ERR_EVIDENCE if what came is not what was listed.
 */
typedef void lfshost_failed(void *ctx, const struct lfshost_object *o,
			    const char *why, int code);

struct lfshost_jobs {
	lfshost_next *next;
	lfshost_path *path;	/* upload only */
	lfshost_done *done;	/* or NULL */
	lfshost_failed *failed; /* or NULL */
	void *ctx;
	uint64_t total; /* bytes of all, for progress; 0: not known */
};

struct lfshost_result {
	size_t moved;	/* objects sent or received */
	uint64_t bytes; /* of them */
	size_t there;	/* objects that the host had already (upload) */
	size_t failed;	/* objects that could not be had (download) */
};

struct lfshost;
/* `h` must outlive it. Does nothing on the network yet. */
struct lfshost *lfshost_new(struct host *h, struct err *e);
void lfshost_free(struct lfshost *l);

/*
 * Send what the host lacks. A file is hashed before it goes; ERR_EVIDENCE if
 * it is damaged here. Stops at the first object that cannot be sent: 0 means
 * that the host has all of them.
 */
int lfshost_upload(struct lfshost *l, const struct lfshost_jobs *jobs,
		   struct lfshost_result *result, struct err *e);

/*
 * Get objects as `folder`/<sha256>, hashed while they come, never longer than
 * announced; a file that is there whole is not fetched again. Not flushed to
 * the disk. Objects that the host lacks or holds damaged are told to
 * jobs->failed and counted, and the others go on; -1 if nothing more can be
 * had.
 */
int lfshost_download(struct lfshost *l, const char *folder,
		     const struct lfshost_jobs *jobs,
		     struct lfshost_result *result, struct err *e);

#endif
