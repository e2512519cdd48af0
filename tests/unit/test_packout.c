/* packout, packzip: a package has its name when it is whole, or never. */
#include "packout.h"
#include "fsutil.h"
#include "package.h"
#include "packsweep.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/muniment-packout-XXXXXX";

/* How many names there are in the folder. */
static size_t
names(void)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n +=
		    strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

static const char *
at(const char *name)
{
	static char path[8][300];
	static int next;
	char *out = path[next++ % 8];

	snprintf(out, sizeof path[0], "%s/%s", dir, name);
	return out;
}

static void
fill(struct packout *p)
{
	struct err e = {0};

	assert_int_equal(packout_put(p, "data/0001.txt", "one\n", 4, &e), 0);
	assert_int_equal(packout_put(p, "proof/exhibit.txt", "", 0, &e), 0);
	assert_int_equal(packout_begin(p, "bagit.txt", 6, &e), 0);
	assert_int_equal(packout_write(p, "two", 3, &e), 0);
	assert_int_equal(packout_write(p, "two", 3, &e), 0);
	assert_int_equal(packout_end(p, &e), 0);
}

static void
make(const char *name, bool zip)
{
	struct err e = {0};
	struct packout *p = packout_new(at(name), zip, &e);

	assert_non_null(p);
	fill(p);
	assert_int_equal(packout_close(p, &e), 0);
	assert_int_equal(packout_commit(p, &e), 0);
}

static char *
contents(const char *name, size_t *len)
{
	struct err e = {0};
	char *text;

	assert_int_equal(fsutil_read(at(name), 1 << 20, &text, len, &e), 0);
	return text;
}

static void
clear(void)
{
	assert_int_equal(fsutil_remove_all(dir, NULL), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void
test_folder(void **state)
{
	size_t len, n;
	const struct packout_file *f;
	struct packout *p;
	struct err e = {0};
	char *text;

	(void)state;
	p = packout_new(at("pkg/"), false, &e); /* a slash does no harm */
	assert_non_null(p);
	assert_int_equal(names(), 1); /* of no name that anybody looks for */
	assert_int_not_equal(access(at("pkg"), F_OK), 0);
	fill(p);
	f = packout_files(p, &n);
	assert_int_equal(n, 3);
	assert_string_equal(f[2].path, "bagit.txt");
	assert_int_equal(f[2].size, 6);
	assert_int_equal(packout_close(p, &e), 0);
	assert_int_equal(packout_commit(p, &e), 0);
	assert_int_equal(names(), 1);
	text = contents("pkg/bagit.txt", &len);
	assert_string_equal(text, "twotwo");
	free(text);
	text = contents("pkg/proof/exhibit.txt", &len);
	assert_int_equal(len, 0);
	free(text);
	clear();
}

/* The bytes depend on the files and the name alone; `package` reads them. */
static void
test_zip(void **state)
{
	size_t a_len, b_len, n;
	struct err e = {0};
	struct package *p;
	char *a, *b;

	(void)state;
	make("p.zip", true);
	a = contents("p.zip", &a_len);
	assert_int_equal(names(), 1);
	p = package_open(at("p.zip"), &e);
	assert_string_equal(e.msg, "");
	assert_non_null(p);
	assert_int_equal(package_odd(p)->n, 0);
	assert_string_equal(package_files(p, &n)[0].path, "bagit.txt");
	assert_int_equal(n, 3);
	package_close(p);
	clear();
	assert_int_equal(setenv("TZ", "Asia/Bishkek", 1), 0);
	make("p.zip", true);
	assert_int_equal(unsetenv("TZ"), 0);
	b = contents("p.zip", &b_len);
	assert_int_equal(a_len, b_len);
	assert_memory_equal(a, b, a_len);
	free(a);
	free(b);
	clear();
}

/* The folder in a zip has a name that any package may have. */
static void
test_root(void **state)
{
	static const struct {
		const char *name, *root;
	} cases[] = {{"E-7 final.zip", "E-7final/"},
		     {"..zip", "exhibit/"},
		     {"-o.zip", "o/"},
		     {"\xd0\xb4\xd0\xbe.zip", "exhibit/"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t len;
		char *text;

		make(cases[i].name, true);
		text = contents(cases[i].name, &len);
		/* the first name stands behind a header of 30 bytes */
		assert_memory_equal(text + 30, cases[i].root,
				    strlen(cases[i].root));
		free(text);
		clear();
	}
}

static void
test_taken(void **state)
{
	struct err e = {0};
	struct packout *p;

	(void)state;
	make("pkg", false);
	assert_null(packout_new(at("pkg"), false, &e));
	assert_non_null(strstr(e.msg, "exists already"));
	err_clear(&e);
	/* somebody else is faster */
	p = packout_new(at("p2"), false, &e);
	assert_non_null(p);
	fill(p);
	assert_int_equal(packout_close(p, &e), 0);
	assert_int_equal(mkdir(at("p2"), 0700), 0);
	assert_int_equal(packout_commit(p, &e), -1);
	assert_int_equal(names(), 2);
	err_clear(&e);
	assert_null(packout_new(at("no/such"), false, &e));
	assert_int_equal(e.code, ERR_UNKNOWN);
	err_clear(&e);
	assert_null(packout_new("..", false, &e));
	clear();
}

static void
test_sizes(void **state)
{
	struct err e = {0};
	struct packout *p = packout_new(at("pkg"), false, &e);

	(void)state;
	assert_non_null(p);
	assert_int_equal(packout_begin(p, "data/0001.bin", 3, &e), 0);
	assert_int_equal(packout_write(p, "four", 4, &e), -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	packout_abort(p);
	err_clear(&e);
	p = packout_new(at("pkg"), false, &e);
	assert_non_null(p);
	assert_int_equal(packout_begin(p, "data/0001.bin", 3, &e), 0);
	assert_int_equal(packout_write(p, "fo", 2, &e), 0);
	assert_int_equal(packout_end(p, &e), -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	packout_abort(p);
	assert_int_equal(names(), 0);
}

/* What the medium gives back is not what was written. */
static void
test_changed(void **state)
{
	struct err e = {0};
	struct packout *p = packout_new(at("p.zip"), true, &e);
	char path[600];
	FILE *f;

	(void)state;
	assert_non_null(p);
	fill(p);
	snprintf(path, sizeof path, "%s/data/0001.txt", packout_path(p));
	f = fopen(path, "r+");
	assert_non_null(f);
	fputc('O', f);
	fclose(f);
	assert_int_equal(packout_close(p, &e), -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	packout_abort(p);
	assert_int_equal(names(), 0);
}

static volatile sig_atomic_t got;

static void
count(int sig)
{
	got = sig;
}

/* A signal waits until nothing unfinished is left. */
static void
test_signal(void **state)
{
	struct sigaction act = {.sa_handler = count}, old;
	struct err e = {0};
	struct packout *p;

	(void)state;
	sigaction(SIGTERM, &act, &old);
	p = packout_new(at("pkg"), false, &e);
	assert_non_null(p);
	assert_int_equal(packout_begin(p, "data/0001.bin", 3, &e), 0);
	raise(SIGTERM);
	assert_int_equal(got, 0);
	assert_int_equal(packout_write(p, "one", 3, &e), -1);
	assert_int_equal(names(), 1);
	packout_abort(p);
	assert_int_equal(got, SIGTERM);
	assert_int_equal(names(), 0);
	sigaction(SIGTERM, &old, NULL);
}

/* What a crash left goes; what is being written, and what is others', stays. */
static void
test_sweep(void **state)
{
	const char *held = at(".muniment-00000000000000ff.part");
	struct err e = {0};
	struct packout *p;
	int fd;

	(void)state;
	assert_int_equal(mkdir(at(".muniment-0123456789abcdef.part"), 0700), 0);
	assert_int_equal(mkdir(at(".muniment-0123456789abcdef.part/pkg"), 0700),
			 0);
	assert_int_equal(mkdir(at(".muniment-0123456789abcde.part"), 0700), 0);
	assert_int_equal(mkdir(held, 0700), 0);
	fd = packsweep_hold(held);
	assert_true(fd >= 0);
	p = packout_new(at("p"), false, &e);
	assert_non_null(p);
	assert_int_equal(names(), 3);
	packout_abort(p);
	close(fd);
	p = packout_new(at("p"), false, &e);
	assert_int_equal(names(), 2);
	packout_abort(p);
	clear();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_folder), cmocka_unit_test(test_zip),
	    cmocka_unit_test(test_root),   cmocka_unit_test(test_taken),
	    cmocka_unit_test(test_sizes),  cmocka_unit_test(test_changed),
	    cmocka_unit_test(test_signal), cmocka_unit_test(test_sweep)};
	int rc;

	if (mkdtemp(dir) == NULL)
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)fsutil_remove_all(dir, NULL);
	return rc;
}
