/* Keys off rings: see index_inside.h. */
#include "index_inside.h"

#include "ring.h"

#include <stdlib.h>
#include <string.h>

#define KEYS_PER_ID 8	   /* candidates for one id, from one source */
#define KEYS_PER_BULK 1024 /* candidates for one bulk id */
#define CASE_KEYS_MAX 4096 /* case keys of one person */
#define READY_MAX 512	   /* those of them that are made ready */

int
index_room(void **list, size_t n, size_t *cap, size_t one)
{
	size_t more;
	void *p;

	if (n < *cap)
		return 0;
	more = *cap > 0 ? 2 * *cap : 64;
	p = realloc(*list, more * one);
	if (p == NULL)
		return -1;
	*list = p;
	*cap = more;
	return 0;
}

const uint8_t *
index_key(const struct index *x, size_t key)
{
	return x->keys->bytes + 32 * key;
}

int
index_add_key(struct index *x, const uint8_t secret[32], size_t *key)
{
	*key = x->keys->len / 32;
	if (index_room((void **)&x->infos, *key, &x->cap_infos,
		       sizeof *x->infos) != 0)
		return -1;
	x->infos[*key] = (struct index_key_info){.next = SIZE_MAX};
	return secret_append(x->keys, secret, 32);
}

size_t
index_older_key(const struct index *x, size_t key)
{
	return x->infos[key].next;
}

size_t
index_bulk_key(const struct index *x, const char *bulk_id)
{
	uint8_t id[MAP_KEY_LEN] = {0};
	size_t key;

	if (strlen(bulk_id) != HEX_ID_LEN || hex_decode(bulk_id, 16, id) != 0)
		return SIZE_MAX;
	return map_get(&x->bulk, id, &key) ? key : SIZE_MAX;
}

bool
index_holds(const struct index *x, const char *case_id)
{
	for (size_t i = 1; i < x->n_hybrids; i++)
		if (strcmp(x->hybrids[i].case_id, case_id) == 0)
			return true;
	return false;
}

/* Keys go to the index from this ring. */
struct taking {
	struct index *x;
	const struct index_file *ring;
};

/* Does the ring stand in the batch of the entry that it gives a key for? */
static bool
is_own(const struct taking *t, const uint8_t id[16])
{
	struct vault *v = t->x->v;
	struct vault_batch b;
	bool own = false;

	if (vault_batch(v, &v->logs[t->ring->log], t->ring->batch, &b, NULL) !=
	    0)
		return false;
	for (size_t i = 0; i < b.b.n && !own; i++)
		own = b.b.lines[i].kind == BATCH_ENTRY &&
		      memcmp(b.b.lines[i].sha256, id, 16) == 0;
	vault_batch_free(&b);
	return own;
}

/*
 * More candidates can only be meant to wear the reader out. But strangers'
 * wrong keys must not keep out the right one: that of an entry is on its
 * author's own ring; that of bulk may be on any.
 */
static bool
is_enough(const struct taking *t, const struct ring_key *k, size_t newest)
{
	const struct index *x = t->x;
	size_t n = 0, same = 0;

	for (size_t i = newest; i != SIZE_MAX; i = x->infos[i].next, n++)
		same += x->infos[i].log == t->ring->log &&
			(k->kind == RING_BULK ||
			 x->infos[i].batch == t->ring->batch);
	if (n < KEYS_PER_ID)
		return false;
	if (same >= KEYS_PER_ID)
		return true;
	return k->kind == RING_BULK ? n >= KEYS_PER_BULK : !is_own(t, k->id);
}

/* A key of an entry or of bulk, beside those that were given before. */
static int
take_one_off(struct taking *t, const struct ring_key *k, struct err *e)
{
	struct index *x = t->x;
	struct map *m = k->kind == RING_ENTRY ? &x->one_off : &x->bulk;
	uint8_t id[MAP_KEY_LEN] = {0};
	size_t key, old = SIZE_MAX;

	memcpy(id, k->id, sizeof k->id);
	if (k->kind == RING_BULK && index_pull_bulk(x, k->id, e) != 0)
		return -1;
	if (!map_get(m, id, &old))
		old = SIZE_MAX;
	for (size_t i = old; i != SIZE_MAX; i = x->infos[i].next)
		if (secret_equal(index_key(x, i), k->secret, 32))
			return 0;
	if (is_enough(t, k, old))
		return 0;
	if (index_add_key(x, k->secret, &key) != 0 || map_set(m, id, key) != 0)
		return err_memory(e);
	x->infos[key] =
	    (struct index_key_info){t->ring->log, t->ring->batch, old, false};
	return 0;
}

/* A key off a ring. */
static int
take_key(void *ctx, const struct ring_key *k, struct err *e)
{
	struct taking *t = ctx;
	struct index *x = t->x;
	size_t key;
	void *p;

	if (k->kind != RING_CASE)
		return take_one_off(t, k, e);
	for (size_t i = 1; i < x->n_hybrids; i++)
		if (strcmp(x->hybrids[i].case_id, k->case_id) == 0 &&
		    secret_equal(index_key(x, x->hybrids[i].key), k->secret,
				 32))
			return 0;
	if (x->n_hybrids >= CASE_KEYS_MAX)
		return 0;
	p = realloc(x->hybrids, (x->n_hybrids + 1) * sizeof *x->hybrids);
	if (p == NULL || index_add_key(x, k->secret, &key) != 0) {
		x->hybrids = p != NULL ? p : x->hybrids;
		return err_memory(e);
	}
	x->hybrids = p;
	/* the cache keeps it as it is */
	memset(&x->hybrids[x->n_hybrids], 0, sizeof *x->hybrids);
	strcpy(x->hybrids[x->n_hybrids].case_id, k->case_id);
	strcpy(x->hybrids[x->n_hybrids].epoch, k->epoch);
	x->hybrids[x->n_hybrids++].key = key;
	return 0;
}

/* Make the hybrid keys ready that are not yet. How many are. */
static size_t
make_ready(struct index *x)
{
	size_t n = x->n_hybrids < READY_MAX ? x->n_hybrids : READY_MAX;
	struct secret *one = NULL;

	if (x->ready == NULL)
		x->ready = secret_new(8 * AGEKEY_READY_LEN);
	for (size_t i = x->ready == NULL ? n : x->ready->len / AGEKEY_READY_LEN;
	     i < n; i++) {
		if (one == NULL)
			one = secret_new(AGEKEY_READY_LEN);
		if (one == NULL)
			break;
		agekey_ready(index_key(x, x->hybrids[i].key), one->bytes);
		if (secret_append(x->ready, one->bytes, AGEKEY_READY_LEN) != 0)
			break;
	}
	secret_free(one);
	return x->ready == NULL ? 0 : x->ready->len / AGEKEY_READY_LEN;
}

/* The hybrid keys that were not tried on a ring yet. */
struct tries {
	struct agefile_identity *keys;
	const uint8_t **ready;
	size_t *numbers;
	size_t n;
};

static void
tries_free(struct tries *t)
{
	free(t->keys);
	free(t->ready);
	free(t->numbers);
}

static int
tries_list(struct index *x, size_t from, struct tries *t)
{
	size_t n = x->n_hybrids - from, ready = make_ready(x);

	t->n = n;
	t->keys = calloc(n, sizeof *t->keys);
	t->ready = calloc(n, sizeof *t->ready);
	t->numbers = calloc(n, sizeof *t->numbers);
	if (t->keys == NULL || t->ready == NULL || t->numbers == NULL) {
		tries_free(t);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		t->numbers[i] = from + i;
	/* the key of the last success first: most rings are of one case */
	if (x->last_hybrid >= from) {
		t->numbers[0] = x->last_hybrid;
		t->numbers[x->last_hybrid - from] = from;
	}
	for (size_t i = 0; i < n; i++) {
		size_t k = t->numbers[i];

		t->keys[i].kind = AGEKEY_HYBRID;
		t->keys[i].secret = index_key(x, x->hybrids[k].key);
		t->ready[i] =
		    k < ready ? x->ready->bytes + k * AGEKEY_READY_LEN : NULL;
	}
	return 0;
}

/*
 * Try the keys that were not tried yet. 1 if it opened, 0 if not, -1 with `e`
 * filled.
 */
static int
try_ring(struct index *x, struct index_file *f, const struct gitstore_object *o,
	 struct err *e)
{
	const struct log *l = &x->v->logs[f->log];
	struct taking t = {x, f};
	struct agefile_from with = {0};
	struct tries list;
	size_t which = 0;
	int rc = -1;

	if (tries_list(x, f->tried, &list) != 0)
		return err_memory(e);
	f->tried = x->n_hybrids;
	with.keys = list.keys;
	with.ready = list.ready;
	with.n = list.n;
	with.which = &which;
	switch (ring_open(o->data, o->len, &with, x->v->id, l->device, f->batch,
			  take_key, &t, e)) {
	case RING_OPENED:
		x->last_hybrid = list.numbers[which];
		if (x->last_hybrid > 0)
			x->cased[f->log][f->batch - 1] = 1;
		rc = 1;
		break;
	case RING_NOT_OURS:
		rc = 0;
		break;
	case RING_BAD:
		break;
	}
	tries_free(&list);
	return rc;
}

/* The same, with what to do about a bad ring: 1 if it need not wait. */
static int
judge_ring(struct index *x, struct index_file *f,
	   const struct gitstore_object *o, struct err *e)
{
	struct err inner = {0};
	int rc = try_ring(x, f, o, &inner);

	if (rc >= 0)
		return rc;
	if (inner.code == ERR_UNKNOWN)
		return err_set(e, ERR_UNKNOWN, "%s", inner.msg);
	index_finding(x, &x->findings, REPORT_HISTORY, f, "ring", inner.msg);
	return 1;
}

int
index_ring_take(struct index *x, const struct index_file *f,
		const struct gitstore_object *o, struct err *e)
{
	struct index_file ring = *f;
	int rc = judge_ring(x, &ring, o, e);

	if (rc != 0)
		return rc > 0 ? 0 : -1;
	if (index_room((void **)&x->rings.list, x->rings.n, &x->rings.cap,
		       sizeof *x->rings.list) != 0)
		return err_memory(e);
	x->rings.list[x->rings.n++] = ring;
	return 0;
}

/* One that waits; what cannot be read now has been read before. */
static int
retry(struct index *x, struct index_file *f, struct err *e)
{
	struct gitstore_object o = {0};
	struct err inner = {0};
	int rc = 1;

	if (f->tried == x->n_hybrids)
		return 0;
	if (index_file_read(x, f, &o, &inner) == 0)
		rc = judge_ring(x, f, &o, e);
	else
		index_finding(x, &x->findings, REPORT_HISTORY, f, "ring",
			      inner.msg);
	gitstore_object_free(&o);
	return rc;
}

int
index_rings_retry(struct index *x, struct err *e)
{
	size_t before;

	do {
		size_t kept = 0;

		before = x->n_hybrids;
		for (size_t i = 0; i < x->rings.n; i++) {
			int rc = retry(x, &x->rings.list[i], e);

			if (rc < 0)
				return -1;
			if (rc == 0)
				x->rings.list[kept++] = x->rings.list[i];
		}
		x->rings.n = kept;
	} while (x->n_hybrids > before);
	x->unopened = x->rings.n;
	return 0;
}
