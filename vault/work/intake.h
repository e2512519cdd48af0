/*
 * Taking evidence in: files and folders become items of a case, each with the
 * SHA-256 of the untouched original.
 */
#ifndef MUNIMENT_INTAKE_H
#define MUNIMENT_INTAKE_H

#include "hash.h"
#include "index.h"
#include "mediatype.h"
#include "sources.h"
#include "writer.h"

#include <jansson.h>

/* What became of one path. */
enum intake_what {
	INTAKE_ADDED,	/* an item was made */
	INTAKE_KNOWN,	/* the case holds this content: `item` has it */
	INTAKE_SKIPPED, /* a link, socket, device: `why` says */
	INTAKE_FAILED,	/* could not be read: `why` says */
	INTAKE_UNREAD,	/* as when it was taken in, by size and times: `item`
			   has it, and it was not read again */
};

struct intake;

/* Called for each file, in order. */
typedef void intake_told(void *ctx, enum intake_what what, const char *path,
			 const char *item, const char *why);

struct intake_options {
	const json_t *fields;	 /* of each record; borrowed */
	const json_t *original;	 /* of each new one, EXHIBIT.md 3; or NULL */
	bool again;		 /* take in content that the case has already */
	struct sources *sources; /* what need not be read (sources.h); or NULL
				  */
	bool reread; /* all is read; the list is kept all the same */
	intake_told *told;
	void *ctx;
};

/* Begin; `w` has been put to the case. NULL with `e` filled. */
struct intake *intake_new(struct index *x, struct writer *w,
			  const char *case_id, struct mediatype *m,
			  const struct intake_options *o, struct err *e);
void intake_free(struct intake *in);

/*
 * Take in one file or a folder with all below it. What cannot be taken in is
 * told and counted, and the rest goes on; -1 with `e` filled only when the
 * vault cannot be written.
 */
int intake_path(struct intake *in, const char *path, struct err *e);

/* How many were added, and how many could not be read. */
size_t intake_added(const struct intake *in);
size_t intake_failed(const struct intake *in);

/* The item of this case that holds this content, or NULL. */
const char *intake_held(struct intake *in, uint64_t size,
			const uint8_t sha256[HASH_LEN]);
/* Tell what became of `shown`: in the order of the files, or at once where
 * memory is short. */
void intake_tell(struct intake *in, enum intake_what what, const char *shown,
		 const char *item, const char *why);
/* The fields of the records that are made from now on; borrowed. */
void intake_fields(struct intake *in, const json_t *fields);

/*
 * Write a further version of an item: `fields` replace those it had; `path`,
 * if not NULL, gives its new content. All current versions are its parents. A
 * redacted copy stays one of the same original.
 */
int intake_edit(struct intake *in, const struct index_item *item,
		const json_t *fields, const char *path, struct err *e);

#endif
