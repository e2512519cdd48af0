#include "relock.h"

#include "fsutil.h"
#include "local.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char made[] = "local/rotate.new"; /* maybe not complete */
static const char decided[] = "local/rotate";

struct relocking {
	struct vault *v;
	const struct identity *from, *to; /* `to` may be NULL: only read */
};

/* Is this a file that the identity's local key locks? */
static bool
is_locked(const char *name)
{
	size_t n = strlen(name);

	return strchr(name, '/') == NULL && n > 4 &&
	       strcmp(name + n - 4, ".age") == 0 &&
	       strcmp(name, "collector.age") != 0;
}

static int
one(void *ctx, const char *name, mode_t mode, uint64_t size, struct err *e)
{
	struct relocking *r = ctx;
	char rel[FSUTIL_PATH];
	struct secret *s;
	int rc = 0;

	(void)mode;
	(void)size;
	if (!is_locked(name))
		return 0;
	snprintf(rel, sizeof rel, "local/%s", name);
	s = local_read(r->v, r->from, rel, e);
	if (s == NULL)
		return err_set(e, ERR_UNKNOWN, "%s: cannot be read", rel);
	if (r->to != NULL) {
		snprintf(rel, sizeof rel, "%s/%s", made, name);
		rc = local_write(r->v, r->to, rel, s->bytes, s->len, e);
	}
	secret_free(s);
	return rc;
}

bool
relock_is_of(struct vault *v, const struct identity *id)
{
	struct relocking r = {.v = v, .from = id};
	char path[FSUTIL_PATH];
	struct err e = {0};

	if (vault_path(v, "local", path, &e) != 0)
		return false;
	return !fsutil_exists(path) || fsutil_walk(path, one, &r, &e) == 0;
}

/* Put one file in its place. */
static int
place(void *ctx, const char *name, mode_t mode, uint64_t size, struct err *e)
{
	struct vault *v = ctx;
	char from[FSUTIL_PATH], to[FSUTIL_PATH], rel[FSUTIL_PATH];

	(void)mode;
	(void)size;
	snprintf(rel, sizeof rel, "%s/%s", decided, name);
	if (vault_path(v, rel, from, e) != 0)
		return -1;
	snprintf(rel, sizeof rel, "local/%s", name);
	if (vault_path(v, rel, to, e) != 0)
		return -1;
	return rename(from, to) == 0 ? 0 : err_sys(e, "%s", rel);
}

int
relock_finish(struct vault *v, struct err *e)
{
	char local[FSUTIL_PATH], path[FSUTIL_PATH];

	if (vault_path(v, "local", local, e) != 0 ||
	    vault_path(v, made, path, e) != 0 ||
	    (fsutil_exists(path) && fsutil_remove_all(path, e) != 0) ||
	    vault_path(v, decided, path, e) != 0)
		return -1;
	if (!fsutil_exists(path))
		return 0;
	/* the folder goes last: until then these files count */
	if (fsutil_walk(path, place, v, e) != 0 ||
	    fsutil_sync_dir(local, e) != 0)
		return -1;
	if (rmdir(path) != 0)
		return err_sys(e, "%s", decided);
	return fsutil_sync_dir(local, e);
}

int
relock(struct vault *v, const struct identity *from, const struct identity *to,
       struct err *e)
{
	struct relocking r = {.v = v, .from = from, .to = to};
	char local[FSUTIL_PATH], new[FSUTIL_PATH], path[FSUTIL_PATH];

	if (vault_path(v, "local", local, e) != 0 ||
	    vault_path(v, made, new, e) != 0 ||
	    vault_path(v, decided, path, e) != 0 || relock_finish(v, e) != 0 ||
	    fsutil_mkdirs(new, e) != 0)
		return -1;
	if (fsutil_walk(local, one, &r, e) != 0 ||
	    fsutil_sync_dir(new, e) != 0) {
		(void)fsutil_remove_all(new, NULL);
		return -1;
	}
	if (rename(new, path) != 0)
		return err_sys(e, "%s", decided);
	if (fsutil_sync_dir(local, e) != 0)
		return -1;
	return relock_finish(v, e);
}

int
relock_path(struct vault *v, const char *rel, char out[FSUTIL_PATH],
	    struct err *e)
{
	char other[FSUTIL_PATH];
	struct stat st;

	snprintf(other, sizeof other, "%s/%s", decided, rel + strlen("local/"));
	if (vault_path(v, other, out, e) != 0)
		return -1;
	if (lstat(out, &st) == 0)
		return 0;
	if (errno != ENOENT && errno != ENOTDIR)
		return err_sys(e, "%s", rel);
	return vault_path(v, rel, out, e);
}
