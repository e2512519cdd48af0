/*
 * crypto/shamir.h: known answers, the whole field, every subset, and that
 * fewer shares than k say nothing. Under valgrind the secret bytes are marked
 * as undefined: a branch or a memory access that depends on one is an error.
 */
#include "shamir.h"

#include "mutants.h"
#include "secret.h"

#include <valgrind/memcheck.h>

/* The product by the schoolbook: carry-less, then the remainder. */
static uint8_t
product(unsigned a, unsigned b)
{
	unsigned r = 0;

	for (unsigned i = 0; i < 8; i++)
		if (b >> i & 1)
			r ^= a << i;
	for (unsigned i = 15; i >= 8; i--)
		if (r >> i & 1)
			r ^= 0x11bu << (i - 8);
	return (uint8_t)r;
}

/* a * x, through the one function that multiplies: 0 + a x. */
static uint8_t
times(uint8_t a, uint8_t x)
{
	const uint8_t rows[2] = {0, a};
	uint8_t out;

	shamir_share(rows, 2, 1, x, &out);
	return out;
}

static void
field(void **state)
{
	(void)state;
	for (unsigned a = 0; a < 256; a++)
		for (unsigned x = 0; x < 256; x++)
			if (times((uint8_t)a, (uint8_t)x) != product(a, x))
				fail_msg("%u times %u", a, x);
	/* FIPS 197, section 4.2 */
	assert_int_equal(times(0x57, 0x83), 0xc1);
	assert_int_equal(times(0x57, 0x13), 0xfe);
}

/* Division: of every two points, the line through them at every place. */
static void
lines(void **state)
{
	(void)state;
	for (unsigned d = 1; d < 256; d++) {
		/* the points are (3, 0) and (3 + d, 1): slope 1/d */
		const uint8_t y[2] = {0, 1}, x[2] = {3, (uint8_t)(3 ^ d)};
		const uint8_t *const shares[2] = {&y[0], &y[1]};
		uint8_t out;

		for (unsigned at = 0; at < 256; at++) {
			shamir_join(shares, x, 2, 1, (uint8_t)at, &out);
			if (product(out, d) != (at ^ 3))
				fail_msg("1/%u at %u", d, at);
		}
	}
}

/* Worked out apart from this program (see FORMAT.md, Shares). */
static void
known(void **state)
{
	static const uint8_t rows[3][4] = {{'k', 'e', 'y', 0xff},
					   {0x01, 0x80, 0x1b, 0xa5},
					   {0x53, 0xca, 0x00, 0x7e}};
	static const struct {
		uint8_t x, share[4];
	} want[] = {
	    {1, {0x39, 0x2f, 0x62, 0x24}},
	    {2, {0x3e, 0x7b, 0x4f, 0x4d}},
	    {3, {0x6c, 0x31, 0x54, 0x96}},
	    {16, {0x67, 0xe6, 0xd2, 0xbf}},
	};
	uint8_t out[4];

	(void)state;
	for (size_t i = 0; i < COUNT(want); i++) {
		shamir_share(&rows[0][0], 3, 4, want[i].x, out);
		assert_memory_equal(out, want[i].share, 4);
	}
	for (size_t a = 0; a < COUNT(want); a++)
		for (size_t b = 0; b < COUNT(want); b++)
			for (size_t c = 0; c < COUNT(want); c++) {
				const uint8_t *s[3] = {want[a].share,
						       want[b].share,
						       want[c].share};
				uint8_t x[3] = {want[a].x, want[b].x,
						want[c].x};

				if (a == b || b == c || a == c)
					continue;
				shamir_join(s, x, 3, 4, 0, out);
				assert_memory_equal(out, rows[0], 4);
			}
}

#define LEN 40 /* bytes of a secret here */

/* Join the shares that are in `mask`. */
static void
join(const uint8_t *all, unsigned mask, uint8_t at, uint8_t *out)
{
	const uint8_t *shares[SHAMIR_MAX];
	uint8_t x[SHAMIR_MAX];
	unsigned k = 0;

	for (unsigned i = 0; i < SHAMIR_MAX; i++)
		if (mask >> i & 1) {
			shares[k] = all + i * LEN;
			x[k++] = (uint8_t)(i + 1);
		}
	shamir_join(shares, x, k, LEN, at, out);
}

/* Every subset: k or more give the secret and each other share; fewer not. */
static void
subsets_of(unsigned k, unsigned n)
{
	struct secret *key = secret_new(LEN);
	struct secret *all = secret_new(SHAMIR_MAX * LEN);
	uint8_t out[LEN];

	secret_random(key->bytes, LEN);
	assert_int_equal(shamir_split(key->bytes, LEN, k, n, all->bytes), 0);
	for (unsigned mask = 1; mask < 1u << n; mask++) {
		bool enough = (unsigned)__builtin_popcount(mask) >= k;

		join(all->bytes, mask, 0, out);
		if ((memcmp(out, key->bytes, LEN) == 0) != enough)
			fail_msg("%u of %u, mask %x", k, n, mask);
		for (unsigned i = 0; enough && n <= 6 && i < n; i++) {
			join(all->bytes, mask, (uint8_t)(i + 1), out);
			assert_memory_equal(out, all->bytes + i * LEN, LEN);
		}
	}
	secret_free(key);
	secret_free(all);
}

static void
subsets(void **state)
{
	(void)state;
	for (unsigned n = 2; n <= 6; n++)
		for (unsigned k = 2; k <= n; k++)
			subsets_of(k, n);
	if (!RUNNING_ON_VALGRIND) {
		subsets_of(8, 10);
		subsets_of(2, 10);
	}
}

/* The most there are: one whole set, one that lacks one. */
static void
most(void **state)
{
	struct secret *key = secret_new(LEN);
	struct secret *all = secret_new(SHAMIR_MAX * LEN);
	uint8_t out[LEN];

	(void)state;
	secret_random(key->bytes, LEN);
	assert_int_equal(
	    shamir_split(key->bytes, LEN, SHAMIR_MAX, SHAMIR_MAX, all->bytes),
	    0);
	join(all->bytes, 0xffff, 0, out);
	assert_memory_equal(out, key->bytes, LEN);
	join(all->bytes, 0x7fff, 0, out);
	assert_memory_not_equal(out, key->bytes, LEN);
	secret_free(key);
	secret_free(all);
}

/*
 * Fewer than k say nothing, shown for one byte: over all values of the random
 * coefficients each value of k - 1 shares comes up equally often, whatever
 * the secret; so the shares seen are as likely for one secret as for another.
 */
static void
nothing_two(void **state)
{
	(void)state;
	for (unsigned x = 1; x <= SHAMIR_MAX; x++)
		for (unsigned secret = 0; secret < 256; secret++) {
			uint8_t seen[256] = {0};

			for (unsigned c = 0; c < 256; c++) {
				const uint8_t rows[2] = {(uint8_t)secret,
							 (uint8_t)c};
				uint8_t out;

				shamir_share(rows, 2, 1, (uint8_t)x, &out);
				seen[out]++;
			}
			for (unsigned v = 0; v < 256; v++)
				assert_int_equal(seen[v], 1);
		}
}

static void
nothing_three(void **state)
{
	static const uint8_t secrets[] = {0, 1, 0x53, 0xff};
	static uint8_t seen[65536];

	(void)state;
	for (size_t s = 0; s < COUNT(secrets); s++) {
		memset(seen, 0, sizeof seen);
		for (unsigned c = 0; c < 65536; c++) {
			const uint8_t rows[3] = {secrets[s], (uint8_t)c,
						 (uint8_t)(c >> 8)};
			uint8_t a, b;

			shamir_share(rows, 3, 1, 2, &a);
			shamir_share(rows, 3, 1, 5, &b);
			seen[a << 8 | b]++;
		}
		for (size_t v = 0; v < sizeof seen; v++)
			assert_int_equal(seen[v], 1);
	}
}

/* What comes out is spread: 256 values, 40,000 bytes of one constant secret. */
static void
spread(void **state)
{
	enum { N = 20000 };
	struct secret *key = secret_new(N), *all = secret_new(2 * N);
	struct secret *again = secret_new(2 * N);
	unsigned seen[256] = {0};

	(void)state;
	memset(key->bytes, 'A', N);
	assert_int_equal(shamir_split(key->bytes, N, 2, 2, all->bytes), 0);
	for (size_t i = 0; i < 2 * N; i++)
		seen[all->bytes[i]]++;
	/* 156 expected; 70 off is more than five deviations */
	for (unsigned v = 0; v < 256; v++)
		assert_in_range(seen[v], 156 - 70, 156 + 70);
	/* and twice is not the same */
	assert_int_equal(shamir_split(key->bytes, N, 2, 2, again->bytes), 0);
	assert_memory_not_equal(all->bytes, again->bytes, N);
	secret_free(again);
	secret_free(key);
	secret_free(all);
}

/*
 * Secret and shares marked as undefined (a no-op without valgrind). That the
 * marks arrive in what comes out shows that they were in place.
 */
static void
constant_time(void **state)
{
	struct secret *key = secret_new(LEN), *out = secret_new(LEN);
	struct secret *all = secret_new(SHAMIR_MAX * LEN);
	uint8_t copy[LEN], marks[LEN];

	(void)state;
	secret_random(key->bytes, LEN);
	memcpy(copy, key->bytes, LEN);
	(void)VALGRIND_MAKE_MEM_UNDEFINED(key->bytes, LEN);
	assert_int_equal(shamir_split(key->bytes, LEN, 5, 9, all->bytes), 0);
	if (VALGRIND_GET_VBITS(all->bytes + 8 * LEN, marks, LEN) == 1)
		for (size_t i = 0; i < LEN; i++)
			assert_int_equal(marks[i], 0xff);
	(void)VALGRIND_MAKE_MEM_UNDEFINED(all->bytes, SHAMIR_MAX * LEN);
	join(all->bytes, 0x1b4, 0, out->bytes);
	if (VALGRIND_GET_VBITS(out->bytes, marks, LEN) == 1)
		for (size_t i = 0; i < LEN; i++)
			assert_int_equal(marks[i], 0xff);
	(void)VALGRIND_MAKE_MEM_DEFINED(out->bytes, LEN);
	(void)VALGRIND_MAKE_MEM_DEFINED(all->bytes, SHAMIR_MAX * LEN);
	(void)VALGRIND_MAKE_MEM_DEFINED(key->bytes, LEN);
	assert_memory_equal(out->bytes, copy, LEN);
	secret_free(key);
	secret_free(out);
	secret_free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(field),	     cmocka_unit_test(lines),
	    cmocka_unit_test(known),	     cmocka_unit_test(subsets),
	    cmocka_unit_test(most),	     cmocka_unit_test(nothing_two),
	    cmocka_unit_test(nothing_three), cmocka_unit_test(spread),
	    cmocka_unit_test(constant_time),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("shamir", tests, NULL, NULL);
}
