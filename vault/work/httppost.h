/*
 * Small questions and small answers over HTTPS, one connection: POST and what
 * comes back. No redirects, no cookies, no credentials, no name of ours;
 * certificates are always checked. A proxy comes from the environment, as curl
 * takes it (ALL_PROXY=socks5h://...).
 */
#ifndef MUNIMENT_HTTPPOST_H
#define MUNIMENT_HTTPPOST_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

#define HTTPPOST_REPLY_MAX (256u << 10) /* bytes of an answer */

struct httppost;

struct httppost_reply {
	long status; /* of HTTP */
	char *body;  /* NUL-terminated; lives until the next question */
	size_t len;
};

/*
 * `url` is what paths are put behind: https, or, with `insecure`, http to a
 * loopback address in digits. NULL with `e` filled. Does nothing on the
 * network.
 */
struct httppost *httppost_new(const char *url, bool insecure, struct err *e);
void httppost_free(struct httppost *p);

/* Ask. 0 whatever the status is; -1 with `e` filled if there is no answer. */
int httppost_ask(struct httppost *p, const char *path, const void *body,
		 size_t len, struct httppost_reply *reply, struct err *e);

#endif
