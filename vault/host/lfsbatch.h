/*
 * One request of the Git LFS batch API (git-lfs docs/api/batch.md): what may
 * be done with up to a hundred objects, and where.
 */
#ifndef MUNIMENT_LFSBATCH_H
#define MUNIMENT_LFSBATCH_H

#include "hostlink.h"
#include "lfshost.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define LFSBATCH_MAX 100 /* objects in a request */
#define LFSBATCH_HEADERS 16

/* Where to send something, or to get it. The strings belong to the batch. */
struct lfsbatch_action {
	const char *href;		       /* NULL if there is no action */
	const char *headers[LFSBATCH_HEADERS]; /* "Name: value" */
	size_t n_headers;
	bool authorised; /* one of them is Authorization */
	time_t until;	 /* when it expires; 0: not said */
};

struct lfsbatch_object {
	struct lfshost_object o;
	bool answered;
	long code;     /* of the host's error about it; 0 if there is none */
	char why[200]; /* its words, escaped */
	struct lfsbatch_action move, verify;
};

struct lfsbatch {
	bool upload;
	struct lfsbatch_object list[LFSBATCH_MAX];
	size_t n;
	/* owned: */
	json_t *json;
	char **strings;
	size_t n_strings;
};

/* How to reach the API: the address and what it wants to be sent along. */
struct lfsbatch_api {
	const char *href;	     /* without /objects/batch */
	struct lfsbatch_action with; /* headers; href is not used */
};

/* Ask about b->list[0 .. n-1].o. -1 with `e` filled; h->passing is set. */
int lfsbatch_ask(struct host *h, const struct lfsbatch_api *api,
		 struct lfsbatch *b, struct err *e);
/* Forget the answers. */
void lfsbatch_clear(struct lfsbatch *b);

/*
 * Read an action out of JSON: {"href", "header", "expires_in", "expires_at"};
 * b owns the strings. -1 with `e` filled if it is not of the form or leads
 * where a password would go in clear.
 */
int lfsbatch_action_decode(struct lfsbatch *b, const json_t *json,
			   struct lfsbatch_action *a, struct err *e);

#endif
