/*
 * A device's checkpoint: a C2SP tlog-checkpoint in a signed-note with the
 * device's own Ed25519 signature (FORMAT.md 4).
 */
#ifndef MUNIMENT_CHECKPOINT_H
#define MUNIMENT_CHECKPOINT_H

#include "result.h"

#include <stddef.h>
#include <stdint.h>

#define CHECKPOINT_MAX 1024		/* bytes of a file we write, with NUL */
#define CHECKPOINT_FILE_MAX (64u << 10) /* bytes of any */
#define CHECKPOINT_ORIGIN_MAX 192	/* bytes, with NUL */

/* "muniment/<vault id>/<device>" */
void checkpoint_origin(const char *vault_id, const char *device,
		       char out[CHECKPOINT_ORIGIN_MAX]);

/* What the key id is the start of the SHA-256 of. Returns its length. */
size_t checkpoint_key_id_input(const char *origin, const uint8_t pub[32],
			       uint8_t out[CHECKPOINT_ORIGIN_MAX + 34]);

/* The note's text: the bytes that are signed. Returns its length. */
size_t checkpoint_body(const char *origin, uint64_t size,
		       const uint8_t root[32], char out[CHECKPOINT_MAX]);

/* The text and its signature line. Returns the length. */
size_t checkpoint_encode(const char *origin, uint64_t size,
			 const uint8_t root[32], const uint8_t key_id[4],
			 const uint8_t sig[64], char out[CHECKPOINT_MAX]);

/*
 * Read a checkpoint that must have this origin and key id and one signature,
 * byte for byte as checkpoint_encode writes it.
 */
enum format_result checkpoint_decode(const char *text, size_t len,
				     const char *origin,
				     const uint8_t key_id[4], uint64_t *size,
				     uint8_t root[32], uint8_t sig[64]);

#endif
