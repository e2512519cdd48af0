/* vault/history/packscan.h: deltas of git hosts, and packs that are none. */
#include "packscan.h"

#include "mutants.h"

#include <zlib.h>

/* A pack as it is put together. */
struct pack {
	uint8_t bytes[8192];
	size_t len;
};

static void
begin(struct pack *p, uint8_t objects)
{
	memcpy(p->bytes, "PACK\0\0\0\2\0\0\0", 11);
	p->bytes[11] = objects;
	p->len = 12;
}

static void
head(struct pack *p, unsigned type, size_t size)
{
	uint8_t byte = (uint8_t)(type << 4 | (size & 15));

	for (size >>= 4; size > 0; size >>= 7) {
		p->bytes[p->len++] = byte | 0x80;
		byte = size & 0x7f;
	}
	p->bytes[p->len++] = byte;
}

static void
data(struct pack *p, const void *bytes, size_t len)
{
	uLongf n = sizeof p->bytes - p->len;

	assert_int_equal(compress(p->bytes + p->len, &n, bytes, len), Z_OK);
	p->len += n;
}

/* A delta's two sizes and one copy instruction. */
static size_t
delta(uint8_t out[32], uint64_t base, uint64_t result)
{
	size_t n = 0;

	for (; base > 0x7f; base >>= 7)
		out[n++] = (uint8_t)(base & 0x7f) | 0x80;
	out[n++] = (uint8_t)base;
	for (; result > 0x7f; result >>= 7)
		out[n++] = (uint8_t)(result & 0x7f) | 0x80;
	out[n++] = (uint8_t)result;
	out[n++] = 0x90;
	out[n++] = 1;
	return n;
}

/* An OFS_DELTA against what lies `back` bytes (below 128) before. */
static void
ofs_delta(struct pack *p, size_t back, uint64_t base, uint64_t result)
{
	uint8_t d[32];
	size_t n = delta(d, base, result);

	head(p, 6, n);
	assert_true(back < 128);
	p->bytes[p->len++] = (uint8_t)back;
	data(p, d, n);
}

static void
end(struct pack *p)
{
	memset(p->bytes + p->len, 'S', 20);
	p->len += 20;
}

/* In pieces of this size. True if it is taken, whole. */
static bool
scan(const struct pack *p, bool deltas, uint64_t work, size_t piece,
     struct err *e)
{
	struct packscan *s = packscan_new();
	bool ok = true;

	memset(e, 0, sizeof *e);
	if (deltas)
		packscan_take_deltas(s, work);
	for (size_t at = 0; ok && at < p->len; at += piece)
		ok = packscan_put(s, p->bytes + at,
				  p->len - at < piece ? p->len - at : piece,
				  e) == 0;
	ok = ok && packscan_is_whole(s);
	packscan_free(s);
	return ok;
}

static void
good_pack(struct pack *p)
{
	size_t first, second;

	begin(p, 4);
	first = p->len;
	head(p, 3, 5);
	data(p, "hello", 5);
	second = p->len;
	ofs_delta(p, second - first, 5, 1);
	ofs_delta(p, p->len - second, 1, 1);
	head(p, 7, 4);
	memset(p->bytes + p->len, 7, 20);
	p->len += 20;
	data(p, "\5\1\220\1", 4);
	end(p);
}

static void
deltas_are_taken_where_allowed(void **state)
{
	struct pack p;
	struct err e;

	(void)state;
	good_pack(&p);
	for (size_t piece = 1; piece <= p.len; piece++)
		if (!scan(&p, true, 1000, piece, &e))
			fail_msg("%s", e.msg);
	assert_false(scan(&p, false, 0, p.len, &e));
	assert_int_equal(e.code, ERR_EVIDENCE);
}

static void
work_is_bounded(void **state)
{
	struct pack p;
	struct err e;

	(void)state;
	good_pack(&p);
	/* 1 * 2 + 1 * 3 + 1 * 51 */
	assert_true(scan(&p, true, 56, p.len, &e));
	assert_false(scan(&p, true, 55, p.len, &e));
	assert_non_null(strstr(e.msg, "unfold"));
}

static void
a_result_is_bounded(void **state)
{
	struct pack p;
	struct err e;

	(void)state;
	for (int large = 0; large < 2; large++) {
		size_t first;

		begin(&p, 2);
		first = p.len;
		head(&p, 3, 5);
		data(&p, "hello", 5);
		ofs_delta(&p, p.len - first, 5,
			  PACKSCAN_OBJECT_MAX + (uint64_t)large);
		end(&p);
		assert_int_equal(scan(&p, true, UINT64_MAX, p.len, &e), !large);
	}
	assert_non_null(strstr(e.msg, "larger than any"));
}

static void
bases_must_be_objects(void **state)
{
	struct pack p;
	struct err e;

	(void)state;
	for (size_t back = 0; back < 40; back++) {
		size_t first;
		bool is;

		begin(&p, 2);
		first = p.len;
		head(&p, 3, 5);
		data(&p, "hello", 5);
		is = back == p.len - first;
		ofs_delta(&p, back, 5, 1);
		end(&p);
		assert_int_equal(scan(&p, true, 1000, p.len, &e), is);
	}
}

static void
endless_numbers(void **state)
{
	struct pack p;
	struct err e;

	(void)state;
	begin(&p, 1);
	head(&p, 6, 4);
	memset(p.bytes + p.len, 0xff, 100);
	p.len += 100;
	assert_false(scan(&p, true, 1000, p.len, &e));
	begin(&p, 1);
	memset(p.bytes + p.len, 0xff, 100);
	p.len += 100;
	assert_false(scan(&p, true, 1000, p.len, &e));
	begin(&p, 1);
	head(&p, 7, 4);
	p.len += 20;
	data(&p, "\xff\xff\xff\xff", 4);
	end(&p);
	assert_false(scan(&p, true, 1000, p.len, &e));
}

static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	struct packscan *s = packscan_new();
	struct err e = {0};
	bool ok;

	(void)ctx;
	packscan_take_deltas(s, 1000);
	ok = packscan_put(s, bytes, len, &e) == 0 && packscan_is_whole(s);
	packscan_free(s);
	return ok;
}

/* Mutants read nothing that is not theirs; most are refused. */
static void
mutants(void **state)
{
	struct pack p;

	(void)state;
	good_pack(&p);
	/* the trailer, the base's id and copy instructions are not checked */
	assert_true(mutants_flip(accepts, NULL, p.bytes, p.len) < 500);
	assert_int_equal(mutants_delete(accepts, NULL, p.bytes, p.len), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(deltas_are_taken_where_allowed),
	    cmocka_unit_test(work_is_bounded),
	    cmocka_unit_test(a_result_is_bounded),
	    cmocka_unit_test(bases_must_be_objects),
	    cmocka_unit_test(endless_numbers),
	    cmocka_unit_test(mutants),
	};

	return cmocka_run_group_tests_name("packscan", tests, NULL, NULL);
}
