#include "cutter.h"

#include "hash.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)
#define SIEVE_BITS 9 /* one place in 512 is asked about */

_Static_assert(CUTTER_WINDOW == 64, "the sum forgets a byte after 64 shifts");
_Static_assert(CUTTER_KEY_LEN >= crypto_shorthash_KEYBYTES, "key");

/*
 * Two steps. A sum over the window that costs next to nothing sieves out the
 * places to ask about; of these a pseudo-random function of the window's bytes
 * chooses. The sum is not what hides the places, though its table is secret
 * too: published attacks have found the tables of such sums. What is seen of
 * the lengths tells no more of the function than its values at windows that
 * were chosen, and nothing of its values elsewhere.
 */
struct cutter {
	uint64_t table[256];
	uint8_t prf[crypto_shorthash_KEYBYTES];
	size_t min, max;
	uint64_t below; /* a value of the function that cuts */
	bool coarse;
};

struct cutter *
cutter_new(const uint8_t key[CUTTER_KEY_LEN])
{
	struct cutter *c = sodium_malloc(sizeof *c);
	uint8_t label[2] = {'t', 0}, out[HASH_LEN];

	if (c == NULL)
		return NULL;
	memset(c, 0, sizeof *c);
	for (size_t i = 0; i < 256; i++) {
		label[1] = (uint8_t)i;
		hash_hmac(key, CUTTER_KEY_LEN, label, sizeof label, out);
		for (size_t k = 0; k < 8; k++)
			c->table[i] |= (uint64_t)out[k] << 8 * k;
	}
	hash_hmac(key, CUTTER_KEY_LEN, "p", 1, out);
	memcpy(c->prf, out, sizeof c->prf);
	sodium_memzero(out, sizeof out);
	cutter_begin(c, 0);
	return c;
}

void
cutter_free(struct cutter *c)
{
	sodium_free(c);
}

/*
 * A MiB a segment where versions are likely; more where there would be too
 * many segments for one entry; and the largest files are cut at every 16 MiB.
 */
void
cutter_begin(struct cutter *c, uint64_t size)
{
	uint64_t unit = size <= 2048 * MIB    ? MIB
			: size <= 8192 * MIB  ? 2 * MIB
			: size <= 16384 * MIB ? 4 * MIB
					      : 8 * MIB;

	c->min = (size_t)unit / 2;
	c->max = (size_t)(unit == MIB	    ? 4 * MIB
			  : unit <= 4 * MIB ? 8 * MIB
					    : 16 * MIB);
	c->below = UINT64_MAX / (unit / 2) << SIEVE_BITS;
	c->coarse = size <= c->max || size > 32768 * MIB;
}

size_t
cutter_min(const struct cutter *c)
{
	return c->min;
}

size_t
cutter_max(const struct cutter *c)
{
	return c->max;
}

void
cutter_coarse(struct cutter *c)
{
	c->coarse = true;
}

/* Does the function choose the place behind this window? */
static bool
chosen(const struct cutter *c, const uint8_t *window)
{
	uint8_t out[crypto_shorthash_BYTES];
	uint64_t value = 0;

	crypto_shorthash(out, window, CUTTER_WINDOW, c->prf);
	for (size_t k = 0; k < 8; k++)
		value |= (uint64_t)out[k] << 8 * k;
	return value < c->below;
}

size_t
cutter_find(struct cutter *c, const uint8_t *seg, size_t seen, size_t have)
{
	const size_t from = seen > c->min ? seen : c->min;
	const uint64_t sieve = UINT64_MAX << (64 - SIEVE_BITS);
	uint64_t sum = 0;

	if (!c->coarse && have >= c->min) {
		for (size_t i = from - CUTTER_WINDOW; i + 1 < from; i++)
			sum = (sum << 1) + c->table[seg[i]];
		for (size_t at = from; at <= have; at++) {
			sum = (sum << 1) + c->table[seg[at - 1]];
			if ((sum & sieve) == 0 &&
			    chosen(c, seg + at - CUTTER_WINDOW))
				return at;
		}
	}
	return have >= c->max ? c->max : 0;
}
