/*
 * How a record describes a file (FORMAT.md 6): its name and the folders it lay
 * in, as texts, with their bytes where those are no text; when it was modified.
 */
#ifndef MUNIMENT_DESCRIBE_H
#define MUNIMENT_DESCRIBE_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <time.h>

#define DESCRIBE_ESCAPED_MAX (4 * NAME_MAX + 8)

/*
 * Bytes of a file name as a text that an entry can keep: what is no UTF-8 or
 * a control character is written \xNN. True if something had to be escaped.
 */
bool describe_escape(const char *name, char out[DESCRIBE_ESCAPED_MAX]);

/*
 * `name` the file's own, at most NAME_MAX bytes; `folders` those it lay in
 * below the one that was named, or "". NULL: no memory, or a name that cannot
 * be kept.
 */
json_t *describe_file(const char *name, const char *folders, time_t modified);

/* A text of it. 0, or -1: no memory, or no UTF-8. */
int describe_set(json_t *o, const char *key, const char *value);

#endif
