#include "bech32.h"

#include <stdbool.h>
#include <string.h>

#define CHECKSUM_LEN 6 /* characters */

static const char lower[32] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
static const char upper[32] = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

/*
 * It may be a secret that is written or read: which characters they are decides
 * on no branch and no place in memory, so all 32 are looked at each time.
 */
static char
digit(const char alphabet[32], uint32_t five)
{
	uint32_t c = 0;

	for (uint32_t i = 0; i < 32; i++)
		c |= (uint8_t)alphabet[i] & (((i ^ five) - 1) >> 8);
	return (char)c;
}

/* The other way round; 32 or more if it is none. */
static uint32_t
value(const char alphabet[32], char c)
{
	uint32_t five = 0, none = UINT32_MAX;

	for (uint32_t i = 0; i < 32; i++) {
		uint32_t other = (uint8_t)alphabet[i] ^ (uint8_t)c;
		uint32_t is = (other - 1) >> 8;

		five |= i & is;
		none &= ~is;
	}
	return five | (none & 32);
}

/* One step of the checksum: the remainder takes in five more bits. */
static uint32_t
step(uint32_t rest, uint32_t five)
{
	static const uint32_t generator[5] = {
	    0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
	uint32_t top = rest >> 25;

	rest = (rest & 0x1ffffff) << 5 ^ five;
	for (int i = 0; i < 5; i++)
		rest ^= -(top >> i & 1) & generator[i];
	return rest;
}

/* The checksum's state after the prefix, which counts in lower case. */
static uint32_t
start(const char *prefix)
{
	uint32_t rest = 1;

	for (const char *p = prefix; *p != '\0'; p++) {
		uint32_t c = (uint8_t)*p;

		rest = step(rest, (c >= 'A' && c <= 'Z' ? c | 0x20 : c) >> 5);
	}
	rest = step(rest, 0);
	for (const char *p = prefix; *p != '\0'; p++)
		rest = step(rest, (uint8_t)*p & 31);
	return rest;
}

static bool
is_upper(const char *prefix)
{
	for (; *prefix != '\0'; prefix++)
		if (*prefix >= 'A' && *prefix <= 'Z')
			return true;
	return false;
}

size_t
bech32_len(const char *prefix, size_t len)
{
	return strlen(prefix) + 1 + len / 5 * 8 + (len % 5 * 8 + 4) / 5 +
	       CHECKSUM_LEN;
}

size_t
bech32_encode(const char *prefix, const uint8_t *bytes, size_t len, char *out)
{
	const char *alphabet = is_upper(prefix) ? upper : lower;
	uint32_t rest = start(prefix), bits = 0, five;
	size_t o = strlen(prefix);
	unsigned n = 0;

	memcpy(out, prefix, o);
	out[o++] = '1';
	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8 | bytes[i]) & 0xfff;
		for (n += 8; n >= 5; n -= 5) {
			five = bits >> (n - 5) & 31;
			rest = step(rest, five);
			out[o++] = digit(alphabet, five);
		}
	}
	if (n > 0) {
		five = bits << (5 - n) & 31;
		rest = step(rest, five);
		out[o++] = digit(alphabet, five);
	}
	for (int i = 0; i < CHECKSUM_LEN; i++)
		rest = step(rest, 0);
	rest ^= 1;
	for (int i = 0; i < CHECKSUM_LEN; i++)
		out[o++] = digit(alphabet, rest >> (25 - 5 * i) & 31);
	return o;
}

int
bech32_decode(const char *prefix, const char *text, size_t textlen,
	      uint8_t *out, size_t len)
{
	const char *alphabet = is_upper(prefix) ? upper : lower;
	size_t plen = strlen(prefix), o = 0, end;
	uint32_t rest = start(prefix), bits = 0, bad = 0;
	unsigned n = 0;

	/* "1" is no character of the alphabet, so this one is the last */
	if (textlen != bech32_len(prefix, len) ||
	    memcmp(text, prefix, plen) != 0 || text[plen] != '1')
		goto bad;
	end = textlen - CHECKSUM_LEN;
	for (size_t i = plen + 1; i < textlen; i++) {
		uint32_t five = value(alphabet, text[i]);

		bad |= five & 32;
		rest = step(rest, five & 31);
		if (i >= end)
			continue;
		bits = (bits << 5 | (five & 31)) & 0xfff;
		n += 5;
		if (n >= 8) {
			n -= 8;
			out[o++] = (uint8_t)(bits >> n);
		}
	}
	if (bad == 0 && rest == 1 && (bits & ((1u << n) - 1)) == 0)
		return 0;
bad:
	memset(out, 0, len);
	return -1;
}
