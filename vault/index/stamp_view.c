/* What time stamps say, as JSON: see stamp.h. */
#include "stamp.h"

#include "clock.h"

#include <stdlib.h>
#include <string.h>

static void
put(json_t *o, const char *key, const char *value)
{
	char shown[2 * TIMESTAMP_NAME_MAX];

	/* names of authorities are foreign text */
	if (value != NULL && value[0] != '\0')
		json_object_set_new(
		    o, key,
		    json_string(
			err_escape(shown, sizeof shown, value, strlen(value))));
}

static void
put_time(json_t *o, const char *key, int64_t time)
{
	char text[CLOCK_LEN];

	if (time <= 0 || time == INT64_MAX)
		return;
	clock_format((time_t)time, text);
	put(o, key, text);
}

static void
put_hash(json_t *o, const char *key, const uint8_t hash[HASH_LEN])
{
	char hex[65];

	hex_encode(hash, HASH_LEN, hex);
	put(o, key, hex);
}

json_t *
stamp_verdict_json(const struct timestamp *t)
{
	json_t *o = json_object();

	put_time(o, "time", t->time);
	if (t->accuracy >= 0)
		json_object_set_new(o, "accuracy", json_integer(t->accuracy));
	put(o, "policy", t->policy);
	put(o, "serial", t->serial);
	put(o, "authority", t->authority);
	if (t->hash != TIMESTAMP_NO_HASH)
		put(o, "imprint", timestamp_hash_name(t->hash));
	put(o, "root", t->root);
	if (t->root[0] != '\0')
		put_hash(o, "root_sha256", t->root_sha256);
	put_time(o, "until", t->until);
	put_time(o, "unrevoked", t->unrevoked);
	put(o, "why", t->why);
	return o;
}

json_t *
stamp_json(const struct stamps *s, const struct stamp *st)
{
	const struct index_entry *en = &s->x->entries[st->first->entry];
	json_t *o = stamp_verdict_json(&st->first->verdict);
	json_t *list = json_array();

	put(o, "status", stamp_status_name(st->status));
	put_time(o, "until", st->until);
	put_hash(o, "entry", en->sha256);
	put(o, "brought_by", index_seat_name(s->x, en->seat));
	for (size_t i = 0; i < st->n_renewals; i++) {
		const struct stamp_token *r = st->renewals[i];
		json_t *v = stamp_verdict_json(&r->verdict);

		put_hash(v, "entry", s->x->entries[r->entry].sha256);
		json_array_append_new(list, v);
	}
	json_object_set_new(o, "renewals", list);
	return o;
}

json_t *
stamps_covering_json(const struct stamps *s, size_t log, uint64_t batch)
{
	struct stamp_cover *c = calloc(s->n + 1, sizeof *c);
	json_t *list = json_array(), *o;
	size_t n = 0;

	if (c != NULL)
		n = stamps_covering(s, log, batch, c);
	for (size_t i = 0; i < n; i++) {
		const struct stamp *st = &s->list[c[i].stamp];

		o = stamp_json(s, st);
		json_object_set_new(
		    o, "size",
		    json_integer((json_int_t)st->marks[c[i].mark].size));
		json_array_append_new(list, o);
	}
	free(c);
	return list;
}

json_t *
stamps_earlier_json(const struct stamps *s, size_t log, uint64_t batch)
{
	size_t i = stamps_earlier(s, log, batch);

	return i != SIZE_MAX ? stamp_json(s, &s->list[i]) : NULL;
}

/* -- the whole vault -- */

/* What has been asked for and not been answered yet. */
static json_t *
pending(const struct stamps *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n_questions; i++) {
		const struct stamp_question *q = &s->questions[i];
		const struct index_entry *en = &s->x->entries[q->entry];
		json_t *o;

		if (q->answers > 0 || q->tree == NULL)
			continue;
		o = json_object();
		put(o, "request", q->renews ? "renewal" : "stamp");
		put(o, "asked", entry_str(q->doc, "time"));
		put(o, "by", index_seat_name(s->x, en->seat));
		put_hash(o, "entry", en->sha256);
		json_object_set_new(
		    o, "of",
		    json_integer((json_int_t)json_array_size(json_object_get(
			q->doc, q->renews ? "tokens" : "checkpoints"))));
		json_array_append_new(list, o);
	}
	return list;
}

/* Whose word is about to end: before `limit`, or has ended. */
static json_t *
stamp_list(const struct stamps *s, int64_t limit, size_t *ageing)
{
	json_t *list = json_array();

	*ageing = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct stamp *st = &s->list[i];
		bool ages = st->status <= STAMP_RENEWED && st->until < limit;
		json_t *o = stamp_json(s, st), *logs = json_array();

		if (ages)
			json_object_set_new(o, "ages", json_true());
		*ageing += ages;
		for (size_t k = 0; k < st->n_marks; k++)
			json_array_append_new(
			    logs,
			    json_pack("{s:s,s:I}", "device",
				      s->x->v->logs[st->marks[k].log].device,
				      "size", (json_int_t)st->marks[k].size));
		json_object_set_new(o, "covers", logs);
		json_array_append_new(list, o);
	}
	return list;
}

json_t *
stamps_roots_json(const struct stamps *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->roots.n; i++) {
		const struct index_entry *en =
		    &s->x->entries[s->root_entries[i]];
		struct timestamp_cert c;
		json_t *o = json_object();

		(void)timestamp_cert(&s->roots.list[i], &c);
		put(o, "subject", c.subject);
		put_hash(o, "sha256", c.sha256);
		put_time(o, "not_before", c.not_before);
		put_time(o, "not_after", c.not_after);
		put(o, "added_by", index_seat_name(s->x, en->seat));
		put_hash(o, "entry", en->sha256);
		json_array_append_new(list, o);
	}
	return list;
}

/* Batches with content that no stamp covers whose word counts now. */
static int
unstamped(const struct stamps *s, json_t *list, uint64_t *count, struct err *e)
{
	size_t n = s->x->v->n_logs;
	uint64_t *from = calloc(n + 1, sizeof *from);
	uint64_t *last = calloc(n + 1, sizeof *last);
	int rc = -1;

	*count = 0;
	if (from == NULL || last == NULL)
		err_memory(e);
	else
		rc = stamps_due(s, from, last, count, e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (from[i] != UINT64_MAX && last[i] > from[i])
			json_array_append_new(
			    list, json_pack("{s:s,s:I,s:I}", "device",
					    s->x->v->logs[i].device, "stamped",
					    (json_int_t)from[i], "content",
					    (json_int_t)last[i]));
	free(from);
	free(last);
	return rc;
}

json_t *
stamps_json(const struct stamps *s, unsigned months, struct err *e)
{
	json_t *o = json_object(), *logs = json_array();
	size_t ageing;
	uint64_t count;

	if (o == NULL || logs == NULL || unstamped(s, logs, &count, e) != 0) {
		json_decref(o);
		json_decref(logs);
		err_memory(e);
		return NULL;
	}
	json_object_set_new(
	    o, "stamps", stamp_list(s, stamp_limit(s->now, months), &ageing));
	json_object_set_new(o, "ageing", json_integer((json_int_t)ageing));
	json_object_set_new(o, "months", json_integer((json_int_t)months));
	json_object_set_new(o, "pending", pending(s));
	json_object_set_new(o, "unstamped", json_integer((json_int_t)count));
	json_object_set_new(o, "unstamped_logs", logs);
	json_object_set_new(o, "roots", stamps_roots_json(s));
	return o;
}

static void
add_name(json_t *list, const char *name)
{
	char shown[2 * TIMESTAMP_NAME_MAX];
	json_t *v;
	size_t i;

	err_escape(shown, sizeof shown, name, strlen(name));
	json_array_foreach (list, i, v)
		if (strcmp(json_string_value(v), shown) == 0)
			return;
	json_array_append_new(list, json_string(shown));
}

json_t *
stamps_summary(const struct stamps *s, struct err *e)
{
	size_t counts[STAMP_REFUSED + 1] = {0};
	json_t *o = json_object(), *logs = json_array(), *names = json_array();
	json_t *waiting = pending(s);
	const struct stamp *first = NULL, *last = NULL;
	uint64_t n = 0;
	int rc = unstamped(s, logs, &n, e);

	for (size_t i = 0; i < s->n; i++) {
		counts[s->list[i].status]++;
		if (!stamp_counts(&s->list[i]))
			continue;
		first = first == NULL ? &s->list[i] : first;
		last = &s->list[i];
		add_name(names, last->first->verdict.authority);
	}
	json_object_set_new(o, "stamps", json_integer((json_int_t)s->n));
	for (size_t i = 0; i <= STAMP_REFUSED; i++)
		json_object_set_new(o, stamp_status_name((enum stamp_status)i),
				    json_integer((json_int_t)counts[i]));
	if (first != NULL) {
		put_time(o, "oldest", first->first->verdict.time);
		put_time(o, "newest", last->first->verdict.time);
	}
	json_object_set_new(o, "authorities", names);
	json_object_set_new(o, "pending",
			    json_integer((json_int_t)json_array_size(waiting)));
	json_object_set_new(o, "unstamped", json_integer((json_int_t)n));
	json_decref(waiting);
	json_decref(logs);
	if (rc != 0) {
		json_decref(o);
		o = NULL;
	}
	return o;
}
