/* vault/history/packform.h: what git's own tools say of our packs. */
#include "packform.h"

#include "hex.h"
#include "scratch.h"

static char dir[64];

static bool
has_git(void)
{
	return system("command -v git > /dev/null") == 0;
}

static void
is_oid(enum packform_type type, const char *text, const char *want)
{
	uint8_t oid[GITFORM_OID_LEN];
	char hex[41];

	packform_oid(type, text, strlen(text), oid);
	hex_encode(oid, sizeof oid, hex);
	assert_string_equal(hex, want);
}

static void
oids(void **state)
{
	(void)state;
	/* the empty blob and tree that git knows by heart */
	is_oid(PACKFORM_BLOB, "", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
	is_oid(PACKFORM_TREE, "", "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
	is_oid(PACKFORM_BLOB, "hello world\n",
	       "3b18e512dba79e4c8300dd08aeb37f8e728b8dad");
}

struct sum {
	uint8_t *bytes;
	size_t len, cap;
};

static int
collect(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct sum *s = ctx;

	(void)e;
	if (s->len + len > s->cap) {
		s->cap = (s->len + len) * 2;
		s->bytes = realloc(s->bytes, s->cap);
		assert_non_null(s->bytes);
	}
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
	return 0;
}

static int
fails(void *ctx, const void *bytes, size_t len, struct err *e)
{
	(void)bytes;
	(void)len;
	return --*(int *)ctx < 0 ? err_set(e, ERR_UNKNOWN, "full") : 0;
}

/* Around the ends of stored blocks and of the header's 4 and 7 bits. */
static const size_t sizes[] = {0,      1,      15,    16,    2047,
			       2048,   65534,  65535, 65536, 65537,
			       131070, 131071, 300000};

static void
fill(uint8_t *data, size_t len, size_t seed)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 31 + seed + (i >> 8));
}

static void
streams(void **state)
{
	struct sum s = {0};
	uint8_t *data = malloc(300000);
	struct err e = {0};
	struct packform_stream *p =
	    packform_stream_new(COUNT(sizes), collect, &s, &e);
	size_t want = PACKFORM_OVERHEAD;

	(void)state;
	assert_non_null(p);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		fill(data, sizes[i], i);
		assert_int_equal(
		    packform_stream_add(p, PACKFORM_BLOB, data, sizes[i], &e),
		    0);
		want += packform_size(sizes[i]);
	}
	assert_int_equal(packform_stream_finish(p, &e), 0);
	packform_stream_free(p);
	assert_int_equal(s.len, want);
	scratch_put(scratch_path(dir, "s.pack"), s.bytes, s.len);
	if (has_git())
		assert_int_equal(
		    scratch_run(dir, "git index-pack --strict s.pack"
				     " > /dev/null && git verify-pack s.pack"),
		    0);
	/* each write that fails is told */
	for (int n = 0; n < 5; n++) {
		int left = n;
		struct err inner = {0};

		p = packform_stream_new(1, fails, &left, &inner);
		if (p != NULL &&
		    packform_stream_add(p, PACKFORM_BLOB, "x", 1, &inner) == 0)
			(void)packform_stream_finish(p, &inner);
		assert_string_equal(inner.msg, "full");
		packform_stream_free(p);
	}
	free(s.bytes);
	free(data);
}

/* A commit over a tree of blobs of all sizes, in a pack with its index. */
static void
add_all(struct packform_file *f, char commit[41])
{
	struct gitform_name names[COUNT(sizes)];
	uint8_t *data = malloc(300000), *tree, oid[GITFORM_OID_LEN];
	struct err e = {0};
	char text[512], hex[41];
	size_t n = 0;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		memset(&names[i], 0, sizeof names[i]);
		sprintf(names[i].name, "file%02zu", i);
		fill(data, sizes[i], i);
		assert_int_equal(packform_file_add(f, PACKFORM_BLOB, data,
						   sizes[i], names[i].oid, &e),
				 0);
	}
	tree = gitform_tree_encode(names, COUNT(names), &n);
	assert_int_equal(packform_file_add(f, PACKFORM_TREE, tree, n, oid, &e),
			 0);
	hex_encode(oid, sizeof oid, hex);
	n = (size_t)sprintf(text,
			    "tree %s\nauthor a <a@b> 1000000001 +0000\n"
			    "committer a <a@b> 1000000001 +0000\n\nm\n",
			    hex);
	assert_int_equal(
	    packform_file_add(f, PACKFORM_COMMIT, text, n, oid, &e), 0);
	hex_encode(oid, sizeof oid, commit);
	free(tree);
	free(data);
}

static void
git_agrees(void **state)
{
	struct err e = {0};
	struct packform_file *f = packform_file_new(dir, &e);
	char name[48], commit[41], cmd[1024];

	(void)state;
	assert_non_null(f);
	add_all(f, commit);
	assert_int_equal(packform_file_finish(f, name, &e), 0);
	packform_file_free(f);
	assert_int_equal(strlen(name), 45);
	assert_true(hex_is(name + 5, 40));
	assert_false(fsutil_exists(scratch_path(dir, "new.pack")));
	if (!has_git())
		skip();
	/* the same index as git writes; and all objects sound */
	snprintf(cmd, sizeof cmd,
		 "git init -q --bare r && cp %s.* r/objects/pack/ &&"
		 " git index-pack --strict -o own.idx %s.pack > /dev/null &&"
		 " cmp own.idx %s.idx && git verify-pack %s.idx &&"
		 " git -C r update-ref refs/heads/x %s &&"
		 " git -C r fsck --strict --full --no-dangling 2> fsck &&"
		 " git -C r cat-file blob x:file12 > big &&"
		 " test $(wc -c < big) = 300000",
		 name, name, name, name, commit);
	assert_int_equal(scratch_run(dir, cmd), 0);
}

static void
empty(void **state)
{
	struct err e = {0};
	struct packform_file *f = packform_file_new(dir, &e);
	char name[48];
	size_t len;
	char *bytes;

	(void)state;
	assert_non_null(f);
	assert_int_equal(packform_file_finish(f, name, &e), 0);
	packform_file_free(f);
	/* git's well-known name of a pack of nothing */
	assert_string_equal(name,
			    "pack-029d08823bd8a8eab510ad6ac75c823cfd3ed31e");
	bytes = scratch_get(scratch_path(dir, "pack-029d08823bd8a8eab510ad6ac7"
					      "5c823cfd3ed31e.idx"),
			    &len);
	assert_int_equal(len, 8 + 1024 + 40);
	free(bytes);
}

static void
leaves_nothing(void **state)
{
	struct err e = {0};
	struct packform_file *f = packform_file_new(dir, &e);
	uint8_t oid[GITFORM_OID_LEN];

	(void)state;
	assert_non_null(f);
	assert_int_equal(packform_file_add(f, PACKFORM_BLOB, "x", 1, oid, &e),
			 0);
	assert_true(fsutil_exists(scratch_path(dir, "new.pack")));
	packform_file_free(f);
	assert_false(fsutil_exists(scratch_path(dir, "new.pack")));
	packform_file_free(NULL);
	assert_null(packform_file_new(scratch_path(dir, "no"), &e));
	assert_int_equal(e.code, ERR_UNKNOWN);
}

static int
begin(void **state)
{
	(void)state;
	scratch_begin(dir);
	return 0;
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
	    cmocka_unit_test(oids),	      cmocka_unit_test(streams),
	    cmocka_unit_test(git_agrees),     cmocka_unit_test(empty),
	    cmocka_unit_test(leaves_nothing),
	};

	return cmocka_run_group_tests_name("packform", tests, begin, end);
}
