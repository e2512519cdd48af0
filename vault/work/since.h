/*
 * What the last full verify covered (local/verified.age, FORMAT.md 8), and
 * checking what came since.
 *
 * What was covered is not read again: the logs must go on from there, the
 * batches and entries must be in the repository and the objects' files must be
 * there, with their sizes. Bytes that changed in place are for a full verify.
 */
#ifndef MUNIMENT_SINCE_H
#define MUNIMENT_SINCE_H

#include "verify.h"

struct since_counts {
	struct verify_counts news; /* checked fully */
	size_t batches, objects;   /* only looked whether they are there */
};

/*
 * After a full verify with this identity: remember what it covered, or, if it
 * has `failed`, that nothing is covered. What cannot be written is a note in
 * the report.
 */
void since_remember(struct vault *v, const struct identity *id, bool failed);

/*
 * Check what came since, in a vault that was opened for its identity, and the
 * index of it. What is wrong goes to v->report. -1 with `e` filled if that
 * cannot be known; there must have been a full verify.
 */
int since_verify(struct index *x, struct since_counts *n, struct err *e);

#endif
