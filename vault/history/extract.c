#include "extract.h"

#include "newfile.h"
#include "object.h"
#include "pool.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT_WORK (24u << 20) /* bytes of segments that are opened at a time */
#define DEPTH 16

struct sum {
	struct index *x;
	const struct map *checked;
	extract_sink *sink;
	void *ctx;
	struct hash *sha256;
	uint64_t size;
	struct pool *pool;
	uint64_t at_work; /* bytes of content */
};

static int
pass(struct sum *s, const void *bytes, size_t len, struct err *e)
{
	hash_update(s->sha256, bytes, len);
	s->size += len;
	return s->sink != NULL ? s->sink(s->ctx, bytes, len, e) : 0;
}

/* One segment that is opened, by any of the keys that rings have given. */
struct segment {
	struct pool_job job; /* first */
	struct sum *s;
	uint8_t sha256[HASH_LEN];
	uint64_t len;
	size_t key;
	uint8_t *data;
};

static int
segment_work(struct pool_job *p, struct err *e)
{
	struct segment *g = (struct segment *)p;
	const struct index *x = g->s->x;
	struct err inner = {0};
	size_t at;
	bool checked =
	    g->s->checked != NULL && map_get(g->s->checked, g->sha256, &at);

	for (size_t k = g->key; k != SIZE_MAX; k = index_older_key(x, k)) {
		err_clear(&inner);
		if ((checked ? object_read_checked : object_read)(
			x->v, g->sha256, index_key(x, k), (size_t)g->len,
			&g->data, &inner) == 0)
			return 0;
	}
	return err_set(e, (enum err_code)inner.code, "%s", inner.msg);
}

static int
segment_done(struct pool_job *p, struct err *e)
{
	struct segment *g = (struct segment *)p;

	return pass(g->s, g->data, (size_t)g->len, e);
}

static void
segment_clear(struct segment *g)
{
	if (g->data != NULL)
		secret_wipe(g->data, (size_t)g->len);
	free(g->data);
	g->data = NULL;
}

static void
segment_drop(struct pool_job *p)
{
	struct segment *g = (struct segment *)p;

	g->s->at_work -= g->len;
	segment_clear(g);
	free(g);
}

static const struct pool_kind segment_kind = {segment_work, segment_done,
					      segment_drop};

static int
segment_find(struct sum *s, const char *text, struct segment *g, struct err *e)
{
	char bulk[HEX_ID_LEN + 1];

	memset(g, 0, sizeof *g);
	g->job.kind = &segment_kind;
	g->s = s;
	if (object_segment_parse(text, g->sha256, &g->len, bulk) != 0)
		return err_set(e, ERR_EVIDENCE, "a segment is not of the form");
	g->key = index_bulk_key(s->x, bulk);
	return g->key != SIZE_MAX
		   ? 0
		   : err_set(e, ERR_UNKNOWN,
			     "the key of its content is not here");
}

/* Open a segment here and now, or put it into the pool. */
static int
one_segment(struct sum *s, const char *text, struct err *e)
{
	struct segment one, *g;
	int rc;

	if (segment_find(s, text, &one, e) != 0)
		return -1;
	if (s->pool == NULL) {
		rc = segment_work(&one.job, e);
		if (rc == 0)
			rc = segment_done(&one.job, e);
		segment_clear(&one);
		return rc;
	}
	while (s->at_work > 0 && s->at_work + one.len > AT_WORK)
		if (pool_wait(s->pool, pool_count(s->pool) - 1, e) != 0)
			return -1;
	g = malloc(sizeof *g);
	if (g == NULL)
		return err_memory(e);
	*g = one;
	s->at_work += g->len;
	return pool_put(s->pool, &g->job, e);
}

static int
all_segments(struct sum *s, const json_t *list, bool alone, uint64_t total,
	     struct err *e)
{
	struct vault *v = s->x->v;
	json_t *t;
	size_t i;
	int rc = 0;

	if (json_array_size(list) > OBJECT_SEGMENTS_MAX)
		return err_set(e, ERR_EVIDENCE, "too many segments");
	if (!alone && json_array_size(list) > 1 &&
	    (s->pool = pool_new(DEPTH, e)) == NULL)
		return -1;
	json_array_foreach (list, i, t) {
		if (!alone && v->progress != NULL)
			v->progress(v->progress_ctx, "opening files", s->size,
				    total);
		rc = one_segment(s, json_string_value(t), e);
		if (rc != 0)
			break;
	}
	if (rc == 0 && s->pool != NULL)
		rc = pool_drain(s->pool, e);
	pool_free(s->pool);
	return rc;
}

/* The content that the entry itself holds. */
static int
inline_content(struct sum *s, const struct entry *en, const char *content,
	       struct err *e)
{
	char name[16] = "";
	unsigned n = 0;

	if (content != NULL && sscanf(content, "%4u", &n) == 1)
		snprintf(name, sizeof name, "%04u", n);
	if (n == 0 || n > en->n || strcmp(content, name) != 0)
		return err_set(e, ERR_EVIDENCE, "its content is missing");
	return pass(s, en->contents[n - 1].data, en->contents[n - 1].len, e);
}

static int
extract(struct sum *s, const struct entry *en, const json_t *file, bool alone,
	struct err *e)
{
	const char *want = entry_str(file, "sha256");
	const json_t *segments = json_object_get(file, "segments");
	json_int_t size = json_integer_value(json_object_get(file, "size"));
	uint8_t digest[HASH_LEN];
	char hex[65];
	int rc;

	s->sha256 = hash_new(HASH_SHA256);
	if (s->sha256 == NULL)
		return err_memory(e);
	rc = json_is_array(segments)
		 ? all_segments(s, segments, alone, (uint64_t)size, e)
		 : inline_content(s, en, entry_str(file, "content"), e);
	if (rc == 0) {
		hash_final(s->sha256, digest);
		hex_encode(digest, HASH_LEN, hex);
		if (want == NULL || strcmp(want, hex) != 0 ||
		    s->size != (uint64_t)size)
			rc = err_set(e, ERR_EVIDENCE,
				     "its content is not what was recorded:"
				     " SHA-256 is %.16s...",
				     hex);
	}
	hash_free(s->sha256);
	return rc;
}

int
extract_file(struct index *x, const struct entry *en, const json_t *file,
	     extract_sink *sink, void *ctx, struct err *e)
{
	struct sum s = {.x = x, .sink = sink, .ctx = ctx};

	return extract(&s, en, file, false, e);
}

int
extract_alone(struct index *x, const struct entry *en, const json_t *file,
	      const struct map *checked, extract_sink *sink, void *ctx,
	      struct err *e)
{
	struct sum s = {.x = x, .checked = checked, .sink = sink, .ctx = ctx};

	return extract(&s, en, file, true, e);
}

int
extract_name(const json_t *file, char out[256])
{
	const char *name = entry_str(file, "name");
	const char *raw = entry_str(file, "name_bytes");
	size_t n;

	if (raw != NULL) {
		n = strlen(raw) / 2;
		if (n > NAME_MAX || strlen(raw) % 2 != 0 ||
		    hex_decode(raw, n, (uint8_t *)out) != 0)
			return -1;
		out[n] = '\0';
	} else {
		n = name != NULL ? strlen(name) : 0;
		if (n == 0 || n > NAME_MAX)
			return -1;
		memcpy(out, name, n + 1);
	}
	if (strlen(out) != n || strchr(out, '/') != NULL || n == 0 ||
	    strcmp(out, ".") == 0 || strcmp(out, "..") == 0)
		return -1;
	return 0;
}

int
extract_contents(const struct entry *en, struct err *e)
{
	json_t *files = json_object_get(en->doc, "files"), *f;
	bool named[ENTRY_CONTENTS_MAX + 1] = {false};
	size_t i, count = 0;
	char name[256];

	json_array_foreach (files, i, f) {
		const char *c = entry_str(f, "content");
		unsigned n = 0;

		if (extract_name(f, name) != 0)
			return err_set(
			    e, ERR_EVIDENCE,
			    "a recorded name is not one that a file can have");
		if (c == NULL)
			continue;
		if (strlen(c) != 4 || sscanf(c, "%4u", &n) != 1 || n == 0 ||
		    n > en->n || named[n])
			return err_set(
			    e, ERR_EVIDENCE,
			    "a file names a content that is not its own");
		named[n] = true;
		count++;
	}
	if (count != en->n)
		return err_set(e, ERR_EVIDENCE,
			       "it holds a content that no file names");
	return 0;
}

int
extract_inside(const struct entry *en)
{
	json_t *files = json_object_get(en->doc, "files"), *f;
	size_t i;

	if (extract_contents(en, NULL) != 0)
		return -1;
	json_array_foreach (files, i, f) {
		struct sum s = {0};

		if (json_object_get(f, "segments") != NULL ||
		    extract(&s, en, f, true, NULL) != 0)
			return -1;
	}
	return (int)json_array_size(files);
}

/* The recorded folders, as bytes: 0 with "" if there are none. */
static int
recorded_path(const json_t *file, char out[FSUTIL_PATH])
{
	const char *p = entry_str(file, "path");
	const char *raw = entry_str(file, "path_bytes");
	size_t n = raw != NULL ? strlen(raw) / 2 : 0;

	out[0] = '\0';
	if (raw == NULL) {
		if (p != NULL && strlen(p) >= FSUTIL_PATH)
			return -1;
		strcpy(out, p != NULL ? p : "");
		return 0;
	}
	if (n >= FSUTIL_PATH || strlen(raw) % 2 != 0 ||
	    hex_decode(raw, n, (uint8_t *)out) != 0)
		return -1;
	out[n] = '\0';
	return strlen(out) == n ? 0 : -1;
}

/*
 * The folder for a file: `folder` and, below it, those that it lay in. They
 * come from outside: each must be a plain name.
 */
static int
subfolder(const json_t *file, const char *folder, char out[FSUTIL_PATH],
	  struct err *e)
{
	char path[FSUTIL_PATH];
	bool plain = recorded_path(file, path) == 0;

	for (const char *p = path; plain && *p != '\0';) {
		size_t n = strcspn(p, "/");

		plain = n > 0 && n <= NAME_MAX && !(n == 1 && p[0] == '.') &&
			!(n == 2 && p[0] == '.' && p[1] == '.') &&
			!(p[n] == '/' && p[n + 1] == '\0');
		p += n + (p[n] == '/');
	}
	if (!plain)
		return err_set(
		    e, ERR_EVIDENCE,
		    "its recorded folder is not one that a file can lie in");
	if (path[0] != '\0')
		return fsutil_join(out, folder, path, e) == 0
			   ? fsutil_mkdirs(out, e)
			   : -1;
	if (snprintf(out, FSUTIL_PATH, "%s", folder) >= FSUTIL_PATH)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	return 0;
}

static int
to_fd(void *ctx, const void *bytes, size_t len, struct err *e)
{
	return fsutil_write_all(*(int *)ctx, bytes, len, e);
}

int
extract_place(const json_t *file, const char *folder, char path[FSUTIL_PATH],
	      struct err *e)
{
	char name[256], sub[FSUTIL_PATH];

	if (extract_name(file, name) != 0)
		return err_set(
		    e, ERR_EVIDENCE,
		    "its recorded name is not one that a file can have");
	if (subfolder(file, folder, sub, e) != 0)
		return -1;
	return fsutil_join(path, sub, name, e);
}

int
extract_to(struct index *x, const struct entry *en, const json_t *file,
	   const char *folder, char path[FSUTIL_PATH], struct err *e)
{
	struct newfile *f;
	int fd;

	if (extract_place(file, folder, path, e) != 0)
		return -1;
	f = newfile_open(path, e);
	if (f == NULL)
		return -1;
	fd = newfile_fd(f);
	if (extract_file(x, en, file, to_fd, &fd, e) != 0) {
		newfile_abort(f);
		return -1;
	}
	return newfile_commit(f, e);
}

struct extract_at {
	struct index *x;
	const json_t *segments; /* or NULL: `small` is all of it */
	const struct entry_content *small;
	uint8_t *data; /* the segment at hand */
	size_t which;
	uint64_t begins, len;
};

static void
let_go(struct extract_at *a)
{
	if (a->data != NULL)
		secret_wipe(a->data, (size_t)a->len);
	free(a->data);
	a->data = NULL;
}

struct extract_at *
extract_at_new(struct index *x, const struct entry *en, const json_t *file,
	       struct err *e)
{
	struct extract_at *a = calloc(1, sizeof *a);
	unsigned n = 0;

	if (a == NULL) {
		err_memory(e);
		return NULL;
	}
	a->x = x;
	a->segments = json_object_get(file, "segments");
	if (json_is_array(a->segments))
		return a;
	a->segments = NULL;
	/* extract_file has checked the form */
	(void)sscanf(entry_str(file, "content"), "%4u", &n);
	a->small = &en->contents[n - 1];
	return a;
}

void
extract_at_free(struct extract_at *a)
{
	if (a == NULL)
		return;
	let_go(a);
	free(a);
}

/* Open the segment in which the byte at `at` lies. */
static int
go_to(struct extract_at *a, uint64_t at, struct err *e)
{
	struct sum s = {.x = a->x};
	struct segment g;
	uint64_t begins = 0;
	json_t *t;
	size_t i;

	if (a->data != NULL && at >= a->begins && at - a->begins < a->len)
		return 0;
	let_go(a);
	json_array_foreach (a->segments, i, t) {
		if (segment_find(&s, json_string_value(t), &g, e) != 0)
			return -1;
		if (at - begins < g.len) {
			if (segment_work(&g.job, e) != 0)
				return -1;
			a->begins = begins;
			a->len = g.len;
			a->data = g.data;
			return 0;
		}
		begins += g.len;
	}
	return err_set(e, ERR_EVIDENCE, "its content ends too early");
}

int
extract_at_read(void *ctx, uint64_t at, void *buf, size_t len, struct err *e)
{
	struct extract_at *a = ctx;
	uint8_t *p = buf;

	if (a->small != NULL) {
		if (at > a->small->len || len > a->small->len - at)
			return err_set(e, ERR_EVIDENCE,
				       "its content ends too early");
		memcpy(buf, (const uint8_t *)a->small->data + at, len);
		return 0;
	}
	while (len > 0) {
		size_t n;

		if (go_to(a, at, e) != 0)
			return -1;
		n = (size_t)(a->begins + a->len - at);
		n = n < len ? n : len;
		memcpy(p, a->data + (at - a->begins), n);
		p += n;
		at += n;
		len -= n;
	}
	return 0;
}
