#include "base32.h"

static const char alphabet[32] = "abcdefghijklmnopqrstuvwxyz234567";

size_t
base32_len(size_t len)
{
	return len / 5 * 8 + (len % 5 * 8 + 4) / 5;
}

size_t
base32_encode(const void *bytes, size_t len, char *out)
{
	const uint8_t *p = bytes;
	uint32_t bits = 0;
	unsigned n = 0;
	size_t o = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | p[i];
		for (n += 8; n >= 5; n -= 5)
			out[o++] = alphabet[bits >> (n - 5) & 31];
	}
	if (n > 0)
		out[o++] = alphabet[bits << (5 - n) & 31];
	return o;
}

static int
value(uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= '2' && c <= '7')
		return c - '2' + 26;
	return -1;
}

int
base32_decode(const void *text, size_t len, uint8_t *out, size_t cap,
	      size_t *outlen)
{
	const uint8_t *p = text;
	uint32_t bits = 0;
	unsigned n = 0;
	size_t o = 0;

	*outlen = 0;
	for (size_t i = 0; i < len; i++) {
		int v = value(p[i]);

		if (v < 0)
			return -1;
		bits = bits << 5 | (uint32_t)v;
		n += 5;
		if (n >= 8) {
			n -= 8;
			if (o == cap)
				return -1;
			out[o++] = (uint8_t)(bits >> n);
		}
	}
	/* no whole character may be left over, and no bit that is set */
	if (n >= 5 || (bits & ((1u << n) - 1)) != 0)
		return -1;
	*outlen = o;
	return 0;
}
