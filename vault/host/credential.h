/*
 * A user's name and password for a host, through git's own credential helpers
 * (git help credentials), so that whatever keeps the person's passwords keeps
 * these too. They pass through pipes and live in guarded memory only.
 */
#ifndef MUNIMENT_CREDENTIAL_H
#define MUNIMENT_CREDENTIAL_H

#include "hostlink.h"
#include "secret.h"

struct credential {
	struct secret *user;	 /* NUL-terminated; len without it */
	struct secret *password; /* the same */
	bool told;		 /* the helpers know how it went */
};

/* Ask for one. NULL with `e` filled. */
struct credential *credential_get(struct host *h, struct err *e);
/* It was right, or wrong: tell the helpers, once. */
void credential_right(struct host *h, struct credential *c);
void credential_wrong(struct host *h, struct credential *c);
void credential_free(struct credential *c);

/*
 * A setting of git's for a URL, such as http.sslCAInfo; empty if there is
 * none, or no git.
 */
void credential_setting(const char *key, const char *url, char *out,
			size_t cap);

#endif
