/*
 * vault/desk/doctor.h: which updates a package's version has, and the verdict.
 */
#include "doctor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void
holes(void **state)
{
	static const struct {
		const char *package, *version, *first; /* NULL: none known */
	} cases[] = {
	    {"libarchive13", "3.6.2-1", "CVE-2025-5914"},
	    {"libarchive13", "3.6.2-1+deb12u2", "CVE-2025-5914"},
	    {"libarchive13", "3.6.2-1+deb12u3", "CVE-2025-5918"},
	    {"libarchive13", "3.6.2-1+deb12u4", "CVE-2026-14164"},
	    {"libarchive13", "3.6.2-1+deb12u5", NULL},
	    {"libarchive13", "3.6.2-1+deb12u12", NULL},
	    {"libarchive13", "3.6.2-10", NULL},
	    {"libarchive13", "3.7.4-4", NULL},
	    {"libarchive13", "", NULL},
	    {"libgit2-1.5", "1.5.1+ds-1", "CVE-2024-24575"},
	    {"libgit2-1.5", "1.5.1+ds-1+deb12u1", "CVE-2026-53584"},
	    {"libgit2-1.5", "1.5.1+ds-1+deb12u2", NULL},
	    {"libgit2-1.9", "1.9.0+ds-2", NULL},
	    {"zlib1g", "1:1.2.13", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *is =
		    doctor_holes(cases[i].package, cases[i].version);

		if (cases[i].first == NULL
			? is != NULL
			: is == NULL || strncmp(is, cases[i].first,
						strlen(cases[i].first)))
			fail_msg("%s %s: %s", cases[i].package,
				 cases[i].version, is != NULL ? is : "none");
	}
}

static json_t *
list_of(const char *a, const char *b)
{
	return json_pack("[{s:s},{s:s}]", "state", a, "state", b);
}

static void
verdict(void **state)
{
	static const struct {
		const char *a, *b;
		int status;
	} cases[] = {{"holds", "holds", 0},
		     {"holds", "unknown", 2},
		     {"unknown", "lacks", 1},
		     {"lacks", "unknown", 1},
		     {"lacks", "holds", 1}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *list = list_of(cases[i].a, cases[i].b);

		assert_int_equal(doctor_status(list), cases[i].status);
		json_decref(list);
	}
}

/* What is said of `check` in a look at this identity and this folder. */
static const char *
state_of(const json_t *list, const char *check)
{
	json_t *o;
	size_t i;

	json_array_foreach (list, i, o)
		if (strcmp(json_string_value(json_object_get(o, "check")),
			   check) == 0)
			return json_string_value(json_object_get(o, "state"));
	return "not said";
}

static void
files(void **state)
{
	char dir[] = "/tmp/muniment-doctor-XXXXXX", id[64];
	json_t *list;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(id, sizeof id, "%s/identity", dir);
	f = fopen(id, "w");
	assert_non_null(f);
	fclose(f);
	chmod(id, 0600);
	list = doctor_look(dir, id);
	assert_string_equal(state_of(list, "identity"), "holds");
	assert_string_equal(state_of(list, "vault"), "holds");
	assert_string_equal(state_of(list, "local"), "unknown");
	json_decref(list);
	chmod(id, 0640);
	chmod(dir, 0777);
	list = doctor_look(dir, id);
	assert_string_equal(state_of(list, "identity"), "lacks");
	assert_string_equal(state_of(list, "vault"), "lacks");
	assert_int_equal(doctor_status(list), 1);
	json_decref(list);
	unlink(id);
	rmdir(dir);
	list = doctor_look(NULL, NULL);
	assert_string_equal(state_of(list, "vault"), "not said");
	assert_string_equal(state_of(list, "identity"), "not said");
	json_decref(list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(holes),
	    cmocka_unit_test(verdict),
	    cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
