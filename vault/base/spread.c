#include "spread.h"

#include "fsutil.h"
#include "medium.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct spread {
	char shown[300];
	uint64_t part, total;
	struct newfile *list[SPREAD_MAX];
	uint64_t at[SPREAD_MAX]; /* where each descriptor stands */
	size_t n;
};

static int
open_all(struct spread *s, const char *path, struct err *e)
{
	size_t n = s->total <= s->part
		       ? 1
		       : (size_t)((s->total + s->part - 1) / s->part);
	char name[FSUTIL_PATH];
	uint64_t room;

	for (size_t i = 0; i < n; i++) {
		int len = n == 1 ? snprintf(name, sizeof name, "%s", path)
				 : snprintf(name, sizeof name, "%s.%03zu", path,
					    i + 1);

		if (len >= (int)sizeof name)
			return err_set(e, ERR_UNKNOWN, "a path is too long");
		s->list[i] = newfile_open(name, e);
		if (s->list[i] == NULL)
			return -1;
		s->n++;
	}
	if (n > 1 && newfile_check(path, e) != 0)
		return -1;
	room = medium_room(newfile_fd(s->list[0]));
	if (room >= s->total)
		return 0;
	errno = ENOSPC;
	return err_sys(e, "%s: %llu bytes are needed, and %llu are free",
		       s->shown, (unsigned long long)s->total,
		       (unsigned long long)room);
}

struct spread *
spread_new(const char *path, uint64_t part, uint64_t total, struct err *e)
{
	struct spread *s = calloc(1, sizeof *s);

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	err_escape(s->shown, sizeof s->shown, path, strlen(path));
	s->part = part > 0 ? part : UINT64_MAX;
	s->total = total;
	if (total / s->part >= SPREAD_MAX)
		err_set(e, ERR_UNKNOWN, "%s: more than %d parts", s->shown,
			SPREAD_MAX);
	else if (open_all(s, path, e) == 0)
		return s;
	spread_free(s);
	return NULL;
}

/* To a place in one part. */
static int
write_part(struct spread *s, size_t i, uint64_t at, const uint8_t *p,
	   size_t len, struct err *e)
{
	int fd = newfile_fd(s->list[i]);

	if (s->at[i] != at && lseek(fd, (off_t)at, SEEK_SET) < 0)
		return err_sys(e, "%s", s->shown);
	s->at[i] = at + len;
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "%s", s->shown);
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
spread_put(void *spread, uint64_t at, const void *bytes, size_t len,
	   struct err *e)
{
	struct spread *s = spread;
	const uint8_t *p = bytes;

	while (len > 0) {
		uint64_t in = at % s->part;
		size_t n = len;

		if (n > s->part - in)
			n = (size_t)(s->part - in);
		if (write_part(s, (size_t)(at / s->part), in, p, n, e) != 0)
			return -1;
		p += n;
		at += n;
		len -= n;
	}
	return 0;
}

int
spread_settle(struct spread *s, struct err *e)
{
	struct timespec t[2] = {{FSUTIL_TIME, 0}, {FSUTIL_TIME, 0}};

	for (size_t i = 0; i < s->n; i++) {
		/* not every file system keeps times: that is no loss */
		(void)futimens(newfile_fd(s->list[i]), t);
		if (newfile_settle(s->list[i], e) != 0)
			return -1;
	}
	return 0;
}

int
spread_get(void *spread, uint64_t at, void *buf, size_t len, struct err *e)
{
	struct spread *s = spread;
	uint8_t *p = buf;

	while (len > 0) {
		uint64_t in = at % s->part;
		size_t want = len;
		ssize_t n;

		if (want > s->part - in)
			want = (size_t)(s->part - in);
		n = pread(newfile_fd(s->list[at / s->part]), p, want,
			  (off_t)in);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "%s: reading it back", s->shown);
		if (n == 0)
			return err_set(e, ERR_UNKNOWN,
				       "%s: what is read back is shorter than"
				       " what was written",
				       s->shown);
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

size_t
spread_take(struct spread *s, struct newfile *list[SPREAD_MAX])
{
	size_t n = s->n;

	memcpy(list, s->list, n * sizeof(*list));
	memset(s->list, 0, sizeof s->list);
	s->n = 0;
	return n;
}

void
spread_free(struct spread *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		newfile_abort(s->list[i]);
	free(s);
}
