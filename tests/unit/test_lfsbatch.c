/* vault/host/lfsbatch.h: where a host's Git LFS may lead us, and where not. */
#include "lfsbatch.h"

#include "mutants.h"

static int
decode(const char *text, struct lfsbatch *b, struct lfsbatch_action *a,
       struct err *e)
{
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	int rc;

	memset(e, 0, sizeof *e);
	rc = lfsbatch_action_decode(b, json, a, e);
	json_decref(json);
	return rc;
}

static void
actions(void **state)
{
	struct lfsbatch *b = calloc(1, sizeof *b);
	struct lfsbatch_action a;
	struct err e;

	(void)state;
	if (decode("{\"href\":\"https://a.org/x?y=z\",\"header\":"
		   "{\"Authorization\":\"Token x\",\"Host\":\"b.org\","
		   "\"Content-Length\":\"7\",\"X-A\":\"b\"},"
		   "\"expires_in\":60}",
		   b, &a, &e) != 0)
		fail_msg("%s", e.msg);
	assert_string_equal(a.href, "https://a.org/x?y=z");
	assert_int_equal(a.n_headers, 2);
	assert_true(a.authorised);
	assert_true(a.until > time(NULL) + 50 && a.until < time(NULL) + 70);
	assert_int_equal(decode("{\"href\":\"https://a.org/x\","
				"\"expires_at\":\"2001-09-09T01:46:40Z\"}",
				b, &a, &e),
			 0);
	assert_int_equal(a.until, 1000000000);
	assert_int_equal(
	    decode("{\"href\":\"http://127.0.0.1:1/x\"}", b, &a, &e), 0);
	assert_int_equal(a.until, 0);
	assert_int_equal(a.n_headers, 0);
	assert_false(a.authorised);
	lfsbatch_clear(b);
	free(b);
}

static void
no_actions(void **state)
{
	static const char *const bad[] = {
	    "{}",
	    "[]",
	    "null",
	    "{\"href\":7}",
	    "{\"href\":\"\"}",
	    "{\"href\":\"/x\"}",
	    "{\"href\":\"http://a.org/x\"}",
	    "{\"href\":\"file:///etc/passwd\"}",
	    "{\"href\":\"https://a.org/\\r\\nX: y\"}",
	    "{\"href\":\"https://a.org/x\",\"header\":[]}",
	    "{\"href\":\"https://a.org/x\",\"header\":{\"A\":7}}",
	    "{\"href\":\"https://a.org/x\",\"header\":{\"A\":\"a\\r\\nB: c\"}}",
	    "{\"href\":\"https://a.org/x\",\"header\":{\"A\\r\\nB\":\"c\"}}",
	    "{\"href\":\"https://a.org/x\",\"header\":{\"A: B\":\"c\"}}",
	    "{\"href\":\"https://a.org/x\",\"header\":{\"\":\"c\"}}",
	};
	struct lfsbatch *b = calloc(1, sizeof *b);
	struct lfsbatch_action a;
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (decode(bad[i], b, &a, &e) == 0)
			fail_msg("%s: taken", bad[i]);
		assert_int_equal(e.code, ERR_UNKNOWN);
	}
	lfsbatch_clear(b);
	free(b);
}

/* More headers than there is room for; a value that is too long. */
static void
too_much(void **state)
{
	struct lfsbatch *b = calloc(1, sizeof *b);
	json_t *json = json_object(), *headers = json_object();
	struct lfsbatch_action a;
	struct err e = {0};
	char name[20], *value = malloc(20001);

	(void)state;
	json_object_set_new(json, "href", json_string("https://a.org/x"));
	json_object_set_new(json, "header", headers);
	for (int i = 0; i < LFSBATCH_HEADERS; i++) {
		snprintf(name, sizeof name, "X-%d", i);
		json_object_set_new(headers, name, json_string("x"));
	}
	assert_int_equal(lfsbatch_action_decode(b, json, &a, &e), 0);
	json_object_set_new(headers, "X-Y", json_string("x"));
	assert_int_equal(lfsbatch_action_decode(b, json, &a, &e), -1);
	json_object_clear(headers);
	memset(value, 'x', 20000);
	value[20000] = '\0';
	json_object_set_new(headers, "X-Y", json_string(value));
	memset(&e, 0, sizeof e);
	assert_int_equal(lfsbatch_action_decode(b, json, &a, &e), -1);
	json_decref(json);
	free(value);
	lfsbatch_clear(b);
	free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(actions),
					   cmocka_unit_test(no_actions),
					   cmocka_unit_test(too_much)};

	return cmocka_run_group_tests_name("lfsbatch", tests, NULL, NULL);
}
