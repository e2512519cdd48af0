/*
 * Signed notes with several signature lines, and the Ed25519 cosignatures
 * among them: C2SP signed-note and tlog-cosignature (FORMAT.md 4 and 5).
 *
 * A note's text ends at its last empty line; below stand lines "— <key name>
 * <base64 of key id || signature>". Lines of unknown types and names are kept
 * as they are: it is for the reader to look for those it knows.
 */
#ifndef MUNIMENT_COSIGN_H
#define MUNIMENT_COSIGN_H

#include "result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COSIGN_NOTE_MAX (256u << 10) /* bytes of a note */
#define COSIGN_LINES_MAX 32	     /* signature lines of a note */
#define COSIGN_SIG_MAX 5120	     /* bytes of a key id and signature */
#define COSIGN_NAME_MAX 256	     /* bytes of a key's name, with NUL */
#define COSIGN_LINE_MAX 512	     /* bytes of a line we write, with NUL */
#define COSIGN_VKEY_MAX 512	     /* bytes of a verifier key, with NUL */
#define COSIGN_BODY_MAX 1024	     /* bytes of a text that we cosign */

enum cosign_type {
	COSIGN_ED25519 = 0x01,	   /* a log's own signature */
	COSIGN_COSIGNATURE = 0x04, /* time and Ed25519 */
};

/* One signature line: views into the note. */
struct cosign_line {
	const char *name;
	size_t name_len;
	const char *base64;
	size_t base64_len;
	uint8_t id[4]; /* of the key */
	size_t len;    /* bytes of the signature without the id */
};

struct cosign_note {
	size_t body_len; /* of the text, its last LF included */
	struct cosign_line lines[COSIGN_LINES_MAX];
	size_t n;
};

/* Take a note apart. FORMAT_LIMIT: too long, or with too many lines. */
enum format_result cosign_note_decode(const char *text, size_t len,
				      struct cosign_note *out);
/*
 * The same of signature lines alone, as a witness answers: `body_len` is 0.
 */
enum format_result cosign_lines_decode(const char *text, size_t len,
				       struct cosign_note *out);

/* True if the line says that it is by this key. */
bool cosign_line_is(const struct cosign_line *l, const char *name,
		    const uint8_t id[4]);

/* The signature of a line of type 0x01: FORMAT_MALFORMED if it is none. */
enum format_result cosign_ed25519_decode(const struct cosign_line *l,
					 uint8_t sig[64]);
/* Time (POSIX seconds, not 0, below 2^63) and signature of type 0x04. */
enum format_result cosign_decode(const struct cosign_line *l, uint64_t *time,
				 uint8_t sig[64]);
/* The line of a cosignature, with LF. Returns its length. */
size_t cosign_encode(const char *name, const uint8_t id[4], uint64_t time,
		     const uint8_t sig[64], char out[COSIGN_LINE_MAX]);

/*
 * What a cosignature signs: "cosignature/v1", "time <n>", and the note's text
 * of at most COSIGN_BODY_MAX bytes. Returns its length.
 */
#define COSIGN_MESSAGE_MAX (COSIGN_BODY_MAX + 64)
size_t cosign_message(uint64_t time, const char *body, size_t len,
		      char out[COSIGN_MESSAGE_MAX]);

/* What a key id is the start of the SHA-256 of. Returns its length. */
#define COSIGN_KEY_ID_INPUT_MAX (COSIGN_NAME_MAX + 34)
size_t cosign_key_id_input(const char *name, enum cosign_type type,
			   const uint8_t pub[32],
			   uint8_t out[COSIGN_KEY_ID_INPUT_MAX]);

/* A verifier key: "<name>+<key id, hex>+<base64 of type || key>". */
struct cosign_vkey {
	char name[COSIGN_NAME_MAX];
	uint8_t id[4];
	enum cosign_type type;
	uint8_t key[32];
};

/* Only keys of the types above: others are FORMAT_MALFORMED. */
enum format_result cosign_vkey_decode(const char *text, size_t len,
				      struct cosign_vkey *out);
size_t cosign_vkey_encode(const struct cosign_vkey *k,
			  char out[COSIGN_VKEY_MAX]);

/*
 * The first three lines of a note's text, if it has no others: origin (a view),
 * size and root of a log.
 */
enum format_result cosign_checkpoint(const char *body, size_t len,
				     const char **origin, size_t *origin_len,
				     uint64_t *size, uint8_t root[32]);

#endif
