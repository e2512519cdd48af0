/* Opening a vault, and its locks: see vault.h. */
#include "vault_inside.h"

#include "cache.h"
#include "journal.h"
#include "relock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int
vault_flock(int fd, int operation, bool brief, struct err *e)
{
	/* not the same for all, so that one of two gives way */
	int left = brief ? 2000 + (int)secret_uniform(2000) : -1;

	while (flock(fd, operation | (brief ? LOCK_NB : 0)) != 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return err_sys(e, "the vault's lock");
		if (left-- <= 0) {
			err_set(e, ERR_UNKNOWN,
				"another command is at work on that vault");
			return err_hint(e, "try again when it is done");
		}
		(void)poll(NULL, 0, 10);
	}
	return 0;
}

/* Take one of our own, and say so if that takes time. */
static int
wait_for(struct vault *v, int fd, int operation, bool brief, struct err *e)
{
	if (flock(fd, operation | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK && v->progress != NULL)
		v->progress(v->progress_ctx,
			    "waiting for another command on this vault", 0, 0);
	return vault_flock(fd, operation, brief, e);
}

static int
open_lock(struct vault *v, const char *rel, struct err *e)
{
	char path[FSUTIL_PATH];
	int fd;

	if (vault_path(v, rel, path, e) != 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		err_sys(e, "the vault's lock");
	return fd;
}

/* Its turn among those who write; then the lock, which readers share. */
static int
take_lock(struct vault *v, bool brief, struct err *e)
{
	char path[FSUTIL_PATH];

	if (vault_path(v, "local", path, e) != 0 ||
	    fsutil_mkdirs(path, e) != 0 ||
	    (v->turn = open_lock(v, "local/turn", e)) < 0 ||
	    (v->lock = open_lock(v, "local/lock", e)) < 0 ||
	    wait_for(v, v->turn, LOCK_EX, brief, e) != 0)
		return -1;
	return wait_for(v, v->lock, LOCK_EX, brief, e);
}

/*
 * Readers keep a writer out while they read; where there is no lock to take
 * (a medium that cannot be written, a plain git clone), nobody writes either.
 */
static int
share_lock(struct vault *v, bool brief, struct err *e)
{
	char path[FSUTIL_PATH];

	if (vault_path(v, "local/lock", path, e) != 0)
		return -1;
	v->lock = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return v->lock < 0 ? 0 : wait_for(v, v->lock, LOCK_SH, brief, e);
}

struct vault *
vault_open(const char *dir, int mode, vault_progress *progress, struct err *e)
{
	return vault_open_known(dir, mode, NULL, progress, e);
}

struct vault *
vault_open_known(const char *dir, int mode, const struct identity *id,
		 vault_progress *progress, struct err *e)
{
	struct vault *v = calloc(1, sizeof *v);
	bool thorough = (mode & VAULT_THOROUGH) != 0;
	bool brief = (mode & VAULT_BRIEF) != 0;

	if (v == NULL) {
		err_memory(e);
		return NULL;
	}
	v->lock = v->turn = -1;
	v->progress = progress;
	if (strlen(dir) >= sizeof v->dir) {
		err_set(e, ERR_UNKNOWN, "a path is too long");
		goto bad;
	}
	strcpy(v->dir, dir);
	v->git = gitstore_open(dir, e);
	if (v->git == NULL)
		goto bad;
	if ((mode & VAULT_WRITE) != 0 ? take_lock(v, brief, e) != 0
				      : share_lock(v, brief, e) != 0)
		goto bad;
	if ((mode & VAULT_WRITE) != 0 && relock_finish(v, e) != 0)
		goto bad;
	if (id != NULL)
		cache_begin(v, id);
	if (vault_load(v, thorough, e) != 0 ||
	    ((mode & VAULT_WRITE) != 0 && journal_recover(v, e) != 0))
		goto bad;
	return v;
bad:
	vault_close(v);
	return NULL;
}

void
vault_pause(struct vault *v)
{
	(void)flock(v->lock, LOCK_UN);
	(void)flock(v->turn, LOCK_UN);
}

int
vault_resume(struct vault *v, struct err *e)
{
	if (vault_flock(v->turn, LOCK_EX, false, e) != 0 ||
	    vault_flock(v->lock, LOCK_EX, false, e) != 0 ||
	    vault_load(v, false, e) != 0)
		return -1;
	return journal_recover(v, e);
}

int
vault_share(struct vault *v, struct err *e)
{
	return v->lock < 0 ? 0 : wait_for(v, v->lock, LOCK_SH, false, e);
}

int
vault_claim(struct vault *v, struct err *e)
{
	return v->lock < 0 ? 0 : wait_for(v, v->lock, LOCK_EX, false, e);
}

void
vault_close(struct vault *v)
{
	if (v == NULL)
		return;
	cache_end(v);
	vault_forget(v);
	map_free(&v->settled);
	gitstore_close(v->git);
	if (v->lock >= 0)
		close(v->lock);
	if (v->turn >= 0)
		close(v->turn);
	free(v);
}
