#include "segments.h"

#include "cutter.h"
#include "index_inside.h"
#include "map.h"
#include "object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 4 /* held segments that one is compared with */
#define BUFFERS (UINT64_C(48) << 20)	    /* bytes of all segments at work */
#define COARSE (OBJECT_SEGMENTS_MAX - 2048) /* then they are no more short */
#define SLAB 128			    /* keys in one piece of memory */

/* A segment that the case holds. */
struct held {
	uint8_t sha256[HASH_LEN]; /* of the object */
	uint64_t len, offset;	  /* of the content, in its file */
	char bulk[HEX_ID_LEN + 1];
	const uint8_t *secret; /* NULL: it was not looked for yet */
	bool fresh;	       /* of this command */
	size_t next;	       /* another of this length; SIZE_MAX if none */
};

/* A buffer that holds what is read, until it is a segment's. */
struct buffer {
	uint8_t *bytes;
	size_t cap, used; /* used: bytes that ever were */
};

struct segments {
	struct index *x;
	struct writer *w;
	struct pool *pool; /* the writer's */
	struct cutter *cutter;
	struct held *held;
	size_t n_held, cap_held;
	struct map by_sha256, by_len; /* -> held, the newest */
	struct secret **slabs;	      /* of the keys that are made here */
	size_t n_keys;
	bool forget; /* such a key is forgotten when it is on its ring */

	/* the file at hand */
	json_t *list;
	size_t n; /* segments put in so far */
	uint64_t offset;
	bool whole; /* it is one segment: its SHA-256 has told if it is new */
	struct buffer at;  /* the segment that is being read */
	size_t have, seen; /* bytes in it; those that were looked at */

	struct buffer spare[POOL_DEPTH_MAX];
	size_t n_spare;
};

/* One segment at work. */
struct job {
	struct pool_job job; /* first */
	struct segments *s;
	struct buffer buf;
	size_t len;
	uint64_t offset;
	uint8_t *secret; /* for its identity */
	json_t *list;	 /* of its file */
	struct held like[TRIES];
	size_t n_like;
	/* what came of it */
	uint8_t sha256[HASH_LEN];
	uint64_t size;
	char bulk[HEX_ID_LEN + 1];
	bool shared;
};

static void
len_key(uint64_t len, uint8_t key[MAP_KEY_LEN])
{
	memset(key, 0, MAP_KEY_LEN);
	memcpy(key, &len, sizeof len);
}

/* The identity of the epoch that is written to, if it is held. */
static const uint8_t *
epoch_secret(const struct index *x, const char *case_id, const char **epoch)
{
	const struct index_epoch *ep = index_epoch(x, case_id);

	for (size_t i = 1; ep != NULL && i < x->n_hybrids; i++) {
		if (strcmp(x->hybrids[i].case_id, case_id) != 0 ||
		    strcmp(x->hybrids[i].epoch, ep->id) != 0)
			continue;
		*epoch = ep->id;
		return index_key(x, x->hybrids[i].key);
	}
	return NULL;
}

/* FORMAT.md 5: the key for cutting, from that of the epoch. */
static struct cutter *
make_cutter(const struct index *x, const char *case_id)
{
	const char *epoch = NULL;
	const uint8_t *secret = epoch_secret(x, case_id, &epoch);
	struct secret *key = secret_new(CUTTER_KEY_LEN);
	struct cutter *c = NULL;
	char text[128];

	if (key == NULL)
		return NULL;
	if (secret != NULL) {
		snprintf(text, sizeof text, "muniment/cut/v1 %s %s", case_id,
			 epoch);
		hash_hmac(secret, AGEKEY_SECRET_LEN, text, strlen(text),
			  key->bytes);
	} else {
		secret_random(key->bytes, CUTTER_KEY_LEN);
	}
	c = cutter_new(key->bytes);
	secret_free(key);
	return c;
}

struct segments *
segments_new(struct index *x, struct writer *w, const char *case_id,
	     struct err *e)
{
	struct segments *s = calloc(1, sizeof *s);

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	s->x = x;
	s->w = w;
	s->forget = x->n_hybrids == 0; /* no person has sat down */
	s->pool = writer_pool(w, e);
	s->cutter = make_cutter(x, case_id);
	if (s->pool != NULL && s->cutter != NULL)
		return s;
	err_memory(e);
	segments_free(s);
	return NULL;
}

static void
buffer_free(struct buffer *b)
{
	if (b->bytes != NULL)
		secret_wipe(b->bytes, b->used);
	free(b->bytes);
	memset(b, 0, sizeof *b);
}

void
segments_free(struct segments *s)
{
	if (s == NULL)
		return;
	/* jobs that are left use what is here */
	if (s->pool != NULL)
		(void)pool_drain(s->pool, NULL);
	cutter_free(s->cutter);
	buffer_free(&s->at);
	for (size_t i = 0; i < s->n_spare; i++)
		buffer_free(&s->spare[i]);
	for (size_t i = 0; i * SLAB < s->n_keys; i++)
		secret_free(s->slabs[i]);
	free(s->slabs);
	map_free(&s->by_sha256);
	map_free(&s->by_len);
	free(s->held);
	free(s);
}

/* Remember a segment; its place among those of its length is the first. */
static int
hold(struct segments *s, const struct held *h)
{
	uint8_t key[MAP_KEY_LEN];
	size_t at;

	if (map_get(&s->by_sha256, h->sha256, &at))
		return 0;
	if (s->n_held == s->cap_held) {
		size_t cap = s->cap_held > 0 ? 2 * s->cap_held : 256;
		void *p = realloc(s->held, cap * sizeof *s->held);

		if (p == NULL)
			return -1;
		s->held = p;
		s->cap_held = cap;
	}
	s->held[s->n_held] = *h;
	len_key(h->len, key);
	if (!map_get(&s->by_len, key, &at))
		at = SIZE_MAX;
	s->held[s->n_held].next = at;
	if (map_set(&s->by_sha256, h->sha256, s->n_held) != 0 ||
	    map_set(&s->by_len, key, s->n_held) != 0)
		return -1;
	s->n_held++;
	return 0;
}

int
segments_held(struct segments *s, uint64_t *offset, const char *text)
{
	struct held h = {.offset = *offset};

	if (object_segment_parse(text, h.sha256, &h.len, h.bulk) != 0)
		return 0;
	*offset += h.len;
	return hold(s, &h);
}

/* Guarded memory for one more key, which stays where it is. */
static uint8_t *
key_room(struct segments *s)
{
	size_t slab = s->n_keys / SLAB;

	if (s->n_keys % SLAB == 0) {
		void *p = realloc(s->slabs, (slab + 1) * sizeof *s->slabs);

		if (p == NULL)
			return NULL;
		s->slabs = p;
		s->slabs[slab] = secret_new((size_t)SLAB * AGEKEY_SECRET_LEN);
		if (s->slabs[slab] == NULL)
			return NULL;
	}
	return s->slabs[slab]->bytes + s->n_keys++ % SLAB * AGEKEY_SECRET_LEN;
}

/*
 * Have the key of a held segment at hand: a copy, as the index's own keys move
 * when it comes to know more of them.
 */
static bool
has_key(struct segments *s, struct held *h)
{
	uint8_t id[HEX_ID_LEN / 2], *secret;
	size_t key;

	if (h->secret != NULL)
		return true;
	if (hex_decode(h->bulk, sizeof id, id) != 0 ||
	    index_pull_bulk(s->x, id, NULL) != 0)
		return false;
	key = index_bulk_key(s->x, h->bulk);
	secret = key != SIZE_MAX ? key_room(s) : NULL;
	if (secret == NULL)
		return false;
	memcpy(secret, index_key(s->x, key), AGEKEY_SECRET_LEN);
	h->secret = secret;
	return true;
}

/*
 * Those that a segment may be the same as: of its length, rather the one at the
 * same place in its file, then the newest.
 */
static void
find_like(struct segments *s, struct job *j)
{
	uint8_t key[MAP_KEY_LEN];
	size_t first, same, i;

	len_key(j->len, key);
	if (s->whole || !map_get(&s->by_len, key, &first))
		return;
	for (i = first; i != SIZE_MAX; i = s->held[i].next)
		if (s->held[i].offset == j->offset && has_key(s, &s->held[i])) {
			j->like[j->n_like++] = s->held[i];
			break;
		}
	same = i;
	for (i = first; i != SIZE_MAX && j->n_like < TRIES; i = s->held[i].next)
		if (i != same && has_key(s, &s->held[i]))
			j->like[j->n_like++] = s->held[i];
}

/* Is this the content of a held segment? It is opened to see. */
static bool
is_like(const struct job *j, const struct held *h)
{
	uint8_t *content = NULL;
	bool same;

	if ((h->fresh ? object_read_new : object_read)(
		j->s->x->v, h->sha256, h->secret, j->len, &content, NULL) != 0)
		return false;
	same = memcmp(content, j->buf.bytes, j->len) == 0;
	secret_wipe(content, j->len);
	free(content);
	return same;
}

static int
work(struct pool_job *p, struct err *e)
{
	struct job *j = (struct job *)p;
	struct agekey_public to;
	uint8_t raw[HEX_ID_LEN / 2];

	for (size_t i = 0; i < j->n_like; i++) {
		if (!is_like(j, &j->like[i]))
			continue;
		memcpy(j->sha256, j->like[i].sha256, HASH_LEN);
		strcpy(j->bulk, j->like[i].bulk);
		j->shared = true;
		return 0;
	}
	agekey_generate(AGEKEY_X25519, j->secret, &to);
	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, j->bulk);
	return object_write(j->s->x->v, &to, j->buf.bytes, j->len, j->sha256,
			    &j->size, e);
}

/* It is in the batch: what comes after may be like it. */
static int
hold_own(struct segments *s, const struct job *j)
{
	struct held h = {.len = j->len, .offset = j->offset, .fresh = true};

	if (s->forget)
		return 0;
	memcpy(h.sha256, j->sha256, HASH_LEN);
	strcpy(h.bulk, j->bulk);
	h.secret = j->secret;
	return hold(s, &h);
}

static int
done(struct pool_job *p, struct err *e)
{
	struct job *j = (struct job *)p;
	struct segments *s = j->s;
	char hex[65], line[160];

	if (j->shared)
		writer_release(s->w);
	else if (writer_object(s->w, j->sha256, j->size, j->bulk, j->secret,
			       e) != 0)
		return -1;
	else if (hold_own(s, j) != 0)
		return err_memory(e);
	hex_encode(j->sha256, HASH_LEN, hex);
	snprintf(line, sizeof line, "%s %zu %s", hex, j->len, j->bulk);
	return json_array_append_new(j->list, json_string(line)) == 0
		   ? 0
		   : err_memory(e);
}

static void
drop(struct pool_job *p)
{
	struct job *j = (struct job *)p;
	struct segments *s = j->s;

	if (s->forget)
		secret_wipe(j->secret, AGEKEY_SECRET_LEN);
	if (s->n_spare < POOL_DEPTH_MAX)
		s->spare[s->n_spare++] = j->buf;
	else
		buffer_free(&j->buf);
	json_decref(j->list);
	free(j);
}

static const struct pool_kind kind = {work, done, drop};

/* A buffer for a segment of the file at hand. */
static int
take_buffer(struct segments *s, struct buffer *b, struct err *e)
{
	size_t need = cutter_max(s->cutter) + SEGMENTS_PIECE;

	memset(b, 0, sizeof *b);
	if (s->n_spare > 0)
		*b = s->spare[--s->n_spare];
	if (b->cap >= need)
		return 0;
	buffer_free(b);
	b->bytes = malloc(need);
	b->cap = need;
	return b->bytes != NULL ? 0 : err_memory(e);
}

void
segments_begin(struct segments *s, uint64_t size, json_t *list)
{
	cutter_begin(s->cutter, size);
	if (s->at.cap < cutter_max(s->cutter) + SEGMENTS_PIECE)
		buffer_free(&s->at);
	s->whole = size <= cutter_max(s->cutter);
	s->list = list;
	s->n = s->have = s->seen = 0;
	s->offset = 0;
}

uint8_t *
segments_room(struct segments *s, struct err *e)
{
	if (s->at.bytes == NULL && take_buffer(s, &s->at, e) != 0)
		return NULL;
	return s->at.bytes + s->have;
}

/* The first `len` bytes that are here are a segment. */
static int
put_segment(struct segments *s, size_t len, struct err *e)
{
	struct job *j = calloc(1, sizeof *j);
	size_t at_work = (size_t)(BUFFERS / cutter_max(s->cutter));
	struct buffer full = s->at;

	if (j == NULL || (j->secret = key_room(s)) == NULL) {
		free(j);
		return err_memory(e);
	}
	j->job.kind = &kind;
	j->s = s;
	j->len = len;
	j->offset = s->offset;
	if (writer_reserve(s->w, e) != 0 ||
	    pool_wait(s->pool, at_work - 1, e) != 0 ||
	    take_buffer(s, &j->buf, e) != 0) {
		free(j);
		return -1;
	}
	memcpy(j->buf.bytes, s->at.bytes + len, s->have - len);
	if (j->buf.used < s->have - len)
		j->buf.used = s->have - len;
	s->at = j->buf;
	j->buf = full;
	s->have -= len;
	s->seen = 0;
	s->offset += len;
	if (++s->n == COARSE)
		cutter_coarse(s->cutter);
	j->list = json_incref(s->list);
	find_like(s, j);
	return pool_put(s->pool, &j->job, e);
}

int
segments_put(struct segments *s, size_t n, struct err *e)
{
	size_t len;

	s->have += n;
	if (s->at.used < s->have)
		s->at.used = s->have;
	for (;;) {
		size_t max = cutter_max(s->cutter);
		size_t have = s->have < max ? s->have : max;

		len = cutter_find(s->cutter, s->at.bytes, s->seen, have);
		s->seen = have;
		if (len == 0)
			return 0;
		if (put_segment(s, len, e) != 0)
			return -1;
	}
}

int
segments_end(struct segments *s, struct err *e)
{
	return s->have > 0 ? put_segment(s, s->have, e) : 0;
}
