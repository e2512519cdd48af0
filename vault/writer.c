#include "writer.h"

#include "agetext.h"
#include "canon.h"
#include "checkpoint.h"
#include "clock.h"
#include "ed25519.h"
#include "journal.h"
#include "local.h"
#include "object.h"
#include "packform.h"
#include "repack.h"
#include "ring.h"
#include "sshsig.h"
#include "sshsign.h"

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

	/* the bulk identity of the file at hand */
	struct secret *bulk;
	struct agekey_public bulk_to;
	char bulk_id[HEX_ID_LEN + 1];
	bool bulk_pending; /* not on a ring yet */

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
	close_batch(w);
	packform_file_free(w->pack);
	journal_free(w->journal);
	secret_free(w->device_key);
	secret_free(w->bulk);
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
	    w->n_lines + n + rings + (others < 256 ? others : 256) + RESERVED >
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

static int
sign(json_t *doc, const uint8_t seed[32])
{
	char text[SSHSIG_TEXT_MAX], *json = NULL;
	uint8_t pub[32], sig[64];
	size_t len = 0;

	if (canon_encode(doc, &json, &len) != FORMAT_OK)
		return -1;
	ed25519_public(seed, pub);
	sshsign(seed, "muniment-act", json, len, sig);
	free(json);
	sshsig_text(pub, "muniment-act", sig, text);
	return set(doc, "signature", text);
}

/* Seal an entry whose document is complete, and put it into the batch. */
static int
put_entry(struct writer *w, json_t *doc, const struct entry_content *contents,
	  size_t n, uint8_t sha256[HASH_LEN], struct err *e)
{
	struct secret *key = secret_new(32);
	struct entry_file f = {0};
	int rc = -1;

	if (key == NULL)
		return no_memory(e);
	if (entry_seal(doc, contents, n, key->bytes, &f, e) != 0)
		goto out;
	if (ring_add_entry(w->ring, f.sha256, key->bytes) != 0) {
		no_memory(e);
		goto out;
	}
	if (sha256 != NULL)
		memcpy(sha256, f.sha256, HASH_LEN);
	rc = put_entry_file(w, &f, e);
out:
	entry_file_free(&f);
	secret_free(key);
	return rc;
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
	if (w->bulk_pending) {
		if (ring_add_bulk(w->ring, w->bulk_id, w->bulk->bytes) != 0)
			return no_memory(e);
		w->bulk_pending = false;
	}
	return put_entry(w, doc, contents, n, sha256, e);
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
writer_bulk(struct writer *w, char id[HEX_ID_LEN + 1], struct err *e)
{
	uint8_t raw[16];

	if (w->bulk == NULL && (w->bulk = secret_new(32)) == NULL)
		return no_memory(e);
	agekey_generate(AGEKEY_X25519, w->bulk->bytes, &w->bulk_to);
	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, w->bulk_id);
	strcpy(id, w->bulk_id);
	w->bulk_pending = true;
	return 0;
}

int
writer_segment(struct writer *w, const void *data, size_t len,
	       uint8_t sha256[HASH_LEN], struct err *e)
{
	char line[BATCH_LINE_MAX], pointer[GITFORM_POINTER_MAX];
	uint64_t size = 0;
	size_t n;

	if (room(w, 1, e) != 0 ||
	    object_write(w->v, &w->bulk_to, data, len, sha256, &size, e) != 0)
		return -1;
	if (journal_object(w->journal, sha256) != 0)
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

/* Keys of the bulk that a record's files name. */
static int
add_bulk_keys(struct writer *w, struct secret *ring, const json_t *doc,
	      json_t *have)
{
	json_t *files = json_object_get(doc, "files"), *f, *s;
	size_t i, k, key;

	json_array_foreach (files, i, f) {
		json_array_foreach (json_object_get(f, "segments"), k, s) {
			const char *text = json_string_value(s), *id;

			id = text != NULL ? strrchr(text, ' ') : NULL;
			if (id == NULL || json_object_get(have, id + 1) != NULL)
				continue;
			if (json_object_set_new(have, id + 1, json_true()) != 0)
				return -1;
			for (key = index_bulk_key(w->x, id + 1);
			     key != SIZE_MAX; key = index_older_key(w->x, key))
				if (ring_add_bulk(ring, id + 1,
						  index_key(w->x, key)) != 0)
					return -1;
		}
	}
	return 0;
}

int
writer_grant_item(struct writer *w, const struct agekey_public *to,
		  const struct index_item *item, struct err *e)
{
	json_t *have = json_object();
	struct secret *ring = NULL;
	int rc = 0;

	if (have == NULL || room(w, 1, e) != 0)
		goto out;
	ring = ring_new(w->v->id, w->device, w->tree.size + 1);
	for (size_t i = 0; ring != NULL && rc == 0 && i < item->n; i++) {
		struct index_entry *en = &w->x->entries[item->versions[i]];
		json_t *doc = index_doc(en);

		rc = doc == NULL ? -1
				 : ring_add_entry(ring, en->sha256,
						  index_key(w->x, en->key)) |
				       add_bulk_keys(w, ring, doc, have);
		json_decref(doc);
	}
	if (rc != 0) {
		secret_free(ring);
		ring = NULL;
	}
out:
	json_decref(have);
	return grant(w, to, ring, e);
}

/* A fresh hybrid key for a case; its public half goes to `to`. */
static int
make_epoch(struct writer *w, char epoch[HEX_ID_LEN + 1],
	   struct agekey_public *to, struct err *e)
{
	struct secret *key = secret_new(32);
	uint8_t raw[16];
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
	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, epoch);
	if (secret_append(w->case_keys, key->bytes, 32) != 0) {
		secret_free(key);
		return no_memory(e);
	}
	secret_free(key);
	strcpy(w->fresh[w->n_fresh].epoch, epoch);
	w->fresh[w->n_fresh].id[0] = '\0';
	w->n_fresh++;
	return 0;
}

/* The `open` act of a case whose key make_epoch has just made. */
static int
put_open(struct writer *w, const char *id, const char *epoch,
	 const struct agekey_public *to, json_t *doc, struct err *e)
{
	char *recipient = malloc(AGETEXT_RECIPIENT_MAX);
	int rc = -1;

	if (recipient == NULL)
		return no_memory(e);
	agetext_recipient(to, recipient);
	snprintf(w->fresh[w->n_fresh - 1].id, INDEX_CASE_MAX, "%s", id);
	if ((set(doc, "act", "open") | set(doc, "opened", id) |
	     set(doc, "epoch", epoch) | set(doc, "recipient", recipient)) != 0)
		no_memory(e);
	else
		rc = writer_entry(w, "case", doc, NULL, 0, true, NULL, e);
	free(recipient);
	return rc;
}

int
writer_open_case(struct writer *w, char id[INDEX_CASE_MAX],
		 struct agekey_public *to, struct err *e)
{
	char epoch[HEX_ID_LEN + 1], hex[65], text[160];
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
	else if (make_epoch(w, epoch, to, e) == 0)
		rc = put_open(w, id, epoch, to, doc, e);
	json_decref(doc);
	return rc;
}

/* What stands at the end of this device's log. */
static int
find_log(struct writer *w, struct err *e)
{
	struct log *l = vault_log(w->v, w->device);
	uint64_t known = 0;

	w->said = json_object();
	if (w->said == NULL)
		return no_memory(e);
	if (local_trust_size(w->v, w->x->id, w->device, &known, e) != 0)
		return -1;
	/* going on from an older state would be a fork of our own making */
	if (known > (l != NULL ? l->size : 0)) {
		err_set(
		    e, ERR_EVIDENCE,
		    "this device has written %llu batches, of which %llu are"
		    " here: a rollback",
		    (unsigned long long)known,
		    (unsigned long long)(l != NULL ? l->size : 0));
		return err_hint(e, "receive a carry file that has them");
	}
	if (l == NULL)
		return 0;
	if (l->size == 0 || l->size != l->length || l->frozen != UINT64_MAX)
		return err_set(
		    e, ERR_EVIDENCE,
		    "this device's own log is damaged or forked: nothing can"
		    " be added to it");
	w->tree = l->tree;
	memcpy(w->head, l->steps[l->size - 1].commit, GITFORM_OID_LEN);
	for (size_t i = 0; i < l->n_seen; i++)
		if (json_object_set_new(
			w->said, l->seen[i].device,
			json_integer((json_int_t)l->seen[i].size)) != 0)
			return no_memory(e);
	return 0;
}

/*
 * The device's key. One that is gone is not silently followed by another: a
 * person must notice that somebody was at this machine.
 */
static int
find_device(struct writer *w, struct err *e)
{
	char own[BATCH_DEVICE_LEN + 1];

	if (local_trust_own(w->v, w->x->id, own, e) != 0)
		return -1;
	w->device_key =
	    local_device(w->v, w->x->id, own[0] == '\0', w->device, e);
	if (w->device_key != NULL)
		return 0;
	err_set(e, ERR_EVIDENCE,
		"local/device.age: missing: this machine has written with it");
	return err_hint(e, "to go on as a new device, receive a carry file into"
			   " a new folder");
}

static struct writer *
start(struct index *x, struct err *e)
{
	struct writer *w;
	char path[FSUTIL_PATH];

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
	if (w->lines == NULL || w->names == NULL || w->journal == NULL) {
		no_memory(e);
		goto bad;
	}
	if (vault_path(w->v, "local/tmp", path, e) != 0 ||
	    fsutil_mkdirs(path, e) != 0)
		goto bad;
	if (find_device(w, e) != 0 || find_log(w, e) != 0)
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
put_device(struct writer *w, struct err *e)
{
	json_t *doc = json_object();
	int rc = doc == NULL
		     ? no_memory(e)
		     : writer_entry(w, "device", doc, NULL, 0, true, NULL, e);

	json_decref(doc);
	return rc;
}

struct writer *
writer_new(struct index *x, struct err *e)
{
	struct writer *w;

	if (x->me == NULL) {
		err_set(e, ERR_UNKNOWN, "you are not a member of this vault");
		err_hint(e, "a member admits you with: muniment member add"
			    " YOUR-CARD");
		return NULL;
	}
	w = start(x, e);
	if (w == NULL)
		return NULL;
	strcpy(w->seat, x->me);
	if (w->tree.size == 0 && (writer_case(w, INDEX_VAULT, NULL, e) != 0 ||
				  put_device(w, e) != 0)) {
		writer_free(w);
		return NULL;
	}
	return w;
}

/* The root key admits the first member, whose seat is handed out. */
static int
put_first_member(struct writer *w, const uint8_t root[32], struct err *e)
{
	json_t *doc = json_object(), *rights = json_object();
	char key[SSHSIG_KEY_LINE_MAX];
	uint8_t sha256[HASH_LEN];
	int rc = -1;

	sshsig_key_line(w->x->id->sign_pub, key);
	if (doc == NULL || rights == NULL || room(w, 1, e) != 0 ||
	    (set(doc, "act", "admit") | set(doc, "key", key) |
	     set(rights, INDEX_VAULT, index_role_name(ROLE_ADMIN)) |
	     json_object_set(doc, "rights", rights) |
	     set_common(w, "member", doc, "root") | sign(doc, root)) != 0)
		no_memory(e);
	else
		rc = put_entry(w, doc, NULL, 0, sha256, e);
	if (rc == 0)
		hex_encode(sha256, HASH_LEN, w->seat);
	json_decref(rights);
	json_decref(doc);
	return rc;
}

struct writer *
writer_new_vault(struct index *x, const uint8_t root[32], struct err *e)
{
	static const char *const vault[] = {INDEX_VAULT};
	struct writer *w = start(x, e);
	struct agekey_public to;
	char epoch[HEX_ID_LEN + 1];
	json_t *doc = json_object();

	if (w == NULL || doc == NULL || make_epoch(w, epoch, &to, e) != 0 ||
	    writer_case(w, INDEX_VAULT, &to, e) != 0 ||
	    put_first_member(w, root, e) != 0 || put_device(w, e) != 0 ||
	    put_open(w, INDEX_VAULT, epoch, &to, doc, e) != 0 ||
	    writer_grant_cases(w, &x->id->person_pub, vault, 1, e) != 0) {
		writer_free(w);
		w = NULL;
	}
	json_decref(doc);
	return w;
}

int
writer_commit(struct writer *w, struct err *e)
{
	struct local_next next;
	char name[48];

	if (flush(w, e) != 0)
		return -1;
	if (packform_file_finish(w->pack, name, e) != 0)
		return -1;
	if (journal_pack(w->journal, name) != 0 ||
	    journal_branch(w->journal, w->device, w->head) != 0)
		return no_memory(e);
	next.size = w->tree.size;
	merkle_log_root(&w->tree, next.root);
	if (local_trust_save(w->v, w->x->id, &next, e) != 0)
		return -1;
	if (journal_commit(w->journal, w->v, e) != 0)
		return -1;
	/* what was added stands, whatever becomes of this */
	(void)repack(w->v, NULL);
	if (vault_load(w->v, false, e) != 0)
		return -1;
	return local_trust_save(w->v, w->x->id, NULL, e);
}
