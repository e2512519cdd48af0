/*
 * Bech32 (BIP 173, not Bech32m) as age uses it: without a limit of length, and
 * each kind of key in one case only. It may carry a secret key: nothing is
 * copied but into the caller's buffers.
 */
#ifndef MUNIMENT_BECH32_H
#define MUNIMENT_BECH32_H

#include <stddef.h>
#include <stdint.h>

/* Characters of the text of `len` bytes with this prefix. */
size_t bech32_len(const char *prefix, size_t len);

/*
 * Encode `len` bytes into bech32_len characters, no NUL; returns how many. The
 * prefix is ASCII of one case, and the text takes that case.
 */
size_t bech32_encode(const char *prefix, const uint8_t *bytes, size_t len,
		     char *out);

/*
 * Decode `textlen` characters that must have exactly this prefix and case and
 * give exactly `len` bytes. Returns 0, or -1 if not; then out is zeroed.
 */
int bech32_decode(const char *prefix, const char *text, size_t textlen,
		  uint8_t *out, size_t len);

#endif
