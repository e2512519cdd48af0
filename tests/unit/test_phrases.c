/* format/phrases.h: all languages have all texts; what is missing shows. */
#include "phrases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the four above */
#include <cmocka.h>
#include <stdio.h>

#define PARSE(text, lang) phrases_parse(text, sizeof text - 1, lang)

static void
test_file(void **state)
{
	struct phrases *p = PARSE("# no\n\nb = two\n words \na.x=1 = 2\n", "xx");
	char *text;

	(void)state;
	assert_non_null(p);
	assert_string_equal(phrases_lang(p), "xx");
	assert_string_equal(phrases_get(p, "b"), "two words");
	assert_string_equal(phrases_get(p, "a.x"), "1 = 2");
	assert_string_equal(phrases_get(p, "c"), "c");
	assert_true(phrases_has(p, "b"));
	assert_false(phrases_has(p, "c"));
	assert_string_equal(phrases_key(p, 0), "a.x");
	assert_string_equal(phrases_key(p, 1), "b");
	assert_null(phrases_key(p, 2));
	phrases_free(p);

	p = PARSE("k = {a} and {b}, {c} {a}{\n", "xx");
	text = PHRASES_FILL(p, "k", "a", "{b}", "b", "2");
	assert_string_equal(text, "{b} and 2, {c} {b}{");
	free(text);
	phrases_free(p);
}

static void
test_bad_files(void **state)
{
	(void)state;
	assert_null(PARSE("no sign\n", "xx"));
	assert_null(PARSE(" = text\n", "xx"));
	assert_null(PARSE(" goes on\n", "xx"));
	assert_null(PARSE("a = 1\na = 2\n", "xx"));
	assert_null(phrases_new("de"));
	assert_false(phrases_knows("de"));
	phrases_free(NULL);
}

/* The words in braces that a text holds, sorted, each once. */
static size_t
holes(const char *text, char out[16][32])
{
	size_t n = 0;

	for (; (text = strchr(text, '{')) != NULL && n < 16; text++) {
		size_t len = strcspn(text, "}");

		assert_true(len < 31);
		snprintf(out[n++], 32, "%.*s", (int)len, text);
	}
	qsort(out, n, 32, (int (*)(const void *, const void *))strcmp);
	for (size_t i = 1; i < n;) {
		if (strcmp(out[i - 1], out[i]) != 0) {
			i++;
			continue;
		}
		memmove(out[i - 1], out[i], (n - i) * 32);
		n--;
	}
	return n;
}

/* Every language has every key of English, with the same {names}. */
static void
test_all_there(void **state)
{
	struct phrases *en = phrases_new("en");
	int bad = 0;

	(void)state;
	assert_non_null(en);
	for (size_t l = 0; phrases_languages[l] != NULL; l++) {
		struct phrases *p = phrases_new(phrases_languages[l]);
		const char *key;

		assert_non_null(p);
		for (size_t i = 0; (key = phrases_key(en, i)) != NULL; i++) {
			char a[16][32], b[16][32];
			size_t n = holes(phrases_get(en, key), a), m;

			if (!phrases_has(p, key)) {
				print_error("%s lacks %s\n", phrases_lang(p),
					    key);
				bad++;
				continue;
			}
			m = holes(phrases_get(p, key), b);
			for (size_t k = 0; k < n && k < m; k++)
				if (strcmp(a[k], b[k]) != 0)
					m = n + 1;
			if (n != m) {
				print_error("%s: %s has other names in {}\n",
					    phrases_lang(p), key);
				bad++;
			}
		}
		for (size_t i = 0; (key = phrases_key(p, i)) != NULL; i++)
			if (!phrases_has(en, key)) {
				print_error("%s has %s, English has not\n",
					    phrases_lang(p), key);
				bad++;
			}
		phrases_free(p);
	}
	phrases_free(en);
	assert_int_equal(bad, 0);
}

/* Promises that nobody can keep stand in no text. */
static void
test_no_promises(void **state)
{
	static const char *const words[] = {
	    "tamper", "court-admissible", "immutable", "legally binding",
	    "unhackable", "infalsifiable", "inviolable"};

	(void)state;
	for (size_t l = 0; phrases_languages[l] != NULL; l++) {
		struct phrases *p = phrases_new(phrases_languages[l]);
		const char *key;

		for (size_t i = 0; (key = phrases_key(p, i)) != NULL; i++)
			for (size_t w = 0; w < sizeof words / sizeof *words;
			     w++)
				if (strcasestr(phrases_get(p, key), words[w]) !=
				    NULL)
					fail_msg("%s: %s says %s",
						 phrases_lang(p), key,
						 words[w]);
		phrases_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_bad_files),
	    cmocka_unit_test(test_all_there),
	    cmocka_unit_test(test_no_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
