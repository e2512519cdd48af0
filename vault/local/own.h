/*
 * This machine's own log: whether it can be gone on with. It cannot after a
 * backup was restored or a fork: what one wrote there nobody would accept.
 * Then the person goes on under a new device key.
 */
#ifndef MUNIMENT_OWN_H
#define MUNIMENT_OWN_H

#include "index.h"
#include "trust.h"

enum own_state {
	OWN_NEW, /* this machine has not written here yet */
	OWN_FINE,
	OWN_UNKNOWN,   /* it may have: its local/ is gone */
	OWN_NO_KEY,    /* the device's key is gone */
	OWN_NO_MEMORY, /* the trust memory is gone, or damaged */
	OWN_SHORTER,   /* batches that it wrote are not here */
	OWN_LONGER,    /* there are batches here that it did not write */
	OWN_FORKED,    /* the device has signed two histories */
	OWN_DAMAGED,
};

struct own {
	enum own_state state;
	struct trust_self trust;
	size_t log; /* index in the vault; SIZE_MAX if there is none */
};

int own_look(struct index *x, struct own *out, struct err *e);
/* 0 if it can be written to; else -1 with `e` and its hint filled. */
int own_check(const struct own *o, struct err *e);

#endif
