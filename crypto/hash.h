/*
 * Hashes: SHA-256 for evidence, SHA-1 for git's packs and HMAC-SHA-256 for
 * salts, through libcrypto, which uses the processor's SHA instructions;
 * SHA-512 for signatures, of short texts, through libsodium.
 *
 * A failure of libcrypto here means that memory ran out or that the library
 * is broken: the program aborts.
 */
#ifndef MUNIMENT_HASH_H
#define MUNIMENT_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_LEN 32	 /* bytes of a SHA-256 */
#define HASH_HEX_LEN 64	 /* its lower-case hex digits, without NUL */
#define HASH_SHA1_LEN 20 /* bytes of a SHA-1 */

enum hash_kind { HASH_SHA256, HASH_SHA1 };

struct hash; /* a running hash; not for secrets */

/* Start a hash; NULL without memory. hash_free takes NULL. */
struct hash *hash_new(enum hash_kind kind);
void hash_update(struct hash *h, const void *bytes, size_t len);
/* Write the digest (32 or 20 bytes) and start over. */
void hash_final(struct hash *h, uint8_t *out);
void hash_free(struct hash *h);

/* SHA-256 of one run of bytes. */
void hash_sha256(const void *bytes, size_t len, uint8_t out[HASH_LEN]);

/* SHA-256 of `prefix`, then a, then b: leaves and nodes of a Merkle tree. */
void hash_prefixed(uint8_t prefix, const void *a, size_t alen, const void *b,
		   size_t blen, uint8_t out[HASH_LEN]);

/* HMAC-SHA-256 (RFC 2104). */
void hash_hmac(const uint8_t *key, size_t keylen, const void *msg,
	       size_t msglen, uint8_t out[HASH_LEN]);

/*
 * The same for many messages under one key, by one thread at a time. The key
 * is wiped by hash_keyed_free, which takes NULL. NULL without memory.
 */
struct hash_keyed;
struct hash_keyed *hash_keyed_new(const uint8_t *key, size_t keylen);
void hash_keyed_hmac(struct hash_keyed *k, const void *msg, size_t msglen,
		     uint8_t out[HASH_LEN]);
void hash_keyed_free(struct hash_keyed *k);

/* SHA-512 of one run of bytes: the inner hash of an SSHSIG. */
void hash_sha512(const void *bytes, size_t len, uint8_t out[64]);

#endif
