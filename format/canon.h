/*
 * Canonical JSON and the fields of an entry (FORMAT.md 5).
 */
#ifndef MUNIMENT_CANON_H
#define MUNIMENT_CANON_H

#include "result.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define CANON_JSON_MAX (1u << 20) /* bytes of entry.json */
#define CANON_DEPTH_MAX 12	  /* objects and lists inside each other */
#define CANON_FIELDS_MAX 65536	  /* fields of an entry */
#define CANON_NAME_MAX 1024	  /* bytes of a field's name, NUL included */

/*
 * Read canonical JSON: an object, and byte for byte what canon_encode writes
 * of it. *out is a new reference, or NULL.
 */
enum format_result canon_decode(const char *text, size_t len, json_t **out);

/*
 * Write it. malloc'ed, NUL-terminated, *len without the NUL. Values that have
 * no canonical form are FORMAT_MALFORMED.
 */
enum format_result canon_encode(const json_t *object, char **out, size_t *len);

/* The canonical text of one value (a field's value). malloc'ed, or NULL. */
char *canon_value(const json_t *value);

/*
 * True if a string may stand in canonical JSON: UTF-8 (jansson has seen to
 * that), no control characters but LF and TAB, no DEL.
 */
int canon_is_text(const char *s, size_t len);

/*
 * Call `field` for each field of an entry, but for `salt` and `signature`.
 * It returns 0, or -1 to stop. Returns FORMAT_OK when it was called for all.
 */
typedef int canon_field(void *ctx, const char *name, const json_t *value);
enum format_result canon_fields(const json_t *object, canon_field *field,
				void *ctx);

#endif
