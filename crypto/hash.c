#include "hash.h"

#include "ossl.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

/*
 * A failure of libcrypto's digests here means that memory ran out or that the
 * library is broken: there is no sensible way on, and asserts stay on.
 */

struct hash {
	EVP_MD_CTX *ctx;
	const EVP_MD *md;
};

struct hash_keyed {
	EVP_MAC_CTX *ctx;
};

static EVP_MD *digests[2];
static EVP_MAC *hmac;
static pthread_once_t digests_once = PTHREAD_ONCE_INIT;

/* Each thread has one for short texts, which ends with it. */
static pthread_key_t scratches;

static void
free_scratch(void *ctx)
{
	EVP_MD_CTX_free(ctx);
}

static void
fetch_digests(void)
{
	OSSL_LIB_CTX *library = ossl_context();

	if (pthread_key_create(&scratches, free_scratch) != 0)
		abort();
	if (library == NULL)
		return;
	digests[HASH_SHA256] = EVP_MD_fetch(library, "SHA256", NULL);
	digests[HASH_SHA1] = EVP_MD_fetch(library, "SHA1", NULL);
	hmac = EVP_MAC_fetch(library, "HMAC", NULL);
}

static const EVP_MD *
fetched(enum hash_kind kind)
{
	pthread_once(&digests_once, fetch_digests);
	if (digests[kind] == NULL)
		abort();
	return digests[kind];
}

struct hash *
hash_new(enum hash_kind kind)
{
	struct hash *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	h->md = fetched(kind);
	h->ctx = EVP_MD_CTX_new();
	if (h->ctx == NULL) {
		free(h);
		return NULL;
	}
	if (EVP_DigestInit_ex(h->ctx, h->md, NULL) != 1)
		abort();
	return h;
}

void
hash_update(struct hash *h, const void *bytes, size_t len)
{
	if (EVP_DigestUpdate(h->ctx, bytes, len) != 1)
		abort();
}

void
hash_final(struct hash *h, uint8_t *out)
{
	if (EVP_DigestFinal_ex(h->ctx, out, NULL) != 1 ||
	    EVP_DigestInit_ex(h->ctx, h->md, NULL) != 1)
		abort();
}

void
hash_free(struct hash *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

static EVP_MD_CTX *
scratch(void)
{
	EVP_MD_CTX *ctx;

	pthread_once(&digests_once, fetch_digests);
	ctx = pthread_getspecific(scratches);
	if (ctx == NULL) {
		ctx = EVP_MD_CTX_new();
		if (ctx == NULL || pthread_setspecific(scratches, ctx) != 0)
			abort();
	}
	return ctx;
}

void
hash_sha256(const void *bytes, size_t len, uint8_t out[HASH_LEN])
{
	EVP_MD_CTX *c = scratch();

	if (EVP_DigestInit_ex(c, fetched(HASH_SHA256), NULL) != 1 ||
	    EVP_DigestUpdate(c, bytes, len) != 1 ||
	    EVP_DigestFinal_ex(c, out, NULL) != 1)
		abort();
}

void
hash_prefixed(uint8_t prefix, const void *a, size_t alen, const void *b,
	      size_t blen, uint8_t out[HASH_LEN])
{
	EVP_MD_CTX *c = scratch();

	if (EVP_DigestInit_ex(c, fetched(HASH_SHA256), NULL) != 1 ||
	    EVP_DigestUpdate(c, &prefix, 1) != 1 ||
	    EVP_DigestUpdate(c, a, alen) != 1 ||
	    (blen > 0 && EVP_DigestUpdate(c, b, blen) != 1) ||
	    EVP_DigestFinal_ex(c, out, NULL) != 1)
		abort();
}

struct hash_keyed *
hash_keyed_new(const uint8_t *key, size_t keylen)
{
	char name[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
	    OSSL_PARAM_construct_end()};
	struct hash_keyed *k = calloc(1, sizeof *k);

	pthread_once(&digests_once, fetch_digests);
	if (k != NULL && hmac != NULL)
		k->ctx = EVP_MAC_CTX_new(hmac);
	/* NULL as the key would mean the one before */
	if (k != NULL && k->ctx != NULL &&
	    EVP_MAC_init(k->ctx, keylen > 0 ? key : (const uint8_t *)"", keylen,
			 params) == 1)
		return k;
	hash_keyed_free(k);
	return NULL;
}

void
hash_keyed_hmac(struct hash_keyed *k, const void *msg, size_t msglen,
		uint8_t out[HASH_LEN])
{
	size_t len = 0;

	if (EVP_MAC_init(k->ctx, NULL, 0, NULL) != 1 ||
	    EVP_MAC_update(k->ctx, msg, msglen) != 1 ||
	    EVP_MAC_final(k->ctx, out, &len, HASH_LEN) != 1 || len != HASH_LEN)
		abort();
}

void
hash_keyed_free(struct hash_keyed *k)
{
	if (k == NULL)
		return;
	EVP_MAC_CTX_free(k->ctx);
	free(k);
}

void
hash_hmac(const uint8_t *key, size_t keylen, const void *msg, size_t msglen,
	  uint8_t out[HASH_LEN])
{
	struct hash_keyed *k = hash_keyed_new(key, keylen);

	if (k == NULL)
		abort();
	hash_keyed_hmac(k, msg, msglen, out);
	hash_keyed_free(k);
}

void
hash_sha512(const void *bytes, size_t len, uint8_t out[64])
{
	crypto_hash_sha512(out, bytes, len);
}
