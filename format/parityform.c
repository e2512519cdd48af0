#include "parityform.h"

#include <assert.h>
#include <string.h>

#define GROUP_BLOCKS 200 /* of the file, at most, in what we write */
#define USUAL_BLOCK 4096 /* bytes: a page of flash, a FAT cluster */

/* Offsets in the head of a record; numbers are big-endian. */
enum {
	MAGIC = 0,
	SIZE = 32,
	PART = 40,
	SHA256 = 48,
	BLOCK = 80,
	K = 84,
	M = 86,
	GROUPS = 88,
	RECORD = 92,
};

static uint64_t
divide_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b > 0);
}

/* What follows from size, block, k, m and groups, which fit. */
static void
derive(struct parityform *f)
{
	f->blocks = (uint32_t)divide_up(f->size, f->block);
	f->records = f->groups * f->m;
	f->chunk = (uint32_t)divide_up(f->blocks, f->records);
	f->record_len =
	    (uint32_t)(PARITYFORM_HEAD +
		       PARITYFORM_COPIES * PARITYFORM_SUM * f->chunk +
		       f->block);
}

enum format_result
parityform_plan(struct parityform *f, uint64_t size, uint64_t part,
		unsigned percent)
{
	uint64_t k = GROUP_BLOCKS, n;

	assert(percent >= 1 && percent <= PARITYFORM_PERCENT_MAX);
	memset(f, 0, sizeof *f);
	if (size == 0 || size > PARITYFORM_SIZE_MAX)
		return FORMAT_LIMIT;
	f->size = size;
	f->part = part;
	f->block = PARITYFORM_BLOCK_MIN;
	while (divide_up(size, f->block) >
	       (f->block < USUAL_BLOCK ? GROUP_BLOCKS : PARITYFORM_BLOCKS_MAX))
		f->block *= 2;
	while (k + divide_up(k * percent, 100) > PARITYFORM_CODE_MAX)
		k--;
	n = divide_up(size, f->block);
	f->groups = (uint32_t)divide_up(n, k);
	f->k = (uint32_t)divide_up(n, f->groups);
	f->m = (uint32_t)divide_up((uint64_t)f->k * percent, 100);
	derive(f);
	return FORMAT_OK;
}

static void
put(uint8_t *out, uint64_t v, size_t bytes)
{
	while (bytes-- > 0) {
		out[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

static uint64_t
get(const uint8_t *in, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | in[i];
	return v;
}

void
parityform_encode(const struct parityform *f, uint32_t record,
		  uint8_t out[PARITYFORM_HEAD])
{
	memset(out, 0, PARITYFORM_HEAD);
	memcpy(out + MAGIC, PARITYFORM_MAGIC, PARITYFORM_MAGIC_LEN);
	put(out + SIZE, f->size, 8);
	put(out + PART, f->part, 8);
	memcpy(out + SHA256, f->sha256, sizeof f->sha256);
	put(out + BLOCK, f->block, 4);
	put(out + K, f->k, 2);
	put(out + M, f->m, 2);
	put(out + GROUPS, f->groups, 4);
	put(out + RECORD, record, 4);
}

static enum format_result
check(const struct parityform *f)
{
	uint64_t n;

	if (f->block < PARITYFORM_BLOCK_MIN ||
	    f->block > PARITYFORM_BLOCK_MAX ||
	    (f->block & (f->block - 1)) != 0 || f->size == 0 ||
	    f->size > PARITYFORM_SIZE_MAX)
		return FORMAT_LIMIT;
	n = divide_up(f->size, f->block);
	if (n > PARITYFORM_BLOCKS_MAX || f->k + f->m > PARITYFORM_CODE_MAX)
		return FORMAT_LIMIT;
	if (f->m == 0 || f->m > f->k || f->groups == 0 || f->groups > n ||
	    f->k != divide_up(n, f->groups))
		return FORMAT_MALFORMED;
	return FORMAT_OK;
}

enum format_result
parityform_decode(const uint8_t in[PARITYFORM_HEAD], struct parityform *f,
		  uint32_t *record)
{
	enum format_result rc;

	memset(f, 0, sizeof *f);
	if (memcmp(in + MAGIC, PARITYFORM_MAGIC, PARITYFORM_MAGIC_LEN) != 0)
		return FORMAT_MALFORMED;
	f->size = get(in + SIZE, 8);
	f->part = get(in + PART, 8);
	memcpy(f->sha256, in + SHA256, sizeof f->sha256);
	f->block = (uint32_t)get(in + BLOCK, 4);
	f->k = (uint32_t)get(in + K, 2);
	f->m = (uint32_t)get(in + M, 2);
	f->groups = (uint32_t)get(in + GROUPS, 4);
	rc = check(f);
	if (rc != FORMAT_OK)
		return rc;
	derive(f);
	*record = (uint32_t)get(in + RECORD, 4);
	return *record < f->records ? FORMAT_OK : FORMAT_MALFORMED;
}

uint32_t
parityform_group(const struct parityform *f, uint32_t record)
{
	return record % f->groups;
}

uint32_t
parityform_row(const struct parityform *f, uint32_t record)
{
	return record / f->groups;
}

uint32_t
parityform_chunk(const struct parityform *f, uint32_t record, unsigned c)
{
	uint64_t at = record + (uint64_t)c * (f->records / PARITYFORM_COPIES);
	uint64_t first = at % f->records * f->chunk;

	/* behind the last block there is nothing to sum */
	return first < f->blocks ? (uint32_t)first : f->blocks;
}

uint64_t
parityform_len(const struct parityform *f)
{
	return (uint64_t)f->records * f->record_len;
}
