/*
 * The symmetric half of an age file (C2SP age.md, "Header MAC" and "Payload"):
 * what is derived from the file key, and STREAM, which cuts the content into
 * chunks of 64 KiB, each sealed with ChaCha20-Poly1305 under its number and a
 * flag that marks the last one.
 *
 * Buffers in, buffers out. Who reads the file decides which chunk is the last
 * and that nothing follows it.
 */
#ifndef MUNIMENT_AGESTREAM_H
#define MUNIMENT_AGESTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGESTREAM_FILE_KEY_LEN 16 /* bytes */
#define AGESTREAM_NONCE_LEN 16	  /* bytes between header and first chunk */
#define AGESTREAM_MAC_LEN 32	  /* bytes */
#define AGESTREAM_TAG_LEN 16	  /* bytes that sealing adds to a chunk */
#define AGESTREAM_CHUNK                                   \
	65536 /* bytes of content in every chunk but the  \
		 last, which has 1 to as many, or none if \
		 there is no other */
#define AGESTREAM_SEALED (AGESTREAM_CHUNK + AGESTREAM_TAG_LEN) /* bytes */

/* HMAC of the header's first `len` bytes, its "---" included. */
void agestream_header_mac(const uint8_t file_key[AGESTREAM_FILE_KEY_LEN],
			  const void *header, size_t len,
			  uint8_t mac[AGESTREAM_MAC_LEN]);

struct agestream; /* one file's payload key and chunk counter */

/*
 * The payload of one file, from its file key and its nonce. A stream either
 * seals or opens. NULL without memory. The free wipes; it takes NULL.
 */
struct agestream *agestream_new(bool seals,
				const uint8_t file_key[AGESTREAM_FILE_KEY_LEN],
				const uint8_t nonce[AGESTREAM_NONCE_LEN]);
void agestream_free(struct agestream *s);

/*
 * Seal the next chunk: `len` (at most AGESTREAM_CHUNK) bytes become len +
 * AGESTREAM_TAG_LEN in `out`, which may be `plain` itself. Returns 0, or -1
 * when the cipher failed (then out is zeroed).
 */
int agestream_seal(struct agestream *s, bool last, const void *plain,
		   size_t len, uint8_t *out);

/*
 * Open the next chunk: `len` (AGESTREAM_TAG_LEN to AGESTREAM_SEALED) sealed
 * bytes become len - AGESTREAM_TAG_LEN in `out`. Returns 0, or -1 when it is
 * not authentic as the next chunk with this flag: then out is zeroed, and the
 * same chunk may be tried with the other flag, unless out was `sealed`.
 */
int agestream_open(struct agestream *s, bool last, const void *sealed,
		   size_t len, uint8_t *out);

/* Go on with the chunk of this number, counted from 0. */
void agestream_seek(struct agestream *s, uint64_t chunk);

/* Bytes of the sealed chunks of `plain` bytes of content; no nonce. */
uint64_t agestream_sealed_size(uint64_t plain);

#endif
