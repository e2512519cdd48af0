/*
 * What was found wrong, or worth saying, while a vault was read: a list that
 * the command prints.
 */
#ifndef MUNIMENT_REPORT_H
#define MUNIMENT_REPORT_H

#include <stddef.h>

enum report_level {
	REPORT_NOTE,	/* worth knowing */
	REPORT_REFUSED, /* an entry that is kept, but not accepted */
	REPORT_HISTORY, /* signed, but contradicts other things: status 1 */
	REPORT_DAMAGE, /* not what was signed: status 1, and nothing is added */
};

struct report_line {
	enum report_level level;
	char *text; /* "<object>: <what>", escaped */
};

#define REPORT_MAX 5000 /* lines of each level that are kept */

struct report {
	struct report_line *lines;
	size_t n, cap;
	size_t count[4]; /* of each level, kept or not */
};

void report_add(struct report *r, enum report_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Add all that `from` holds to the end of `to`. */
void report_copy(struct report *to, const struct report *from);
/* Make notes of the lines of history that begin so, and add this to them. */
void report_calm(struct report *r, const char *start, const char *add);
/* Move all that `from` holds to the end of `to`. */
void report_move(struct report *to, struct report *from);
/* The first line of a level, or NULL. */
const char *report_first(const struct report *r, enum report_level level);
void report_free(struct report *r);

#endif
