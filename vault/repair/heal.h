/*
 * A damaged vault made whole from another copy of it: a partner's folder, or a
 * carry file. All that comes is checked as if it were received; what is damaged
 * here is not thrown away but set aside in local/damaged.
 */
#ifndef MUNIMENT_HEAL_H
#define MUNIMENT_HEAL_H

#include "identity.h"
#include "report.h"
#include "vault.h"

#include <stdbool.h>
#include <stddef.h>

struct heal_from {
	const char *other;		 /* a vault's folder, or a carry file */
	const struct secret *passphrase; /* of the carry file; or NULL */
	bool large;			 /* whatever the caps say: caps.h */
};

struct heal_result {
	size_t files;		/* config, HEAD and references put right */
	bool history;		/* its history was damaged */
	bool history_damaged;	/* and still is: that copy has not all of it */
	size_t batches;		/* of it that are here now, and were not */
	size_t objects;		/* large files that were restored */
	size_t objects_lacking; /* that the other copy has not either */
	struct report found;	/* what is damaged there */
};

/*
 * Put right what keeps a vault from being opened at all: config, HEAD, folders,
 * references that are none. *files counts them.
 */
int heal_open_up(const char *dir, size_t *files, struct err *e);

/*
 * Is the history of an open vault (VAULT_THOROUGH) as it was signed, and all of
 * its packs as they were written?
 */
int heal_is_sound(struct vault *v, bool *sound, struct err *e);

/*
 * Heal the vault at `dir`, which belongs to `id`. No device comes that this
 * vault does not know: that is what receiving is for. -1 with `e` filled; what
 * was healed until then stays. The caller frees out->found in any case.
 */
int heal(const char *dir, const struct identity *id,
	 const struct heal_from *from, vault_progress *progress,
	 struct heal_result *out, struct err *e);

#endif
