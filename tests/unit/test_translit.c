/* format/translit.h: alphabets of the region, marks, what is not known. */
#include "translit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void
texts(void **state)
{
	static const struct {
		const char *text, *ascii, *name;
	} cases[] = {
	    {"Протокол допроса № 5 — Щукин",
	     "Protokol doprosa No. 5 - Shchukin",
	     "Protokol-doprosa-No.-5-Shchukin"},
	    {"ЁЛКА, объезд, день", "YoLKA, obezd, den", "YoLKA-obezd-den"},
	    {"Ўзбекистон Қарақалпоғистон ҳуқуқ",
	     "O'zbekiston Qaraqalpoghiston huquq",
	     "Ozbekiston-Qaraqalpoghiston-huquq"},
	    {"Қазақстан әділет үкімі, өң, ұл",
	     "Qazaqstan adilet ukimi, ong, ul",
	     "Qazaqstan-adilet-ukimi-ong-ul"},
	    {"Кыргызстан өкүм ЖАҢЫ", "Kyrgyzstan okum ZhANgY",
	     "Kyrgyzstan-okum-ZhANgY"},
	    {"Тоҷикистон ӯ ӣ ғ", "Tojikiston u i gh", "Tojikiston-u-i-gh"},
	    {"Україна, її, ґанок", "Ukrayina, yiyi, ganok",
	     "Ukrayina-yiyi-ganok"},
	    {"Oʻzbekiston «xalq»", "O'zbekiston \"xalq\"", "Ozbekiston-xalq"},
	    {"Déclaration à l’œuvre, Straße, Łódź, ığİ",
	     "Declaration a l'oeuvre, Strasse, Lodz, igI",
	     "Declaration-a-loeuvre-Strasse-Lodz-igI"},
	    /* й and ё as some systems write names: a letter and a mark */
	    {"и\xcc\x86 е\xcc\x88 e\xcc\x81", "y yo e", "y-yo-e"},
	    {"  ../.. a/b  ", "  ../.. a/b  ", "a-b"},
	    {"", "", ""},
	};
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(translit_ascii(cases[i].text, out, sizeof out));
		assert_string_equal(out, cases[i].ascii);
		assert_true(translit_name(cases[i].text, out, sizeof out));
		assert_string_equal(out, cases[i].name);
	}
}

static void
unknown(void **state)
{
	char out[64];

	(void)state;
	assert_false(translit_ascii("日本 x", out, sizeof out));
	assert_string_equal(out, "__ x");
	/* cut off, overlong, a surrogate, a bare continuation, a control */
	assert_false(translit_ascii("a\xd0", out, sizeof out));
	assert_string_equal(out, "a_");
	assert_false(translit_ascii("\xc0\xaf", out, sizeof out));
	assert_string_equal(out, "__");
	assert_false(translit_ascii("\xed\xa0\x80", out, sizeof out));
	assert_false(translit_ascii("\x80", out, sizeof out));
	assert_false(translit_ascii("\x1b[2J", out, sizeof out));
	assert_string_equal(out, "_[2J");
	assert_false(translit_name("日本", out, sizeof out));
	assert_string_equal(out, "");
}

/* Whatever the bytes and the room, the result is plain ASCII and ends. */
static void
any_bytes(void **state)
{
	uint32_t r = 1;

	(void)state;
	for (int n = 0; n < 20000; n++) {
		char text[40], out[24];
		size_t cap = 1 + n % sizeof out;

		for (size_t i = 0; i < sizeof text; i++) {
			r = r * 1664525u + 1013904223u;
			text[i] = (char)(r >> 24);
		}
		text[sizeof text - 1] = '\0';
		memset(out, 'x', sizeof out);
		(void)translit_ascii(text, out, cap);
		assert_non_null(memchr(out, '\0', cap));
		for (const char *p = out; *p != '\0'; p++)
			assert_in_range(*p, 0x20, 0x7E);
		(void)translit_name(text, out, cap);
		assert_int_equal(strspn(out, "abcdefghijklmnopqrstuvwxyz"
					     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789._-"),
				 strlen(out));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(texts),
					   cmocka_unit_test(unknown),
					   cmocka_unit_test(any_bytes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
