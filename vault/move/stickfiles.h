/*
 * The carry files of a folder, and what this machine remembers of those that it
 * has read or written (local/sticks.age, FORMAT.md 8).
 */
#ifndef MUNIMENT_STICKFILES_H
#define MUNIMENT_STICKFILES_H

#include "carry.h"

/* One carry file, or its parts. */
struct stickfile {
	char name[256]; /* without the ending of its parts */
	char **paths;	/* n of them */
	size_t n;
	uint64_t size;		/* bytes, of all parts */
	uint8_t ends[HASH_LEN]; /* SHA-256 of its first and last 64 KiB */
	int unread; /* errno, if it cannot even be looked at; or 0 */
};
/*
 * Those in a folder, sorted by name; malloc'ed. Whatever cannot be read is
 * among them, as it may be one.
 */
int stickfiles_list(const char *folder, struct stickfile **list, size_t *n,
		    struct err *e);
void stickfiles_free(struct stickfile *list, size_t n);

enum stickfile_state {
	STICKFILE_READ,
	STICKFILE_PARTLY, /* but for devices that belong to no member yet */
	STICKFILE_WROTE,
	STICKFILE_OTHERS, /* it could not be opened */
};

/* What is remembered of one. */
struct stickrecord {
	uint64_t size;
	uint8_t ends[HASH_LEN];
	enum stickfile_state state;
	size_t keys; /* others: how many keys did not open it */
	struct carry_content content;
	uint8_t (*to)[HASH_LEN]; /* wrote: n_to recipients, as hashes */
	size_t n_to;
};
struct stickmemory {
	struct stickrecord *list;
	size_t n;
};

/* An empty one if there is none yet. */
int stickmemory_load(const char *dir, const struct identity *id,
		     struct stickmemory *m, struct err *e);
int stickmemory_save(const char *dir, const struct identity *id,
		     const struct stickmemory *m, struct err *e);
void stickmemory_free(struct stickmemory *m);
/* NULL if the file was not read yet. */
const struct stickrecord *stickmemory_find(const struct stickmemory *m,
					   const struct stickfile *f);
/*
 * A new record for a file, in place of an older one; `content` (or NULL) moves
 * over. NULL with `e` filled.
 */
struct stickrecord *stickmemory_add(struct stickmemory *m,
				    const struct stickfile *f,
				    enum stickfile_state state,
				    struct carry_content *content,
				    struct err *e);
/* Whom it was written for. -1: no memory. */
int stickmemory_for(struct stickrecord *r, const struct agekey_public *to,
		    size_t n);
/* True if it was written for all of these. */
bool stickmemory_is_for(const struct stickrecord *r,
			const struct agekey_public *to, size_t n);
/* The hash by which a recipient is remembered. */
void stickmemory_key(const struct agekey_public *to, uint8_t out[HASH_LEN]);

#endif
