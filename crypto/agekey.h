/*
 * The two key types of age that Muniment writes (C2SP age.md), and the
 * passphrase: making keys, and wrapping a file key for one.
 *
 *	AGEKEY_X25519	age1...      "The X25519 recipient type"
 *	AGEKEY_HYBRID	age1pq1...   "The MLKEM768-X25519 recipient type"
 *
 * Both have a 32-byte secret half. Secrets, file keys and passphrases are
 * passed as pointers into guarded memory (secret.h).
 */
#ifndef MUNIMENT_AGEKEY_H
#define MUNIMENT_AGEKEY_H

#include <stddef.h>
#include <stdint.h>

#define AGEKEY_SECRET_LEN 32	   /* bytes, either kind */
#define AGEKEY_X25519_PUB_LEN 32   /* bytes */
#define AGEKEY_HYBRID_PUB_LEN 1216 /* bytes */
#define AGEKEY_PUB_MAX 1216	   /* bytes, the longer of the two */
#define AGEKEY_FILE_KEY_LEN 16	   /* bytes */
#define AGEKEY_BODY_LEN 32	   /* bytes of a wrapped file key */
#define AGEKEY_X25519_ENC_LEN 32   /* bytes of the ephemeral share */
#define AGEKEY_HYBRID_ENC_LEN 1120 /* bytes of the encapsulation */
#define AGEKEY_ENC_MAX 1120	   /* bytes, the longer of the two */
#define AGEKEY_SALT_LEN 16	   /* bytes of a scrypt salt */

enum agekey_kind { AGEKEY_X25519, AGEKEY_HYBRID };

struct agekey_public {
	enum agekey_kind kind;
	uint8_t bytes[AGEKEY_PUB_MAX]; /* the first 32 or 1216 count */
};

enum agekey_result {
	AGEKEY_OK = 0,
	AGEKEY_NO_MATCH,  /* not for this key or passphrase: try the next */
	AGEKEY_MALFORMED, /* the stanza is invalid: the file is refused */
};

size_t agekey_pub_len(enum agekey_kind kind);
size_t agekey_enc_len(enum agekey_kind kind);

/* A fresh pair. */
void agekey_generate(enum agekey_kind kind, uint8_t secret[AGEKEY_SECRET_LEN],
		     struct agekey_public *pub);
/* The public half of a secret. */
void agekey_derive(enum agekey_kind kind,
		   const uint8_t secret[AGEKEY_SECRET_LEN],
		   struct agekey_public *pub);

/*
 * Wrap a file key for `pub`: writes agekey_enc_len bytes to enc and 32 to
 * body. Returns 0, or -1 when the public key is not a valid one.
 */
int agekey_wrap(const struct agekey_public *pub,
		const uint8_t file_key[AGEKEY_FILE_KEY_LEN], uint8_t *enc,
		uint8_t body[AGEKEY_BODY_LEN]);

/* Unwrap; file_key is zeroed unless AGEKEY_OK. */
enum agekey_result agekey_unwrap(enum agekey_kind kind,
				 const uint8_t secret[AGEKEY_SECRET_LEN],
				 const uint8_t *enc,
				 const uint8_t body[AGEKEY_BODY_LEN],
				 uint8_t file_key[AGEKEY_FILE_KEY_LEN]);

/*
 * A hybrid secret made ready for many stanzas, as opening one takes a third of
 * the time then. As secret as the secret itself.
 */
#define AGEKEY_READY_LEN 2464 /* bytes */
void agekey_ready(const uint8_t secret[AGEKEY_SECRET_LEN],
		  uint8_t ready[AGEKEY_READY_LEN]);
enum agekey_result agekey_unwrap_ready(const uint8_t ready[AGEKEY_READY_LEN],
				       const uint8_t enc[AGEKEY_HYBRID_ENC_LEN],
				       const uint8_t body[AGEKEY_BODY_LEN],
				       uint8_t file_key[AGEKEY_FILE_KEY_LEN]);

/*
 * The scrypt recipient: N = 2^work_factor, r = 8, p = 1. Both return 0, or -1
 * without memory (wrap) / AGEKEY_NO_MATCH for a wrong passphrase and
 * AGEKEY_MALFORMED without memory (unwrap).
 */
int agekey_wrap_passphrase(const uint8_t *pass, size_t passlen,
			   unsigned work_factor,
			   const uint8_t salt[AGEKEY_SALT_LEN],
			   const uint8_t file_key[AGEKEY_FILE_KEY_LEN],
			   uint8_t body[AGEKEY_BODY_LEN]);
enum agekey_result agekey_unwrap_passphrase(
    const uint8_t *pass, size_t passlen, unsigned work_factor,
    const uint8_t salt[AGEKEY_SALT_LEN], const uint8_t body[AGEKEY_BODY_LEN],
    uint8_t file_key[AGEKEY_FILE_KEY_LEN]);

#endif
