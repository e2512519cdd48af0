/* format/padme.h against the paper's definition, step by step. */
#include "padme.h"

#include "mutants.h"

/* The definition, without tricks of bits. */
static uint64_t
slow(uint64_t len)
{
	uint64_t e = 0, s = 0, unit = 1;

	for (uint64_t v = len; v > 1; v /= 2)
		e++;
	for (uint64_t v = e; v > 0; v /= 2)
		s++; /* floor(log2 e) + 1 */
	for (uint64_t i = s; i < e; i++)
		unit *= 2;
	return (len + unit - 1) / unit * unit;
}

static const struct {
	uint64_t len, padded;
} known[] = {{0, 0},
	     {1, 1},
	     {2, 2},
	     {8, 8},
	     {9, 10},
	     {4096, 4096},
	     {4097, 4352},
	     {65536, 65536},
	     {65537, 67584},
	     {1000000, 1015808},
	     {1048577, 1081344},
	     {UINT64_C(4294967295), UINT64_C(4294967296)},
	     {UINT64_C(4160749569), UINT64_C(4227858432)},
	     {UINT64_C(4227858432), UINT64_C(4227858432)}};

static void
known_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		assert_int_equal(padme(known[i].len), known[i].padded);
		assert_true(padme_is(known[i].padded));
	}
}

static void
check(uint64_t len)
{
	uint64_t p = padme(len);

	if (len > 1)
		assert_int_equal(p, slow(len));
	assert_true(p >= len);
	assert_int_equal(padme(p), p);
	assert_true(padme_is(p));
	assert_int_equal(padme_is(len), p == len);
	assert_true(padme(len + 1) >= p);
	/* at most 12 %, the paper's bound */
	assert_true(p - len <= len / 100 * 12 + 12 * (len % 100) / 100);
}

static void
properties(void **state)
{
	(void)state;
	for (uint64_t len = 0; len < 300000; len++)
		check(len);
	for (unsigned e = 18; e < 60; e++)
		for (uint64_t d = 0; d < 64; d++) {
			check((UINT64_C(1) << e) + d);
			check((UINT64_C(1) << e) - d - 1);
			check((UINT64_C(1) << e) + (d << (e - 7)));
			check((UINT64_C(1) << e) + (d << (e - 7)) + 1);
		}
}

static void
entries(void **state)
{
	(void)state;
	for (uint64_t len = 0; len < 20000; len++) {
		uint64_t p = padme_entry(len);

		assert_int_equal(p, len <= 4096 ? 4096 : padme(len));
		assert_int_equal(padme_is_entry(len), len == p);
	}
	assert_false(padme_is_entry(0));
	assert_false(padme_is_entry(2048));
	assert_false(padme_is_entry(4097));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_values),
	    cmocka_unit_test(properties),
	    cmocka_unit_test(entries),
	};

	return cmocka_run_group_tests_name("padme", tests, NULL, NULL);
}
