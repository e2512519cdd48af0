/*
 * What is cut into shares: a person's identity or a vault's root key, as one
 * run of bytes with a digest at its end, so that what was joined from the
 * wrong shares is noticed (FORMAT.md, Shares).
 */
#ifndef MUNIMENT_SHAREKEY_H
#define MUNIMENT_SHAREKEY_H

#include "identity.h"

enum sharekey_kind {
	SHAREKEY_IDENTITY = 1,
	SHAREKEY_ROOT = 2,
};

struct sharekey {
	enum sharekey_kind kind;
	struct identity *id; /* an identity; owned, or NULL */
	char vault_id[65];   /* a root key's vault */
	struct secret *seed; /* a root key, 32 bytes; owned, or NULL */
};

/* Read the file of a key. 0, or -1 with `e` filled. */
int sharekey_load(struct sharekey *k, enum sharekey_kind kind, const char *path,
		  const struct secret *pass, struct err *e);
/* Write it to a new file, locked with `pass`. work_factor 0: the usual one. */
int sharekey_save(const struct sharekey *k, const char *path,
		  const struct secret *pass, unsigned work_factor,
		  struct err *e);
/* Let go of what it holds; harmless on a zeroed one. */
void sharekey_free(struct sharekey *k);

/* The bytes to cut, as many as a share can hold; NULL with `e` filled. */
struct secret *sharekey_encode(const struct sharekey *k, struct err *e);
/* True if the digest at the end is that of what stands before it. */
bool sharekey_is_whole(const uint8_t *bytes, size_t len);
/* Read bytes that are whole. 0, or -1 with `e` filled. */
int sharekey_decode(const uint8_t *bytes, size_t len, struct sharekey *k,
		    struct err *e);

#endif
