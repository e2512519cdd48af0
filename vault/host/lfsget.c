/* Getting one object from a host's Git LFS (git-lfs docs/api). */
#include "lfswork.h"

#include "hex.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOPS 3 /* redirections of one download */

/* A download on its way into a file. */
struct incoming {
	struct lfswork *w;
	const struct githttp_reply *r;
	struct hash *h;
	int fd;
	uint64_t had; /* bytes of an earlier try */
	bool begun, no_room;
};

static int
to_file(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct incoming *in = ctx;

	/* asked for the rest, given the whole */
	if (!in->begun && in->had > 0 && in->r->status != 206) {
		if (ftruncate(in->fd, 0) != 0 ||
		    lseek(in->fd, 0, SEEK_SET) != 0)
			return err_sys(e, "an object in the quarantine");
		hash_free(in->h);
		in->h = hash_new(HASH_SHA256);
		if (in->h == NULL)
			return err_memory(e);
		in->had = 0;
	}
	in->begun = true;
	hash_update(in->h, bytes, len);
	if (fsutil_write_all(in->fd, bytes, len, e) == 0)
		return 0;
	in->no_room = true;
	return -1;
}

/* GET into the open file, from where it ends. */
static enum lfswork_outcome
get(struct lfswork *w, const struct lfsbatch_object *o, struct incoming *in,
    struct err *e)
{
	const struct lfsbatch_action *a = &o->move;
	const char *headers[LFSBATCH_HEADERS + 1];
	char range[60];
	struct githttp_reply r = {0};
	struct githttp_request q = {.method = "GET",
				    .url = a->href,
				    .headers = headers,
				    .n_headers = a->n_headers,
				    .login = !a->authorised,
				    .sink = to_file,
				    .sink_ctx = in,
				    .max = o->o.size,
				    .what = "downloading",
				    .before = w->through + in->had,
				    .total = w->jobs->total};
	char next[2048];

	for (size_t i = 0; i < a->n_headers; i++)
		headers[i] = a->headers[i];
	if (in->had > 0) {
		snprintf(range, sizeof range, "Range: bytes=%llu-",
			 (unsigned long long)in->had);
		headers[q.n_headers++] = range;
	}
	in->r = &r;
	for (int hop = 0;; hop++) {
		if (githttp_do(w->h, &q, &r, e) != 0)
			return w->h->passing		   ? LFSWORK_LATER
			       : r.got > 0 && !in->no_room ? LFSWORK_LOST
							   : LFSWORK_STOP;
		if (r.status < 301 || r.status > 308 || hop == HOPS ||
		    !hosturl_is_safe(r.location))
			break;
		/* only the object's own host gets what is meant for it */
		if (!hosturl_same_origin(r.location, q.url)) {
			q.login = false;
			q.n_headers = in->had > 0;
			headers[0] = range;
		}
		strcpy(next, r.location);
		q.url = next;
	}
	if (r.status == 404 || r.status == 410 || r.status == 416) {
		host_fail(w->h, e, "it is not there (%ld)", r.status);
		return LFSWORK_LOST;
	}
	return lfswork_judge(w, &r, a, "downloading", e);
}

/* Is what came the object? */
static enum lfswork_outcome
compare(const struct lfshost_object *o, struct incoming *in, struct lfswork *w,
	struct err *e)
{
	uint8_t digest[HASH_LEN];
	struct stat st;

	if (fstat(in->fd, &st) != 0) {
		err_sys(e, "an object in the quarantine");
		return LFSWORK_STOP;
	}
	if ((uint64_t)st.st_size < o->size) {
		w->h->passing = true;
		host_fail(w->h, e, "it was cut off");
		return LFSWORK_LATER;
	}
	hash_final(in->h, digest);
	if (memcmp(digest, o->sha256, HASH_LEN) == 0)
		return LFSWORK_DONE;
	host_fail(w->h, e, "it is damaged there: another SHA-256");
	e->code = ERR_EVIDENCE;
	return LFSWORK_LOST;
}

/* One try at one object. What came of it stays for the next. */
static enum lfswork_outcome
download_try(struct lfswork *w, const struct lfsbatch_object *o,
	     const char *part, struct err *e)
{
	struct incoming in = {.w = w};
	enum lfswork_outcome out = LFSWORK_STOP;
	struct stat st;

	in.fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	in.h = hash_new(HASH_SHA256);
	if (in.fd < 0 || in.h == NULL || fstat(in.fd, &st) != 0) {
		err_sys(e, "an object in the quarantine");
		goto out;
	}
	in.had = (uint64_t)st.st_size;
	if (in.had >= o->o.size) {
		in.had = 0;
		if (ftruncate(in.fd, 0) != 0) {
			err_sys(e, "an object in the quarantine");
			goto out;
		}
	}
	if (lfswork_hash(w, in.fd, in.had, in.h, e) != 0 ||
	    lseek(in.fd, (off_t)in.had, SEEK_SET) < 0)
		goto out;
	out = get(w, o, &in, e);
	if (out == LFSWORK_DONE)
		out = compare(&o->o, &in, w, e);
	/* the begin may have been the damaged part: once more without it */
	if (out == LFSWORK_LOST && in.had > 0) {
		w->h->passing = true;
		out = LFSWORK_LATER;
		(void)unlink(part);
	}
	if (out == LFSWORK_LOST)
		(void)unlink(part);
out:
	hash_free(in.h);
	if (in.fd >= 0 && close(in.fd) != 0 && out == LFSWORK_DONE) {
		err_sys(e, "an object in the quarantine");
		out = LFSWORK_STOP;
	}
	return out;
}

/* Give a received object its name. */
static int
settle(const char *part, const char *path, struct err *e)
{
	struct timespec t[2] = {{FSUTIL_TIME, 0}, {FSUTIL_TIME, 0}};

	(void)utimensat(AT_FDCWD, part, t, AT_SYMLINK_NOFOLLOW);
	return rename(part, path) == 0
		   ? 0
		   : err_sys(e, "an object in the quarantine");
}

static int
paths(struct lfswork *w, const struct lfshost_object *o, char path[FSUTIL_PATH],
      char part[FSUTIL_PATH], struct err *e)
{
	char hex[HASH_HEX_LEN + 1], name[HASH_HEX_LEN + 8];

	hex_encode(o->sha256, HASH_LEN, hex);
	snprintf(name, sizeof name, "%s.part", hex);
	return fsutil_join(path, w->folder, hex, e) == 0 &&
		       fsutil_join(part, w->folder, name, e) == 0
		   ? 0
		   : -1;
}

/* Is it here already, whole, from an earlier call? */
bool
lfswork_is_here(struct lfswork *w, const struct lfshost_object *o)
{
	char path[FSUTIL_PATH], part[FSUTIL_PATH];
	struct err e = {0};
	struct hash *h = hash_new(HASH_SHA256);
	uint8_t digest[HASH_LEN] = {0};
	struct stat st;
	int fd = -1;

	if (paths(w, o, path, part, &e) == 0)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (h != NULL && fd >= 0 && fstat(fd, &st) == 0 &&
	    S_ISREG(st.st_mode) && (uint64_t)st.st_size == o->size &&
	    lfswork_hash(w, fd, o->size, h, NULL) == 0)
		hash_final(h, digest);
	hash_free(h);
	if (fd >= 0)
		close(fd);
	return memcmp(digest, o->sha256, HASH_LEN) == 0;
}

/* Get one object, and again while that makes sense. */
enum lfswork_outcome
lfswork_get(struct lfswork *w, const struct lfsbatch_object *o, struct err *e)
{
	char path[FSUTIL_PATH], part[FSUTIL_PATH];
	unsigned attempt = 0;
	enum lfswork_outcome out;

	if (paths(w, &o->o, path, part, e) != 0)
		return LFSWORK_STOP;
	if (!o->answered || o->code != 0 || o->move.href == NULL) {
		lfswork_answer(w, o, e);
		return LFSWORK_LOST;
	}
	for (;;) {
		out = download_try(w, o, part, e);
		if (out == LFSWORK_DONE) {
			if (settle(part, path, e) != 0)
				return LFSWORK_STOP;
			w->result->moved++;
			w->result->bytes += o->o.size;
			return LFSWORK_DONE;
		}
		if (out != LFSWORK_LATER)
			return out;
		if (e->code == ERR_NONE || !host_again(w->h, &attempt, e))
			return e->code == ERR_NONE ? LFSWORK_LATER
						   : LFSWORK_STOP;
	}
}
