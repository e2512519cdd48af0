/* vault/keys/identity.h: saved and loaded; wrong passphrases, other files. */
#include "identity.h"

#include "agefile.h"
#include "agetext.h"
#include "ed25519.h"
#include "scratch.h"

#include <sys/stat.h>

#define VAULT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SEED "# signing-key: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
#define HYBRID "# recipient of the next key: the person\n%s\n"
#define X25519 "# recipient of the next key: local\n%s\n"

static char dir[64];
static struct secret *pass;

static void
round_trip(void **state)
{
	const char *path = scratch_path(dir, "new/folder/id.age");
	struct err e = {0};
	struct identity *a = identity_new("Ada", "Org", &e), *b;
	struct secret *other = secret_copy("other", 5);
	struct stat st;
	static struct card card;

	(void)state;
	assert_non_null(a);
	assert_int_equal(identity_save(a, path, pass, SCRATCH_WORK, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	b = identity_load(path, pass, &e);
	assert_non_null(b);
	assert_string_equal(b->name, "Ada");
	assert_string_equal(b->org, "Org");
	assert_memory_equal(a->keys->bytes, b->keys->bytes, 96);
	assert_memory_equal(a->sign_pub, b->sign_pub, 32);
	assert_memory_equal(&a->person_pub, &b->person_pub,
			    sizeof a->person_pub);
	assert_memory_equal(a->local_pub.bytes, b->local_pub.bytes, 32);
	assert_int_equal(identity_card(b, &card, &e), 0);
	assert_string_equal(card.text.org, "Org");
	identity_free(b);
	/* never over a file that is there */
	assert_int_equal(identity_save(a, path, pass, SCRATCH_WORK, &e), -1);
	assert_true(e.hint[0] != '\0');
	err_clear(&e);
	assert_null(identity_load(path, other, &e));
	assert_int_equal(e.code, ERR_UNKNOWN);
	assert_non_null(strstr(e.msg, "wrong passphrase"));
	err_clear(&e);
	assert_null(identity_load(scratch_path(dir, "none"), pass, &e));
	identity_free(a);
	identity_free(NULL);
	secret_free(other);
}

static void
names(void **state)
{
	static const char *const bad[] = {"", " a", "a\n", "\x1b", "\xff"};
	struct err e = {0};
	struct identity *id;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_null(identity_new(bad[i], "", &e));
		if (bad[i][0] != '\0')
			assert_null(identity_new("a", bad[i], &e));
	}
	err_clear(&e);
	id = identity_new("Ada", NULL, &e);
	assert_non_null(id);
	assert_string_equal(id->org, "");
	assert_int_equal(identity_save(id, scratch_path(dir, "no-org.age"),
				       pass, SCRATCH_WORK, &e),
			 0);
	identity_free(id);
	id = identity_load(scratch_path(dir, "no-org.age"), pass, &e);
	assert_non_null(id);
	assert_string_equal(id->org, "");
	identity_free(id);
}

/* Lock a text with the passphrase and load it. */
static bool
loads(const char *text, size_t len)
{
	struct agefile_to to = {.passphrase = pass,
				.work_factor = SCRATCH_WORK};
	const char *path = scratch_path(dir, "hand.age");
	struct err e = {0};
	struct identity *id;
	uint8_t *file = NULL;
	size_t n = 0;
	bool ok;

	assert_int_equal(agefile_seal(&to, text, len, &file, &n, &e), 0);
	scratch_put(path, file, n);
	free(file);
	id = identity_load(path, pass, &e);
	ok = id != NULL;
	if (!ok)
		assert_int_equal(e.code, ERR_UNKNOWN);
	identity_free(id);
	return ok;
}

static const struct {
	const char *head;
	bool hybrid, x25519, ok;
} forms[] = {
    {"# muniment identity 1\n# name: A\n" SEED, true, true, true},
    {"# muniment identity 1\n# name: A\n# org: B\n" SEED, true, true, true},
    {"# muniment identity 1\n# name: A\n" SEED, false, true, false},
    {"# muniment identity 1\n# name: A\n" SEED, true, false, false},
    {"# muniment identity 1\n# name: A\n" SEED, false, false, false},
    {"# muniment identity 2\n# name: A\n" SEED, true, true, false},
    {"# muniment identity 1\n# org: A\n" SEED, true, true, false},
    {"# muniment identity 1\n" SEED, true, true, false},
    {"# muniment identity 1\n# name: \n" SEED, true, true, false},
    {"# muniment identity 1\n# name: A\n# org: \n" SEED, true, true, false},
    {"# muniment identity 1\n# name: A\n", true, true, false},
    {"# muniment identity 1\n# name: A\n# signing-key: AAEC\n", true, true,
     false},
    {"", true, true, false},
};

static void
by_hand(void **state)
{
	char h[AGETEXT_IDENTITY_MAX], x[AGETEXT_IDENTITY_MAX], text[1024];
	uint8_t secret[32];

	(void)state;
	memset(secret, 0x21, sizeof secret);
	agetext_identity(AGEKEY_HYBRID, secret, h);
	agetext_identity(AGEKEY_X25519, secret, x);
	for (size_t i = 0; i < COUNT(forms); i++) {
		size_t n = (size_t)sprintf(text, "%s", forms[i].head);

		if (forms[i].hybrid)
			n += (size_t)sprintf(text + n, HYBRID, h);
		if (forms[i].x25519)
			n += (size_t)sprintf(text + n, X25519, x);
		if (loads(text, n) != forms[i].ok)
			fail_msg("form %zu", i);
	}
	assert_false(loads("x", 1));
}

static void
root_keys(void **state)
{
	const char *path = scratch_path(dir, "root.age");
	struct secret *seed = secret_new(32), *back;
	uint8_t pub[32];
	char other[] = VAULT;
	struct err e = {0};

	(void)state;
	ed25519_generate(seed->bytes, pub);
	assert_int_equal(identity_save_root(seed->bytes, VAULT, path, pass,
					    SCRATCH_WORK, &e),
			 0);
	back = identity_load_root(path, VAULT, pass, &e);
	assert_non_null(back);
	assert_memory_equal(back->bytes, seed->bytes, 32);
	secret_free(back);
	other[63] = '0';
	assert_null(identity_load_root(path, other, pass, &e));
	err_clear(&e);
	assert_null(identity_load(path, pass, &e));
	err_clear(&e);
	assert_null(identity_load_root(scratch_path(dir, "no-org.age"), VAULT,
				       pass, &e));
	secret_free(seed);
}

static int
begin(void **state)
{
	(void)state;
	scratch_begin(dir);
	pass = secret_copy("passphrase", 10);
	return pass == NULL;
}

static int
end(void **state)
{
	(void)state;
	secret_free(pass);
	scratch_end(dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(names),
	    cmocka_unit_test(by_hand),
	    cmocka_unit_test(root_keys),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("identity", tests, begin, end);
}
