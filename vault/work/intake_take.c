#include "intake_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LARGE_MAX (UINT64_C(128) << 30) /* bytes of a file */

_Static_assert(INTAKE_INLINE_MAX < SEGMENTS_PIECE, "a small file is one piece");

int
intake_source_open(struct intake *in, struct source *s, const char *path)
{
	memset(s, 0, sizeof *s);
	s->shown = path;
	s->name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	s->rel = "";
	/* O_NONBLOCK: a FIFO that was put here since must not hang us */
	s->fd = open(path,
		     O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &s->st) != 0) {
		intake_tell(in, INTAKE_FAILED, path, NULL, strerror(errno));
		goto bad;
	}
	if (!S_ISREG(s->st.st_mode)) {
		intake_tell(in, INTAKE_SKIPPED, path, NULL,
			    "not a regular file");
		goto bad;
	}
	s->sha256 = hash_new(HASH_SHA256);
	if (s->sha256 != NULL)
		return 0;
	intake_tell(in, INTAKE_FAILED, path, NULL, "no memory");
bad:
	if (s->fd >= 0)
		close(s->fd);
	return -1;
}

void
intake_source_close(struct source *s)
{
	hash_free(s->sha256);
	close(s->fd);
}

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

json_t *
intake_describe(struct intake *in, const char *name, const char *rel,
		time_t modified, const uint8_t *head, size_t len)
{
	in->question = mediatype_put(in->m, head, len);
	return describe_file(name, rel, modified);
}

/* The same of a source. */
static json_t *
describe(struct intake *in, const struct source *s, const uint8_t *head,
	 size_t len)
{
	return intake_describe(in, s->name, s->rel, s->st.st_mtime, head, len);
}

struct segments *
intake_segments(struct intake *in, struct err *e)
{
	if (in->segments == NULL) {
		in->segments = segments_new(in->x, in->w, in->case_id, e);
		if (in->segments != NULL &&
		    held_offer(in->held, in->segments) != 0) {
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

void
intake_taking_end(struct taking *t)
{
	json_decref(t->file);
	json_decref(t->segments);
}

static enum taken
unreadable(struct intake *in, const struct source *s)
{
	intake_tell(in, INTAKE_FAILED, s->shown, NULL, strerror(errno));
	return TAKEN_FAILED;
}

static enum taken
moved(struct intake *in, const struct source *s)
{
	intake_tell(in, INTAKE_FAILED, s->shown, NULL,
		    "it changed while it was read; nothing of it was kept as"
		    " evidence");
	return TAKEN_FAILED;
}

static enum taken
known_as(struct intake *in, struct taking *t, size_t at)
{
	strcpy(t->known, held_item(in->held, at));
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
	    held_find(in->held, (uint64_t)t->s->st.st_size, t->sha256, &at))
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

	if (n < 0)
		return unreadable(in, t->s);
	t->file = describe(in, t->s, in->buf, (size_t)n);
	t->segments = held_segments(in->held, at);
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
		intake_tell(in, INTAKE_FAILED, s->shown, NULL,
			    "larger than 128 GiB");
		return TAKEN_FAILED;
	}
	/* it is read twice only if its content may be known */
	hashed = held_size(in->held, (uint64_t)s->st.st_size);
	if (hashed && hash_file(in, s, t->sha256) != 0)
		return unreadable(in, s);
	if (hashed &&
	    held_find(in->held, (uint64_t)t->s->st.st_size, t->sha256, &at)) {
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

enum taken
intake_take(struct intake *in, struct taking *t, struct err *e)
{
	bool large = t->s->st.st_size > (off_t)INTAKE_INLINE_MAX;
	enum taken rc = large ? take_large(in, t, e) : take_small(in, t);
	char hex[65];

	if (rc != TAKEN_OK)
		return rc;
	hex_encode(t->sha256, HASH_LEN, hex);
	if (t->file != NULL &&
	    (describe_set(t->file, "sha256", hex) |
	     json_object_set_new(
		 t->file, "size",
		 json_integer(large ? t->s->st.st_size
				    : (json_int_t)t->content.len)) |
	     (large ? json_object_set(t->file, "segments", t->segments)
		    : describe_set(t->file, "content", "0001"))) == 0)
		return TAKEN_OK;
	err_set(e, ERR_UNKNOWN, "no memory, or a name that cannot be kept");
	return TAKEN_FATAL;
}
