#include "carry.h"

#include "agefile.h"
#include "bundle.h"
#include "newfile.h"
#include "padme.h"
#include "tarball.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IO_SIZE (256u << 10) /* bytes */
#define STANZAS_MAX 256

/* One object that goes along. */
struct bulk {
	uint8_t sha256[HASH_LEN];
	uint64_t size;
};

/* The file, or the parts of it, that are being written. */
struct parts {
	const char *path;
	uint64_t part,
	    left; /* bytes of a part; what the open one still takes */
	struct newfile *list[NEWFILE_MAX];
	size_t n;
	bool several;
};

struct carry {
	struct index *x;
	struct bulk *bulk;
	size_t n_bulk, cap_bulk;
	struct map have;
	struct bundle *bundle;
	struct parts out;
	struct agefile_writer *age;
	uint64_t done, total; /* bytes of the tar file */
};

static int
no_memory(struct err *e)
{
	return err_set(e, ERR_UNKNOWN, "no memory");
}

/* Put an object on the list if its file is here. */
static int
want(struct carry *c, const uint8_t sha256[HASH_LEN], struct err *e)
{
	char path[FSUTIL_PATH];
	struct stat st;
	size_t at;

	if (map_get(&c->have, sha256, &at))
		return 0;
	if (vault_object_path(c->x->v, sha256, path, e) != 0)
		return -1;
	if (stat(path, &st) != 0)
		return 0; /* not here: the receiver is told so */
	if (c->n_bulk == c->cap_bulk) {
		size_t cap = c->cap_bulk > 0 ? 2 * c->cap_bulk : 64;
		void *p = realloc(c->bulk, cap * sizeof *c->bulk);

		if (p == NULL)
			return no_memory(e);
		c->bulk = p;
		c->cap_bulk = cap;
	}
	if (map_set(&c->have, sha256, 1) != 0)
		return no_memory(e);
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
	int rc = doc == NULL ? no_memory(e) : 0;

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

	if (what->only_case == NULL && what->n_items == 0)
		return want_all(c, e);
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

static int
next_part(struct parts *p, struct err *e)
{
	char path[FSUTIL_PATH];

	if (p->n == NEWFILE_MAX)
		return err_set(e, ERR_UNKNOWN,
			       "the carry file would have more than %d parts",
			       NEWFILE_MAX);
	if (!p->several)
		snprintf(path, sizeof path, "%s", p->path);
	else if (snprintf(path, sizeof path, "%s.%03zu", p->path, p->n + 1) >=
		 (int)sizeof path)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	p->list[p->n] = newfile_open(path, e);
	if (p->list[p->n] == NULL)
		return -1;
	p->n++;
	p->left = p->part;
	return 0;
}

static int
put_out(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct parts *p = ctx;
	const char *b = bytes;

	while (len > 0) {
		size_t n = len;

		if (p->left == 0 && next_part(p, e) != 0)
			return -1;
		if (n > p->left)
			n = (size_t)p->left;
		if (fsutil_write_all(newfile_fd(p->list[p->n - 1]), b, n, e) !=
		    0)
			return -1;
		p->left -= n;
		b += n;
		len -= n;
	}
	return 0;
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
		no_memory(e);
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

/* The recipients, with throw-away ones up to 4, 16, 64, in random order. */
static struct agekey_public *
crowd(const struct carry_to *to, size_t *n)
{
	size_t m = 4;
	struct agekey_public *list;
	uint8_t nobody[AGEKEY_SECRET_LEN];

	while (m < to->n)
		m *= 4;
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
start_age(struct carry *c, const struct carry_to *to, struct err *e)
{
	struct agefile_to t = {.passphrase = to->passphrase,
			       .work_factor = to->work_factor};
	struct agekey_public *list = NULL;

	if (to->n > STANZAS_MAX)
		return err_set(e, ERR_UNKNOWN, "more than %d recipients",
			       STANZAS_MAX);
	if (to->passphrase == NULL) {
		list = crowd(to, &t.n);
		if (list == NULL)
			return no_memory(e);
		t.keys = list;
	}
	c->out.several =
	    agefile_size(AGEKEY_HYBRID, t.n, c->total) > c->out.part;
	c->age = agefile_writer_new(&t, put_out, &c->out, e);
	free(list);
	return c->age != NULL ? 0 : -1;
}

static int
commit_parts(struct parts *p, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < p->n; i++) {
		if (rc == 0)
			rc = newfile_commit(p->list[i], e);
		else
			newfile_abort(p->list[i]);
		p->list[i] = NULL;
	}
	return rc;
}

int
carry_write(struct index *x, const struct carry_to *to,
	    const struct carry_what *what, const char *path, size_t *parts,
	    struct err *e)
{
	struct carry c = {.x = x};
	int rc = -1;

	c.out.path = path;
	c.out.part = to->part > 0 ? to->part : CARRY_PART_MAX;
	if (newfile_check(path, e) != 0)
		return -1;
	c.bundle = bundle_new(x->v, e);
	if (c.bundle == NULL || choose(&c, what, e) != 0)
		goto out;
	c.total = member_size(bundle_size(c.bundle)) + TARBALL_END;
	for (size_t i = 0; i < c.n_bulk; i++)
		c.total += member_size(c.bulk[i].size);
	c.total = padme(c.total);
	if (start_age(&c, to, e) != 0 || put_tar(&c, e) != 0 ||
	    agefile_finish(c.age, e) != 0)
		goto out;
	*parts = c.out.n;
	rc = commit_parts(&c.out, e);
out:
	for (size_t i = 0; i < c.out.n; i++)
		newfile_abort(c.out.list[i]);
	agefile_writer_free(c.age);
	bundle_free(c.bundle);
	free(c.bulk);
	map_free(&c.have);
	return rc;
}
