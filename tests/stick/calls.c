/*
 * Preloaded into a program: writes down what it does to the files of one
 * folder ($STICK_FOLDER), for player.c, and answers as the drivers of FAT and
 * exFAT do: no hard links, no rename that spares what is there.
 *
 * The log ($STICK_CALLS) has one line a call; a write's bytes follow its line.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FD_MAX 1024

static char *written_to[FD_MAX]; /* the name under which it was made */
static FILE *out;

static FILE *
calls(void)
{
	if (out == NULL)
		out = fopen(getenv("STICK_CALLS"), "a");
	if (out == NULL)
		abort();
	return out;
}

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* Is this descriptor the folder? */
static int
is_folder(int fd)
{
	char link[64], path[PATH_MAX];
	const char *want = getenv("STICK_FOLDER");
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n < 0 || want == NULL)
		return 0;
	path[n] = '\0';
	return strcmp(path, want) == 0;
}

static const char *
name_of(int fd)
{
	return fd >= 0 && fd < FD_MAX ? written_to[fd] : NULL;
}

int
openat(int dir, const char *name, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;
	int fd;

	va_start(ap, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	fd = REAL(openat)(dir, name, flags, mode);
	if (fd >= 0 && fd < FD_MAX && (flags & O_CREAT) != 0 &&
	    is_folder(dir)) {
		written_to[fd] = strdup(name);
		fprintf(calls(), "create %s\n", name);
		fflush(out);
	}
	return fd;
}

ssize_t
write(int fd, const void *bytes, size_t len)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	ssize_t n = REAL(write)(fd, bytes, len);

	if (n > 0 && name_of(fd) != NULL) {
		fprintf(calls(), "write %s %lld %zd\n", name_of(fd),
			(long long)at, n);
		fwrite(bytes, 1, (size_t)n, out);
		fflush(out);
	}
	return n;
}

int
fsync(int fd)
{
	if (name_of(fd) != NULL)
		fprintf(calls(), "sync %s\n", name_of(fd));
	else if (is_folder(fd))
		fprintf(calls(), "syncfolder\n");
	if (out != NULL)
		fflush(out);
	return REAL(fsync)(fd);
}

int
syncfs(int fd)
{
	if (is_folder(fd)) {
		fprintf(calls(), "syncfolder\n");
		fflush(out);
	}
	return REAL(syncfs)(fd);
}

int
futimens(int fd, const struct timespec t[2])
{
	if (name_of(fd) != NULL)
		fprintf(calls(), "times %s %lld\n", name_of(fd),
			(long long)t[1].tv_sec);
	return REAL(futimens)(fd, t);
}

int
close(int fd)
{
	if (name_of(fd) != NULL) {
		fprintf(calls(), "close %s\n", name_of(fd));
		fflush(out);
		free(written_to[fd]);
		written_to[fd] = NULL;
	}
	return REAL(close)(fd);
}

int
renameat2(int od, const char *old, int nd, const char *new, unsigned flags)
{
	struct stat st;

	if (!is_folder(nd))
		return REAL(renameat2)(od, old, nd, new, flags);
	if (flags != 0 && fstatat(nd, new, &st, AT_SYMLINK_NOFOLLOW) == 0)
		errno = EEXIST;
	else
		errno = EINVAL;
	return -1;
}

int
renameat(int od, const char *old, int nd, const char *new)
{
	int rc = REAL(renameat)(od, old, nd, new);

	if (rc == 0 && is_folder(nd)) {
		fprintf(calls(), "rename %s %s\n", old, new);
		fflush(out);
	}
	return rc;
}

int
linkat(int od, const char *old, int nd, const char *new, int flags)
{
	if (!is_folder(nd))
		return REAL(linkat)(od, old, nd, new, flags);
	errno = EPERM;
	return -1;
}

int
unlinkat(int dir, const char *name, int flags)
{
	int rc = REAL(unlinkat)(dir, name, flags);

	if (rc == 0 && is_folder(dir)) {
		fprintf(calls(), "remove %s\n", name);
		fflush(out);
	}
	return rc;
}
