#include "view.h"

#include "bond.h"
#include "brief.h"
#include "devices.h"
#include "listing.h"
#include "stamp.h"
#include "witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What others than the device say of time: witnesses, authorities. */
struct outside {
	struct witness *w;
	struct stamps *s;
};

static void
outside_free(struct outside *t)
{
	witness_free(t->w);
	stamps_free(t->s);
}

static int
outside_open(struct index *x, struct outside *t)
{
	t->w = witness_new(x, false, NULL);
	t->s = stamps_new(x, (int64_t)time(NULL), NULL);
	if (t->w != NULL && t->s != NULL)
		return 0;
	outside_free(t);
	return -1;
}

static void
put(json_t *o, const char *key, const char *value)
{
	if (value != NULL)
		json_object_set_new(o, key, json_string(value));
}

/* What is NULL is left out. */
static void
put_new(json_t *o, const char *key, json_t *value)
{
	if (value != NULL)
		json_object_set_new(o, key, value);
}

static void
put_hash(json_t *o, const char *key, const uint8_t hash[HASH_LEN])
{
	char hex[65];

	hex_encode(hash, HASH_LEN, hex);
	put(o, key, hex);
}

json_t *
view_cases(struct index *x)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < x->n_cases; i++) {
		const struct index_case *c = &x->cases[i];
		bool held = index_holds(x, c->id);
		json_t *o;

		if (strcmp(c->id, INDEX_VAULT) == 0)
			continue;
		o = json_object();
		put(o, "case", c->id);
		if (c->name[0] != '\0')
			put(o, "name", c->name);
		json_object_set_new(o, "readable", json_boolean(held));
		put(o, "role", index_role_name(index_role(x, x->me, c->id)));
		json_object_set_new(
		    o, "items",
		    json_integer((json_int_t)index_count(x, c->id)));
		put(o, "opened_by", index_seat_name(x, c->opener));
		json_array_append_new(list, o);
	}
	return list;
}

/* The devices of one member. */
static json_t *
of_member(const json_t *devices, const char *seat)
{
	json_t *list = json_array(), *d;
	size_t i;

	json_array_foreach (devices, i, d) {
		const char *of = entry_str(d, "member");

		if (of != NULL && strcmp(of, seat) == 0)
			json_array_append(list, d);
	}
	return list;
}

json_t *
view_members(struct index *x, const struct index_case *c)
{
	json_t *list = json_array(), *devices = devices_view(x);

	for (size_t i = 0; list != NULL && i < x->n_seats; i++) {
		const struct index_seat *s = &x->seats[i];
		json_t *o, *rights;

		if (c != NULL && index_role(x, s->id, c->id) == ROLE_NONE)
			continue;
		o = json_object();
		rights = json_object();
		put(o, "member", s->id);
		if (s->name[0] != '\0')
			put(o, "name", s->name);
		if (s->org[0] != '\0')
			put(o, "org", s->org);
		put(o, "admitted_by",
		    strcmp(s->above, "root") == 0
			? "the root key"
			: index_seat_name(x, s->above));
		if (s->collector)
			json_object_set_new(o, "collector", json_true());
		if (s->retired)
			json_object_set_new(o, "retired", json_true());
		if (s->follows[0] != '\0')
			put(o, "follows", s->follows);
		for (size_t k = 0; k < s->n_rights; k++)
			put(rights, s->rights[k].case_id,
			    index_role_name(
				index_role(x, s->id, s->rights[k].case_id)));
		json_object_set_new(o, "rights", rights);
		json_object_set_new(o, "devices", of_member(devices, s->id));
		json_object_set_new(
		    o, "you",
		    json_boolean(x->me != NULL && strcmp(s->id, x->me) == 0));
		json_array_append_new(list, o);
	}
	json_decref(devices);
	return list;
}

/*
 * Three kinds of word on when a batch was there, each apart: cosignatures,
 * time stamps, and what must have been there before.
 */
static void
put_outside(json_t *o, const struct outside *t, size_t log, uint64_t batch)
{
	json_t *earlier = stamps_earlier_json(t->s, log, batch);

	json_object_set_new(o, "seen_by", witness_seen_json(t->w, log, batch));
	json_object_set_new(o, "stamped",
			    stamps_covering_json(t->s, log, batch));
	if (earlier != NULL)
		json_object_set_new(o, "no_earlier", earlier);
}

/* What every view of a version holds. */
static json_t *
version(struct index *x, const struct index_entry *en, const struct outside *t,
	const struct bonds *b)
{
	json_t *doc = index_doc(en), *o = json_object(), *files, *f;
	json_t *list = json_array();
	size_t i;

	put_hash(o, "entry", en->sha256);
	put(o, "taken_in", entry_str(doc, "time"));
	put(o, "by", index_seat_name(x, x->log_seat[en->log]));
	json_object_set_new(o, "batch", json_integer((json_int_t)en->batch));
	put(o, "device", x->v->logs[en->log].device);
	files = json_object_get(doc, "files");
	json_array_foreach (files, i, f)
		json_array_append_new(list, brief_file(f));
	json_object_set_new(o, "files", list);
	json_object_set(o, "fields", json_object_get(doc, "fields"));
	put_outside(o, t, en->log, en->batch);
	json_object_set(o, "parents", json_object_get(doc, "parents"));
	put_new(o, "original", bonds_original(b, en));
	put_new(o, "within", bonds_within(b, en));
	json_decref(doc);
	return o;
}

json_t *
view_item(struct index *x, const struct index_item *item)
{
	struct bonds *b = bonds_new(x);
	json_t *o = b != NULL ? listing_item(b, item) : NULL;
	json_t *list = json_array();
	struct outside t;

	if (o == NULL || list == NULL || outside_open(x, &t) != 0) {
		bonds_free(b);
		json_decref(list);
		json_decref(o);
		return NULL;
	}
	for (size_t i = 0; i < item->n; i++) {
		const struct index_entry *en = &x->entries[item->versions[i]];

		if (!en->replaced)
			json_array_append_new(list, version(x, en, &t, b));
	}
	bonds_free(b);
	outside_free(&t);
	devices_mark(x, list);
	json_object_set_new(o, "current_versions", list);
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		json_t *doc;

		if (en->kind != KIND_RETRACT || !en->accepted ||
		    strcmp(en->item, item->id) != 0 ||
		    strcmp(en->case_id, item->case_id) != 0)
			continue;
		doc = index_doc(en);
		put(o, "retracted_why", entry_str(doc, "why"));
		json_decref(doc);
	}
	return o;
}

static int
by_text(const json_t *x, const json_t *y, const char *key)
{
	const char *s = entry_str(x, key), *t = entry_str(y, key);

	return strcmp(s != NULL ? s : "", t != NULL ? t : "");
}

/* By claimed time; within one second a device's log has an order of its own. */
static int
by_time(const void *a, const void *b)
{
	const json_t *x = *(const json_t *const *)a;
	const json_t *y = *(const json_t *const *)b;
	json_int_t m = json_integer_value(json_object_get(x, "batch"));
	json_int_t n = json_integer_value(json_object_get(y, "batch"));
	int c = by_text(x, y, "time");

	if (c == 0)
		c = by_text(x, y, "device");
	if (c == 0)
		c = (m > n) - (m < n);
	return c != 0 ? c : by_text(x, y, "entry");
}

/* Sort a list of objects by their claimed times. */
static json_t *
sorted(json_t *list)
{
	size_t n = json_array_size(list);
	json_t **a = calloc(n + 1, sizeof *a), *out = json_array();

	if (a == NULL || out == NULL) {
		free(a);
		json_decref(out);
		return list;
	}
	for (size_t i = 0; i < n; i++)
		a[i] = json_array_get(list, i);
	qsort(a, n, sizeof *a, by_time);
	for (size_t i = 0; i < n; i++)
		json_array_append(out, a[i]);
	free(a);
	json_decref(list);
	return out;
}

json_t *
view_history(struct index *x, const struct index_item *item)
{
	json_t *list = json_array();
	struct bonds *b = bonds_new(x);
	struct outside t;

	if (b == NULL || list == NULL || outside_open(x, &t) != 0) {
		bonds_free(b);
		json_decref(list);
		return NULL;
	}
	for (size_t i = 0; i < item->n; i++) {
		const struct index_entry *en = &x->entries[item->versions[i]];
		json_t *o = version(x, en, &t, b);

		json_object_set(o, "time", json_object_get(o, "taken_in"));
		json_object_set_new(o, "current", json_boolean(!en->replaced));
		put_new(o, "redacted_copies", bonds_copies(b, item, en));
		json_array_append_new(list, o);
	}
	bonds_free(b);
	outside_free(&t);
	devices_mark(x, list);
	return sorted(list);
}

/* Had the device of this entry seen that batch when it wrote it? */
static bool
had_seen(const struct index *x, const struct index_entry *who, size_t log,
	 uint64_t batch)
{
	const struct log *l = &x->v->logs[who->log];

	if (who->log == log)
		return batch <= who->batch;
	for (size_t i = 0; i < l->n_seen; i++)
		if (l->seen[i].batch <= who->batch &&
		    l->seen[i].size >= batch &&
		    strcmp(l->seen[i].device, x->v->logs[log].device) == 0)
			return true;
	return false;
}

/* Does this custody entry, which names no item, concern the item? */
static bool
concerns(const struct index *x, const struct index_entry *en,
	 const struct index_item *item)
{
	if (strcmp(en->case_id, item->case_id) != 0 || item->n == 0)
		return false;
	for (size_t i = 0; i < item->n; i++) {
		const struct index_entry *v = &x->entries[item->versions[i]];

		if (had_seen(x, en, v->log, v->batch))
			return true;
	}
	return false;
}

static json_t *
event(const struct outside *t, const struct index_entry *en, const char *action,
      const json_t *doc)
{
	struct index *x = t->w->x;
	json_t *o = json_object();
	const char *to = entry_str(doc, "to");

	put(o, "time", entry_str(doc, "time"));
	put(o, "action", action);
	put(o, "by", index_seat_name(x, x->log_seat[en->log]));
	put(o, "device", x->v->logs[en->log].device);
	json_object_set_new(o, "batch", json_integer((json_int_t)en->batch));
	put_hash(o, "entry", en->sha256);
	if (to != NULL)
		put(o, "to", index_seat_name(x, to));
	put(o, "note", entry_str(doc, "note"));
	put(o, "why", entry_str(doc, "why"));
	if (!en->accepted)
		put(o, "not_accepted", en->why);
	put_outside(o, t, en->log, en->batch);
	return o;
}

json_t *
view_custody(struct index *x, const struct index_item *item)
{
	json_t *list = json_array();
	struct outside t;

	if (list == NULL || outside_open(x, &t) != 0) {
		json_decref(list);
		return NULL;
	}
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		bool own = strcmp(en->item, item->id) == 0 &&
			   strcmp(en->case_id, item->case_id) == 0;
		const char *action = NULL;
		json_t *doc;

		if (!own && !(en->kind == KIND_CUSTODY && en->item[0] == '\0' &&
			      concerns(x, en, item)))
			continue;
		doc = index_doc(en);
		if (en->kind == KIND_RECORD)
			action = json_array_size(
				     json_object_get(doc, "parents")) == 0
				     ? "taken in"
				     : "edited";
		else if (en->kind == KIND_RETRACT)
			action = "retracted";
		else if (en->kind == KIND_CUSTODY)
			action = entry_str(doc, "action");
		if (action != NULL)
			json_array_append_new(list, event(&t, en, action, doc));
		json_decref(doc);
	}
	outside_free(&t);
	return sorted(list);
}
