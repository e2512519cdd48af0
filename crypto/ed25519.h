/*
 * Ed25519 signatures (RFC 8032): cards, device keys, the root key.
 *
 * A public key is accepted only if it is canonical and lies in the prime-order
 * subgroup: verifiers disagree about all others.
 */
#ifndef MUNIMENT_ED25519_H
#define MUNIMENT_ED25519_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ED25519_PUB_LEN 32  /* bytes */
#define ED25519_SEED_LEN 32 /* bytes; the secret half */
#define ED25519_SIG_LEN 64  /* bytes */

/* A fresh pair. `seed` must be guarded memory. */
void ed25519_generate(uint8_t seed[ED25519_SEED_LEN],
		      uint8_t pub[ED25519_PUB_LEN]);
/* The public half of a seed. */
void ed25519_public(const uint8_t seed[ED25519_SEED_LEN],
		    uint8_t pub[ED25519_PUB_LEN]);
/* True if the key is one that every verifier reads alike. */
bool ed25519_is_valid(const uint8_t pub[ED25519_PUB_LEN]);
/* Sign `len` bytes. */
void ed25519_sign(const uint8_t seed[ED25519_SEED_LEN], const void *msg,
		  size_t len, uint8_t sig[ED25519_SIG_LEN]);
/* 0 if the key is valid and the signature is its own over msg; else -1. */
int ed25519_verify(const uint8_t pub[ED25519_PUB_LEN], const void *msg,
		   size_t len, const uint8_t sig[ED25519_SIG_LEN]);

#endif
