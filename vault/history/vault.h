/*
 * A vault that is open: its repository, its devices' logs, and what stands in
 * their batches. Everything here works without a key.
 */
#ifndef MUNIMENT_VAULT_H
#define MUNIMENT_VAULT_H

#include "batch.h"
#include "err.h"
#include "fsutil.h"
#include "gitform.h"
#include "gitstore.h"
#include "map.h"
#include "merkle.h"
#include "report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VAULT_ID_LEN 64	    /* hex digits */
#define VAULT_LOGS_MAX 4096 /* branches of a vault */
#define VAULT_BRANCH_MAX (BATCH_DEVICE_LEN + 1 + 32 + 1) /* bytes, with NUL */

/* One commit of a log. */
struct log_step {
	uint8_t commit[GITFORM_OID_LEN];
	uint8_t leaf[HASH_LEN]; /* of its batch */
	uint8_t root[HASH_LEN]; /* of the log after it */
};

/* Something another device's log was seen to be. */
struct log_seen {
	char device[BATCH_DEVICE_LEN + 1];
	uint64_t size;
	uint8_t root[HASH_LEN];
	uint64_t batch; /* number of the batch that says so */
};

/* One device's log: one branch. */
struct log {
	char branch[VAULT_BRANCH_MAX];
	char device[BATCH_DEVICE_LEN + 1];
	uint8_t key[32];
	bool is_fork;		/* a branch <device>.<root> */
	size_t other;		/* a further log of the device; SIZE_MAX */
	uint64_t size;		/* batches that can be read, from the first */
	struct log_step *steps; /* `length` of them; the log up to its head */
	uint64_t length;
	struct merkle_log tree; /* after `size` batches */
	struct log_seen *seen;
	size_t n_seen, cap_seen;
	uint64_t frozen; /* batches before a fork; UINT64_MAX if none */
};

/* One batch that was read; views into it live until vault_batch_free. */
struct vault_batch {
	const struct log *log;
	uint64_t n; /* from 1 */
	struct batch b;
	char *file;		    /* what b's lines point into */
	struct gitform_name *names; /* sorted */
	size_t n_names;
	uint8_t leaf[HASH_LEN]; /* of the device's log */
	uint8_t tree[GITFORM_OID_LEN];
};

struct vault {
	char dir[FSUTIL_PATH];
	struct gitstore *git;
	char id[VAULT_ID_LEN + 1]; /* empty in an empty vault */
	char file[GITFORM_VAULT_MAX];
	size_t file_len;
	uint8_t root_key[32];
	struct log *logs;
	size_t n_logs;
	struct map devices; /* name -> the first of its logs; see `other` */
	struct map settled; /* names of devices; see forks_settle */
	struct map entries; /* hash of each listed entry -> where */
	struct map objects; /* hash of each listed object -> its size */
	struct report report;
	struct report read; /* what reading the batches found, kept for loads */
	uint64_t rewritten; /* how often the logs were read from the start */
	/*
	 * Another vault over the same objects, or NULL: what its logs begin
	 * with is taken from there. `entries` and `objects` hold only what is
	 * beyond it.
	 */
	const struct vault *base;
	uint64_t most;	 /* new batches that a load may read; 0: any number */
	uint64_t walked; /* that it has found */
	/*
	 * What the index cache has of the logs, or NULL: entries and objects
	 * that it lists are not in the maps above (cache.h).
	 */
	struct cold *cold;
	struct cache *cache;
	int lock, turn; /* descriptors; -1 if not held */
	void (*progress)(void *ctx, const char *what, uint64_t done,
			 uint64_t total);
	void *progress_ctx;
	char pin[VAULT_ID_LEN + 1]; /* the id it must have; or empty */
};

/* Where an entry is listed, as the map holds it. */
#define VAULT_PLACE(log, n) (((size_t)(log) << 40) | (size_t)(n))
#define VAULT_PLACE_LOG(p) ((p) >> 40)
#define VAULT_PLACE_BATCH(p) ((p)&0xffffffffffu)

enum vault_mode {
	VAULT_READ = 0,
	VAULT_THOROUGH = 1, /* check every signature, not just the newest */
	VAULT_WRITE = 2, /* take the lock, and clear an interrupted command */
	VAULT_BRIEF = 4, /* wait for the lock for less than a minute */
};

/*
 * Open the vault in `dir`. What is damaged goes to v->report; the rest is
 * open. `progress` (may be NULL) is called during long work.
 */
typedef void vault_progress(void *ctx, const char *what, uint64_t done,
			    uint64_t total);
struct vault *vault_open(const char *dir, int mode, vault_progress *progress,
			 struct err *e);
/*
 * The same for a person, whose index cache is used and kept (cache.h). The
 * identity outlives the vault.
 */
struct identity;
struct vault *vault_open_known(const char *dir, int mode,
			       const struct identity *id,
			       vault_progress *progress, struct err *e);
void vault_close(struct vault *v);
/*
 * Take a lock on an open local/lock (LOCK_SH or LOCK_EX of flock). Two who
 * want each other's must not wait for ever: `brief` gives up within a minute,
 * with `e` filled.
 */
int vault_flock(int fd, int operation, bool brief, struct err *e);
/*
 * Let go of the lock of a vault that is open for writing, and take it again:
 * the logs are then read as they have become. After -1 with `e` filled the
 * vault can only be closed.
 */
void vault_pause(struct vault *v);
int vault_resume(struct vault *v, struct err *e);
/*
 * Let readers in while nothing is written but what only this command reads, or
 * what comes whole under its name; and keep them out again. In between nobody
 * else writes. Both are for a vault that is open for writing.
 */
int vault_share(struct vault *v, struct err *e);
int vault_claim(struct vault *v, struct err *e);
/* Free what vault_load_from filled, and nothing else; takes a zeroed one. */
void vault_forget(struct vault *v);

/*
 * Read the logs again after something was added. What was read before is kept,
 * and new logs are put behind the others, unless a branch is gone, changed or
 * damaged: then all is read anew, and `rewritten` says so. The report holds
 * what a first reading would find, and nothing else.
 */
int vault_load(struct vault *v, bool thorough, struct err *e);

/* The same, and nothing that was read before is relied on. */
int vault_load_anew(struct vault *v, struct err *e);

/*
 * The same over another set of references (`refs` calls back for each): what
 * foreign branches would make of a vault. See merge.c.
 */
typedef int vault_refs(void *ctx, gitstore_ref *ref, void *ref_ctx,
		       struct err *e);
int vault_load_from(struct vault *v, vault_refs *refs, void *ctx, bool thorough,
		    struct err *e);

/* Read batch n (1 .. length) of a log. */
int vault_batch(struct vault *v, const struct log *l, uint64_t n,
		struct vault_batch *out, struct err *e);
void vault_batch_free(struct vault_batch *b);
/* Read a small file of a batch's tree: "batch", "checkpoint", "vault". */
int vault_batch_named(struct vault *v, const struct vault_batch *b,
		      const char *name, struct gitstore_object *out,
		      struct err *e);
/* The git id under which a batch holds this file; NULL if it has none. */
const uint8_t *vault_batch_oid(const struct vault_batch *b,
			       const uint8_t sha256[HASH_LEN]);
/* Read an entry's file and compare its SHA-256. */
int vault_entry_file(struct vault *v, const struct vault_batch *b,
		     const uint8_t sha256[HASH_LEN],
		     struct gitstore_object *out, struct err *e);

/* Is an entry listed? Then *place is where, see VAULT_PLACE. */
bool vault_place(const struct vault *v, const uint8_t sha256[HASH_LEN],
		 size_t *place);
/* Is an object listed? Then *size is its size. */
bool vault_object(const struct vault *v, const uint8_t sha256[HASH_LEN],
		  size_t *size);
/* Call `object` for each object that is listed; 0, or what it returned. */
typedef int vault_object_fn(void *ctx, const uint8_t sha256[HASH_LEN],
			    size_t size);
int vault_objects(struct vault *v, vault_object_fn *object, void *ctx);
/* Check batch n of a log again: its files, signatures and root. */
int vault_check_batch(struct vault *v, const struct log *l, uint64_t n,
		      struct err *e);

/* The log of a device (not of a fork's other side), or NULL. */
struct log *vault_log(struct vault *v, const char *device);
/*
 * All logs of a device, both sides of a fork too: the index of the first in
 * v->logs, the others by `other`. SIZE_MAX if there is none, and at the end.
 */
size_t vault_first_log(const struct vault *v, const char *device);
/* How the report names what a log says to have seen, at its beginning. */
#define VAULT_SEEN_TEXT 160
void vault_seen_text(const struct log *l, const struct log_seen *s,
		     char out[VAULT_SEEN_TEXT]);
/* How many batches two logs of one device begin with alike. */
uint64_t vault_alike(const struct log *a, const struct log *b);
/* Is this state of a device here, on whatever side of a fork? */
bool vault_has_state(const struct vault *v, const char *device, uint64_t size,
		     const uint8_t root[HASH_LEN]);
/* The most batches that one of the device's logs has. */
uint64_t vault_longest(const struct vault *v, const char *device);

/* Path of an object's file. */
int vault_object_path(const struct vault *v, const uint8_t sha256[HASH_LEN],
		      char out[FSUTIL_PATH], struct err *e);
/* Path below the vault. */
int vault_path(const struct vault *v, const char *rel, char out[FSUTIL_PATH],
	       struct err *e);

/* The log's leaf of a batch file. -1 without memory. */
int vault_leaf(const struct batch *b, uint8_t leaf[HASH_LEN]);
/* Key id of a log's checkpoints (C2SP signed-note). */
void vault_key_id(const char *origin, const uint8_t key[32], uint8_t id[4]);

#endif
