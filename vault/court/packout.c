#include "packout.h"

#include "fsutil.h"
#include "hex.h"
#include "newfile.h"
#include "packsweep.h"
#include "packzip.h"
#include "secret.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 100000 /* of a package */

struct packout {
	char *target;
	bool zip;
	char dir[FSUTIL_PATH];	  /* where the work lies */
	char root[64];		  /* the package's folder in it */
	char folder[FSUTIL_PATH]; /* both */
	char made[FSUTIL_PATH];	  /* what shall get the target's name */
	int held;		  /* of `dir`, against sweeping; -1 */
	int fd;			  /* of a file that is being written; -1 */
	struct hash *sha256;
	uint64_t left; /* bytes of it that are still to come */
	struct packout_file *files;
	size_t n, cap;
};

/* -- signals -- */

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define SIGNALS (sizeof signals / sizeof signals[0])
static struct sigaction before[SIGNALS];
static volatile sig_atomic_t stopped; /* a signal's number */

static void
on_signal(int sig)
{
	stopped = sig;
}

static void
hold_signals(void)
{
	struct sigaction act = {.sa_handler = on_signal}, now;

	stopped = 0;
	for (size_t i = 0; i < SIGNALS; i++) {
		sigaction(signals[i], NULL, &before[i]);
		now = before[i];
		if ((now.sa_flags & SA_SIGINFO) != 0 ||
		    now.sa_handler != SIG_IGN)
			sigaction(signals[i], &act, NULL);
	}
}

static void
release_signals(void)
{
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &before[i], NULL);
	if (stopped != 0)
		raise(stopped);
	stopped = 0;
}

static int
go_on(struct err *e)
{
	return stopped == 0 ? 0
			    : err_set(e, ERR_UNKNOWN,
				      "interrupted: nothing was written");
}

/* -- the target -- */

static const char *
shown(const char *path, char out[300])
{
	return err_escape(out, 300, path, strlen(path));
}

/* The folder that holds a path; a path "a/" is "a". */
static int
split_target(const char *target, char dir[FSUTIL_PATH], char name[FSUTIL_PATH],
	     struct err *e)
{
	size_t n = strlen(target), at;
	char text[300];

	while (n > 1 && target[n - 1] == '/')
		n--;
	if (n >= FSUTIL_PATH - 64)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	for (at = n; at > 0 && target[at - 1] != '/'; at--)
		;
	snprintf(name, FSUTIL_PATH, "%.*s", (int)(n - at), target + at);
	snprintf(dir, FSUTIL_PATH, "%.*s", (int)at, target);
	if (at == 0)
		strcpy(dir, "./");
	if (name[0] == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return err_set(e, ERR_UNKNOWN, "%s: names nothing new",
			       shown(target, text));
	return 0;
}

int
packout_check(const char *target, struct err *e)
{
	char dir[FSUTIL_PATH], name[FSUTIL_PATH], text[300];
	struct stat st;

	if (split_target(target, dir, name, e) != 0)
		return -1;
	if (stat(dir, &st) != 0)
		return err_sys(e, "%s", shown(dir, text));
	if (access(dir, W_OK | X_OK) != 0)
		return err_sys(e, "%s", shown(dir, text));
	return newfile_check(target, e);
}

/* The folder in a zip: the file's name, as far as a package can have it. */
static void
name_root(struct packout *p, const char *name)
{
	size_t n = strlen(name), k = 0;

	if (n > 4 && strcmp(name + n - 4, ".zip") == 0)
		n -= 4;
	for (size_t i = 0; i < n && k + 1 < sizeof p->root; i++) {
		unsigned char c = (unsigned char)name[i];
		bool plain = c < 0x80 && (isalnum(c) != 0 || c == '_' ||
					  ((c == '-' || c == '.') && k > 0));

		if (plain)
			p->root[k++] = (char)c;
	}
	if (k == 0)
		strcpy(p->root, "exhibit");
}

/* Make the folders of the work. */
static int
make_folders(struct packout *p, const char *dir, const char *name,
	     struct err *e)
{
	char part[48], text[300];
	uint64_t number;

	packsweep(dir);
	secret_random(&number, sizeof number);
	snprintf(part, sizeof part, ".muniment-%016llx.part",
		 (unsigned long long)number);
	name_root(p, name);
	if (fsutil_join(p->dir, dir, part, e) != 0 ||
	    fsutil_join(p->folder, p->dir, p->root, e) != 0)
		return -1;
	if (mkdir(p->dir, 0700) != 0) {
		err_sys(e, "%s", shown(p->target, text));
		p->dir[0] = '\0';
		return -1;
	}
	p->held = packsweep_hold(p->dir);
	if (mkdir(p->folder, 0700) != 0)
		return err_sys(e, "%s", shown(p->target, text));
	strcpy(p->made, p->folder);
	return 0;
}

struct packout *
packout_new(const char *target, bool zip, struct err *e)
{
	struct packout *p = calloc(1, sizeof *p);
	char dir[FSUTIL_PATH], name[FSUTIL_PATH];

	if (p == NULL || (p->target = strdup(target)) == NULL ||
	    (p->sha256 = hash_new(HASH_SHA256)) == NULL) {
		err_memory(e);
		if (p != NULL)
			free(p->target);
		free(p);
		return NULL;
	}
	p->fd = -1;
	p->held = -1;
	p->zip = zip;
	hold_signals();
	if (packout_check(target, e) == 0 &&
	    split_target(target, dir, name, e) == 0 &&
	    make_folders(p, dir, name, e) == 0)
		return p;
	packout_abort(p);
	return NULL;
}

/* -- files -- */

static struct packout_file *
add_file(struct packout *p, const char *path, uint64_t size, struct err *e)
{
	struct packout_file *f;

	assert(strlen(path) < PACKOUT_PATH_MAX);
	if (p->n == p->cap) {
		size_t cap = p->cap > 0 ? 2 * p->cap : 64;
		void *q = realloc(p->files, cap * sizeof *p->files);

		if (q == NULL || cap > FILES_MAX) {
			err_set(e, ERR_UNKNOWN, "too many files");
			if (q != NULL)
				p->files = q;
			return NULL;
		}
		p->files = q;
		p->cap = cap;
	}
	f = &p->files[p->n++];
	memset(f, 0, sizeof *f);
	strcpy(f->path, path);
	f->size = size;
	return f;
}

static int
open_file(struct packout *p, const char *path, struct err *e)
{
	char full[FSUTIL_PATH], text[300];
	char *slash;

	if (fsutil_join(full, p->folder, path, e) != 0)
		return -1;
	slash = strrchr(full, '/');
	*slash = '\0';
	if (fsutil_mkdirs(full, e) != 0)
		return -1;
	*slash = '/';
	p->fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return p->fd >= 0 ? 0 : err_sys(e, "%s", shown(p->target, text));
}

int
packout_begin(struct packout *p, const char *path, uint64_t size, struct err *e)
{
	if (go_on(e) != 0 || add_file(p, path, size, e) == NULL)
		return -1;
	p->left = size;
	return open_file(p, path, e);
}

int
packout_write(struct packout *p, const void *bytes, size_t len, struct err *e)
{
	struct err inner = {0};
	char text[300];

	if (go_on(e) != 0)
		return -1;
	if (len > p->left)
		return err_set(e, ERR_EVIDENCE, "%s: longer than was recorded",
			       p->files[p->n - 1].path);
	hash_update(p->sha256, bytes, len);
	p->left -= len;
	if (fsutil_write_all(p->fd, bytes, len, &inner) == 0)
		return 0;
	return err_sys(e, "%s", shown(p->target, text));
}

int
packout_end(struct packout *p, struct err *e)
{
	struct packout_file *f = &p->files[p->n - 1];
	int fd = p->fd;

	hash_final(p->sha256, f->sha256);
	if (p->left > 0)
		return err_set(e, ERR_EVIDENCE, "%s: shorter than was recorded",
			       f->path);
	p->fd = -1;
	return fsutil_finish(fd, p->target, e);
}

int
packout_put(struct packout *p, const char *path, const void *bytes, size_t len,
	    struct err *e)
{
	return packout_begin(p, path, len, e) == 0 &&
		       packout_write(p, bytes, len, e) == 0 &&
		       packout_end(p, e) == 0
		   ? 0
		   : -1;
}

const struct packout_file *
packout_files(const struct packout *p, size_t *n)
{
	*n = p->n;
	return p->files;
}

/* -- the end -- */

/* Each folder below is made durable. */
static int
sync_folders(struct packout *p, struct err *e)
{
	char full[FSUTIL_PATH];
	const char *last = "";
	size_t last_len = 0;

	for (size_t i = 0; i < p->n; i++) {
		const char *path = p->files[i].path;
		const char *slash = strrchr(path, '/');
		size_t len = slash != NULL ? (size_t)(slash - path) : 0;

		if (len == last_len && memcmp(path, last, len) == 0)
			continue;
		last = path;
		last_len = len;
		snprintf(full, sizeof full, "%.*s/%.*s", FSUTIL_PATH - 200,
			 p->folder, (int)len, path);
		if (fsutil_sync_dir(full, e) != 0)
			return -1;
	}
	return fsutil_sync_dir(p->folder, e);
}

/*
 * Everything goes from the folder into the zip; each file is removed as soon as
 * it is there, so that little more room is needed than for one of them.
 */
static int
pack(struct packout *p, struct err *e)
{
	char full[FSUTIL_PATH], text[300];
	struct packzip *z;
	int rc = 0;

	if (fsutil_join(p->made, p->dir, "package.zip", e) != 0)
		return -1;
	z = packzip_new(p->made, p->root, shown(p->target, text), e);
	if (z == NULL)
		return -1;
	for (size_t i = 0; rc == 0 && i < p->n; i++) {
		const struct packout_file *f = &p->files[i];

		if (go_on(e) != 0 ||
		    fsutil_join(full, p->folder, f->path, e) != 0)
			rc = -1;
		else
			rc = packzip_add(z, full, f, e);
		if (rc == 0)
			(void)unlink(full);
	}
	return packzip_close(z, rc == 0, e) == 0 ? rc : -1;
}

int
packout_close(struct packout *p, struct err *e)
{
	if (go_on(e) != 0)
		return -1;
	return p->zip ? pack(p, e) : sync_folders(p, e);
}

const char *
packout_path(const struct packout *p)
{
	return p->made;
}

/* Give it its name, unless something has it. */
static int
give_name(const char *from, const char *to)
{
	struct stat st;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
		return -1;
	if (lstat(to, &st) == 0)
		errno = EEXIST;
	else if (errno == ENOENT)
		return rename(from, to);
	return -1;
}

int
packout_commit(struct packout *p, struct err *e)
{
	char dir[FSUTIL_PATH], name[FSUTIL_PATH], to[FSUTIL_PATH], text[300];
	int rc = -1;

	if (go_on(e) == 0 && split_target(p->target, dir, name, e) == 0 &&
	    fsutil_join(to, dir, name, e) == 0) {
		rc = give_name(p->made, to);
		if (rc != 0)
			err_sys(e, "%s", shown(p->target, text));
	}
	if (rc == 0) {
		rc = fsutil_sync_parent(to, e);
	}
	packout_abort(p);
	return rc;
}

void
packout_abort(struct packout *p)
{
	if (p == NULL)
		return;
	if (p->fd >= 0)
		close(p->fd);
	if (p->dir[0] != '\0')
		(void)fsutil_remove_all(p->dir, NULL);
	if (p->held >= 0)
		close(p->held);
	hash_free(p->sha256);
	free(p->files);
	free(p->target);
	free(p);
	release_signals();
}
