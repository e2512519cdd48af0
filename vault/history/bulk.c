#include "bulk.h"

#include "cold.h"
#include "hash.h"
#include "hex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IO_SIZE (256u << 10)				       /* bytes */
#define OBJECT_MAX ((UINT64_C(1) << 30) + (UINT64_C(1) << 26)) /* bytes */
#define GROUP_MAX 64		/* objects that get their places together */
#define GROUP_BYTES (64u << 20) /* or so many bytes of them */

static int
by_hash(const void *a, const void *b)
{
	return memcmp(a, b, HASH_LEN);
}

static int
list_add(struct bulk_list *l, const uint8_t sha256[HASH_LEN], uint64_t size)
{
	if (l->n == l->cap) {
		size_t cap = l->cap > 0 ? 2 * l->cap : 64;
		void *p = realloc(l->list, cap * sizeof *l->list);

		if (p == NULL)
			return -1;
		l->list = p;
		l->cap = cap;
	}
	memcpy(l->list[l->n].sha256, sha256, HASH_LEN);
	l->list[l->n++].size = size;
	l->bytes += size;
	return 0;
}

static int
is_held(const struct vault *v, const uint8_t sha256[HASH_LEN], bool *held,
	struct err *e)
{
	char path[FSUTIL_PATH];

	if (vault_object_path(v, sha256, path, e) != 0)
		return -1;
	*held = fsutil_exists(path);
	return 0;
}

struct lacking {
	const struct vault *v;
	struct bulk_list *out;
	struct err *e;
};

static int
note_lacking(void *ctx, const uint8_t sha256[HASH_LEN], size_t size)
{
	struct lacking *l = ctx;
	bool held;

	if (is_held(l->v, sha256, &held, l->e) != 0)
		return -1;
	if (!held && list_add(l->out, sha256, size) != 0)
		return err_memory(l->e);
	return 0;
}

int
bulk_lacking(struct vault *v, struct bulk_list *out, struct err *e)
{
	struct lacking l = {v, out, e};

	if (vault_objects(v, note_lacking, &l) != 0) {
		(void)cold_check(v->cold, e);
		return -1;
	}
	if (out->n > 0)
		qsort(out->list, out->n, sizeof *out->list, by_hash);
	return 0;
}

int
bulk_offer(struct vault *v, const struct map *hashes, struct bulk_list *out,
	   struct err *e)
{
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, one, size;
	bool held;

	while (map_next(hashes, &at, sha256, &one)) {
		if (!vault_object(v, sha256, &size))
			continue;
		if (is_held(v, sha256, &held, e) != 0)
			return -1;
		if (held && list_add(out, sha256, size) != 0)
			return err_memory(e);
	}
	return 0;
}

void
bulk_free(struct bulk_list *l)
{
	free(l->list);
	memset(l, 0, sizeof *l);
}

/* Keep the i-th as the n-th. */
static void
keep(struct bulk_list *l, size_t i, size_t *n)
{
	l->bytes += l->list[i].size;
	l->list[(*n)++] = l->list[i];
}

void
bulk_filter(struct bulk_list *l, const struct map *only, bool in)
{
	size_t n = 0, value;

	l->bytes = 0;
	for (size_t i = 0; i < l->n; i++)
		if (map_get(only, l->list[i].sha256, &value) == in)
			keep(l, i, &n);
	l->n = n;
}

int
bulk_held(struct bulk_list *l, const struct vault *v, struct err *e)
{
	size_t n = 0;
	bool held;

	l->bytes = 0;
	for (size_t i = 0; i < l->n; i++) {
		if (is_held(v, l->list[i].sha256, &held, e) != 0)
			return -1;
		if (held)
			keep(l, i, &n);
	}
	l->n = n;
	return 0;
}

int
bulk_of_case(struct index *x, const char *case_id, struct map *out,
	     struct err *e)
{
	if (index_thaw(x, e) != 0)
		return -1;
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		json_t *doc, *f, *s;
		size_t k, j;
		int rc = 0;

		if (en->kind != KIND_RECORD ||
		    strcmp(en->case_id, case_id) != 0)
			continue;
		doc = index_doc(en);
		if (doc == NULL)
			return err_memory(e);
		json_array_foreach (json_object_get(doc, "files"), k, f) {
			json_array_foreach (json_object_get(f, "segments"), j,
					    s) {
				const char *t = json_string_value(s);
				uint8_t sha256[HASH_LEN];

				if (t != NULL && strlen(t) > 64 &&
				    hex_decode(t, HASH_LEN, sha256) == 0)
					rc |= map_set(out, sha256, 1);
			}
		}
		json_decref(doc);
		if (rc != 0)
			return err_memory(e);
	}
	return 0;
}

struct bulk_in {
	struct vault *v;
	char folder[FSUTIL_PATH];
	struct bulk_object group[GROUP_MAX];
	size_t n;
	uint64_t bytes;
	size_t placed;
};

/* local/incoming/<hex><ending> */
static int
waiting_path(const struct bulk_in *b, const uint8_t sha256[HASH_LEN],
	     const char *ending, char out[FSUTIL_PATH], struct err *e)
{
	char hex[65], name[80];

	hex_encode(sha256, HASH_LEN, hex);
	snprintf(name, sizeof name, "%s%s", hex, ending);
	return fsutil_join(out, b->folder, name, e);
}

/* Flush, then move: a name in lfs/objects stands for whole content. */
static int
place_group(struct bulk_in *b, struct err *e)
{
	char from[FSUTIL_PATH], to[FSUTIL_PATH], *slash;
	int fd;

	if (b->n == 0)
		return 0;
	fd = open(b->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) != 0) {
		err_sys(e, "flushing the vault to disk");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	for (size_t i = 0; i < b->n; i++) {
		if (waiting_path(b, b->group[i].sha256, "", from, e) != 0 ||
		    vault_object_path(b->v, b->group[i].sha256, to, e) != 0)
			return -1;
		slash = strrchr(to, '/');
		*slash = '\0';
		if (fsutil_mkdirs(to, e) != 0)
			return -1;
		*slash = '/';
		if (rename(from, to) != 0)
			return err_sys(e, "placing an object of the vault");
	}
	b->placed += b->n;
	b->n = 0;
	b->bytes = 0;
	return 0;
}

int
bulk_in_put(struct bulk_in *b, const struct bulk_object *o, struct err *e)
{
	char path[FSUTIL_PATH];
	struct timespec t[2] = {{FSUTIL_TIME, 0}, {FSUTIL_TIME, 0}};

	if (waiting_path(b, o->sha256, "", path, e) != 0)
		return -1;
	(void)utimensat(AT_FDCWD, path, t, AT_SYMLINK_NOFOLLOW);
	b->group[b->n++] = *o;
	b->bytes += o->size;
	return b->n == GROUP_MAX || b->bytes >= GROUP_BYTES ? place_group(b, e)
							    : 0;
}

/*
 * Read `in` to its end and hash it; `out`, if not -1, gets a copy. 1 if it is
 * longer than any object. What its size should be is somebody's word.
 */
static int
hash_through(int in, int out, uint8_t digest[HASH_LEN], struct err *e)
{
	uint8_t *buf = malloc(IO_SIZE);
	struct hash *h = hash_new(HASH_SHA256);
	uint64_t done = 0;
	ssize_t n = -1;
	int rc = -1;

	if (buf == NULL || h == NULL) {
		err_memory(e);
		goto out;
	}
	while (done <= OBJECT_MAX) {
		n = read(in, buf, IO_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (uint64_t)n;
		hash_update(h, buf, (size_t)n);
		if (out >= 0 && fsutil_write_all(out, buf, (size_t)n, e) != 0)
			goto out;
	}
	if (n < 0) {
		err_sys(e, "an object");
		goto out;
	}
	hash_final(h, digest);
	rc = done <= OBJECT_MAX ? 0 : 1;
out:
	hash_free(h);
	free(buf);
	return rc;
}

/* True if the file `name` in the folder is an object that is lacking. */
static bool
is_whole(struct bulk_in *b, const char *name, struct bulk_object *o)
{
	uint8_t digest[HASH_LEN];
	char path[FSUTIL_PATH];
	bool held = true;
	size_t size;
	int fd, rc;

	if (strlen(name) != 64 || hex_decode(name, HASH_LEN, o->sha256) != 0 ||
	    !vault_object(b->v, o->sha256, &size) ||
	    is_held(b->v, o->sha256, &held, NULL) != 0 || held ||
	    fsutil_join(path, b->folder, name, NULL) != 0)
		return false;
	o->size = size;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	rc = hash_through(fd, -1, digest, NULL);
	close(fd);
	return rc == 0 && memcmp(digest, o->sha256, HASH_LEN) == 0;
}

/* The begin of one, which lfshost goes on with. */
static bool
is_begun(struct bulk_in *b, const char *name)
{
	uint8_t sha256[HASH_LEN];
	char hex[65];
	bool held = true;
	size_t size;

	if (strlen(name) != 69 || strcmp(name + 64, ".part") != 0)
		return false;
	snprintf(hex, sizeof hex, "%.64s", name);
	return hex_decode(hex, HASH_LEN, sha256) == 0 &&
	       vault_object(b->v, sha256, &size) &&
	       is_held(b->v, sha256, &held, NULL) == 0 && !held;
}

/* What an interrupted run left. */
static int
take_left(struct bulk_in *b, struct err *e)
{
	DIR *list = opendir(b->folder);
	struct bulk_object o;
	struct dirent *d;
	int rc = 0;

	if (list == NULL)
		return err_sys(e, "the vault's local/incoming");
	while (rc == 0 && (d = readdir(list)) != NULL) {
		if (d->d_type == DT_DIR)
			continue;
		if (is_whole(b, d->d_name, &o))
			rc = bulk_in_put(b, &o, e);
		else if (!is_begun(b, d->d_name))
			(void)unlinkat(dirfd(list), d->d_name, 0);
	}
	closedir(list);
	return rc;
}

struct bulk_in *
bulk_in_new(struct vault *v, struct err *e)
{
	struct bulk_in *b = calloc(1, sizeof *b);

	if (b == NULL) {
		err_memory(e);
		return NULL;
	}
	b->v = v;
	if (vault_path(v, "local/incoming", b->folder, e) == 0 &&
	    fsutil_mkdirs(b->folder, e) == 0 && take_left(b, e) == 0 &&
	    place_group(b, e) == 0)
		return b;
	bulk_in_free(b);
	return NULL;
}

const char *
bulk_in_folder(const struct bulk_in *b)
{
	return b->folder;
}

/* lfs/objects/ab/cd/<hex> below another vault. */
static int
open_there(const char *from, const struct bulk_object *o)
{
	char hex[65], rel[96], path[FSUTIL_PATH];
	struct stat st;
	int fd;

	hex_encode(o->sha256, HASH_LEN, hex);
	snprintf(rel, sizeof rel, "lfs/objects/%.2s/%.2s/%s", hex, hex + 2,
		 hex);
	if (fsutil_join(path, from, rel, NULL) != 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

int
bulk_in_copy(struct bulk_in *b, const char *from, const struct bulk_object *o,
	     struct err *e)
{
	char part[FSUTIL_PATH], whole[FSUTIL_PATH], hex[65];
	uint8_t digest[HASH_LEN];
	int in = open_there(from, o), out = -1, rc = -1;

	if (in < 0)
		return 0;
	hex_encode(o->sha256, HASH_LEN, hex);
	if (waiting_path(b, o->sha256, ".part", part, e) != 0 ||
	    waiting_path(b, o->sha256, "", whole, e) != 0)
		goto out;
	(void)unlink(part);
	out = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0) {
		err_sys(e, "an object in the vault's local/incoming");
		goto out;
	}
	rc = hash_through(in, out, digest, e);
	if (rc == 1 || (rc == 0 && memcmp(digest, o->sha256, HASH_LEN) != 0))
		rc = err_set(e, ERR_EVIDENCE, "object %.16s: damaged there",
			     hex);
	if (close(out) != 0 && rc == 0)
		rc = err_sys(e, "an object in the vault's local/incoming");
	if (rc == 0 && rename(part, whole) != 0)
		rc = err_sys(e, "an object in the vault's local/incoming");
	if (rc != 0)
		(void)unlink(part);
	else
		rc = bulk_in_put(b, o, e);
	rc = rc == 0 ? 1 : -1;
out:
	close(in);
	return rc;
}

int
bulk_in_finish(struct bulk_in *b, size_t *placed, struct err *e)
{
	int rc = place_group(b, e);

	*placed = b->placed;
	if (rc == 0)
		(void)rmdir(b->folder); /* unless there is more in it */
	return rc;
}

void
bulk_in_free(struct bulk_in *b)
{
	free(b);
}
