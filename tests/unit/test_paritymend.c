/*
 * vault/repair/paritymend.h, parityfile.h: up to the limit all, past it
 * nothing.
 */
#include "parityfile.h"

#include "scratch.h"

#define LEN 300000 /* bytes: 74 blocks of 4096, one group of 74 + 15 */

static char dir[64];
static uint8_t *file, *parity;
static size_t parity_len;
static uint64_t state = 0x9e3779b97f4a7c15u;

static size_t
chance(size_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % below);
}

static const char *
f(const char *rel)
{
	return scratch_path(dir, rel);
}

/* A file, and its parity, of so many percent. */
static void
begin(size_t len, unsigned percent)
{
	struct err e = {0};

	scratch_begin(dir);
	file = malloc(len);
	assert_non_null(file);
	for (size_t i = 0; i < len; i++)
		file[i] = (uint8_t)chance(256);
	scratch_put(f("f"), file, len);
	assert_int_equal(parityfile_make(f("f"), percent, NULL, NULL, &e), 0);
	parity = (uint8_t *)scratch_get(f("f-parity"), &parity_len);
}

static void
end(void)
{
	free(file);
	free(parity);
	scratch_end(dir);
}

static void
layout(struct parityform *form)
{
	const char *const list[] = {f("f-parity")};

	assert_true(paritymend_find(list, 1, form, &(struct err){0}));
}

/*
 * Put the two as they are in memory, and look. With `out`, restore there: what
 * comes is the file, or nothing. How many blocks are lost.
 */
static uint32_t
look(const uint8_t *bytes, size_t len, const uint8_t *par, const char *out,
     struct paritymend_state *s)
{
	struct err e = {0};
	struct parityfile *p;
	size_t got;
	char *back;
	int rc;

	scratch_put(f("f"), bytes, len);
	scratch_put(f("f-parity"), par, parity_len);
	memset(s, 0, sizeof *s);
	p = parityfile_open(f("f"), NULL, NULL, &e);
	if (p == NULL)
		return UINT32_MAX;
	*s = *parityfile_state(p);
	if (out != NULL) {
		rc = parityfile_restore(p, f(out), NULL, NULL, &e);
		assert_int_equal(rc == 0, s->lost_blocks == 0);
		if (rc == 0 && !s->whole) {
			back = scratch_get(f(out), &got);
			assert_int_equal(got, len);
			assert_memory_equal(back, file, got);
			free(back);
			assert_int_equal(unlink(f(out)), 0);
		}
		if (rc == 0 && (!s->whole || s->bad_records > 0)) {
			char name[FSUTIL_PATH];

			assert_int_equal(parityfile_name(f(out), name, &e), 0);
			back = scratch_get(name, &got);
			assert_int_equal(got, parity_len);
			assert_memory_equal(back, parity, got);
			free(back);
			assert_int_equal(unlink(name), 0);
		}
		assert_false(fsutil_exists(f(out)));
	}
	parityfile_close(p);
	return s->lost_blocks;
}

/* Any one record has the layout, whatever has become of the others. */
static void
any_record(void **st)
{
	struct parityform form, found;
	uint8_t *bad;

	(void)st;
	begin(LEN, 20);
	layout(&form);
	assert_int_equal(form.records * form.record_len, parity_len);
	bad = malloc(parity_len);
	for (uint32_t r = 0; r < form.records; r++) {
		for (size_t i = 0; i < parity_len; i++)
			bad[i] = (uint8_t)chance(256);
		/* the beginnings, too: what claims to be a record */
		for (uint32_t k = 0; k < form.records; k++)
			memcpy(bad + k * form.record_len,
			       parity + k * form.record_len, PARITYFORM_HEAD);
		memcpy(bad + r * form.record_len, parity + r * form.record_len,
		       form.record_len);
		scratch_put(f("f-parity"), bad, parity_len);
		layout(&found);
		assert_memory_equal(&found, &form, sizeof form);
	}
	memset(bad, 0, parity_len);
	scratch_put(f("f-parity"), bad, parity_len);
	assert_false(paritymend_find((const char *const[]){f("f-parity")}, 1,
				     &found, &(struct err){0}));
	free(bad);
	end();
}

/* Of three copies of each checksum one is enough: any 60 % may be lost. */
static void
copies(void **st)
{
	struct paritymend_state s;
	struct parityform form;
	uint8_t *bad, *hurt;

	(void)st;
	begin(LEN * 4, 20);
	layout(&form);
	bad = malloc(parity_len);
	hurt = malloc(LEN * 4);
	memcpy(hurt, file, LEN * 4);
	hurt[5000] ^= 1;
	for (uint32_t from = 0; from < form.records; from++) {
		memcpy(bad, parity, parity_len);
		for (uint32_t i = 0; i < form.records * 6 / 10; i++)
			bad[(from + i) % form.records * form.record_len + 40] ^=
			    8;
		assert_int_equal(look(hurt, LEN * 4, bad, NULL, &s), 0);
		assert_int_equal(s.bad_blocks, 1);
		assert_int_equal(s.bad_records, form.records * 6 / 10);
	}
	/* a whole file is whole, whatever is known of its blocks */
	for (uint32_t i = 1; i < form.records; i++)
		bad[i * form.record_len + 40] =
		    (uint8_t)~parity[i * form.record_len + 40];
	memcpy(bad, parity, form.record_len);
	assert_int_equal(look(file, LEN * 4, bad, "out", &s), 0);
	assert_true(s.whole);
	free(hurt);
	free(bad);
	end();
}

/* Lose n blocks of one group, and the last r of its records. */
static void
hurt_group(const struct parityform *form, uint8_t *bytes, uint8_t *par,
	   uint32_t group, uint32_t n, uint32_t r)
{
	bool gone[PARITYFORM_CODE_MAX] = {false};

	while (n > 0) {
		uint32_t p = (uint32_t)chance(form->k);
		uint32_t b = p * form->groups + group;

		if (gone[p] || b >= form->blocks)
			continue;
		gone[p] = true;
		n--;
		bytes[(size_t)b * form->block] ^= 1;
	}
	for (uint32_t j = form->m - r; j < form->m; j++)
		par[(size_t)(j * form->groups + group + 1) * form->record_len -
		    1] ^= 1;
}

/* The limit is m of a group, in both files together: not less, not more. */
static void
limit(void **st)
{
	struct paritymend_state s;
	struct parityform form;
	uint8_t *bad, *hurt;

	(void)st;
	begin(LEN * 6, 20);
	layout(&form);
	assert_true(form.groups > 2);
	bad = malloc(parity_len);
	hurt = malloc(LEN * 6);
	for (uint32_t r = 0; r <= form.m * 6 / 10; r += form.m / 5) {
		memcpy(hurt, file, LEN * 6);
		memcpy(bad, parity, parity_len);
		for (uint32_t g = 0; g < form.groups; g++)
			hurt_group(&form, hurt, bad, g, form.m - r, r);
		assert_int_equal(look(hurt, LEN * 6, bad, "out", &s), 0);
		assert_int_equal(s.bad_blocks, form.groups * (form.m - r));
		assert_int_equal(s.bad_records, form.groups * r);

		memcpy(hurt, file, LEN * 6);
		memcpy(bad, parity, parity_len);
		hurt_group(&form, hurt, bad, 1, form.m - r + 1, r);
		assert_int_equal(look(hurt, LEN * 6, bad, "out", &s),
				 form.m - r + 1);
		assert_true(s.n_lost > 0 && s.lost[0].to > s.lost[0].from);
		assert_int_equal(s.lost[0].from / form.block % form.groups, 1);
	}
	free(hurt);
	free(bad);
	end();
}

/* Anything at all done to both: the file comes, or nothing. */
static void
anything(void **st)
{
	struct paritymend_state s;
	size_t restored = 0, refused = 0;
	uint8_t *bad, *hurt;

	(void)st;
	begin(LEN, 20);
	bad = malloc(parity_len);
	hurt = malloc(LEN);
	for (size_t i = 0; i < 400; i++) {
		size_t n = chance(40);

		memcpy(hurt, file, LEN);
		memcpy(bad, parity, parity_len);
		if (i % 5 == 0)
			memcpy(bad, parity + chance(5000), parity_len - 5000);
		for (size_t k = 0; k < n; k++)
			hurt[chance(LEN)] ^= (uint8_t)(1 << chance(8));
		for (size_t k = 0; k < n / 4; k++)
			bad[chance(parity_len)] ^= (uint8_t)(1 << chance(8));
		if (look(hurt, LEN, bad, "out", &s) == 0)
			restored++;
		else
			refused++;
	}
	assert_true(restored > 100 && refused > 50);
	free(hurt);
	free(bad);
	end();
}

/*
 * Parity by a liar: right checksums of records, wrong blocks in them. Nothing
 * comes of it.
 */
static void
liar(void **st)
{
	struct paritymend_state s;
	struct parityform form;
	struct err e = {0};
	struct parityfile *p;
	uint8_t *bad;

	(void)st;
	begin(LEN, 20);
	layout(&form);
	bad = malloc(parity_len);
	memcpy(bad, parity, parity_len);
	for (uint32_t r = 0; r < form.records; r++) {
		uint8_t *at = bad + (size_t)r * form.record_len;

		at[form.record_len - 1] ^= 1;
		paritymake_record_sum(at, form.record_len,
				      at + PARITYFORM_CHECK);
	}
	scratch_put(f("f-parity"), bad, parity_len);
	file[0] ^= 1;
	scratch_put(f("f"), file, LEN);
	p = parityfile_open(f("f"), NULL, NULL, &e);
	assert_non_null(p);
	s = *parityfile_state(p);
	assert_int_equal(s.bad_blocks, 1);
	assert_int_equal(s.lost_blocks, 0);
	assert_int_equal(parityfile_restore(p, f("out"), NULL, NULL, &e), -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	assert_false(fsutil_exists(f("out")));
	parityfile_close(p);
	free(bad);
	end();
}

static void
names(void **st)
{
	char base[FSUTIL_PATH];

	(void)st;
	begin(5000, 50);
	assert_true(parityfile_is_one("f-parity"));
	assert_true(parityfile_is_one("a/f-parity.017"));
	assert_false(parityfile_is_one("f"));
	assert_false(parityfile_is_one("-parity"));
	assert_false(parityfile_is_one("f.001"));
	assert_true(parityfile_is_there(f("f"), base));
	assert_string_equal(base, f("f"));
	assert_true(parityfile_is_there(f("f.001"), base));
	assert_string_equal(base, f("f"));
	assert_true(parityfile_is_there(f("f-parity"), base));
	assert_string_equal(base, f("f"));
	assert_false(parityfile_is_there(f("g"), base));
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_record), cmocka_unit_test(copies),
	    cmocka_unit_test(limit),	  cmocka_unit_test(anything),
	    cmocka_unit_test(liar),	  cmocka_unit_test(names)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
