/*
 * vault/history/handed.h: what was sealed here is what opening it would give.
 */
#include "handed.h"

#include "secret.h"
#include "mutants.h"

#define SALT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* Seal an entry with this title. */
static void
seal(const char *title, uint8_t secret[32], struct entry_file *f)
{
	json_t *doc = json_pack("{s:i, s:s, s:s}", "batch", 1, "salt", SALT,
				"title", title);
	struct err e = {0};

	assert_non_null(doc);
	assert_int_equal(entry_seal(doc, NULL, 0, secret, f, &e), 0);
	json_decref(doc);
}

static void
as_opened(void **state)
{
	struct secret *key = secret_new(32);
	struct handed *h = handed_new();
	struct entry opened, taken;
	struct entry_file f;
	struct err e = {0};

	(void)state;
	seal("a", key->bytes, &f);
	assert_int_equal(entry_open(f.bytes, f.len, key->bytes, &opened, &e),
			 0);
	assert_false(handed_has(h, f.sha256));
	assert_int_equal(handed_take(h, f.sha256, &taken), -1);
	handed_put(h, &f);
	assert_int_equal(handed_count(h), 1);
	assert_true(handed_has(h, f.sha256));
	assert_int_equal(handed_take(h, f.sha256, &taken), 0);
	assert_true(json_equal(taken.doc, opened.doc));
	assert_int_equal(taken.text_len, opened.text_len);
	assert_string_equal(taken.text, opened.text);
	assert_memory_equal(taken.fields, opened.fields, HASH_LEN);
	/* once */
	assert_false(handed_has(h, f.sha256));
	entry_free(&taken);
	assert_int_equal(handed_take(h, f.sha256, &taken), -1);
	entry_free(&opened);
	entry_file_free(&f);
	handed_free(h);
	secret_free(key);
}

/* Beyond the limit nothing is kept, and nothing ever again. */
static void
too_much(void **state)
{
	struct secret *key = secret_new(32);
	struct handed *h = handed_new();
	size_t n = 1000000, held = 0;
	char *title = calloc(1, n + 1);
	uint8_t first[HASH_LEN];
	struct entry_file f;

	(void)state;
	memset(title, 'a', n);
	do {
		held = handed_count(h);
		title[0] = (char)('a' + held % 26);
		seal(title, key->bytes, &f);
		if (held == 0)
			memcpy(first, f.sha256, HASH_LEN);
		handed_put(h, &f);
		entry_file_free(&f);
	} while (handed_count(h) > held);
	assert_true(held * n <= HANDED_MAX && (held + 2) * n > HANDED_MAX);
	assert_int_equal(handed_count(h), 0);
	assert_false(handed_has(h, first));
	seal("a", key->bytes, &f);
	handed_put(h, &f);
	assert_int_equal(handed_count(h), 0);
	entry_file_free(&f);
	handed_free(h);
	free(title);
	secret_free(key);
}

static void
none(void **state)
{
	uint8_t hash[HASH_LEN] = {0};

	(void)state;
	handed_put(NULL, NULL);
	assert_int_equal(handed_count(NULL), 0);
	assert_false(handed_has(NULL, hash));
	handed_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_opened),
	    cmocka_unit_test(too_much),
	    cmocka_unit_test(none),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("handed", tests, NULL, NULL);
}
