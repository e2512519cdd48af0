/* What `stamp` entries hold: see stamp_inside.h. */
#include "stamp_inside.h"

#include "base64.h"

#include <stdlib.h>
#include <string.h>

/* Base64 of at most `max` bytes; malloc'ed. -1 if it is not that. */
static int
read_der(const json_t *v, size_t max, struct timestamp_der *out)
{
	const char *text = json_string_value(v);
	size_t len = json_string_length(v), cap = len / 4 * 3 + 3;

	out->der = NULL;
	if (text == NULL || cap > max + 6 || (out->der = malloc(cap)) == NULL ||
	    base64_decode(text, len, true, out->der, cap, &out->len) != 0) {
		free(out->der);
		out->der = NULL;
		return -1;
	}
	return 0;
}

/* A list of certificates or CRLs; absent means none. */
static int
read_ders(const json_t *list, enum timestamp_kind kind,
	  struct timestamp_list *out)
{
	size_t max =
	    kind == TIMESTAMP_CRL ? TIMESTAMP_CRL_MAX : TIMESTAMP_CERT_MAX;
	struct timestamp_der d;
	const json_t *v;
	int rc = 0;
	size_t i;

	json_array_foreach (list, i, v) {
		if (rc == 0 && (rc = read_der(v, max, &d)) == 0) {
			rc = timestamp_list_read(out, kind, d.der, d.len);
			free(d.der);
		}
	}
	return rc;
}

static int
read_root(struct stamps *s, size_t entry, const json_t *doc)
{
	size_t n = s->roots.n;
	struct timestamp_der d;
	const char *why = NULL;
	void *p;

	if (read_der(json_object_get(doc, "root"), TIMESTAMP_CERT_MAX, &d) != 0)
		why = "it is not of the form";
	else if ((why = timestamp_root(&d)) == NULL &&
		 timestamp_list_read(&s->roots, TIMESTAMP_CERT, d.der, d.len) !=
		     0)
		why = "there are too many roots";
	free(d.der);
	if (why != NULL)
		stamp_refuse(s, entry, why);
	if (why != NULL || s->roots.n == n)
		return 0;
	p = realloc(s->root_entries, s->roots.n * sizeof *s->root_entries);
	if (p == NULL)
		return -1;
	s->root_entries = p;
	s->root_entries[n] = entry;
	return 0;
}

static int
read_question(struct stamps *s, size_t entry, json_t *doc, bool renews)
{
	void *p =
	    realloc(s->questions, (s->n_questions + 1) * sizeof *s->questions);

	if (p == NULL)
		return -1;
	s->questions = p;
	s->questions[s->n_questions++] = (struct stamp_question){
	    .entry = entry, .renews = renews, .doc = json_incref(doc)};
	return 0;
}

/* The question that a token answers; SIZE_MAX if it is not here. */
static size_t
find_question(const struct stamps *s, const json_t *doc)
{
	const char *ask = entry_str(doc, "ask");
	const char *hex = ask != NULL ? ask : entry_str(doc, "renews");
	uint8_t hash[HASH_LEN];
	size_t entry;

	if (hex == NULL || strlen(hex) != 2 * HASH_LEN ||
	    hex_decode(hex, HASH_LEN, hash) != 0 ||
	    !map_get(&s->x->by_hash, hash, &entry))
		return SIZE_MAX;
	for (size_t i = 0; i < s->n_questions; i++)
		if (s->questions[i].entry == entry &&
		    s->questions[i].renews == (ask == NULL))
			return i;
	return SIZE_MAX;
}

static int
read_token(struct stamps *s, size_t entry, const json_t *doc)
{
	struct stamp_token t = {.entry = entry,
				.question = find_question(s, doc)};
	const char *why = NULL;
	void *p;

	if (t.question == SIZE_MAX)
		why = "what it answers is not here";
	else if (read_der(json_object_get(doc, "token"), TIMESTAMP_REPLY_MAX,
			  &t.reply) != 0 ||
		 read_ders(json_object_get(doc, "chain"), TIMESTAMP_CERT,
			   &t.chain) != 0 ||
		 read_ders(json_object_get(doc, "revocation"), TIMESTAMP_CRL,
			   &t.crls) != 0)
		why = "it is not of the form";
	if (why != NULL) {
		stamp_refuse(s, entry, why);
		stamp_token_free(&t);
		return 0;
	}
	p = realloc(s->tokens, (s->n_tokens + 1) * sizeof *s->tokens);
	if (p == NULL) {
		stamp_token_free(&t);
		return -1;
	}
	s->tokens = p;
	s->tokens[s->n_tokens++] = t;
	return 0;
}

#define CRL_BYTES_MAX (64u << 20) /* of all in a vault */

/*
 * CRLs of tokens, and those that came alone, are for all tokens. Should there
 * be too many, that is said.
 */
static int
read_crls(struct stamps *s, size_t entry, const json_t *doc)
{
	struct timestamp_list l = {0};
	bool full = false;

	if (read_ders(json_object_get(doc, "revocation"), TIMESTAMP_CRL, &l) !=
	    0)
		stamp_refuse(s, entry, "its revocation lists cannot be read");
	for (size_t i = 0; i < l.n; i++) {
		size_t n = s->crls.n;

		full |= s->crl_bytes > CRL_BYTES_MAX ||
			timestamp_list_read(&s->crls, TIMESTAMP_CRL,
					    l.list[i].der, l.list[i].len) != 0;
		s->crl_bytes += s->crls.n > n ? l.list[i].len : 0;
	}
	if (full)
		stamp_refuse(s, entry, "there are too many revocation lists");
	timestamp_list_free(&l);
	return 0;
}

/* The entries whose roots an admin has taken back. */
static int
read_withdrawn(struct stamps *s)
{
	s->withdrawn = calloc(s->x->n_entries + 1, sizeof *s->withdrawn);
	if (s->withdrawn == NULL)
		return -1;
	for (size_t i = 0; i < s->x->n_entries; i++) {
		const struct index_entry *en = &s->x->entries[i];
		uint8_t hash[HASH_LEN];
		json_t *doc, *v;
		size_t k, at;

		if (en->kind != KIND_STAMP || !en->accepted ||
		    strstr(en->text, "\"act\":\"withdraw\"") == NULL)
			continue;
		doc = index_doc(en);
		if (doc == NULL)
			return -1;
		json_array_foreach (json_object_get(doc, "roots"), k, v)
			if (json_string_length(v) == 2 * HASH_LEN &&
			    hex_decode(json_string_value(v), HASH_LEN, hash) ==
				0 &&
			    map_get(&s->x->by_hash, hash, &at))
				s->withdrawn[at] = true;
		json_decref(doc);
	}
	return 0;
}

/* One pass over the entries: questions and roots, then what rests on them. */
int
stamp_read(struct stamps *s, bool tokens)
{
	int rc = tokens ? 0 : read_withdrawn(s);

	for (size_t i = 0; rc == 0 && i < s->x->n_entries; i++) {
		const struct index_entry *en = &s->x->entries[i];
		const char *act;
		json_t *doc;

		if (en->kind != KIND_STAMP || !en->accepted)
			continue;
		doc = index_doc(en);
		act = entry_str(doc, "act");
		if (doc == NULL || act == NULL)
			rc = doc == NULL ? -1 : 0;
		else if (strcmp(act, "root") == 0)
			rc = tokens || s->withdrawn[i] ? 0
						       : read_root(s, i, doc);
		else if (strcmp(act, "ask") == 0 || strcmp(act, "renew") == 0)
			rc = tokens ? 0
				    : read_question(s, i, doc, act[0] == 'r');
		else if (strcmp(act, "token") == 0 && tokens)
			rc = read_token(s, i, doc) | read_crls(s, i, doc);
		else if (strcmp(act, "revocation") == 0 && tokens)
			rc = read_crls(s, i, doc);
		json_decref(doc);
	}
	return rc;
}
