/*
 * Joining small packs before they become many: each command leaves one, and
 * libgit2 becomes slow with hundreds of them and fails with thousands.
 */
#ifndef MUNIMENT_REPACK_H
#define MUNIMENT_REPACK_H

#include "vault.h"

#define REPACK_MANY 32 /* packs that may lie beside each other */

/*
 * If there are more packs than that, join the smallest into one, so that what
 * is left are few whose sizes grow like powers of two. Under the lock. An
 * interruption at any point loses nothing.
 */
int repack(struct vault *v, struct err *e);

#endif
