/*
 * What a vault is told of an exchange with another copy of it: custody
 * `received` in the cases where records came, keys for members who lack them,
 * and cosignatures of what was accepted.
 */
#ifndef MUNIMENT_EXCHANGE_H
#define MUNIMENT_EXCHANGE_H

#include "identity.h"
#include "index.h"

#include <stdbool.h>
#include <stddef.h>

struct exchange_result {
	size_t received;    /* cases that got a custody entry */
	size_t cosigned;    /* logs */
	size_t given;	    /* members who got keys that they lacked */
	struct err refused; /* why this machine's log cannot be gone on with */
};

/*
 * To be called after a merge, with an index that is up to date and a vault
 * open for writing. Says once what is new: a second call writes nothing. With
 * `cosign` false no cosignature is made. Who is no member, or is
 * retired, says nothing; nor does a machine whose own log is not to be gone on
 * with: *result says why. If
 * anything was written, the index is out of date.
 */
int exchange_note(struct index *x, bool cosign, struct exchange_result *result,
		  struct err *e);

/*
 * True if exchange_settle has marked the vault's branches as they are now:
 * nothing has to be said that was not said then. Somebody else may have put
 * new batches here since, as sync with this folder does.
 */
bool exchange_is_settled(struct vault *v, const struct identity *id);
/* Mark them; called after exchange_note with `cosign`, v being read again. */
int exchange_settle(struct vault *v, const struct identity *id, struct err *e);

#endif
