#include "carry.h"

#include "agefile.h"
#include "bundle.h"
#include "padme.h"
#include "parts.h"
#include "tarball.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IO_SIZE (256u << 10) /* bytes */
#define STANZAS_MAX 256
#define SAID_LATER (64u << 10) /* bytes: more than carrying says of itself */

/* One object that goes along. */
struct bulk {
	uint8_t sha256[HASH_LEN];
	uint64_t size;
};

struct carry {
	struct index *x;
	struct bulk *bulk;
	size_t n_bulk, cap_bulk;
	struct map have;
	const struct map *there; /* objects that the others have; or NULL */
	struct bundle *bundle;
	struct parts *out;
	struct agefile_writer *age;
	uint64_t done, total; /* bytes of the tar file */
};

/* Put an object on the list if its file is here. */
static int
want(struct carry *c, const uint8_t sha256[HASH_LEN], struct err *e)
{
	char path[FSUTIL_PATH];
	struct stat st;
	size_t at;

	if (map_get(&c->have, sha256, &at) ||
	    (c->there != NULL && map_get(c->there, sha256, &at)))
		return 0;
	if (vault_object_path(c->x->v, sha256, path, e) != 0)
		return -1;
	if (stat(path, &st) != 0)
		return 0; /* not here: the receiver is told so */
	if (c->n_bulk == c->cap_bulk) {
		size_t cap = c->cap_bulk > 0 ? 2 * c->cap_bulk : 64;
		void *p = realloc(c->bulk, cap * sizeof *c->bulk);

		if (p == NULL)
			return err_memory(e);
		c->bulk = p;
		c->cap_bulk = cap;
	}
	if (map_set(&c->have, sha256, 1) != 0)
		return err_memory(e);
	memcpy(c->bulk[c->n_bulk].sha256, sha256, HASH_LEN);
	c->bulk[c->n_bulk++].size = (uint64_t)st.st_size;
	return 0;
}

/* The objects of one version of an item. */
static int
want_record(struct carry *c, const struct index_entry *en, struct err *e)
{
	json_t *doc = index_doc(en), *f, *s;
	size_t i, k;
	int rc = doc == NULL ? err_memory(e) : 0;

	json_array_foreach (json_object_get(doc, "files"), i, f) {
		json_array_foreach (json_object_get(f, "segments"), k, s) {
			const char *t = json_string_value(s);
			uint8_t sha256[HASH_LEN];

			if (rc == 0 && t != NULL && strlen(t) > 64 &&
			    hex_decode(t, HASH_LEN, sha256) == 0)
				rc = want(c, sha256, e);
		}
	}
	json_decref(doc);
	return rc;
}

static int
want_all(struct carry *c, struct err *e)
{
	for (size_t i = 0; i < c->x->v->n_logs; i++) {
		struct log *l = &c->x->v->logs[i];

		for (uint64_t n = 1; n <= l->size; n++) {
			struct vault_batch b;
			int rc = 0;

			if (vault_batch(c->x->v, l, n, &b, e) != 0)
				return -1;
			for (size_t k = 0; k < b.b.n && rc == 0; k++)
				if (b.b.lines[k].kind == BATCH_OBJECT)
					rc = want(c, b.b.lines[k].sha256, e);
			vault_batch_free(&b);
			if (rc != 0)
				return -1;
		}
	}
	return 0;
}

static int
choose(struct carry *c, const struct carry_what *what, struct err *e)
{
	struct index *x = c->x;

	if (what->no_bulk)
		return 0;
	if (what->only_case == NULL && what->n_items == 0)
		return want_all(c, e);
	if (what->only_case != NULL && index_thaw(x, e) != 0)
		return -1;
	for (size_t i = 0; i < x->n_entries; i++)
		if (x->entries[i].kind == KIND_RECORD &&
		    what->only_case != NULL &&
		    strcmp(x->entries[i].case_id, what->only_case->id) == 0 &&
		    want_record(c, &x->entries[i], e) != 0)
			return -1;
	for (size_t i = 0; i < what->n_items; i++)
		for (size_t k = 0; k < what->items[i]->n; k++)
			if (want_record(
				c, &x->entries[what->items[i]->versions[k]],
				e) != 0)
				return -1;
	return 0;
}

/* Bytes of a tar member. */
static uint64_t
member_size(uint64_t size)
{
	return TARBALL_BLOCK + size + tarball_fill(size);
}

/* Bytes of the tar file go here. */
static int
put(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct carry *c = ctx;
	struct vault *v = c->x->v;

	c->done += len;
	if (v->progress != NULL)
		v->progress(v->progress_ctx, "carrying", c->done, c->total);
	return agefile_write(c->age, bytes, len, e);
}

static int
put_zeros(struct carry *c, uint64_t n, struct err *e)
{
	static const uint8_t zeros[IO_SIZE];

	for (; n > 0;) {
		size_t take = n < IO_SIZE ? (size_t)n : IO_SIZE;

		if (put(c, zeros, take, e) != 0)
			return -1;
		n -= take;
	}
	return 0;
}

static int
put_header(struct carry *c, const char *name, uint64_t size, struct err *e)
{
	uint8_t head[TARBALL_BLOCK];

	if (size > TARBALL_SIZE_MAX)
		return err_set(
		    e, ERR_UNKNOWN,
		    "more than 8 GiB of history do not fit a carry file");
	tarball_header(head, name, size);
	return put(c, head, sizeof head, e);
}

/* One object, checked against its name on the way. */
static int
put_bulk(struct carry *c, const struct bulk *b, struct err *e)
{
	char path[FSUTIL_PATH], name[100], hex[65];
	uint8_t *buf = malloc(IO_SIZE), digest[HASH_LEN];
	struct hash *h = hash_new(HASH_SHA256);
	uint64_t left = b->size;
	ssize_t n;
	int fd = -1, rc = -1;

	hex_encode(b->sha256, HASH_LEN, hex);
	snprintf(name, sizeof name, "lfs/objects/%.2s/%.2s/%s", hex, hex + 2,
		 hex);
	if (buf == NULL || h == NULL) {
		err_memory(e);
		goto out;
	}
	if (vault_object_path(c->x->v, b->sha256, path, e) != 0)
		goto out;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err_sys(e, "object %.16s", hex);
		goto out;
	}
	if (put_header(c, name, b->size, e) != 0)
		goto out;
	while (left > 0) {
		n = read(fd, buf, left < IO_SIZE ? (size_t)left : IO_SIZE);
		if (n <= 0) {
			err_set(e, ERR_EVIDENCE, "object %.16s: cut off", hex);
			goto out;
		}
		hash_update(h, buf, (size_t)n);
		if (put(c, buf, (size_t)n, e) != 0)
			goto out;
		left -= (uint64_t)n;
	}
	hash_final(h, digest);
	if (memcmp(digest, b->sha256, HASH_LEN) != 0) {
		err_set(e, ERR_EVIDENCE,
			"object %.16s: damaged: it is not carried further",
			hex);
		goto out;
	}
	rc = put_zeros(c, tarball_fill(b->size), e);
out:
	if (fd >= 0)
		close(fd);
	hash_free(h);
	free(buf);
	return rc;
}

static int
put_tar(struct carry *c, struct err *e)
{
	uint64_t size = bundle_size(c->bundle);

	if (put_header(c, "vault.bundle", size, e) != 0 ||
	    bundle_write(c->bundle, put, c, e) != 0)
		return -1;
	if (c->done != TARBALL_BLOCK + size)
		return err_set(e, ERR_UNKNOWN,
			       "the bundle is not as long as foreseen");
	if (put_zeros(c, tarball_fill(size), e) != 0)
		return -1;
	for (size_t i = 0; i < c->n_bulk; i++)
		if (put_bulk(c, &c->bulk[i], e) != 0)
			return -1;
	return put_zeros(c, c->total - c->done, e);
}

static size_t
crowd_size(size_t n)
{
	size_t m = 4;

	while (m < n)
		m *= 4;
	return m;
}

/* The recipients, with throw-away ones up to 4, 16, 64, in random order. */
static struct agekey_public *
crowd(const struct carry_to *to, size_t *n)
{
	size_t m = crowd_size(to->n);
	struct agekey_public *list;
	uint8_t nobody[AGEKEY_SECRET_LEN];

	list = calloc(m, sizeof *list);
	if (list == NULL)
		return NULL;
	memcpy(list, to->keys, to->n * sizeof *list);
	for (size_t i = to->n; i < m; i++)
		agekey_generate(AGEKEY_HYBRID, nobody, &list[i]);
	secret_wipe(nobody, sizeof nobody);
	for (size_t i = m - 1; i > 0; i--) {
		size_t k = secret_uniform((uint32_t)i + 1);
		struct agekey_public t = list[i];

		list[i] = list[k];
		list[k] = t;
	}
	*n = m;
	return list;
}

static int
open_parts(struct carry *c, const struct carry_to *to, const char *path,
	   const struct agefile_to *t, struct err *e)
{
	c->out = parts_new(path, to->part > 0 ? to->part : CARRY_PART_MAX,
			   agefile_size_to(t, c->total), e);
	if (c->out == NULL)
		return -1;
	return to->parity > 0 ? parts_protect(c->out, to->parity, e) : 0;
}

static int
start_age(struct carry *c, const struct carry_to *to, const char *path,
	  struct err *e)
{
	struct agefile_to t = {.passphrase = to->passphrase,
			       .work_factor = to->work_factor,
			       .spread = true};
	struct agekey_public *list = NULL;

	if (to->passphrase == NULL) {
		list = crowd(to, &t.n);
		if (list == NULL)
			return err_memory(e);
		t.keys = list;
	}
	if (open_parts(c, to, path, &t, e) == 0)
		c->age = agefile_writer_new(&t, parts_put, c->out, e);
	free(list);
	return c->age != NULL ? 0 : -1;
}

/* What goes along, and how long the tar file is with it. */
static int
plan(struct carry *c, const struct carry_to *to, const struct carry_what *what,
     uint64_t more, struct err *e)
{
	if (to->n > STANZAS_MAX)
		return err_set(e, ERR_UNKNOWN, "more than %d recipients",
			       STANZAS_MAX);
	c->there = what->there;
	c->bundle = bundle_new(c->x->v, what->since, e);
	if (c->bundle == NULL || choose(c, what, e) != 0)
		return -1;
	c->total = member_size(bundle_size(c->bundle)) + more + TARBALL_END;
	for (size_t i = 0; i < c->n_bulk; i++)
		c->total += member_size(c->bulk[i].size);
	c->total = padme(c->total);
	return 0;
}

static void
clear(struct carry *c)
{
	parts_free(c->out);
	agefile_writer_free(c->age);
	bundle_free(c->bundle);
	free(c->bulk);
	map_free(&c->have);
}

int
carry_check(struct index *x, const struct carry_to *to,
	    const struct carry_what *what, const char *path, struct err *e)
{
	struct agekey_public any = {.kind = AGEKEY_HYBRID};
	struct agefile_to t = {.passphrase = to->passphrase,
			       .work_factor = to->work_factor,
			       .keys = &any,
			       .n = crowd_size(to->n)};
	struct carry c = {.x = x};
	int rc = plan(&c, to, what, SAID_LATER, e);

	if (rc == 0)
		rc = open_parts(&c, to, path, &t, e);
	clear(&c);
	return rc;
}

int
carry_count(struct index *x, const struct carry_what *what, size_t *objects,
	    struct err *e)
{
	struct carry c = {.x = x, .there = what->there};
	int rc = choose(&c, what, e);

	*objects = c.n_bulk;
	clear(&c);
	return rc;
}

void
carry_content_free(struct carry_content *c)
{
	free(c->tips);
	free(c->needs);
	map_free(&c->objects);
	memset(c, 0, sizeof *c);
}

/* Remember what was written. */
static int
note_content(const struct carry *c, const struct carry_what *what,
	     struct err *e)
{
	const struct vault *v = c->x->v;
	struct carry_content *o = what->content;

	if (o == NULL)
		return 0;
	memset(o, 0, sizeof *o);
	o->tips = calloc(v->n_logs + 1, sizeof *o->tips);
	o->needs = calloc(v->n_logs + 1, sizeof *o->needs);
	if (o->tips == NULL || o->needs == NULL)
		return err_memory(e);
	for (size_t i = 0; i < v->n_logs; i++) {
		const struct log *l = &v->logs[i];

		memcpy(o->tips[o->n_tips++], l->steps[l->size - 1].commit,
		       GITFORM_OID_LEN);
		if (what->since != NULL && what->since[i] > 0)
			memcpy(o->needs[o->n_needs++],
			       l->steps[what->since[i] - 1].commit,
			       GITFORM_OID_LEN);
	}
	for (size_t i = 0; i < c->n_bulk; i++)
		if (map_set(&o->objects, c->bulk[i].sha256, 1) != 0)
			return err_memory(e);
	return 0;
}

int
carry_write(struct index *x, const struct carry_to *to,
	    const struct carry_what *what, const char *path, size_t *parts,
	    struct err *e)
{
	struct carry c = {.x = x};
	int rc = -1;

	if (plan(&c, to, what, 0, e) == 0 && start_age(&c, to, path, e) == 0 &&
	    put_tar(&c, e) == 0 && agefile_finish(c.age, e) == 0 &&
	    note_content(&c, what, e) == 0)
		rc = parts_commit(c.out, x->v->progress, x->v->progress_ctx,
				  parts, e);
	clear(&c);
	return rc;
}
