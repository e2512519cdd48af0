/*
 * Zip archives (PKWARE APPNOTE 6.3), in the one shape that leaves nothing to
 * choose: members one behind the other from the first byte, then the
 * directory, then its end, nothing between, before or behind. Other programs
 * go by the directory or by the members' own headers; here both say the same,
 * so that nobody sees another content than we do. Stored or deflated, ZIP64 or
 * not, not encrypted.
 */
#ifndef MUNIMENT_ZIPFORM_H
#define MUNIMENT_ZIPFORM_H

#include "result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZIPFORM_TAIL 98	 /* bytes at the end that zipform_end reads */
#define ZIPFORM_LOCAL 30 /* bytes of a member's header without name */
#define ZIPFORM_LOCAL_MAX (30 + 2 * 65535) /* bytes of a whole one */
#define ZIPFORM_DESCRIPTOR_MAX 24	   /* bytes behind a member */
#define ZIPFORM_DIR_MAX (64u << 20)	   /* bytes of a directory */

/* Where the directory is. */
struct zipform_end {
	uint64_t members;
	uint64_t at, len; /* bytes */
};

/*
 * Read the end of an archive of file_len bytes from its last `len` bytes: all,
 * or ZIPFORM_TAIL of them.
 */
enum format_result zipform_end(const uint8_t *tail, size_t len,
			       uint64_t file_len, struct zipform_end *out);

/* A member, as the directory has it. */
struct zipform_member {
	const char *name; /* a view; a folder's ends with '/' */
	size_t name_len;
	bool is_folder;
	bool is_special; /* a link, a device, ...: not to be followed */
	bool deflated;	 /* else stored */
	bool descriptor; /* behind it */
	uint16_t flags;
	uint32_t crc;
	uint64_t packed, size; /* bytes, in the archive and unpacked */
	uint64_t at;	       /* where its header begins */
};

/*
 * Read the directory's entry that `bytes` begin with; *used is its length.
 */
enum format_result zipform_member(const uint8_t *bytes, size_t len,
				  struct zipform_member *out, size_t *used);

/* Length of the header at `bytes` (at least ZIPFORM_LOCAL), or 0. */
size_t zipform_local_len(const uint8_t *bytes, size_t len);
/* FORMAT_OK if that header, which is whole, says what the directory says. */
enum format_result zipform_local(const uint8_t *bytes, size_t len,
				 const struct zipform_member *m);
/* True if these bytes are all that may stand behind the member's content. */
bool zipform_descriptor(const uint8_t *bytes, size_t len,
			const struct zipform_member *m);

#endif
