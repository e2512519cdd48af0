/*
 * Taking in a carry file that may be damaged: if it is, and its parity lies
 * beside it, what it was is restored on the way, into a file without a name
 * that is gone at the end. The carry file itself is left as it is.
 */
#ifndef MUNIMENT_CARRYMEND_H
#define MUNIMENT_CARRYMEND_H

#include "carry.h"

/*
 * As carry_receive, with the same answers. result->mended says how many
 * damaged blocks were restored. What the parity says is believed in nothing:
 * all checks are made of what was restored.
 */
int carrymend_receive(const char *dir, const struct identity *id,
		      const struct carry_from *from, vault_progress *progress,
		      struct carry_result *result, struct err *e);

#endif
