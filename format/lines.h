/*
 * Texts of lines "<word> <word> ...": read strictly, and written into memory
 * that grows. What the texts of an exhibit package have in common.
 */
#ifndef MUNIMENT_LINES_H
#define MUNIMENT_LINES_H

#include "result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_TIME_LEN 20 /* characters of YYYY-MM-DDTHH:MM:SSZ */

/* A view into the reader's text; not NUL-terminated. */
struct lines_view {
	const char *text;
	size_t len; /* bytes */
};

/* What is still to be read. */
struct lines {
	const char *p, *end;
};

/* The whole next line, without its LF; false at the end or without LF. */
bool lines_next(struct lines *l, struct lines_view *line);
/*
 * The same if it begins with `word` and a blank; `rest`, which is not empty,
 * is what stands behind. Otherwise nothing moves.
 */
bool lines_take(struct lines *l, const char *word, struct lines_view *rest);
/* True if nothing is left. */
bool lines_done(const struct lines *l);

/*
 * Take the next word, up to a blank or the end, off a line: it is not empty,
 * and after a blank another follows. Otherwise false.
 */
bool lines_word(struct lines_view *line, struct lines_view *word);
/* The same, which must be these: a decimal, `len` bytes in hex. */
bool lines_number(struct lines_view *line, uint64_t *out);
bool lines_hex(struct lines_view *line, size_t len, uint8_t *out);
/* The same: one letter and a number from 1 to max, at least `digits` long. */
bool lines_numbered(struct lines_view *line, char letter, int digits,
		    uint32_t max, uint32_t *out);
/* True if the view is exactly this text. */
bool lines_is(const struct lines_view *v, const char *text);
/* Copy a view into `cap` bytes, NUL included; false if it does not fit. */
bool lines_copy(const struct lines_view *v, char *out, size_t cap);

/* True if it is a time of this form whose parts are in their ranges. */
bool lines_is_time(const char *text, size_t len);
/* True if all bytes are printable ASCII. */
bool lines_is_printable(const char *text, size_t len);

/*
 * A text that grows. After a failure (no memory) nothing more is added;
 * lines_text_done then returns NULL.
 */
struct lines_text {
	char *text; /* malloc'ed, NUL-terminated */
	size_t len, cap;
	bool failed;
};

void lines_add(struct lines_text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void lines_add_bytes(struct lines_text *t, const void *bytes, size_t len);
/* "<word> <hex>" LF */
void lines_add_hex(struct lines_text *t, const char *word, const uint8_t *bytes,
		   size_t len);
/* Hand over: malloc'ed, NUL-terminated, *len bytes; NULL if it failed. */
char *lines_text_done(struct lines_text *t, size_t *len);

#endif
