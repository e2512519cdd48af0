/* crypto/bytetag.h: the same tag for the same bytes, and for no others. */
#include "bytetag.h"
#include "secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define LEN 100000

static uint8_t bytes[LEN];

static void
tag(struct bytetag *t, size_t len, size_t piece, uint8_t out[BYTETAG_LEN])
{
	for (size_t at = 0; at < len; at += piece)
		bytetag_update(t, bytes + at,
			       len - at < piece ? len - at : piece);
	bytetag_final(t, out);
}

static void
test_same(void **state)
{
	static const size_t pieces[] = {1, 15, 16, 17, 4096, LEN};
	struct bytetag *t = bytetag_new();
	uint8_t a[BYTETAG_LEN], b[BYTETAG_LEN];

	(void)state;
	assert_non_null(t);
	for (size_t i = 0; i < LEN; i++)
		bytes[i] = (uint8_t)(i * 3 + i / 255);
	tag(t, LEN, LEN, a);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		tag(t, LEN, pieces[i], b);
		assert_memory_equal(a, b, BYTETAG_LEN);
	}
	bytetag_free(t);
}

static void
test_others(void **state)
{
	struct bytetag *t = bytetag_new(), *other = bytetag_new();
	uint8_t a[BYTETAG_LEN], b[BYTETAG_LEN];

	(void)state;
	tag(t, LEN, LEN, a);
	for (size_t i = 0; i < LEN; i += 997) {
		bytes[i] ^= 0x20;
		tag(t, LEN, LEN, b);
		assert_memory_not_equal(a, b, BYTETAG_LEN);
		bytes[i] ^= 0x20;
	}
	/* shorter, and none at all */
	tag(t, LEN - 1, LEN, b);
	assert_memory_not_equal(a, b, BYTETAG_LEN);
	tag(t, 0, LEN, b);
	assert_memory_not_equal(a, b, BYTETAG_LEN);
	/* each maker has a key of its own */
	tag(other, LEN, LEN, b);
	assert_memory_not_equal(a, b, BYTETAG_LEN);
	bytetag_free(t);
	bytetag_free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same),
	    cmocka_unit_test(test_others),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
