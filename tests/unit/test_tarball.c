/* format/tarball.h: the one header, and every other. */
#include "tarball.h"

#include "mutants.h"

static const struct {
	const char *name;
	uint64_t size;
} members[] = {
    {"entry.json", 0},
    {"entry.json", 1},
    {"0001", 511},
    {"0999", 1048576},
    {"vault.bundle", TARBALL_SIZE_MAX},
    {"a", 8},
};

/* A name of 99 bytes is the longest. */
static const char long_name[] =
    "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"
    "0123456789abcdefghijklmnopqrstuvwxyz0";

static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	uint8_t again[TARBALL_BLOCK];
	char name[100];
	uint64_t size;

	(void)ctx;
	assert_int_equal(len, TARBALL_BLOCK);
	if (tarball_decode(bytes, name, &size) != FORMAT_OK)
		return false;
	tarball_header(again, name, size);
	assert_memory_equal(again, bytes, TARBALL_BLOCK);
	return true;
}

static void
round_trip(void **state)
{
	uint8_t h[TARBALL_BLOCK];
	char name[100];
	uint64_t size;

	(void)state;
	for (size_t i = 0; i < COUNT(members); i++) {
		tarball_header(h, members[i].name, members[i].size);
		assert_int_equal(tarball_decode(h, name, &size), FORMAT_OK);
		assert_string_equal(name, members[i].name);
		assert_int_equal(size, members[i].size);
		/* any one bit changes the sum of all bytes */
		assert_int_equal(mutants_flip(accepts, NULL, h, sizeof h), 0);
	}
	assert_int_equal(strlen(long_name), 99);
	tarball_header(h, long_name, 3);
	assert_int_equal(tarball_decode(h, name, &size), FORMAT_OK);
	assert_string_equal(name, long_name);
}

/* Mend the checksum, as a patient forger would. */
static void
mend(uint8_t h[TARBALL_BLOCK])
{
	unsigned sum = 0;
	char octal[8];

	memcpy(h + 148, "        ", 8);
	for (size_t i = 0; i < TARBALL_BLOCK; i++)
		sum += h[i];
	snprintf(octal, sizeof octal, "%06o", sum);
	memcpy(h + 148, octal, 7);
}

static const struct {
	size_t at, len;
	const char *bytes;
} forged[] = {
    {0, 1, "\0"},
    {20, 1, "x"},
    {100, 7, "0000755"},
    {100, 7, " 000644"},
    {108, 7, "0001750"},
    {116, 7, "0000001"},
    {124, 11, "        123"},
    {124, 12, "000000000001"},
    {124, 4, "\x80\0\0\0"},
    {135, 1, " "},
    {136, 11, "14000000000"},
    {147, 1, " "},
    {156, 1, "\0"},
    {156, 1, "5"},
    {156, 1, "2"},
    {156, 1, "L"},
    {156, 1, "x"},
    {157, 1, "l"},
    {257, 8, "ustar  "},
    {263, 2, "01"},
    {265, 4, "root"},
    {297, 4, "root"},
    {329, 7, "0000000"},
    {337, 7, "0000000"},
    {345, 3, "dir"},
    {500, 1, "\1"},
    {511, 1, "\1"},
};

static void
refuses_forgeries(void **state)
{
	uint8_t h[TARBALL_BLOCK];
	char name[100];
	uint64_t size;

	(void)state;
	for (size_t i = 0; i < COUNT(forged); i++) {
		tarball_header(h, "entry.json", 123);
		memcpy(h + forged[i].at, forged[i].bytes, forged[i].len);
		mend(h);
		if (tarball_decode(h, name, &size) == FORMAT_OK)
			fail_msg("accepted forgery %zu", i);
	}
	/* other ways to write the checksum */
	tarball_header(h, "entry.json", 123);
	memcpy(h + 154, " \0", 2);
	assert_false(accepts(NULL, h, sizeof h));
	tarball_header(h, "entry.json", 123);
	h[148] = ' ';
	assert_false(accepts(NULL, h, sizeof h));
	/* a name that fills its field has no end */
	tarball_header(h, long_name, 3);
	h[99] = 'x';
	mend(h);
	assert_false(accepts(NULL, h, sizeof h));
	memset(h, 0, sizeof h);
	assert_false(accepts(NULL, h, sizeof h));
}

/* With a mended sum, what is accepted is another member. */
static bool
accepts_mended(void *ctx, const uint8_t *bytes, size_t len)
{
	uint8_t h[TARBALL_BLOCK];

	memcpy(h, bytes, sizeof h);
	mend(h);
	return accepts(ctx, h, len);
}

static void
one_form_each(void **state)
{
	uint8_t h[TARBALL_BLOCK];
	size_t n;

	(void)state;
	tarball_header(h, "entry.json", 0123);
	n = mutants_flip(accepts_mended, NULL, h, sizeof h);
	/*
	 * 10 letters: 8 flips each but none to NUL; 11 digits with 3 bits; the
	 * end of the name: 8; the checksum itself is mended: 8 bytes
	 */
	assert_int_equal(n, 10 * 8 + 8 + 11 * 3 + 8 * 8);
}

static void
fills(void **state)
{
	(void)state;
	assert_int_equal(tarball_fill(0), 0);
	assert_int_equal(tarball_fill(1), 511);
	assert_int_equal(tarball_fill(511), 1);
	assert_int_equal(tarball_fill(512), 0);
	assert_int_equal(tarball_fill(513), 511);
	assert_int_equal(tarball_fill(TARBALL_SIZE_MAX), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(refuses_forgeries),
	    cmocka_unit_test(one_form_each),
	    cmocka_unit_test(fills),
	};

	return cmocka_run_group_tests_name("tarball", tests, NULL, NULL);
}
