/* Time stamps in a package: see exhibit_inside.h. */
#include "exhibit_inside.h"

#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The place of a stamp in the package; SIZE_MAX without memory. */
static size_t
shown_stamp(struct exhibit *ex, size_t stamp)
{
	struct exhibit_stamp *s;
	void *p;

	for (size_t i = 0; i < ex->n_shown; i++)
		if (ex->shown[i].stamp == stamp)
			return i;
	p = realloc(ex->shown, (ex->n_shown + 1) * sizeof *ex->shown);
	if (p == NULL)
		return SIZE_MAX;
	ex->shown = p;
	s = &ex->shown[ex->n_shown];
	memset(s, 0, sizeof *s);
	s->numbers =
	    calloc(ex->stamps->list[stamp].n_marks + 1, sizeof *s->numbers);
	if (s->numbers == NULL)
		return SIZE_MAX;
	s->stamp = stamp;
	ex->n_shown++;
	snprintf(s->id, sizeof s->id, "t%zu", ex->n_shown);
	return ex->n_shown - 1;
}

/*
 * The earliest of its authority? One that has aged does not stand in the way of
 * one whose word still counts today.
 */
static bool
is_first(const struct exhibit *ex, const struct stamp_cover *list, size_t i)
{
	const struct stamp *st = &ex->stamps->list[list[i].stamp];

	for (size_t k = 0; k < i; k++) {
		const struct stamp *o = &ex->stamps->list[list[k].stamp];

		if (strcmp(o->first->verdict.authority,
			   st->first->verdict.authority) == 0 &&
		    (o->status != STAMP_AGED || st->status == STAMP_AGED))
			return false;
	}
	return true;
}

int
exhibit_stamps_add(struct exhibit *ex, struct exhibit_entry *en, struct err *e)
{
	const struct index_entry *ie = &ex->x->entries[en->index];
	struct stamp_cover *list = calloc(ex->stamps->n + 1, sizeof *list);
	size_t n;
	int rc = 0;

	if (list == NULL)
		return err_memory(e);
	n = stamps_covering(ex->stamps, ie->log, ie->batch, list);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct stamp_mark *m =
		    &ex->stamps->list[list[i].stamp].marks[list[i].mark];
		size_t at, shown;

		if (!is_first(ex, list, i))
			continue;
		at = exhibit_point_at(ex, m->log, m->size, e);
		rc = exhibit_point_add(en, at, e);
		if (rc != 0)
			break;
		shown = shown_stamp(ex, list[i].stamp);
		if (shown == SIZE_MAX)
			rc = err_memory(e);
		else
			ex->shown[shown].numbers[list[i].mark] =
			    (unsigned)at + 1;
	}
	free(list);
	return rc;
}

size_t
exhibit_stamps_earlier(const struct exhibit *ex, const struct exhibit_entry *en)
{
	const struct index_entry *ie = &ex->x->entries[en->index];

	return stamps_earlier(ex->stamps, ie->log, ie->batch);
}

/* -- writing -- */

static int
put_stamp(struct exhibit *ex, const struct exhibit_stamp *s, struct err *e)
{
	struct stamp_file *files = NULL;
	char path[PACKOUT_PATH_MAX];
	size_t n = 0;
	int rc;

	if (stamp_files(ex->stamps, &ex->stamps->list[s->stamp], s->numbers,
			&files, &n, e) != 0)
		return -1;
	rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		snprintf(path, sizeof path, "proof/%s/%s", s->id,
			 files[i].name);
		rc =
		    packout_put(ex->out, path, files[i].bytes, files[i].len, e);
	}
	stamp_files_free(files, n);
	return rc;
}

bool
exhibit_stamps_any(const struct exhibit *ex)
{
	bool any = ex->n_shown > 0;

	for (size_t i = 0; i < ex->n_entries; i++)
		any |= ex->entries[i].earlier > 0;
	return any;
}

int
exhibit_stamps_write(struct exhibit *ex, struct err *e)
{
	char *pem;
	size_t len = 0;
	int rc;

	for (size_t i = 0; i < ex->n_shown; i++)
		if (put_stamp(ex, &ex->shown[i], e) != 0)
			return -1;
	if (!exhibit_stamps_any(ex))
		return 0;
	pem = stamp_roots_pem(ex->stamps, &len);
	rc = pem != NULL ? packout_put(ex->out, "proof/roots.pem", pem, len, e)
			 : err_memory(e);
	free(pem);
	return rc;
}

/* -- what the certificate states of them -- */

static void
put_time(json_t *o, const char *key, int64_t time)
{
	char text[CLOCK_LEN];

	clock_format((time_t)time, text);
	json_object_set_new(o, key, json_string(text));
}

json_t *
exhibit_stamps_roots(const struct exhibit *ex)
{
	json_t *list = json_array();

	for (size_t i = 0; exhibit_stamps_any(ex) && i < ex->stamps->roots.n;
	     i++) {
		struct timestamp_cert c;
		char hex[65];
		json_t *o;

		if (timestamp_cert(&ex->stamps->roots.list[i], &c) != 0)
			continue;
		o = json_object();
		hex_encode(c.sha256, sizeof c.sha256, hex);
		json_object_set_new(o, "subject", json_string(c.subject));
		json_object_set_new(o, "sha256", json_string(hex));
		put_time(o, "not_after", c.not_after);
		json_array_append_new(list, o);
	}
	return list;
}

/* "t1", what it covers, and which files it has. */
json_t *
exhibit_stamps_list(const struct exhibit *ex)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ex->n_shown; i++) {
		const struct exhibit_stamp *s = &ex->shown[i];
		const struct stamp *st = &ex->stamps->list[s->stamp];
		json_t *o = json_object(), *points = json_array();
		json_t *renewals = json_array();

		for (size_t k = 0; k < st->n_marks; k++)
			if (s->numbers[k] > 0)
				json_array_append_new(
				    points,
				    json_string(
					ex->points[s->numbers[k] - 1].id));
		for (size_t k = 0; k < st->n_renewals; k++) {
			json_t *r = json_object();

			put_time(r, "time", st->renewals[k]->verdict.time);
			json_array_append_new(renewals, r);
		}
		json_object_set_new(o, "name", json_string(s->id));
		json_object_set_new(o, "checkpoints", points);
		put_time(o, "time", st->first->verdict.time);
		json_object_set_new(o, "status",
				    json_string(stamp_status_name(st->status)));
		json_object_set_new(o, "renewals", renewals);
		json_object_set_new(o, "chain",
				    json_boolean(st->first->chain.n > 0));
		json_object_set_new(o, "crls",
				    json_boolean(st->first->crls.n > 0));
		json_array_append_new(list, o);
	}
	return list;
}

/* The first of its checkpoints over this entry; NULL if there is none. */
static const char *
point_over(const struct exhibit *ex, const struct exhibit_stamp *s,
	   const struct exhibit_entry *en)
{
	const struct stamp *st = &ex->stamps->list[s->stamp];

	for (size_t k = 0; k < st->n_marks; k++)
		for (size_t i = 0; s->numbers[k] > 0 && i < en->n_points; i++)
			if (en->points[i] == s->numbers[k] - 1)
				return ex->points[en->points[i]].id;
	return NULL;
}

/* What people compare of a token. */
static json_t *
token_facts(const struct stamp *st)
{
	const struct timestamp *v = &st->first->verdict;
	json_t *o = json_object();

	put_time(o, "time", v->time);
	if (v->accuracy >= 0) {
		char text[64];

		snprintf(text, sizeof text, "%lld.%06lld s",
			 (long long)(v->accuracy / 1000000),
			 (long long)(v->accuracy % 1000000));
		json_object_set_new(o, "accuracy", json_string(text));
	}
	json_object_set_new(o, "policy", json_string(v->policy));
	json_object_set_new(o, "authority", json_string(v->authority));
	json_object_set_new(o, "status",
			    json_string(stamp_status_name(st->status)));
	return o;
}

void
exhibit_stamps_facts(const struct exhibit *ex, const struct exhibit_entry *en,
		     json_t *later, json_t *earlier)
{
	for (size_t i = 0; i < ex->n_shown; i++) {
		const struct exhibit_stamp *s = &ex->shown[i];
		const char *point = point_over(ex, s, en);
		json_t *o;

		if (point == NULL)
			continue;
		o = token_facts(&ex->stamps->list[s->stamp]);
		json_object_set_new(o, "kind", json_string("stamp"));
		json_object_set_new(o, "entry", json_string(en->id));
		json_object_set_new(o, "checkpoint", json_string(point));
		json_object_set_new(o, "stamp", json_string(s->id));
		json_array_append_new(later, o);
	}
	for (size_t i = 0; en->earlier > 0 && i < ex->stamps->n; i++) {
		const struct stamp *st = &ex->stamps->list[i];
		const struct exhibit_entry *t = &ex->entries[en->earlier - 1];
		json_t *o;

		if (st->first->entry != t->index)
			continue;
		o = token_facts(st);
		json_object_set_new(o, "entry", json_string(t->id));
		json_array_append_new(earlier, o);
		break;
	}
}
