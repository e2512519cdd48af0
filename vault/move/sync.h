/*
 * Sync: what this vault lacks comes from its remotes, and what they lack goes
 * there. Everything that comes is merged by merge.h; bulk comes after its
 * batches and is absent till then (bulk.h).
 *
 * For each remote the order is: pull; when all have been pulled, what the
 * vault is told of it (exchange.h); then push. A remote that fails does not
 * keep the others from going on.
 */
#ifndef MUNIMENT_SYNC_H
#define MUNIMENT_SYNC_H

#include "bulk.h"
#include "exchange.h"
#include "merge.h"
#include "remotes.h"

#include <stdbool.h>
#include <stddef.h>

struct sync_options {
	bool pull, push;
	bool bulk;	       /* bring objects, not only batches */
	const char *only_case; /* id of the case whose objects are brought;
				  NULL: of all */
	bool cosign;	       /* exchange.h */
	bool large;	       /* whatever the caps say: caps.h */
	unsigned stall;	       /* seconds without a byte from a git host; 0 */
	bool terminal;	       /* git may ask for a password there */
	vault_progress *progress; /* or NULL */
	void *progress_ctx;
};

/* What became of one remote. */
struct sync_result {
	const char *name;	/* the remote's */
	struct merge_result in; /* what came; objects counts them too */
	size_t out_batches, out_objects; /* what went there */
	size_t files_in, files_skipped;	 /* of a stick */
	char file[FSUTIL_PATH];		 /* the one that was written there */
	struct heads left;   /* pulled, and not taken in to their ends */
	size_t behind;	     /* objects that could not be had there */
	struct report found; /* REPORT_HISTORY: a fork, a rollback, damage */
	struct err failed;   /* why it was not done to the end; ERR_NONE */
};

/* One run. */
struct sync {
	const char *dir;
	struct vault *v; /* ours, open for writing */
	const struct identity *id;
	const struct sync_options *o;
	struct remotes *remotes;      /* NULL: nothing is remembered of them */
	struct exchange_result noted; /* what the vault was told */
	struct index *x; /* sync_index makes it when it is wanted */
	bool changed;	 /* something came: the index is old */
};

/*
 * Open the vault in s->dir, unless it is open; and close it again (in between,
 * too: what receives carry files opens it itself). -1 with `e` filled, also if
 * it is damaged.
 */
int sync_open(struct sync *s, struct err *e);
void sync_close(struct sync *s);

/* An index of the vault as it is now; NULL with `e` filled. */
struct index *sync_index(struct sync *s, struct err *e);

/*
 * Is this the folder of a vault? libgit2 follows what a repository's files tell
 * it to: before it looks, they must be those of a vault.
 */
int syncfolder_check(const char *dir, struct err *e);

/*
 * The parts, by kind of remote (syncfolder.c, syncstick.c, synchost.c). -1
 * with `e` filled if the remote could not be done; what was found wrong there
 * goes to out->found.
 */
int syncfolder_pull(struct sync *s, struct remote *r, struct sync_result *out,
		    struct err *e);
int syncfolder_push(struct sync *s, struct remote *r, struct sync_result *out,
		    struct err *e);
int syncstick_pull(struct sync *s, struct remote *r, struct sync_result *out,
		   struct err *e);
int syncstick_push(struct sync *s, struct remote *r, struct sync_result *out,
		   struct err *e);
int synchost_pull(struct sync *s, struct remote *r, struct sync_result *out,
		  struct err *e);
int synchost_push(struct sync *s, struct remote *r, struct sync_result *out,
		  struct err *e);

/* -- what they share -- */

/* Count in what one merge brought; forks are reported. */
void sync_add_up(struct sync_result *out, const struct merge_result *one);

/* Of no further use: frees what it holds. */
void sync_result_free(struct sync_result *r);

/* Take in what is sound of these branches, whose commits are below the folder
 * `objects`. */
int sync_merge(struct sync *s, const char *objects, struct heads *news,
	       struct sync_result *out, struct err *e);
/*
 * Compare what is at a remote now (`heads`, after they were merged) with what
 * was last seen there; what is gone is named in out->found. Then remember.
 */
int sync_compare(struct sync *s, struct remote *r, const struct heads *heads,
		 struct sync_result *out, struct err *e);
/* The objects that are lacking here and wanted by the options. */
int sync_wanted(struct sync *s, struct bulk_list *out, struct err *e);
/* Keep only the objects of the case that the options name, if they do. */
int sync_only_case(struct sync *s, struct bulk_list *l, struct err *e);

/*
 * One run over these remotes (n of them), one result each. Afterwards
 * s->v->report holds what is wrong with our vault as it is then.
 */
int sync_run(struct sync *s, struct remote *const *remotes, size_t n,
	     struct sync_result *results, struct err *e);

#endif
