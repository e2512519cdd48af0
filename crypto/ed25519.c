#include "ed25519.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(ED25519_PUB_LEN == crypto_sign_PUBLICKEYBYTES, "public key");
_Static_assert(ED25519_SEED_LEN == crypto_sign_SEEDBYTES, "seed");
_Static_assert(ED25519_SIG_LEN == crypto_sign_BYTES, "signature");

void
ed25519_generate(uint8_t seed[ED25519_SEED_LEN], uint8_t pub[ED25519_PUB_LEN])
{
	randombytes_buf(seed, ED25519_SEED_LEN);
	ed25519_public(seed, pub);
}

void
ed25519_public(const uint8_t seed[ED25519_SEED_LEN],
	       uint8_t pub[ED25519_PUB_LEN])
{
	uint8_t sk[crypto_sign_SECRETKEYBYTES];

	if (crypto_sign_seed_keypair(pub, sk, seed) != 0)
		abort();
	sodium_memzero(sk, sizeof sk);
}

/*
 * Keys that were found valid lately, in this thread: all of a log's signatures
 * are by one key, and the test takes longer than verifying.
 */
#define RECENT 16
static _Thread_local struct {
	uint8_t keys[RECENT][ED25519_PUB_LEN];
	size_t n; /* ever noted */
} recent;

bool
ed25519_is_valid(const uint8_t pub[ED25519_PUB_LEN])
{
	for (size_t i = 0; i < recent.n && i < RECENT; i++)
		if (memcmp(recent.keys[i], pub, ED25519_PUB_LEN) == 0)
			return true;
	if (crypto_core_ed25519_is_valid_point(pub) != 1)
		return false;
	memcpy(recent.keys[recent.n++ % RECENT], pub, ED25519_PUB_LEN);
	return true;
}

void
ed25519_sign(const uint8_t seed[ED25519_SEED_LEN], const void *msg, size_t len,
	     uint8_t sig[ED25519_SIG_LEN])
{
	uint8_t sk[crypto_sign_SECRETKEYBYTES], pub[ED25519_PUB_LEN];

	if (crypto_sign_seed_keypair(pub, sk, seed) != 0 ||
	    crypto_sign_detached(sig, NULL, msg, len, sk) != 0)
		abort();
	sodium_memzero(sk, sizeof sk);
}

int
ed25519_verify(const uint8_t pub[ED25519_PUB_LEN], const void *msg, size_t len,
	       const uint8_t sig[ED25519_SIG_LEN])
{
	if (!ed25519_is_valid(pub))
		return -1;
	return crypto_sign_verify_detached(sig, msg, len, pub) == 0 ? 0 : -1;
}
