/*
 * vault/history/ring.h: what is put on comes off; where it does not stand, it
 * fails.
 */
#include "ring.h"

#include "agefile.h"
#include "agetext.h"
#include "mutants.h"
#include "padme.h"

#define VAULT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DEVICE "daebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4qa"
#define ID "00112233445566778899aabbccddeeff"
#define EPOCH "ffeeddccbbaa99887766554433221100"

static uint8_t mine[32];
static const struct agefile_identity my_key = {AGEKEY_HYBRID, mine};
static const struct agefile_from with = {.keys = &my_key, .n = 1};
static struct agekey_public to;

struct taken {
	struct ring_key keys[8];
	uint8_t secrets[8][32];
	size_t n;
	bool stop;
};

static int
take(void *ctx, const struct ring_key *key, struct err *e)
{
	struct taken *t = ctx;

	if (t->stop)
		return err_set(e, ERR_UNKNOWN, "stopped");
	assert_true(t->n < 8);
	memcpy(t->secrets[t->n], key->secret, 32);
	t->keys[t->n++] = *key;
	return 0;
}

static enum ring_result
open_it(const struct entry_file *f, struct taken *t)
{
	struct err e = {0};

	memset(t, 0, sizeof *t);
	return ring_open(f->bytes, f->len, &with, VAULT, DEVICE, 7, take, t,
			 &e);
}

static struct secret *
sample(void)
{
	struct secret *r = ring_new(VAULT, DEVICE, 7);
	uint8_t hash[32], key[32];

	assert_non_null(r);
	memset(hash, 0xab, sizeof hash);
	memset(key, 1, sizeof key);
	assert_int_equal(ring_add_entry(r, hash, key), 0);
	memset(key, 2, sizeof key);
	assert_int_equal(ring_add_bulk(r, ID, key), 0);
	memset(key, 3, sizeof key);
	assert_int_equal(ring_add_case(r, ID, EPOCH, key), 0);
	memset(key, 4, sizeof key);
	assert_int_equal(ring_add_case(r, "vault", EPOCH, key), 0);
	return r;
}

static void
round_trip(void **state)
{
	struct secret *r = sample();
	struct entry_file f, g;
	struct err e = {0};
	struct taken t;

	(void)state;
	assert_int_equal(ring_seal(r, &to, 0, &f, &e), 0);
	assert_int_equal(ring_seal(r, &to, 0, &g, &e), 0);
	assert_memory_not_equal(f.fields, g.fields, 32);
	assert_int_equal(f.len, PADME_ENTRY_MIN);
	assert_true(ring_is(f.bytes, f.len));
	assert_int_equal(open_it(&f, &t), RING_OPENED);
	assert_int_equal(t.n, 4);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 32; k++)
			assert_int_equal(t.secrets[i][k], i + 1);
	assert_int_equal(t.keys[0].kind, RING_ENTRY);
	assert_int_equal(t.keys[0].id[15], 0xab);
	assert_int_equal(t.keys[1].kind, RING_BULK);
	assert_int_equal(t.keys[1].id[1], 0x11);
	assert_int_equal(t.keys[2].kind, RING_CASE);
	assert_string_equal(t.keys[2].case_id, ID);
	assert_string_equal(t.keys[2].epoch, EPOCH);
	assert_string_equal(t.keys[3].case_id, "vault");
	entry_file_free(&f);
	entry_file_free(&g);
	secret_free(r);
}

static void
stands_in_one_place(void **state)
{
	static const struct {
		const char *vault, *device;
		uint64_t batch;
	} wrong[] = {
	    {VAULT, DEVICE, 6},
	    {VAULT, DEVICE, 70},
	    {VAULT, "d", 7},
	    {"0", DEVICE, 7},
	};
	struct secret *r = sample();
	struct entry_file f;
	struct taken t = {.n = 0};
	struct err e = {0};

	(void)state;
	assert_int_equal(ring_seal(r, &to, 0, &f, &e), 0);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		err_clear(&e);
		assert_int_equal(ring_open(f.bytes, f.len, &with,
					   wrong[i].vault, wrong[i].device,
					   wrong[i].batch, take, &t, &e),
				 RING_BAD);
		assert_int_equal(e.code, ERR_EVIDENCE);
		assert_int_equal(t.n, 0);
	}
	entry_file_free(&f);
	secret_free(r);
}

static void
every_bit_counts(void **state)
{
	struct secret *r = sample();
	struct entry_file f;
	struct taken t;
	struct err e = {0};

	(void)state;
	assert_int_equal(ring_seal(r, &to, 0, &f, &e), 0);
	for (size_t i = 0; i < f.len; i += i < 100 ? 1 : 23) {
		f.bytes[i] ^= (uint8_t)(1u << i % 8);
		assert_int_not_equal(open_it(&f, &t), RING_OPENED);
		assert_int_equal(t.n, 0);
		f.bytes[i] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 1; i < 300; i++) {
		f.len -= i;
		assert_int_equal(open_it(&f, &t), RING_BAD);
		f.len += i;
	}
	assert_int_equal(open_it(&f, &t), RING_OPENED);
	entry_file_free(&f);
	secret_free(r);
}

static void
other_keys(void **state)
{
	struct secret *r = sample();
	struct agekey_public other;
	uint8_t secret[32];
	struct entry_file f;
	struct taken t;
	struct err e = {0};

	(void)state;
	agekey_generate(AGEKEY_HYBRID, secret, &other);
	assert_int_equal(ring_seal(r, &other, 0, &f, &e), 0);
	assert_int_equal(open_it(&f, &t), RING_NOT_OURS);
	assert_int_equal(t.n, 0);
	entry_file_free(&f);
	secret_free(r);
}

static void
filled_up(void **state)
{
	struct secret *r = sample();
	struct entry_file f;
	struct taken t;
	struct err e = {0};

	(void)state;
	for (size_t least = 0; least < 9000; least += 700) {
		assert_int_equal(ring_seal(r, &to, least, &f, &e), 0);
		assert_true(padme_is_entry(f.len));
		assert_true(f.len > least);
		assert_int_equal(open_it(&f, &t), RING_OPENED);
		assert_int_equal(t.n, 4);
		entry_file_free(&f);
	}
	secret_free(r);
}

/* A comment and a key of this kind; how many keys are taken. */
static size_t
takes(const char *comment, enum agekey_kind kind)
{
	struct secret *r = ring_new(VAULT, DEVICE, 7);
	char key[AGETEXT_IDENTITY_MAX];
	uint8_t secret[32] = {1};
	struct entry_file f;
	struct taken t;
	struct err e = {0};

	agetext_identity(kind, secret, key);
	assert_int_equal(secret_append(r, "# ", 2) |
			     secret_append(r, comment, strlen(comment)) |
			     secret_append(r, "\n", 1) |
			     secret_append(r, key, strlen(key)) |
			     secret_append(r, "\n", 1),
			 0);
	assert_int_equal(ring_seal(r, &to, 0, &f, &e), 0);
	assert_int_equal(open_it(&f, &t), RING_OPENED);
	entry_file_free(&f);
	secret_free(r);
	return t.n;
}

/* Comments of no known form are a later version's: not taken. */
static void
comments(void **state)
{
	static const char *const x25519[] = {
	    "entry " ID "0",
	    "entry 0011",
	    "Entry " ID,
	    "entry  " ID,
	    "entry ",
	    "",
	    "bulk " ID " ",
	    "bulk",
	    "stone " ID,
	    "entry FFEEDDCCBBAA99887766554433221100",
	    "case " ID " " EPOCH};
	static const char *const hybrid[] = {"case vaults " EPOCH,
					     "case  " EPOCH,
					     "case " ID,
					     "case " ID "0 " EPOCH,
					     "case " ID "  " EPOCH,
					     "case vault " EPOCH "0",
					     "entry " ID,
					     "bulk " ID,
					     "case VAULT " EPOCH};

	(void)state;
	assert_int_equal(takes("entry " ID, AGEKEY_X25519), 1);
	assert_int_equal(takes("bulk " ID, AGEKEY_X25519), 1);
	assert_int_equal(takes("case " ID " " EPOCH, AGEKEY_HYBRID), 1);
	for (size_t i = 0; i < COUNT(x25519); i++)
		if (takes(x25519[i], AGEKEY_X25519) != 0)
			fail_msg("took \"%s\"", x25519[i]);
	for (size_t i = 0; i < COUNT(hybrid); i++)
		if (takes(hybrid[i], AGEKEY_HYBRID) != 0)
			fail_msg("took \"%s\"", hybrid[i]);
}

static void
limits(void **state)
{
	struct secret *r = ring_new(VAULT, DEVICE, 7);
	uint8_t key[32] = {1};
	struct entry_file f;
	struct taken t = {.stop = true};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i <= RING_KEYS_MAX; i++)
		assert_int_equal(ring_add_bulk(r, "odd", key), 0);
	assert_int_equal(ring_seal(r, &to, 0, &f, &e), 0);
	assert_int_equal(open_it(&f, &t), RING_BAD);
	entry_file_free(&f);
	secret_free(r);
	/* the taker's own error comes through */
	r = sample();
	assert_int_equal(ring_seal(r, &to, 0, &f, &e), 0);
	t.stop = true;
	assert_int_equal(
	    ring_open(f.bytes, f.len, &with, VAULT, DEVICE, 7, take, &t, &e),
	    RING_BAD);
	assert_string_equal(e.msg, "stopped");
	assert_int_equal(e.code, ERR_UNKNOWN);
	entry_file_free(&f);
	secret_free(r);
}

/*
 * Anybody who has the recipient can lock anything to it. What is no ring then
 * is bad evidence, never a failure of this machine's: that would end every
 * command on the vault.
 */
static void
no_ring_inside(void **state)
{
	static const char *const lines[] = {"x\n", "AGE-SECRET-KEY-1QQQQ\n",
					    "\x1b[2J\n"};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct secret *r = sample();
		struct entry_file f;
		struct taken t = {0};

		assert_int_equal(secret_append(r, lines[i], strlen(lines[i])),
				 0);
		assert_int_equal(ring_seal(r, &to, 0, &f, &e), 0);
		assert_int_equal(ring_open(f.bytes, f.len, &with, VAULT, DEVICE,
					   7, take, &t, &e),
				 RING_BAD);
		assert_int_equal(e.code, ERR_EVIDENCE);
		err_clear(&e);
		entry_file_free(&f);
		secret_free(r);
	}
}

static void
what_is_a_ring(void **state)
{
	static const char *const no[] = {
	    "", "age-encryption.org/v1\n-> mlkem768x25519",
	    "age-encryption.org/v1\n-> X25519 abc\n",
	    "age-encryption.org/v1\n-> mlkem768x25519x abc\n"};

	(void)state;
	for (size_t i = 0; i < COUNT(no); i++)
		assert_false(ring_is((const uint8_t *)no[i], strlen(no[i])));
}

/* Exactly one stanza: FORMAT.md 6. */
static void
two_stanzas(void **state)
{
	struct secret *r = sample();
	struct agekey_public both[2];
	struct agefile_to two = {.keys = both, .n = 2};
	uint8_t secret[32], *file = NULL;
	struct err e = {0};
	size_t len = 0;

	(void)state;
	both[0] = to;
	agekey_generate(AGEKEY_HYBRID, secret, &both[1]);
	assert_int_equal(agefile_seal(&two, r->bytes, r->len, &file, &len, &e),
			 0);
	assert_false(ring_is(file, len));
	free(file);
	secret_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(stands_in_one_place),
	    cmocka_unit_test(every_bit_counts),
	    cmocka_unit_test(other_keys),
	    cmocka_unit_test(filled_up),
	    cmocka_unit_test(comments),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(no_ring_inside),
	    cmocka_unit_test(what_is_a_ring),
	    cmocka_unit_test(two_stanzas),
	};

	if (secret_init() != 0)
		return 1;
	agekey_generate(AGEKEY_HYBRID, mine, &to);
	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
