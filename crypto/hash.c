#include "hash.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

/*
 * A failure of libcrypto's digests here means that memory ran out or that the
 * library is broken: there is no sensible way on, and asserts stay on.
 */

struct hash {
	EVP_MD_CTX *ctx;
	const EVP_MD *md;
};

static const EVP_MD *
fetched(enum hash_kind kind)
{
	static EVP_MD *md[2];
	static const char *const name[2] = {"SHA256", "SHA1"};

	if (md[kind] == NULL)
		md[kind] = EVP_MD_fetch(NULL, name[kind], NULL);
	assert(md[kind] != NULL);
	return md[kind];
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
hash_peek(const struct hash *h, uint8_t *out)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	if (c == NULL || EVP_MD_CTX_copy_ex(c, h->ctx) != 1 ||
	    EVP_DigestFinal_ex(c, out, NULL) != 1)
		abort();
	EVP_MD_CTX_free(c);
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
	static _Thread_local EVP_MD_CTX *ctx;

	if (ctx == NULL)
		ctx = EVP_MD_CTX_new();
	if (ctx == NULL)
		abort();
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

void
hash_hmac(const uint8_t *key, size_t keylen, const void *msg, size_t msglen,
    uint8_t out[HASH_LEN])
{
	unsigned int n = HASH_LEN;

	assert(keylen <= 4096);
	if (HMAC(EVP_sha256(), key, (int)keylen, msg, msglen, out, &n) == NULL)
		abort();
}

void
hash_sha512(const void *bytes, size_t len, uint8_t out[64])
{
	if (EVP_Digest(bytes, len, out, NULL, EVP_sha512(), NULL) != 1)
		abort();
}
