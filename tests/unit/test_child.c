/* vault/host/child.h: programs that are run beside ours. */
#include "child.h"

#include "scratch.h"

#include <fcntl.h>
#include <time.h>
#include <valgrind/valgrind.h>

/* Valgrind's --error-exitcode, as check-all.sh has it. */
#define VALGRIND_SAYS 9

struct heard {
	char text[1 << 16];
	size_t len, enough;
};

static int
hear(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct heard *h = ctx;

	(void)e;
	assert_true(h->len + len < sizeof h->text);
	memcpy(h->text + h->len, bytes, len);
	h->len += len;
	h->text[h->len] = '\0';
	return h->enough > 0 && h->len >= h->enough;
}

/* Run a shell's command with this input; its status. */
static int
run(const char *command, const char *input, struct heard *h, char said[1024])
{
	const char *argv[] = {"sh", "-c", command, NULL};
	struct child_text t = {input, strlen(input), 0};
	struct err e = {0};
	struct child *c = child_start(argv, CHILD_NO_PROMPT, &e);
	bool stalled;
	int rc;

	assert_non_null(c);
	memset(h, 0, sizeof *h);
	assert_int_equal(
	    child_talk(c, child_give, &t, true, hear, h, 60, &stalled, &e), 0);
	rc = child_wait(c);
	assert_int_equal(child_wait(c), rc);
	snprintf(said, 1024, "%s", child_said(c));
	child_free(c);
	return rc;
}

static void
talk(void **state)
{
	static char input[50000];
	struct heard *h = malloc(sizeof *h);
	char said[1024];

	(void)state;
	memset(input, 'x', sizeof input - 1);
	assert_int_equal(run("cat", input, h, said), 0);
	assert_string_equal(h->text, input);
	assert_int_equal(
	    run("cat >/dev/null; echo no >&2; exit 7", input, h, said), 7);
	assert_string_equal(said, "no\n");
	assert_int_equal(run("kill -TERM $$", "", h, said), 128 + 15);
	/* one that reads nothing: no signal, no hang */
	assert_int_equal(run("exec true", input, h, said), 0);
	/* only the end of much is kept */
	assert_int_equal(run("i=0; while [ $i -lt 500 ]; do echo line $i >&2;"
			     " i=$((i+1)); done",
			     "", h, said),
			 0);
	assert_non_null(strstr(said, "line 499\n"));
	assert_null(strstr(said, "line 1\n"));
	free(h);
}

static void
surroundings(void **state)
{
	struct heard *h = malloc(sizeof *h);
	char said[1024];
	int fd = open("/dev/null", O_RDONLY); /* not close-on-exec */

	(void)state;
	assert_true(fd > 2);
	setenv("GIT_DIR", "/nowhere", 1);
	setenv("GIT_TRACE", "1", 1);
	assert_int_equal(run("pwd; echo \"$GIT_DIR$GIT_TRACE\";"
			     " echo \"$GIT_TERMINAL_PROMPT\"; ls /proc/self/fd"
			     " | wc -l",
			     "", h, said),
			 0);
	/* 0, 1, 2, and the folder that ls reads */
	assert_string_equal(h->text, "/\n\n0\n4\n");
	unsetenv("GIT_DIR");
	unsetenv("GIT_TRACE");
	close(fd);
	free(h);
}

/*
 * What could not be started ends as a copy of this program. Valgrind looks for
 * leaks in it too, and may find some that are none: what the copy is still to
 * free may be known to a register alone, which a function that never returns
 * need not keep. Its exit status is then valgrind's.
 */
static void
not_there(void **state)
{
	const char *argv[] = {"no-such-program-anywhere", NULL};
	struct err e = {0};
	struct child *c = child_start(argv, 0, &e);
	struct heard *h = calloc(1, sizeof *h);
	bool stalled;
	int rc;

	(void)state;
	assert_non_null(c);
	assert_int_equal(
	    child_talk(c, NULL, NULL, false, hear, h, 10, &stalled, &e), 0);
	rc = child_wait(c);
	if (!RUNNING_ON_VALGRIND || rc != VALGRIND_SAYS)
		assert_int_equal(rc, 127);
	child_free(c);
	child_free(NULL);
	free(h);
}

static void
stalls(void **state)
{
	const char *argv[] = {"sh", "-c", "echo x; sleep 60", NULL};
	struct err e = {0};
	struct child *c = child_start(argv, 0, &e);
	struct heard *h = calloc(1, sizeof *h);
	time_t began = time(NULL);
	bool stalled;

	(void)state;
	assert_int_equal(
	    child_talk(c, NULL, NULL, false, hear, h, 1, &stalled, &e), -1);
	assert_true(stalled);
	assert_string_equal(h->text, "x\n");
	child_free(c);
	assert_true(time(NULL) - began < 40);
	free(h);
}

/* It goes on after the sink has had enough. */
static void
in_turns(void **state)
{
	const char *argv[] = {"sh", "-c", "echo first; read x; echo \"got $x\"",
			      NULL};
	struct child_text t = {"word\n", 5, 0};
	struct err e = {0};
	struct child *c = child_start(argv, 0, &e);
	struct heard *h = calloc(1, sizeof *h);
	bool stalled;

	(void)state;
	h->enough = 6;
	assert_int_equal(
	    child_talk(c, NULL, NULL, false, hear, h, 10, &stalled, &e), 0);
	assert_string_equal(h->text, "first\n");
	h->enough = 0;
	assert_int_equal(
	    child_talk(c, child_give, &t, false, hear, h, 10, &stalled, &e), 0);
	assert_string_equal(h->text, "first\ngot word\n");
	assert_int_equal(child_wait(c), 0);
	child_free(c);
	free(h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(talk), cmocka_unit_test(surroundings),
	    cmocka_unit_test(not_there), cmocka_unit_test(stalls),
	    cmocka_unit_test(in_turns)};

	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
