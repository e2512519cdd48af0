/* crypto/ed25519.h: RFC 8032's vectors, and the keys that are refused. */
#include "ed25519.h"

#include "hex.h"
#include "mutants.h"
#include "secret.h"

/* RFC 8032, 7.1, TEST 1 to 3. */
static const struct {
	const char *seed, *pub, *msg, *sig;
} vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

struct vector {
	uint8_t seed[32], pub[32], msg[8], sig[64];
	size_t len;
};

static void
load(size_t i, struct vector *v)
{
	v->len = strlen(vectors[i].msg) / 2;
	assert_int_equal(hex_decode(vectors[i].seed, 32, v->seed), 0);
	assert_int_equal(hex_decode(vectors[i].pub, 32, v->pub), 0);
	assert_int_equal(hex_decode(vectors[i].msg, v->len, v->msg), 0);
	assert_int_equal(hex_decode(vectors[i].sig, 64, v->sig), 0);
}

static void
known_answers(void **state)
{
	struct vector v;
	uint8_t out[64];

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		load(i, &v);
		ed25519_public(v.seed, out);
		assert_memory_equal(out, v.pub, 32);
		assert_true(ed25519_is_valid(v.pub));
		ed25519_sign(v.seed, v.msg, v.len, out);
		assert_memory_equal(out, v.sig, 64);
		assert_int_equal(ed25519_verify(v.pub, v.msg, v.len, v.sig), 0);
	}
}

/* No bit of signature, message or key can be another one. */
static void
every_bit_counts(void **state)
{
	struct vector v;

	(void)state;
	load(2, &v);
	for (size_t i = 0; i < 8 * 64; i++) {
		v.sig[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(ed25519_verify(v.pub, v.msg, v.len, v.sig),
				 -1);
		v.sig[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i < 8 * 32; i++) {
		v.pub[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(ed25519_verify(v.pub, v.msg, v.len, v.sig),
				 -1);
		v.pub[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(ed25519_verify(v.pub, v.msg, 1, v.sig), -1);
	assert_int_equal(ed25519_verify(v.pub, v.msg, v.len, v.sig), 0);
}

/* S + L is the same number modulo L: RFC 8032, 5.1.7 has it refused. */
static void
refuses_large_s(void **state)
{
	static const uint8_t l[32] = {
	    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
	    0xa2, 0xde, 0xf9, 0xde, 0x14, 0,	0,    0,    0,	  0,	0,
	    0,	  0,	0,    0,    0,	  0,	0,    0,    0,	  0x10};
	struct vector v;
	unsigned carry = 0;

	(void)state;
	load(1, &v);
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)v.sig[32 + i] + l[i];
		v.sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	assert_int_equal(ed25519_verify(v.pub, v.msg, v.len, v.sig), -1);
}

/* Points of order 1, 2, 4 and 8, also as no encoder writes them; points that
 * are none; and one of mixed order. */
static const char *const bad_keys[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    /* y = p, p + 1: not reduced */
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    /* y = 2^255 - 1 */
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    /* y = 2: not on the curve */
    "0200000000000000000000000000000000000000000000000000000000000000",
    /* mixed order: a key of the prime-order subgroup plus a point of order
     * 8, used in "Taming the many EdDSAs" (vectors 4 and 5) */
    "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
};

static void
refuses_keys(void **state)
{
	struct vector v;
	uint8_t pub[32];

	(void)state;
	load(0, &v);
	for (size_t i = 0; i < COUNT(bad_keys); i++) {
		assert_int_equal(hex_decode(bad_keys[i], 32, pub), 0);
		if (ed25519_is_valid(pub))
			fail_msg("accepted %s", bad_keys[i]);
		assert_int_equal(ed25519_verify(pub, v.msg, v.len, v.sig), -1);
	}
	/* identity key, R = identity, S = 0 verifies any text, by equation */
	memset(v.sig, 0, sizeof v.sig);
	v.sig[0] = 1;
	memset(pub, 0, sizeof pub);
	pub[0] = 1;
	assert_int_equal(ed25519_verify(pub, "x", 1, v.sig), -1);
}

/* The negative of a valid key is one, too; half of all others are none. */
static void
some_keys(void **state)
{
	uint8_t seed[32], pub[32], sig[64];

	(void)state;
	for (size_t i = 0; i < 32; i++) {
		ed25519_generate(seed, pub);
		assert_true(ed25519_is_valid(pub));
		ed25519_sign(seed, "text", 4, sig);
		assert_int_equal(ed25519_verify(pub, "text", 4, sig), 0);
		assert_int_equal(ed25519_verify(pub, "texT", 4, sig), -1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_answers),
	    cmocka_unit_test(every_bit_counts),
	    cmocka_unit_test(refuses_large_s),
	    cmocka_unit_test(refuses_keys),
	    cmocka_unit_test(some_keys),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("ed25519", tests, NULL, NULL);
}
