/* The parts of a package that the vault gives: see exhibit_inside.h. */
#include "exhibit_inside.h"

#include "agetext.h"
#include "extract.h"
#include "tlogproof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Write malloc'ed bytes, or say that there was no memory for them. */
static int
put(struct exhibit *ex, const char *path, char *bytes, size_t len,
    struct err *e)
{
	int rc = bytes != NULL ? packout_put(ex->out, path, bytes, len, e)
			       : err_memory(e);

	free(bytes);
	return rc;
}

/* -- originals -- */

static int
to_package(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct exhibit *ex = ctx;

	return packout_write(ex->out, bytes, len, e);
}

static int
put_original(struct exhibit *ex, const struct exhibit_file *f,
	     const struct entry *opened, struct err *e)
{
	return packout_begin(ex->out, f->path, f->size, e) == 0 &&
		       extract_file(ex->x, opened, f->file, to_package, ex,
				    e) == 0 &&
		       packout_end(ex->out, e) == 0
		   ? 0
		   : -1;
}

static int
put_originals(struct exhibit *ex, struct err *e)
{
	struct entry opened = {0};
	size_t at = SIZE_MAX;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ex->n_files; i++) {
		const struct exhibit_file *f = &ex->files[i];

		if (f->entry != at) {
			at = f->entry;
			entry_free(&opened);
			rc = index_entry_open(
			    ex->x, &ex->x->entries[ex->entries[f->entry].index],
			    &opened, e);
		}
		if (rc == 0)
			rc = put_original(ex, f, &opened, e);
	}
	entry_free(&opened);
	return rc;
}

/* -- entries -- */

/* The age file of an opened entry, and its one-off identity. */
static int
put_opened(struct exhibit *ex, const struct exhibit_entry *en, struct err *e)
{
	const struct index_entry *ie = &ex->x->entries[en->index];
	struct vault *v = ex->x->v;
	char path[PACKOUT_PATH_MAX], key[AGETEXT_IDENTITY_MAX + 1];
	struct gitstore_object o = {0};
	struct vault_batch b;
	size_t len;
	int rc;

	if (vault_batch(v, &v->logs[ie->log], ie->batch, &b, e) != 0)
		return -1;
	snprintf(path, sizeof path, "proof/%s.age", en->id);
	rc = vault_entry_file(v, &b, ie->sha256, &o, e);
	if (rc == 0)
		rc = packout_put(ex->out, path, o.data, o.len, e);
	gitstore_object_free(&o);
	vault_batch_free(&b);
	if (rc != 0)
		return -1;
	snprintf(path, sizeof path, "proof/%s.key", en->id);
	len = agetext_identity(AGEKEY_X25519, index_key(ex->x, ie->key), key);
	key[len] = '\n';
	rc = packout_put(ex->out, path, key, len + 1, e);
	secret_wipe(key, sizeof key);
	return rc;
}

/* A checkpoint with its cosignature lines; malloc'ed, NULL without memory. */
static char *
cosigned(const struct exhibit *ex, const struct exhibit_point *pt, size_t *len)
{
	char *note = malloc(pt->note_len + pt->n_marks * COSIGN_LINE_MAX + 1);

	if (note == NULL)
		return NULL;
	memcpy(note, pt->note, pt->note_len);
	*len = pt->note_len;
	for (size_t i = 0; i < pt->n_marks; i++) {
		const struct witness_mark *m = &ex->w->marks[pt->marks[i]];
		struct cosign_vkey k;

		exhibit_key(ex, m, &k);
		*len +=
		    cosign_encode(k.name, k.id, m->time, m->sig, note + *len);
	}
	return note;
}

/* That an entry's batch stands in the log under a checkpoint. */
static int
put_log_proof(struct exhibit *ex, const struct exhibit_entry *en,
	      const struct exhibit_point *pt, struct err *e)
{
	const struct index_entry *ie = &ex->x->entries[en->index];
	const struct log *l = &ex->x->v->logs[pt->log];
	uint8_t(*leaves)[HASH_LEN] = calloc(pt->size + 1, HASH_LEN);
	struct tlogproof p = {.index = ie->batch - 1};
	char path[PACKOUT_PATH_MAX], *note, *text;
	size_t len = 0, note_len = 0;
	int rc;

	note = cosigned(ex, pt, &note_len);
	if (leaves == NULL || note == NULL) {
		free(leaves);
		free(note);
		return err_memory(e);
	}
	for (uint64_t i = 0; i < pt->size; i++)
		memcpy(leaves[i], l->steps[i].leaf, HASH_LEN);
	p.n = merkle_inclusion(leaves, pt->size, p.index, p.path);
	p.note = note;
	p.note_len = note_len;
	text = tlogproof_encode(&p, &len);
	snprintf(path, sizeof path, "proof/%s-%s.tlog-proof", en->id, pt->id);
	rc = put(ex, path, text, len, e);
	free(leaves);
	free(note);
	return rc;
}

static int
put_entry(struct exhibit *ex, struct exhibit_entry *en, struct err *e)
{
	char path[PACKOUT_PATH_MAX], *text;
	size_t len = 0;

	snprintf(path, sizeof path, "proof/%s.proof", en->id);
	text = exproof_encode(&en->proof, &len);
	if (put(ex, path, text, len, e) != 0 ||
	    (en->opened && put_opened(ex, en, e) != 0))
		return -1;
	for (size_t i = 0; i < en->n_points; i++)
		if (put_log_proof(ex, en, &ex->points[en->points[i]], e) != 0)
			return -1;
	return 0;
}

int
exhibit_parts_write(struct exhibit *ex, struct err *e)
{
	char path[PACKOUT_PATH_MAX];

	if (put_originals(ex, e) != 0 || exhibit_index_write(ex, e) != 0)
		return -1;
	for (size_t i = 0; i < ex->n_entries; i++)
		if (put_entry(ex, &ex->entries[i], e) != 0)
			return -1;
	for (size_t i = 0; i < ex->n_points; i++) {
		snprintf(path, sizeof path, "proof/%s.checkpoint",
			 ex->points[i].id);
		if (packout_put(ex->out, path, ex->points[i].note,
				ex->points[i].note_len, e) != 0)
			return -1;
	}
	return exhibit_stamps_write(ex, e);
}
