/* Cosigning what others' devices have written: see witness.h. */
#include "witness.h"

#include "checkpoint.h"
#include "ed25519.h"
#include "ring.h"
#include "trust.h"
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOTES_MAX 1000 /* of one entry; the next exchange has the rest */

/*
 * True if a batch holds `opened` entries of kind `witness`, their ring, and
 * nothing else but what it has seen.
 */
static int
is_only_witness(struct vault *v, const struct log *l, uint64_t n, size_t opened,
		bool *only, struct err *e)
{
	const uint8_t *ring = NULL;
	struct gitstore_object o = {0};
	struct vault_batch b;
	size_t entries = 0;

	*only = false;
	if (vault_batch(v, l, n, &b, e) != 0)
		return -1;
	for (size_t i = 0; i < b.b.n; i++) {
		const struct batch_line *line = &b.b.lines[i];

		if (line->kind == BATCH_ENTRY)
			entries++;
		else if (line->kind != BATCH_SEEN)
			goto out;
	}
	if (entries != opened + 1)
		goto out;
	for (size_t i = 0; i < b.b.n && !*only; i++) {
		if (b.b.lines[i].kind != BATCH_ENTRY)
			continue;
		ring = vault_batch_oid(&b, b.b.lines[i].sha256);
		if (ring == NULL ||
		    gitstore_read(v->git, ring, PACKFORM_BLOB, &o, NULL) != 0)
			goto out;
		*only = ring_is(o.data, o.len);
		gitstore_object_free(&o);
	}
out:
	vault_batch_free(&b);
	return 0;
}

#define OTHER UINT16_MAX /* an entry of another kind was opened */

/*
 * For each log and batch beyond `from`: its `witness` (and `stamp`) entries, or
 * OTHER.
 */
struct counts {
	uint16_t **of;
	size_t n;
};

static void
counts_free(struct counts *c)
{
	for (size_t i = 0; c->of != NULL && i < c->n; i++)
		free(c->of[i]);
	free(c->of);
}

static int
counts_fill(struct index *x, const uint64_t *from, bool stamps,
	    struct counts *c)
{
	c->n = x->v->n_logs;
	c->of = calloc(c->n + 1, sizeof *c->of);
	if (c->of == NULL)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		uint64_t size = x->v->logs[i].size;

		if (from[i] < size &&
		    (c->of[i] = calloc(size - from[i], sizeof **c->of)) == NULL)
			return -1;
	}
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		uint16_t *at;

		if (c->of[en->log] == NULL || en->batch <= from[en->log])
			continue;
		at = &c->of[en->log][en->batch - from[en->log] - 1];
		if (en->kind != KIND_WITNESS &&
		    !(stamps && en->kind == KIND_STAMP))
			*at = OTHER;
		else if (*at < OTHER)
			++*at;
	}
	return 0;
}

/* One log, from its end: all of it only if it is to be counted. */
static int
log_content(struct index *x, size_t log, const uint16_t *opened, uint64_t from,
	    uint64_t *last, uint64_t *count, struct err *e)
{
	const struct log *l = &x->v->logs[log];

	for (uint64_t n = l->size; n > from && (count != NULL || *last == from);
	     n--) {
		uint16_t witness = opened[n - from - 1];
		bool only = false;

		if (witness > 0 && witness < OTHER &&
		    is_only_witness(x->v, l, n, witness, &only, e) != 0)
			return -1;
		if (only)
			continue;
		if (*last == from)
			*last = n;
		if (count != NULL && n <= x->log_limit[log])
			++*count;
	}
	return 0;
}

static int
find_content(struct index *x, const uint64_t *from, bool stamps, uint64_t *last,
	     uint64_t *count, struct err *e)
{
	struct counts c = {0};
	int rc = counts_fill(x, from, stamps, &c) == 0 ? 0 : err_memory(e);

	for (size_t i = 0; rc == 0 && i < c.n; i++) {
		last[i] = from[i];
		if (c.of[i] != NULL)
			rc = log_content(x, i, c.of[i], from[i], &last[i],
					 count, e);
	}
	counts_free(&c);
	return rc;
}

int
witness_content(struct index *x, const uint64_t *from, uint64_t *last,
		uint64_t *count, struct err *e)
{
	return find_content(x, from, false, last, count, e);
}

int
witness_content_unstamped(struct index *x, const uint64_t *from, uint64_t *last,
			  uint64_t *count, struct err *e)
{
	return find_content(x, from, true, last, count, e);
}

/* The number of this person among the witnesses; SIZE_MAX if he is none yet. */
static size_t
find_me(const struct witness *w)
{
	for (size_t i = 0; i < w->n_by; i++)
		if (strcmp(w->by[i].seat, w->x->me) == 0)
			return i;
	return SIZE_MAX;
}

/*
 * How far each log has been cosigned by this person; UINT64_MAX where it is
 * not for him to, or not now.
 */
static int
starts(struct witness *w, uint64_t *from, struct err *e)
{
	struct index *x = w->x;
	struct map other = {0};
	size_t me = find_me(w), known;

	if (trust_differs(x->v, x->id, &other, e) != 0)
		return -1;
	for (size_t i = 0; i < x->v->n_logs; i++) {
		const struct log *l = &x->v->logs[i];

		from[i] = UINT64_MAX;
		if (l->is_fork || l->frozen != UINT64_MAX || l->size == 0 ||
		    l->size != l->length || x->log_limit[i] < l->size ||
		    x->log_seat[i] == NULL ||
		    witness_same_person(x, x->log_seat[i], x->me) ||
		    w->contradicted[i] || map_get(&other, l->key, &known))
			continue;
		from[i] = me != SIZE_MAX ? witness_size(w, i, me) : 0;
	}
	map_free(&other);
	return 0;
}

/* The newest checkpoint of a log, as its file is. */
static int
read_checkpoint(struct vault *v, const struct log *l,
		struct gitstore_object *out, struct err *e)
{
	struct vault_batch b;
	int rc = -1;

	if (vault_batch(v, l, l->size, &b, e) != 0)
		return -1;
	for (size_t i = 0; i < b.n_names; i++)
		if (strcmp(b.names[i].name, "checkpoint") == 0)
			rc = gitstore_read(v->git, b.names[i].oid,
					   PACKFORM_BLOB, out, e);
	vault_batch_free(&b);
	return rc == 0 ? 0
		       : err_set(e, ERR_EVIDENCE, "a checkpoint is missing");
}

/* The note of a log's newest checkpoint with its device's signature. */
int
witness_checkpoint(struct vault *v, const struct log *l,
		   char note[CHECKPOINT_MAX], size_t *body_len, struct err *e)
{
	struct gitstore_object o = {0};
	char origin[CHECKPOINT_ORIGIN_MAX];
	uint8_t id[4], root[HASH_LEN], sig[64];
	uint64_t size;
	int rc = -1;

	checkpoint_origin(v->id, l->device, origin);
	vault_key_id(origin, l->key, id);
	if (read_checkpoint(v, l, &o, e) != 0)
		return -1;
	if (o.len < CHECKPOINT_MAX &&
	    checkpoint_decode((const char *)o.data, o.len, origin, id, &size,
			      root, sig) == FORMAT_OK &&
	    size == l->size &&
	    memcmp(root, l->steps[l->size - 1].root, HASH_LEN) == 0) {
		*body_len = checkpoint_body(origin, size, root, note);
		rc = ed25519_verify(l->key, note, *body_len, sig);
		memcpy(note, o.data, o.len);
		note[o.len] = '\0';
	}
	gitstore_object_free(&o);
	return rc == 0 ? 0
		       : err_set(e, ERR_EVIDENCE,
				 "device %.12s: its newest checkpoint is not"
				 " signed by it",
				 l->device);
}

/* The cosigned note of one log. */
static json_t *
cosigned(struct index *x, const struct log *l, uint64_t now, struct err *e)
{
	char note[CHECKPOINT_MAX + COSIGN_LINE_MAX], name[COSIGN_NAME_MAX];
	char message[COSIGN_MESSAGE_MAX];
	uint8_t id[4], sig[64];
	size_t body = 0, n;
	json_t *s;

	if (witness_checkpoint(x->v, l, note, &body, e) != 0)
		return NULL;
	witness_name(x->v->id, x->me, name);
	witness_key_id(name, x->id->sign_pub, id);
	n = cosign_message(now, note, body, message);
	ed25519_sign(identity_seed(x->id), message, n, sig);
	(void)cosign_encode(name, id, now, sig, note + strlen(note));
	s = json_string(note);
	if (s == NULL)
		err_memory(e);
	return s;
}

/* A note for each log that has content beyond what was cosigned. */
static json_t *
cosign_all(struct index *x, const uint64_t *from, const uint64_t *last,
	   struct err *e)
{
	json_t *notes = json_array();
	time_t now = time(NULL);

	if (notes == NULL)
		err_memory(e);
	if (notes != NULL && now <= 0) {
		err_set(e, ERR_UNKNOWN, "this machine's clock is not set");
		json_decref(notes);
		return NULL;
	}
	for (size_t i = 0; notes != NULL && i < x->v->n_logs; i++) {
		json_t *s;

		if (from[i] == UINT64_MAX || last[i] == from[i] ||
		    json_array_size(notes) == NOTES_MAX)
			continue;
		s = cosigned(x, &x->v->logs[i], (uint64_t)now, e);
		if (s == NULL || json_array_append_new(notes, s) != 0) {
			json_decref(notes);
			return NULL;
		}
	}
	return notes;
}

json_t *
witness_due(struct index *x, struct err *e)
{
	uint64_t *from = calloc(x->v->n_logs + 1, sizeof *from);
	uint64_t *last = calloc(x->v->n_logs + 1, sizeof *last);
	struct witness *w = NULL;
	json_t *notes = NULL;

	if (x->me == NULL)
		err_set(e, ERR_UNKNOWN, "you are not a member of this vault");
	else if (index_seat(x, x->me)->retired)
		notes = json_array(); /* nobody would accept it */
	else if (from == NULL || last == NULL)
		err_memory(e);
	else if ((w = witness_new(x, false, e)) != NULL &&
		 starts(w, from, e) == 0 &&
		 witness_content(x, from, last, NULL, e) == 0)
		notes = cosign_all(x, from, last, e);
	witness_free(w);
	free(from);
	free(last);
	return notes;
}

int
witness_put(struct writer *w, json_t *notes, struct err *e)
{
	json_t *doc;
	int rc = -1;

	if (json_array_size(notes) == 0)
		return 0;
	doc = json_pack("{s:O}", "notes", notes);
	if (doc == NULL)
		err_memory(e);
	else if (writer_case(w, INDEX_VAULT, NULL, e) == 0)
		rc = writer_entry(w, "witness", doc, NULL, 0, false, NULL, e);
	json_decref(doc);
	return rc;
}

int
witness_exchange(struct index *x, bool *wrote, struct err *e)
{
	struct writer *w = NULL;
	json_t *notes;
	int rc = -1;

	*wrote = false;
	notes = witness_due(x, e);
	if (notes == NULL)
		return -1;
	if (json_array_size(notes) == 0)
		rc = 0;
	else if ((w = writer_new(x, e)) != NULL &&
		 witness_put(w, notes, e) == 0 && writer_commit(w, e) == 0)
		rc = 0;
	*wrote = w != NULL && rc == 0;
	writer_free(w);
	json_decref(notes);
	return rc;
}
