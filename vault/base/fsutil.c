#include "fsutil.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
fsutil_join(char out[FSUTIL_PATH], const char *a, const char *b, struct err *e)
{
	int n = snprintf(out, FSUTIL_PATH, "%s/%s", a, b);

	if (n < 0 || n >= FSUTIL_PATH)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	return 0;
}

/* The name as messages show it. */
static const char *
shown(const char *path, char buf[300])
{
	return err_escape(buf, 300, path, strlen(path));
}

int
fsutil_read(const char *path, size_t max, char **out, size_t *len,
	    struct err *e)
{
	size_t n = 0, cap = 4096;
	char *buf = NULL, name[300];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), rc = -1;

	*out = NULL;
	if (fd < 0)
		return err_sys(e, "%s", shown(path, name));
	buf = malloc(cap + 1);
	while (buf != NULL) {
		ssize_t r = read(fd, buf + n, cap - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0) {
			err_sys(e, "%s", shown(path, name));
			goto out;
		}
		if (r == 0)
			break;
		n += (size_t)r;
		if (n > max) {
			err_set(e, ERR_UNKNOWN, "%s: larger than %zu bytes",
				shown(path, name), max);
			goto out;
		}
		if (n == cap) {
			char *p = realloc(buf, 2 * cap + 1);

			if (p == NULL)
				break;
			buf = p;
			cap *= 2;
		}
	}
	if (buf == NULL || n == cap) {
		err_memory(e);
		goto out;
	}
	buf[n] = '\0';
	*out = buf;
	*len = n;
	buf = NULL;
	rc = 0;
out:
	free(buf);
	close(fd);
	return rc;
}

int
fsutil_write_all(int fd, const void *bytes, size_t len, struct err *e)
{
	const char *p = bytes;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
fsutil_finish(int fd, const char *path, struct err *e)
{
	struct timespec t[2] = {{FSUTIL_TIME, 0}, {FSUTIL_TIME, 0}};
	char name[300];
	int rc = 0;

	/* not every file system keeps times: that is no loss */
	(void)futimens(fd, t);
	if (fsync(fd) != 0)
		rc = err_sys(e, "%s", shown(path, name));
	if (close(fd) != 0 && rc == 0)
		rc = err_sys(e, "%s", shown(path, name));
	return rc;
}

int
fsutil_sync_dir(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[300];
	int rc = 0;

	if (fd < 0)
		return err_sys(e, "%s", shown(path, name));
	/* EINVAL: a file system that has no such thing */
	if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
		rc = err_sys(e, "%s", shown(path, name));
	close(fd);
	return rc;
}

int
fsutil_sync_parent(const char *path, struct err *e)
{
	char dir[FSUTIL_PATH];
	size_t n = strlen(path);
	char *slash;

	if (n >= sizeof dir)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	strcpy(dir, path);
	while (n > 1 && dir[n - 1] == '/')
		dir[--n] = '\0';
	slash = strrchr(dir, '/');
	if (slash == NULL)
		return fsutil_sync_dir(".", e);
	*slash = '\0';
	return fsutil_sync_dir(dir[0] != '\0' ? dir : "/", e);
}

int
fsutil_write(const char *path, const void *bytes, size_t len, struct err *e)
{
	char tmp[FSUTIL_PATH], name[300];
	int fd;

	if (snprintf(tmp, sizeof tmp, "%s.new", path) >= (int)sizeof tmp)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return err_sys(e, "%s", shown(tmp, name));
	if (fsutil_write_all(fd, bytes, len, e) != 0) {
		close(fd);
		goto bad;
	}
	if (fsutil_finish(fd, tmp, e) != 0)
		goto bad;
	if (rename(tmp, path) != 0) {
		err_sys(e, "%s", shown(path, name));
		goto bad;
	}
	return fsutil_sync_parent(path, e);
bad:
	unlink(tmp);
	return -1;
}

int
fsutil_mkdirs(const char *path, struct err *e)
{
	char p[FSUTIL_PATH], name[300];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof p)
		return err_set(e, ERR_UNKNOWN, "a path is too long");
	strcpy(p, path);
	for (size_t i = 1; i <= n; i++) {
		if (p[i] != '/' && p[i] != '\0')
			continue;
		p[i] = '\0';
		if (mkdir(p, 0700) != 0 && errno != EEXIST)
			return err_sys(e, "%s", shown(p, name));
		p[i] = path[i];
	}
	return 0;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int
fsutil_remove_all(const char *path, struct err *e)
{
	char name[300];

	if (!fsutil_exists(path))
		return 0;
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
		return err_sys(e, "%s", shown(path, name));
	return 0;
}

int
fsutil_only_files(const char *path, struct err *e)
{
	DIR *list = opendir(path);
	struct dirent *d;
	struct stat st;
	char name[300];
	int rc = 0;

	if (list == NULL)
		return errno == ENOENT || errno == ENOTDIR
			   ? 0
			   : err_sys(e, "%s", shown(path, name));
	while (rc == 0 && (d = readdir(list)) != NULL)
		if (fstatat(dirfd(list), d->d_name, &st, 0) == 0 &&
		    !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			rc = err_set(e, ERR_EVIDENCE,
				     "%s: a pipe, socket or device does not"
				     " belong in a vault",
				     err_escape(name, sizeof name, d->d_name,
						strlen(d->d_name)));
	closedir(list);
	return rc;
}

bool
fsutil_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

int
fsutil_look(const char *path, struct stat *st, struct err *e)
{
	char name[300];

	if (stat(path, st) == 0)
		return 1;
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	return err_sys(e, "%s", shown(path, name));
}

bool
fsutil_is_free(const char *path)
{
	struct dirent *d;
	DIR *dir = opendir(path);
	bool empty = true;

	if (dir == NULL)
		return errno == ENOENT;
	while (empty && (d = readdir(dir)) != NULL)
		empty =
		    strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0;
	closedir(dir);
	return empty;
}

struct walk {
	fsutil_file *file;
	void *ctx;
	const char *root;
};

static int
walk_dir(struct walk *w, const char *rel, int depth, struct err *e)
{
	char path[FSUTIL_PATH], sub[FSUTIL_PATH], name[300];
	struct dirent **list = NULL;
	struct stat st;
	int n, rc = -1;

	if (depth > 64)
		return err_set(e, ERR_UNKNOWN, "folders are nested too deeply");
	if (fsutil_join(path, w->root, rel, e) != 0)
		return -1;
	n = scandir(path, &list, NULL, alphasort);
	if (n < 0)
		return err_sys(e, "%s", shown(path, name));
	for (int i = 0; i < n; i++) {
		const char *d = list[i]->d_name;

		if (strcmp(d, ".") == 0 || strcmp(d, "..") == 0)
			continue;
		if (snprintf(sub, sizeof sub, "%s%s%s", rel,
			     rel[0] != '\0' ? "/" : "", d) >= (int)sizeof sub ||
		    fsutil_join(path, w->root, sub, e) != 0)
			goto out;
		if (lstat(path, &st) != 0) {
			err_sys(e, "%s", shown(path, name));
			goto out;
		}
		if (S_ISDIR(st.st_mode)) {
			if (walk_dir(w, sub, depth + 1, e) != 0)
				goto out;
		} else if (w->file(w->ctx, sub, st.st_mode,
				   (uint64_t)st.st_size, e) != 0) {
			goto out;
		}
	}
	rc = 0;
out:
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return rc;
}

int
fsutil_walk(const char *root, fsutil_file *file, void *ctx, struct err *e)
{
	struct walk w = {file, ctx, root};

	return walk_dir(&w, "", 0, e);
}
