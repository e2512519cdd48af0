#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

static void
put(json_t *o, const char *key, const char *value)
{
	if (value != NULL)
		json_object_set_new(o, key, json_string(value));
}

static void
put_hash(json_t *o, const char *key, const uint8_t hash[HASH_LEN])
{
	char hex[65];

	hex_encode(hash, HASH_LEN, hex);
	put(o, key, hex);
}

/* Items of a case, for counting. */
static size_t
count_items(const struct index *x, const char *case_id)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n_items; i++)
		n += x->items[i].n > 0 &&
		     strcmp(x->items[i].case_id, case_id) == 0;
	return n;
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
		    json_integer((json_int_t)count_items(x, c->id)));
		put(o, "opened_by", index_seat_name(x, c->opener));
		json_array_append_new(list, o);
	}
	return list;
}

json_t *
view_members(struct index *x, const struct index_case *c)
{
	json_t *list = json_array();

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
		for (size_t k = 0; k < s->n_rights; k++)
			put(rights, s->rights[k].case_id,
			    index_role_name(
				index_role(x, s->id, s->rights[k].case_id)));
		json_object_set_new(o, "rights", rights);
		json_object_set_new(
		    o, "you",
		    json_boolean(x->me != NULL && strcmp(s->id, x->me) == 0));
		json_array_append_new(list, o);
	}
	return list;
}

/* What a list shows of a file. */
static json_t *
brief_file(const json_t *f)
{
	static const char *const keys[] = {"name",	 "name_bytes", "path",
					   "path_bytes", "size",       "sha256",
					   "media_type", "modified"};
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		json_t *v = json_object_get(f, keys[i]);

		if (v != NULL)
			json_object_set(o, keys[i], v);
	}
	return o;
}

/* What every view of a version holds. */
static json_t *
version(struct index *x, const struct index_entry *en, bool whole)
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
	if (whole)
		json_object_set(o, "fields", json_object_get(doc, "fields"));
	json_object_set(o, "parents", json_object_get(doc, "parents"));
	json_decref(doc);
	return o;
}

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

/* One line of a list. */
static json_t *
brief_item(struct index *x, const struct index_item *item, const wchar_t *query)
{
	size_t current = 0, n;
	struct index_entry *en = index_current(x, item, &current);
	json_t *doc, *fields, *files, *o = NULL;
	char id[HEX_ID_LEN + 1];
	const struct index_case *c = index_case(x, item->case_id);

	if (en == NULL)
		return NULL;
	doc = index_doc(en);
	fields = json_object_get(doc, "fields");
	files = json_object_get(doc, "files");
	if (query != NULL && !holds(fields, query) && !holds(files, query))
		goto out;
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
out:
	json_decref(doc);
	return o;
}

json_t *
view_items(struct index *x, const struct index_case *c, const char *query)
{
	json_t *list = json_array();
	wchar_t *q = query != NULL ? folded(query) : NULL;

	for (size_t i = 0; list != NULL && i < x->n_items; i++) {
		json_t *o;

		if (c != NULL && strcmp(x->items[i].case_id, c->id) != 0)
			continue;
		if (query != NULL && q == NULL)
			continue;
		o = brief_item(x, &x->items[i], q);
		if (o != NULL)
			json_array_append_new(list, o);
	}
	free(q);
	return list;
}

json_t *
view_item(struct index *x, const struct index_item *item)
{
	json_t *o = brief_item(x, item, NULL), *list = json_array();

	if (o == NULL || list == NULL) {
		json_decref(list);
		return o;
	}
	for (size_t i = 0; i < item->n; i++) {
		const struct index_entry *en = &x->entries[item->versions[i]];

		if (!en->replaced)
			json_array_append_new(list, version(x, en, true));
	}
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

	for (size_t i = 0; i < item->n; i++) {
		const struct index_entry *en = &x->entries[item->versions[i]];
		json_t *o = version(x, en, true);

		json_object_set(o, "time", json_object_get(o, "taken_in"));
		json_object_set_new(o, "current", json_boolean(!en->replaced));
		json_array_append_new(list, o);
	}
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
event(struct index *x, const struct index_entry *en, const char *action,
      const json_t *doc)
{
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
	return o;
}

json_t *
view_custody(struct index *x, const struct index_item *item)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < x->n_entries; i++) {
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
			json_array_append_new(list, event(x, en, action, doc));
		json_decref(doc);
	}
	return sorted(list);
}
