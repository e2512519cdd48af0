/* Taking in what authorities answer: see stamp_make.h. */
#include "stamp_make.h"

#include "base64.h"
#include "stamp_inside.h"
#include "writer.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ENTRY_BYTES_MAX                                       \
	(700u << 10) /* of all DER in an entry, 1 MiB as text \
		      */

static json_t *
der_json(const struct timestamp_der *d)
{
	size_t n = base64_len(d->len, true);
	char *text = malloc(n + 1);
	json_t *v;

	if (text == NULL)
		return NULL;
	base64_encode(d->der, d->len, true, text);
	v = json_stringn(text, n);
	free(text);
	return v;
}

static json_t *
list_json(const struct timestamp_list *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++)
		if (json_array_append_new(list, der_json(&l->list[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* Which request is this the answer to? By the imprint; NULL if to none. */
static const struct stamp_question *
match(const struct stamps *s, const struct timestamp *t)
{
	uint8_t imprint[64];

	for (size_t i = 0; i < s->n_questions; i++) {
		const struct stamp_question *q = &s->questions[i];
		size_t n;

		if (q->tree == NULL)
			continue;
		n = timestamp_imprint(t->hash, q->text, q->text_len, imprint);
		if (memcmp(imprint, t->imprint, n) == 0)
			return q;
	}
	return NULL;
}

static bool
is_same(const struct timestamp_list *have, const struct timestamp_list *want)
{
	for (size_t i = 0; i < want->n; i++) {
		bool found = false;

		for (size_t k = 0; k < have->n && !found; k++)
			found = have->list[k].len == want->list[i].len &&
				memcmp(have->list[k].der, want->list[i].der,
				       want->list[i].len) == 0;
		if (!found)
			return false;
	}
	return true;
}

/* A token that is here already, with nothing less around it. */
static const struct stamp_token *
find_known(const struct stamps *s, const struct stamp_token *t)
{
	for (size_t i = 0; i < s->n_tokens; i++) {
		const struct stamp_token *k = &s->tokens[i];

		if (k->question == t->question &&
		    k->reply.len == t->reply.len &&
		    memcmp(k->reply.der, t->reply.der, t->reply.len) == 0 &&
		    is_same(&k->chain, &t->chain) &&
		    is_same(&s->crls, &t->crls))
			return k;
	}
	return NULL;
}

/* Why a reply is not taken in: status 1 if it is wrong, 2 if not known. */
static int
refuse(const struct timestamp *t, struct err *e)
{
	bool unknown = t->reason == TIMESTAMP_ROOT ||
		       t->reason == TIMESTAMP_SIGNER ||
		       t->reason == TIMESTAMP_MEMORY;

	err_set(e, unknown ? ERR_UNKNOWN : ERR_EVIDENCE, "%s", t->why);
	if (t->reason == TIMESTAMP_ROOT)
		err_hint(e, "muniment stamp root add PEM trusts one; --chain"
			    " PEM gives certificates between");
	if (t->reason == TIMESTAMP_SIGNER)
		err_hint(e, "--chain PEM gives it");
	return -1;
}

/* The two that are handed in, and those that the vault has. */
static int
all_crls(struct stamps *s, const struct timestamp_list *crls, struct err *e)
{
	for (size_t i = 0; i < crls->n; i++)
		if (timestamp_list_read(&s->crls, TIMESTAMP_CRL,
					crls->list[i].der,
					crls->list[i].len) != 0)
			return err_set(e, ERR_UNKNOWN,
				       "too many revocation lists");
	return 0;
}

static size_t
bytes_of(const struct timestamp_list *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->list[i].len;
	return n;
}

static json_t *
token_doc(const struct stamps *s, const struct stamp_question *q,
	  const struct stamp_token *t)
{
	char hex[65];

	hex_encode(s->x->entries[q->entry].sha256, HASH_LEN, hex);
	return json_pack("{s:s,s:s,s:o,s:o,s:o}", "act", "token",
			 q->renews ? "renews" : "ask", hex, "token",
			 der_json(&t->reply), "chain", list_json(&t->chain),
			 "revocation", list_json(&t->crls));
}

static int
import(struct stamps *s, struct stamp_token *t, struct stamp_imported *out,
       struct err *e)
{
	const struct stamp_question *q;
	const struct stamp_token *known;
	json_t *doc;
	int rc;

	if (!timestamp_read(t->reply.der, t->reply.len, &out->verdict))
		return refuse(&out->verdict, e);
	q = match(s, &out->verdict);
	if (q == NULL)
		return err_set(e, ERR_EVIDENCE,
			       "it answers no request of this vault");
	t->question = (size_t)(q - s->questions);
	out->renews = q->renews;
	out->covers = json_array_size(
	    json_object_get(q->doc, q->renews ? "tokens" : "checkpoints"));
	known = find_known(s, t);
	if (all_crls(s, &t->crls, e) != 0)
		return -1;
	stamp_judge(s, t, s->now, &out->verdict);
	if (out->verdict.status != TIMESTAMP_VALID)
		return refuse(&out->verdict, e);
	if (q->renews && out->verdict.hash != TIMESTAMP_SHA512)
		return err_set(e, ERR_EVIDENCE,
			       "a renewal's imprint must be SHA-512");
	if (known != NULL) {
		out->known = true;
		memcpy(out->entry, s->x->entries[known->entry].sha256,
		       HASH_LEN);
		return 0;
	}
	if (t->reply.len + bytes_of(&t->chain) + bytes_of(&t->crls) >
	    ENTRY_BYTES_MAX)
		return err_set(e, ERR_UNKNOWN,
			       "token, certificates and revocation lists are"
			       " too long together");
	doc = token_doc(s, q, t);
	rc = stamp_write(s->x, doc, false, out->entry, e);
	json_decref(doc);
	return rc;
}

int
stamp_import(struct index *x, const void *reply, size_t len,
	     const struct timestamp_list *chain,
	     const struct timestamp_list *crls, struct stamp_imported *out,
	     struct err *e)
{
	struct stamp_token t = {
	    .reply = {.der = (uint8_t *)(uintptr_t)reply, .len = len},
	    .chain = *chain,
	    .crls = *crls};
	struct stamps *s;
	int rc;

	memset(out, 0, sizeof *out);
	if (writer_may(x, e) != 0)
		return -1;
	s = stamps_new(x, (int64_t)time(NULL), e);
	if (s == NULL)
		return -1;
	rc = import(s, &t, out, e);
	stamps_free(s);
	return rc;
}

/* Of how many tokens do these lists alone say anything? */
static size_t
count_spoken_of(struct stamps *s, const struct timestamp_list *crls)
{
	struct timestamp_list all = s->crls;
	size_t n = 0;

	s->crls = *crls;
	for (size_t i = 0; i < s->n_tokens; i++) {
		struct timestamp t;

		if (s->questions[s->tokens[i].question].tree == NULL)
			continue;
		stamp_judge(s, &s->tokens[i], s->now, &t);
		n += t.status == TIMESTAMP_REVOKED || t.crls > 0;
	}
	s->crls = all;
	return n;
}

int
stamp_crls(struct index *x, const struct timestamp_list *crls, size_t *n,
	   struct err *e)
{
	struct stamps *s = NULL;
	uint8_t hash[HASH_LEN];
	json_t *doc;
	int rc = -1;

	*n = 0;
	if (writer_may(x, e) != 0 ||
	    (s = stamps_new(x, (int64_t)time(NULL), e)) == NULL)
		return -1;
	*n = count_spoken_of(s, crls);
	if (*n == 0) {
		err_set(e, ERR_UNKNOWN,
			"they are of no authority whose tokens are here");
	} else if (is_same(&s->crls, crls)) {
		rc = 0;
	} else if (bytes_of(crls) > ENTRY_BYTES_MAX) {
		err_set(e, ERR_UNKNOWN, "they are too long together");
	} else {
		doc = json_pack("{s:s,s:o}", "act", "revocation", "revocation",
				list_json(crls));
		rc = stamp_write(x, doc, false, hash, e);
		json_decref(doc);
	}
	stamps_free(s);
	return rc;
}

static int
may_trust(struct index *x, struct err *e)
{
	if (writer_may(x, e) != 0)
		return -1;
	if (index_role(x, x->me, INDEX_VAULT) != ROLE_ADMIN)
		return err_set(e, ERR_UNKNOWN,
			       "only an admin of the vault says whom all trust"
			       " for the time");
	return 0;
}

int
stamp_root_add(struct index *x, const struct timestamp_der *root, bool *known,
	       struct err *e)
{
	const struct timestamp_list one = {
	    (struct timestamp_der *)(uintptr_t)root, 1};
	const char *why = timestamp_root(root);
	struct stamps *s = NULL;
	uint8_t hash[HASH_LEN];
	json_t *doc;
	int rc;

	*known = false;
	if (why != NULL)
		return err_set(e, ERR_UNKNOWN, "not a root: %s", why);
	if (may_trust(x, e) != 0)
		return -1;
	s = stamps_new(x, (int64_t)time(NULL), e);
	if (s == NULL)
		return -1;
	*known = is_same(&s->roots, &one);
	stamps_free(s);
	if (*known)
		return 0;
	doc = json_pack("{s:s,s:o}", "act", "root", "root", der_json(root));
	rc = stamp_write(x, doc, true, hash, e);
	json_decref(doc);
	return rc;
}

/* The root of this fingerprint; -1 if there is none, or several. */
static int
find_root(const struct stamps *s, const char *sha256, size_t *at, struct err *e)
{
	struct timestamp_cert c;
	size_t n = 0, len = strlen(sha256);
	char hex[65];

	for (size_t i = 0; i < s->roots.n; i++) {
		(void)timestamp_cert(&s->roots.list[i], &c);
		hex_encode(c.sha256, HASH_LEN, hex);
		if (len < 8 || strncmp(hex, sha256, len) != 0)
			continue;
		*at = i;
		n++;
	}
	if (n == 1)
		return 0;
	err_set(e, ERR_UNKNOWN, "%s root has a SHA-256 that begins so",
		n == 0 ? "no" : "more than one");
	return err_hint(e, "muniment stamp root list");
}

/* Two members may have added the same one: all their entries. */
static json_t *
entries_of_root(const struct stamps *s, size_t root)
{
	json_t *list = json_array(), *want = der_json(&s->roots.list[root]);

	for (size_t i = 0; i < s->x->n_entries; i++) {
		const struct index_entry *en = &s->x->entries[i];
		char hex[65];
		json_t *doc;

		if (en->kind != KIND_STAMP || !en->accepted || s->withdrawn[i])
			continue;
		doc = index_doc(en);
		hex_encode(en->sha256, HASH_LEN, hex);
		if (json_equal(json_object_get(doc, "root"), want))
			json_array_append_new(list, json_string(hex));
		json_decref(doc);
	}
	json_decref(want);
	return list;
}

int
stamp_root_remove(struct index *x, const char *sha256,
		  struct timestamp_cert *out, struct err *e)
{
	struct stamps *s = NULL;
	uint8_t hash[HASH_LEN];
	json_t *doc;
	size_t at;
	int rc = -1;

	if (may_trust(x, e) != 0 ||
	    (s = stamps_new(x, (int64_t)time(NULL), e)) == NULL)
		return -1;
	if (find_root(s, sha256, &at, e) == 0) {
		(void)timestamp_cert(&s->roots.list[at], out);
		doc = json_pack("{s:s,s:o}", "act", "withdraw", "roots",
				entries_of_root(s, at));
		rc = stamp_write(x, doc, true, hash, e);
		json_decref(doc);
	}
	stamps_free(s);
	return rc;
}
