#include "agespread.h"

#include "pool.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define CHUNKS 8 /* of a block */
#define PLAIN_LEN ((size_t)CHUNKS * AGESTREAM_CHUNK)
#define SEALED_LEN ((size_t)CHUNKS * AGESTREAM_SEALED)
#define BLOCKS 8 /* under way at a time */

struct block {
	struct pool_job job; /* first: pool.h */
	struct agespread *s;
	struct agestream *stream;
	uint64_t number; /* of its first chunk */
	size_t mark;	 /* in the pool; see pool_mark */
	bool finished;
	size_t plain_len, sealed_len; /* bytes */
	bool last;		      /* sealing: it ends the file */
	enum agespread_end end;	      /* opening: how it came out */
	/* Sealing happens in place, each chunk with room for its tag. */
	uint8_t *sealed, *plain;
};

struct agespread {
	bool seals;
	bool single; /* no threads could be had */
	struct pool *pool;
	struct block blocks[BLOCKS];
	uint64_t begun, taken; /* blocks: filled; given out */
	agefile_sink *sink;    /* sealing */
	void *ctx;
	bool ended, failed; /* opening: the source gives no more */
};

static struct block *
block_at(struct agespread *s, uint64_t n)
{
	return &s->blocks[n % BLOCKS];
}

struct agespread *
agespread_new(bool seals, const uint8_t file_key[AGESTREAM_FILE_KEY_LEN],
	      const uint8_t nonce[AGESTREAM_NONCE_LEN])
{
	struct agespread *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->seals = seals;
	for (size_t i = 0; i < BLOCKS; i++) {
		s->blocks[i].s = s;
		s->blocks[i].stream = agestream_new(seals, file_key, nonce);
		if (s->blocks[i].stream == NULL) {
			agespread_free(s);
			return NULL;
		}
	}
	return s;
}

void
agespread_free(struct agespread *s)
{
	if (s == NULL)
		return;
	pool_free(s->pool);
	for (size_t i = 0; i < BLOCKS; i++) {
		struct block *b = &s->blocks[i];

		agestream_free(b->stream);
		if (b->plain != NULL)
			secret_wipe(b->plain, PLAIN_LEN);
		else if (b->sealed != NULL)
			secret_wipe(b->sealed, SEALED_LEN);
		free(b->plain);
		free(b->sealed);
	}
	free(s);
}

/* The next block to be filled, which is free; NULL without memory. */
static struct block *
next_block(struct agespread *s)
{
	struct block *b = block_at(s, s->begun);

	if (b->sealed == NULL)
		b->sealed = malloc(SEALED_LEN);
	if (!s->seals && b->plain == NULL)
		b->plain = malloc(PLAIN_LEN);
	if (b->sealed == NULL || (!s->seals && b->plain == NULL))
		return NULL;
	b->number = s->begun * CHUNKS;
	b->finished = false;
	return b;
}

/* In a worker: seal a block's chunks where they lie. */
static int
seal_block(struct block *b, struct err *e)
{
	size_t left = b->plain_len, take;
	uint8_t *p = b->sealed;

	agestream_seek(b->stream, b->number);
	do {
		take = left < AGESTREAM_CHUNK ? left : AGESTREAM_CHUNK;
		left -= take;
		if (agestream_seal(b->stream, b->last && left == 0, p, take,
				   p) != 0)
			return err_set(e, ERR_UNKNOWN, "the cipher failed");
		p += take + AGESTREAM_TAG_LEN;
	} while (left > 0);
	b->sealed_len = (size_t)(p - b->sealed);
	return 0;
}

/*
 * One chunk of a block that is opened; false at the last one, or a bad one.
 * A chunk of full size may be the last one or not: what authenticates decides.
 */
static bool
open_chunk(struct block *b, const uint8_t *p, size_t len, bool first)
{
	uint8_t *out = b->plain + b->plain_len;
	/* an empty last chunk is right only in an empty file */
	size_t least = AGESTREAM_TAG_LEN + (first ? 0 : 1);

	if (len == AGESTREAM_SEALED &&
	    agestream_open(b->stream, false, p, len, out) == 0) {
		b->plain_len += AGESTREAM_CHUNK;
		return true;
	}
	b->end = AGESPREAD_BAD;
	if (len >= least && agestream_open(b->stream, true, p, len, out) == 0) {
		b->plain_len += len - AGESTREAM_TAG_LEN;
		b->end = AGESPREAD_LAST;
	}
	return false;
}

/* In a worker: open a block's chunks, as far as they are authentic. */
static void
open_block(struct block *b)
{
	size_t at = 0, take;
	bool more = true;

	agestream_seek(b->stream, b->number);
	b->plain_len = 0;
	b->end = AGESPREAD_GOES_ON;
	while (more && at < b->sealed_len) {
		take = b->sealed_len - at;
		if (take > AGESTREAM_SEALED)
			take = AGESTREAM_SEALED;
		more = open_chunk(b, b->sealed + at, take,
				  b->number == 0 && at == 0);
		at += take;
	}
	if (b->end == AGESPREAD_LAST && at < b->sealed_len)
		b->end = AGESPREAD_FOLLOWED;
}

static int
work(struct pool_job *j, struct err *e)
{
	struct block *b = (struct block *)j;

	if (b->s->seals)
		return seal_block(b, e);
	open_block(b);
	return 0;
}

/* In the caller's thread, in order. */
static int
done(struct pool_job *j, struct err *e)
{
	struct block *b = (struct block *)j;

	b->finished = true;
	if (!b->s->seals)
		return 0;
	return b->s->sink(b->s->ctx, b->sealed, b->sealed_len, e);
}

static void
drop(struct pool_job *j)
{
	(void)j; /* blocks are used again */
}

static const struct pool_kind kind = {work, done, drop};

/* A block that is filled goes its way; `only` if no other comes beside it. */
static int
begin(struct agespread *s, struct block *b, bool only, struct err *e)
{
	struct err why = {0};

	s->begun++;
	b->job.kind = &kind;
	if (s->pool == NULL && !only && !s->single) {
		s->pool = pool_new(BLOCKS - 1, &why);
		s->single = s->pool == NULL; /* then without */
	}
	if (s->pool != NULL) {
		int rc = pool_put(s->pool, &b->job, e);

		b->mark = pool_mark(s->pool);
		return rc;
	}
	return work(&b->job, e) != 0 ? -1 : done(&b->job, e);
}

/* Where the byte that comes next lies in a block that is sealed in place. */
static size_t
place(size_t plain)
{
	return plain / AGESTREAM_CHUNK * AGESTREAM_SEALED +
	       plain % AGESTREAM_CHUNK;
}

/* Put bytes into a block as far as they fit one chunk; how many did. */
static size_t
fill(struct block *b, const void *bytes, size_t len)
{
	size_t room = AGESTREAM_CHUNK - b->plain_len % AGESTREAM_CHUNK;
	size_t n = len < room ? len : room;

	memcpy(b->sealed + place(b->plain_len), bytes, n);
	b->plain_len += n;
	return n;
}

int
agespread_seal(struct agespread *s, const void *bytes, size_t len,
	       agefile_sink *sink, void *ctx, struct err *e)
{
	const uint8_t *p = bytes;
	struct block *b;
	size_t n;

	assert(s->seals);
	s->sink = sink;
	s->ctx = ctx;
	while (len > 0) {
		b = next_block(s);
		if (b == NULL)
			return err_set(e, ERR_UNKNOWN, "no memory to encrypt");
		/* a full block waits: it may be the last one */
		if (b->plain_len == PLAIN_LEN) {
			if (begin(s, b, false, e) != 0)
				return -1;
			block_at(s, s->begun)->plain_len = 0;
			continue;
		}
		n = fill(b, p, len);
		p += n;
		len -= n;
	}
	return 0;
}

int
agespread_finish(struct agespread *s, agefile_sink *sink, void *ctx,
		 struct err *e)
{
	struct block *b = next_block(s);

	s->sink = sink;
	s->ctx = ctx;
	if (b == NULL)
		return err_set(e, ERR_UNKNOWN, "no memory to encrypt");
	b->last = true;
	if (begin(s, b, s->begun == 0, e) != 0)
		return -1;
	return s->pool != NULL ? pool_drain(s->pool, e) : 0;
}

/* Read ahead as far as there are blocks. */
static void
read_ahead(struct agespread *s, agespread_source *source, void *ctx)
{
	struct err never;
	struct block *b;
	ssize_t n;

	while (!s->ended && s->begun - s->taken < BLOCKS) {
		b = next_block(s);
		n = b != NULL ? source(ctx, b->sealed, SEALED_LEN) : -1;
		s->failed = n < 0;
		s->ended = n < (ssize_t)SEALED_LEN;
		if (n <= 0)
			return;
		b->sealed_len = (size_t)n;
		/* opening itself cannot fail */
		if (begin(s, b, s->ended && s->begun == 0, &never) != 0)
			s->ended = s->failed = true;
		/* without threads there is nothing to be gained by more */
		if (s->pool == NULL)
			return;
	}
}

int
agespread_open(struct agespread *s, agespread_source *source, void *ctx,
	       const uint8_t **bytes, size_t *len, enum agespread_end *end)
{
	struct err never;
	struct block *b;

	assert(!s->seals);
	read_ahead(s, source, ctx);
	*len = 0;
	*end = AGESPREAD_NOTHING;
	if (s->taken == s->begun)
		return s->failed ? -1 : 0;
	b = block_at(s, s->taken++);
	if (!b->finished && pool_reach(s->pool, b->mark, &never) != 0)
		return -1;
	*bytes = b->plain;
	*len = b->plain_len;
	*end = b->end;
	return 0;
}
