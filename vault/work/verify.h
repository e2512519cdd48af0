/*
 * Checking a vault: every file, every batch, every signature, every object;
 * and, with an identity, every entry and every original.
 */
#ifndef MUNIMENT_VERIFY_H
#define MUNIMENT_VERIFY_H

#include "index.h"

#include <stddef.h>

struct verify_counts {
	size_t files, devices, batches, entries, objects;
	size_t opened, originals, unopened, absent;
	struct map right; /* objects whose files have their hash: map_free it */
};

/*
 * Files of the vault's folder that are damaged as files, or do not belong.
 * Works also where vault_open fails. Findings go to `report`.
 */
int verify_files(const char *dir, struct report *report,
		 struct verify_counts *n, struct err *e);

/*
 * All that needs no key, over a vault that was opened VAULT_THOROUGH: entry
 * files, objects, nothing missing, nothing too much. Objects that are here and
 * right go to n->right.
 */
int verify_blind(struct vault *v, struct verify_counts *n, struct err *e);

/*
 * The history alone, of a vault that was opened VAULT_THOROUGH: every entry,
 * and that no git object is here which no log lists.
 */
int verify_history(struct vault *v, struct verify_counts *n, struct err *e);

/*
 * All that the identity can open: every original is read and hashed. The files
 * of the objects in n->right are not hashed once more.
 */
int verify_readable(struct index *x, struct verify_counts *n, struct err *e);

#endif
