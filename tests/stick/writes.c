/*
 * Preloaded into a driver: writes down what it writes to its medium
 * ($STICK_IMAGE, a file or a block device) and when it asks for a flush.
 *
 * The log ($STICK_WRITES) is a row of records: a letter, the offset and the
 * length (8 bytes each, the machine's order), and the bytes. 'W' is a write,
 * 'F' a flush that was asked for. Others, from player.c: 'R' the program
 * asked for a flush, whether or not the driver did anything; 'D' the program
 * is done.
 *
 * With $STICK_DIE=N the driver ends at its N-th write, as if the stick were
 * pulled out. With $STICK_ROT=N the medium keeps another byte than it was
 * given, once, at the N-th write.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static int out = -1;
static struct stat image;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("STICK_WRITES"), *of = getenv("STICK_IMAGE");

	if (path == NULL || of == NULL || stat(of, &image) != 0)
		return;
	out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (out < 0)
		abort();
}

void stick_note(char kind, uint64_t at, const void *bytes, uint64_t len);

void
stick_note(char kind, uint64_t at, const void *bytes, uint64_t len)
{
	uint64_t head[2] = {at, len};
	struct iovec v[3] = {{&kind, 1},
			     {head, sizeof head},
			     {(void *)(uintptr_t)bytes, (size_t)len}};

	/* one call, one record: the driver may have threads */
	if (out >= 0 && writev(out, v, 3) != (ssize_t)(1 + sizeof head + len))
		abort();
}

static int
is_image(int fd)
{
	struct stat st;

	if (out < 0 || fstat(fd, &st) != 0)
		return 0;
	if (S_ISBLK(image.st_mode))
		return S_ISBLK(st.st_mode) && st.st_rdev == image.st_rdev;
	return st.st_dev == image.st_dev && st.st_ino == image.st_ino;
}

/* How often `name` has to be counted down to; 0: never. */
static long
number(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? atol(text) : 0;
}

typedef ssize_t writer(int fd, const void *bytes, size_t len, off_t at);

/* A write to the medium, which may fail it. */
static ssize_t
to_medium(writer *real, int fd, const void *bytes, size_t len, off_t at)
{
	static long count;
	char *changed = NULL;
	ssize_t n;

	count++;
	if (count == number("STICK_DIE"))
		raise(SIGKILL);
	if (count == number("STICK_ROT") && (changed = malloc(len)) != NULL) {
		memcpy(changed, bytes, len);
		changed[len / 2] ^= 1;
		bytes = changed;
	}
	n = real(fd, bytes, len, at);
	if (n > 0)
		stick_note('W', (uint64_t)at, bytes, (uint64_t)n);
	free(changed);
	return n;
}

ssize_t
pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	writer *real = REAL(pwrite);

	return is_image(fd) ? to_medium(real, fd, bytes, len, at)
			    : real(fd, bytes, len, at);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
	writer *real = REAL(pwrite64);

	return is_image(fd) ? to_medium(real, fd, bytes, len, at)
			    : real(fd, bytes, len, at);
}

static ssize_t
plain(int fd, const void *bytes, size_t len, off_t at)
{
	(void)at;
	return REAL(write)(fd, bytes, len);
}

ssize_t
write(int fd, const void *bytes, size_t len)
{
	return is_image(fd)
		   ? to_medium(plain, fd, bytes, len, lseek(fd, 0, SEEK_CUR))
		   : plain(fd, bytes, len, 0);
}

int
fsync(int fd)
{
	if (is_image(fd))
		stick_note('F', 0, NULL, 0);
	return REAL(fsync)(fd);
}

int
fdatasync(int fd)
{
	if (is_image(fd))
		stick_note('F', 0, NULL, 0);
	return REAL(fdatasync)(fd);
}
