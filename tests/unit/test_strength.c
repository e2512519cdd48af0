/*
 * vault/keys/strength.h: what is exact of it; tests/cli/passphrase.sh has the
 * rest.
 */
#include "strength.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void
words(void **state)
{
	(void)state;
	/* 7776^6 is 2.2 * 10^23 */
	assert_true(strength_of_words(6) > 77.5 && strength_of_words(6) < 77.6);
	assert_true(strength_of_words(4) > 51.6 && strength_of_words(4) < 51.7);
	assert_true(strength_of_words(0) < 0.001);
}

static void
times(void **state)
{
	static const struct {
		double bits;
		const char *text;
	} all[] = {{0, "no time at all"},
		   {25, "no time at all"}, /* 1.7 s */
		   {26, "some 3 seconds"},
		   {32, "some 4 minutes"}, /* 215 s */
		   {38, "some 4 hours"},
		   {42, "some 3 days"},
		   {51, "some 4 years"},
		   {62, "some 7 thousand years"},
		   {72, "some 7 million years"},
		   {82, "some 8 billion years"},
		   {500, "more than a million billion years"}};
	char out[STRENGTH_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		assert_string_equal(strength_time(all[i].bits, out),
				    all[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(words),
					   cmocka_unit_test(times)};

	return secret_init() != 0 ? 2
				  : cmocka_run_group_tests(tests, NULL, NULL);
}
