/*
 * vault/work/held.h: content counts as held only by what opens and has the
 * hash, and no other segments are given out for it. The rest is in
 * tests/cli/versions.sh and sources.sh.
 */
#include "held.h"

#include "scratch.h"
#include "writer.h"

static struct scratch s;
static struct identity *ada;
static struct index *x;
static char case_id[INDEX_CASE_MAX];
static char segment[2][128]; /* of what[0], what[1] */

static const char *const what[] = {"what she saw", "another thing"};
#define LEN(i) strlen(what[i])

static void
must(int rc, const struct err *e)
{
	if (rc != 0)
		fail_msg("%s", e->msg);
}

/* A file of a record: claimed to be `is`, in the segment of `lies`. */
static json_t *
file(size_t is, size_t lies)
{
	uint8_t digest[HASH_LEN];
	char hex[HASH_HEX_LEN + 1];

	hash_sha256(what[is], LEN(is), digest);
	hex_encode(digest, HASH_LEN, hex);
	return json_pack("{s:s,s:s,s:I,s:[s]}", "name", "f", "sha256", hex,
			 "size", (json_int_t)LEN(is), "segments",
			 segment[lies]);
}

/* A record of these files, which are freed here. */
static void
put(struct writer *w, char digit, json_t *files)
{
	char item[HEX_ID_LEN + 1];
	struct err e = {0};
	json_t *doc;

	memset(item, digit, HEX_ID_LEN);
	item[HEX_ID_LEN] = '\0';
	doc = json_pack("{s:s,s:[],s:{},s:o}", "item", item, "parents",
			"fields", "files", files);
	assert_non_null(doc);
	must(writer_record(w, "record", doc, &(struct entry_content){NULL, 0},
			   0, &e),
	     &e);
	json_decref(doc);
}

static void
only_what_opens(void **state)
{
	struct held *h = held_new(x, case_id);
	uint8_t sha256[HASH_LEN];
	json_t *list;
	size_t at;

	(void)state;
	assert_non_null(h);
	/* the record names it twice: where something else lies, and itself */
	hash_sha256(what[0], LEN(0), sha256);
	assert_true(held_size(h, LEN(0)));
	assert_true(held_find(h, LEN(0), sha256, &at));
	assert_int_equal(held_item(h, at)[0], 'a');
	list = held_segments(h, at);
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(json_string_value(json_array_get(list, 0)),
			    segment[0]);
	json_decref(list);
	/* nobody has this one, whatever a record says */
	hash_sha256(what[1], LEN(1), sha256);
	assert_true(held_size(h, LEN(1)));
	assert_false(held_find(h, LEN(1), sha256, &at));
	held_free(h);
}

static void
one_s_own(void **state)
{
	struct held *h = held_new(x, case_id);
	uint8_t sha256[HASH_LEN];
	char item[HEX_ID_LEN + 1];
	json_t *list = json_pack("[s]", segment[1]), *got;
	size_t at;

	(void)state;
	hash_sha256("new", 3, sha256);
	assert_false(held_size(h, 3));
	assert_false(held_find(h, 3, sha256, &at));
	assert_false(held_current(h, 3, sha256, item));
	assert_int_equal(held_add(h, sha256, 3, "its item", list), 0);
	assert_true(held_size(h, 3));
	assert_true(held_find(h, 3, sha256, &at));
	assert_string_equal(held_item(h, at), "its item");
	got = held_segments(h, at);
	assert_ptr_equal(got, list);
	json_decref(got);
	json_decref(list);
	held_free(h);
}

/* Two objects; a record that says the truth once, and one that never does. */
static int
begin(void **state)
{
	struct err e = {0};
	struct writer *w;

	(void)state;
	ada = scratch_person("Ada");
	scratch_vault(&s, ada);
	x = scratch_open(&s, ada);
	must(acts_case_new(x, "C", case_id, &e), &e);
	scratch_close(x);
	x = scratch_open(&s, ada);
	w = writer_new(x, &e);
	assert_non_null(w);
	must(writer_case(w, case_id, NULL, &e), &e);
	for (size_t i = 0; i < 2; i++)
		must(scratch_segment(x->v, w, what[i], segment[i], &e), &e);
	put(w, 'a', json_pack("[o,o]", file(0, 1), file(0, 0)));
	put(w, 'b', json_pack("[o]", file(1, 0)));
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
	    cmocka_unit_test(only_what_opens),
	    cmocka_unit_test(one_s_own),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("held", tests, begin, end);
}
