#include "packform.h"

#include "fsutil.h"
#include "hash.h"
#include "hex.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define STORED_MAX 65535u /* bytes of one stored deflate block */
#define OBJECT_HEAD_MAX 16

static const char *const type_name[] = {"", "commit", "tree", "blob"};

void
packform_oid(enum packform_type type, const void *data, size_t len,
	     uint8_t oid[GITFORM_OID_LEN])
{
	char head[32];
	int n = snprintf(head, sizeof head, "%s %zu", type_name[type], len) + 1;
	struct hash *h = hash_new(HASH_SHA1);

	if (h == NULL)
		abort();
	hash_update(h, head, (size_t)n);
	hash_update(h, data, len);
	hash_final(h, oid);
	hash_free(h);
}

/* Type and size, 4 bits and then 7 at a time. */
static size_t
object_head(enum packform_type type, uint64_t len, uint8_t out[OBJECT_HEAD_MAX])
{
	size_t n = 0;
	uint8_t c = (uint8_t)((unsigned)type << 4 | (len & 15));

	for (len >>= 4; len > 0; len >>= 7) {
		out[n++] = c | 0x80;
		c = len & 0x7f;
	}
	out[n++] = c;
	return n;
}

static uint64_t
stored_size(uint64_t len)
{
	uint64_t blocks = len == 0 ? 1 : (len + STORED_MAX - 1) / STORED_MAX;

	return 2 + 5 * blocks + len + 4;
}

uint64_t
packform_size(uint64_t len)
{
	uint8_t head[OBJECT_HEAD_MAX];

	return object_head(PACKFORM_BLOB, len, head) + stored_size(len);
}

/* Write an object: its head, then a zlib stream of stored blocks. */
static int
put_object(agefile_sink *put, void *ctx, enum packform_type type,
	   const uint8_t *data, size_t len, struct err *e)
{
	uint8_t head[OBJECT_HEAD_MAX + 2], block[5], sum[4];
	size_t n = object_head(type, len, head), left = len;
	uLong a;

	head[n++] = 0x78; /* RFC 1950: deflate, 32 KiB window, fastest */
	head[n++] = 0x01;
	if (put(ctx, head, n, e) != 0)
		return -1;
	a = adler32_z(adler32(0, NULL, 0), data, len);
	do {
		unsigned take = left > STORED_MAX ? STORED_MAX : (unsigned)left;

		left -= take;
		block[0] = left == 0; /* the last block */
		block[1] = (uint8_t)take;
		block[2] = (uint8_t)(take >> 8);
		block[3] = (uint8_t)~block[1];
		block[4] = (uint8_t)~block[2];
		if (put(ctx, block, sizeof block, e) != 0 ||
		    (take > 0 && put(ctx, data, take, e) != 0))
			return -1;
		data += take;
	} while (left > 0);
	sum[0] = (uint8_t)(a >> 24);
	sum[1] = (uint8_t)(a >> 16);
	sum[2] = (uint8_t)(a >> 8);
	sum[3] = (uint8_t)a;
	return put(ctx, sum, sizeof sum, e);
}

static void
be32(uint8_t out[4], uint32_t v)
{
	out[0] = (uint8_t)(v >> 24);
	out[1] = (uint8_t)(v >> 16);
	out[2] = (uint8_t)(v >> 8);
	out[3] = (uint8_t)v;
}

static void
pack_head(uint8_t out[12], uint32_t objects)
{
	memcpy(out, "PACK", 4);
	be32(out + 4, 2);
	be32(out + 8, objects);
}

struct packform_stream {
	agefile_sink *sink;
	void *ctx;
	struct hash *sha1;
};

static int
stream_put(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct packform_stream *s = ctx;

	hash_update(s->sha1, bytes, len);
	return s->sink(s->ctx, bytes, len, e);
}

struct packform_stream *
packform_stream_new(uint32_t objects, agefile_sink *sink, void *ctx,
		    struct err *e)
{
	struct packform_stream *s = calloc(1, sizeof *s);
	uint8_t head[12];

	if (s == NULL || (s->sha1 = hash_new(HASH_SHA1)) == NULL) {
		err_memory(e);
		free(s);
		return NULL;
	}
	s->sink = sink;
	s->ctx = ctx;
	pack_head(head, objects);
	if (stream_put(s, head, sizeof head, e) != 0) {
		packform_stream_free(s);
		return NULL;
	}
	return s;
}

int
packform_stream_add(struct packform_stream *s, enum packform_type type,
		    const void *data, size_t len, struct err *e)
{
	return put_object(stream_put, s, type, data, len, e);
}

int
packform_stream_finish(struct packform_stream *s, struct err *e)
{
	uint8_t sum[HASH_SHA1_LEN];

	hash_final(s->sha1, sum);
	return s->sink(s->ctx, sum, sizeof sum, e);
}

void
packform_stream_free(struct packform_stream *s)
{
	if (s == NULL)
		return;
	hash_free(s->sha1);
	free(s);
}

struct packed {
	uint8_t oid[GITFORM_OID_LEN];
	uint32_t crc;
	uint64_t offset;
};

struct packform_file {
	char folder[FSUTIL_PATH];
	char path[FSUTIL_PATH]; /* the pack; empty once it has its name */
	int fd;
	uint64_t at;
	uint32_t crc; /* of the object being written */
	struct packed *list;
	size_t n, cap;
	uint8_t buf[1 << 16];
	size_t used;
};

static int
file_flush(struct packform_file *f, struct err *e)
{
	size_t n = f->used;

	f->used = 0;
	return fsutil_write_all(f->fd, f->buf, n, e);
}

static int
file_put(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct packform_file *f = ctx;

	f->crc = (uint32_t)crc32_z(f->crc, bytes, len);
	f->at += len;
	if (len > sizeof f->buf - f->used && file_flush(f, e) != 0)
		return -1;
	if (len > sizeof f->buf)
		return fsutil_write_all(f->fd, bytes, len, e);
	memcpy(f->buf + f->used, bytes, len);
	f->used += len;
	return 0;
}

struct packform_file *
packform_file_new(const char *folder, struct err *e)
{
	struct packform_file *f = calloc(1, sizeof *f);
	uint8_t head[12];

	if (f == NULL) {
		err_memory(e);
		return NULL;
	}
	f->fd = -1;
	snprintf(f->folder, sizeof f->folder, "%s", folder);
	if (fsutil_join(f->path, folder, "new.pack", e) != 0) {
		f->path[0] = '\0';
		goto bad;
	}
	f->fd = open(f->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (f->fd < 0) {
		err_sys(e, "a pack in the vault's local/tmp");
		goto bad;
	}
	pack_head(head, 0);
	if (file_put(f, head, sizeof head, e) != 0)
		goto bad;
	return f;
bad:
	packform_file_free(f);
	return NULL;
}

int
packform_file_add(struct packform_file *f, enum packform_type type,
		  const void *data, size_t len, uint8_t oid[GITFORM_OID_LEN],
		  struct err *e)
{
	struct packed *p;

	if (f->n == f->cap) {
		size_t cap = f->cap > 0 ? 2 * f->cap : 256;

		p = realloc(f->list, cap * sizeof *p);
		if (p == NULL)
			return err_memory(e);
		f->list = p;
		f->cap = cap;
	}
	p = &f->list[f->n];
	packform_oid(type, data, len, p->oid);
	memcpy(oid, p->oid, GITFORM_OID_LEN);
	p->offset = f->at;
	f->crc = (uint32_t)crc32_z(0, NULL, 0);
	if (put_object(file_put, f, type, data, len, e) != 0)
		return -1;
	p->crc = f->crc;
	f->n++;
	return 0;
}

/* Bytes of the file, whether they are written yet or not. */
static int
read_back(struct packform_file *f, uint64_t at, void *buf, size_t len,
	  struct err *e)
{
	if (f->used > 0 && at + len > f->at - f->used && file_flush(f, e) != 0)
		return -1;
	if (pread(f->fd, buf, len, (off_t)at) == (ssize_t)len)
		return 0;
	return err_sys(e, "reading back a pack");
}

/* The object's head: its type and length. 0 if it is none of ours. */
static size_t
read_head(const uint8_t *head, size_t n, enum packform_type *type, size_t *len)
{
	size_t at = 0;
	unsigned shift = 4;

	*type = (enum packform_type)(head[0] >> 4 & 7);
	*len = head[0] & 15;
	while ((head[at++] & 0x80) != 0) {
		if (at == n || shift > 56)
			return 0;
		*len |= (size_t)(head[at] & 0x7f) << shift;
		shift += 7;
	}
	return at;
}

int
packform_file_read(struct packform_file *f, size_t number, size_t max,
		   enum packform_type *type, uint8_t *buf, size_t *len,
		   struct err *e)
{
	uint8_t head[OBJECT_HEAD_MAX];
	uint64_t at = f->list[number].offset;
	size_t n = sizeof head, done = 0;

	if (f->at - at < n)
		n = (size_t)(f->at - at);
	if (read_back(f, at, head, n, e) != 0)
		return -1;
	n = read_head(head, n, type, len);
	if (n == 0 || *len > max)
		return err_set(e, ERR_UNKNOWN,
			       "reading back a pack: no object");
	/* the stored blocks of put_object, each behind five bytes */
	at += n + 2;
	while (done < *len) {
		n = *len - done < STORED_MAX ? *len - done : STORED_MAX;
		if (read_back(f, at + 5, buf + done, n, e) != 0)
			return -1;
		at += 5 + n;
		done += n;
	}
	return 0;
}

static int
by_oid(const void *a, const void *b)
{
	return memcmp(((const struct packed *)a)->oid,
		      ((const struct packed *)b)->oid, GITFORM_OID_LEN);
}

/* Put the number of objects into the head and the SHA-1 at the end. */
static int
seal_pack(struct packform_file *f, uint8_t sum[HASH_SHA1_LEN], struct err *e)
{
	uint8_t head[12];
	struct hash *h = hash_new(HASH_SHA1);
	off_t at = 0;
	ssize_t n;
	int rc = -1;

	if (h == NULL)
		return err_memory(e);
	pack_head(head, (uint32_t)f->n);
	if (file_flush(f, e) != 0)
		goto out;
	if (pwrite(f->fd, head, sizeof head, 0) != (ssize_t)sizeof head) {
		err_sys(e, "write");
		goto out;
	}
	while ((n = pread(f->fd, f->buf, sizeof f->buf, at)) > 0) {
		hash_update(h, f->buf, (size_t)n);
		at += n;
	}
	if (n < 0 || (uint64_t)at != f->at) {
		err_sys(e, "reading back a pack");
		goto out;
	}
	hash_final(h, sum);
	rc = fsutil_write_all(f->fd, sum, HASH_SHA1_LEN, e);
out:
	hash_free(h);
	return rc;
}

/* The index, version 2: fan-out, ids, CRCs, offsets, two SHA-1. */
static uint8_t *
make_index(struct packform_file *f, const uint8_t sum[HASH_SHA1_LEN],
	   size_t *len)
{
	size_t big = 0, n;
	uint8_t *idx, *p, *far;
	struct hash *h = hash_new(HASH_SHA1);

	for (size_t i = 0; i < f->n; i++)
		big += f->list[i].offset >> 31 != 0;
	n = 8 + 1024 + f->n * 28 + big * 8 + 40;
	idx = calloc(1, n);
	if (idx == NULL || h == NULL) {
		hash_free(h);
		free(idx);
		return NULL;
	}
	memcpy(idx, "\377tOc\0\0\0\2", 8);
	for (size_t i = 0, b = 0; b < 256; b++) {
		while (i < f->n && f->list[i].oid[0] <= b)
			i++;
		be32(idx + 8 + 4 * b, (uint32_t)i);
	}
	p = idx + 8 + 1024;
	far = p + f->n * 28;
	for (size_t i = 0, k = 0; i < f->n; i++) {
		uint64_t off = f->list[i].offset;

		memcpy(p + i * 20, f->list[i].oid, 20);
		be32(p + f->n * 20 + i * 4, f->list[i].crc);
		if (off >> 31 != 0) {
			be32(far + 8 * k, (uint32_t)(off >> 32));
			be32(far + 8 * k + 4, (uint32_t)off);
			off = 0x80000000u | k++;
		}
		be32(p + f->n * 24 + i * 4, (uint32_t)off);
	}
	memcpy(idx + n - 40, sum, 20);
	hash_update(h, idx, n - 20);
	hash_final(h, idx + n - 20);
	hash_free(h);
	*len = n;
	return idx;
}

int
packform_file_finish(struct packform_file *f, char name[48], struct err *e)
{
	char to[FSUTIL_PATH], rel[64], hex[41];
	uint8_t sum[HASH_SHA1_LEN], *idx = NULL;
	size_t len = 0;
	int fd, rc = -1;

	if (f->n > 0)
		qsort(f->list, f->n, sizeof *f->list, by_oid);
	if (seal_pack(f, sum, e) != 0)
		return -1;
	hex_encode(sum, sizeof sum, hex);
	snprintf(name, 48, "pack-%s", hex);
	fd = f->fd;
	f->fd = -1;
	if (fsutil_finish(fd, f->path, e) != 0)
		return -1;
	snprintf(rel, sizeof rel, "%s.pack", name);
	if (fsutil_join(to, f->folder, rel, e) != 0)
		return -1;
	if (rename(f->path, to) != 0)
		return err_sys(e, "a pack in the vault's local/tmp");
	strcpy(f->path, to);
	idx = make_index(f, sum, &len);
	if (idx == NULL)
		return err_memory(e);
	snprintf(rel, sizeof rel, "%s.idx", name);
	if (fsutil_join(to, f->folder, rel, e) == 0 &&
	    fsutil_write(to, idx, len, e) == 0) {
		f->path[0] = '\0';
		rc = 0;
	}
	free(idx);
	return rc;
}

void
packform_file_free(struct packform_file *f)
{
	if (f == NULL)
		return;
	if (f->fd >= 0)
		close(f->fd);
	if (f->path[0] != '\0')
		unlink(f->path);
	free(f->list);
	free(f);
}

uint8_t (*packform_index_ids(const uint8_t *idx, size_t len,
			     size_t *n))[GITFORM_OID_LEN]
{
	const size_t head = 8 + 1024;
	uint8_t(*ids)[GITFORM_OID_LEN];
	const uint8_t *last = idx + head - 4;

	if (len < head + 40 || memcmp(idx, "\377tOc\0\0\0\2", 8) != 0)
		return NULL;
	*n = (size_t)last[0] << 24 | (size_t)last[1] << 16 |
	     (size_t)last[2] << 8 | last[3];
	if (*n > (len - head - 40) / 28)
		return NULL;
	ids = calloc(*n + 1, sizeof *ids);
	if (ids != NULL)
		memcpy(ids, idx + head, *n * sizeof *ids);
	return ids;
}
