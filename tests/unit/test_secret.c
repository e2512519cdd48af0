/* crypto/secret.h: growth, wiping, randomness; and that a guard page bites. */
#include "secret.h"

#include "mutants.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void
grows(void **state)
{
	struct secret *s = secret_new(1);
	uint8_t want[5000];

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->len, 0);
	assert_int_equal(s->bytes[0], 0);
	for (size_t i = 0; i < sizeof want; i++)
		want[i] = (uint8_t)(i * 31);
	for (size_t i = 0; i < sizeof want; i += 50)
		assert_int_equal(secret_append(s, want + i, 50), 0);
	assert_int_equal(s->len, sizeof want);
	assert_true(s->cap >= s->len);
	assert_memory_equal(s->bytes, want, sizeof want);
	for (size_t i = s->len; i < s->cap; i++)
		assert_int_equal(s->bytes[i], 0);
	assert_int_equal(secret_append(s, want, SIZE_MAX / 2), -1);
	assert_int_equal(s->len, sizeof want);
	secret_free(s);
	secret_free(NULL);
}

static void
copies(void **state)
{
	struct secret *s = secret_copy("pass", 4), *none = secret_copy("", 0);

	(void)state;
	assert_non_null(s);
	assert_non_null(none);
	assert_int_equal(s->len, 4);
	assert_memory_equal(s->bytes, "pass", 4);
	assert_int_equal(none->len, 0);
	secret_free(s);
	secret_free(none);
}

static void
wipes(void **state)
{
	uint8_t a[64], zero[64] = {0};

	(void)state;
	memset(a, 7, sizeof a);
	secret_wipe(a, 63);
	assert_memory_equal(a, zero, 63);
	assert_int_equal(a[63], 7);
}

static void
randomness(void **state)
{
	uint8_t a[32], b[32];
	size_t seen[6] = {0};

	(void)state;
	secret_random(a, sizeof a);
	secret_random(b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
	for (size_t i = 0; i < 6000; i++) {
		uint32_t n = secret_uniform(6);

		assert_true(n < 6);
		seen[n]++;
	}
	/* 1,000 expected; 700 is more than ten deviations away */
	for (size_t i = 0; i < 6; i++)
		assert_true(seen[i] > 700 && seen[i] < 1300);
	assert_int_equal(secret_uniform(1), 0);
}

static void
compares(void **state)
{
	(void)state;
	assert_true(secret_equal("abc", "abc", 3));
	assert_false(secret_equal("abc", "abd", 3));
	assert_false(secret_equal("bbc", "abc", 3));
	assert_true(secret_equal("abc", "abd", 2));
	assert_true(secret_equal("a", "b", 0));
}

/* A byte behind the end stops the program. */
static void
guarded(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct secret *s = secret_new(4096);
		volatile uint8_t *p = s->bytes;

		signal(SIGSEGV, SIG_DFL);
		signal(SIGBUS, SIG_DFL);
		p[4096] = 1;
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(grows),	cmocka_unit_test(copies),
	    cmocka_unit_test(wipes),	cmocka_unit_test(randomness),
	    cmocka_unit_test(compares), cmocka_unit_test(guarded),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
