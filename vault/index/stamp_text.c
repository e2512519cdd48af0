/* What is stamped, and what a package holds of it: see stamp.h. */
#include "stamp_inside.h"

#include "ed25519.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lines of a renewal list while they are gathered. */
struct gathering {
	struct stamptext_line lines[STAMPTEXT_LINES_MAX];
	size_t n;
};

/* The line of file number `i` of the list; what is empty has none. */
static void
add_line(struct gathering *g, size_t i, const void *bytes, size_t len)
{
	if (len == 0 || g->n == STAMPTEXT_LINES_MAX)
		return;
	stamptext_name(i, g->lines[g->n].name);
	hash_sha512(bytes, len, g->lines[g->n++].sha512);
}

/* The three files of a token, the first being number `i`. */
static int
add_token(struct gathering *g, size_t i, const struct stamp_token *t)
{
	size_t chain_len = 0, crls_len = 0;
	char *chain = timestamp_list_pem(&t->chain, TIMESTAMP_CERT, &chain_len);
	char *crls = timestamp_list_pem(&t->crls, TIMESTAMP_CRL, &crls_len);
	int rc = chain != NULL && crls != NULL ? 0 : -1;

	if (rc == 0) {
		add_line(g, i, t->reply.der, t->reply.len);
		add_line(g, i + 1, chain, chain_len);
		add_line(g, i + 2, crls, crls_len);
	}
	free(chain);
	free(crls);
	return rc;
}

char *
stamp_lines(const struct stamps *s, const struct stamp_token *t,
	    struct stamp_token *const *renewals, size_t n, size_t *len)
{
	const struct stamp_question *q = &s->questions[t->question];
	const uint8_t *hash = s->x->entries[t->entry].sha256;
	struct gathering *g = calloc(1, sizeof *g);
	char *text = NULL;
	int rc = g != NULL && n <= STAMP_CHAIN_MAX ? 0 : -1;

	if (rc == 0) {
		add_line(g, 0, q->text, q->text_len);
		rc = add_token(g, 1, t);
	}
	for (size_t i = 0; rc == 0 && i < n; i++) {
		/* what the list was when that renewal was made */
		text = stamptext_lines_encode(hash, g->lines, g->n, len);
		if (text == NULL) {
			rc = -1;
			break;
		}
		add_line(g, 4 * (i + 1), text, *len);
		rc = add_token(g, 4 * (i + 1) + 1, renewals[i]);
		free(text);
	}
	text =
	    rc == 0 ? stamptext_lines_encode(hash, g->lines, g->n, len) : NULL;
	free(g);
	return text;
}

int
stamp_text_of(struct stamp_question *q, uint8_t (*leaves)[HASH_LEN], size_t n,
	      const uint8_t pads[HASH_LEN])
{
	q->tree = merkle_padded_new(leaves, n, pads, STAMPTEXT_MIN_K,
				    STAMPTEXT_MAX_K);
	if (q->tree == NULL)
		return -1;
	q->text_len = stamptext_encode(
	    q->renews ? STAMPTEXT_RENEW : STAMPTEXT_ASK,
	    merkle_padded_k(q->tree), merkle_padded_top(q->tree), q->text);
	return 0;
}

/* "pads", and the list under `key`, which has from 1 to 4^8 elements. */
static const json_t *
read_list(const struct stamp_question *q, const char *key,
	  uint8_t pads[HASH_LEN])
{
	const json_t *list = json_object_get(q->doc, key);
	const char *s = entry_str(q->doc, "pads");
	size_t n = json_array_size(list);

	return s != NULL && strlen(s) == 2 * HASH_LEN &&
		       hex_decode(s, HASH_LEN, pads) == 0 && n > 0 &&
		       n <= (size_t)1 << 2 * STAMPTEXT_MAX_K
		   ? list
		   : NULL;
}

/* A checkpoint that this log's device has signed: its size and root. */
static bool
is_of(const struct vault *v, const struct log *l, const char *text, size_t len,
      uint64_t *size, uint8_t root[HASH_LEN])
{
	char origin[CHECKPOINT_ORIGIN_MAX], body[CHECKPOINT_MAX];
	uint8_t id[4], sig[64];
	size_t n;

	checkpoint_origin(v->id, l->device, origin);
	n = strlen(origin);
	if (len <= n || memcmp(text, origin, n) != 0 || text[n] != '\n')
		return false;
	vault_key_id(origin, l->key, id);
	if (checkpoint_decode(text, len, origin, id, size, root, sig) !=
		FORMAT_OK ||
	    *size == 0)
		return false;
	n = checkpoint_body(origin, *size, root, body);
	return ed25519_verify(l->key, body, n, sig) == 0;
}

/* A state that the device has signed, that was stamped, and is not here. */
static void
contradiction(const struct stamps *s, const struct stamp_question *q,
	      const struct log *l, uint64_t size)
{
	const struct index_entry *en = &s->x->entries[q->entry];

	report_add(&s->x->v->report, REPORT_HISTORY,
		   "device %.12s: batch %llu, for which a time stamp was asked"
		   " (device %.12s, batch %llu), is %s",
		   l->device, (unsigned long long)size,
		   s->x->v->logs[en->log].device, (unsigned long long)en->batch,
		   l->size >= size ? "another one here: its device has signed"
				     " both, a fork"
				   : "missing: a rollback");
}

/* Which log's state is this? Both sides of a fork may begin with it. */
static int
find_mark(struct stamps *s, struct stamp_question *q, const char *text,
	  size_t len, size_t place)
{
	const struct vault *v = s->x->v;
	const struct log *known = NULL;
	uint64_t size, known_size = 0;
	uint8_t root[HASH_LEN];
	bool here = false;

	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];
		void *p;

		if (!is_of(v, l, text, len, &size, root))
			continue;
		known_size = size;
		if (l->size < size ||
		    memcmp(l->steps[size - 1].root, root, HASH_LEN) != 0) {
			known =
			    known == NULL || l->size > known->size ? l : known;
			continue;
		}
		here = true;
		p = realloc(q->marks, (q->n_marks + 1) * sizeof *q->marks);
		if (p == NULL)
			return -1;
		q->marks = p;
		q->marks[q->n_marks++] = (struct stamp_mark){i, size, place};
	}
	if (!here && known != NULL)
		contradiction(s, q, known, known_size);
	else if (!here)
		stamp_refuse(s, q->entry,
			     "a checkpoint in it is of no log here, or not"
			     " signed by its device");
	return 0;
}

int
stamp_ask_text(struct stamps *s, struct stamp_question *q)
{
	uint8_t pads[HASH_LEN], (*leaves)[HASH_LEN];
	const json_t *list = read_list(q, "checkpoints", pads), *c;
	size_t n = json_array_size(list), i;
	int rc = 0;

	if (list == NULL) {
		stamp_refuse(s, q->entry, "it is not of the form");
		return 0;
	}
	leaves = calloc(n, sizeof *leaves);
	if (leaves == NULL)
		return -1;
	json_array_foreach (list, i, c)
		if (json_is_string(c)) {
			merkle_leaf(json_string_value(c), json_string_length(c),
				    leaves[i]);
			rc |= find_mark(s, q, json_string_value(c),
					json_string_length(c), i);
		}
	if (rc == 0)
		rc = stamp_text_of(q, leaves, n, pads);
	free(leaves);
	return rc;
}

/* The leaf of one token of a renewal: over its lines of the list. */
static int
renewal_leaf(const struct stamps *s, const struct stamp_token *t,
	     struct stamp_token *const *renewals, size_t n,
	     uint8_t leaf[HASH_LEN])
{
	size_t len;
	char *text = stamp_lines(s, t, renewals, n, &len);

	if (text == NULL)
		return -1;
	merkle_leaf(text, len, leaf);
	free(text);
	return 0;
}

int
stamp_renew_text(struct stamps *s, struct stamp_question *q)
{
	struct stamp_token *renewals[STAMP_CHAIN_MAX], *t;
	uint8_t pads[HASH_LEN], (*leaves)[HASH_LEN];
	const json_t *list = read_list(q, "tokens", pads), *v;
	size_t n = json_array_size(list), i, k;
	int rc = 0;

	if (list == NULL) {
		stamp_refuse(s, q->entry, "it is not of the form");
		return 0;
	}
	leaves = calloc(n, sizeof *leaves);
	if (leaves == NULL)
		return -1;
	json_array_foreach (list, i, v) {
		t = stamp_renewed(s, json_string_value(v), renewals, &k);
		if (t == NULL) {
			stamp_refuse(s, q->entry,
				     "a token that it renews is not here");
			free(leaves);
			return 0;
		}
		rc |= renewal_leaf(s, t, renewals, k, leaves[i]);
	}
	if (rc == 0)
		rc = stamp_text_of(q, leaves, n, pads);
	free(leaves);
	return rc;
}

/* -- the files of a package -- */

struct files {
	struct stamp_file *list;
	size_t n;
};

/* Take over malloc'ed bytes; empty files are left out. */
static int
add_file(struct files *f, const char *name, void *bytes, size_t len)
{
	void *p;

	if (bytes == NULL)
		return -1;
	p = len > 0 ? realloc(f->list, (f->n + 1) * sizeof *f->list) : NULL;
	if (p == NULL) {
		free(bytes);
		return len > 0 ? -1 : 0;
	}
	f->list = p;
	snprintf(f->list[f->n].name, sizeof f->list[f->n].name, "%s", name);
	f->list[f->n].bytes = bytes;
	f->list[f->n++].len = len;
	return 0;
}

static int
add_copy(struct files *f, const char *name, const void *bytes, size_t len)
{
	void *copy = malloc(len + 1);

	if (copy != NULL)
		memcpy(copy, bytes, len);
	return add_file(f, name, copy, len);
}

/*
 * The CRLs of a token, as PEM. With `now` also the newest that the vault has of
 * its authorities: of the last link of a chain, over which nothing is hashed.
 */
static char *
crls_pem(const struct stamps *s, const struct stamp_token *t, bool now,
	 size_t *len)
{
	struct timestamp_list all = {0};
	bool ok = true;
	char *pem;

	for (size_t i = 0; ok && i < t->crls.n; i++)
		ok = timestamp_list_read(&all, TIMESTAMP_CRL,
					 t->crls.list[i].der,
					 t->crls.list[i].len) == 0;
	for (size_t i = 0; ok && now && i < t->verdict.n_newest; i++) {
		const struct timestamp_der *d =
		    &s->crls.list[t->verdict.newest[i]];

		ok = timestamp_list_read(&all, TIMESTAMP_CRL, d->der, d->len) ==
		     0;
	}
	pem = ok ? timestamp_list_pem(&all, TIMESTAMP_CRL, len) : NULL;
	timestamp_list_free(&all);
	return pem;
}

/* Token, chain and CRLs, under the names from number `i` on. */
static int
add_token_files(struct files *f, size_t i, const struct stamps *s,
		const struct stamp_token *t, bool last)
{
	char name[3][STAMPTEXT_NAME_MAX], *chain, *crls;
	size_t chain_len = 0, crls_len = 0;

	for (size_t k = 0; k < 3; k++)
		stamptext_name(i + k, name[k]);
	chain = timestamp_list_pem(&t->chain, TIMESTAMP_CERT, &chain_len);
	crls = crls_pem(s, t, last, &crls_len);
	/* each is taken over, whatever became of the one before */
	return (add_copy(f, name[0], t->reply.der, t->reply.len) |
		add_file(f, name[1], chain, chain_len) |
		add_file(f, name[2], crls, crls_len)) == 0
		   ? 0
		   : -1;
}

static int
add_path(struct files *f, const char *name, const struct stamp_question *q,
	 const uint8_t leaf[HASH_LEN])
{
	struct stamptext_path p = {.k = merkle_padded_k(q->tree)};
	char text[STAMPTEXT_PATH_FILE_MAX];

	if (merkle_padded_path(q->tree, leaf, p.path, &p.place) != 0)
		return -1;
	return add_copy(f, name, text, stamptext_path_encode(&p, text));
}

/* renewal-<n>.txt, .stamp, .path and the token's files. */
static int
add_renewal(struct files *f, const struct stamps *s, const struct stamp *st,
	    size_t i)
{
	const struct stamp_token *r = st->renewals[i];
	const struct stamp_question *q = &s->questions[r->question];
	char name[STAMPTEXT_NAME_MAX], *text;
	uint8_t leaf[HASH_LEN];
	size_t len;
	int rc;

	text = stamp_lines(s, st->first, st->renewals, i, &len);
	if (text == NULL)
		return -1;
	merkle_leaf(text, len, leaf);
	stamptext_name(4 * (i + 1), name);
	rc = add_file(f, name, text, len);
	snprintf(name, sizeof name, "renewal-%u.stamp", (unsigned)i + 1);
	rc |= add_copy(f, name, q->text, q->text_len);
	snprintf(name, sizeof name, "renewal-%u.path", (unsigned)i + 1);
	rc |= add_path(f, name, q, leaf);
	return rc | add_token_files(f, 4 * (i + 1) + 1, s, r,
				    i + 1 == st->n_renewals);
}

static int
by_name(const void *a, const void *b)
{
	const struct stamp_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
stamp_files(const struct stamps *s, const struct stamp *st,
	    const unsigned *numbers, struct stamp_file **out, size_t *n,
	    struct err *e)
{
	const struct stamp_question *q = &s->questions[st->first->question];
	const json_t *list = json_object_get(q->doc, "checkpoints"), *c;
	char name[STAMPTEXT_NAME_MAX];
	uint8_t leaf[HASH_LEN];
	struct files f = {0};
	int rc;

	*out = NULL;
	*n = 0;
	stamptext_name(0, name);
	rc = add_copy(&f, name, q->text, q->text_len);
	rc |= add_token_files(&f, 1, s, st->first, st->n_renewals == 0);
	for (size_t i = 0; rc == 0 && i < st->n_marks; i++) {
		if (numbers[i] == 0)
			continue;
		c = json_array_get(list, st->marks[i].place);
		merkle_leaf(json_string_value(c), json_string_length(c), leaf);
		snprintf(name, sizeof name, "c%u.path", numbers[i]);
		rc = add_path(&f, name, q, leaf);
	}
	for (size_t i = 0; rc == 0 && i < st->n_renewals; i++)
		rc = add_renewal(&f, s, st, i);
	if (rc != 0) {
		stamp_files_free(f.list, f.n);
		return err_memory(e);
	}
	qsort(f.list, f.n, sizeof *f.list, by_name);
	*out = f.list;
	*n = f.n;
	return 0;
}

void
stamp_files_free(struct stamp_file *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].bytes);
	free(list);
}

char *
stamp_roots_pem(const struct stamps *s, size_t *len)
{
	return timestamp_list_pem(&s->roots, TIMESTAMP_CERT, len);
}
