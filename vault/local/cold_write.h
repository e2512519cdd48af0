/* Writing segments of the index cache, and joining them: see cold.h. */
#ifndef MUNIMENT_COLD_WRITE_H
#define MUNIMENT_COLD_WRITE_H

#include "cold.h"

/* A file of the cache that is being written. */
struct cold_writer;
/* "<dir>/<name>.age", locked to `to`. NULL with `e` filled. */
struct cold_writer *cold_writer_new(const char *dir, const char *name,
				    const struct agekey_public *to,
				    struct err *e);
int cold_write(struct cold_writer *w, const void *bytes, size_t len,
	       struct err *e);
/* Fill it up with zeros, so that its length says little of what is in it. */
int cold_pad(struct cold_writer *w, struct err *e);
/* It gets its name when it is whole. */
int cold_writer_commit(struct cold_writer *w, struct err *e);
/* Remove it if it was not committed, and free; takes NULL. */
void cold_writer_free(struct cold_writer *w);

/* A name by chance. */
void cold_name_new(char name[HEX_ID_LEN + 1]);

/* Rows that grow. */
struct cold_list {
	uint8_t *rows;
	size_t n, cap, width;
};
/* Room for one more, zeroed; NULL without memory. */
uint8_t *cold_list_add(struct cold_list *l);
void cold_list_sort(struct cold_list *l);

/* Note a record of a group; -1 without memory. */
int cold_group_add(struct cold_segment *s, const struct cold_record *r);

/*
 * Join the segments from number `first` on into one new one, `out`, whose file
 * is written; what is out there for good is left behind. -1 with `e` filled.
 */
int cold_join(struct cold *c, size_t first, const char *dir,
	      const struct agekey_public *to, struct cold_segment *out,
	      struct err *e);

#endif
