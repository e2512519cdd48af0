/* What cosignatures say, as JSON: see witness.h. */
#include "witness.h"

#include "clock.h"

#include <stdlib.h>
#include <string.h>

static void
put(json_t *o, const char *key, const char *value)
{
	if (value != NULL && value[0] != '\0')
		json_object_set_new(o, key, json_string(value));
}

static void
put_time(json_t *o, const char *key, uint64_t time)
{
	char text[CLOCK_LEN];

	clock_format((time_t)time, text);
	put(o, key, text);
}

static void
put_number(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

/* Who it is: a member, or a key from outside that a member has recorded. */
static void
put_by(struct witness *w, json_t *o, size_t by)
{
	const struct witness_by *b = &w->by[by];
	const struct index_seat *s = index_seat(w->x, b->seat);
	char vkey[COSIGN_VKEY_MAX];

	if (b->seat[0] != '\0') {
		put(o, "name",
		    s != NULL && s->name[0] != '\0'
			? s->name
			: index_seat_name(w->x, b->seat));
		put(o, "org", s != NULL ? s->org : NULL);
		put(o, "member", b->seat);
		return;
	}
	cosign_vkey_encode(&b->vkey, vkey);
	put(o, "name", b->vkey.name);
	put(o, "key", vkey);
}

json_t *
witness_seen_json(struct witness *w, size_t log, uint64_t batch)
{
	struct witness_seen *seen = calloc(w->n_by + 1, sizeof *seen);
	json_t *list = json_array();
	size_t n;

	if (seen == NULL || list == NULL) {
		free(seen);
		json_decref(list);
		return NULL;
	}
	n = witness_of(w, log, batch, seen);
	for (size_t i = 0; i < n; i++) {
		const struct index_entry *en = &w->x->entries[seen[i].entry];
		json_t *o = json_object();

		put_by(w, o, seen[i].by);
		put_time(o, "since", seen[i].since);
		put_number(o, "size", seen[i].size);
		if (w->by[seen[i].by].seat[0] == '\0')
			put(o, "recorded_by", index_seat_name(w->x, en->seat));
		json_array_append_new(list, o);
	}
	free(seen);
	return list;
}

/* How much of the vault one of them has seen. */
static json_t *
coverage(struct witness *w, size_t by)
{
	json_t *o = json_object();
	uint64_t batches = 0, newest = 0;
	size_t devices = 0;

	for (size_t i = 0; i < w->x->v->n_logs; i++) {
		uint64_t n = witness_size(w, i, by);

		batches += n;
		devices += n > 0;
	}
	for (size_t i = 0; i < w->n_marks; i++)
		if (w->marks[i].by == by && w->marks[i].verdict > 0 &&
		    w->marks[i].time > newest)
			newest = w->marks[i].time;
	put_by(w, o, by);
	put_number(o, "batches", batches);
	put_number(o, "devices", devices);
	put_time(o, "newest", newest);
	if (devices > 0)
		return o;
	json_decref(o);
	return NULL;
}

/* Batches with content that count and that no other member has cosigned. */
static int
count_unseen(struct witness *w, uint64_t *unseen, struct err *e)
{
	const struct vault *v = w->x->v;
	uint64_t *from = calloc(v->n_logs + 1, sizeof *from);
	uint64_t *last = calloc(v->n_logs + 1, sizeof *last);
	int rc = -1;

	*unseen = 0;
	for (size_t i = 0; from != NULL && i < v->n_logs; i++) {
		from[i] = w->x->log_seat[i] == NULL ? UINT64_MAX : 0;
		for (size_t k = 0; k < w->n_by && from[i] != UINT64_MAX; k++) {
			uint64_t n = w->by[k].seat[0] != '\0'
					 ? witness_size(w, i, k)
					 : 0;

			if (n > from[i])
				from[i] = n;
		}
	}
	if (from == NULL || last == NULL)
		err_memory(e);
	else
		rc = witness_content(w->x, from, last, unseen, e);
	free(from);
	free(last);
	return rc;
}

json_t *
witness_summary(struct index *x, struct err *e)
{
	struct witness *w = witness_new(x, true, e);
	json_t *o = json_object(), *list = json_array();
	uint64_t unseen;

	if (w == NULL || o == NULL || list == NULL ||
	    count_unseen(w, &unseen, e) != 0) {
		witness_free(w);
		json_decref(o);
		json_decref(list);
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < w->n_by; i++) {
		json_t *c = coverage(w, i);

		if (c != NULL)
			json_array_append_new(list, c);
	}
	json_object_set_new(o, "witnesses", list);
	put_number(o, "unwitnessed", unseen);
	witness_free(w);
	return o;
}
