/* What is what in a package, and whose keys: see exhibit_inside.h. */
#include "exhibit_inside.h"

#include "exindex.h"
#include "policytext.h"
#include "verifier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUNIMENT "muniment " /* before the version */

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

void
exhibit_key(const struct exhibit *ex, const struct witness_mark *m,
	    struct cosign_vkey *out)
{
	const struct witness_by *by = &ex->w->by[m->by];

	memset(out, 0, sizeof *out);
	if (by->seat[0] != '\0') {
		witness_name(ex->x->v->id, by->seat, out->name);
		witness_key_id(out->name, m->key, out->id);
		memcpy(out->key, m->key, 32);
		out->type = COSIGN_COSIGNATURE;
	} else {
		*out = by->vkey;
	}
}

/* -- what is what -- */

size_t
exhibit_original(const struct exhibit *ex, const struct exhibit_entry *en)
{
	const char *hex =
	    entry_str(json_object_get(en->doc, "original"), "entry");
	uint8_t hash[HASH_LEN];

	if (hex == NULL || strlen(hex) != 64 ||
	    hex_decode(hex, HASH_LEN, hash) != 0)
		return 0;
	for (size_t i = 0; i < ex->n_entries; i++)
		if (memcmp(ex->entries[i].proof.sha256, hash, HASH_LEN) == 0)
			return i + 1;
	return 0;
}

static void
fill_entries(const struct exhibit *ex, struct exindex *xi)
{
	for (size_t i = 0; i < ex->n_entries; i++) {
		const struct exhibit_entry *en = &ex->entries[i];
		const struct index_entry *ie = &ex->x->entries[en->index];
		struct exindex_entry *out = &xi->entries[xi->n_entries++];

		snprintf(out->kind, sizeof out->kind, "%s",
			 entry_str(en->doc, "kind"));
		strcpy(out->device, ex->x->v->logs[ie->log].device);
		out->batch = ie->batch;
		out->item = (uint32_t)en->item;
		out->opened = en->opened;
		out->original = (uint32_t)exhibit_original(ex, en);
	}
	for (size_t i = 0; i < ex->n_files; i++) {
		struct exindex_file *f = &xi->files[xi->n_files++];

		snprintf(f->path, sizeof f->path, "%s", ex->files[i].path);
		f->entry = (uint32_t)ex->files[i].entry + 1;
		f->n = (uint32_t)ex->files[i].n;
	}
	for (size_t i = 0; i < ex->n_points; i++) {
		struct exindex_checkpoint *c =
		    &xi->checkpoints[xi->n_checkpoints++];

		strcpy(c->device, ex->x->v->logs[ex->points[i].log].device);
		c->size = ex->points[i].size;
	}
}

static int
by_pair(const void *a, const void *b)
{
	const struct exindex_pair *x = a, *y = b;

	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

/* Which stamp covers which checkpoint; which entry came after which token. */
static int
fill_times(const struct exhibit *ex, struct exindex *xi)
{
	size_t n = 0;

	for (size_t i = 0; i < ex->n_shown; i++)
		n += ex->stamps->list[ex->shown[i].stamp].n_marks;
	xi->stamps = calloc(n + 1, sizeof *xi->stamps);
	xi->earlier = calloc(ex->n_entries + 1, sizeof *xi->earlier);
	if (xi->stamps == NULL || xi->earlier == NULL)
		return -1;
	for (size_t i = 0; i < ex->n_shown; i++) {
		const struct exhibit_stamp *s = &ex->shown[i];

		for (size_t k = 0; k < ex->stamps->list[s->stamp].n_marks; k++)
			if (s->numbers[k] > 0)
				xi->stamps[xi->n_stamps++] =
				    (struct exindex_pair){(uint32_t)i + 1,
							  s->numbers[k]};
	}
	qsort(xi->stamps, xi->n_stamps, sizeof *xi->stamps, by_pair);
	for (size_t i = 0; i < ex->n_entries; i++)
		if (ex->entries[i].earlier > 0)
			xi->earlier[xi->n_earlier++] = (struct exindex_pair){
			    (uint32_t)i + 1, (uint32_t)ex->entries[i].earlier};
	return 0;
}

static int
by_key_name(const void *a, const void *b)
{
	return strcmp(((const struct exindex_witness *)a)->key,
		      ((const struct exindex_witness *)b)->key);
}

/* Each cosignature's key once: for `each`, with its mark. */
typedef void each_key(void *ctx, const struct exhibit *ex,
		      const struct witness_mark *m,
		      const struct cosign_vkey *k);
static void
for_keys(const struct exhibit *ex, each_key *each, void *ctx)
{
	for (size_t i = 0; i < ex->n_points; i++)
		for (size_t k = 0; k < ex->points[i].n_marks; k++) {
			const struct witness_mark *m =
			    &ex->w->marks[ex->points[i].marks[k]];
			struct cosign_vkey key;
			bool known = false;

			for (size_t j = 0; j <= i && !known; j++)
				for (size_t n = 0;
				     n < (j < i ? ex->points[j].n_marks : k);
				     n++)
					known |=
					    memcmp(ex->w
						       ->marks[ex->points[j]
								   .marks[n]]
						       .key,
						   m->key, 32) == 0;
			exhibit_key(ex, m, &key);
			if (!known)
				each(ctx, ex, m, &key);
		}
}

static void
add_name(void *ctx, const struct exhibit *ex, const struct witness_mark *m,
	 const struct cosign_vkey *k)
{
	struct exindex *xi = ctx;
	struct exindex_witness *w = &xi->witnesses[xi->n_witnesses];
	const struct index_seat *s = index_seat(ex->x, ex->w->by[m->by].seat);

	if (s == NULL || s->name[0] == '\0')
		return;
	snprintf(w->key, sizeof w->key, "%s", k->name);
	snprintf(w->who, sizeof w->who, "%s%s%s", s->name,
		 s->org[0] != '\0' ? " of " : "", s->org);
	xi->n_witnesses += exindex_is_who(w->who);
}

static size_t
count_marks(const struct exhibit *ex)
{
	size_t n = 0;

	for (size_t i = 0; i < ex->n_points; i++)
		n += ex->points[i].n_marks;
	return n;
}

static int
put_index(struct exhibit *ex, struct err *e)
{
	struct exindex xi = {0};
	char *text = NULL, hex[65];
	size_t len = 0;

	memcpy(xi.made, ex->made, sizeof xi.made);
	snprintf(xi.by, sizeof xi.by, "%s",
		 ex->o->tool +
		     (strncmp(ex->o->tool, MUNIMENT, strlen(MUNIMENT)) == 0
			  ? strlen(MUNIMENT)
			  : 0));
	strcpy(xi.vault, ex->x->v->id);
	verifier_hash(hex);
	(void)hex_decode(hex, HASH_LEN, xi.verifier);
	xi.items = calloc(ex->n_items + 1, sizeof *xi.items);
	xi.entries = calloc(ex->n_entries + 1, sizeof *xi.entries);
	xi.files = calloc(ex->n_files + 1, sizeof *xi.files);
	xi.checkpoints = calloc(ex->n_points + 1, sizeof *xi.checkpoints);
	xi.witnesses = calloc(count_marks(ex) + 1, sizeof *xi.witnesses);
	if (xi.items != NULL && xi.entries != NULL && xi.files != NULL &&
	    xi.checkpoints != NULL && xi.witnesses != NULL &&
	    fill_times(ex, &xi) == 0) {
		for (size_t i = 0; i < ex->n_items; i++)
			strcpy(xi.items[xi.n_items++].id, ex->items[i]->id);
		fill_entries(ex, &xi);
		if (ex->o->witnesses == EXHIBIT_WITNESSES_NAMED)
			for_keys(ex, add_name, &xi);
		qsort(xi.witnesses, xi.n_witnesses, sizeof *xi.witnesses,
		      by_key_name);
		text = exindex_encode(&xi, &len);
	}
	exindex_free(&xi);
	return put(ex, "proof/exhibit.txt", text, len, e);
}

/* -- keys -- */

static void
add_key(void *ctx, const struct exhibit *ex, const struct witness_mark *m,
	const struct cosign_vkey *k)
{
	struct policytext *p = ctx;

	(void)ex;
	(void)m;
	p->keys[p->logs + p->witnesses++] = *k;
}

static int
put_policy(struct exhibit *ex, struct err *e)
{
	const struct vault *v = ex->x->v;
	struct policytext p = {0};
	char *text = NULL;
	size_t len = 0;

	p.keys = calloc(ex->n_points + count_marks(ex) + 1, sizeof *p.keys);
	for (size_t i = 0; p.keys != NULL && i < ex->n_points; i++) {
		const struct log *l = &v->logs[ex->points[i].log];
		struct cosign_vkey *k = &p.keys[p.logs];
		bool known = false;

		for (size_t n = 0; n < p.logs; n++)
			known |= memcmp(p.keys[n].key, l->key, 32) == 0;
		if (known)
			continue;
		checkpoint_origin(v->id, l->device, k->name);
		vault_key_id(k->name, l->key, k->id);
		k->type = COSIGN_ED25519;
		memcpy(k->key, l->key, 32);
		p.logs++;
	}
	if (p.keys != NULL) {
		for_keys(ex, add_key, &p);
		text = policytext_encode(&p, &len);
	}
	free(p.keys);
	return put(ex, "proof/policy.txt", text, len, e);
}

static int
put_signers(struct exhibit *ex, struct err *e)
{
	char text[POLICYTEXT_SIGNERS_MAX];
	size_t len = policytext_signers_encode(ex->x->id->sign_pub, text);

	return packout_put(ex->out, "proof/signers.txt", text, len, e);
}

int
exhibit_index_write(struct exhibit *ex, struct err *e)
{
	return put_index(ex, e) == 0 && put_signers(ex, e) == 0
		   ? put_policy(ex, e)
		   : -1;
}
