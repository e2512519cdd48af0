/*
 * vault/keys/agespread.h through agefile.h: what is sealed and opened on all
 * cores is what one core would make of it, and so is every refusal.
 */
#include "agefile.h"
#include "agestream.h"
#include "pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CHUNK ((size_t)AGESTREAM_CHUNK)
#define SEALED ((size_t)AGESTREAM_SEALED)
#define BLOCK (8 * CHUNK) /* bytes that make a job */
#define MOST (11 * BLOCK + 7)

static const size_t sizes[] = {0,	  1,	 CHUNK,	    CHUNK + 1,
			       BLOCK - 1, BLOCK, BLOCK + 1, BLOCK + CHUNK,
			       2 * BLOCK, MOST};
#define SIZES (sizeof sizes / sizeof sizes[0])

static struct {
	struct secret *secret;
	struct agekey_public pub;
	struct agefile_identity id;
	uint8_t *plain, *out; /* MOST + BLOCK bytes */
} fix;

static int
setup(void **state)
{
	(void)state;
	pool_set_jobs(3); /* whatever the machine has */
	fix.secret = secret_new(AGEKEY_SECRET_LEN);
	fix.plain = malloc(MOST + BLOCK);
	fix.out = malloc(MOST + BLOCK);
	assert_true(fix.secret != NULL && fix.plain != NULL && fix.out != NULL);
	agekey_generate(AGEKEY_X25519, fix.secret->bytes, &fix.pub);
	fix.id.kind = AGEKEY_X25519;
	fix.id.secret = fix.secret->bytes;
	for (size_t i = 0; i < MOST + BLOCK; i++)
		fix.plain[i] = (uint8_t)(i * 7 + i / 251 + i / CHUNK);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	secret_free(fix.secret);
	free(fix.plain);
	free(fix.out);
	return 0;
}

/* A file in memory. */
struct memory {
	uint8_t *bytes;
	size_t len, at;
	int fail_after; /* calls; 0: never */
};

static int
sink(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct memory *m = ctx;

	if (m->fail_after > 0 && --m->fail_after == 0)
		return err_set(e, ERR_UNKNOWN, "the sink is full");
	m->bytes = realloc(m->bytes, m->len + len + 1);
	assert_non_null(m->bytes);
	memcpy(m->bytes + m->len, bytes, len);
	m->len += len;
	return 0;
}

static ssize_t
source(void *ctx, void *buf, size_t cap, struct err *e)
{
	struct memory *m = ctx;
	size_t n = m->len - m->at < cap ? m->len - m->at : cap;

	if (m->fail_after > 0 && --m->fail_after == 0)
		return err_set(e, ERR_UNKNOWN, "the source broke");
	memcpy(buf, m->bytes + m->at, n);
	m->at += n;
	return (ssize_t)n;
}

/* Seal with all cores, in pieces of this size. */
static int
seal(struct memory *m, size_t len, size_t piece, struct err *e)
{
	struct agefile_to to = {.keys = &fix.pub, .n = 1, .spread = true};
	struct agefile_writer *w = agefile_writer_new(&to, sink, m, e);
	size_t at = 0, n;
	int rc = 0;

	assert_non_null(w);
	for (; at < len && rc == 0; at += n) {
		n = len - at < piece ? len - at : piece;
		rc = agefile_write(w, fix.plain + at, n, e);
	}
	if (rc == 0)
		rc = agefile_finish(w, e);
	/* after a failure, and after the end, nothing more */
	assert_int_equal(agefile_write(w, "x", 1, NULL), -1);
	assert_int_equal(agefile_finish(w, NULL), -1);
	agefile_writer_free(w);
	return rc;
}

/* What came of reading a file. */
struct outcome {
	ssize_t end; /* 0 or -1 */
	size_t got;  /* bytes that were given */
	enum agefile_failure why;
	struct err err;
};

static void
open_it(struct memory *m, bool spread, size_t cap, struct outcome *o)
{
	struct agefile_from from = {.keys = &fix.id, .n = 1, .spread = spread};
	struct agefile_reader *r;

	memset(o, 0, sizeof *o);
	m->at = 0;
	r = agefile_reader_new(&from, source, m, &o->why, &o->err);
	assert_non_null(r);
	while ((o->end = agefile_read(r, fix.out + o->got, cap, &o->why,
				      &o->err)) > 0)
		o->got += (size_t)o->end;
	assert_int_equal(agefile_read(r, fix.out + o->got, cap, NULL, NULL),
			 o->end);
	agefile_reader_free(r);
	assert_memory_equal(fix.out, fix.plain, o->got);
}

static void
test_sizes(void **state)
{
	static const size_t pieces[] = {1000, CHUNK, 300000, MOST};
	struct agefile_from from = {.keys = &fix.id, .n = 1};
	struct outcome o;
	struct err e = {0};
	size_t n;

	(void)state;
	for (size_t i = 0; i < SIZES; i++)
		for (size_t k = 0; k < 4; k++) {
			struct memory m = {0};

			assert_int_equal(seal(&m, sizes[i], pieces[k], &e), 0);
			assert_int_equal(
			    m.len, agefile_size(AGEKEY_X25519, 1, sizes[i]));
			assert_int_equal(agefile_open(&from, m.bytes, m.len,
						      fix.out, MOST, &n, NULL,
						      &e),
					 0);
			assert_int_equal(n, sizes[i]);
			assert_memory_equal(fix.out, fix.plain, n);
			open_it(&m, true, pieces[k], &o);
			assert_true(o.end == 0 && o.got == sizes[i]);
			free(m.bytes);
		}
}

/* One core and all of them say the same of a file. */
static void
same_of(struct memory *m)
{
	struct outcome one, all;

	open_it(m, false, 300000, &one);
	open_it(m, true, 300000, &all);
	assert_int_equal(one.end, all.end);
	assert_int_equal(one.got, all.got);
	assert_int_equal(one.why, all.why);
	assert_string_equal(one.err.msg, all.err.msg);
	assert_int_equal(one.err.code, all.err.code);
}

static void
test_damage(void **state)
{
	struct memory m = {0}, cut;
	size_t head, len = 2 * BLOCK + 3 * CHUNK + 5;
	struct err e = {0};

	(void)state;
	assert_int_equal(seal(&m, len, MOST, &e), 0);
	head = m.len - (size_t)agestream_sealed_size(len);
	for (size_t at = head; at < m.len; at += SEALED) {
		m.bytes[at + 4] ^= 1; /* in each chunk */
		same_of(&m);
		m.bytes[at + 4] ^= 1;
		for (size_t k = 0; k < 3; k++) { /* cut off around its start */
			cut = m;
			cut.len = at + k - 1;
			if (cut.len > head)
				same_of(&cut);
		}
	}
	/* two chunks of different blocks change places */
	for (size_t i = 0; i < SEALED; i++) {
		uint8_t *a = m.bytes + head + 2 * SEALED + i;
		uint8_t *b = a + 9 * SEALED, t = *a;

		*a = *b;
		*b = t;
	}
	same_of(&m);
	free(m.bytes);
}

/* What follows the last chunk, wherever in a block that is. */
static void
test_appended(void **state)
{
	static const size_t more[] = {1, SEALED, BLOCK, 2 * BLOCK};
	struct err e = {0};
	struct outcome o;

	(void)state;
	for (size_t i = 0; i < SIZES; i++)
		for (size_t k = 0; k < 4; k++) {
			struct memory m = {0};

			assert_int_equal(seal(&m, sizes[i], MOST, &e), 0);
			assert_int_equal(sink(&m, fix.plain, more[k], &e), 0);
			same_of(&m);
			open_it(&m, true, MOST, &o);
			assert_int_equal(o.end, -1);
			assert_int_equal(o.why, AGEFILE_PAYLOAD);
			free(m.bytes);
		}
}

static void
test_io_fails(void **state)
{
	struct memory m = {0}, bad;
	struct err e = {0};
	struct outcome o;

	(void)state;
	for (int i = 2; i < 8; i++) { /* the first call writes the header */
		bad = (struct memory){.fail_after = i};
		err_clear(&e);
		assert_int_equal(seal(&bad, MOST, 300000, &e), -1);
		assert_string_equal(e.msg, "the sink is full");
		free(bad.bytes);
	}
	assert_int_equal(seal(&m, MOST, MOST, &e), 0);
	for (int i = 2; i < 8; i++) {
		bad = m;
		bad.fail_after = i;
		open_it(&bad, true, 300000, &o);
		assert_int_equal(o.end, -1);
		assert_int_equal(o.why, AGEFILE_IO);
		assert_int_equal(o.got % CHUNK, 0);
	}
	free(m.bytes);
}

/* Freed in the middle, with jobs under way. */
static void
test_given_up(void **state)
{
	struct agefile_to to = {.keys = &fix.pub, .n = 1, .spread = true};
	struct agefile_from from = {.keys = &fix.id, .n = 1, .spread = true};
	struct memory m = {0};
	struct agefile_writer *w;
	struct agefile_reader *r;
	struct err e = {0};

	(void)state;
	w = agefile_writer_new(&to, sink, &m, &e);
	assert_int_equal(agefile_write(w, fix.plain, MOST, &e), 0);
	agefile_writer_free(w);
	free(m.bytes);
	m = (struct memory){0};
	assert_int_equal(seal(&m, MOST, MOST, &e), 0);
	r = agefile_reader_new(&from, source, &m, NULL, &e);
	assert_non_null(r);
	assert_true(agefile_read(r, fix.out, 1000, NULL, &e) > 0);
	agefile_reader_free(r);
	free(m.bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sizes),    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_appended), cmocka_unit_test(test_io_fails),
	    cmocka_unit_test(test_given_up),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
