/* vault/repair/erasure.h: whatever is lost, up to the limit, comes back. */
#include "erasure.h"

#include "mutants.h"

#include <stdlib.h>

#define LEN 64 /* bytes of a block here */

static uint8_t data[255][LEN], parity[255][LEN], work[255][LEN],
    spare[255][LEN];
static uint64_t state = 88172645463325252u;

static size_t
chance(size_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % below);
}

static void
make(const struct erasure *x, size_t k, size_t m)
{
	uint8_t *in[255], *out[255];

	for (size_t i = 0; i < k; i++) {
		in[i] = data[i];
		for (size_t b = 0; b < LEN; b++)
			data[i][b] = (uint8_t)chance(256);
	}
	for (size_t i = 0; i < m; i++)
		out[i] = parity[i];
	erasure_encode(x, LEN, in, out);
}

/* Lose those of the k + m blocks that `gone` says, and solve. */
static void
lose(const struct erasure *x, size_t k, size_t m, const bool *gone)
{
	uint8_t *all[255], *with[255];
	size_t lost[255], rows[255], n = 0, have = 0;

	for (size_t i = 0; i < k; i++) {
		memcpy(work[i], data[i], LEN);
		all[i] = work[i];
		if (!gone[i])
			continue;
		memset(work[i], 0x5a, LEN);
		lost[n++] = i;
	}
	for (size_t j = 0; j < m && have < n; j++)
		if (!gone[k + j]) {
			memcpy(spare[have], parity[j], LEN);
			with[have] = spare[have];
			rows[have++] = j;
		}
	if (n == 0)
		return;
	assert_int_equal(have, n);
	assert_int_equal(erasure_solve(x, LEN, all, lost, rows, with, n), 0);
	for (size_t i = 0; i < k; i++)
		assert_memory_equal(work[i], data[i], LEN);
}

/* All patterns of at most m lost blocks of k + m. */
static void
every_pattern(void **s)
{
	static const size_t codes[][2] = {{1, 1}, {2, 1}, {3, 2}, {4, 4},
					  {6, 3}, {8, 4}, {10, 5}};
	size_t tried = 0;

	(void)s;
	for (size_t c = 0; c < COUNT(codes); c++) {
		size_t k = codes[c][0], m = codes[c][1];
		struct erasure *x = erasure_new(k, m);

		assert_non_null(x);
		make(x, k, m);
		for (unsigned bits = 0; bits < 1u << (k + m); bits++) {
			bool gone[255] = {false};

			if ((size_t)__builtin_popcount(bits) > m)
				continue;
			for (size_t i = 0; i < k + m; i++)
				gone[i] = bits >> i & 1;
			lose(x, k, m, gone);
			tried++;
		}
		erasure_free(x);
	}
	assert_int_equal(tried, 3 + 4 + 16 + 163 + 130 + 794 + 4944);
}

/* Random patterns of exactly m, at the sizes that files have. */
static void
at_full_size(void **s)
{
	static const size_t codes[][2] = {
	    {200, 40}, {199, 40}, {170, 85}, {127, 127}, {200, 2}};

	(void)s;
	for (size_t c = 0; c < COUNT(codes); c++) {
		size_t k = codes[c][0], m = codes[c][1];
		struct erasure *x = erasure_new(k, m);

		assert_non_null(x);
		make(x, k, m);
		for (size_t i = 0; i < 300; i++) {
			bool gone[255] = {false};

			for (size_t n = 0; n < m;) {
				size_t at = chance(k + m);

				n += !gone[at];
				gone[at] = true;
			}
			lose(x, k, m, gone);
		}
		erasure_free(x);
	}
}

/* The coefficients are those of FORMAT.md: 1 / ((k + j) xor i). */
static uint8_t
times(uint8_t a, uint8_t b)
{
	unsigned r = 0, v = a;

	for (; b != 0; b >>= 1) {
		if ((b & 1) != 0)
			r ^= v;
		v <<= 1;
		if ((v & 0x100) != 0)
			v ^= 0x11d;
	}
	return (uint8_t)r;
}

static void
coefficients(void **s)
{
	struct erasure *x = erasure_new(5, 3);
	uint8_t in[5][LEN] = {{0}}, out[3][LEN];
	uint8_t *pin[] = {in[0], in[1], in[2], in[3], in[4]};
	uint8_t *pout[] = {out[0], out[1], out[2]};

	(void)s;
	assert_non_null(x);
	for (size_t i = 0; i < 5; i++) {
		in[i][7] = 1;
		erasure_encode(x, LEN, pin, pout);
		in[i][7] = 0;
		for (size_t j = 0; j < 3; j++)
			assert_int_equal(
			    times(out[j][7], (uint8_t)((5 + j) ^ i)), 1);
	}
	erasure_free(x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_pattern),
					   cmocka_unit_test(at_full_size),
					   cmocka_unit_test(coefficients)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
