/* vault/history/caps.h, and that merge.h and packscan.h keep to them. */
#include "caps.h"

#include "packscan.h"
#include "scratch.h"

static struct scratch s;
static struct identity *ada;

static void
grows(void **state)
{
	struct index *x = scratch_open(&s, ada);
	struct vault none = {0};
	struct caps a, b;

	(void)state;
	strcpy(none.dir, "/nonexistent");
	caps_of(&none, false, &a);
	caps_of(x->v, false, &b);
	assert_true(a.bytes > 0 && b.bytes > a.bytes);
	assert_true(b.objects >= a.objects + 2 * 4 * x->v->logs[0].size);
	assert_int_equal(b.batches, a.batches + 2 * x->v->logs[0].size);
	caps_of(x->v, true, &b);
	assert_true(b.bytes == UINT64_MAX && b.batches == UINT64_MAX);
	scratch_close(x);
}

static void
errors(void **state)
{
	struct err e = {0}, other = {0};
	struct vault v = {0};

	(void)state;
	assert_int_equal(caps_exceeded("more history", &e), -1);
	assert_int_equal(e.code, ERR_UNKNOWN);
	assert_true(caps_are_exceeded(&e));
	err_set(&other, ERR_UNKNOWN, "something else");
	assert_false(caps_are_exceeded(&other));
	strcpy(v.dir, s.dir);
	err_clear(&other);
	assert_int_equal(caps_room(&v, 1, &other), 0);
	assert_int_equal(caps_room(&v, UINT64_MAX / 4, &other), -1);
	assert_int_equal(other.code, ERR_UNKNOWN);
}

static void
packs(void **state)
{
	/* three blobs of 0, 1 and 2 bytes, stored */
	static const uint8_t pack[] = "PACK\0\0\0\2\0\0\0\3"
				      "\x30\x78\x01\x01\0\0\xff\xff\0\0\0\1"
				      "\x31\x78\x01\x01\1\0\xfe\xff"
				      "a\0\x62\0\x62"
				      "\x32\x78\x01\x01\2\0\xfd\xff"
				      "ab\1\x26\0\xc4";
	static const struct {
		uint64_t bytes, objects;
		bool fits;
	} cases[] = {{3, 3, true}, {2, 3, false}, {3, 2, false}, {0, 3, false}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct packscan *p = packscan_new();
		struct err e = {0};
		int rc;

		assert_non_null(p);
		packscan_limit(p, cases[i].bytes, cases[i].objects);
		rc = packscan_put(p, pack, sizeof pack - 1, &e);
		if ((rc == 0) != cases[i].fits)
			fail_msg("%zu: %s", i, e.msg);
		if (rc != 0)
			assert_true(caps_are_exceeded(&e));
		packscan_free(p);
	}
}

static int
begin(void **state)
{
	(void)state;
	ada = scratch_person("Ada");
	scratch_vault(&s, ada);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	identity_free(ada);
	scratch_end(s.dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(grows),
	    cmocka_unit_test(errors),
	    cmocka_unit_test(packs),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("caps", tests, begin, end);
}
