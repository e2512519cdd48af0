/*
 * What intake.c shares with intake_member.c: a file that comes as bytes, not as
 * a path. Not for others.
 */
#ifndef MUNIMENT_INTAKE_INSIDE_H
#define MUNIMENT_INTAKE_INSIDE_H

#include "intake.h"
#include "segments.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#define INTAKE_INLINE_MAX                                  \
	(64u << 10) /* bytes of a file that an entry holds \
		     */
#define INTAKE_ESCAPED_MAX (4 * NAME_MAX + 8)

void intake_tell(struct intake *in, enum intake_what what, const char *shown,
		 const char *item, const char *why);
/* Where the segments of large files go; they belong to the intake. */
struct segments *intake_segments(struct intake *in, struct err *e);

/*
 * A file's description without content and hash: its name's bytes, the folders
 * it lay in, time of modification, first bytes, whose type intake_record puts
 * into it. NULL: no memory, or a name that cannot be kept.
 */
json_t *intake_describe(struct intake *in, const char *name, const char *rel,
			int64_t time, const uint8_t *head, size_t len);
/* The item of this case that holds this content, or NULL. */
const char *intake_held(struct intake *in, uint64_t size,
			const uint8_t sha256[HASH_LEN]);
/* Make an item of it, tell of it, and know its content from now on. */
int intake_record(struct intake *in, const char *shown, json_t *file,
		  const json_t *within, const struct entry_content *content,
		  const uint8_t sha256[HASH_LEN], struct err *e);
/* The fields of the records that are made from now on; borrowed. */
void intake_fields(struct intake *in, const json_t *fields);
/* One file name as a text that an entry can keep; true if it differs. */
bool intake_escape(const char *name, char out[INTAKE_ESCAPED_MAX]);

#endif
