/*
 * What is inside an archive or a mail file, read by libarchive and GMime in a
 * process that holds no key and can do nothing but answer (workshop.h). Nothing
 * is unpacked to a disk: members come as bytes.
 *
 * Archives are tar, zip and 7z, plain or in gzip, bzip2, xz or zstd, and single
 * files in one of those four. Mail is one message or an mbox; its members are
 * attachments, and texts that belong to the message itself. Archives inside
 * archives are files like any other.
 *
 * A worker that a file takes over can lie about that file's contents; each
 * member is the claim of its container.
 */
#ifndef MUNIMENT_CONTENTS_H
#define MUNIMENT_CONTENTS_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTENTS_NAME_MAX 4096 /* bytes of a member's name, NUL included */
#define CONTENTS_WHY_MAX 200   /* bytes of a reason, NUL included */

/* The workers; NULL with `e` filled only without memory. */
struct contents_work;
/* Before any key is in memory: it forks. One that fails says so when used. */
struct contents_work *contents_start(struct err *e);
bool contents_works(const struct contents_work *w);
void contents_stop(struct contents_work *w); /* takes NULL */

/* Where the file's bytes come from; read gives exactly `len` of them, or -1. */
struct contents_source {
	int (*read)(void *ctx, uint64_t at, void *buf, size_t len,
		    struct err *e);
	void *ctx;
	uint64_t size;
};

enum contents_form { CONTENTS_ARCHIVE, CONTENTS_MAIL };

/* What a media type and a file name say it is; false: none of these. */
bool contents_form_of(const char *media_type, const char *name,
		      enum contents_form *out);

struct contents_limits {
	uint64_t members; /* of any kind */
	uint64_t total;	  /* bytes of all of them */
	uint64_t each;	  /* bytes of one */
	uint64_t ratio; /* bytes for one of the container's, beyond the first */
};
/* The usual ones, or those of somebody who expects much. */
void contents_limits_of(bool large, struct contents_limits *out);

enum contents_kind {
	CONTENTS_FILE,
	CONTENTS_TEXT, /* of a message, no attachment */
	CONTENTS_FOLDER,
	CONTENTS_SYMLINK,
	CONTENTS_HARDLINK,
	CONTENTS_FIFO,
	CONTENTS_DEVICE,
	CONTENTS_SOCKET,
	CONTENTS_ENCRYPTED,
	CONTENTS_KINDS
};

struct contents_member {
	enum contents_kind kind;
	uint64_t number;	      /* from 1, in the container's order */
	char name[CONTENTS_NAME_MAX]; /* its bytes, whatever they are */
	bool has_size, has_time;
	uint64_t size; /* as announced */
	int64_t time;  /* of modification, seconds */
};

enum contents_state {
	CONTENTS_READ,	    /* to its end */
	CONTENTS_NOT,	    /* no archive of a kind that is read */
	CONTENTS_LOCKED,    /* encrypted as a whole */
	CONTENTS_DAMAGED,   /* from some place on */
	CONTENTS_TOO_MUCH,  /* a limit was reached */
	CONTENTS_WENT_AWAY, /* the worker died, or did not answer */
	CONTENTS_STATES
};

struct contents;

/*
 * Begin. `source` outlives it. NULL with `e` filled when no worker could be
 * started.
 */
struct contents *contents_open(struct contents_work *w, enum contents_form form,
			       const struct contents_source *source,
			       const struct contents_limits *limits,
			       struct err *e);
/*
 * The next member: 1; 0 when there are no more, for which contents_state says
 * why; -1 with `e` filled when the source cannot be read. What was not read of
 * the one before is passed over.
 */
int contents_next(struct contents *c, struct contents_member *out,
		  struct err *e);
/*
 * Bytes of the member, a file or a text: as many as came, 0 at its end. -2 if
 * it cannot be read on: contents_why. -1 as above.
 */
ssize_t contents_read(struct contents *c, void *buf, size_t len, struct err *e);
/* Why it ended, and in words (of the library's: not escaped; or ""). */
enum contents_state contents_state(const struct contents *c);
const char *contents_why(const struct contents *c);
void contents_close(struct contents *c); /* takes NULL */

#endif
