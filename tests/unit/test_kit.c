/*
 * vault/local/kit.h: a kit is only what its device has signed, every byte of
 * it.
 */
#include "kit.h"

#include "agetext.h"
#include "ed25519.h"
#include "scratch.h"
#include "sshsig.h"
#include "sshsign.h"

static uint8_t seed[32], pub[32];
static struct agekey_public vault_key, case_key, x25519;
static struct kittext text;
static struct kit made_kit;

static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	struct kit *k = malloc(sizeof *k);
	struct err e = {0};
	bool ok;

	(void)ctx;
	assert_non_null(k);
	ok = kit_parse((const char *)bytes, len, k, &e) == 0;
	assert_int_equal(e.code, ok ? ERR_NONE : ERR_EVIDENCE);
	free(k);
	return ok;
}

static void
made(void **state)
{
	static struct kit again;
	struct err e = {0};
	uint8_t digest[HASH_LEN];
	char words[WORDS_FINGERPRINT_MAX], hex[65];

	(void)state;
	assert_int_equal(strlen(made_kit.bytes), made_kit.len);
	assert_int_equal(kit_parse(made_kit.bytes, made_kit.len, &again, &e),
			 0);
	assert_memory_equal(&again, &made_kit, sizeof again);
	assert_memory_equal(&again.vault_to, &vault_key, sizeof vault_key);
	assert_memory_equal(&again.case_to, &case_key, sizeof case_key);
	/* the words are over all of it, the vault's id over its file */
	hash_sha256(made_kit.bytes, made_kit.len, digest);
	words_fingerprint(digest, words);
	assert_string_equal(words, made_kit.words);
	hash_sha256(text.vault, strlen(text.vault), digest);
	hex_encode(digest, HASH_LEN, hex);
	assert_string_equal(hex, made_kit.vault_id);
}

static void
no_byte_can_change(void **state)
{
	(void)state;
	assert_true(accepts(NULL, (uint8_t *)made_kit.bytes, made_kit.len));
	/* a bit in each byte, and each byte gone: all bits cost 60,000 checks
	 */
	for (size_t i = 0; i < made_kit.len; i++) {
		char b[KITTEXT_MAX];

		memcpy(b, made_kit.bytes, made_kit.len);
		b[i] ^= (char)(1 << i % 7);
		if (accepts(NULL, (uint8_t *)b, made_kit.len))
			fail_msg("byte %zu changed", i);
		memmove(b + i, made_kit.bytes + i + 1, made_kit.len - i - 1);
		if (accepts(NULL, (uint8_t *)b, made_kit.len - 1))
			fail_msg("byte %zu left out", i);
		if (accepts(NULL, (uint8_t *)made_kit.bytes, i))
			fail_msg("cut off at %zu", i);
	}
}

/* Sign a text as it is, in a namespace. */
static bool
accepts_text(const struct kittext *t, const char *ns)
{
	char bytes[KITTEXT_MAX];
	uint8_t sig[64];
	size_t n = kittext_encode(t, bytes);

	sshsign(seed, ns, bytes, n, sig);
	n += sshsig_armor(pub, "muniment-kit", sig, bytes + n);
	return accepts(NULL, (uint8_t *)bytes, n);
}

static void
refuses(void **state)
{
	struct kittext t = text;

	(void)state;
	batch_device_name(pub, t.device);
	assert_true(accepts_text(&t, "muniment-kit"));
	/* signed for something else */
	assert_false(accepts_text(&t, "muniment-card"));
	/* no post-quantum key, or none at all */
	agetext_recipient(&x25519, t.case_epoch.recipient);
	assert_false(accepts_text(&t, "muniment-kit"));
	t = text;
	batch_device_name(pub, t.device);
	strcpy(t.vault_epoch.recipient, "age1pq1x");
	assert_false(accepts_text(&t, "muniment-kit"));
	/* the second spelling that Bech32 allows */
	t = text;
	batch_device_name(pub, t.device);
	for (char *p = t.case_epoch.recipient; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	assert_false(accepts_text(&t, "muniment-kit"));
}

static void
swapped_key_shows_in_the_words(void **state)
{
	static struct kit other;
	struct kittext t = text;
	uint8_t secret[32], thief[32], thief_pub[32];
	struct agekey_public key;
	struct err e = {0};

	(void)state;
	agekey_generate(AGEKEY_HYBRID, secret, &key);
	ed25519_generate(thief, thief_pub);
	agetext_recipient(&key, t.case_epoch.recipient);
	assert_int_equal(kit_make(&t, thief, &other, &e), 0);
	assert_string_not_equal(other.words, made_kit.words);
}

static void
files(void **state)
{
	static struct kit again;
	char dir[64], bad[KITTEXT_MAX];
	struct err e = {0};

	(void)state;
	scratch_begin(dir);
	scratch_put(scratch_path(dir, "kit"), made_kit.bytes, made_kit.len);
	assert_int_equal(kit_load(scratch_path(dir, "kit"), &again, &e), 0);
	assert_string_equal(again.words, made_kit.words);
	memcpy(bad, made_kit.bytes, made_kit.len);
	bad[200] ^= 1;
	scratch_put(scratch_path(dir, "kit"), bad, made_kit.len);
	assert_int_equal(kit_load(scratch_path(dir, "kit"), &again, &e), -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	err_clear(&e);
	assert_int_equal(kit_load(scratch_path(dir, "none"), &again, &e), -1);
	assert_int_equal(e.code, ERR_UNKNOWN);
	scratch_end(dir);
}

static int
set_up(void **state)
{
	uint8_t secret[32], root[32], nonce[32] = {7};
	struct err e = {0};

	(void)state;
	ed25519_generate(seed, pub);
	agekey_generate(AGEKEY_HYBRID, secret, &vault_key);
	agekey_generate(AGEKEY_HYBRID, secret, &case_key);
	agekey_generate(AGEKEY_X25519, secret, &x25519);
	ed25519_generate(secret, root);
	gitform_vault_encode(root, nonce, text.vault);
	memset(text.seat, 'a', 64);
	memset(text.case_id, 'b', 32);
	memset(text.vault_epoch.id, 'c', 32);
	memset(text.case_epoch.id, 'd', 32);
	agetext_recipient(&vault_key, text.vault_epoch.recipient);
	agetext_recipient(&case_key, text.case_epoch.recipient);
	return kit_make(&text, seed, &made_kit, &e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(made),
	    cmocka_unit_test(no_byte_can_change),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(swapped_key_shows_in_the_words),
	    cmocka_unit_test(files),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("kit", tests, set_up, NULL);
}
