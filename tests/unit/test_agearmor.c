/* format/agearmor.h: every size and every cut, and strictness. */
#include "agearmor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define BEGIN "-----BEGIN AGE ENCRYPTED FILE-----"
#define END "-----END AGE ENCRYPTED FILE-----"
/* 48 bytes "a" */
#define FULL "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"

/* Decode in pieces of `in` characters into rooms of `room` bytes. */
static enum agearmor_result
decode(const char *text, size_t len, size_t in, size_t room, uint8_t *out,
       size_t *outlen)
{
	struct agearmor_reader r;
	enum agearmor_result a;
	size_t used, got, take;

	agearmor_reader_init(&r);
	*outlen = 0;
	while (len > 0) {
		take = in < len ? in : len;
		a = agearmor_read(&r, text, take, &used, out + *outlen, room,
				  &got);
		*outlen += got;
		if (a != AGEARMOR_OK)
			return a;
		text += used;
		len -= used;
	}
	return agearmor_read_end(&r);
}

static size_t
encode(const uint8_t *in, size_t len, size_t piece, char *out)
{
	struct agearmor_writer w;
	size_t n = agearmor_write_start(&w, out), take, m;

	for (size_t i = 0; i < len; i += take) {
		take = len - i < piece ? len - i : piece;
		m = agearmor_write(&w, in + i, take, out + n);
		assert_true(m <= agearmor_write_max(take));
		n += m;
	}
	m = agearmor_write_end(&w, out + n);
	assert_true(m <= AGEARMOR_END_MAX);
	return n + m;
}

static void
round_trips(void **state)
{
	static const size_t pieces[] = {1, 7, 47, 48, 49, 64, 1000};
	uint8_t in[300], out[400];
	char text[1000], other[1000];
	size_t n, m;

	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(i * 7);
	for (size_t len = 0; len <= sizeof in; len++) {
		n = encode(in, len, sizeof in, text);
		for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
			assert_int_equal(encode(in, len, pieces[i], other), n);
			assert_memory_equal(text, other, n);
			assert_int_equal(
			    decode(text, n, pieces[i], 48, out, &m),
			    AGEARMOR_OK);
			assert_int_equal(m, len);
			assert_memory_equal(in, out, len);
		}
	}
}

/* A cut anywhere is seen, but for that of the last LF. */
static void
sees_every_cut(void **state)
{
	uint8_t in[100] = {0}, out[200];
	char text[300];
	size_t n = encode(in, sizeof in, 48, text), m;

	(void)state;
	for (size_t len = 0; len + 1 < n; len++)
		assert_int_not_equal(decode(text, len, 1000, 200, out, &m),
				     AGEARMOR_OK);
	assert_int_equal(decode(text, n - 1, 1000, 200, out, &m), AGEARMOR_OK);
}

static const struct {
	const char *name, *text;
	size_t len; /* of what it decodes to */
} good[] = {
    {"short", BEGIN "\nYWFh\n" END "\n", 3},
    {"CRLF", BEGIN "\r\n" FULL "\r\nYQ==\r\n" END "\r\n", 49},
    {"full last line", BEGIN "\n" FULL "\n" END "\n", 48},
    {"no end of line", BEGIN "\nYQ==\n" END, 1},
    {"CR at the end", BEGIN "\nYQ==\n" END "\r", 1},
    {"space around", " \t\n\r\n\n" BEGIN "\nYQ==\n" END "\n \n\t", 1},
    {"nothing inside", BEGIN "\n" END "\n", 0},
};

static const struct {
	const char *name, *text;
} bad[] = {
    {"empty", ""},
    {"only space", "\n\n"},
    {"lower case", "-----begin age encrypted file-----\nYQ==\n" END},
    {"other label", "-----BEGIN AGE FILE-----\nYQ==\n" END},
    {"indented", " " BEGIN "\nYQ==\n" END},
    {"space after BEGIN", BEGIN " \nYQ==\n" END},
    {"space after END", BEGIN "\nYQ==\n" END " x"},
    {"text before", "x\n" BEGIN "\nYQ==\n" END},
    {"text after", BEGIN "\nYQ==\n" END "\nx"},
    {"a second file", BEGIN "\nYQ==\n" END "\n" BEGIN "\nYQ==\n" END},
    {"PEM headers", BEGIN "\nA: b\n\nYQ==\n" END},
    {"empty line first", BEGIN "\n\nYQ==\n" END},
    {"empty line inside", BEGIN "\n" FULL "\n\nYQ==\n" END},
    {"empty line last", BEGIN "\n" FULL "\n\n" END},
    {"long line", BEGIN "\n" FULL "YQ==\n" END},
    {"65 characters", BEGIN "\n" FULL "A\n" END},
    {"short line, then more", BEGIN "\nYWFh\nYWFh\n" END},
    {"short by padding, then more", BEGIN
     "\nYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=\n"
     "YQ==\n" END},
    {"no padding", BEGIN "\nYQ\n" END},
    {"not canonical", BEGIN "\nYR==\n" END},
    {"bad character", BEGIN "\nYQ=!\n" END},
    {"CR inside", BEGIN "\nYW\rFh\n" END},
    {"two CR", BEGIN "\nYQ==\r\r\n" END},
    {"space at a line's start", BEGIN "\n YQ==\n" END},
    {"space at a line's end", BEGIN "\nYQ== \n" END},
    {"no END", BEGIN "\nYQ==\n"},
    {"END cut", BEGIN "\nYQ==\n-----END AGE ENCRYPTED FILE----"},
    {"END first", END "\n"},
    {"checksum of PGP", BEGIN "\nYQ==\n=njUN\n" END},
};

static void
accepts(void **state)
{
	uint8_t out[200];
	size_t m;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		for (size_t in = 1; in < 200; in += 33) {
			if (decode(good[i].text, strlen(good[i].text), in, 48,
				   out, &m) != AGEARMOR_OK ||
			    m != good[i].len)
				fail_msg("refused: %s", good[i].name);
		}
	}
}

static void
refuses(void **state)
{
	uint8_t out[200];
	size_t m;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		for (size_t in = 1; in < 200; in += 33)
			if (decode(bad[i].text, strlen(bad[i].text), in, 48,
				   out, &m) == AGEARMOR_OK)
				fail_msg("accepted: %s", bad[i].name);
}

/* 1024 bytes of white space on each side, and no more. */
static void
limits_space(void **state)
{
	char text[4000];
	uint8_t out[200];
	size_t m, n;

	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		size_t space = AGEARMOR_SPACE_MAX + (size_t)extra;
		enum agearmor_result want =
		    extra ? AGEARMOR_MALFORMED : AGEARMOR_OK;

		memset(text, '\n', space);
		strcpy(text + space, BEGIN "\nYQ==\n" END);
		assert_int_equal(decode(text, strlen(text), 4000, 200, out, &m),
				 want);
		strcpy(text, BEGIN "\nYQ==\n" END "\n");
		n = strlen(text);
		memset(text + n, ' ', space);
		assert_int_equal(decode(text, n + space, 4000, 200, out, &m),
				 want);
	}
}

static void
tells_by_the_first_byte(void **state)
{
	(void)state;
	assert_true(agearmor_is_likely('-'));
	assert_true(agearmor_is_likely('\n'));
	assert_true(agearmor_is_likely(' '));
	assert_false(agearmor_is_likely('a'));
	assert_false(agearmor_is_likely(0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trips),
	    cmocka_unit_test(sees_every_cut),
	    cmocka_unit_test(accepts),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(limits_space),
	    cmocka_unit_test(tells_by_the_first_byte),
	};

	return cmocka_run_group_tests_name("agearmor", tests, NULL, NULL);
}
