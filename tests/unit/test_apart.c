/*
 * vault/base/apart.h: exit statuses, signals, what was typed, and which pages
 * are overwritten. What is left in memory is looked for by
 * tests/cli/collector_leak.sh. The file is included for its inner part.
 */
#include "apart.c"

#include "mutants.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Something typed. */
static void
spell(char out[16])
{
	for (int i = 0; i < 15; i++)
		out[i] = (char)('A' + (i * 7) % 26);
	out[15] = '\0';
}

static int
ends_with(void *ctx)
{
	return *(int *)ctx;
}

static void
status_comes_through(void **state)
{
	struct err e = {0};
	int status = -1;

	(void)state;
	for (int want = 0; want < 3; want++) {
		assert_int_equal(
		    apart_run(ends_with, &want, 0, NULL, &status, &e), 0);
		assert_int_equal(status, want);
	}
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static int
dies(void *ctx)
{
	(void)ctx;
	raise(SIGKILL);
	return 0;
}

static void
death_is_an_error(void **state)
{
	struct err e = {0};
	int status = -1;

	(void)state;
	assert_int_equal(apart_run(dies, NULL, 0, NULL, &status, &e), -1);
	assert_int_equal(e.code, ERR_UNKNOWN);
	assert_int_equal(status, -1);
}

static int
reads_its_words(void *ctx)
{
	char **argv = ctx;
	char want[16];

	spell(want);
	/* the parent's copy is gone long before */
	nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	return strcmp(argv[0], want) == 0 && strcmp(argv[1], "x") == 0 ? 0 : 1;
}

static void
words_stay_with_the_child(void **state)
{
	char one[16], two[] = "x", *argv[] = {one, two};
	struct err e = {0};
	int status = -1;

	(void)state;
	spell(one);
	assert_int_equal(apart_run(reads_its_words, argv, 2, argv, &status, &e),
			 0);
	assert_int_equal(status, 0);
	for (size_t i = 0; i < sizeof one; i++)
		assert_int_equal(one[i], 0);
	assert_int_equal(two[0], 0);
}

/* SIGTERM to the parent reaches the child, which tidies up. */
static int pipe_of_child[2];

static void
tidy_up(int sig)
{
	(void)sig;
	(void)!write(pipe_of_child[1], "t", 1);
	_exit(2);
}

static int
waits(void *ctx)
{
	(void)ctx;
	signal(SIGTERM, tidy_up);
	(void)!write(pipe_of_child[1], "r", 1);
	for (int i = 0; i < 600; i++)
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	return 0;
}

static void
signals_are_passed_on(void **state)
{
	char c = 0;
	int how = 0;
	pid_t parent;

	(void)state;
	assert_int_equal(pipe(pipe_of_child), 0);
	parent = fork();
	if (parent == 0) {
		struct err e = {0};
		int status = -1;

		if (apart_run(waits, NULL, 0, NULL, &status, &e) != 0)
			_exit(9);
		_exit(status);
	}
	assert_int_equal(read(pipe_of_child[0], &c, 1), 1);
	assert_int_equal(c, 'r');
	assert_int_equal(kill(parent, SIGTERM), 0);
	assert_int_equal(read(pipe_of_child[0], &c, 1), 1);
	assert_int_equal(c, 't');
	assert_int_equal(waitpid(parent, &how, 0), parent);
	assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 2);
	close(pipe_of_child[0]);
	close(pipe_of_child[1]);
}

/* SIGKILL to the parent ends the child too. */
static void
child_dies_with_its_parent(void **state)
{
	char c = 0;
	pid_t parent;

	(void)state;
	assert_int_equal(pipe(pipe_of_child), 0);
	parent = fork();
	if (parent == 0) {
		struct err e = {0};
		int status;

		(void)apart_run(waits, NULL, 0, NULL, &status, &e);
		_exit(0);
	}
	close(pipe_of_child[1]);
	assert_int_equal(read(pipe_of_child[0], &c, 1), 1);
	assert_int_equal(kill(parent, SIGKILL), 0);
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	/* the last writer is gone: end of file, and not after a minute */
	alarm(30);
	assert_int_equal(read(pipe_of_child[0], &c, 1), 0);
	alarm(0);
	close(pipe_of_child[0]);
}

static uintptr_t page;

/* Memory of n pages that nobody has touched. */
static struct range
untouched(size_t n)
{
	void *p = mmap(NULL, n * page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	(void)madvise(p, n * page, MADV_NOHUGEPAGE);
	return (struct range){(uintptr_t)p, (uintptr_t)p + n * page};
}

static void
touch(const struct range *r, size_t at)
{
	*(volatile char *)(r->from + at * page) = 1;
}

static void
release(const struct range *r)
{
	munmap((void *)r->from, r->to - r->from);
}

static void
pages_that_are_there(void **state)
{
	struct range all[2], out[RANGES_MAX];

	(void)state;
	page = (uintptr_t)sysconf(_SC_PAGESIZE);
	all[0] = untouched(8);
	all[1] = untouched(3);
	assert_int_equal(only_present(all, 2, out), 0);
	touch(&all[0], 1);
	touch(&all[0], 2);
	touch(&all[0], 5);
	touch(&all[1], 2);
	assert_int_equal(only_present(all, 2, out), 3);
	assert_int_equal(out[0].from, all[0].from + page);
	assert_int_equal(out[0].to, all[0].from + 3 * page);
	assert_int_equal(out[1].from, all[0].from + 5 * page);
	assert_int_equal(out[1].to, all[0].from + 6 * page);
	assert_int_equal(out[2].from, all[1].from + 2 * page);
	assert_int_equal(out[2].to, all[1].to);
	/* what is not mapped cannot be asked about: it is taken whole */
	release(&all[1]);
	assert_int_equal(only_present(all, 2, out), 3);
	assert_int_equal(out[2].from, all[1].from);
	assert_int_equal(out[2].to, all[1].to);
	release(&all[0]);
}

/* More pieces than there is room for: none is left out. */
static void
more_than_fit(void **state)
{
	enum { PAGES = 3 * RANGES_MAX };
	static struct range out[RANGES_MAX + 1];
	struct range all[2];
	size_t n, k = 0;

	(void)state;
	page = (uintptr_t)sysconf(_SC_PAGESIZE);
	all[0] = untouched(PAGES);
	all[1] = untouched(2);
	for (size_t i = 0; i < PAGES; i += 2)
		touch(&all[0], i);
	touch(&all[1], 1);
	n = only_present(all, 2, out);
	assert_in_range(n, RANGES_MAX - 2, RANGES_MAX);
	assert_int_equal(out[RANGES_MAX].from, 0);
	for (size_t i = 0; i < PAGES; i += 2) {
		uintptr_t at = all[0].from + i * page;

		while (k < n && out[k].to <= at)
			k++;
		assert_true(k < n && out[k].from <= at &&
			    out[k].to >= at + page);
	}
	assert_true(out[n - 1].from <= all[1].from + page &&
		    out[n - 1].to == all[1].to);
	release(&all[0]);
	release(&all[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(status_comes_through),
	    cmocka_unit_test(pages_that_are_there),
	    cmocka_unit_test(more_than_fit),
	    cmocka_unit_test(death_is_an_error),
	    cmocka_unit_test(words_stay_with_the_child),
	    cmocka_unit_test(signals_are_passed_on),
	    cmocka_unit_test(child_dies_with_its_parent),
	};

	return cmocka_run_group_tests_name("apart", tests, NULL, NULL);
}
