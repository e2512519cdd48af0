/*
 * Preloaded into a program: reads of one file ($BADREAD_FILE) fail with EIO
 * where they touch the bytes from $BADREAD_FROM to $BADREAD_TO, as on a medium
 * that is wearing out. Which descriptors are of that file is noted when it is
 * opened: in a process that is shut in, no further system call may be made.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))
#define FD_MAX 1024

static char bad[FD_MAX];
static __typeof__(&pread) real_pread;
static __typeof__(&read) real_read;

__attribute__((constructor)) static void
start(void)
{
	real_pread = REAL(pread);
	real_read = REAL(read);
}

static int
note(const char *path, int fd)
{
	const char *want = getenv("BADREAD_FILE");

	if (fd >= 0 && fd < FD_MAX)
		bad[fd] = want != NULL && strcmp(path, want) == 0;
	return fd;
}

int
open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return note(path, REAL(open)(path, flags, mode));
}

int
open64(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return note(path, REAL(open)(path, flags, mode));
}

/* What _FORTIFY_SOURCE calls. */
int __open_2(const char *path, int flags);
int
__open_2(const char *path, int flags)
{
	return open(path, flags, 0);
}

int
close(int fd)
{
	if (fd >= 0 && fd < FD_MAX)
		bad[fd] = 0;
	return REAL(close)(fd);
}

static int
is_bad(int fd, long long from, size_t len)
{
	return fd >= 0 && fd < FD_MAX && bad[fd] &&
	       from < atoll(getenv("BADREAD_TO")) &&
	       from + (long long)len > atoll(getenv("BADREAD_FROM"));
}

ssize_t
pread(int fd, void *buf, size_t len, off_t at)
{
	if (is_bad(fd, at, len)) {
		errno = EIO;
		return -1;
	}
	return real_pread(fd, buf, len, at);
}

ssize_t
pread64(int fd, void *buf, size_t len, off_t at)
{
	return pread(fd, buf, len, at);
}

ssize_t __pread_chk(int fd, void *buf, size_t len, off_t at, size_t room);
ssize_t
__pread_chk(int fd, void *buf, size_t len, off_t at, size_t room)
{
	(void)room;
	return pread(fd, buf, len, at);
}

ssize_t
read(int fd, void *buf, size_t len)
{
	if (fd >= 0 && fd < FD_MAX && bad[fd] &&
	    is_bad(fd, lseek(fd, 0, SEEK_CUR), len)) {
		errno = EIO;
		return -1;
	}
	return real_read(fd, buf, len);
}
