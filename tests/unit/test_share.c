/* format/share.h: shares as bytes, as lines of words, as the text of a code. */
#include "share.h"

#include "mutants.h"
#include "wordlist.h"

/* Some bytes that look random and are the same each time. */
static void
fill(uint8_t *p, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)(seed >> 24);
	}
}

static size_t
make(size_t least, uint8_t out[SHARE_MAX])
{
	uint8_t data[SHARE_DATA_MAX];
	struct share s = {.threshold = 3, .index = 2, .data = data};
	size_t n;

	s.len = share_data_len(least);
	fill(data, sizeof data, 7);
	memcpy(s.set, "set 1234", SHARE_SET_LEN);
	n = share_encode(&s, out);
	memcpy(out + n, "sum!", SHARE_SUM_LEN);
	return n + SHARE_SUM_LEN;
}

static void
lengths(void **state)
{
	size_t before = 0;

	(void)state;
	for (size_t n = 0; n <= SHARE_DATA_MAX; n++) {
		size_t len = share_data_len(n), all;

		assert_true(len >= n && len >= before);
		assert_int_equal(share_data_len(len), len);
		before = len;
		all = len + SHARE_HEAD_LEN + SHARE_SUM_LEN;
		assert_int_equal(all % SHARE_LINE_BYTES, 0);
		assert_true(all / SHARE_LINE_BYTES <= SHARE_LINES_MAX);
		assert_int_equal(all % 5, 0);
	}
	assert_int_equal(share_data_len(SHARE_DATA_MAX + 1), 0);
	/* most people's: 25 lines */
	assert_int_equal(share_data_len(1 + 96 + 2 + 69 + 16), 184);
	/* the longest names */
	assert_true(share_data_len(1 + 96 + 2 + 400 + 16) > 0);
}

static bool
decodes(void *ctx, const uint8_t *bytes, size_t len)
{
	uint8_t again[SHARE_MAX];
	struct share s;
	size_t n;

	(void)ctx;
	if (share_decode(bytes, len, &s) != FORMAT_OK)
		return false;
	n = share_encode(&s, again);
	memcpy(again + n, s.sum, SHARE_SUM_LEN);
	assert_int_equal(n + SHARE_SUM_LEN, len);
	assert_memory_equal(again, bytes, len);
	return true;
}

static void
round_trip(void **state)
{
	uint8_t bytes[SHARE_MAX + 8];
	struct share s;

	(void)state;
	for (size_t least = 1; least <= SHARE_DATA_MAX; least += 90) {
		size_t len = make(least, bytes);

		assert_int_equal(share_decode(bytes, len, &s), FORMAT_OK);
		assert_int_equal(s.threshold, 3);
		assert_int_equal(s.index, 2);
		assert_memory_equal(s.set, "set 1234", SHARE_SET_LEN);
		assert_memory_equal(s.sum, "sum!", SHARE_SUM_LEN);
		assert_true(s.len >= least);
		(void)mutants_all(decodes, NULL, bytes, len);
	}
	assert_int_equal(share_decode(bytes, SHARE_MAX + 1, &s), FORMAT_LIMIT);
	assert_int_equal(share_decode(bytes, 0, &s), FORMAT_MALFORMED);
}

static void
heads(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		bool ok;
	} cases[] = {
	    {0, 0, false},   {0, 2, false},   {1, 24, false}, {1, 40, false},
	    {10, 0, false},  {10, 1, false},  {10, 2, true},  {10, 16, true},
	    {11, 0, false},  {10, 17, false}, {11, 1, true},  {11, 16, true},
	    {2, 0xff, true}, {11, 17, false},
	};
	uint8_t bytes[SHARE_MAX];
	struct share s;
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		len = make(100, bytes);
		bytes[cases[i].at] = cases[i].value;
		if ((share_decode(bytes, len, &s) == FORMAT_OK) != cases[i].ok)
			fail_msg("case %zu", i);
	}
}

/* Worked out apart from this program (FORMAT.md, Shares). */
static void
known_lines(void **state)
{
	static const struct {
		uint8_t bytes[8];
		unsigned number;
		const char *text;
	} cases[] = {
	    {{0}, 1, " 1  abacus abacus abacus abacus abacus abdomen"},
	    {{1, 25, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab},
	     1,
	     " 1  achiness finished regulate concur wool baguette"},
	    {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	     70,
	     "70  zoologist sizable spinster density granite oops"},
	};
	char text[SHARE_LINE_MAX];
	uint8_t back[8];
	unsigned number, word;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n =
		    share_line_encode(cases[i].bytes, cases[i].number, text);

		assert_string_equal(text, cases[i].text);
		assert_int_equal(strlen(text), n);
		assert_int_equal(
		    share_line_decode(text, n, &number, &word, back),
		    SHARE_LINE_OK);
		assert_int_equal(number, cases[i].number);
		assert_memory_equal(back, cases[i].bytes, 8);
	}
}

static enum share_line_result
read_line(const char *text, unsigned *number, unsigned *word)
{
	uint8_t back[8];

	return share_line_decode(text, strlen(text), number, word, back);
}

static void
typed_lines(void **state)
{
	static const struct {
		const char *text;
		enum share_line_result want;
		unsigned number, word;
	} cases[] = {
	    {"1 abacus abacus abacus abacus abacus abdomen", SHARE_LINE_OK, 1,
	     0},
	    {"\t1. Abacus  ABACUS abacus abacus\tabacus abdomen \r\n",
	     SHARE_LINE_OK, 1, 0},
	    {"01) abacus abacus abacus abacus abacus abdomen", SHARE_LINE_OK, 1,
	     0},
	    {"2 abacus abacus abacus abacus abacus abdomen", SHARE_LINE_WRONG,
	     2, 0},
	    {"1 abacus abacus abacus abacus abdomen abacus", SHARE_LINE_WRONG,
	     1, 0},
	    {"1 zoom zoom zoom zoom zoom zoom", SHARE_LINE_WRONG, 1, 0},
	    {"1 abacus abacus abacus abacus abacus", SHARE_LINE_COUNT, 1, 0},
	    {"1 abacus abacus abacus abacus abacus abdomen abacus",
	     SHARE_LINE_COUNT, 1, 0},
	    {"1 ", SHARE_LINE_COUNT, 1, 0},
	    {"1 abacus abacos abacus abakus abacus abdomen", SHARE_LINE_UNKNOWN,
	     1, 2},
	    {"1 abacus abacus abacus abacus abacus abdomenal",
	     SHARE_LINE_UNKNOWN, 1, 6},
	    {"1 abacus abacus abacus abacus abacus abdome", SHARE_LINE_UNKNOWN,
	     1, 6},
	    {"1 abacus abacus abacus abacus abacus \xd0\xb0\xd0\xb1",
	     SHARE_LINE_UNKNOWN, 1, 6},
	    {"", SHARE_LINE_OTHER, 0, 0},
	    {"abacus", SHARE_LINE_OTHER, 0, 0},
	    {"0 abacus", SHARE_LINE_OTHER, 0, 0},
	    {"1", SHARE_LINE_OTHER, 0, 0},
	    {"1abacus abacus", SHARE_LINE_OTHER, 0, 0},
	    {"123 abacus", SHARE_LINE_OTHER, 0, 0},
	    {"Any 3 of them", SHARE_LINE_OTHER, 0, 0},
	};
	unsigned number, word;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (read_line(cases[i].text, &number, &word) != cases[i].want ||
		    number != cases[i].number || word != cases[i].word)
			fail_msg("case %zu: %u, %u", i, number, word);
	/* a NUL in a word, and one where a listed word ends */
	assert_int_equal(share_line_decode("1 yo-yo\0 a", 10, &number, &word,
					   (uint8_t[8]){0}),
			 SHARE_LINE_COUNT);
	assert_int_equal(wordlist_find("zoom\0oo", 7), -1);
	assert_int_equal(wordlist_find("", 0), -1);
}

static void
find(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < WORDLIST_LEN; i++) {
		const char *w = wordlist_word(i);

		assert_int_equal(wordlist_find(w, strlen(w)), i);
		/* some beginnings are words themselves */
		for (size_t n = 1; n < strlen(w); n++) {
			int k = wordlist_find(w, n);

			assert_true(k < (int)i);
			assert_true(k < 0 ||
				    strlen(wordlist_word((uint32_t)k)) == n);
		}
	}
	assert_int_equal(wordlist_find("aaa", 3), -1);
	assert_int_equal(wordlist_find("zzzzzzzzzzzz", 12), -1);
}

/* Split a line into its words; the number is words[0]. */
static void
words_of(char *line, char *words[7])
{
	for (size_t i = 0; i < 7; i++)
		words[i] = strtok(i == 0 ? line : NULL, " ");
}

static void
joined(char *words[7], char out[128])
{
	out[0] = '\0';
	for (size_t i = 0; i < 7; i++) {
		strcat(out, words[i]);
		strcat(out, " ");
	}
}

/* Each single wrong word, all 7,775 in each place, is noticed. */
static void
one_wrong_word(void **state)
{
	char line[SHARE_LINE_MAX], other[128], *words[7];
	uint8_t bytes[8];
	unsigned number, word;

	(void)state;
	fill(bytes, sizeof bytes, 99);
	share_line_encode(bytes, 17, line);
	words_of(line, words);
	for (size_t at = 1; at < 7; at++) {
		char *was = words[at], now[WORDLIST_WORD_MAX + 1];

		for (uint32_t i = 0; i < WORDLIST_LEN; i++) {
			if (strcmp(wordlist_word(i), was) == 0)
				continue;
			strcpy(now, wordlist_word(i));
			words[at] = now;
			joined(words, other);
			if (read_line(other, &number, &word) !=
			    SHARE_LINE_WRONG)
				fail_msg("%s for %s", now, was);
		}
		words[at] = was;
	}
}

/* Two words that changed places, and a line in another's place. */
static void
changed_places(void **state)
{
	char line[SHARE_LINE_MAX], other[128], *words[7];
	uint8_t bytes[8];
	unsigned number, word;

	(void)state;
	for (uint32_t seed = 0; seed < 200; seed++) {
		fill(bytes, sizeof bytes, seed);
		share_line_encode(bytes, seed % SHARE_LINES_MAX + 1, line);
		words_of(line, words);
		for (size_t a = 1; a < 7; a++)
			for (size_t b = a + 1; b < 7; b++) {
				char *t = words[a];

				if (strcmp(words[a], words[b]) == 0)
					continue;
				words[a] = words[b];
				words[b] = t;
				joined(words, other);
				assert_int_equal(
				    read_line(other, &number, &word),
				    SHARE_LINE_WRONG);
				words[b] = words[a];
				words[a] = t;
			}
		for (unsigned n = 1; n <= SHARE_LINES_MAX; n++) {
			char text[8];

			sprintf(text, "%u", n);
			words[0] = text;
			joined(words, other);
			assert_int_equal(read_line(other, &number, &word),
					 n == seed % SHARE_LINES_MAX + 1
					     ? SHARE_LINE_OK
					     : SHARE_LINE_WRONG);
		}
	}
}

static void
codes(void **state)
{
	uint8_t bytes[SHARE_MAX], back[SHARE_MAX];
	char text[SHARE_CODE_MAX];
	size_t len = make(100, bytes), n, got;

	(void)state;
	n = share_code_encode(bytes, len, text);
	assert_int_equal(n, strlen("MUNIMENT-SHARE:") + len / 5 * 8);
	/* nothing that would make a QR code leave its alphanumeric mode */
	assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-:"),
			 n);
	assert_int_equal(share_code_decode(text, n, back, &got), 0);
	assert_int_equal(got, len);
	assert_memory_equal(back, bytes, len);
	text[n++] = '\n';
	text[0] = 'm';
	text[20] |= 32;
	assert_int_equal(share_code_decode(text, n, back, &got), 0);
	assert_int_equal(share_code_decode(text, 14, back, &got), -1);
	text[30] = '1';
	assert_int_equal(share_code_decode(text, n, back, &got), -2);
	text[3] = 'X';
	assert_int_equal(share_code_decode(text, n, back, &got), -1);
	assert_int_equal(share_code_decode("", 0, back, &got), -1);
	/* the longest there is, and one that is longer */
	len = make(SHARE_DATA_MAX, bytes);
	n = share_code_encode(bytes, len, text);
	assert_true(n < SHARE_CODE_MAX);
	assert_int_equal(share_code_decode(text, n, back, &got), 0);
	memset(text + n, 'A', 8);
	assert_int_equal(share_code_decode(text, n + 8, back, &got), -2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lengths),	      cmocka_unit_test(round_trip),
	    cmocka_unit_test(heads),	      cmocka_unit_test(known_lines),
	    cmocka_unit_test(typed_lines),    cmocka_unit_test(find),
	    cmocka_unit_test(one_wrong_word), cmocka_unit_test(changed_places),
	    cmocka_unit_test(codes),
	};

	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
