/* What the parts of the writer share (writer*.c). Not for others. */
#ifndef MUNIMENT_WRITER_INSIDE_H
#define MUNIMENT_WRITER_INSIDE_H

#include "writer.h"

#include "gitform.h"
#include "journal.h"
#include "merkle.h"
#include "packform.h"

#define GRANTS_MAX 255 /* rings to persons in one batch */
/* lines that a batch needs besides what is added: rings and `seen` */
#define RESERVED 16

struct grant {
	struct agekey_public to;
	struct secret *ring;
};

struct writer {
	struct index *x;
	struct vault *v;
	struct secret *device_key;
	const uint8_t *root; /* a new vault's root key; or NULL */
	char device[BATCH_DEVICE_LEN + 1];
	char seat[INDEX_SEAT_MAX];
	struct merkle_log tree;
	uint8_t head[GITFORM_OID_LEN]; /* the last commit */
	struct packform_file *pack;
	struct journal *journal;
	uint8_t vault_oid[GITFORM_OID_LEN];
	bool vault_packed;
	json_t *said; /* device -> size, of this log's `seen` lines */

	/* the batch that is open */
	bool open;
	char case_id[INDEX_CASE_MAX];
	struct agekey_public to;
	struct secret *ring; /* the case's ring, as text */
	char (*lines)[BATCH_LINE_MAX];
	struct gitform_name *names;
	size_t n_lines, n_names;
	struct grant *grants;
	size_t n_grants;

	/* what is being made for it */
	struct pool *pool;
	size_t reserved;     /* lines that will come */
	struct secret *keys; /* of entries at work, one for each in the pool */
	size_t n_keys;	     /* that were ever given out */

	/* keys of cases that this command opens */
	struct secret *case_keys;
	struct {
		char id[INDEX_CASE_MAX], epoch[HEX_ID_LEN + 1];
	} * fresh;
	size_t n_fresh;
};

#define LINES_MAX (BATCH_LEAVES_MAX + 1)

/* Room for `n` more lines: else the batch ends and the next begins. */
int writer_room(struct writer *w, size_t n, struct err *e);
/* Set a text. Not 0 without memory. */
int writer_set(json_t *doc, const char *key, const char *value);
/* The members that every entry has. */
int writer_set_common(struct writer *w, const char *kind, json_t *doc,
		      const char *seat);
/* Sign all that the document holds, with a seed, into its "signature". */
int writer_sign(json_t *doc, const uint8_t seed[32]);
/* Seal an entry and put it into the batch before it returns. */
int writer_put_entry_now(struct writer *w, json_t *doc,
			 const struct entry_content *contents, size_t n,
			 uint8_t sha256[HASH_LEN], struct err *e);
/* Take a ring for a person into the batch; it is freed here. */
int writer_grant(struct writer *w, const struct agekey_public *to,
		 struct secret *ring, struct err *e);
/*
 * A fresh hybrid key for a case; its public half goes to `to`, as text to
 * `recipient`, from which the epoch's id follows.
 */
int writer_make_epoch(struct writer *w, struct agekey_public *to,
		      char *recipient, struct err *e);
/* The act that announces the epoch just made: `act` is open or epoch. */
int writer_put_epoch(struct writer *w, const char *act, const char *id,
		     const char *recipient, json_t *doc, struct err *e);

#endif
