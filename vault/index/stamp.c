#include "stamp.h"

#include "stamp_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
stamp_status_name(enum stamp_status s)
{
	static const char *const names[] = {"valid", "renewed", "aged",
					    "revoked", "refused"};

	return names[s];
}

bool
stamp_counts(const struct stamp *s)
{
	return s->status <= STAMP_AGED;
}

void
stamp_token_free(struct stamp_token *t)
{
	free(t->reply.der);
	timestamp_list_free(&t->chain);
	timestamp_list_free(&t->crls);
}

void
stamps_free(struct stamps *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n_questions; i++) {
		json_decref(s->questions[i].doc);
		merkle_padded_free(s->questions[i].tree);
		free(s->questions[i].marks);
	}
	for (size_t i = 0; i < s->n_tokens; i++)
		stamp_token_free(&s->tokens[i]);
	for (size_t i = 0; i < s->n; i++)
		free(s->list[i].renewals);
	timestamp_list_free(&s->roots);
	timestamp_list_free(&s->crls);
	free(s->root_entries);
	free(s->withdrawn);
	free(s->questions);
	free(s->tokens);
	free(s->list);
	free(s);
}

void
stamp_refuse(struct stamps *s, size_t entry, const char *why)
{
	const struct index_entry *en = &s->x->entries[entry];
	char hex[65], shown[300];

	hex_encode(en->sha256, HASH_LEN, hex);
	report_add(&s->x->v->report, REPORT_REFUSED,
		   "device %.12s, batch %llu: entry %.16s: its time stamp does"
		   " not count: %s",
		   s->x->v->logs[en->log].device, (unsigned long long)en->batch,
		   hex, err_escape(shown, sizeof shown, why, strlen(why)));
}

/* -- judging -- */

enum timestamp_status
stamp_judge(const struct stamps *s, const struct stamp_token *t, int64_t at,
	    struct timestamp *out)
{
	const struct stamp_question *q = &s->questions[t->question];
	struct timestamp_case c = {.reply = t->reply.der,
				   .reply_len = t->reply.len,
				   .text = q->text,
				   .text_len = q->text_len,
				   .chain = &t->chain,
				   .crls = &s->crls,
				   .roots = &s->roots,
				   .at = at};

	return timestamp_judge(&c, out);
}

/* What a token is worth now; of a renewal only SHA-512 counts. */
static void
judge_token(struct stamps *s, struct stamp_token *t)
{
	struct stamp_question *q = &s->questions[t->question];

	if (q->tree == NULL) {
		t->verdict.status = TIMESTAMP_REFUSED;
		snprintf(t->verdict.why, sizeof t->verdict.why,
			 "what it answers is not whole");
	} else {
		stamp_judge(s, t, s->now, &t->verdict);
		if (q->renews && t->verdict.status != TIMESTAMP_REFUSED &&
		    t->verdict.hash != TIMESTAMP_SHA512) {
			t->verdict.status = TIMESTAMP_REFUSED;
			snprintf(t->verdict.why, sizeof t->verdict.why,
				 "a renewal's imprint must be SHA-512");
		}
	}
	if (t->verdict.status >= TIMESTAMP_REVOKED)
		stamp_refuse(s, t->entry, t->verdict.why);
	else
		q->answers++;
}

static struct stamp_token *
token_named(const struct stamps *s, const char *hex, bool renews)
{
	uint8_t hash[HASH_LEN];
	size_t entry;

	if (hex_decode(hex, HASH_LEN, hash) != 0 ||
	    !map_get(&s->x->by_hash, hash, &entry))
		return NULL;
	for (size_t i = 0; i < s->n_tokens; i++)
		if (s->tokens[i].entry == entry &&
		    s->questions[s->tokens[i].question].renews == renews)
			return &s->tokens[i];
	return NULL;
}

struct stamp_token *
stamp_renewed(const struct stamps *s, const char *line,
	      struct stamp_token **renewals, size_t *n)
{
	struct stamp_token *t;
	size_t len = line != NULL ? strlen(line) : 0;

	*n = 0;
	if (len < 64 || (len + 1) % 65 != 0 || len / 65 > STAMP_CHAIN_MAX)
		return NULL;
	t = token_named(s, line, false);
	for (size_t at = 65; t != NULL && at < len; at += 65) {
		renewals[*n] = line[at - 1] == ' '
				   ? token_named(s, line + at, true)
				   : NULL;
		if (renewals[(*n)++] == NULL)
			return NULL;
	}
	return t;
}

/*
 * Each link must have been valid when the next was made. True if so; *until is
 * the end of the last one's word.
 */
static bool
chain_holds(const struct stamps *s, struct stamp_token *first,
	    struct stamp_token *const *links, size_t n, int64_t *until)
{
	const struct stamp_token *last = first;

	for (size_t i = 0; i < n; i++) {
		const struct timestamp *v = &links[i]->verdict;
		struct timestamp then;

		if (v->status > TIMESTAMP_AGED ||
		    v->time < last->verdict.time ||
		    stamp_judge(s, last, v->time, &then) != TIMESTAMP_VALID)
			return false;
		last = links[i];
	}
	*until = last->verdict.until;
	return true;
}

/* A chain of renewals that ends with `last`, if it is of this stamp. */
static int
try_chain(const struct stamps *s, struct stamp *st, struct stamp_token *last)
{
	const json_t *lines =
	    json_object_get(s->questions[last->question].doc, "tokens");
	struct stamp_token *links[STAMP_CHAIN_MAX + 1];
	const json_t *v;
	int64_t until;
	size_t i, n;

	json_array_foreach (lines, i, v) {
		if (stamp_renewed(s, json_string_value(v), links, &n) !=
		    st->first)
			continue;
		links[n++] = last;
		if (!chain_holds(s, st->first, links, n, &until) ||
		    until <= st->until)
			continue;
		free(st->renewals);
		st->n_renewals = 0;
		st->renewals = calloc(n, sizeof *st->renewals);
		if (st->renewals == NULL)
			return -1;
		memcpy(st->renewals, links, n * sizeof *links);
		st->n_renewals = n;
		st->until = until;
	}
	return 0;
}

/* What a token of an ask is worth, with whatever renews it longest. */
static int
judge_stamp(struct stamps *s, struct stamp *st)
{
	const struct timestamp *v = &st->first->verdict;
	int rc = 0;

	st->until = v->until;
	if (v->status >= TIMESTAMP_REVOKED) {
		st->status = v->status == TIMESTAMP_REVOKED ? STAMP_REVOKED
							    : STAMP_REFUSED;
		st->why = v->why;
		return 0;
	}
	for (size_t i = 0; rc == 0 && i < s->n_tokens; i++)
		if (s->questions[s->tokens[i].question].renews &&
		    s->tokens[i].verdict.status <= TIMESTAMP_AGED)
			rc = try_chain(s, st, &s->tokens[i]);
	if (v->status == TIMESTAMP_VALID)
		st->status = STAMP_VALID;
	else if (st->n_renewals > 0 &&
		 st->renewals[st->n_renewals - 1]->verdict.status ==
		     TIMESTAMP_VALID)
		st->status = STAMP_RENEWED;
	else
		st->status = STAMP_AGED;
	return rc;
}

/* By time; of one time what is worth more, and has more with it, first. */
static int
by_time(const void *a, const void *b)
{
	const struct stamp *x = a, *y = b;
	int64_t s = x->first->verdict.time, t = y->first->verdict.time;

	if (s != t)
		return s < t ? -1 : 1;
	if (x->status != y->status)
		return x->status < y->status ? -1 : 1;
	if (x->n_renewals != y->n_renewals)
		return x->n_renewals > y->n_renewals ? -1 : 1;
	if (x->first->crls.n != y->first->crls.n)
		return x->first->crls.n > y->first->crls.n ? -1 : 1;
	return (x->first->entry > y->first->entry) -
	       (x->first->entry < y->first->entry);
}

static int
judge_all(struct stamps *s)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->n_questions; i++)
		rc = s->questions[i].renews
			 ? 0
			 : stamp_ask_text(s, &s->questions[i]);
	for (size_t i = 0; rc == 0 && i < s->n_questions; i++)
		rc = s->questions[i].renews
			 ? stamp_renew_text(s, &s->questions[i])
			 : 0;
	s->list = calloc(s->n_tokens + 1, sizeof *s->list);
	if (rc != 0 || s->list == NULL)
		return -1;
	for (size_t i = 0; i < s->n_tokens; i++)
		judge_token(s, &s->tokens[i]);
	for (size_t i = 0; rc == 0 && i < s->n_tokens; i++) {
		const struct stamp_question *q =
		    &s->questions[s->tokens[i].question];
		struct stamp *st = &s->list[s->n];

		if (q->renews)
			continue;
		*st = (struct stamp){.first = &s->tokens[i],
				     .marks = q->marks,
				     .n_marks = q->n_marks};
		s->n++;
		rc = judge_stamp(s, st);
	}
	if (s->n > 0)
		qsort(s->list, s->n, sizeof *s->list, by_time);
	return rc;
}

struct stamps *
stamps_new(struct index *x, int64_t now, struct err *e)
{
	struct stamps *s = calloc(1, sizeof *s);

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	s->x = x;
	s->now = now;
	if (stamp_read(s, false) != 0 || stamp_read(s, true) != 0 ||
	    judge_all(s) != 0) {
		stamps_free(s);
		err_memory(e);
		return NULL;
	}
	return s;
}

/* -- asking -- */

static bool
is_same_reply(const struct stamp *a, const struct stamp *b)
{
	const struct timestamp_der *x = &a->first->reply, *y = &b->first->reply;

	return x->len == y->len && memcmp(x->der, y->der, x->len) == 0;
}

size_t
stamps_covering(const struct stamps *s, size_t log, uint64_t batch,
		struct stamp_cover *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct stamp *st = &s->list[i];
		size_t best = SIZE_MAX;
		bool again = false;

		for (size_t k = 0; stamp_counts(st) && k < st->n_marks; k++)
			if (st->marks[k].log == log &&
			    st->marks[k].size >= batch &&
			    (best == SIZE_MAX ||
			     st->marks[k].size < st->marks[best].size))
				best = k;
		/* two members may have brought in the same token */
		for (size_t k = 0; k < n; k++)
			again |= is_same_reply(&s->list[out[k].stamp], st);
		if (best != SIZE_MAX && !again)
			out[n++] = (struct stamp_cover){i, best};
	}
	return n;
}

size_t
stamps_earlier(const struct stamps *s, size_t log, uint64_t batch)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < s->n; i++) {
		const struct stamp *st = &s->list[i];
		const struct index_entry *en = &s->x->entries[st->first->entry];

		/* by time: the last one that fits is the latest */
		if (stamp_counts(st) && en->log == log && en->batch < batch)
			best = i;
	}
	return best;
}
