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
};

/*
 * Files of the vault's folder that are damaged as files, or do not belong.
 * Works also where vault_open fails. Findings go to `report`.
 */
int verify_files(const char *dir, struct report *report,
		 struct verify_counts *n, struct err *e);

/*
 * All that needs no key, over a vault that was opened VAULT_THOROUGH: entry
 * files, objects, nothing missing, nothing too much.
 */
int verify_blind(struct vault *v, struct verify_counts *n, struct err *e);

/* All that the identity can open: every original is read and hashed. */
int verify_readable(struct index *x, struct verify_counts *n, struct err *e);

#endif
