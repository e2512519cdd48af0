#include "bundle.h"

#include "hex.h"
#include "packform.h"
#include "packwork.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char signature[] = "# v2 git bundle\n";
#define BUNDLE_MAX (UINT64_C(64) << 30) /* bytes */
#define HEAD_MAX (8u << 20)		/* bytes above the pack */

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
			return err_memory(e);
		b->list = p;
		b->cap = cap;
	}
	if (gitstore_length(b->v->git, oid, type, &len, e) != 0)
		return -1;
	if (map_set(&b->have, key, b->n) != 0)
		return err_memory(e);
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

/* The lines above the pack: what is needed, and what is brought. */
static int
put_head(struct bundle *b, const uint64_t *since, struct err *e)
{
	const struct vault *v = b->v;
	char hex[41];
	size_t at;

	b->head =
	    malloc(sizeof signature + 1 + v->n_logs * (VAULT_BRANCH_MAX + 128));
	if (b->head == NULL)
		return err_memory(e);
	at = (size_t)sprintf(b->head, "%s", signature);
	for (size_t i = 0; i < v->n_logs && since != NULL; i++) {
		if (since[i] == 0)
			continue;
		hex_encode(v->logs[i].steps[since[i] - 1].commit,
			   GITFORM_OID_LEN, hex);
		at += (size_t)sprintf(b->head + at, "-%s \n", hex);
	}
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		hex_encode(l->steps[l->size - 1].commit, GITFORM_OID_LEN, hex);
		at += (size_t)sprintf(b->head + at, "%s refs/heads/%s\n", hex,
				      l->branch);
	}
	b->head[at++] = '\n';
	b->head_len = at;
	b->size += at + PACKFORM_OVERHEAD;
	return 0;
}

struct bundle *
bundle_new(struct vault *v, const uint64_t *since, struct err *e)
{
	struct bundle *b = calloc(1, sizeof *b);

	if (b == NULL) {
		err_memory(e);
		return NULL;
	}
	b->v = v;
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		if (l->size == 0 || l->size != l->length) {
			err_set(e, ERR_EVIDENCE,
				"device %.12s: its log is damaged: it cannot be"
				" carried",
				l->device);
			goto bad;
		}
		for (uint64_t k = since != NULL ? since[i] : 0; k < l->size;
		     k++)
			if (want_commit(b, l->steps[k].commit, e) != 0)
				goto bad;
	}
	if (put_head(b, since, e) == 0)
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
	struct packwork *pack; /* takes it apart */
};

struct bundle_reader *
bundle_reader_new(const char *folder, const struct caps *caps, struct err *e)
{
	const struct packwork_limits limits = {
	    .bytes = caps->bytes < BUNDLE_MAX ? caps->bytes : BUNDLE_MAX,
	    .objects = caps->objects};
	struct bundle_reader *r = calloc(1, sizeof *r);

	if (r == NULL) {
		err_memory(e);
		return NULL;
	}
	r->pack = packwork_new(folder, &limits, e);
	if (r->pack != NULL)
		return r;
	bundle_reader_free(r);
	return NULL;
}

int
bundle_reader_put(struct bundle_reader *r, const void *bytes, size_t len,
		  struct err *e)
{
	const char *blank;
	size_t before = r->head_len, used;
	char *p;

	if (r->in_pack)
		return packwork_put(r->pack, bytes, len, e);
	if (r->head_len + len > HEAD_MAX)
		return err_set(e, ERR_EVIDENCE,
			       "git bundle: too many branches");
	p = realloc(r->head, r->head_len + len + 1);
	if (p == NULL)
		return err_memory(e);
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
	return len > used ? packwork_put(r->pack, (const char *)bytes + used,
					 len - used, e)
			  : 0;
}

int
bundle_reader_finish(struct bundle_reader *r, struct err *e)
{
	uint32_t objects;
	bool whole = false;

	if (r->in_pack && packwork_finish(r->pack, &whole, &objects, e) != 0)
		return -1;
	return whole ? 0 : err_set(e, ERR_EVIDENCE, "git bundle: cut off");
}

/* A line that names a commit: its prerequisite, or the tip of a branch. */
static int
take_line(const char *line, bool *need, uint8_t oid[GITFORM_OID_LEN],
	  struct err *e)
{
	*need = line[0] == '-';
	line += *need;
	if (strlen(line) < (*need ? 40 : 42) ||
	    (line[40] != ' ' && line[40] != '\0') ||
	    hex_decode(line, GITFORM_OID_LEN, oid) != 0)
		return err_set(e, ERR_EVIDENCE,
			       "git bundle: a line is not of the form");
	return 0;
}

int
bundle_reader_refs(void *reader, gitstore_ref *ref, void *ctx, struct err *e)
{
	struct bundle_reader *r = reader;
	char *save = NULL, *head = strdup(r->head + sizeof signature - 1);
	int rc = 0;

	if (head == NULL)
		return err_memory(e);
	for (char *l = strtok_r(head, "\n", &save); l != NULL && rc == 0;
	     l = strtok_r(NULL, "\n", &save)) {
		uint8_t oid[GITFORM_OID_LEN];
		bool need;

		rc = take_line(l, &need, oid, e);
		if (rc == 0 && !need)
			rc = ref(ctx, l + 41, oid, e);
	}
	free(head);
	return rc;
}

int
bundle_reader_commits(struct bundle_reader *r, bool needs,
		      uint8_t (**list)[GITFORM_OID_LEN], size_t *n,
		      struct err *e)
{
	char *save = NULL, *head = strdup(r->head + sizeof signature - 1);
	size_t lines = 1;

	*n = 0;
	for (const char *p = r->head; *p != '\0'; p++)
		lines += *p == '\n';
	*list = calloc(lines, sizeof **list);
	if (head == NULL || *list == NULL) {
		free(head);
		return err_memory(e);
	}
	for (char *l = strtok_r(head, "\n", &save); l != NULL;
	     l = strtok_r(NULL, "\n", &save)) {
		bool need;

		if (take_line(l, &need, (*list)[*n], e) != 0) {
			free(head);
			return -1;
		}
		*n += need == needs;
	}
	free(head);
	return 0;
}

void
bundle_reader_free(struct bundle_reader *r)
{
	if (r == NULL)
		return;
	packwork_free(r->pack);
	free(r->head);
	free(r);
}
