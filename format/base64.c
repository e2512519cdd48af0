#include "base64.h"

/*
 * Seeds and file keys are written so: what is written or read decides on no
 * branch but whether it is of the form, and on no place in memory.
 */

/* All ones if a < b (both below 2^31), else 0. */
static uint32_t
less(uint32_t a, uint32_t b)
{
	return 0u - ((a - b) >> 31);
}

static char
digit(uint32_t six)
{
	/* from each of the five runs of the alphabet on, another distance */
	return (char)(six + 'A' + (less(25, six) & ('a' - 'A' - 26)) -
		      (less(51, six) & ('a' + 26 - '0')) -
		      (less(61, six) & ('0' + 10 - '+')) +
		      (less(62, six) & ('/' - '+' - 1)));
}

/* All ones if c lies from `from` to `to`, else 0. */
static uint32_t
within(uint32_t c, uint32_t from, uint32_t to)
{
	return ~(less(c, from) | less(to, c));
}

/* The value of a character, 64 if it has none. */
static uint32_t
value(uint8_t c)
{
	uint32_t big = within(c, 'A', 'Z'), small = within(c, 'a', 'z');
	uint32_t number = within(c, '0', '9');
	uint32_t plus = within(c, '+', '+'), slash = within(c, '/', '/');

	return (big & (c - 'A')) | (small & (c - 'a' + 26u)) |
	       (number & (c - '0' + 52u)) | (plus & 62) | (slash & 63) |
	       (~(big | small | number | plus | slash) & 64);
}

size_t
base64_len(size_t len, bool padded)
{
	size_t rest = len % 3;

	if (rest == 0)
		return len / 3 * 4;
	return len / 3 * 4 + (padded ? 4 : rest + 1);
}

size_t
base64_encode(const void *bytes, size_t len, bool padded, char *out)
{
	const uint8_t *p = bytes;
	size_t o = 0;
	uint32_t v;

	for (; len >= 3; len -= 3, p += 3) {
		v = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		out[o++] = digit(v >> 18);
		out[o++] = digit(v >> 12 & 63);
		out[o++] = digit(v >> 6 & 63);
		out[o++] = digit(v & 63);
	}
	if (len == 0)
		return o;
	v = (uint32_t)p[0] << 16 | (len == 2 ? (uint32_t)p[1] << 8 : 0);
	out[o++] = digit(v >> 18);
	out[o++] = digit(v >> 12 & 63);
	if (len == 2)
		out[o++] = digit(v >> 6 & 63);
	if (padded) {
		if (len == 1)
			out[o++] = '=';
		out[o++] = '=';
	}
	return o;
}

/* The last 2 or 3 characters, which give 1 or 2 bytes; -1 if not canonical. */
static int
decode_rest(const uint8_t *p, size_t n, uint8_t *out)
{
	uint32_t a = value(p[0]), b = value(p[1]);
	uint32_t c = n == 3 ? value(p[2]) : 0;

	if (((a | b | c) & 64) != 0 || (n == 2 ? b & 15 : c & 3) != 0)
		return -1;
	out[0] = (uint8_t)(a << 2 | b >> 4);
	if (n == 3)
		out[1] = (uint8_t)(b << 4 | c >> 2);
	return 0;
}

int
base64_decode(const void *text, size_t len, bool padded, uint8_t *out,
	      size_t cap, size_t *outlen)
{
	const uint8_t *p = text;
	size_t o = 0, rest;
	uint32_t bad = 0;

	*outlen = 0;
	if (padded) {
		if (len % 4 != 0)
			return -1;
		for (int i = 0; i < 2 && len > 0 && p[len - 1] == '='; i++)
			len--;
	}
	rest = len % 4;
	if (rest == 1 || cap < len / 4 * 3 + (rest > 0 ? rest - 1 : 0))
		return -1;
	for (; len >= 4; len -= 4, p += 4) {
		uint32_t a = value(p[0]), b = value(p[1]);
		uint32_t c = value(p[2]), d = value(p[3]);

		bad |= (a | b | c | d) & 64;
		out[o++] = (uint8_t)(a << 2 | b >> 4);
		out[o++] = (uint8_t)(b << 4 | c >> 2);
		out[o++] = (uint8_t)(c << 6 | d);
	}
	if (bad != 0)
		return -1;
	if (rest > 0) {
		if (decode_rest(p, rest, out + o) != 0)
			return -1;
		o += rest - 1;
	}
	*outlen = o;
	return 0;
}
