/*
 * What the files of intake share: intake.c finds files, intake_take.c reads
 * one, intake_items.c makes its item, in order, intake_edit.c a further version
 * of one; intake_member.c takes in what comes as bytes, not as a path. Not for
 * others.
 */
#ifndef MUNIMENT_INTAKE_INSIDE_H
#define MUNIMENT_INTAKE_INSIDE_H

#include "describe.h"
#include "hash.h"
#include "held.h"
#include "intake.h"
#include "segments.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#define INTAKE_INLINE_MAX                                  \
	(64u << 10) /* bytes of a file that an entry holds \
		     */
/* files that are read while others are still being looked at and locked */
#define INTAKE_AHEAD 24

/*
 * A file that was read: its item is made when all before it has been. Or what
 * else is to be told when that has been told which is before it.
 */
struct ahead {
	enum intake_what what;
	char *shown, *why; /* or NULL */
	char item[HEX_ID_LEN + 1];
	uint64_t question; /* that asks for its media type */
	json_t *file, *fields, *within;
	struct entry_content content; /* its own bytes */
	size_t mark; /* in the writer's pool: its segments are before it */
};

struct intake {
	struct index *x;
	struct writer *w;
	char case_id[INDEX_CASE_MAX];
	struct mediatype *m;
	struct intake_options o;
	struct held *held;
	struct segments *segments; /* made for the first large file */
	uint8_t *buf;		   /* SEGMENTS_PIECE bytes */
	char root[PATH_MAX]; /* what was named, absolute; "" if not known */
	size_t named;	     /* bytes of the path as it was named */
	uint64_t question;   /* of the last file described */
	struct ahead ahead[INTAKE_AHEAD];
	size_t n_ahead;
	size_t added, failed;
	uint64_t done; /* bytes read */
};

/*
 * intake_take.c
 */

/* A file that is being taken in. */
struct source {
	int fd;
	const char *shown; /* how messages call it */
	const char *name;  /* its own name */
	const char *rel;   /* folders below the one that was added; or "" */
	struct stat st;
	struct hash *sha256;
	uint64_t size;
};

/* Open a source; -1 after telling why it is passed over. */
int intake_source_open(struct intake *in, struct source *s, const char *path);
void intake_source_close(struct source *s);

enum taken {
	TAKEN_OK,
	TAKEN_KNOWN,  /* the case has it */
	TAKEN_FAILED, /* told; the rest goes on */
	TAKEN_FATAL,  /* `e` is filled */
};

/* A file on its way in. */
struct taking {
	struct source *s;
	bool again;		      /* take known content in once more */
	json_t *file;		      /* its description */
	json_t *segments;	      /* of a large one */
	struct entry_content content; /* of a small one: the entry holds it */
	uint8_t sha256[HASH_LEN];
	char known[HEX_ID_LEN + 1]; /* TAKEN_KNOWN: the item that has it */
};

/*
 * Read a file: its description with its content or segments. The caller ends
 * the taking.
 */
enum taken intake_take(struct intake *in, struct taking *t, struct err *e);
void intake_taking_end(struct taking *t);

/* Where the segments of large files go; they belong to the intake. */
struct segments *intake_segments(struct intake *in, struct err *e);

/*
 * A file's description (describe.h) without content and hash; its type, which
 * is asked for by its first bytes, comes with its item. NULL: no memory, or a
 * name that cannot be kept.
 */
json_t *intake_describe(struct intake *in, const char *name, const char *rel,
			time_t modified, const uint8_t *head, size_t len);

/*
 * intake_items.c
 */

/* What a record says of where its file is from (FORMAT.md 6). */
struct origin {
	const json_t *original, *within; /* or NULL */
};

/* The record of one file. */
int intake_put_record(struct intake *in, const char *item, json_t *parents,
		      const json_t *fields, json_t *files, struct origin from,
		      const struct entry_content *content, struct err *e);
/* Its media type, which was asked for when it was described. */
int intake_set_type(struct intake *in, json_t *file, uint64_t question);
/* A new item of what was taken: known at once, made a little later. */
int intake_new_item(struct intake *in, const char *shown, json_t *file,
		    const json_t *within, const struct entry_content *content,
		    const uint8_t sha256[HASH_LEN], struct err *e);
/* The same, and made at once: for intake_member.c. */
int intake_record(struct intake *in, const char *shown, json_t *file,
		  const json_t *within, const struct entry_content *content,
		  const uint8_t sha256[HASH_LEN], struct err *e);
/* Make the items of all that was read. */
int intake_catch_up(struct intake *in, struct err *e);
void intake_ahead_free(struct ahead *a);

#endif
