/*
 * A person moves to new keys: a new identity of the same name, and in each
 * vault a hand-over signed by the old one (FORMAT.md 5, `handover`).
 */
#ifndef MUNIMENT_ROTATE_H
#define MUNIMENT_ROTATE_H

#include "desk.h"

struct rotate {
	const char *old_path;
	const struct secret *old_pass;
	const char *new_path; /* made if it is not there */
	const struct secret *new_pass;
	unsigned work_factor; /* 0: the usual one */
	const char *vault;    /* a vault to hand over, or NULL */
	desk_progress *progress;
};

/*
 * {"name","org","words","made","card"}; with a vault also {"vault",
 * "handed_over" (false: had been before), "cases": [{"case","name"}],
 * "items", "also_admitted_by": [name]}. `report`, which the caller frees, says
 * what was found wrong in the vault. NULL with `e` filled: then nothing was
 * written, or the same call goes on from there, as it does after an
 * interruption.
 */
json_t *rotate_identity(const struct rotate *r, struct report *report,
			struct err *e);

#endif
