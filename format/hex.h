/* Lower-case hex digits, and other small texts of fixed form. */
#ifndef MUNIMENT_HEX_H
#define MUNIMENT_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEX_ID_LEN 32 /* digits of an id of 16 bytes, without NUL */

/* Write 2 * len digits and a NUL. */
void hex_encode(const uint8_t *bytes, size_t len, char *out);
/* `len` bytes from 2 * len lower-case digits. 0, or -1 if they are not. */
int hex_decode(const char *text, size_t len, uint8_t *out);
/* True if the n characters are all lower-case hex digits. */
bool hex_is(const char *text, size_t n);
/*
 * A decimal number without sign or leading zeros, the whole of `n`
 * characters, at most 2^53-1. 0, or -1.
 */
int hex_decimal(const char *text, size_t n, uint64_t *out);

#endif
