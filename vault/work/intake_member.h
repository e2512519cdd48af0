/*
 * Taking in what lay inside another file (contents.h): members become items,
 * each bound by `within` (FORMAT.md 6) to the item that holds the whole.
 */
#ifndef MUNIMENT_INTAKE_MEMBER_H
#define MUNIMENT_INTAKE_MEMBER_H

#include "contents.h"
#include "hash.h"
#include "intake.h"

/* The whole: where it stands. */
struct intake_container {
	uint8_t entry[HASH_LEN]; /* the entry that holds it */
	const char *item;
	unsigned file; /* which of the entry's files, from 1 */
};

/*
 * Take in the member at hand, whose bytes must be those of `size` and `sha256`,
 * as they were when the container was looked through before. `shown` is what
 * it is called in what is told. Content that the case holds is told as known.
 * -1 with `e` filled when the vault cannot be written, or the container now
 * gives other bytes.
 */
int intake_member(struct intake *in, const struct intake_container *from,
		  struct contents *c, const struct contents_member *m,
		  uint64_t size, const uint8_t sha256[HASH_LEN],
		  const char *shown, struct err *e);

/*
 * A member's path for people: each byte that is no text as \xNN. malloc'ed;
 * *bytes is set to its bytes in hex (malloc'ed) if they differ from that, else
 * to NULL. NULL without memory.
 */
char *intake_member_path(const char *name, char **bytes);

#endif
