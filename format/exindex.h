/*
 * proof/exhibit.txt of an exhibit package: what is what (EXHIBIT.md 2).
 *
 * Everything is numbered from 1: items[0] is item 1, entries[0] is e001,
 * checkpoints[0] is c1. Device names and paths are texts in the structs; the
 * lists are malloc'ed.
 */
#ifndef MUNIMENT_EXINDEX_H
#define MUNIMENT_EXINDEX_H

#include "batch.h"
#include "hex.h"
#include "lines.h"
#include "result.h"

#include <stdbool.h>
#include <stdint.h>

#define EXINDEX_FILE_MAX (8u << 20)  /* bytes */
#define EXINDEX_ENTRIES_MAX 9999     /* also of items and files */
#define EXINDEX_CHECKPOINTS_MAX 1024 /* also of stamps */
#define EXINDEX_LINES_MAX 65536	     /* of `stamp`, `earlier`, `witness` each */
#define EXINDEX_PATH_MAX 24	     /* bytes of data/NNNN.ext, with NUL */
#define EXINDEX_KIND_MAX 65	     /* bytes, NUL included */
#define EXINDEX_NAME_MAX 256	     /* bytes of a key name, NUL included */
#define EXINDEX_WHO_MAX 512	     /* bytes of a witness's name, with NUL */
#define EXINDEX_BY_MAX 32	     /* bytes of the version, with NUL */

struct exindex_item {
	char id[HEX_ID_LEN + 1];
};

struct exindex_entry {
	char kind[EXINDEX_KIND_MAX];
	char device[BATCH_DEVICE_LEN + 1];
	uint64_t batch;
	uint32_t item;	   /* 0: of none */
	uint32_t original; /* the entry that its `original.entry` is; or 0 */
	bool opened;
};

struct exindex_file {
	char path[EXINDEX_PATH_MAX]; /* data/... */
	uint32_t entry;
	uint32_t n; /* files.<n> of it */
};

struct exindex_checkpoint {
	char device[BATCH_DEVICE_LEN + 1];
	uint64_t size;
};

/* Two numbers: stamp and checkpoint; an entry and the one before it. */
struct exindex_pair {
	uint32_t a, b;
};

struct exindex_witness {
	char key[EXINDEX_NAME_MAX];
	char who[EXINDEX_WHO_MAX]; /* "<name>[ of <org>]" */
};

struct exindex {
	char made[LINES_TIME_LEN + 1];
	char by[EXINDEX_BY_MAX]; /* "0.3.0" */
	char vault[65];
	uint8_t verifier[32];
	struct exindex_item *items;
	size_t n_items;
	struct exindex_entry *entries;
	size_t n_entries;
	struct exindex_file *files; /* by path */
	size_t n_files;
	struct exindex_checkpoint *checkpoints;
	size_t n_checkpoints;
	struct exindex_pair *stamps; /* by stamp, then checkpoint */
	size_t n_stamps;
	struct exindex_pair *earlier; /* by both */
	size_t n_earlier;
	struct exindex_witness *witnesses; /* by key name */
	size_t n_witnesses;
};

/*
 * The text, malloc'ed, *len bytes; the lists are taken in the order that the
 * struct says, and are not sorted here. NULL without memory.
 */
char *exindex_encode(const struct exindex *x, size_t *len);

/*
 * Read one: only what exindex_encode writes, and all numbers name something
 * that is in it; stamps are t1 to exindex_stamps without gaps.
 * exindex_free in any case.
 */
enum format_result exindex_decode(const char *text, size_t len,
				  struct exindex *out);
void exindex_free(struct exindex *x);

/* How many stamps (t1, t2, ...) there are: the greatest number. */
uint32_t exindex_stamps(const struct exindex *x);

/* "e001", "c1", "t1" */
#define EXINDEX_ID_MAX 16 /* bytes, NUL included */
void exindex_entry_id(uint32_t n, char out[EXINDEX_ID_MAX]);

/* True if a `witness` line may say this: UTF-8, no control characters. */
bool exindex_is_who(const char *who);

#endif
