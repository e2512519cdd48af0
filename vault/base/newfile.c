#include "newfile.h"

#include "map.h"
#include "medium.h"
#include "secret.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_NAME_MAX 48 /* bytes, NUL included */
#define TEMP_HEAD ".muniment-"
#define TEMP_TAIL ".part"
#define TEMP_HEX 16   /* digits between the two */
#define SHOWN_MAX 300 /* bytes of a path in a message, NUL included */

struct newfile {
	int slot;  /* in `unfinished` */
	int fd;	   /* for writing; once settled, for reading */
	dev_t dev; /* its folder */
	ino_t ino;
	bool settled;
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

static bool
is_temp_name(const char *name)
{
	size_t head = strlen(TEMP_HEAD);

	return strlen(name) == head + TEMP_HEX + strlen(TEMP_TAIL) &&
	       strncmp(name, TEMP_HEAD, head) == 0 &&
	       strspn(name + head, "0123456789abcdef") == TEMP_HEX &&
	       strcmp(name + head + TEMP_HEX, TEMP_TAIL) == 0;
}

/* Remove a file that nobody writes to any more. */
static void
sweep_one(int dir, const char *name)
{
	int fd =
	    openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	/* without locks nobody can tell: then it stays */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(dir, name, 0);
	close(fd);
}

/* All of them in a folder, once: a folder may get many files. */
static void
sweep(int folder, const struct stat *st)
{
	static struct map swept;
	uint8_t key[MAP_KEY_LEN] = {0};
	struct dirent *d;
	size_t at;
	DIR *list;
	int fd;

	memcpy(key, &st->st_dev, sizeof st->st_dev);
	memcpy(key + sizeof st->st_dev, &st->st_ino, sizeof st->st_ino);
	if (map_get(&swept, key, &at))
		return;
	(void)map_set(&swept, key, 1);
	fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	list = fd >= 0 ? fdopendir(fd) : NULL;
	if (list == NULL && fd >= 0)
		close(fd);
	while (list != NULL && (d = readdir(list)) != NULL)
		if (is_temp_name(d->d_name))
			sweep_one(folder, d->d_name);
	if (list != NULL)
		closedir(list);
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
	if (fstat(dir, &st) != 0) {
		close(dir);
		return err_sys(e, "%s", shown(f->path, name));
	}
	unfinished[f->slot].dir = dir;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	sweep(dir, &st);
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
	snprintf(temp, TEMP_NAME_MAX, TEMP_HEAD "%016llx" TEMP_TAIL,
		 (unsigned long long)number);
	hold_signals(&old);
	f->fd =
	    openat(unfinished[f->slot].dir, temp,
		   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->fd >= 0) {
		watch();
		unfinished[f->slot].used = 1;
		/* tells a sweep that somebody is at work */
		(void)flock(f->fd, LOCK_SH | LOCK_NB);
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
		err_memory(e);
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

/*
 * For file systems with neither a careful rename nor hard links. Nothing may
 * be renamed over another name there, not even over an empty file: the power
 * may fail when both are gone. The lock keeps out others of our kind.
 */
static int
rename_if_free(int dir, const char *temp, const char *name)
{
	struct stat st;
	int rc = -1, saved;

	(void)flock(dir, LOCK_EX);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		errno = EEXIST;
	else if (errno == ENOENT)
		rc = renameat(dir, temp, dir, name);
	saved = errno;
	(void)flock(dir, LOCK_UN);
	errno = saved;
	return rc;
}

static bool
not_here(int why)
{
	return why == EINVAL || why == ENOSYS || why == ENOTSUP;
}

/* Give the file its name, unless something has it. */
static int
give_name(int dir, const char *temp, const char *name)
{
	if (renameat2(dir, temp, dir, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (!not_here(errno))
		return -1;
	if (linkat(dir, temp, dir, name, 0) == 0) {
		(void)unlinkat(dir, temp, 0); /* the file has its name */
		return 0;
	}
	if (!not_here(errno) && errno != EPERM && errno != EMLINK)
		return -1;
	return rename_if_free(dir, temp, name);
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
newfile_settle(struct newfile *f, struct err *e)
{
	int dir = unfinished[f->slot].dir, fd, writer;
	char name[SHOWN_MAX];

	shown(f->path, name);
	if (fsync(f->fd) != 0)
		return err_sys(e, "%s", name);
	medium_forget(f->fd);
	fd = openat(dir, unfinished[f->slot].name,
		    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s", name);
	(void)flock(fd, LOCK_SH | LOCK_NB);
	writer = f->fd;
	f->fd = fd;
	f->settled = true;
	if (close(writer) != 0)
		return err_sys(e, "%s", name);
	medium_forget(f->fd);
	(void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

/* How many of the list, from its first on, are of one file system. */
static size_t
together(struct newfile *const *list, size_t n)
{
	size_t m = 0;

	while (m < n && list[m]->dev == list[0]->dev)
		m++;
	return m;
}

/* All that was written is durable, and no error is left to be told. */
static int
finish_all(struct newfile *const *list, size_t n, struct err *e)
{
	int files[NEWFILE_MAX], fd;
	const struct newfile *whose[NEWFILE_MAX];
	char name[SHOWN_MAX];
	size_t m = 0, which;

	for (size_t i = 0; i < n; i++)
		if (!list[i]->settled) {
			files[m] = list[i]->fd;
			whose[m++] = list[i];
		}
	if (m == 0)
		return 0;
	if (medium_sync_files(unfinished[whose[0]->slot].dir, files, m,
			      &which) != 0)
		return err_sys(e, "%s",
			       shown(whose[which < m ? which : 0]->path, name));
	/* some file systems tell of a lost write only at a close */
	for (size_t i = 0; i < m; i++) {
		fd = dup(files[i]);
		if (fd < 0 || close(fd) != 0)
			return err_sys(e, "%s", shown(whose[i]->path, name));
	}
	return 0;
}

/* The names of all are durable. */
static int
finish_names(struct newfile *const *list, size_t n, struct err *e)
{
	const struct newfile *whose[NEWFILE_MAX];
	int dirs[NEWFILE_MAX];
	char name[SHOWN_MAX];
	size_t m = 0, k, which;

	for (size_t i = 0; i < n; i++) {
		for (k = 0; k < m && whose[k]->ino != list[i]->ino; k++)
			;
		if (k < m)
			continue;
		dirs[m] = unfinished[list[i]->slot].dir;
		whose[m++] = list[i];
	}
	if (medium_sync_folders(dirs, m, &which) != 0)
		return err_sys(e, "%s", shown(whose[which]->path, name));
	return 0;
}

/* Name one file. -1 with `e` filled. */
static int
name_one(const struct newfile *f, struct err *e)
{
	char name[SHOWN_MAX];

	if (give_name(unfinished[f->slot].dir, unfinished[f->slot].name,
		      f->name) == 0)
		return 0;
	return errno == EEXIST ? exists_already(f->path, e)
			       : err_sys(e, "%s", shown(f->path, name));
}

/* Name all, the first one last, or none. */
static int
name_all(struct newfile *const *list, size_t n, struct err *e)
{
	size_t i = n;
	sigset_t old;

	hold_signals(&old);
	while (i > 0 && name_one(list[i - 1], e) == 0)
		i--;
	for (size_t k = i; k < n; k++) {
		if (i > 0)
			unlinkat(unfinished[list[k]->slot].dir, list[k]->name,
				 0);
		unfinished[list[k]->slot].used = 0;
	}
	release_signals(&old);
	return i == 0 ? 0 : -1;
}

int
newfile_commit_all(struct newfile **list, size_t n, struct err *e)
{
	size_t i, m;
	int rc = 0;

	for (i = 0; rc == 0 && i < n; i += m) {
		m = together(list + i, n - i);
		rc = finish_all(list + i, m, e);
	}
	if (rc == 0)
		rc = name_all(list, n, e);
	for (i = 0; rc == 0 && i < n; i += m) {
		m = together(list + i, n - i);
		rc = finish_names(list + i, m, e);
	}
	for (i = 0; i < n; i++) {
		release(list[i], unfinished[list[i]->slot].used);
		list[i] = NULL;
	}
	return rc;
}

int
newfile_commit(struct newfile *f, struct err *e)
{
	return newfile_commit_all(&f, 1, e);
}

void
newfile_abort(struct newfile *f)
{
	if (f != NULL)
		release(f, true);
}
