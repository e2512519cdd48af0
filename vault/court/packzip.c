#include "packzip.h"

#include "fsutil.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IO_SIZE (1u << 18) /* bytes that are copied at a time */

struct packzip {
	const char *root, *shown;
	struct archive *a;
	int fd;
	struct hash *sha256;
	uint8_t *buf;
	bool given_up; /* what comes now goes nowhere */
};

static int
failed(struct packzip *z, struct err *e)
{
	int number = archive_errno(z->a);

	if (number > 0)
		errno = number;
	return number > 0
		   ? err_sys(e, "%s", z->shown)
		   : err_set(e, ERR_UNKNOWN, "%s: cannot be written", z->shown);
}

static la_ssize_t
to_fd(struct archive *a, void *ctx, const void *bytes, size_t len)
{
	struct packzip *z = ctx;
	struct err e = {0};

	if (z->given_up)
		return (la_ssize_t)len;
	if (fsutil_write_all(z->fd, bytes, len, &e) == 0)
		return (la_ssize_t)len;
	archive_set_error(a, errno, "write");
	return -1;
}

static int
start(struct packzip *z, const char *path, struct err *e)
{
	z->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (z->fd < 0)
		return err_sys(e, "%s", z->shown);
	z->a = archive_write_new();
	z->sha256 = hash_new(HASH_SHA256);
	z->buf = malloc(IO_SIZE);
	if (z->a == NULL || z->sha256 == NULL || z->buf == NULL)
		return err_memory(e);
	if (archive_write_set_format_zip(z->a) != ARCHIVE_OK ||
	    archive_write_zip_set_compression_store(z->a) != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(z->a, 1 << 16) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(z->a, 1) != ARCHIVE_OK ||
	    archive_write_open(z->a, z, NULL, to_fd, NULL) != ARCHIVE_OK)
		return failed(z, e);
	return 0;
}

struct packzip *
packzip_new(const char *path, const char *root, const char *shown,
	    struct err *e)
{
	struct packzip *z = calloc(1, sizeof *z);

	if (z == NULL) {
		err_memory(e);
		return NULL;
	}
	z->fd = -1;
	z->root = root;
	z->shown = shown;
	if (start(z, path, e) == 0)
		return z;
	(void)packzip_close(z, false, e);
	return NULL;
}

/* Copy what is there, hashing it. */
static int
copy(struct packzip *z, int in, const struct packout_file *f, struct err *e)
{
	uint8_t digest[HASH_LEN];
	uint64_t left = f->size;
	ssize_t n;

	while ((n = read(in, z->buf, IO_SIZE)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "%s", z->shown);
		if ((uint64_t)n > left)
			break;
		left -= (uint64_t)n;
		hash_update(z->sha256, z->buf, (size_t)n);
		for (ssize_t at = 0; at < n;) {
			la_ssize_t w = archive_write_data(z->a, z->buf + at,
							  (size_t)(n - at));

			if (w <= 0)
				return failed(z, e);
			at += w;
		}
	}
	hash_final(z->sha256, digest);
	if (n != 0 || left > 0 || memcmp(digest, f->sha256, HASH_LEN) != 0)
		return err_set(e, ERR_EVIDENCE,
			       "%s: %s has changed on the medium", z->shown,
			       f->path);
	return archive_write_finish_entry(z->a) == ARCHIVE_OK ? 0
							      : failed(z, e);
}

int
packzip_add(struct packzip *z, const char *full, const struct packout_file *f,
	    struct err *e)
{
	struct archive_entry *ae = archive_entry_new();
	char name[2 * PACKOUT_PATH_MAX];
	int in, rc;

	if (ae == NULL)
		return err_memory(e);
	snprintf(name, sizeof name, "%s/%s", z->root, f->path);
	archive_entry_set_pathname(ae, name);
	archive_entry_set_size(ae, (la_int64_t)f->size);
	archive_entry_set_filetype(ae, AE_IFREG);
	archive_entry_set_perm(ae, 0644);
	rc = archive_write_header(z->a, ae);
	archive_entry_free(ae);
	if (rc != ARCHIVE_OK)
		return failed(z, e);
	in = open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (in < 0)
		return err_sys(e, "%s", z->shown);
	rc = copy(z, in, f, e);
	close(in);
	return rc;
}

int
packzip_close(struct packzip *z, bool whole, struct err *e)
{
	int rc = 0;

	if (whole && archive_write_close(z->a) != ARCHIVE_OK)
		rc = failed(z, e);
	/* libarchive writes the rest when it is freed */
	z->given_up = !whole;
	if (z->a != NULL)
		(void)archive_write_free(z->a);
	if (z->fd >= 0 && fsutil_finish(z->fd, z->shown, e) != 0)
		rc = -1;
	hash_free(z->sha256);
	free(z->buf);
	free(z);
	return rc;
}
