#include "intake_inside.h"

#include "canon.h"
#include "clock.h"
#include "cold.h"
#include "extract.h"
#include "index_inside.h"
#include "object.h"
#include "segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 64			/* folders in each other */
#define LARGE_MAX (UINT64_C(128) << 30) /* bytes of a file */
/* files that are read while others are still being looked at and locked */
#define AHEAD 24

/* a file's type is asked for twice at most */
_Static_assert(MEDIATYPE_AHEAD >= 2 * (AHEAD + 1), "answers that are kept");
_Static_assert(INTAKE_INLINE_MAX < SEGMENTS_PIECE, "a small file is one piece");

/* Content that the case holds: where it lies. */
struct known {
	size_t entry; /* SIZE_MAX: taken in by this command */
	char item[HEX_ID_LEN + 1];
	json_t *segments; /* of this command's own; else NULL */
};

/*
 * A file that was read: its item is made when all before it has been. Or what
 * else is to be told when that has been told which is before it.
 */
struct ahead {
	enum intake_what what;
	char *shown, *why; /* or NULL */
	char item[HEX_ID_LEN + 1];
	uint64_t question; /* that asks for its media type */
	json_t *file, *fields, *within;
	struct entry_content content; /* its own bytes */
	size_t mark; /* in the writer's pool: its segments are before it */
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
	struct segments *segments; /* made for the first large file */
	uint8_t *buf;		   /* SEGMENTS_PIECE bytes */
	char root[PATH_MAX]; /* what was named, absolute; "" if not known */
	size_t named;	     /* bytes of the path as it was named */
	uint64_t question;   /* of the last file described */
	struct ahead ahead[AHEAD];
	size_t n_ahead;
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
	in->buf = malloc(SEGMENTS_PIECE);
	if (in->buf == NULL || list_known(in) != 0)
		goto memory;
	return in;
memory:
	err_memory(e);
	intake_free(in);
	return NULL;
}

static void
ahead_free(struct ahead *a)
{
	uint8_t *data = (uint8_t *)(uintptr_t)a->content.data;

	if (data != NULL)
		secret_wipe(data, a->content.len);
	free(data);
	free(a->shown);
	free(a->why);
	json_decref(a->file);
	json_decref(a->fields);
	json_decref(a->within);
}

void
intake_free(struct intake *in)
{
	if (in == NULL)
		return;
	segments_free(in->segments);
	for (size_t i = 0; i < in->n_ahead; i++)
		ahead_free(&in->ahead[i]);
	for (size_t i = 0; i < in->n_known; i++)
		json_decref(in->known[i].segments);
	if (in->buf != NULL)
		secret_wipe(in->buf, SEGMENTS_PIECE);
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
tell_now(struct intake *in, enum intake_what what, const char *path,
	 const char *item, const char *why)
{
	in->failed += what == INTAKE_FAILED;
	in->added += what == INTAKE_ADDED;
	if (in->o.told != NULL)
		in->o.told(in->o.ctx, what, path, item, why);
}

/* In the order of the files, or at once where memory is short. */
static void
tell(struct intake *in, enum intake_what what, const char *path,
     const char *item, const char *why)
{
	struct ahead *a = &in->ahead[in->n_ahead];

	if (in->n_ahead == 0 || in->n_ahead == AHEAD) {
		tell_now(in, what, path, item, why);
		return;
	}
	memset(a, 0, sizeof *a);
	a->what = what;
	a->shown = strdup(path);
	a->why = why != NULL ? strdup(why) : NULL;
	if (item != NULL)
		snprintf(a->item, sizeof a->item, "%s", item);
	if (a->shown != NULL && (a->why != NULL || why == NULL)) {
		in->n_ahead++;
		return;
	}
	ahead_free(a);
	tell_now(in, what, path, item, why);
}

/*
 * Bytes of a file name as a text that an entry can keep: what is no UTF-8 or
 * a control character is written \xNN. True if something had to be escaped.
 */
static bool
escape_name(const char *name, char out[INTAKE_ESCAPED_MAX])
{
	json_t *v = json_string(name);
	bool plain = v != NULL && canon_is_text(name, strlen(name)) &&
		     strchr(name, '\\') == NULL;

	json_decref(v);
	if (plain) {
		snprintf(out, INTAKE_ESCAPED_MAX, "%s", name);
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

/* Fill a piece as far as the file goes. -1 with errno. */
static ssize_t
read_piece(struct intake *in, struct source *s, uint8_t *buf)
{
	size_t n = 0;

	while (n < SEGMENTS_PIECE) {
		ssize_t r = read(s->fd, buf + n, SEGMENTS_PIECE - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	hash_update(s->sha256, buf, n);
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
		char one[NAME_MAX + 1], out[INTAKE_ESCAPED_MAX];
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

/* Its media type, which was asked for when it was described. */
static int
set_type(struct intake *in, json_t *file, uint64_t question)
{
	char type[MEDIATYPE_LEN];

	mediatype_get(in->m, question, type);
	return set(file, "media_type", type);
}

/* The file's own description; type, content or segments come later. */
static json_t *
describe(struct intake *in, struct source *s, const uint8_t *head, size_t len)
{
	char escaped[INTAKE_ESCAPED_MAX], time[CLOCK_LEN];
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
	in->question = mediatype_put(in->m, head, len);
	clock_format(s->st.st_mtime, time);
	rc |= set(f, "modified", time);
	if (rc != 0) {
		json_decref(f);
		return NULL;
	}
	return f;
}

/* The segments that a record of the case lists. -1: no memory. */
static int
hold_record(struct intake *in, const json_t *doc)
{
	json_t *f, *t;
	size_t k, n;
	int rc = 0;

	json_array_foreach (json_object_get(doc, "files"), k, f) {
		uint64_t offset = 0;

		json_array_foreach (json_object_get(f, "segments"), n, t)
			rc |= segments_held(in->segments, &offset,
					    json_string_value(t));
	}
	return rc;
}

/* The same of one that rests in the index cache. */
static int
hold_resting(void *ctx, size_t at, const struct cold_record *r)
{
	struct intake *in = ctx;
	char *text = cold_text(in->x->cold, at, r);
	json_t *doc = text == NULL ? NULL
				   : json_loadb(text, r->text_len,
						JSON_REJECT_DUPLICATES, NULL);
	int rc = doc == NULL ? 0 : hold_record(in, doc);

	json_decref(doc);
	free(text);
	return rc;
}

/* Segments of the case's files, which new ones may be the same as. */
static int
hold_known(struct intake *in)
{
	struct index *x = in->x;

	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		json_t *doc;
		int rc;

		if (en->kind != KIND_RECORD || !en->accepted ||
		    strcmp(en->case_id, in->case_id) != 0)
			continue;
		doc = index_doc(en);
		rc = hold_record(in, doc);
		json_decref(doc);
		if (rc != 0)
			return -1;
	}
	return x->cold == NULL
		   ? 0
		   : cold_contents(x->cold, cold_name(x->cold, in->case_id),
				   SEGMENTS_UNCUT, hold_resting, in);
}

struct segments *
intake_segments(struct intake *in, struct err *e)
{
	if (in->segments == NULL) {
		in->segments = segments_new(in->x, in->w, in->case_id, e);
		if (in->segments != NULL && hold_known(in) != 0) {
			err_memory(e);
			segments_free(in->segments);
			in->segments = NULL;
		}
	}
	return in->segments;
}

/*
 * Read the rest of the file, of which `n` bytes are in the room for segments.
 * 0; 1 if it cannot be read further (errno says why); -1 with `e` filled.
 */
static int
take_segments(struct intake *in, struct source *s, ssize_t n, struct err *e)
{
	uint8_t *room;

	/* a file that grows is refused by the caller: do not follow it */
	while (n > 0 && s->size <= (uint64_t)s->st.st_size) {
		if (segments_put(in->segments, (size_t)n, e) != 0)
			return -1;
		room = segments_room(in->segments, e);
		if (room == NULL)
			return -1;
		n = read_piece(in, s, room);
	}
	if (n < 0)
		return 1;
	return segments_end(in->segments, e);
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

	while ((n = read_piece(in, s, in->buf)) > 0 &&
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

/* Content that rests in the index cache: its record thaws. */
static void
recall(struct intake *in, uint64_t size, const uint8_t sha256[HASH_LEN])
{
	size_t at, entry;

	if (in->x->cold == NULL || map_get(&in->by_sha256, sha256, &at))
		return;
	at = cold_content(in->x->cold, cold_name(in->x->cold, in->case_id),
			  size, sha256);
	if (at != SIZE_MAX && index_thaw_one(in->x, at, &entry, NULL) == 0)
		(void)remember(in, sha256, size, entry,
			       in->x->entries[entry].item, NULL);
}

/* Does the case hold content of this size? */
static bool
is_size_known(struct intake *in, uint64_t size)
{
	struct cold *c = in->x->cold;
	uint8_t key[MAP_KEY_LEN];
	size_t at;

	size_key(size, key);
	return map_get(&in->sizes, key, &at) ||
	       (c != NULL && cold_content(c, cold_name(c, in->case_id), size,
					  NULL) != SIZE_MAX);
}

/* Does the case hold this content? Then *at is its place among the known. */
static bool
is_known(struct intake *in, uint64_t size, const uint8_t sha256[HASH_LEN],
	 size_t *at)
{
	recall(in, size, sha256);
	return map_get(&in->by_sha256, sha256, at) &&
	       is_here(in, &in->known[*at], sha256);
}

static enum taken
known_as(struct intake *in, struct taking *t, size_t at)
{
	strcpy(t->known, in->known[at].item);
	return TAKEN_KNOWN;
}

static enum taken
take_small(struct intake *in, struct taking *t)
{
	ssize_t n = read_piece(in, t->s, in->buf);
	size_t at, len = (size_t)n;

	if (n < 0)
		return unreadable(in, t->s);
	if (len > INTAKE_INLINE_MAX || changed(t->s))
		return moved(in, t->s);
	hash_final(t->s->sha256, t->sha256);
	if (!t->again &&
	    is_known(in, (uint64_t)t->s->st.st_size, t->sha256, &at))
		return known_as(in, t, at);
	t->file = describe(in, t->s, in->buf, len);
	t->content.data = in->buf;
	t->content.len = len;
	return TAKEN_OK;
}

/* Read a large file, and describe it by its first bytes. */
static enum taken
store_large(struct intake *in, struct taking *t, bool hashed, struct err *e)
{
	struct source *s = t->s;
	uint8_t digest[HASH_LEN], *room;
	ssize_t n;
	int rc;

	t->segments = json_array();
	if (t->segments == NULL) {
		err_memory(e);
		return TAKEN_FATAL;
	}
	if (intake_segments(in, e) == NULL)
		return TAKEN_FATAL;
	(void)posix_fadvise(s->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	segments_begin(in->segments, (uint64_t)s->st.st_size, t->segments);
	room = segments_room(in->segments, e);
	if (room == NULL)
		return TAKEN_FATAL;
	n = read_piece(in, s, room);
	if (n < 0)
		return unreadable(in, s);
	t->file = describe(in, s, room, (size_t)n);
	rc = take_segments(in, s, n, e);
	if (rc != 0)
		return rc < 0 ? TAKEN_FATAL : unreadable(in, s);
	hash_final(s->sha256, digest);
	if (changed(s) || (hashed && memcmp(digest, t->sha256, HASH_LEN) != 0))
		return moved(in, s);
	memcpy(t->sha256, digest, HASH_LEN);
	return TAKEN_OK;
}

/* A large file whose content the case has: only its first bytes are read. */
static enum taken
name_large(struct intake *in, struct taking *t, size_t at)
{
	ssize_t n = read_piece(in, t->s, in->buf);
	char hex[65];

	if (n < 0)
		return unreadable(in, t->s);
	hex_encode(t->sha256, HASH_LEN, hex);
	t->file = describe(in, t->s, in->buf, (size_t)n);
	t->segments = known_segments(in, &in->known[at], hex);
	return TAKEN_OK;
}

static enum taken
take_large(struct intake *in, struct taking *t, struct err *e)
{
	struct source *s = t->s;
	uint8_t unused[HASH_LEN];
	enum taken rc;
	size_t at;
	bool hashed;

	if ((uint64_t)s->st.st_size > LARGE_MAX) {
		tell(in, INTAKE_FAILED, s->shown, NULL, "larger than 128 GiB");
		return TAKEN_FAILED;
	}
	/* it is read twice only if its content may be known */
	hashed = is_size_known(in, (uint64_t)s->st.st_size);
	if (hashed && hash_file(in, s, t->sha256) != 0)
		return unreadable(in, s);
	if (hashed &&
	    is_known(in, (uint64_t)t->s->st.st_size, t->sha256, &at)) {
		if (!t->again)
			return known_as(in, t, at);
		rc = name_large(in, t, at);
		if (rc != TAKEN_OK || t->segments != NULL)
			return rc;
		json_decref(t->file);
		t->file = NULL;
		if (lseek(s->fd, 0, SEEK_SET) != 0)
			return unreadable(in, s);
		s->size = 0;
		hash_final(s->sha256, unused); /* start over */
	}
	return store_large(in, t, hashed, e);
}

/*
 * Read a file: its description with its content or segments. The caller ends
 * the taking.
 */
static enum taken
take_file(struct intake *in, struct taking *t, struct err *e)
{
	bool large = t->s->st.st_size > (off_t)INTAKE_INLINE_MAX;
	enum taken rc = large ? take_large(in, t, e) : take_small(in, t);
	char hex[65];

	if (rc != TAKEN_OK)
		return rc;
	hex_encode(t->sha256, HASH_LEN, hex);
	if (t->file != NULL &&
	    (set(t->file, "sha256", hex) |
	     json_object_set_new(
		 t->file, "size",
		 json_integer(large ? t->s->st.st_size
				    : (json_int_t)t->content.len)) |
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

/* What a record says of where its file is from (FORMAT.md 6). */
struct origin {
	const json_t *original, *within; /* or NULL */
};

static struct origin
origin_of(const json_t *doc)
{
	return (struct origin){json_object_get(doc, "original"),
			       json_object_get(doc, "within")};
}

/* The record of one file; its hash is remembered for the rest. */
static int
put_record(struct intake *in, const char *item, json_t *parents,
	   const json_t *fields, json_t *files, struct origin from,
	   const struct entry_content *content, struct err *e)
{
	json_t *doc = json_object(), *copy = json_deep_copy(fields);
	json_t *bond = json_deep_copy(from.original);
	json_t *within = json_deep_copy(from.within);
	int rc = -1;

	if (doc == NULL || copy == NULL ||
	    (bond == NULL && from.original != NULL) ||
	    (within == NULL && from.within != NULL) ||
	    (bond != NULL && json_object_set(doc, "original", bond) != 0) ||
	    (within != NULL && json_object_set(doc, "within", within) != 0) ||
	    (set(doc, "item", item) | json_object_set(doc, "parents", parents) |
	     json_object_set(doc, "fields", copy) |
	     json_object_set(doc, "files", files)) != 0)
		err_memory(e);
	else
		rc = writer_record(in->w, "record", doc, content,
				   content->data != NULL, e);
	json_decref(within);
	json_decref(bond);
	json_decref(copy);
	json_decref(doc);
	return rc;
}

static int
make_record(struct intake *in, struct ahead *a, struct err *e)
{
	json_t *parents = json_array(), *files = json_array();
	struct pool *pool = writer_pool(in->w, e);
	int rc = -1;

	if (pool == NULL || parents == NULL || files == NULL ||
	    set_type(in, a->file, a->question) != 0 ||
	    json_array_append(files, a->file) != 0)
		err_memory(e);
	else if (pool_reach(pool, a->mark, e) == 0)
		rc = put_record(in, a->item, parents, a->fields, files,
				(struct origin){in->o.original, a->within},
				&a->content, e);
	json_decref(files);
	json_decref(parents);
	return rc;
}

/* Make the item of the file that was read first of those ahead, or tell it. */
static int
make_item(struct intake *in, struct err *e)
{
	struct ahead *a = &in->ahead[0];
	int rc = a->what == INTAKE_ADDED ? make_record(in, a, e) : 0;

	if (rc == 0)
		tell_now(in, a->what, a->shown,
			 a->item[0] != '\0' ? a->item : NULL, a->why);
	ahead_free(a);
	memmove(a, a + 1, --in->n_ahead * sizeof *a);
	return rc;
}

/* Make the items of all that was read. */
static int
catch_up(struct intake *in, struct err *e)
{
	while (in->n_ahead > 0)
		if (make_item(in, e) != 0)
			return -1;
	return 0;
}

static int
ahead_fill(struct intake *in, struct ahead *a, const char *shown, json_t *file,
	   const json_t *within, const struct entry_content *content)
{
	uint8_t raw[16], *data = NULL;

	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, a->item);
	if (content->data != NULL) {
		data = malloc(content->len + 1);
		if (data != NULL)
			memcpy(data, content->data, content->len);
	}
	a->content.data = data;
	a->content.len = data != NULL ? content->len : 0;
	a->shown = strdup(shown);
	a->file = json_incref(file);
	a->fields = json_deep_copy(in->o.fields);
	a->within = json_deep_copy(within);
	return a->shown == NULL || (data == NULL && content->data != NULL) ||
		       a->fields == NULL ||
		       (a->within == NULL && within != NULL)
		   ? -1
		   : 0;
}

/* A new item of what was taken: known at once, made a little later. */
static int
new_item(struct intake *in, const char *shown, json_t *file,
	 const json_t *within, const struct entry_content *content,
	 const uint8_t sha256[HASH_LEN], struct err *e)
{
	struct ahead *a;
	struct pool *pool = writer_pool(in->w, e);

	if (pool == NULL || (in->n_ahead == AHEAD && make_item(in, e) != 0))
		return -1;
	a = &in->ahead[in->n_ahead++];
	memset(a, 0, sizeof *a);
	a->what = INTAKE_ADDED;
	a->question = in->question;
	a->mark = pool_mark(pool);
	if (ahead_fill(in, a, shown, file, within, content) == 0 &&
	    remember(
		in, sha256,
		(uint64_t)json_integer_value(json_object_get(file, "size")),
		SIZE_MAX, a->item, json_object_get(file, "segments")) == 0)
		return 0;
	return err_memory(e);
}

/* The absolute path of a file below what was named; false if not known. */
static bool
whole_path(const struct intake *in, const char *path, char out[PATH_MAX])
{
	return in->o.sources != NULL && in->root[0] != '\0' &&
	       snprintf(out, PATH_MAX, "%s%s", in->root, path + in->named) <
		   PATH_MAX;
}

/* The item that has this content, unless it has been retracted; or false. */
static bool
holding_item(struct intake *in, uint64_t size, const uint8_t sha256[HASH_LEN],
	     char item[HEX_ID_LEN + 1])
{
	struct cold *c = in->x->cold;
	struct cold_record r;
	size_t at;

	if (map_get(&in->by_sha256, sha256, &at)) {
		const struct known *k = &in->known[at];
		const struct index_item *it =
		    k->entry == SIZE_MAX
			? NULL
			: index_item(in->x, k->item, in->case_id);

		strcpy(item, k->item);
		return k->entry == SIZE_MAX || (it != NULL && !it->retracted);
	}
	/* what rests in the cache is not retracted */
	at = c == NULL
		 ? SIZE_MAX
		 : cold_content(c, cold_name(c, in->case_id), size, sha256);
	if (at == SIZE_MAX || !cold_record(c, at, &r))
		return false;
	hex_encode(r.item, sizeof r.item, item);
	return true;
}

/* It is as it was when it was taken in, and that is here: then that is told. */
static bool
is_unchanged(struct intake *in, const char *path, const struct stat *st)
{
	char whole[PATH_MAX], item[HEX_ID_LEN + 1];
	uint8_t sha256[HASH_LEN];

	if (in->o.again || in->o.reread || !whole_path(in, path, whole) ||
	    !sources_find(in->o.sources, in->case_id, whole, st, sha256) ||
	    !holding_item(in, (uint64_t)st->st_size, sha256, item))
		return false;
	tell(in, INTAKE_UNREAD, path, item, NULL);
	return true;
}

/* The case holds what was read of it: it need not be read again. */
static void
note_source(struct intake *in, const struct source *s,
	    const struct timespec *began, const uint8_t sha256[HASH_LEN])
{
	char whole[PATH_MAX];
	struct stat now;

	if (whole_path(in, s->shown, whole) && fstat(s->fd, &now) == 0 &&
	    now.st_size == s->st.st_size &&
	    now.st_mtim.tv_sec == s->st.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == s->st.st_mtim.tv_nsec &&
	    now.st_ctim.tv_sec == s->st.st_ctim.tv_sec &&
	    now.st_ctim.tv_nsec == s->st.st_ctim.tv_nsec)
		sources_note(in->o.sources, in->case_id, whole, &now, began,
			     sha256);
}

static int
add_file(struct intake *in, const char *path, const char *rel, struct err *e)
{
	struct source s;
	struct taking t = {.s = &s, .again = in->o.again};
	struct timespec began;
	enum taken taken;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &began);
	if (open_source(in, &s, path) != 0)
		return 0;
	s.rel = rel;
	taken = take_file(in, &t, e);
	if (taken == TAKEN_OK)
		rc = new_item(in, path, t.file, NULL, &t.content, t.sha256, e);
	else if (taken == TAKEN_KNOWN)
		tell(in, INTAKE_KNOWN, path, t.known, NULL);
	else if (taken == TAKEN_FATAL)
		rc = -1;
	if (rc == 0 && (taken == TAKEN_OK || taken == TAKEN_KNOWN))
		note_source(in, &s, &began, t.sha256);
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
	if (is_unchanged(in, path, &st))
		return 0;
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
	in->named = n;
	if (in->o.sources != NULL && realpath(clean, in->root) == NULL)
		in->root[0] = '\0';
	/* below the root itself a path has one slash, as everywhere */
	if (strcmp(in->root, "/") == 0)
		in->root[0] = '\0';
	return add_any(in, clean, "", 0, true, e) == 0 ? catch_up(in, e) : -1;
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
				origin_of(old.doc),
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
	struct pool *pool;
	char id[HEX_ID_LEN + 1];
	json_t *files = json_array(), *old = NULL;
	int rc = -1;

	if (files == NULL || open_source(in, &s, path) != 0) {
		json_decref(files);
		return err_set(e, ERR_UNKNOWN, "nothing was changed");
	}
	old = index_doc(index_current(in->x, item, NULL));
	strcpy(id, item->id); /* items may move when others are read */
	if (take_file(in, &t, e) == TAKEN_OK &&
	    set_type(in, t.file, in->question) == 0 &&
	    (pool = writer_pool(in->w, e)) != NULL &&
	    pool_drain(pool, e) == 0 && json_array_append(files, t.file) == 0)
		rc = put_record(in, id, parents, fields, files, origin_of(old),
				&t.content, e);
	else
		err_set(e, ERR_UNKNOWN, "nothing was changed");
	taking_end(&t);
	json_decref(old);
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
		return err_memory(e);
	rc = path == NULL ? edit_fields(in, item, parents, fields, e)
			  : edit_content(in, item, parents, fields, path, e);
	json_decref(parents);
	return rc;
}

/* What intake_member.c is made of; see intake_inside.h. */

void
intake_tell(struct intake *in, enum intake_what what, const char *shown,
	    const char *item, const char *why)
{
	tell(in, what, shown, item, why);
}

json_t *
intake_describe(struct intake *in, const char *name, const char *rel,
		int64_t time, const uint8_t *head, size_t len)
{
	struct source s = {.fd = -1, .name = name, .rel = rel};

	s.st.st_mtime = (time_t)time;
	return describe(in, &s, head, len);
}

const char *
intake_held(struct intake *in, uint64_t size, const uint8_t sha256[HASH_LEN])
{
	size_t at;

	return is_known(in, size, sha256, &at) ? in->known[at].item : NULL;
}

int
intake_record(struct intake *in, const char *shown, json_t *file,
	      const json_t *within, const struct entry_content *content,
	      const uint8_t sha256[HASH_LEN], struct err *e)
{
	return new_item(in, shown, file, within, content, sha256, e) == 0
		   ? catch_up(in, e)
		   : -1;
}

bool
intake_escape(const char *name, char out[INTAKE_ESCAPED_MAX])
{
	return escape_name(name, out);
}

void
intake_fields(struct intake *in, const json_t *fields)
{
	in->o.fields = fields;
}
