/*
 * Who may write, and what counts (FORMAT.md 7): seats, devices and cases out
 * of signed acts, whatever the order they came in.
 */
#ifndef MUNIMENT_RIGHTS_H
#define MUNIMENT_RIGHTS_H

#include "err.h"

struct index;

/* Fill seats, cases and log_seat, and mark each entry accepted or not. */
int rights_evaluate(struct index *x, struct err *e);

#endif
