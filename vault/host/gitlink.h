/* What gitremote.c, gitfetch.c and gitpush.c share. */
#ifndef MUNIMENT_GITLINK_H
#define MUNIMENT_GITLINK_H

#include "gitadvert.h"
#include "gitwire.h"
#include "hostlink.h"

struct gitremote {
	struct host *h;
	struct gitwire *w;
	struct gitadvert advert; /* of the service that was opened last */
};

/*
 * Open a service, unless it is open, and read what the host announces. Tries
 * again what may pass.
 */
int gitlink_open(struct gitremote *r, enum gitwire_service service,
		 struct err *e);
/* Put the host's name before what went wrong. Always returns -1. */
int gitlink_name(struct gitremote *r, struct err *e);

/* Text that grows: a request. */
struct gitlink_text {
	char *bytes;
	size_t len, cap;
	bool failed; /* no memory */
};
/* Add a packet with this text. */
void gitlink_line(struct gitlink_text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void gitlink_flush(struct gitlink_text *t);
/*
 * A packet of a side-band (git's gitprotocol-pack): *band is 1 with data, or 2
 * with the host's words; 3 and anything else is -1 with `e` filled.
 */
int gitlink_band(const struct pktline *p, int *band, const uint8_t **data,
		 size_t *len, struct err *e);

#endif
