/* format/pdfops.h: text, images and strings of page contents; any bytes. */
#include "pdfops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct seen {
	char strings[256], names[256];
	size_t n;
};

static void
string(void *ctx, const void *bytes, size_t len)
{
	struct seen *s = ctx;

	assert_true(s->n + len < sizeof s->strings);
	memcpy(s->strings + s->n, bytes, len);
	s->n += len;
}

static void
drawn(void *ctx, const char *name)
{
	struct seen *s = ctx;

	strcat(s->names, name);
	strcat(s->names, " ");
}

static void
contents(void **state)
{
	static const struct {
		const char *content;
		bool text, image;
		const char *strings, *names;
	} cases[] = {
	    {"", false, false, "", ""},
	    {"BT /F1 12 Tf (Hello) Tj ET", true, false, "Hello", ""},
	    {"BT [(He) -20 (llo)] TJ ET", true, false, "Hello", ""},
	    {"(a)' 1 2 (b)\"", true, false, "ab", ""},
	    {"<48656C6c 6F7>Tj", true, false, "Hellop", ""},
	    {"(a\\(b\\)\\\\(c)\\n\\101\\7\\\nd)Tj", true, false,
	     "a(b)\\(c)\nA\7d", ""},
	    /* nothing is shown */
	    {"BT () Tj ET", false, false, "", ""},
	    {"BT (x) ET q Q", false, false, "x", ""},
	    {"% (x) Tj\n", false, false, "", ""},
	    {"/Span <</ActualText (secret) >> BDC EMC", false, false, "", ""},
	    {"/a<</b<</c(x)>>>>BDC(y)Tj", true, false, "y", ""},
	    /* objects, and an image between the operators */
	    {"q 1 0 0 1 0 0 cm /Im#30 Do Q /X Do", false, false, "", "Im0 X "},
	    {"Do", false, false, "", ""},
	    {"BI /W 1 ID (x) Tj \xff\nEI (y) Tj", true, true, "y", ""},
	    {"BI /W 1 ID (x) Tj", false, true, "", ""},
	    /* cut off and out of order */
	    {"(never ends", false, false, "never ends", ""},
	    {"<4", false, false, "@", ""},
	    {">> >> ] (z) Tj", true, false, "z", ""},
	    {"/", false, false, "", ""},
	    {"(\\", false, false, "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct seen s = {0};
		struct pdfops p = {string, drawn, &s, true, true};

		pdfops_read(&p, (const uint8_t *)cases[i].content,
			    strlen(cases[i].content));
		assert_int_equal(p.text, cases[i].text);
		assert_int_equal(p.image, cases[i].image);
		assert_string_equal(s.strings, cases[i].strings);
		assert_string_equal(s.names, cases[i].names);
	}
}

/* What a string is written as makes no difference. */
static void
same_text(void **state)
{
	static const char *const ways[] = {"(Hi)Tj", "<4869>Tj",
					   "[(\\110)(i)]TJ"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct seen s = {0};
		struct pdfops p = {.string = string, .ctx = &s};

		pdfops_read(&p, (const uint8_t *)ways[i], strlen(ways[i]));
		assert_true(p.text);
		assert_string_equal(s.strings, "Hi");
	}
}

/* Pieces of contents in any order: it comes to an end within its bounds. */
static void
any_bytes(void **state)
{
	static const char *const pieces[] = {
	    "(",  ")",	 "<",	 ">",  "<<",   ">>", "/",   "#4",
	    "BI", "ID ", " EI ", "Tj", "Do ",  "\\", "\\1", "%",
	    "\n", "[",	 "]",	 "x",  "\xff", "41"};
	uint32_t r = 7;

	(void)state;
	for (int n = 0; n < 20000; n++) {
		struct pdfops p = {0};
		uint8_t *exact;
		char text[200];
		size_t len = 0;

		for (int i = 0; i < 30; i++) {
			r = r * 1664525u + 1013904223u;
			len += (size_t)sprintf(
			    text + len, "%s",
			    pieces[(r >> 16) %
				   (sizeof pieces / sizeof *pieces)]);
		}
		/* at its very size, for the sanitizers */
		exact = malloc(len);
		assert_non_null(exact);
		memcpy(exact, text, len);
		pdfops_read(&p, exact, len);
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(contents),
					   cmocka_unit_test(same_text),
					   cmocka_unit_test(any_bytes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
