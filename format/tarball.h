/*
 * The one form of tar header that Muniment writes and accepts (FORMAT.md 5):
 * POSIX.1-1988 ustar, regular files, everything fixed but name and size.
 */
#ifndef MUNIMENT_TARBALL_H
#define MUNIMENT_TARBALL_H

#include "result.h"

#include <stddef.h>
#include <stdint.h>

#define TARBALL_BLOCK 512			/* bytes */
#define TARBALL_END 1024			/* zero bytes at the end */
#define TARBALL_SIZE_MAX UINT64_C(077777777777) /* bytes of a member */

/* Write the header of a member; name has at most 99 bytes. */
void tarball_header(uint8_t out[TARBALL_BLOCK], const char *name,
		    uint64_t size);
/* Bytes of zeros after `size` bytes of content. */
size_t tarball_fill(uint64_t size);
/*
 * Read a header: name (NUL-terminated, up to 100 bytes with it) and size.
 * Anything that tarball_header would not have written is FORMAT_MALFORMED.
 */
enum format_result tarball_decode(const uint8_t in[TARBALL_BLOCK],
				  char name[100], uint64_t *size);

#endif
