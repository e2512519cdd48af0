#include "index.h"

#include "rights.h"
#include "ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {"device",  "member",  "case",
					 "record",  "custody", "retract",
					 "witness", "filler"};

#define KEYS_PER_ID 8	   /* candidates for one entry or bulk id */
#define CASE_KEYS_MAX 4096 /* case keys of one person */

/* Room for one more of a list that doubles; 0 or -1. */
static int
room(void **list, size_t n, size_t *cap, size_t one)
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
	if (room((void **)&x->infos, *key, &x->cap_infos, sizeof *x->infos) !=
	    0)
		return -1;
	x->infos[*key] = (struct index_key_info){.next = SIZE_MAX};
	return secret_append(x->keys, secret, 32);
}

size_t
index_older_key(const struct index *x, size_t key)
{
	return x->infos[key].next;
}

/* Map key of an id of 16 bytes. */
static void
short_key(const uint8_t id[16], uint8_t out[MAP_KEY_LEN])
{
	memcpy(out, id, 16);
	memset(out + 16, 0, 16);
}

size_t
index_bulk_key(const struct index *x, const char *bulk_id)
{
	uint8_t raw[16], id[MAP_KEY_LEN];
	size_t key;

	if (strlen(bulk_id) != HEX_ID_LEN || hex_decode(bulk_id, 16, raw) != 0)
		return SIZE_MAX;
	short_key(raw, id);
	return map_get(&x->bulk, id, &key) ? key : SIZE_MAX;
}

/* Keys go to the index from the ring of one batch. */
struct taking {
	struct index *x;
	size_t log;
	uint64_t batch;
};

/* A key of an entry or of bulk, beside those that were given before. */
static int
take_one_off(struct taking *t, const struct ring_key *k, struct err *e)
{
	struct index *x = t->x;
	struct map *m = k->kind == RING_ENTRY ? &x->one_off : &x->bulk;
	uint8_t id[MAP_KEY_LEN];
	size_t key, old = SIZE_MAX;

	short_key(k->id, id);
	if (map_get(m, id, &old)) {
		size_t n = 0;

		for (size_t i = old; i != SIZE_MAX; i = x->infos[i].next, n++)
			if (secret_equal(index_key(x, i), k->secret, 32))
				return 0;
		/* more can only be meant to wear the reader out */
		if (n >= KEYS_PER_ID)
			return 0;
	}
	if (index_add_key(x, k->secret, &key) != 0 || map_set(m, id, key) != 0)
		return err_set(e, ERR_UNKNOWN, "no memory");
	x->infos[key] = (struct index_key_info){t->log, t->batch, old};
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
		return err_set(e, ERR_UNKNOWN, "no memory");
	}
	x->hybrids = p;
	strcpy(x->hybrids[x->n_hybrids].case_id, k->case_id);
	strcpy(x->hybrids[x->n_hybrids].epoch, k->epoch);
	x->hybrids[x->n_hybrids++].key = key;
	return 0;
}

/* A ring that waits for a key. */
struct waiting {
	size_t log;
	uint64_t batch;
	uint8_t sha256[HASH_LEN];
	size_t tried; /* hybrids tried in vain */
};

struct rings {
	struct waiting *list;
	size_t n, cap;
	size_t last; /* the key that opened the last one */
};

/* Try all keys not tried yet. 1 if it opened, 0 if not, -1 with `e` filled. */
static int
try_ring(struct index *x, struct rings *r, struct waiting *w, struct err *e)
{
	struct log *l = &x->v->logs[w->log];
	struct taking t = {x, w->log, w->batch};
	struct vault_batch b;
	struct gitstore_object o = {0};
	int rc = 0;

	if (w->tried == x->n_hybrids)
		return 0;
	if (vault_batch(x->v, l, w->batch, &b, e) != 0)
		return -1;
	if (vault_entry_file(x->v, &b, w->sha256, &o, e) != 0) {
		vault_batch_free(&b);
		return -1;
	}
	/* the key of the last success first: most rings are of one case */
	for (size_t i = 0; rc == 0 && w->tried < x->n_hybrids; i++) {
		size_t k = i == 0 && r->last >= w->tried ? r->last : w->tried;
		struct err inner = {0};
		enum ring_result res;

		if (i > 0 || k == w->tried)
			w->tried++;
		res = ring_open(o.data, o.len, index_key(x, x->hybrids[k].key),
				x->v->id, l->device, w->batch, take_key, &t,
				&inner);
		if (res == RING_OPENED) {
			r->last = k;
			if (k > 0)
				x->cased[w->log][w->batch - 1] = 1;
			rc = 1;
		} else if (res == RING_BAD) {
			rc = err_set(e, inner.code, "%s", inner.msg);
		}
	}
	gitstore_object_free(&o);
	vault_batch_free(&b);
	return rc;
}

static void
finding(struct index *x, enum report_level level, size_t log, uint64_t batch,
	const char *what, const uint8_t sha256[HASH_LEN], const char *why)
{
	char hex[65];

	hex_encode(sha256, HASH_LEN, hex);
	report_add(
	    &x->v->report, level, "device %.12s, batch %llu: %s %.16s: %s",
	    x->v->logs[log].device, (unsigned long long)batch, what, hex, why);
}

/* Open rings until no new key opens a further one. */
static int
open_rings(struct index *x, struct rings *r, struct err *e)
{
	bool progress = true;

	while (progress) {
		progress = false;
		for (size_t i = 0; i < r->n;) {
			struct err inner = {0};
			int rc = try_ring(x, r, &r->list[i], &inner);

			if (rc == 0) {
				i++;
				continue;
			}
			if (rc < 0 && inner.code == ERR_UNKNOWN)
				return err_set(e, ERR_UNKNOWN, "%s", inner.msg);
			if (rc < 0)
				finding(x, REPORT_HISTORY, r->list[i].log,
					r->list[i].batch, "ring",
					r->list[i].sha256, inner.msg);
			progress |= rc > 0;
			memmove(&r->list[i], &r->list[i + 1],
				(--r->n - i) * sizeof *r->list);
		}
	}
	x->unopened = r->n;
	return 0;
}

static enum index_kind
kind_of(const json_t *doc)
{
	const char *s = entry_str(doc, "kind");

	for (size_t i = 0; s != NULL && i < KIND_UNKNOWN; i++)
		if (strcmp(s, kind_names[i]) == 0)
			return (enum index_kind)i;
	return KIND_UNKNOWN;
}

/* An entry must say where it stands, and its line must give its root. */
static const char *
misplaced(struct index *x, const struct entry *en, size_t log, uint64_t batch,
	  const uint8_t fields[HASH_LEN])
{
	const char *vault = entry_str(en->doc, "vault");
	const char *device = entry_str(en->doc, "device");
	const char *c = entry_str(en->doc, "case");

	if (memcmp(en->fields, fields, HASH_LEN) != 0)
		return "its fields do not agree with the root on its line";
	if (vault == NULL || strcmp(vault, x->v->id) != 0)
		return "it says that it is of another vault";
	if (device == NULL || strcmp(device, x->v->logs[log].device) != 0)
		return "it says that it is of another device";
	if ((uint64_t)json_integer_value(json_object_get(en->doc, "batch")) !=
	    batch)
		return "it says that it is of another batch";
	if (c == NULL || (strcmp(c, INDEX_VAULT) != 0 &&
			  (strlen(c) != HEX_ID_LEN || !hex_is(c, HEX_ID_LEN))))
		return "it names no case";
	if (json_integer_value(json_object_get(en->doc, "version")) != 1)
		return "it is of a later version of the format";
	return NULL;
}

/* An id names an item within its case only. */
static void
item_key(const char *id, const char *case_id, uint8_t key[MAP_KEY_LEN])
{
	char both[INDEX_CASE_MAX + HEX_ID_LEN + 2];

	snprintf(both, sizeof both, "%s %s", case_id, id);
	map_key_text(both, key);
}

static struct index_item *
find_item(struct index *x, const char *id, const char *case_id)
{
	uint8_t key[MAP_KEY_LEN];
	size_t i;

	item_key(id, case_id, key);
	return map_get(&x->by_item, key, &i) ? &x->items[i] : NULL;
}

static struct index_item *
item_slot(struct index *x, const char *id, const char *case_id)
{
	struct index_item *it = find_item(x, id, case_id);
	uint8_t key[MAP_KEY_LEN];

	if (it != NULL)
		return it;
	item_key(id, case_id, key);
	if (room((void **)&x->items, x->n_items, &x->cap_items,
		 sizeof *x->items) != 0 ||
	    map_set(&x->by_item, key, x->n_items) != 0)
		return NULL;
	it = &x->items[x->n_items++];
	memset(it, 0, sizeof *it);
	strcpy(it->id, id);
	strcpy(it->case_id, case_id);
	return it;
}

/* Take an opened entry into the index; its text moves over. */
static int
take_entry(struct index *x, struct entry *en, size_t log, uint64_t batch,
	   const uint8_t sha256[HASH_LEN], size_t key)
{
	struct index_entry *s;
	const char *item = entry_str(en->doc, "item");
	const char *seat = entry_str(en->doc, "seat");

	if (room((void **)&x->entries, x->n_entries, &x->cap_entries,
		 sizeof *x->entries) != 0 ||
	    map_set(&x->by_hash, sha256, x->n_entries) != 0)
		return -1;
	s = &x->entries[x->n_entries++];
	memset(s, 0, sizeof *s);
	memcpy(s->sha256, sha256, HASH_LEN);
	s->log = log;
	s->batch = batch;
	s->kind = kind_of(en->doc);
	strcpy(s->case_id, entry_str(en->doc, "case"));
	if (item != NULL && strlen(item) == HEX_ID_LEN &&
	    hex_is(item, HEX_ID_LEN))
		strcpy(s->item, item);
	snprintf(s->seat, sizeof s->seat, "%s", seat != NULL ? seat : "");
	s->text = en->text;
	s->text_len = en->text_len;
	en->text = NULL;
	s->key = key;
	return 0;
}

/*
 * Try the keys that rings have given for an entry. The key that opened it;
 * SIZE_MAX after saying why none did.
 */
static size_t
try_keys(struct index *x, const struct gitstore_object *o, size_t key,
	 size_t log, uint64_t batch, const uint8_t sha256[HASH_LEN],
	 struct entry *en)
{
	struct err e = {0};
	bool own = false;

	for (; key != SIZE_MAX; key = x->infos[key].next) {
		const struct index_key_info *i = &x->infos[key];

		err_clear(&e);
		if (entry_open(o->data, o->len, index_key(x, key), en, &e) == 0)
			return key;
		/* the author's own ring ought to open it */
		own |= i->log == log && i->batch == batch;
	}
	finding(x, own ? REPORT_HISTORY : REPORT_NOTE, log, batch, "entry",
		sha256, e.msg);
	return SIZE_MAX;
}

/* The case's ring must have the key of every entry of its batch. */
static void
report_keyless(struct index *x, size_t log, const struct vault_batch *b,
	       const struct batch_line *l)
{
	struct gitstore_object o = {0};

	if (vault_entry_file(x->v, b, l->sha256, &o, NULL) == 0 &&
	    !ring_is(o.data, o.len))
		finding(x, REPORT_HISTORY, log, b->n, "entry", l->sha256,
			"its author has kept its key from the case");
	gitstore_object_free(&o);
}

/* Open one entry for which a key is held, unless it is open already. */
static int
open_entry(struct index *x, size_t log, const struct vault_batch *b,
	   const struct batch_line *l, struct err *e)
{
	uint8_t id[MAP_KEY_LEN];
	struct gitstore_object o = {0};
	struct entry en = {0};
	struct err inner = {0};
	const char *why;
	size_t key, dup;
	int rc = 0;

	short_key(l->sha256, id);
	if (l->kind != BATCH_ENTRY || map_get(&x->by_hash, l->sha256, &dup))
		return 0;
	if (!map_get(&x->one_off, id, &key)) {
		if (x->cased[log][b->n - 1])
			report_keyless(x, log, b, l);
		return 0;
	}
	if (vault_entry_file(x->v, b, l->sha256, &o, &inner) != 0) {
		finding(x, REPORT_DAMAGE, log, b->n, "entry", l->sha256,
			inner.msg);
		return 0;
	}
	key = try_keys(x, &o, key, log, b->n, l->sha256, &en);
	gitstore_object_free(&o);
	if (key == SIZE_MAX)
		return 0;
	why = misplaced(x, &en, log, b->n, l->root);
	if (why != NULL)
		finding(x, REPORT_HISTORY, log, b->n, "entry", l->sha256, why);
	else if (take_entry(x, &en, log, b->n, l->sha256, key) != 0)
		rc = err_set(e, ERR_UNKNOWN, "no memory");
	entry_free(&en);
	return rc;
}

/* Open the entries of one batch for which there are keys. */
static int
open_entries(struct index *x, size_t log, uint64_t n, struct err *e)
{
	struct vault_batch b;
	int rc = 0;

	if (vault_batch(x->v, &x->v->logs[log], n, &b, e) != 0)
		return -1;
	for (size_t i = 0; i < b.b.n && rc == 0; i++)
		rc = open_entry(x, log, &b, &b.b.lines[i], e);
	vault_batch_free(&b);
	return rc;
}

/* List the rings of all batches. */
static int
list_rings(struct index *x, struct rings *r, struct err *e)
{
	for (size_t i = 0; i < x->v->n_logs; i++) {
		struct log *l = &x->v->logs[i];

		for (uint64_t n = 1; n <= l->size; n++) {
			struct vault_batch b;

			if (vault_batch(x->v, l, n, &b, e) != 0)
				return -1;
			for (size_t k = 0; k < b.b.n; k++) {
				struct gitstore_object o;
				const uint8_t *oid;

				if (b.b.lines[k].kind != BATCH_ENTRY)
					continue;
				oid = vault_batch_oid(&b, b.b.lines[k].sha256);
				if (oid == NULL ||
				    gitstore_read(x->v->git, oid, PACKFORM_BLOB,
						  &o, NULL) != 0)
					continue; /* named when it is opened */
				if (ring_is(o.data, o.len)) {
					if (room((void **)&r->list, r->n,
						 &r->cap, sizeof *r->list) != 0)
						return err_set(e, ERR_UNKNOWN,
							       "no memory");
					r->list[r->n] = (struct waiting){
					    .log = i, .batch = n};
					memcpy(r->list[r->n++].sha256,
					       b.b.lines[k].sha256, HASH_LEN);
				}
				gitstore_object_free(&o);
			}
			vault_batch_free(&b);
		}
	}
	return 0;
}

/* Put records, retractions and custody under their items. */
static int
gather_items(struct index *x, struct err *e)
{
	for (size_t i = 0; i < x->n_entries; i++) {
		struct index_entry *en = &x->entries[i];
		struct index_item *it;
		void *p;

		if (en->item[0] == '\0' || !en->accepted)
			continue;
		if (en->kind != KIND_RECORD)
			continue;
		it = item_slot(x, en->item, en->case_id);
		p = it == NULL ? NULL
			       : realloc(it->versions,
					 (it->n + 1) * sizeof *it->versions);
		if (p == NULL)
			return err_set(e, ERR_UNKNOWN, "no memory");
		it->versions = p;
		it->versions[it->n++] = i;
	}
	/* a retraction of what is not readable here makes no item */
	for (size_t i = 0; i < x->n_entries; i++) {
		struct index_entry *en = &x->entries[i];
		struct index_item *it =
		    en->kind == KIND_RETRACT && en->accepted &&
			    en->item[0] != '\0'
			? find_item(x, en->item, en->case_id)
			: NULL;

		if (it != NULL)
			it->retracted = true;
	}
	return 0;
}

struct index *
index_open(struct vault *v, const struct identity *id, struct err *e)
{
	struct index *x = calloc(1, sizeof *x);
	struct rings r = {0};
	bool ok = false;
	size_t key;

	if (x == NULL)
		goto memory;
	x->v = v;
	x->id = id;
	x->keys = secret_new(32 * 64);
	x->hybrids = calloc(1, sizeof *x->hybrids);
	x->n_logs = v->n_logs;
	x->cased = calloc(v->n_logs + 1, sizeof *x->cased);
	for (size_t i = 0; x->cased != NULL && i < v->n_logs; i++)
		if ((x->cased[i] = calloc(v->logs[i].size + 1, 1)) == NULL)
			goto memory;
	x->log_seat = calloc(v->n_logs + 1, sizeof *x->log_seat);
	if (x->keys == NULL || x->hybrids == NULL || x->cased == NULL ||
	    x->log_seat == NULL ||
	    index_add_key(x, identity_person(id), &key) != 0)
		goto memory;
	x->n_hybrids = 1;
	if (list_rings(x, &r, e) != 0 || open_rings(x, &r, e) != 0)
		goto out;
	for (size_t i = 0; i < v->n_logs; i++)
		for (uint64_t n = 1; n <= v->logs[i].size; n++) {
			if (v->progress != NULL && n % 16 == 0)
				v->progress(v->progress_ctx, "opening", n,
					    v->logs[i].size);
			if (open_entries(x, i, n, e) != 0)
				goto out;
		}
	if (rights_evaluate(x, e) != 0 || gather_items(x, e) != 0)
		goto out;
	ok = true;
	goto out;
memory:
	err_set(e, ERR_UNKNOWN, "no memory");
out:
	free(r.list);
	if (!ok) {
		index_free(x);
		x = NULL;
	}
	return x;
}

void
index_free(struct index *x)
{
	if (x == NULL)
		return;
	for (size_t i = 0; i < x->n_entries; i++)
		free(x->entries[i].text);
	for (size_t i = 0; i < x->n_seats; i++) {
		free(x->seats[i].rights);
		free(x->seats[i].card);
	}
	for (size_t i = 0; i < x->n_cases; i++)
		free(x->cases[i].epochs);
	for (size_t i = 0; i < x->n_items; i++)
		free(x->items[i].versions);
	secret_free(x->keys);
	free(x->infos);
	free(x->hybrids);
	free(x->entries);
	free(x->seats);
	free(x->cases);
	free(x->items);
	free(x->sorted_ids);
	for (size_t i = 0; x->log_seat != NULL && i < x->n_logs; i++)
		free(x->log_seat[i]);
	for (size_t i = 0; x->cased != NULL && i < x->n_logs; i++)
		free(x->cased[i]);
	free(x->cased);
	free(x->log_seat);
	map_free(&x->one_off);
	map_free(&x->bulk);
	map_free(&x->by_hash);
	map_free(&x->by_item);
	vault_batch_free(&x->batch);
	free(x);
}

bool
index_holds(const struct index *x, const char *case_id)
{
	for (size_t i = 1; i < x->n_hybrids; i++)
		if (strcmp(x->hybrids[i].case_id, case_id) == 0)
			return true;
	return false;
}

json_t *
index_doc(const struct index_entry *en)
{
	return json_loadb(en->text, en->text_len, JSON_REJECT_DUPLICATES, NULL);
}

int
index_entry_open(struct index *x, const struct index_entry *en,
		 struct entry *out, struct err *e)
{
	const struct log *l = &x->v->logs[en->log];
	struct gitstore_object o = {0};
	int rc = -1;

	memset(out, 0, sizeof *out);
	if (x->batch.log != l || x->batch.n != en->batch) {
		vault_batch_free(&x->batch);
		if (vault_batch(x->v, l, en->batch, &x->batch, e) != 0)
			return -1;
	}
	if (vault_entry_file(x->v, &x->batch, en->sha256, &o, e) == 0)
		rc = entry_open(o.data, o.len, index_key(x, en->key), out, e);
	gitstore_object_free(&o);
	return rc;
}
