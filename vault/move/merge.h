/*
 * The union of a vault with a foreign set of branches (FORMAT.md 9): all
 * checks, what is left out, forks kept beside, and the journal, whichever way
 * the branches and objects came.
 *
 * What is foreign stays outside until merge_commit: git objects in a folder of
 * their own, bulk as local/tmp/<sha256>. Whoever brings it there calls, in this
 * order, merge_new, merge_incoming, merge_object for each object, merge_commit,
 * merge_free. Bulk can also come later (bulk.h): till then it is absent.
 */
#ifndef MUNIMENT_MERGE_H
#define MUNIMENT_MERGE_H

#include "caps.h"
#include "identity.h"
#include "invite.h"
#include "vault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct index;
struct merge;

struct merge_result {
	size_t batches; /* new batches */
	size_t devices; /* of so many devices */
	size_t objects; /* new objects */
	size_t absent;	/* listed objects that are not here now */
	size_t forks;	/* histories that contradict ours, kept beside them */
	size_t older;	/* devices of which less came than is here: one is */
	char older_device[BATCH_DEVICE_LEN + 1];
	uint64_t older_size,
	    older_here;	  /* batches of it that came, and are here */
	size_t strangers; /* devices of no member, or of one with too many,
			     whose histories were left out */
	size_t crowded;	  /* histories left out: too many of a device */
};

/*
 * Begin a merge into `v`, which is open for writing and belongs to `id`; both
 * outlive the merge. NULL as id: it is another's vault, into which we bring
 * what we hold; his trust memory is left to him, and nobody is left out as a
 * stranger. Refused (ERR_EVIDENCE) if v is damaged, unless it is `fresh`: made
 * just now, and empty. NULL with `e` filled.
 */
struct merge *merge_new(struct vault *v, const struct identity *id, bool fresh,
			struct err *e);

/*
 * Before merge_incoming: what comes, with what is here, must hold all that
 * this invitation names. It outlives the merge.
 */
void merge_expect(struct merge *m, const struct invite *invite);

/* Before merge_incoming: more than this is refused. Without, nothing is. */
void merge_cap(struct merge *m, const struct caps *caps);

/*
 * Take in what is sound, and leave out what is not: a foreign branch that is
 * damaged, or goes on with a batch that no vault takes, is told in `damage`,
 * which outlives the merge, and comes up to there. Whoever may write to a
 * shared place must not so keep out everybody else. To be called before
 * merge_incoming, which else refuses everything.
 */
void merge_spare(struct merge *m, struct report *damage);

/*
 * Optional: an index of v that is up to date. Then new devices do not cost
 * reading all that is here once more. It outlives the merge.
 */
void merge_know(struct merge *m, const struct index *x);

/*
 * Read and check foreign branches: those that `refs` lists, whose commits are
 * below the objects/ folder `objects` or in the vault. ERR_EVIDENCE names what
 * is wrong with them; then nothing may be taken in.
 */
int merge_incoming(struct merge *m, const char *objects, vault_refs *refs,
		   void *ctx, struct err *e);

/*
 * True if any branch lists this object. The size beside it is somebody's word:
 * what belongs is decided by the SHA-256 alone.
 */
bool merge_lists(const struct merge *m, const uint8_t sha256[HASH_LEN]);

/* local/tmp/<sha256> holds this object: its SHA-256 was compared. */
int merge_object(struct merge *m, const uint8_t sha256[HASH_LEN], uint64_t size,
		 struct err *e);

/*
 * Take it all in, or nothing: branches, objects, the lists of what is absent,
 * the trust memory. v is read again and local/tmp is gone afterwards.
 */
int merge_commit(struct merge *m, struct merge_result *result, struct err *e);

/* Takes NULL. Without merge_commit the vault is as it was. */
void merge_free(struct merge *m);

#endif
