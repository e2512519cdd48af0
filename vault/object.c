#include "object.h"

#include "agefile.h"
#include "hex.h"
#include "padded.h"
#include "padme.h"
#include "zframe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define IO_SIZE (256u << 10) /* bytes */

struct out {
	int fd;
	struct hash *sha256;
	uint64_t size;
};

static int
put(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct out *o = ctx;

	hash_update(o->sha256, bytes, len);
	o->size += len;
	return fsutil_write_all(o->fd, bytes, len, e);
}

/* One frame, then the padding that the file needs. */
static int
write_frames(struct agefile_writer *w, const void *data, size_t len,
	     struct err *e)
{
	static const uint8_t zeros[IO_SIZE];
	size_t bound = zframe_bound(len), n;
	uint8_t *frame = malloc(bound), head[PADME_SKIPPABLE];
	uint64_t pad;
	int rc = -1;

	if (frame == NULL ||
	    (n = zframe_encode(data, len, frame, bound)) == 0) {
		err_set(e, ERR_UNKNOWN, "no memory for a segment");
		goto out;
	}
	if (agefile_write(w, frame, n, e) != 0)
		goto out;
	pad = padded_missing(PADDED_OBJECT, AGEKEY_X25519, n, PADME_SKIPPABLE);
	if (pad > 0) {
		zframe_pad(head, PADME_SKIPPABLE);
		pad -= PADME_SKIPPABLE;
		for (int i = 0; i < 4; i++)
			head[4 + i] = (uint8_t)(pad >> 8 * i);
		if (agefile_write(w, head, sizeof head, e) != 0)
			goto out;
	}
	for (; pad > 0; pad -= n) {
		n = pad < IO_SIZE ? (size_t)pad : IO_SIZE;
		if (agefile_write(w, zeros, n, e) != 0)
			goto out;
	}
	rc = agefile_finish(w, e);
out:
	free(frame);
	return rc;
}

int
object_write(struct vault *v, const struct agekey_public *to, const void *data,
	     size_t len, uint8_t sha256[HASH_LEN], uint64_t *size,
	     struct err *e)
{
	struct agefile_to t = {.keys = to, .n = 1};
	struct timespec times[2] = {{FSUTIL_TIME, 0}, {FSUTIL_TIME, 0}};
	struct agefile_writer *w = NULL;
	char tmp[FSUTIL_PATH], path[FSUTIL_PATH], rel[96], hex[65];
	struct out o = {.fd = -1};
	int rc = -1;

	o.sha256 = hash_new(HASH_SHA256);
	if (o.sha256 == NULL)
		return err_set(e, ERR_UNKNOWN, "no memory");
	if (vault_path(v, "local/tmp/new", tmp, e) != 0)
		goto out;
	o.fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (o.fd < 0) {
		err_sys(e, "the vault's local/tmp");
		goto out;
	}
	w = agefile_writer_new(&t, put, &o, e);
	if (w == NULL || write_frames(w, data, len, e) != 0)
		goto out;
	hash_final(o.sha256, sha256);
	*size = o.size;
	hex_encode(sha256, HASH_LEN, hex);
	snprintf(rel, sizeof rel, "local/tmp/%s", hex);
	(void)futimens(o.fd, times);
	if (vault_path(v, rel, path, e) != 0)
		goto out;
	if (rename(tmp, path) != 0) {
		err_sys(e, "the vault's local/tmp");
		goto out;
	}
	rc = 0;
out:
	agefile_writer_free(w);
	if (o.fd >= 0 && close(o.fd) != 0 && rc == 0)
		rc = err_sys(e, "the vault's local/tmp");
	hash_free(o.sha256);
	return rc;
}

struct in {
	int fd;
	struct hash *sha256;
};

static ssize_t
get(void *ctx, void *buf, size_t cap, struct err *e)
{
	struct in *in = ctx;
	ssize_t n;

	do
		n = read(in->fd, buf, cap);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "reading an object");
	hash_update(in->sha256, buf, (size_t)n);
	return n;
}

static int
open_object(struct vault *v, const uint8_t sha256[HASH_LEN], struct stat *st,
	    struct err *e)
{
	char path[FSUTIL_PATH], hex[65];
	int fd;

	hex_encode(sha256, HASH_LEN, hex);
	if (vault_object_path(v, sha256, path, e) != 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_EVIDENCE, "object %.16s: not here", hex);
	if (fd < 0)
		return err_sys(e, "object %.16s", hex);
	if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
		close(fd);
		return err_set(e, ERR_EVIDENCE, "object %.16s: not a file",
			       hex);
	}
	return fd;
}

/* Read all of the age file into a buffer of its file's size. */
static int
read_frames(struct in *in, const uint8_t secret[32], uint8_t *buf, size_t cap,
	    size_t *len, struct err *e)
{
	struct agefile_identity key = {AGEKEY_X25519, secret};
	struct agefile_from from = {.keys = &key, .n = 1};
	struct agefile_reader *r;
	ssize_t n = -1;

	*len = 0;
	r = agefile_reader_new(&from, get, in, NULL, e);
	if (r == NULL)
		return -1;
	while (*len < cap &&
	       (n = agefile_read(r, buf + *len, cap - *len, NULL, e)) > 0)
		*len += (size_t)n;
	agefile_reader_free(r);
	return n == 0 ? 0 : -1;
}

/* True if the file that could not be opened is not the one of this hash. */
static bool
is_changed(struct in *in, const uint8_t sha256[HASH_LEN])
{
	uint8_t digest[HASH_LEN], *buf = malloc(IO_SIZE);
	ssize_t n = -1;

	hash_final(in->sha256, digest); /* start over */
	if (buf != NULL && lseek(in->fd, 0, SEEK_SET) == 0)
		while ((n = get(in, buf, IO_SIZE, NULL)) > 0)
			;
	free(buf);
	hash_final(in->sha256, digest);
	return n == 0 && memcmp(digest, sha256, HASH_LEN) != 0;
}

int
object_read(struct vault *v, const uint8_t sha256[HASH_LEN],
	    const uint8_t secret[32], size_t len, uint8_t **out, struct err *e)
{
	struct in in = {.fd = -1};
	struct stat st;
	struct err inner = {0};
	uint8_t *buf = NULL, digest[HASH_LEN];
	char hex[65];
	size_t n = 0, frame, content;
	int rc = -1;

	*out = NULL;
	hex_encode(sha256, HASH_LEN, hex);
	in.fd = open_object(v, sha256, &st, e);
	if (in.fd < 0)
		return -1;
	in.sha256 = hash_new(HASH_SHA256);
	buf = malloc((size_t)st.st_size + 1);
	*out = malloc(len + 1);
	if (in.sha256 == NULL || buf == NULL || *out == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory for a segment");
		goto out;
	}
	if (read_frames(&in, secret, buf, (size_t)st.st_size + 1, &n, &inner) !=
	    0) {
		if (is_changed(&in, sha256))
			err_set(e, ERR_EVIDENCE,
				"object %.16s: has another SHA-256", hex);
		err_set(e, inner.code, "object %.16s: %s", hex, inner.msg);
		goto out;
	}
	hash_final(in.sha256, digest);
	if (memcmp(digest, sha256, HASH_LEN) != 0)
		err_set(e, ERR_EVIDENCE, "object %.16s: has another SHA-256",
			hex);
	else if (zframe_peek(buf, n, OBJECT_SEGMENT_MAX, &frame, &content) !=
		     0 ||
		 content != len || zframe_is_pad(buf + frame, n - frame) != 0 ||
		 zframe_decode(buf, frame, *out, len) != 0)
		err_set(e, ERR_EVIDENCE,
			"object %.16s: its content is not of the form", hex);
	else
		rc = 0;
out:
	if (rc != 0) {
		free(*out);
		*out = NULL;
	}
	free(buf);
	hash_free(in.sha256);
	close(in.fd);
	return rc;
}

int
object_check(struct vault *v, const uint8_t sha256[HASH_LEN], uint64_t size,
	     struct err *e)
{
	struct in in = {.fd = -1};
	struct stat st;
	uint8_t digest[HASH_LEN], *buf = NULL;
	char hex[65];
	bool first = true, one = false;
	ssize_t n = -1;
	int rc = -1;

	hex_encode(sha256, HASH_LEN, hex);
	in.fd = open_object(v, sha256, &st, e);
	if (in.fd < 0)
		return -1;
	in.sha256 = hash_new(HASH_SHA256);
	buf = malloc(IO_SIZE);
	if (in.sha256 == NULL || buf == NULL) {
		err_set(e, ERR_UNKNOWN, "no memory");
		goto out;
	}
	while ((n = get(&in, buf, IO_SIZE, e)) > 0) {
		if (first)
			one = padded_form(buf, (size_t)n) == PADDED_ONE_OFF;
		first = false;
	}
	if (n < 0)
		goto out;
	hash_final(in.sha256, digest);
	if ((uint64_t)st.st_size != size || !padme_is(size))
		err_set(e, ERR_EVIDENCE, "object %.16s: has another length",
			hex);
	else if (memcmp(digest, sha256, HASH_LEN) != 0)
		err_set(e, ERR_EVIDENCE, "object %.16s: has another SHA-256",
			hex);
	else if (!one)
		err_set(e, ERR_EVIDENCE,
			"object %.16s: not locked to one one-off key", hex);
	else
		rc = 0;
out:
	free(buf);
	hash_free(in.sha256);
	close(in.fd);
	return rc;
}
