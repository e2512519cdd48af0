/*
 * The two services of a git host (git's gitprotocol-pack, version 0), over
 * https or ssh: what it announces, then one request and its reply.
 */
#ifndef MUNIMENT_GITWIRE_H
#define MUNIMENT_GITWIRE_H

#include "child.h"
#include "hostlink.h"

#include <stdint.h>

enum gitwire_service { GITWIRE_FETCH, GITWIRE_PUSH };

struct gitwire;

struct gitwire *gitwire_new(struct host *h, struct err *e);
void gitwire_free(struct gitwire *w);

/*
 * Open a service: `sink` gets what the host announces, and returns 1 when it
 * has its end. Over https "# service" and the flush behind it are taken off.
 */
int gitwire_open(struct gitwire *w, enum gitwire_service service,
		 child_sink *sink, void *ctx, struct err *e);

struct gitwire_request {
	child_source *source;
	void (*rewind)(void *ctx);
	void *source_ctx;
	uint64_t length;  /* of the body, in bytes */
	child_sink *sink; /* returns 1 when it has the reply's end */
	void *sink_ctx;
	uint64_t max;	  /* bytes of the reply */
	const char *what; /* progress, as githttp.h has it; may be NULL */
	uint64_t before, total;
};

/*
 * Send a request and take the reply. Over https any number may follow an
 * open; over ssh one: gitwire_is_open then says no.
 */
int gitwire_ask(struct gitwire *w, const struct gitwire_request *q,
		struct err *e);
bool gitwire_is_open(const struct gitwire *w, enum gitwire_service service);
/* Say good-bye. */
void gitwire_close(struct gitwire *w);

#endif
