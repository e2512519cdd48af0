#include "hex.h"

static const char digits[] = "0123456789abcdef";

void
hex_encode(const uint8_t *bytes, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

static int
value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
hex_decode(const char *text, size_t len, uint8_t *out)
{
	for (size_t i = 0; i < len; i++) {
		int hi = value(text[2 * i]), lo;

		if (hi < 0)
			return -1;
		lo = value(text[2 * i + 1]);
		if (lo < 0)
			return -1;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}

bool
hex_is(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (value(text[i]) < 0)
			return false;
	return true;
}

int
hex_decimal(const char *text, size_t n, uint64_t *out)
{
	uint64_t v = 0;

	if (n == 0 || n > 16 || (n > 1 && text[0] == '0'))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	if (v > (UINT64_C(1) << 53) - 1)
		return -1;
	*out = v;
	return 0;
}
