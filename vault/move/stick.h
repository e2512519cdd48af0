/*
 * A folder of carry files, as on a stick that goes from desk to desk: what is
 * new there is received, and what is new here is written into one new file.
 * No file is ever changed (FORMAT.md 9).
 */
#ifndef MUNIMENT_STICK_H
#define MUNIMENT_STICK_H

#include "carry.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What became of one carry file; `why` says more. One that was taken in is told
 * only if it is damaged and its parity restored it.
 */
enum stick_what {
	STICK_TAKEN,
	STICK_OTHERS,  /* locked to somebody else */
	STICK_CUT_OFF, /* not whole */
	STICK_WAITS,   /* an earlier one is needed, and is not here */
	STICK_UNREAD,  /* the medium does not give its bytes */
	STICK_REFUSED, /* it failed the checks: evidence */
};
typedef void stick_told(void *ctx, enum stick_what what, const char *name,
			const char *why);

struct stick_pulled {
	size_t count[STICK_REFUSED + 1]; /* files, of each kind */
	struct merge_result merged;	 /* of all of them together */
};

/*
 * Take in all carry files of the folder that were not read yet, in whatever
 * order they fit; one that is bad keeps no other from it. The vault must not
 * be open. -1 with `e` filled only if the folder, or the vault, cannot be used.
 */
int stick_pull(const char *dir, const struct identity *id, const char *folder,
	       vault_progress *progress, stick_told *told, void *ctx,
	       struct stick_pulled *out, struct err *e);

struct stick_push {
	const char *folder;
	const struct agekey_public *to; /* n of them; n 0: all members */
	size_t n;
	uint64_t part;			    /* see carry.h */
	unsigned parity;		    /* see carry.h */
	const struct index_case *only_case; /* bulk of this case only */
	bool no_bulk;
	bool anew; /* as if the folder were empty */
};

struct stick_pushed {
	char name[16];	/* the file's name; empty: nothing was new */
	size_t parts;	/* 1, or how many are called NAME.001 ... */
	size_t batches; /* that the folder did not hold */
	size_t objects;
};

/*
 * Write into a new file what those do not hold that are there and that all its
 * recipients can open.
 */
int stick_push(struct index *x, const struct stick_push *p,
	       struct stick_pushed *out, struct err *e);

#endif
