/*
 * The URL of a git host, taken apart. Only what cannot be misread is taken: no
 * control characters, no password, no name or path that a program could take
 * for an option.
 */
#ifndef MUNIMENT_HOSTURL_H
#define MUNIMENT_HOSTURL_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

#define HOSTURL_MAX 1024 /* bytes of a URL, NUL included */

enum hosturl_kind { HOSTURL_HTTPS, HOSTURL_HTTP, HOSTURL_SSH };

struct hosturl {
	enum hosturl_kind kind;
	char user[256]; /* percent signs decoded; empty if none is given */
	char name[256]; /* the host, without brackets */
	char port[8];	/* empty if none is given */
	/* ssh: as the other side shall read it; https: with its "/" */
	char path[HOSTURL_MAX];
	/* https: the URL without user and without "/" at its end */
	char base[HOSTURL_MAX];
};

/* True if a text names a host rather than a folder. */
bool hosturl_is(const char *text);
int hosturl_parse(const char *text, struct hosturl *u, struct err *e);

/* True if a URL is https, or http to this machine itself. */
bool hosturl_is_safe(const char *url);
/* True if two http(s) URLs have one scheme, host and port. */
bool hosturl_same_origin(const char *a, const char *b);
/* "host" or "host:port" of a URL, for messages: escaped, cut off. */
const char *hosturl_shown(const char *url, char out[128]);

#endif
