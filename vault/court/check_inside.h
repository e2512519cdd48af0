/* What check.c and check_*.c share. */
#ifndef MUNIMENT_CHECK_INSIDE_H
#define MUNIMENT_CHECK_INSIDE_H

#include "bagit.h"
#include "check.h"
#include "exindex.h"
#include "exproof.h"
#include "package.h"
#include "policytext.h"
#include "timestamp.h"

/* In the order in which they are told. */
enum check_name {
	CHECK_PACKAGE,
	CHECK_FILES,
	CHECK_SEAL,
	CHECK_ORIGINALS,
	CHECK_FIELDS,
	CHECK_ENTRIES,
	CHECK_BATCH,
	CHECK_LOG,
	CHECK_CHECKPOINT,
	CHECK_COSIGNATURES,
	CHECK_STAMPS,
	CHECK_RENEWALS,
	CHECK_REDACTION,
	CHECK_COUNT,
	CHECK_NAMES
};

enum check_result { CHECK_HOLDS, CHECK_FAILS, CHECK_UNKNOWN };

#define CHECK_LINES_MAX 200	      /* of one check that are kept */
#define CHECK_ROOM 50000	      /* lines about all items */
#define CHECK_PROOFS_MAX (128u << 20) /* bytes of all proof/eNNN.proof */

struct check_verdict {
	bool applies;
	size_t n, count[3]; /* lines kept; of each result */
	json_t *lines;	    /* [{"result","text"}] */
	char summary[512];  /* what to say if it holds */
	char first[2][512]; /* the first line that fails, is unknown */
};

struct check_entry {
	struct exproof proof;
	bool has_proof;
	bool is_right; /* fields, batch, and if opened the entry, hold */
	bool is_known; /* its place in a log was shown, too */
	bool *under;   /* n_checkpoints: is in the log under that one */
};

/* A cosignature that holds, of a checkpoint. */
struct check_cosignature {
	uint32_t checkpoint; /* from 1 */
	size_t key;	     /* index of the witness in policy.keys */
	int64_t time;	     /* POSIX seconds */
};

struct check_checkpoint {
	bool is_right; /* signed by the device, and of this vault */
	char *text;    /* the file, malloc'ed */
	size_t len, body_len;
	uint8_t root[HASH_LEN];
	char *note; /* what the tlog-proofs have of it; malloc'ed */
	size_t note_len;
};

struct check_stamp {
	bool counts;		  /* it says something about time */
	bool is_renewed, is_aged; /* how its word reaches until now */
	struct timestamp t;
};

struct check {
	const struct check_options *o;
	struct package *p;
	struct package_file *files;
	size_t n_files;
	bool *taken; /* n_files: something says what the file is */
	struct check_verdict v[CHECK_NAMES];
	json_t *compare;
	int64_t now;
	size_t room;	   /* lines about items that are still told */
	struct err broken; /* no memory, unreadable disk: no verdict */

	bool has_index;
	struct exindex x;
	struct policytext policy;
	bool *used; /* of its keys: has signed something here */
	uint8_t seal_key[32];
	bool has_seal_key;
	char id[33];

	struct check_entry *entries;	      /* x.n_entries */
	struct check_checkpoint *checkpoints; /* x.n_checkpoints */
	struct check_cosignature *cosigned;   /* n_cosigned */
	size_t n_cosigned;
	struct timestamp_list roots;
	bool roots_given;	    /* by --root */
	struct check_stamp *stamps; /* exindex_stamps(x) */
	uint32_t n_stamps;
	struct check_stamp *earlier; /* x.n_entries; of stamp entries */
};

/* Add a line to a check; foreign text must be escaped by the caller. */
void check_say(struct check *c, enum check_name name, enum check_result r,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* What to say of it if all of it holds; also makes it apply. */
void check_sum(struct check *c, enum check_name name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Something that the reader should compare; none twice. */
void check_compare(struct check *c, const char *what, const char *value,
		   const char *of);
/* A file, which is thereby accounted for; NULL if it is not here. */
struct package_file *check_take(struct check *c, const char *path);
/*
 * The same, read whole. If it lacks or is too long, `name` fails with it.
 * malloc'ed, or NULL.
 */
char *check_read(struct check *c, enum check_name name, const char *path,
		 size_t max, size_t *len);
/* The last error is no verdict on the evidence: keep it, the run ends. */
bool check_is_broken(struct check *c, const struct err *e,
		     enum check_name name);
/* "SHA256:..." as ssh-keygen prints it. */
#define CHECK_FINGERPRINT_MAX 64
void check_fingerprint(const uint8_t pub[32], char out[CHECK_FINGERPRINT_MAX]);
/* The value of a shown field: a new reference, or NULL. */
json_t *check_field(const struct check_entry *n, const char *name);
/*
 * True if the field is a `files.<n>.sha256`, and that and `files.<n>.size` are
 * those of a file here.
 */
bool check_states(const struct check_entry *n, const char *name,
		  const struct package_file *f);
/* A value as text, "" if it is not shown or none; a view into `v`. */
const char *check_text(const json_t *v);
/* Time in the form of entries. */
#define CHECK_TIME_MAX 32
void check_time(int64_t t, char out[CHECK_TIME_MAX]);

/* True if a field is shown and has this value, a text or (NULL) a number. */
bool check_field_is(const struct check_entry *n, const char *name,
		    const char *text, uint64_t number);
bool check_has_field(const struct check_entry *n, const char *name);
/* Say it of entry `i` (from 0), which is then not right. */
void check_entry_fails(struct check *c, size_t i, enum check_name name,
		       const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The root of a token that counts, to be compared. */
void check_tell_root(struct check *c, const struct timestamp *t);

/* check_parts.c: manifests, hashes, seal, and what is in no list. */
void check_bag(struct check *c);
void check_index(struct check *c);
void check_leftovers(struct check *c);
/* check_entries.c: proofs and opened entries; it calls the other two */
void check_entries(struct check *c);
/* check_originals.c */
void check_originals(struct check *c);
void check_redactions(struct check *c);
/* check_log.c: checkpoints, logs, cosignatures. */
void check_logs(struct check *c);
/* check_stamps.c, which calls check_earlier.c for each `stamp` entry shown */
void check_stamps(struct check *c);
void check_earlier_token(struct check *c, size_t i);
/* check_count.c */
void check_count(struct check *c);
/*
 * check_items.c: whether what vouches for time vouches for what is shown; what
 * is right about each item; what is not shown.
 */
void check_coverage(struct check *c);
json_t *check_items(struct check *c);
json_t *check_limits(struct check *c);

#endif
