/*
 * The batch file: what one batch adds, one line a thing (FORMAT.md 3).
 */
#ifndef MUNIMENT_BATCH_H
#define MUNIMENT_BATCH_H

#include "result.h"

#include <stddef.h>
#include <stdint.h>

#define BATCH_LEAVES_MAX 1024	    /* lines besides `pads` */
#define BATCH_FILE_MAX (256u << 10) /* bytes */
#define BATCH_MIN_K 2		    /* at least 16 leaves and pads */
#define BATCH_MAX_K 5
#define BATCH_DEVICE_LEN 53 /* characters of a device's name */

enum batch_line_kind {
	BATCH_ENTRY,
	BATCH_OBJECT,
	BATCH_SEEN,
	BATCH_UNKNOWN,
};

struct batch_line {
	enum batch_line_kind kind;
	const char *text;   /* the line in the file, without LF */
	size_t len;	    /* its bytes */
	uint8_t sha256[32]; /* entry, object: of the age file */
	uint8_t root[32];   /* entry: fields root; seen: the log's root */
	uint64_t size;	    /* object: bytes; seen: size of the log */
	char device[BATCH_DEVICE_LEN + 1]; /* seen */
};

struct batch {
	uint8_t pads[32];
	size_t n;
	struct batch_line *lines; /* n of them, in the file's order */
};

/*
 * Read a batch file. The lines are views into `file`, which must live as
 * long. batch_free takes a zeroed struct too.
 */
enum format_result batch_decode(const char *file, size_t len,
				struct batch *out);
void batch_free(struct batch *b);

/* Lines to collect, unsorted, for batch_encode. */
#define BATCH_LINE_MAX 224 /* bytes of any line we write, NUL included */
void batch_entry_line(const uint8_t sha256[32], const uint8_t fields[32],
		      char out[BATCH_LINE_MAX]);
void batch_object_line(const uint8_t sha256[32], uint64_t size,
		       char out[BATCH_LINE_MAX]);
void batch_seen_line(const char *device, uint64_t size, const uint8_t root[32],
		     char out[BATCH_LINE_MAX]);
void batch_pads_line(const uint8_t pads[32], char out[BATCH_LINE_MAX]);

/*
 * Sort n lines (each NUL-terminated, without LF) and join them. Returns a
 * malloc'ed file of *len bytes, or NULL without memory.
 */
char *batch_encode(char (*lines)[BATCH_LINE_MAX], size_t n, size_t *len);

/* "muniment/batch/v1 <k> <root>" LF: the data of the log's leaf. */
#define BATCH_LEAF_DATA_MAX 96 /* bytes, NUL included */
size_t batch_leaf_data(int k, const uint8_t inner[32],
		       char out[BATCH_LEAF_DATA_MAX]);

/* A device's name: 'd' and 52 digits of base32 of the public key. */
void batch_device_name(const uint8_t pub[32], char out[BATCH_DEVICE_LEN + 1]);
/* 0 if the `len` characters are such a name; writes the key. Else -1. */
int batch_device_key(const char *name, size_t len, uint8_t pub[32]);

#endif
