#include "intake.h"

#include "canon.h"
#include "clock.h"
#include "extract.h"
#include "object.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INLINE_MAX (64u << 10) /* bytes of a file that an entry holds */
#define DEPTH_MAX 64	       /* folders in each other */
#define ESCAPED_MAX (4 * NAME_MAX + 8)

/* Content that the case holds: where it lies. */
struct known {
	size_t entry; /* SIZE_MAX: taken in by this command */
	char item[HEX_ID_LEN + 1];
	json_t *segments; /* of this command's own; else NULL */
};

struct intake {
	struct index *x;
	struct writer *w;
	char case_id[INDEX_CASE_MAX];
	struct mediatype *m;
	struct intake_options o;
	struct map by_sha256; /* content of this case -> known */
	struct map sizes; /* sizes of that content, to hash only these first */
	struct known *known;
	size_t n_known, cap_known;
	uint8_t *buf; /* one segment */
	size_t buf_len;
	size_t added, failed;
	uint64_t done; /* bytes read */
};

static void
size_key(uint64_t size, uint8_t key[MAP_KEY_LEN])
{
	memset(key, 0, MAP_KEY_LEN);
	memcpy(key, &size, sizeof size);
}

static int
remember(struct intake *in, const uint8_t sha256[HASH_LEN], uint64_t size,
	 size_t entry, const char *item, json_t *segments)
{
	uint8_t key[MAP_KEY_LEN];

	size_key(size, key);
	if (map_set(&in->sizes, key, 1) != 0)
		return -1;
	if (in->n_known == in->cap_known) {
		size_t cap = in->cap_known > 0 ? 2 * in->cap_known : 256;
		void *p = realloc(in->known, cap * sizeof *in->known);

		if (p == NULL)
			return -1;
		in->known = p;
		in->cap_known = cap;
	}
	in->known[in->n_known].entry = entry;
	in->known[in->n_known].segments = json_incref(segments);
	snprintf(in->known[in->n_known].item, HEX_ID_LEN + 1, "%s", item);
	return map_set(&in->by_sha256, sha256, in->n_known++);
}

/* List the content that the case holds already. */
static int
list_known(struct intake *in)
{
	struct index *x = in->x;

	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		json_t *doc, *files, *f;
		size_t k;
		int rc = 0;

		if (en->kind != KIND_RECORD || !en->accepted ||
		    strcmp(en->case_id, in->case_id) != 0)
			continue;
		doc = index_doc(en);
		files = json_object_get(doc, "files");
		json_array_foreach (files, k, f) {
			const char *hex = entry_str(f, "sha256");
			uint8_t sha256[HASH_LEN];

			if (hex != NULL && strlen(hex) == 64 &&
			    hex_decode(hex, HASH_LEN, sha256) == 0)
				rc |= remember(in, sha256,
					       (uint64_t)json_integer_value(
						   json_object_get(f, "size")),
					       i, en->item, NULL);
		}
		json_decref(doc);
		if (rc != 0)
			return -1;
	}
	return 0;
}

struct intake *
intake_new(struct index *x, struct writer *w, const char *case_id,
	   struct mediatype *m, const struct intake_options *o, struct err *e)
{
	struct intake *in = calloc(1, sizeof *in);

	if (in == NULL)
		goto memory;
	in->x = x;
	in->w = w;
	in->m = m;
	in->o = *o;
	snprintf(in->case_id, sizeof in->case_id, "%s", case_id);
	in->buf_len = OBJECT_SEGMENT;
	in->buf = malloc(in->buf_len);
	if (in->buf == NULL || list_known(in) != 0)
		goto memory;
	return in;
memory:
	err_set(e, ERR_UNKNOWN, "no memory");
	intake_free(in);
	return NULL;
}

void
intake_free(struct intake *in)
{
	if (in == NULL)
		return;
	for (size_t i = 0; i < in->n_known; i++)
		json_decref(in->known[i].segments);
	if (in->buf != NULL)
		secret_wipe(in->buf, in->buf_len);
	free(in->buf);
	free(in->known);
	map_free(&in->by_sha256);
	map_free(&in->sizes);
	free(in);
}

size_t
intake_added(const struct intake *in)
{
	return in->added;
}

size_t
intake_failed(const struct intake *in)
{
	return in->failed;
}

static void
tell(struct intake *in, enum intake_what what, const char *path,
     const char *item, const char *why)
{
	in->failed += what == INTAKE_FAILED;
	in->added += what == INTAKE_ADDED;
	if (in->o.told != NULL)
		in->o.told(in->o.ctx, what, path, item, why);
}

/*
 * Bytes of a file name as a text that an entry can keep: what is no UTF-8 or
 * a control character is written \xNN. True if something had to be escaped.
 */
static bool
escape_name(const char *name, char out[ESCAPED_MAX])
{
	json_t *v = json_string(name);
	bool plain = v != NULL && canon_is_text(name, strlen(name)) &&
		     strchr(name, '\\') == NULL;

	json_decref(v);
	if (plain) {
		snprintf(out, ESCAPED_MAX, "%s", name);
		return false;
	}
	/* byte by byte: any run that is UTF-8 stays */
	for (const char *p = name; *p != '\0';) {
		size_t n = 0;

		for (size_t k = 1; k <= 4 && n == 0; k++) {
			json_t *c =
			    strnlen(p, k) == k ? json_stringn(p, k) : NULL;

			n = c != NULL ? k : 0;
			json_decref(c);
		}
		if (*p == '\\')
			out += sprintf(out, "\\\\"), p++;
		else if (n == 0 || !canon_is_text(p, n))
			out += sprintf(out, "\\x%02x", (unsigned char)*p), p++;
		else
			memcpy(out, p, n), out += n, p += n;
	}
	*out = '\0';
	return true;
}

/* A file that is being taken in. */
struct source {
	int fd;
	const char *shown; /* how messages call it */
	const char *name;  /* its own name */
	const char *rel;   /* folders below the one that was added; or "" */
	struct stat st;
	struct hash *sha256;
	uint64_t size;
};

/* Fill the buffer as far as the file goes. -1 with errno. */
static ssize_t
read_segment(struct intake *in, struct source *s)
{
	size_t n = 0;

	while (n < in->buf_len) {
		ssize_t r = read(s->fd, in->buf + n, in->buf_len - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	hash_update(s->sha256, in->buf, n);
	s->size += n;
	in->done += n;
	if (in->x->v->progress != NULL)
		in->x->v->progress(in->x->v->progress_ctx, "taking in",
				   in->done, 0);
	return (ssize_t)n;
}

static int
set(json_t *o, const char *key, const char *value)
{
	return json_object_set_new(o, key, json_string(value));
}

/* The folders of a file: each name escaped by itself; bytes if need be. */
static int
describe_path(json_t *f, const char *rel)
{
	char *path = malloc(4 * strlen(rel) + 8), *p = path;
	char *hex = malloc(2 * strlen(rel) + 1);
	bool escaped = false;
	int rc = path == NULL || hex == NULL;

	for (const char *part = rel; rc == 0 && *part != '\0';) {
		char one[NAME_MAX + 1], out[ESCAPED_MAX];
		size_t n = strcspn(part, "/");

		snprintf(one, sizeof one, "%.*s", (int)n, part);
		escaped |= escape_name(one, out);
		p += sprintf(p, "%s%s", p > path ? "/" : "", out);
		part += n + (part[n] == '/');
	}
	if (rc == 0) {
		hex_encode((const uint8_t *)rel, strlen(rel), hex);
		rc = set(f, "path", path) |
		     (escaped ? set(f, "path_bytes", hex) : 0);
	}
	free(hex);
	free(path);
	return rc;
}

/* The file's own description; content or segments come later. */
static json_t *
describe(struct intake *in, struct source *s, const uint8_t *head, size_t len)
{
	char escaped[ESCAPED_MAX], type[MEDIATYPE_LEN], time[CLOCK_LEN];
	json_t *f = json_object();
	int rc = f == NULL;

	if (f == NULL)
		return NULL;
	if (escape_name(s->name, escaped)) {
		char hex[2 * NAME_MAX + 1];

		hex_encode((const uint8_t *)s->name, strnlen(s->name, NAME_MAX),
			   hex);
		rc |= set(f, "name_bytes", hex);
	}
	rc |= set(f, "name", escaped);
	if (s->rel[0] != '\0')
		rc |= describe_path(f, s->rel);
	(void)mediatype_ask(in->m, head, len, type);
	clock_format(s->st.st_mtime, time);
	rc |= set(f, "media_type", type) | set(f, "modified", time);
	if (rc != 0) {
		json_decref(f);
		return NULL;
	}
	return f;
}

/*
 * Cut the file into segments and lock them to one bulk identity. 0; 1 if the
 * file cannot be read further (errno says why); -1 with `e` filled.
 */
static int
take_segments(struct intake *in, struct source *s, size_t have,
	      json_t *segments, struct err *e)
{
	char bulk[HEX_ID_LEN + 1], hex[65], line[160];
	uint8_t sha256[HASH_LEN];
	ssize_t n = (ssize_t)have;

	if (writer_bulk(in->w, bulk, e) != 0)
		return -1;
	/* a file that grows is refused by the caller: do not follow it */
	while (n > 0 && s->size <= (uint64_t)s->st.st_size) {
		if (json_array_size(segments) >= OBJECT_SEGMENTS_MAX)
			return err_set(e, ERR_UNKNOWN, "%s: too large",
				       s->shown);
		if (writer_segment(in->w, in->buf, (size_t)n, sha256, e) != 0)
			return -1;
		hex_encode(sha256, HASH_LEN, hex);
		snprintf(line, sizeof line, "%s %zd %s", hex, n, bulk);
		if (json_array_append_new(segments, json_string(line)) != 0)
			return err_set(e, ERR_UNKNOWN, "no memory");
		n = read_segment(in, s);
	}
	return n < 0;
}

/* Did the file change while it was read? */
static bool
changed(const struct source *s)
{
	struct stat now;

	return fstat(s->fd, &now) != 0 || now.st_size != s->st.st_size ||
	       (uint64_t)now.st_size != s->size ||
	       now.st_mtim.tv_sec != s->st.st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != s->st.st_mtim.tv_nsec;
}

/* How the case refers to content that it holds: its segments, or NULL. */
static json_t *
known_segments(struct intake *in, const struct known *k, const char *sha256_hex)
{
	json_t *doc, *files, *f, *found = NULL;
	size_t i;

	if (k->entry == SIZE_MAX)
		return json_incref(k->segments);
	doc = index_doc(&in->x->entries[k->entry]);
	files = json_object_get(doc, "files");
	json_array_foreach (files, i, f) {
		const char *hex = entry_str(f, "sha256");

		if (hex != NULL && strcmp(hex, sha256_hex) == 0)
			found = json_incref(json_object_get(f, "segments"));
	}
	json_decref(doc);
	return found;
}

/*
 * Records may claim any hash. Content counts as known only if what the case
 * holds opens, and has that SHA-256.
 */
static bool
is_here(struct intake *in, const struct known *k,
	const uint8_t sha256[HASH_LEN])
{
	struct entry opened = {0};
	char hex[65];
	json_t *f;
	size_t i;
	bool found = false;

	if (k->entry == SIZE_MAX)
		return true; /* this command has taken it in itself */
	if (index_entry_open(in->x, &in->x->entries[k->entry], &opened, NULL) !=
	    0)
		return false;
	hex_encode(sha256, HASH_LEN, hex);
	json_array_foreach (json_object_get(opened.doc, "files"), i, f) {
		const char *s = entry_str(f, "sha256");

		if (!found && s != NULL && strcmp(s, hex) == 0)
			found = extract_file(in->x, &opened, f, NULL, NULL,
					     NULL) == 0;
	}
	entry_free(&opened);
	return found;
}

/* SHA-256 of the whole file, to know it before anything is written. */
static int
hash_file(struct intake *in, struct source *s, uint8_t sha256[HASH_LEN])
{
	ssize_t n;

	while ((n = read_segment(in, s)) > 0 &&
	       s->size <= (uint64_t)s->st.st_size)
		;
	if (n < 0 || lseek(s->fd, 0, SEEK_SET) != 0)
		return -1;
	hash_final(s->sha256, sha256);
	s->size = 0;
	return 0;
}

enum taken {
	TAKEN_OK,
	TAKEN_KNOWN,  /* the case has it */
	TAKEN_FAILED, /* told; the rest goes on */
	TAKEN_FATAL,  /* `e` is filled */
};

/* A file on its way in. */
struct taking {
	struct source *s;
	bool again;		      /* take known content in once more */
	json_t *file;		      /* its description */
	json_t *segments;	      /* of a large one */
	struct entry_content content; /* of a small one: the entry holds it */
	uint8_t sha256[HASH_LEN];
	char known[HEX_ID_LEN + 1]; /* TAKEN_KNOWN: the item that has it */
};

static void
taking_end(struct taking *t)
{
	json_decref(t->file);
	json_decref(t->segments);
}

static enum taken
unreadable(struct intake *in, const struct source *s)
{
	tell(in, INTAKE_FAILED, s->shown, NULL, strerror(errno));
	return TAKEN_FAILED;
}

static enum taken
moved(struct intake *in, const struct source *s)
{
	tell(in, INTAKE_FAILED, s->shown, NULL,
	     "it changed while it was read; nothing of it was kept as"
	     " evidence");
	return TAKEN_FAILED;
}

/* Does the case hold this content? Then *at is its place among the known. */
static bool
is_known(struct intake *in, const struct taking *t, size_t *at)
{
	return map_get(&in->by_sha256, t->sha256, at) &&
	       is_here(in, &in->known[*at], t->sha256);
}

static enum taken
known_as(struct intake *in, struct taking *t, size_t at)
{
	strcpy(t->known, in->known[at].item);
	return TAKEN_KNOWN;
}

/* All of a small file is in the buffer. */
static enum taken
take_small(struct intake *in, struct taking *t, size_t len)
{
	size_t at;

	if (len > INLINE_MAX || changed(t->s))
		return moved(in, t->s);
	hash_final(t->s->sha256, t->sha256);
	if (!t->again && is_known(in, t, &at))
		return known_as(in, t, at);
	t->content.data = in->buf;
	t->content.len = len;
	return TAKEN_OK;
}

/* Lock a large file's segments, the first of which is in the buffer. */
static enum taken
store_large(struct intake *in, struct taking *t, size_t len, bool hashed,
	    struct err *e)
{
	uint8_t digest[HASH_LEN];
	int rc;

	t->segments = json_array();
	if (t->segments == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
		return TAKEN_FATAL;
	}
	rc = take_segments(in, t->s, len, t->segments, e);
	if (rc != 0)
		return rc < 0 ? TAKEN_FATAL : unreadable(in, t->s);
	hash_final(t->s->sha256, digest);
	if (changed(t->s) ||
	    (hashed && memcmp(digest, t->sha256, HASH_LEN) != 0))
		return moved(in, t->s);
	memcpy(t->sha256, digest, HASH_LEN);
	return TAKEN_OK;
}

static enum taken
take_large(struct intake *in, struct taking *t, size_t len, bool hashed,
	   struct err *e)
{
	char hex[65];
	size_t at;

	if (hashed && is_known(in, t, &at)) {
		if (!t->again)
			return known_as(in, t, at);
		hex_encode(t->sha256, HASH_LEN, hex);
		t->segments = known_segments(in, &in->known[at], hex);
		if (t->segments != NULL)
			return TAKEN_OK;
	}
	return store_large(in, t, len, hashed, e);
}

/*
 * Read a file: its description with its content or segments. The caller ends
 * the taking.
 */
static enum taken
take_file(struct intake *in, struct taking *t, struct err *e)
{
	struct source *s = t->s;
	uint8_t key[MAP_KEY_LEN];
	char hex[65];
	enum taken rc;
	size_t at;
	ssize_t n;
	bool large = s->st.st_size > (off_t)INLINE_MAX, hashed;

	/* a large file is read twice only if its content may be known */
	size_key((uint64_t)s->st.st_size, key);
	hashed = large && map_get(&in->sizes, key, &at);
	if (hashed && hash_file(in, s, t->sha256) != 0)
		return unreadable(in, s);
	n = read_segment(in, s);
	if (n < 0)
		return unreadable(in, s);
	t->file = describe(in, s, in->buf, (size_t)n);
	rc = t->file == NULL ? TAKEN_OK
	     : large	     ? take_large(in, t, (size_t)n, hashed, e)
			     : take_small(in, t, (size_t)n);
	if (rc != TAKEN_OK)
		return rc;
	hex_encode(t->sha256, HASH_LEN, hex);
	if (t->file != NULL &&
	    (set(t->file, "sha256", hex) |
	     json_object_set_new(t->file, "size",
				 json_integer(large ? s->st.st_size : n)) |
	     (large ? json_object_set(t->file, "segments", t->segments)
		    : set(t->file, "content", "0001"))) == 0)
		return TAKEN_OK;
	err_set(e, ERR_UNKNOWN, "no memory, or a name that cannot be kept");
	return TAKEN_FATAL;
}

/* Open a source; -1 after telling why it is passed over. */
static int
open_source(struct intake *in, struct source *s, const char *path)
{
	memset(s, 0, sizeof *s);
	s->shown = path;
	s->name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	s->rel = "";
	/* O_NONBLOCK: a FIFO that was put here since must not hang us */
	s->fd = open(path,
		     O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &s->st) != 0) {
		tell(in, INTAKE_FAILED, path, NULL, strerror(errno));
		goto bad;
	}
	if (!S_ISREG(s->st.st_mode)) {
		tell(in, INTAKE_SKIPPED, path, NULL, "not a regular file");
		goto bad;
	}
	s->sha256 = hash_new(HASH_SHA256);
	if (s->sha256 != NULL)
		return 0;
	tell(in, INTAKE_FAILED, path, NULL, "no memory");
bad:
	if (s->fd >= 0)
		close(s->fd);
	return -1;
}

static void
close_source(struct source *s)
{
	hash_free(s->sha256);
	close(s->fd);
}

/* The record of one file; its hash is remembered for the rest. */
static int
put_record(struct intake *in, const char *item, json_t *parents,
	   const json_t *fields, json_t *files,
	   const struct entry_content *content, struct err *e)
{
	json_t *doc = json_object(), *copy = json_deep_copy(fields);
	int rc = -1;

	if (doc == NULL || copy == NULL ||
	    (set(doc, "item", item) | json_object_set(doc, "parents", parents) |
	     json_object_set(doc, "fields", copy) |
	     json_object_set(doc, "files", files)) != 0)
		err_set(e, ERR_UNKNOWN, "no memory");
	else
		rc = writer_entry(in->w, "record", doc, content,
				  content->data != NULL, false, NULL, e);
	json_decref(copy);
	json_decref(doc);
	return rc;
}

static int
new_item(struct intake *in, struct source *s, json_t *file,
	 const struct entry_content *content, const uint8_t sha256[HASH_LEN],
	 struct err *e)
{
	char item[HEX_ID_LEN + 1];
	uint8_t raw[16];
	json_t *parents = json_array(), *files = json_array(), *fields = NULL;
	int rc = -1;

	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, item);
	fields = json_deep_copy(in->o.fields);
	if (parents == NULL || files == NULL || fields == NULL ||
	    json_array_append(files, file) != 0) {
		err_set(e, ERR_UNKNOWN, "no memory");
		goto out;
	}
	if (put_record(in, item, parents, fields, files, content, e) != 0)
		goto out;
	if (remember(
		in, sha256,
		(uint64_t)json_integer_value(json_object_get(file, "size")),
		SIZE_MAX, item, json_object_get(file, "segments")) != 0) {
		err_set(e, ERR_UNKNOWN, "no memory");
		goto out;
	}
	tell(in, INTAKE_ADDED, s->shown, item, NULL);
	rc = 0;
out:
	json_decref(fields);
	json_decref(files);
	json_decref(parents);
	return rc;
}

static int
add_file(struct intake *in, const char *path, const char *rel, struct err *e)
{
	struct source s;
	struct taking t = {.s = &s, .again = in->o.again};
	int rc = 0;

	if (open_source(in, &s, path) != 0)
		return 0;
	s.rel = rel;
	switch (take_file(in, &t, e)) {
	case TAKEN_OK:
		rc = new_item(in, &s, t.file, &t.content, t.sha256, e);
		break;
	case TAKEN_KNOWN:
		tell(in, INTAKE_KNOWN, path, t.known, NULL);
		break;
	case TAKEN_FAILED:
		break;
	case TAKEN_FATAL:
		rc = -1;
		break;
	}
	taking_end(&t);
	close_source(&s);
	return rc;
}

static int add_any(struct intake *in, const char *path, const char *rel,
		   int depth, bool top, struct err *e);

static int
add_folder(struct intake *in, const char *path, const char *rel, int depth,
	   struct err *e)
{
	struct dirent **list = NULL;
	int n, rc = 0;

	if (depth >= DEPTH_MAX) {
		tell(in, INTAKE_FAILED, path, NULL,
		     "folders are nested too deeply");
		return 0;
	}
	n = scandir(path, &list, NULL, alphasort);
	if (n < 0) {
		tell(in, INTAKE_FAILED, path, NULL, strerror(errno));
		return 0;
	}
	for (int i = 0; i < n; i++) {
		const char *d = list[i]->d_name;
		char sub[PATH_MAX], below[PATH_MAX];

		if (rc != 0 || strcmp(d, ".") == 0 || strcmp(d, "..") == 0)
			continue;
		if (snprintf(sub, sizeof sub, "%s/%s", path, d) >=
			(int)sizeof sub ||
		    snprintf(below, sizeof below, "%s%s%s", rel,
			     rel[0] != '\0' ? "/" : "", d) >= (int)sizeof below)
			tell(in, INTAKE_FAILED, path, NULL,
			     "its path is too long");
		else
			rc = add_any(in, sub,
				     rel[0] == '\0' && depth == 0 ? d : below,
				     depth, false, e);
	}
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return rc;
}

/* `rel` is the path below the folder that was named, this name included. */
static int
add_any(struct intake *in, const char *path, const char *rel, int depth,
	bool top, struct err *e)
{
	struct stat st;
	char folder[PATH_MAX];
	const char *slash;

	if (lstat(path, &st) != 0) {
		tell(in, INTAKE_FAILED, path, NULL, strerror(errno));
		return 0;
	}
	if (S_ISDIR(st.st_mode))
		return add_folder(in, path, top ? "" : rel, depth + 1, e);
	if (S_ISLNK(st.st_mode) || !S_ISREG(st.st_mode)) {
		tell(in, INTAKE_SKIPPED, path, NULL,
		     S_ISLNK(st.st_mode)    ? "a symbolic link"
		     : S_ISFIFO(st.st_mode) ? "a pipe"
		     : S_ISSOCK(st.st_mode) ? "a socket"
					    : "a device");
		return 0;
	}
	slash = strrchr(rel, '/');
	snprintf(folder, sizeof folder, "%.*s",
		 slash != NULL ? (int)(slash - rel) : 0, rel);
	return add_file(in, path, top ? "" : folder, e);
}

int
intake_path(struct intake *in, const char *path, struct err *e)
{
	char clean[PATH_MAX];
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n == 0 || n >= sizeof clean)
		return err_set(e, ERR_UNKNOWN, "a path is empty or too long");
	memcpy(clean, path, n);
	clean[n] = '\0';
	return add_any(in, clean, "", 0, true, e);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The hashes of all current versions, sorted. */
static json_t *
current_hashes(struct intake *in, const struct index_item *item)
{
	json_t *list = json_array();
	char(*hex)[65] = calloc(item->n + 1, sizeof *hex);
	size_t n = 0;

	for (size_t i = 0; hex != NULL && i < item->n; i++) {
		const struct index_entry *en =
		    &in->x->entries[item->versions[i]];

		if (!en->replaced)
			hex_encode(en->sha256, HASH_LEN, hex[n++]);
	}
	if (hex != NULL)
		qsort(hex, n, sizeof *hex, by_text);
	for (size_t i = 0; i < n; i++)
		if (json_array_append_new(list, json_string(hex[i])) != 0)
			n = 0;
	free(hex);
	return list;
}

/* The content stays: its files, and what its entry holds. */
static int
edit_fields(struct intake *in, const struct index_item *item, json_t *parents,
	    const json_t *fields, struct err *e)
{
	struct index_entry *en = index_current(in->x, item, NULL);
	struct entry old = {0};
	struct entry_content none = {0};
	int rc = -1;

	if (index_entry_open(in->x, en, &old, e) != 0)
		return -1;
	if (old.n > 1)
		err_set(e, ERR_UNKNOWN,
			"this item was written by a later version");
	else
		rc = put_record(in, item->id, parents, fields,
				json_object_get(old.doc, "files"),
				old.n == 1 ? &old.contents[0] : &none, e);
	entry_free(&old);
	return rc;
}

static int
edit_content(struct intake *in, const struct index_item *item, json_t *parents,
	     const json_t *fields, const char *path, struct err *e)
{
	struct source s;
	struct taking t = {.s = &s, .again = true};
	json_t *files = json_array();
	int rc = -1;

	if (files == NULL || open_source(in, &s, path) != 0) {
		json_decref(files);
		return err_set(e, ERR_UNKNOWN, "nothing was changed");
	}
	if (take_file(in, &t, e) == TAKEN_OK &&
	    json_array_append(files, t.file) == 0)
		rc = put_record(in, item->id, parents, fields, files,
				&t.content, e);
	else
		err_set(e, ERR_UNKNOWN, "nothing was changed");
	taking_end(&t);
	json_decref(files);
	close_source(&s);
	return rc;
}

int
intake_edit(struct intake *in, const struct index_item *item,
	    const json_t *fields, const char *path, struct err *e)
{
	json_t *parents = current_hashes(in, item);
	int rc;

	if (parents == NULL)
		return err_set(e, ERR_UNKNOWN, "no memory");
	rc = path == NULL ? edit_fields(in, item, parents, fields, e)
			  : edit_content(in, item, parents, fields, path, e);
	json_decref(parents);
	return rc;
}
