/*
 * local/journal: what a command is about to add to a vault, written before it
 * adds anything, so that the next command can take it back if the first one
 * was interrupted before its branch moved (FORMAT.md 8).
 */
#ifndef MUNIMENT_JOURNAL_H
#define MUNIMENT_JOURNAL_H

#include "vault.h"

#include <stddef.h>
#include <stdint.h>

struct journal; /* what will be added */

struct journal *journal_new(void);
void journal_free(struct journal *j);
/* An object file that waits in local/tmp under its hash. -1: no memory. */
int journal_object(struct journal *j, const uint8_t sha256[HASH_LEN]);
/* A pack (its name without ending) that waits in local/tmp. */
int journal_pack(struct journal *j, const char *name);
/* One that joins packs that are here: it is never taken back. */
int journal_joined(struct journal *j, const char *name);
/* A branch that will point to this commit. */
int journal_branch(struct journal *j, const char *branch,
		   const uint8_t commit[GITFORM_OID_LEN]);

/*
 * Do it: flush, write the journal, give all files their places, flush, move
 * the branches, remove the journal. After a failure the vault is as before.
 */
int journal_commit(struct journal *j, struct vault *v, struct err *e);

/*
 * After vault_load, under the lock: take back what an interrupted command
 * left, and empty local/tmp.
 */
int journal_recover(struct vault *v, struct err *e);

/* The objects that an interrupted command was about to add. */
int journal_objects(struct vault *v, struct map *objects, struct err *e);

#endif
