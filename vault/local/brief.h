/*
 * What a list shows of a record, made once and kept in the index cache: short
 * texts behind each other.
 */
#ifndef MUNIMENT_BRIEF_H
#define MUNIMENT_BRIEF_H

#include <jansson.h>
#include <stddef.h>

/* NULL where the record has none. They point into the brief. */
struct brief {
	const char *time, *title, *kind;
	const char *name, *size; /* of the first file; the size in digits */
	const char *file;	 /* all that is shown of it, as JSON */
};

/* What is shown of a file: a new reference. */
json_t *brief_file(const json_t *file);
/* malloc'ed; NULL without memory. */
char *brief_make(const json_t *doc, size_t *len);
/* From `len` bytes with a NUL behind. 0, or -1 if they are none. */
int brief_read(const char *bytes, size_t len, struct brief *out);

#endif
