/* What lfshost.c, lfsput.c and lfsget.c share: one transfer of many objects. */
#ifndef MUNIMENT_LFSWORK_H
#define MUNIMENT_LFSWORK_H

#include "fsutil.h"
#include "githttp.h"
#include "lfsbatch.h"

#define LFSWORK_IO (256u << 10) /* bytes of `buf` */

struct lfswork {
	struct lfshost *l;
	struct host *h;
	const struct lfshost_jobs *jobs;
	struct lfshost_result *result;
	const char *folder; /* of a download */
	struct lfsbatch b;
	uint64_t through; /* bytes, for progress */
	uint8_t *buf;
};

/*
 * How it went with one object: done; to be asked for again, as the leave has
 * run out; lost, but the others may come; or no more can be done.
 */
enum lfswork_outcome {
	LFSWORK_DONE,
	LFSWORK_LATER,
	LFSWORK_LOST,
	LFSWORK_STOP
};

/* Move one object, and again while that makes sense. */
enum lfswork_outcome
lfswork_put(struct lfswork *w, const struct lfsbatch_object *o, struct err *e);
enum lfswork_outcome
lfswork_get(struct lfswork *w, const struct lfsbatch_object *o, struct err *e);
/* Is it in the folder already, whole, from an earlier call? */
bool lfswork_is_here(struct lfswork *w, const struct lfshost_object *o);

/* SHA-256 of the first `size` bytes of an open file, or of fewer. */
int lfswork_hash(struct lfswork *w, int fd, uint64_t size, struct hash *h,
		 struct err *e);
/* The host's error about one object, or that it does not answer about it. */
int lfswork_answer(struct lfswork *w, const struct lfsbatch_object *o,
		   struct err *e);
/* What a status means for an object; `e` is filled for LFSWORK_STOP. */
enum lfswork_outcome lfswork_judge(struct lfswork *w,
				   const struct githttp_reply *r,
				   const struct lfsbatch_action *a,
				   const char *doing, struct err *e);

#endif
