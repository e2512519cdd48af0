#include "index_inside.h"

#include "cache.h"
#include "handed.h"
#include "local.h"
#include "rights.h"
#include "ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REMEMBERED 64 /* entries that are worth writing the cache for */

/* An id names an item within its case only. */
static void
item_key(const char *id, const char *case_id, uint8_t key[MAP_KEY_LEN])
{
	char both[INDEX_CASE_MAX + HEX_ID_LEN + 2];

	snprintf(both, sizeof both, "%s %s", case_id, id);
	map_key_text(both, key);
}

struct index_item *
index_item(const struct index *x, const char *id, const char *case_id)
{
	uint8_t key[MAP_KEY_LEN];
	size_t i;

	item_key(id, case_id, key);
	return map_get(&x->by_item, key, &i) ? &x->items[i] : NULL;
}

static struct index_item *
item_slot(struct index *x, const char *id, const char *case_id)
{
	struct index_item *it = index_item(x, id, case_id);
	uint8_t key[MAP_KEY_LEN];

	if (it != NULL)
		return it;
	item_key(id, case_id, key);
	if (index_room((void **)&x->items, x->n_items, &x->cap_items,
		       sizeof *x->items) != 0 ||
	    map_set(&x->by_item, key, x->n_items) != 0)
		return NULL;
	it = &x->items[x->n_items++];
	memset(it, 0, sizeof *it);
	strcpy(it->id, id);
	strcpy(it->case_id, case_id);
	return it;
}

/* Numbers of entries by branch, batch and hash: whatever was read first. */
static int
by_place(const void *a, const void *b, void *ctx)
{
	const struct index *x = ctx;
	const struct index_entry *p = &x->entries[*(const size_t *)a];
	const struct index_entry *q = &x->entries[*(const size_t *)b];
	int order =
	    strcmp(x->v->logs[p->log].branch, x->v->logs[q->log].branch);

	if (order == 0)
		order = (p->batch > q->batch) - (p->batch < q->batch);
	return order != 0 ? order : memcmp(p->sha256, q->sha256, HASH_LEN);
}

static void
forget_items(struct index *x)
{
	for (size_t i = 0; i < x->n_items; i++)
		free(x->items[i].versions);
	x->n_items = 0;
	map_free(&x->by_item);
	free(x->sorted_ids);
	x->sorted_ids = NULL;
}

int
index_put_version(struct index *x, size_t entry)
{
	const struct index_entry *en = &x->entries[entry];
	struct index_item *it = item_slot(x, en->item, en->case_id);
	void *p = it == NULL ? NULL
			     : realloc(it->versions,
				       (it->n + 1) * sizeof *it->versions);

	if (p == NULL)
		return -1;
	it->versions = p;
	it->versions[it->n++] = entry;
	return 0;
}

/* Put records under their items. */
static int
gather_versions(struct index *x)
{
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];

		if (en->item[0] != '\0' && en->accepted &&
		    en->kind == KIND_RECORD && index_put_version(x, i) != 0)
			return -1;
	}
	for (size_t i = 0; i < x->n_items; i++)
		if (x->items[i].n > 1)
			qsort_r(x->items[i].versions, x->items[i].n,
				sizeof *x->items[i].versions, by_place, x);
	return 0;
}

static int
gather_items(struct index *x, struct err *e)
{
	forget_items(x);
	if (gather_versions(x) != 0)
		return err_memory(e);
	/* a retraction of what is not readable here makes no item */
	for (size_t i = 0; i < x->n_entries; i++) {
		struct index_entry *en = &x->entries[i];
		struct index_item *it =
		    en->kind == KIND_RETRACT && en->accepted &&
			    en->item[0] != '\0'
			? index_item(x, en->item, en->case_id)
			: NULL;

		if (it != NULL)
			it->retracted = true;
	}
	return 0;
}

/* This machine's own log, if it has written here. */
static void
find_own(struct index *x)
{
	char device[BATCH_DEVICE_LEN + 1] = "";
	struct secret *key = local_device(x->v, x->id, false, device, NULL);

	x->own = SIZE_MAX;
	for (size_t i = 0; key != NULL && i < x->v->n_logs; i++)
		if (!x->v->logs[i].is_fork &&
		    strcmp(x->v->logs[i].device, device) == 0)
			x->own = i;
	secret_free(key);
}

/* Sort the files of a new batch: rings are tried at once, entries wait. */
static int
read_batch(struct index *x, size_t log, uint64_t n, struct err *e)
{
	struct vault_batch b;
	int rc = 0;

	if (vault_batch(x->v, &x->v->logs[log], n, &b, e) != 0)
		return -1;
	for (size_t i = 0; i < b.b.n && rc == 0; i++) {
		const struct batch_line *l = &b.b.lines[i];
		struct index_file f = {.log = log, .batch = n};
		struct gitstore_object o = {0};
		struct err inner = {0};

		if (l->kind != BATCH_ENTRY)
			continue;
		memcpy(f.sha256, l->sha256, HASH_LEN);
		memcpy(f.fields, l->root, HASH_LEN);
		memcpy(f.oid, vault_batch_oid(&b, l->sha256), GITFORM_OID_LEN);
		if (handed_has(x->handed, f.sha256)) {
			f.whole = true;
			if (index_entry_wait(x, &f) != 0)
				rc = err_memory(e);
			continue;
		}
		f.whole = index_file_read(x, &f, &o, &inner) == 0;
		if (o.handle == NULL || !ring_is(o.data, o.len))
			rc = index_entry_wait(x, &f) == 0 ? 0 : err_memory(e);
		else if (f.whole)
			rc = index_ring_take(x, &f, &o, e);
		else
			index_finding(x, &x->findings, REPORT_HISTORY, &f,
				      "ring", inner.msg);
		gitstore_object_free(&o);
	}
	vault_batch_free(&b);
	return rc;
}

/* The lists that have one element for each log, or for each batch. */
static int
grow_logs(struct index *x)
{
	const struct vault *v = x->v;
	size_t had = x->n_logs, n = v->n_logs, more = n - had;
	void *p;

#define GROW(list)                                              \
	do {                                                    \
		p = realloc((list), (n + 1) * sizeof *(list));  \
		if (p == NULL)                                  \
			return -1;                              \
		(list) = p;                                     \
		memset((list) + had, 0, more * sizeof *(list)); \
	} while (0)
	GROW(x->done);
	GROW(x->cased);
	GROW(x->log_seat);
	GROW(x->log_limit);
	GROW(x->log_member);
#undef GROW
	x->n_logs = n;
	for (size_t i = 0; i < n; i++) {
		uint64_t size = v->logs[i].size;

		if (x->done[i] == size && x->cased[i] != NULL)
			continue;
		p = realloc(x->cased[i], size + 1);
		if (p == NULL)
			return -1;
		x->cased[i] = p;
		memset(x->cased[i] + x->done[i], 0, size + 1 - x->done[i]);
	}
	return 0;
}

/* Nothing is read yet; the one key held is the person's. */
static int
start(struct index *x)
{
	size_t key;

	x->rewritten = x->v->rewritten;
	x->keys = secret_new(32 * 64);
	x->hybrids = calloc(1, sizeof *x->hybrids);
	if (x->keys == NULL || x->hybrids == NULL ||
	    index_add_key(x, identity_person(x->id), &key) != 0)
		return -1;
	x->n_hybrids = 1;
	return 0;
}

static void
forget_files(struct index_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->list[i].why);
	free(f->list);
}

/* All but x itself. */
static void
forget(struct index *x)
{
	struct vault *v = x->v;
	const struct identity *id = x->id;
	bool checks = x->checks;

	for (size_t i = 0; i < x->n_entries; i++) {
		free(x->entries[i].text);
		json_decref(x->entries[i].doc);
	}
	index_forget_people(x);
	for (size_t i = 0; i < x->n_cuts; i++)
		free(x->cuts[i].lines);
	forget_items(x);
	forget_files(&x->rings);
	forget_files(&x->unread);
	secret_free(x->keys);
	secret_free(x->ready);
	secret_free(x->scratch);
	free(x->infos);
	free(x->hybrids);
	free(x->entries);
	free(x->cuts);
	free(x->items);
	for (size_t i = 0; i < x->n_logs; i++) {
		free(x->log_seat[i]);
		free(x->cased[i]);
	}
	free(x->done);
	free(x->cased);
	free(x->log_seat);
	free(x->log_limit);
	free(x->log_member);
	map_free(&x->one_off);
	map_free(&x->bulk);
	map_free(&x->by_hash);
	cold_free(x->cold);
	map_free(&x->pulled);
	vault_batch_free(&x->batch);
	report_free(&x->findings);
	handed_free(x->handed);
	memset(x, 0, sizeof *x);
	x->v = v;
	x->id = id;
	x->checks = checks;
}

/* The new batches, and what they unlock. */
static int
read_new(struct index *x, struct err *e)
{
	const struct vault *v = x->v;
	size_t keys = x->keys->len, from = x->unread.n, had = x->n_entries;

	for (size_t i = 0; i < v->n_logs; i++)
		for (; x->done[i] < v->logs[i].size; x->done[i]++) {
			if (v->progress != NULL && x->done[i] % 16 == 0)
				v->progress(v->progress_ctx, "unlocking",
					    x->done[i], v->logs[i].size);
			if (read_batch(x, i, x->done[i] + 1, e) != 0)
				return -1;
		}
	if (index_rings_retry(x, e) != 0)
		return -1;
	if (index_entries_open(x, x->keys->len > keys ? 0 : from, e) != 0)
		return -1;
	return index_thaw_related(x, had, e);
}

void
index_forget_people(struct index *x)
{
	for (size_t i = 0; i < x->n_seats; i++) {
		free(x->seats[i].keys);
		free(x->seats[i].rights);
		free(x->seats[i].card);
	}
	for (size_t i = 0; i < x->n_cases; i++)
		free(x->cases[i].epochs);
	free(x->seats);
	free(x->cases);
	x->seats = NULL;
	x->cases = NULL;
	x->n_seats = x->n_cases = 0;
	x->me = NULL;
}

int
index_catch_up(struct index *x, struct err *e)
{
	if (x->rewritten != x->v->rewritten) {
		forget(x);
		if (start(x) != 0)
			return err_memory(e);
	}
	vault_batch_free(&x->batch);
	if (grow_logs(x) != 0)
		return err_memory(e);
	if (read_new(x, e) != 0)
		return -1;
	report_copy(&x->v->report, &x->findings);
	index_entries_report(x);
	find_own(x);
	if (rights_evaluate(x, e) != 0)
		return -1;
	return gather_items(x, e);
}

/* From the cache, if there is one, or from nothing. */
static int
begin(struct index *x, struct err *e)
{
	int known = cache_index(x);

	x->rewritten = x->v->rewritten;
	if (known != 0) {
		x->cold = cold_hold(x->v->cold);
		x->cached = true;
		if (known > 0 && index_pull_shared(x, e) == 0 &&
		    index_catch_up(x, e) == 0 && cold_check(x->v->cold, e) == 0)
			return 0;
		if (known > 0 && cold_check(x->v->cold, NULL) == 0)
			return -1;
		/* what is broken is no reason to fail: all is read anew */
		err_clear(e);
		if (vault_load_anew(x->v, e) != 0)
			return -1;
	}
	forget(x);
	if (start(x) != 0)
		return err_memory(e);
	return index_catch_up(x, e);
}

static struct index *
open_lean(struct vault *v, const struct identity *id, bool checks,
	  struct err *e)
{
	struct index *x = calloc(1, sizeof *x);

	if (x == NULL) {
		err_memory(e);
		return NULL;
	}
	x->v = v;
	x->id = id;
	x->checks = checks;
	if (begin(x, e) == 0) {
		cache_save(x);
		return x;
	}
	index_free(x);
	return NULL;
}

/* All of it, or nothing. */
static struct index *
thawed(struct index *x, struct err *e)
{
	if (x != NULL && index_thaw(x, e) == 0)
		return x;
	index_free(x);
	return NULL;
}

struct index *
index_open_lean(struct vault *v, const struct identity *id, struct err *e)
{
	return open_lean(v, id, false, e);
}

struct index *
index_open(struct vault *v, const struct identity *id, struct err *e)
{
	return thawed(open_lean(v, id, false, e), e);
}

struct index *
index_open_checking(struct vault *v, const struct identity *id, struct err *e)
{
	return thawed(open_lean(v, id, true, e), e);
}

int
index_refresh(struct index *x, struct err *e)
{
	return vault_load(x->v, false, e) == 0 ? index_catch_up(x, e) : -1;
}

void
index_remember(struct index *x)
{
	struct err ignored = {0};

	if (handed_count(x->handed) >= REMEMBERED) {
		if (index_catch_up(x, &ignored) == 0)
			cache_save_written(x);
		else
			x->rewritten--; /* half of it: all is read anew */
	}
	handed_free(x->handed);
	x->handed = NULL;
}

void
index_free(struct index *x)
{
	if (x == NULL)
		return;
	forget(x);
	free(x);
}

json_t *
index_doc(const struct index_entry *en)
{
	if (en->doc != NULL)
		return json_incref(en->doc);
	return json_loadb(en->text, en->text_len, JSON_REJECT_DUPLICATES, NULL);
}

int
index_entry_file(struct index *x, const struct index_entry *en,
		 struct gitstore_object *out, struct err *e)
{
	const struct log *l = &x->v->logs[en->log];

	memset(out, 0, sizeof *out);
	if (x->batch.log != l || x->batch.n != en->batch) {
		vault_batch_free(&x->batch);
		if (vault_batch(x->v, l, en->batch, &x->batch, e) != 0)
			return -1;
	}
	return vault_entry_file(x->v, &x->batch, en->sha256, out, e);
}

int
index_entry_open(struct index *x, const struct index_entry *en,
		 struct entry *out, struct err *e)
{
	struct gitstore_object o = {0};
	int rc = -1;

	memset(out, 0, sizeof *out);
	if (index_entry_file(x, en, &o, e) == 0)
		rc = entry_open(o.data, o.len, index_key(x, en->key), out, e);
	gitstore_object_free(&o);
	return rc;
}
