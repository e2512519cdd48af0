/* vault/base/newfile.h: files of one folder get their names together or not. */
#include "newfile.h"

#include "scratch.h"

#include <dirent.h>

#define MANY 40 /* enough to be flushed together */
#define FEW 3

static char dir[64];

static const char *
named(size_t i)
{
	char rel[16];

	snprintf(rel, sizeof rel, "%zu", i);
	return scratch_path(dir, rel);
}

static void
begin(struct newfile **list, size_t n)
{
	struct err e = {0};

	scratch_begin(dir);
	for (size_t i = 0; i < n; i++) {
		list[i] = newfile_open(named(i), &e);
		assert_non_null(list[i]);
		assert_int_equal(write(newfile_fd(list[i]), &i, sizeof i),
				 sizeof i);
	}
}

/* How many names the folder has, those of unfinished files too. */
static size_t
names(void)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	assert_non_null(d);
	for (struct dirent *x; (x = readdir(d)) != NULL;)
		n += x->d_name[0] != '.' || strlen(x->d_name) > 2;
	closedir(d);
	return n;
}

static void
all(void **state)
{
	static const size_t counts[] = {1, FEW, MANY};
	struct newfile *list[MANY];
	struct err e = {0};
	size_t len, i;

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		begin(list, counts[k]);
		assert_int_equal(newfile_commit_all(list, counts[k], &e), 0);
		assert_int_equal(names(), counts[k]);
		for (i = 0; i < counts[k]; i++) {
			char *text = scratch_get(named(i), &len);

			assert_int_equal(len, sizeof i);
			assert_memory_equal(text, &i, sizeof i);
			free(text);
			assert_null(list[i]);
		}
		scratch_end(dir);
	}
}

/* One of them has a name by now: none gets one, and that stays as it is. */
static void
none(void **state)
{
	static const size_t counts[] = {FEW, MANY};
	struct newfile *list[MANY];
	struct err e = {0};
	size_t len;
	char *text;

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		begin(list, counts[k]);
		scratch_put(named(1), "there", 5);
		assert_int_equal(newfile_commit_all(list, counts[k], &e), -1);
		assert_non_null(strstr(e.msg, named(1)));
		err_clear(&e);
		assert_int_equal(names(), 1);
		text = scratch_get(named(1), &len);
		assert_int_equal(len, 5);
		assert_memory_equal(text, "there", 5);
		free(text);
		scratch_end(dir);
	}
}

/* One cannot be made durable: the message names it, and none gets a name. */
static void
not_durable(void **state)
{
	static const size_t counts[] = {FEW, MANY};
	struct newfile *list[MANY];
	struct err e = {0};

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		begin(list, counts[k]);
		assert_int_equal(close(newfile_fd(list[2])), 0);
		assert_int_equal(newfile_commit_all(list, counts[k], &e), -1);
		assert_non_null(strstr(e.msg, named(2)));
		err_clear(&e);
		assert_int_equal(names(), 0);
		scratch_end(dir);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all),
	    cmocka_unit_test(none),
	    cmocka_unit_test(not_durable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
