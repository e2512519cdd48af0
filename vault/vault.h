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

#define VAULT_ID_LEN 64					 /* hex digits */
#define VAULT_BRANCH_MAX (BATCH_DEVICE_LEN + 1 + 32 + 1) /* bytes, with NUL */

/* One commit of a log. */
struct log_step {
	uint8_t commit[GITFORM_OID_LEN];
	uint8_t root[HASH_LEN]; /* of the log after it */
	bool bad;		/* its batch cannot be read */
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
	struct map entries; /* hash of each listed entry -> where */
	struct map objects; /* hash of each listed object -> its size */
	struct report report;
	int lock;	    /* descriptor; -1 if not held */
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
};

/*
 * Open the vault in `dir`. What is damaged goes to v->report; the rest is
 * open. `progress` (may be NULL) is called during long work.
 */
typedef void vault_progress(void *ctx, const char *what, uint64_t done,
			    uint64_t total);
struct vault *vault_open(const char *dir, int mode, vault_progress *progress,
			 struct err *e);
void vault_close(struct vault *v);
/* Free what vault_load_from filled, and nothing else; takes a zeroed one. */
void vault_forget(struct vault *v);

/* Read the logs again after something was added (the report is emptied). */
int vault_load(struct vault *v, bool thorough, struct err *e);

/*
 * The same over another set of references (`refs` calls back for each): what
 * a foreign bundle would make of a vault. See receive.c.
 */
typedef int vault_refs(void *ctx, gitstore_ref *ref, void *ref_ctx,
		       struct err *e);
int vault_load_from(struct vault *v, vault_refs *refs, void *ctx, bool thorough,
		    struct err *e);

/* Read batch n (1 .. length) of a log. */
int vault_batch(struct vault *v, const struct log *l, uint64_t n,
		struct vault_batch *out, struct err *e);
void vault_batch_free(struct vault_batch *b);
/* The git id under which a batch holds this file; NULL if it has none. */
const uint8_t *vault_batch_oid(const struct vault_batch *b,
			       const uint8_t sha256[HASH_LEN]);
/* Read an entry's file and compare its SHA-256. */
int vault_entry_file(struct vault *v, const struct vault_batch *b,
		     const uint8_t sha256[HASH_LEN],
		     struct gitstore_object *out, struct err *e);

/* The log of a device (not of a fork's other side), or NULL. */
struct log *vault_log(struct vault *v, const char *device);

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
