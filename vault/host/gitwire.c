#include "gitwire.h"

#include "githttp.h"
#include "gitssh.h"
#include "pktline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANNOUNCED_MAX (8u << 20) /* bytes that a host may announce */

static const char *const programs[] = {"git-upload-pack", "git-receive-pack"};

struct gitwire {
	struct host *h;
	enum gitwire_service service;
	bool open;
	char
	    base[HOSTURL_MAX]; /* where an https host has sent us, or its own */
	struct child *ssh;
};

struct gitwire *
gitwire_new(struct host *h, struct err *e)
{
	struct gitwire *w = calloc(1, sizeof *w);

	if (w == NULL) {
		err_memory(e);
		return NULL;
	}
	w->h = h;
	return w;
}

void
gitwire_free(struct gitwire *w)
{
	if (w == NULL)
		return;
	gitwire_close(w);
	free(w);
}

bool
gitwire_is_open(const struct gitwire *w, enum gitwire_service service)
{
	return w->open && w->service == service;
}

/* Takes "# service=..." and a flush off what an https host announces. */
struct announced {
	struct pktline *packet;
	const char *program;
	int past; /* packets that were taken off */
	child_sink *sink;
	void *ctx;
	bool enough;
	uint64_t got;
};

static int
skip_service(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct announced *a = ctx;
	const uint8_t *p = bytes;

	while (a->past < 2 && len > 0) {
		size_t used, n;
		bool whole;
		char want[40];

		if (pktline_put(a->packet, p, len, &used, &whole) != FORMAT_OK)
			return err_set(e, ERR_UNKNOWN,
				       "what the host announces is not git's");
		p += used;
		len -= used;
		if (!whole)
			continue;
		snprintf(want, sizeof want, "# service=%s", a->program);
		if (a->past == 0
			? strcmp(pktline_text(a->packet, &n), want) != 0
			: !pktline_is_flush(a->packet))
			return err_set(e, ERR_UNKNOWN,
				       "what the host announces is not git's");
		a->past++;
		pktline_next(a->packet);
	}
	if (len == 0 || a->enough)
		return 0;
	switch (a->sink(a->ctx, p, len, e)) {
	case 0:
		return 0;
	case 1:
		a->enough = true;
		return 0;
	default:
		return -1;
	}
}

static int
not_git(struct host *h, struct err *e)
{
	host_fail(h, e, "there is no git repository at this address");
	return err_hint(e, "the address is the one that git clone takes");
}

/* A redirection of the first request, on one host: follow it once. */
static bool
moved(struct gitwire *w, const struct githttp_reply *r, const char *tail)
{
	size_t n = strlen(r->location), t = strlen(tail);

	if (r->status < 301 || r->status > 308 || n <= t ||
	    n - t >= sizeof w->base || strcmp(r->location + n - t, tail) != 0 ||
	    !hosturl_same_origin(r->location, w->h->url.base))
		return false;
	memcpy(w->base, r->location, n - t);
	w->base[n - t] = '\0';
	return true;
}

static int
open_http(struct gitwire *w, child_sink *sink, void *ctx, struct err *e)
{
	const char *program = programs[w->service];
	char url[HOSTURL_MAX + 100], tail[80], want[80];
	struct announced a = {.program = program, .sink = sink, .ctx = ctx};
	struct githttp_request q = {.method = "GET",
				    .url = url,
				    .login = true,
				    .sink = skip_service,
				    .sink_ctx = &a,
				    .max = ANNOUNCED_MAX};
	struct githttp_reply r;
	int rc = -1;

	a.packet = calloc(1, sizeof *a.packet);
	if (a.packet == NULL)
		return err_memory(e);
	snprintf(tail, sizeof tail, "/info/refs?service=%s", program);
	strcpy(w->base, w->h->url.base);
	for (int hop = 0; hop < 2; hop++) {
		snprintf(url, sizeof url, "%s%s", w->base, tail);
		rc = githttp_do(w->h, &q, &r, e);
		if (rc != 0 || !moved(w, &r, tail))
			break;
	}
	free(a.packet);
	if (rc != 0) {
		if (strstr(e->msg, "is not git's") == NULL)
			return -1;
		err_clear(e);
		return not_git(w->h, e);
	}
	if (r.status < 200 || r.status > 299)
		return githttp_refused(
		    w->h, &r,
		    w->service == GITWIRE_FETCH ? "fetching" : "pushing", e);
	snprintf(want, sizeof want, "application/x-%s-advertisement", program);
	if (strcmp(r.type, want) != 0 || !a.enough)
		return not_git(w->h, e);
	w->open = true;
	return 0;
}

/* Remembers whether the sink has had its end. */
struct until {
	child_sink *sink;
	void *ctx;
	bool enough;
	uint64_t left;
	struct gitwire *w;
	const struct gitwire_request *q;
	uint64_t moved;
};

static int
to_sink(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct until *u = ctx;
	int rc;

	if (len > u->left)
		return host_fail(u->w->h, e, "sends more than was asked for");
	u->left -= len;
	u->moved += len;
	if (u->q != NULL && u->q->what != NULL &&
	    u->w->service == GITWIRE_FETCH)
		host_tell(u->w->h, u->q->what, u->q->before + u->moved,
			  u->q->total);
	rc = u->sink(u->ctx, bytes, len, e);
	u->enough |= rc == 1;
	return rc;
}

static ssize_t
from_source(void *ctx, void *buf, size_t cap, struct err *e)
{
	struct until *u = ctx;
	ssize_t n = u->q->source(u->q->source_ctx, buf, cap, e);

	if (n > 0 && u->q->what != NULL && u->w->service == GITWIRE_PUSH) {
		u->moved += (uint64_t)n;
		host_tell(u->w->h, u->q->what, u->q->before + u->moved,
			  u->q->total);
	}
	return n;
}

static void
start_over(void *ctx)
{
	struct until *u = ctx;

	u->moved = 0;
	u->q->rewind(u->q->source_ctx);
}

static int
open_ssh(struct gitwire *w, child_sink *sink, void *ctx, struct err *e)
{
	struct until u = {
	    .sink = sink, .ctx = ctx, .left = ANNOUNCED_MAX, .w = w};

	w->ssh = gitssh_start(w->h, programs[w->service], NULL, e);
	if (w->ssh == NULL)
		return -1;
	if (gitssh_talk(w->h, w->ssh, NULL, NULL, false, to_sink, &u, e) != 0 ||
	    !u.enough) {
		if (w->h->passing)
			w->h->passing = u.moved > 0;
		else
			gitssh_failed(w->h, w->ssh,
				      w->service == GITWIRE_FETCH ? "fetching"
								  : "pushing",
				      e);
		gitwire_close(w);
		return -1;
	}
	w->open = true;
	return 0;
}

int
gitwire_open(struct gitwire *w, enum gitwire_service service, child_sink *sink,
	     void *ctx, struct err *e)
{
	gitwire_close(w);
	w->service = service;
	w->h->passing = false;
	return w->h->url.kind == HOSTURL_SSH ? open_ssh(w, sink, ctx, e)
					     : open_http(w, sink, ctx, e);
}

static int
ask_http(struct gitwire *w, const struct gitwire_request *q, struct err *e)
{
	const char *program = programs[w->service];
	char url[HOSTURL_MAX + 40], send[80], take[80];
	const char *headers[] = {send, take};
	struct until u = {.sink = q->sink,
			  .ctx = q->sink_ctx,
			  .left = q->max,
			  .w = w,
			  .q = q};
	struct githttp_request h = {.method = "POST",
				    .url = url,
				    .headers = headers,
				    .n_headers = 2,
				    .login = true,
				    .source = from_source,
				    .rewind = start_over,
				    .source_ctx = &u,
				    .length = q->length,
				    .sink = to_sink,
				    .sink_ctx = &u,
				    .max = UINT64_MAX};
	struct githttp_reply r;

	snprintf(url, sizeof url, "%s/%s", w->base, program);
	snprintf(send, sizeof send, "Content-Type: application/x-%s-request",
		 program);
	snprintf(take, sizeof take, "Accept: application/x-%s-result", program);
	if (githttp_do(w->h, &h, &r, e) != 0)
		return -1;
	if (r.status < 200 || r.status > 299)
		return githttp_refused(
		    w->h, &r,
		    w->service == GITWIRE_FETCH ? "fetching" : "pushing", e);
	if (u.enough)
		return 0;
	w->h->passing = true;
	return host_fail(w->h, e, "its answer was cut off");
}

static int
ask_ssh(struct gitwire *w, const struct gitwire_request *q, struct err *e)
{
	struct until u = {.sink = q->sink,
			  .ctx = q->sink_ctx,
			  .left = q->max,
			  .w = w,
			  .q = q};
	int rc;

	w->open = false;
	rc = gitssh_talk(w->h, w->ssh, from_source, &u, false, to_sink, &u, e);
	if (rc == 0 && !u.enough) {
		rc = gitssh_failed(
		    w->h, w->ssh,
		    w->service == GITWIRE_FETCH ? "fetching" : "pushing", e);
		/* a cut may heal, a refusal does not */
		w->h->passing |= u.moved > 0;
	}
	child_free(w->ssh);
	w->ssh = NULL;
	return rc;
}

int
gitwire_ask(struct gitwire *w, const struct gitwire_request *q, struct err *e)
{
	w->h->passing = false;
	return w->h->url.kind == HOSTURL_SSH ? ask_ssh(w, q, e)
					     : ask_http(w, q, e);
}

static ssize_t
flush(void *ctx, void *buf, size_t cap, struct err *e)
{
	bool *said = ctx;

	(void)e;
	if (*said || cap < 4)
		return 0;
	*said = true;
	memcpy(buf, "0000", 4);
	return 4;
}

static int
nowhere(void *ctx, const void *bytes, size_t len, struct err *e)
{
	(void)ctx;
	(void)bytes;
	(void)len;
	(void)e;
	return 0;
}

void
gitwire_close(struct gitwire *w)
{
	bool said = false, stalled;

	/* else the other side would complain of being left */
	if (w->ssh != NULL && w->open)
		(void)child_talk(w->ssh, flush, &said, true, nowhere, NULL, 5,
				 &stalled, NULL);
	child_free(w->ssh);
	w->ssh = NULL;
	w->open = false;
}
