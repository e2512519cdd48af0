/* A folder of one test's own, and in it a vault and the people around it. */
#ifndef MUNIMENT_TESTS_SCRATCH_H
#define MUNIMENT_TESTS_SCRATCH_H

#include "mutants.h"

#include "acts.h"
#include "fsutil.h"
#include "identity.h"
#include "index.h"
#include "object.h"
#include "secret.h"
#include "vault.h"
#include "writer.h"

#include <unistd.h>

#define SCRATCH_WORK 1 /* log2 N of scrypt: quick, not safe */

/* A fresh folder in $TMPDIR, or /tmp; scratch_end removes it. */
static inline void
scratch_begin(char dir[64])
{
	const char *where = getenv("TMPDIR");

	if (where == NULL || strlen(where) > 36)
		where = "/tmp";
	assert_in_range(snprintf(dir, 64, "%s/muniment-test-XXXXXX", where), 1,
			63);
	assert_non_null(mkdtemp(dir));
}

static inline void
scratch_end(const char *dir)
{
	struct err e = {0};

	assert_int_equal(fsutil_remove_all(dir, &e), 0);
}

static inline const char *
scratch_path(const char *dir, const char *rel)
{
	static char ring[8][FSUTIL_PATH];
	static size_t next;
	char *out = ring[next++ % 8];

	assert_true(snprintf(out, FSUTIL_PATH, "%s/%s", dir, rel) <
		    FSUTIL_PATH);
	return out;
}

static inline void
scratch_put(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* The whole file, malloc'ed. */
static inline char *
scratch_get(const char *path, size_t *len)
{
	struct err e = {0};
	char *out;

	if (fsutil_read(path, 64u << 20, &out, len, &e) != 0)
		fail_msg("%s", e.msg);
	return out;
}

/* What a shell command that starts in `dir` returns. */
static inline int
scratch_run(const char *dir, const char *command)
{
	char cmd[2 * FSUTIL_PATH];
	int n = snprintf(cmd, sizeof cmd, "cd '%s' && %s", dir, command);

	assert_true(n > 0 && (size_t)n < sizeof cmd);
	return system(cmd);
}

/* People at one copy of a vault: each has a `local` folder of their own. */
struct scratch {
	char dir[64], vault[80];
	struct identity *now; /* whose local/ is in place; or NULL */
	char id[VAULT_ID_LEN + 1];
};

static inline struct identity *
scratch_person(const char *name)
{
	struct err e = {0};
	struct identity *id = identity_new(name, "", &e);

	assert_non_null(id);
	return id;
}

/* Make a vault that belongs to `id`. */
static inline void
scratch_vault(struct scratch *s, struct identity *id)
{
	struct secret *pass = secret_copy("root", 4);
	struct err e = {0};

	memset(s, 0, sizeof *s);
	scratch_begin(s->dir);
	snprintf(s->vault, sizeof s->vault, "%s/vault", s->dir);
	if (acts_init(s->vault, id, scratch_path(s->dir, "root.age"), pass,
		      SCRATCH_WORK, s->id, &e) != 0)
		fail_msg("%s", e.msg);
	secret_free(pass);
	s->now = id;
}

/* Put this person's local/ into place. */
static inline void
scratch_sit(struct scratch *s, struct identity *id)
{
	char here[FSUTIL_PATH], away[FSUTIL_PATH];

	if (s->now == id)
		return;
	snprintf(here, sizeof here, "%s/local", s->vault);
	snprintf(away, sizeof away, "%s/local-%p", s->dir, (void *)s->now);
	assert_int_equal(rename(here, away), 0);
	snprintf(away, sizeof away, "%s/local-%p", s->dir, (void *)id);
	if (fsutil_exists(away))
		assert_int_equal(rename(away, here), 0);
	s->now = id;
}

/* Open the vault as this person, to write. */
static inline struct index *
scratch_open(struct scratch *s, struct identity *id)
{
	struct err e = {0};
	struct vault *v;
	struct index *x;

	scratch_sit(s, id);
	v = vault_open(s->vault, VAULT_WRITE, NULL, &e);
	if (v == NULL)
		fail_msg("%s", e.msg);
	x = index_open(v, id, &e);
	if (x == NULL)
		fail_msg("%s", e.msg);
	return x;
}

static inline void
scratch_close(struct index *x)
{
	struct vault *v = x->v;

	index_free(x);
	vault_close(v);
}

/* Put an object into the batch of a writer; the id of its key goes to `id`. */
static inline int
scratch_object(struct vault *v, struct writer *w, const void *data, size_t len,
	       char id[HEX_ID_LEN + 1], uint8_t sha256[32], struct err *e)
{
	struct secret *key = secret_new(32);
	struct agekey_public to;
	uint8_t raw[HEX_ID_LEN / 2];
	uint64_t size;
	int rc;

	agekey_generate(AGEKEY_X25519, key->bytes, &to);
	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, id);
	rc = writer_reserve(w, e);
	if (rc == 0)
		rc = object_write(v, &to, data, len, sha256, &size, e);
	if (rc == 0)
		rc = writer_object(w, sha256, size, id, key->bytes, e);
	secret_free(key);
	return rc;
}

/* The same of a text; `out` is how a record names it as a segment. */
static inline int
scratch_segment(struct vault *v, struct writer *w, const char *text,
		char out[128], struct err *e)
{
	char id[HEX_ID_LEN + 1], hex[HASH_HEX_LEN + 1];
	uint8_t hash[HASH_LEN];
	int rc = scratch_object(v, w, text, strlen(text), id, hash, e);

	hex_encode(hash, HASH_LEN, hex);
	snprintf(out, 128, "%s %zu %s", hex, strlen(text), id);
	return rc;
}

/* How many lines of this level the report has with `part` in them. */
static inline size_t
scratch_said(const struct report *r, enum report_level level, const char *part)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->lines[i].level == level &&
		     strstr(r->lines[i].text, part) != NULL;
	return n;
}

#endif
