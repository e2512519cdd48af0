/* The page that goes into every package is here whole, and is one file. */
#include "hash.h"
#include "hex.h"
#include "verifier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static bool
holds(const uint8_t *page, size_t len, const char *text)
{
	return memmem(page, len, text, strlen(text)) != NULL;
}

static void
test_page(void **state)
{
	static const char head[] = "<!DOCTYPE html>\n";
	static const char tail[] = "</html>\n";
	size_t len;
	const uint8_t *page = verifier_page(&len);

	(void)state;
	assert_true(len > 100000 && len < (4u << 20));
	assert_memory_equal(page, head, strlen(head));
	assert_memory_equal(page + len - strlen(tail), tail, strlen(tail));
	/* it can load nothing, and send nothing */
	assert_true(holds(page, len,
			  "http-equiv=\"Content-Security-Policy\" "
			  "content=\"default-src 'none'; script-src 'sha256-"));
	assert_false(holds(page, len, "unsafe-"));
	assert_false(holds(page, len, "<script src"));
	assert_false(holds(page, len, "<link"));
}

static void
test_hash(void **state)
{
	uint8_t digest[HASH_LEN];
	char want[65], got[65];
	size_t len;
	const uint8_t *page = verifier_page(&len);

	(void)state;
	hash_sha256(page, len, digest);
	hex_encode(digest, sizeof digest, want);
	verifier_hash(got);
	assert_string_equal(got, want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
