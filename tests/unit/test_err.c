/* vault/base/err.h: filled once; what a terminal would obey is escaped. */
#include "err.h"

#include "mutants.h"

#include <errno.h>

static void
filled_once(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(err_set(&e, ERR_EVIDENCE, "first %d", 1), -1);
	assert_int_equal(err_set(&e, ERR_UNKNOWN, "second"), -1);
	errno = ENOENT;
	assert_int_equal(err_sys(&e, "third"), -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	assert_string_equal(e.msg, "first 1");
	assert_int_equal(err_hint(&e, "do %s", "this"), -1);
	assert_int_equal(err_hint(&e, "or that"), -1);
	assert_string_equal(e.hint, "do this");
	err_clear(&e);
	assert_int_equal(e.code, ERR_NONE);
	errno = ENOENT;
	assert_int_equal(err_sys(&e, "a/b"), -1);
	assert_int_equal(e.code, ERR_UNKNOWN);
	assert_string_equal(e.msg, "a/b: No such file or directory");
	assert_int_equal(err_set(NULL, ERR_UNKNOWN, "x"), -1);
	assert_int_equal(err_sys(NULL, "x"), -1);
	assert_int_equal(err_hint(NULL, "x"), -1);
}

static void
cut_off(void **state)
{
	struct err e = {0};
	char longer[2000];

	(void)state;
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	err_set(&e, ERR_UNKNOWN, "%s", longer);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
	err_hint(&e, "%s", longer);
	assert_int_equal(strlen(e.hint), sizeof e.hint - 1);
	err_clear(&e);
	errno = EIO;
	err_sys(&e, "%s", longer);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
}

static const struct {
	const char *in, *out;
} escapes[] = {
    {"", ""},
    {"plain text.txt", "plain text.txt"},
    {"\xd0\x96\xe4\xb8\xad\xf0\x9f\x98\x80",
     "\xd0\x96\xe4\xb8\xad\xf0\x9f\x98\x80"},
    {"a\\x41", "a\\x41"},
    {"\x1b[2J", "\\x1b[2J"},
    {"a\nb\tc\r", "a\\x0ab\\x09c\\x0d"},
    {"\x7f", "\\x7f"},
    {"\xc2\x9b", "\\xc2\\x9b"}, /* CSI as one character */
    {"\xc2\x80", "\\xc2\\x80"},
    {"\xc2\xa0", "\xc2\xa0"},
    {"\xd8\x9c", "\\xd8\\x9c"},		 /* Arabic letter mark */
    {"\xe2\x80\x8b", "\\xe2\\x80\\x8b"}, /* zero width space */
    {"\xe2\x80\x8f", "\\xe2\\x80\\x8f"}, /* right-to-left mark */
    {"\xe2\x80\xa8", "\\xe2\\x80\\xa8"}, /* line separator */
    {"\xe2\x80\xae", "\\xe2\\x80\\xae"}, /* override */
    {"\xe2\x81\xa6", "\\xe2\\x81\\xa6"}, /* isolate */
    {"\xe2\x81\xa9", "\\xe2\\x81\\xa9"},
    {"\xef\xbb\xbf", "\\xef\\xbb\\xbf"},	  /* byte order mark */
    {"\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81"}, /* tag */
    {"\xff", "\\xff"},
    {"\x80", "\\x80"},
    {"\xc3", "\\xc3"},
    {"\xc3(", "\\xc3("},
    {"\xc0\xaf", "\\xc0\\xaf"},
    {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
    {"\xe2\x80", "\\xe2\\x80"},
};

static void
escapes_table(void **state)
{
	char out[100];

	(void)state;
	for (size_t i = 0; i < COUNT(escapes); i++) {
		assert_ptr_equal(err_escape(out, sizeof out, escapes[i].in,
					    strlen(escapes[i].in)),
				 out);
		assert_string_equal(out, escapes[i].out);
	}
	err_escape(out, sizeof out, "a\0b", 3);
	assert_string_equal(out, "a\\x00b");
}

/* Whatever comes in, what goes out fits and obeys. */
static void
escapes_anything(void **state)
{
	uint8_t in[40];
	unsigned seed = 1;

	(void)state;
	for (size_t round = 0; round < 20000; round++) {
		size_t len = round % sizeof in, cap = 1 + round / 7 % 90;
		char *out = malloc(cap);

		assert_non_null(out);
		for (size_t i = 0; i < len; i++) {
			seed = seed * 1103515245u + 12345u;
			in[i] = (uint8_t)(seed >> 16);
		}
		err_escape(out, cap, in, len);
		assert_non_null(memchr(out, 0, cap));
		for (const char *p = out; *p != '\0'; p++)
			assert_false((unsigned char)*p < 0x20 || *p == 0x7f);
		free(out);
	}
	err_escape(NULL, 0, in, 3);
}

static void
escape_cuts(void **state)
{
	char out[16];

	(void)state;
	err_escape(out, sizeof out, "0123456789abcdefgh", 18);
	assert_string_equal(out, "0123456789ab...");
	err_escape(out, 4, "0123456789", 10);
	assert_string_equal(out, "...");
	err_escape(out, 1, "0123456789", 10);
	assert_string_equal(out, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(filled_once),   cmocka_unit_test(cut_off),
	    cmocka_unit_test(escapes_table), cmocka_unit_test(escapes_anything),
	    cmocka_unit_test(escape_cuts),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
