#include "object.h"

#include "agefile.h"
#include "padded.h"
#include "padme.h"
#include "secret.h"
#include "zframe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
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

/* The content in one frame: its length is counted up in *n. */
static int
write_stored(struct agefile_writer *w, const uint8_t *data, size_t len,
	     uint64_t *n, struct err *e)
{
	uint8_t head[ZFRAME_HEAD], block[ZFRAME_BLOCK_HEAD];

	zframe_stored_head((uint32_t)len, head);
	if (agefile_write(w, head, sizeof head, e) != 0)
		return -1;
	*n += sizeof head;
	while (len > 0) {
		size_t take = len < ZFRAME_BLOCK ? len : ZFRAME_BLOCK;

		zframe_stored_block((uint32_t)take, take == len, block);
		if (agefile_write(w, block, sizeof block, e) != 0 ||
		    agefile_write(w, data, take, e) != 0)
			return -1;
		*n += sizeof block + take;
		data += take;
		len -= take;
	}
	return 0;
}

static int
write_shrunk(struct agefile_writer *w, const void *data, size_t len,
	     uint64_t *n, struct err *e)
{
	size_t bound = zframe_bound(len), size = 0;
	uint8_t *frame = malloc(bound);
	int rc = -1;

	if (frame != NULL)
		size = zframe_encode(data, len, frame, bound);
	if (size == 0)
		err_set(e, ERR_UNKNOWN, "no memory for a segment");
	else
		rc = agefile_write(w, frame, size, e);
	*n += size;
	if (frame != NULL)
		secret_wipe(frame, size);
	free(frame);
	return rc;
}

/* One frame, then the padding that the file needs. */
static int
write_frames(struct agefile_writer *w, const void *data, size_t len,
	     struct err *e)
{
	static const uint8_t zeros[IO_SIZE];
	uint8_t head[PADME_SKIPPABLE];
	uint64_t n = 0, pad;

	if ((zframe_shrinks(data, len)
		 ? write_shrunk(w, data, len, &n, e)
		 : write_stored(w, data, len, &n, e)) != 0)
		return -1;
	pad = padded_missing(PADDED_OBJECT, AGEKEY_X25519, n, PADME_SKIPPABLE);
	if (pad > 0) {
		zframe_pad(head, PADME_SKIPPABLE);
		pad -= PADME_SKIPPABLE;
		for (int i = 0; i < 4; i++)
			head[4 + i] = (uint8_t)(pad >> 8 * i);
		if (agefile_write(w, head, sizeof head, e) != 0)
			return -1;
	}
	while (pad > 0) {
		size_t take = pad < IO_SIZE ? (size_t)pad : IO_SIZE;

		if (agefile_write(w, zeros, take, e) != 0)
			return -1;
		pad -= take;
	}
	return agefile_finish(w, e);
}

/*
 * A name of its own for each file that is being written: several threads may
 * do so.
 */
static int
open_new(struct vault *v, char tmp[FSUTIL_PATH], struct err *e)
{
	static atomic_uint count;
	char rel[64];
	int fd;

	snprintf(rel, sizeof rel, "local/tmp/new-%u",
		 atomic_fetch_add(&count, 1));
	if (vault_path(v, rel, tmp, e) != 0)
		return -1;
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	return fd >= 0 ? fd : err_sys(e, "the vault's local/tmp");
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
		return err_memory(e);
	o.fd = open_new(v, tmp, e);
	if (o.fd < 0)
		goto out;
	w = agefile_writer_new(&t, put, &o, e);
	if (w == NULL || write_frames(w, data, len, e) != 0)
		goto out;
	hash_final(o.sha256, sha256);
	*size = o.size;
	hex_encode(sha256, HASH_LEN, hex);
	snprintf(rel, sizeof rel, "local/tmp/%s", hex);
	(void)futimens(o.fd, times);
	/* the disk may begin: journal_commit waits for it */
	(void)sync_file_range(o.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
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
	bool checked; /* its hash is known: it is not computed */
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
	if (!in->checked)
		hash_update(in->sha256, buf, (size_t)n);
	return n;
}

int
object_segment_parse(const char *text, uint8_t sha256[HASH_LEN], uint64_t *len,
		     char bulk[HEX_ID_LEN + 1])
{
	size_t n = text != NULL ? strlen(text) : 0;

	if (n < 64 + 1 + 1 + 1 + HEX_ID_LEN || text[64] != ' ' ||
	    text[n - HEX_ID_LEN - 1] != ' ')
		return -1;
	if (hex_decode(text, HASH_LEN, sha256) != 0 ||
	    hex_decimal(text + 65, n - HEX_ID_LEN - 1 - 65, len) != 0 ||
	    !hex_is(text + n - HEX_ID_LEN, HEX_ID_LEN) || *len == 0 ||
	    *len > OBJECT_SEGMENT_MAX)
		return -1;
	strcpy(bulk, text + n - HEX_ID_LEN);
	return 0;
}

/* Which file it is, and what is known of it. */
enum which { PLACED, NEW, CHECKED };

static int
open_object(struct vault *v, const uint8_t sha256[HASH_LEN], enum which which,
	    struct stat *st, struct err *e)
{
	char path[FSUTIL_PATH], hex[65], rel[96];
	int fd;

	hex_encode(sha256, HASH_LEN, hex);
	snprintf(rel, sizeof rel, "local/tmp/%s", hex);
	if ((which == NEW ? vault_path(v, rel, path, e)
			  : vault_object_path(v, sha256, path, e)) != 0)
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
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

	in->checked = false;
	hash_final(in->sha256, digest); /* start over */
	if (buf != NULL && lseek(in->fd, 0, SEEK_SET) == 0)
		while ((n = get(in, buf, IO_SIZE, NULL)) > 0)
			;
	free(buf);
	hash_final(in->sha256, digest);
	return n == 0 && memcmp(digest, sha256, HASH_LEN) != 0;
}

static int
read_object(struct vault *v, const uint8_t sha256[HASH_LEN], enum which which,
	    const uint8_t secret[32], size_t len, uint8_t **out, struct err *e)
{
	struct in in = {.fd = -1, .checked = which == CHECKED};
	struct stat st;
	struct err inner = {0};
	uint8_t *buf = NULL, digest[HASH_LEN];
	char hex[65];
	size_t n = 0, frame, content;
	int rc = -1;

	*out = NULL;
	hex_encode(sha256, HASH_LEN, hex);
	in.fd = open_object(v, sha256, which, &st, e);
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
	if (!in.checked && memcmp(digest, sha256, HASH_LEN) != 0)
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
object_read(struct vault *v, const uint8_t sha256[HASH_LEN],
	    const uint8_t secret[32], size_t len, uint8_t **out, struct err *e)
{
	return read_object(v, sha256, PLACED, secret, len, out, e);
}

int
object_read_new(struct vault *v, const uint8_t sha256[HASH_LEN],
		const uint8_t secret[32], size_t len, uint8_t **out,
		struct err *e)
{
	return read_object(v, sha256, NEW, secret, len, out, e);
}

int
object_read_checked(struct vault *v, const uint8_t sha256[HASH_LEN],
		    const uint8_t secret[32], size_t len, uint8_t **out,
		    struct err *e)
{
	return read_object(v, sha256, CHECKED, secret, len, out, e);
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
	in.fd = open_object(v, sha256, PLACED, &st, e);
	if (in.fd < 0)
		return -1;
	in.sha256 = hash_new(HASH_SHA256);
	buf = malloc(IO_SIZE);
	if (in.sha256 == NULL || buf == NULL) {
		err_memory(e);
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
