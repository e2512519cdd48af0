/*
 * A package that is a zip file. Its members must lie one behind the other
 * without gaps (zipform.h): then no two of them share bytes, so that a small
 * file cannot unpack to more than deflate's thousandfold, and nobody can be
 * shown another content than we check.
 */
#include "package_inside.h"
#include "zipform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK (1u << 18) /* bytes read, and unpacked, at a time */
/*
 * A package of more than this that claims to be a hundred times as long as its
 * zip file is not unpacked: evidence is not like that, bombs are.
 */
#define BOMB_LEAST (UINT64_C(1) << 30)
#define BOMB_RATIO 100

static int
read_at(struct package *p, uint64_t at, void *bytes, size_t len, struct err *e)
{
	uint8_t *to = bytes;

	while (len > 0) {
		ssize_t n = pread(p->fd, to, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "cannot be read");
		if (n == 0)
			return err_set(e, ERR_EVIDENCE,
				       "the zip file is cut off");
		to += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int
bad_zip(struct err *e, const char *what)
{
	return err_set(e, ERR_EVIDENCE,
		       "a zip file that programs may read differently (%s)",
		       what);
}

/* One member as listed, until all are known. */
struct member {
	struct zipform_member m;
	bool is_listed; /* files[file] is it */
	size_t file;
};

struct listing {
	struct package *p;
	struct zipform_end end;
	uint8_t *dir; /* the directory: what names point into */
	struct member *list;
	size_t n, folder; /* bytes of the folder's name, with '/' */
	const char *top;  /* that name */
	struct err *e;
};

/* All names begin with the same folder, whose name is free. */
static bool
is_below(struct listing *l, const struct zipform_member *m)
{
	const char *sl = memchr(m->name, '/', m->name_len);
	size_t n = sl != NULL ? (size_t)(sl - m->name) + 1 : 0;

	if (l->folder == 0) {
		if (n < 2 || memchr(m->name, '\0', n) != NULL ||
		    memchr(m->name, '\\', n) != NULL ||
		    memcmp(m->name, "./", n < 3 ? n : 3) == 0 ||
		    (n == 3 && memcmp(m->name, "../", 3) == 0))
			return false;
		l->folder = n;
		l->top = m->name;
		return true;
	}
	return n == l->folder && memcmp(m->name, l->top, n) == 0;
}

static void
odd(struct listing *l, const struct zipform_member *m, const char *what)
{
	char shown[300];

	report_add(&l->p->odd, REPORT_DAMAGE, "%s: %s",
		   err_escape(shown, sizeof shown, m->name, m->name_len), what);
}

/* Put one member among the files. */
static int
take(struct listing *l, struct member *m)
{
	const char *name;
	struct package_file *f;

	if (package_count(l->p, l->e) != 0)
		return -1;
	if (!is_below(l, &m->m)) {
		odd(l, &m->m, "not in the one folder that the file may hold");
		return 0;
	}
	name = m->m.name + l->folder;
	if (m->m.is_special) {
		odd(l, &m->m, "a link or the like: not followed");
		return 0;
	}
	if (m->m.is_folder) {
		if (m->m.name_len > l->folder &&
		    !bagit_is_path(name, m->m.name_len - l->folder - 1))
			odd(l, &m->m, "a folder that no package has");
		return 0;
	}
	f = package_add(l->p, name, m->m.name_len - l->folder, m->m.size, l->e);
	if (f == NULL)
		return l->e->code != ERR_NONE ? -1 : 0;
	f->packed = m->m.packed;
	f->crc = m->m.crc;
	f->deflated = m->m.deflated;
	m->file = l->p->n - 1;
	m->is_listed = true;
	return 0;
}

static int
read_directory(struct listing *l, uint64_t size)
{
	uint8_t tail[ZIPFORM_TAIL];
	size_t len = size < sizeof tail ? (size_t)size : sizeof tail, used;
	size_t at = 0;

	if (size == 0 || read_at(l->p, size - len, tail, len, l->e) != 0 ||
	    zipform_end(tail, len, size, &l->end) != FORMAT_OK)
		return err_set(l->e, ERR_UNKNOWN,
			       "neither a folder nor a zip file that ends "
			       "where it should");
	l->dir = malloc(l->end.len + 1);
	l->list = calloc(l->end.members + 1, sizeof *l->list);
	if (l->dir == NULL || l->list == NULL)
		return err_memory(l->e);
	if (read_at(l->p, l->end.at, l->dir, l->end.len, l->e) != 0)
		return -1;
	for (; at < l->end.len; at += used, l->n++) {
		if (l->n == l->end.members ||
		    zipform_member(l->dir + at, l->end.len - at,
				   &l->list[l->n].m, &used) != FORMAT_OK)
			return bad_zip(l->e, "its directory");
		if (take(l, &l->list[l->n]) != 0)
			return -1;
	}
	return l->n == l->end.members ? 0 : bad_zip(l->e, "its directory");
}

static int
by_place(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return (x->m.at > y->m.at) - (x->m.at < y->m.at);
}

/* Check one member's own header and what follows; *at moves behind it. */
static int
check_member(struct listing *l, struct member *m, uint64_t end, uint64_t *at,
	     uint8_t *head)
{
	uint64_t rest;
	size_t len;

	if (m->m.at != *at || end - *at < ZIPFORM_LOCAL)
		return bad_zip(l->e, "bytes between its members");
	if (read_at(l->p, *at, head, ZIPFORM_LOCAL, l->e) != 0)
		return -1;
	len = zipform_local_len(head, ZIPFORM_LOCAL);
	if (len == 0 || len > end - *at)
		return bad_zip(l->e, "a member's header");
	if (read_at(l->p, *at, head, len, l->e) != 0)
		return -1;
	if (zipform_local(head, len, &m->m) != FORMAT_OK)
		return bad_zip(l->e, "a member's two headers disagree");
	*at += len;
	if (m->m.packed > end - *at)
		return bad_zip(l->e, "a member's length");
	if (m->is_listed)
		l->p->files[m->file].at = *at;
	*at += m->m.packed;
	rest = end - *at;
	if (rest > ZIPFORM_DESCRIPTOR_MAX)
		return bad_zip(l->e, "bytes between its members");
	if (read_at(l->p, *at, head, (size_t)rest, l->e) != 0)
		return -1;
	if (!zipform_descriptor(head, (size_t)rest, &m->m))
		return bad_zip(l->e, "bytes between its members");
	*at += rest;
	return 0;
}

static int
check_members(struct listing *l)
{
	uint8_t *head = malloc(ZIPFORM_LOCAL_MAX);
	uint64_t at = 0;
	int rc = 0;

	if (head == NULL)
		return err_memory(l->e);
	if (l->n > 1)
		qsort(l->list, l->n, sizeof *l->list, by_place);
	for (size_t i = 0; i < l->n && rc == 0; i++)
		rc = check_member(
		    l, &l->list[i],
		    i + 1 < l->n ? l->list[i + 1].m.at : l->end.at, &at, head);
	if (rc == 0 && at != l->end.at)
		rc = bad_zip(l->e, "bytes before its directory");
	free(head);
	return rc;
}

int
package_list_zip(struct package *p, uint64_t size, struct err *e)
{
	struct listing l = {.p = p, .e = e};
	int rc = read_directory(&l, size);

	if (rc == 0)
		rc = check_members(&l);
	if (rc == 0 && p->total > BOMB_LEAST && p->total / BOMB_RATIO > size) {
		rc = err_set(e, ERR_UNKNOWN,
			     "claims to be %llu times as long unpacked",
			     (unsigned long long)(p->total / size));
		err_hint(e, "if you trust it, unpack it and check the folder");
	}
	free(l.dir);
	free(l.list);
	return rc;
}

struct unpacking {
	struct package *p;
	const struct package_file *f;
	uint8_t *in, *out;
	uint64_t at, left, got; /* in the archive; bytes unpacked */
	uLong crc;
	package_sink *sink;
	void *ctx;
	struct err *e;
};

static int
damaged(struct unpacking *u)
{
	return err_set(u->e, ERR_EVIDENCE, "%s: damaged in the zip file",
		       u->f->path);
}

/* Read the next bytes of the member into u->in; how many. 0 with `e`: no. */
static size_t
next(struct unpacking *u)
{
	size_t n = u->left < BLOCK ? (size_t)u->left : BLOCK;

	if (read_at(u->p, u->at, u->in, n, u->e) != 0)
		return 0;
	u->at += n;
	u->left -= n;
	return n;
}

static int
give(struct unpacking *u, const uint8_t *bytes, size_t len)
{
	if (len > u->f->size - u->got)
		return damaged(u);
	u->got += len;
	u->crc = crc32(u->crc, bytes, (uInt)len);
	return u->sink(u->ctx, bytes, len, u->e);
}

static int
inflate_member(struct unpacking *u)
{
	z_stream z = {0};
	int rc = -1, r = Z_OK;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		return err_memory(u->e);
	while (r != Z_STREAM_END) {
		if (z.avail_in == 0 && u->left > 0) {
			z.next_in = u->in;
			z.avail_in = (uInt)next(u);
			if (z.avail_in == 0)
				goto out;
		}
		z.next_out = u->out;
		z.avail_out = BLOCK;
		r = inflate(&z, Z_NO_FLUSH);
		if ((r != Z_OK && r != Z_STREAM_END) ||
		    (z.avail_out == BLOCK && z.avail_in == 0 && u->left == 0 &&
		     r != Z_STREAM_END)) {
			damaged(u);
			goto out;
		}
		if (give(u, u->out, BLOCK - z.avail_out) != 0)
			goto out;
	}
	/* nothing may be hidden behind the end of the stream */
	rc = z.avail_in == 0 && u->left == 0 ? 0 : damaged(u);
out:
	inflateEnd(&z);
	return rc;
}

static int
copy_member(struct unpacking *u)
{
	while (u->left > 0) {
		size_t n = next(u);

		if (n == 0 || give(u, u->in, n) != 0)
			return -1;
	}
	return 0;
}

int
package_read_zip(struct package *p, const struct package_file *f,
		 package_sink *sink, void *ctx, struct err *e)
{
	struct unpacking u = {.p = p,
			      .f = f,
			      .at = f->at,
			      .left = f->packed,
			      .crc = crc32(0, NULL, 0),
			      .sink = sink,
			      .ctx = ctx,
			      .e = e};
	int rc = -1;

	u.in = malloc(BLOCK);
	u.out = malloc(BLOCK);
	if (u.in == NULL || u.out == NULL)
		err_memory(e);
	else
		rc = f->deflated ? inflate_member(&u) : copy_member(&u);
	if (rc == 0 && (u.got != f->size || u.crc != f->crc))
		rc = damaged(&u);
	free(u.in);
	free(u.out);
	return rc;
}
