/* A copy of an index, to go on with over another vault: see index.h. */
#include "index_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* malloc'ed, also of nothing. */
static void *
copy_of(const void *from, size_t n, size_t one)
{
	void *p = calloc(n + 1, one);

	if (p != NULL && n > 0)
		memcpy(p, from, n * one);
	return p;
}

static int
copy_files(struct index_files *to, const struct index_files *from)
{
	to->list = copy_of(from->list, from->n, sizeof *to->list);
	if (to->list == NULL)
		return -1;
	to->cap = from->n + 1;
	for (; to->n < from->n; to->n++) {
		struct index_file *f = &to->list[to->n];

		if (f->why != NULL && (f->why = strdup(f->why)) == NULL)
			return -1;
	}
	return 0;
}

static int
copy_entries(struct index *to, const struct index *from)
{
	to->entries =
	    copy_of(from->entries, from->n_entries, sizeof *to->entries);
	if (to->entries == NULL)
		return -1;
	to->cap_entries = from->n_entries + 1;
	for (; to->n_entries < from->n_entries; to->n_entries++) {
		struct index_entry *en = &to->entries[to->n_entries];

		en->text = copy_of(en->text, en->text_len, 1);
		if (en->text == NULL)
			return -1;
		json_incref(en->doc);
	}
	return map_copy(&to->by_hash, &from->by_hash);
}

static int
copy_keys(struct index *to, const struct index *from)
{
	size_t n = from->keys->len / 32;

	to->keys = secret_copy(from->keys->bytes, from->keys->len);
	to->infos = copy_of(from->infos, n, sizeof *to->infos);
	to->cap_infos = n + 1;
	to->hybrids =
	    copy_of(from->hybrids, from->n_hybrids, sizeof *to->hybrids);
	to->n_hybrids = from->n_hybrids;
	to->last_hybrid = from->last_hybrid;
	return to->keys == NULL || to->infos == NULL || to->hybrids == NULL
		   ? -1
		   : map_copy(&to->one_off, &from->one_off) |
			 map_copy(&to->bulk, &from->bulk);
}

static int
copy_logs(struct index *to, const struct index *from)
{
	size_t n = from->n_logs;

	to->done = copy_of(from->done, n, sizeof *to->done);
	to->cased = calloc(n + 1, sizeof *to->cased);
	to->log_seat = calloc(n + 1, sizeof *to->log_seat);
	to->log_limit = calloc(n + 1, sizeof *to->log_limit);
	if (to->done == NULL || to->cased == NULL || to->log_seat == NULL ||
	    to->log_limit == NULL)
		return -1;
	for (; to->n_logs < n; to->n_logs++) {
		size_t i = to->n_logs;

		assert(strcmp(to->v->logs[i].device, from->v->logs[i].device) ==
			   0 &&
		       to->v->logs[i].size >= from->done[i]);

		to->cased[i] = copy_of(from->cased[i], from->done[i], 1);
		if (to->cased[i] == NULL)
			return -1;
	}
	return 0;
}

struct index *
index_extend(const struct index *x, struct vault *v, struct err *e)
{
	struct index *y = calloc(1, sizeof *y);

	if (y != NULL) {
		y->v = v;
		y->id = x->id;
		y->rewritten = v->rewritten;
		report_copy(&y->findings, &x->findings);
	}
	if (y == NULL || copy_keys(y, x) != 0 || copy_entries(y, x) != 0 ||
	    copy_files(&y->rings, &x->rings) != 0 ||
	    copy_files(&y->unread, &x->unread) != 0 || copy_logs(y, x) != 0)
		err_memory(e);
	else if (index_catch_up(y, e) == 0)
		return y;
	index_free(y);
	return NULL;
}
