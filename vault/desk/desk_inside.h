/*
 * What the parts of the desk share (desk*.c and *desk.c): its inside, and how
 * the texts that people type are looked up. Not for tools/.
 */
#ifndef MUNIMENT_DESK_INSIDE_H
#define MUNIMENT_DESK_INSIDE_H

#include "desk.h"
#include "index.h"
#include "invite.h"

struct desk {
	struct identity *id;
	struct vault *v;
	struct index *x;
	bool alarmed; /* something was wrong when it was opened */
};

/* Open the vault for an unlocked identity, which is taken over. */
struct desk *desk_sit_down(const char *dir, struct identity *id, int mode,
			   desk_progress *progress, struct err *e);

/* "findings": what the report holds that makes the exit status 1. */
void desk_findings(const struct report *r, json_t *o);
/* "refused", "hint": why this machine's own log was not written to. */
void desk_refused(const struct err *refused, json_t *o);

/* The words of a vault's id, to be compared by voice. */
void desk_vault_words(const char *id, char out[WORDS_FINGERPRINT_MAX]);
/* {"vault","words"}; NULL without memory. */
json_t *desk_vault_json(const char *id, struct err *e);
/* {"name","org","card_words","words","vault","vault_words","logs"} */
json_t *desk_invite_json(const struct invite *i);

/* A list or document that may have failed for want of memory. */
json_t *desk_made(json_t *o, struct err *e);

/* A case by text; NULL text means none: *c is NULL then. */
int desk_find_case(struct desk *d, const char *text, struct index_case **c,
		   struct err *e);
/* Items by text, each once, those of one case together; malloc'ed. */
struct index_item **desk_find_items(struct desk *d, const char *const *texts,
				    size_t n, size_t *found, struct err *e);
/*
 * One who shall be able to open something: a card file, a recipient or a
 * member. *seat is the member's, or NULL.
 */
int desk_find_recipient(struct desk *d, const char *text,
			struct agekey_public *out, const char **seat,
			struct err *e);

#endif
