/*
 * What goes over the socket between contents.c and its workers, and the
 * workers' side of it. The worker asks and tells; we answer.
 */
#ifndef MUNIMENT_CONTENTSWORK_H
#define MUNIMENT_CONTENTSWORK_H

#include "contents.h"

#define CONTENTSWORK_PIECE (256u << 10) /* bytes of one message, at most */

/* What a worker is told first. */
struct contentswork_job {
	uint32_t form; /* enum contents_form */
	uint32_t unused;
	uint64_t size; /* of the file */
};

enum contentswork_what {
	WORK_READ,   /* give `len` bytes at `a` */
	WORK_MEMBER, /* `kind`, size `a`, time `b`; `len` bytes of name follow.
			One byte answers: are its bytes wanted? */
	WORK_BYTES,  /* `len` bytes follow */
	WORK_END,    /* of the member; `kind` 1: it cannot be read on, and `len`
			bytes of reason follow */
	WORK_DONE,   /* `kind` is an enum contents_state; `len` of reason */
};

#define CONTENTSWORK_NONE UINT64_MAX /* no size */
#define CONTENTSWORK_NEVER INT64_MIN /* no time */

struct contentswork_message {
	uint32_t what, kind;
	uint64_t a;
	int64_t b;
	uint32_t len, unused;
};

/*
 * The worker's side. A worker whose other side is gone ends in these.
 */

/* Bytes of the file, all of which must be there. */
void contentswork_read(uint64_t at, void *buf, size_t len);
/* True if the member's bytes are wanted. */
bool contentswork_member(enum contents_kind kind, const char *name,
			 uint64_t size, int64_t time);
void contentswork_bytes(const void *bytes, size_t len);
/* The end of a member whose bytes were wanted; NULL: all is well. */
void contentswork_end(const char *why);
void contentswork_done(enum contents_state state, const char *why);

/* archivework.c: an archive of `size` bytes. */
bool archivework_warm_up(void);
void archivework(uint64_t size);
/* mailwork.c: a message, or an mbox. */
bool mailwork_warm_up(void);
void mailwork(uint64_t size);

#endif
