/*
 * What the index cache holds of records that nothing has changed since they
 * came (FORMAT.md 8): rows in files, "segments", that are read where they are
 * needed, so that no command takes up, or looks at, what it does not touch.
 *
 * A record rests here if it counts, is the only version of its item, and
 * refers to no other; what that could make untrue is looked up when it comes
 * (index_cold.c), and then the record is thawed: it stands in the index like
 * any other.
 */
#ifndef MUNIMENT_COLD_H
#define MUNIMENT_COLD_H

#include "agepages.h"
#include "batch.h"
#include "err.h"
#include "hash.h"
#include "hex.h"
#include "secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLD_SEGMENTS_MAX 32
#define COLD_NAME_MAX 65 /* bytes of a case's or seat's id, with NUL */
#define COLD_NO_ROW UINT32_MAX

/* The parts of a segment, in this order; rows of one length each. */
enum cold_part {
	COLD_RECORDS,  /* by log, batch, hash */
	COLD_SECRETS,  /* their one-off keys, in the same order */
	COLD_BRIEFS,   /* bytes: what a list shows of each, in that order */
	COLD_TEXTS,    /* bytes: their canonical JSON, in that order */
	COLD_ITEMS,    /* item -> record */
	COLD_PLACES,   /* hash of a listed entry -> log, batch, record */
	COLD_OBJECTS,  /* hash of a listed object -> size */
	COLD_BULK,     /* bulk id -> key */
	COLD_CONTENTS, /* case, size and hash of a content -> record */
	COLD_PARTS
};
extern const size_t cold_widths[COLD_PARTS]; /* bytes of a row */
#define COLD_WIDTH_MAX 92

/* Records of one log, case and seat: they count together, or are looked at. */
struct cold_group {
	uint32_t log, case_no, seat_no;
	uint64_t least, most; /* batches */
	uint64_t n;
	uint64_t out; /* of them, those that are dead or thawed */
};

struct cold_segment {
	char name[HEX_ID_LEN + 1]; /* of its file; and its first bytes */
	struct agepages *file;
	uint64_t n[COLD_PARTS];	 /* rows */
	uint64_t at[COLD_PARTS]; /* where they begin */
	struct cold_group *groups;
	size_t n_groups;
	uint8_t *out;	/* a bit for each record: not to be read here */
	uint32_t *dead; /* records that rest here no more, for good */
	size_t n_dead;
};

struct cold {
	struct agepages_pool *pool;
	struct cold_segment list[COLD_SEGMENTS_MAX]; /* the oldest first */
	size_t n;
	char (*names)[COLD_NAME_MAX]; /* of cases and seats, by number */
	size_t n_names;
	struct err broken; /* what could not be read; for good */
	unsigned holders;
};

/* Where a record rests. */
#define COLD_AT(segment, row) ((size_t)(segment) << 32 | (size_t)(row))
#define COLD_SEGMENT(at) ((at) >> 32)
#define COLD_ROW(at) ((uint32_t)(at))

struct cold_record {
	uint32_t log;
	uint64_t batch;
	uint8_t sha256[HASH_LEN];
	uint8_t item[HEX_ID_LEN / 2];
	uint32_t case_no, seat_no;
	uint64_t brief_at, text_at;
	uint32_t brief_len, text_len;
};
struct cold_place {
	uint32_t log;
	uint64_t batch;
	size_t at; /* of the record; SIZE_MAX if it does not rest here */
};

struct cold *cold_new(void);
/* One more who needs it, and lets go of it by cold_free. */
struct cold *cold_hold(struct cold *c);
void cold_free(struct cold *c);

/* A number for a name, a new one if it has none. UINT32_MAX without memory. */
uint32_t cold_name(struct cold *c, const char *name);

/*
 * Put the parts of a segment in their places by their rows, open its file in
 * the folder `dir`, and see that it is the one: -1 with `e` filled.
 */
int cold_open(struct cold *c, struct cold_segment *s, const char *dir,
	      const struct agefile_identity *key, struct err *e);
void cold_close(struct cold_segment *s);
/* Put the parts in their places by their rows; the file's length. */
uint64_t cold_lay_out(struct cold_segment *s);

/*
 * What cannot be read is not found, and `broken` says so. Whoever relies on
 * what was not found asks for it: -1 with `e` filled.
 */
int cold_check(const struct cold *c, struct err *e);

/* Bytes of a part from row `row` on. False if it is broken. */
bool cold_rows(struct cold *c, size_t segment, enum cold_part part,
	       uint64_t row, void *out, size_t n);
/* The first row whose beginning is not less than `key`. */
uint64_t cold_find(struct cold *c, size_t segment, enum cold_part part,
		   const void *key, size_t len);

/* Where an entry is listed. False if it is not. */
bool cold_place(struct cold *c, const uint8_t sha256[HASH_LEN],
		struct cold_place *out);
bool cold_object(struct cold *c, const uint8_t sha256[HASH_LEN],
		 uint64_t *size);
bool cold_record(struct cold *c, size_t at, struct cold_record *out);
/* Has it moved into the index, or does it rest no more? */
bool cold_is_out(const struct cold *c, size_t at);
/* It rests no more, here and now (`dead` is for good). -1 without memory. */
int cold_take_out(struct cold *c, size_t at, const struct cold_record *r);
/* Its JSON or brief, malloc'ed, with a NUL behind. NULL if it is broken. */
char *cold_text(struct cold *c, size_t at, const struct cold_record *r);
char *cold_brief(struct cold *c, size_t at, const struct cold_record *r);
/* Numbers in rows: big-endian, so that rows are in the order of bytes. */
uint64_t cold_get(const uint8_t *p, size_t len);
void cold_put(uint8_t *p, size_t len, uint64_t value);
/* A row of COLD_RECORDS. */
void cold_record_decode(const uint8_t *row, struct cold_record *out);
void cold_record_encode(const struct cold_record *r, uint8_t *row);

/* Call `take` for the records whose item's id begins with these hex digits. */
typedef int cold_take(void *ctx, size_t at, const struct cold_record *r);
int cold_items(struct cold *c, const char *prefix, size_t len, cold_take *take,
	       void *ctx);
/* The keys for a bulk id, the oldest first. */
typedef int cold_key(void *ctx, const uint8_t secret[32], uint32_t log,
		     uint64_t batch);
int cold_bulk(struct cold *c, const uint8_t id[HEX_ID_LEN / 2], cold_key *take,
	      void *ctx);
/*
 * Content of a case of this size, with this hash (NULL: with any): where the
 * record rests that has it; SIZE_MAX if none does.
 */
size_t cold_content(struct cold *c, uint32_t case_no, uint64_t size,
		    const uint8_t sha256[HASH_LEN]);
/*
 * Call `take` for each content of a case that is longer than `above`, with the
 * record that has it.
 */
int cold_contents(struct cold *c, uint32_t case_no, uint64_t above,
		  cold_take *take, void *ctx);

#endif
