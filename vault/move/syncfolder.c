/*
 * Sync with the folder of another copy of the vault: see sync.h. It is read
 * under a shared lock; what goes there is merged into it by our own code under
 * its own lock (git's way of writing to a folder asks nobody for leave), and
 * its owner's files in local/ are left to him, but for the list of what is
 * absent.
 */
#include "sync.h"

#include "absent.h"
#include "gitstore.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL_FILE 65536 /* bytes */
#define COUNT(a) (sizeof(a) / sizeof *(a))

/* An open folder of another copy. */
struct folder {
	int lock; /* -1: there is none to take */
	struct gitstore *git;
	struct heads heads;
};

static int
no_link(void *ctx, const char *rel, mode_t mode, uint64_t size, struct err *e)
{
	char shown[300];

	(void)ctx;
	(void)size;
	if (S_ISREG(mode))
		return 0;
	return err_set(e, ERR_EVIDENCE, "%s: not a regular file",
		       err_escape(shown, sizeof shown, rel, strlen(rel)));
}

/* Syncing with itself would wait for its own lock. */
static int
check_other(const struct vault *v, const char *dir, struct err *e)
{
	struct stat a, b;

	if (stat(v->dir, &a) == 0 && stat(dir, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return err_set(e, ERR_UNKNOWN, "that is this vault itself");
	return 0;
}

static int
check_mode(const char *path, const char *rel, mode_t type, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return err_set(e, ERR_UNKNOWN, "there is no vault: %s: missing",
			       rel);
	if ((st.st_mode & S_IFMT) != type)
		return err_set(e, ERR_EVIDENCE,
			       "%s: not a regular file or folder", rel);
	return 0;
}

/* A file of fixed content. */
static int
check_file(const char *dir, const char *rel, struct err *e)
{
	const char *want =
	    strcmp(rel, "HEAD") == 0 ? gitstore_head : gitstore_config;
	char path[FSUTIL_PATH], *text = NULL;
	size_t len = 0;
	bool same;

	if (fsutil_join(path, dir, rel, e) != 0 ||
	    check_mode(path, rel, S_IFREG, e) != 0 ||
	    fsutil_read(path, SMALL_FILE, &text, &len, e) != 0)
		return -1;
	same = len == strlen(want) && memcmp(text, want, len) == 0;
	free(text);
	return same ? 0
		    : err_set(e, ERR_EVIDENCE, "%s: not what a vault has there",
			      rel);
}

int
syncfolder_check(const char *dir, struct err *e)
{
	static const char *const files[] = {"config", "HEAD"};
	static const char *const folders[] = {"refs", "objects"};
	static const char *const none[] = {
	    "commondir", "gitdir", "packed-refs.lock",
	    "objects/info/alternates", "objects/info/http-alternates"};
	char path[FSUTIL_PATH];

	for (size_t i = 0; i < COUNT(files); i++)
		if (check_file(dir, files[i], e) != 0)
			return -1;
	for (size_t i = 0; i < COUNT(folders); i++)
		if (fsutil_join(path, dir, folders[i], e) != 0 ||
		    check_mode(path, folders[i], S_IFDIR, e) != 0 ||
		    fsutil_walk(path, no_link, NULL, e) != 0)
			return -1;
	for (size_t i = 0; i < COUNT(none); i++) {
		if (fsutil_join(path, dir, none[i], e) != 0)
			return -1;
		if (fsutil_exists(path))
			return err_set(e, ERR_EVIDENCE,
				       "%s: it does not belong in a vault",
				       none[i]);
	}
	return 0;
}

static void
folder_close(struct folder *f)
{
	gitstore_close(f->git);
	heads_free(&f->heads);
	if (f->lock >= 0)
		close(f->lock);
}

/*
 * Two vaults that sync with each other take both locks in one order, or each
 * would wait with its own for the other's. Is the other's the first?
 */
static bool
goes_first(const struct vault *v, const char *dir)
{
	char path[FSUTIL_PATH];
	struct stat own, other;

	if (fsutil_join(path, dir, "local/lock", NULL) != 0 ||
	    fstat(v->lock, &own) != 0 || stat(path, &other) != 0)
		return false;
	return other.st_dev != own.st_dev ? other.st_dev < own.st_dev
					  : other.st_ino < own.st_ino;
}

static void
let_go(struct sync *s, bool first)
{
	if (first)
		vault_pause(s->v);
}

/* `rc` is what has become of the other's lock. */
static int
take_again(struct sync *s, bool first, int rc, struct err *e)
{
	if (!first)
		return rc;
	if (vault_resume(s->v, rc == 0 ? e : NULL) != 0) {
		sync_close(s);
		return -1;
	}
	s->changed = true;
	return rc;
}

/* To be closed after a failure too. */
static int
folder_open(struct sync *s, const char *dir, struct folder *f, struct err *e)
{
	bool first = goes_first(s->v, dir);
	char path[FSUTIL_PATH];
	int rc = 0;

	*f = (struct folder){.lock = -1};
	if (syncfolder_check(dir, e) != 0 ||
	    fsutil_join(path, dir, "local/lock", e) != 0)
		return -1;
	f->lock = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	let_go(s, first);
	if (f->lock >= 0)
		rc = vault_flock(f->lock, LOCK_SH, true, e);
	if (take_again(s, first, rc, e) != 0)
		return -1;
	f->git = gitstore_open(dir, e);
	return f->git == NULL ? -1
			      : gitstore_refs(f->git, heads_take, &f->heads, e);
}

/* Bring the objects of a list from a vault's folder. */
static int
bring(struct bulk_in *b, const char *from, const struct bulk_list *l,
      const struct sync *s, const char *what, struct sync_result *out,
      size_t *placed, struct err *e)
{
	uint64_t done = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct err why = {0};
		int rc = bulk_in_copy(b, from, &l->list[i], &why);

		if (rc < 0 && why.code == ERR_UNKNOWN)
			return err_set(e, why.code, "%s", why.msg);
		if (rc < 0)
			report_add(&out->found, REPORT_HISTORY, "%s: %s",
				   out->name, why.msg);
		done += l->list[i].size;
		if (s->o->progress != NULL)
			s->o->progress(s->o->progress_ctx, what, done,
				       l->bytes);
	}
	return bulk_in_finish(b, placed, e);
}

static int
pull_bulk(struct sync *s, const char *dir, struct sync_result *out,
	  struct err *e)
{
	struct bulk_list l = {0};
	struct bulk_in *b = NULL;
	size_t placed = 0;
	int rc = sync_wanted(s, &l, e);

	if (rc == 0 && l.n > 0) {
		b = bulk_in_new(s->v, e);
		rc = b == NULL
			 ? -1
			 : bring(b, dir, &l, s, "fetching", out, &placed, e);
		if (rc == 0)
			rc = absent_shrink(s->v, s->id, &out->in.absent, e);
	}
	out->in.objects += placed;
	bulk_in_free(b);
	bulk_free(&l);
	return rc;
}

int
syncfolder_pull(struct sync *s, struct remote *r, struct sync_result *out,
		struct err *e)
{
	char objects[FSUTIL_PATH];
	struct heads news = {0};
	struct folder f = {.lock = -1};
	int rc = -1;

	if (check_other(s->v, r->where, e) != 0 ||
	    folder_open(s, r->where, &f, e) != 0 ||
	    heads_news(s->v, &f.heads, &news, e) != 0 ||
	    fsutil_join(objects, r->where, "objects", e) != 0)
		goto out;
	if (news.n > 0 && sync_merge(s, objects, &news, out, e) != 0)
		goto out;
	if (sync_compare(s, r, &f.heads, out, e) == 0)
		rc = pull_bulk(s, r->where, out, e);
out:
	heads_free(&news);
	folder_close(&f);
	return rc;
}

/* What of our logs goes beyond these heads. */
static int
list_ahead(const struct vault *v, const struct heads *there,
	   struct heads *ahead, struct err *e)
{
	uint64_t *sizes = calloc(v->n_logs + 1, sizeof *sizes);
	int rc = sizes == NULL ? err_memory(e) : 0;

	if (rc == 0)
		heads_cover(v, there, sizes);
	for (size_t i = 0; i < v->n_logs && rc == 0; i++) {
		const struct log *l = &v->logs[i];

		if (sizes[i] < l->size)
			rc = heads_add(ahead, l->branch,
				       l->steps[l->size - 1].commit, e);
	}
	free(sizes);
	return rc;
}

/* Objects that are here and that it has declared absent. */
static int
list_offer(struct sync *s, const char *dir, struct bulk_list *offer,
	   struct err *e)
{
	struct vault *other = calloc(1, sizeof *other);
	struct map absent = {0};
	int rc = other == NULL ? err_memory(e) : 0;

	if (rc == 0 && s->o->bulk) {
		snprintf(other->dir, sizeof other->dir, "%s", dir);
		rc = absent_load(other, &absent, e);
		if (rc == 0)
			rc = bulk_offer(s->v, &absent, offer, e);
	}
	map_free(&absent);
	free(other);
	return rc;
}

/* Merge what is here and not there into another's vault. */
static int
push_batches(struct sync *s, struct vault *t, struct heads *ahead,
	     struct sync_result *out, struct err *e)
{
	char objects[FSUTIL_PATH];
	struct merge_result went = {0};
	struct merge *m = NULL;
	int rc = -1;

	if (ahead->n == 0)
		return 0;
	if (vault_path(s->v, "objects", objects, e) != 0)
		return -1;
	m = merge_new(t, NULL, false, e);
	if (m != NULL && merge_incoming(m, objects, heads_refs, ahead, e) == 0)
		rc = merge_commit(m, &went, e);
	merge_free(m);
	out->out_batches += went.batches;
	return rc;
}

static int
push_bulk(struct sync *s, struct vault *t, struct sync_result *out,
	  struct err *e)
{
	struct bulk_list l = {0};
	struct bulk_in *b = NULL;
	size_t left;
	int rc = s->o->bulk ? bulk_lacking(t, &l, e) : 0;

	if (rc == 0)
		rc = sync_only_case(s, &l, e);
	if (rc == 0)
		rc = bulk_held(&l, s->v, e);
	if (rc == 0 && l.n > 0) {
		b = bulk_in_new(t, e);
		rc = b == NULL ? -1
			       : bring(b, s->v->dir, &l, s, "sending", out,
				       &out->out_objects, e);
		if (rc == 0)
			rc = absent_shrink(t, NULL, &left, e);
	}
	bulk_in_free(b);
	bulk_free(&l);
	return rc;
}

/* What one's own user writes there, its owner must be able to use. */
static int
check_owner(const char *dir, struct err *e)
{
	struct stat st;
	char shown[300];

	if (stat(dir, &st) != 0)
		return err_sys(
		    e, "%s", err_escape(shown, sizeof shown, dir, strlen(dir)));
	if (st.st_uid == geteuid())
		return 0;
	err_set(e, ERR_UNKNOWN,
		"it belongs to another user of this machine, who could not use"
		" what we write there");
	return err_hint(e, "sync --pull takes from there; that user can sync"
			   " with yours");
}

/* What our branches are, all of them. */
static int
remember_ours(struct sync *s, struct remote *r, struct err *e)
{
	struct heads all = {0};

	if (list_ahead(s->v, &all, &all, e) != 0) {
		heads_free(&all);
		return -1;
	}
	heads_free(&r->seen);
	r->seen = all;
	return 0;
}

int
syncfolder_push(struct sync *s, struct remote *r, struct sync_result *out,
		struct err *e)
{
	struct heads ahead = {0};
	struct bulk_list offer = {0};
	struct vault *t = NULL;
	struct folder f = {.lock = -1};
	bool first;
	int rc = -1;

	if (check_other(s->v, r->where, e) != 0 ||
	    folder_open(s, r->where, &f, e) != 0 ||
	    list_ahead(s->v, &f.heads, &ahead, e) != 0 ||
	    list_offer(s, r->where, &offer, e) != 0)
		goto out;
	if (ahead.n == 0 && offer.n == 0) {
		rc = 0;
		goto out;
	}
	folder_close(&f); /* its lock is wanted whole */
	f = (struct folder){.lock = -1};
	if (check_owner(r->where, e) != 0)
		goto out;
	first = goes_first(s->v, r->where);
	let_go(s, first);
	t = vault_open(r->where, VAULT_WRITE | VAULT_BRIEF, s->o->progress, e);
	if (take_again(s, first, t != NULL ? 0 : -1, e) != 0)
		goto out;
	t->progress_ctx = s->o->progress_ctx;
	if (strcmp(t->id, s->v->id) != 0)
		err_set(e, ERR_UNKNOWN, "another vault is there");
	else if (push_batches(s, t, &ahead, out, e) == 0 &&
		 push_bulk(s, t, out, e) == 0)
		rc = remember_ours(s, r, e);
out:
	vault_close(t);
	folder_close(&f);
	bulk_free(&offer);
	heads_free(&ahead);
	return rc;
}
