/* format/parityform.h: layouts of all sizes, and hostile heads. */
#include "parityform.h"

#include "mutants.h"

static const uint64_t sizes[] = {1,
				 511,
				 512,
				 513,
				 4095,
				 100000,
				 102400,
				 102401,
				 819200,
				 819201,
				 104857600,
				 104857601,
				 (uint64_t)16 << 30,
				 ((uint64_t)16 << 30) + 1,
				 (uint64_t)200 << 30,
				 PARITYFORM_SIZE_MAX};

static void
check_layout(const struct parityform *f, unsigned percent)
{
	/* every block is in a group, and no group is too large */
	assert_true((uint64_t)f->groups * f->k >= f->blocks);
	assert_true((uint64_t)f->groups * (f->k - 1) < f->blocks);
	assert_true(f->k + f->m <= PARITYFORM_CODE_MAX);
	assert_true((uint64_t)f->blocks * f->block >= f->size);
	assert_true((uint64_t)(f->blocks - 1) * f->block < f->size);
	/* as much parity as was asked for */
	assert_true((uint64_t)f->m * 100 >= (uint64_t)f->k * percent);
	assert_true((uint64_t)(f->m - 1) * 100 < (uint64_t)f->k * percent);
	assert_true((uint64_t)f->records * f->chunk >= f->blocks);
	assert_true(f->record_len <= 96 + 3 * 16 * 256 + 65536);
}

static void
layouts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++)
		for (unsigned p = 1; p <= PARITYFORM_PERCENT_MAX; p++) {
			struct parityform f, g;
			uint8_t h[PARITYFORM_HEAD];
			uint32_t record = 0;

			assert_int_equal(parityform_plan(&f, sizes[i], 7, p),
					 FORMAT_OK);
			check_layout(&f, p);
			memset(f.sha256, (int)p, sizeof f.sha256);
			parityform_encode(&f, f.records - 1, h);
			assert_int_equal(parityform_decode(h, &g, &record),
					 FORMAT_OK);
			assert_int_equal(record, f.records - 1);
			assert_memory_equal(&f, &g, sizeof f);
			parityform_encode(&f, f.records, h);
			assert_int_equal(parityform_decode(h, &g, &record),
					 FORMAT_MALFORMED);
		}
}

static void
limits(void **state)
{
	struct parityform f;

	(void)state;
	assert_int_equal(parityform_plan(&f, 0, 0, 20), FORMAT_LIMIT);
	assert_int_equal(parityform_plan(&f, PARITYFORM_SIZE_MAX + 1, 0, 20),
			 FORMAT_LIMIT);
}

/* Of each checksum there are three copies, in three records. */
static void
checksums(void **state)
{
	(void)state;
	for (size_t i = 0; i < 12; i++) {
		struct parityform f;
		uint8_t *seen;

		parityform_plan(&f, sizes[i], 0, 20);
		seen = test_calloc(f.blocks, 1);
		for (uint32_t r = 0; r < f.records; r++)
			for (unsigned c = 0; c < PARITYFORM_COPIES; c++)
				for (uint32_t b = parityform_chunk(&f, r, c),
					      n = 0;
				     n < f.chunk && b + n < f.blocks; n++)
					seen[b + n]++;
		for (uint32_t b = 0; b < f.blocks; b++)
			assert_int_equal(seen[b], PARITYFORM_COPIES);
		test_free(seen);
	}
}

/* The numbers of the format, as FORMAT.md gives them for 100 MB. */
static void
numbers(void **state)
{
	struct parityform f;

	(void)state;
	parityform_plan(&f, 100000000, 0, 20);
	assert_int_equal(f.block, 4096);
	assert_int_equal(f.blocks, 24415);
	assert_int_equal(f.groups, 123);
	assert_int_equal(f.k, 199);
	assert_int_equal(f.m, 40);
	assert_int_equal(f.records, 4920);
	assert_int_equal(f.chunk, 5);
	assert_int_equal(f.record_len, 96 + 3 * 5 * 16 + 4096);
	assert_int_equal(parityform_group(&f, 124), 1);
	assert_int_equal(parityform_row(&f, 124), 1);
	assert_int_equal(parityform_len(&f), 4920 * 4432);
}

/* Whatever a head says, what is accepted is within the bounds. */
static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	struct parityform f;
	uint32_t record;

	(void)ctx;
	assert_int_equal(len, PARITYFORM_HEAD);
	if (parityform_decode(bytes, &f, &record) != FORMAT_OK)
		return false;
	assert_true(f.blocks <= PARITYFORM_BLOCKS_MAX);
	assert_true(f.records <= 2 * PARITYFORM_BLOCKS_MAX);
	assert_true((uint64_t)f.groups * f.k >= f.blocks);
	assert_true(f.record_len <= 96 + 3 * 16 * 256 + 65536);
	assert_true(record < f.records);
	return true;
}

static void
hostile(void **state)
{
	uint8_t h[PARITYFORM_HEAD];
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < 200000; i++) {
		struct parityform f;

		parityform_plan(&f, sizes[i % COUNT(sizes)], 0,
				(unsigned)(i % 100) + 1);
		parityform_encode(&f, 0, h);
		for (size_t k = 0; k < 1 + i % 3; k++) {
			seed = seed * 1103515245 + 12345;
			h[32 + (seed >> 8) % 64] ^=
			    (uint8_t)(1 << (seed >> 24) % 8);
		}
		accepts(NULL, h, sizeof h);
	}
	memset(h + 32, 0xff, 64);
	assert_false(accepts(NULL, h, sizeof h));
	memset(h + 32, 0, 64);
	assert_false(accepts(NULL, h, sizeof h));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(layouts), cmocka_unit_test(limits),
	    cmocka_unit_test(checksums), cmocka_unit_test(numbers),
	    cmocka_unit_test(hostile)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
