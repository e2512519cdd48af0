#include "writer.h"

#include "agetext.h"
#include "canon.h"
#include "checkpoint.h"
#include "clock.h"
#include "cuts.h"
#include "ed25519.h"
#include "handed.h"
#include "journal.h"
#include "local.h"
#include "object.h"
#include "own.h"
#include "packform.h"
#include "repack.h"
#include "ring.h"
#include "sshsig.h"
#include "sshsign.h"
#include "trust.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRANTS_MAX 255 /* rings to persons in one batch */
/* lines that a batch needs besides what is added: rings and `seen` */
#define RESERVED 16

struct grant {
	struct agekey_public to;
	struct secret *ring;
};

struct writer {
	struct index *x;
	struct vault *v;
	struct secret *device_key;
	const uint8_t *root; /* a new vault's root key; or NULL */
	char device[BATCH_DEVICE_LEN + 1];
	char seat[INDEX_SEAT_MAX];
	struct merkle_log tree;
	uint8_t head[GITFORM_OID_LEN]; /* the last commit */
	struct packform_file *pack;
	struct journal *journal;
	uint8_t vault_oid[GITFORM_OID_LEN];
	bool vault_packed;
	json_t *said; /* device -> size, of this log's `seen` lines */

	/* the batch that is open */
	bool open;
	char case_id[INDEX_CASE_MAX];
	struct agekey_public to;
	struct secret *ring; /* the case's ring, as text */
	char (*lines)[BATCH_LINE_MAX];
	struct gitform_name *names;
	size_t n_lines, n_names;
	struct grant *grants;
	size_t n_grants;

	/* what is being made for it */
	struct pool *pool;
	size_t reserved;     /* lines that will come */
	struct secret *keys; /* of entries at work, one for each in the pool */
	size_t n_keys;	     /* that were ever given out */

	/* keys of cases that this command opens */
	struct secret *case_keys;
	struct {
		char id[INDEX_CASE_MAX], epoch[HEX_ID_LEN + 1];
	} * fresh;
	size_t n_fresh;
};

#define LINES_MAX (BATCH_LEAVES_MAX + 1)

static int
no_memory(struct err *e)
{
	return err_set(e, ERR_UNKNOWN, "no memory");
}

static void
close_batch(struct writer *w)
{
	secret_free(w->ring);
	w->ring = NULL;
	for (size_t i = 0; i < w->n_grants; i++)
		secret_free(w->grants[i].ring);
	w->n_grants = w->n_lines = w->n_names = 0;
	w->open = false;
}

void
writer_free(struct writer *w)
{
	char path[FSUTIL_PATH];

	if (w == NULL)
		return;
	pool_free(w->pool);
	close_batch(w);
	packform_file_free(w->pack);
	journal_free(w->journal);
	secret_free(w->device_key);
	secret_free(w->keys);
	secret_free(w->case_keys);
	json_decref(w->said);
	free(w->lines);
	free(w->names);
	free(w->grants);
	free(w->fresh);
	if (vault_path(w->v, "local/tmp", path, NULL) == 0)
		(void)fsutil_remove_all(path, NULL);
	free(w);
}

/* Start a batch: its number stands on its ring and in its entries. */
static int
open_batch(struct writer *w, struct err *e)
{
	w->ring = ring_new(w->v->id, w->device, w->tree.size + 1);
	if (w->ring == NULL)
		return no_memory(e);
	w->open = true;
	return 0;
}

/* Put a file into the batch: its line, its name in the tree, its blob. */
static int
put_file(struct writer *w, const char *line, const uint8_t sha256[HASH_LEN],
	 const void *bytes, size_t len, struct err *e)
{
	struct gitform_name *n = &w->names[w->n_names];

	if (w->n_lines >= BATCH_LEAVES_MAX)
		return err_set(e, ERR_UNKNOWN, "too much for one batch");
	strcpy(w->lines[w->n_lines++], line);
	hex_encode(sha256, HASH_LEN, n->name);
	w->n_names++;
	return packform_file_add(w->pack, PACKFORM_BLOB, bytes, len, n->oid, e);
}

static int
put_entry_file(struct writer *w, const struct entry_file *f, struct err *e)
{
	char line[BATCH_LINE_MAX];

	batch_entry_line(f->sha256, f->fields, line);
	return put_file(w, line, f->sha256, f->bytes, f->len, e);
}

/* Seal a ring and put it into the batch. */
static int
put_ring(struct writer *w, const struct secret *ring,
	 const struct agekey_public *to, size_t least, struct err *e)
{
	struct entry_file f;
	int rc = -1;

	if (ring_seal(ring, to, least, &f, e) == 0)
		rc = put_entry_file(w, &f, e);
	entry_file_free(&f);
	return rc;
}

/* 1 stays 1; then 4, 16, 64, ... */
static size_t
filled(size_t n)
{
	size_t m = 4;

	while (m < n)
		m *= 4;
	return n <= 1 ? n : m;
}

/* The case's ring, those for persons, and throw-away ones. */
static int
put_rings(struct writer *w, struct err *e)
{
	size_t longest = 0;

	if (put_ring(w, w->ring, &w->to, 0, e) != 0)
		return -1;
	for (size_t i = 0; i < w->n_grants; i++)
		if (w->grants[i].ring->len > longest)
			longest = w->grants[i].ring->len;
	for (size_t i = 0; i < w->n_grants; i++)
		if (put_ring(w, w->grants[i].ring, &w->grants[i].to, longest,
			     e) != 0)
			return -1;
	for (size_t i = w->n_grants + 1; i < filled(w->n_grants + 1); i++) {
		struct agekey_public nobody;
		struct secret *s = secret_new(32), *empty;
		int rc = -1;

		empty = ring_new(w->v->id, w->device, w->tree.size + 1);
		if (s != NULL && empty != NULL) {
			agekey_generate(AGEKEY_HYBRID, s->bytes, &nobody);
			rc = put_ring(w, empty, &nobody, longest, e);
		}
		secret_free(s);
		secret_free(empty);
		if (rc != 0)
			return no_memory(e);
	}
	return 0;
}

/* Say which states of other devices are known here and were not said yet. */
static int
put_seen(struct writer *w, struct err *e)
{
	for (size_t i = 0; i < w->v->n_logs; i++) {
		const struct log *l = &w->v->logs[i];
		json_int_t said;

		if (l->size == 0 || l->is_fork || l->frozen < l->size ||
		    strcmp(l->device, w->device) == 0)
			continue;
		said = json_integer_value(json_object_get(w->said, l->device));
		if ((uint64_t)said >= l->size)
			continue;
		if (w->n_lines >= BATCH_LEAVES_MAX)
			break; /* the next batch says it */
		batch_seen_line(l->device, l->size, l->steps[l->size - 1].root,
				w->lines[w->n_lines++]);
		if (json_object_set_new(w->said, l->device,
					json_integer((json_int_t)l->size)) != 0)
			return no_memory(e);
	}
	return 0;
}

/* Put one of the batch's three own files into its tree. */
static int
put_named(struct writer *w, const char *name, const void *bytes, size_t len,
	  struct err *e)
{
	struct gitform_name *n = &w->names[w->n_names++];

	snprintf(n->name, sizeof n->name, "%s", name);
	return packform_file_add(w->pack, PACKFORM_BLOB, bytes, len, n->oid, e);
}

/* The signed checkpoint after the batch. */
static int
put_checkpoint(struct writer *w, struct err *e)
{
	char origin[CHECKPOINT_ORIGIN_MAX], text[CHECKPOINT_MAX];
	uint8_t key[32], id[4], root[HASH_LEN], sig[64];
	size_t n;

	checkpoint_origin(w->v->id, w->device, origin);
	ed25519_public(w->device_key->bytes, key);
	vault_key_id(origin, key, id);
	merkle_log_root(&w->tree, root);
	n = checkpoint_body(origin, w->tree.size, root, text);
	ed25519_sign(w->device_key->bytes, text, n, sig);
	n = checkpoint_encode(origin, w->tree.size, root, id, sig, text);
	return put_named(w, "checkpoint", text, n, e);
}

static int
put_vault_file(struct writer *w, struct err *e)
{
	struct gitform_name *n = &w->names[w->n_names];

	if (!w->vault_packed) {
		w->vault_packed = true;
		if (put_named(w, "vault", w->v->file, w->v->file_len, e) != 0)
			return -1;
		memcpy(w->vault_oid, n->oid, GITFORM_OID_LEN);
		return 0;
	}
	strcpy(n->name, "vault");
	memcpy(n->oid, w->vault_oid, GITFORM_OID_LEN);
	w->n_names++;
	return 0;
}

/* Tree and signed commit. */
static int
put_commit(struct writer *w, struct err *e)
{
	struct gitform_commit c = {.n = w->tree.size};
	char text[GITFORM_COMMIT_MAX];
	uint8_t key[32], sig[64], *tree;
	size_t n = 0;
	int rc;

	tree = gitform_tree_encode(w->names, w->n_names, &n);
	if (tree == NULL)
		return no_memory(e);
	rc = packform_file_add(w->pack, PACKFORM_TREE, tree, n, c.tree, e);
	free(tree);
	if (rc != 0)
		return -1;
	memcpy(c.parent, w->head, GITFORM_OID_LEN);
	ed25519_public(w->device_key->bytes, key);
	n = gitform_commit_unsigned(&c, text);
	sshsign(w->device_key->bytes, "git", text, n, sig);
	n = gitform_commit_encode(&c, key, sig, text);
	return packform_file_add(w->pack, PACKFORM_COMMIT, text, n, w->head, e);
}

/* End the batch that is open, if there is one with something in it. */
static int
flush(struct writer *w, struct err *e)
{
	struct batch b;
	uint8_t pads[32], leaf[HASH_LEN];
	char *file = NULL;
	size_t len = 0;
	int rc = -1;

	if (w->pool != NULL && pool_drain(w->pool, e) != 0)
		return -1;
	if (!w->open || w->n_lines + w->n_grants == 0) {
		close_batch(w);
		return 0;
	}
	if (put_rings(w, e) != 0 || put_seen(w, e) != 0)
		return -1;
	secret_random(pads, sizeof pads);
	batch_pads_line(pads, w->lines[w->n_lines++]);
	file = batch_encode(w->lines, w->n_lines, &len);
	if (file == NULL || batch_decode(file, len, &b) != FORMAT_OK) {
		free(file);
		return no_memory(e);
	}
	if (vault_leaf(&b, leaf) == 0) {
		merkle_log_append(&w->tree, leaf);
		if (put_named(w, "batch", file, len, e) == 0 &&
		    put_checkpoint(w, e) == 0 && put_vault_file(w, e) == 0 &&
		    put_commit(w, e) == 0)
			rc = 0;
	}
	batch_free(&b);
	free(file);
	close_batch(w);
	return rc;
}

/* Room for `n` more lines: else the batch ends and the next begins. */
static int
room(struct writer *w, size_t n, struct err *e)
{
	size_t rings = 2 + filled(w->n_grants + 2);
	size_t others = w->v->n_logs;

	if (w->open &&
	    w->n_lines + w->reserved + n + rings +
		    (others < 256 ? others : 256) + RESERVED >
		BATCH_LEAVES_MAX &&
	    flush(w, e) != 0)
		return -1;
	return w->open ? 0 : open_batch(w, e);
}

int
writer_case(struct writer *w, const char *case_id,
	    const struct agekey_public *to, struct err *e)
{
	const struct index_epoch *ep;

	if (flush(w, e) != 0)
		return -1;
	if (to == NULL) {
		ep = index_epoch(w->x, case_id);
		if (ep == NULL)
			return err_set(
			    e, ERR_UNKNOWN,
			    "no key to write to this case is announced");
		to = &ep->recipient;
	}
	snprintf(w->case_id, sizeof w->case_id, "%s", case_id);
	w->to = *to;
	return 0;
}

static int
set(json_t *doc, const char *key, const char *value)
{
	return json_object_set_new(doc, key, json_string(value));
}

/* The members that every entry has. */
static int
set_common(struct writer *w, const char *kind, json_t *doc, const char *seat)
{
	uint8_t salt[32];
	char hex[65], now[CLOCK_LEN];

	secret_random(salt, sizeof salt);
	hex_encode(salt, sizeof salt, hex);
	clock_now(now);
	if (json_object_get(doc, "salt") == NULL && set(doc, "salt", hex) != 0)
		return -1;
	return set(doc, "kind", kind) | set(doc, "vault", w->v->id) |
	       set(doc, "device", w->device) | set(doc, "case", w->case_id) |
	       set(doc, "seat", seat) | set(doc, "time", now) |
	       json_object_set_new(doc, "version", json_integer(1)) |
	       json_object_set_new(doc, "batch",
				   json_integer((json_int_t)w->tree.size + 1));
}

/* Sign all that the document holds until now, into this member of it. */
static int
sign_as(json_t *doc, const char *member, const char *ns, const uint8_t seed[32])
{
	char text[SSHSIG_TEXT_MAX], *json = NULL;
	uint8_t pub[32], sig[64];
	size_t len = 0;

	if (canon_encode(doc, &json, &len) != FORMAT_OK)
		return -1;
	ed25519_public(seed, pub);
	sshsign(seed, ns, json, len, sig);
	free(json);
	sshsig_text(pub, ns, sig, text);
	return set(doc, member, text);
}

static int
sign(json_t *doc, const uint8_t seed[32])
{
	return sign_as(doc, "signature", "muniment-act", seed);
}

/* An entry that is being sealed. */
struct sealing {
	struct pool_job job; /* first */
	struct writer *w;
	json_t *doc;
	struct entry_content *contents; /* its own, each with its bytes */
	size_t n;
	uint8_t *key; /* its one-off identity, in guarded memory */
	struct entry_file file;
	uint8_t *sha256; /* where its hash shall go; or NULL */
};

static int
seal_work(struct pool_job *p, struct err *e)
{
	struct sealing *s = (struct sealing *)p;

	return entry_seal(s->doc, s->contents, s->n, s->key, &s->file, e);
}

static int
seal_done(struct pool_job *p, struct err *e)
{
	struct sealing *s = (struct sealing *)p;

	writer_release(s->w);
	if (ring_add_entry(s->w->ring, s->file.sha256, s->key) != 0)
		return no_memory(e);
	if (s->sha256 != NULL)
		memcpy(s->sha256, s->file.sha256, HASH_LEN);
	if (put_entry_file(s->w, &s->file, e) != 0)
		return -1;
	handed_put(s->w->x->handed, &s->file);
	return 0;
}

static void
seal_drop(struct pool_job *p)
{
	struct sealing *s = (struct sealing *)p;

	if (s->key != NULL)
		secret_wipe(s->key, AGEKEY_SECRET_LEN);
	entry_file_free(&s->file);
	for (size_t i = 0; i < s->n; i++) {
		uint8_t *data = (uint8_t *)(uintptr_t)s->contents[i].data;

		if (data != NULL)
			secret_wipe(data, s->contents[i].len);
		free(data);
	}
	free(s->contents);
	json_decref(s->doc);
	free(s);
}

static const struct pool_kind seal_kind = {seal_work, seal_done, seal_drop};

/* Guarded memory for one more entry's key: as many as can be in the pool. */
static uint8_t *
key_room(struct writer *w)
{
	if (w->keys == NULL)
		w->keys = secret_new((POOL_DEPTH_MAX + 1) * AGEKEY_SECRET_LEN);
	return w->keys == NULL
		   ? NULL
		   : w->keys->bytes +
			 w->n_keys++ % (POOL_DEPTH_MAX + 1) * AGEKEY_SECRET_LEN;
}

static struct sealing *
sealing_new(struct writer *w, json_t *doc, const struct entry_content *contents,
	    size_t n)
{
	struct sealing *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->job.kind = &seal_kind;
	s->w = w;
	s->doc = json_incref(doc);
	s->contents = calloc(n + 1, sizeof *s->contents);
	s->key = key_room(w);
	for (size_t i = 0; s->contents != NULL && s->key != NULL && i < n;
	     i++) {
		uint8_t *data = malloc(contents[i].len + 1);

		if (data == NULL)
			break;
		if (contents[i].len > 0)
			memcpy(data, contents[i].data, contents[i].len);
		s->contents[i].data = data;
		s->contents[i].len = contents[i].len;
		s->n++;
	}
	if (s->contents != NULL && s->key != NULL && s->n == n)
		return s;
	seal_drop(&s->job);
	return NULL;
}

/*
 * Seal an entry whose document is complete, and put it into the batch: there is
 * room for it.
 */
static int
put_entry(struct writer *w, json_t *doc, const struct entry_content *contents,
	  size_t n, uint8_t *sha256, struct err *e)
{
	struct pool *p = writer_pool(w, e);
	struct sealing *s;

	if (p == NULL)
		return -1;
	s = sealing_new(w, doc, contents, n);
	if (s == NULL)
		return no_memory(e);
	s->sha256 = sha256;
	w->reserved++;
	return pool_put(p, &s->job, e);
}

/* The same, done when it returns. */
static int
put_entry_now(struct writer *w, json_t *doc,
	      const struct entry_content *contents, size_t n,
	      uint8_t sha256[HASH_LEN], struct err *e)
{
	uint8_t hash[HASH_LEN];

	if (put_entry(w, doc, contents, n, hash, e) != 0 ||
	    pool_drain(w->pool, e) != 0)
		return -1;
	if (sha256 != NULL)
		memcpy(sha256, hash, HASH_LEN);
	return 0;
}

struct pool *
writer_pool(struct writer *w, struct err *e)
{
	if (w->pool == NULL)
		w->pool = pool_new(POOL_DEPTH_MAX, e);
	return w->pool;
}

int
writer_reserve(struct writer *w, struct err *e)
{
	if (room(w, 1, e) != 0)
		return -1;
	w->reserved++;
	return 0;
}

void
writer_release(struct writer *w)
{
	assert(w->reserved > 0);
	w->reserved--;
}

int
writer_entry(struct writer *w, const char *kind, json_t *doc,
	     const struct entry_content *contents, size_t n, bool act,
	     uint8_t sha256[HASH_LEN], struct err *e)
{
	if (room(w, 1, e) != 0)
		return -1;
	if (set_common(w, kind, doc, w->seat) != 0 ||
	    (act && sign(doc, identity_seed(w->x->id)) != 0))
		return err_set(
		    e, ERR_UNKNOWN,
		    "an entry's texts hold characters that it cannot keep");
	return put_entry_now(w, doc, contents, n, sha256, e);
}

int
writer_record(struct writer *w, const char *kind, json_t *doc,
	      const struct entry_content *contents, size_t n, struct err *e)
{
	if (room(w, 1, e) != 0)
		return -1;
	if (set_common(w, kind, doc, w->seat) != 0)
		return err_set(
		    e, ERR_UNKNOWN,
		    "an entry's texts hold characters that it cannot keep");
	return put_entry(w, doc, contents, n, NULL, e);
}

int
writer_handover(struct writer *w, json_t *doc, const uint8_t next[32],
		struct err *e)
{
	if (room(w, 1, e) != 0)
		return -1;
	if (set_common(w, "member", doc, w->seat) != 0 ||
	    sign_as(doc, "proof", "muniment-handover", next) != 0 ||
	    sign(doc, identity_seed(w->x->id)) != 0)
		return no_memory(e);
	return put_entry_now(w, doc, NULL, 0, NULL, e);
}

int
writer_fill(struct writer *w, size_t n, struct err *e)
{
	/* one is filled too: one and three must look alike */
	for (size_t i = n; i < filled(n > 1 ? n : 2); i++) {
		json_t *doc = json_object();
		int rc = doc == NULL ? no_memory(e)
				     : writer_entry(w, "filler", doc, NULL, 0,
						    false, NULL, e);

		json_decref(doc);
		if (rc != 0)
			return -1;
	}
	return 0;
}

int
writer_object(struct writer *w, const uint8_t sha256[HASH_LEN], uint64_t size,
	      const char *bulk_id, const uint8_t secret[32], struct err *e)
{
	char line[BATCH_LINE_MAX], pointer[GITFORM_POINTER_MAX];
	size_t n;

	writer_release(w);
	if (journal_object(w->journal, sha256) != 0 ||
	    ring_add_bulk(w->ring, bulk_id, secret) != 0)
		return no_memory(e);
	batch_object_line(sha256, size, line);
	n = gitform_pointer_encode(sha256, size, pointer);
	return put_file(w, line, sha256, pointer, n, e);
}

/* Take a ring for a person into the batch; it is freed here. */
static int
grant(struct writer *w, const struct agekey_public *to, struct secret *ring,
      struct err *e)
{
	void *p = NULL;

	if (ring != NULL && w->n_grants < GRANTS_MAX)
		p = realloc(w->grants, (w->n_grants + 1) * sizeof *w->grants);
	if (p == NULL) {
		secret_free(ring);
		return err_set(e, ERR_UNKNOWN,
			       "too many people at once, or no memory");
	}
	w->grants = p;
	w->grants[w->n_grants].to = *to;
	w->grants[w->n_grants++].ring = ring;
	return 0;
}

/* All keys of a case that are held, or that this command made. */
static int
add_case_keys(struct writer *w, struct secret *ring, const char *case_id)
{
	const struct index *x = w->x;
	int rc = 0;

	for (size_t i = 1; i < x->n_hybrids; i++)
		if (strcmp(x->hybrids[i].case_id, case_id) == 0)
			rc |= ring_add_case(ring, case_id, x->hybrids[i].epoch,
					    index_key(x, x->hybrids[i].key));
	for (size_t i = 0; i < w->n_fresh; i++)
		if (strcmp(w->fresh[i].id, case_id) == 0)
			rc |= ring_add_case(ring, case_id, w->fresh[i].epoch,
					    w->case_keys->bytes + 32 * i);
	return rc;
}

int
writer_grant_cases(struct writer *w, const struct agekey_public *to,
		   const char *const *case_ids, size_t n, struct err *e)
{
	struct secret *ring;

	if (room(w, 1, e) != 0)
		return -1;
	ring = ring_new(w->v->id, w->device, w->tree.size + 1);
	for (size_t i = 0; ring != NULL && i < n; i++) {
		if (add_case_keys(w, ring, case_ids[i]) != 0) {
			secret_free(ring);
			ring = NULL;
		}
	}
	return grant(w, to, ring, e);
}

/* Keys of items on their way to a person: as many rings as they take. */
struct granting {
	struct writer *w;
	const struct agekey_public *to;
	struct secret *ring;
	size_t n;     /* keys on it */
	json_t *have; /* ids of bulk that are on some ring */
};

/* Room for one more key: else the ring is full, and the next begins. */
static int
ring_room(struct granting *g, struct err *e)
{
	struct writer *w = g->w;

	if (g->ring != NULL && g->n == RING_KEYS_MAX) {
		struct secret *full = g->ring;

		g->ring = NULL;
		if (grant(w, g->to, full, e) != 0)
			return -1;
	}
	if (g->ring == NULL) {
		g->n = 0;
		if (room(w, 1, e) != 0)
			return -1;
		g->ring = ring_new(w->v->id, w->device, w->tree.size + 1);
	}
	g->n++;
	return g->ring != NULL ? 0 : no_memory(e);
}

/* Keys of the bulk that a record's files name. */
static int
add_bulk_keys(struct granting *g, const json_t *doc, struct err *e)
{
	const struct index *x = g->w->x;
	json_t *files = json_object_get(doc, "files"), *f, *s;
	size_t i, k, key;

	json_array_foreach (files, i, f) {
		json_array_foreach (json_object_get(f, "segments"), k, s) {
			const char *text = json_string_value(s), *id;

			id = text != NULL ? strrchr(text, ' ') : NULL;
			if (id == NULL ||
			    json_object_get(g->have, id + 1) != NULL)
				continue;
			if (json_object_set_new(g->have, id + 1, json_true()) !=
			    0)
				return no_memory(e);
			for (key = index_bulk_key(x, id + 1); key != SIZE_MAX;
			     key = index_older_key(x, key))
				if (ring_room(g, e) != 0 ||
				    ring_add_bulk(g->ring, id + 1,
						  index_key(x, key)) != 0)
					return no_memory(e);
		}
	}
	return 0;
}

/* Keys of all versions of an item, and of their bulk. */
static int
add_item_keys(struct granting *g, const struct index_item *item, struct err *e)
{
	struct index *x = g->w->x;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < item->n; i++) {
		struct index_entry *en = &x->entries[item->versions[i]];
		json_t *doc = index_doc(en);

		if (doc == NULL || ring_room(g, e) != 0 ||
		    ring_add_entry(g->ring, en->sha256,
				   index_key(x, en->key)) != 0)
			rc = no_memory(e);
		else
			rc = add_bulk_keys(g, doc, e);
		json_decref(doc);
	}
	return rc;
}

int
writer_grant_items(struct writer *w, const struct agekey_public *to,
		   struct index_item *const *items, size_t n, struct err *e)
{
	struct granting g = {.w = w, .to = to, .have = json_object()};
	int rc = g.have != NULL ? 0 : no_memory(e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_item_keys(&g, items[i], e);
	json_decref(g.have);
	if (rc == 0)
		return grant(w, to, g.ring, e);
	secret_free(g.ring);
	return -1;
}

/*
 * A fresh hybrid key for a case; its public half goes to `to`, as text to
 * `recipient`, from which the epoch's id follows.
 */
static int
make_epoch(struct writer *w, struct agekey_public *to, char *recipient,
	   struct err *e)
{
	struct secret *key = secret_new(32);
	uint8_t digest[HASH_LEN];
	void *p;

	p = realloc(w->fresh, (w->n_fresh + 1) * sizeof *w->fresh);
	if (p != NULL)
		w->fresh = p;
	if (w->case_keys == NULL)
		w->case_keys = secret_new(32 * 16);
	if (key == NULL || p == NULL || w->case_keys == NULL) {
		secret_free(key);
		return no_memory(e);
	}
	agekey_generate(AGEKEY_HYBRID, key->bytes, to);
	agetext_recipient(to, recipient);
	hash_sha256(recipient, strlen(recipient), digest);
	if (secret_append(w->case_keys, key->bytes, 32) != 0) {
		secret_free(key);
		return no_memory(e);
	}
	secret_free(key);
	hex_encode(digest, HEX_ID_LEN / 2, w->fresh[w->n_fresh].epoch);
	w->fresh[w->n_fresh].id[0] = '\0';
	w->n_fresh++;
	return 0;
}

/* The act that announces the epoch just made: `act` is open or epoch. */
static int
put_epoch(struct writer *w, const char *act, const char *id,
	  const char *recipient, json_t *doc, struct err *e)
{
	snprintf(w->fresh[w->n_fresh - 1].id, INDEX_CASE_MAX, "%s", id);
	if ((set(doc, "act", act) | set(doc, "opened", id) |
	     set(doc, "epoch", w->fresh[w->n_fresh - 1].epoch) |
	     set(doc, "recipient", recipient)) != 0)
		return no_memory(e);
	return writer_entry(w, "case", doc, NULL, 0, true, NULL, e);
}

/* Make an epoch and announce it. */
static int
announce(struct writer *w, const char *act, const char *id, json_t *doc,
	 struct agekey_public *to, struct err *e)
{
	char *recipient = malloc(AGETEXT_RECIPIENT_MAX);
	int rc = -1;

	if (recipient == NULL)
		return no_memory(e);
	if (make_epoch(w, to, recipient, e) == 0)
		rc = put_epoch(w, act, id, recipient, doc, e);
	free(recipient);
	return rc;
}

int
writer_epoch(struct writer *w, const char *case_id, json_t *doc,
	     struct agekey_public *to, struct err *e)
{
	return announce(w, "epoch", case_id, doc, to, e);
}

int
writer_epochs(const struct writer *w, const char *case_id, json_t *list)
{
	const struct index *x = w->x;
	int rc = 0;

	for (size_t i = 1; i < x->n_hybrids; i++)
		if (strcmp(x->hybrids[i].case_id, case_id) == 0)
			rc |= json_array_append_new(
			    list, json_sprintf("%s %s", case_id,
					       x->hybrids[i].epoch));
	for (size_t i = 0; i < w->n_fresh; i++)
		if (strcmp(w->fresh[i].id, case_id) == 0)
			rc |= json_array_append_new(
			    list,
			    json_sprintf("%s %s", case_id, w->fresh[i].epoch));
	return rc;
}

int
writer_open_case(struct writer *w, char id[INDEX_CASE_MAX],
		 struct agekey_public *to, struct err *e)
{
	char hex[65], text[160];
	uint8_t raw[32], digest[HASH_LEN];
	json_t *doc = json_object();
	int rc = -1;

	/* the id follows from seat and salt, see FORMAT.md 5 */
	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, hex);
	snprintf(text, sizeof text, "%s %s", w->seat, hex);
	hash_sha256(text, strlen(text), digest);
	hex_encode(digest, 16, id);
	if (doc == NULL || set(doc, "salt", hex) != 0)
		no_memory(e);
	else
		rc = announce(w, "open", id, doc, to, e);
	json_decref(doc);
	return rc;
}

/* What stands at the end of this device's log, which is fine. */
static int
find_log(struct writer *w, const struct own *own, struct err *e)
{
	const struct log *l;

	/* a key without a memory would look like a memory that was taken away
	 */
	if (!own->trust.memory && trust_save(w->v, w->x->id, NULL, e) != 0)
		return -1;
	w->device_key = local_device(w->v, w->x->id, true, w->device, e);
	if (w->device_key == NULL)
		return -1;
	if (own->log == SIZE_MAX)
		return 0;
	l = &w->v->logs[own->log];
	w->tree = l->tree;
	memcpy(w->head, l->steps[l->size - 1].commit, GITFORM_OID_LEN);
	for (size_t i = 0; i < l->n_seen; i++)
		if (json_object_set_new(
			w->said, l->seen[i].device,
			json_integer((json_int_t)l->seen[i].size)) != 0)
			return no_memory(e);
	return 0;
}

/* A new device of this person's: nothing goes before it. */
static int
find_new_device(struct writer *w, struct err *e)
{
	w->device_key = local_device_new(w->v, w->x->id, w->device, e);
	return w->device_key != NULL ? 0 : -1;
}

static struct writer *
start(struct index *x, bool new_device, struct err *e)
{
	struct writer *w;
	struct own own;
	char path[FSUTIL_PATH];

	if (!new_device &&
	    (own_look(x, &own, e) != 0 || own_check(&own, e) != 0))
		return NULL;
	if (x->v->report.count[REPORT_DAMAGE] > 0) {
		err_set(e, ERR_EVIDENCE,
			"nothing is added to a damaged vault:"
			" %s",
			report_first(&x->v->report, REPORT_DAMAGE));
		err_hint(e, "muniment verify says more; a partner's carry file"
			    " or a copy may have what is missing");
		return NULL;
	}
	w = calloc(1, sizeof *w);
	if (w == NULL) {
		no_memory(e);
		return NULL;
	}
	w->x = x;
	w->v = x->v;
	w->lines = calloc(LINES_MAX, sizeof *w->lines);
	w->names = calloc(LINES_MAX + 3, sizeof *w->names);
	w->journal = journal_new();
	w->said = json_object();
	if (w->lines == NULL || w->names == NULL || w->journal == NULL ||
	    w->said == NULL) {
		no_memory(e);
		goto bad;
	}
	if (vault_path(w->v, "local/tmp", path, e) != 0 ||
	    fsutil_mkdirs(path, e) != 0)
		goto bad;
	if (new_device ? find_new_device(w, e) != 0 : find_log(w, &own, e) != 0)
		goto bad;
	w->pack = packform_file_new(path, e);
	if (w->pack == NULL)
		goto bad;
	return w;
bad:
	writer_free(w);
	return NULL;
}

/* The first entry of a log binds the device to its seat. */
static int
put_device(struct writer *w, bool act, const char *follows, const char *why,
	   struct err *e)
{
	json_t *doc = json_object();
	int rc = -1;

	if (doc == NULL || (follows != NULL && set(doc, "follows", follows)))
		no_memory(e);
	else if (why != NULL && set(doc, "why", why) != 0)
		err_set(e, ERR_UNKNOWN, "the reason must be UTF-8 text");
	else
		rc = writer_entry(w, "device", doc, NULL, 0, act, NULL, e);
	json_decref(doc);
	return rc;
}

/* A member who has not been retired? */
static int
is_seated(struct index *x, struct err *e)
{
	const struct index_seat *me = index_seat(x, x->me);

	if (x->me == NULL) {
		err_set(e, ERR_UNKNOWN, "you are not a member of this vault");
		return err_hint(e, "a member admits you with: muniment member"
				   " add YOUR-CARD");
	}
	if (me != NULL && me->retired) {
		err_set(e, ERR_UNKNOWN,
			"you have been retired: what you add is not accepted");
		return err_hint(e, "whoever retired you can take in what you"
				   " had written (member accept) or admit a"
				   " new card of yours");
	}
	return 0;
}

int
writer_may(struct index *x, struct err *e)
{
	const struct index_cut *by = NULL;

	if (is_seated(x, e) != 0)
		return -1;
	/* a fork of the own device is named when its log is looked at */
	if (x->own != SIZE_MAX)
		(void)cuts_limit(x, x->own, x->me, &by);
	if (by != NULL) {
		err_set(e, ERR_UNKNOWN,
			"this device is cut: what it adds is not accepted");
		return err_hint(e, "muniment device new goes on with another");
	}
	return 0;
}

static struct writer *
begin(struct index *x, bool new_device, const char *follows, const char *why,
      struct err *e)
{
	struct writer *w;

	if ((new_device ? is_seated(x, e) : writer_may(x, e)) != 0)
		return NULL;
	w = start(x, new_device, e);
	if (w == NULL)
		return NULL;
	strcpy(w->seat, x->me);
	if (w->tree.size == 0 && (writer_case(w, INDEX_VAULT, NULL, e) != 0 ||
				  put_device(w, true, follows, why, e) != 0)) {
		writer_free(w);
		return NULL;
	}
	return w;
}

struct writer *
writer_new(struct index *x, struct err *e)
{
	return begin(x, false, NULL, NULL, e);
}

struct writer *
writer_new_device(struct index *x, const char *follows, const char *why,
		  struct err *e)
{
	return begin(x, true, follows, why, e);
}

struct writer *
writer_new_collector(struct index *x, const struct agekey_public *vault,
		     struct err *e)
{
	struct writer *w = start(x, false, e);

	if (w == NULL)
		return NULL;
	strcpy(w->seat, x->me);
	if (w->tree.size == 0 && (writer_case(w, INDEX_VAULT, vault, e) != 0 ||
				  put_device(w, false, NULL, NULL, e) != 0)) {
		writer_free(w);
		return NULL;
	}
	return w;
}

int
writer_root_entry(struct writer *w, json_t *doc, const uint8_t root[32],
		  uint8_t sha256[HASH_LEN], struct err *e)
{
	if (room(w, 1, e) != 0)
		return -1;
	if (set_common(w, "member", doc, "root") != 0 || sign(doc, root) != 0)
		return no_memory(e);
	return put_entry_now(w, doc, NULL, 0, sha256, e);
}

/* The root key admits the first member, whose seat is handed out. */
static int
put_first_member(struct writer *w, const uint8_t root[32], struct err *e)
{
	json_t *doc = json_object(), *rights = json_object();
	char key[SSHSIG_KEY_LINE_MAX], *to = malloc(AGETEXT_RECIPIENT_MAX);
	uint8_t sha256[HASH_LEN];
	int rc = -1;

	sshsig_key_line(w->x->id->sign_pub, key);
	if (to != NULL)
		agetext_recipient(&w->x->id->person_pub, to);
	if (doc == NULL || rights == NULL || to == NULL ||
	    (set(doc, "act", "admit") | set(doc, "key", key) |
	     set(doc, "recipient", to) |
	     set(rights, INDEX_VAULT, index_role_name(ROLE_ADMIN)) |
	     json_object_set(doc, "rights", rights)) != 0)
		no_memory(e);
	else
		rc = writer_root_entry(w, doc, root, sha256, e);
	if (rc == 0)
		hex_encode(sha256, HASH_LEN, w->seat);
	free(to);
	json_decref(rights);
	json_decref(doc);
	return rc;
}

struct writer *
writer_new_vault(struct index *x, const uint8_t root[32], struct err *e)
{
	static const char *const vault[] = {INDEX_VAULT};
	char *recipient = malloc(AGETEXT_RECIPIENT_MAX);
	struct writer *w = start(x, false, e);
	json_t *doc = json_object();
	struct agekey_public to;

	if (w == NULL || doc == NULL || recipient == NULL ||
	    make_epoch(w, &to, recipient, e) != 0 ||
	    writer_case(w, INDEX_VAULT, &to, e) != 0 ||
	    put_first_member(w, root, e) != 0 ||
	    put_device(w, true, NULL, NULL, e) != 0 ||
	    put_epoch(w, "open", INDEX_VAULT, recipient, doc, e) != 0 ||
	    writer_grant_cases(w, &x->id->person_pub, vault, 1, e) != 0) {
		writer_free(w);
		w = NULL;
	}
	free(recipient);
	json_decref(doc);
	return w;
}

const char *
writer_device(const struct writer *w)
{
	return w->device;
}

int
writer_commit(struct writer *w, struct err *e)
{
	struct trust_state next = {0};
	char name[48];

	if (flush(w, e) != 0)
		return -1;
	if (packform_file_finish(w->pack, name, e) != 0)
		return -1;
	if (journal_pack(w->journal, name) != 0 ||
	    journal_branch(w->journal, w->device, w->head) != 0)
		return no_memory(e);
	strcpy(next.device, w->device);
	next.size = w->tree.size;
	merkle_log_root(&w->tree, next.root);
	if (trust_save(w->v, w->x->id, &next, e) != 0)
		return -1;
	if (journal_commit(w->journal, w->v, e) != 0)
		return -1;
	/* what was added stands, whatever becomes of this */
	(void)repack(w->v, NULL);
	if (vault_load(w->v, false, e) != 0)
		return -1;
	return trust_save(w->v, w->x->id, NULL, e);
}
