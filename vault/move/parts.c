#include "parts.h"

#include "bytetag.h"
#include "fsutil.h"
#include "hash.h"
#include "medium.h"
#include "newfile.h"
#include "parityfile.h"
#include "spread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IO_SIZE (256u << 10)  /* bytes */
#define FLUSH_SIZE (8u << 20) /* bytes */
#define PARTS_MAX SPREAD_MAX
#define SHOWN_MAX 300 /* bytes of a path in a message, NUL included */

struct part {
	struct newfile *file;
	uint64_t size;
	uint8_t tag[BYTETAG_LEN]; /* of what was written */
};

struct parts {
	char path[FSUTIL_PATH];
	char shown[SHOWN_MAX]; /* the path, as messages show it */
	uint64_t part, total;  /* bytes: of a part at most; of all */
	uint64_t done;	       /* bytes written */
	struct part list[PARTS_MAX];
	size_t n, will_be;	   /* parts now, and in the end */
	struct bytetag *tags;	   /* of the open part */
	struct paritymake *parity; /* or NULL */
	struct spread *beside;	   /* where it goes */
};

/* The name of the i-th part, from 0. */
static int
part_name(const struct parts *p, size_t i, char out[FSUTIL_PATH], struct err *e)
{
	int n = p->will_be == 1
		    ? snprintf(out, FSUTIL_PATH, "%s", p->path)
		    : snprintf(out, FSUTIL_PATH, "%s.%03zu", p->path, i + 1);

	return n < FSUTIL_PATH ? 0
			       : err_set(e, ERR_UNKNOWN, "a path is too long");
}

/* One more name than there are parts: `cat path.*` must not find a stray. */
static int
check_names(const struct parts *p, struct err *e)
{
	char path[FSUTIL_PATH];

	if (newfile_check(p->path, e) != 0)
		return -1;
	for (size_t i = 0; p->will_be > 1 && i <= p->will_be; i++)
		if (part_name(p, i, path, e) != 0 ||
		    newfile_check(path, e) != 0)
			return -1;
	return 0;
}

static int
next_part(struct parts *p, struct err *e)
{
	char path[FSUTIL_PATH];

	if (p->n == p->will_be)
		return err_set(e, ERR_UNKNOWN,
			       "%s: it grew longer than foreseen", p->shown);
	if (part_name(p, p->n, path, e) != 0)
		return -1;
	p->list[p->n].file = newfile_open(path, e);
	if (p->list[p->n].file == NULL)
		return -1;
	p->n++;
	return 0;
}

static int
check_room(const struct parts *p, uint64_t needed, struct err *e)
{
	uint64_t room = medium_room(newfile_fd(p->list[0].file));

	if (room >= needed)
		return 0;
	errno = ENOSPC;
	err_sys(e, "%s: %llu bytes are needed, and %llu are free", p->shown,
		(unsigned long long)needed, (unsigned long long)room);
	return err_hint(e, "nothing was written: free some room, or carry one"
			   " case only");
}

static int
begin(struct parts *p, struct err *e)
{
	p->tags = bytetag_new();
	if (p->tags == NULL)
		return err_memory(e);
	if (p->total > p->part * PARTS_MAX)
		return err_set(e, ERR_UNKNOWN,
			       "the carry file would have more than %d parts",
			       PARTS_MAX);
	p->will_be = (size_t)((p->total + p->part - 1) / p->part);
	if (check_names(p, e) != 0)
		return -1;
	return next_part(p, e) == 0 ? check_room(p, p->total, e) : -1;
}

struct parts *
parts_new(const char *path, uint64_t part, uint64_t total, struct err *e)
{
	struct parts *p = calloc(1, sizeof *p);

	if (p == NULL) {
		err_memory(e);
		return NULL;
	}
	if (snprintf(p->path, sizeof p->path, "%s", path) >=
	    (int)sizeof p->path) {
		err_set(e, ERR_UNKNOWN, "a path is too long");
		goto bad;
	}
	err_escape(p->shown, sizeof p->shown, path, strlen(path));
	p->part = part;
	p->total = total;
	if (begin(p, e) == 0)
		return p;
bad:
	parts_free(p);
	return NULL;
}

int
parts_protect(struct parts *p, unsigned percent, struct err *e)
{
	struct parityform f;
	char path[FSUTIL_PATH];

	if (parityform_plan(&f, p->total, p->will_be > 1 ? p->part : 0,
			    percent) != FORMAT_OK)
		return err_set(e, ERR_UNKNOWN, "%s: too long for parity",
			       p->shown),
		       err_hint(e, "--parity 0 leaves it out");
	if (parityfile_name(p->path, path, e) != 0 ||
	    check_room(p, p->total + parityform_len(&f), e) != 0)
		return -1;
	p->parity = paritymake_new(&f, p->shown, e);
	if (p->parity == NULL)
		return -1;
	p->beside = spread_new(path, f.part, parityform_len(&f), e);
	return p->beside != NULL ? 0 : -1;
}

static int
write_failed(const struct parts *p, struct err *e)
{
	int why = errno;

	err_sys(e, "%s", p->shown);
	if (why == EFBIG)
		return err_hint(e, "this file system takes no file so large:"
				   " --part-size 4227858432 makes parts");
	return -1;
}

/*
 * The disk may begin with what is there, while the next is sealed. It is no
 * more than a hint: `settle` waits for all of it, and tells of errors.
 */
static void
begin_flush(const struct part *of, uint64_t was)
{
	uint64_t from = was / FLUSH_SIZE, to = of->size / FLUSH_SIZE;

	if (to > from)
		(void)sync_file_range(
		    newfile_fd(of->file), (off_t)(from * FLUSH_SIZE),
		    (off_t)((to - from) * FLUSH_SIZE), SYNC_FILE_RANGE_WRITE);
}

static int
write_all(struct parts *p, struct part *to, const char *b, size_t len,
	  struct err *e)
{
	uint64_t was = to->size;

	if (p->parity != NULL)
		paritymake_put(p->parity, b, len);
	else
		bytetag_update(p->tags, b, len);
	to->size += len;
	p->done += len;
	while (len > 0) {
		ssize_t n = write(newfile_fd(to->file), b, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return write_failed(p, e);
		b += n;
		len -= (size_t)n;
	}
	begin_flush(to, was);
	return 0;
}

int
parts_put(void *parts, const void *bytes, size_t len, struct err *e)
{
	struct parts *p = parts;
	const char *b = bytes;

	while (len > 0) {
		struct part *to = &p->list[p->n - 1];
		size_t n = len;

		if (to->size == p->part) {
			bytetag_final(p->tags, to->tag);
			if (next_part(p, e) != 0)
				return -1;
			continue;
		}
		if (n > p->part - to->size)
			n = (size_t)(p->part - to->size);
		if (write_all(p, to, b, n, e) != 0)
			return -1;
		b += n;
		len -= n;
	}
	return 0;
}

/* Make the parts durable, with the one time stamp. */
static int
settle(struct parts *p, struct err *e)
{
	struct timespec t[2] = {{FSUTIL_TIME, 0}, {FSUTIL_TIME, 0}};

	bytetag_final(p->tags, p->list[p->n - 1].tag);
	for (size_t i = 0; i < p->n; i++) {
		/* not every file system keeps times: that is no loss */
		(void)futimens(newfile_fd(p->list[i].file), t);
		if (newfile_settle(p->list[i].file, e) != 0)
			return -1;
	}
	return 0;
}

static int
other_bytes(const struct parts *p, struct err *e)
{
	err_set(e, ERR_UNKNOWN, "%s: what is read back is not what was written",
		p->shown);
	return err_hint(e, "the medium is not to be trusted: take another");
}

/* One part, from the medium. */
static int
read_back(struct parts *p, const struct part *from, vault_progress *progress,
	  void *ctx, char *buf, struct err *e)
{
	uint8_t tag[BYTETAG_LEN];
	uint64_t size = 0;
	ssize_t n;

	while ((n = read(newfile_fd(from->file), buf, IO_SIZE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "%s: reading it back", p->shown);
		bytetag_update(p->tags, buf, (size_t)n);
		size += (uint64_t)n;
		p->done += (uint64_t)n;
		if (progress != NULL)
			progress(ctx, "reading back", p->done, p->total);
	}
	bytetag_final(p->tags, tag);
	return size == from->size && memcmp(tag, from->tag, BYTETAG_LEN) == 0
		   ? 0
		   : other_bytes(p, e);
}

static int
read_all_back(struct parts *p, vault_progress *progress, void *ctx,
	      struct err *e)
{
	char *buf = malloc(IO_SIZE);
	int rc = buf != NULL ? 0 : err_memory(e);

	p->done = 0;
	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = read_back(p, &p->list[i], progress, ctx, buf, e);
	free(buf);
	return rc;
}

/* Has the form of parity_read. */
static int
read_at(void *ctx, uint64_t at, void *buf, size_t len, struct err *e)
{
	struct parts *p = ctx;
	uint8_t *to = buf;

	while (len > 0) {
		uint64_t in = at % p->part;
		size_t want = len < p->part - in ? len : (size_t)(p->part - in);
		ssize_t n = pread(newfile_fd(p->list[at / p->part].file), to,
				  want, (off_t)in);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "%s: reading it back", p->shown);
		if (n == 0)
			return other_bytes(p, e);
		to += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* The file is read back to make its parity; then that is read back. */
static int
make_parity(struct parts *p, vault_progress *progress, void *ctx, struct err *e)
{
	uint8_t sha256[HASH_LEN];

	paritymake_sum(p->parity, sha256);
	if (paritymake_write(p->parity, read_at, p, spread_put, p->beside,
			     progress, ctx, e) != 0 ||
	    spread_settle(p->beside, e) != 0)
		return -1;
	return paritymake_check(p->parity, spread_get, p->beside, e);
}

int
parts_commit(struct parts *p, vault_progress *progress, void *ctx, size_t *n,
	     struct err *e)
{
	struct newfile *files[PARTS_MAX + SPREAD_MAX];
	size_t all;

	if (p->done != p->total)
		return err_set(e, ERR_UNKNOWN,
			       "%s: it is not as long as foreseen", p->shown);
	if (settle(p, e) != 0)
		return -1;
	if ((p->parity != NULL ? make_parity(p, progress, ctx, e)
			       : read_all_back(p, progress, ctx, e)) != 0)
		return -1;
	/*
	 * Names are given from the end of the list, parity's last: alone it
	 * would be in the way of the next time.
	 */
	all = p->beside != NULL ? spread_take(p->beside, files) : 0;
	for (size_t i = 0; i < p->n; i++) {
		files[all++] = p->list[i].file;
		p->list[i].file = NULL;
	}
	*n = p->n;
	return newfile_commit_all(files, all, e);
}

void
parts_free(struct parts *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++)
		newfile_abort(p->list[i].file);
	paritymake_free(p->parity);
	spread_free(p->beside);
	bytetag_free(p->tags);
	free(p);
}
