#include "destroy.h"

#include "ageheader.h"
#include "fsutil.h"
#include "identity.h"
#include "vault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PIECE 4096 /* bytes of noise at a time */

int
destroy_check(const char *path, struct err *e)
{
	struct ageheader_stanza s;
	struct ageheader h;
	char *file = NULL, name[300];
	size_t len = 0, pos = 0;
	bool locked;

	if (fsutil_read(path, IDENTITY_FILE_MAX, &file, &len, e) != 0)
		return -1;
	locked =
	    ageheader_parse((const uint8_t *)file, len, &h) == AGEHEADER_OK &&
	    ageheader_next(&h, &pos, &s) && ageheader_arg_is(&s, 0, "scrypt");
	free(file);
	if (locked)
		return 0;
	err_escape(name, sizeof name, path, strlen(path));
	err_set(e, ERR_UNKNOWN, "%s: not a file locked with a passphrase",
		name);
	return err_hint(e, "--identity FILE names the identity");
}

/* File systems that never write over what is there. */
static bool
writes_elsewhere(int fd)
{
	static const unsigned long magic[] = {
	    0x9123683e, /* btrfs */
	    0x2fc12fc1, /* zfs */
	    0xca451a4e, /* bcachefs */
	    0xf2f52010, /* f2fs */
	    0x3434	/* nilfs */
	};
	struct statfs s;

	if (fstatfs(fd, &s) != 0)
		return false;
	for (size_t i = 0; i < sizeof magic / sizeof *magic; i++)
		if ((unsigned long)s.f_type == magic[i])
			return true;
	return false;
}

/* Noise over all of it, down to the medium. */
static int
overwrite(int fd, off_t size, const char *path, struct err *e)
{
	uint8_t noise[PIECE];
	char name[300];

	for (off_t at = 0; at < size; at += PIECE) {
		size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;

		secret_random(noise, n);
		if (fsutil_write_all(fd, noise, n, e) != 0)
			return -1;
	}
	if (fsync(fd) != 0)
		return err_sys(
		    e, "%s", err_escape(name, sizeof name, path, strlen(path)));
	return 0;
}

static int
remove_name(const char *path, struct err *e)
{
	char name[300];

	if (unlink(path) != 0)
		return err_sys(
		    e, "%s", err_escape(name, sizeof name, path, strlen(path)));
	return fsutil_sync_parent(path, e);
}

int
destroy_file(const char *path, enum destroy_medium *medium, size_t *links,
	     struct err *e)
{
	char *real = realpath(path, NULL), name[300];
	struct stat st, link;
	int fd = -1, rc = -1;

	err_escape(name, sizeof name, path, strlen(path));
	if (real != NULL)
		fd = open(real, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0 || lstat(path, &link) != 0) {
		err_sys(e, "%s", name);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, ERR_UNKNOWN, "%s: not a file", name);
		goto out;
	}
	*medium = writes_elsewhere(fd) ? DESTROY_COPIES : DESTROY_PLACE;
	*links = (size_t)st.st_nlink - 1;
	if (overwrite(fd, st.st_size, path, e) != 0 ||
	    remove_name(real, e) != 0 ||
	    (S_ISLNK(link.st_mode) && remove_name(path, e) != 0))
		goto out;
	rc = 0;
out:
	if (fd >= 0)
		close(fd);
	free(real);
	return rc;
}

/* In an open local/: all that is locked to the identity. */
static int
empty(DIR *dir, const char *path, struct err *e)
{
	enum destroy_medium medium;
	struct dirent *d;
	char file[FSUTIL_PATH];
	size_t links, n;
	int found = 0;

	while ((d = readdir(dir)) != NULL) {
		n = strlen(d->d_name);
		if (n < 4 || strcmp(d->d_name + n - 4, ".age") != 0)
			continue;
		if (fsutil_join(file, path, d->d_name, e) != 0 ||
		    destroy_file(file, &medium, &links, e) != 0)
			return -1;
		found++;
	}
	return found;
}

int
destroy_local(const char *vault, struct err *e)
{
	char path[FSUTIL_PATH], lock[FSUTIL_PATH];
	DIR *dir = NULL;
	int fd = -1, rc = -1;

	if (fsutil_join(path, vault, "local", e) != 0 ||
	    fsutil_join(lock, path, "lock", e) != 0)
		return -1;
	dir = opendir(path);
	fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (dir == NULL || fd < 0) {
		err_sys(e, "local/");
		err_hint(e, "--vault names a vault that the identity was"
			    " used in");
		goto out;
	}
	if (vault_flock(fd, LOCK_EX, true, e) == 0)
		rc = empty(dir, path, e);
out:
	if (fd >= 0)
		close(fd);
	if (dir != NULL)
		closedir(dir);
	return rc;
}
