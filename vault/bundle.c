#include "bundle.h"

#include "hex.h"
#include "packform.h"
#include "packscan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char signature[] = "# v2 git bundle\n";
#define HEAD_MAX (8u << 20) /* bytes above the pack */

struct object {
	uint8_t oid[GITFORM_OID_LEN];
	uint8_t type; /* enum packform_type */
};

struct bundle {
	struct vault *v;
	char *head;
	size_t head_len;
	struct object *list;
	size_t n, cap;
	struct map have;
	uint64_t size;
};

static int
no_memory(struct err *e)
{
	return err_set(e, ERR_UNKNOWN, "no memory");
}

/* Put an object on the list, once. */
static int
want(struct bundle *b, enum packform_type type,
     const uint8_t oid[GITFORM_OID_LEN], struct err *e)
{
	uint8_t key[MAP_KEY_LEN] = {0};
	uint64_t len = 0;
	size_t at;

	memcpy(key, oid, GITFORM_OID_LEN);
	if (map_get(&b->have, key, &at))
		return 0;
	if (b->n == b->cap) {
		size_t cap = b->cap > 0 ? 2 * b->cap : 256;
		void *p = realloc(b->list, cap * sizeof *b->list);

		if (p == NULL)
			return no_memory(e);
		b->list = p;
		b->cap = cap;
	}
	if (gitstore_length(b->v->git, oid, type, &len, e) != 0)
		return -1;
	if (map_set(&b->have, key, b->n) != 0)
		return no_memory(e);
	memcpy(b->list[b->n].oid, oid, GITFORM_OID_LEN);
	b->list[b->n++].type = (uint8_t)type;
	b->size += packform_size(len);
	return 0;
}

/* A commit, its tree, and what that names. */
static int
want_commit(struct bundle *b, const uint8_t oid[GITFORM_OID_LEN], struct err *e)
{
	struct gitstore_object o = {0};
	struct gitform_name *names = NULL;
	uint8_t tree[GITFORM_OID_LEN];
	size_t n = 0;
	int rc = -1;

	if (want(b, PACKFORM_COMMIT, oid, e) != 0 ||
	    gitstore_read(b->v->git, oid, PACKFORM_COMMIT, &o, e) != 0)
		return -1;
	if (o.len < 46 ||
	    hex_decode((const char *)o.data + 5, GITFORM_OID_LEN, tree) != 0) {
		err_set(e, ERR_EVIDENCE, "a commit is not of the form");
		goto out;
	}
	gitstore_object_free(&o);
	if (want(b, PACKFORM_TREE, tree, e) != 0 ||
	    gitstore_read(b->v->git, tree, PACKFORM_TREE, &o, e) != 0)
		goto out;
	if (gitform_tree_decode(o.data, o.len, &names, &n) != FORMAT_OK) {
		err_set(e, ERR_EVIDENCE, "a tree is not of the form");
		goto out;
	}
	rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = want(b, PACKFORM_BLOB, names[i].oid, e);
out:
	free(names);
	gitstore_object_free(&o);
	return rc;
}

struct bundle *
bundle_new(struct vault *v, struct err *e)
{
	struct bundle *b = calloc(1, sizeof *b);
	size_t at;

	if (b != NULL)
		b->head = malloc(sizeof signature + 1 +
				 v->n_logs * (VAULT_BRANCH_MAX + 64));
	if (b == NULL || b->head == NULL) {
		free(b);
		no_memory(e);
		return NULL;
	}
	b->v = v;
	at = (size_t)sprintf(b->head, "%s", signature);
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];
		char hex[41];

		if (l->size == 0 || l->size != l->length) {
			err_set(e, ERR_EVIDENCE,
				"device %.12s: its log is damaged: it cannot be"
				" carried",
				l->device);
			goto bad;
		}
		hex_encode(l->steps[l->size - 1].commit, GITFORM_OID_LEN, hex);
		at += (size_t)sprintf(b->head + at, "%s refs/heads/%s\n", hex,
				      l->branch);
		for (uint64_t k = 0; k < l->size; k++)
			if (want_commit(b, l->steps[k].commit, e) != 0)
				goto bad;
	}
	b->head[at++] = '\n';
	b->head_len = at;
	b->size += at + PACKFORM_OVERHEAD;
	return b;
bad:
	bundle_free(b);
	return NULL;
}

void
bundle_free(struct bundle *b)
{
	if (b == NULL)
		return;
	free(b->head);
	free(b->list);
	map_free(&b->have);
	free(b);
}

uint64_t
bundle_size(const struct bundle *b)
{
	return b->size;
}

int
bundle_write(struct bundle *b, agefile_sink *sink, void *ctx, struct err *e)
{
	struct packform_stream *s;
	int rc = 0;

	if (sink(ctx, b->head, b->head_len, e) != 0)
		return -1;
	s = packform_stream_new((uint32_t)b->n, sink, ctx, e);
	if (s == NULL)
		return -1;
	for (size_t i = 0; i < b->n && rc == 0; i++) {
		enum packform_type type = (enum packform_type)b->list[i].type;
		struct gitstore_object o;

		rc = gitstore_read(b->v->git, b->list[i].oid, type, &o, e);
		if (rc == 0)
			rc = packform_stream_add(s, type, o.data, o.len, e);
		gitstore_object_free(&o);
	}
	if (rc == 0)
		rc = packform_stream_finish(s, e);
	packform_stream_free(s);
	return rc;
}

struct bundle_reader {
	char *head;
	size_t head_len;
	bool in_pack;
	struct packscan *scan; /* looks before the indexer does */
	struct gitstore_indexer *ix;
};

struct bundle_reader *
bundle_reader_new(const char *folder, uint64_t max, struct err *e)
{
	struct bundle_reader *r = calloc(1, sizeof *r);

	if (r == NULL) {
		no_memory(e);
		return NULL;
	}
	r->ix = gitstore_indexer_new(folder, max, e);
	r->scan = packscan_new();
	if (r->ix != NULL && r->scan != NULL)
		return r;
	if (r->ix != NULL)
		no_memory(e);
	bundle_reader_free(r);
	return NULL;
}

/* Bytes of the pack. */
static int
put_pack(struct bundle_reader *r, const void *bytes, size_t len, struct err *e)
{
	if (packscan_put(r->scan, bytes, len, e) != 0)
		return -1;
	return gitstore_indexer_put(r->ix, bytes, len, e);
}

int
bundle_reader_put(struct bundle_reader *r, const void *bytes, size_t len,
		  struct err *e)
{
	const char *blank;
	size_t before = r->head_len, used;
	char *p;

	if (r->in_pack)
		return put_pack(r, bytes, len, e);
	if (r->head_len + len > HEAD_MAX)
		return err_set(e, ERR_EVIDENCE,
			       "git bundle: too many branches");
	p = realloc(r->head, r->head_len + len + 1);
	if (p == NULL)
		return no_memory(e);
	r->head = p;
	memcpy(p + r->head_len, bytes, len);
	r->head_len += len;
	p[r->head_len] = '\0';
	blank = memmem(p, r->head_len, "\n\n", 2);
	if (blank == NULL)
		return 0;
	used = (size_t)(blank - p) + 2;
	r->in_pack = true;
	r->head_len = used - 1;
	p[r->head_len] = '\0';
	if (strlen(p) != r->head_len ||
	    strncmp(p, signature, sizeof signature - 1) != 0)
		return err_set(e, ERR_EVIDENCE, "not a git bundle");
	used -= before; /* bytes of this piece that were head */
	return len > used
		   ? put_pack(r, (const char *)bytes + used, len - used, e)
		   : 0;
}

int
bundle_reader_finish(struct bundle_reader *r, struct err *e)
{
	if (!r->in_pack || !packscan_is_whole(r->scan))
		return err_set(e, ERR_EVIDENCE, "git bundle: cut off");
	return gitstore_indexer_finish(r->ix, e);
}

int
bundle_reader_refs(void *reader, gitstore_ref *ref, void *ctx, struct err *e)
{
	struct bundle_reader *r = reader;
	char *save = NULL, *head = strdup(r->head + sizeof signature - 1);
	int rc = 0;

	if (head == NULL)
		return no_memory(e);
	for (char *l = strtok_r(head, "\n", &save); l != NULL && rc == 0;
	     l = strtok_r(NULL, "\n", &save)) {
		uint8_t oid[GITFORM_OID_LEN];

		if (strlen(l) < 42 || l[40] != ' ' ||
		    hex_decode(l, GITFORM_OID_LEN, oid) != 0)
			rc = err_set(e, ERR_EVIDENCE,
				     "git bundle: a line is not of the form");
		else
			rc = ref(ctx, l + 41, oid, e);
	}
	free(head);
	return rc;
}

void
bundle_reader_free(struct bundle_reader *r)
{
	if (r == NULL)
		return;
	gitstore_indexer_free(r->ix);
	packscan_free(r->scan);
	free(r->head);
	free(r);
}
