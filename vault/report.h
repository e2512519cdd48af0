/*
 * What was found wrong, or worth saying, while a vault was read: a list that
 * the command prints.
 */
#ifndef MUNIMENT_REPORT_H
#define MUNIMENT_REPORT_H

#include <stddef.h>

enum report_level {
	REPORT_NOTE,    /* worth knowing */
	REPORT_REFUSED, /* an entry that is kept, but not accepted */
	REPORT_DAMAGE,  /* evidence failed verification: exit status 1 */
	REPORT_HISTORY, /* histories contradict each other: status 1, too */
};

struct report_line {
	enum report_level level;
	char *text; /* "<object>: <what>", escaped */
};

#define REPORT_MAX 10000 /* lines kept; more are counted */

struct report {
	struct report_line *lines;
	size_t n, cap;
	size_t count[4]; /* of each level, kept or not */
};

void report_add(struct report *r, enum report_level level, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
void report_free(struct report *r);

#endif
