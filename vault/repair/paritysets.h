/*
 * Parity of a vault's own files, on request: its large files and its packs
 * (FORMAT.md 8, local/parity/). Everything here works without a key.
 *
 * Large files are gathered in sets, of which each has its parity. What is new
 * makes a new set, and takes smaller ones into it: so that no file is read for
 * this more than a few times, and there are few sets. The packs are a set of
 * their own, made anew when they have changed.
 */
#ifndef MUNIMENT_PARITYSETS_H
#define MUNIMENT_PARITYSETS_H

#include "report.h"
#include "vault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct paritysets_sum {
	size_t sets;	    /* that there are now */
	size_t files;	    /* that they protect */
	size_t added;	    /* of these just now */
	size_t unprotected; /* large files and packs that none protects */
	uint64_t bytes;	    /* of parity */
	size_t damaged;	    /* blocks of parity; paritysets_check only */
};

/*
 * Protect what is not yet, by so many percent; `anew`: all of it. `v` is open.
 * -1 with `e` filled: ERR_EVIDENCE if a file is damaged already.
 */
int paritysets_make(struct vault *v, unsigned percent, bool anew,
		    struct paritysets_sum *out, struct err *e);

/*
 * Is the parity as it was written, and what is without? What is wrong goes to
 * `report`, as notes: it is no evidence.
 */
int paritysets_check(struct vault *v, struct report *report,
		     struct paritysets_sum *out, struct err *e);

struct paritysets_mended {
	size_t sets;	       /* that there are */
	size_t objects, packs; /* restored */
	size_t lost; /* damaged, and more than their parity can restore */
};

/*
 * Restore what is damaged or missing of the large files and, if `history`, of
 * the packs; the logs are then read again. `v` is open for writing. What
 * cannot be restored is named in `report`.
 */
int paritysets_mend(struct vault *v, bool history,
		    struct paritysets_mended *out, struct report *report,
		    struct err *e);

#endif
