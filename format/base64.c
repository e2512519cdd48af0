#include "base64.h"

static const char alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789+/";

/* clang-format off */
#define X (-1)
#define X8 X, X, X, X, X, X, X, X
#define X32 X8, X8, X8, X8
/* The value of a character, -1 if it has none. */
static const int8_t value[256] = {
	X32,                                                      /* 0x00 */
	X8, X, X, X, 62, X, X, X, 63,                             /* 0x20 */
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, X, X, X, X, X, X, /* 0x30 */
	X, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,      /* 0x40 */
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, X, X, X, X, X,
	X, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, X, X, X, X, X,
	X32, X32, X32, X32,                                       /* 0x80 */
};
/* clang-format on */

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
		out[o++] = alphabet[v >> 18];
		out[o++] = alphabet[v >> 12 & 63];
		out[o++] = alphabet[v >> 6 & 63];
		out[o++] = alphabet[v & 63];
	}
	if (len == 0)
		return o;
	v = (uint32_t)p[0] << 16 | (len == 2 ? (uint32_t)p[1] << 8 : 0);
	out[o++] = alphabet[v >> 18];
	out[o++] = alphabet[v >> 12 & 63];
	if (len == 2)
		out[o++] = alphabet[v >> 6 & 63];
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
	int a = value[p[0]], b = value[p[1]], c = n == 3 ? value[p[2]] : 0;

	if ((a | b | c) < 0 || (n == 2 ? b & 15 : c & 3) != 0)
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
		int a = value[p[0]], b = value[p[1]];
		int c = value[p[2]], d = value[p[3]];

		if ((a | b | c | d) < 0)
			return -1;
		out[o++] = (uint8_t)(a << 2 | b >> 4);
		out[o++] = (uint8_t)(b << 4 | c >> 2);
		out[o++] = (uint8_t)(c << 6 | d);
	}
	if (rest > 0) {
		if (decode_rest(p, rest, out + o) != 0)
			return -1;
		o += rest - 1;
	}
	*outlen = o;
	return 0;
}
