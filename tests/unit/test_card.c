/* vault/keys/card.h: a card is only what its own key has signed. */
#include "card.h"

#include "agetext.h"
#include "ed25519.h"
#include "scratch.h"
#include "sshsig.h"
#include "sshsign.h"

static uint8_t seed[32], pub[32];
static struct agekey_public hybrid, x25519;

static bool
accepts(const char *bytes, size_t len, enum err_code *code)
{
	struct card *c = malloc(sizeof *c);
	struct err e = {0};
	bool ok;

	assert_non_null(c);
	ok = card_parse(bytes, len, c, &e) == 0;
	*code = e.code;
	free(c);
	return ok;
}

static void
made(void **state)
{
	static struct card c, again;
	struct err e = {0};
	char recipient[AGETEXT_RECIPIENT_MAX];

	(void)state;
	assert_int_equal(card_make("Ada", "Org", &hybrid, seed, &c, &e), 0);
	assert_string_equal(c.text.name, "Ada");
	assert_string_equal(c.text.org, "Org");
	assert_memory_equal(c.text.key, pub, 32);
	agetext_recipient(&hybrid, recipient);
	assert_string_equal(c.text.recipient, recipient);
	assert_int_equal(strlen(c.bytes), c.len);
	assert_int_equal(card_parse(c.bytes, c.len, &again, &e), 0);
	assert_memory_equal(&again.recipient, &hybrid, sizeof hybrid);
	assert_string_equal(again.words, c.words);
	assert_int_equal(card_make("Ada", NULL, &hybrid, seed, &again, &e), 0);
	assert_string_not_equal(again.words, c.words);
	assert_int_equal(card_make("", "", &hybrid, seed, &c, &e), -1);
	err_clear(&e);
	assert_int_equal(card_make("a", "b\n", &hybrid, seed, &c, &e), -1);
}

/* One letter of the name at a time; and one bit everywhere. */
static void
every_byte_counts(void **state)
{
	static struct card c;
	struct err e = {0};
	enum err_code code;

	(void)state;
	assert_int_equal(card_make("Ada", "Org", &hybrid, seed, &c, &e), 0);
	assert_true(accepts(c.bytes, c.len, &code));
	for (size_t i = 0; i < c.len; i++) {
		char was = c.bytes[i];

		c.bytes[i] ^= (char)(1 << i % 7);
		if (accepts(c.bytes, c.len, &code))
			fail_msg("byte %zu", i);
		assert_int_equal(code, ERR_EVIDENCE);
		c.bytes[i] = was;
	}
	for (size_t i = 0; i < c.len; i++)
		assert_false(accepts(c.bytes, i, &code));
	assert_false(accepts(c.bytes, c.len + 1, &code));
}

/* Sign a card's text as it is. */
static bool
accepts_text(const struct cardtext *t, const char *ns)
{
	char text[CARDTEXT_MAX + SSHSIG_ARMOR_MAX];
	enum err_code code;
	uint8_t sig[64];
	size_t n = cardtext_encode(t, text);

	sshsign(seed, ns, text, n, sig);
	n += sshsig_armor(t->key, "muniment-card", sig, text + n);
	return accepts(text, n, &code);
}

static void
refuses(void **state)
{
	static struct cardtext t, u;

	(void)state;
	strcpy(t.name, "Ada");
	agetext_recipient(&hybrid, t.recipient);
	memcpy(t.key, pub, 32);
	assert_true(accepts_text(&t, "muniment-card"));
	/* signed for something else */
	assert_false(accepts_text(&t, "muniment-act"));
	/* somebody else's key on it */
	u = t;
	u.key[0] ^= 1;
	assert_false(accepts_text(&u, "muniment-card"));
	/* the identity point verifies anything, with the right S */
	u = t;
	memset(u.key, 0, 32);
	u.key[0] = 1;
	assert_false(accepts_text(&u, "muniment-card"));
	/* no post-quantum recipient, or none at all */
	u = t;
	agetext_recipient(&x25519, u.recipient);
	assert_false(accepts_text(&u, "muniment-card"));
	strcpy(u.recipient, "age1pq1x");
	assert_false(accepts_text(&u, "muniment-card"));
	u = t;
	u.recipient[20] = u.recipient[20] == 'q' ? 'p' : 'q';
	assert_false(accepts_text(&u, "muniment-card"));
}

static void
files(void **state)
{
	static struct card c, again;
	char dir[64];
	struct err e = {0};

	(void)state;
	scratch_begin(dir);
	assert_int_equal(card_make("Ada", "", &hybrid, seed, &c, &e), 0);
	scratch_put(scratch_path(dir, "a.card"), c.bytes, c.len);
	assert_int_equal(card_load(scratch_path(dir, "a.card"), &again, &e), 0);
	assert_string_equal(again.words, c.words);
	c.bytes[25] ^= 1;
	scratch_put(scratch_path(dir, "a.card"), c.bytes, c.len);
	assert_int_equal(card_load(scratch_path(dir, "a.card"), &again, &e),
			 -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	err_clear(&e);
	assert_int_equal(card_load(scratch_path(dir, "no.card"), &again, &e),
			 -1);
	assert_int_equal(e.code, ERR_UNKNOWN);
	scratch_end(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(made),
	    cmocka_unit_test(every_byte_counts),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(files),
	};
	uint8_t secret[32];

	if (secret_init() != 0)
		return 1;
	ed25519_generate(seed, pub);
	agekey_generate(AGEKEY_HYBRID, secret, &hybrid);
	agekey_generate(AGEKEY_X25519, secret, &x25519);
	return cmocka_run_group_tests_name("card", tests, NULL, NULL);
}
