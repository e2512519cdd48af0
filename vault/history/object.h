/*
 * Bulk: one segment of a file in one padded age file (FORMAT.md 5).
 */
#ifndef MUNIMENT_OBJECT_H
#define MUNIMENT_OBJECT_H

#include "agekey.h"
#include "hex.h"
#include "vault.h"

#include <stddef.h>
#include <stdint.h>

#define OBJECT_SEGMENT_MAX (UINT64_C(1) << 30) /* bytes that a reader takes */
#define OBJECT_SEGMENTS_MAX 8192	       /* of one file */

/*
 * A segment as a record lists it (FORMAT.md 5): the object, the bytes of its
 * content, the id of its bulk identity. -1 if it is not of the form.
 */
int object_segment_parse(const char *text, uint8_t sha256[HASH_LEN],
			 uint64_t *len, char bulk[HEX_ID_LEN + 1]);

/*
 * Lock `len` bytes into local/tmp/<sha256>. Not flushed yet: journal_commit
 * does that. Several threads may do so at once, as with all that follows.
 */
int object_write(struct vault *v, const struct agekey_public *to,
		 const void *data, size_t len, uint8_t sha256[HASH_LEN],
		 uint64_t *size, struct err *e);

/*
 * Open an object: its SHA-256 is checked, its content must have `len` bytes.
 * *out is malloc'ed.
 */
int object_read(struct vault *v, const uint8_t sha256[HASH_LEN],
		const uint8_t secret[32], size_t len, uint8_t **out,
		struct err *e);

/* The same of one that this command wrote, and that has not its place yet. */
int object_read_new(struct vault *v, const uint8_t sha256[HASH_LEN],
		    const uint8_t secret[32], size_t len, uint8_t **out,
		    struct err *e);

/*
 * The same of one whose SHA-256 was checked a moment ago: that it is what was
 * locked to this key is checked all the same.
 */
int object_read_checked(struct vault *v, const uint8_t sha256[HASH_LEN],
			const uint8_t secret[32], size_t len, uint8_t **out,
			struct err *e);

/* Check an object's file against its line. ERR_EVIDENCE if it fails. */
int object_check(struct vault *v, const uint8_t sha256[HASH_LEN], uint64_t size,
		 struct err *e);

#endif
