/*
 * vault/history/packwork.h: packs of stock git's, with deltas, taken apart by
 * another process; what comes back has its names, and what is refused leaves
 * nothing.
 */
#include "grind.h"
#include "packwork.h"

#include "gitstore.h"
#include "hex.h"
#include "scratch.h"

static char dir[64];
static const struct packwork_limits usual = {
    .bytes = 64u << 20, .objects = 1000, .work = 1u << 30};

/* A history whose files and trees are alike, and its pack, twice. */
static int
begin(void **state)
{
	(void)state;
	scratch_begin(dir);
	return scratch_run(
	    dir,
	    "export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a"
	    " GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a;"
	    "git init -q r && cd r && for i in 1 2 3 4 5 6 7 8; do"
	    " seq 1 3000 >a; echo $i >>a; seq $i 2000 >b$i; git add . &&"
	    " git commit -qm $i; done &&"
	    "git rev-list --objects --all | cut -c-40 >../ids &&"
	    "git pack-objects --stdout --delta-base-offset <../ids 2>/dev/null"
	    " >../ofs && git pack-objects --stdout <../ids 2>/dev/null >../ref"
	    " && mkdir -p ../objects/pack && sort -u -o ../ids ../ids");
}

static int
end(void **state)
{
	(void)state;
	scratch_end(dir);
	return 0;
}

/* Feed a pack in pieces of `piece` bytes, up to `most` of it. */
static int
feed(const char *name, size_t piece, size_t most, size_t flip,
     const struct packwork_limits *limits, bool *whole, uint32_t *objects,
     struct err *e)
{
	struct packwork *p =
	    packwork_new(scratch_path(dir, "objects/pack"), limits, e);
	size_t len;
	char *pack = scratch_get(scratch_path(dir, name), &len);
	int rc = 0;

	assert_non_null(p);
	if (flip > 0)
		pack[len - flip] ^= 1;
	if (most < len)
		len = most;
	for (size_t at = 0; rc == 0 && at < len; at += piece)
		rc = packwork_put(p, pack + at,
				  len - at < piece ? len - at : piece, e);
	*whole = false;
	*objects = 0;
	if (rc == 0)
		rc = packwork_finish(p, whole, objects, e);
	packwork_free(p);
	free(pack);
	return rc;
}

/* Every object of the list is here, and git finds nothing wrong. */
static void
all_are_here(void)
{
	struct err e = {0};
	struct gitstore *s =
	    gitstore_open_objects(scratch_path(dir, "objects"), &e);
	size_t len, n = 0;
	char *ids = scratch_get(scratch_path(dir, "ids"), &len), *save = NULL;

	assert_non_null(s);
	for (char *l = strtok_r(ids, "\n", &save); l != NULL;
	     l = strtok_r(NULL, "\n", &save)) {
		struct gitstore_object o = {0};
		enum packform_type type;
		uint8_t oid[GITFORM_OID_LEN];

		assert_int_equal(hex_decode(l, sizeof oid, oid), 0);
		if (gitstore_read_any(s, oid, &type, &o, &e) != 0)
			fail_msg("%s: %s", l, e.msg);
		gitstore_object_free(&o);
		n++;
	}
	assert_true(n > 30);
	gitstore_close(s);
	free(ids);
	assert_int_equal(scratch_run(dir,
				     "for p in objects/pack/*.idx; do"
				     " git verify-pack $p || exit 1; done"),
			 0);
	assert_int_equal(scratch_run(dir, "rm -f objects/pack/*"), 0);
}

static void
packs_of_git(void **state)
{
	static const char *const names[] = {"ofs", "ref"};
	static const size_t pieces[] = {1u << 20, 4096, 7};

	(void)state;
	if (under_valgrind())
		skip();
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < 3; k++) {
			struct err e = {0};
			uint32_t objects;
			bool whole;

			if (feed(names[i], pieces[k], SIZE_MAX, 0, &usual,
				 &whole, &objects, &e) != 0)
				fail_msg("%s, pieces of %zu: %s", names[i],
					 pieces[k], e.msg);
			assert_true(whole && objects > 30);
			all_are_here();
		}
}

static void
nothing_left(void)
{
	assert_int_equal(scratch_run(dir, "test -z \"$(ls objects/pack)\""), 0);
}

static void
refuses(void **state)
{
	struct packwork_limits whole_only = usual, few = usual, small = usual;
	const struct {
		const char *what;
		size_t most, flip;
		const struct packwork_limits *limits;
		int code;
	} cases[] = {
	    {"deltas where there may be none", SIZE_MAX, 0, &whole_only,
	     ERR_EVIDENCE},
	    {"too many objects", SIZE_MAX, 0, &few, ERR_UNKNOWN},
	    {"too many bytes", SIZE_MAX, 0, &small, ERR_UNKNOWN},
	    {"its SHA-1 changed", SIZE_MAX, 1, &usual, ERR_EVIDENCE},
	    {"an object changed", SIZE_MAX, 60, &usual, ERR_EVIDENCE},
	    {"no pack", 11, 0, &usual, ERR_NONE},
	    {"cut off", 3000, 0, &usual, ERR_NONE},
	};

	(void)state;
	if (under_valgrind())
		skip();
	whole_only.work = 0;
	few.objects = 10;
	small.bytes = 20000;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = {0};
		uint32_t objects;
		bool whole;
		int rc = feed("ofs", 1000, cases[i].most, cases[i].flip,
			      cases[i].limits, &whole, &objects, &e);

		if (cases[i].code == ERR_NONE
			? rc != 0 || whole
			: rc == 0 || e.code != cases[i].code)
			fail_msg("%s: %d, %d, %s", cases[i].what, rc, e.code,
				 e.msg);
		nothing_left();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packs_of_git),
	    cmocka_unit_test(refuses),
	};

	packwork_prepare();
	return cmocka_run_group_tests(tests, begin, end);
}
