/* format/entryform.h: each member of the wrong type or form is noticed. */
#include "entryform.h"

#include "mutants.h"

#define HASH "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
#define ID "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb"
#define COMMON "\"seat\":\"" HASH "\",\"time\":\"2026-01-02T03:04:05Z\""
#define FILE_                                           \
	"{\"name\":\"n\",\"size\":1,\"sha256\":\"" HASH \
	"\",\"content\":\"0001\"}"

static const char *const right[] = {
    "{\"kind\":\"record\",\"item\":\"" ID "\",\"parents\":[\"" HASH
    "\"],\"fields\":{},\"files\":[" FILE_ "]," COMMON "}",
    "{\"kind\":\"custody\",\"action\":\"note\",\"item\":\"" ID "\"," COMMON "}",
    "{\"kind\":\"retract\",\"item\":\"" ID "\",\"why\":\"w\"," COMMON "}",
    "{\"kind\":\"witness\",\"notes\":[\"n\"]," COMMON "}",
    "{\"kind\":\"later\",\"notes\":7," COMMON "}",
};

static json_t *
parse(const char *text)
{
	json_t *doc = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(doc);
	return doc;
}

static void
takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(right); i++) {
		json_t *doc = parse(right[i]);

		if (entryform_wrong(doc) != NULL)
			fail_msg("%s: %s", right[i], entryform_wrong(doc));
		json_object_set_new(doc, "x_later", json_true());
		assert_null(entryform_wrong(doc));
		json_object_set_new(doc, "seat", json_string("root"));
		assert_null(entryform_wrong(doc));
		json_decref(doc);
	}
}

/* Every member of `o` absent, and of each type that it is not. */
static void
bend(json_t *doc, json_t *o, const char *but)
{
	static const char *const values[] = {"true", "7", "\"x\"", "[7]", "{}"};
	json_t *whole = json_deep_copy(o), *v;
	const char *key;

	json_object_foreach (whole, key, v) {
		if (strstr(but, key) == NULL) {
			json_object_del(o, key);
			if (entryform_wrong(doc) == NULL)
				fail_msg("without %s", key);
		}
		for (size_t i = 0; i < COUNT(values); i++) {
			json_t *other =
			    json_loads(values[i], JSON_DECODE_ANY, NULL);

			json_object_set_new(o, key, other);
			if (json_typeof(other) != json_typeof(v) &&
			    entryform_wrong(doc) == NULL)
				fail_msg("%s is %s", key, values[i]);
		}
		json_object_set(o, key, v);
		assert_null(entryform_wrong(doc));
	}
	json_decref(whole);
}

static void
refuses(void **state)
{
	json_t *doc;

	(void)state;
	for (size_t i = 0; i + 1 < COUNT(right); i++) {
		doc = parse(right[i]);
		bend(doc, doc, i == 1 ? "item" : "");
		json_decref(doc);
	}
	doc = parse(right[0]);
	bend(doc, json_array_get(json_object_get(doc, "files"), 0), "");
	json_decref(doc);
}

static void
forms(void **state)
{
	static const struct {
		const char *key, *value;
	} cases[] = {{"time", "2026-13-01T00:00:00Z"},
		     {"time", "2026-01-02T03:04:05"},
		     {"seat", ID},
		     {"seat", "Root"},
		     {"item", HASH},
		     {"item", "AAAAaaaaaaaaaaaabbbbbbbbbbbbbbbb"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *doc = parse(right[0]);

		json_object_set_new(doc, cases[i].key,
				    json_string(cases[i].value));
		if (entryform_wrong(doc) == NULL)
			fail_msg("%s: %s", cases[i].key, cases[i].value);
		json_decref(doc);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takes),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(forms),
	};

	return cmocka_run_group_tests_name("entryform", tests, NULL, NULL);
}
