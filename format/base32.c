#include "base32.h"

/*
 * Codes of shares are secrets: what is written or read decides on no branch
 * but whether it is of the form, and on no place in memory.
 */
static char
digit(uint32_t five)
{
	/* 'a' to 'z', then '2' to '7' */
	return (char)(five + 'a' - ((25u - five) >> 8 & ('a' + 26 - '2')));
}

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
			out[o++] = digit(bits >> (n - 5) & 31);
	}
	if (n > 0)
		out[o++] = digit(bits << (5 - n) & 31);
	return o;
}

/* All ones if c lies between these two, else 0. */
static uint32_t
within(uint32_t c, uint32_t from, uint32_t to)
{
	return ((((c - from) | (to - c)) >> 31) & 1) - 1;
}

static uint32_t
value(uint8_t c)
{
	uint32_t letter = within(c, 'a', 'z'), number = within(c, '2', '7');

	return (letter & (c - 'a')) | (number & (c - '2' + 26u)) |
	       (~(letter | number) & 32);
}

int
base32_decode(const void *text, size_t len, uint8_t *out, size_t cap,
	      size_t *outlen)
{
	const uint8_t *p = text;
	uint32_t bits = 0, bad = 0;
	unsigned n = 0;
	size_t o = 0;

	*outlen = 0;
	for (size_t i = 0; i < len; i++) {
		uint32_t v = value(p[i]);

		bad |= v & 32;
		bits = bits << 5 | (v & 31);
		n += 5;
		if (n >= 8) {
			n -= 8;
			if (o == cap)
				return -1;
			out[o++] = (uint8_t)(bits >> n);
		}
	}
	/* no whole character may be left over, and no bit that is set */
	if (bad != 0 || n >= 5 || (bits & ((1u << n) - 1)) != 0)
		return -1;
	*outlen = o;
	return 0;
}
