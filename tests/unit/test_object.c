/*
 * vault/history/object.h: bulk as it lies in the vault, and what happens to it.
 */
#include "object.h"

#include "agefile.h"
#include "hex.h"
#include "padme.h"
#include "scratch.h"
#include "zframe.h"

#include <zstd.h>

static char dir[64];
static struct vault v; /* only its folder counts here */
static uint8_t secret[32];
static struct agekey_public to;

/* Move an object from local/tmp to its place; returns its path. */
static const char *
place(const uint8_t sha256[HASH_LEN])
{
	static char path[FSUTIL_PATH];
	char hex[65], tmp[FSUTIL_PATH];
	struct err e = {0};

	hex_encode(sha256, HASH_LEN, hex);
	snprintf(tmp, sizeof tmp, "%s/local/tmp/%s", dir, hex);
	assert_int_equal(vault_object_path(&v, sha256, path, &e), 0);
	*strrchr(path, '/') = '\0';
	assert_int_equal(fsutil_mkdirs(path, &e), 0);
	assert_int_equal(vault_object_path(&v, sha256, path, &e), 0);
	if (fsutil_exists(tmp))
		assert_int_equal(rename(tmp, path), 0);
	return path;
}

static enum err_code
reads(const uint8_t sha256[HASH_LEN], size_t len)
{
	struct err e = {0};
	uint8_t *out;

	if (object_read(&v, sha256, secret, len, &out, &e) == 0) {
		free(out);
		return ERR_NONE;
	}
	assert_null(out);
	return e.code;
}

/* Content that is stored (its first half does not shrink), or compressed. */
#define SEGMENT (16u << 20)

static void
round_trip(void **state)
{
	static const size_t sizes[] = {1,	    100,	 65536,
				       131072,	    131073,	 1000000,
				       SEGMENT / 2, SEGMENT - 1, SEGMENT};
	uint8_t *in = malloc(SEGMENT), *out, hash[32], digest[32];
	struct err e = {0};
	uint64_t size;
	size_t n;
	char *file;

	(void)state;
	assert_non_null(in);
	secret_random(in, SEGMENT / 2);
	memset(in + SEGMENT / 2, 'x', SEGMENT / 2);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		assert_int_equal(
		    object_write(&v, &to, in, sizes[i], hash, &size, &e), 0);
		file = scratch_get(place(hash), &n);
		hash_sha256(file, n, digest);
		free(file);
		assert_int_equal(n, size);
		assert_memory_equal(digest, hash, 32);
		assert_true(padme_is(size));
		assert_int_equal(object_check(&v, hash, size, &e), 0);
		assert_int_equal(
		    object_read(&v, hash, secret, sizes[i], &out, &e), 0);
		assert_memory_equal(in, out, sizes[i]);
		free(out);
		assert_int_equal(reads(hash, sizes[i] - 1), ERR_EVIDENCE);
		assert_int_equal(reads(hash, sizes[i] + 1), ERR_EVIDENCE);
	}
	assert_false(fsutil_exists(scratch_path(dir, "local/tmp/new-0")));
	free(in);
}

static void
every_byte_counts(void **state)
{
	uint8_t hash[32];
	uint64_t size;
	struct err e = {0};
	const char *path;
	char *file;
	size_t n;

	(void)state;
	assert_int_equal(object_write(&v, &to, "content", 7, hash, &size, &e),
			 0);
	path = place(hash);
	file = scratch_get(path, &n);
	for (size_t i = 0; i < n; i++) {
		struct err inner = {0};

		file[i] ^= (char)(1 << i % 7);
		scratch_put(path, file, n);
		assert_int_equal(reads(hash, 7), ERR_EVIDENCE);
		assert_int_equal(object_check(&v, hash, size, &inner), -1);
		assert_int_equal(inner.code, ERR_EVIDENCE);
		file[i] ^= (char)(1 << i % 7);
	}
	for (size_t i = 0; i <= n; i++) {
		struct err inner = {0};
		size_t len = i < n ? i : n + 1; /* and one byte more */

		file = realloc(file, n + 1);
		scratch_put(path, file, len);
		assert_int_equal(reads(hash, 7), ERR_EVIDENCE);
		assert_int_equal(object_check(&v, hash, size, &inner), -1);
	}
	scratch_put(path, file, n);
	assert_int_equal(reads(hash, 7), ERR_NONE);
	assert_int_equal(object_check(&v, hash, size + 1, &e), -1);
	free(file);
}

static void
other_things_there(void **state)
{
	uint8_t hash[32], hash2[32], other[32] = {1};
	char *file;
	size_t n;
	uint64_t size;
	struct err e = {0};
	const char *path;

	(void)state;
	assert_int_equal(reads(other, 7), ERR_EVIDENCE);
	assert_int_equal(object_write(&v, &to, "content", 7, hash, &size, &e),
			 0);
	/* another sound object, for the same key, under its name */
	assert_int_equal(object_write(&v, &to, "kontent", 7, hash2, &size, &e),
			 0);
	file = scratch_get(place(hash2), &n);
	path = place(hash);
	scratch_put(path, file, n);
	free(file);
	assert_int_equal(reads(hash, 7), ERR_EVIDENCE);
	assert_int_equal(rename(path, scratch_path(dir, "aside")), 0);
	assert_int_equal(symlink(scratch_path(dir, "aside"), path), 0);
	assert_int_not_equal(reads(hash, 7), ERR_NONE);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(fsutil_mkdirs(path, &e), 0);
	assert_int_equal(reads(hash, 7), ERR_EVIDENCE);
}

/* Lock these bytes, whatever they are, and read them as an object. */
static enum err_code
reads_bytes(const uint8_t *bytes, size_t n, size_t len)
{
	struct agefile_to t = {.keys = &to, .n = 1};
	uint8_t *file = NULL, hash[32];
	struct err e = {0};
	size_t m = 0;

	assert_int_equal(agefile_seal(&t, bytes, n, &file, &m, &e), 0);
	hash_sha256(file, m, hash);
	scratch_put(place(hash), file, m);
	free(file);
	return reads(hash, len);
}

static void
forms(void **state)
{
	uint8_t buf[4096];
	size_t n = zframe_encode("content", 7, buf, sizeof buf), two;
	ZSTD_CCtx *c = ZSTD_createCCtx();

	(void)state;
	assert_int_equal(reads_bytes(buf, n, 7), ERR_NONE);
	zframe_pad(buf + n, 100);
	assert_int_equal(reads_bytes(buf, n + 100, 7), ERR_NONE);
	buf[n + 60] = 1;
	assert_int_equal(reads_bytes(buf, n + 100, 7), ERR_EVIDENCE);
	zframe_pad(buf + n, 100);
	buf[n] = 0x51;
	assert_int_equal(reads_bytes(buf, n + 100, 7), ERR_EVIDENCE);
	assert_int_equal(reads_bytes(buf, n + 1, 7), ERR_EVIDENCE);
	assert_int_equal(reads_bytes(buf, n - 1, 7), ERR_EVIDENCE);
	assert_int_equal(reads_bytes(buf, 0, 7), ERR_EVIDENCE);
	/* two frames */
	two = n + zframe_encode("content", 7, buf + n, sizeof buf - n);
	assert_int_equal(reads_bytes(buf, two, 14), ERR_EVIDENCE);
	assert_int_equal(reads_bytes(buf, two, 7), ERR_EVIDENCE);
	/* no content size */
	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
	n = ZSTD_compress2(c, buf, sizeof buf, "content", 7);
	assert_int_equal(reads_bytes(buf, n, 7), ERR_EVIDENCE);
	ZSTD_freeCCtx(c);
}

static void
other_key(void **state)
{
	struct agekey_public other;
	uint8_t key[32], hash[32];
	uint64_t size;
	struct err e = {0};

	(void)state;
	agekey_generate(AGEKEY_X25519, key, &other);
	assert_int_equal(
	    object_write(&v, &other, "content", 7, hash, &size, &e), 0);
	place(hash);
	assert_int_not_equal(reads(hash, 7), ERR_NONE);
	assert_int_equal(object_check(&v, hash, size, &e), 0);
}

static int
begin(void **state)
{
	struct err e = {0};

	(void)state;
	scratch_begin(dir);
	strcpy(v.dir, dir);
	return fsutil_mkdirs(scratch_path(dir, "local/tmp"), &e);
}

static int
end(void **state)
{
	(void)state;
	scratch_end(dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(every_byte_counts),
	    cmocka_unit_test(other_things_there),
	    cmocka_unit_test(forms),
	    cmocka_unit_test(other_key),
	};

	if (secret_init() != 0)
		return 1;
	agekey_generate(AGEKEY_X25519, secret, &to);
	return cmocka_run_group_tests_name("object", tests, begin, end);
}
