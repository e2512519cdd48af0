/*
 * Invitations (FORMAT.md 14): a member tells somebody who receives the vault
 * for the first time which vault it is and how far each log had come, signed
 * and locked to that person's card. So a copy that was rolled back on the way,
 * or another vault, is noticed at first contact.
 */
#ifndef MUNIMENT_INVITE_H
#define MUNIMENT_INVITE_H

#include "card.h"
#include "identity.h"
#include "index.h"
#include "invitetext.h"
#include "words.h"

struct invite {
	struct invitetext text;
	char words[WORDS_FINGERPRINT_MAX]; /* over text and signature */
};

/*
 * Write the invitation of x's person for the holder of `to` to a new file, and
 * hand it out. ERR_EVIDENCE if the vault is damaged.
 */
int invite_write(struct index *x, const struct card *to, const char *path,
		 struct invite *out, struct err *e);

/*
 * Open a file with this identity and check its form and its signature. Whether
 * the key that signed it is a member's only the vault tells. Free it in any
 * case.
 */
int invite_read(const char *path, const struct identity *id, struct invite *out,
		struct err *e);
void invite_free(struct invite *i);

/*
 * Does `v`, or `more` (NULL: nothing), hold every state that the invitation
 * names? ERR_EVIDENCE names the device and the batch that are not there.
 */
int invite_check(const struct invite *i, const struct vault *v,
		 const struct vault *more, struct err *e);
/*
 * Is it by a member of this vault? ERR_EVIDENCE if not. *known is false if x's
 * identity cannot tell, being no member itself.
 */
int invite_check_member(const struct invite *i, struct index *x, bool *known,
			struct err *e);

#endif
