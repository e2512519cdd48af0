/*
 * A redacted copy taken in as an item of its own, bound to its original
 * (format/EXHIBIT.md 3). Whether what should be hidden is hidden is for people
 * to see; what a machine can tell soundly is said.
 */
#ifndef MUNIMENT_REDACT_H
#define MUNIMENT_REDACT_H

#include "desk.h"
#include "pdfwork.h"

struct redact {
	const char *item; /* the original's */
	const char *path; /* of the redacted file */
	size_t file;	  /* which of the original's, from 1; 0: it has one */
	/* zones as people type them, several divided by LF; or "@FILE" */
	const char *const *zones;
	size_t n_zones;
	const char *decided_by, *basis; /* texts, or NULL */
	const struct desk_fields
	    *fields; /* of the copy; nothing is inherited */
};

/*
 * {"item": the copy's, "original": the original's, "zones": how many,
 *  "warnings": [texts]}; the texts are escaped. NULL with `e` filled, when the
 * file still holds the whole original, too. m and pdf as their headers say;
 * pdf may be NULL: then less is told.
 */
json_t *desk_redact(struct desk *d, struct mediatype *m, struct pdfwork *pdf,
		    const struct redact *r, struct err *e);

#endif
