/*
 * Who may write, and what counts (FORMAT.md 7): seats, devices and cases out
 * of signed acts, whatever the order they came in.
 */
#ifndef MUNIMENT_RIGHTS_H
#define MUNIMENT_RIGHTS_H

#include "err.h"

#include <jansson.h>
#include <stdbool.h>

struct index;
struct index_entry;

/* Fill seats, cases and log_seat, and mark each entry accepted or not. */
int rights_evaluate(struct index *x, struct err *e);

/*
 * Is an entry signed as an act: by the key that en->signer then names? The
 * costly part is done once for each entry.
 */
bool rights_is_signed(struct index_entry *en, const json_t *doc);

#endif
