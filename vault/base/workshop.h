/*
 * Workers for foreign bytes. workshop_start forks a helper, which has to be
 * before any key or passphrase is in memory, and before there are threads. For
 * each job the helper, which sees no foreign byte itself, forks a worker that
 * gives up every right (sandbox.h) before it sees one, and ends with its job.
 */
#ifndef MUNIMENT_WORKSHOP_H
#define MUNIMENT_WORKSHOP_H

#include "err.h"

#include <stdbool.h>

struct workshop;

struct workshop_trade {
	/* In the helper, once: what the library makes at first use. False if
	 * it does not work here; NULL: there is nothing to do. */
	bool (*warm_up)(void);
	/* In a worker: shut itself in (with `maps`, sandbox.h), then talk over
	 * SANDBOX_SOCKET, and return. */
	void (*work)(int maps);
};

/*
 * Start the helper. One that does not work is no failure: see workshop_works.
 * NULL with `e` filled only without memory.
 */
struct workshop *workshop_start(const struct workshop_trade *trade,
				struct err *e);
/* True while there is a helper. NULL is fine. */
bool workshop_works(const struct workshop *w);
/*
 * Put a worker to work: the descriptor over which to talk to it, which the
 * caller closes; its worker ends then. -1 with `e` filled.
 */
int workshop_hire(struct workshop *w, struct err *e);
/* End the helper; NULL is fine. */
void workshop_stop(struct workshop *w);

#endif
