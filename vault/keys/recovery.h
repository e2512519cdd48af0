/*
 * Recovery by trustees: an identity, or a vault's root key, is cut into
 * printed shares, any `threshold` of which restore it (FORMAT.md, Shares).
 *
 * Nothing is written but the sheets that recovery_write makes and the key
 * file that recovery_save makes. Keys and shares lie in guarded memory; the
 * libraries that draw the codes and hold JSON work in ordinary memory, so
 * commands do all of this in a process that wipes itself (apart.h).
 */
#ifndef MUNIMENT_RECOVERY_H
#define MUNIMENT_RECOVERY_H

#include "err.h"
#include "secret.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define RECOVERY_SHARES_MAX 16

enum recovery_kind {
	RECOVERY_IDENTITY = 1,
	RECOVERY_ROOT = 2,
};

/* -- cutting -- */

struct recovery_sheets;

/*
 * Unlock the key file `path` and cut it into `shares`, of which `threshold`
 * (2 or more) restore it. `label` (or NULL) stands on each sheet. Each sheet
 * has been read back and joined. NULL with `e` filled.
 */
struct recovery_sheets *recovery_cut(enum recovery_kind kind, const char *path,
				     const struct secret *pass,
				     unsigned threshold, unsigned shares,
				     const char *label, struct err *e);
/* Sheet `i` (from 0) as text; NULL behind the last. A view. */
const struct secret *recovery_text(const struct recovery_sheets *s, unsigned i);
/*
 * Write share-N.html and share-N.txt into a folder that is free, all or none.
 * *in_memory: the folder lies in memory, not on a disk.
 */
int recovery_write(const struct recovery_sheets *s, const char *folder,
		   bool *in_memory, struct err *e);
/* {"set","threshold","shares"} */
json_t *recovery_sheets_json(const struct recovery_sheets *s);
void recovery_sheets_free(struct recovery_sheets *s);

/* -- joining -- */

struct recovery;

/* NULL with `e` filled. */
struct recovery *recovery_new(struct err *e);
void recovery_free(struct recovery *r);

/* What became of a line. */
enum recovery_line {
	RECOVERY_OTHER, /* it belongs to no share */
	RECOVERY_TAKEN,
	RECOVERY_SHARE,	 /* and the share is whole */
	RECOVERY_FAILED, /* `e` is filled, and nothing was taken */
};
/*
 * Give one line of a share, or the text of a code. `from` (or NULL) stands
 * before messages. A share that turns out wrong when it is whole is
 * forgotten.
 */
enum recovery_line recovery_line(struct recovery *r, const char *from,
				 const char *text, size_t len, struct err *e);
/* The same on a terminal, where the number before the words may be left out. */
enum recovery_line recovery_typed(struct recovery *r, const char *text,
				  size_t len, struct err *e);
/* Read a file with one share or several; NULL reads `fd`. */
int recovery_read(struct recovery *r, const char *path, int fd, struct err *e);

/* The same of a text in guarded memory. */
int recovery_text_lines(struct recovery *r, const char *from, const void *text,
			size_t len, struct err *e);

/* Where a person who types is. */
struct recovery_place {
	unsigned share;	   /* the one that is being typed, from 1 */
	unsigned line, of; /* its next line; 0 while it is not known */
	unsigned missing;  /* shares; 0 if there are enough or none yet */
	bool enough;
};
struct recovery_place recovery_place(const struct recovery *r);

/* Join the shares. 0, or -1 with `e` filled. */
int recovery_join(struct recovery *r, struct err *e);
/* Of what has been joined: its kind; {"kind","name","org","words"} of an
 * identity's card, or {"kind","vault","words"} of a root key. */
enum recovery_kind recovery_kind(const struct recovery *r);
json_t *recovery_json(const struct recovery *r, struct err *e);
/* Write it to a new file, locked with `pass`. work_factor 0: the usual one. */
int recovery_save(const struct recovery *r, const char *path,
		  const struct secret *pass, unsigned work_factor,
		  struct err *e);

#endif
