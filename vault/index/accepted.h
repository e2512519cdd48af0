/*
 * What counts besides acts, once seats and devices are known (FORMAT.md 7):
 * cards and labels, records, custody, retractions.
 */
#ifndef MUNIMENT_ACCEPTED_H
#define MUNIMENT_ACCEPTED_H

#include "index.h"

/* Mark each entry that is no act, and report all that are not accepted. */
int accepted_mark(struct index *x);
/* Would a record of that seat, there and in that case, be accepted? */
bool accepted_record(struct index *x, size_t log, uint64_t batch,
		     const char *seat, const char *case_id);
/* Why an entry does not count where it stands; NULL if it does. */
const char *accepted_beyond(const struct index *x,
			    const struct index_entry *en);

#endif
