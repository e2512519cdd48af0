/*
 * format/wordlist.h and vault/base/words.h. Run from the top of the source
 * tree.
 */
#include "words.h"

#include "hash.h"
#include "mutants.h"
#include "wordlist.h"

static void
list(void **state)
{
	FILE *f = fopen("format/wordlist.txt", "r");
	char line[32];

	(void)state;
	assert_non_null(f);
	for (uint32_t i = 0; i < WORDLIST_LEN; i++) {
		const char *w = wordlist_word(i);
		size_t n = strlen(w);

		assert_non_null(fgets(line, sizeof line, f));
		line[strcspn(line, "\n")] = '\0';
		assert_string_equal(w, line);
		assert_true(n >= 3 && n <= WORDLIST_WORD_MAX);
		assert_int_equal(strspn(w, "abcdefghijklmnopqrstuvwxyz-"), n);
		if (i > 0)
			assert_true(strcmp(wordlist_word(i - 1), w) < 0);
	}
	assert_null(fgets(line, sizeof line, f));
	fclose(f);
	/* the ends of the published list */
	assert_string_equal(wordlist_word(0), "abacus");
	assert_string_equal(wordlist_word(WORDLIST_LEN - 1), "zoom");
}

/* Five dice are the numbers of the published list. */
static void
dice(void **state)
{
	static const struct {
		const char *rolls;
		int rc;
		const char *words; /* all so far */
	} all[] = {{"11111", 0, "abacus"},
		   {"6 6 6 6 6", 0, "abacus zoom"},
		   {"1111", -1, "abacus zoom"},
		   {"111111", -1, "abacus zoom"},
		   {"11117", -1, "abacus zoom"},
		   {"01111", -1, "abacus zoom"},
		   {"", -1, "abacus zoom"},
		   {" 11112 ", 0, "abacus zoom abdomen"}};
	struct secret *out = secret_new(64), *rolls;

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		rolls = secret_copy(all[i].rolls, strlen(all[i].rolls));
		assert_int_equal(words_of_dice(rolls, out), all[i].rc);
		assert_int_equal(out->len, strlen(all[i].words));
		assert_memory_equal(out->bytes, all[i].words, out->len);
		secret_free(rolls);
	}
	secret_free(out);
}

/* The number of a word, by search. */
static uint32_t
number(const char *word, size_t len)
{
	for (uint32_t i = 0; i < WORDLIST_LEN; i++)
		if (strncmp(wordlist_word(i), word, len) == 0 &&
		    wordlist_word(i)[len] == '\0')
			return i;
	fail_msg("no such word");
	return 0;
}

static size_t
numbers(const char *text, size_t len, uint32_t *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i <= len; n++) {
		size_t w = 0;

		while (i + w < len && text[i + w] != ' ')
			w++;
		assert_true(n < cap && w > 0);
		out[n] = number(text + i, w);
		i += w + 1;
	}
	return n;
}

/*
 * Eight digits to the base 7,776 and the rest: multiplied out they must give
 * the lower bits of the hash; 2^103 < 7776^8, so we look at a number so small
 * that nothing is left over.
 */
static void
fingerprint(void **state)
{
	static const struct {
		uint64_t low;
		uint32_t digit[3];
	} cases[] = {
	    {0, {0, 0, 0}},
	    {1, {1, 0, 0}},
	    {7775, {7775, 0, 0}},
	    {7776, {0, 1, 0}},
	    {UINT64_C(7776) * 7776 * 5 + 7776 * 6 + 7, {7, 6, 5}},
	};
	char text[WORDS_FINGERPRINT_MAX];
	uint8_t hash[32];
	uint32_t n[WORDS_FINGERPRINT + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(hash, 0, sizeof hash);
		for (size_t k = 0; k < 8; k++)
			hash[31 - k] = (uint8_t)(cases[i].low >> 8 * k);
		words_fingerprint(hash, text);
		assert_int_equal(numbers(text, strlen(text), n, COUNT(n)), 8);
		assert_memory_equal(n, cases[i].digit, 12);
		for (size_t k = 3; k < 8; k++)
			assert_int_equal(n[k], 0);
	}
	memset(hash, 0xff, sizeof hash);
	words_fingerprint(hash, text);
	/* 2^256 - 1 modulo 7776 = 2^5 * 3^5, by hand: 31 mod 32, 15 mod 243 */
	assert_int_equal(numbers(text, strlen(text), n, COUNT(n)), 8);
	assert_int_equal(n[0] % 32, 31);
}

/* The remainder of a 256-bit number, one bit at a time. */
static void
first_word(void **state)
{
	char text[WORDS_FINGERPRINT_MAX];
	uint8_t hash[32];
	uint32_t n[WORDS_FINGERPRINT + 1];

	(void)state;
	for (size_t i = 0; i < 50; i++) {
		uint32_t rest = 0;

		hash_sha256(&i, sizeof i, hash);
		for (size_t b = 0; b < 256; b++)
			rest = (rest * 2 + (hash[b / 8] >> (7 - b % 8) & 1)) %
			       WORDLIST_LEN;
		words_fingerprint(hash, text);
		assert_true(strlen(text) < WORDS_FINGERPRINT_MAX);
		numbers(text, strlen(text), n, COUNT(n));
		assert_int_equal(n[0], rest);
	}
}

static void
passphrases(void **state)
{
	uint32_t n[20];

	(void)state;
	for (size_t k = 1; k < 20; k++) {
		struct secret *a = words_passphrase(k);
		struct secret *b = words_passphrase(k);

		assert_non_null(a);
		assert_non_null(b);
		assert_int_equal(numbers((char *)a->bytes, a->len, n, COUNT(n)),
				 k);
		if (k > 4)
			assert_false(a->len == b->len &&
				     memcmp(a->bytes, b->bytes, a->len) == 0);
		secret_free(a);
		secret_free(b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(list),	   cmocka_unit_test(dice),
	    cmocka_unit_test(fingerprint), cmocka_unit_test(first_word),
	    cmocka_unit_test(passphrases),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
