/*
 * Sync with a git host: see sync.h. References come first and go last: a host
 * must never show a batch whose objects it was not offered. What comes waits
 * in local/incoming/git until it is merged, so that an interrupted fetch goes
 * on where it was.
 */
#include "sync.h"

#include "absent.h"
#include "gitremote.h"
#include "hex.h"
#include "lfshost.h"
#include "medium.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FETCH_MAX (UINT64_C(64) << 30) /* bytes of new history */

/* A host that is being talked to. */
struct way {
	struct host *h;
	struct gitremote *git;
	struct lfshost *lfs;
};

static void
way_close(struct way *w)
{
	lfshost_free(w->lfs);
	gitremote_free(w->git);
	host_free(w->h);
}

/* To be closed after a failure too. Nothing goes over the network yet. */
static int
way_open(struct way *w, const struct sync *s, const struct remote *r,
	 struct err *e)
{
	struct host_options o = {.stall = s->o->stall,
				 .connect = s->o->stall,
				 .terminal = s->o->terminal,
				 .progress = s->o->progress,
				 .progress_ctx = s->o->progress_ctx};

	memset(w, 0, sizeof *w);
	w->h = host_new(r->where, &o, e);
	if (w->h == NULL || (w->git = gitremote_new(w->h, e)) == NULL ||
	    (w->lfs = lfshost_new(w->h, e)) == NULL)
		return -1;
	return 0;
}

static int
list_heads(struct way *w, struct heads *out, struct err *e)
{
	const struct gitremote_branch *list;
	size_t n;

	if (gitremote_list(w->git, &list, &n, &out->others, e) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (heads_add(out, list[i].name, list[i].commit, e) != 0)
			return -1;
	return 0;
}

/* A hostile host must not fill the disk; half of it is for taking over. */
static struct gitremote_caps
most(const struct sync *s)
{
	int dir = open(s->v->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t room = dir >= 0 ? medium_room(dir) / 2 : FETCH_MAX;
	struct caps caps;

	if (dir >= 0)
		close(dir);
	caps_of(s->v, s->o->large, &caps);
	if (caps.bytes < room)
		room = caps.bytes;
	return (struct gitremote_caps){room < FETCH_MAX ? room : FETCH_MAX,
				       s->o->large ? 0 : caps.objects};
}

/* Fetch what is new, and merge it. */
static int
pull_batches(struct sync *s, struct way *w, struct heads *news,
	     struct sync_result *out, struct err *e)
{
	struct gitremote_caps caps = most(s);
	struct gitremote_branch *want = calloc(news->n + 1, sizeof *want);
	char folder[FSUTIL_PATH], objects[FSUTIL_PATH];
	struct err inner = {0};
	int rc = -1;

	if (want == NULL)
		return err_memory(e);
	for (size_t i = 0; i < news->n; i++) {
		strcpy(want[i].name, news->list[i].branch);
		memcpy(want[i].commit, news->list[i].commit, GITFORM_OID_LEN);
	}
	if (vault_path(s->v, "local/incoming/git", folder, e) != 0 ||
	    vault_path(s->v, "local/incoming/git/objects", objects, e) != 0 ||
	    fsutil_mkdirs(objects, e) != 0)
		goto out;
	rc = gitremote_fetch(w->git, s->v, objects, want, news->n, &caps,
			     &inner);
	if (rc == 0)
		rc = vault_claim(s->v, &inner);
	if (rc == 0) {
		rc = sync_merge(s, objects, news, out, &inner);
		(void)vault_share(s->v, NULL);
	}
	if (rc == 0 || inner.code == ERR_EVIDENCE)
		(void)fsutil_remove_all(folder, NULL);
	if (rc != 0)
		*e = inner;
out:
	free(want);
	return rc;
}

/* Objects one after the other, on their way in or out. */
struct stream {
	struct sync *s;
	struct remote *r;
	struct sync_result *out;
	const struct bulk_list *list;
	size_t at;
	struct bulk_in *in; /* on their way in */
};

static int
next_object(void *ctx, struct lfshost_object *o, struct err *e)
{
	struct stream *t = ctx;

	(void)e;
	if (t->at == t->list->n)
		return 0;
	memcpy(o->sha256, t->list->list[t->at].sha256, HASH_LEN);
	o->size = t->list->list[t->at++].size;
	return 1;
}

static int
object_came(void *ctx, const struct lfshost_object *o, struct err *e)
{
	struct stream *t = ctx;
	struct bulk_object b = {.size = o->size};

	memcpy(b.sha256, o->sha256, HASH_LEN);
	return bulk_in_put(t->in, &b, e);
}

/* What it lacks it may get from us one day. */
static void
object_failed(void *ctx, const struct lfshost_object *o, const char *why,
	      int code)
{
	struct stream *t = ctx;

	t->out->behind++;
	report_add(&t->out->found,
		   code == ERR_EVIDENCE ? REPORT_HISTORY : REPORT_NOTE,
		   "%s: %s", t->r->name, why);
	(void)map_set(&t->r->owed, o->sha256, 1);
}

static int
object_path(void *ctx, const uint8_t sha256[HASH_LEN], char *out, size_t cap,
	    struct err *e)
{
	struct stream *t = ctx;
	char path[FSUTIL_PATH];

	if (vault_object_path(t->s->v, sha256, path, e) != 0)
		return -1;
	if ((size_t)snprintf(out, cap, "%s", path) >= cap)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	return 0;
}

static int
pull_bulk(struct sync *s, struct way *w, struct remote *r,
	  struct sync_result *out, struct err *e)
{
	struct bulk_list l = {0};
	struct lfshost_result got = {0};
	struct stream t = {.s = s, .r = r, .out = out, .list = &l};
	struct lfshost_jobs jobs = {.next = next_object,
				    .done = object_came,
				    .failed = object_failed,
				    .ctx = &t};
	struct err inner = {0};
	size_t placed = 0;
	int rc = -1;

	t.in = bulk_in_new(s->v, e); /* what an interrupted run left counts */
	if (t.in == NULL || sync_wanted(s, &l, e) != 0)
		goto out;
	jobs.total = l.bytes;
	rc = l.n == 0 ? 0
		      : lfshost_download(w->lfs, bulk_in_folder(t.in), &jobs,
					 &got, &inner);
	/* what came before something failed is kept */
	if (bulk_in_finish(t.in, &placed, e) != 0 ||
	    (placed > 0 &&
	     (vault_claim(s->v, e) != 0 ||
	      absent_shrink(s->v, s->id, &out->in.absent, e) != 0)))
		rc = -1;
	else if (rc != 0)
		*e = inner;
	out->in.objects += placed;
out:
	bulk_in_free(t.in);
	bulk_free(&l);
	return rc;
}

static int
pull(struct sync *s, struct remote *r, struct sync_result *out, struct err *e)
{
	struct heads there = {0}, news = {0};
	struct way w;
	int rc = -1;

	if (way_open(&w, s, r, e) == 0 && list_heads(&w, &there, e) == 0 &&
	    heads_news(s->v, &there, &news, e) == 0 &&
	    (news.n == 0 || pull_batches(s, &w, &news, out, e) == 0) &&
	    sync_compare(s, r, &there, out, e) == 0)
		rc = pull_bulk(s, &w, r, out, e);
	heads_free(&news);
	heads_free(&there);
	way_close(&w);
	return rc;
}

/* A network can be slow: meanwhile others may read the vault. */
static int
beside_readers(struct sync *s,
	       int (*work)(struct sync *, struct remote *, struct sync_result *,
			   struct err *),
	       struct remote *r, struct sync_result *out, struct err *e)
{
	int rc = vault_share(s->v, e);

	if (rc == 0)
		rc = work(s, r, out, e);
	if (vault_claim(s->v, rc == 0 ? e : NULL) == 0)
		return rc;
	sync_close(s);
	return -1;
}

int
synchost_pull(struct sync *s, struct remote *r, struct sync_result *out,
	      struct err *e)
{
	return beside_readers(s, pull, r, out, e);
}

/* -- the other way -- */

/* As which batch a log holds this commit; 0 if it does not. */
static uint64_t
batch_of(const struct log *l, const uint8_t commit[GITFORM_OID_LEN])
{
	uint64_t n = l->size;

	while (n > 0 &&
	       memcmp(l->steps[n - 1].commit, commit, GITFORM_OID_LEN) != 0)
		n--;
	return n;
}

/* The branch of the host that a log goes on from. */
struct target {
	uint64_t there; /* batches */
	bool conflict;	/* the host's branch is not part of what is here */
	bool newer;	/* it ends with what has not been pulled */
};

/* Our logs under the names that their branches have there. */
struct targets {
	struct vault v; /* ours, but for the names */
	struct target *list;
	const struct heads *there;
	const struct heads *left; /* struct sync_result */
};

static void
targets_free(struct targets *t)
{
	free(t->v.logs);
	free(t->list);
}

static const struct head *
find_branch(const struct heads *there, const char *branch)
{
	for (size_t i = 0; i < there->n; i++)
		if (strcmp(there->list[i].branch, branch) == 0)
			return &there->list[i];
	return NULL;
}

/* Does a branch of another name there hold this side of a fork, and no other?
 */
static const struct head *
find_side(const struct vault *v, const struct heads *there, const struct log *l)
{
	const struct head *found = NULL;
	uint64_t most = 0;

	for (size_t i = 0; i < there->n; i++) {
		const struct head *h = &there->list[i];
		uint64_t n = batch_of(l, h->commit);
		size_t holders = 0;

		for (size_t k = 0; k < v->n_logs && n > most; k++)
			holders += batch_of(&v->logs[k], h->commit) > 0;
		if (n > most && holders == 1) {
			found = h;
			most = n;
		}
	}
	return found;
}

/* Shall another log go to the branch that log i is to have now? */
static bool
is_promised(const struct targets *to, size_t i)
{
	for (size_t k = 0; k < to->v.n_logs; k++)
		if (k != i &&
		    strcmp(to->v.logs[k].branch, to->v.logs[i].branch) == 0)
			return true;
	return false;
}

/*
 * A branch for log i, which has none there: named by the first batch after
 * `alike` of which the name is free.
 */
static void
name_side(struct targets *to, size_t i, uint64_t alike)
{
	struct log *l = &to->v.logs[i];
	struct target *t = &to->list[i];
	char hex[HASH_HEX_LEN + 1];
	uint64_t n;

	for (; alike < l->size; alike++) {
		const struct head *h;

		hex_encode(l->steps[alike].root, HASH_LEN, hex);
		snprintf(l->branch, sizeof l->branch, "%s.%.32s", l->device,
			 hex);
		h = find_branch(to->there, l->branch);
		if (h == NULL && !is_promised(to, i))
			return;
		if (h == NULL || heads_hold(to->left, h->commit))
			continue;
		t->newer = heads_find(&to->v, h, &n) == NULL;
		break;
	}
	t->conflict = true;
}

/*
 * Which branch shall log i move? Names of the sides of a fork differ between
 * vaults; what counts is what they hold. Branches that were pulled, and not
 * taken in to their ends, are gone round like a fork at the first batch: who
 * put there what makes no sense must not keep the device's true history out.
 */
static void
aim(struct targets *to, size_t i)
{
	struct log *l = &to->v.logs[i];
	struct target *t = &to->list[i];
	const struct head *same = find_branch(to->there, l->branch), *side;
	const struct log *other;
	uint64_t n, alike;

	t->there = same != NULL ? batch_of(l, same->commit) : 0;
	if (t->there > 0)
		return;
	side = find_side(&to->v, to->there, l);
	if (side != NULL) {
		strcpy(l->branch, side->branch);
		t->there = batch_of(l, side->commit);
		return;
	}
	if (same == NULL)
		return;
	other = heads_find(&to->v, same, &n);
	alike = other != NULL ? vault_alike(other, l) : 0;
	t->newer = other == NULL && !heads_hold(to->left, same->commit);
	t->conflict = t->newer || (other != NULL && alike >= n);
	if (!t->conflict)
		name_side(to, i, alike);
}

/* The objects that these batches list, and those owed from before. */
static int
list_objects(struct sync *s, const struct targets *to, struct remote *r,
	     struct bulk_list *out, struct err *e)
{
	struct map all = {0};
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, value;
	int rc = 0;

	for (size_t i = 0; i < s->v->n_logs; i++) {
		const struct log *l = &s->v->logs[i];

		for (uint64_t n = to->list[i].there + 1;
		     n <= l->size && rc == 0 && !to->list[i].conflict; n++) {
			struct vault_batch b;

			rc = vault_batch(s->v, l, n, &b, e);
			if (rc != 0)
				break;
			for (size_t k = 0; k < b.b.n && rc == 0; k++)
				if (b.b.lines[k].kind == BATCH_OBJECT)
					rc = map_set(&all, b.b.lines[k].sha256,
						     1);
			vault_batch_free(&b);
			if (rc != 0)
				err_memory(e);
		}
	}
	while (rc == 0 && map_next(&r->owed, &at, sha256, &value))
		if (map_set(&all, sha256, 1) != 0)
			rc = err_memory(e);
	/* owed is what does not go now: all, less what goes */
	map_free(&r->owed);
	r->owed = all;
	if (rc == 0 && s->o->bulk)
		rc = bulk_offer(s->v, &all, out, e);
	return rc == 0 ? sync_only_case(s, out, e) : rc;
}

/* What goes is not owed any longer. */
static int
settle(struct remote *r, const struct bulk_list *sent, struct err *e)
{
	struct map goes = {0}, left = {0};
	uint8_t sha256[MAP_KEY_LEN];
	size_t at = 0, value;
	int rc = 0;

	for (size_t i = 0; i < sent->n && rc == 0; i++)
		rc = map_set(&goes, sent->list[i].sha256, 1);
	while (rc == 0 && map_next(&r->owed, &at, sha256, &value))
		if (!map_get(&goes, sha256, &value))
			rc = map_set(&left, sha256, 1);
	map_free(&goes);
	if (rc != 0) {
		map_free(&left);
		return err_memory(e);
	}
	map_free(&r->owed);
	r->owed = left;
	return 0;
}

static int
push_bulk(struct sync *s, struct way *w, const struct targets *to,
	  struct remote *r, struct sync_result *out, struct err *e)
{
	struct bulk_list l = {0};
	struct stream t = {.s = s, .r = r, .out = out, .list = &l};
	struct lfshost_jobs jobs = {
	    .next = next_object, .path = object_path, .ctx = &t};
	struct lfshost_result went = {0};
	int rc = list_objects(s, to, r, &l, e);

	jobs.total = l.bytes;
	if (rc == 0 && l.n > 0)
		rc = lfshost_upload(w->lfs, &jobs, &went, e);
	out->out_objects += went.moved;
	/* remembered before the references go: then nothing lists it anew */
	if (rc == 0)
		rc = settle(r, &l, e);
	if (rc == 0 && s->remotes != NULL)
		rc = remotes_save(s->v, s->id, s->remotes, e);
	bulk_free(&l);
	return rc;
}

/* May batch n go, by what its `seen` lines name? */
static bool
may_go(const struct vault *v, const uint64_t *gone, const struct log *l,
       uint64_t n)
{
	for (size_t i = 0; i < l->n_seen; i++) {
		const struct log_seen *seen = &l->seen[i];
		bool there = false, here = false;

		if (seen->batch != n)
			continue;
		for (size_t k = 0; k < v->n_logs; k++) {
			const struct log *o = &v->logs[k];

			if (strcmp(o->device, seen->device) != 0 ||
			    o->size < seen->size)
				continue;
			here = true;
			there |= gone[k] >= seen->size;
		}
		if (here && !there)
			return false;
	}
	return true;
}

struct updates {
	struct gitremote_update *list;
	size_t n, cap;
};

static int
add_update(struct updates *u, const struct log *l, uint64_t size)
{
	if (u->n == u->cap) {
		size_t cap = u->cap > 0 ? 2 * u->cap : 64;
		void *p = realloc(u->list, cap * sizeof *u->list);

		if (p == NULL)
			return -1;
		u->list = p;
		u->cap = cap;
	}
	u->list[u->n++] = (struct gitremote_update){l, size};
	return 0;
}

/*
 * Whoever fetches while we push must not see a batch before what it names: go
 * round, each log as far as it may.
 */
static int
order(const struct targets *to, struct updates *u)
{
	const struct vault *v = &to->v;
	uint64_t *gone = calloc(v->n_logs + 1, sizeof *gone);
	bool progress = true, stuck = false;
	int rc = gone == NULL ? -1 : 0;

	for (size_t i = 0; i < v->n_logs && rc == 0; i++)
		gone[i] =
		    to->list[i].conflict ? v->logs[i].size : to->list[i].there;
	while (rc == 0 && (progress || !stuck)) {
		stuck = !progress;
		progress = false;
		for (size_t i = 0; i < v->n_logs && rc == 0; i++) {
			const struct log *l = &v->logs[i];
			uint64_t n = gone[i];

			while (n < l->size &&
			       (stuck || may_go(v, gone, l, n + 1)))
				n++;
			if (n == gone[i])
				continue;
			gone[i] = n;
			progress = true;
			rc = add_update(u, l, n);
		}
	}
	free(gone);
	return rc;
}

static void
branch_refused(void *ctx, const char *branch, const char *why)
{
	struct sync_result *out = ctx;

	report_add(&out->found, REPORT_NOTE,
		   "%s: device %.12s: the host did not take it: %s", out->name,
		   branch, why);
}

static int
push_batches(struct way *w, struct targets *to, struct sync_result *out,
	     struct err *e)
{
	struct updates u = {0};
	size_t moved = 0;
	int rc;

	if (order(to, &u) != 0) {
		free(u.list);
		return err_memory(e);
	}
	rc = u.n == 0 ? 0
		      : gitremote_push(w->git, &to->v, u.list, u.n,
				       branch_refused, out, &moved, e);
	free(u.list);
	return rc;
}

/* Where each log stands there; *n counts the batches that shall go. */
static int
aim_all(struct sync *s, const struct remote *r, const struct heads *there,
	struct sync_result *out, struct targets *to, size_t *n, struct err *e)
{
	size_t logs = s->v->n_logs;

	*n = 0;
	to->v = *s->v;
	to->v.logs = calloc(logs + 1, sizeof *to->v.logs);
	to->list = calloc(logs + 1, sizeof *to->list);
	if (to->v.logs == NULL || to->list == NULL)
		return err_memory(e);
	memcpy(to->v.logs, s->v->logs, logs * sizeof *to->v.logs);
	to->there = there;
	to->left = &out->left;
	for (size_t i = 0; i < logs; i++) {
		const struct log *l = &s->v->logs[i];
		struct target *t = &to->list[i];

		aim(to, i);
		if (!t->conflict)
			*n += l->size - t->there;
		else if (t->newer)
			report_add(
			    &out->found, REPORT_NOTE,
			    "%s: device %.12s: what is there has not been"
			    " pulled yet: sync once more%s",
			    r->name, l->device,
			    s->o->pull ? "" : ", without --push");
		else
			report_add(&out->found, REPORT_HISTORY,
				   "%s: device %.12s: what is there is not part"
				   " of its history here, batches 1 to %llu",
				   r->name, l->device,
				   (unsigned long long)l->size);
	}
	return 0;
}

/* What was seen there of this device is not forgotten. */
static int
keep_seen(const struct remote *r, const char *device, struct heads *now,
	  struct err *e)
{
	for (size_t i = 0; i < r->seen.n; i++)
		if (strncmp(r->seen.list[i].branch, device, strlen(device)) ==
			0 &&
		    !heads_hold(now, r->seen.list[i].commit) &&
		    heads_add(now, r->seen.list[i].branch,
			      r->seen.list[i].commit, e) != 0)
			return -1;
	return 0;
}

/* What is there now. */
static int
remember(struct remote *r, const struct targets *to, struct err *e)
{
	struct heads now = {0};
	int rc = 0;

	for (size_t i = 0; i < to->v.n_logs && rc == 0; i++) {
		const struct log *l = &to->v.logs[i];

		if (to->list[i].conflict)
			rc = keep_seen(r, l->device, &now, e);
		else
			rc = heads_add(&now, l->branch,
				       l->steps[l->size - 1].commit, e);
	}
	if (rc != 0) {
		heads_free(&now);
		return -1;
	}
	heads_free(&r->seen);
	r->seen = now;
	return 0;
}

static int
push(struct sync *s, struct remote *r, struct sync_result *out, struct err *e)
{
	struct heads there = {0};
	struct targets to = {.list = NULL};
	struct way w;
	size_t n = 0;
	int rc = -1;

	if (way_open(&w, s, r, e) != 0 || list_heads(&w, &there, e) != 0)
		goto out;
	if (!s->o->pull && sync_compare(s, r, &there, out, e) != 0)
		goto out;
	if (aim_all(s, r, &there, out, &to, &n, e) != 0 ||
	    push_bulk(s, &w, &to, r, out, e) != 0 ||
	    push_batches(&w, &to, out, e) != 0)
		goto out;
	out->out_batches += n;
	rc = remember(r, &to, e);
out:
	targets_free(&to);
	heads_free(&there);
	way_close(&w);
	return rc;
}

int
synchost_push(struct sync *s, struct remote *r, struct sync_result *out,
	      struct err *e)
{
	return beside_readers(s, push, r, out, e);
}
