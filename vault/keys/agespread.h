/*
 * The payload of a large age file, sealed or opened on all cores.
 *
 * Chunks depend on each other by nothing but their number, so blocks of some
 * chunks each are jobs of a pool (pool.h). The caller's thread alone reads and
 * writes, in order. What fits one block starts no threads.
 */
#ifndef MUNIMENT_AGESPREAD_H
#define MUNIMENT_AGESPREAD_H

#include "agefile.h"
#include "agestream.h"

struct agespread;

/*
 * For one file, whose key and nonce these are; it either seals or opens. NULL
 * without memory. The free waits for jobs that are under way, and wipes; it
 * takes NULL.
 */
struct agespread *agespread_new(bool seals,
				const uint8_t file_key[AGESTREAM_FILE_KEY_LEN],
				const uint8_t nonce[AGESTREAM_NONCE_LEN]);
void agespread_free(struct agespread *s);

/*
 * Seal `len` bytes more. What is sealed goes to `sink`, the same in every
 * call, at this call or a later one. 0, or -1 with `e` filled: then there is
 * only the free.
 */
int agespread_seal(struct agespread *s, const void *bytes, size_t len,
		   agefile_sink *sink, void *ctx, struct err *e);
/* Seal the last chunk, and give all that is left to the sink. Call once. */
int agespread_finish(struct agespread *s, agefile_sink *sink, void *ctx,
		     struct err *e);

/* What stands behind the bytes that agespread_open gives. */
enum agespread_end {
	AGESPREAD_GOES_ON,  /* more chunks, or should be */
	AGESPREAD_LAST,	    /* their last chunk was the file's last */
	AGESPREAD_FOLLOWED, /* so it was, and something follows it */
	AGESPREAD_BAD,	    /* a chunk that is not authentic as the next */
	AGESPREAD_NOTHING,  /* no bytes are given: the source has ended */
};

/*
 * Fills buf with `len` sealed bytes, fewer only at the end of the file; how
 * many, or -1, and keeps the reason.
 */
typedef ssize_t agespread_source(void *ctx, uint8_t *buf, size_t len);

/*
 * Open the next block: its authentic bytes, *len of them, stay until the next
 * call. The source, the same in every call, is read ahead of that. 0, or -1:
 * all that came before the source failed has been given.
 */
int agespread_open(struct agespread *s, agespread_source *source, void *ctx,
		   const uint8_t **bytes, size_t *len, enum agespread_end *end);

#endif
