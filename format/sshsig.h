/*
 * SSHSIG signatures by Ed25519 keys (OpenSSH PROTOCOL.sshsig), and SSH key
 * lines. Only the form that Muniment writes: version 1, hash sha512.
 */
#ifndef MUNIMENT_SSHSIG_H
#define MUNIMENT_SSHSIG_H

#include "result.h"

#include <stddef.h>
#include <stdint.h>

#define SSHSIG_HASH_LEN 64	/* bytes of a SHA-512 */
#define SSHSIG_NAMESPACE_MAX 32 /* characters */
#define SSHSIG_SIGNED_MAX 192	/* bytes of what is signed */
#define SSHSIG_BLOB_MAX 256	/* bytes of the blob */
#define SSHSIG_TEXT_MAX 352	/* bytes of base64 of a blob, with NUL */
#define SSHSIG_ARMOR_MAX 512	/* bytes of armor, with NUL */
#define SSHSIG_KEY_LINE_LEN 80	/* "ssh-ed25519 " and 68 digits */
#define SSHSIG_KEY_LINE_MAX 81	/* the same with NUL */

/* The bytes to sign for a message with this SHA-512. Returns how many. */
size_t sshsig_signed(const char *ns, const uint8_t sha512[SSHSIG_HASH_LEN],
		     uint8_t out[SSHSIG_SIGNED_MAX]);

/* The blob, and the blob in base64 on one line. Return the length. */
size_t sshsig_blob(const uint8_t pub[32], const char *ns, const uint8_t sig[64],
		   uint8_t out[SSHSIG_BLOB_MAX]);
size_t sshsig_text(const uint8_t pub[32], const char *ns, const uint8_t sig[64],
		   char out[SSHSIG_TEXT_MAX]);
/* The armored form: lines of 70, LF at the end. Returns the length. */
size_t sshsig_armor(const uint8_t pub[32], const char *ns,
		    const uint8_t sig[64], char out[SSHSIG_ARMOR_MAX]);

/*
 * Read base64 on one line, or armor: FORMAT_OK only if it is byte for byte
 * what the functions above write for this namespace.
 */
enum format_result sshsig_text_decode(const char *text, size_t len,
				      const char *ns, uint8_t pub[32],
				      uint8_t sig[64]);
enum format_result sshsig_armor_decode(const char *text, size_t len,
				       const char *ns, uint8_t pub[32],
				       uint8_t sig[64]);

/* "ssh-ed25519 AAAA..." without LF. */
void sshsig_key_line(const uint8_t pub[32], char out[SSHSIG_KEY_LINE_MAX]);
enum format_result sshsig_key_line_decode(const char *text, size_t len,
					  uint8_t pub[32]);

#endif
