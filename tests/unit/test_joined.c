/*
 * vault/base/joined.h, spread.h: files as one run of bytes, read and written.
 */
#include "joined.h"
#include "spread.h"

#include "scratch.h"

#include <sys/stat.h>

static char dir[64];

static const char *
f(const char *rel)
{
	return scratch_path(dir, rel);
}

static void
reads(void **state)
{
	static const char text[] = "abcdefghijklmnop";
	struct joined *j = joined_new();
	struct err e = {0};
	char buf[32];
	bool good[8];

	(void)state;
	scratch_begin(dir);
	scratch_put(f("a"), text, 5);
	scratch_put(f("b"), text + 5, 1);
	scratch_put(f("c"), text + 6, 10);
	assert_int_equal(joined_add(j, f("a"), 5, &e), 0);
	assert_int_equal(joined_add(j, f("none"), 0, &e), 0);
	assert_int_equal(joined_add(j, f("b"), 1, &e), 0);
	assert_int_equal(joined_add(j, f("c"), 10, &e), 0);
	assert_int_equal(joined_size(j), 16);
	assert_true(joined_fits(j));
	for (size_t at = 0; at < 16; at++)
		for (size_t len = 1; at + len <= 16; len++) {
			joined_read(j, at, buf, len, len, good);
			assert_true(good[0]);
			assert_memory_equal(buf, text + at, len);
		}
	/* behind the end there are zeros */
	memset(buf, 1, sizeof buf);
	joined_read(j, 14, buf, 6, 2, good);
	assert_memory_equal(buf, "op\0\0\0\0", 6);
	assert_true(good[0] && good[1] && good[2]);
	joined_free(j);
	scratch_end(dir);
}

/* One that is cut off, one that is missing, one that is no file. */
static void
lost(void **state)
{
	struct joined *j = joined_new();
	struct err e = {0};
	char buf[32];
	bool good[8];

	(void)state;
	scratch_begin(dir);
	scratch_put(f("a"), "abcdef", 6);
	scratch_put(f("d"), "ABCDEFGH", 8);
	assert_int_equal(mkdir(f("folder"), 0700), 0);
	assert_int_equal(mkfifo(f("fifo"), 0600), 0);
	assert_int_equal(joined_add(j, f("a"), 8, &e), 0);
	assert_int_equal(joined_add(j, f("missing"), 4, &e), 0);
	assert_int_equal(joined_add(j, f("folder"), 4, &e), 0);
	assert_int_equal(joined_add(j, f("fifo"), 4, &e), 0);
	assert_int_equal(joined_add(j, f("d"), 8, &e), 0);
	assert_false(joined_fits(j));
	joined_read(j, 0, buf, 28, 4, good);
	assert_true(good[0]);
	for (size_t i = 1; i < 5; i++)
		assert_false(good[i]);
	assert_true(good[5] && good[6]);
	assert_memory_equal(buf, "abcd", 4);
	assert_memory_equal(buf + 4, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_memory_equal(buf + 20, "ABCDEFGH", 8);
	joined_free(j);
	scratch_end(dir);
}

/* In any order, over the borders of parts; named only at the end. */
static void
writes(void **state)
{
	struct newfile *list[SPREAD_MAX];
	struct err e = {0};
	struct spread *s;
	char buf[16], *text;
	size_t n, len;

	(void)state;
	scratch_begin(dir);
	s = spread_new(f("x"), 4, 10, &e);
	assert_non_null(s);
	assert_int_equal(spread_put(s, 6, "ghij", 4, &e), 0);
	assert_int_equal(spread_put(s, 0, "abcdef", 6, &e), 0);
	assert_int_equal(spread_settle(s, &e), 0);
	assert_int_equal(spread_get(s, 1, buf, 8, &e), 0);
	assert_memory_equal(buf, "bcdefghi", 8);
	assert_false(fsutil_exists(f("x.001")));
	n = spread_take(s, list);
	assert_int_equal(n, 3);
	assert_int_equal(newfile_commit_all(list, n, &e), 0);
	spread_free(s);
	text = scratch_get(f("x.003"), &len);
	assert_int_equal(len, 2);
	assert_memory_equal(text, "ij", 2);
	free(text);
	assert_false(fsutil_exists(f("x")));
	/* a name that is taken, and one that was given up */
	assert_null(spread_new(f("x"), 4, 10, &e));
	err_clear(&e);
	s = spread_new(f("y"), 0, 10, &e);
	assert_non_null(s);
	assert_int_equal(spread_put(s, 0, "abc", 3, &e), 0);
	spread_free(s);
	assert_false(fsutil_exists(f("y")));
	assert_null(spread_new(f("z"), 1, SPREAD_MAX + 1, &e));
	assert_int_equal(e.code, ERR_UNKNOWN);
	scratch_end(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reads),
					   cmocka_unit_test(lost),
					   cmocka_unit_test(writes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
