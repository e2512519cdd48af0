#include "joined.h"

#include "fsutil.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_MAX_FILES 32 /* at a time */

struct piece {
	char *path;
	uint64_t at, size; /* bytes: where it begins, and how many */
};

struct joined {
	struct piece *list;
	size_t n, cap;
	uint64_t size;
	struct {
		size_t piece;
		int fd; /* -1: none, or it cannot be opened */
		bool used;
	} open[OPEN_MAX_FILES];
	size_t next; /* of `open`, to be used anew */
	int lack;    /* errno, see joined_lack; or 0 */
};

struct joined *
joined_new(void)
{
	return calloc(1, sizeof(struct joined));
}

static void
close_all(struct joined *j)
{
	for (size_t i = 0; i < OPEN_MAX_FILES; i++) {
		if (j->open[i].used && j->open[i].fd >= 0)
			close(j->open[i].fd);
		j->open[i].used = false;
	}
}

void
joined_free(struct joined *j)
{
	if (j == NULL)
		return;
	close_all(j);
	for (size_t i = 0; i < j->n; i++)
		free(j->list[i].path);
	free(j->list);
	free(j);
}

int
joined_add(struct joined *j, const char *path, uint64_t size, struct err *e)
{
	if (size == 0)
		return 0; /* nothing of it can be lost */
	if (j->n == j->cap) {
		size_t cap = j->cap > 0 ? 2 * j->cap : 16;
		void *p = realloc(j->list, cap * sizeof *j->list);

		if (p == NULL)
			return err_memory(e);
		j->list = p;
		j->cap = cap;
	}
	j->list[j->n] = (struct piece){strdup(path), j->size, size};
	if (j->list[j->n].path == NULL)
		return err_memory(e);
	j->n++;
	j->size += size;
	return 0;
}

uint64_t
joined_size(const struct joined *j)
{
	return j->size;
}

bool
joined_fits(const struct joined *j)
{
	struct stat st;

	for (size_t i = 0; i < j->n; i++)
		if (stat(j->list[i].path, &st) != 0 ||
		    (uint64_t)st.st_size != j->list[i].size)
			return false;
	return true;
}

int
joined_lack(const struct joined *j)
{
	return j->lack;
}

/* Is the file there, for all that is known? */
static bool
is_lack(int why)
{
	return why != ENOENT && why != ENOTDIR;
}

/*
 * A regular file, without waiting for a writer of anything else; or -1. Where
 * descriptors may be scarce, those of the other files are given up for it.
 */
static int
open_piece(struct joined *j, const char *path)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags);
	struct stat st;

	if (fd < 0 && is_lack(errno)) {
		close_all(j);
		do
			fd = open(path, flags);
		while (fd < 0 && errno == EINTR);
		if (fd < 0 && is_lack(errno))
			j->lack = errno;
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) != 0)
		j->lack = errno;
	else if (S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -1;
}

static int
descriptor(struct joined *j, size_t piece)
{
	size_t at = j->next;

	for (size_t i = 0; i < OPEN_MAX_FILES; i++)
		if (j->open[i].used && j->open[i].piece == piece)
			return j->open[i].fd;
	if (j->open[at].used && j->open[at].fd >= 0)
		close(j->open[at].fd);
	j->open[at].used = false;
	j->open[at].piece = piece;
	j->open[at].fd = open_piece(j, j->list[piece].path);
	j->open[at].used = true;
	j->next = (at + 1) % OPEN_MAX_FILES;
	return j->open[at].fd;
}

/* The piece that holds this byte. */
static size_t
find(const struct joined *j, uint64_t at)
{
	size_t low = 0, high = j->n;

	while (high - low > 1) {
		size_t mid = (low + high) / 2;

		if (j->list[mid].at <= at)
			low = mid;
		else
			high = mid;
	}
	return low;
}

static bool
read_fd(int fd, uint64_t at, uint8_t *p, size_t len)
{
	while (len > 0) {
		ssize_t n = pread(fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

/* All of these bytes, or not. */
static bool
read_all(struct joined *j, uint64_t at, uint8_t *p, size_t len)
{
	while (len > 0 && at < j->size) {
		size_t i = find(j, at), n = len;
		uint64_t in = at - j->list[i].at, left = j->list[i].size - in;
		int fd;

		if (n > left)
			n = (size_t)left;
		fd = descriptor(j, i);
		if (fd < 0 || !read_fd(fd, in, p, n))
			return false;
		p += n;
		at += n;
		len -= n;
	}
	return true; /* what lies behind the end was made zeros */
}

void
joined_read(struct joined *j, uint64_t at, void *buf, size_t len, size_t unit,
	    bool *good)
{
	uint8_t *p = buf;
	size_t units = (len + unit - 1) / unit;
	bool all;

	memset(buf, 0, len);
	all = read_all(j, at, p, len);
	for (size_t i = 0; i < units; i++) {
		size_t from = i * unit,
		       n = len - from < unit ? len - from : unit;

		good[i] = all;
		if (all)
			continue;
		memset(p + from, 0, n);
		good[i] = read_all(j, at + from, p + from, n);
		if (!good[i])
			memset(p + from, 0, n);
	}
}
