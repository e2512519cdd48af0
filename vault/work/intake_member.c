#include "intake_member.h"

#include "clock.h"
#include "hex.h"
#include "intake_inside.h"
#include "object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
intake_member_path(const char *name, char **bytes)
{
	size_t len = strlen(name);
	char *path = malloc(4 * len + 8), *p = path;
	bool escaped = false;

	*bytes = malloc(2 * len + 1);
	for (const char *part = name;
	     path != NULL && *bytes != NULL && *part != '\0';) {
		char one[NAME_MAX + 1], out[DESCRIBE_ESCAPED_MAX];
		size_t n = strcspn(part, "/");

		/* a longer name is no name of a file: in pieces */
		n = n < NAME_MAX ? n : NAME_MAX;
		snprintf(one, sizeof one, "%.*s", (int)n, part);
		escaped |= describe_escape(one, out);
		p += sprintf(p, "%s", out);
		part += n;
		if (*part == '/')
			*p++ = *part++;
	}
	if (path == NULL || *bytes == NULL || !escaped) {
		if (path == NULL || *bytes == NULL) {
			free(path);
			path = NULL;
		}
		free(*bytes);
		*bytes = NULL;
	} else {
		hex_encode((const uint8_t *)name, len, *bytes);
	}
	if (path != NULL)
		*p = '\0';
	return path;
}

/* Could a file of this name, in these folders, be written out? */
static bool
is_plain(const char *path)
{
	for (const char *p = path;;) {
		size_t n = strcspn(p, "/");

		if (n == 0 || n > NAME_MAX || (n == 1 && p[0] == '.') ||
		    (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		if (p[n] == '\0')
			return true;
		p += n + 1;
	}
}

/* The folders and the name that a member gets as a file. */
static void
name_of(const struct contents_member *m, char folder[CONTENTS_NAME_MAX],
	char name[CONTENTS_NAME_MAX])
{
	const char *slash, *path = m->name;

	while (path[0] == '.' && path[1] == '/')
		path += 2;
	folder[0] = '\0';
	if (!is_plain(path)) {
		snprintf(name, CONTENTS_NAME_MAX, "member-%06llu",
			 (unsigned long long)m->number);
		return;
	}
	slash = strrchr(path, '/');
	snprintf(name, CONTENTS_NAME_MAX, "%s",
		 slash != NULL ? slash + 1 : path);
	if (slash != NULL)
		snprintf(folder, CONTENTS_NAME_MAX, "%.*s", (int)(slash - path),
			 path);
}

static json_t *
within_of(const struct intake_container *from, const struct contents_member *m)
{
	char hex[HASH_HEX_LEN + 1], *bytes = NULL;
	char *path = intake_member_path(m->name, &bytes);
	json_t *o = json_object();
	int rc = o == NULL || path == NULL;

	hex_encode(from->entry, HASH_LEN, hex);
	if (rc == 0)
		rc = json_object_set_new(o, "entry", json_string(hex)) |
		     json_object_set_new(o, "item", json_string(from->item)) |
		     json_object_set_new(o, "file", json_integer(from->file)) |
		     json_object_set_new(o, "number",
					 json_integer((json_int_t)m->number)) |
		     json_object_set_new(o, "path", json_string(path));
	if (rc == 0 && bytes != NULL)
		rc = json_object_set_new(o, "path_bytes", json_string(bytes));
	free(bytes);
	free(path);
	if (rc == 0)
		return o;
	json_decref(o);
	return NULL;
}

/* A member on its way in. */
struct coming {
	struct intake *in;
	struct contents *c;
	struct hash *h;
	struct segments *segs; /* of a large one */
	uint8_t *buf;	       /* SEGMENTS_PIECE bytes, of a small one */
	uint64_t size, read;
	json_t *segments;
};

/* Fill a piece as far as the member goes. */
static ssize_t
fill(struct coming *g, uint8_t *buf, struct err *e)
{
	size_t n = 0;
	ssize_t r = 1;

	while (n < SEGMENTS_PIECE && r > 0) {
		r = contents_read(g->c, buf + n, SEGMENTS_PIECE - n, e);
		n += r > 0 ? (size_t)r : 0;
	}
	if (r == -2)
		err_set(e, ERR_UNKNOWN,
			"the container gave other bytes than before: %s",
			contents_why(g->c));
	if (r < 0)
		return -1;
	hash_update(g->h, buf, n);
	g->read += n;
	return (ssize_t)n;
}

/* Where the first piece of it goes. */
static uint8_t *
first_room(struct coming *g, struct err *e)
{
	if (g->size <= INTAKE_INLINE_MAX) {
		g->buf = malloc(SEGMENTS_PIECE);
		if (g->buf == NULL)
			err_memory(e);
		return g->buf;
	}
	g->segs = intake_segments(g->in, e);
	g->segments = json_array();
	if (g->segs == NULL || g->segments == NULL) {
		err_memory(e);
		return NULL;
	}
	segments_begin(g->segs, g->size, g->segments);
	return segments_room(g->segs, e);
}

/* Lock the rest of it, the first `n` bytes being there. */
static int
store(struct coming *g, ssize_t n, struct err *e)
{
	/* one that is longer than it was is refused: do not follow it */
	while (n > 0 && g->read <= g->size) {
		uint8_t *room;

		if (segments_put(g->segs, (size_t)n, e) != 0 ||
		    (room = segments_room(g->segs, e)) == NULL)
			return -1;
		n = fill(g, room, e);
	}
	return n < 0 ? -1 : segments_end(g->segs, e);
}

/* Its bytes are here or locked: the record. */
static int
put(struct coming *g, json_t *file, const struct intake_container *from,
    const struct contents_member *m, const uint8_t sha256[HASH_LEN],
    const char *shown, struct err *e)
{
	bool small = g->segments == NULL;
	struct entry_content content = {.data = small ? g->buf : NULL,
					.len = small ? (size_t)g->size : 0};
	char hex[HASH_HEX_LEN + 1];
	json_t *within = within_of(from, m);
	int rc;

	hex_encode(sha256, HASH_LEN, hex);
	if (within == NULL ||
	    (json_object_set_new(file, "sha256", json_string(hex)) |
	     json_object_set_new(file, "size",
				 json_integer((json_int_t)g->size)) |
	     (small ? json_object_set_new(file, "content", json_string("0001"))
		    : json_object_set(file, "segments", g->segments))) != 0)
		rc = err_memory(e);
	else
		rc = intake_record(g->in, shown, file, within, &content, sha256,
				   e);
	json_decref(within);
	return rc;
}

static int
take(struct coming *g, const struct intake_container *from,
     const struct contents_member *m, const uint8_t sha256[HASH_LEN],
     const char *shown, struct err *e)
{
	char folder[CONTENTS_NAME_MAX], name[CONTENTS_NAME_MAX];
	uint8_t digest[HASH_LEN], *room = first_room(g, e);
	json_t *file = NULL;
	ssize_t n = room != NULL ? fill(g, room, e) : -1;
	int rc = -1;

	if (n < 0)
		return -1;
	name_of(m, folder, name);
	file = intake_describe(g->in, name, folder, m->has_time ? m->time : 0,
			       room, (size_t)n);
	if (file == NULL)
		return err_memory(e);
	if (!m->has_time)
		json_object_del(file, "modified");
	if (g->segs != NULL && store(g, n, e) != 0)
		goto out;
	hash_final(g->h, digest);
	if (g->read != g->size || memcmp(digest, sha256, HASH_LEN) != 0)
		err_set(e, ERR_UNKNOWN,
			"the container gave other bytes than before");
	else
		rc = put(g, file, from, m, sha256, shown, e);
out:
	json_decref(file);
	return rc;
}

int
intake_member(struct intake *in, const struct intake_container *from,
	      struct contents *c, const struct contents_member *m,
	      uint64_t size, const uint8_t sha256[HASH_LEN], const char *shown,
	      struct err *e)
{
	struct coming g = {.in = in, .c = c, .size = size};
	const char *held = intake_held(in, size, sha256);
	int rc = -1;

	if (held != NULL) {
		intake_tell(in, INTAKE_KNOWN, shown, held, NULL);
		return 0;
	}
	g.h = hash_new(HASH_SHA256);
	if (g.h == NULL)
		err_memory(e);
	else
		rc = take(&g, from, m, sha256, shown, e);
	if (g.buf != NULL)
		secret_wipe(g.buf, SEGMENTS_PIECE);
	free(g.buf);
	hash_free(g.h);
	json_decref(g.segments);
	return rc;
}
