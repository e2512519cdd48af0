/* vault/local/local.h: what one machine remembers, and who may write that. */
#include "local.h"

#include "absent.h"
#include "agefile.h"
#include "hex.h"
#include "scratch.h"
#include "trust.h"

static struct scratch s;
static struct identity *ada, *eve;

/* Lines of the report about the logs, after comparing with memory. */
static size_t
complaints(enum report_level level)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_READ, NULL, &e);
	size_t n;

	assert_non_null(v);
	assert_int_equal(trust_check(v, ada, &e), 0);
	n = v->report.count[level];
	vault_close(v);
	return n;
}

static void
write_case(const char *name)
{
	struct index *x = scratch_open(&s, ada);
	char id[INDEX_CASE_MAX];
	struct err e = {0};

	if (acts_case_new(x, name, id, &e) != 0)
		fail_msg("%s", e.msg);
	scratch_close(x);
}

static void
files(void **state)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_READ, NULL, &e);
	struct secret *got;
	char *file;
	size_t n;

	(void)state;
	assert_null(local_read(v, ada, "local/none.age", &e));
	assert_int_equal(e.code, ERR_NONE);
	assert_int_equal(local_write(v, ada, "local/x.age", "abc", 3, &e), 0);
	got = local_read(v, ada, "local/x.age", &e);
	assert_non_null(got);
	assert_int_equal(got->len, 3);
	assert_memory_equal(got->bytes, "abc", 3);
	secret_free(got);
	/* another person's file is none of hers */
	assert_null(local_read(v, eve, "local/x.age", &e));
	assert_int_equal(e.code, ERR_EVIDENCE);
	file = scratch_get(scratch_path(s.vault, "local/x.age"), &n);
	for (size_t i = 0; i < n; i++) {
		file[i] ^= 1;
		scratch_put(scratch_path(s.vault, "local/x.age"), file, n);
		err_clear(&e);
		assert_null(local_read(v, ada, "local/x.age", &e));
		assert_int_equal(e.code, ERR_EVIDENCE);
		file[i] ^= 1;
	}
	free(file);
	assert_int_equal(unlink(scratch_path(s.vault, "local/x.age")), 0);
	vault_close(v);
}

static void
devices(void **state)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_READ, NULL, &e);
	char a[BATCH_DEVICE_LEN + 1], b[BATCH_DEVICE_LEN + 1];
	struct secret *key = local_device(v, ada, false, a, &e);
	struct secret *again = local_device(v, ada, true, b, &e);

	(void)state;
	assert_non_null(key);
	assert_non_null(again);
	assert_string_equal(a, b);
	assert_memory_equal(key->bytes, again->bytes, 32);
	assert_non_null(vault_log(v, a));
	assert_null(local_device(v, eve, true, b, &e));
	assert_int_equal(e.code, ERR_EVIDENCE);
	secret_free(key);
	secret_free(again);
	/* of another vault */
	err_clear(&e);
	v->id[0] ^= 1;
	assert_null(local_device(v, ada, true, b, &e));
	assert_int_equal(e.code, ERR_EVIDENCE);
	vault_close(v);
}

/* The path of the one branch's file, and what is in it. */
static const char *
branch(char **text)
{
	static char path[FSUTIL_PATH];
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_READ, NULL, &e);
	size_t n;

	assert_non_null(v);
	assert_int_equal(v->n_logs, 1);
	snprintf(path, sizeof path, "%s/refs/heads/%s", s.vault,
		 v->logs[0].branch);
	vault_close(v);
	*text = scratch_get(path, &n);
	return path;
}

static void
rollback(void **state)
{
	char *before, *after;
	const char *path;

	(void)state;
	assert_int_equal(complaints(REPORT_HISTORY), 0);
	path = branch(&before);
	write_case("one");
	assert_int_equal(complaints(REPORT_HISTORY), 0);
	path = branch(&after);
	scratch_put(path, before, strlen(before));
	assert_int_equal(complaints(REPORT_HISTORY), 1);
	/* longer again is fine */
	scratch_put(path, after, strlen(after));
	assert_int_equal(complaints(REPORT_HISTORY), 0);
	free(before);
	free(after);
}

/* What is remembered in these words; how many complaints of a level. */
static size_t
with_trust(const char *text, enum report_level level)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_READ, NULL, &e);

	assert_int_equal(
	    local_write(v, ada, "local/trust.age", text, strlen(text), &e), 0);
	vault_close(v);
	return complaints(level);
}

static void
trust_forms(void **state)
{
	static const char *const bad[] = {
	    "", "muniment trust 2\n", "muniment trust 1",
	    "muniment trust 1\nd 0 00\n", "muniment trust 1\nx\n"};
	char name[BATCH_DEVICE_LEN + 1], root[65], first[65], text[512];
	static const char form[] = "muniment trust 1\nown %s\n%s %llu %s\n";
	unsigned long long n;
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_READ, NULL, &e);

	(void)state;
	strcpy(name, v->logs[0].device);
	n = v->logs[0].size;
	assert_true(n > 1);
	hex_encode(v->logs[0].steps[n - 1].root, 32, root);
	hex_encode(v->logs[0].steps[n - 2].root, 32, first);
	vault_close(v);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (with_trust(bad[i], REPORT_DAMAGE) == 0)
			fail_msg("accepted \"%s\"", bad[i]);
	snprintf(text, sizeof text, form, name, name, n, root);
	assert_int_equal(with_trust(text, REPORT_HISTORY), 0);
	assert_int_equal(complaints(REPORT_DAMAGE), 0);
	root[0] = root[0] == '0' ? '1' : '0';
	snprintf(text, sizeof text, form, name, name, n, root);
	assert_int_equal(with_trust(text, REPORT_HISTORY), 1);
	/* more than this machine has written */
	snprintf(text, sizeof text, form, name, name, n - 1, first);
	assert_int_equal(with_trust(text, REPORT_HISTORY), 1);
	/* a device that is gone */
	name[5] = name[5] == 'a' ? 'b' : 'a';
	snprintf(text, sizeof text, form, name, name, n, root);
	assert_int_equal(with_trust(text, REPORT_HISTORY), 1);
	/* no memory at all, though there was a device */
	assert_int_equal(unlink(scratch_path(s.vault, "local/trust.age")), 0);
	assert_int_equal(complaints(REPORT_DAMAGE), 1);
	v = vault_open(s.vault, VAULT_READ, NULL, &e);
	assert_int_equal(trust_save(v, ada, NULL, &e), 0);
	vault_close(v);
	assert_int_equal(complaints(REPORT_DAMAGE), 0);
}

static int
begin(void **state)
{
	(void)state;
	ada = scratch_person("Ada");
	eve = scratch_person("Eve");
	scratch_vault(&s, ada);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	identity_free(ada);
	identity_free(eve);
	scratch_end(s.dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files),
	    cmocka_unit_test(devices),
	    cmocka_unit_test(rollback),
	    cmocka_unit_test(trust_forms),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("local", tests, begin, end);
}
