/*
 * An archive read by libarchive: runs in a worker of contents.c only. The forms
 * are named one by one: "all" would have libarchive start programs, and read
 * forms whose readers have had most of its holes.
 */
#include "contentswork.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct reading {
	uint64_t size, at;
	uint8_t buf[CONTENTSWORK_PIECE];
};

static ssize_t
on_read(struct archive *a, void *ctx, const void **bytes)
{
	struct reading *r = ctx;
	uint64_t n = r->size - r->at;

	(void)a;
	if (n > sizeof r->buf)
		n = sizeof r->buf;
	contentswork_read(r->at, r->buf, (size_t)n);
	r->at += n;
	*bytes = r->buf;
	return (ssize_t)n;
}

static int64_t
on_skip(struct archive *a, void *ctx, int64_t want)
{
	struct reading *r = ctx;
	uint64_t n = want > 0 ? (uint64_t)want : 0;

	(void)a;
	if (n > r->size - r->at)
		n = r->size - r->at;
	r->at += n;
	return (int64_t)n;
}

static int64_t
on_seek(struct archive *a, void *ctx, int64_t offset, int whence)
{
	struct reading *r = ctx;
	int64_t from = whence == SEEK_SET   ? 0
		       : whence == SEEK_CUR ? (int64_t)r->at
					    : (int64_t)r->size;
	int64_t to;

	(void)a;
	if (__builtin_add_overflow(from, offset, &to) || to < 0 ||
	    (uint64_t)to > r->size)
		return ARCHIVE_FATAL;
	r->at = (uint64_t)to;
	return to;
}

/* ARCHIVE_WARN would mean that a program is started for it. */
static struct archive *
new_reader(void)
{
	struct archive *a = archive_read_new();

	if (a != NULL && archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
	    archive_read_support_filter_bzip2(a) == ARCHIVE_OK &&
	    archive_read_support_filter_xz(a) == ARCHIVE_OK &&
	    archive_read_support_filter_zstd(a) == ARCHIVE_OK &&
	    archive_read_support_format_tar(a) == ARCHIVE_OK &&
	    archive_read_support_format_zip(a) == ARCHIVE_OK &&
	    archive_read_support_format_7zip(a) == ARCHIVE_OK &&
	    archive_read_support_format_raw(a) == ARCHIVE_OK)
		return a;
	archive_read_free(a);
	return NULL;
}

bool
archivework_warm_up(void)
{
	struct archive *a = new_reader();
	bool works = a != NULL;

	archive_read_free(a);
	return works;
}

static enum contents_kind
kind_of(struct archive_entry *en)
{
	if (archive_entry_hardlink(en) != NULL ||
	    archive_entry_hardlink_utf8(en) != NULL)
		return CONTENTS_HARDLINK;
	switch (archive_entry_filetype(en)) {
	case AE_IFDIR:
		return CONTENTS_FOLDER;
	case AE_IFLNK:
		return CONTENTS_SYMLINK;
	case AE_IFIFO:
		return CONTENTS_FIFO;
	case AE_IFCHR:
	case AE_IFBLK:
		return CONTENTS_DEVICE;
	case AE_IFSOCK:
		return CONTENTS_SOCKET;
	default:
		return archive_entry_is_encrypted(en) ? CONTENTS_ENCRYPTED
						      : CONTENTS_FILE;
	}
}

/* Hand on the bytes of the member at hand. */
static void
give(struct archive *a)
{
	static uint8_t buf[CONTENTSWORK_PIECE];
	const char *why;
	ssize_t n;

	while ((n = archive_read_data(a, buf, sizeof buf)) > 0)
		contentswork_bytes(buf, (size_t)n);
	why = n < 0 ? archive_error_string(a) : NULL;
	contentswork_end(n < 0 && why == NULL ? "it is damaged" : why);
}

/* Is it one of the forms, and not just any file? */
static bool
is_form(struct archive *a)
{
	int filters = archive_filter_count(a);

	if (archive_format(a) == ARCHIVE_FORMAT_RAW)
		return filters == 2;
	return filters <= 2;
}

static void
one(struct archive *a, struct archive_entry *en)
{
	enum contents_kind kind = kind_of(en);
	const char *name = archive_entry_pathname(en);

	if (name == NULL)
		name = archive_entry_pathname_utf8(en);
	/* the name of a compressed file is not written in it */
	if (name == NULL || archive_format(a) == ARCHIVE_FORMAT_RAW)
		name = "";
	if (contentswork_member(
		kind, name,
		archive_entry_size_is_set(en) && archive_entry_size(en) >= 0
		    ? (uint64_t)archive_entry_size(en)
		    : CONTENTSWORK_NONE,
		archive_entry_mtime_is_set(en) ? archive_entry_mtime(en)
					       : CONTENTSWORK_NEVER))
		give(a);
}

static void
finish(struct archive *a, int rc, bool any)
{
	const char *why = archive_error_string(a);

	if (rc == ARCHIVE_EOF && (any || archive_format(a) != 0))
		contentswork_done(CONTENTS_READ, NULL);
	else if (archive_read_has_encrypted_entries(a) > 0)
		contentswork_done(CONTENTS_LOCKED, why);
	else if (rc == ARCHIVE_EOF || (!any && archive_format(a) == 0))
		contentswork_done(CONTENTS_NOT, why);
	else
		contentswork_done(CONTENTS_DAMAGED, why);
}

void
archivework(uint64_t size)
{
	struct reading *r = calloc(1, sizeof *r);
	struct archive *a = new_reader();
	struct archive_entry *en;
	bool any = false;
	int rc = ARCHIVE_FATAL;

	if (r == NULL || a == NULL)
		return;
	r->size = size;
	archive_read_set_read_callback(a, on_read);
	archive_read_set_skip_callback(a, on_skip);
	archive_read_set_seek_callback(a, on_seek);
	archive_read_set_callback_data(a, r);
	if (archive_read_open1(a) == ARCHIVE_OK)
		while ((rc = archive_read_next_header(a, &en)) >=
			   ARCHIVE_WARN &&
		       rc != ARCHIVE_EOF) {
			if (!any && !is_form(a)) {
				contentswork_done(CONTENTS_NOT, NULL);
				return;
			}
			any = true;
			one(a, en);
		}
	finish(a, rc, any);
	archive_read_free(a);
	free(r);
}
