#include "lfswork.h"

#include "gitssh.h"
#include "hex.h"
#include "secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX 65536 /* bytes of what git-lfs-authenticate says */
#define ROUNDS 3	 /* requests for one batch: its actions expire */
#define SOON 10		 /* seconds before an action expires */

struct lfshost {
	struct host *h;
	/* where the API is, by operation: [0] download, [1] upload */
	struct {
		char href[HOSTURL_MAX + 20];
		struct lfsbatch_action with;
		struct lfsbatch strings; /* owns those of `with` */
	} api[2];
};

struct lfshost *
lfshost_new(struct host *h, struct err *e)
{
	struct lfshost *l = calloc(1, sizeof *l);
	size_t n = strlen(h->url.base);
	bool dot_git = n > 4 && strcmp(h->url.base + n - 4, ".git") == 0;

	if (l == NULL) {
		err_memory(e);
		return NULL;
	}
	l->h = h;
	if (h->url.kind != HOSTURL_SSH)
		for (int i = 0; i < 2; i++)
			snprintf(l->api[i].href, sizeof l->api[i].href,
				 "%s%s/info/lfs", h->url.base,
				 dot_git ? "" : ".git");
	return l;
}

void
lfshost_free(struct lfshost *l)
{
	if (l == NULL)
		return;
	for (int i = 0; i < 2; i++)
		lfsbatch_clear(&l->api[i].strings);
	free(l);
}

/* What git-lfs-authenticate says. */
struct answer {
	char text[ANSWER_MAX + 1];
	size_t len;
};

static int
take_answer(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct answer *a = ctx;

	if (a->len + len > ANSWER_MAX)
		return err_set(e, ERR_UNKNOWN,
			       "git-lfs-authenticate says too much");
	memcpy(a->text + a->len, bytes, len);
	a->len += len;
	return 0;
}

/* Ask over ssh where the API is (git-lfs docs/api/authentication.md). */
static int
authenticate(struct lfshost *l, bool upload, struct err *e)
{
	struct answer *a = calloc(1, sizeof *a);
	struct lfsbatch *strings = &l->api[upload].strings;
	struct lfsbatch_action *with = &l->api[upload].with;
	struct host *h = l->h;
	struct child *c = NULL;
	json_t *json = NULL;
	int rc = -1;

	if (a == NULL)
		return err_memory(e);
	lfsbatch_clear(strings);
	l->api[upload].href[0] = '\0';
	c = gitssh_start(h, "git-lfs-authenticate",
			 upload ? "upload" : "download", e);
	if (c == NULL ||
	    gitssh_talk(h, c, NULL, NULL, true, take_answer, a, e) != 0)
		goto out;
	if (child_wait(c) != 0) {
		gitssh_failed(h, c, "git-lfs-authenticate", e);
		if (e->hint[0] == '\0')
			err_hint(e, "bulk needs a host with Git LFS");
		goto out;
	}
	json = json_loadb(a->text, a->len, JSON_REJECT_DUPLICATES, NULL);
	if (lfsbatch_action_decode(strings, json, with, e) != 0 ||
	    strlen(with->href) + 1 > sizeof l->api[upload].href) {
		host_fail(h, e, "git-lfs-authenticate gives no address");
		goto out;
	}
	strcpy(l->api[upload].href, with->href);
	rc = 0;
out:
	json_decref(json);
	child_free(c);
	secret_wipe(a, sizeof *a);
	free(a);
	return rc;
}

/* The API's address, fresh if the last one has expired. */
static int
find_api(struct lfshost *l, bool upload, struct err *e)
{
	unsigned attempt = 0;
	time_t until = l->api[upload].with.until;

	if (l->h->url.kind != HOSTURL_SSH ||
	    (l->api[upload].href[0] != '\0' &&
	     (until == 0 || time(NULL) + SOON < until)))
		return 0;
	do {
		if (authenticate(l, upload, e) == 0)
			return 0;
	} while (host_again(l->h, &attempt, e));
	return -1;
}

/* Ask about the batch at hand. */
static int
ask(struct lfswork *w, struct err *e)
{
	struct lfshost *l = w->l;
	bool upload = w->b.upload;
	unsigned attempt = 0;

	for (;;) {
		struct lfsbatch_api api;

		lfsbatch_clear(&w->b);
		if (find_api(l, upload, e) != 0)
			return -1;
		api.href = l->api[upload].href;
		api.with = l->api[upload].with;
		if (lfsbatch_ask(w->h, &api, &w->b, e) == 0)
			return 0;
		if (!host_again(w->h, &attempt, e))
			return -1;
	}
}

/* One line about one object. */
static void
name_it(const struct lfshost_object *o, const struct err *e, char out[400])
{
	char hex[HASH_HEX_LEN + 1];

	hex_encode(o->sha256, HASH_LEN, hex);
	snprintf(out, 400, "object %.16s: %.370s", hex, e->msg);
}

/* An object cannot be had; the others may. */
static void
lose(struct lfswork *w, const struct lfshost_object *o, const struct err *e)
{
	char line[400];

	name_it(o, e, line);
	w->result->failed++;
	w->through += o->size;
	if (w->jobs->failed != NULL)
		w->jobs->failed(w->jobs->ctx, o, line, e->code);
}

/* An object is through. */
static int
through(struct lfswork *w, const struct lfshost_object *o, struct err *e)
{
	w->through += o->size;
	host_tell(w->h, w->b.upload ? "uploading" : "downloading", w->through,
		  w->jobs->total);
	return w->jobs->done != NULL ? w->jobs->done(w->jobs->ctx, o, e) : 0;
}

/* The host's error about one object, or none where there should be an action.
 */
int
lfswork_answer(struct lfswork *w, const struct lfsbatch_object *o,
	       struct err *e)
{
	static const struct {
		long code;
		const char *text;
	} known[] = {{404, "is not there"},	   {410, "was removed there"},
		     {403, "may not be had"},	   {401, "may not be had"},
		     {413, "is too large for it"}, {422, "is refused"},
		     {507, "finds no room there"}};
	const char *text = "has an error there";

	if (!o->answered)
		return host_fail(w->h, e, "does not answer about it");
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].code == o->code)
			text = known[i].text;
	return host_fail(w->h, e, "it %s (%ld%s%s)", text, o->code,
			 o->why[0] != '\0' ? ": " : "", o->why);
}

/* SHA-256 of the first `size` bytes of an open file, or of fewer. */
int
lfswork_hash(struct lfswork *w, int fd, uint64_t size, struct hash *h,
	     struct err *e)
{
	uint64_t at = 0;

	while (at < size) {
		size_t want =
		    size - at < LFSWORK_IO ? (size_t)(size - at) : LFSWORK_IO;
		ssize_t n = pread(fd, w->buf, want, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "an object");
		if (n == 0)
			break;
		hash_update(h, w->buf, (size_t)n);
		at += (uint64_t)n;
	}
	return 0;
}

/* What a status other than success means for an object. */
enum lfswork_outcome
lfswork_judge(struct lfswork *w, const struct githttp_reply *r,
	      const struct lfsbatch_action *a, const char *doing, struct err *e)
{
	if (r->status >= 200 && r->status < 300)
		return LFSWORK_DONE;
	/* the leave that the batch gave may have run out: ask again */
	if ((r->status == 401 || r->status == 403) && a->until != 0 &&
	    time(NULL) >= a->until)
		return LFSWORK_LATER;
	githttp_refused(w->h, r, doing, e);
	return w->h->passing ? LFSWORK_LATER : LFSWORK_STOP;
}

/* Do the batch at hand: ask, then move each object. */
static int
run_batch(struct lfswork *w, struct err *e)
{
	for (int round = 0; w->b.n > 0; round++) {
		size_t later = 0;

		if (round == ROUNDS)
			return host_fail(w->h, e,
					 "gives leave for too short a"
					 " time");
		if (ask(w, e) != 0)
			return -1;
		for (size_t i = 0; i < w->b.n; i++) {
			struct lfsbatch_object *o = &w->b.list[i];
			bool late =
			    o->move.until != 0 && time(NULL) >= o->move.until;
			struct err one = {0};
			enum lfswork_outcome out =
			    late && round + 1 < ROUNDS ? LFSWORK_LATER
			    : w->b.upload	       ? lfswork_put(w, o, &one)
					  : lfswork_get(w, o, &one);

			if (out == LFSWORK_STOP) {
				*e = one;
				return -1;
			}
			if (out == LFSWORK_LATER)
				w->b.list[later++].o = o->o;
			else if (out == LFSWORK_LOST)
				lose(w, &o->o, &one);
			else if (through(w, &o->o, e) != 0)
				return -1;
		}
		lfsbatch_clear(&w->b);
		w->b.n = later;
	}
	return 0;
}

/* Collect objects until a batch is full, and do it. */
static int
run(struct lfswork *w, struct err *e)
{
	int more = 1;

	while (more == 1) {
		lfsbatch_clear(&w->b);
		w->b.n = 0;
		while (w->b.n < LFSBATCH_MAX) {
			struct lfshost_object *o = &w->b.list[w->b.n].o;

			more = w->jobs->next(w->jobs->ctx, o, e);
			if (more < 0)
				return -1;
			if (more == 0)
				break;
			if (w->b.upload || !lfswork_is_here(w, o))
				w->b.n++;
			else if (through(w, o, e) != 0)
				return -1;
		}
		if (run_batch(w, e) != 0)
			return -1;
	}
	return 0;
}

static int
work(struct lfshost *l, bool upload, const char *folder,
     const struct lfshost_jobs *jobs, struct lfshost_result *result,
     struct err *e)
{
	struct lfswork *w = calloc(1, sizeof *w);
	int rc = -1;

	memset(result, 0, sizeof *result);
	if (w == NULL)
		return err_memory(e);
	*w = (struct lfswork){.l = l,
			      .h = l->h,
			      .jobs = jobs,
			      .result = result,
			      .folder = folder};
	w->b.upload = upload;
	w->buf = malloc(LFSWORK_IO);
	if (w->buf == NULL)
		err_memory(e);
	else if (folder == NULL || fsutil_mkdirs(folder, e) == 0)
		rc = run(w, e);
	lfsbatch_clear(&w->b);
	free(w->buf);
	free(w);
	return rc;
}

int
lfshost_upload(struct lfshost *l, const struct lfshost_jobs *jobs,
	       struct lfshost_result *result, struct err *e)
{
	return work(l, true, NULL, jobs, result, e);
}

int
lfshost_download(struct lfshost *l, const char *folder,
		 const struct lfshost_jobs *jobs, struct lfshost_result *result,
		 struct err *e)
{
	return work(l, false, folder, jobs, result, e);
}
