/*
 * What a redacted copy says was taken out (EXHIBIT.md 3), one zone a text:
 *
 *   <page> <x> <y> <width> <height> <reason>   thousandths of the page
 *   <from>-<to> <reason>                       seconds, or lines of a text
 *
 * In the form that is written, parts are separated by one blank; people may
 * use more, and what they type is brought to that form.
 */
#ifndef MUNIMENT_ZONES_H
#define MUNIMENT_ZONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZONES_MAX 1000	     /* of one copy */
#define ZONES_TEXT_MAX 512   /* bytes of one, NUL included */
#define ZONES_REASON_MAX 400 /* bytes of its reason */
#define ZONES_PAGE_MAX 100000
#define ZONES_TO_MAX 999999999 /* a second, a line */

enum zones_what {
	ZONES_PAGE,  /* of a document or an image */
	ZONES_TIME,  /* of a recording, in seconds */
	ZONES_LINES, /* of a text */
};

struct zone {
	bool box;
	uint32_t page, x, y, width, height; /* box */
	char from[16], to[16];		    /* else: decimal, NUL-terminated */
	bool whole;			    /* both are whole numbers */
	const char *reason;		    /* inside the text that was read */
};

/*
 * Read one zone; true if it is of the form (with blanks before, between and
 * behind as people type them).
 */
bool zones_parse(const char *text, struct zone *out);
/* Read it and say whether it fits what is redacted. */
bool zones_fits(const struct zone *z, enum zones_what what);
/* Write it in its one form. */
void zones_format(const struct zone *z, char out[ZONES_TEXT_MAX]);

#endif
