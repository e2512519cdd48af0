/*
 * format/record.h: every type, every limit, the example, and RECORD.md against
 * the table. Run from the top of the source tree.
 */
#include "record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Parse with ' for ", so that cases read well. */
static json_t *
parse(const char *text)
{
	char *copy = strdup(text);
	json_t *json;

	assert_non_null(copy);
	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	json = json_loads(copy, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (json == NULL)
		fail_msg("not JSON: %s", copy);
	free(copy);
	return json;
}

/* Check `fields`, which is freed; `part` NULL: accepted, else in the reason. */
static void
expect(json_t *fields, const char *part)
{
	char why[RECORD_WHY_LEN] = "";
	int rc = record_check(fields, why, sizeof why);

	json_decref(fields);
	if (part == NULL && rc != 0)
		fail_msg("refused: %s", why);
	if (part == NULL)
		return;
	if (rc != -1)
		fail_msg("accepted, though: %s", part);
	if (strstr(why, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, why);
	for (const char *p = why; *p != '\0'; p++)
		assert_in_range((unsigned char)*p, 0x20, 0x7e);
}

static void
accepts(void **state)
{
	static const char *const cases[] = {
	    "{}",
	    "{'title': 'a', 'kind': 'photo', 'language': 'ky'}",
	    "{'title': 'Иллюстрация \\n\\t 😀'}",
	    "{'consent': {'given': 'given', 'image_use': false}}",
	    "{'persons': [{'roles': ['victim', 'witness']}, {'age': 0}]}",
	    "{'persons': [{'contacts': [{'address': 'a'}]}]}",
	    "{'item': {'references': ['1', '1']}}",
	    "{'media': {'bearing_deg': 359}}",
	    "{'x_': 'free'}",
	    "{'x_a': 9007199254740991, 'x_b': true, 'x_c': ['a', 'b']}",
	    "{'x_a': [{'b': {'c': 1}}, {'d': 'e'}]}",
	    "{'x_a': {'b': {'c': {'d': {'e': {'f': {'g': 1}}}}}}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect(parse(cases[i]), NULL);
}

static const struct {
	const char *fields, *why;
} refused[] = {
    {"[]", "record: must be an object"},
    {"{'titel': 'a'}", "titel: no such field; did you mean title"},
    {"{'item': {'purpose': 'a'}}", "item.purpose: no such field"},
    {"{'consent': {'purpose': 'a'}}", "did you mean consent.purposes"},
    {"{'persons': [{'nmae': 'a'}]}", "persons.1.nmae: no such field; "
				     "did you mean persons.1.name"},
    {"{'persons': [{'age': 1}, {'age': 151}]}",
     "persons.2.age: must be from 0 to 150"},
    {"{'Title': 'a'}", "?itle: is not a name"},
    {"{'a\\u001b[2Jb': 1}", "a??2?b: is not a name"},
    {"{'': 1}", "is not a name"},
    {"{'item': {'x_a': 'a'}}", "item.x_a: no such field"},
    {"{'item': 'a'}", "item: must be an object"},
    {"{'item': {}}", "item: is empty"},
    {"{'title': ''}", "title: is empty"},
    {"{'title': null}", "title: must be text"},
    {"{'title': ['a']}", "title: must be text"},
    {"{'title': 'a\\u0000b'}", "title: holds a control character"},
    {"{'title': 'a\\u001b'}", "title: holds a control character"},
    {"{'title': '\\u007f'}", "title: holds a control character"},
    {"{'title': 'a\\r\\n'}", "title: holds a carriage return"},
    {"{'kind': 'Photo'}", "kind: must be one of testimony|photo|"},
    {"{'kind': 'photo|video'}", "kind: must be one of"},
    {"{'kind': 'phot'}", "kind: must be one of"},
    {"{'consent': {'image_use': 'true'}}", "must be true or false"},
    {"{'consent': {'image_use': 1}}", "must be true or false"},
    {"{'media': {'bearing_deg': 1.0}}", "without fraction"},
    {"{'media': {'bearing_deg': '1'}}", "must be an integer"},
    {"{'media': {'bearing_deg': -1}}", "must be from 0 to 359"},
    {"{'media': {'bearing_deg': 360}}", "must be from 0 to 359"},
    {"{'item': {'references': 'a'}}", "must be a list"},
    {"{'item': {'references': []}}", "item.references: is empty"},
    {"{'item': {'references': [1]}}", "must be text"},
    {"{'persons': {'1': {'age': 1}}}", "persons: must be a list"},
    {"{'persons': ['a']}", "persons.1: must be an object"},
    {"{'persons': [{}]}", "persons.1: is empty"},
    {"{'persons': [{'roles': ['victim', 'x']}]}", "must be one of"},
    {"{'persons': [{'roles': ['victim', 'victim']}]}", "twice"},
    {"{'x_a': null}", "x_a: must not be null"},
    {"{'x_a': 1.5}", "x_a: must be an integer without fraction"},
    {"{'x_a': -1}", "x_a: must be from 0"},
    {"{'x_a': 9007199254740992}", "x_a: must be from 0"},
    {"{'x_a': {}}", "x_a: is empty"},
    {"{'x_a': []}", "x_a: is empty"},
    {"{'x_a': [1]}", "x_a.1: must be text"},
    {"{'x_a': ['a', {'b': 'c'}]}", "x_a.2: must be text"},
    {"{'x_a': [{'b': 'c'}, 'a']}", "x_a.2: must be an object"},
    {"{'x_a': [['a']]}", "x_a.1: must be text"},
    {"{'x_a': {'1': 'a'}}", "x_a.1: is not a name"},
    {"{'x_a': {'B': 'a'}}", "x_a.?: is not a name"},
    {"{'x_a':{'b':{'c':{'d':{'e':{'f':{'g':{'h':{}}}}}}}}}",
     "x_a.b.c.d.e.f.g.h: is deeper than 8"},
};

static void
refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		expect(parse(refused[i].fields), refused[i].why);
}

static const char *const good_dates[] = {"2024",
					 "2024-12",
					 "2024-02-29",
					 "2000-02-29",
					 "0001-01-01",
					 "9999-12-31",
					 "~1998",
					 "<2024-03",
					 ">2024-03-02",
					 "2024-03-02T06:40Z",
					 "2024-03-02T06:40:59Z",
					 "2024-03-02T23:59+06:00",
					 "~2024-03-02T00:00:00-03:30"};
static const char *const bad_dates[] = {"0000",
					"24",
					"20240",
					"2024-",
					"2024-1",
					"2024-00",
					"2024-13",
					"2024-02-30",
					"2023-02-29",
					"1900-02-29",
					"2024-04-31",
					"2024-01-00",
					"2024-01-011",
					"~",
					"~~2024",
					"2024~",
					"?2024",
					"2024-03-02T",
					"2024-03-02T06Z",
					"2024-03-02T06:40",
					"2024-03-02T24:00Z",
					"2024-03-02T06:60Z",
					"2024-03-02T06:40:60Z",
					"2024-03-02T06:40z",
					"2024-03-02t06:40Z",
					"2024-03-02 06:40Z",
					"2024-03-02T06:40Z ",
					"2024-03-02T06:40+0600",
					"2024-03-02T06:40+24:00",
					"2024-03-02T06:40+06:60",
					"2024-03T06:40Z",
					"2024-03-02T06:40:Z",
					"2024-03-02T06:40:0Z",
					"2024/03/02",
					"2024-03-02T06:40+06:00Z",
					" 2024",
					"-2024",
					"+2024"};

static void
dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good_dates / sizeof *good_dates; i++)
		expect(json_pack("{s:{s:s}}", "item", "created", good_dates[i]),
		       NULL);
	for (size_t i = 0; i < sizeof bad_dates / sizeof *bad_dates; i++)
		expect(json_pack("{s:{s:s}}", "item", "created", bad_dates[i]),
		       "item.created: is no date");
}

static void
utf8(void **state)
{
	static const char *const good[] = {
	    "\x7e",	    "\xc2\x80",		"\xdf\xbf",
	    "\xe0\xa0\x80", "\xed\x9f\xbf",	"\xee\x80\x80",
	    "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80",
					  "\xbf",
					  "\xc0\x80",
					  "\xc1\xbf",
					  "\xc2",
					  "\xc2\x41",
					  "\xe0\x9f\xbf",
					  "\xed\xa0\x80",
					  "\xe2\x82",
					  "\xf0\x8f\xbf\xbf",
					  "\xf4\x90\x80\x80",
					  "\xf0\x90\x80",
					  "\xf5\x80",
					  "\xff",
					  "a\xfe"};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		expect(
		    json_pack("{s:o}", "title", json_string_nocheck(good[i])),
		    NULL);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect(json_pack("{s:o}", "title", json_string_nocheck(bad[i])),
		       "title: is not valid UTF-8");
}

static json_t *
text_of(size_t len)
{
	char *buf = malloc(len);
	json_t *json;

	assert_non_null(buf);
	memset(buf, 'a', len);
	json = json_stringn(buf, len);
	free(buf);
	return json;
}

static json_t *
list_of(size_t n, size_t len)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, text_of(len));
	return list;
}

static void
limits(void **state)
{
	char key[RECORD_KEY_MAX + 2] = "x_";
	json_t *big;

	(void)state;
	expect(json_pack("{s:o}", "title", text_of(RECORD_TEXT_MAX)), NULL);
	expect(json_pack("{s:o}", "title", text_of(RECORD_TEXT_MAX + 1)),
	       "title: is longer than 65536 bytes");
	expect(json_pack("{s:o}", "x_l", list_of(RECORD_LIST_MAX, 1)), NULL);
	expect(json_pack("{s:o}", "x_l", list_of(RECORD_LIST_MAX + 1, 1)),
	       "x_l: has more than 1000 entries");
	expect(json_pack("{s:{s:o}}", "item", "references",
			 list_of(RECORD_LIST_MAX + 1, 1)),
	       "item.references: has more than 1000 entries");

	memset(key + 2, 'k', RECORD_KEY_MAX - 2);
	expect(json_pack("{s:i}", key, 1), NULL);
	key[RECORD_KEY_MAX] = 'k';
	expect(json_pack("{s:i}", key, 1), "is not a name");

	/* {"x_l":["a...","..."]}: 10 bytes, and 3 a text, less one comma */
	big = list_of(4, RECORD_TEXT_MAX - 64);
	json_array_append_new(big, text_of(4 * 64 - 9 - 3 * 5));
	expect(json_pack("{s:O}", "x_l", big), NULL);
	json_array_set_new(big, 4, text_of(4 * 64 - 9 - 3 * 5 + 1));
	expect(json_pack("{s:O}", "x_l", big),
	       "record: all fields together are longer than 262144 bytes");
	json_decref(big);
}

static void
reason_fits(void **state)
{
	char key[300], why[8];
	json_t *fields = json_object();

	(void)state;
	/* no parser of jansson lets this name through, its setters do */
	json_object_setn_new_nocheck(fields, "title", 6, json_string("a"));
	expect(fields, "title: is not a name");
	memset(key, 'k', sizeof key - 1);
	key[sizeof key - 1] = '\0';
	expect(json_pack("{s:i}", key, 1), "kkk...: is not a name");
	fields = json_pack("{s:i}", "title", 1);
	assert_int_equal(record_check(fields, why, sizeof why), -1);
	assert_string_equal(why, "title: ");
	assert_int_equal(record_check(fields, NULL, 0), -1);
	json_decref(fields);
	assert_int_equal(record_check(NULL, NULL, 0), -1);
}

static void
sets(void **state)
{
	/* name, value, then all fields as they are after it */
	static const char *const cases[][3] = {
	    {"title", "a 'b'", NULL},
	    {"title", "c", "{'title':'c'}"},
	    {"media.bearing_deg", "007", NULL},
	    {"media.bearing_deg", "45",
	     "{'media':{'bearing_deg':45},'title':'c'}"},
	    {"consent.image_use", "true", NULL},
	    {"consent.purposes", "one", NULL},
	    {"consent.purposes", "two",
	     "{'consent':{'image_use':true,'purposes':['one','two']},"
	     "'media':{'bearing_deg':45},'title':'c'}"},
	};
	static const char *const lists[][3] = {
	    {"persons.1.code", "V-1", "{'persons':[{'code':'V-1'}]}"},
	    {"persons.2.roles", "victim",
	     "{'persons':[{'code':'V-1'},{'roles':['victim']}]}"},
	    {"persons.2.contacts.1.start", "~2020", NULL},
	    {"persons.2.contacts.1.end", "2021",
	     "{'persons':[{'code':'V-1'},{'contacts':[{'end':'2021',"
	     "'start':'~2020'}],'roles':['victim']}]}"},
	};
	static const char *const freely[][3] = {
	    {"x_a", "1", "{'x_a':'1'}"},
	    {"x_b.c.d", "e", "{'x_a':'1','x_b':{'c':{'d':'e'}}}"},
	    {"x_b.c.d", "f", "{'x_a':'1','x_b':{'c':{'d':'f'}}}"},
	    {"x_c.1.d", "g",
	     "{'x_a':'1','x_b':{'c':{'d':'f'}},'x_c':[{'d':'g'}]}"},
	    {"x_d.b.c.d.e.f.g.h", "i", NULL},
	};
	static const struct {
		const char *const (*rows)[3];
		size_t n;
	} groups[] = {{cases, 7}, {lists, 4}, {freely, 5}};

	(void)state;
	for (size_t g = 0; g < 3; g++) {
		json_t *fields = json_object();

		for (size_t i = 0; i < groups[g].n; i++) {
			const char *const *row = groups[g].rows[i];
			char why[RECORD_WHY_LEN] = "";
			json_t *want;

			if (record_set(fields, row[0], row[1], why,
				       sizeof why) != 0)
				fail_msg("%s", why);
			if (row[2] == NULL)
				continue;
			want = parse(row[2]);
			assert_true(json_equal(fields, want));
			json_decref(want);
		}
		expect(fields, NULL);
	}
}

static void
set_refuses(void **state)
{
	static const char *const cases[][3] = {
	    {"titel", "a", "titel: no such field; did you mean title"},
	    {"purposes", "a", "did you mean consent.purposes"},
	    {"persons.name", "a", "did you mean persons.1.name"},
	    {"qqqqqqqqqqqq", "a", "qqqqqqqqqqqq: no such field"},
	    {"persons.0.name", "a", "no such field"},
	    {"persons.01.name", "a", "no such field"},
	    {"persons.N.name", "a", "persons.?.name: is not a name"},
	    {"", "a", "is not a name"},
	    {".", "a", "is not a name"},
	    {"title.", "a", "is not a name"},
	    {"a b\x1b", "a", "a?b?: is not a name"},
	    {"x_a.b.c.d.e.f.g.h.i", "a", "is deeper than 8"},
	    {"persons", "a", "is a list of objects; name one of its fields"},
	    {"consent", "a", "is a group; name one of its fields"},
	    {"persons.3.name", "a", "give the number of an object, 1 to 2"},
	    {"persons.99999999999999999999.name", "a", "1 to 2"},
	    {"persons.1.roles", "nobody", "must be one of"},
	    {"persons.1.age", "-1", "must be an integer, in digits"},
	    {"persons.1.age", "", "must be an integer, in digits"},
	    {"persons.1.age", "1e2", "must be an integer, in digits"},
	    {"persons.1.age", "99999999999999999", "must be an integer"},
	    {"persons.1.age", "200", "must be from 0 to 150"},
	    {"consent.image_use", "yes", "must be true or false"},
	    {"consent.date", "yesterday", "is no date"},
	    {"kind", "film", "must be one of"},
	    {"remarks", "", "is empty"},
	    {"remarks", "\xff", "is not valid UTF-8"},
	    {"remarks", "a\rb", "carriage return"},
	    {"x_list", "a", "holds more than one value"},
	    {"x_list.1", "a", "is an object; name one of its fields"},
	    {"x_list.b", "a", "give the number of an object"},
	    {"x_text.b", "a", "holds a value already"},
	    {"x_text.1.b", "a", "holds a value already"},
	};
	json_t *fields = parse("{'persons': [{'code': 'A'}], 'title': 'a', "
			       "'x_list': [{'a': 'b'}], 'x_text': 'c'}");
	json_t *before = json_deep_copy(fields);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char why[RECORD_WHY_LEN] = "";

		assert_int_equal(record_set(fields, cases[i][0], cases[i][1],
					    why, sizeof why),
				 -1);
		if (strstr(why, cases[i][2]) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", cases[i][2], why);
		assert_true(json_equal(fields, before));
	}
	json_decref(before);
	expect(fields, NULL);
}

static void
set_fills_a_list_and_stops(void **state)
{
	json_t *fields = json_object();
	char why[RECORD_WHY_LEN], name[64];

	(void)state;
	for (unsigned i = 1; i <= RECORD_LIST_MAX + 1; i++) {
		int want = i <= RECORD_LIST_MAX ? 0 : -1;

		snprintf(name, sizeof name, "acts.%u.method", i);
		assert_int_equal(record_set(fields, name, "m", why, sizeof why),
				 want);
		assert_int_equal(
		    record_set(fields, "consent.access", "a", why, sizeof why),
		    want);
	}
	expect(fields, NULL);
}

static void
merges(void **state)
{
	static const char *const cases[][3] = {
	    {"{}", "{}", "{}"},
	    {"{'title':'a'}", "{'title':'b'}", "{'title':'b'}"},
	    {"{'title':'a'}", "{'title':null}", "{}"},
	    {"{'title':'a'}", "{'kind':null}", "{'title':'a'}"},
	    {"{'item':{'copy':'original','event':'e'}}",
	     "{'item':{'event':null,'device':'d'}}",
	     "{'item':{'copy':'original','device':'d'}}"},
	    {"{'item':{'copy':'original'}}", "{'item':{'copy':null}}", "{}"},
	    {"{}", "{'item':{'copy':null}}", "{}"},
	    {"{'item':'wrong'}", "{'item':{'copy':'original'}}",
	     "{'item':{'copy':'original'}}"},
	    {"{'item':{'copy':'original'}}", "{'item':'wrong'}",
	     "{'item':'wrong'}"},
	    {"{'persons':[{'code':'a'},{'code':'b'}]}",
	     "{'persons':[{'age':1}]}", "{'persons':[{'age':1}]}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *into = parse(cases[i][0]), *from = parse(cases[i][1]);
		json_t *want = parse(cases[i][2]);
		json_t *copy = json_deep_copy(from);

		assert_int_equal(record_merge(into, from, NULL, 0), 0);
		assert_true(json_equal(into, want));
		assert_true(json_equal(from, copy));
		json_decref(copy);
		json_decref(from);
		json_decref(want);
		json_decref(into);
	}
}

static void
merge_refuses(void **state)
{
	json_t *into = json_object(), *list = json_array();
	json_t *deep = parse("{'a':[[[[[[[[1]]]]]]]]}");
	char why[RECORD_WHY_LEN] = "";

	(void)state;
	assert_int_equal(record_merge(into, list, why, sizeof why), -1);
	assert_string_equal(why, "record: must be an object");
	assert_int_equal(record_merge(list, into, why, sizeof why), -1);
	assert_int_equal(record_merge(into, deep, why, sizeof why), -1);
	assert_string_equal(why, "record: is deeper than 8");
	assert_int_equal(json_object_size(into), 0);
	json_decref(into);
	json_decref(list);
	json_decref(deep);
}

/* Every row can be set by its name, with 1 for N, and is then accepted. */
static void
every_field_can_be_set(void **state)
{
	size_t n = 0;
	const struct record_field *f = record_fields(&n);
	json_t *fields = json_object();

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char name[128], value[64], why[RECORD_WHY_LEN] = "";

		snprintf(name, sizeof name, "%s", f[i].name);
		for (char *p = name; *p != '\0'; p++)
			if (*p == 'N')
				*p = '1';
		switch (f[i].type) {
		case RECORD_GROUP:
		case RECORD_OBJECTS:
			continue;
		case RECORD_INTEGER:
			snprintf(value, sizeof value, "%lld",
				 (long long)f[i].max);
			break;
		case RECORD_BOOLEAN:
			strcpy(value, "false");
			break;
		case RECORD_CHOICE:
		case RECORD_CHOICES:
			snprintf(value, sizeof value, "%.*s",
				 (int)strcspn(f[i].choices, "|"), f[i].choices);
			break;
		default:
			strcpy(value, "2024-03-02");
			break;
		}
		if (record_set(fields, name, value, why, sizeof why) != 0)
			fail_msg("%s", why);
	}
	expect(fields, NULL);
}

static void
example_is_accepted(void **state)
{
	json_error_t e;
	json_t *fields = json_load_file("tests/vectors/record-example.json",
					JSON_REJECT_DUPLICATES, &e);

	(void)state;
	if (fields == NULL)
		fail_msg("line %d: %s", e.line, e.text);
	expect(fields, NULL);
}

/* The row of RECORD.md that a field of the table must have. */
static void
render(char *out, size_t cap, const struct record_field *f)
{
	char extra[768] = "";
	size_t o = 0;

	for (const char *c = f->choices; c != NULL && *c != '\0';) {
		size_t len = strcspn(c, "|");

		o += (size_t)snprintf(extra + o, sizeof extra - o, "%s`%.*s`",
				      o == 0 ? ": " : ", ", (int)len, c);
		c += len + (c[len] != '\0');
	}
	if (f->type == RECORD_INTEGER)
		snprintf(extra, sizeof extra, " %lld to %lld",
			 (long long)f->min, (long long)f->max);
	snprintf(out, cap, "| `%s` | %s%s | %s | %s |\n", f->name,
		 record_type_name(f->type), extra, f->meaning, f->standard);
}

static void
document_is_the_table(void **state)
{
	size_t n = 0, i = 0;
	const struct record_field *f = record_fields(&n);
	FILE *md = fopen("format/RECORD.md", "r");
	char line[2048], want[2048];
	bool fields = false;

	(void)state;
	assert_non_null(md);
	while (fgets(line, sizeof line, md) != NULL) {
		if (strcmp(line, "## Fields\n") == 0)
			fields = true;
		if (!fields || strncmp(line, "| `", 3) != 0)
			continue;
		assert_true(i < n);
		render(want, sizeof want, &f[i++]);
		assert_string_equal(line, want);
	}
	assert_int_equal(i, n);
	fclose(md);
}

/* What the other functions rely on: parents first, no name twice, choices. */
static void
table_is_sound(void **state)
{
	size_t n = 0;
	const struct record_field *f = record_fields(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const char *dot = strrchr(f[i].name, '.');
		bool choice =
		    f[i].type == RECORD_CHOICE || f[i].type == RECORD_CHOICES;
		size_t up = dot == NULL ? 0 : (size_t)(dot - f[i].name);
		bool listed = up > 2 && memcmp(dot - 2, ".N", 2) == 0;
		bool found = dot == NULL;

		assert_int_equal(choice, f[i].choices != NULL);
		assert_true(strlen(f[i].name) <= RECORD_KEY_MAX);
		assert_true(strlen(f[i].meaning) > 2);
		for (size_t k = 0; k < i; k++) {
			size_t len = listed ? up - 2 : up;

			assert_string_not_equal(f[k].name, f[i].name);
			found |= strlen(f[k].name) == len &&
				 memcmp(f[k].name, f[i].name, len) == 0 &&
				 f[k].type ==
				     (listed ? RECORD_OBJECTS : RECORD_GROUP);
		}
		if (!found)
			fail_msg("%s has no parent", f[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(accepts),
	    cmocka_unit_test(refuses),
	    cmocka_unit_test(dates),
	    cmocka_unit_test(utf8),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(reason_fits),
	    cmocka_unit_test(sets),
	    cmocka_unit_test(set_refuses),
	    cmocka_unit_test(set_fills_a_list_and_stops),
	    cmocka_unit_test(merges),
	    cmocka_unit_test(merge_refuses),
	    cmocka_unit_test(every_field_can_be_set),
	    cmocka_unit_test(example_is_accepted),
	    cmocka_unit_test(document_is_the_table),
	    cmocka_unit_test(table_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
