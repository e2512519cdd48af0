/* format/base32.h: RFC 4648's examples in lower case, and what is refused. */
#include "base32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
examples(void **state)
{
	static const struct {
		const char *bytes, *text;
	} good[] = {
	    {"", ""},
	    {"f", "my"},
	    {"fo", "mzxq"},
	    {"foo", "mzxw6"},
	    {"foob", "mzxw6yq"},
	    {"fooba", "mzxw6ytb"},
	    {"foobar", "mzxw6ytboi"},
	};
	char text[32];
	uint8_t out[32];
	size_t n, m;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		n = base32_encode(good[i].bytes, strlen(good[i].bytes), text);
		assert_int_equal(n, strlen(good[i].text));
		assert_int_equal(n, base32_len(strlen(good[i].bytes)));
		assert_memory_equal(text, good[i].text, n);
		assert_int_equal(base32_decode(text, n, out, sizeof out, &m),
				 0);
		assert_int_equal(m, strlen(good[i].bytes));
		assert_memory_equal(out, good[i].bytes, m);
	}
}

static void
round_trips(void **state)
{
	uint8_t in[64], out[64];
	char text[128];
	size_t n, m;

	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(i * 151 + 3);
	for (size_t len = 0; len <= sizeof in; len++) {
		n = base32_encode(in, len, text);
		assert_int_equal(base32_decode(text, n, out, len, &m), 0);
		assert_int_equal(m, len);
		assert_memory_equal(in, out, len);
		if (len > 0)
			assert_int_equal(
			    base32_decode(text, n, out, len - 1, &m), -1);
	}
}

static void
refuses(void **state)
{
	static const char *const bad[] = {
	    "m",     "mzx",	  "mzxw6y",   "mz", "mzxr",
	    "mzxw7", "MY",	  "my======", "m1", "m0",
	    "m8",    "mzxw6ytbo", "my\n",     "m ", "mzxw6yr",
	};
	uint8_t out[32];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (base32_decode(bad[i], strlen(bad[i]), out, sizeof out,
				  &n) != -1)
			fail_msg("accepted \"%s\"", bad[i]);
		assert_int_equal(n, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(examples),
	    cmocka_unit_test(round_trips),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests_name("base32", tests, NULL, NULL);
}
