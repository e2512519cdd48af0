/* vault/base/fsutil.h: bounded reading, whole writing, walking in order. */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static char dir[64];

static void
reads_with_a_bound(void **state)
{
	static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 100000};
	struct err e = {0};
	char *out, *in = malloc(100000);
	size_t len = 0;

	(void)state;
	assert_non_null(in);
	memset(in, 'x', 100000);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t n = sizes[i];
		const char *path = scratch_path(dir, "file");

		scratch_put(path, in, n);
		assert_int_equal(fsutil_read(path, n, &out, &len, &e), 0);
		assert_int_equal(len, n);
		assert_int_equal(out[n], '\0');
		assert_memory_equal(out, in, n);
		free(out);
		if (n == 0)
			continue;
		err_clear(&e);
		assert_int_equal(fsutil_read(path, n - 1, &out, &len, &e), -1);
		assert_null(out);
		assert_int_equal(e.code, ERR_UNKNOWN);
	}
	free(in);
	err_clear(&e);
	assert_int_equal(
	    fsutil_read(scratch_path(dir, "no\x1b[2J"), 1, &out, &len, &e), -1);
	assert_non_null(strstr(e.msg, "no\\x1b[2J: No such file"));
	err_clear(&e);
	assert_int_equal(fsutil_read(dir, 100, &out, &len, &e), -1);
}

static void
writes_whole(void **state)
{
	const char *path = scratch_path(dir, "written");
	struct err e = {0};
	struct stat st;
	char *out;
	size_t len;

	(void)state;
	assert_int_equal(fsutil_write(path, "first", 5, &e), 0);
	assert_int_equal(fsutil_write(path, "again", 4, &e), 0);
	out = scratch_get(path, &len);
	assert_int_equal(len, 4);
	assert_string_equal(out, "agai");
	free(out);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_mtime, FSUTIL_TIME);
	assert_false(fsutil_exists(scratch_path(dir, "written.new")));
	/* no folder, no file, and nothing left behind */
	assert_int_equal(fsutil_write(scratch_path(dir, "no/file"), "x", 1, &e),
			 -1);
	err_clear(&e);
	/* a link in the way is not followed */
	assert_int_equal(symlink(path, scratch_path(dir, "w2.new")), 0);
	assert_int_equal(fsutil_write(scratch_path(dir, "w2"), "x", 1, &e), -1);
	out = scratch_get(path, &len);
	assert_int_equal(len, 4);
	free(out);
}

/* A full disk is told, not taken for done. */
static void
full_disk(void **state)
{
	struct err e = {0};
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(fsutil_write_all(fd, "x", 1, &e), -1);
	assert_int_equal(e.code, ERR_UNKNOWN);
	assert_int_equal(fsutil_write_all(fd, "x", 0, &e), 0);
	close(fd);
}

static void
folders(void **state)
{
	char deep[FSUTIL_PATH], name[300];
	struct err e = {0};
	struct stat st;

	(void)state;
	snprintf(deep, sizeof deep, "%s/a/b/c", dir);
	assert_int_equal(fsutil_mkdirs(deep, &e), 0);
	assert_int_equal(fsutil_mkdirs(deep, &e), 0);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_true(fsutil_is_free(deep));
	assert_false(fsutil_is_free(scratch_path(dir, "a")));
	assert_true(fsutil_is_free(scratch_path(dir, "nothing")));
	scratch_put(scratch_path(dir, "a/file"), "x", 1);
	assert_false(fsutil_is_free(scratch_path(dir, "a/file")));
	assert_int_equal(fsutil_mkdirs(scratch_path(dir, "a/file/b"), &e), -1);
	err_clear(&e);
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(fsutil_mkdirs(scratch_path(dir, name), &e), -1);
	assert_int_equal(e.code, ERR_UNKNOWN);
	err_clear(&e);
	assert_int_equal(fsutil_mkdirs("", &e), -1);
}

/* Removing goes through no link. */
static void
removes(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(fsutil_mkdirs(scratch_path(dir, "keep"), &e), 0);
	scratch_put(scratch_path(dir, "keep/me"), "x", 1);
	assert_int_equal(fsutil_mkdirs(scratch_path(dir, "gone/x"), &e), 0);
	assert_int_equal(symlink(scratch_path(dir, "keep"),
				 scratch_path(dir, "gone/x/link")),
			 0);
	assert_int_equal(fsutil_remove_all(scratch_path(dir, "gone"), &e), 0);
	assert_false(fsutil_exists(scratch_path(dir, "gone")));
	assert_true(fsutil_exists(scratch_path(dir, "keep/me")));
	assert_int_equal(fsutil_remove_all(scratch_path(dir, "gone"), &e), 0);
	assert_int_equal(
	    symlink(scratch_path(dir, "keep"), scratch_path(dir, "link")), 0);
	assert_int_equal(fsutil_remove_all(scratch_path(dir, "link"), &e), 0);
	assert_true(fsutil_exists(scratch_path(dir, "keep/me")));
	assert_false(fsutil_exists(scratch_path(dir, "link")));
}

static int
note(void *ctx, const char *rel, mode_t mode, uint64_t size, struct err *e)
{
	char *list = ctx;
	size_t n = strlen(list);

	(void)e;
	snprintf(list + n, 200 - n, "%s:%c%d ", rel, S_ISLNK(mode) ? 'l' : 'f',
		 S_ISLNK(mode) ? 0 : (int)size);
	return strcmp(rel, "stop") == 0 ? -1 : 0;
}

static void
walks(void **state)
{
	char list[200] = "", root[FSUTIL_PATH];
	struct err e = {0};

	(void)state;
	snprintf(root, sizeof root, "%s/walk", dir);
	assert_int_equal(fsutil_mkdirs(scratch_path(root, "b/c"), &e), 0);
	assert_int_equal(fsutil_mkdirs(scratch_path(root, "empty"), &e), 0);
	scratch_put(scratch_path(root, "a"), "1", 1);
	scratch_put(scratch_path(root, "b/c/d"), "22", 2);
	scratch_put(scratch_path(root, "z"), "", 0);
	assert_int_equal(symlink("..", scratch_path(root, "b/up")), 0);
	assert_int_equal(fsutil_walk(root, note, list, &e), 0);
	assert_string_equal(list, "a:f1 b/c/d:f2 b/up:l0 z:f0 ");
	scratch_put(scratch_path(root, "stop"), "", 0);
	assert_int_equal(fsutil_walk(root, note, list, &e), -1);
	err_clear(&e);
	assert_int_equal(fsutil_walk(scratch_path(dir, "no"), note, list, &e),
			 -1);
	assert_int_equal(e.code, ERR_UNKNOWN);
}

static void
joins(void **state)
{
	char out[FSUTIL_PATH], *longer = malloc(FSUTIL_PATH);
	struct err e = {0};

	(void)state;
	assert_non_null(longer);
	assert_int_equal(fsutil_join(out, "a", "b/c", &e), 0);
	assert_string_equal(out, "a/b/c");
	memset(longer, 'x', FSUTIL_PATH);
	longer[FSUTIL_PATH - 3] = '\0';
	assert_int_equal(fsutil_join(out, longer, "y", &e), 0);
	longer[FSUTIL_PATH - 3] = 'x';
	longer[FSUTIL_PATH - 2] = '\0';
	assert_int_equal(fsutil_join(out, longer, "y", &e), -1);
	free(longer);
}

static int
begin(void **state)
{
	(void)state;
	scratch_begin(dir);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	scratch_end(dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_with_a_bound),
	    cmocka_unit_test(writes_whole),
	    cmocka_unit_test(full_disk),
	    cmocka_unit_test(folders),
	    cmocka_unit_test(removes),
	    cmocka_unit_test(walks),
	    cmocka_unit_test(joins),
	};

	return cmocka_run_group_tests_name("fsutil", tests, begin, end);
}
