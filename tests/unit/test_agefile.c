/* vault/keys/agefile.h: whole files, streams, and every way to damage one. */
#include "agefile.h"
#include "ageheader.h"
#include "agestream.h"
#include "base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define WORK_FACTOR 4 /* for passphrases here: quick */

static const size_t sizes[] = {0,     1,      2,      65535,  65536,
			       65537, 131071, 131072, 131073, 200000};
#define SIZES (sizeof sizes / sizeof sizes[0])

/* A pair of each kind, and content. */
static struct {
	struct secret *secret[2];
	struct agekey_public pub[2];
	struct agefile_identity id[2];
	uint8_t *plain; /* 200000 bytes */
} fix;

static int
setup(void **state)
{
	(void)state;
	for (int k = 0; k < 2; k++) {
		fix.secret[k] = secret_new(AGEKEY_SECRET_LEN);
		assert_non_null(fix.secret[k]);
		agekey_generate(k ? AGEKEY_HYBRID : AGEKEY_X25519,
				fix.secret[k]->bytes, &fix.pub[k]);
		fix.id[k].kind = fix.pub[k].kind;
		fix.id[k].secret = fix.secret[k]->bytes;
	}
	fix.plain = malloc(200000);
	assert_non_null(fix.plain);
	for (size_t i = 0; i < 200000; i++)
		fix.plain[i] = (uint8_t)(i * 7 + i / 251);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	secret_free(fix.secret[0]);
	secret_free(fix.secret[1]);
	free(fix.plain);
	return 0;
}

/* A growing file in memory that is written, and read in pieces. */
struct memory {
	uint8_t *bytes;
	size_t len, at, piece;
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
	size_t n = m->len - m->at;

	if (m->fail_after > 0 && --m->fail_after == 0)
		return err_set(e, ERR_UNKNOWN, "the source broke");
	if (n > cap)
		n = cap;
	if (m->piece > 0 && n > m->piece)
		n = m->piece;
	memcpy(buf, m->bytes + m->at, n);
	m->at += n;
	return (ssize_t)n;
}

/* Read all with this room; the length, or -1. `out` has room for 210000. */
static ssize_t
read_all(const struct agefile_from *from, struct memory *m, size_t cap,
	 uint8_t *out, enum agefile_failure *why, struct err *e)
{
	struct agefile_reader *r;
	size_t got = 0;
	ssize_t n;

	m->at = 0;
	r = agefile_reader_new(from, source, m, why, e);
	if (r == NULL)
		return -1;
	while ((n = agefile_read(r, out + got, cap, why, e)) > 0)
		got += (size_t)n;
	if (n == 0) /* the end stays the end */
		assert_int_equal(agefile_read(r, out, cap, why, e), 0);
	else /* and a failure a failure */
		assert_int_equal(agefile_read(r, out, cap, NULL, NULL), -1);
	agefile_reader_free(r);
	return n == 0 ? (ssize_t)got : -1;
}

static void
whole_files(void **state)
{
	struct agefile_to to = {.n = 1};
	struct agefile_from from = {.n = 1};
	uint8_t *file, *out = malloc(210000);
	size_t len, n;
	struct err e = {0};

	(void)state;
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < SIZES; i++) {
			to.keys = &fix.pub[k];
			from.keys = &fix.id[k];
			assert_int_equal(agefile_seal(&to, fix.plain, sizes[i],
						      &file, &len, &e),
					 0);
			assert_int_equal(
			    len, agefile_size(to.keys->kind, 1, sizes[i]));
			assert_int_equal(agefile_open(&from, file, len, out,
						      sizes[i], &n, NULL, &e),
					 0);
			assert_int_equal(n, sizes[i]);
			assert_memory_equal(out, fix.plain, n);
			free(file);
		}
	}
	free(out);
}

static void
streams(void **state)
{
	static const size_t pieces[] = {1, 1000, 65536, 65552, 200000};
	struct agefile_to to = {.n = 1};
	struct agefile_from from = {.n = 1};
	struct agefile_writer *w;
	uint8_t *out = malloc(210000);
	struct err e = {0};
	size_t take;

	(void)state;
	for (size_t i = 0; i < SIZES * 2 * 2 * 5; i++) {
		size_t size = sizes[i % SIZES], piece = pieces[i / SIZES % 5];
		int k = (int)(i / SIZES / 5 % 2);
		struct memory m = {.piece = piece};

		to.armor = i / SIZES / 10 % 2 == 1;
		to.keys = &fix.pub[k];
		from.keys = &fix.id[k];
		w = agefile_writer_new(&to, sink, &m, &e);
		assert_non_null(w);
		for (size_t at = 0; at < size; at += take) {
			take = size - at < piece ? size - at : piece;
			assert_int_equal(
			    agefile_write(w, fix.plain + at, take, &e), 0);
		}
		assert_int_equal(agefile_finish(w, &e), 0);
		agefile_writer_free(w);
		if (!to.armor)
			assert_int_equal(
			    m.len, agefile_size(fix.pub[k].kind, 1, size));
		memset(out, 0, 210000);
		assert_int_equal(read_all(&from, &m, piece, out, NULL, &e),
				 size);
		assert_memory_equal(out, fix.plain, size);
		free(m.bytes);
	}
	free(out);
}

/* A caller may ask for little, then for much, then for little. */
static void
rooms_of_all_sizes(void **state)
{
	struct agefile_to to = {.keys = fix.pub, .n = 1};
	struct agefile_from from = {.keys = fix.id, .n = 1};
	static const size_t rooms[] = {10, 65526, 70000, 1, 65536, 3};
	uint8_t *out = malloc(210000);
	struct memory m = {0};
	struct agefile_reader *r;
	struct err e = {0};
	size_t got = 0, i = 0;
	ssize_t n;

	(void)state;
	assert_int_equal(
	    agefile_seal(&to, fix.plain, 200000, &m.bytes, &m.len, &e), 0);
	r = agefile_reader_new(&from, source, &m, NULL, &e);
	assert_non_null(r);
	while ((n = agefile_read(r, out + got, rooms[i++ % 6], NULL, &e)) > 0)
		got += (size_t)n;
	assert_int_equal(n, 0);
	assert_int_equal(got, 200000);
	assert_memory_equal(out, fix.plain, got);
	agefile_reader_free(r);
	free(m.bytes);
	free(out);
}

static void
room_is_the_reverse_of_size(void **state)
{
	(void)state;
	for (int k = 0; k < 2; k++) {
		enum agekey_kind kind = k ? AGEKEY_HYBRID : AGEKEY_X25519;

		assert_int_equal(agefile_size(kind, 1, 0), k ? 1659 : 200);
		for (uint64_t size = 0; size < 400000; size++) {
			uint64_t room = agefile_room(kind, size);

			if (room > 0)
				assert_true(agefile_size(kind, 1, room) <=
					    size);
			assert_true(agefile_size(kind, 1, room + 1) > size);
		}
	}
	assert_int_equal(agefile_size(AGEKEY_X25519, 1, UINT64_C(1) << 40),
			 (UINT64_C(1) << 40) + (UINT64_C(16) << 24) + 184);
}

/* Each bit of a file counts, and nothing comes out of a damaged one. */
static void
refuses_every_change(void **state)
{
	struct agefile_to to = {.keys = fix.pub, .n = 1};
	struct agefile_from from = {.keys = fix.id, .n = 1};
	uint8_t *out = malloc(210000), zero[20] = {0};
	struct memory m = {0};
	enum agefile_failure why;
	struct err e = {0};
	size_t n;

	(void)state;
	assert_int_equal(agefile_seal(&to, fix.plain, 20, &m.bytes, &m.len, &e),
			 0);
	for (size_t bit = 0; bit < m.len * 8; bit++) {
		m.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(out, 1, 20);
		err_clear(&e);
		assert_int_equal(
		    agefile_open(&from, m.bytes, m.len, out, 20, &n, &why, &e),
		    -1);
		assert_memory_equal(out, zero, 20);
		assert_int_equal(n, 0);
		assert_int_not_equal(why, AGEFILE_FINE);
		assert_int_not_equal(why, AGEFILE_IO);
		assert_int_equal(e.code, why == AGEFILE_NO_MATCH
					     ? ERR_UNKNOWN
					     : ERR_EVIDENCE);
		if (bit / 8 >= 168)
			assert_int_equal(why, AGEFILE_PAYLOAD);
		err_clear(&e);
		assert_int_equal(read_all(&from, &m, 210000, out, &why, &e),
				 -1);
		m.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	free(m.bytes);
	free(out);
}

/* A file cut anywhere, or with anything behind it, is refused. */
static void
refuses_every_cut(void **state)
{
	struct agefile_to to = {.keys = fix.pub, .n = 1};
	struct agefile_from from = {.keys = fix.id, .n = 1};
	uint8_t *out = malloc(210000);
	struct memory m = {0};
	enum agefile_failure why;
	struct err e = {0};
	size_t n, whole;

	(void)state;
	assert_int_equal(
	    agefile_seal(&to, fix.plain, 131073, &m.bytes, &m.len, &e), 0);
	whole = m.len;
	m.bytes = realloc(m.bytes, whole + 70000);
	memset(m.bytes + whole, 'x', 70000);
	for (size_t len = 0; len < whole + 70000;
	     len += len < 300		     ? 1
		    : len % 65552 - 184 < 40 ? 1
					     : 13) {
		if (len == whole)
			continue;
		err_clear(&e);
		assert_int_equal(
		    agefile_open(&from, m.bytes, len, out, len, &n, &why, &e),
		    -1);
		assert_int_equal(e.code, ERR_EVIDENCE);
		assert_int_equal(why,
				 len < 184 ? AGEFILE_HEADER : AGEFILE_PAYLOAD);
	}
	for (size_t len = 0; len < whole + 70000; len += 3277) {
		m.len = len;
		err_clear(&e);
		assert_int_equal(read_all(&from, &m, 210000, out, &why, &e),
				 -1);
		assert_int_equal(e.code, ERR_EVIDENCE);
	}
	free(m.bytes);
	free(out);
}

/* What is too large for the room goes nowhere; the room ends at a guard. */
static void
stays_in_its_room(void **state)
{
	struct agefile_to to = {.keys = fix.pub, .n = 1};
	struct agefile_from from = {.keys = fix.id, .n = 1};
	enum agefile_failure why;
	struct secret *room;
	struct err e = {0};
	uint8_t *file;
	size_t len, n;

	(void)state;
	assert_int_equal(agefile_seal(&to, fix.plain, 65540, &file, &len, &e),
			 0);
	for (size_t cap = 65500; cap < 65541; cap++) {
		/* shorter files than the real one as well */
		for (size_t cut = 0; cut < 22; cut++) {
			room = secret_new(cap);
			assert_non_null(room);
			err_clear(&e);
			assert_int_equal(agefile_open(&from, file, len - cut,
						      room->bytes, cap, &n,
						      &why, &e),
					 cap == 65540 && cut == 0 ? 0 : -1);
			secret_free(room);
		}
	}
	free(file);
}

static void
refuses_to_write(void **state)
{
	struct agekey_public *many = calloc(1025, sizeof *many);
	struct secret *pass = secret_copy("x", 1), *empty = secret_new(8);
	struct agefile_to none = {0}, mixed = {.keys = fix.pub, .n = 2},
			  both = {.keys = fix.pub, .n = 1, .passphrase = pass},
			  hollow = {.passphrase = empty},
			  hard = {.passphrase = pass, .work_factor = 23},
			  crowd = {.keys = many, .n = 1025},
			  bad = {.keys = many + 1, .n = 1};
	const struct {
		const struct agefile_to *to;
		const char *says;
	} all[] = {{&none, "one of the two"}, {&mixed, "cannot be mixed"},
		   {&both, "one of the two"}, {&hollow, "empty"},
		   {&hard, "work factor"},    {&crowd, "more than 1024"},
		   {&bad, "not a valid key"}};
	struct memory m = {0};
	struct err e;
	uint8_t *file;
	size_t len;

	(void)state;
	for (size_t i = 0; i < 1025; i++)
		many[i].kind = AGEKEY_X25519;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		err_clear(&e);
		assert_int_equal(
		    agefile_seal(all[i].to, "", 0, &file, &len, &e), -1);
		assert_null(file);
		assert_int_equal(e.code, ERR_UNKNOWN);
		if (strstr(e.msg, all[i].says) == NULL)
			fail_msg("says: %s", e.msg);
		err_clear(&e);
		assert_null(agefile_writer_new(all[i].to, sink, &m, &e));
		assert_int_equal(m.len, 0);
	}
	secret_free(pass);
	secret_free(empty);
	free(many);
}

static struct secret *
ask(void *ctx, struct err *e)
{
	const char **next = ctx;
	const char *pass = *next;

	*next = "asked twice";
	if (pass == NULL) {
		err_set(e, ERR_UNKNOWN, "nobody answers");
		return NULL;
	}
	return secret_copy(pass, strlen(pass));
}

static void
passphrases(void **state)
{
	struct secret *right = secret_copy("right", 5);
	struct secret *wrong = secret_copy("wrong", 5);
	struct agefile_to to = {.passphrase = right,
				.work_factor = WORK_FACTOR};
	struct agefile_from from = {.keys = fix.id, .n = 2};
	const char *answer;
	const struct {
		const struct secret *given;
		const char *answer;
		enum agefile_failure want;
	} all[] = {{right, "unused", AGEFILE_FINE},
		   {wrong, "right", AGEFILE_NO_MATCH},
		   {NULL, "right", AGEFILE_FINE},
		   {NULL, "wrong", AGEFILE_NO_MATCH},
		   {NULL, NULL, AGEFILE_IO}};
	enum agefile_failure why;
	uint8_t *file, out[100];
	struct err e;
	size_t len, n;

	(void)state;
	assert_int_equal(agefile_seal(&to, "abc", 3, &file, &len, &e), 0);
	for (size_t i = 0; i < 5; i++) {
		answer = all[i].answer;
		from.passphrase = all[i].given;
		from.ask = ask;
		from.ask_ctx = &answer;
		err_clear(&e);
		agefile_open(&from, file, len, out, sizeof out, &n, &why, &e);
		assert_int_equal(why, all[i].want);
		assert_int_equal(e.code,
				 why == AGEFILE_FINE ? ERR_NONE : ERR_UNKNOWN);
		assert_int_equal(n, why == AGEFILE_FINE ? 3 : 0);
	}
	/* nobody to ask */
	memset(&from, 0, sizeof from);
	err_clear(&e);
	assert_int_equal(
	    agefile_open(&from, file, len, out, sizeof out, &n, &why, &e), -1);
	assert_int_equal(why, AGEFILE_NO_MATCH);
	free(file);
	secret_free(right);
	secret_free(wrong);
}

/* The key of one file, found by the passphrase, opens that file alone. */
static void
file_keys(void **state)
{
	struct secret *pass = secret_copy("right", 5);
	struct agefile_to to = {.passphrase = pass, .work_factor = WORK_FACTOR};
	uint8_t *file[2], out[100], key[AGEKEY_FILE_KEY_LEN] = {0};
	struct agefile_from by_pass = {.passphrase = pass, .found = key};
	struct agefile_from by_key = {.file_key = key};
	enum agefile_failure why;
	struct err e = {0};
	size_t len[2], n;

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    agefile_seal(&to, "abc", 3, &file[i], &len[i], &e), 0);
	/* an unknown one is refused by the header's MAC */
	assert_int_equal(agefile_open(&by_key, file[0], len[0], out, sizeof out,
				      &n, &why, &e),
			 -1);
	assert_int_equal(why, AGEFILE_HMAC);
	err_clear(&e);
	assert_int_equal(agefile_open(&by_pass, file[0], len[0], out,
				      sizeof out, &n, &why, &e),
			 0);
	assert_int_equal(agefile_open(&by_key, file[0], len[0], out, sizeof out,
				      &n, &why, &e),
			 0);
	assert_int_equal(n, 3);
	assert_memory_equal(out, "abc", 3);
	assert_int_equal(agefile_open(&by_key, file[1], len[1], out, sizeof out,
				      &n, &why, &e),
			 -1);
	assert_int_equal(why, AGEFILE_HMAC);
	assert_int_equal(n, 0);
	free(file[0]);
	free(file[1]);
	secret_free(pass);
}

/* Any stanzas, as text, and a real one, under a right MAC. */
static size_t
forge(const char *before, const char *after, char *out)
{
	uint8_t file_key[16] = {9}, nonce[16] = {8}, mac[32];
	uint8_t enc[32], body[32];
	char share[43];
	struct ageheader_text args[2] = {{"X25519", 6}, {share, 43}};
	struct agestream *s;
	size_t n = ageheader_put_version(out);

	assert_int_equal(agekey_wrap(&fix.pub[0], file_key, enc, body), 0);
	base64_encode(enc, 32, false, share);
	n += (size_t)sprintf(out + n, "%s", before);
	n += ageheader_put_stanza(out + n, args, 2, body, 32);
	n += (size_t)sprintf(out + n, "%s", after);
	n += ageheader_put_dashes(out + n);
	agestream_header_mac(file_key, out, n, mac);
	n += ageheader_put_mac(out + n, mac);
	memcpy(out + n, nonce, 16);
	n += 16;
	s = agestream_new(true, file_key, nonce);
	assert_non_null(s);
	assert_int_equal(agestream_seal(s, true, "abc", 3, (uint8_t *)out + n),
			 0);
	agestream_free(s);
	return n + 3 + AGESTREAM_TAG_LEN;
}

#define B32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define B16 "AAAAAAAAAAAAAAAAAAAAAA"

/* Stanzas of known types must be right even where another one opens. */
static void
stanzas_beside(void **state)
{
	static const struct {
		const char *stanza;
		enum agefile_failure want;
	} all[] = {
	    {"", AGEFILE_FINE},
	    {"-> grease a b c d e f\n\n", AGEFILE_FINE},
	    {"-> x25519 " B32 "\n\n", AGEFILE_FINE},
	    {"-> X25519 AwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" B32 "\n",
	     AGEFILE_FINE},
	    {"-> X25519\n" B32 "\n", AGEFILE_HEADER},
	    {"-> X25519 " B32 " a\n" B32 "\n", AGEFILE_HEADER},
	    {"-> X25519 " B16 "\n" B32 "\n", AGEFILE_HEADER},
	    {"-> X25519 " B32 "\n" B16 "\n", AGEFILE_HEADER},
	    {"-> X25519 " B32 "=\n" B32 "\n", AGEFILE_HEADER},
	    {"-> mlkem768x25519 " B32 "\n" B32 "\n", AGEFILE_HEADER},
	    {"-> scrypt " B16 " 10\n" B32 "\n", AGEFILE_HEADER},
	    {"-> scrypt " B16 "\n" B32 "\n", AGEFILE_HEADER},
	};
	struct agefile_from from = {.keys = fix.id, .n = 2};
	enum agefile_failure why;
	uint8_t out[3000];
	char file[3000];
	struct err e;
	size_t n, got;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof all / sizeof all[0]; i++) {
		const char *stanza = all[i / 2].stanza;

		n = forge(i % 2 ? stanza : "", i % 2 ? "" : stanza, file);
		err_clear(&e);
		agefile_open(&from, file, n, out, sizeof out, &got, &why, &e);
		if (why != all[i / 2].want)
			fail_msg("%d for %s", why, stanza);
		assert_int_equal(got, why == AGEFILE_FINE ? 3 : 0);
	}
}

/* A key among many others, and none among many. */
static void
many_identities(void **state)
{
	enum { N = 60 };
	struct secret *s = secret_new(N * 32);
	struct agefile_to to = {.keys = fix.pub, .n = 1};
	struct agefile_identity ids[N];
	struct agefile_from from = {.keys = ids, .n = N};
	enum agefile_failure why;
	struct err e = {0};
	uint8_t *file, out[100];
	size_t len, n;

	(void)state;
	assert_non_null(s);
	secret_random(s->bytes, N * 32);
	for (size_t i = 0; i < N; i++) {
		ids[i].kind = i % 2 ? AGEKEY_HYBRID : AGEKEY_X25519;
		ids[i].secret = s->bytes + i * 32;
	}
	for (int k = 0; k < 2; k++) {
		to.keys = &fix.pub[k];
		assert_int_equal(agefile_seal(&to, "abc", 3, &file, &len, &e),
				 0);
		err_clear(&e);
		assert_int_equal(agefile_open(&from, file, len, out, sizeof out,
					      &n, &why, &e),
				 -1);
		assert_int_equal(why, AGEFILE_NO_MATCH);
		assert_int_equal(e.code, ERR_UNKNOWN);
		ids[N - 2] = fix.id[k];
		err_clear(&e);
		assert_int_equal(agefile_open(&from, file, len, out, sizeof out,
					      &n, &why, &e),
				 0);
		free(file);
	}
	secret_free(s);
}

/* A sink that fails at each call in turn, and a source. */
static void
failures_around(void **state)
{
	struct agefile_to to = {.keys = fix.pub, .n = 1};
	struct agefile_from from = {.keys = fix.id, .n = 1};
	uint8_t *out = malloc(210000);
	enum agefile_failure why;
	struct memory m = {0};
	struct err e = {0};
	int at;

	(void)state;
	for (at = 1; at < 20; at++) {
		struct memory f = {.fail_after = at};
		struct agefile_writer *w;
		int rc = -1;

		err_clear(&e);
		to.armor = true;
		w = agefile_writer_new(&to, sink, &f, &e);
		if (w != NULL) {
			rc = agefile_write(w, fix.plain, 200000, &e);
			if (rc == 0)
				rc = agefile_finish(w, &e);
			else
				assert_int_equal(agefile_finish(w, NULL), -1);
		}
		agefile_writer_free(w);
		free(f.bytes);
		if (rc == 0)
			break;
		assert_string_equal(e.msg, "the sink is full");
	}
	assert_in_range(at, 5, 19);
	to.armor = false;
	assert_int_equal(
	    agefile_seal(&to, fix.plain, 200000, &m.bytes, &m.len, &e), 0);
	m.piece = 60000;
	for (at = 1; at < 20; at++) {
		m.fail_after = at;
		err_clear(&e);
		if (read_all(&from, &m, 210000, out, &why, &e) >= 0)
			break;
		assert_int_equal(why, AGEFILE_IO);
		assert_string_equal(e.msg, "the source broke");
	}
	assert_in_range(at, 4, 19);
	free(m.bytes);
	free(out);
}

/* A header of many stanzas, larger than any first read. */
static void
large_headers(void **state)
{
	struct agekey_public *pubs = calloc(1024, sizeof *pubs);
	struct agefile_to to = {.keys = pubs, .n = 1024};
	struct agefile_from from = {.keys = &fix.id[1], .n = 1};
	uint8_t *out = malloc(210000);
	struct memory m = {.piece = 5000};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < 1024; i++)
		pubs[i] = fix.pub[1];
	for (int armor = 0; armor < 2; armor++) {
		to.armor = armor;
		assert_int_equal(
		    agefile_seal(&to, fix.plain, 9, &m.bytes, &m.len, &e), 0);
		if (!armor)
			assert_int_equal(m.len,
					 agefile_size(AGEKEY_HYBRID, 1024, 9));
		assert_int_equal(read_all(&from, &m, 1000, out, NULL, &e), 9);
		free(m.bytes);
	}
	free(out);
	free(pubs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_files),
	    cmocka_unit_test(streams),
	    cmocka_unit_test(rooms_of_all_sizes),
	    cmocka_unit_test(room_is_the_reverse_of_size),
	    cmocka_unit_test(refuses_every_change),
	    cmocka_unit_test(refuses_every_cut),
	    cmocka_unit_test(stays_in_its_room),
	    cmocka_unit_test(refuses_to_write),
	    cmocka_unit_test(passphrases),
	    cmocka_unit_test(file_keys),
	    cmocka_unit_test(stanzas_beside),
	    cmocka_unit_test(many_identities),
	    cmocka_unit_test(failures_around),
	    cmocka_unit_test(large_headers),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("agefile", tests, setup, teardown);
}
