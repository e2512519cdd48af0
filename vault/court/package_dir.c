/* A package that is a folder. */
#include "package_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (1u << 20) /* bytes read at a time */

struct walk {
	struct package *p;
	char path[BAGIT_PATH_MAX + 300];
	size_t len;
	int depth;
	struct err *e;
};

static int walk_dir(struct walk *w, int fd);

static void
odd(struct walk *w, const char *what)
{
	char shown[300];

	report_add(&w->p->odd, REPORT_DAMAGE, "%s: %s",
		   err_escape(shown, sizeof shown, w->path, w->len), what);
}

/* What stands at w->path, by its name in the folder `at`. */
static int
walk_one(struct walk *w, int at, const char *name)
{
	struct stat st;
	int fd;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return err_sys(w->e, "%s", "a file of it");
	if (S_ISREG(st.st_mode)) {
		(void)package_add(w->p, w->path, w->len, (uint64_t)st.st_size,
				  w->e);
		return w->e->code != ERR_NONE ? -1 : 0;
	}
	if (!S_ISDIR(st.st_mode)) {
		odd(w, S_ISLNK(st.st_mode) ? "a link: not followed"
					   : "neither a file nor a folder");
		return 0;
	}
	if (w->depth == BAGIT_DEPTH_MAX || !bagit_is_path(w->path, w->len)) {
		odd(w, "a folder that no package has");
		return 0;
	}
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(w->e, "%s", w->path);
	return walk_dir(w, fd);
}

/* Takes `fd` over. */
static int
walk_dir(struct walk *w, int fd)
{
	DIR *d = fdopendir(fd);
	struct dirent *n;
	size_t len = w->len, before = w->p->n, odd_before = w->p->odd.n;
	int rc = 0;

	if (d == NULL) {
		close(fd);
		return err_sys(w->e, "cannot be read");
	}
	w->depth++;
	while (rc == 0 && (errno = 0, n = readdir(d)) != NULL) {
		size_t add = strlen(n->d_name);

		if (strcmp(n->d_name, ".") == 0 || strcmp(n->d_name, "..") == 0)
			continue;
		/* a name has at most 255 bytes: there is room */
		if (len > 0)
			w->path[len] = '/';
		w->len = len + (len > 0);
		memcpy(w->path + w->len, n->d_name, add + 1);
		w->len += add;
		rc = package_count(w->p, w->e);
		if (rc == 0)
			rc = walk_one(w, fd, n->d_name);
	}
	if (rc == 0 && errno != 0)
		rc = err_sys(w->e, "cannot be read");
	closedir(d);
	w->depth--;
	w->len = len;
	w->path[len] = '\0';
	if (rc == 0 && w->p->n == before && w->p->odd.n == odd_before &&
	    len > 0 && strcmp(w->path, "data") != 0)
		odd(w, "an empty folder");
	return rc;
}

int
package_list_dir(struct package *p, struct err *e)
{
	struct walk w = {.p = p, .e = e};
	int fd = openat(p->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "cannot be read");
	/* somebody's whole home is not gone through to find out */
	if (faccessat(fd, "bagit.txt", F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
	    faccessat(fd, "tagmanifest-sha256.txt", F_OK,
		      AT_SYMLINK_NOFOLLOW) != 0 &&
	    faccessat(fd, "proof", F_OK, AT_SYMLINK_NOFOLLOW) != 0) {
		close(fd);
		return err_set(e, ERR_UNKNOWN, "not an exhibit package");
	}
	return walk_dir(&w, fd);
}

/* Open a file of the folder without following a link anywhere. */
static int
open_file(struct package *p, const struct package_file *f, struct err *e)
{
	char path[BAGIT_PATH_MAX];
	int at = p->fd, fd = -1;

	memcpy(path, f->path, sizeof path);
	for (char *name = path, *sl; name != NULL; name = sl) {
		sl = strchr(name, '/');
		if (sl != NULL)
			*sl++ = '\0';
		fd = openat(at, name,
			    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
				O_NOCTTY | (sl != NULL ? O_DIRECTORY : 0));
		if (at != p->fd)
			close(at);
		if (fd < 0)
			return err_sys(e, "%s", f->path);
		at = fd;
	}
	return fd;
}

int
package_read_dir(struct package *p, const struct package_file *f,
		 package_sink *sink, void *ctx, struct err *e)
{
	uint8_t *block = malloc(BLOCK);
	uint64_t left = f->size;
	struct stat st;
	int fd = -1, rc = -1;

	if (block == NULL) {
		err_memory(e);
		goto out;
	}
	fd = open_file(p, f, e);
	if (fd < 0)
		goto out;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size != f->size) {
		err_set(e, ERR_EVIDENCE,
			"%s: was changed while it was being checked", f->path);
		goto out;
	}
	while (left > 0) {
		ssize_t n = read(fd, block, left < BLOCK ? left : BLOCK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n < 0)
				err_sys(e, "%s", f->path);
			else
				err_set(e, ERR_EVIDENCE,
					"%s: is shorter than it was", f->path);
			goto out;
		}
		left -= (uint64_t)n;
		if (sink(ctx, block, (size_t)n, e) != 0)
			goto out;
	}
	rc = 0;
out:
	if (fd >= 0)
		close(fd);
	free(block);
	return rc;
}
