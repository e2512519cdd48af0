/*
 * vault/index/bond.h: records that name an original which is there, is not
 * there, or is something else; from the copy's side and from the original's.
 */
#include "scratch.h"

#include "bond.h"
#include "hex.h"
#include "writer.h"

#include <jansson.h>

#define ITEM_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ITEM_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SHA(c) c c c c c c c c c c c c c c c c
#define NOWHERE SHA("dead")

static json_t *
with(json_t *o, const char *key, json_t *value)
{
	assert_non_null(value);
	assert_int_equal(json_object_set_new(o, key, value), 0);
	return o;
}

/* A record with one file of that hash, which has no content here. */
static json_t *
record(const char *item, const char *sha256)
{
	json_t *file =
	    with(with(with(with(json_object(), "name", json_string("f")),
			   "sha256", json_string(sha256)),
		      "size", json_integer(1)),
		 "segments", json_array());
	json_t *files = json_array();

	json_array_append_new(files, file);
	return with(with(with(with(json_object(), "item", json_string(item)),
			      "parents", json_array()),
			 "fields", json_object()),
		    "files", files);
}

static json_t *
bond(const char *entry, const char *item, json_int_t file)
{
	return with(with(with(with(json_object(), "entry", json_string(entry)),
			      "item", json_string(item)),
			 "file", json_integer(file)),
		    "zones", json_pack("[s]", "1 0 0 9 9 name"));
}

static void
put(struct writer *w, json_t *doc, uint8_t sha256[HASH_LEN])
{
	struct err e = {0};

	assert_int_equal(
	    writer_entry(w, "record", doc, NULL, 0, false, sha256, &e), 0);
	json_decref(doc);
}

/* How the copies are judged; the item of each is its number. */
static const char *const problems[] = {
    NULL,
    "not in this vault",
    "something else",
    "no file of that number",
    "the same file as its original",
    "not of the form",
    "not of the form",
};
#define N_COPIES (sizeof problems / sizeof *problems)

static void
write_all(struct index *x, const char *case_id)
{
	struct err e = {0};
	struct writer *w = writer_new(x, &e);
	uint8_t hash[HASH_LEN];
	char hex[HASH_HEX_LEN + 1], item[33];
	json_t *bonds[N_COPIES];

	assert_non_null(w);
	assert_int_equal(writer_case(w, case_id, NULL, &e), 0);
	put(w, record(ITEM_A, SHA("0a0a")), hash);
	hex_encode(hash, HASH_LEN, hex);
	bonds[0] = bond(hex, ITEM_A, 1);
	bonds[1] = bond(NOWHERE, ITEM_A, 1);
	bonds[2] = bond(hex, ITEM_B, 1);
	bonds[3] = bond(hex, ITEM_A, 2);
	bonds[4] = bond(hex, ITEM_A, 1);
	bonds[5] = bond("dead", ITEM_A, 1);
	bonds[6] = json_string("an original");
	for (size_t i = 0; i < N_COPIES; i++) {
		snprintf(item, sizeof item, "%032zx", i);
		put(w,
		    with(record(item, i == 4 ? SHA("0a0a") : SHA("0b0b")),
			 "original", bonds[i]),
		    NULL);
	}
	assert_int_equal(writer_commit(w, &e), 0);
	writer_free(w);
}

static void
judged(void **state)
{
	struct identity *id = scratch_person("Ada");
	struct err e = {0};
	char case_id[INDEX_CASE_MAX], item[33];
	struct index_item *original, *copy;
	struct scratch s;
	struct bonds *b;
	struct index *x;
	json_t *o;

	(void)state;
	scratch_vault(&s, id);
	x = scratch_open(&s, id);
	assert_int_equal(acts_case_new(x, "C", case_id, &e), 0);
	scratch_close(x);
	x = scratch_open(&s, id);
	write_all(x, case_id);
	scratch_close(x);
	x = scratch_open(&s, id);
	b = bonds_new(x);
	assert_non_null(b);
	for (size_t i = 0; i < N_COPIES; i++) {
		const char *why;

		snprintf(item, sizeof item, "%032zx", i);
		assert_int_equal(index_find_item(x, item, &copy, &e), 0);
		o = bonds_original(b, index_current(x, copy, NULL));
		assert_non_null(o);
		why = json_string_value(json_object_get(o, "problem"));
		if (problems[i] == NULL)
			assert_null(why);
		else
			assert_non_null(strstr(why, problems[i]));
		json_decref(o);
	}
	/* only what is right is shown at the original */
	assert_int_equal(index_find_item(x, ITEM_A, &original, &e), 0);
	assert_null(bonds_original(b, index_current(x, original, NULL)));
	o = bonds_copies(b, original, NULL);
	assert_int_equal(json_array_size(o), 1);
	json_decref(o);
	bonds_free(b);
	/* and verify tells of the others, without an alarm */
	bonds_verify(x);
	assert_int_equal(x->v->report.count[REPORT_NOTE], N_COPIES - 1);
	assert_int_equal(x->v->report.count[REPORT_HISTORY], 0);
	scratch_close(x);
	identity_free(id);
	scratch_end(s.dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(judged)};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
