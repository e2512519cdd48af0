/*
 * What the commands see of vault/: a person at a vault. Everything is named
 * by the texts that people type, and everything that is shown comes as JSON
 * (README.md, "For machines"), which the commands print as it is or as text.
 */
#ifndef MUNIMENT_DESK_H
#define MUNIMENT_DESK_H

#include "err.h"
#include "mediatype.h"
#include "report.h"
#include "secret.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void desk_progress(void *ctx, const char *what, uint64_t done,
			   uint64_t total);

/* -- identities and cards, without a vault -- */

/* Make an identity file. work_factor 0: the usual. */
int desk_id_new(const char *path, const char *name, const char *org,
		const struct secret *pass, unsigned work_factor, struct err *e);
/* {"name","org","words","card"} of an identity, or of a card file. */
json_t *desk_id_card(const char *identity, const struct secret *pass,
		     struct err *e);
json_t *desk_card(const char *path, struct err *e);

/* -- a vault -- */

struct desk;

enum desk_mode { DESK_READ, DESK_WRITE };

/* Make a vault: {"vault"}. The root key goes to a file of its own. */
json_t *desk_init(const char *dir, const char *identity,
		  const struct secret *pass, const char *root_path,
		  const struct secret *root_pass, unsigned work_factor,
		  struct err *e);

/*
 * Open vault and identity. What is damaged is in desk_report, and the rest
 * goes on. NULL with `e` filled.
 */
struct desk *desk_open(const char *dir, const char *identity,
		       const struct secret *pass, enum desk_mode mode,
		       desk_progress *progress, struct err *e);
void desk_close(struct desk *d);
const struct report *desk_report(const struct desk *d);
/* True if something in the report makes the exit status 1. */
bool desk_is_damaged(const struct desk *d);

/* Lists and documents; a new reference, or NULL with `e` filled. */
json_t *desk_cases(struct desk *d, struct err *e);
json_t *desk_members(struct desk *d, const char *case_text, struct err *e);
/* Items of a case (NULL: all) that hold `query` somewhere (NULL: all). */
json_t *desk_items(struct desk *d, const char *case_text, const char *query,
		   struct err *e);
json_t *desk_show(struct desk *d, const char *item, struct err *e);
json_t *desk_history(struct desk *d, const char *item, struct err *e);
json_t *desk_custody(struct desk *d, const char *item, struct err *e);

/* -- acts; each is one command -- */

/* {"case","name"} */
json_t *desk_case_new(struct desk *d, const char *name, struct err *e);
/* case_text may be NULL: into the vault only. role NULL: reader. */
int desk_member_add(struct desk *d, const char *const *cards, size_t n,
		    const char *case_text, const char *role, struct err *e);
int desk_share(struct desk *d, const char *case_text, const char *const *items,
	       size_t n, const char *with, struct err *e);
int desk_retract(struct desk *d, const char *item, const char *why,
		 struct err *e);
int desk_note(struct desk *d, const char *item, const char *text,
	      struct err *e);

/* The practitioner's fields that a command line gives. */
struct desk_fields {
	const char *title, *kind; /* or NULL */
	const char *record;	  /* a JSON file, or NULL */
	const char *const *pairs; /* "name=value", n of them */
	size_t n;
};

/* What became of a path or item; see intake.h. */
enum desk_what {
	DESK_ADDED,
	DESK_KNOWN,
	DESK_SKIPPED,
	DESK_FAILED,
};
typedef void desk_told(void *ctx, enum desk_what what, const char *path,
		       const char *item, const char *why);

struct desk_sum {
	size_t done, failed;
};

int desk_add(struct desk *d, struct mediatype *m, const char *case_text,
	     const char *const *paths, size_t n,
	     const struct desk_fields *fields, bool again, desk_told *told,
	     void *ctx, struct desk_sum *sum, struct err *e);
/* `path` may be NULL: the content stays. */
int desk_edit(struct desk *d, struct mediatype *m, const char *item,
	      const struct desk_fields *fields, const char *path, bool join,
	      struct err *e);
/*
 * Write originals into a folder (by_item: each item into one of its own below
 * it); each file is told with the path it got.
 */
int desk_get(struct desk *d, const char *const *items, size_t n,
	     const char *case_text, const char *folder, bool by_item,
	     desk_told *told, void *ctx, struct desk_sum *sum, struct err *e);

/* -- moving -- */

struct desk_carry {
	const char *const *to; /* cards, recipients, members */
	size_t n_to;
	const struct secret *passphrase; /* or instead */
	unsigned work_factor;
	const char *case_text; /* or NULL */
	const char *const *items;
	size_t n_items;
	const char *path;
	uint64_t part;
};
/* {"parts","recipients"} */
json_t *desk_carry(struct desk *d, const struct desk_carry *c, struct err *e);

/* {"created","vault","words","batches","devices","objects","absent",...} */
json_t *desk_receive(const char *dir, const char *identity,
		     const struct secret *pass, const struct secret *file_pass,
		     const char *const *files, size_t n,
		     desk_progress *progress, struct err *e);

/* -- checking -- */

/*
 * {"files","devices","batches","entries","objects","absent","opened",
 * "originals","vault"} and the report, which the caller frees. identity NULL:
 * all that needs no key.
 */
json_t *desk_verify(const char *dir, const char *identity,
		    const struct secret *pass, desk_progress *progress,
		    struct report *report, struct err *e);

/* All fields that a record can have: [{"name","type","meaning"}]. */
json_t *desk_field_list(void);

#endif
