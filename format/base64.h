/*
 * Base64 (RFC 4648, section 4), strict: of all texts that could mean the same
 * bytes, only the one that encoding gives is accepted. No white space, no
 * left-over bits, padding exactly where it is asked for.
 */
#ifndef MUNIMENT_BASE64_H
#define MUNIMENT_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters of the text of `len` bytes. */
size_t base64_len(size_t len, bool padded);

/* Write base64_len characters, no NUL; returns how many. */
size_t base64_encode(const void *bytes, size_t len, bool padded, char *out);

/*
 * Decode `len` characters into `out` (cap bytes; 3 for every 4 characters
 * begun always suffice). Returns 0, or -1 if it is not canonical Base64 or
 * does not fit; then *outlen is 0 and out holds nothing to rely on.
 */
int base64_decode(const void *text, size_t len, bool padded, uint8_t *out,
		  size_t cap, size_t *outlen);

#endif
