#include "listing.h"

#include "bond.h"
#include "brief.h"
#include "index_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#define BLOCK 256 /* rows that are read at a time */

/* -- searching -- */

/* Lower-case wide text for searching; malloc'ed, or NULL. */
static wchar_t *
folded(const char *text)
{
	size_t n = mbstowcs(NULL, text, 0);
	wchar_t *w = n == (size_t)-1 ? NULL : calloc(n + 1, sizeof *w);

	if (w == NULL)
		return NULL;
	mbstowcs(w, text, n + 1);
	for (size_t i = 0; i < n; i++)
		w[i] = (wchar_t)towlower((wint_t)w[i]);
	return w;
}

/* True if a text inside the value holds the query. */
static bool
holds(const json_t *v, const wchar_t *query)
{
	json_t *e;
	size_t i;

	if (json_is_string(v)) {
		wchar_t *w = folded(json_string_value(v));
		bool found = w != NULL && wcsstr(w, query) != NULL;

		free(w);
		return found;
	}
	if (json_is_array(v)) {
		json_array_foreach (v, i, e)
			if (holds(e, query))
				return true;
	} else if (json_is_object(v)) {
		json_t *o = (json_t *)(uintptr_t)v;

		for (void *it = json_object_iter(o); it != NULL;
		     it = json_object_iter_next(o, it))
			if (holds(json_object_iter_value(it), query))
				return true;
	}
	return false;
}

/* What a search looks into. */
static bool
doc_holds(const json_t *doc, const wchar_t *query)
{
	return holds(json_object_get(doc, "fields"), query) ||
	       holds(json_object_get(doc, "files"), query) ||
	       holds(json_object_get(doc, "original"), query);
}

/* -- items of the index -- */

static void
put(json_t *o, const char *key, const char *value)
{
	if (value != NULL)
		json_object_set_new(o, key, json_string(value));
}

static void
put_new(json_t *o, const char *key, json_t *value)
{
	if (value != NULL)
		json_object_set_new(o, key, value);
}

json_t *
listing_item(const struct bonds *b, const struct index_item *item)
{
	struct index *x = bonds_index(b);
	size_t current = 0, n;
	struct index_entry *en = index_current(x, item, &current);
	const struct index_case *c = index_case(x, item->case_id);
	json_t *doc, *fields, *files, *o;
	char id[HEX_ID_LEN + 1];

	if (en == NULL)
		return NULL;
	doc = index_doc(en);
	fields = json_object_get(doc, "fields");
	files = json_object_get(doc, "files");
	o = json_object();
	n = index_short(x, item);
	snprintf(id, sizeof id, "%.*s", (int)n, item->id);
	put(o, "item", item->id);
	put(o, "short", id);
	put(o, "case", item->case_id);
	if (c != NULL && c->name[0] != '\0')
		put(o, "case_name", c->name);
	put(o, "title", entry_str(fields, "title"));
	put(o, "kind", entry_str(fields, "kind"));
	put(o, "taken_in", entry_str(doc, "time"));
	if (json_array_size(files) > 0)
		json_object_set_new(o, "file",
				    brief_file(json_array_get(files, 0)));
	json_object_set_new(o, "versions", json_integer((json_int_t)item->n));
	if (current > 1)
		json_object_set_new(o, "current",
				    json_integer((json_int_t)current));
	if (item->retracted)
		json_object_set_new(o, "retracted", json_true());
	put_new(o, "redacted_from", bonds_original(b, en));
	put_new(o, "redacted_copies", bonds_copies(b, item, NULL));
	json_decref(doc);
	return o;
}

struct listing {
	struct index *x;
	struct bonds *b;
	const struct index_case *c; /* or NULL */
	const wchar_t *query;	    /* or NULL */
	uint32_t log;		    /* the one that is shown now */
	uint32_t *crowded;	    /* first digits that several ids share */
	size_t n_crowded;
	desk_item_fn *item;
	void *ctx;
	struct err *e;
};

/* One that stands in the index. */
static int
show_item(struct listing *l, const struct index_item *item)
{
	struct index_entry *en = index_current(l->x, item, NULL);
	struct desk_item line = {0};
	const json_t *file;
	bool wanted = true;
	int rc = 0;

	if (en == NULL ||
	    (l->c != NULL && strcmp(item->case_id, l->c->id) != 0))
		return 0;
	if (l->query != NULL) {
		json_t *doc = index_doc(en);

		wanted = doc_holds(doc, l->query);
		json_decref(doc);
	}
	line.o = wanted ? listing_item(l->b, item) : NULL;
	if (line.o == NULL)
		return wanted ? err_memory(l->e) : 0;
	file = json_object_get(line.o, "file");
	line.item = item->id;
	line.shown = entry_str(line.o, "short");
	line.case_id = item->case_id;
	line.case_name = entry_str(line.o, "case_name");
	line.title = entry_str(line.o, "title");
	line.kind = entry_str(line.o, "kind");
	line.taken_in = entry_str(line.o, "taken_in");
	line.name = entry_str(file, "name");
	line.size = json_integer_value(json_object_get(file, "size"));
	line.versions = item->n;
	line.current = 1;
	if (json_object_get(line.o, "current") != NULL)
		line.current = (size_t)json_integer_value(
		    json_object_get(line.o, "current"));
	line.retracted = item->retracted;
	line.redacted_from =
	    entry_str(json_object_get(line.o, "redacted_from"), "item");
	if (json_object_get(line.o, "redacted_from") != NULL &&
	    line.redacted_from == NULL)
		line.redacted_from = "";
	line.copies =
	    json_array_size(json_object_get(line.o, "redacted_copies"));
	rc = l->item(l->ctx, &line);
	json_decref(line.o);
	return rc;
}

/* -- items that rest -- */

/* A segment that is read from its first record to its last. */
struct reading {
	size_t segment;
	uint64_t next; /* row after those in `rows` */
	size_t at, n;  /* in `rows`, of those there */
	uint8_t rows[BLOCK * 92];
};

/* The next record of the log that rests; NULL at the end. */
static const uint8_t *
head(struct listing *l, struct reading *r)
{
	struct cold *c = l->x->cold;
	size_t width = cold_widths[COLD_RECORDS];

	for (;; r->at++) {
		const uint8_t *row;
		uint64_t left = c->list[r->segment].n[COLD_RECORDS] - r->next;

		if (r->at == r->n) {
			r->at = 0;
			r->n = left < BLOCK ? (size_t)left : BLOCK;
			if (r->n == 0 || !cold_rows(c, r->segment, COLD_RECORDS,
						    r->next, r->rows, r->n)) {
				r->n = 0;
				return NULL;
			}
			r->next += r->n;
		}
		row = r->rows + r->at * width;
		if (cold_get(row, 4) != l->log)
			return NULL;
		if (!cold_is_out(c,
				 COLD_AT(r->segment, r->next - r->n + r->at)))
			return row;
	}
}

static int
by_number(const void *a, const void *b)
{
	const uint32_t *p = a, *q = b;

	return (*p > *q) - (*p < *q);
}

/*
 * Eight digits name nearly all items. Those whose first eight are not theirs
 * alone are looked at one by one.
 */
static int
find_crowded(struct listing *l)
{
	struct cold *c = l->x->cold;
	size_t n = l->x->n_items, k = 0;
	uint8_t row[COLD_WIDTH_MAX], id[HEX_ID_LEN / 2];
	uint32_t *all;

	for (size_t i = 0; i < c->n; i++)
		n += (size_t)c->list[i].n[COLD_ITEMS];
	all = calloc(n + 1, sizeof *all);
	if (all == NULL)
		return err_memory(l->e);
	for (size_t i = 0; i < c->n; i++)
		for (uint64_t r = 0; r < c->list[i].n[COLD_ITEMS]; r++)
			if (cold_rows(c, i, COLD_ITEMS, r, row, 1))
				all[k++] = (uint32_t)cold_get(row, 4);
	for (size_t i = 0; i < l->x->n_items; i++)
		if (hex_decode(l->x->items[i].id, sizeof id, id) == 0)
			all[k++] = (uint32_t)cold_get(id, 4);
	if (k > 1)
		qsort(all, k, sizeof *all, by_number);
	for (size_t i = 1; i < k; i++)
		if (all[i] == all[i - 1])
			all[l->n_crowded++] = all[i];
	l->crowded = all;
	return cold_check(c, l->e);
}

/* One that rests. */
static int
show_cold(struct listing *l, const struct reading *r, const uint8_t *row)
{
	struct cold *c = l->x->cold;
	size_t at = COLD_AT(r->segment, r->next - r->n + r->at), n = 8;
	char id[HEX_ID_LEN + 1], shown[HEX_ID_LEN + 1], *text;
	const struct index_case *in;
	struct desk_item line = {.item = id, .shown = shown};
	struct cold_record rec;
	struct brief b = {0};
	uint32_t start;
	int rc;

	cold_record_decode(row, &rec);
	if (rec.case_no >= c->n_names)
		return 0;
	line.case_id = c->names[rec.case_no];
	if (l->c != NULL && strcmp(line.case_id, l->c->id) != 0)
		return 0;
	if (l->query != NULL) {
		json_t *doc;
		bool found;

		text = cold_text(c, at, &rec);
		doc = text != NULL ? json_loadb(text, rec.text_len, 0, NULL)
				   : NULL;
		found = doc_holds(doc, l->query);
		json_decref(doc);
		free(text);
		if (!found)
			return 0;
	}
	hex_encode(rec.item, sizeof rec.item, id);
	start = (uint32_t)cold_get(rec.item, 4);
	if (bsearch(&start, l->crowded, l->n_crowded, sizeof start,
		    by_number) != NULL)
		n = index_short_id(l->x, id, at);
	snprintf(shown, sizeof shown, "%.*s", (int)n, id);
	in = index_case(l->x, line.case_id);
	if (in != NULL && in->name[0] != '\0')
		line.case_name = in->name;
	text = cold_brief(c, at, &rec);
	if (text == NULL || brief_read(text, rec.brief_len, &b) != 0) {
		free(text);
		return 0;
	}
	line.title = b.title;
	line.kind = b.kind;
	line.taken_in = b.time;
	line.name = b.name;
	line.size = b.size != NULL ? strtoll(b.size, NULL, 10) : 0;
	line.file = b.file;
	line.versions = line.current = 1;
	rc = l->item(l->ctx, &line);
	free(text);
	return rc;
}

/* -- both, in one order: that of branches, batches and hashes -- */

/* Where an item's first version stands. */
struct placed {
	uint8_t key[44]; /* branch, by its rank; batch; hash */
	const struct index_item *item;
};

static int
by_key(const void *a, const void *b)
{
	return memcmp(a, b, sizeof((struct placed *)NULL)->key);
}

static struct placed *
place_items(const struct index *x, const size_t *ranks)
{
	struct placed *list = calloc(x->n_items + 1, sizeof *list);

	for (size_t i = 0; list != NULL && i < x->n_items; i++) {
		struct placed *p = &list[i];

		p->item = &x->items[i];
		for (size_t k = 0; k < p->item->n; k++) {
			const struct index_entry *en =
			    &x->entries[p->item->versions[k]];
			uint8_t key[sizeof p->key];

			cold_put(key, 4, ranks[en->log]);
			cold_put(key + 4, 8, en->batch);
			memcpy(key + 12, en->sha256, HASH_LEN);
			if (k == 0 || memcmp(key, p->key, sizeof key) < 0)
				memcpy(p->key, key, sizeof key);
		}
	}
	if (list != NULL && x->n_items > 1)
		qsort(list, x->n_items, sizeof *list, by_key);
	return list;
}

static int
by_branch(const void *a, const void *b, void *ctx)
{
	const struct vault *v = ctx;

	return strcmp(v->logs[*(const size_t *)a].branch,
		      v->logs[*(const size_t *)b].branch);
}

/*
 * The numbers of the logs by their branches, and of each log its rank there:
 * the order in which logs came to be known says nothing. malloc'ed.
 */
static size_t *
rank_logs(struct vault *v, size_t *ranks)
{
	size_t *order = calloc(v->n_logs + 1, sizeof *order);

	if (order == NULL)
		return NULL;
	for (size_t i = 0; i < v->n_logs; i++)
		order[i] = i;
	if (v->n_logs > 1)
		qsort_r(order, v->n_logs, sizeof *order, by_branch, v);
	for (size_t i = 0; i < v->n_logs; i++)
		ranks[order[i]] = i;
	return order;
}

/* The items of one log; *k: those of the index that were shown before. */
static int
merge(struct listing *l, const struct placed *placed, size_t *k, size_t rank,
      struct reading *list)
{
	size_t n = l->x->cold != NULL ? l->x->cold->n : 0;
	int rc = 0;

	while (rc == 0) {
		const struct placed *p = &placed[*k];
		const uint8_t *best = NULL;
		struct reading *from = NULL;

		for (size_t i = 0; i < n; i++) {
			const uint8_t *row = head(l, &list[i]);

			if (row != NULL &&
			    (best == NULL || memcmp(row, best, 44) < 0)) {
				best = row;
				from = &list[i];
			}
		}
		if (*k < l->x->n_items && cold_get(p->key, 4) == rank &&
		    (best == NULL || memcmp(p->key + 4, best + 4, 40) < 0)) {
			rc = show_item(l, p->item);
			++*k;
		} else if (best != NULL) {
			rc = show_cold(l, from, best);
			from->at++;
		} else {
			break;
		}
	}
	return rc != 0 ? rc : cold_check(l->x->cold, l->e);
}

/* Go to the first record of a log. */
static void
seek(struct listing *l, struct reading *list, size_t log)
{
	struct cold *c = l->x->cold;
	uint8_t key[4];

	l->log = (uint32_t)log;
	cold_put(key, 4, log);
	for (size_t i = 0; c != NULL && i < c->n; i++) {
		list[i].segment = i;
		list[i].at = list[i].n = 0;
		list[i].next = cold_find(c, i, COLD_RECORDS, key, sizeof key);
	}
}

static int
show_all(struct listing *l)
{
	struct vault *v = l->x->v;
	size_t *ranks = calloc(v->n_logs + 1, sizeof *ranks), k = 0;
	size_t *order = ranks != NULL ? rank_logs(v, ranks) : NULL;
	struct placed *placed = order != NULL ? place_items(l->x, ranks) : NULL;
	size_t n = l->x->cold != NULL ? l->x->cold->n : 0;
	struct reading *list = calloc(n + 1, sizeof *list);
	int rc = -1;

	if (placed == NULL || list == NULL)
		err_memory(l->e);
	else
		rc = n > 0 ? find_crowded(l) : 0;
	for (size_t i = 0; rc == 0 && i < v->n_logs; i++) {
		seek(l, list, order[i]);
		rc = merge(l, placed, &k, i, list);
	}
	free(l->crowded);
	free(placed);
	free(order);
	free(ranks);
	free(list);
	return rc;
}

int
listing_each(struct index *x, const struct index_case *c, const char *query,
	     desk_item_fn *item, void *ctx, struct err *e)
{
	wchar_t *q = query != NULL ? folded(query) : NULL;
	struct listing l = {.x = x,
			    .c = c,
			    .b = bonds_new(x),
			    .query = q,
			    .item = item,
			    .ctx = ctx,
			    .e = e};
	int rc = 0;

	if (l.b == NULL)
		rc = err_memory(e);
	else if (query != NULL && q == NULL)
		; /* what is no text is found nowhere */
	else
		rc = show_all(&l);
	bonds_free(l.b);
	free(q);
	return rc;
}

json_t *
desk_item_json(const struct desk_item *item)
{
	json_t *o, *file;

	if (item->o != NULL)
		return json_incref(item->o);
	o = json_object();
	put(o, "item", item->item);
	put(o, "short", item->shown);
	put(o, "case", item->case_id);
	put(o, "case_name", item->case_name);
	put(o, "title", item->title);
	put(o, "kind", item->kind);
	put(o, "taken_in", item->taken_in);
	file = item->file != NULL ? json_loads(item->file, 0, NULL) : NULL;
	put_new(o, "file", file);
	json_object_set_new(o, "versions",
			    json_integer((json_int_t)item->versions));
	return o;
}
