/*
 * What the parts of the index share (index*.c): how the files of a vault's
 * batches become keys and entries.
 */
#ifndef MUNIMENT_INDEX_INSIDE_H
#define MUNIMENT_INDEX_INSIDE_H

#include "index.h"

/* Room for one more of a list that doubles; 0 or -1. */
int index_room(void **list, size_t n, size_t *cap, size_t one);

/* Say something about a file; `what` is "ring" or "entry". */
void index_finding(struct index *x, struct report *to, enum report_level level,
		   const struct index_file *f, const char *what,
		   const char *why);

/*
 * The file of a batch as git holds it. ERR_EVIDENCE if it is not there or has
 * another SHA-256. Free it also after a failure.
 */
int index_file_read(struct index *x, const struct index_file *f,
		    struct gitstore_object *out, struct err *e);

/*
 * A ring that is new, and its bytes: tried with all keys that are held, else
 * it waits. -1 with `e` filled only if that cannot be known.
 */
int index_ring_take(struct index *x, const struct index_file *f,
		    const struct gitstore_object *o, struct err *e);
/* Try the rings that wait, until no new key opens a further one. */
int index_rings_retry(struct index *x, struct err *e);

/* An entry that is new: it waits for index_entries_open. */
int index_entry_wait(struct index *x, const struct index_file *f);
/* Open those from number `from` on for which there are keys. */
int index_entries_open(struct index *x, size_t from, struct err *e);
/*
 * Records that rest in the cache (index_cold.c). Those that the entries from
 * number `from` on refer to, or share an item with, are thawed.
 */
int index_thaw_related(struct index *x, size_t from, struct err *e);
/*
 * Have the keys at hand of the bulk that the entries which the cache gave share
 * with records that rest.
 */
int index_pull_shared(struct index *x, struct err *e);
/* Thaw all if not all that rest are accepted any more. -1 without memory. */
int index_thaw_doubtful(struct index *x);
/* Thaw the items whose id begins so. */
int index_thaw_named(struct index *x, const char *prefix, size_t len,
		     struct err *e);
/* Thaw one record, wherever it rests; it is put under its item. */
int index_thaw_one(struct index *x, size_t at, size_t *entry, struct err *e);
/* Is this entry a record that rests? */
bool index_is_cold(const struct index *x, const uint8_t sha256[HASH_LEN]);
/* Have the older keys of a bulk id at hand. */
int index_pull_bulk(struct index *x, const uint8_t id[HEX_ID_LEN / 2],
		    struct err *e);
/* Put an accepted record under its item. -1 without memory. */
int index_put_version(struct index *x, size_t entry);
/*
 * How many digits of an id, `len` at least, tell it from those that rest,
 * other than the one at `self`.
 */
size_t index_short_cold(const struct index *x, const char *id, size_t self,
			size_t len);

/* From what the vault has to what the index says. */
int index_catch_up(struct index *x, struct err *e);
/* Add what is wrong with those that still wait to the vault's report. */
void index_entries_report(struct index *x);

#endif
