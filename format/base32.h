/*
 * Base32 (RFC 4648, section 6) in lower case and without padding: names of
 * devices. Strict: only the text that encoding gives is accepted.
 */
#ifndef MUNIMENT_BASE32_H
#define MUNIMENT_BASE32_H

#include <stddef.h>
#include <stdint.h>

/* Characters of the text of `len` bytes. */
size_t base32_len(size_t len);

/* Write base32_len characters, no NUL; returns how many. */
size_t base32_encode(const void *bytes, size_t len, char *out);

/*
 * Decode `len` characters into `out` (cap bytes). Returns 0, or -1 if it is
 * not canonical or does not fit; then *outlen is 0.
 */
int base32_decode(const void *text, size_t len, uint8_t *out, size_t cap,
		  size_t *outlen);

#endif
