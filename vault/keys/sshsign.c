#include "sshsign.h"

#include "ed25519.h"
#include "hash.h"
#include "sshsig.h"

static size_t
wrapped(const char *ns, const void *msg, size_t len,
	uint8_t out[SSHSIG_SIGNED_MAX])
{
	uint8_t digest[SSHSIG_HASH_LEN];

	hash_sha512(msg, len, digest);
	return sshsig_signed(ns, digest, out);
}

void
sshsign(const uint8_t seed[32], const char *ns, const void *msg, size_t len,
	uint8_t sig[64])
{
	uint8_t buf[SSHSIG_SIGNED_MAX];
	size_t n = wrapped(ns, msg, len, buf);

	ed25519_sign(seed, buf, n, sig);
}

int
sshsign_verify(const uint8_t pub[32], const char *ns, const void *msg,
	       size_t len, const uint8_t sig[64])
{
	uint8_t buf[SSHSIG_SIGNED_MAX];
	size_t n = wrapped(ns, msg, len, buf);

	return ed25519_verify(pub, buf, n, sig);
}
