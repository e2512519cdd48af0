/*
 * crypto/agekey.h: known answers of other implementations, and refusals. Run
 * from the top of the source tree.
 */
#include "agekey.h"
#include "ageheader.h"
#include "agetext.h"
#include "base64.h"
#include "hash.h"
#include "secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define VECTORS "tests/vectors/cctv-age/testdata/"

/* One CCTV vector: its key line, and its first stanza taken apart. */
struct vector {
	char text[4096];
	char key[256]; /* identity or passphrase */
	uint8_t secret[32];
	enum agekey_kind kind;
	uint8_t enc[AGEKEY_ENC_MAX], body[AGEKEY_BODY_LEN];
	unsigned work_factor;
};

/* All of the vectors' files have this file key. */
static const uint8_t file_key_wanted[] = "YELLOW SUBMARINE";

static void
load(const char *name, struct vector *v)
{
	struct ageheader_stanza s;
	struct ageheader h;
	char path[256], *line, *file;
	size_t n, pos = 0;
	FILE *f;

	snprintf(path, sizeof path, VECTORS "%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(v->text, 1, sizeof v->text - 1, f);
	fclose(f);
	v->text[n] = '\0';
	line = strstr(v->text, "\nidentity: ");
	if (line == NULL)
		line = strstr(v->text, "\npassphrase: ");
	assert_non_null(line);
	assert_int_equal(sscanf(line, "\n%*[a-z]: %255s", v->key), 1);
	file = strstr(v->text, "\n\n") + 2;
	assert_int_equal(
	    ageheader_parse(file, n - (size_t)(file - v->text), &h),
	    AGEHEADER_OK);
	assert_true(ageheader_next(&h, &pos, &s));
	assert_int_equal(base64_decode(s.arg[1].text, s.arg[1].len, false,
				       v->enc, sizeof v->enc, &n),
			 0);
	assert_int_equal(s.body_len, AGEKEY_BODY_LEN);
	ageheader_body(&s, v->body);
	if (ageheader_arg_is(&s, 0, "scrypt")) {
		v->work_factor = (unsigned)atoi(s.arg[2].text);
		return;
	}
	assert_int_equal(
	    agetext_identity_parse(v->key, strlen(v->key), &v->kind, v->secret),
	    0);
}

static enum agekey_result
open_vector(const struct vector *v, uint8_t file_key[16])
{
	enum agekey_result r =
	    agekey_unwrap(v->kind, v->secret, v->enc, v->body, file_key);
	uint8_t ready[AGEKEY_READY_LEN], again[16];

	/* made ready it does the same */
	if (v->kind == AGEKEY_HYBRID) {
		agekey_ready(v->secret, ready);
		memset(again, 1, sizeof again);
		assert_int_equal(
		    agekey_unwrap_ready(ready, v->enc, v->body, again), r);
		assert_memory_equal(file_key, again, 16);
	}
	return r;
}

static void
known_answers(void **state)
{
	static const char *const names[] = {"x25519", "hybrid"};
	uint8_t file_key[16];
	struct vector v;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		load(names[i], &v);
		assert_int_equal(open_vector(&v, file_key), AGEKEY_OK);
		assert_memory_equal(file_key, file_key_wanted, 16);
	}
	load("scrypt", &v);
	assert_int_equal(agekey_unwrap_passphrase((uint8_t *)v.key,
						  strlen(v.key), v.work_factor,
						  v.enc, v.body, file_key),
			 AGEKEY_OK);
	assert_memory_equal(file_key, file_key_wanted, 16);
}

/* Vectors whose first stanza does not open, and how. */
static void
known_refusals(void **state)
{
	static const struct {
		const char *name;
		enum agekey_result want;
	} bad[] = {
	    {"x25519_bad_tag", AGEKEY_NO_MATCH},
	    {"x25519_no_match", AGEKEY_NO_MATCH},
	    {"x25519_identity", AGEKEY_MALFORMED},
	    {"x25519_low_order", AGEKEY_MALFORMED},
	    {"hybrid_bad_tag", AGEKEY_NO_MATCH},
	    {"hybrid_no_match", AGEKEY_NO_MATCH},
	    {"hybrid_currupted_enc_mlkem", AGEKEY_NO_MATCH},
	    {"hybrid_currupted_enc_x25519", AGEKEY_NO_MATCH},
	    {"hybrid_identity", AGEKEY_MALFORMED},
	    {"hybrid_low_order", AGEKEY_MALFORMED},
	};
	uint8_t file_key[16], zero[16] = {0};
	struct vector v;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		load(bad[i].name, &v);
		memset(file_key, 1, sizeof file_key);
		if (open_vector(&v, file_key) != bad[i].want)
			fail_msg("wrong result: %s", bad[i].name);
		assert_memory_equal(file_key, zero, 16);
	}
}

/* What age-keygen -y says of the vectors' identities. */
static void
derives_as_age(void **state)
{
	static const char x25519[] = "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0m"
				     "ypdrwsvlul66mv4q47ryef";
	/* SHA-256 of the line that age-keygen -y prints */
	static const uint8_t hybrid[32] = {
	    0x79, 0x27, 0xf8, 0x50, 0x9c, 0x6b, 0x0d, 0x3d, 0xef, 0x8c, 0xb8,
	    0xf9, 0x7e, 0x6c, 0xf6, 0xe5, 0xd5, 0x2e, 0x9e, 0x5d, 0x61, 0x76,
	    0x36, 0x45, 0x22, 0xd0, 0x98, 0x7a, 0x8e, 0x19, 0xc1, 0xe4};
	char text[AGETEXT_RECIPIENT_MAX];
	struct agekey_public pub;
	uint8_t digest[32];
	struct vector v;
	size_t n;

	(void)state;
	load("x25519", &v);
	agekey_derive(v.kind, v.secret, &pub);
	agetext_recipient(&pub, text);
	assert_string_equal(text, x25519);
	load("hybrid", &v);
	agekey_derive(v.kind, v.secret, &pub);
	n = agetext_recipient(&pub, text);
	text[n++] = '\n';
	hash_sha256(text, n, digest);
	assert_memory_equal(digest, hybrid, 32);
}

/* The two X-Wing pairs of filippo.io/hpke's hpke-pq.json (KEM 0x647a). */
static void
xwing_pairs(void **state)
{
	static const struct {
		uint8_t seed[32], sha256_of_public[32];
	} pairs[] = {
	    {{0xb3, 0xf9, 0x8b, 0x03, 0x12, 0x6a, 0x43, 0x1c, 0xce, 0xcc, 0x62,
	      0xae, 0x0f, 0x68, 0xe1, 0x02, 0xc2, 0xd8, 0xe1, 0xcc, 0x7b, 0x21,
	      0xba, 0x85, 0xd8, 0x21, 0xd8, 0xe3, 0x17, 0x61, 0xe0, 0xf8},
	     {0x12, 0x0b, 0x60, 0xe0, 0xae, 0x3c, 0x00, 0xc1, 0xc9, 0xde, 0xf1,
	      0xc6, 0x1a, 0xeb, 0x12, 0xde, 0x71, 0x0b, 0xfa, 0x49, 0x64, 0x6a,
	      0xe6, 0xf9, 0x9a, 0x7e, 0x56, 0x4b, 0x25, 0xac, 0xe4, 0x93}},
	    {{0x97, 0x7e, 0x67, 0xdd, 0x1c, 0xb3, 0xcb, 0xe7, 0xd2, 0xba, 0x07,
	      0x81, 0x6b, 0xd3, 0xd3, 0xd0, 0x0f, 0x9b, 0x57, 0xa1, 0xc6, 0x94,
	      0x26, 0xa6, 0x28, 0xf4, 0xa1, 0xca, 0x5e, 0xcb, 0x49, 0xfc},
	     {0x67, 0x2e, 0xdc, 0xd9, 0xfc, 0x78, 0x74, 0xe4, 0x5f, 0xe6, 0x44,
	      0xc8, 0x8b, 0xdf, 0x42, 0xac, 0xda, 0x48, 0x71, 0x60, 0xa4, 0x07,
	      0xe5, 0x92, 0xd7, 0xe3, 0x9e, 0x08, 0x04, 0x3a, 0xb6, 0x41}},
	};
	struct agekey_public pub;
	uint8_t digest[32];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		agekey_derive(AGEKEY_HYBRID, pairs[i].seed, &pub);
		hash_sha256(pub.bytes, AGEKEY_HYBRID_PUB_LEN, digest);
		assert_memory_equal(digest, pairs[i].sha256_of_public, 32);
	}
}

static void
round_trips(void **state)
{
	uint8_t secret[32], other[32], key[16], got[16], zero[16] = {0};
	uint8_t enc[AGEKEY_ENC_MAX], again[AGEKEY_ENC_MAX], body[32];
	struct agekey_public pub, pub2;

	(void)state;
	for (int k = 0; k < 2; k++) {
		enum agekey_kind kind = k ? AGEKEY_HYBRID : AGEKEY_X25519;

		agekey_generate(kind, secret, &pub);
		agekey_generate(kind, other, &pub2);
		assert_int_equal(pub.kind, kind);
		secret_random(key, sizeof key);
		assert_int_equal(agekey_wrap(&pub, key, enc, body), 0);
		assert_int_equal(agekey_unwrap(kind, secret, enc, body, got),
				 AGEKEY_OK);
		assert_memory_equal(key, got, 16);
		assert_int_equal(agekey_unwrap(kind, other, enc, body, got),
				 AGEKEY_NO_MATCH);
		assert_memory_equal(zero, got, 16);
		/* every wrapping is fresh */
		assert_int_equal(agekey_wrap(&pub, key, again, body), 0);
		assert_memory_not_equal(enc, again, agekey_enc_len(kind));
		assert_int_equal(agekey_unwrap(kind, secret, enc, body, got),
				 AGEKEY_NO_MATCH);
	}
}

/* Each single bit of a wrapped file key counts. */
static void
refuses_changes(void **state)
{
	uint8_t secret[32], key[16] = {7}, got[16];
	uint8_t enc[AGEKEY_ENC_MAX], body[32];
	struct agekey_public pub;

	(void)state;
	agekey_generate(AGEKEY_X25519, secret, &pub);
	assert_int_equal(agekey_wrap(&pub, key, enc, body), 0);
	for (size_t bit = 0; bit < 8 * sizeof body; bit++) {
		body[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(
		    agekey_unwrap(AGEKEY_X25519, secret, enc, body, got),
		    AGEKEY_NO_MATCH);
		body[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * AGEKEY_X25519_ENC_LEN; bit++) {
		/* the top bit means nothing on the curve, but is in the salt */
		enc[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(
		    agekey_unwrap(AGEKEY_X25519, secret, enc, body, got),
		    AGEKEY_OK);
		enc[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void
refuses_bad_public_keys(void **state)
{
	uint8_t secret[32], key[16] = {7}, body[32], enc[AGEKEY_ENC_MAX];
	struct agekey_public pub;

	(void)state;
	memset(&pub, 0, sizeof pub);
	pub.kind = AGEKEY_X25519;
	assert_int_equal(agekey_wrap(&pub, key, enc, body), -1);
	pub.bytes[0] = 1;
	assert_int_equal(agekey_wrap(&pub, key, enc, body), -1);
	/* a coefficient of ML-KEM that is not below 3329 */
	agekey_generate(AGEKEY_HYBRID, secret, &pub);
	pub.bytes[0] = 0xff;
	pub.bytes[1] |= 0x0f;
	assert_int_equal(agekey_wrap(&pub, key, enc, body), -1);
	/* a zero point in its X25519 half */
	agekey_generate(AGEKEY_HYBRID, secret, &pub);
	memset(pub.bytes + AGEKEY_HYBRID_PUB_LEN - 32, 0, 32);
	assert_int_equal(agekey_wrap(&pub, key, enc, body), -1);
}

static void
passphrases(void **state)
{
	static const uint8_t pass[] = "a long passphrase";
	uint8_t salt[16] = {1}, key[16] = {7}, got[16], body[32];
	uint8_t zero[16] = {0};

	(void)state;
	assert_int_equal(agekey_wrap_passphrase(pass, 17, 8, salt, key, body),
			 0);
	assert_int_equal(agekey_unwrap_passphrase(pass, 17, 8, salt, body, got),
			 AGEKEY_OK);
	assert_memory_equal(key, got, 16);
	/* another passphrase, work factor or salt */
	assert_int_equal(agekey_unwrap_passphrase(pass, 16, 8, salt, body, got),
			 AGEKEY_NO_MATCH);
	assert_memory_equal(zero, got, 16);
	assert_int_equal(agekey_unwrap_passphrase(pass, 17, 9, salt, body, got),
			 AGEKEY_NO_MATCH);
	salt[15] = 1;
	assert_int_equal(agekey_unwrap_passphrase(pass, 17, 8, salt, body, got),
			 AGEKEY_NO_MATCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_answers),
	    cmocka_unit_test(known_refusals),
	    cmocka_unit_test(derives_as_age),
	    cmocka_unit_test(xwing_pairs),
	    cmocka_unit_test(round_trips),
	    cmocka_unit_test(refuses_changes),
	    cmocka_unit_test(refuses_bad_public_keys),
	    cmocka_unit_test(passphrases),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("agekey", tests, NULL, NULL);
}
