/*
 * Cuts (FORMAT.md 7): how far the logs of a seat's devices count. A cut names
 * a state of a log, never a time, so that everybody draws the same line.
 */
#ifndef MUNIMENT_CUTS_H
#define MUNIMENT_CUTS_H

#include "index.h"

/*
 * Read a `retire` or `cut` act's document. False if it is not of the form; the
 * lines are malloc'ed (cuts_free).
 */
bool cuts_read(const json_t *doc, size_t act, struct index_cut *out);
void cuts_free(struct index_cut *c);

/*
 * How many batches of this log count when it is `seat`'s, under the cuts that
 * are in force and touch the whole seat: UINT64_MAX if all do. *by is the cut
 * that drew the line; NULL if none did (a fork that nobody has settled).
 */
uint64_t cuts_limit(const struct index *x, size_t log, const char *seat,
		    const struct index_cut **by);
/* The same for what the seat does in one case, under cuts in that case. */
uint64_t cuts_limit_in(const struct index *x, size_t log, const char *seat,
		       const char *case_id);

/* Does a cut in force name a state of this device that is here? */
bool cuts_settle(const struct index *x, const char *device);

/* Is a retirement of the seat in force: of all of it, or (case) in a case? */
bool cuts_retired(const struct index *x, const char *seat, const char *case_id);

#endif
