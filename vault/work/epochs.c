#include "epochs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RINGS 200 /* to persons in one batch */

int
epochs_new(struct epochs *ep, struct index *x, struct err *e)
{
	memset(ep, 0, sizeof *ep);
	ep->x = x;
	ep->leaving = calloc(x->n_seats + 1, sizeof *ep->leaving);
	ep->cases = calloc(x->n_cases + 1, sizeof *ep->cases);
	ep->to = calloc(x->n_cases + 1, sizeof *ep->to);
	ep->missing = json_array();
	if (ep->leaving != NULL && ep->cases != NULL && ep->to != NULL &&
	    ep->missing != NULL)
		return 0;
	epochs_free(ep);
	return err_memory(e);
}

void
epochs_free(struct epochs *ep)
{
	free(ep->leaving);
	free(ep->cases);
	free(ep->to);
	json_decref(ep->missing);
	memset(ep, 0, sizeof *ep);
}

bool
epochs_may(const struct index *x, const struct index_case *c)
{
	return index_role(x, x->me, c->id) == ROLE_ADMIN &&
	       index_holds(x, c->id);
}

int
epochs_add(struct epochs *ep, struct index_case *c, struct err *e)
{
	for (size_t i = 0; i < ep->n; i++)
		if (ep->cases[i] == c)
			return 0;
	if (!epochs_may(ep->x, c)) {
		err_set(e, ERR_UNKNOWN,
			"only an admin of a case who holds its key can renew"
			" it");
		return -1;
	}
	ep->cases[ep->n++] = c;
	return 0;
}

int
epochs_recipient(const struct index *x, const struct index_seat *s,
		 struct agekey_public *to)
{
	struct card *card;
	int rc = -1;

	if (index_seat_has_key(s, x->id->sign_pub)) {
		*to = x->id->person_pub;
		return 0;
	}
	if (s->has_recipient) {
		*to = s->recipient;
		return 0;
	}
	card = s->card != NULL ? malloc(sizeof *card) : NULL;
	if (card != NULL &&
	    card_parse(s->card, strlen(s->card), card, NULL) == 0) {
		*to = card->recipient;
		rc = 0;
	}
	free(card);
	return rc;
}

/* Is a text in this list of texts? */
static bool
listed(const json_t *list, const char *text)
{
	const json_t *s;
	size_t i;

	json_array_foreach (list, i, s)
		if (json_is_string(s) &&
		    strcmp(json_string_value(s), text) == 0)
			return true;
	return false;
}

/* Shall this seat have the new key of a case? */
static bool
stays(const struct epochs *ep, size_t seat, const char *case_id)
{
	const struct index_seat *s = &ep->x->seats[seat];

	return !ep->leaving[seat] && !listed(ep->without, s->id) &&
	       index_may_be_sent(ep->x, s->id, case_id);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The epochs that the new one comes after, sorted. */
static json_t *
after(const struct index_case *c)
{
	const char **ids = calloc(c->n_epochs + 1, sizeof *ids);
	json_t *list = json_array();

	for (size_t i = 0; ids != NULL && i < c->n_epochs; i++)
		ids[i] = c->epochs[i].id;
	if (ids != NULL)
		qsort(ids, c->n_epochs, sizeof *ids, by_text);
	for (size_t i = 0; ids != NULL && i < c->n_epochs; i++)
		json_array_append_new(list, json_string(ids[i]));
	free(ids);
	return list;
}

static int
announce(struct epochs *ep, size_t i, struct writer *w, struct err *e)
{
	const struct index_case *c = ep->cases[i];
	json_t *doc = json_object(), *to = json_array();
	int rc = 0;

	for (size_t k = 0; k < ep->x->n_seats && rc == 0; k++) {
		const struct index_seat *s = &ep->x->seats[k];
		struct agekey_public key;

		if (stays(ep, k, c->id) &&
		    epochs_recipient(ep->x, s, &key) == 0)
			rc = json_array_append_new(to, json_string(s->id));
	}
	rc |= json_object_set_new(doc, "after", after(c)) |
	      json_object_set(doc, "to", to);
	if (ep->without != NULL && json_array_size(ep->without) > 0)
		rc |= json_object_set(doc, "without", ep->without);
	rc = rc != 0 ? err_memory(e)
		     : writer_epoch(w, c->id, doc, &ep->to[i], e);
	json_decref(to);
	json_decref(doc);
	return rc;
}

int
epochs_announce(struct epochs *ep, struct writer *w, struct err *e)
{
	for (size_t i = 0; i < ep->n; i++)
		if (announce(ep, i, w, e) != 0)
			return -1;
	return 0;
}

/* Give one seat what it may have; *given counts the rings. */
static int
grant(struct epochs *ep, size_t seat, struct writer *w, const char **ids,
      size_t *given, struct err *e)
{
	const struct index_seat *s = &ep->x->seats[seat];
	struct agekey_public to;
	size_t n = 0;

	for (size_t i = 0; i < ep->n; i++)
		if (stays(ep, seat, ep->cases[i]->id))
			ids[n++] = ep->cases[i]->id;
	if (n == 0)
		return 0;
	if (epochs_recipient(ep->x, s, &to) != 0) {
		json_array_append_new(
		    ep->missing, json_string(index_seat_name(ep->x, s->id)));
		return 0;
	}
	/* a batch holds so many rings; the next one takes the others */
	if (*given > 0 && *given % RINGS == 0 &&
	    writer_case(w, INDEX_VAULT, NULL, e) != 0)
		return -1;
	++*given;
	return writer_grant_cases(w, &to, ids, n, e);
}

int
epochs_grant(struct epochs *ep, struct writer *w, struct err *e)
{
	const char **ids = calloc(ep->n + 1, sizeof *ids);
	size_t given = 0;
	int rc = ids == NULL ? err_memory(e) : 0;

	for (size_t i = 0; i < ep->x->n_seats && rc == 0; i++)
		rc = grant(ep, i, w, ids, &given, e);
	free(ids);
	return rc;
}

/* -- who has which key, as far as the acts here tell -- */

/* Note "<seat> <case> <epoch>". */
static int
note(json_t *have, const char *seat, const char *case_and_epoch)
{
	json_t *key = json_sprintf("%s %s", seat, case_and_epoch);
	int rc = key == NULL ? -1
			     : json_object_set_new(have, json_string_value(key),
						   json_true());

	json_decref(key);
	return rc;
}

static int
note_list(json_t *have, const char *seat, const json_t *epochs)
{
	const json_t *s;
	size_t i;
	int rc = 0;

	json_array_foreach (epochs, i, s)
		if (json_is_string(s))
			rc |= note(have, seat, json_string_value(s));
	return rc;
}

/* An admission of version 0.1 gave the first epoch of what it names. */
static int
note_first(struct index *x, json_t *have, const char *seat,
	   const json_t *rights)
{
	json_t *all = json_copy((json_t *)(uintptr_t)rights);
	int rc = all == NULL
		     ? -1
		     : json_object_set_new(all, INDEX_VAULT, json_null());

	for (void *it = json_object_iter(all); it != NULL && rc == 0;
	     it = json_object_iter_next(all, it)) {
		const struct index_case *c =
		    index_case(x, json_object_iter_key(it));

		for (size_t i = 0; c != NULL && i < c->n_epochs; i++) {
			json_t *doc = index_doc(&x->entries[c->epochs[i].act]);
			const char *act = entry_str(doc, "act");
			json_t *t =
			    json_sprintf("%s %s", c->id, c->epochs[i].id);

			if (act != NULL && strcmp(act, "open") == 0)
				rc |= note(have, seat, json_string_value(t));
			json_decref(t);
			json_decref(doc);
		}
	}
	json_decref(all);
	return rc;
}

static int
note_member(struct index *x, json_t *have, const struct index_entry *en,
	    const json_t *doc)
{
	const char *act = entry_str(doc, "act");
	const char *member = entry_str(doc, "member");
	json_t *epochs = json_object_get(doc, "epochs");
	char hex[65];

	if (act == NULL)
		return 0;
	if (strcmp(act, "admit") == 0) {
		hex_encode(en->sha256, HASH_LEN, hex);
		member = hex;
	} else if (strcmp(act, "rights") != 0 && strcmp(act, "keys") != 0) {
		return 0;
	}
	if (member == NULL)
		return 0;
	return epochs != NULL ? note_list(have, member, epochs)
			      : note_first(x, have, member,
					   json_object_get(doc, "rights"));
}

/* Whoever announces an epoch has it, and those to whom it says so. */
static int
note_case(json_t *have, const json_t *doc)
{
	const char *opened = entry_str(doc, "opened");
	const char *epoch = entry_str(doc, "epoch");
	const char *seat = entry_str(doc, "seat");
	const json_t *s;
	json_t *key;
	size_t i;
	int rc;

	if (opened == NULL || epoch == NULL || seat == NULL)
		return 0;
	key = json_sprintf("%s %s", opened, epoch);
	rc = key == NULL ? -1 : note(have, seat, json_string_value(key));
	json_array_foreach (json_object_get(doc, "to"), i, s)
		if (json_is_string(s) && rc == 0)
			rc = note(have, json_string_value(s),
				  json_string_value(key));
	json_decref(key);
	return rc;
}

static json_t *
who_has_what(struct index *x)
{
	json_t *have = json_object();
	int rc = have == NULL ? -1 : 0;

	for (size_t i = 0; i < x->n_entries && rc == 0; i++) {
		const struct index_entry *en = &x->entries[i];
		json_t *doc;

		if (!en->accepted ||
		    (en->kind != KIND_MEMBER && en->kind != KIND_CASE))
			continue;
		doc = index_doc(en);
		rc = doc == NULL	       ? -1
		     : en->kind == KIND_MEMBER ? note_member(x, have, en, doc)
					       : note_case(have, doc);
		json_decref(doc);
	}
	if (rc != 0) {
		json_decref(have);
		have = NULL;
	}
	return have;
}

/* May this identity give a seat the keys of a case? */
static bool
may_give(const struct index *x, const struct index_seat *s, const char *case_id)
{
	return index_role(x, x->me, case_id) == ROLE_ADMIN ||
	       (strcmp(case_id, INDEX_VAULT) == 0 &&
		index_is_above(x, x->me, s->id));
}

/* The keys that a seat lacks, as "<case> <epoch>". */
static json_t *
lacking(struct index *x, const struct index_seat *s, const json_t *have)
{
	json_t *list = json_array();
	struct agekey_public to;

	if (index_seat_has_key(s, x->id->sign_pub) ||
	    epochs_recipient(x, s, &to) != 0)
		return list;
	for (size_t i = 1; i < x->n_hybrids; i++) {
		const struct index_hybrid *h = &x->hybrids[i];
		const struct index_case *c = index_case(x, h->case_id);
		json_t *key =
		    json_sprintf("%s %s %s", s->id, h->case_id, h->epoch);
		bool known = false;

		for (size_t k = 0; c != NULL && k < c->n_epochs; k++)
			known |= strcmp(c->epochs[k].id, h->epoch) == 0;
		if (known && key != NULL && may_give(x, s, h->case_id) &&
		    index_may_be_sent(x, s->id, h->case_id) &&
		    json_object_get(have, json_string_value(key)) == NULL)
			json_array_append_new(
			    list, json_sprintf("%s %s", h->case_id, h->epoch));
		json_decref(key);
	}
	return list;
}

/* One ring, and the entry that says so. */
static int
give(struct index *x, const struct index_seat *s, json_t *keys,
     struct writer *w, struct err *e)
{
	json_t *doc = json_object(), *k;
	const char **ids = calloc(json_array_size(keys) + 1, sizeof *ids);
	char(*cases)[INDEX_CASE_MAX] =
	    calloc(json_array_size(keys) + 1, sizeof *cases);
	struct agekey_public to;
	size_t i, n = 0;
	int rc = -1;

	if (doc == NULL || ids == NULL || cases == NULL ||
	    epochs_recipient(x, s, &to) != 0)
		goto out;
	json_array_foreach (keys, i, k) {
		const char *t = json_string_value(k);

		snprintf(cases[n], INDEX_CASE_MAX, "%.*s", (int)strcspn(t, " "),
			 t);
		if (n == 0 || strcmp(cases[n], cases[n - 1]) != 0) {
			ids[n] = cases[n];
			n++;
		}
	}
	if ((json_object_set_new(doc, "act", json_string("keys")) |
	     json_object_set_new(doc, "member", json_string(s->id)) |
	     json_object_set(doc, "epochs", keys)) == 0 &&
	    writer_entry(w, "member", doc, NULL, 0, false, NULL, e) == 0)
		rc = writer_grant_cases(w, &to, ids, n, e);
out:
	free(ids);
	free(cases);
	json_decref(doc);
	return rc == 0 ? 0 : err_memory(e);
}

json_t *
epochs_due(struct index *x, struct err *e)
{
	json_t *have = who_has_what(x), *due = json_object();
	int rc = have == NULL || due == NULL ? -1 : 0;

	for (size_t i = 0; i < x->n_seats && rc == 0; i++) {
		json_t *keys = lacking(x, &x->seats[i], have);

		if (json_array_size(keys) > 0)
			rc = json_object_set(due, x->seats[i].id, keys);
		json_decref(keys);
	}
	json_decref(have);
	if (rc != 0) {
		json_decref(due);
		due = NULL;
		err_memory(e);
	}
	return due;
}

int
epochs_put(struct index *x, struct writer *w, json_t *due, struct err *e)
{
	const char *seat;
	json_t *keys;
	size_t n = 0;

	json_object_foreach (due, seat, keys) {
		if (n++ % RINGS == 0 &&
		    writer_case(w, INDEX_VAULT, NULL, e) != 0)
			return -1;
		if (give(x, index_seat(x, seat), keys, w, e) != 0)
			return -1;
	}
	return 0;
}
