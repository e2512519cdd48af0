#include "bytetag.h"

#include "ossl.h"
#include "secret.h"

#include <openssl/evp.h>
#include <stdlib.h>

#define KEY_LEN 32 /* bytes */

/*
 * As with digests (hash.c), a failure after the start means a broken library:
 * there is no sensible way on.
 */
struct bytetag {
	EVP_MAC_CTX *ctx;
	uint8_t key[KEY_LEN];
};

static void
begin(struct bytetag *t)
{
	if (EVP_MAC_init(t->ctx, t->key, KEY_LEN, NULL) != 1)
		abort();
}

struct bytetag *
bytetag_new(void)
{
	OSSL_LIB_CTX *library = ossl_context();
	struct bytetag *t = calloc(1, sizeof *t);
	EVP_MAC *mac = NULL;

	if (t == NULL || library == NULL)
		goto bad;
	mac = EVP_MAC_fetch(library, "POLY1305", NULL);
	if (mac != NULL)
		t->ctx = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac); /* the context holds it, too */
	if (t->ctx == NULL)
		goto bad;
	secret_random(t->key, KEY_LEN);
	begin(t);
	return t;
bad:
	free(t);
	return NULL;
}

void
bytetag_update(struct bytetag *t, const void *bytes, size_t len)
{
	if (EVP_MAC_update(t->ctx, bytes, len) != 1)
		abort();
}

void
bytetag_final(struct bytetag *t, uint8_t out[BYTETAG_LEN])
{
	size_t len = 0;

	if (EVP_MAC_final(t->ctx, out, &len, BYTETAG_LEN) != 1 ||
	    len != BYTETAG_LEN)
		abort();
	begin(t);
}

void
bytetag_free(struct bytetag *t)
{
	if (t == NULL)
		return;
	EVP_MAC_CTX_free(t->ctx);
	secret_wipe(t->key, KEY_LEN);
	free(t);
}
