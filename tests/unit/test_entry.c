/* vault/history/entry.h: one form of container, one form of JSON, one root. */
#include "entry.h"

#include "agefile.h"
#include "mutants.h"
#include "padded.h"
#include "padme.h"
#include "tarball.h"
#include "zframe.h"

#include <zstd.h>

#define SALT "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define DOC "{\"batch\":1,\"files\":[{\"name\":\"x\"}],\"salt\":\"" SALT "\"}"

/* Frames that are put together by hand. */
struct parts {
	uint8_t bytes[1 << 16];
	size_t len;
};

static void
put_frame(struct parts *p, const void *in, size_t len)
{
	size_t n =
	    zframe_encode(in, len, p->bytes + p->len, sizeof p->bytes - p->len);

	assert_true(n > 0);
	p->len += n;
}

/* A member's 512-byte blocks; returns how many bytes. */
static size_t
member(uint8_t *out, const char *name, const void *data, size_t len)
{
	size_t n = TARBALL_BLOCK + len + tarball_fill(len);

	memset(out, 0, n);
	tarball_header(out, name, len);
	memcpy(out + TARBALL_BLOCK, data, len);
	return n;
}

static void
put_member(struct parts *p, const char *name, const char *text)
{
	uint8_t m[8192];

	put_frame(p, m, member(m, name, text, strlen(text)));
}

static void
put_end(struct parts *p)
{
	static const uint8_t zero[TARBALL_END];

	put_frame(p, zero, sizeof zero);
}

static void
put_pad(struct parts *p)
{
	size_t pad =
	    (size_t)padded_missing(PADDED_ENTRY, AGEKEY_X25519, p->len, 8);

	zframe_pad(p->bytes + p->len, pad);
	p->len += pad;
}

/* Lock the parts as they are and open them as an entry. */
static int
opens(const struct parts *p, struct entry *out)
{
	uint8_t secret[32], *file = NULL;
	struct agekey_public pub;
	struct agefile_to to = {.keys = &pub, .n = 1};
	struct err e = {0};
	size_t len = 0;
	int rc;

	agekey_generate(AGEKEY_X25519, secret, &pub);
	assert_int_equal(agefile_seal(&to, p->bytes, p->len, &file, &len, &e),
			 0);
	rc = entry_open(file, len, secret, out, &e);
	free(file);
	if (rc != 0) {
		assert_int_equal(e.code, ERR_EVIDENCE);
		assert_null(out->doc);
		assert_null(out->tar);
		assert_null(out->contents);
	}
	return rc;
}

static bool
accepts(const struct parts *p)
{
	struct entry en;
	bool ok = opens(p, &en) == 0;

	entry_free(&en);
	return ok;
}

static void
by_hand(void **state)
{
	struct parts p = {.len = 0};
	struct entry en;

	(void)state;
	put_member(&p, "entry.json", DOC);
	put_member(&p, "0001", "first");
	put_member(&p, "0002", "");
	put_end(&p);
	put_pad(&p);
	assert_int_equal(opens(&p, &en), 0);
	assert_string_equal(en.text, DOC);
	assert_int_equal(en.text_len, strlen(DOC));
	assert_int_equal(en.n, 2);
	assert_int_equal(en.contents[0].len, 5);
	assert_memory_equal(en.contents[0].data, "first", 5);
	assert_int_equal(en.contents[1].len, 0);
	assert_null(entry_str(en.doc, "batch"));
	assert_string_equal(entry_str(en.doc, "salt"), SALT);
	entry_free(&en);
}

/* Names of members in order, space between; "!" ends. */
static const struct {
	const char *members;
	bool ok;
} orders[] = {
    {"entry.json !", true},
    {"entry.json 0001 !", true},
    {"entry.json 0001 0002 0003 !", true},
    {"!", false},
    {"entry.json", false},
    {"0001 !", false},
    {"0001 entry.json !", false},
    {"entry.json entry.json !", false},
    {"entry.json 0002 !", false},
    {"entry.json 0002 0001 !", false},
    {"entry.json 0001 0001 !", false},
    {"entry.json 0001 0003 !", false},
    {"entry.json 0000 !", false},
    {"entry.json 1 !", false},
    {"entry.json 00001 !", false},
    {"entry.json 0001 entry.json !", false},
    {"Entry.json !", false},
    {"./entry.json !", false},
    {"entry.json 0001 ! !", false},
    {"entry.json ! 0001", false},
    {"entry.json ! 0001 !", false},
    {"entry.json ../0001 !", false},
};

static void
members_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(orders); i++) {
		struct parts p = {.len = 0};
		char list[100], *save = NULL;

		strcpy(list, orders[i].members);
		for (char *t = strtok_r(list, " ", &save); t != NULL;
		     t = strtok_r(NULL, " ", &save)) {
			if (t[0] == '!')
				put_end(&p);
			else
				put_member(&p, t, DOC);
		}
		put_pad(&p);
		if (accepts(&p) != orders[i].ok)
			fail_msg("%s", orders[i].members);
	}
}

/* Changes to the header of entry.json, its checksum mended. */
static const struct {
	size_t at, len;
	const char *bytes;
} headers[] = {
    {100, 7, "0000600"},      {108, 7, "0001750"}, {116, 7, "0001750"},
    {136, 11, "14560000000"}, {156, 1, "5"},	   {156, 1, "\0"},
    {257, 8, "ustar  \0"},    {265, 4, "user"},	   {345, 1, "p"},
    {500, 4, "note"},
};

static void
tar_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		struct parts p = {.len = 0};
		uint8_t m[2048];
		size_t n = member(m, "entry.json", DOC, strlen(DOC));
		unsigned sum = 0;

		memcpy(m + headers[i].at, headers[i].bytes, headers[i].len);
		memset(m + 148, ' ', 8);
		for (size_t k = 0; k < TARBALL_BLOCK; k++)
			sum += m[k];
		sprintf((char *)m + 148, "%06o", sum);
		put_frame(&p, m, n);
		put_end(&p);
		put_pad(&p);
		if (accepts(&p))
			fail_msg("accepted header %zu", i);
	}
}

/* The same tar file, cut into frames at other places. */
static void
frames(void **state)
{
	static const struct {
		size_t first; /* bytes in the first frame; 0: all */
	} cuts[] = {{0}, {1}, {511}, {512}, {513}, {1024}, {1535}, {1536}};
	uint8_t m[4096];
	size_t n = member(m, "entry.json", DOC, strlen(DOC));

	(void)state;
	assert_int_equal(n, 1024);
	memset(m + n, 0, TARBALL_END);
	n += TARBALL_END;
	for (size_t i = 0; i < COUNT(cuts); i++) {
		struct parts p = {.len = 0};
		size_t k = cuts[i].first;

		if (k > 0)
			put_frame(&p, m, k);
		put_frame(&p, m + k, n - k);
		put_pad(&p);
		assert_int_equal(accepts(&p), k == 1024);
	}
}

/* What stands behind the end blocks. */
static void
behind_the_end(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool ok;
	} tails[] = {
	    {"\x50\x2a\x4d\x18\0\0\0\0", 8, true},
	    {"\x50\x2a\x4d\x18\1\0\0\0\0", 9, true},
	    {"\x50\x2a\x4d\x18\1\0\0\0\1", 9, false},
	    {"\x51\x2a\x4d\x18\0\0\0\0", 8, false},
	    {"\x5f\x2a\x4d\x18\0\0\0\0", 8, false},
	    {"x", 1, false},
	    {"\0", 1, false},
	    {"\0\0\0\0\0\0\0\0", 8, false},
	    {"\x50\x2a\x4d\x18\2\0\0\0\0", 9, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tails); i++) {
		struct parts p = {.len = 0};

		put_member(&p, "entry.json", DOC);
		put_end(&p);
		memcpy(p.bytes + p.len, tails[i].bytes, tails[i].len);
		p.len += tails[i].len;
		put_pad(&p);
		if (accepts(&p) != tails[i].ok)
			fail_msg("tail %zu", i);
	}
}

/* Every byte of the padding is looked at. */
static void
padding(void **state)
{
	struct parts p = {.len = 0};
	size_t start;

	(void)state;
	put_member(&p, "entry.json", DOC);
	put_end(&p);
	start = p.len;
	put_pad(&p);
	assert_true(accepts(&p));
	for (size_t i = start; i < p.len; i += i < start + 16 ? 1 : 97) {
		p.bytes[i] ^= 1;
		if (accepts(&p))
			fail_msg("byte %zu of the padding", i - start);
		p.bytes[i] ^= 1;
	}
	p.bytes[p.len - 1] = 1;
	assert_false(accepts(&p));
	/* padding in front, and none at the end: both of the wrong form */
	zframe_pad(p.bytes, 64);
	p.len = 64;
	put_member(&p, "entry.json", DOC);
	put_end(&p);
	put_pad(&p);
	assert_false(accepts(&p));
}

static void
no_content_size(void **state)
{
	struct parts p = {.len = 0};
	ZSTD_CCtx *c = ZSTD_createCCtx();
	uint8_t m[2048];
	size_t n = member(m, "entry.json", DOC, strlen(DOC));

	(void)state;
	assert_non_null(c);
	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
	p.len = ZSTD_compress2(c, p.bytes, sizeof p.bytes, m, n);
	ZSTD_freeCCtx(c);
	put_end(&p);
	put_pad(&p);
	assert_false(accepts(&p));
}

/* Files of another length than FORMAT.md 5 allows. */
static void
length_classes(void **state)
{
	(void)state;
	for (size_t more = 8; more < 6000; more += 101) {
		struct parts p = {.len = 0};
		size_t size;

		put_member(&p, "entry.json", DOC);
		put_end(&p);
		zframe_pad(p.bytes + p.len, more);
		p.len += more;
		size = agefile_size(AGEKEY_X25519, 1, p.len);
		assert_int_equal(accepts(&p), padme_is_entry(size));
	}
}

static const char *const bad_json[] = {
    "{\"salt\":\"" SALT "\",\"batch\":1}",
    "{\"batch\": 1,\"salt\":\"" SALT "\"}",
    "{\"batch\":1,\"salt\":\"" SALT "\"}\n",
    "{\"batch\":1,\"batch\":1,\"salt\":\"" SALT "\"}",
    "{\"batch\":1.0,\"salt\":\"" SALT "\"}",
    "{\"batch\":null,\"salt\":\"" SALT "\"}",
    "{\"batch\":1}",
    "{\"batch\":1,\"salt\":\"00\"}",
    "{\"batch\":1,\"salt\":7}",
    "{\"salt\":\"" SALT "\"}",
    "{}",
    "[]",
    "",
};

static void
json_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_json); i++) {
		struct parts p = {.len = 0};

		put_member(&p, "entry.json", bad_json[i]);
		put_end(&p);
		put_pad(&p);
		if (accepts(&p))
			fail_msg("accepted %s", bad_json[i]);
	}
}

/* The fill after a member's content must be zeros. */
static void
fill(void **state)
{
	uint8_t m[2048];
	size_t n = member(m, "entry.json", DOC, strlen(DOC));

	(void)state;
	for (size_t i = TARBALL_BLOCK + strlen(DOC); i < n; i += 37) {
		struct parts p = {.len = 0};

		m[i] = 1;
		put_frame(&p, m, n);
		put_end(&p);
		put_pad(&p);
		assert_false(accepts(&p));
		m[i] = 0;
	}
}

/* No bit of an age file can be flipped; no other key opens it. */
static void
sealed(void **state)
{
	struct entry_content c = {(const uint8_t *)"content", 7};
	uint8_t secret[32], other[32];
	struct entry_file f;
	struct agekey_public pub;
	json_t *doc = json_loads(DOC, 0, NULL);
	struct entry en;
	struct err e = {0};

	(void)state;
	assert_int_equal(entry_seal(doc, &c, 1, secret, &f, &e), 0);
	assert_int_equal(f.len, PADME_ENTRY_MIN);
	assert_int_equal(entry_open(f.bytes, f.len, secret, &en, &e), 0);
	assert_memory_equal(en.fields, f.fields, 32);
	assert_int_equal(en.n, 1);
	assert_memory_equal(en.contents[0].data, "content", 7);
	entry_free(&en);
	for (size_t i = 0; i < f.len; i++) {
		struct err inner = {0};

		f.bytes[i] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(
		    entry_open(f.bytes, f.len, secret, &en, &inner), -1);
		f.bytes[i] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i < f.len; i += 13)
		assert_int_equal(entry_open(f.bytes, i, secret, &en, NULL), -1);
	agekey_generate(AGEKEY_X25519, other, &pub);
	assert_int_equal(entry_open(f.bytes, f.len, other, &en, NULL), -1);
	entry_file_free(&f);
	json_decref(doc);
}

static int
by_value(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* The fields root from FORMAT.md's text, for a document of two fields. */
static void
fields_root(void **state)
{
	uint8_t salt[32], key[32], t[64][32], in[65], got[32];
	json_t *doc =
	    json_loads("{\"a\":\"x\",\"b\":[{\"c\":2}],\"salt\":\"" SALT
		       "\",\"signature\":\"s\"}",
		       0, NULL);
	static const char *const fields[][2] = {{"a", "\"x\""}, {"b.1.c", "2"}};

	(void)state;
	for (size_t i = 0; i < 32; i++)
		salt[i] = (uint8_t)(0x11 * (i % 16));
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(fields[i][0]) + 1;

		hash_hmac(salt, 32, fields[i][0], n - 1, key);
		in[0] = 0;
		memcpy(in + 1, key, 32);
		memcpy(in + 33, fields[i][0], n);
		memcpy(in + 33 + n, fields[i][1], strlen(fields[i][1]));
		hash_sha256(in, 33 + n + strlen(fields[i][1]), t[i]);
	}
	hash_hmac(salt, 32, "", 0, key);
	for (size_t i = 2; i < 64; i++) {
		in[0] = 2;
		memcpy(in + 1, key, 32);
		memcpy(in + 33, "\0\0\0", 3);
		in[36] = (uint8_t)(i - 2);
		hash_sha256(in, 37, t[i]);
	}
	qsort(t, 64, 32, by_value);
	for (size_t width = 64; width > 1; width /= 2)
		for (size_t i = 0; i < width / 2; i++) {
			in[0] = 1;
			memcpy(in + 1, t[2 * i], 32);
			memcpy(in + 33, t[2 * i + 1], 32);
			hash_sha256(in, 65, t[i]);
		}
	assert_int_equal(entry_fields_root(doc, got), 0);
	assert_memory_equal(got, t[0], 32);
	json_decref(doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_hand),
	    cmocka_unit_test(members_in_order),
	    cmocka_unit_test(tar_headers),
	    cmocka_unit_test(frames),
	    cmocka_unit_test(behind_the_end),
	    cmocka_unit_test(padding),
	    cmocka_unit_test(no_content_size),
	    cmocka_unit_test(length_classes),
	    cmocka_unit_test(json_forms),
	    cmocka_unit_test(fill),
	    cmocka_unit_test(sealed),
	    cmocka_unit_test(fields_root),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
