/*
 * Carry files (FORMAT.md 9): a vault's history and bulk in one encrypted file
 * for named people, and taking such a file in.
 */
#ifndef MUNIMENT_CARRY_H
#define MUNIMENT_CARRY_H

#include "index.h"
#include "invite.h"
#include "map.h"
#include "merge.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CARRY_PART_MAX UINT64_C(4227858432) /* bytes: fits FAT, and Padmé */

/* What a carry file brings, and what it goes on from. */
struct carry_content {
	uint8_t (*tips)[GITFORM_OID_LEN]; /* newest commits of its branches */
	size_t n_tips;
	uint8_t (*needs)[GITFORM_OID_LEN]; /* commits that must be here */
	size_t n_needs;
	struct map objects;
};
void carry_content_free(struct carry_content *c);

/* Which bulk goes along, and how much of the history. */
struct carry_what {
	const struct index_case *only_case; /* or NULL */
	struct index_item *const *items;    /* n_items of them; or NULL */
	size_t n_items;
	bool no_bulk;
	const uint64_t *since;	 /* what the others have of each log; or NULL */
	const struct map *there; /* objects that they have; or NULL */
	struct carry_content
	    *content; /* filled with what was written; or NULL */
};

struct carry_to {
	const struct agekey_public *keys; /* n of them */
	size_t n;
	const struct secret *passphrase; /* instead of keys */
	unsigned work_factor;		 /* 0: the usual */
	uint64_t part;	 /* bytes of a part; 0: CARRY_PART_MAX */
	unsigned parity; /* percent that stands beside it; 0: none */
};

/*
 * Could it be written? -1 with `e` filled if a name is taken, the medium is
 * read-only or has not the room: asked before the vault says that it carries.
 * Nothing is left behind.
 */
int carry_check(struct index *x, const struct carry_to *to,
		const struct carry_what *what, const char *path, struct err *e);

/* How many objects would go along? */
int carry_count(struct index *x, const struct carry_what *what, size_t *objects,
		struct err *e);

/*
 * Write the file, or its parts `path`.001, .002, ...; *parts says how many (1
 * means one file called `path`). All of it is read back and gets its names
 * only then (parts.h).
 */
int carry_write(struct index *x, const struct carry_to *to,
		const struct carry_what *what, const char *path, size_t *parts,
		struct err *e);

enum carry_why {
	CARRY_FINE,
	CARRY_NOT_OURS, /* locked to somebody else */
	CARRY_CUT_OFF,	/* not whole: an interrupted copy, or damage */
	CARRY_NEEDS,	/* an earlier carry file is needed first */
	CARRY_UNREAD,	/* the medium does not give its bytes */
	CARRY_REFUSED,	/* all else */
};

struct carry_result {
	bool created;		       /* the vault was not here before */
	enum carry_why why;	       /* when it was not taken in */
	struct carry_content *content; /* set by the caller; or NULL */
	struct merge_result merged;
	size_t mended; /* damaged blocks that its parity restored */
};

struct carry_from {
	const char *const *files; /* a carry file's parts in order, n of them */
	size_t n;
	const struct secret *passphrase; /* or NULL */
	const struct invite *expect;	 /* or NULL */
	bool large;			 /* whatever the caps say (caps.h) */
};

/*
 * Take in a carry file (or its parts, in order) into the vault at `dir`, which
 * is made if nothing is there. With `expect` (or NULL), what is here afterwards
 * must be what that invitation says. Either all of it is checked and taken in,
 * or nothing changes.
 */
int carry_receive(const char *dir, const struct identity *id,
		  const struct carry_from *from, vault_progress *progress,
		  struct carry_result *result, struct err *e);

#endif
