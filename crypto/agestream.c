#include "agestream.h"

#include "ossl.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(AGESTREAM_MAC_LEN == crypto_auth_hmacsha256_BYTES, "MAC");
_Static_assert(AGESTREAM_TAG_LEN == crypto_aead_chacha20poly1305_ietf_ABYTES,
	       "tag");

#define KEY_LEN 32
#define COUNTER_LEN 11 /* bytes, big endian; the twelfth is the last flag */

struct agestream {
	EVP_CIPHER_CTX *ctx; /* holds the payload key; its free wipes it */
	bool seals;
	uint8_t nonce[COUNTER_LEN + 1];
};

/*
 * libcrypto's cipher is about three times faster than libsodium's. Looking it
 * up takes locks and time, so it is done once.
 */
static EVP_CIPHER *cipher;
static pthread_once_t cipher_once = PTHREAD_ONCE_INIT;

static void
fetch_cipher(void)
{
	OSSL_LIB_CTX *library = ossl_context();

	if (library != NULL)
		cipher = EVP_CIPHER_fetch(library, "ChaCha20-Poly1305", NULL);
}

static void
derive(const uint8_t file_key[AGESTREAM_FILE_KEY_LEN], const uint8_t *salt,
       size_t saltlen, const char *info, uint8_t key[KEY_LEN])
{
	uint8_t prk[crypto_kdf_hkdf_sha256_KEYBYTES];

	crypto_kdf_hkdf_sha256_extract(prk, salt, saltlen, file_key,
				       AGESTREAM_FILE_KEY_LEN);
	crypto_kdf_hkdf_sha256_expand(key, KEY_LEN, info, strlen(info), prk);
	sodium_memzero(prk, sizeof prk);
}

void
agestream_header_mac(const uint8_t file_key[AGESTREAM_FILE_KEY_LEN],
		     const void *header, size_t len,
		     uint8_t mac[AGESTREAM_MAC_LEN])
{
	uint8_t key[KEY_LEN];

	_Static_assert(KEY_LEN == crypto_auth_hmacsha256_KEYBYTES, "key");
	derive(file_key, NULL, 0, "header", key);
	crypto_auth_hmacsha256(mac, header, len, key);
	sodium_memzero(key, sizeof key);
}

struct agestream *
agestream_new(bool seals, const uint8_t file_key[AGESTREAM_FILE_KEY_LEN],
	      const uint8_t nonce[AGESTREAM_NONCE_LEN])
{
	struct agestream *s;
	uint8_t key[KEY_LEN];
	int ok;

	pthread_once(&cipher_once, fetch_cipher);
	if (cipher == NULL)
		return NULL;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		return NULL;
	s->seals = seals;
	s->ctx = EVP_CIPHER_CTX_new();
	if (s->ctx != NULL) {
		derive(file_key, nonce, AGESTREAM_NONCE_LEN, "payload", key);
		ok = EVP_CipherInit_ex2(s->ctx, cipher, key, NULL, seals, NULL);
		sodium_memzero(key, sizeof key);
		if (ok == 1)
			return s;
	}
	agestream_free(s);
	return NULL;
}

void
agestream_free(struct agestream *s)
{
	if (s == NULL)
		return;
	EVP_CIPHER_CTX_free(s->ctx);
	free(s);
}

/* The next chunk's number. 2^88 chunks are more than there ever will be. */
static void
advance(struct agestream *s)
{
	size_t i = COUNTER_LEN;

	while (i-- > 0)
		if (++s->nonce[i] != 0)
			return;
	abort();
}

void
agestream_seek(struct agestream *s, uint64_t chunk)
{
	memset(s->nonce, 0, sizeof s->nonce);
	for (size_t i = COUNTER_LEN; chunk > 0; chunk >>= 8)
		s->nonce[--i] = (uint8_t)chunk;
}

int
agestream_seal(struct agestream *s, bool last, const void *plain, size_t len,
	       uint8_t *out)
{
	int n = 0, tail = 0;

	assert(s->seals && len <= AGESTREAM_CHUNK);
	s->nonce[COUNTER_LEN] = last;
	/* with a length of 0, Update would read its input as no input */
	if (EVP_EncryptInit_ex2(s->ctx, NULL, NULL, s->nonce, NULL) != 1 ||
	    (len > 0 &&
	     EVP_EncryptUpdate(s->ctx, out, &n, plain, (int)len) != 1) ||
	    EVP_EncryptFinal_ex(s->ctx, out + n, &tail) != 1 ||
	    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_GET_TAG,
				AGESTREAM_TAG_LEN, out + len) != 1) {
		sodium_memzero(out, len + AGESTREAM_TAG_LEN);
		return -1;
	}
	assert((size_t)n == len && tail == 0);
	advance(s);
	return 0;
}

int
agestream_open(struct agestream *s, bool last, const void *sealed, size_t len,
	       uint8_t *out)
{
	uint8_t tag[AGESTREAM_TAG_LEN];
	int n = 0, tail = 0;

	assert(!s->seals && len >= AGESTREAM_TAG_LEN);
	assert(len <= AGESTREAM_SEALED);
	len -= AGESTREAM_TAG_LEN;
	memcpy(tag, (const uint8_t *)sealed + len, sizeof tag);
	s->nonce[COUNTER_LEN] = last;
	if (EVP_DecryptInit_ex2(s->ctx, NULL, NULL, s->nonce, NULL) != 1 ||
	    EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_TAG, sizeof tag,
				tag) != 1 ||
	    (len > 0 &&
	     EVP_DecryptUpdate(s->ctx, out, &n, sealed, (int)len) != 1) ||
	    EVP_DecryptFinal_ex(s->ctx, out + n, &tail) != 1) {
		if (len > 0)
			sodium_memzero(out, len);
		return -1;
	}
	advance(s);
	return 0;
}

uint64_t
agestream_sealed_size(uint64_t plain)
{
	uint64_t chunks = plain / AGESTREAM_CHUNK;

	if (plain % AGESTREAM_CHUNK != 0 || plain == 0)
		chunks++;
	return plain + chunks * AGESTREAM_TAG_LEN;
}
