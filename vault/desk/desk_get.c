/* Giving originals out: see desk.h. */
#include "desk_inside.h"

#include "acts.h"
#include "extract_many.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What `get` is doing. */
struct getting {
	struct desk *d;
	const char *folder;
	bool by_item;
	desk_told *told;
	void *ctx;
	struct err worst; /* tampering rather than a full disk */
	struct extract_many *many;
	struct map failed; /* items of which not all was written */
	size_t n_failed;   /* files */
};

static void
item_key(const char *case_id, const char *item, uint8_t key[MAP_KEY_LEN])
{
	char text[INDEX_CASE_MAX + HEX_ID_LEN + 2];

	snprintf(text, sizeof text, "%s %s", case_id, item);
	map_key_text(text, key);
}

static void
get_failed(struct getting *g, const char *path, const char *item,
	   const struct err *e)
{
	g->told(g->ctx, DESK_FAILED, path, item, e->msg);
	if (e->code == ERR_EVIDENCE)
		g->worst.code = ERR_NONE;
	err_set(&g->worst, e->code, "%s", e->msg);
}

static void
got(void *ctx, const struct index_entry *en, const char *path,
    const struct err *failed)
{
	struct getting *g = ctx;
	uint8_t key[MAP_KEY_LEN];

	if (failed == NULL) {
		g->told(g->ctx, DESK_ADDED, path, en->item, NULL);
		return;
	}
	g->n_failed++;
	get_failed(g, path[0] != '\0' ? path : NULL, en->item, failed);
	item_key(en->case_id, en->item, key);
	if (map_set(&g->failed, key, 1) != 0)
		err_memory(&g->worst);
}

/* True if two versions hold the same files. */
static bool
same_files(const struct index_entry *a, const struct index_entry *b)
{
	json_t *x = index_doc(a), *y = index_doc(b);
	bool same = json_equal(json_object_get(x, "files"),
			       json_object_get(y, "files")) == 1;

	json_decref(x);
	json_decref(y);
	return same;
}

/*
 * All current versions of an item. Where several stand side by side and differ
 * in content, each goes to a folder named by its entry.
 */
static int
get_item(struct getting *g, const struct index_item *item, struct err *e)
{
	struct index *x = g->d->x;
	const struct index_entry *first = index_current(x, item, NULL);
	char folder[FSUTIL_PATH], own[FSUTIL_PATH], hex[65];
	bool differ = false;

	snprintf(folder, sizeof folder, "%s%s%.*s", g->folder,
		 g->by_item ? "/" : "",
		 g->by_item ? (int)index_short(x, item) : 0, item->id);
	for (size_t i = 0; i < item->n; i++) {
		const struct index_entry *en = &x->entries[item->versions[i]];

		differ |=
		    !en->replaced && en != first && !same_files(first, en);
	}
	if (!differ)
		return extract_many_put(g->many, first, folder, e);
	for (size_t i = 0; i < item->n; i++) {
		const struct index_entry *en = &x->entries[item->versions[i]];

		if (en->replaced)
			continue;
		hex_encode(en->sha256, HASH_LEN, hex);
		snprintf(own, sizeof own, "%.4000s/version-%.16s", folder, hex);
		if (extract_many_put(g->many, en, own, e) != 0)
			return -1;
	}
	return 0;
}

/* As they lie in the history, where reading goes forward. */
static int
by_place(const void *a, const void *b, void *index)
{
	const struct index *x = index;
	const struct index_entry *p, *q;

	p = &x->entries[(*(struct index_item *const *)a)->versions[0]];
	q = &x->entries[(*(struct index_item *const *)b)->versions[0]];
	if (p->log != q->log)
		return p->log < q->log ? -1 : 1;
	if (p->batch != q->batch)
		return p->batch < q->batch ? -1 : 1;
	return memcmp(p->sha256, q->sha256, HASH_LEN);
}

/* All items of a case, those that were retracted too. */
static struct index_item **
case_items(struct desk *d, const struct index_case *c, size_t *n)
{
	struct index_item **list = calloc(d->x->n_items + 1, sizeof *list);

	*n = 0;
	for (size_t i = 0; list != NULL && i < d->x->n_items; i++)
		if (strcmp(d->x->items[i].case_id, c->id) == 0 &&
		    d->x->items[i].n > 0)
			list[(*n)++] = &d->x->items[i];
	if (list != NULL)
		qsort_r(list, *n, sizeof *list, by_place, d->x);
	return list;
}

/*
 * Say in the vault that these items were exported, each in an entry of its own:
 * one without `item` would be about all that this device has seen of the case,
 * also what was not given out because nobody's word counted yet for it, and no
 * exhibit could show it.
 */
static int
say_exported(struct desk *d, struct index_item *const *list, size_t n,
	     struct err *e)
{
	struct acts_custody *c = calloc(n + 1, sizeof *c);
	size_t m = 0;
	int rc = 0;

	if (c == NULL)
		return err_memory(e);
	/* what can be saved of a damaged vault is given out all the same */
	if (d->v->report.count[REPORT_DAMAGE] > 0)
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (acts_may(d->x, KIND_CUSTODY, list[i]->case_id))
			c[m++] =
			    (struct acts_custody){list[i]->case_id, list[i]->id,
						  "exported", NULL, NULL};
	if (m > 0)
		rc = acts_custody(d->x, c, m, e);
	free(c);
	return rc;
}

int
desk_get(struct desk *d, const char *const *items, size_t n,
	 const char *case_text, const char *folder, bool by_item,
	 desk_told *told, void *ctx, struct desk_sum *sum, struct err *e)
{
	struct getting g = {.d = d,
			    .folder = folder,
			    .by_item = by_item,
			    .told = told,
			    .ctx = ctx};
	struct index_item **list = NULL;
	struct index_case *c;
	size_t found = 0, out = 0;
	int rc = -1;

	if (desk_find_case(d, case_text, &c, e) != 0 ||
	    (c != NULL && index_thaw(d->x, e) != 0))
		return -1;
	list = c != NULL ? case_items(d, c, &found)
			 : desk_find_items(d, items, n, &found, e);
	if (list == NULL || fsutil_mkdirs(folder, e) != 0)
		goto out;
	g.many = extract_many_new(d->x, got, &g, e);
	if (g.many == NULL)
		goto out;
	for (size_t i = 0; i < found; i++)
		if (get_item(&g, list[i], e) != 0)
			goto out;
	if (extract_many_finish(g.many, e) != 0)
		goto out;
	sum->failed = g.n_failed;
	for (size_t i = 0; i < found; i++) {
		uint8_t key[MAP_KEY_LEN];
		size_t at;

		item_key(list[i]->case_id, list[i]->id, key);
		if (map_get(&g.failed, key, &at))
			continue;
		sum->done++;
		list[out++] = list[i];
	}
	rc = say_exported(d, list, out, e);
	if (rc == 0 && g.worst.code != ERR_NONE) {
		err_set(e, g.worst.code,
			"%zu of %zu items could not be written",
			found - sum->done, found);
		err_hint(e, "nothing is overwritten; --by-item gives each item"
			    " a folder of its own");
		rc = -1;
	}
out:
	extract_many_free(g.many);
	map_free(&g.failed);
	free(list);
	return rc;
}
