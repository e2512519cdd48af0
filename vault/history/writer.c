#include "writer_inside.h"

#include "canon.h"
#include "checkpoint.h"
#include "clock.h"
#include "ed25519.h"
#include "handed.h"
#include "repack.h"
#include "ring.h"
#include "sshsign.h"
#include "trust.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
		return err_memory(e);
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
			return err_memory(e);
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
			return err_memory(e);
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
		return err_memory(e);
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
		return err_memory(e);
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

int
writer_room(struct writer *w, size_t n, struct err *e)
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

int
writer_set(json_t *doc, const char *key, const char *value)
{
	return json_object_set_new(doc, key, json_string(value));
}

int
writer_set_common(struct writer *w, const char *kind, json_t *doc,
		  const char *seat)
{
	uint8_t salt[32];
	char hex[65], now[CLOCK_LEN];

	secret_random(salt, sizeof salt);
	hex_encode(salt, sizeof salt, hex);
	clock_now(now);
	if (json_object_get(doc, "salt") == NULL &&
	    writer_set(doc, "salt", hex) != 0)
		return -1;
	return writer_set(doc, "kind", kind) |
	       writer_set(doc, "vault", w->v->id) |
	       writer_set(doc, "device", w->device) |
	       writer_set(doc, "case", w->case_id) |
	       writer_set(doc, "seat", seat) | writer_set(doc, "time", now) |
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
	return writer_set(doc, member, text);
}

int
writer_sign(json_t *doc, const uint8_t seed[32])
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
		return err_memory(e);
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
		return err_memory(e);
	s->sha256 = sha256;
	w->reserved++;
	return pool_put(p, &s->job, e);
}

int
writer_put_entry_now(struct writer *w, json_t *doc,
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
	if (writer_room(w, 1, e) != 0)
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
	if (writer_room(w, 1, e) != 0)
		return -1;
	if (writer_set_common(w, kind, doc, w->seat) != 0 ||
	    (act && writer_sign(doc, identity_seed(w->x->id)) != 0))
		return err_set(
		    e, ERR_UNKNOWN,
		    "an entry's texts hold characters that it cannot keep");
	return writer_put_entry_now(w, doc, contents, n, sha256, e);
}

int
writer_record(struct writer *w, const char *kind, json_t *doc,
	      const struct entry_content *contents, size_t n, struct err *e)
{
	if (writer_room(w, 1, e) != 0)
		return -1;
	if (writer_set_common(w, kind, doc, w->seat) != 0)
		return err_set(
		    e, ERR_UNKNOWN,
		    "an entry's texts hold characters that it cannot keep");
	return put_entry(w, doc, contents, n, NULL, e);
}

int
writer_handover(struct writer *w, json_t *doc, const uint8_t next[32],
		struct err *e)
{
	if (writer_room(w, 1, e) != 0)
		return -1;
	if (writer_set_common(w, "member", doc, w->seat) != 0 ||
	    sign_as(doc, "proof", "muniment-handover", next) != 0 ||
	    writer_sign(doc, identity_seed(w->x->id)) != 0)
		return err_memory(e);
	return writer_put_entry_now(w, doc, NULL, 0, NULL, e);
}

int
writer_fill(struct writer *w, size_t n, struct err *e)
{
	/* one is filled too: one and three must look alike */
	for (size_t i = n; i < filled(n > 1 ? n : 2); i++) {
		json_t *doc = json_object();
		int rc = doc == NULL ? err_memory(e)
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
		return err_memory(e);
	batch_object_line(sha256, size, line);
	n = gitform_pointer_encode(sha256, size, pointer);
	return put_file(w, line, sha256, pointer, n, e);
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
		return err_memory(e);
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
