/* format/gitdelta.h: what is unfolded, and everything else refused. */
#include "gitdelta.h"

#include "mutants.h"

static const uint8_t base[] = "0123456789abcdef"; /* 16 bytes and a NUL */

static void
unfolds(void **state)
{
	static const struct {
		const char *delta;
		size_t len;
		const char *result; /* NULL: refused */
	} cases[] = {
#define D(s) s, sizeof s - 1
	    {D("\x10\x03\x90\x03"), "012"},
	    {D("\x10\x05\x91\x0a\x03\x02xy"), "abcxy"},
	    {D("\x10\x00"), ""},
	    {D("\x10\x02\x01"
	       "a\x01"
	       "b"),
	     "ab"},
	    {D("\x0f\x03\x90\x03"), NULL},     /* another base */
	    {D("\x10\x04\x90\x03"), NULL},     /* makes too little */
	    {D("\x10\x02\x90\x03"), NULL},     /* makes too much */
	    {D("\x10\x03\x91\x0f\x03"), NULL}, /* beyond the base */
	    {D("\x10\x03\x80"), NULL},	       /* 65,536 bytes of it */
	    {D("\x10\x03\x9f\xff\xff\xff\xff\x03"), NULL},
	    {D("\x10\x03\x91"), NULL}, /* cut off */
	    {D("\x10\x03\x05"
	       "abc"),
	     NULL},
	    {D("\x10\x01\x00"), NULL}, /* an instruction that is reserved */
	    {D("\x10"), NULL},
	    {D(""), NULL},
	    {D("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), NULL},
#undef D
	};
	uint8_t out[16];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const uint8_t *d = (const uint8_t *)cases[i].delta;
		uint64_t has = 0, makes = 0;
		enum format_result rc =
		    gitdelta_sizes(d, cases[i].len, &has, &makes);

		if (rc == FORMAT_OK && makes <= sizeof out)
			rc = gitdelta_apply(base, 16, d, cases[i].len, out,
					    (size_t)makes);
		if (cases[i].result == NULL
			? rc == FORMAT_OK
			: rc != FORMAT_OK ||
			      memcmp(out, cases[i].result, (size_t)makes) != 0)
			fail_msg("case %zu: %d", i, (int)rc);
	}
}

/* Every change of a byte: it unfolds to as much as was asked for, or not. */
static void
mutants(void **state)
{
	uint8_t delta[] = "\x10\x0a\x91\x08\x04\x02xy\x90\x04", out[10];
	const size_t len = sizeof delta - 1;
	size_t refused = 0;

	(void)state;
	for (size_t i = 0; i < len; i++)
		for (int k = 1; k < 256; k++) {
			delta[i] ^= (uint8_t)k;
			refused += gitdelta_apply(base, 16, delta, len, out,
						  sizeof out) != FORMAT_OK;
			delta[i] ^= (uint8_t)k;
		}
	assert_true(refused > 1000);
	assert_int_equal(gitdelta_apply(base, 16, delta, len, out, sizeof out),
			 FORMAT_OK);
	assert_memory_equal(out, "89abxy0123", sizeof out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unfolds),
	    cmocka_unit_test(mutants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
