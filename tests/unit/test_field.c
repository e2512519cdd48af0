/*
 * vault/work/field.h and vault/work/collector.h: from kit to accepted items, in
 * memory.
 */
#include "field.h"

#include "carry.h"
#include "collector.h"
#include "desk_inside.h"
#include "scratch.h"
#include "packwork.h"

static struct scratch s;
static struct identity *office;
static char kit[FSUTIL_PATH];

/* The office at its desk. */
static void
sit(struct desk *d)
{
	d->x = scratch_open(&s, office);
	d->id = office;
	d->v = d->x->v;
}

static int
set_up(void **state)
{
	char id[INDEX_CASE_MAX];
	struct err e = {0};
	struct desk d;
	json_t *o;

	(void)state;
	office = scratch_person("Office");
	scratch_vault(&s, office);
	sit(&d);
	assert_int_equal(acts_case_new(d.x, "C", id, &e), 0);
	scratch_close(d.x);
	sit(&d);
	snprintf(kit, sizeof kit, "%s/kit", s.dir);
	o = collector_kit(&d, "C", "Nina", kit, &e);
	if (o == NULL)
		fail_msg("%s", e.msg);
	json_decref(o);
	scratch_close(d.x);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	scratch_end(s.dir);
	identity_free(office);
	return 0;
}

static json_t *
machine(const char *name, const struct secret *pass)
{
	struct err e = {0};
	json_t *o =
	    field_new(scratch_path(s.dir, name), kit, pass, SCRATCH_WORK, &e);

	if (o == NULL)
		fail_msg("%s", e.msg);
	return o;
}

static void
count(void *ctx, enum desk_what what, const char *path, const char *item,
      const char *why)
{
	(void)path;
	(void)item;
	(void)why;
	((size_t *)ctx)[what]++;
}

/* Take in one file. */
static int
take(const char *name, const struct secret *pass, const char *path,
     struct err *e)
{
	struct mediatype *m = mediatype_start(1, e);
	struct desk_fields none = {0};
	struct desk_sum sum = {0, 0};
	size_t counts[4] = {0};
	struct field *f = field_open(scratch_path(s.dir, name), pass, NULL, e);
	int rc = -1;

	assert_non_null(m);
	if (f != NULL)
		rc = field_add(f, m, &path, 1, &none, count, counts, &sum, e);
	field_close(f);
	mediatype_stop(m);
	return rc == 0 && counts[DESK_ADDED] == 1 ? 0 : -1;
}

static long long
number(json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static void
whole_way(void **state)
{
	struct carry_from from = {0};
	struct secret *pass = secret_copy("field", 5);
	const char *files[1];
	struct carry_result got = {0};
	struct err e = {0};
	struct field *f;
	struct desk d;
	char small[FSUTIL_PATH], large[FSUTIL_PATH], *bytes;
	json_t *o, *made;

	(void)state;
	snprintf(small, sizeof small, "%s/small.txt", s.dir);
	snprintf(large, sizeof large, "%s/large.bin", s.dir);
	scratch_put(small, "small", 5);
	bytes = calloc(1, 300000);
	secret_random(bytes, 300000);
	scratch_put(large, bytes, 300000);
	free(bytes);
	made = machine("one", pass);
	if (take("one", pass, small, &e) != 0 ||
	    take("one", pass, large, &e) != 0)
		fail_msg("%s", e.msg);
	o = field_status(scratch_path(s.dir, "one"), &e);
	assert_int_equal(number(o, "items"), 2);
	assert_int_equal(number(o, "objects"), 1);
	json_decref(o);
	f = field_open(scratch_path(s.dir, "one"), pass, NULL, &e);
	assert_non_null(f);
	files[0] = scratch_path(s.dir, "carry");
	o = field_carry(f, files[0], 0, 20, &e);
	assert_non_null(o);
	json_decref(o);
	field_close(f);
	from.files = files;
	from.n = 1;
	if (carry_receive(s.vault, office, &from, NULL, &got, &e) != 0)
		fail_msg("%s", e.msg);
	sit(&d);
	assert_int_equal(d.x->n_items, 0);
	o = collector_confirm(
	    &d, json_string_value(json_object_get(made, "device")), &e);
	if (o == NULL)
		fail_msg("%s", e.msg);
	json_decref(o);
	scratch_close(d.x);
	sit(&d);
	assert_int_equal(d.x->n_items, 2);
	o = collector_list(&d, &e);
	assert_int_equal(json_array_size(o), 1);
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(o, 0), "label")),
	    "Nina");
	json_decref(o);
	scratch_close(d.x);
	json_decref(made);
	secret_free(pass);
}

/* No byte of what lies in local/ can change. */
static void
changed_file(void **state)
{
	char path[FSUTIL_PATH], *file;
	struct err e = {0};
	size_t len = 0;

	(void)state;
	json_decref(machine("two", NULL));
	assert_false(field_is_locked(scratch_path(s.dir, "two")));
	snprintf(path, sizeof path, "%s/two/local/collector", s.dir);
	file = scratch_get(path, &len);
	assert_true(len > 4000);
	for (size_t i = 0; i < len; i += 23) {
		struct field *f;
		char was = file[i];

		file[i] ^= 1;
		scratch_put(path, file, len);
		file[i] = was;
		f = field_open(scratch_path(s.dir, "two"), NULL, NULL, &e);
		if (f != NULL)
			fail_msg("byte %zu", i);
		assert_int_equal(e.code, ERR_EVIDENCE);
		err_clear(&e);
	}
	for (size_t i = 0; i < len; i += 301) {
		scratch_put(path, file, i);
		assert_null(
		    field_open(scratch_path(s.dir, "two"), NULL, NULL, &e));
		err_clear(&e);
	}
	free(file);
}

static void
refuses(void **state)
{
	struct secret *pass = secret_copy("a", 1), *wrong = secret_copy("b", 1);
	struct err e = {0};

	(void)state;
	json_decref(machine("three", pass));
	assert_true(field_is_locked(scratch_path(s.dir, "three")));
	assert_null(field_open(scratch_path(s.dir, "three"), wrong, NULL, &e));
	assert_int_equal(e.code, ERR_UNKNOWN);
	err_clear(&e);
	assert_null(field_open(scratch_path(s.dir, "three"), NULL, NULL, &e));
	err_clear(&e);
	/* over something that is there, and of no kit */
	assert_null(field_new(scratch_path(s.dir, "three"), kit, pass,
			      SCRATCH_WORK, &e));
	err_clear(&e);
	scratch_put(scratch_path(s.dir, "junk"), "junk", 4);
	assert_null(field_new(scratch_path(s.dir, "four"),
			      scratch_path(s.dir, "junk"), pass, SCRATCH_WORK,
			      &e));
	assert_int_equal(e.code, ERR_EVIDENCE);
	assert_false(fsutil_exists(scratch_path(s.dir, "four")));
	err_clear(&e);
	/* an ordinary vault is no collector's folder */
	assert_null(field_open(s.vault, pass, NULL, &e));
	err_clear(&e);
	assert_null(field_status(s.vault, &e));
	secret_free(pass);
	secret_free(wrong);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_way),
	    cmocka_unit_test(changed_file),
	    cmocka_unit_test(refuses),
	};

	packwork_prepare();
	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("field", tests, set_up, tear_down);
}
