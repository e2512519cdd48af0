/*
 * What the parts that talk to a host share: the address, the limits, the
 * credentials, and whether the last failure may pass.
 */
#ifndef MUNIMENT_HOSTLINK_H
#define MUNIMENT_HOSTLINK_H

#include "host.h"
#include "hosturl.h"

struct credential;
struct githttp;

struct host {
	struct hosturl url;
	char shown[128]; /* "host:port", escaped, for messages */
	struct host_options o;
	struct credential *login; /* for u.base; NULL while none is needed */
	struct githttp *http;	  /* made when it is first needed */
	bool passing;		  /* the last failure may pass: try again */
	unsigned wait;		  /* seconds that the host asked us to wait */
};

/* Begin an error's text: always returns -1. */
int host_fail(struct host *h, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * After a failure that may pass: wait, longer each time, clear `e`, and return
 * true; false if it will not pass or *attempt has reached the limit.
 */
bool host_again(struct host *h, unsigned *attempt, struct err *e);

void host_tell(struct host *h, const char *what, uint64_t done, uint64_t total);

#endif
