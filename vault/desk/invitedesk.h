/* The desk's part about invitations: see invite.h. */
#ifndef MUNIMENT_INVITEDESK_H
#define MUNIMENT_INVITEDESK_H

#include "desk.h"

/*
 * Invite the holder of a card: {"file","to","to_words","name","org",
 * "card_words","words","vault","vault_words","logs"}; the names are the
 * inviter's.
 */
json_t *desk_invite(struct desk *d, const char *card, const char *path,
		    struct err *e);

#endif
