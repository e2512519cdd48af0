/* format/zones.h: what is a zone, its one form, what it fits. */
#include "zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void
forms(void **state)
{
	static const struct {
		const char *text, *form; /* NULL: none */
	} cases[] = {
	    {"1 0 0 1000 1000 name of a witness",
	     "1 0 0 1000 1000 name of a witness"},
	    {"  12\t100  200 300 50   address  ", "12 100 200 300 50 address"},
	    {"100000 999 999 1 1 x", "100000 999 999 1 1 x"},
	    {"12-17 voice", "12-17 voice"},
	    {"0-0.5 a name", "0-0.5 a name"},
	    {"12.125-3600 a - b", "12.125-3600 a - b"},
	    {"5-5 line with a name", "5-5 line with a name"},
	    {"3-9 имя свидетеля", "3-9 имя свидетеля"},
	    /* a box beyond the page, of no size, on no page */
	    {"0 0 0 10 10 x", NULL},
	    {"100001 0 0 10 10 x", NULL},
	    {"1 500 0 501 10 x", NULL},
	    {"1 0 991 10 10 x", NULL},
	    {"1 0 1000 10 1 x", NULL},
	    {"1 0 0 0 10 x", NULL},
	    {"1 0 0 10 x", NULL},
	    {"1 0 0 10 10", NULL},
	    {"1 0 0 10 10 ", NULL},
	    {"1 0 0 10 10x y", NULL},
	    {"1 -1 0 10 10 x", NULL},
	    {"1 1.5 0 10 10 x", NULL},
	    {"01 0 0 10 10 x", NULL},
	    /* spans */
	    {"17-12 backwards", NULL},
	    {"1.5-1.25 backwards", NULL},
	    {"12- x", NULL},
	    {"-12 x", NULL},
	    {"12-17", NULL},
	    {"12-17x y", NULL},
	    {"12 - 17 x", NULL},
	    {"12.-17 x", NULL},
	    {"12.1234-17 x", NULL},
	    {"1000000000-1000000001 x", NULL},
	    {"99999999999999999999-1 x", NULL},
	    {"", NULL},
	    {"reason", NULL},
	    {"1 0 0 10 10 two\nlines", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[ZONES_TEXT_MAX];
		struct zone z;
		bool good = zones_parse(cases[i].text, &z);

		if (good != (cases[i].form != NULL))
			fail_msg("%s", cases[i].text);
		if (!good)
			continue;
		zones_format(&z, out);
		assert_string_equal(out, cases[i].form);
		/* which is read as itself */
		assert_true(zones_parse(cases[i].form, &z));
		zones_format(&z, out);
		assert_string_equal(out, cases[i].form);
	}
}

static void
lengths(void **state)
{
	char text[ZONES_REASON_MAX + 32], out[ZONES_TEXT_MAX];
	struct zone z;

	(void)state;
	strcpy(text, "100000 999 999 1 1 ");
	memset(text + strlen(text), 'x', ZONES_REASON_MAX);
	text[19 + ZONES_REASON_MAX] = '\0';
	assert_true(zones_parse(text, &z));
	zones_format(&z, out);
	assert_string_equal(out, text);
	strcat(text, "x");
	assert_false(zones_parse(text, &z));
}

static void
fits(void **state)
{
	static const struct {
		const char *text;
		bool page, time, lines;
	} cases[] = {{"1 0 0 10 10 x", true, false, false},
		     {"1-2 x", false, true, true},
		     {"1.5-2 x", false, true, false},
		     {"2-2 x", false, false, true},
		     {"0-2 x", false, true, false}};
	struct zone z;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(zones_parse(cases[i].text, &z));
		assert_int_equal(zones_fits(&z, ZONES_PAGE), cases[i].page);
		assert_int_equal(zones_fits(&z, ZONES_TIME), cases[i].time);
		assert_int_equal(zones_fits(&z, ZONES_LINES), cases[i].lines);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(forms),
					   cmocka_unit_test(lengths),
					   cmocka_unit_test(fits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
