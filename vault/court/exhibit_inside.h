/*
 * An exhibit package while it is made: what the files exhibit*.c share. Not
 * for others.
 *
 * All is gathered and checked before anything is written: the entries with
 * their proofs (exhibit_collect.c, exhibit_fields.c), the checkpoints that
 * vouch for them (exhibit_points.c). Then the parts are written
 * (exhibit_parts.c), the facts stated (exhibit_facts.c), and the package sealed
 * (exhibit.c).
 */
#ifndef MUNIMENT_EXHIBIT_INSIDE_H
#define MUNIMENT_EXHIBIT_INSIDE_H

#include "exhibit.h"

#include "exproof.h"
#include "hash.h"
#include "index.h"
#include "merkle.h"
#include "packout.h"
#include "stamp.h"
#include "vault.h"
#include "witness.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXHIBIT_ID_MAX 16   /* bytes of "e001", "c1", with NUL */
#define EXHIBIT_NAME_MAX 24 /* bytes of "data/0001.jpeg", with NUL */

/* An entry that the package shows. */
struct exhibit_entry {
	char id[EXHIBIT_ID_MAX]; /* "e001" */
	size_t index;		 /* into x->entries */
	size_t item;		 /* from 1; 0: of none */
	bool opened;		 /* all of it, with its key */
	/*
	 * An earlier version, shown only because it holds originals of the
	 * record `of` (an entry, from 1): these of its files, from 1.
	 */
	size_t of;
	size_t *same, n_same;
	json_t *doc;
	struct exproof proof; /* names and values of fields are malloc'ed */
	size_t *points;	      /* the checkpoints over it */
	size_t n_points;
	size_t earlier; /* its "no earlier than": an entry, from 1; 0: none */
};

/* An original in data/. */
struct exhibit_file {
	char path[EXHIBIT_NAME_MAX];
	size_t entry;	    /* into the entries */
	size_t n;	    /* from 1: files.<n> of it */
	const json_t *file; /* a view into the entry's doc */
	uint64_t size;
};

/* A checkpoint that the package shows. */
struct exhibit_point {
	char id[EXHIBIT_ID_MAX]; /* "c1" */
	size_t log;
	uint64_t size;
	char *note; /* as its device has signed it */
	size_t note_len;
	size_t *marks; /* cosignatures: into w->marks */
	size_t n_marks;
};

/* A stamp that the package shows. */
struct exhibit_stamp {
	char id[EXHIBIT_ID_MAX]; /* "t1" */
	size_t stamp;		 /* into ex->stamps->list */
	/* for each of its marks the checkpoint's number, from 1; 0: not shown
	 */
	unsigned *numbers;
};

struct exhibit {
	struct index *x;
	const struct exhibit_options *o;
	struct index_item *const *items;
	size_t n_items;
	struct witness *w;
	struct stamps *stamps;
	char made[21]; /* time */
	struct exhibit_entry *entries;
	size_t n_entries;
	struct exhibit_file *files;
	size_t n_files;
	struct exhibit_point *points;
	size_t n_points;
	struct exhibit_stamp *shown;
	size_t n_shown;
	bool
	    *named; /* for each of o->disclose: a field of this name is there */
	struct packout *out;
	json_t *report; /* of the last check; or NULL */
	json_t *plan;	/* for filing; or NULL */
	char id[33];	/* of the package */
};

/* -- exhibit_collect.c -- */

/*
 * Which entries and files: the current versions of the items, what was said
 * of them, and their originals, each read whole once. -1 with `e` naming the
 * item that cannot be shown.
 */
int exhibit_collect(struct exhibit *ex, struct err *e);
/* Add an entry; `item` from 1, or 0. Its place; SIZE_MAX with `e` filled. */
size_t exhibit_entry_add(struct exhibit *ex, size_t index, size_t item,
			 struct err *e);

/* -- exhibit_fields.c -- */

/* Is this field of an entry of this kind shown? */
bool exhibit_wants(struct exhibit *ex, const struct exhibit_entry *en,
		   const char *name);
/* The fields that are shown, with their paths, of every entry. */
int exhibit_fields_make(struct exhibit *ex, struct err *e);
void exhibit_fields_free(struct exproof *p);

/* -- exhibit_points.c -- */

/* Place the entries in their batches, and choose the checkpoints. */
int exhibit_points_choose(struct exhibit *ex, struct err *e);
/* The place of a log's checkpoint in the package; SIZE_MAX with `e` filled. */
size_t exhibit_point_at(struct exhibit *ex, size_t log, uint64_t size,
			struct err *e);
/* An entry is shown under this checkpoint; -1 if `at` is SIZE_MAX. */
int exhibit_point_add(struct exhibit_entry *en, size_t at, struct err *e);

/* -- exhibit_stamps.c -- */

/*
 * The earliest stamps of each authority that cover an entry, and, if that one
 * has aged, the earliest whose word still counts.
 */
int exhibit_stamps_add(struct exhibit *ex, struct exhibit_entry *en,
		       struct err *e);
/* The stamp that says "no earlier than"; SIZE_MAX if there is none. */
size_t exhibit_stamps_earlier(const struct exhibit *ex,
			      const struct exhibit_entry *en);
/* Is any stamp shown, as either? */
bool exhibit_stamps_any(const struct exhibit *ex);
/* Write proof/t<n>/ and proof/roots.pem. */
int exhibit_stamps_write(struct exhibit *ex, struct err *e);
/* For the facts: the roots; all stamps; what they say of an entry. */
json_t *exhibit_stamps_roots(const struct exhibit *ex);
json_t *exhibit_stamps_list(const struct exhibit *ex);
void exhibit_stamps_facts(const struct exhibit *ex,
			  const struct exhibit_entry *en, json_t *later,
			  json_t *earlier);

/* -- exhibit_parts.c -- */

/* Write data/ and proof/. */
int exhibit_parts_write(struct exhibit *ex, struct err *e);

/* -- exhibit_index.c -- */

/* Write proof/exhibit.txt, signers.txt and policy.txt. */
int exhibit_index_write(struct exhibit *ex, struct err *e);
/* The key of a cosignature, as in proof/policy.txt. */
void exhibit_key(const struct exhibit *ex, const struct witness_mark *m,
		 struct cosign_vkey *out);
/* The number of the entry that a redacted copy's original is; 0: not shown. */
size_t exhibit_original(const struct exhibit *ex,
			const struct exhibit_entry *en);

/* -- exhibit_count.c -- */

/* Write count/. */
int exhibit_count_write(struct exhibit *ex, struct err *e);

/* -- exhibit_filing.c -- */

/* What stands against a profile, before anything is written. */
int exhibit_filing_check(struct exhibit *ex, struct err *e);
/* Write filing/. */
int exhibit_filing_write(struct exhibit *ex, struct err *e);
/* The number of a document's pages, borrowed; NULL if it is not known. */
json_t *exhibit_filing_pages(const struct exhibit *ex, const char *path);

/* -- exhibit_tags.c -- */

/* The package's id, once data/ is written. */
int exhibit_tags_id(struct exhibit *ex, struct err *e);

/* Write what stands around the parts: certificate, manifests, seal. */
int exhibit_tags_write(struct exhibit *ex, struct err *e);

/* -- exhibit_facts.c -- */

/* What the last check said: [{"name","result","text"}]. */
json_t *exhibit_checks(const struct exhibit *ex);
/* Does an earlier version hold all originals that are shown of a record? */
bool exhibit_holds_all(const struct exhibit *ex, const struct exhibit_entry *en,
		       size_t record);

/*
 * What the certificate states (certificate.h), `id` being the package's: a new
 * reference, or NULL.
 */
json_t *exhibit_facts(struct exhibit *ex, const char *id, struct err *e);

#endif
