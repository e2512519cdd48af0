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

/*
 * DESK_LEAN may be added where a command touches a few items, whatever the
 * vault holds: the others rest in the index cache.
 */
enum desk_mode { DESK_READ = 0, DESK_WRITE = 1, DESK_LEAN = 2 };

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
		       const struct secret *pass, int mode,
		       desk_progress *progress, struct err *e);
void desk_close(struct desk *d);
const struct report *desk_report(const struct desk *d);
/* True if something was found, now or when it was opened, for status 1. */
bool desk_is_damaged(const struct desk *d);

/* Lists and documents; a new reference, or NULL with `e` filled. */
json_t *desk_cases(struct desk *d, struct err *e);
json_t *desk_members(struct desk *d, const char *case_text, struct err *e);
/* A line of a list, while it is shown; what is not there is NULL. */
struct desk_item {
	const char *item, *shown; /* its id, and as much as names it */
	const char *case_id, *case_name;
	const char *title, *kind, *taken_in;
	const char *name; /* of its first file */
	int64_t size;	  /* of that */
	size_t versions, current;
	bool retracted;
	const char *redacted_from; /* an item */
	size_t copies;		   /* redacted ones */
	const char *file;	   /* that file, as JSON; or all is in `o` */
	json_t *o;
};
/* 0, or -1 to end the list. */
typedef int desk_item_fn(void *ctx, const struct desk_item *item);
/* The line as an object: a new reference, or NULL without memory. */
json_t *desk_item_json(const struct desk_item *item);
/*
 * Call `item` for each item of a case (NULL: all) that holds `query` somewhere
 * (NULL: all).
 */
int desk_items(struct desk *d, const char *case_text, const char *query,
	       desk_item_fn *item, void *ctx, struct err *e);
json_t *desk_show(struct desk *d, const char *item, struct err *e);
json_t *desk_history(struct desk *d, const char *item, struct err *e);
json_t *desk_custody(struct desk *d, const char *item, struct err *e);

/* -- acts; each is one command -- */

/* {"case","name"} */
json_t *desk_case_new(struct desk *d, const char *name, struct err *e);
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
	DESK_UNREAD,
};
typedef void desk_told(void *ctx, enum desk_what what, const char *path,
		       const char *item, const char *why);

struct desk_sum {
	size_t done, failed;
};

/* DESK_AGAIN: content that the case has, too; DESK_REREAD: unchanged files. */
enum desk_add_flag { DESK_AGAIN = 1, DESK_REREAD = 2 };
int desk_add(struct desk *d, struct mediatype *m, const char *case_text,
	     const char *const *paths, size_t n,
	     const struct desk_fields *fields, int flags, desk_told *told,
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
	unsigned parity; /* percent that stands beside it; 0: none */
};
/* {"file","parts","recipients","parity"} */
json_t *desk_carry(struct desk *d, const struct desk_carry *c, struct err *e);

struct desk_receive {
	const char *const *files; /* one carry file's parts, n of them */
	size_t n;
	const struct secret *file_pass; /* or NULL */
	bool cosign;			/* what came of others */
	bool large;			/* however much it is */
	const char *invite; /* the file of an invitation to check; or NULL */
};
/*
 * {"created","vault","words","batches","devices","objects","absent",...,
 * "cosigned","invite"}.
 */
json_t *desk_receive(const char *dir, const char *identity,
		     const struct secret *pass, const struct desk_receive *what,
		     desk_progress *progress, struct err *e);

/* -- checking -- */

/*
 * {"files","devices","batches","entries","objects","absent","opened",
 * "originals","vault","witnesses","unwitnessed"} and the report, which the
 * caller frees. identity NULL: all that needs no key. `invite` is an invitation
 * to check against, or NULL.
 */
json_t *desk_verify(const char *dir, const char *identity,
		    const struct secret *pass, const char *invite,
		    desk_progress *progress, struct report *report,
		    struct err *e);

/*
 * Only what came since the last desk_verify of all with this identity:
 * {"batches",...} as above, "covered_batches", "covered_objects": what is
 * there, and was not read again.
 */
json_t *desk_verify_since(const char *dir, const char *identity,
			  const struct secret *pass, desk_progress *progress,
			  struct report *report, struct err *e);

/* All fields that a record can have: [{"name","type","meaning"}]. */
json_t *desk_field_list(void);

#endif
