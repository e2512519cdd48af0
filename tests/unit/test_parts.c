/*
 * vault/move/parts.h, vault/base/newfile.h and medium.h: files that get their
 * names when they are whole, on media that can do little and may fail.
 *
 * The calls that such a medium answers otherwise are replaced here, and what
 * matters of their order is written down in `trace`.
 */
/* read() is replaced here: no checked one of the library may stand before */
#undef _FORTIFY_SOURCE

#include "scratch.h"

#include "newfile.h"
#include "parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define MANY 40 /* files that are worth one flush of all */

static struct {
	bool plain;	     /* no careful rename and no hard links */
	int fsync_file;	     /* errno of fsync of a file; 0: fine */
	int fsync_folder;    /* of a folder */
	int syncfs;	     /* of the file system; it is foreign if not 0 */
	int range, flush;    /* of one of many files; of all that is written */
	int rename_left;     /* renames until one fails; -1: none does */
	const char *appears; /* a name that another program takes */
	bool flips;	     /* reading gives another byte */
	unsigned long room;  /* bytes free; 0: as it is */
	char trace[4096];
} medium;

static void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void
note(const char *fmt, ...)
{
	size_t n = strlen(medium.trace);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(medium.trace + n, sizeof medium.trace - n, fmt, ap);
	va_end(ap);
}

static int
answer(int why)
{
	errno = why;
	return why == 0 ? 0 : -1;
}

int
renameat2(int od, const char *old, int nd, const char *new, unsigned flags)
{
	if (medium.plain)
		return answer(EINVAL);
	if (medium.rename_left == 0)
		return answer(EIO);
	medium.rename_left--;
	note("name %s\n", new);
	return (int)syscall(SYS_renameat2, od, old, nd, new, flags);
}

int
renameat(int od, const char *old, int nd, const char *new)
{
	struct stat st;

	/* what may not be counted on with FAT */
	assert_int_equal(fstatat(nd, new, &st, AT_SYMLINK_NOFOLLOW), -1);
	note("plain %s\n", new);
	return (int)syscall(SYS_renameat2, od, old, nd, new, 0);
}

int
linkat(int od, const char *old, int nd, const char *new, int flags)
{
	if (medium.plain)
		return answer(EPERM);
	return (int)syscall(SYS_linkat, od, old, nd, new, flags);
}

int
fsync(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	note("sync %s\n", S_ISDIR(st.st_mode) ? "folder" : "file");
	if (!S_ISDIR(st.st_mode) && medium.appears != NULL)
		scratch_put(medium.appears, "theirs", 6);
	return answer(S_ISDIR(st.st_mode) ? medium.fsync_folder
					  : medium.fsync_file);
}

int
syncfs(int fd)
{
	(void)fd;
	note("sync all\n");
	return answer(medium.syncfs != 0 ? medium.syncfs : medium.flush);
}

int
sync_file_range(int fd, off_t at, off_t len, unsigned flags)
{
	(void)fd;
	assert_true(at == 0 && len == 0);
	assert_int_equal(flags, SYNC_FILE_RANGE_WAIT_BEFORE |
				    SYNC_FILE_RANGE_WRITE |
				    SYNC_FILE_RANGE_WAIT_AFTER);
	return answer(medium.range);
}

int
fstatfs(int fd, struct statfs *st)
{
	int rc = (int)syscall(SYS_fstatfs, fd, st);

	if (medium.syncfs != 0)
		st->f_type = 0x4d44; /* vfat */
	return rc;
}

int
fstatvfs(int fd, struct statvfs *st)
{
	(void)fd;
	memset(st, 0, sizeof *st);
	if (medium.room > 0) {
		st->f_frsize = 1;
		st->f_blocks = medium.room + 1;
		st->f_bavail = medium.room;
	}
	return 0;
}

ssize_t
read(int fd, void *buf, size_t len)
{
	ssize_t n = syscall(SYS_read, fd, buf, len);

	if (n > 0 && medium.flips)
		((char *)buf)[n - 1] ^= 1;
	return n;
}

static char dir[64];

static int
fresh(void **state)
{
	(void)state;
	memset(&medium, 0, sizeof medium);
	medium.rename_left = -1;
	scratch_begin(dir);
	return 0;
}

static int
gone(void **state)
{
	(void)state;
	memset(&medium, 0, sizeof medium);
	scratch_end(dir);
	return 0;
}

/* How many names the folder holds. */
static size_t
names(void)
{
	char cmd[100];
	FILE *f;
	size_t n = 0;

	snprintf(cmd, sizeof cmd, "ls -A %s", dir);
	f = popen(cmd, "r");
	assert_non_null(f);
	for (int c; (c = fgetc(f)) != EOF;)
		n += c == '\n';
	pclose(f);
	return n;
}

static void
has_bytes(const char *rel, const char *want)
{
	size_t len;
	char *got = scratch_get(scratch_path(dir, rel), &len);

	assert_int_equal(len, strlen(want));
	assert_memory_equal(got, want, len);
	free(got);
}

static struct newfile *
begun(const char *rel, const char *text)
{
	struct err e = {0};
	struct newfile *f = newfile_open(scratch_path(dir, rel), &e);

	assert_non_null(f);
	assert_int_equal(
	    fsutil_write_all(newfile_fd(f), text, strlen(text), &e), 0);
	return f;
}

/* Bytes to the file before its name, its name before the folder. */
static void
order(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(newfile_commit(begun("a", "text"), &e), 0);
	assert_string_equal(medium.trace, "sync file\nname a\nsync folder\n");
	has_bytes("a", "text");
	assert_int_equal(names(), 1);

	medium.trace[0] = '\0';
	medium.syncfs = EINVAL;
	assert_int_equal(newfile_commit(begun("b", "text"), &e), 0);
	assert_string_equal(medium.trace,
			    "sync file\nname b\nsync folder\nsync all\n");
}

/* No hard links, no careful rename: still nothing is replaced. */
static void
plain_medium(void **state)
{
	struct err e = {0};

	(void)state;
	medium.plain = true;
	assert_int_equal(newfile_commit(begun("a", "text"), &e), 0);
	assert_string_equal(medium.trace, "sync file\nplain a\nsync folder\n");
	assert_null(newfile_open(scratch_path(dir, "a"), &e));
	assert_non_null(strstr(e.msg, "exists already"));
	err_clear(&e);
	medium.appears = scratch_path(dir, "b");
	assert_int_equal(newfile_commit(begun("b", "text"), &e), -1);
	assert_non_null(strstr(e.msg, "exists already"));
	has_bytes("b", "theirs");
	assert_int_equal(names(), 2);
}

static void
failures(void **state)
{
	static const struct {
		int file, folder, all, rc;
		size_t stands;
	} t[] = {
	    {EIO, 0, 0, -1, 0}, {0, EINVAL, 0, 0, 1},  {0, ENOTSUP, 0, 0, 1},
	    {0, EIO, 0, -1, 1}, {0, ENOSPC, 0, -1, 1}, {0, EINVAL, EIO, -1, 1},
	    {0, 0, EIO, -1, 1}, {0, 0, ENOSYS, 0, 1},  {ENOTCONN, 0, 0, -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(t); i++) {
		struct err e = {0};

		medium.fsync_file = t[i].file;
		medium.fsync_folder = t[i].folder;
		medium.syncfs = t[i].all;
		assert_int_equal(newfile_commit(begun("a", "text"), &e),
				 t[i].rc);
		assert_int_equal(e.code, t[i].rc == 0 ? 0 : ERR_UNKNOWN);
		assert_int_equal(names(), t[i].stands);
		if (t[i].stands == 1)
			has_bytes("a", "text");
		(void)unlink(scratch_path(dir, "a"));
	}
}

/* A settled file is read, not written. */
static void
settles(void **state)
{
	struct newfile *f = begun("a", "text");
	struct err e = {0};
	char buf[8];

	(void)state;
	assert_int_equal(newfile_settle(f, &e), 0);
	assert_int_equal(read(newfile_fd(f), buf, sizeof buf), 4);
	assert_memory_equal(buf, "text", 4);
	assert_int_equal(write(newfile_fd(f), "x", 1), -1);
	assert_int_equal(names(), 1);
	assert_false(fsutil_exists(scratch_path(dir, "a")));
	assert_int_equal(newfile_commit(f, &e), 0);
	has_bytes("a", "text");
	assert_int_equal(names(), 1);
}

static void
all_or_none(void **state)
{
	struct newfile *f[3];
	struct err e = {0};

	(void)state;
	for (int fails = 0; fails < 3; fails++) {
		err_clear(&e);
		medium.rename_left = fails;
		f[0] = begun("a", "1");
		f[1] = begun("b", "2");
		f[2] = begun("c", "3");
		assert_int_equal(newfile_commit_all(f, 3, &e), -1);
		assert_null(f[2]);
		assert_int_equal(names(), 0);
	}
	err_clear(&e);
	medium.rename_left = -1;
	medium.trace[0] = '\0';
	f[0] = begun("a", "1");
	f[1] = begun("b", "2");
	assert_int_equal(newfile_commit_all(f, 2, &e), 0);
	assert_string_equal(medium.trace, "sync file\nsync file\nname b\nname "
					  "a\nsync folder\n");
	assert_int_equal(names(), 2);
}

/* Another program that begins a file here, which sweeps, once it is told to. */
static pid_t
another(int *tell)
{
	int ends[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		close(ends[1]);
		if (read(ends[0], &c, 1) == 1)
			newfile_abort(
			    newfile_open(scratch_path(dir, "new"), NULL));
		_exit(0);
	}
	close(ends[0]);
	*tell = ends[1];
	return pid;
}

static void
let_begin(pid_t pid, int tell)
{
	int status;

	assert_int_equal(write(tell, "x", 1), 1);
	close(tell);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* What a crash left goes; what is in use, or is not ours, stays. */
static void
sweeps(void **state)
{
	static const char left[] = ".muniment-0123456789abcdef.part";
	static const char *stay[] = {".muniment-0123456789abcde.part",
				     ".muniment-0123456789abcdeg.part",
				     ".muniment-0123456789abcdef.part2",
				     ".muniment-0123456789ABCDEF.part", "a"};
	struct err e = {0};
	struct newfile *f;
	pid_t first, second;
	int tell, tell2;

	(void)state;
	for (size_t i = 0; i < COUNT(stay); i++)
		scratch_put(scratch_path(dir, stay[i]), "x", 1);
	assert_int_equal(
	    mkdir(scratch_path(dir, ".muniment-00000000000000aa.part"), 0700),
	    0);
	first = another(&tell);
	second = another(&tell2);
	scratch_put(scratch_path(dir, left), "x", 1);
	f = begun("b", "in use");
	assert_false(fsutil_exists(scratch_path(dir, left)));
	scratch_put(scratch_path(dir, left), "x", 1);
	let_begin(first, tell);
	assert_false(fsutil_exists(scratch_path(dir, left)));
	assert_int_equal(names(), COUNT(stay) + 2);
	assert_int_equal(newfile_settle(f, &e), 0);
	let_begin(second, tell2);
	assert_int_equal(newfile_commit(f, &e), 0);
	has_bytes("b", "in use");
}

/* Many of many folders: the disk is waited for twice, and all or none. */
static void
many(void **state)
{
	static const struct {
		int file, all;
		bool taken, good;
	} t[] = {{0, 0, false, true},
		 {EIO, 0, false, false},
		 {0, EIO, false, false},
		 {0, 0, true, false}};
	struct newfile *f[MANY];
	struct err e = {0};
	char rel[32];

	(void)state;
	for (size_t k = 0; k < COUNT(t); k++) {
		err_clear(&e);
		medium.range = t[k].file;
		medium.flush = t[k].all;
		for (size_t i = 0; i < MANY; i++) {
			snprintf(rel, sizeof rel, "%zu-%zu", k, i);
			assert_int_equal(mkdir(scratch_path(dir, rel), 0700),
					 0);
			strcat(rel, "/a");
			f[i] = begun(rel, "text");
		}
		if (t[k].taken)
			scratch_put(scratch_path(dir, rel), "theirs", 6);
		medium.trace[0] = '\0';
		assert_int_equal(newfile_commit_all(f, MANY, &e),
				 t[k].good ? 0 : -1);
		if (t[k].good) {
			has_bytes(rel, "text");
			assert_ptr_equal(strstr(medium.trace, "sync all\nname"),
					 medium.trace);
			assert_string_equal(medium.trace +
						strlen(medium.trace) - 16,
					    "name a\nsync all\n");
			continue;
		}
		assert_int_equal(e.code, ERR_UNKNOWN);
		if (t[k].taken)
			has_bytes(rel, "theirs");
		for (size_t i = 0; i + t[k].taken < MANY; i++) {
			snprintf(rel, sizeof rel, "%zu-%zu", k, i);
			assert_int_equal(rmdir(scratch_path(dir, rel)), 0);
		}
	}
}

static int
written(const char *rel, uint64_t part, const char *text, size_t *n,
	struct err *e)
{
	struct parts *p =
	    parts_new(scratch_path(dir, rel), part, strlen(text), e);
	int rc = -1;

	if (p == NULL)
		return -1;
	if (parts_put(p, text, 3, e) == 0 &&
	    parts_put(p, text + 3, strlen(text) - 3, e) == 0)
		rc = parts_commit(p, NULL, NULL, n, e);
	parts_free(p);
	return rc;
}

static void
cuts(void **state)
{
	struct err e = {0};
	struct stat st;
	size_t n = 0;

	(void)state;
	assert_int_equal(written("a", 10, "0123456789", &n, &e), 0);
	assert_int_equal(n, 1);
	has_bytes("a", "0123456789");
	assert_int_equal(stat(scratch_path(dir, "a"), &st), 0);
	assert_int_equal(st.st_mtime, FSUTIL_TIME);
	assert_int_equal(written("b", 4, "0123456789", &n, &e), 0);
	assert_int_equal(n, 3);
	has_bytes("b.001", "0123");
	has_bytes("b.002", "4567");
	has_bytes("b.003", "89");
	assert_int_equal(written("c", 5, "0123456789", &n, &e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(names(), 6);
	/* more parts than are allowed */
	assert_int_equal(written("d", 1,
				 "0123456789012345678901234567890123456789"
				 "0123456789012345678901234",
				 &n, &e),
			 -1);
	assert_non_null(strstr(e.msg, "64 parts"));
	assert_int_equal(names(), 6);
}

/* Refused before anything is written. */
static void
refuses(void **state)
{
	static const char *taken[] = {"b", "b.001", "b.002", "b.003", "b.004"};
	struct err e = {0};
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(taken); i++) {
		err_clear(&e);
		scratch_put(scratch_path(dir, taken[i]), "x", 1);
		assert_int_equal(written("b", 4, "0123456789", &n, &e), -1);
		assert_non_null(strstr(e.msg, "exists already"));
		assert_int_equal(names(), 1);
		has_bytes(taken[i], "x");
		(void)unlink(scratch_path(dir, taken[i]));
	}
	err_clear(&e);
	medium.room = 9;
	assert_int_equal(written("b", 4, "0123456789", &n, &e), -1);
	assert_non_null(strstr(e.msg, "10 bytes are needed, and 9 are free"));
	assert_non_null(strstr(e.msg, "No space left"));
	assert_int_equal(names(), 0);
	err_clear(&e);
	medium.room = 10;
	assert_int_equal(written("b", 4, "0123456789", &n, &e), 0);
}

/* A medium that gives other bytes back than it took. */
static void
reads_back(void **state)
{
	struct err e = {0};
	size_t n;

	(void)state;
	medium.flips = true;
	assert_int_equal(written("a", 4, "0123456789", &n, &e), -1);
	assert_non_null(strstr(e.msg, "not what was written"));
	assert_int_equal(e.code, ERR_UNKNOWN);
	assert_int_equal(names(), 0);
	assert_null(strstr(medium.trace, "name"));
}

/* Fewer or more bytes than were announced are a fault of ours. */
static void
foreseen(void **state)
{
	struct err e = {0};
	struct parts *p = parts_new(scratch_path(dir, "a"), 8, 8, &e);
	size_t n;

	(void)state;
	assert_non_null(p);
	assert_int_equal(parts_put(p, "0123", 4, &e), 0);
	assert_int_equal(parts_commit(p, NULL, NULL, &n, &e), -1);
	parts_free(p);
	err_clear(&e);
	p = parts_new(scratch_path(dir, "a"), 8, 8, &e);
	assert_non_null(p);
	assert_int_equal(parts_put(p, "012345678", 9, &e), -1);
	parts_free(p);
	assert_int_equal(names(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    /* first: each folder is swept once, and names may come again */
	    cmocka_unit_test_setup_teardown(sweeps, fresh, gone),
	    cmocka_unit_test_setup_teardown(order, fresh, gone),
	    cmocka_unit_test_setup_teardown(plain_medium, fresh, gone),
	    cmocka_unit_test_setup_teardown(failures, fresh, gone),
	    cmocka_unit_test_setup_teardown(settles, fresh, gone),
	    cmocka_unit_test_setup_teardown(all_or_none, fresh, gone),
	    cmocka_unit_test_setup_teardown(many, fresh, gone),
	    cmocka_unit_test_setup_teardown(cuts, fresh, gone),
	    cmocka_unit_test_setup_teardown(refuses, fresh, gone),
	    cmocka_unit_test_setup_teardown(reads_back, fresh, gone),
	    cmocka_unit_test_setup_teardown(foreseen, fresh, gone),
	};

	return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
