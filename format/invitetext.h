/*
 * The text of an invitation (FORMAT.md 14): the newest states of all logs of a
 * vault, signed by the member who invites.
 */
#ifndef MUNIMENT_INVITETEXT_H
#define MUNIMENT_INVITETEXT_H

#include "batch.h"
#include "cardtext.h"
#include "result.h"

#include <stddef.h>
#include <stdint.h>

#define INVITETEXT_MAX (1u << 20) /* bytes of the whole text */
#define INVITETEXT_LOGS_MAX 4096
#define INVITETEXT_WORDS_MAX 96 /* bytes of a card's words, with NUL */

struct invitetext_log {
	char device[BATCH_DEVICE_LEN + 1];
	uint64_t size; /* batches, at least 1 */
	uint8_t root[32];
};

struct invitetext {
	char vault[65];			 /* 64 hex digits */
	char name[CARDTEXT_NAME_MAX];	 /* of the inviter */
	char org[CARDTEXT_NAME_MAX];	 /* empty if none */
	char card[INVITETEXT_WORDS_MAX]; /* words of the inviter's card */
	uint8_t key[32];
	struct invitetext_log *logs; /* n of them */
	size_t n;
};

/*
 * The text above the signature, malloc'ed, *len bytes; `logs` are sorted. NULL
 * without memory or beyond the limits.
 */
char *invitetext_encode(struct invitetext *t, size_t *len);

/*
 * Read a whole invitation, line feeds behind it included; *signed_len is the
 * length of what is signed. The signature, whose key is that of the text, is
 * not checked. invitetext_free in any case.
 */
enum format_result invitetext_decode(const char *text, size_t len,
				     struct invitetext *t, size_t *signed_len,
				     uint8_t sig[64]);
void invitetext_free(struct invitetext *t);

#endif
