/* format/hex.h: digits and decimal numbers, and what is none. */
#include "hex.h"

#include "mutants.h"

static void
encodes(void **state)
{
	uint8_t bytes[256], back[256];
	char text[513];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)i;
	hex_encode(bytes, sizeof bytes, text);
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text, "000102", 6);
	assert_string_equal(text + 508, "feff");
	assert_int_equal(hex_decode(text, sizeof back, back), 0);
	assert_memory_equal(bytes, back, sizeof back);
	hex_encode(bytes, 0, text);
	assert_string_equal(text, "");
}

/* Of all pairs of bytes, those of two lower-case digits. */
static void
refuses_all_but_digits(void **state)
{
	static const char digits[] = "0123456789abcdef";
	char text[2];
	uint8_t out;
	size_t good = 0;

	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		bool want;

		text[0] = (char)(i >> 8);
		text[1] = (char)i;
		want = memchr(digits, text[0], 16) != NULL &&
		       memchr(digits, text[1], 16) != NULL;
		assert_int_equal(hex_decode(text, 1, &out), want ? 0 : -1);
		assert_int_equal(hex_is(text, 2), want);
		good += want;
	}
	assert_int_equal(good, 256);
}

static void
decimals(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} good[] = {{"0", 0},
		    {"1", 1},
		    {"10", 10},
		    {"1234567890", 1234567890},
		    {"9007199254740991", (UINT64_C(1) << 53) - 1}};
	static const char *const bad[] = {"",
					  "00",
					  "01",
					  "-1",
					  "+1",
					  " 1",
					  "1 ",
					  "1\n",
					  "0x1",
					  "1.0",
					  "1e3",
					  "a",
					  "9007199254740992",
					  "9999999999999999",
					  "00000000000000001",
					  "18446744073709551616",
					  "36893488147419103233"};
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		v = 77;
		assert_int_equal(
		    hex_decimal(good[i].text, strlen(good[i].text), &v), 0);
		assert_int_equal(v, good[i].value);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (hex_decimal(bad[i], strlen(bad[i]), &v) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
	assert_int_equal(hex_decimal("1\0", 2, &v), -1);
}

static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	char again[32];
	uint64_t v;

	(void)ctx;
	if (hex_decimal((const char *)bytes, len, &v) != 0)
		return false;
	assert_int_equal(
	    snprintf(again, sizeof again, "%llu", (unsigned long long)v), len);
	assert_memory_equal(again, bytes, len);
	return true;
}

/* A number cut short is another number: only the form is checked here. */
static void
decimal_has_one_form(void **state)
{
	static const char n[] = "9007199254740991";

	(void)state;
	assert_true(mutants_flip(accepts, NULL, (const uint8_t *)n, 16) > 0);
	assert_true(mutants_delete(accepts, NULL, (const uint8_t *)n, 16) > 0);
	assert_int_equal(mutants_insert(accepts, NULL, (const uint8_t *)n, 16),
			 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(encodes),
	    cmocka_unit_test(refuses_all_but_digits),
	    cmocka_unit_test(decimals),
	    cmocka_unit_test(decimal_has_one_form),
	};

	return cmocka_run_group_tests_name("hex", tests, NULL, NULL);
}
