/*
 * The layout of a parity file (FORMAT.md 15): equal records, each with all
 * that one must know of the file, some of the file's checksums, and one block
 * of parity. Numbers come from outside and are bounded here.
 */
#ifndef MUNIMENT_PARITYFORM_H
#define MUNIMENT_PARITYFORM_H

#include "result.h"

#include <stddef.h>
#include <stdint.h>

#define PARITYFORM_MAGIC "muniment parity1"
#define PARITYFORM_MAGIC_LEN 16
#define PARITYFORM_HEAD 96   /* bytes of a record before its checksums */
#define PARITYFORM_CHECK 16  /* where the record's own checksum stands */
#define PARITYFORM_SUMMED 32 /* from here to its end it is summed */
#define PARITYFORM_SUM 16    /* bytes of a checksum: SHA-256, cut off */
#define PARITYFORM_COPIES 3  /* of each checksum of the file */

#define PARITYFORM_BLOCK_MIN 512
#define PARITYFORM_BLOCK_MAX 65536
#define PARITYFORM_BLOCKS_MAX (UINT32_C(1) << 22) /* of the file */
#define PARITYFORM_CODE_MAX 255			  /* blocks of a group */
#define PARITYFORM_PERCENT_MAX 100
/* Longest file. */
#define PARITYFORM_SIZE_MAX \
	((uint64_t)PARITYFORM_BLOCKS_MAX * PARITYFORM_BLOCK_MAX)

struct parityform {
	uint64_t size;	    /* bytes of the file, all its parts together */
	uint64_t part;	    /* bytes of each part but the last; 0: one file */
	uint8_t sha256[32]; /* of the file */
	uint32_t block;	    /* bytes of a block */
	uint32_t k, m;	    /* blocks of the file and of parity in a group */
	uint32_t groups;
	/* what follows from these */
	uint32_t blocks;     /* of the file */
	uint32_t records;    /* of the parity file */
	uint32_t chunk;	     /* checksums in each of a record's copies */
	uint32_t record_len; /* bytes */
};

/*
 * Lay out `percent` (1 to PARITYFORM_PERCENT_MAX) of parity for a file.
 * FORMAT_LIMIT if it is empty or too long. The SHA-256 is left to the caller.
 */
enum format_result parityform_plan(struct parityform *f, uint64_t size,
				   uint64_t part, unsigned percent);

/* Write the head of a record, its own checksum left as zeros. */
void parityform_encode(const struct parityform *f, uint32_t record,
		       uint8_t out[PARITYFORM_HEAD]);

/*
 * Read a record's head. Any layout that cannot be is FORMAT_MALFORMED, and one
 * beyond the limits above FORMAT_LIMIT.
 */
enum format_result parityform_decode(const uint8_t in[PARITYFORM_HEAD],
				     struct parityform *f, uint32_t *record);

/* Block `record` holds the parity of this group, as its j-th of m. */
uint32_t parityform_group(const struct parityform *f, uint32_t record);
uint32_t parityform_row(const struct parityform *f, uint32_t record);

/* The first of the file's blocks whose checksums are a record's c-th copy. */
uint32_t parityform_chunk(const struct parityform *f, uint32_t record,
			  unsigned c);

/* Bytes of the whole parity file. */
uint64_t parityform_len(const struct parityform *f);

#endif
