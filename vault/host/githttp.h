/*
 * Requests over https (libcurl). Certificates are always checked, nothing is
 * unpacked, no redirection is followed unseen, and our password goes to the
 * host of the remote alone.
 */
#ifndef MUNIMENT_GITHTTP_H
#define MUNIMENT_GITHTTP_H

#include "child.h"
#include "hostlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct githttp_request {
	const char *method; /* GET, POST or PUT */
	const char *url;
	const char *const *headers; /* "Name: value", n of them */
	size_t n_headers;
	bool login; /* our password may go along, if the host is ours */
	/* what is sent: `length` bytes; source may be NULL */
	child_source *source;
	void (*rewind)(void *ctx);
	void *source_ctx;
	uint64_t length;
	/* what comes with a status of 200 to 299: at most `max` bytes */
	child_sink *sink;
	void *sink_ctx;
	uint64_t max;
	/* progress: `before` of `total` bytes are done; what may be NULL */
	const char *what;
	uint64_t before, total;
};

struct githttp_reply {
	long status;
	char type[80];	     /* Content-Type */
	char location[2048]; /* where a redirection leads; or empty */
	char said[2048];     /* begin of what came with another status */
	size_t n_said;
	uint64_t got; /* bytes that went to the sink */
};

/*
 * 0 when the host has answered, whatever its status; -1 with `e` filled.
 * h->passing tells if trying again makes sense.
 */
int githttp_do(struct host *h, const struct githttp_request *q,
	       struct githttp_reply *r, struct err *e);

/* One clear line for a status that is no success: always returns -1. */
int githttp_refused(struct host *h, const struct githttp_reply *r,
		    const char *doing, struct err *e);

void githttp_free(struct githttp *c);

#endif
