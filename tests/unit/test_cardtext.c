/* format/cardtext.h: names, the order of lines, the one form. */
#include "cardtext.h"

#include "mutants.h"
#include "sshsig.h"

static size_t
make(const char *name, const char *org, char out[CARDTEXT_MAX])
{
	struct cardtext c = {0};
	uint8_t sig[64];
	size_t n;

	snprintf(c.name, sizeof c.name, "%s", name);
	snprintf(c.org, sizeof c.org, "%s", org);
	strcpy(c.recipient, "age1pq1example");
	memset(c.key, 9, sizeof c.key);
	memset(sig, 3, sizeof sig);
	n = cardtext_encode(&c, out);
	return n + sshsig_armor(c.key, "muniment-card", sig, out + n);
}

static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	char again[CARDTEXT_MAX];
	struct cardtext c;
	uint8_t sig[64];
	size_t n = 0;

	(void)ctx;
	if (cardtext_decode((const char *)bytes, len, &c, &n, sig) != FORMAT_OK)
		return false;
	assert_int_equal(cardtext_encode(&c, again), n);
	n += sshsig_armor(c.key, "muniment-card", sig, again + n);
	assert_int_equal(n, len);
	assert_memory_equal(again, bytes, len);
	return true;
}

static void
reads(void **state)
{
	char text[CARDTEXT_MAX];
	struct cardtext c;
	uint8_t sig[64];
	size_t len, n = 0;

	(void)state;
	len = make("Ada \xd0\x96", "An Org", text);
	assert_memory_equal(text,
			    "muniment card 1\nname Ada \xd0\x96\norg An Org\n"
			    "recipient age1pq1example\nkey ssh-ed25519 AAAA",
			    82);
	assert_int_equal(cardtext_decode(text, len, &c, &n, sig), FORMAT_OK);
	assert_string_equal(c.name, "Ada \xd0\x96");
	assert_string_equal(c.org, "An Org");
	assert_string_equal(c.recipient, "age1pq1example");
	assert_int_equal(c.key[31], 9);
	assert_int_equal(sig[0], 3);
	assert_memory_equal(text + n, "-----BEGIN", 10);
	len = make("Ada", "", text);
	assert_int_equal(cardtext_decode(text, len, &c, &n, sig), FORMAT_OK);
	assert_string_equal(c.org, "");
}

static void
one_form_each(void **state)
{
	char text[CARDTEXT_MAX];
	size_t len = make("Ada", "Org", text);

	(void)state;
	assert_true(mutants_all(accepts, NULL, text, len) > 50);
	len = make("A", "", text);
	assert_true(mutants_all(accepts, NULL, text, len) > 50);
}

static void
names(void **state)
{
	static const char *const good[] = {
	    "A", "a b", "\xd0\x96", "\xf0\x9f\x98\x80", "org x", "\\"};
	static const char *const bad[] = {
	    "",	       " a",   "a ",   "a\nb",	       "a\tb", "a\x7f",
	    "\x1b[2J", "\xff", "\xc3", "\xed\xa0\x80", "a\r",  "\x01",
	};
	char longest[202], text[CARDTEXT_MAX];

	(void)state;
	memset(longest, 'n', 201);
	longest[201] = '\0';
	assert_false(cardtext_is_name(longest));
	longest[200] = '\0';
	assert_true(cardtext_is_name(longest));
	assert_true(
	    accepts(NULL, (uint8_t *)text, make(longest, longest, text)));
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(cardtext_is_name(good[i]));
		assert_true(accepts(NULL, (uint8_t *)text,
				    make(good[i], good[i], text)));
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_false(cardtext_is_name(bad[i]));
		assert_false(
		    accepts(NULL, (uint8_t *)text, make(bad[i], "x", text)));
		if (bad[i][0] != '\0') /* an empty org is none */
			assert_false(accepts(NULL, (uint8_t *)text,
					     make("x", bad[i], text)));
	}
}

/* Replace the first `from` of a valid card; -1 if it is not in it. */
static bool
accepts_with(const char *from, const char *to)
{
	char text[CARDTEXT_MAX], other[CARDTEXT_MAX + 4096], *at;
	size_t len = make("Ada", "Org", text);

	text[len] = '\0';
	at = strstr(text, from);
	assert_non_null(at);
	len = (size_t)sprintf(other, "%.*s%s%s", (int)(at - text), text, to,
			      at + strlen(from));
	return mutants_try(accepts, NULL, (uint8_t *)other, len);
}

static void
refuses(void **state)
{
	static const char *const changes[][2] = {
	    {"card 1", "card 2"},
	    {"name Ada\norg Org\n", "org Org\nname Ada\n"},
	    {"name Ada\n", ""},
	    {"name Ada\n", "name Ada\nname Ada\n"},
	    {"org Org\n", "org Org\norg Org\n"},
	    {"org Org\n", "org \n"},
	    {"org Org\n", "org\n"},
	    {"name Ada", "name  Ada"},
	    {"name Ada\n", "name Ada\nnote x\n"},
	    {"recipient age1pq1example\n", ""},
	    {"recipient age1pq1example\n", "recipient \n"},
	    {"\nkey ", "\nKey "},
	    {"key ssh-ed25519 ", "key ssh-ed25519  "},
	    {"-----BEGIN", "\n-----BEGIN"},
	    {"-----END SSH SIGNATURE-----\n", "-----END SSH SIGNATURE-----"},
	    {"-----END SSH SIGNATURE-----\n",
	     "-----END SSH SIGNATURE-----\n\n"},
	    {"Ada\n", "Ada\r\n"},
	};

	(void)state;
	assert_true(accepts_with("Ada", "Eva"));
	for (size_t i = 0; i < COUNT(changes); i++)
		if (accepts_with(changes[i][0], changes[i][1]))
			fail_msg("accepted change %zu", i);
}

/* The signature's key must be the card's. */
static void
other_signer(void **state)
{
	char text[CARDTEXT_MAX];
	struct cardtext c;
	uint8_t sig[64], other[32];
	size_t n = 0, len = make("Ada", "", text);

	(void)state;
	assert_int_equal(cardtext_decode(text, len, &c, &n, sig), FORMAT_OK);
	memset(other, 8, sizeof other);
	len = n + sshsig_armor(other, "muniment-card", sig, text + n);
	assert_int_equal(cardtext_decode(text, len, &c, &n, sig),
			 FORMAT_MALFORMED);
}

static void
too_large(void **state)
{
	char *text = calloc(1, CARDTEXT_MAX + 1);
	struct cardtext c;
	uint8_t sig[64];
	size_t n;

	(void)state;
	assert_non_null(text);
	assert_int_equal(cardtext_decode(text, CARDTEXT_MAX, &c, &n, sig),
			 FORMAT_LIMIT);
	assert_int_equal(cardtext_decode(text, CARDTEXT_MAX - 1, &c, &n, sig),
			 FORMAT_MALFORMED);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),	    cmocka_unit_test(one_form_each),
	    cmocka_unit_test(names),	    cmocka_unit_test(refuses),
	    cmocka_unit_test(other_signer), cmocka_unit_test(too_large),
	};

	return cmocka_run_group_tests_name("cardtext", tests, NULL, NULL);
}
