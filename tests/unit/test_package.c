/* vault/court/package.h, format/zipform.h: hostile folders and zip files. */
#include "package.h"

#include "mutants.h"
#include "scratch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char dir[64];

static void
path_of(char out[512], const char *name)
{
	snprintf(out, 512, "%s/%s", dir, name);
}

static void
put_file(const char *name, const void *bytes, size_t len)
{
	char path[512];
	FILE *f;

	path_of(path, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
make_dir(const char *name)
{
	char path[512];

	path_of(path, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

/* The smallest thing that is taken for a package. */
static void
make_package(const char *name)
{
	char path[512];

	make_dir(name);
	snprintf(path, sizeof path, "%s/proof", name);
	make_dir(path);
	snprintf(path, sizeof path, "%s/proof/exhibit.txt", name);
	put_file(path, "x\n", 2);
	snprintf(path, sizeof path, "%s/bagit.txt", name);
	put_file(path, "", 0);
}

static struct package *
open_it(const char *name, struct err *e)
{
	char path[512];

	memset(e, 0, sizeof *e);
	path_of(path, name);
	return package_open(path, e);
}

static void
reads_a_folder(void **state)
{
	struct err e = {0};
	struct package *p;
	struct package_file *f;
	char *text;
	size_t n;

	(void)state;
	make_package("good");
	p = open_it("good", &e);
	assert_non_null(p);
	assert_int_equal(package_odd(p)->n, 0);
	(void)package_files(p, &n);
	assert_int_equal(n, 2);
	f = package_find(p, "proof/exhibit.txt");
	assert_non_null(f);
	assert_int_equal(package_read(p, f, 10, &text, &n, &e), 0);
	assert_string_equal(text, "x\n");
	free(text);
	assert_int_equal(package_read(p, f, 1, &text, &n, &e), -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	/* changed between two readings */
	err_clear(&e);
	put_file("good/proof/exhibit.txt", "y\n", 2);
	assert_int_equal(package_stream(p, f, NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	package_close(p);
}

static bool
has_odd(const struct package *p, const char *what)
{
	const struct report *r = package_odd(p);

	for (size_t i = 0; i < r->n; i++)
		if (strstr(r->lines[i].text, what) != NULL)
			return true;
	return false;
}

static void
odd_folders(void **state)
{
	struct err e = {0};
	struct package *p;
	char path[512];

	(void)state;
	make_package("odd");
	path_of(path, "odd/link");
	assert_int_equal(symlink("/etc/passwd", path), 0);
	path_of(path, "odd/away");
	assert_int_equal(symlink("/", path), 0);
	path_of(path, "odd/pipe");
	assert_int_equal(mkfifo(path, 0600), 0);
	put_file("odd/with blank", "", 0);
	put_file("odd/BAGIT.txt", "", 0);
	put_file("odd/.hidden", "", 0);
	make_dir("odd/empty");
	make_dir("odd/data");
	make_dir("odd/proof/a");
	make_dir("odd/proof/a/b");
	make_dir("odd/proof/a/b/c");
	p = open_it("odd", &e);
	assert_non_null(p);
	assert_true(has_odd(p, "link: a link"));
	assert_true(has_odd(p, "away: a link"));
	assert_true(has_odd(p, "pipe: neither"));
	assert_true(has_odd(p, "with blank: no file"));
	assert_true(has_odd(p, ".hidden: no file"));
	assert_true(has_odd(p, "but for the case"));
	assert_true(has_odd(p, "empty: an empty folder"));
	assert_true(has_odd(p, "proof/a/b: a folder that no package"));
	assert_false(has_odd(p, "data"));
	assert_null(package_find(p, "link"));
	package_close(p);
	assert_null(open_it("odd/pipe", &e));
	assert_int_equal(e.code, ERR_UNKNOWN);
	assert_null(open_it("odd/empty", &e));
	assert_int_equal(e.code, ERR_UNKNOWN);
	assert_null(open_it("nothing", &e));
}

/* -- zip files, built by hand -- */

struct zip {
	uint8_t bytes[8192];
	size_t len;
	uint8_t dir[4096];
	size_t dir_len;
	unsigned n;
};

static void
le(uint8_t *p, uint32_t v, int n)
{
	for (int i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* Where the parts of the last member are, for a test to change. */
static uint8_t *local_at, *central_at;

static void
add(struct zip *z, const char *name, const void *bytes, size_t len,
    bool deflated, size_t size, uint32_t crc)
{
	size_t n = strlen(name);
	uint8_t *l = z->bytes + z->len, *c = z->dir + z->dir_len;

	memset(l, 0, 30);
	le(l, 0x04034b50, 4);
	l[4] = 20;
	le(l + 8, deflated ? 8 : 0, 2);
	le(l + 14, crc, 4);
	le(l + 18, (uint32_t)len, 4);
	le(l + 22, (uint32_t)size, 4);
	le(l + 26, (uint32_t)n, 2);
	memcpy(l + 30, name, n);
	memcpy(l + 30 + n, bytes, len);
	memset(c, 0, 46);
	le(c, 0x02014b50, 4);
	c[4] = 20;
	c[5] = 3; /* Unix */
	c[6] = 20;
	memcpy(c + 10, l + 8, 2);
	memcpy(c + 16, l + 14, 12);
	le(c + 28, (uint32_t)n, 2);
	le(c + 38, (name[n - 1] == '/' ? 040755u : 0100644u) << 16, 4);
	le(c + 42, (uint32_t)z->len, 4);
	memcpy(c + 46, name, n);
	z->len += 30 + n + len;
	z->dir_len += 46 + n;
	z->n++;
	local_at = l;
	central_at = c;
}

static void
store(struct zip *z, const char *name, const char *text)
{
	size_t n = strlen(text);

	add(z, name, text, n, false, n,
	    (uint32_t)crc32(0, (const uint8_t *)text, (unsigned)n));
}

static void
end(struct zip *z)
{
	uint8_t *p;
	size_t at = z->len;

	memcpy(z->bytes + z->len, z->dir, z->dir_len);
	z->len += z->dir_len;
	p = z->bytes + z->len;
	memset(p, 0, 22);
	le(p, 0x06054b50, 4);
	le(p + 8, z->n, 2);
	le(p + 10, z->n, 2);
	le(p + 12, (uint32_t)z->dir_len, 4);
	le(p + 16, (uint32_t)at, 4);
	z->len += 22;
}

static void
begin(struct zip *z)
{
	memset(z, 0, sizeof *z);
	store(z, "top/bagit.txt", "b");
	store(z, "top/proof/exhibit.txt", "hello hello hello");
}

/* Open it as it is now: 0, or the code of the error; `odd` is looked for. */
static int
try_zip(const struct zip *z, const char *odd)
{
	struct err e = {0};
	struct package *p;
	struct package_file *f;
	size_t n;
	int rc = 0;

	put_file("t.zip", z->bytes, z->len);
	p = open_it("t.zip", &e);
	if (p == NULL)
		return e.code;
	f = package_files(p, &n);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (package_stream(p, &f[i], NULL, NULL, &e) != 0)
			rc = e.code;
	if (odd != NULL)
		assert_true(has_odd(p, odd));
	else if (rc == 0 && package_odd(p)->n > 0)
		rc = 10;
	package_close(p);
	return rc;
}

static void
reads_a_zip(void **state)
{
	struct zip *z = malloc(sizeof *z);

	(void)state;
	begin(z);
	add(z, "top/data/", "", 0, false, 0, 0);
	end(z);
	assert_int_equal(try_zip(z, NULL), 0);
	free(z);
}

/* Deflated by zlib, as the writer of a zip file does. */
static void
add_deflated(struct zip *z, const char *name, const uint8_t *in, size_t len,
	     size_t claimed, size_t more)
{
	uint8_t out[2048] = {0};
	z_stream s = {0};

	assert_int_equal(
	    deflateInit2(&s, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
	s.next_in = (uint8_t *)(uintptr_t)in;
	s.avail_in = (unsigned)len;
	s.next_out = out;
	s.avail_out = sizeof out;
	assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
	add(z, name, out, s.total_out + more, true, claimed,
	    (uint32_t)crc32(0, in, (unsigned)len));
	deflateEnd(&s);
}

static void
deflated_members(void **state)
{
	struct zip *z = malloc(sizeof *z);
	uint8_t *in = calloc(1, 100000);

	(void)state;
	begin(z);
	add_deflated(z, "top/data/0001.bin", in, 100000, 100000, 0);
	end(z);
	assert_int_equal(try_zip(z, NULL), 0);
	/* more than it says, less than it says, bytes behind the stream */
	begin(z);
	add_deflated(z, "top/data/0001.bin", in, 100000, 99999, 0);
	end(z);
	assert_int_equal(try_zip(z, NULL), ERR_EVIDENCE);
	begin(z);
	add_deflated(z, "top/data/0001.bin", in, 100000, 100001, 0);
	end(z);
	assert_int_equal(try_zip(z, NULL), ERR_EVIDENCE);
	begin(z);
	add_deflated(z, "top/data/0001.bin", in, 100000, 100000, 1);
	end(z);
	assert_int_equal(try_zip(z, NULL), ERR_EVIDENCE);
	/* a bomb: it claims 4 GiB less one */
	begin(z);
	add_deflated(z, "top/data/0001.bin", in, 100000, 0xfffffffe, 0);
	end(z);
	assert_int_equal(try_zip(z, NULL), ERR_UNKNOWN);
	free(in);
	free(z);
}

/* What two programs could read as two contents. */
static void
ambiguous_zips(void **state)
{
	struct zip *z = malloc(sizeof *z);
	static const uint8_t rename[] = {0x75, 0x70, 4, 0, 1, 2, 3, 4};

	(void)state;
	/* a gap between members */
	begin(z);
	z->len++;
	store(z, "top/a", "a");
	end(z);
	assert_int_equal(try_zip(z, NULL), ERR_EVIDENCE);
	/* a member that the directory does not have */
	begin(z);
	store(z, "top/a", "a");
	z->n--;
	z->dir_len -= 46 + 5;
	end(z);
	assert_int_equal(try_zip(z, NULL), ERR_EVIDENCE);
	/* two names for one member */
	begin(z);
	store(z, "top/a", "a");
	central_at[50] = 'b';
	end(z);
	assert_int_equal(try_zip(z, NULL), ERR_EVIDENCE);
	/* two entries for the same bytes */
	begin(z);
	store(z, "top/a", "a");
	memcpy(z->dir + z->dir_len, central_at, 51);
	z->dir[z->dir_len + 50] = 'b';
	z->dir_len += 51;
	z->n++;
	end(z);
	assert_int_equal(try_zip(z, NULL), ERR_EVIDENCE);
	/* an extra field that renames */
	begin(z);
	store(z, "top/a", "a");
	le(central_at + 30, sizeof rename, 2);
	memcpy(z->dir + z->dir_len, rename, sizeof rename);
	z->dir_len += sizeof rename;
	end(z);
	assert_int_equal(try_zip(z, NULL), ERR_EVIDENCE);
	/* encrypted; a comment; a byte before and behind */
	begin(z);
	store(z, "top/a", "a");
	local_at[6] = central_at[8] = 1;
	end(z);
	assert_int_equal(try_zip(z, NULL), ERR_EVIDENCE);
	begin(z);
	end(z);
	z->bytes[z->len++] = 0;
	assert_int_equal(try_zip(z, NULL), ERR_UNKNOWN);
	begin(z);
	end(z);
	/* not memmove: valgrind takes its checked form for memcpy */
	for (size_t i = z->len++; i > 0; i--)
		z->bytes[i] = z->bytes[i - 1];
	assert_true(try_zip(z, NULL) != 0);
	free(z);
}

static void
odd_zips(void **state)
{
	struct zip *z = malloc(sizeof *z);
	static const char *const names[][2] = {
	    {"top/../x", "no file of a package"},
	    {"top//x", "no file of a package"},
	    {"/top/x", "not in the one folder"},
	    {"other/x", "not in the one folder"},
	    {"top/a\\b", "no file of a package"},
	    {"top/a/b/c/d/e", "no file of a package"},
	    {"top/bagit.txt", "is here twice"},
	    {"top/BagIt.txt", "but for the case"},
	    {"top/..\\x", "no file of a package"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		begin(z);
		store(z, names[i][0], "a");
		end(z);
		(void)try_zip(z, names[i][1]);
	}
	/* a link */
	begin(z);
	store(z, "top/a", "/etc/passwd");
	le(central_at + 38, 0120777u << 16, 4);
	end(z);
	(void)try_zip(z, "a link or the like");
	free(z);
}

/* Any one bit: refused, or what is read is the same, or odd. */
static void
flipped_zips(void **state)
{
	struct zip *z = malloc(sizeof *z);
	size_t same = 0;

	(void)state;
	begin(z);
	end(z);
	for (size_t i = 0; i < 8 * z->len; i++) {
		z->bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		same += try_zip(z, NULL) == 0;
		z->bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	/* versions, times, attributes: what says nothing of the content */
	assert_in_range(same, 1, 8 * z->len / 3);
	free(z);
}

static int
set_up(void **state)
{
	(void)state;
	scratch_begin(dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	scratch_end(dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_a_folder),
	    cmocka_unit_test(odd_folders),
	    cmocka_unit_test(reads_a_zip),
	    cmocka_unit_test(deflated_members),
	    cmocka_unit_test(ambiguous_zips),
	    cmocka_unit_test(odd_zips),
	    cmocka_unit_test(flipped_zips),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
