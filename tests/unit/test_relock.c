/*
 * vault/local/relock.h: local/ changes hands, and every interrupted state of
 * it.
 */
#include "relock.h"

#include "local.h"
#include "scratch.h"

static struct scratch s;
static struct identity *old, *next;

static const char *
at(const char *rel)
{
	return scratch_path(s.vault, rel);
}

/* A fresh vault with two locked files and one in clear. */
static struct vault *
fresh(void)
{
	struct err e = {0};
	struct vault *v;

	scratch_vault(&s, old);
	v = vault_open(s.vault, VAULT_WRITE, NULL, &e);
	assert_non_null(v);
	assert_int_equal(local_write(v, old, "local/more.age", "more", 4, &e),
			 0);
	scratch_put(at("local/clear"), "clear", 5);
	return v;
}

static void
done(struct vault *v)
{
	vault_close(v);
	scratch_end(s.dir);
}

/* Whose is it now, and does the content stand? */
static void
belongs(struct vault *v, const struct identity *yes, const struct identity *no)
{
	struct err e = {0};
	struct secret *got;
	char device[BATCH_DEVICE_LEN + 1];

	assert_true(relock_is_of(v, yes));
	assert_false(relock_is_of(v, no));
	got = local_read(v, yes, "local/more.age", &e);
	assert_non_null(got);
	assert_int_equal(got->len, 4);
	assert_memory_equal(got->bytes, "more", 4);
	secret_free(got);
	got = local_device(v, yes, false, device, &e);
	assert_non_null(got);
	secret_free(got);
	assert_null(local_read(v, no, "local/more.age", &e));
}

static void
changes_hands(void **state)
{
	struct vault *v = fresh();
	struct err e = {0};

	(void)state;
	belongs(v, old, next);
	assert_int_equal(relock(v, old, next, &e), 0);
	belongs(v, next, old);
	assert_false(fsutil_exists(at("local/rotate")));
	assert_false(fsutil_exists(at("local/rotate.new")));
	assert_true(fsutil_exists(at("local/clear")));
	/* there and back, and nothing to be done a second time */
	assert_int_equal(relock(v, next, old, &e), 0);
	belongs(v, old, next);
	assert_int_equal(relock_finish(v, &e), 0);
	done(v);
}

/* Somebody else's file is among them: nothing changes. */
static void
refused(void **state)
{
	struct vault *v = fresh();
	struct err e = {0};

	(void)state;
	assert_int_equal(local_write(v, next, "local/zzz.age", "z", 1, &e), 0);
	assert_int_equal(relock(v, old, next, &e), -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	assert_int_equal(unlink(at("local/zzz.age")), 0);
	belongs(v, old, next);
	assert_false(fsutil_exists(at("local/rotate.new")));
	done(v);
}

/* Stopped before it was decided: as if it had never been. */
static void
not_decided(void **state)
{
	struct vault *v = fresh();
	struct err e = {0};

	(void)state;
	assert_int_equal(scratch_run(s.vault, "mkdir local/rotate.new && cp "
					      "local/more.age "
					      "local/rotate.new/more.age"),
			 0);
	belongs(v, old, next);
	vault_close(v);
	v = vault_open(s.vault, VAULT_WRITE, NULL, &e);
	assert_non_null(v);
	assert_false(fsutil_exists(at("local/rotate.new")));
	belongs(v, old, next);
	done(v);
}

/* Decided, and stopped with `placed` of the three files in their places. */
static void
decided(size_t placed)
{
	static const char *const names[] = {"device.age", "more.age",
					    "trust.age"};
	struct vault *v = fresh();
	char command[200];
	struct err e = {0};

	assert_int_equal(scratch_run(s.vault, "cp -R local ../before"), 0);
	assert_int_equal(relock(v, old, next, &e), 0);
	vault_close(v);
	assert_int_equal(scratch_run(s.vault, "mkdir local/rotate"), 0);
	for (size_t i = placed; i < COUNT(names); i++) {
		snprintf(command, sizeof command,
			 "mv local/%s local/rotate && cp ../before/%s local",
			 names[i], names[i]);
		assert_int_equal(scratch_run(s.vault, command), 0);
	}
	/* who only reads sees the new state already */
	v = vault_open(s.vault, VAULT_READ, NULL, &e);
	assert_non_null(v);
	belongs(v, next, old);
	vault_close(v);
	assert_true(fsutil_exists(at("local/rotate")));
	v = vault_open(s.vault, VAULT_WRITE, NULL, &e);
	assert_non_null(v);
	assert_false(fsutil_exists(at("local/rotate")));
	belongs(v, next, old);
	done(v);
}

static void
interrupted(void **state)
{
	(void)state;
	for (size_t placed = 0; placed <= 3; placed++)
		decided(placed);
}

static int
begin(void **state)
{
	(void)state;
	old = scratch_person("Ada");
	next = scratch_person("Ada");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	identity_free(old);
	identity_free(next);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(changes_hands),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(not_decided),
	    cmocka_unit_test(interrupted),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("relock", tests, begin, end);
}
