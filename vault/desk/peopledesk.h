/* The desk's part about members, their devices and keys: see people.h. */
#ifndef MUNIMENT_PEOPLEDESK_H
#define MUNIMENT_PEOPLEDESK_H

#include "desk.h"

/* The root key that signs instead of the person; path NULL: none. */
struct desk_root {
	const char *path;
	const struct secret *pass;
};

/*
 * Admit the holders of these cards, as acts_member_add does; with `root`, by
 * the root key. `keyless`: what they write is accepted, but they get no key.
 */
int desk_member_admit(struct desk *d, const char *const *cards, size_t n,
		      const char *case_text, const char *role, bool keyless,
		      const struct desk_root *root, struct err *e);

/*
 * {"retired","also_admitted_by","could_read","items_shared","renewed",
 * "not_renewed","without_card"} and, with `card` (of the same person's new
 * identity), "successor". case_text: only in that case.
 */
json_t *desk_retire(struct desk *d, const char *who, const char *case_text,
		    const char *card, const struct desk_root *root,
		    struct err *e);
/* {"device","member","up_to"}: take in more of a device, or less. */
json_t *desk_accept(struct desk *d, const char *device, uint64_t up_to,
		    const struct desk_root *root, struct err *e);
json_t *desk_cut(struct desk *d, const char *device, uint64_t up_to,
		 const struct desk_root *root, struct err *e);
/* {"renewed","without_card"}: a new key for a case ("vault": the vault). */
json_t *desk_renew(struct desk *d, const char *case_text,
		   const char *const *without, size_t n, struct err *e);

#endif
