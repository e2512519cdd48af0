/* Where entries stand, and who vouches for it: see exhibit_inside.h. */
#include "exhibit_inside.h"

#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARKS_MAX (COSIGN_LINES_MAX - 1) /* cosignatures of one checkpoint */

/* Leaves of a batch's lines; malloc'ed. *own is that of the entry's line. */
static uint8_t (*line_leaves(const struct batch *b, struct exproof *p,
			     uint8_t own[HASH_LEN], bool *found))[HASH_LEN]
{
	uint8_t(*leaves)[HASH_LEN] = calloc(b->n + 1, HASH_LEN);

	*found = false;
	for (size_t i = 0; leaves != NULL && i < b->n; i++) {
		const struct batch_line *l = &b->lines[i];

		hash_prefixed(0x00, l->text, l->len, NULL, 0, leaves[i]);
		if (l->kind != BATCH_ENTRY ||
		    memcmp(l->sha256, p->sha256, HASH_LEN) != 0)
			continue;
		memcpy(p->root, l->root, HASH_LEN);
		memcpy(own, leaves[i], HASH_LEN);
		*found = true;
	}
	return leaves;
}

/* The path of an entry's line. */
static int
place(struct exhibit *ex, struct exhibit_entry *en, struct err *e)
{
	const struct index_entry *ie = &ex->x->entries[en->index];
	uint8_t(*leaves)[HASH_LEN] = NULL, own[HASH_LEN];
	uint8_t path[MERKLE_PADDED_PATH][HASH_LEN];
	struct exproof *p = &en->proof;
	struct merkle_padded *tree = NULL;
	struct vault_batch b;
	bool found;
	int rc = -1;

	if (vault_batch(ex->x->v, &ex->x->v->logs[ie->log], ie->batch, &b, e) !=
	    0)
		return -1;
	memcpy(p->sha256, ie->sha256, HASH_LEN);
	leaves = line_leaves(&b.b, p, own, &found);
	if (leaves != NULL)
		tree = merkle_padded_new(leaves, b.b.n, b.b.pads, BATCH_MIN_K,
					 BATCH_MAX_K);
	if (tree == NULL) {
		err_memory(e);
	} else if (!found ||
		   merkle_padded_path(tree, own, path, &p->place) != 0) {
		err_set(e, ERR_EVIDENCE, "an entry is not on its batch's list");
	} else {
		p->batch_k = merkle_padded_k(tree);
		memcpy(p->path, path, sizeof p->path);
		memcpy(p->inner, merkle_padded_top(tree), HASH_LEN);
		rc = 0;
	}
	merkle_padded_free(tree);
	free(leaves);
	vault_batch_free(&b);
	return rc;
}

/* A log's checkpoint after `size` batches, as its device has signed it. */
static int
read_note(struct exhibit *ex, struct exhibit_point *pt, struct err *e)
{
	struct vault *v = ex->x->v;
	const struct log *l = &v->logs[pt->log];
	char origin[CHECKPOINT_ORIGIN_MAX];
	uint8_t id[4], root[HASH_LEN], sig[64];
	struct gitstore_object o = {0};
	struct vault_batch b;
	uint64_t size;
	int rc = -1;

	if (vault_batch(v, l, pt->size, &b, e) != 0)
		return -1;
	checkpoint_origin(v->id, l->device, origin);
	vault_key_id(origin, l->key, id);
	if (vault_batch_named(v, &b, "checkpoint", &o, e) != 0)
		goto out;
	if (checkpoint_decode((const char *)o.data, o.len, origin, id, &size,
			      root, sig) != FORMAT_OK ||
	    size != pt->size ||
	    memcmp(root, l->steps[size - 1].root, HASH_LEN) != 0) {
		err_set(e, ERR_EVIDENCE,
			"device %.12s: its checkpoint %llu is not of the form",
			l->device, (unsigned long long)pt->size);
		goto out;
	}
	pt->note = strndup((const char *)o.data, o.len);
	pt->note_len = o.len;
	rc = pt->note != NULL ? 0 : err_memory(e);
out:
	gitstore_object_free(&o);
	vault_batch_free(&b);
	return rc;
}

size_t
exhibit_point_at(struct exhibit *ex, size_t log, uint64_t size, struct err *e)
{
	struct exhibit_point *pt;
	void *p;

	for (size_t i = 0; i < ex->n_points; i++)
		if (ex->points[i].log == log && ex->points[i].size == size)
			return i;
	p = realloc(ex->points, (ex->n_points + 1) * sizeof *ex->points);
	if (p == NULL) {
		err_memory(e);
		return SIZE_MAX;
	}
	ex->points = p;
	pt = &ex->points[ex->n_points];
	memset(pt, 0, sizeof *pt);
	pt->log = log;
	pt->size = size;
	ex->n_points++;
	snprintf(pt->id, sizeof pt->id, "c%zu", ex->n_points);
	return read_note(ex, pt, e) == 0 ? ex->n_points - 1 : SIZE_MAX;
}

int
exhibit_point_add(struct exhibit_entry *en, size_t at, struct err *e)
{
	size_t *p;

	if (at == SIZE_MAX)
		return -1;
	for (size_t i = 0; i < en->n_points; i++)
		if (en->points[i] == at)
			return 0;
	p = realloc(en->points, (en->n_points + 1) * sizeof *p);
	if (p == NULL)
		return err_memory(e);
	en->points = p;
	p[en->n_points++] = at;
	return 0;
}

/* The cosignature itself of what witness_of has found. */
static size_t
find_mark(const struct exhibit *ex, size_t log, const struct witness_seen *s)
{
	for (size_t i = 0; i < ex->w->n_marks; i++) {
		const struct witness_mark *m = &ex->w->marks[i];

		if (m->log == log && m->size == s->size && m->by == s->by &&
		    m->time == s->since && m->verdict > 0)
			return i;
	}
	return SIZE_MAX;
}

/* Is the key shown already, under the name of another seat? */
static bool
is_other_name(const struct exhibit *ex, const struct witness_mark *m)
{
	for (size_t i = 0; i < ex->n_points; i++)
		for (size_t k = 0; k < ex->points[i].n_marks; k++) {
			const struct witness_mark *o =
			    &ex->w->marks[ex->points[i].marks[k]];

			if (o->by != m->by && memcmp(o->key, m->key, 32) == 0)
				return true;
		}
	return false;
}

static int
add_mark(struct exhibit_point *pt, size_t mark, struct err *e)
{
	size_t *p;

	for (size_t i = 0; i < pt->n_marks; i++)
		if (pt->marks[i] == mark)
			return 0;
	if (pt->n_marks == MARKS_MAX)
		return 0;
	p = realloc(pt->marks, (pt->n_marks + 1) * sizeof *p);
	if (p == NULL)
		return err_memory(e);
	pt->marks = p;
	p[pt->n_marks++] = mark;
	return 0;
}

/* Who gives out the package is no witness of it. */
static bool
is_ours(const struct exhibit *ex, const struct witness_mark *m)
{
	const char *seat = ex->w->by[m->by].seat;

	return memcmp(m->key, ex->x->id->sign_pub, 32) == 0 ||
	       (seat[0] != '\0' && ex->x->me != NULL &&
		witness_same_person(ex->x, seat, ex->x->me));
}

/* The earliest that each witness cosigned of what covers an entry. */
static int
add_witnesses(struct exhibit *ex, struct exhibit_entry *en, struct err *e)
{
	const struct index_entry *ie = &ex->x->entries[en->index];
	struct witness_seen *seen = calloc(ex->w->n_by + 1, sizeof *seen);
	size_t n;
	int rc = 0;

	if (seen == NULL)
		return err_memory(e);
	n = witness_of(ex->w, ie->log, ie->batch, seen);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		size_t mark = find_mark(ex, ie->log, &seen[i]), at;

		if (mark == SIZE_MAX || is_ours(ex, &ex->w->marks[mark]) ||
		    is_other_name(ex, &ex->w->marks[mark]))
			continue;
		at = exhibit_point_at(ex, ie->log, seen[i].size, e);
		rc = exhibit_point_add(en, at, e) == 0 &&
			     add_mark(&ex->points[at], mark, e) == 0
			 ? 0
			 : -1;
	}
	free(seen);
	return rc;
}

/* The newest, which does not go beyond where two histories part. */
static size_t
newest(struct exhibit *ex, const struct index_entry *ie, struct err *e)
{
	const struct log *l = &ex->x->v->logs[ie->log];
	uint64_t size = l->size;

	if (l->frozen < size && ie->batch <= l->frozen)
		size = l->frozen;
	return exhibit_point_at(ex, ie->log, size, e);
}

/* One that is shown already will do for what was said of an item. */
static int
add_any(struct exhibit *ex, struct exhibit_entry *en, struct err *e)
{
	const struct index_entry *ie = &ex->x->entries[en->index];
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < ex->n_points; i++) {
		const struct exhibit_point *pt = &ex->points[i];

		if (pt->log == ie->log && pt->size >= ie->batch &&
		    (best == SIZE_MAX || pt->size < ex->points[best].size))
			best = i;
	}
	if (best != SIZE_MAX)
		return exhibit_point_add(en, best, e);
	if (exhibit_stamps_add(ex, en, e) != 0)
		return -1;
	if (ex->o->witnesses != EXHIBIT_WITNESSES_NONE &&
	    add_witnesses(ex, en, e) != 0)
		return -1;
	return en->n_points > 0 ? 0
				: exhibit_point_add(en, newest(ex, ie, e), e);
}

static int
add_record(struct exhibit *ex, struct exhibit_entry *en, struct err *e)
{
	if (exhibit_stamps_add(ex, en, e) != 0 ||
	    (ex->o->witnesses != EXHIBIT_WITNESSES_NONE &&
	     add_witnesses(ex, en, e) != 0))
		return -1;
	if (en->n_points > 0)
		return 0;
	return exhibit_point_add(en, newest(ex, &ex->x->entries[en->index], e),
				 e);
}

/* The stamp that a record came after, under the record's checkpoints. */
static int
add_earlier(struct exhibit *ex, size_t record, struct err *e)
{
	size_t stamp = exhibit_stamps_earlier(ex, &ex->entries[record]);
	size_t token, at = 0;

	if (stamp == SIZE_MAX)
		return 0;
	token = ex->stamps->list[stamp].first->entry;
	while (at < ex->n_entries && ex->entries[at].index != token)
		at++;
	if (at == ex->n_entries) {
		at = exhibit_entry_add(ex, token, 0, e);
		if (at == SIZE_MAX || place(ex, &ex->entries[at], e) != 0)
			return -1;
	}
	ex->entries[record].earlier = at + 1;
	for (size_t i = 0; i < ex->entries[record].n_points; i++)
		if (exhibit_point_add(&ex->entries[at],
				      ex->entries[record].points[i], e) != 0)
			return -1;
	return 0;
}

static bool
is_record(const struct exhibit *ex, size_t i)
{
	return ex->x->entries[ex->entries[i].index].kind == KIND_RECORD;
}

/*
 * Is this the version with which the originals came? Of a later one "no
 * earlier than" would be true, and be taken for said of them.
 */
static bool
is_first(const struct exhibit *ex, size_t i)
{
	const struct exhibit_entry *en = &ex->entries[i];

	if (en->of > 0)
		return exhibit_holds_all(ex, en, en->of - 1);
	return json_array_size(json_object_get(en->doc, "parents")) == 0;
}

int
exhibit_points_choose(struct exhibit *ex, struct err *e)
{
	size_t n = ex->n_entries;

	for (size_t i = 0; i < n; i++)
		if (place(ex, &ex->entries[i], e) != 0)
			return -1;
	for (size_t i = 0; i < n; i++)
		if (is_record(ex, i) && add_record(ex, &ex->entries[i], e) != 0)
			return -1;
	for (size_t i = 0; i < n; i++)
		if (!is_record(ex, i) && add_any(ex, &ex->entries[i], e) != 0)
			return -1;
	/* these come behind the others */
	for (size_t i = 0; i < n; i++)
		if (is_record(ex, i) && is_first(ex, i) &&
		    add_earlier(ex, i, e) != 0)
			return -1;
	return 0;
}
