/*
 * Forks: two histories that one device has signed. Where they part the device
 * is frozen, and the places are named the same way whatever order the
 * histories came in and whatever their branches are called.
 */
#ifndef MUNIMENT_FORKS_H
#define MUNIMENT_FORKS_H

#include "vault.h"

/*
 * Set `frozen` of every log and report each place where two part. -1 without
 * memory. For vault_load_from.
 */
int forks_check(struct vault *v, struct err *e);

/*
 * A cut says which side of this device's fork stands: from now on the fork is
 * a note in the report, and no finding. -1 without memory.
 */
int forks_settle(struct vault *v, const char *device);

#endif
