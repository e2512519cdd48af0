/* Requests for time stamps: see stamp_make.h. */
#include "stamp_make.h"

#include "stamp_inside.h"
#include "witness.h"
#include "writer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOGS_MAX 1000 /* of one request; the next has the rest */

int64_t
stamp_limit(int64_t now, unsigned months)
{
	time_t t = (time_t)now;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || months > 12000)
		return INT64_MAX;
	tm.tm_mon += (int)months;
	return (int64_t)timegm(&tm);
}

int
stamps_due(const struct stamps *s, uint64_t *from, uint64_t *last,
	   uint64_t *count, struct err *e)
{
	struct index *x = s->x;

	for (size_t i = 0; i < x->v->n_logs; i++) {
		const struct log *l = &x->v->logs[i];
		bool whole = !l->is_fork && l->frozen == UINT64_MAX &&
			     l->size > 0 && l->size == l->length &&
			     x->log_limit[i] >= l->size &&
			     x->log_seat[i] != NULL;

		from[i] = whole ? 0 : UINT64_MAX;
	}
	for (size_t i = 0; i < s->n; i++) {
		const struct stamp *st = &s->list[i];

		if (st->status > STAMP_RENEWED)
			continue;
		for (size_t k = 0; k < st->n_marks; k++) {
			const struct stamp_mark *m = &st->marks[k];

			/* UINT64_MAX stays */
			if (from[m->log] < m->size)
				from[m->log] = m->size;
		}
	}
	return witness_content_unstamped(x, from, last, count, e);
}

int
stamp_write(struct index *x, json_t *doc, bool sign, uint8_t hash[HASH_LEN],
	    struct err *e)
{
	struct writer *w = doc != NULL ? writer_new(x, e) : NULL;
	int rc = -1;

	if (doc == NULL)
		err_memory(e);
	else if (w != NULL && writer_case(w, INDEX_VAULT, NULL, e) == 0 &&
		 writer_entry(w, "stamp", doc, NULL, 0, sign, hash, e) == 0)
		rc = writer_commit(w, e);
	writer_free(w);
	return rc;
}

static json_t *
new_question(const char *act, const char *key, json_t *list)
{
	uint8_t pads[HASH_LEN];
	char hex[65];

	secret_random(pads, sizeof pads);
	hex_encode(pads, sizeof pads, hex);
	return json_pack("{s:s,s:O,s:s}", "act", act, key, list, "pads", hex);
}

static int
take_request(const struct stamp_question *q, struct stamp_request *out,
	     struct err *e)
{
	out->hash = q->renews ? TIMESTAMP_SHA512 : TIMESTAMP_SHA256;
	out->len = timestamp_request(out->hash, q->text, q->text_len, out->der);
	return out->len > 0 ? 0 : err_memory(e);
}

/* Make the request first: what cannot be asked for is not written either. */
static int
put_question(struct stamps *s, json_t *doc, bool renews,
	     struct stamp_request *out, struct err *e)
{
	struct stamp_question q = {.renews = renews, .doc = doc};
	int rc;

	if (doc == NULL)
		return err_memory(e);
	rc = renews ? stamp_renew_text(s, &q) : stamp_ask_text(s, &q);
	if (rc != 0 || q.tree == NULL)
		rc = err_memory(e);
	else
		rc = take_request(&q, out, e);
	if (rc == 0)
		rc = stamp_write(s->x, doc, false, out->entry, e);
	merkle_padded_free(q.tree);
	free(q.marks);
	return rc;
}

/* A question that nobody has answered and that will do. */
static int
ask_again(const struct stamps *s, const struct stamp_question *q,
	  struct stamp_request *out, struct err *e)
{
	out->again = true;
	memcpy(out->entry, s->x->entries[q->entry].sha256, HASH_LEN);
	return take_request(q, out, e);
}

/* Does it name all that is due, as far as it is due? */
static bool
covers_due(const struct stamps *s, const struct stamp_question *q,
	   const uint64_t *from, const uint64_t *last)
{
	for (size_t i = 0; i < s->x->v->n_logs; i++) {
		bool found = from[i] == UINT64_MAX || last[i] <= from[i];

		for (size_t k = 0; k < q->n_marks && !found; k++)
			found =
			    q->marks[k].log == i && q->marks[k].size >= last[i];
		if (!found)
			return false;
	}
	return true;
}

/* The newest checkpoints of the logs that are to be stamped. */
static int
list_checkpoints(const struct stamps *s, bool all, const uint64_t *from,
		 const uint64_t *last, json_t *list, struct stamp_request *out,
		 struct err *e)
{
	char note[CHECKPOINT_MAX];
	size_t body_len;

	for (size_t i = 0; i < s->x->v->n_logs; i++) {
		if (from[i] == UINT64_MAX || (!all && last[i] <= from[i]))
			continue;
		if (out->of == LOGS_MAX) {
			out->left++;
			continue;
		}
		if (witness_checkpoint(s->x->v, &s->x->v->logs[i], note,
				       &body_len, e) != 0)
			return -1;
		if (json_array_append_new(list, json_string(note)) != 0)
			return err_memory(e);
		out->of++;
	}
	return 0;
}

static int
ask(struct stamps *s, bool all, const uint64_t *from, const uint64_t *last,
    struct stamp_request *out, struct err *e)
{
	json_t *list = json_array(), *doc;
	int rc = list != NULL ? 0 : err_memory(e);

	if (rc == 0)
		rc = list_checkpoints(s, all, from, last, list, out, e);
	for (size_t i = s->n_questions; i-- > 0 && rc == 0 && !all;) {
		const struct stamp_question *q = &s->questions[i];

		if (out->of > 0 && !q->renews && q->answers == 0 &&
		    q->tree != NULL && covers_due(s, q, from, last)) {
			out->of = json_array_size(
			    json_object_get(q->doc, "checkpoints"));
			out->left = 0;
			json_decref(list);
			return ask_again(s, q, out, e);
		}
	}
	if (rc == 0 && out->of > 0) {
		doc = new_question("ask", "checkpoints", list);
		rc = put_question(s, doc, false, out, e);
		json_decref(doc);
	}
	json_decref(list);
	return rc;
}

int
stamp_ask(struct index *x, bool all, struct stamp_request *out, struct err *e)
{
	struct stamps *s = stamps_new(x, (int64_t)time(NULL), e);
	uint64_t *from = calloc(x->v->n_logs + 1, sizeof *from);
	uint64_t *last = calloc(x->v->n_logs + 1, sizeof *last);
	int rc = -1;

	memset(out, 0, sizeof *out);
	if (s == NULL || from == NULL || last == NULL)
		err_memory(e);
	else if (writer_may(x, e) == 0 &&
		 stamps_due(s, from, last, NULL, e) == 0)
		rc = ask(s, all, from, last, out, e);
	free(from);
	free(last);
	stamps_free(s);
	return rc;
}

/* "<token> <renewal>...": what a renewal of this one is over. */
static json_t *
renewal_line(const struct stamps *s, const struct stamp *st)
{
	char text[65 * (STAMP_CHAIN_MAX + 1)], *at = text;

	hex_encode(s->x->entries[st->first->entry].sha256, HASH_LEN, at);
	for (size_t i = 0; i < st->n_renewals; i++) {
		at += 64;
		*at++ = ' ';
		hex_encode(s->x->entries[st->renewals[i]->entry].sha256,
			   HASH_LEN, at);
	}
	return json_string(text);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(json_string_value(*(json_t *const *)a),
		      json_string_value(*(json_t *const *)b));
}

/* The tokens to be renewed, sorted. */
static json_t *
list_tokens(const struct stamps *s, unsigned months, size_t *late)
{
	json_t **a = calloc(s->n + 1, sizeof *a), *list = json_array();
	int64_t limit = stamp_limit(s->now, months);
	size_t n = 0;

	*late = 0;
	for (size_t i = 0; a != NULL && i < s->n; i++) {
		const struct stamp *st = &s->list[i];

		*late += st->status == STAMP_AGED;
		if (st->status <= STAMP_RENEWED && st->until < limit &&
		    st->n_renewals < STAMP_CHAIN_MAX && n < LOGS_MAX)
			a[n++] = renewal_line(s, st);
	}
	if (n > 0)
		qsort(a, n, sizeof *a, by_text);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, a[i]);
	free(a);
	return list;
}

int
stamp_renew(struct index *x, unsigned months, struct stamp_request *out,
	    size_t *late, struct err *e)
{
	struct stamps *s = stamps_new(x, (int64_t)time(NULL), e);
	json_t *list = NULL, *doc;
	int rc = -1;

	memset(out, 0, sizeof *out);
	*late = 0;
	if (s == NULL || writer_may(x, e) != 0)
		goto out;
	list = list_tokens(s, months, late);
	out->of = json_array_size(list);
	rc = list != NULL ? 0 : err_memory(e);
	if (rc != 0 || out->of == 0)
		goto out;
	for (size_t i = 0; i < s->n_questions; i++) {
		const struct stamp_question *q = &s->questions[i];

		if (q->renews && q->answers == 0 && q->tree != NULL &&
		    json_equal(json_object_get(q->doc, "tokens"), list)) {
			rc = ask_again(s, q, out, e);
			goto out;
		}
	}
	doc = new_question("renew", "tokens", list);
	rc = put_question(s, doc, true, out, e);
	json_decref(doc);
out:
	json_decref(list);
	stamps_free(s);
	return rc;
}
