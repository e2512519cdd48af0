/* The text of a collector's kit: a seat to write for (FORMAT.md 1). */
#ifndef MUNIMENT_KITTEXT_H
#define MUNIMENT_KITTEXT_H

#include "batch.h"
#include "gitform.h"
#include "hex.h"
#include "result.h"

#include <stddef.h>
#include <stdint.h>

#define KITTEXT_MAX (16u << 10)	   /* bytes of a kit, with NUL */
#define KITTEXT_RECIPIENT_MAX 2048 /* bytes, with NUL */

/* A key that is written to. */
struct kittext_epoch {
	char id[HEX_ID_LEN + 1];
	char recipient[KITTEXT_RECIPIENT_MAX];
};

struct kittext {
	char vault[GITFORM_VAULT_MAX];	   /* the `vault` file, whole */
	char device[BATCH_DEVICE_LEN + 1]; /* that signed the kit */
	char seat[65];
	char case_id[HEX_ID_LEN + 1];
	struct kittext_epoch vault_epoch, case_epoch;
};

/* The text above the signature, NUL-terminated; returns its length. */
size_t kittext_encode(const struct kittext *k, char out[KITTEXT_MAX]);

/*
 * Read a whole kit; *signed_len is the length of the text that is signed. The
 * signature, whose key is that of `device` and is set too, is not checked, nor
 * are the recipients.
 */
enum format_result kittext_decode(const char *text, size_t len,
				  struct kittext *k, uint8_t key[32],
				  size_t *signed_len, uint8_t sig[64]);

#endif
