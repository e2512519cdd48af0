#include "pool.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define STACK (1u << 20) /* bytes of a worker's */

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t more;	 /* there is a job to begin, or it ends */
	pthread_cond_t finished; /* a job was finished */
	pthread_t threads[POOL_JOBS_MAX];
	size_t n_threads;
	pid_t process; /* a fork copies a pool, and none of its threads */
	bool ending;

	size_t depth;
	struct pool_job *ring[POOL_DEPTH_MAX];
	/* counted up for ever: taken up <= begun <= put in */
	size_t taken, begun, put;
	struct err failed; /* of the first that failed */
};

static size_t wanted; /* workers; 0: cores */
static bool alone;
static struct pool *parked;

void
pool_set_jobs(size_t n)
{
	wanted = n < POOL_JOBS_MAX ? n : POOL_JOBS_MAX;
}

void
pool_alone(void)
{
	alone = true;
}

size_t
pool_jobs(void)
{
	long n = alone ? 1 : (long)wanted;

	if (n == 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > POOL_JOBS_MAX ? POOL_JOBS_MAX : (size_t)n;
}

static struct pool_job **
slot(struct pool *p, size_t at)
{
	return &p->ring[at % POOL_DEPTH_MAX];
}

static void *
worker(void *ctx)
{
	struct pool *p = ctx;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct pool_job *j;

		while (p->begun == p->put && !p->ending)
			pthread_cond_wait(&p->more, &p->lock);
		if (p->ending)
			break;
		j = *slot(p, p->begun++);
		pthread_mutex_unlock(&p->lock);
		j->rc = j->kind->work(j, &j->err);
		pthread_mutex_lock(&p->lock);
		j->finished = true;
		pthread_cond_signal(&p->finished);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* No signal is handled in a worker: handlers expect the first thread. */
static int
start_threads(struct pool *p)
{
	size_t n = pool_jobs();
	pthread_attr_t attr;
	sigset_t all, old;

	if (n == 1)
		return 0;
	if (pthread_attr_init(&attr) != 0)
		return -1;
	(void)pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	while (p->n_threads < n &&
	       pthread_create(&p->threads[p->n_threads], &attr, worker, p) == 0)
		p->n_threads++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	/* with fewer it only takes longer */
	return p->n_threads > 0 ? 0 : -1;
}

static void
end_threads(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < p->n_threads; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->more);
	pthread_cond_destroy(&p->finished);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* At the end of the process nobody waits for a pool any more. */
static void
end_parked(void)
{
	if (parked != NULL && parked->process == getpid())
		end_threads(parked);
	parked = NULL;
}

struct pool *
pool_new(size_t depth, struct err *e)
{
	static bool said;
	struct pool *p = parked;

	assert(depth > 0 && depth <= POOL_DEPTH_MAX);
	parked = NULL;
	if (p == NULL || p->process != getpid()) {
		p = calloc(1, sizeof *p);
		if (p == NULL) {
			err_memory(e);
			return NULL;
		}
		p->process = getpid();
		pthread_mutex_init(&p->lock, NULL);
		pthread_cond_init(&p->more, NULL);
		pthread_cond_init(&p->finished, NULL);
		if (start_threads(p) != 0) {
			end_threads(p);
			err_set(e, ERR_UNKNOWN, "no memory for threads");
			return NULL;
		}
		if (!said)
			said = atexit(end_parked) == 0;
	}
	p->depth = depth;
	return p;
}

/* Take up the oldest job, which is finished (or was never begun). */
static void
take_up(struct pool *p, struct pool_job *j)
{
	if (p->failed.code == ERR_NONE && j->finished) {
		if (j->rc != 0)
			err_set(&j->err, ERR_UNKNOWN, "a job failed");
		else if (j->kind->done(j, &j->err) != 0)
			j->rc = -1;
		if (j->rc != 0)
			p->failed = j->err;
	}
	j->kind->drop(j);
}

/* Wait for the oldest job if `wait`, and take it up. False if it is not yet
 * finished. */
static bool
take_oldest(struct pool *p, bool wait)
{
	struct pool_job *j;

	pthread_mutex_lock(&p->lock);
	j = *slot(p, p->taken);
	while (wait && !j->finished)
		pthread_cond_wait(&p->finished, &p->lock);
	if (!j->finished) {
		pthread_mutex_unlock(&p->lock);
		return false;
	}
	p->taken++;
	pthread_mutex_unlock(&p->lock);
	take_up(p, j);
	return true;
}

/* What was put in and not begun is not going to be. */
static void
give_up(struct pool *p)
{
	size_t begun;

	pthread_mutex_lock(&p->lock);
	begun = p->begun;
	p->begun = p->put;
	pthread_mutex_unlock(&p->lock);
	while (p->taken < begun)
		(void)take_oldest(p, true);
	for (; p->taken < p->put; p->taken++)
		take_up(p, *slot(p, p->taken));
}

/* Has one of those that were taken up failed? Then that is the end. */
static int
check(struct pool *p, struct err *e)
{
	if (p->failed.code == ERR_NONE)
		return 0;
	give_up(p);
	err_set(e, (enum err_code)p->failed.code, "%s", p->failed.msg);
	return p->failed.hint[0] != '\0' ? err_hint(e, "%s", p->failed.hint)
					 : -1;
}

/* Without threads a job is done on the spot. */
static void
do_now(struct pool_job *j, struct pool *p)
{
	j->rc = j->kind->work(j, &j->err);
	j->finished = true;
	take_up(p, j);
}

int
pool_put(struct pool *p, struct pool_job *j, struct err *e)
{
	j->finished = false;
	j->rc = 0;
	err_clear(&j->err);
	if (check(p, e) != 0) {
		j->kind->drop(j);
		return -1;
	}
	if (p->n_threads == 0) {
		do_now(j, p);
		return check(p, e);
	}
	while (p->put - p->taken >= p->depth)
		(void)take_oldest(p, true);
	pthread_mutex_lock(&p->lock);
	*slot(p, p->put++) = j;
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
	while (p->taken < p->put && take_oldest(p, false))
		;
	return check(p, e);
}

int
pool_wait(struct pool *p, size_t n, struct err *e)
{
	while (p->failed.code == ERR_NONE && p->put - p->taken > n)
		(void)take_oldest(p, true);
	return check(p, e);
}

size_t
pool_count(const struct pool *p)
{
	return p->put - p->taken;
}

size_t
pool_mark(const struct pool *p)
{
	return p->put;
}

int
pool_reach(struct pool *p, size_t mark, struct err *e)
{
	while (p->failed.code == ERR_NONE && p->taken < mark)
		(void)take_oldest(p, true);
	return check(p, e);
}

int
pool_drain(struct pool *p, struct err *e)
{
	return pool_wait(p, 0, e);
}

void
pool_free(struct pool *p)
{
	if (p == NULL)
		return;
	/* nothing is taken up any more: it is only dropped */
	err_set(&p->failed, ERR_UNKNOWN, "given up");
	give_up(p);
	err_clear(&p->failed);
	if (parked == NULL)
		parked = p;
	else
		end_threads(p);
}
