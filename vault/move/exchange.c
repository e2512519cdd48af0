#include "exchange.h"

#include "cold.h"
#include "acts.h"
#include "local.h"
#include "epochs.h"
#include "own.h"
#include "witness.h"
#include "writer.h"

#include <stdlib.h>
#include <string.h>

#define SETTLED "local/settled.age"

/* What is known of one case while the entries are gone through. */
struct about {
	bool others; /* it holds records of others */
	bool news;   /* of which this log has not said that it had seen them */
	bool said;   /* this person has said there that it received something */
};

/* For each log how much of it this machine's own log has said to have seen. */
static uint64_t *
list_seen(const struct index *x)
{
	uint64_t *seen = calloc(x->v->n_logs + 1, sizeof *seen);
	const struct log *own = x->own != SIZE_MAX ? &x->v->logs[x->own] : NULL;

	if (seen == NULL || own == NULL)
		return seen;
	for (size_t k = 0; k < own->n_seen; k++)
		for (size_t i = vault_first_log(x->v, own->seen[k].device);
		     i != SIZE_MAX; i = x->v->logs[i].other)
			if (own->seen[k].size > seen[i])
				seen[i] = own->seen[k].size;
	return seen;
}

/* For each log whether it is this person's. */
static bool *
list_own(struct index *x)
{
	bool *own = calloc(x->v->n_logs + 1, sizeof *own);

	for (size_t i = 0; own != NULL && i < x->v->n_logs; i++)
		own[i] = x->log_seat[i] != NULL &&
			 witness_same_person(x, x->log_seat[i], x->me);
	return own;
}

/* The same of records that rest in the index cache: all are accepted. */
static void
look_cold(struct index *x, const uint64_t *seen, const bool *own,
	  struct about *cases)
{
	const struct cold *c = x->cold;

	for (size_t i = 0; c != NULL && i < c->n; i++)
		for (size_t k = 0; k < c->list[i].n_groups; k++) {
			const struct cold_group *g = &c->list[i].groups[k];
			const struct index_case *in =
			    index_case(x, c->names[g->case_no]);

			if (in == NULL || own[g->log] || g->out == g->n)
				continue;
			cases[in - x->cases].others = true;
			cases[in - x->cases].news |= g->most > seen[g->log];
		}
}

static void
look(struct index *x, const uint64_t *seen, const bool *own,
     struct about *cases)
{
	look_cold(x, seen, own, cases);
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		const struct index_case *c;
		struct about *a;

		if (!en->accepted ||
		    (en->kind != KIND_RECORD && en->kind != KIND_RETRACT &&
		     en->kind != KIND_CUSTODY) ||
		    (c = index_case(x, en->case_id)) == NULL)
			continue;
		a = &cases[c - x->cases];
		if (own[en->log]) {
			/* canonical JSON has one way to write this */
			a->said |=
			    en->kind == KIND_CUSTODY &&
			    strstr(en->text, "\"action\":\"received\"") != NULL;
		} else if (en->kind != KIND_CUSTODY) {
			a->others = true;
			a->news |= en->batch > seen[en->log];
		}
	}
}

/* The custody entries that are due; malloc'ed, *n of them. */
static struct acts_custody *
list_received(struct index *x, size_t *n)
{
	struct acts_custody *list = calloc(x->n_cases + 1, sizeof *list);
	struct about *cases = calloc(x->n_cases + 1, sizeof *cases);
	uint64_t *seen = list_seen(x);
	bool *own = list_own(x);

	*n = 0;
	if (list == NULL || cases == NULL || seen == NULL || own == NULL) {
		free(list);
		list = NULL;
		goto out;
	}
	look(x, seen, own, cases);
	for (size_t i = 0; i < x->n_cases; i++) {
		const struct index_case *c = &x->cases[i];

		if (strcmp(c->id, INDEX_VAULT) != 0 && cases[i].others &&
		    (cases[i].news || !cases[i].said) &&
		    index_holds(x, c->id) && acts_may(x, KIND_CUSTODY, c->id))
			list[(*n)++] = (struct acts_custody){
			    c->id, "", "received", NULL, NULL};
	}
out:
	free(cases);
	free(seen);
	free(own);
	return list;
}

int
exchange_note(struct index *x, bool cosign, struct exchange_result *result,
	      struct err *e)
{
	struct acts_custody *list = NULL;
	struct writer *w = NULL;
	struct own own;
	json_t *notes = NULL, *due = NULL;
	size_t n = 0;
	int rc = -1;

	memset(result, 0, sizeof *result);
	if (writer_may(x, NULL) != 0)
		return 0;
	if (own_look(x, &own, e) != 0)
		return -1;
	if (own_check(&own, &result->refused) != 0)
		return 0;
	list = list_received(x, &n);
	notes = cosign ? witness_due(x, e) : json_array();
	due = epochs_due(x, e);
	if (list == NULL || notes == NULL || due == NULL) {
		err_memory(e);
		goto out;
	}
	if (n == 0 && json_array_size(notes) == 0 &&
	    json_object_size(due) == 0) {
		rc = 0;
		goto out;
	}
	w = writer_new(x, e);
	if (w == NULL || acts_custody_put(w, list, n, e) != 0 ||
	    epochs_put(x, w, due, e) != 0 || witness_put(w, notes, e) != 0)
		goto out;
	rc = writer_commit(w, e);
	result->received = n;
	result->cosigned = json_array_size(notes);
	result->given = json_object_size(due);
out:
	writer_free(w);
	json_decref(notes);
	json_decref(due);
	free(list);
	return rc;
}

static int
by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A hash over all branches and where they end. */
static int
hash_heads(const struct vault *v, uint8_t out[HASH_LEN])
{
	char **lines = calloc(v->n_logs + 1, sizeof *lines), hex[65];
	struct hash *h = hash_new(HASH_SHA256);
	int rc = lines != NULL && h != NULL ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		hex_encode(l->length > 0 ? l->steps[l->length - 1].commit
					 : (const uint8_t[GITFORM_OID_LEN]){0},
			   GITFORM_OID_LEN, hex);
		if (asprintf(&lines[i], "%s %s\n", l->branch, hex) < 0) {
			lines[i] = NULL;
			rc = -1;
		}
	}
	if (rc == 0) {
		qsort(lines, v->n_logs, sizeof *lines, by_line);
		for (size_t i = 0; i < v->n_logs; i++)
			hash_update(h, lines[i], strlen(lines[i]));
		hash_final(h, out);
	}
	for (size_t i = 0; lines != NULL && i < v->n_logs; i++)
		free(lines[i]);
	free(lines);
	hash_free(h);
	return rc;
}

bool
exchange_is_settled(struct vault *v, const struct identity *id)
{
	struct secret *s = local_read(v, id, SETTLED, NULL);
	uint8_t now[HASH_LEN];
	bool yes = s != NULL && s->len == HASH_LEN && hash_heads(v, now) == 0 &&
		   memcmp(s->bytes, now, HASH_LEN) == 0;

	secret_free(s);
	return yes;
}

int
exchange_settle(struct vault *v, const struct identity *id, struct err *e)
{
	uint8_t now[HASH_LEN];

	if (hash_heads(v, now) != 0)
		return err_memory(e);
	return local_write(v, id, SETTLED, now, sizeof now, e);
}
