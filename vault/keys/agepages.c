#include "agepages.h"

#include "agestream.h"
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_MAX 4096 /* bytes of a header with one stanza, and more */
#define SLOTS 48      /* chunks that are open: 3 MiB of guarded memory */

struct slot {
	const struct agepages *file; /* NULL: free */
	uint64_t chunk;
	uint64_t used; /* the greater the later */
	struct secret *plain;
};

struct agepages_pool {
	struct slot slots[SLOTS];
	uint64_t clock;
};

struct agepages {
	struct agepages_pool *pool;
	struct agestream *stream;
	int fd;
	size_t at;	   /* where the first chunk begins */
	uint64_t chunks;   /* of the file */
	uint64_t size;	   /* bytes of content */
	struct slot *last; /* the one read last */
	uint8_t sealed[AGESTREAM_SEALED];
};

struct agepages_pool *
agepages_pool_new(void)
{
	return calloc(1, sizeof(struct agepages_pool));
}

void
agepages_pool_free(struct agepages_pool *pool)
{
	if (pool == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		secret_free(pool->slots[i].plain);
	free(pool);
}

/* pread(2) until all is read, or the file ends. */
static ssize_t
read_at(int fd, void *buf, size_t len, uint64_t at)
{
	uint8_t *p = buf;
	size_t got = 0;

	while (got < len) {
		ssize_t n = pread(fd, p + got, len - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* How much content `sealed` bytes of chunks hold; -1 if none have that. */
static int
measure(struct agepages *p, uint64_t sealed)
{
	uint64_t rest = sealed % AGESTREAM_SEALED;

	p->chunks = sealed / AGESTREAM_SEALED + (rest > 0);
	if (p->chunks == 0 || (rest > 0 && rest <= AGESTREAM_TAG_LEN))
		return -1;
	p->size = sealed - p->chunks * AGESTREAM_TAG_LEN;
	return 0;
}

struct agepages *
agepages_open(const char *path, struct agepages_pool *pool,
	      const struct agefile_identity *key, struct err *e)
{
	struct agefile_from from = {.keys = key, .n = 1};
	struct agepages *p = calloc(1, sizeof *p);
	uint8_t head[HEAD_MAX];
	struct stat st;
	ssize_t n;

	if (p == NULL) {
		err_memory(e);
		return NULL;
	}
	p->pool = pool;
	p->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (p->fd < 0 || fstat(p->fd, &st) != 0 ||
	    (n = read_at(p->fd, head, sizeof head, 0)) < 0) {
		err_sys(e, "the index cache");
		goto bad;
	}
	p->stream = agefile_payload(&from, head, (size_t)n, &p->at, e);
	if (p->stream == NULL)
		goto bad;
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size < p->at ||
	    measure(p, (uint64_t)st.st_size - p->at) != 0) {
		err_set(e, ERR_EVIDENCE, "the index cache: cut off");
		goto bad;
	}
	return p;
bad:
	agepages_close(p);
	return NULL;
}

void
agepages_close(struct agepages *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		if (p->pool->slots[i].file == p)
			p->pool->slots[i].file = NULL;
	agestream_free(p->stream);
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

uint64_t
agepages_size(const struct agepages *p)
{
	return p->size;
}

/* The slot with this chunk; or else the one to take for it. */
static struct slot *
find_slot(struct agepages *p, uint64_t chunk)
{
	struct slot *oldest = &p->pool->slots[0];

	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &p->pool->slots[i];

		if (s->file == p && s->chunk == chunk)
			return s;
		if (s->file == NULL
			? oldest->file != NULL
			: oldest->file != NULL && s->used < oldest->used)
			oldest = s;
	}
	return oldest;
}

static int
open_chunk(struct agepages *p, struct slot *s, uint64_t chunk, struct err *e)
{
	ssize_t n;

	s->file = NULL;
	if (s->plain == NULL &&
	    (s->plain = secret_new(AGESTREAM_CHUNK)) == NULL)
		return err_memory(e);
	n = read_at(p->fd, p->sealed, sizeof p->sealed,
		    p->at + chunk * AGESTREAM_SEALED);
	if (n < 0)
		return err_sys(e, "the index cache");
	agestream_seek(p->stream, chunk);
	if (n < AGESTREAM_TAG_LEN ||
	    agestream_open(p->stream, chunk + 1 == p->chunks, p->sealed,
			   (size_t)n, s->plain->bytes) != 0)
		return err_set(e, ERR_EVIDENCE, "the index cache: damaged");
	s->plain->len = (size_t)n - AGESTREAM_TAG_LEN;
	s->file = p;
	s->chunk = chunk;
	return 0;
}

int
agepages_read(struct agepages *p, uint64_t at, void *out, size_t len,
	      struct err *e)
{
	uint8_t *to = out;

	if (at > p->size || len > p->size - at)
		return err_set(e, ERR_EVIDENCE, "the index cache: cut off");
	while (len > 0) {
		uint64_t chunk = at / AGESTREAM_CHUNK;
		size_t from = (size_t)(at % AGESTREAM_CHUNK), n;
		struct slot *s = p->last;

		if (s == NULL || s->file != p || s->chunk != chunk)
			s = find_slot(p, chunk);
		if ((s->file != p || s->chunk != chunk) &&
		    open_chunk(p, s, chunk, e) != 0)
			return -1;
		p->last = s;
		s->used = ++p->pool->clock;
		n = s->plain->len - from;
		n = n < len ? n : len;
		memcpy(to, s->plain->bytes + from, n);
		to += n;
		at += n;
		len -= n;
	}
	return 0;
}
