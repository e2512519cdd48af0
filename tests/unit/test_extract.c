/* vault/history/extract.h: originals come back whole or not at all. */
#include "extract.h"

#include "hex.h"
#include "scratch.h"
#include "verify.h"
#include "writer.h"

static struct scratch s;
static struct identity *ada;
static struct index *x;
static char out_dir[80];
static char case_id[INDEX_CASE_MAX];
static char segment[2][128]; /* of "first part", "second part" */

static void
must(int rc, const struct err *e)
{
	if (rc != 0)
		fail_msg("%s", e->msg);
}

/* Names: 1 is safe as it is, 0 is refused. */
static const struct {
	const char *json;
	const char *want; /* or NULL */
} names[] = {
    {"{'name':'a.txt'}", "a.txt"},
    {"{'name':' '}", " "},
    {"{'name':'...'}", "..."},
    {"{'name':'x','name_bytes':'ff0a'}", "\xff\n"},
    {"{}", NULL},
    {"{'name':1}", NULL},
    {"{'name':''}", NULL},
    {"{'name':'.'}", NULL},
    {"{'name':'..'}", NULL},
    {"{'name':'a/b'}", NULL},
    {"{'name':'/etc/passwd'}", NULL},
    {"{'name':'../a'}", NULL},
    {"{'name':'x','name_bytes':''}", NULL},
    {"{'name':'x','name_bytes':'2'}", NULL},
    {"{'name':'x','name_bytes':'2e2e'}", NULL},
    {"{'name':'x','name_bytes':'2e'}", NULL},
    {"{'name':'x','name_bytes':'612f62'}", NULL},
    {"{'name':'x','name_bytes':'610062'}", NULL},
    {"{'name':'x','name_bytes':'FF'}", NULL},
};

static json_t *
parse(const char *text)
{
	char copy[512];
	json_t *v;

	assert_true(strlen(text) < sizeof copy);
	strcpy(copy, text);
	for (char *p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	v = json_loads(copy, 0, NULL);
	assert_non_null(v);
	return v;
}

static void
safe_names(void **state)
{
	char out[256], longer[300];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		json_t *v = parse(names[i].json);
		int rc = extract_name(v, out);

		if (rc != (names[i].want != NULL ? 0 : -1))
			fail_msg("%s", names[i].json);
		if (rc == 0)
			assert_string_equal(out, names[i].want);
		json_decref(v);
	}
	for (size_t n = 254; n < 258; n++) {
		json_t *v;

		memset(longer, 'n', n);
		longer[n] = '\0';
		v = json_pack("{s:s}", "name", longer);
		assert_int_equal(extract_name(v, out), n > 255 ? -1 : 0);
		json_decref(v);
	}
}

struct sum {
	char bytes[256];
	size_t len;
};

static int
collect(void *ctx, const void *bytes, size_t len, struct err *e)
{
	struct sum *sum = ctx;

	(void)e;
	assert_true(sum->len + len < sizeof sum->bytes);
	memcpy(sum->bytes + sum->len, bytes, len);
	sum->len += len;
	return 0;
}

static int
refuse(void *ctx, const void *bytes, size_t len, struct err *e)
{
	(void)ctx;
	(void)bytes;
	(void)len;
	return err_set(e, ERR_UNKNOWN, "full");
}

/* A file of an entry with two contents, "one" and "". */
static enum err_code
takes(json_t *file, const char *want)
{
	struct entry_content contents[2] = {{(const uint8_t *)"one", 3},
					    {(const uint8_t *)"", 0}};
	struct entry en = {.contents = contents, .n = 2};
	struct sum sum = {.len = 0};
	struct err e = {0};
	int rc = extract_file(x, &en, file, collect, &sum, &e);

	if (rc == 0) {
		assert_int_equal(sum.len, strlen(want));
		assert_memory_equal(sum.bytes, want, sum.len);
	}
	json_decref(file);
	return rc == 0 ? ERR_NONE : e.code;
}

static json_t *
inline_file(const char *content, const char *bytes, int size)
{
	uint8_t digest[32];
	char hex[65];

	hash_sha256(bytes, strlen(bytes), digest);
	hex_encode(digest, 32, hex);
	return json_pack("{s:s,s:s,s:s,s:i}", "name", "f", "content", content,
			 "sha256", hex, "size", size);
}

static void
inline_contents(void **state)
{
	static const char *const bad[] = {
	    "",	    "0",    "1",    "0000",  "0003", "01",    "00001", "0001 ",
	    " 001", "+001", "-001", "0001x", "1000", "0001.", "x"};
	json_t *file;

	(void)state;
	assert_int_equal(takes(inline_file("0001", "one", 3), "one"), 0);
	assert_int_equal(takes(inline_file("0002", "", 0), ""), 0);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (takes(inline_file(bad[i], "one", 3), "one") != ERR_EVIDENCE)
			fail_msg("content \"%s\"", bad[i]);
	assert_int_equal(takes(inline_file("0001", "onE", 3), ""),
			 ERR_EVIDENCE);
	assert_int_equal(takes(inline_file("0001", "one", 4), ""),
			 ERR_EVIDENCE);
	assert_int_equal(takes(inline_file("0002", "one", 3), ""),
			 ERR_EVIDENCE);
	file = inline_file("0001", "one", 3);
	json_object_del(file, "sha256");
	assert_int_equal(takes(file, ""), ERR_EVIDENCE);
	file = inline_file("0001", "one", 3);
	json_object_del(file, "content");
	assert_int_equal(takes(file, ""), ERR_EVIDENCE);
}

static json_t *
bulk_file(const char *a, const char *b, const char *bytes, size_t size)
{
	json_t *file = inline_file("x", bytes, (int)size);

	json_object_del(file, "content");
	json_object_set_new(file, "segments",
			    b != NULL ? json_pack("[s,s]", a, b)
				      : json_pack("[s]", a));
	return file;
}

static void
segments(void **state)
{
	const char *a = segment[0], *b = segment[1];
	char other[128];

	(void)state;
	assert_int_equal(
	    takes(bulk_file(a, NULL, "first part", 10), "first part"), 0);
	assert_int_equal(takes(bulk_file(a, b, "first partsecond part", 21),
			       "first partsecond part"),
			 0);
	assert_int_equal(
	    takes(bulk_file(b, a, "first partsecond part", 21), ""),
	    ERR_EVIDENCE);
	assert_int_equal(
	    takes(bulk_file(a, a, "first partsecond part", 21), ""),
	    ERR_EVIDENCE);
	assert_int_equal(
	    takes(bulk_file(a, b, "first partsecond part", 20), ""),
	    ERR_EVIDENCE);
	/* no key for that bulk id */
	strcpy(other, a);
	/* the last digit; flipping a bit of it might leave no digit */
	other[strlen(a) - 1] = other[strlen(a) - 1] == '0' ? '1' : '0';
	assert_int_equal(takes(bulk_file(other, NULL, "first part", 10), ""),
			 ERR_UNKNOWN);
	/* an object that is not here */
	strcpy(other, a);
	other[0] = other[0] == '0' ? '1' : '0';
	assert_int_not_equal(
	    takes(bulk_file(other, NULL, "first part", 10), ""), ERR_NONE);
}

static void
segment_forms(void **state)
{
	const char *a = segment[0];
	char other[160];

	(void)state;
	/* each byte less, and a space or digit more, at each place */
	for (size_t i = 0; i < strlen(a); i++) {
		sprintf(other, "%.*s%s", (int)i, a, a + i + 1);
		assert_int_not_equal(
		    takes(bulk_file(other, NULL, "first part", 10), ""),
		    ERR_NONE);
		sprintf(other, "%.*s0%s", (int)i, a, a + i);
		assert_int_not_equal(
		    takes(bulk_file(other, NULL, "first part", 10), ""),
		    ERR_NONE);
		sprintf(other, "%.*s %s", (int)i, a, a + i);
		assert_int_not_equal(
		    takes(bulk_file(other, NULL, "first part", 10), ""),
		    ERR_NONE);
	}
	sprintf(other, "%.64s 0 %s", a, a + strlen(a) - 32);
	assert_int_equal(takes(bulk_file(other, NULL, "", 0), ""),
			 ERR_EVIDENCE);
	sprintf(other, "%.64s 1073741825 %s", a, a + strlen(a) - 32);
	assert_int_equal(takes(bulk_file(other, NULL, "", 0), ""),
			 ERR_EVIDENCE);
	sprintf(other, "%.64s 9007199254740991 %s", a, a + strlen(a) - 32);
	assert_int_equal(takes(bulk_file(other, NULL, "", 0), ""),
			 ERR_EVIDENCE);
}

/* Write it below out_dir; true if it is there, whole, under its name. */
static bool
writes(json_t *file, const char *want)
{
	struct entry_content content = {(const uint8_t *)"one", 3};
	struct entry en = {.contents = &content, .n = 1};
	char path[FSUTIL_PATH] = "", *bytes;
	struct err e = {0};
	size_t n;
	int rc = extract_to(x, &en, file, out_dir, path, &e);

	json_decref(file);
	assert_int_equal(
	    scratch_run(out_dir, "test -z \"$(find .. -name '*.part')\""), 0);
	if (rc != 0)
		return false;
	assert_memory_equal(path, out_dir, strlen(out_dir));
	bytes = scratch_get(path, &n);
	assert_int_equal(n, strlen(want));
	assert_memory_equal(bytes, want, n);
	free(bytes);
	return true;
}

static json_t *
named(const char *name, const char *path, const char *bytes)
{
	json_t *file = inline_file("0001", bytes, 3);

	json_object_set_new(file, "name", json_string(name));
	if (path != NULL)
		json_object_set_new(file, "path", json_string(path));
	return file;
}

static void
to_files(void **state)
{
	static const char *const bad[] = {"..",	  "../x", "a/../../x", "/x",
					  "a//b", "a/",	  ".",	       "a/./b"};

	(void)state;
	assert_true(writes(named("f", NULL, "one"), "one"));
	assert_true(fsutil_exists(scratch_path(out_dir, "f")));
	/* the name is taken: what is there stays */
	assert_false(writes(named("f", NULL, "one"), "one"));
	/* content that is not what was recorded gets no name */
	assert_false(writes(named("g", NULL, "two"), ""));
	assert_false(fsutil_exists(scratch_path(out_dir, "g")));
	assert_true(writes(named("f", "a/b", "one"), "one"));
	assert_true(fsutil_exists(scratch_path(out_dir, "a/b/f")));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (writes(named("h", bad[i], "one"), "one"))
			fail_msg("path \"%s\"", bad[i]);
	assert_false(writes(named("../h", NULL, "one"), "one"));
	assert_false(fsutil_exists(scratch_path(s.dir, "h")));
	assert_false(fsutil_exists(scratch_path(s.dir, "x")));
}

/* A sink's error is the answer. */
static void
sinks_fail(void **state)
{
	struct entry_content content = {(const uint8_t *)"one", 3};
	struct entry en = {.contents = &content, .n = 1};
	json_t *file = inline_file("0001", "one", 3);
	struct err e = {0};

	(void)state;
	assert_int_equal(extract_file(x, &en, file, refuse, NULL, &e), -1);
	assert_string_equal(e.msg, "full");
	json_decref(file);
	file = bulk_file(segment[0], NULL, "first part", 10);
	err_clear(&e);
	assert_int_equal(extract_file(x, &en, file, refuse, NULL, &e), -1);
	assert_string_equal(e.msg, "full");
	/* without one it only checks */
	err_clear(&e);
	assert_int_equal(extract_file(x, &en, file, NULL, NULL, &e), 0);
	json_decref(file);
}

/* An entry with these files (freed here) and the contents "one" and "". */
static int
inside(json_t *files)
{
	struct entry_content contents[2] = {{(const uint8_t *)"one", 3},
					    {(const uint8_t *)"", 0}};
	struct entry en = {.contents = contents, .n = 2};
	int rc;

	en.doc = json_pack("{s:o}", "files", files);
	assert_non_null(en.doc);
	rc = extract_inside(&en);
	json_decref(en.doc);
	return rc;
}

static json_t *
both(json_t *a, json_t *b)
{
	return json_pack("[o,o]", a, b);
}

static void
contents_inside(void **state)
{
	json_t *file;

	(void)state;
	assert_int_equal(inside(both(inline_file("0001", "one", 3),
				     inline_file("0002", "", 0))),
			 2);
	assert_int_equal(inside(both(inline_file("0001", "onE", 3),
				     inline_file("0002", "", 0))),
			 -1);
	assert_int_equal(inside(both(inline_file("0001", "one", 3),
				     inline_file("0002", "", 1))),
			 -1);
	/* each content has one file */
	assert_int_equal(inside(both(inline_file("0001", "one", 3),
				     inline_file("0001", "one", 3))),
			 -1);
	assert_int_equal(
	    inside(json_pack("[o]", inline_file("0001", "one", 3))), -1);
	/* what lies in bulk is not inside, whatever else it says */
	file = inline_file("0002", "", 0);
	json_object_set_new(file, "segments", json_array());
	assert_int_equal(inside(both(inline_file("0001", "one", 3), file)), -1);
	file = inline_file("0002", "", 0);
	json_object_set_new(file, "name", json_string("../f"));
	assert_int_equal(inside(both(inline_file("0001", "one", 3), file)), -1);
}

/* A record whose one file says that it is `bytes`; its content is "one". */
static void
put_record(struct writer *w, char digit, const char *bytes)
{
	struct entry_content content = {(const uint8_t *)"one", 3};
	char item[HEX_ID_LEN + 1];
	struct err e = {0};
	json_t *doc;

	memset(item, digit, HEX_ID_LEN);
	item[HEX_ID_LEN] = '\0';
	doc = json_pack("{s:s,s:[],s:{},s:[o]}", "item", item, "parents",
			"fields", "files", inline_file("0001", bytes, 3));
	assert_non_null(doc);
	must(writer_record(w, "record", doc, &content, 1, &e), &e);
	json_decref(doc);
}

/* What an author has recorded wrongly, verify names; the others it counts. */
static void
verify_looks_inside(void **state)
{
	struct verify_counts n = {0};
	struct err e = {0};
	struct vault *v = x->v;
	struct writer *w = writer_new(x, &e);

	(void)state;
	assert_non_null(w);
	must(writer_case(w, case_id, NULL, &e), &e);
	put_record(w, 'a', "one");
	put_record(w, 'b', "two");
	must(writer_commit(w, &e), &e);
	writer_free(w);
	index_free(x);
	x = index_open_checking(v, ada, &e);
	assert_non_null(x);
	must(verify_readable(x, &n, &e), &e);
	assert_int_equal(n.originals, 2);
	assert_int_equal(x->v->report.count[REPORT_DAMAGE], 1);
	assert_int_equal(
	    scratch_said(&x->v->report, REPORT_DAMAGE, "item bbbbbbbb"), 1);
	map_free(&n.right);
}

/* A case with one record, whose bulk is in two segments. */
static int
begin(void **state)
{
	static const char *const parts[] = {"first part", "second part"};
	struct err e = {0};
	struct writer *w;
	json_t *doc;

	(void)state;
	ada = scratch_person("Ada");
	scratch_vault(&s, ada);
	snprintf(out_dir, sizeof out_dir, "%s/out", s.dir);
	must(fsutil_mkdirs(out_dir, &e), &e);
	x = scratch_open(&s, ada);
	must(acts_case_new(x, "C", case_id, &e), &e);
	scratch_close(x);
	x = scratch_open(&s, ada);
	w = writer_new(x, &e);
	assert_non_null(w);
	must(writer_case(w, case_id, NULL, &e), &e);
	for (size_t i = 0; i < 2; i++)
		must(scratch_segment(x->v, w, parts[i], segment[i], &e), &e);
	doc = json_object();
	must(writer_entry(w, "filler", doc, NULL, 0, false, NULL, &e), &e);
	json_decref(doc);
	must(writer_commit(w, &e), &e);
	writer_free(w);
	scratch_close(x);
	x = scratch_open(&s, ada);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	scratch_close(x);
	identity_free(ada);
	scratch_end(s.dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(safe_names),
	    cmocka_unit_test(inline_contents),
	    cmocka_unit_test(segments),
	    cmocka_unit_test(segment_forms),
	    cmocka_unit_test(to_files),
	    cmocka_unit_test(sinks_fail),
	    cmocka_unit_test(contents_inside),
	    cmocka_unit_test(verify_looks_inside),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("extract", tests, begin, end);
}
