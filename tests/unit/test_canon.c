/* format/canon.h: canonical JSON, its limits, and the fields of an entry. */
#include "canon.h"

#include "mutants.h"

static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	char *again = NULL;
	json_t *v;
	size_t n = 0;

	(void)ctx;
	if (canon_decode((const char *)bytes, len, &v) != FORMAT_OK) {
		assert_null(v);
		return false;
	}
	assert_int_equal(canon_encode(v, &again, &n), FORMAT_OK);
	assert_int_equal(n, len);
	assert_memory_equal(again, bytes, len);
	free(again);
	json_decref(v);
	return true;
}

static const char *const good[] = {
    "{}",
    "{\"\x61\":1}",
    "{\"a\":9007199254740991,\"b\":0,\"c\":true,\"d\":false}",
    "{\"a\":[],\"a1\":{},\"a_\":\"\",\"aa\":[{},{}],\"ab\":[\"x\",\"\"]}",
    "{\"a\":\"\\n\\t\\\"\\\\/'\"}",
    "{\"a\":\"\xd0\x98\xd0\xbb \xe2\x80\xa8 \xf0\x9f\x98\x80 \xef\xbf\xbf\"}",
    "{\"0a\":2,\"_\":1}",
    "{\"a\":\"\xc2\xa0\"}",
};

static const char *const bad[] = {
    "",
    "1",
    "[]",
    "\"a\"",
    "null",
    "true",
    "{",
    "{}}",
    "{} ",
    " {}",
    "{}\n",
    "\xef\xbb\xbf{}",
    "{\"a\": 1}",
    "{\"a\":1 }",
    "{\"a\":1,}",
    "{\"b\":1,\"a\":1}",
    "{\"_\":1,\"0\":2}",
    "{\"a\":1,\"a\":1}",
    "{\"a\":{\"b\":1,\"b\":2}}",
    "{\"a\":null}",
    "{\"a\":[null]}",
    "{\"a\":1.0}",
    "{\"a\":1e3}",
    "{\"a\":1E3}",
    "{\"a\":0.5}",
    "{\"a\":-1}",
    "{\"a\":-0}",
    "{\"a\":01}",
    "{\"a\":+1}",
    "{\"a\":0x1}",
    "{\"a\":9007199254740992}",
    "{\"a\":9223372036854775807}",
    "{\"a\":9223372036854775808}",
    "{\"a\":18446744073709551617}",
    "{\"a\":NaN}",
    "{\"a\":'x'}",
    "{a:1}",
    "{\"A\":1}",
    "{\"a.b\":1}",
    "{\"a-b\":1}",
    "{\"\":1}",
    "{\"\xc3\xa4\":1}",
    "{\"a\\n\":1}",
    "{\"\\u0061\":1}",
    "{\"a\":\"\\u0061\"}",
    "{\"a\":\"\\/\"}",
    "{\"a\":\"\\b\"}",
    "{\"a\":\"\\f\"}",
    "{\"a\":\"\\r\"}",
    "{\"a\":\"\\u0000\"}",
    "{\"a\":\"\\u000a\"}",
    "{\"a\":\"\\u000A\"}",
    "{\"a\":\"\\u001b\"}",
    "{\"a\":\"\\u001B\"}",
    "{\"a\":\"\x7f\"}",
    "{\"a\":\"\\u007f\"}",
    "{\"a\":\"\\u007F\"}",
    "{\"a\":\"\t\"}",
    "{\"a\":\"\n\"}",
    "{\"a\":\"\x01\"}",
    "{\"a\":\"\x1b[2J\"}",
    "{\"a\":\"\\ud83d\\ude00\"}",
    "{\"a\":\"\\ud83d\"}",
    "{\"a\":\"\x80\"}",
    "{\"a\":\"\xc0\x80\"}",
    "{\"a\":\"\xc2\"}",
    "{\"a\":\"\xe0\x9f\xbf\"}",
    "{\"a\":\"\xed\xa0\x80\"}",
    "{\"a\":\"\xf4\x90\x80\x80\"}",
    "{\"a\":\"\xff\"}",
    "{\"a\":\"x}",
    "{\"a\":[1]}",
    "{\"a\":[[]]}",
    "{\"a\":[\"x\",{}]}",
    "{\"a\":[true]}",
    "{\"12\":1}",
    "{\"a\":\"\xc2\x80\"}",
    "{\"a\":\"\xc2\x9f\"}",
    "{\"a\":[1,]}",
    "{\"a\":[1 ,2]}",
    "{\"a\":1}{\"a\":1}",
    "{\"a\":tru}",
    "// x\n{}",
};

static void
tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		if (!accepts(NULL, (const uint8_t *)good[i], strlen(good[i])))
			fail_msg("refused %s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (mutants_try(accepts, NULL, (const uint8_t *)bad[i],
				strlen(bad[i])))
			fail_msg("accepted %s", bad[i]);
	/* a NUL in the text */
	assert_false(accepts(NULL, (const uint8_t *)"{\"a\":\"\0\"}", 9));
	assert_false(accepts(NULL, (const uint8_t *)"{}\0", 3));
}

static void
one_form_each(void **state)
{
	static const char doc[] =
	    "{\"batch\":12,\"case\":\"vault\",\"files\":[{\"name\":\"a\\n\","
	    "\"size\":9007199254740991}],\"ok\":true,\"salt\":\"00ff\","
	    "\"z\":{\"y\":[\"\xd0\x96\",\"\"]}}";

	(void)state;
	assert_true(mutants_all(accepts, NULL, doc, sizeof doc - 1) > 0);
}

/* Lists inside lists, `n` deep with the object around. */
static char *
nested(size_t n, const char *open, const char *close)
{
	size_t a = strlen(open), b = strlen(close);
	char *t = malloc(16 + n * (a + b)), *p = t;

	assert_non_null(t);
	p = stpcpy(p, "{\"a\":");
	for (size_t i = 1; i < n; i++)
		p = stpcpy(p, open);
	p = stpcpy(p, "1");
	for (size_t i = 1; i < n; i++)
		p = stpcpy(p, close);
	stpcpy(p, "}");
	return t;
}

static void
depth(void **state)
{
	static const char *const shapes[][2] = {{"{\"a\":", "}"}};

	(void)state;
	for (size_t s = 0; s < COUNT(shapes); s++)
		for (size_t n = 1; n < 5000; n += n < 20 ? 1 : 997) {
			char *t = nested(n, shapes[s][0], shapes[s][1]);

			/* the number itself is one step deeper */
			assert_int_equal(
			    accepts(NULL, (const uint8_t *)t, strlen(t)),
			    n < CANON_DEPTH_MAX);
			free(t);
		}
}

/* Both ways, a document of `len` bytes. */
static void
check_length(char *t, size_t len)
{
	enum format_result want =
	    len > CANON_JSON_MAX ? FORMAT_LIMIT : FORMAT_OK;
	char *out;
	size_t n;
	json_t *v;

	memset(t, 'x', len);
	memcpy(t, "{\"a\":\"", 6);
	memcpy(t + len - 2, "\"}", 2);
	assert_int_equal(canon_decode(t, len, &v), want);
	json_decref(v);
	t[len - 2] = '\0';
	v = json_pack("{s:s}", "a", t + 6);
	assert_int_equal(canon_encode(v, &out, &n), want);
	if (want == FORMAT_OK)
		assert_int_equal(n, len);
	free(out);
	json_decref(v);
}

static void
lengths(void **state)
{
	char *t = malloc(CANON_JSON_MAX + 3), key[80];

	(void)state;
	assert_non_null(t);
	for (size_t len = CANON_JSON_MAX - 1; len <= CANON_JSON_MAX + 2; len++)
		check_length(t, len);
	free(t);
	for (size_t n = 1; n <= 66; n++) {
		size_t k = (size_t)sprintf(key, "{\"%.*s\":1}", (int)n,
					   "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
					   "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk");

		assert_int_equal(accepts(NULL, (const uint8_t *)key, k),
				 n <= 64);
	}
}

static void
encode_refuses(void **state)
{
	json_t *const bad_values[] = {json_null(),
				      json_real(1.5),
				      json_integer(-1),
				      json_string("\r"),
				      json_string("\x7f"),
				      json_integer((json_int_t)1 << 53),
				      json_stringn("a\0b", 3)};
	char *out;
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(bad_values); i++) {
		json_t *o = json_pack("{s:[o]}", "a", bad_values[i]);

		assert_non_null(o);
		assert_int_equal(canon_encode(o, &out, &n), FORMAT_MALFORMED);
		assert_null(out);
		json_decref(o);
	}
	assert_int_equal(canon_encode(NULL, &out, &n), FORMAT_MALFORMED);
}

struct seen {
	char text[1024];
	size_t n, stop;
};

static int
see(void *ctx, const char *name, const json_t *value)
{
	struct seen *s = ctx;
	char *v = canon_value(value);
	size_t len = strlen(s->text);

	snprintf(s->text + len, sizeof s->text - len, "%s=%s;", name, v);
	free(v);
	return ++s->n == s->stop ? -1 : 0;
}

static void
fields(void **state)
{
	static const struct {
		const char *doc, *fields;
	} cases[] = {
	    {"{}", ""},
	    {"{\"salt\":1,\"signature\":2}", ""},
	    {"{\"a\":1}", "a=1;"},
	    {"{\"a\":{\"salt\":1}}", "a.salt=1;"},
	    {"{\"a\":[]}", "a=[];"},
	    {"{\"a\":{}}", "a={};"},
	    {"{\"a\":[\"x\",\"y\"]}", "a=[\"x\",\"y\"];"},
	    {"{\"a\":[{\"b\":1},{\"b\":[]}]}", "a.1.b=1;a.2.b=[];"},
	    {"{\"a\":[{}]}", "a.1={};"},
	    {"{\"a\":{\"b\":{\"c\":\"\\n\"}}}", "a.b.c=\"\\n\";"},
	};
	struct seen s;
	json_t *v;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(&s, 0, sizeof s);
		v = json_loads(cases[i].doc, 0, NULL);
		assert_int_equal(canon_fields(v, see, &s), FORMAT_OK);
		assert_string_equal(s.text, cases[i].fields);
		json_decref(v);
	}
	memset(&s, 0, sizeof s);
	s.stop = 1;
	v = json_loads("{\"a\":1,\"b\":2}", 0, NULL);
	assert_int_not_equal(canon_fields(v, see, &s), FORMAT_OK);
	assert_int_equal(s.n, 1);
	json_decref(v);
}

static int
count(void *ctx, const char *name, const json_t *value)
{
	(void)name;
	(void)value;
	++*(size_t *)ctx;
	return 0;
}

static void
field_limit(void **state)
{
	json_t *list = json_array(), *doc = json_pack("{s:o}", "a", list);

	(void)state;
	for (size_t i = 0; i <= CANON_FIELDS_MAX; i++) {
		size_t n = 0;

		if (i >= CANON_FIELDS_MAX - 1)
			assert_int_equal(canon_fields(doc, count, &n),
					 FORMAT_OK);
		json_array_append_new(list, json_object());
	}
	{
		size_t n = 0;

		assert_int_equal(canon_fields(doc, count, &n), FORMAT_LIMIT);
		assert_int_equal(n, CANON_FIELDS_MAX);
	}
	json_decref(doc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tables),	      cmocka_unit_test(one_form_each),
	    cmocka_unit_test(depth),	      cmocka_unit_test(lengths),
	    cmocka_unit_test(encode_refuses), cmocka_unit_test(fields),
	    cmocka_unit_test(field_limit),
	};

	return cmocka_run_group_tests_name("canon", tests, NULL, NULL);
}
