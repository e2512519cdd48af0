#include "shamir.h"

#include "secret.h"

#include <assert.h>
#include <string.h>

/* The product in GF(2^8), by shifting; the conditions are masks. */
static uint8_t
mul(uint8_t a, uint8_t b)
{
	unsigned r = 0, x = a, y = b;

	for (unsigned i = 0; i < 8; i++) {
		r ^= x & (0u - (y & 1));
		x = (x << 1) ^ (0x11b & (0u - (x >> 7)));
		y >>= 1;
	}
	return (uint8_t)r;
}

/* 1/a = a^254, for a != 0: only of indices, which are no secret. */
static uint8_t
inverse(uint8_t a)
{
	uint8_t r = 1;

	for (unsigned i = 0; i < 254; i++)
		r = mul(r, a);
	return r;
}

void
shamir_share(const uint8_t *rows, unsigned k, size_t len, uint8_t index,
	     uint8_t *out)
{
	/* Horner's rule, all bytes of a row at once */
	memcpy(out, rows + (k - 1) * len, len);
	for (unsigned row = k - 1; row-- > 0;)
		for (size_t i = 0; i < len; i++)
			out[i] = mul(out[i], index) ^ rows[row * len + i];
}

int
shamir_split(const uint8_t *secret, size_t len, unsigned k, unsigned n,
	     uint8_t *out)
{
	struct secret *rows;

	assert(k >= 2 && k <= n && n <= SHAMIR_MAX);
	rows = secret_new(k * len);
	if (rows == NULL)
		return -1;
	memcpy(rows->bytes, secret, len);
	secret_random(rows->bytes + len, (k - 1) * len);
	for (unsigned i = 0; i < n; i++)
		shamir_share(rows->bytes, k, len, (uint8_t)(i + 1),
			     out + i * len);
	secret_free(rows);
	return 0;
}

/* Lagrange's weight of share i at x = `at`. */
static uint8_t
weight(const uint8_t *indices, unsigned k, unsigned i, uint8_t at)
{
	uint8_t over = 1, under = 1;

	for (unsigned j = 0; j < k; j++) {
		if (j == i)
			continue;
		assert(indices[i] != indices[j]);
		over = mul(over, at ^ indices[j]);
		under = mul(under, indices[i] ^ indices[j]);
	}
	return mul(over, inverse(under));
}

void
shamir_join(const uint8_t *const *shares, const uint8_t *indices, unsigned k,
	    size_t len, uint8_t at, uint8_t *out)
{
	memset(out, 0, len);
	for (unsigned i = 0; i < k; i++) {
		uint8_t w = weight(indices, k, i, at);

		for (size_t b = 0; b < len; b++)
			out[b] ^= mul(shares[i][b], w);
	}
}
