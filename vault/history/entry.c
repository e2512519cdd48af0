#include "entry.h"

#include "agefile.h"
#include "canon.h"
#include "hex.h"
#include "merkle.h"
#include "padded.h"
#include "padme.h"
#include "tarball.h"
#include "zframe.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MIN_K 3 /* at least 64 leaves and pads */
#define FIELDS_MAX_K 8

const char *
entry_str(const json_t *doc, const char *key)
{
	return json_string_value(json_object_get(doc, key));
}

struct leaves {
	struct hash_keyed *salt;
	uint8_t (*list)[HASH_LEN];
	size_t n, cap;
};

static int
add_field(void *ctx, const char *name, const json_t *value)
{
	struct leaves *l = ctx;
	uint8_t salt[HASH_LEN], *buf;
	size_t namelen = strlen(name), vlen;
	char *text;

	if (l->n == l->cap) {
		size_t cap = l->cap > 0 ? 2 * l->cap : 64;
		void *p = realloc(l->list, cap * HASH_LEN);

		if (p == NULL)
			return -1;
		l->list = p;
		l->cap = cap;
	}
	text = canon_value(value);
	if (text == NULL)
		return -1;
	vlen = strlen(text);
	buf = malloc(namelen + 1 + vlen);
	if (buf == NULL) {
		free(text);
		return -1;
	}
	memcpy(buf, name, namelen + 1); /* with its NUL */
	memcpy(buf + namelen + 1, text, vlen);
	hash_keyed_hmac(l->salt, name, namelen, salt);
	hash_prefixed(0x00, salt, HASH_LEN, buf, namelen + 1 + vlen,
		      l->list[l->n++]);
	free(buf);
	free(text);
	return 0;
}

int
entry_fields_root(const json_t *doc, uint8_t out[HASH_LEN])
{
	struct leaves l = {0};
	uint8_t pad_key[HASH_LEN], bytes[32];
	const char *salt = entry_str(doc, "salt");
	int rc = -1;

	if (salt == NULL || strlen(salt) != 64 ||
	    hex_decode(salt, 32, bytes) != 0)
		return -1;
	l.salt = hash_keyed_new(bytes, sizeof bytes);
	if (l.salt == NULL)
		return -1;
	if (canon_fields(doc, add_field, &l) == FORMAT_OK && l.n > 0) {
		hash_keyed_hmac(l.salt, "", 0, pad_key);
		if (merkle_padded_root(l.list, l.n, pad_key, FIELDS_MIN_K,
				       FIELDS_MAX_K, out) > 0)
			rc = 0;
	}
	hash_keyed_free(l.salt);
	free(l.list);
	return rc;
}

void
entry_file_free(struct entry_file *f)
{
	free(f->bytes);
	free(f->text);
	memset(f, 0, sizeof *f);
}

/* A growing run of frames. */
struct frames {
	uint8_t *bytes;
	size_t len, cap;
};

static int
reserve(struct frames *f, size_t more)
{
	if (f->len + more > f->cap) {
		size_t cap = (f->len + more) * 2;
		void *p = realloc(f->bytes, cap);

		if (p == NULL)
			return -1;
		f->bytes = p;
		f->cap = cap;
	}
	return 0;
}

static int
add_frame(struct frames *f, const void *in, size_t len)
{
	size_t bound = zframe_bound(len), n;

	if (reserve(f, bound) != 0)
		return -1;
	n = zframe_encode(in, len, f->bytes + f->len, bound);
	f->len += n;
	return n > 0 ? 0 : -1;
}

static int
add_member(struct frames *f, const char *name, const void *data, size_t len)
{
	size_t n = TARBALL_BLOCK + len + tarball_fill(len);
	uint8_t *member = calloc(1, n);
	int rc;

	if (member == NULL)
		return -1;
	tarball_header(member, name, len);
	if (len > 0)
		memcpy(member + TARBALL_BLOCK, data, len);
	rc = add_frame(f, member, n);
	free(member);
	return rc;
}

/* The frame of the zeros that end a tar file: always the same. */
static uint8_t end_frame[64];
static size_t end_len; /* 0 without memory */
static pthread_once_t end_once = PTHREAD_ONCE_INIT;

static void
make_end(void)
{
	static const uint8_t end[TARBALL_END];
	struct frames f = {0};

	if (add_frame(&f, end, sizeof end) == 0 && f.len <= sizeof end_frame) {
		memcpy(end_frame, f.bytes, f.len);
		end_len = f.len;
	}
	free(f.bytes);
}

static int
add_end(struct frames *f)
{
	pthread_once(&end_once, make_end);
	if (end_len == 0 || reserve(f, end_len) != 0)
		return -1;
	memcpy(f->bytes + f->len, end_frame, end_len);
	f->len += end_len;
	return 0;
}

/* The frames of an entry, with the padding that its file needs. */
static int
make_frames(struct frames *f, const char *text, size_t len,
	    const struct entry_content *contents, size_t n)
{
	char name[8];
	size_t pad;

	if (add_member(f, "entry.json", text, len) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof name, "%04zu", i + 1);
		if (add_member(f, name, contents[i].data, contents[i].len) != 0)
			return -1;
	}
	if (add_end(f) != 0)
		return -1;
	pad = (size_t)padded_missing(PADDED_ENTRY, AGEKEY_X25519, f->len,
				     PADME_SKIPPABLE);
	if (reserve(f, pad) != 0)
		return -1;
	zframe_pad(f->bytes + f->len, pad);
	f->len += pad;
	return 0;
}

int
entry_seal(const json_t *doc, const struct entry_content *contents, size_t n,
	   uint8_t secret[32], struct entry_file *out, struct err *e)
{
	struct agekey_public pub;
	struct agefile_to to = {.keys = &pub, .n = 1};
	struct frames f = {0};
	char *text = NULL;
	size_t len = 0;
	int rc = -1;

	memset(out, 0, sizeof *out);
	if (n > ENTRY_CONTENTS_MAX)
		return err_set(e, ERR_UNKNOWN, "an entry: too many contents");
	switch (canon_encode(doc, &text, &len)) {
	case FORMAT_OK:
		break;
	case FORMAT_LIMIT:
		return err_set(e, ERR_UNKNOWN,
			       "an entry's texts are larger than 1 MiB");
	default:
		return err_set(
		    e, ERR_UNKNOWN,
		    "an entry's texts hold characters that it cannot keep");
	}
	if (entry_fields_root(doc, out->fields) != 0 ||
	    make_frames(&f, text, len, contents, n) != 0) {
		err_set(e, ERR_UNKNOWN, "no memory for an entry");
		goto out;
	}
	agekey_generate(AGEKEY_X25519, secret, &pub);
	if (agefile_seal(&to, f.bytes, f.len, &out->bytes, &out->len, e) != 0)
		goto out;
	hash_sha256(out->bytes, out->len, out->sha256);
	out->text = text;
	out->text_len = len;
	text = NULL;
	rc = 0;
out:
	secret_wipe(&pub, sizeof pub);
	free(text);
	free(f.bytes);
	return rc;
}

/* True if these bytes are one whole member: header, content, zeros. */
static bool
is_member(const uint8_t *p, size_t len)
{
	char name[100];
	uint64_t size;

	return len >= TARBALL_BLOCK &&
	       tarball_decode(p, name, &size) == FORMAT_OK &&
	       size <= ENTRY_TAR_MAX &&
	       len == TARBALL_BLOCK + size + tarball_fill(size);
}

/*
 * Unpack the frames, one member each, into one tar file that ends with the
 * zero blocks; the rest must be padding.
 */
static int
join_frames(const uint8_t *in, size_t len, uint8_t **tar, size_t *tarlen)
{
	static const uint8_t zero[TARBALL_END];
	size_t cap = 0, frame, content;

	*tarlen = 0;
	while (zframe_peek(in, len, ENTRY_TAR_MAX, &frame, &content) == 0) {
		uint8_t *p;

		if (content > ENTRY_TAR_MAX - *tarlen || content == 0)
			return -1;
		if (*tarlen + content > cap) {
			cap = (*tarlen + content) * 2;
			p = realloc(*tar, cap);
			if (p == NULL)
				return -1;
			*tar = p;
		}
		p = *tar + *tarlen;
		if (zframe_decode(in, frame, p, content) != 0)
			return -1;
		*tarlen += content;
		in += frame;
		len -= frame;
		if (content == TARBALL_END && memcmp(p, zero, content) == 0)
			return zframe_is_pad(in, len);
		if (!is_member(p, content))
			return -1;
	}
	return -1;
}

/* Find entry.json and the contents in the joined tar. */
static int
split_members(struct entry *out, size_t tarlen, const uint8_t **json,
	      size_t *json_len)
{
	const uint8_t *p = out->tar, *end = out->tar + tarlen - TARBALL_END;
	char name[100], want[16];
	uint64_t size;

	for (size_t i = 0; p < end; i++) {
		size_t fill;

		if ((size_t)(end - p) < TARBALL_BLOCK ||
		    tarball_decode(p, name, &size) != FORMAT_OK)
			return -1;
		p += TARBALL_BLOCK;
		fill = tarball_fill(size);
		if (i > ENTRY_CONTENTS_MAX || size > ENTRY_TAR_MAX ||
		    size + fill > (uint64_t)(end - p))
			return -1;
		for (size_t k = 0; k < fill; k++)
			if (p[size + k] != 0)
				return -1;
		if (i == 0) {
			if (strcmp(name, "entry.json") != 0)
				return -1;
			*json = p;
			*json_len = (size_t)size;
		} else {
			snprintf(want, sizeof want, "%04zu", i);
			if (strcmp(name, want) != 0 || size > ENTRY_CONTENT_MAX)
				return -1;
			out->contents[out->n].data = p;
			out->contents[out->n++].len = (size_t)size;
		}
		p += size + fill;
	}
	return *json != NULL ? 0 : -1;
}

static int
parse_entry(const uint8_t *plain, size_t len, struct entry *out, struct err *e)
{
	const uint8_t *json = NULL;
	size_t tarlen = 0, json_len = 0;

	out->contents = calloc(ENTRY_CONTENTS_MAX + 1, sizeof *out->contents);
	if (out->contents == NULL)
		return err_memory(e);
	if (join_frames(plain, len, &out->tar, &tarlen) != 0 ||
	    split_members(out, tarlen, &json, &json_len) != 0)
		return err_set(e, ERR_EVIDENCE,
			       "its container is not of the one form allowed");
	if (canon_decode((const char *)json, json_len, &out->doc) != FORMAT_OK)
		return err_set(e, ERR_EVIDENCE,
			       "its JSON is not of the one form allowed");
	if (entry_fields_root(out->doc, out->fields) != 0)
		return err_set(e, ERR_EVIDENCE, "its fields have no root");
	out->text = strndup((const char *)json, json_len);
	if (out->text == NULL)
		return err_memory(e);
	out->text_len = json_len;
	return 0;
}

int
entry_open(const uint8_t *file, size_t len, const uint8_t secret[32],
	   struct entry *out, struct err *e)
{
	struct agefile_identity key = {AGEKEY_X25519, secret};
	struct agefile_from from = {.keys = &key, .n = 1};
	uint8_t *plain = NULL;
	size_t n = 0;
	int rc = -1;

	memset(out, 0, sizeof *out);
	if (len > ENTRY_FILE_MAX || !padme_is_entry(len))
		return err_set(e, ERR_EVIDENCE,
			       "its length is not one that an entry has");
	if (padded_form(file, len) != PADDED_ONE_OFF)
		return err_set(e, ERR_EVIDENCE,
			       "it is not locked to one one-off key");
	plain = malloc(len);
	if (plain == NULL)
		return err_memory(e);
	if (agefile_open(&from, file, len, plain, len, &n, NULL, e) == 0)
		rc = parse_entry(plain, n, out, e);
	free(plain);
	if (rc != 0)
		entry_free(out);
	return rc;
}

void
entry_free(struct entry *en)
{
	json_decref(en->doc);
	free(en->text);
	free(en->tar);
	free(en->contents);
	memset(en, 0, sizeof *en);
}
