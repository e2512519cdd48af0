/*
 * vault/local/sources.h: a list that grows, is joined, and forgets what is
 * older. What `add` makes of it: tests/cli/sources.sh.
 */
#include "sources.h"

#include "scratch.h"

#include <dirent.h>

#define CASE "0123456789abcdef0123456789abcdef"

static struct scratch s;
static struct identity *ada, *eve;
static const struct timespec later = {.tv_sec = 2000000000};

/* A file as the file system of the vault would show it, `age` seconds old. */
static struct stat
file_of(size_t number, time_t age)
{
	struct stat st;

	assert_int_equal(stat(s.vault, &st), 0);
	st.st_ino = 1000 + number;
	st.st_size = (off_t)(10 * number);
	st.st_mtim.tv_sec = st.st_ctim.tv_sec = later.tv_sec - age;
	st.st_mtim.tv_nsec = st.st_ctim.tv_nsec = 5;
	return st;
}

static const char *
path_of(size_t number)
{
	static char path[FSUTIL_PATH];

	(void)snprintf(path, sizeof path, "/folder %zu/file %zu", number / 10,
		       number);
	return path;
}

static void
hash_of(size_t number, size_t version, uint8_t sha256[HASH_LEN])
{
	size_t both[2] = {number, version};

	hash_sha256(both, sizeof both, sha256);
}

static struct sources *
open_list(struct vault *v, const struct identity *id)
{
	struct sources *list = sources_open(v, id);
	struct stat st = file_of(0, 100);
	uint8_t sha256[HASH_LEN] = {0};

	assert_non_null(list);
	/* from now on the file system is known by its device */
	(void)sources_find(list, CASE, s.vault, &st, sha256);
	sources_note(list, CASE, s.vault, &st, &later, sha256);
	return list;
}

/* Note files first .. last-1 as of a version, and save. */
static void
note(struct vault *v, size_t first, size_t last, size_t version)
{
	struct sources *list = open_list(v, ada);
	uint8_t sha256[HASH_LEN];

	for (size_t i = last; i-- > first;) {
		struct stat st = file_of(i, 100 + (time_t)version);

		hash_of(i, version, sha256);
		sources_note(list, CASE, path_of(i), &st, &later, sha256);
	}
	sources_save(list, true);
	sources_free(list);
}

static bool
finds(struct sources *list, size_t i, size_t version)
{
	struct stat st = file_of(i, 100 + (time_t)version);
	uint8_t sha256[HASH_LEN], want[HASH_LEN];

	if (!sources_find(list, CASE, path_of(i), &st, sha256))
		return false;
	hash_of(i, version, want);
	assert_memory_equal(sha256, want, HASH_LEN);
	return true;
}

static size_t
count_files(void)
{
	DIR *d = opendir(scratch_path(s.vault, "local/sources"));
	struct dirent *f;
	size_t n = 0;

	while (d != NULL && (f = readdir(d)) != NULL)
		n += f->d_name[0] != '.';
	if (d != NULL)
		closedir(d);
	return n;
}

/* However it was written: few files, each row found, nothing that was not. */
static void
grows(void **state)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_READ, NULL, &e);
	size_t at = 0;
	struct sources *list;

	(void)state;
	assert_non_null(v);
	for (size_t round = 0; round < 60; round++) {
		size_t n = round % 10 == 9 ? 2500 : 1 + 7 * round;

		note(v, at, at + n, 1);
		at += n;
		assert_in_range(count_files(), 1, 12);
	}
	/* every third is seen anew, with other times */
	for (size_t i = 0; i < 300; i += 3)
		note(v, i, i + 1, 2);
	list = open_list(v, ada);
	for (size_t i = 0; i < at; i++) {
		bool anew = i < 300 && i % 3 == 0;

		assert_int_equal(finds(list, i, 2), anew);
		if (!anew)
			assert_true(finds(list, i, 1));
	}
	assert_false(finds(list, at, 1));
	sources_free(list);
	vault_close(v);
}

/* Each thing that the file system says counts. */
static void
differs(void **state)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_READ, NULL, &e);
	struct stat was = file_of(7, 101), st;
	struct sources *list;
	uint8_t sha256[HASH_LEN];

	(void)state;
	assert_non_null(v);
	list = open_list(v, ada);
	assert_true(finds(list, 7, 1));
	for (int i = 0; i < 7; i++) {
		st = was;
		st.st_ino += i == 0;
		st.st_size += i == 1;
		st.st_mtim.tv_sec += i == 2;
		st.st_mtim.tv_nsec += i == 3;
		st.st_ctim.tv_sec -= i == 4;
		st.st_ctim.tv_nsec -= i == 5;
		st.st_mtim = i == 6 ? was.st_ctim : st.st_mtim;
		assert_int_equal(
		    sources_find(list, CASE, path_of(7), &st, sha256), i == 6);
	}
	assert_false(sources_find(list, CASE, path_of(8), &was, sha256));
	assert_false(sources_find(list, "vault", path_of(7), &was, sha256));
	sources_free(list);
	/* another person's list is none */
	list = open_list(v, eve);
	assert_false(finds(list, 7, 1));
	sources_free(list);
	vault_close(v);
}

/* What had just changed, or will have, is not noted. */
static void
settles(void **state)
{
	static const time_t ages[] = {
	    -100000, -1, 0, 1, SOURCES_SETTLED - 1, SOURCES_SETTLED};
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_READ, NULL, &e);
	struct sources *list;
	uint8_t sha256[HASH_LEN] = {0};

	(void)state;
	assert_non_null(v);
	list = open_list(v, ada);
	for (size_t i = 0; i < 2 * sizeof ages / sizeof *ages; i++) {
		struct stat st = file_of(90000 + i, 1000);

		*(i % 2 == 0 ? &st.st_mtim.tv_sec : &st.st_ctim.tv_sec) =
		    later.tv_sec - ages[i / 2];
		sources_note(list, CASE, path_of(90000 + i), &st, &later,
			     sha256);
	}
	sources_save(list, true);
	sources_free(list);
	list = open_list(v, ada);
	for (size_t i = 0; i < 2 * sizeof ages / sizeof *ages; i++) {
		struct stat st = file_of(90000 + i, 1000);

		*(i % 2 == 0 ? &st.st_mtim.tv_sec : &st.st_ctim.tv_sec) =
		    later.tv_sec - ages[i / 2];
		assert_false(
		    sources_find(list, CASE, path_of(90000 + i), &st, sha256));
	}
	assert_true(finds(list, 7, 1));
	sources_free(list);
	/* without memory all goes on */
	assert_false(sources_find(NULL, CASE, "/x", NULL, sha256));
	sources_save(NULL, true);
	sources_free(NULL);
	vault_close(v);
}

static int
begin(void **state)
{
	(void)state;
	ada = scratch_person("Ada");
	eve = scratch_person("Eve");
	scratch_vault(&s, ada);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	identity_free(ada);
	identity_free(eve);
	scratch_end(s.dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(grows),
	    cmocka_unit_test(differs),
	    cmocka_unit_test(settles),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, begin, end);
}
