/* format/ageheader.h: the grammar, the limits, the writer. */
#include "ageheader.h"
#include "base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define V "age-encryption.org/v1\n"
#define MAC "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define END "--- " MAC "\n"
#define L64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct {
	const char *name, *text;
	size_t stanzas;
} good[] = {
    {"one", V "-> X25519 share\nAAAA\n" END, 1},
    {"empty body", V "-> type\n\n" END, 1},
    {"a line and an empty one", V "-> type a b\n" L64 "\n\n" END, 1},
    {"two lines and a part", V "-> t\n" L64 "\n" L64 "\nAA\n" END, 1},
    {"three", V "-> a\n\n-> b\nAAAA\n-> c\n" L64 "\nAAA\n" END, 3},
    {"all characters", V "-> !\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~\n\n" END,
     1},
    {"an argument like a stanza", V "-> -> ---\n\n" END, 1},
};

static const struct {
	const char *name, *text;
	enum ageheader_result want;
} bad[] = {
    {"not age", "PK\x03\x04", AGEHEADER_FOREIGN},
    {"not age, longer", "Dear Madam, I write about the case of\n",
     AGEHEADER_FOREIGN},
    {"version 2", "age-encryption.org/v2\n-> a\n\n" END, AGEHEADER_VERSION},
    {"CRLF", "age-encryption.org/v1\r\n-> a\r\n\r\n", AGEHEADER_VERSION},
    {"version 11", "age-encryption.org/v11\n", AGEHEADER_VERSION},
    {"no stanza", V END, AGEHEADER_MALFORMED},
    {"bad start", V "=> a\n\n" END, AGEHEADER_MALFORMED},
    {"no type", V "->\n\n" END, AGEHEADER_MALFORMED},
    {"no type but a space", V "-> \n\n" END, AGEHEADER_MALFORMED},
    {"space at the end", V "-> a \n\n" END, AGEHEADER_MALFORMED},
    {"two spaces", V "-> a  b\n\n" END, AGEHEADER_MALFORMED},
    {"space at the start", V "->  a\n\n" END, AGEHEADER_MALFORMED},
    {"tab", V "-> a\tb\n\n" END, AGEHEADER_MALFORMED},
    {"not ASCII", V "-> \xc3\xa4\n\n" END, AGEHEADER_MALFORMED},
    {"DEL", V "-> a\x7f\n\n" END, AGEHEADER_MALFORMED},
    {"CR in a stanza", V "-> a\r\n\n" END, AGEHEADER_MALFORMED},
    {"CR in a body", V "-> a\nAAAA\r\n" END, AGEHEADER_MALFORMED},
    {"no body", V "-> a\n" END, AGEHEADER_MALFORMED},
    {"no body, then a stanza", V "-> a\n-> b\n\n" END, AGEHEADER_MALFORMED},
    {"full line is the last", V "-> a\n" L64 "\n" END, AGEHEADER_MALFORMED},
    {"full line, then a stanza", V "-> a\n" L64 "\n-> b\n\n" END,
     AGEHEADER_MALFORMED},
    {"two short lines", V "-> a\nAAAA\nAAAA\n" END, AGEHEADER_MALFORMED},
    {"long line", V "-> a\n" L64 "A\n\n" END, AGEHEADER_MALFORMED},
    {"padding", V "-> a\nAA==\n" END, AGEHEADER_MALFORMED},
    {"not canonical", V "-> a\nAB\n" END, AGEHEADER_MALFORMED},
    {"no MAC", V "-> a\n\n---\n", AGEHEADER_MALFORMED},
    {"no MAC but a space", V "-> a\n\n--- \n", AGEHEADER_MALFORMED},
    {"no space", V "-> a\n\n---" MAC "\n", AGEHEADER_MALFORMED},
    {"two spaces before the MAC", V "-> a\n\n---  " MAC "\n",
     AGEHEADER_MALFORMED},
    {"space after the MAC", V "-> a\n\n--- " MAC " \n", AGEHEADER_MALFORMED},
    {"four dashes", V "-> a\n\n---- " MAC "\n", AGEHEADER_MALFORMED},
    {"short MAC", V "-> a\n\n--- AAAA\n", AGEHEADER_MALFORMED},
    {"padded MAC", V "-> a\n\n--- " MAC "=\n", AGEHEADER_MALFORMED},
    {"MAC not canonical",
     V "-> a\n\n--- AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\n",
     AGEHEADER_MALFORMED},
};

static void
accepts(void **state)
{
	struct ageheader h;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		size_t len = strlen(good[i].text);

		/* whatever follows does not matter, and any cut is seen */
		if (ageheader_parse(good[i].text, len + 1, &h) != AGEHEADER_OK)
			fail_msg("refused: %s", good[i].name);
		assert_int_equal(h.len, len);
		assert_int_equal(h.stanzas, good[i].stanzas);
		assert_int_equal(h.mac_over, len - 45);
		for (uint8_t k = 0; k < 32; k++)
			assert_int_equal(h.mac[k], k);
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(ageheader_parse(good[i].text, cut, &h),
					 AGEHEADER_MORE);
	}
}

static void
refuses(void **state)
{
	struct ageheader h;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (ageheader_parse(bad[i].text, strlen(bad[i].text), &h) !=
		    bad[i].want)
			fail_msg("wrong result: %s", bad[i].name);
}

static void
gives_views(void **state)
{
	static const char text[] =
	    V "-> X25519 one two three four\n" L64 "\nAQID\n-> b\n\n" END;
	struct ageheader_stanza s;
	struct ageheader h;
	uint8_t body[64], want[64] = {0};
	size_t pos = 0;

	(void)state;
	want[48] = 1, want[49] = 2, want[50] = 3;
	assert_int_equal(ageheader_parse(text, strlen(text), &h), AGEHEADER_OK);
	assert_true(ageheader_next(&h, &pos, &s));
	assert_int_equal(s.args, 5);
	assert_true(ageheader_arg_is(&s, 0, "X25519"));
	assert_false(ageheader_arg_is(&s, 0, "X2551"));
	assert_false(ageheader_arg_is(&s, 0, "X25519a"));
	assert_true(ageheader_arg_is(&s, 3, "three"));
	assert_int_equal(s.body_len, 51);
	ageheader_body(&s, body);
	assert_memory_equal(body, want, 51);
	assert_true(ageheader_next(&h, &pos, &s));
	assert_int_equal(s.args, 1);
	assert_int_equal(s.body_len, 0);
	assert_true(ageheader_arg_is(&s, 0, "b"));
	assert_false(ageheader_arg_is(&s, 1, ""));
	assert_false(ageheader_next(&h, &pos, &s));
	assert_false(ageheader_next(&h, &pos, &s));
}

static void
limits(void **state)
{
	char *text = malloc(AGEHEADER_LEN_MAX + 4096);
	struct ageheader h;
	size_t n;

	(void)state;
	assert_non_null(text);
	for (int extra = 0; extra < 2; extra++) {
		enum ageheader_result want =
		    extra ? AGEHEADER_TOO_LARGE : AGEHEADER_OK;

		/* stanzas */
		n = (size_t)sprintf(text, V);
		for (int i = 0; i < AGEHEADER_STANZAS_MAX + extra; i++)
			n += (size_t)sprintf(text + n, "-> a\n\n");
		n += (size_t)sprintf(text + n, END);
		assert_int_equal(ageheader_parse(text, n, &h), want);
		/* arguments */
		n = (size_t)sprintf(text, V "->");
		for (int i = 0; i < AGEHEADER_ARGS_MAX + extra; i++)
			n += (size_t)sprintf(text + n, " a");
		n += (size_t)sprintf(text + n, "\n\n" END);
		assert_int_equal(ageheader_parse(text, n, &h), want);
		/* bytes */
		n = (size_t)sprintf(text, V "-> ");
		memset(text + n, 'a', AGEHEADER_LEN_MAX);
		n = AGEHEADER_LEN_MAX - strlen("\n\n" END) + (size_t)extra;
		n += (size_t)sprintf(text + n, "\n\n" END);
		assert_int_equal(n, AGEHEADER_LEN_MAX + extra);
		assert_int_equal(ageheader_parse(text, n, &h), want);
		assert_int_equal(
		    ageheader_parse(text, AGEHEADER_LEN_MAX - 1, &h),
		    AGEHEADER_MORE);
	}
	free(text);
}

static void
writes_what_it_reads(void **state)
{
	struct ageheader_text args[2] = {{"type", 4}, {"argument", 8}};
	struct ageheader_stanza s;
	uint8_t body[200], again[200], mac[32];
	char text[1000];
	struct ageheader h;
	size_t n, m, pos;

	(void)state;
	memset(mac, 7, sizeof mac);
	for (size_t i = 0; i < sizeof body; i++)
		body[i] = (uint8_t)(i * 3);
	for (size_t len = 0; len < sizeof body; len++) {
		n = ageheader_put_version(text);
		m = ageheader_put_stanza(text + n, args, 2, body, len);
		assert_int_equal(ageheader_put_stanza(NULL, args, 2, NULL, len),
				 m);
		n += m;
		n += ageheader_put_dashes(text + n);
		assert_int_equal(n, ageheader_put_version(NULL) + m +
					ageheader_put_dashes(NULL));
		m = n;
		n += ageheader_put_mac(text + n, mac);
		assert_int_equal(n, m + ageheader_put_mac(NULL, NULL));
		assert_int_equal(ageheader_parse(text, n, &h), AGEHEADER_OK);
		assert_int_equal(h.mac_over, m);
		assert_memory_equal(h.mac, mac, 32);
		pos = 0;
		assert_true(ageheader_next(&h, &pos, &s));
		assert_int_equal(s.body_len, len);
		ageheader_body(&s, again);
		assert_memory_equal(body, again, len);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(accepts),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(gives_views),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(writes_what_it_reads),
	};

	return cmocka_run_group_tests_name("ageheader", tests, NULL, NULL);
}
