/* What the parts of the vault share (vault*.c). Not for others. */
#ifndef MUNIMENT_VAULT_INSIDE_H
#define MUNIMENT_VAULT_INSIDE_H

#include "vault.h"

/*
 * Read the commit, its tree and its batch file; `sigs`: its signatures are
 * checked.
 */
int vault_read_batch(struct vault *v, const struct log *l, uint64_t n,
		     bool sigs, struct vault_batch *out, struct err *e);

#endif
