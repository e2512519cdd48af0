#include "agekey.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define KEY_LEN crypto_aead_chacha20poly1305_ietf_KEYBYTES
#define NONCE_LEN crypto_aead_chacha20poly1305_ietf_NPUBBYTES
#define PRK_LEN crypto_kdf_hkdf_sha256_KEYBYTES

_Static_assert(AGEKEY_X25519_PUB_LEN == crypto_scalarmult_curve25519_BYTES,
	       "X25519 point");
_Static_assert(AGEKEY_SECRET_LEN == crypto_scalarmult_curve25519_SCALARBYTES,
	       "X25519 scalar");
_Static_assert(AGEKEY_HYBRID_PUB_LEN == crypto_kem_xwing_PUBLICKEYBYTES,
	       "X-Wing public key");
_Static_assert(AGEKEY_SECRET_LEN == crypto_kem_xwing_SECRETKEYBYTES &&
		   AGEKEY_SECRET_LEN == crypto_kem_xwing_SEEDBYTES,
	       "X-Wing seed");
_Static_assert(AGEKEY_HYBRID_ENC_LEN == crypto_kem_xwing_CIPHERTEXTBYTES,
	       "X-Wing ciphertext");
_Static_assert(AGEKEY_BODY_LEN == AGEKEY_FILE_KEY_LEN +
				      crypto_aead_chacha20poly1305_ietf_ABYTES,
	       "a wrapped file key");

/* What separates the uses of a shared secret (C2SP age.md). */
static const char label_x25519[] = "age-encryption.org/v1/X25519";
static const char label_hybrid[] = "age-encryption.org/mlkem768x25519";
static const char label_scrypt[] = "age-encryption.org/v1/scrypt";
#define LABEL_LEN(label) (sizeof(label) - 1)

/*
 * RFC 9180, "HPKE" and the numbers of the suite: KEM 0x647a (X-Wing), KDF 1
 * (HKDF-SHA256), AEAD 3 (ChaCha20-Poly1305).
 */
static const uint8_t suite[10] = {'H', 'P', 'K', 'E', 0x64, 0x7a, 0, 1, 0, 3};
static const char hpke_version[] = "HPKE-v1";

struct wrap_key {
	uint8_t key[KEY_LEN];
	uint8_t nonce[NONCE_LEN];
};

size_t
agekey_pub_len(enum agekey_kind kind)
{
	return kind == AGEKEY_X25519 ? AGEKEY_X25519_PUB_LEN
				     : AGEKEY_HYBRID_PUB_LEN;
}

size_t
agekey_enc_len(enum agekey_kind kind)
{
	return kind == AGEKEY_X25519 ? AGEKEY_X25519_ENC_LEN
				     : AGEKEY_HYBRID_ENC_LEN;
}

void
agekey_derive(enum agekey_kind kind, const uint8_t secret[AGEKEY_SECRET_LEN],
	      struct agekey_public *pub)
{
	uint8_t copy[crypto_kem_xwing_SECRETKEYBYTES];

	memset(pub, 0, sizeof *pub);
	pub->kind = kind;
	/* neither fails: every 32 bytes are a scalar and a seed */
	if (kind == AGEKEY_X25519) {
		if (crypto_scalarmult_curve25519_base(pub->bytes, secret) != 0)
			abort();
		return;
	}
	if (crypto_kem_xwing_seed_keypair(pub->bytes, copy, secret) != 0)
		abort();
	sodium_memzero(copy, sizeof copy);
}

void
agekey_generate(enum agekey_kind kind, uint8_t secret[AGEKEY_SECRET_LEN],
		struct agekey_public *pub)
{
	randombytes_buf(secret, AGEKEY_SECRET_LEN);
	agekey_derive(kind, secret, pub);
}

/* The wrap key of an X25519 stanza, from the shared point. */
static void
x25519_wrap_key(const uint8_t shared[32], const uint8_t share[32],
		const uint8_t recipient[32], struct wrap_key *w)
{
	uint8_t salt[64], prk[PRK_LEN];

	memcpy(salt, share, 32);
	memcpy(salt + 32, recipient, 32);
	crypto_kdf_hkdf_sha256_extract(prk, salt, sizeof salt, shared, 32);
	crypto_kdf_hkdf_sha256_expand(w->key, sizeof w->key, label_x25519,
				      LABEL_LEN(label_x25519), prk);
	memset(w->nonce, 0, sizeof w->nonce);
	sodium_memzero(prk, sizeof prk);
}

/* LabeledExtract of RFC 9180, section 4. */
static void
hpke_extract(const uint8_t *salt, size_t saltlen, const char *label,
	     const void *ikm, size_t ikmlen, uint8_t prk[PRK_LEN])
{
	crypto_kdf_hkdf_sha256_state st;

	crypto_kdf_hkdf_sha256_extract_init(&st, salt, saltlen);
	crypto_kdf_hkdf_sha256_extract_update(
	    &st, (const uint8_t *)hpke_version, LABEL_LEN(hpke_version));
	crypto_kdf_hkdf_sha256_extract_update(&st, suite, sizeof suite);
	crypto_kdf_hkdf_sha256_extract_update(&st, (const uint8_t *)label,
					      strlen(label));
	if (ikmlen > 0)
		crypto_kdf_hkdf_sha256_extract_update(&st, ikm, ikmlen);
	crypto_kdf_hkdf_sha256_extract_final(&st, prk);
	sodium_memzero(&st, sizeof st);
}

/* LabeledExpand of RFC 9180, section 4; `info` is at most 65 bytes here. */
static void
hpke_expand(const uint8_t prk[PRK_LEN], const char *label, const uint8_t *info,
	    size_t infolen, uint8_t *out, size_t outlen)
{
	uint8_t text[128];
	size_t n = 0, labellen = strlen(label);

	assert(2 + LABEL_LEN(hpke_version) + sizeof suite + labellen +
		   infolen <=
	       sizeof text);
	text[n++] = (uint8_t)(outlen >> 8);
	text[n++] = (uint8_t)outlen;
	memcpy(text + n, hpke_version, LABEL_LEN(hpke_version));
	n += LABEL_LEN(hpke_version);
	memcpy(text + n, suite, sizeof suite);
	n += sizeof suite;
	memcpy(text + n, label, labellen);
	n += labellen;
	memcpy(text + n, info, infolen);
	n += infolen;
	crypto_kdf_hkdf_sha256_expand(out, outlen, (const char *)text, n, prk);
}

/*
 * The key schedule of RFC 9180, section 5.1, in base mode: no PSK, and the
 * X-Wing secret goes in as it is. Sequence number 0, so that the nonce is the
 * base nonce.
 */
static void
hybrid_wrap_key(const uint8_t shared[crypto_kem_xwing_SHAREDSECRETBYTES],
		struct wrap_key *w)
{
	uint8_t context[1 + 2 * PRK_LEN], secret[PRK_LEN];

	context[0] = 0; /* mode_base */
	hpke_extract(NULL, 0, "psk_id_hash", NULL, 0, context + 1);
	hpke_extract(NULL, 0, "info_hash", label_hybrid,
		     LABEL_LEN(label_hybrid), context + 1 + PRK_LEN);
	hpke_extract(shared, crypto_kem_xwing_SHAREDSECRETBYTES, "secret", NULL,
		     0, secret);
	hpke_expand(secret, "key", context, sizeof context, w->key,
		    sizeof w->key);
	hpke_expand(secret, "base_nonce", context, sizeof context, w->nonce,
		    sizeof w->nonce);
	sodium_memzero(secret, sizeof secret);
}

/* Encrypt the file key and forget the wrap key. */
static void
wrap(struct wrap_key *w, const uint8_t file_key[AGEKEY_FILE_KEY_LEN],
     uint8_t body[AGEKEY_BODY_LEN])
{
	crypto_aead_chacha20poly1305_ietf_encrypt(body, NULL, file_key,
						  AGEKEY_FILE_KEY_LEN, NULL, 0,
						  NULL, w->nonce, w->key);
	sodium_memzero(w, sizeof *w);
}

/* Decrypt the file key and forget the wrap key. */
static enum agekey_result
unwrap(struct wrap_key *w, const uint8_t body[AGEKEY_BODY_LEN],
       uint8_t file_key[AGEKEY_FILE_KEY_LEN])
{
	int rc = crypto_aead_chacha20poly1305_ietf_decrypt(
	    file_key, NULL, NULL, body, AGEKEY_BODY_LEN, NULL, 0, w->nonce,
	    w->key);

	sodium_memzero(w, sizeof *w);
	if (rc == 0)
		return AGEKEY_OK;
	sodium_memzero(file_key, AGEKEY_FILE_KEY_LEN);
	return AGEKEY_NO_MATCH;
}

/* A scalar multiplication whose result is not the forbidden all-zero one. */
static int
x25519_shared(const uint8_t scalar[32], const uint8_t point[32],
	      uint8_t shared[32])
{
	if (crypto_scalarmult_curve25519(shared, scalar, point) == 0 &&
	    !sodium_is_zero(shared, 32))
		return 0;
	sodium_memzero(shared, 32);
	return -1;
}

int
agekey_wrap(const struct agekey_public *pub,
	    const uint8_t file_key[AGEKEY_FILE_KEY_LEN], uint8_t *enc,
	    uint8_t body[AGEKEY_BODY_LEN])
{
	uint8_t ephemeral[32], shared[32];
	struct wrap_key w;
	int rc;

	if (pub->kind == AGEKEY_X25519) {
		randombytes_buf(ephemeral, sizeof ephemeral);
		if (crypto_scalarmult_curve25519_base(enc, ephemeral) != 0)
			abort();
		rc = x25519_shared(ephemeral, pub->bytes, shared);
		sodium_memzero(ephemeral, sizeof ephemeral);
		if (rc == 0)
			x25519_wrap_key(shared, enc, pub->bytes, &w);
	} else {
		/* refuses keys that are not canonical or of low order */
		rc = crypto_kem_xwing_enc(enc, shared, pub->bytes);
		if (rc == 0)
			hybrid_wrap_key(shared, &w);
	}
	sodium_memzero(shared, sizeof shared);
	if (rc == 0)
		wrap(&w, file_key, body);
	return rc == 0 ? 0 : -1;
}

enum agekey_result
agekey_unwrap(enum agekey_kind kind, const uint8_t secret[AGEKEY_SECRET_LEN],
	      const uint8_t *enc, const uint8_t body[AGEKEY_BODY_LEN],
	      uint8_t file_key[AGEKEY_FILE_KEY_LEN])
{
	uint8_t shared[32], recipient[32];
	struct wrap_key w;
	int rc;

	sodium_memzero(file_key, AGEKEY_FILE_KEY_LEN);
	if (kind == AGEKEY_X25519) {
		rc = x25519_shared(secret, enc, shared);
		if (rc == 0) {
			/* the salt wants the recipient: compute it anew */
			crypto_scalarmult_curve25519_base(recipient, secret);
			x25519_wrap_key(shared, enc, recipient, &w);
		}
	} else {
		/* fails only for its X25519 half; ML-KEM rejects silently */
		rc = crypto_kem_xwing_dec(shared, enc, secret);
		if (rc == 0)
			hybrid_wrap_key(shared, &w);
	}
	sodium_memzero(shared, sizeof shared);
	return rc == 0 ? unwrap(&w, body, file_key) : AGEKEY_MALFORMED;
}

/*
 * X-Wing's decapsulation (draft-connolly-cfrg-xwing-kem) in two steps, on
 * libsodium's ML-KEM, X25519 and SHA-3: first what depends on the secret only.
 */
struct ready {
	uint8_t mlkem[crypto_kem_mlkem768_SECRETKEYBYTES];
	uint8_t scalar[32];
	uint8_t point[32]; /* its public half */
};
_Static_assert(sizeof(struct ready) == AGEKEY_READY_LEN, "a ready secret");
_Static_assert(AGEKEY_HYBRID_ENC_LEN ==
		   crypto_kem_mlkem768_CIPHERTEXTBYTES + 32,
	       "an encapsulation's halves");

void
agekey_ready(const uint8_t secret[AGEKEY_SECRET_LEN],
	     uint8_t ready[AGEKEY_READY_LEN])
{
	uint8_t seeds[crypto_kem_mlkem768_SEEDBYTES + 32];
	uint8_t pub[crypto_kem_mlkem768_PUBLICKEYBYTES];
	struct ready *r = (struct ready *)ready;

	/* none fails: every seed gives a pair */
	if (crypto_xof_shake256(seeds, sizeof seeds, secret,
				AGEKEY_SECRET_LEN) != 0 ||
	    crypto_kem_mlkem768_seed_keypair(pub, r->mlkem, seeds) != 0)
		abort();
	memcpy(r->scalar, seeds + crypto_kem_mlkem768_SEEDBYTES, 32);
	if (crypto_scalarmult_curve25519_base(r->point, r->scalar) != 0)
		abort();
	sodium_memzero(seeds, sizeof seeds);
}

enum agekey_result
agekey_unwrap_ready(const uint8_t ready[AGEKEY_READY_LEN],
		    const uint8_t enc[AGEKEY_HYBRID_ENC_LEN],
		    const uint8_t body[AGEKEY_BODY_LEN],
		    uint8_t file_key[AGEKEY_FILE_KEY_LEN])
{
	static const uint8_t label[6] = {'\\', '.', '/', '/', '^', '\\'};
	const struct ready *r = (const struct ready *)ready;
	const uint8_t *share = enc + crypto_kem_mlkem768_CIPHERTEXTBYTES;
	uint8_t in[4 * 32 + sizeof label], shared[32];
	struct wrap_key w;
	int rc;

	sodium_memzero(file_key, AGEKEY_FILE_KEY_LEN);
	/* ML-KEM rejects silently */
	if (crypto_kem_mlkem768_dec(in, enc, r->mlkem) != 0 ||
	    x25519_shared(r->scalar, share, in + 32) != 0) {
		sodium_memzero(in, sizeof in);
		return AGEKEY_MALFORMED;
	}
	memcpy(in + 64, share, 32);
	memcpy(in + 96, r->point, 32);
	memcpy(in + 128, label, sizeof label);
	rc = crypto_hash_sha3256(shared, in, sizeof in);
	sodium_memzero(in, sizeof in);
	if (rc == 0)
		hybrid_wrap_key(shared, &w);
	sodium_memzero(shared, sizeof shared);
	return rc == 0 ? unwrap(&w, body, file_key) : AGEKEY_MALFORMED;
}

/* The wrap key of a scrypt stanza; -1 without memory. */
static int
scrypt_wrap_key(const uint8_t *pass, size_t passlen, unsigned work_factor,
		const uint8_t salt[AGEKEY_SALT_LEN], struct wrap_key *w)
{
	uint8_t labelled[LABEL_LEN(label_scrypt) + AGEKEY_SALT_LEN];

	assert(work_factor >= 1 && work_factor <= 31);
	memcpy(labelled, label_scrypt, LABEL_LEN(label_scrypt));
	memcpy(labelled + LABEL_LEN(label_scrypt), salt, AGEKEY_SALT_LEN);
	memset(w->nonce, 0, sizeof w->nonce);
	return crypto_pwhash_scryptsalsa208sha256_ll(
	    pass, passlen, labelled, sizeof labelled,
	    UINT64_C(1) << work_factor, 8, 1, w->key, sizeof w->key);
}

int
agekey_wrap_passphrase(const uint8_t *pass, size_t passlen,
		       unsigned work_factor,
		       const uint8_t salt[AGEKEY_SALT_LEN],
		       const uint8_t file_key[AGEKEY_FILE_KEY_LEN],
		       uint8_t body[AGEKEY_BODY_LEN])
{
	struct wrap_key w;

	if (scrypt_wrap_key(pass, passlen, work_factor, salt, &w) != 0)
		return -1;
	wrap(&w, file_key, body);
	return 0;
}

enum agekey_result
agekey_unwrap_passphrase(const uint8_t *pass, size_t passlen,
			 unsigned work_factor,
			 const uint8_t salt[AGEKEY_SALT_LEN],
			 const uint8_t body[AGEKEY_BODY_LEN],
			 uint8_t file_key[AGEKEY_FILE_KEY_LEN])
{
	struct wrap_key w;

	sodium_memzero(file_key, AGEKEY_FILE_KEY_LEN);
	if (scrypt_wrap_key(pass, passlen, work_factor, salt, &w) != 0)
		return AGEKEY_MALFORMED;
	return unwrap(&w, body, file_key);
}
