/*
 * Keys as age writes them: Bech32 text of recipients and identities, and
 * identity files ("age-keygen" output: one key a line, # comments).
 */
#ifndef MUNIMENT_AGETEXT_H
#define MUNIMENT_AGETEXT_H

#include "agekey.h"
#include "err.h"
#include "secret.h"

#include <stddef.h>

#define AGETEXT_RECIPIENT_MAX 2048   /* bytes, NUL included */
#define AGETEXT_IDENTITY_MAX 128     /* bytes, NUL included */
#define AGETEXT_FILE_MAX (16u << 20) /* bytes of an identity file */

/* "age1..." or "age1pq1...", into out. Returns its length. */
size_t agetext_recipient(const struct agekey_public *pub,
			 char out[AGETEXT_RECIPIENT_MAX]);
/* 0, or -1 with `e` filled if the text (NUL-terminated) is no recipient. */
int agetext_recipient_parse(const char *text, struct agekey_public *pub,
			    struct err *e);

/* "AGE-SECRET-KEY-..." into guarded memory. Returns its length. */
size_t agetext_identity(enum agekey_kind kind,
			const uint8_t secret[AGEKEY_SECRET_LEN],
			char out[AGETEXT_IDENTITY_MAX]);
/* `len` bytes of one line (no LF). 0, or -1; never repeats the line. */
int agetext_identity_parse(const char *text, size_t len, enum agekey_kind *kind,
			   uint8_t secret[AGEKEY_SECRET_LEN]);

/*
 * Go through an identity file held in memory: `key` is called for each key
 * with the last comment line before it ("" if none; without "# ", not
 * NUL-terminated), and may return -1 to stop. Returns 0, or -1 with `e`
 * filled, naming the line's number and nothing of its text.
 */
typedef int agetext_key(void *ctx, enum agekey_kind kind,
			const uint8_t secret[AGEKEY_SECRET_LEN],
			const char *comment, size_t comment_len, struct err *e);
int agetext_identities(const void *text, size_t len, agetext_key *key,
		       void *ctx, struct err *e);

#endif
