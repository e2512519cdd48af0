#include "mutants.h"

#include "cutter.h"
#include "hash.h"
#include "secret.h"

#include <stdlib.h>

#define MIB ((size_t)1 << 20)
#define FILE_LEN (48 * MIB)
#define CUTS_MAX 4096

static uint8_t *file; /* FILE_LEN bytes, always the same */
static uint8_t key[CUTTER_KEY_LEN] = "one key of thirty-two bytes.....";
static uint8_t other[CUTTER_KEY_LEN] = "another key of thirty-two bytes.";

/* Where a file is cut: the ends of its segments. It is shown piece by piece. */
static size_t
cuts(const uint8_t k[CUTTER_KEY_LEN], const uint8_t *p, size_t len,
     size_t piece, size_t at[CUTS_MAX])
{
	struct cutter *c = cutter_new(k);
	size_t n = 0, start = 0, have = 0, seen = 0;

	assert_non_null(c);
	cutter_begin(c, len);
	while (start < len) {
		size_t max = cutter_max(c), cut;

		have += piece;
		if (have > len - start)
			have = len - start;
		if (have > max)
			have = max;
		cut = cutter_find(c, p + start, seen, have);
		seen = have;
		if (cut == 0 && start + have < len)
			continue;
		if (cut == 0)
			cut = have;
		assert_true(cut <= max);
		assert_true(cut >= cutter_min(c) || start + cut == len);
		start += cut;
		have = seen = 0;
		assert_true(n < CUTS_MAX);
		at[n++] = start;
	}
	cutter_free(c);
	return n;
}

static void
same_content(void **state)
{
	static const size_t pieces[] = {64 << 10, 256 << 10, 100003, 3 * MIB};
	size_t a[CUTS_MAX], b[CUTS_MAX], n;

	(void)state;
	n = cuts(key, file, FILE_LEN, MIB, a);
	/* a MiB on average, within wide bounds */
	assert_in_range(n, 30, 70);
	for (size_t i = 0; i < COUNT(pieces); i++) {
		assert_int_equal(cuts(key, file, FILE_LEN, pieces[i], b), n);
		assert_memory_equal(a, b, n * sizeof *a);
	}
}

/* How many of the cuts of `a` are at the same content in `b`? */
static size_t
shared(const size_t *a, size_t n, const size_t *b, size_t m, size_t from,
       size_t shift)
{
	size_t same = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < m; k++)
			same += a[i] >= from && b[k] == a[i] + shift;
	return same;
}

static void
shifted(void **state)
{
	static const size_t inserted[] = {1, 63, 4096, 777777};
	size_t a[CUTS_MAX], b[CUTS_MAX], n, m, at = 10 * MIB + 12345;
	uint8_t *p = malloc(FILE_LEN + MIB);

	(void)state;
	assert_non_null(p);
	n = cuts(key, file, FILE_LEN, MIB, a);
	for (size_t i = 0; i < COUNT(inserted); i++) {
		size_t len = inserted[i], behind = 0, before = 0;

		memcpy(p, file, at);
		memset(p + at, 0x5a, len);
		memcpy(p + at + len, file + at, FILE_LEN - at);
		m = cuts(key, p, FILE_LEN + len, MIB, b);
		for (size_t k = 0; k < n; k++) {
			before += a[k] < at;
			behind += a[k] >= at;
		}
		/* all before it, and all but a few behind it */
		assert_int_equal(shared(a, n, b, m, 0, 0) >= before, 1);
		assert_true(shared(a, n, b, m, at, len) + 4 >= behind);
	}
	free(p);
}

static void
other_key(void **state)
{
	size_t a[CUTS_MAX], b[CUTS_MAX], n, m;

	(void)state;
	n = cuts(key, file, FILE_LEN, MIB, a);
	m = cuts(other, file, FILE_LEN, MIB, b);
	/* the end is a cut of both */
	assert_true(shared(a, n, b, m, 0, 0) <= 2);
}

static void
small_files(void **state)
{
	static const size_t sizes[] = {1, 63, 64, 65, 65537, MIB, 4 * MIB};
	size_t a[CUTS_MAX];

	(void)state;
	assert_int_equal(cuts(key, file, 0, MIB, a), 0);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		/* one segment */
		assert_int_equal(cuts(key, file, sizes[i], MIB, a), 1);
		assert_int_equal(a[0], sizes[i]);
	}
}

/* Content of one byte only: cut as it may be, in the end it is all there. */
static void
dull_content(void **state)
{
	size_t a[CUTS_MAX], n;
	uint8_t *p = calloc(1, FILE_LEN);

	(void)state;
	assert_non_null(p);
	n = cuts(key, p, FILE_LEN, 256 << 10, a);
	assert_int_equal(a[n - 1], FILE_LEN);
	free(p);
}

/* No file may have more than 8,192 segments. */
static void
lengths(void **state)
{
	static const struct {
		uint64_t gib;
		size_t min, max;
	} of[] = {
	    {2, MIB / 2, 4 * MIB},   {8, MIB, 8 * MIB},
	    {16, 2 * MIB, 8 * MIB},  {32, 4 * MIB, 16 * MIB},
	    {33, 4 * MIB, 16 * MIB}, {128, 4 * MIB, 16 * MIB},
	};
	struct cutter *c = cutter_new(key);

	(void)state;
	assert_non_null(c);
	for (size_t i = 0; i < COUNT(of); i++) {
		uint64_t size = of[i].gib << 30, most;

		cutter_begin(c, size);
		assert_int_equal(cutter_min(c), of[i].min);
		assert_int_equal(cutter_max(c), of[i].max);
		/* 6,144 of the shortest, then the longest */
		most = of[i].gib > 32 ? size / cutter_max(c) : 6144;
		if (of[i].gib <= 32 && size > 6144 * cutter_min(c))
			most +=
			    (size - 6144 * cutter_min(c)) / cutter_max(c) + 1;
		assert_true(most <= 8192);
	}
	cutter_begin(c, 40 * MIB);
	cutter_coarse(c);
	assert_int_equal(cutter_find(c, file, 0, 4 * MIB), 4 * MIB);
	assert_int_equal(cutter_find(c, file, 0, 4 * MIB - 1), 0);
	cutter_free(c);
}

static int
begin(void **state)
{
	uint64_t x = 88172645463325252u;

	(void)state;
	file = malloc(FILE_LEN);
	for (size_t i = 0; file != NULL && i < FILE_LEN; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		file[i] = (uint8_t)(x >> 32);
	}
	return file == NULL;
}

static int
end(void **state)
{
	(void)state;
	free(file);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(same_content), cmocka_unit_test(shifted),
	    cmocka_unit_test(other_key),    cmocka_unit_test(small_files),
	    cmocka_unit_test(dull_content), cmocka_unit_test(lengths),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("cutter", tests, begin, end);
}
