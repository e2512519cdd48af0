#include "extract.h"

#include "newfile.h"
#include "object.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "<64 hex> <decimal> <32 hex>" */
static int
parse_segment(const char *text, uint8_t sha256[HASH_LEN], uint64_t *len)
{
	size_t n = text != NULL ? strlen(text) : 0;

	if (n < 64 + 1 + 1 + 1 + 32 || text[64] != ' ' || text[n - 33] != ' ')
		return -1;
	if (hex_decode(text, HASH_LEN, sha256) != 0 ||
	    hex_decimal(text + 65, n - 33 - 65, len) != 0 ||
	    !hex_is(text + n - 32, 32) || *len == 0 ||
	    *len > OBJECT_SEGMENT_MAX)
		return -1;
	return 0;
}

struct sum {
	extract_sink *sink;
	void *ctx;
	struct hash *sha256;
	uint64_t size;
};

static int
pass(struct sum *s, const void *bytes, size_t len, struct err *e)
{
	hash_update(s->sha256, bytes, len);
	s->size += len;
	return s->sink != NULL ? s->sink(s->ctx, bytes, len, e) : 0;
}

/* Open an object with any of the keys that rings have given for it. */
static int
open_object(struct index *x, const uint8_t sha256[HASH_LEN], size_t key,
	    size_t len, uint8_t **data, struct err *e)
{
	struct err inner = {0};

	for (; key != SIZE_MAX; key = index_older_key(x, key)) {
		err_clear(&inner);
		if (object_read(x->v, sha256, index_key(x, key), len, data,
				&inner) == 0)
			return 0;
	}
	return err_set(e, inner.code, "%s", inner.msg);
}

static int
one_segment(struct index *x, const char *text, struct sum *s, struct err *e)
{
	uint8_t sha256[HASH_LEN], *data = NULL;
	uint64_t len = 0;
	size_t key;
	int rc;

	if (parse_segment(text, sha256, &len) != 0)
		return err_set(e, ERR_EVIDENCE, "a segment is not of the form");
	key = index_bulk_key(x, text + strlen(text) - HEX_ID_LEN);
	if (key == SIZE_MAX)
		return err_set(e, ERR_UNKNOWN,
			       "the key of its content is not here");
	if (open_object(x, sha256, key, (size_t)len, &data, e) != 0)
		return -1;
	rc = pass(s, data, (size_t)len, e);
	secret_wipe(data, (size_t)len);
	free(data);
	return rc;
}

static int
all_segments(struct index *x, const json_t *list, struct sum *s, uint64_t total,
	     struct err *e)
{
	json_t *t;
	size_t i;

	if (json_array_size(list) > OBJECT_SEGMENTS_MAX)
		return err_set(e, ERR_EVIDENCE, "too many segments");
	json_array_foreach (list, i, t) {
		if (x->v->progress != NULL)
			x->v->progress(x->v->progress_ctx, "opening files",
				       s->size, total);
		if (one_segment(x, json_string_value(t), s, e) != 0)
			return -1;
	}
	return 0;
}

int
extract_file(struct index *x, const struct entry *en, const json_t *file,
	     extract_sink *sink, void *ctx, struct err *e)
{
	const char *want = entry_str(file, "sha256");
	const char *content = entry_str(file, "content");
	const json_t *segments = json_object_get(file, "segments");
	json_int_t size = json_integer_value(json_object_get(file, "size"));
	struct sum s = {.sink = sink, .ctx = ctx};
	uint8_t digest[HASH_LEN];
	char hex[65];
	int rc = -1;

	s.sha256 = hash_new(HASH_SHA256);
	if (s.sha256 == NULL)
		return err_set(e, ERR_UNKNOWN, "no memory");
	if (json_is_array(segments)) {
		if (all_segments(x, segments, &s, (uint64_t)size, e) != 0)
			goto out;
	} else {
		char name[16] = "";
		unsigned n = 0;

		if (content != NULL && sscanf(content, "%4u", &n) == 1)
			snprintf(name, sizeof name, "%04u", n);
		if (n == 0 || n > en->n || strcmp(content, name) != 0) {
			err_set(e, ERR_EVIDENCE, "its content is missing");
			goto out;
		}
		if (pass(&s, en->contents[n - 1].data, en->contents[n - 1].len,
			 e) != 0)
			goto out;
	}
	hash_final(s.sha256, digest);
	hex_encode(digest, HASH_LEN, hex);
	if (want == NULL || strcmp(want, hex) != 0 || s.size != (uint64_t)size)
		err_set(e, ERR_EVIDENCE,
			"its content is not what was recorded: SHA-256 is"
			" %.16s...",
			hex);
	else
		rc = 0;
out:
	hash_free(s.sha256);
	return rc;
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
extract_to(struct index *x, const struct entry *en, const json_t *file,
	   const char *folder, char path[FSUTIL_PATH], struct err *e)
{
	struct newfile *f;
	char name[256], sub[FSUTIL_PATH];
	int fd;

	if (extract_name(file, name) != 0)
		return err_set(
		    e, ERR_EVIDENCE,
		    "its recorded name is not one that a file can have");
	if (subfolder(file, folder, sub, e) != 0 ||
	    fsutil_join(path, sub, name, e) != 0)
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
