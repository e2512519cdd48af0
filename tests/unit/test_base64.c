/* format/base64.h: RFC 4648's examples, and every way not to be canonical. */
#include "base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const struct {
	const char *bytes, *padded, *bare;
} good[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
};

static void
encodes(void **state)
{
	char out[64];
	size_t n, len;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		len = strlen(good[i].bytes);
		n = base64_encode(good[i].bytes, len, true, out);
		assert_int_equal(n, base64_len(len, true));
		assert_int_equal(n, strlen(good[i].padded));
		assert_memory_equal(out, good[i].padded, n);
		n = base64_encode(good[i].bytes, len, false, out);
		assert_int_equal(n, base64_len(len, false));
		assert_int_equal(n, strlen(good[i].bare));
		assert_memory_equal(out, good[i].bare, n);
	}
}

static void
decodes_all_bytes(void **state)
{
	uint8_t in[256], out[256];
	char text[400];
	size_t n, m;

	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(i * 89 + 7);
	for (size_t len = 0; len <= sizeof in; len++) {
		for (int pad = 0; pad < 2; pad++) {
			n = base64_encode(in, len, pad, text);
			assert_int_equal(
			    base64_decode(text, n, pad, out, len, &m), 0);
			assert_int_equal(m, len);
			assert_memory_equal(in, out, len);
			/* one byte less of room is refused */
			if (len > 0)
				assert_int_equal(base64_decode(text, n, pad,
							       out, len - 1,
							       &m),
						 -1);
		}
	}
}

static void
refuses(void **state)
{
	static const struct {
		const char *text;
		bool padded;
	} bad[] = {
	    {"Z", true},	{"Zg", true},	     {"Zg=", true},
	    {"Zg===", true},	{"Z===", true},	     {"====", true},
	    {"Zh==", true},	{"Zm9=", true},	     {"Zg==Zg==", true},
	    {"Zm8=Zm8=", true}, {"Zm9v\n", true},    {"Zm9v====", true},
	    {" Zm9", true},	{"Zm9-", true},	     {"Zm9_", true},
	    {"Z=8=", true},	{"Zm\n9v===", true}, {"Zm9v=", true},
	    {"Z", false},	{"Zg==", false},     {"Zm8=", false},
	    {"Zh", false},	{"Zm9", false},	     {"Zm9vZ", false},
	    {"Zm 9", false},	{"Zm9v\r", false},   {"Zm9\xc3", false},
	};
	uint8_t out[64];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (base64_decode(bad[i].text, strlen(bad[i].text),
				  bad[i].padded, out, sizeof out, &n) != -1)
			fail_msg("accepted \"%s\"", bad[i].text);
		assert_int_equal(n, 0);
	}
	/* a NUL is no character either */
	assert_int_equal(base64_decode("Zm\0v", 4, true, out, sizeof out, &n),
			 -1);
}

/* Of all texts of 4 characters over a part of the alphabet, each byte string
 * has one. */
static void
is_canonical(void **state)
{
	static const char some[] = "AQgw+/9z=";
	char text[4], again[8];
	uint8_t out[3];
	size_t n;

	(void)state;
	for (int i = 0; i < 9 * 9 * 9 * 9; i++) {
		text[0] = some[i % 9];
		text[1] = some[i / 9 % 9];
		text[2] = some[i / 81 % 9];
		text[3] = some[i / 729];
		if (base64_decode(text, 4, true, out, 3, &n) != 0)
			continue;
		assert_int_equal(base64_encode(out, n, true, again), 4);
		assert_memory_equal(text, again, 4);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(encodes),
	    cmocka_unit_test(decodes_all_bytes),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(is_canonical),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
