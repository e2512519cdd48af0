#include "grind.h"
#include "mutants.h"

#include "pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the jobs of one pool do, and what became of them. */
struct run {
	size_t n, depth;
	size_t bad_work, bad_done; /* numbers of jobs that fail; or SIZE_MAX */
	atomic_size_t worked;
	size_t done, dropped;
	atomic_size_t at_work, most; /* begun and not dropped yet */
	pthread_t self;
};

struct job {
	struct pool_job job;
	struct run *r;
	size_t number;
};

static int
work(struct pool_job *p, struct err *e)
{
	struct job *j = (struct job *)p;

	/* later ones are ready sooner */
	if (j->number % 4 == 0)
		usleep(300);
	atomic_fetch_add(&j->r->worked, 1);
	if (j->number == j->r->bad_work) {
		err_set(e, ERR_EVIDENCE, "job %zu", j->number);
		return err_hint(e, "a hint");
	}
	return 0;
}

static int
done(struct pool_job *p, struct err *e)
{
	struct job *j = (struct job *)p;

	assert_true(pthread_equal(pthread_self(), j->r->self));
	assert_int_equal(j->number, j->r->done); /* in order */
	j->r->done++;
	if (j->number == j->r->bad_done)
		return err_set(e, ERR_UNKNOWN, "done %zu", j->number);
	return 0;
}

static void
drop(struct pool_job *p)
{
	struct job *j = (struct job *)p;

	assert_int_equal(j->number, j->r->dropped);
	j->r->dropped++;
	atomic_fetch_sub(&j->r->at_work, 1);
	free(j);
}

static const struct pool_kind kind = {work, done, drop};

/* Put the jobs in and wait for them, or leave at once. */
static int
run(struct run *r, bool leave, struct err *e)
{
	struct pool *p = pool_new(r->depth, e);
	int rc = 0;

	assert_non_null(p);
	r->self = pthread_self();
	for (size_t i = 0; i < r->n && rc == 0; i++) {
		struct job *j = calloc(1, sizeof *j);
		size_t now;

		assert_non_null(j);
		j->job.kind = &kind;
		j->r = r;
		j->number = i;
		now = atomic_fetch_add(&r->at_work, 1) + 1;
		if (now > r->most)
			r->most = now;
		rc = pool_put(p, &j->job, e);
	}
	if (!leave && rc == 0)
		rc = pool_drain(p, e);
	if (!leave && rc != 0) {
		struct err again = {0};

		/* it stays so */
		assert_int_equal(pool_drain(p, &again), -1);
		assert_string_equal(again.msg, e->msg);
	}
	pool_free(p);
	assert_int_equal(r->at_work, 0); /* each was dropped */
	return rc;
}

static const size_t workers[] = {1, 2, 5};

static void
in_order(void **state)
{
	(void)state;
	for (size_t w = 0; w < COUNT(workers); w++)
		for (size_t depth = 1; depth <= POOL_DEPTH_MAX; depth *= 4) {
			struct run r = {.n = 200,
					.depth = depth,
					.bad_work = SIZE_MAX,
					.bad_done = SIZE_MAX};
			struct err e = {0};

			pool_set_jobs(workers[w]);
			assert_int_equal(run(&r, false, &e), 0);
			assert_int_equal(r.worked, 200);
			assert_int_equal(r.done, 200);
			/* the one that is put in waits for room */
			assert_true(r.most <= depth + 1);
			if (workers[w] == 1)
				assert_int_equal(r.most, 1);
		}
}

static void
first_error(void **state)
{
	static const size_t at[] = {0, 1, 37, 199};

	(void)state;
	for (size_t w = 0; w < COUNT(workers); w++)
		for (size_t i = 0; i < COUNT(at); i++) {
			struct run r = {.n = 200,
					.depth = 8,
					.bad_work = at[i],
					.bad_done = SIZE_MAX};
			struct err e = {0};
			char want[32];

			pool_set_jobs(workers[w]);
			assert_int_equal(run(&r, false, &e), -1);
			snprintf(want, sizeof want, "job %zu", at[i]);
			assert_string_equal(e.msg, want);
			assert_string_equal(e.hint, "a hint");
			assert_int_equal(e.code, ERR_EVIDENCE);
			assert_int_equal(r.done, at[i]);
			r = (struct run){.n = 200,
					 .depth = 8,
					 .bad_work = SIZE_MAX,
					 .bad_done = at[i]};
			err_clear(&e);
			assert_int_equal(run(&r, false, &e), -1);
			snprintf(want, sizeof want, "done %zu", at[i]);
			assert_string_equal(e.msg, want);
			assert_int_equal(r.done, at[i] + 1);
		}
}

static void
left_early(void **state)
{
	(void)state;
	for (size_t w = 0; w < COUNT(workers); w++) {
		struct run r = {.n = 50,
				.depth = 50,
				.bad_work = SIZE_MAX,
				.bad_done = SIZE_MAX};
		struct err e = {0};

		pool_set_jobs(workers[w]);
		assert_int_equal(run(&r, true, &e), 0);
		assert_int_equal(r.dropped, 50);
		assert_int_equal(e.code, ERR_NONE);
	}
}

static void
marks(void **state)
{
	struct run r = {
	    .depth = 16, .bad_work = SIZE_MAX, .bad_done = SIZE_MAX};
	struct err e = {0};
	struct pool *p;
	size_t mark = 0;

	(void)state;
	pool_set_jobs(3);
	p = pool_new(16, &e);
	assert_non_null(p);
	r.self = pthread_self();
	for (size_t i = 0; i < 12; i++) {
		struct job *j = calloc(1, sizeof *j);

		j->job.kind = &kind;
		j->r = &r;
		j->number = i;
		atomic_fetch_add(&r.at_work, 1);
		assert_int_equal(pool_put(p, &j->job, &e), 0);
		if (i == 4)
			mark = pool_mark(p);
	}
	assert_int_equal(pool_reach(p, mark, &e), 0);
	assert_true(r.done >= 5);
	assert_int_equal(pool_wait(p, 2, &e), 0);
	assert_true(r.done >= 10);
	assert_int_equal(pool_drain(p, &e), 0);
	assert_int_equal(r.done, 12);
	pool_free(p);
}

/* A pool that was used before the process forked is not used in the child. */
static void
after_fork(void **state)
{
	struct run r = {
	    .n = 20, .depth = 4, .bad_work = SIZE_MAX, .bad_done = SIZE_MAX};
	struct err e = {0};
	pid_t pid;
	int status;

	(void)state;
	if (under_valgrind())
		skip(); /* the child leaks what its parent's threads had */
	pool_set_jobs(2);
	assert_int_equal(run(&r, false, &e), 0);
	pid = fork();
	if (pid == 0) {
		struct run c = {.n = 20,
				.depth = 4,
				.bad_work = SIZE_MAX,
				.bad_done = SIZE_MAX};

		alarm(60);
		_exit(run(&c, false, &e) == 0 && c.done == 20 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
how_many(void **state)
{
	(void)state;
	pool_set_jobs(7);
	assert_int_equal(pool_jobs(), 7);
	pool_set_jobs(100000);
	assert_int_equal(pool_jobs(), POOL_JOBS_MAX);
	pool_set_jobs(0);
	assert_true(pool_jobs() >= 1);
	pool_alone();
	pool_set_jobs(5);
	assert_int_equal(pool_jobs(), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_order),	  cmocka_unit_test(first_error),
	    cmocka_unit_test(left_early), cmocka_unit_test(marks),
	    cmocka_unit_test(after_fork), cmocka_unit_test(how_many),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
