/* Sending one object to a host's Git LFS (git-lfs docs/api). */
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

/* A file as the body of a request. */
struct file {
	int fd;
	off_t at;
};

static ssize_t
from_file(void *ctx, void *buf, size_t cap, struct err *e)
{
	struct file *f = ctx;
	ssize_t n;

	do
		n = pread(f->fd, buf, cap, f->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "an object of the vault");
	f->at += n;
	return n;
}

static void
file_rewind(void *ctx)
{
	struct file *f = ctx;

	f->at = 0;
}

/* Open one of our objects, if it is what its name says. -1 with `e` filled. */
static int
open_own(struct lfswork *w, const struct lfshost_object *o, struct err *e)
{
	char path[FSUTIL_PATH], hex[HASH_HEX_LEN + 1];
	uint8_t digest[HASH_LEN];
	struct hash *h = NULL;
	struct stat st;
	int fd;

	hex_encode(o->sha256, HASH_LEN, hex);
	if (w->jobs->path(w->jobs->ctx, o->sha256, path, sizeof path, e) != 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (fd < 0)
		return err_sys(e, "object %.16s", hex);
	h = hash_new(HASH_SHA256);
	if (h == NULL || fstat(fd, &st) != 0) {
		err_memory(e);
		goto bad;
	}
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != o->size)
		goto damaged;
	if (lfswork_hash(w, fd, o->size, h, e) != 0)
		goto bad;
	hash_final(h, digest);
	if (memcmp(digest, o->sha256, HASH_LEN) != 0)
		goto damaged;
	hash_free(h);
	return fd;
damaged:
	err_set(e, ERR_EVIDENCE,
		"object %.16s: it is damaged here, and is not sent", hex);
	err_hint(e, "muniment verify says more");
bad:
	hash_free(h);
	close(fd);
	return -1;
}

/* PUT one object. */
static enum lfswork_outcome
put(struct lfswork *w, const struct lfsbatch_object *o, struct err *e)
{
	const struct lfsbatch_action *a = &o->move;
	const char *headers[LFSBATCH_HEADERS + 1];
	struct file f = {.fd = open_own(w, &o->o, e)};
	struct githttp_request q = {.method = "PUT",
				    .url = a->href,
				    .headers = headers,
				    .n_headers = a->n_headers,
				    .login = !a->authorised,
				    .source = from_file,
				    .rewind = file_rewind,
				    .source_ctx = &f,
				    .length = o->o.size,
				    .max = 1u << 20,
				    .what = "uploading",
				    .before = w->through,
				    .total = w->jobs->total};
	struct githttp_reply r;
	enum lfswork_outcome out = LFSWORK_STOP;
	bool typed = false;

	if (f.fd < 0)
		return LFSWORK_STOP;
	for (size_t i = 0; i < a->n_headers; i++) {
		headers[i] = a->headers[i];
		typed |= strncasecmp(headers[i], "Content-Type:", 13) == 0;
	}
	if (!typed)
		headers[q.n_headers++] =
		    "Content-Type: application/octet-stream";
	if (githttp_do(w->h, &q, &r, e) == 0)
		out = lfswork_judge(w, &r, a, "uploading", e);
	else if (w->h->passing)
		out = LFSWORK_LATER;
	close(f.fd);
	return out;
}

/* Let the host check that an object has come. */
static enum lfswork_outcome
verify(struct lfswork *w, const struct lfsbatch_object *o, struct err *e)
{
	const struct lfsbatch_action *a = &o->verify;
	const char *headers[LFSBATCH_HEADERS + 2] = {
	    "Accept: application/vnd.git-lfs+json",
	    "Content-Type: application/vnd.git-lfs+json"};
	char hex[HASH_HEX_LEN + 1];
	char text[200];
	struct child_text t = {.bytes = text};
	struct githttp_request q = {.method = "POST",
				    .url = a->href,
				    .headers = headers,
				    .n_headers = 2 + a->n_headers,
				    .login = !a->authorised,
				    .source = child_give,
				    .rewind = child_rewind,
				    .source_ctx = &t,
				    .max = 1u << 20};
	struct githttp_reply r;

	if (a->href == NULL)
		return LFSWORK_DONE;
	for (size_t i = 0; i < a->n_headers; i++)
		headers[2 + i] = a->headers[i];
	hex_encode(o->o.sha256, HASH_LEN, hex);
	t.len = (size_t)snprintf(text, sizeof text,
				 "{\"oid\":\"%s\",\"size\":%llu}", hex,
				 (unsigned long long)o->o.size);
	q.length = t.len;
	if (githttp_do(w->h, &q, &r, e) == 0)
		return lfswork_judge(w, &r, a, "the host's own check", e);
	return w->h->passing ? LFSWORK_LATER : LFSWORK_STOP;
}

/* Send one object, and again while that makes sense. */
enum lfswork_outcome
lfswork_put(struct lfswork *w, const struct lfsbatch_object *o, struct err *e)
{
	unsigned attempt = 0;
	enum lfswork_outcome out;

	if (o->code != 0 || !o->answered) {
		lfswork_answer(w, o, e);
		return LFSWORK_STOP;
	}
	if (o->move.href == NULL) {
		w->result->there++;
		return LFSWORK_DONE;
	}
	for (;;) {
		out = put(w, o, e);
		if (out == LFSWORK_DONE)
			out = verify(w, o, e);
		if (out == LFSWORK_DONE) {
			w->result->moved++;
			w->result->bytes += o->o.size;
			return LFSWORK_DONE;
		}
		if (out != LFSWORK_LATER || e->code == ERR_NONE ||
		    !host_again(w->h, &attempt, e))
			return e->code == ERR_NONE ? LFSWORK_LATER
						   : LFSWORK_STOP;
	}
}
