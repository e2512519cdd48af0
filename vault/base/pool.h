/*
 * Work on all cores: jobs are put in one after the other, done by worker
 * threads in any order, and their results are taken up in the order in which
 * the jobs were put in, by the thread that put them in. So whatever comes of
 * it (lines, reports, bytes of a file) is as if one thread had done it all.
 *
 * At most `depth` jobs are in the pool: pool_put waits till there is room.
 * With one worker (pool_set_jobs(1)) there are no threads: each job is done
 * and taken up before pool_put returns, and the order of system calls is
 * always the same.
 *
 * A pool belongs to the thread that made it.
 */
#ifndef MUNIMENT_POOL_H
#define MUNIMENT_POOL_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

#define POOL_JOBS_MAX 64  /* worker threads */
#define POOL_DEPTH_MAX 64 /* jobs that are in a pool at a time */

struct pool;
struct pool_job;

struct pool_kind {
	/* In a worker. -1 with `e` filled ends all: see pool_put. */
	int (*work)(struct pool_job *j, struct err *e);
	/* In the thread that put it in, if it and all before it succeeded. */
	int (*done)(struct pool_job *j, struct err *e);
	/* There too, the last that happens to a job, whatever came of it. */
	void (*drop)(struct pool_job *j);
};

/* The start of a job of any kind; the rest is the caller's. */
struct pool_job {
	const struct pool_kind *kind;
	/* the pool's own */
	bool finished;
	int rc;
	struct err err;
};

/*
 * How many workers pools have from now on, for all of the process; 0: as many
 * as there are cores. Called before any pool is made.
 */
void pool_set_jobs(size_t n);
/* From now on there are no threads, whatever pool_set_jobs says. */
void pool_alone(void);
size_t pool_jobs(void);

/* A pool for `depth` jobs at a time (1 to POOL_DEPTH_MAX). NULL with `e`
 * filled. */
struct pool *pool_new(size_t depth, struct err *e);

/*
 * Put a job in; it is the pool's until `drop`. Results that are there are taken
 * up meanwhile. -1 with `e` filled by the first job, in order, that failed;
 * then no further work is begun, and every further call fails in the same way.
 */
int pool_put(struct pool *p, struct pool_job *j, struct err *e);
/* Wait for all jobs and take up their results. As pool_put. */
int pool_drain(struct pool *p, struct err *e);
/* The same until no more than `n` are in it. */
int pool_wait(struct pool *p, size_t n, struct err *e);
/* How many are in it. */
size_t pool_count(const struct pool *p);
/* A mark behind all jobs so far; wait until those before a mark are taken up.
 */
size_t pool_mark(const struct pool *p);
int pool_reach(struct pool *p, size_t mark, struct err *e);

/*
 * Jobs that were not taken up are dropped, once none is being worked on. Takes
 * NULL. The threads wait for the next pool.
 */
void pool_free(struct pool *p);

#endif
