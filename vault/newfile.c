#include "newfile.h"

#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_NAME_MAX 48 /* bytes, NUL included */
#define SHOWN_MAX 300	 /* bytes of a path in a message, NUL included */

struct newfile {
	int slot;   /* in `unfinished` */
	int fd;	    /* -1 once closed */
	char *path; /* as the caller gave it */
	char *name; /* its last part, in `path` */
};

/* What a signal handler must know to clean up. */
static struct {
	volatile sig_atomic_t used;
	int dir;
	char name[TEMP_NAME_MAX];
} unfinished[NEWFILE_MAX];

static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,
			      SIGQUIT, SIGXCPU, SIGXFSZ};
#define SIGNALS (sizeof signals / sizeof signals[0])
static struct sigaction before[SIGNALS];
static bool watching;

/* Only functions that POSIX allows in a handler. */
static void
clean_up_and_die(int sig)
{
	int saved = errno;

	for (size_t i = 0; i < NEWFILE_MAX; i++) {
		if (unfinished[i].used)
			unlinkat(unfinished[i].dir, unfinished[i].name, 0);
		unfinished[i].used = 0;
	}
	/* the signal then does what it would have done without us */
	for (size_t i = 0; i < SIGNALS; i++)
		if (signals[i] == sig)
			sigaction(sig, &before[i], NULL);
	raise(sig);
	errno = saved;
}

/* Take the signals over, but for those that somebody set to be ignored. */
static void
watch(void)
{
	struct sigaction act = {.sa_handler = clean_up_and_die}, now;

	if (watching)
		return;
	watching = true;
	for (size_t i = 0; i < SIGNALS; i++)
		sigaddset(&act.sa_mask, signals[i]);
	for (size_t i = 0; i < SIGNALS; i++) {
		sigaction(signals[i], NULL, &before[i]);
		now = before[i];
		if ((now.sa_flags & SA_SIGINFO) == 0 &&
		    now.sa_handler == SIG_IGN)
			continue;
		sigaction(signals[i], &act, NULL);
	}
}

/* Give the signals back when no file is unfinished any more. */
static void
unwatch(void)
{
	for (size_t i = 0; i < NEWFILE_MAX; i++)
		if (unfinished[i].used)
			return;
	for (size_t i = 0; watching && i < SIGNALS; i++)
		sigaction(signals[i], &before[i], NULL);
	watching = false;
}

static void
hold_signals(sigset_t *old)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, old);
}

static void
release_signals(const sigset_t *old)
{
	pthread_sigmask(SIG_SETMASK, old, NULL);
}

static const char *
shown(const char *path, char out[SHOWN_MAX])
{
	return err_escape(out, SHOWN_MAX, path, strlen(path));
}

static int
exists_already(const char *path, struct err *e)
{
	char name[SHOWN_MAX];

	err_set(e, ERR_UNKNOWN, "%s: exists already", shown(path, name));
	return err_hint(e, "nothing is overwritten: choose another name");
}

int
newfile_check(const char *path, struct err *e)
{
	struct stat st;

	return lstat(path, &st) == 0 ? exists_already(path, e) : 0;
}

/* Open the folder that will hold the file. */
static int
open_folder(struct newfile *f, struct err *e)
{
	char *slash = strrchr(f->path, '/'), name[SHOWN_MAX];
	struct stat st;
	int dir;

	f->name = slash != NULL ? slash + 1 : f->path;
	if (f->name[0] == '\0')
		return err_set(e, ERR_UNKNOWN, "%s: names no file",
			       shown(f->path, name));
	if (slash != NULL)
		*slash = '\0';
	dir = open(slash == NULL	? "."
		   : f->path[0] != '\0' ? f->path
					: "/",
		   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (slash != NULL)
		*slash = '/';
	if (dir < 0)
		return err_sys(e, "%s", shown(f->path, name));
	if (fstatat(dir, f->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		close(dir);
		return exists_already(f->path, e);
	}
	unfinished[f->slot].dir = dir;
	return 0;
}

/* Create the file under a name by chance. */
static int
create(struct newfile *f, struct err *e)
{
	char *temp = unfinished[f->slot].name, name[SHOWN_MAX];
	uint64_t number;
	sigset_t old;

	secret_random(&number, sizeof number);
	snprintf(temp, TEMP_NAME_MAX, ".muniment-%016llx.part",
		 (unsigned long long)number);
	hold_signals(&old);
	f->fd =
	    openat(unfinished[f->slot].dir, temp,
		   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->fd >= 0) {
		watch();
		unfinished[f->slot].used = 1;
	}
	release_signals(&old);
	return f->fd >= 0 ? 0 : err_sys(e, "%s", shown(f->path, name));
}

static int
free_slot(void)
{
	for (int i = 0; i < NEWFILE_MAX; i++)
		if (!unfinished[i].used)
			return i;
	return -1;
}

struct newfile *
newfile_open(const char *path, struct err *e)
{
	struct newfile *f = calloc(1, sizeof *f);

	if (f == NULL || (f->path = strdup(path)) == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
		free(f);
		return NULL;
	}
	f->fd = -1;
	f->slot = free_slot();
	if (f->slot < 0) {
		err_set(e, ERR_UNKNOWN, "too many unfinished files");
	} else if (open_folder(f, e) == 0) {
		if (create(f, e) == 0)
			return f;
		close(unfinished[f->slot].dir);
	}
	free(f->path);
	free(f);
	return NULL;
}

int
newfile_fd(const struct newfile *f)
{
	return f->fd;
}

/* For file systems with neither a careful rename nor hard links. */
static int
reserve_and_rename(int dir, const char *temp, const char *name)
{
	int fd =
	    openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc, saved;

	if (fd < 0)
		return -1;
	close(fd);
	rc = renameat(dir, temp, dir, name);
	if (rc != 0) {
		saved = errno;
		unlinkat(dir, name, 0);
		errno = saved;
	}
	return rc;
}

/* Give the file its name, unless something has it. */
static int
give_name(int dir, const char *temp, const char *name)
{
	if (renameat2(dir, temp, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
		return -1;
	if (linkat(dir, temp, dir, name, 0) == 0) {
		(void)unlinkat(dir, temp, 0); /* the file has its name */
		return 0;
	}
	if (errno != EPERM && errno != ENOSYS && errno != ENOTSUP &&
	    errno != EMLINK)
		return -1;
	return reserve_and_rename(dir, temp, name);
}

/* All that is left: no name, no slot, no signals. */
static void
release(struct newfile *f, bool remove)
{
	int dir = unfinished[f->slot].dir;
	sigset_t old;

	if (f->fd >= 0)
		close(f->fd);
	hold_signals(&old);
	if (remove)
		unlinkat(dir, unfinished[f->slot].name, 0);
	unfinished[f->slot].used = 0;
	unwatch();
	release_signals(&old);
	close(dir);
	free(f->path);
	free(f);
}

int
newfile_commit(struct newfile *f, struct err *e)
{
	int dir = unfinished[f->slot].dir, rc;
	char name[SHOWN_MAX];
	bool named = false;
	sigset_t old;

	shown(f->path, name);
	rc = fsync(f->fd) == 0 ? 0 : err_sys(e, "%s", name);
	if (close(f->fd) != 0 && rc == 0)
		rc = err_sys(e, "%s", name);
	f->fd = -1;
	if (rc == 0) {
		hold_signals(&old);
		rc = give_name(dir, unfinished[f->slot].name, f->name);
		named = rc == 0;
		if (named)
			unfinished[f->slot].used = 0;
		release_signals(&old);
		if (rc != 0 && errno == EEXIST)
			exists_already(f->path, e);
		else if (rc != 0)
			err_sys(e, "%s", name);
	}
	/* EINVAL: a file system that has no such thing */
	if (named && fsync(dir) != 0 && errno != EINVAL && errno != ENOTSUP)
		rc = err_sys(e, "%s", name);
	release(f, !named);
	return rc;
}

void
newfile_abort(struct newfile *f)
{
	if (f != NULL)
		release(f, true);
}
