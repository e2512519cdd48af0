/* Writing the index cache: see cache.h. */
#include "cache_inside.h"

#include "brief.h"
#include "cold_write.h"
#include "index_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

size_t cache_flush = 1024;

/* What goes into the files, and from where. */
struct save {
	struct index *x;
	struct cache *k;
	struct cold *next; /* as it will be */
	bool flush;	   /* a segment is made of what is new */
	uint8_t *goes;	   /* for each entry: WARM, RESTS or STAYS */
	uint32_t *rows;	   /* for each that rests: its new row */
	size_t *moved;	   /* for each key: its new number, or SIZE_MAX */
	size_t n_keys;
	struct cold_list lists[COLD_PARTS];
	struct cold_list briefs; /* one byte each */
	size_t *order;		 /* entries that rest, by place */
	size_t n_order;
	struct map opened; /* starts of the hashes of entries */
	struct cold_writer *w;
	struct err *e;
};

enum { WARM, RESTS, STAYS };

static int
no_memory(struct save *s)
{
	return err_memory(s->e);
}

/* -- what rests -- */

/*
 * Only what nothing can change but what is looked at when it comes; see
 * cold.h.
 */
static bool
may_rest(const struct save *s, const struct index_item *it)
{
	const struct index_entry *en = &s->x->entries[it->versions[0]];

	return it->n == 1 && !it->retracted && en->accepted && !en->replaced &&
	       en->log < UINT32_MAX && en->text_len < UINT32_MAX &&
	       en->batch <= s->x->v->logs[en->log].size &&
	       memmem(en->text, en->text_len, "\"parents\":[]", 12) != NULL &&
	       memmem(en->text, en->text_len, "\"original\":", 11) == NULL;
}

/* What this one names, or shares an item with, may be changed by it. */
static void
pin(struct save *s, size_t entry)
{
	const struct index *x = s->x;
	const struct index_entry *en = &x->entries[entry];
	const struct index_item *it = index_item(x, en->item, en->case_id);
	json_t *doc = index_doc(en);
	json_t *list = json_object_get(doc, "parents");
	size_t n = json_array_size(list), at;

	for (size_t i = 0; it != NULL && i < it->n; i++)
		s->goes[it->versions[i]] = WARM;
	for (size_t i = 0; i < n + 2; i++) {
		const char *hex =
		    i < n ? json_string_value(json_array_get(list, i))
			  : entry_str(json_object_get(doc, i == n ? "original"
								  : "within"),
				      "entry");
		uint8_t hash[HASH_LEN];

		if (hex != NULL && strlen(hex) == 64 &&
		    hex_decode(hex, HASH_LEN, hash) == 0 &&
		    map_get(&x->by_hash, hash, &at))
			s->goes[at] = WARM;
	}
	json_decref(doc);
}

static void
choose(struct save *s)
{
	const struct index *x = s->x;
	size_t news = x->v->entries.used + x->v->objects.used;

	for (size_t i = 0; i < x->n_items; i++) {
		size_t at = x->items[i].versions[0];

		if (!may_rest(s, &x->items[i]))
			continue;
		if (x->entries[at].cold != SIZE_MAX)
			s->goes[at] = STAYS;
		else
			s->goes[at] = RESTS;
	}
	for (size_t i = 0; i < x->n_entries; i++)
		if (s->goes[i] == WARM && (x->entries[i].kind == KIND_RECORD ||
					   x->entries[i].kind == KIND_RETRACT))
			pin(s, i);
	for (size_t i = 0; i < x->n_entries; i++)
		news += s->goes[i] == RESTS;
	s->flush = news >= cache_flush;
	for (size_t i = 0; i < x->n_entries; i++) {
		if (s->goes[i] == RESTS && !s->flush)
			s->goes[i] = WARM;
		s->n_order += s->goes[i] == RESTS;
	}
}

static int
by_place(const void *a, const void *b, void *ctx)
{
	const struct index *x = ctx;
	const struct index_entry *p = &x->entries[*(const size_t *)a];
	const struct index_entry *q = &x->entries[*(const size_t *)b];

	if (p->log != q->log)
		return p->log < q->log ? -1 : 1;
	if (p->batch != q->batch)
		return p->batch < q->batch ? -1 : 1;
	return memcmp(p->sha256, q->sha256, HASH_LEN);
}

static int
put_in_order(struct save *s)
{
	struct index *x = s->x;
	size_t n = 0;

	s->order = calloc(s->n_order + 1, sizeof *s->order);
	s->rows = calloc(x->n_entries + 1, sizeof *s->rows);
	if (s->order == NULL || s->rows == NULL)
		return no_memory(s);
	for (size_t i = 0; i < x->n_entries; i++)
		if (s->goes[i] == RESTS)
			s->order[n++] = i;
	if (n > 1)
		qsort_r(s->order, n, sizeof *s->order, by_place, x);
	for (size_t i = 0; i < n; i++)
		s->rows[s->order[i]] = (uint32_t)i;
	return 0;
}

/* Keys keep their order: which were tried on what waits is told by it. */
static int
choose_keys(struct save *s)
{
	struct index *x = s->x;
	size_t n = x->keys->len / 32, at = 0, key, entry;
	uint8_t id[MAP_KEY_LEN] = {0}, *need = calloc(n + 1, 1);
	int rc = 0;

	s->moved = calloc(n + 1, sizeof *s->moved);
	if (need == NULL || s->moved == NULL) {
		free(need);
		return no_memory(s);
	}
	for (size_t i = 0; i < x->n_entries; i++) {
		if (s->goes[i] == WARM)
			need[x->entries[i].key] = 1;
		memcpy(id, x->entries[i].sha256, 16);
		rc |= map_set(&s->opened, id, i);
	}
	for (size_t i = 0; i < x->n_hybrids; i++)
		need[x->hybrids[i].key] = 1;
	while (map_next(&x->one_off, &at, id, &key))
		for (; key != SIZE_MAX && !map_get(&s->opened, id, &entry);
		     key = x->infos[key].next)
			need[key] = 1;
	at = 0;
	while (!s->flush && map_next(&x->bulk, &at, id, &key))
		for (; key != SIZE_MAX && !x->infos[key].cold;
		     key = x->infos[key].next)
			need[key] = 1;
	for (size_t i = 0; i < n; i++)
		s->moved[i] = need[i] ? s->n_keys++ : SIZE_MAX;
	free(need);
	return rc == 0 ? 0 : no_memory(s);
}

/* -- a segment of what is new -- */

static int
add_record(struct save *s, struct cold_segment *seg, size_t entry)
{
	const struct index_entry *en = &s->x->entries[entry];
	uint8_t *row = cold_list_add(&s->lists[COLD_RECORDS]), *item;
	struct cold_record r = {.log = (uint32_t)en->log,
				.batch = en->batch,
				.brief_at = s->lists[COLD_BRIEFS].n,
				.text_at = seg->n[COLD_TEXTS],
				.text_len = (uint32_t)en->text_len};

	item = cold_list_add(&s->lists[COLD_ITEMS]);
	if (row == NULL || item == NULL)
		return no_memory(s);
	memcpy(r.sha256, en->sha256, HASH_LEN);
	(void)hex_decode(en->item, sizeof r.item, r.item);
	r.case_no = cold_name(s->next, en->case_id);
	r.seat_no = cold_name(s->next, en->seat);
	seg->n[COLD_TEXTS] += en->text_len;
	if (r.case_no == UINT32_MAX || r.seat_no == UINT32_MAX ||
	    cold_group_add(seg, &r) != 0)
		return no_memory(s);
	memcpy(item, r.item, sizeof r.item);
	cold_put(item + 16, 4, s->rows[entry]);
	cold_record_encode(&r, row);
	return 0;
}

static int
add_contents(struct save *s, const json_t *doc, uint32_t case_no, uint32_t row)
{
	json_t *f;
	size_t i;

	json_array_foreach (json_object_get(doc, "files"), i, f) {
		const char *hex = entry_str(f, "sha256");
		uint8_t sha256[HASH_LEN], *p;

		if (hex == NULL || strlen(hex) != 64 ||
		    hex_decode(hex, HASH_LEN, sha256) != 0)
			continue;
		p = cold_list_add(&s->lists[COLD_CONTENTS]);
		if (p == NULL)
			return no_memory(s);
		cold_put(p, 4, case_no);
		cold_put(
		    p + 4, 8,
		    (uint64_t)json_integer_value(json_object_get(f, "size")));
		memcpy(p + 12, sha256, HASH_LEN);
		cold_put(p + 44, 4, row);
	}
	return 0;
}

/* The brief and the contents of a record, which need its document. */
static int
add_parsed(struct save *s, size_t entry)
{
	struct cold_list *rows = &s->lists[COLD_RECORDS];
	struct cold_list *heap = &s->lists[COLD_BRIEFS];
	uint8_t *row = rows->rows + (rows->n - 1) * rows->width;
	json_t *doc = index_doc(&s->x->entries[entry]);
	struct cold_record r;
	char *brief;
	size_t len = 0;
	int rc = -1;

	cold_record_decode(row, &r);
	brief = doc != NULL ? brief_make(doc, &len) : NULL;
	if (brief != NULL && heap->n + len > heap->cap) {
		size_t cap = 2 * (heap->n + len);
		void *p = realloc(heap->rows, cap);

		if (p != NULL) {
			heap->rows = p;
			heap->cap = cap;
		}
	}
	if (brief != NULL && heap->n + len <= heap->cap) {
		memcpy(heap->rows + heap->n, brief, len);
		heap->n += len;
		r.brief_len = (uint32_t)len;
		cold_record_encode(&r, row);
		rc = add_contents(s, doc, r.case_no, s->rows[entry]);
	}
	free(brief);
	json_decref(doc);
	return rc == 0 ? 0 : no_memory(s);
}

/* What batches list, which no key is needed for. */
static int
add_listed(struct save *s)
{
	const struct vault *v = s->x->v;
	uint8_t hash[MAP_KEY_LEN], *row;
	size_t at = 0, value, entry;

	while (map_next(&v->entries, &at, hash, &value)) {
		row = cold_list_add(&s->lists[COLD_PLACES]);
		if (row == NULL)
			return no_memory(s);
		memcpy(row, hash, HASH_LEN);
		cold_put(row + 32, 4, VAULT_PLACE_LOG(value));
		cold_put(row + 36, 8, VAULT_PLACE_BATCH(value));
		cold_put(row + 44, 4,
			 map_get(&s->x->by_hash, hash, &entry) &&
				 s->goes[entry] == RESTS
			     ? s->rows[entry]
			     : COLD_NO_ROW);
	}
	/* those whose place rests already, and they themselves not till now */
	for (size_t i = 0; i < s->n_order; i++) {
		const struct index_entry *en = &s->x->entries[s->order[i]];

		if (map_get(&v->entries, en->sha256, &value))
			continue;
		row = cold_list_add(&s->lists[COLD_PLACES]);
		if (row == NULL)
			return no_memory(s);
		memcpy(row, en->sha256, HASH_LEN);
		cold_put(row + 32, 4, en->log);
		cold_put(row + 36, 8, en->batch);
		cold_put(row + 44, 4, (uint32_t)i);
	}
	at = 0;
	while (map_next(&v->objects, &at, hash, &value)) {
		row = cold_list_add(&s->lists[COLD_OBJECTS]);
		if (row == NULL)
			return no_memory(s);
		memcpy(row, hash, HASH_LEN);
		cold_put(row + 32, 8, value);
	}
	return 0;
}

/* Bulk keys: the row holds the number of the key until it is written. */
static int
add_bulk(struct save *s)
{
	const struct index *x = s->x;
	uint8_t id[MAP_KEY_LEN], *row;
	size_t at = 0, key;

	while (map_next(&x->bulk, &at, id, &key)) {
		for (; key != SIZE_MAX && !x->infos[key].cold;
		     key = x->infos[key].next) {
			row = cold_list_add(&s->lists[COLD_BULK]);
			if (row == NULL)
				return no_memory(s);
			memcpy(row, id, 16);
			/* of one id the oldest comes first */
			cold_put(row + 16, 8, key);
			cold_put(row + 48, 4, x->infos[key].log);
			cold_put(row + 52, 8, x->infos[key].batch);
		}
	}
	return 0;
}

static int
write_list(struct save *s, const struct cold_list *l)
{
	return cold_write(s->w, l->rows, l->n * l->width, s->e);
}

static int
write_secrets(struct save *s)
{
	for (size_t i = 0; i < s->n_order; i++)
		if (cold_write(s->w,
			       index_key(s->x, s->x->entries[s->order[i]].key),
			       32, s->e) != 0)
			return -1;
	return 0;
}

static int
write_texts(struct save *s)
{
	for (size_t i = 0; i < s->n_order; i++) {
		const struct index_entry *en = &s->x->entries[s->order[i]];

		if (cold_write(s->w, en->text, en->text_len, s->e) != 0)
			return -1;
	}
	return 0;
}

static int
write_bulk(struct save *s)
{
	const struct cold_list *l = &s->lists[COLD_BULK];

	for (size_t i = 0; i < l->n; i++) {
		const uint8_t *row = l->rows + i * l->width;
		const uint8_t *key =
		    index_key(s->x, (size_t)cold_get(row + 16, 8));

		if (cold_write(s->w, row, 16, s->e) != 0 ||
		    cold_write(s->w, key, 32, s->e) != 0 ||
		    cold_write(s->w, row + 48, 12, s->e) != 0)
			return -1;
	}
	return 0;
}

static int
write_segment(struct save *s, const struct cold_segment *seg)
{
	s->w =
	    cold_writer_new(s->k->dir, seg->name, &s->k->id->local_pub, s->e);
	if (s->w == NULL ||
	    cold_write(s->w, seg->name, HEX_ID_LEN, s->e) != 0 ||
	    write_list(s, &s->lists[COLD_RECORDS]) != 0 ||
	    write_secrets(s) != 0 ||
	    write_list(s, &s->lists[COLD_BRIEFS]) != 0 || write_texts(s) != 0)
		return -1;
	for (size_t p = COLD_ITEMS; p < COLD_PARTS; p++)
		if ((p == COLD_BULK ? write_bulk(s)
				    : write_list(s, &s->lists[p])) != 0)
			return -1;
	if (cold_writer_commit(s->w, s->e) != 0)
		return -1;
	cold_writer_free(s->w);
	s->w = NULL;
	return 0;
}

/* Make the segment, and put it behind the others. */
static int
make_segment(struct save *s)
{
	struct agefile_identity key = {AGEKEY_X25519, identity_local(s->k->id)};
	struct cold_segment *seg = &s->next->list[s->next->n];

	if (s->next->n == COLD_SEGMENTS_MAX)
		return err_set(s->e, ERR_UNKNOWN, "too many segments");
	s->next->n++;
	cold_name_new(seg->name);
	for (size_t i = 0; i < COLD_PARTS; i++)
		s->lists[i].width = cold_widths[i];
	for (size_t i = 0; i < s->n_order; i++) {
		if (s->x->v->progress != NULL && i % 1024 == 0)
			s->x->v->progress(s->x->v->progress_ctx,
					  "keeping the index", i, s->n_order);
		if (add_record(s, seg, s->order[i]) != 0 ||
		    add_parsed(s, s->order[i]) != 0)
			return -1;
	}
	if (add_listed(s) != 0 || add_bulk(s) != 0)
		return -1;
	for (size_t i = COLD_ITEMS; i < COLD_PARTS; i++)
		cold_list_sort(&s->lists[i]);
	for (size_t i = 0; i < COLD_PARTS; i++)
		if (i != COLD_TEXTS)
			seg->n[i] = s->lists[i].n;
	seg->n[COLD_SECRETS] = s->n_order;
	if (write_segment(s, seg) != 0)
		return -1;
	return cold_open(s->next, seg, s->k->dir, &key, s->e);
}

static uint64_t
weight(const struct cold_segment *s)
{
	return s->n[COLD_PLACES] + s->n[COLD_OBJECTS] + s->n[COLD_RECORDS];
}

/*
 * Join segments so that each is more than twice as large as all that came
 * after it: then there are few, and each row is written again but few times.
 */
static int
join_some(struct save *s)
{
	struct agefile_identity key = {AGEKEY_X25519, identity_local(s->k->id)};
	struct cold *c = s->next;
	struct cold_segment one;
	size_t first = c->n;
	uint64_t sum = 0;

	for (size_t i = c->n; i-- > 0; sum += weight(&c->list[i]))
		if (weight(&c->list[i]) < 2 * sum)
			first = i;
	if (first + 1 >= c->n)
		return 0;
	if (cold_join(c, first, s->k->dir, &s->k->id->local_pub, &one, s->e) !=
	    0)
		return -1;
	for (size_t i = first; i < c->n; i++)
		cold_close(&c->list[i]);
	c->list[first] = one;
	c->n = first + 1;
	return cold_open(c, &c->list[first], s->k->dir, &key, s->e);
}

/* -- the segments as they will be: what thawed and changed is dead -- */

static int
by_row(const void *a, const void *b)
{
	const uint32_t *p = a, *q = b;

	return (*p > *q) - (*p < *q);
}

static int
add_dead(struct cold_segment *s, uint32_t row)
{
	uint32_t *p = realloc(s->dead, (s->n_dead + 1) * sizeof *p);

	if (p == NULL)
		return -1;
	s->dead = p;
	s->dead[s->n_dead++] = row;
	return 0;
}

static int
copy_segment(struct save *s, const struct cold_segment *from, size_t at)
{
	struct cold_segment *to = &s->next->list[at];
	struct agefile_identity key = {AGEKEY_X25519, identity_local(s->k->id)};
	const struct index *x = s->x;
	struct cold_record r;

	memcpy(to->name, from->name, sizeof to->name);
	memcpy(to->n, from->n, sizeof to->n);
	to->groups = calloc(from->n_groups + 1, sizeof *to->groups);
	if (to->groups == NULL)
		return no_memory(s);
	memcpy(to->groups, from->groups, from->n_groups * sizeof *to->groups);
	to->n_groups = from->n_groups;
	for (size_t i = 0; i < to->n_groups; i++)
		to->groups[i].out = 0;
	for (size_t i = 0; i < from->n_dead; i++)
		if (add_dead(to, from->dead[i]) != 0)
			return no_memory(s);
	for (size_t i = 0; i < x->n_entries; i++)
		if (x->entries[i].cold != SIZE_MAX &&
		    COLD_SEGMENT(x->entries[i].cold) == at &&
		    s->goes[i] != STAYS &&
		    add_dead(to, COLD_ROW(x->entries[i].cold)) != 0)
			return no_memory(s);
	if (to->n_dead > 1)
		qsort(to->dead, to->n_dead, sizeof *to->dead, by_row);
	s->next->n++;
	if (cold_open(s->next, to, s->k->dir, &key, s->e) != 0)
		return -1;
	for (size_t i = 0; i < to->n_dead; i++)
		if (!cold_record(s->next, COLD_AT(at, to->dead[i]), &r) ||
		    cold_take_out(s->next, COLD_AT(at, to->dead[i]), &r) != 0)
			return cold_check(s->next, s->e) != 0 ? -1
							      : no_memory(s);
	return 0;
}

static int
copy_cold(struct save *s)
{
	const struct cold *c = s->x->v->cold;

	s->next = cold_new();
	if (s->next == NULL)
		return no_memory(s);
	for (size_t i = 0; c != NULL && i < c->n_names; i++)
		if (cold_name(s->next, c->names[i]) != i)
			return no_memory(s);
	for (size_t i = 0; c != NULL && i < c->n; i++)
		if (copy_segment(s, &c->list[i], i) != 0)
			return -1;
	return 0;
}

/* -- the state -- */

static int
put(struct save *s, const void *bytes, size_t len)
{
	return cold_write(s->w, bytes, len, s->e);
}

static int
put_number(struct save *s, uint64_t n)
{
	return put(s, &n, sizeof n);
}

static int
put_list(struct save *s, const void *list, size_t n, size_t each)
{
	return put_number(s, n) | put(s, list, n * each);
}

static int
put_text(struct save *s, const char *text)
{
	return put_list(s, text, strlen(text), 1);
}

static int
put_report(struct save *s, const struct report *r)
{
	int rc = put_number(s, r->n);

	for (size_t i = 0; i < r->n; i++)
		rc |= put_number(s, r->lines[i].level) |
		      put_text(s, r->lines[i].text);
	return rc | put(s, r->count, sizeof r->count);
}

static int
put_map(struct save *s, const struct map *m)
{
	uint8_t key[MAP_KEY_LEN];
	size_t at = 0, value;
	int rc = put_number(s, m->used);

	while (map_next(m, &at, key, &value))
		rc |= put(s, key, sizeof key) | put_number(s, value);
	return rc;
}

static int
put_log(struct save *s, const struct log *l)
{
	return put_text(s, l->branch) | put_text(s, l->device) |
	       put(s, l->key, sizeof l->key) | put_number(s, l->is_fork) |
	       put_list(s, l->steps, l->size, sizeof *l->steps) |
	       put(s, &l->tree, sizeof l->tree) |
	       put_list(s, l->seen, l->n_seen, sizeof *l->seen);
}

static int
put_vault(struct save *s)
{
	static const struct map none = {0};
	const struct vault *v = s->x->v;
	const struct cold *c = s->next;
	char head[CACHE_HEAD_MAX];
	size_t len = cache_head(head);
	int rc = put(s, head, len) | put_text(s, v->id);

	rc |= put_list(s, v->file, v->file_len, 1) |
	      put(s, v->root_key, sizeof v->root_key) |
	      put_number(s, v->n_logs);
	for (size_t i = 0; i < v->n_logs; i++)
		rc |= put_log(s, &v->logs[i]);
	rc |= put_report(s, &v->read) |
	      put_map(s, s->flush ? &none : &v->entries) |
	      put_map(s, s->flush ? &none : &v->objects) |
	      put_list(s, c->names, c->n_names, sizeof *c->names) |
	      put_number(s, c->n);
	for (size_t i = 0; i < c->n; i++) {
		const struct cold_segment *g = &c->list[i];

		for (size_t k = 0; k < g->n_groups; k++)
			g->groups[k].out = 0;
		rc |= put_text(s, g->name) | put(s, g->n, sizeof g->n) |
		      put_list(s, g->groups, g->n_groups, sizeof *g->groups) |
		      put_list(s, g->dead, g->n_dead, sizeof *g->dead);
	}
	return rc;
}

static size_t
moved(const struct save *s, size_t key)
{
	return key == SIZE_MAX ? SIZE_MAX : s->moved[key];
}

static int
put_keys(struct save *s)
{
	const struct index *x = s->x;
	size_t n = x->keys->len / 32;
	int rc = put_number(s, s->n_keys);

	for (size_t i = 0; i < n; i++) {
		struct index_key_info info = x->infos[i];

		/* the next that is kept */
		while (info.next != SIZE_MAX && s->moved[info.next] == SIZE_MAX)
			info.next = x->infos[info.next].next;
		info.next = moved(s, info.next);
		info.cold = false;
		if (s->moved[i] != SIZE_MAX)
			rc |= put(s, &info, sizeof info);
	}
	for (size_t i = 0; i < n; i++)
		if (s->moved[i] != SIZE_MAX)
			rc |= put(s, index_key(x, i), 32);
	rc |= put_number(s, x->n_hybrids);
	for (size_t i = 0; i < x->n_hybrids; i++) {
		struct index_hybrid h = x->hybrids[i];

		h.key = moved(s, h.key);
		rc |= put(s, &h, sizeof h);
	}
	return rc | put_number(s, x->last_hybrid);
}

/* The newest key of each id, of those that are kept. */
static int
put_key_map(struct save *s, const struct map *m)
{
	uint8_t id[MAP_KEY_LEN];
	size_t at = 0, key, n = 0;
	int rc = 0;

	for (int run = 0; run < 2; run++) {
		at = 0;
		if (run == 1)
			rc |= put_number(s, n);
		while (map_next(m, &at, id, &key)) {
			while (key != SIZE_MAX && s->moved[key] == SIZE_MAX)
				key = s->x->infos[key].next;
			if (key == SIZE_MAX)
				continue;
			n++;
			if (run == 1)
				rc |= put(s, id, sizeof id) |
				      put_number(s, moved(s, key));
		}
	}
	return rc;
}

static int
put_entries(struct save *s)
{
	const struct index *x = s->x;
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < x->n_entries; i++)
		n += s->goes[i] == WARM;
	rc = put_number(s, n);
	for (size_t i = 0; i < x->n_entries; i++) {
		struct index_entry en = x->entries[i];

		if (s->goes[i] != WARM)
			continue;
		en.text = NULL;
		en.doc = NULL;
		en.why = NULL;
		en.key = moved(s, en.key);
		rc |= put(s, &en, sizeof en) |
		      put_list(s, x->entries[i].text, en.text_len, 1) |
		      put_number(s, x->entries[i].doc != NULL);
	}
	return rc;
}

/* `tried` of an entry is a number of keys: of those that are kept. */
static int
put_files(struct save *s, const struct index_files *f, bool entries)
{
	int rc = put_number(s, f->n);

	for (size_t i = 0; i < f->n; i++) {
		struct index_file one = f->list[i];
		size_t n = one.tried;

		/* that of the next key that is kept */
		for (; entries && n < s->x->keys->len / 32; n++)
			if (s->moved[n] != SIZE_MAX)
				break;
		if (entries)
			one.tried =
			    n < s->x->keys->len / 32 ? s->moved[n] : s->n_keys;
		rc |= put(s, &one, sizeof one);
	}
	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].why != NULL)
			rc |= put_list(s, f->list[i].why,
				       strlen(f->list[i].why), 1);
	return rc;
}

static int
put_index(struct save *s)
{
	const struct index *x = s->x;
	int rc = put_keys(s) | put_key_map(s, &x->one_off) |
		 put_key_map(s, &x->bulk) | put_entries(s) |
		 put_files(s, &x->rings, false) |
		 put_files(s, &x->unread, true) | put_report(s, &x->findings);

	for (size_t i = 0; i < x->n_logs; i++)
		rc |= put_list(s, x->cased[i], x->done[i], 1);
	return rc;
}

/* -- all of it -- */

/* What the state does not name is removed. */
static void
sweep(const struct save *s)
{
	DIR *d = opendir(s->k->dir);
	struct dirent *f;

	while (d != NULL && (f = readdir(d)) != NULL) {
		size_t n = strlen(f->d_name);
		bool named = strcmp(f->d_name, CACHE_STATE ".age") == 0 ||
			     f->d_name[0] == '.' ||
			     strcmp(f->d_name, "lock") == 0;

		for (size_t i = 0; i < s->next->n && !named; i++)
			named = n == HEX_ID_LEN + 4 &&
				strncmp(f->d_name, s->next->list[i].name,
					HEX_ID_LEN) == 0;
		if (!named)
			(void)unlinkat(dirfd(d), f->d_name, 0);
	}
	if (d != NULL)
		closedir(d);
}

static int
save(struct save *s)
{
	if (s->goes == NULL)
		return no_memory(s);
	choose(s);
	if (put_in_order(s) != 0 || choose_keys(s) != 0 || copy_cold(s) != 0 ||
	    (s->flush && (make_segment(s) != 0 || join_some(s) != 0)))
		return -1;
	s->w =
	    cold_writer_new(s->k->dir, CACHE_STATE, &s->k->id->local_pub, s->e);
	if (s->w == NULL || put_vault(s) != 0 || put_index(s) != 0 ||
	    cold_pad(s->w, s->e) != 0 || cold_writer_commit(s->w, s->e) != 0)
		return -1;
	sweep(s);
	return 0;
}

/*
 * One that has read the vault anew, as the second in a process does, knows
 * nothing of what rests: it would put all of it there once more.
 */
static bool
goes_on(const struct index *x)
{
	return x->cached || x->v->cold == NULL || x->v->cold->n == 0;
}

/* Is there anything that the cache does not say? */
static bool
has_news(const struct index *x)
{
	const struct cache *k = x->v->cache;

	if (k->rewritten != x->v->rewritten || k->n_logs != x->v->n_logs)
		return true;
	for (size_t i = 0; i < k->n_logs; i++)
		if (k->sizes[i] != x->v->logs[i].size)
			return true;
	return false;
}

/* Damage is said each time, by who reads it. */
static bool
is_whole(const struct index *x)
{
	for (size_t i = 0; i < x->v->n_logs; i++)
		if (x->v->logs[i].size == 0 ||
		    x->v->logs[i].size != x->v->logs[i].length)
			return false;
	return x->v->n_logs > 0 && x->v->read.count[REPORT_DAMAGE] == 0 &&
	       x->findings.count[REPORT_DAMAGE] == 0 &&
	       x->v->report.count[REPORT_DAMAGE] == 0;
}

void
cache_save(struct index *x)
{
	struct cache *k = x->v->cache;
	char path[FSUTIL_PATH];
	struct err e = {0};
	struct save s = {.x = x, .k = k, .e = &e};
	int lock;

	/* where there is no local/ (a plain git clone), none is made */
	if (k == NULL || k->saved || k->id != x->id || !is_whole(x) ||
	    !goes_on(x) || !has_news(x) || cold_check(x->v->cold, NULL) != 0 ||
	    vault_path(x->v, "local", path, NULL) != 0 ||
	    !fsutil_exists(path) || fsutil_mkdirs(k->dir, NULL) != 0 ||
	    fsutil_join(path, k->dir, "lock", NULL) != 0)
		return;
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	/* another command writes it: what is new to it, is to the next one */
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0) {
		if (lock >= 0)
			close(lock);
		return;
	}
	k->saved = true;
	k->moved_on = true;
	s.goes = calloc(x->n_entries + 1, 1);
	if (save(&s) == 0)
		k->moved_on = s.flush;
	else
		report_add(&x->v->report, REPORT_NOTE,
			   "local/cache: cannot be kept: %s", e.msg);
	cold_writer_free(s.w);
	cold_free(s.next);
	for (size_t i = 0; i < COLD_PARTS; i++)
		free(s.lists[i].rows);
	map_free(&s.opened);
	free(s.goes);
	free(s.rows);
	free(s.moved);
	free(s.order);
	close(lock);
}

void
cache_save_written(struct index *x)
{
	struct cache *k = x->v->cache;

	/* segments that were joined and removed cannot be named again */
	if (k == NULL || k->moved_on)
		return;
	k->saved = false;
	cache_save(x);
}
