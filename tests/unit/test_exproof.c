/* format/exproof.h, tlogproof.h, stamptext.h: proofs in their one form. */
#include "exproof.h"

#include "mutants.h"
#include "stamptext.h"
#include "tlogproof.h"

static struct exproof_field fields[3];

static void
fill(struct exproof *p)
{
	static const char *const names[] = {"kind", "files.1.sha256", "files"};
	static const char *const values[] = {"\"record\"", "\"ab\"", "[]"};

	memset(p, 0, sizeof *p);
	memset(p->sha256, 1, 32);
	memset(p->root, 2, 32);
	memset(p->inner, 3, 32);
	p->place = 9;
	p->batch_k = 2;
	p->fields_k = 3;
	for (size_t i = 0; i < EXPROOF_BATCH_PATH; i++)
		memset(p->path[i], 0x40 + (int)i, 32);
	memset(fields, 0, sizeof fields);
	for (size_t i = 0; i < 3; i++) {
		fields[i].name = names[i];
		fields[i].value = values[i];
		fields[i].place = 63 - (uint32_t)i;
		memset(fields[i].salt, 0x70 + (int)i, 32);
		for (size_t k = 0; k < EXPROOF_FIELDS_PATH; k++)
			memset(fields[i].path[k], (int)(16 * i + k), 32);
	}
	p->fields = fields;
	p->n = 3;
}

static bool
proof_accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	struct exproof p;
	size_t n = 0;
	bool ok = exproof_decode((const char *)bytes, len, &p) == FORMAT_OK;

	(void)ctx;
	if (ok) {
		char *again = exproof_encode(&p, &n);

		assert_int_equal(n, len);
		assert_memory_equal(again, bytes, n);
		free(again);
	}
	exproof_free(&p);
	return ok;
}

static void
reads_a_proof(void **state)
{
	struct exproof in, p;
	size_t len, n;
	char *text;
	uint8_t *leaf;

	(void)state;
	fill(&in);
	text = exproof_encode(&in, &len);
	assert_non_null(text);
	assert_int_equal(exproof_decode(text, len, &p), FORMAT_OK);
	assert_int_equal(p.n, 3);
	assert_string_equal(p.fields[0].name, "files");
	assert_string_equal(p.fields[2].value, "\"record\"");
	assert_int_equal(p.place, 9);
	assert_non_null(exproof_find(&p, "files.1.sha256"));
	assert_null(exproof_find(&p, "files.1"));
	leaf = exproof_leaf_input(exproof_find(&p, "kind"), &n);
	assert_int_equal(n, 32 + 5 + 8);
	assert_memory_equal(leaf + 32, "kind\0\"record\"", 13);
	free(leaf);
	exproof_free(&p);
	free(text);
}

static void
refuses_changed_proofs(void **state)
{
	struct exproof in;
	size_t len;
	char *text;

	(void)state;
	fill(&in);
	text = exproof_encode(&in, &len);
	/* fewer fields are a proof, too */
	(void)mutants_flip(proof_accepts, NULL, (uint8_t *)text, len);
	(void)mutants_delete(proof_accepts, NULL, (uint8_t *)text, len);
	(void)mutants_insert(proof_accepts, NULL, (uint8_t *)text, len);
	free(text);
}

/* Put one value, or one name, into a proof of one field. */
static bool
takes(const char *name, const char *value)
{
	struct exproof in;
	size_t len;
	char *text;
	bool ok;

	fill(&in);
	in.n = 1;
	fields[0].name = name;
	fields[0].value = value;
	text = exproof_encode(&in, &len);
	ok = proof_accepts(NULL, (const uint8_t *)text, len);
	free(text);
	return ok;
}

static void
names_and_values(void **state)
{
	static const char *const good_names[] = {"a", "fields.persons.2.name",
						 "x_1"};
	static const char *const bad_names[] = {
	    "",	   "A", "1",	     "a.",   ".a",   "a..b",	 "files.0.name",
	    "a b", "é", "signature", "salt", "a.01", "files.1\n"};
	static const char *const good[] = {"0",	 "true",	  "\"a b\"",
					   "{}", "[\"a\",\"b\"]", "\"\\n\""};
	static const char *const bad[] = {
	    "",		 "null", "1.5",	      "01",  "-1",
	    "{\"a\":1}", "[{}]", "1,\"w\":2", "\"a", "\"\\u0061\"",
	    " 1",	 "[1]",	 "\"\t\""};

	(void)state;
	for (size_t i = 0; i < COUNT(good_names); i++)
		assert_true(takes(good_names[i], "1"));
	for (size_t i = 0; i < COUNT(bad_names); i++)
		assert_false(takes(bad_names[i], "1"));
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(takes("a", good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(takes("a", bad[i]));
}

static bool
tlog_accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	struct tlogproof p;
	size_t n = 0;
	bool ok = tlogproof_decode((const char *)bytes, len, &p) == FORMAT_OK;

	(void)ctx;
	if (ok) {
		char *again = tlogproof_encode(&p, &n);

		assert_int_equal(n, len);
		assert_memory_equal(again, bytes, n);
		free(again);
	}
	return ok;
}

static void
tlog_proofs(void **state)
{
	static const char note[] = "origin\n3\nroot\n\nx\n";
	struct tlogproof p = {.index = 12,
			      .n = 2,
			      .note = note,
			      .note_len = sizeof note - 1},
			 q;
	size_t len, bad;
	char *text;

	(void)state;
	memset(p.path, 7, sizeof p.path);
	text = tlogproof_encode(&p, &len);
	assert_memory_equal(text, "c2sp.org/tlog-proof@v1\nindex 12\nBwcH", 36);
	assert_int_equal(tlogproof_decode(text, len, &q), FORMAT_OK);
	assert_int_equal(q.index, 12);
	assert_int_equal(q.n, 2);
	assert_int_equal(q.note_len, sizeof note - 1);
	/* the note is whatever it is; all before it has one form */
	bad = len - (sizeof note - 1);
	(void)mutants_flip(tlog_accepts, NULL, (uint8_t *)text, bad);
	for (size_t i = 0; i <= bad; i++)
		assert_false(
		    mutants_try(tlog_accepts, NULL, (uint8_t *)text, i));
	free(text);
	/* no more nodes than a path can have */
	p.n = TLOGPROOF_PATH;
	text = tlogproof_encode(&p, &len);
	assert_int_equal(tlogproof_decode(text, len, &q), FORMAT_OK);
	free(text);
	assert_int_equal(tlogproof_decode("c2sp.org/tlog-proof@v1\nextra YQ==\n"
					  "index 0\n\nx\n",
					  46, &q),
			 FORMAT_MALFORMED);
}

static bool
path_accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	struct stamptext_path p;
	char again[STAMPTEXT_PATH_FILE_MAX];
	bool ok =
	    stamptext_path_decode((const char *)bytes, len, &p) == FORMAT_OK;

	(void)ctx;
	if (ok) {
		assert_int_equal(stamptext_path_encode(&p, again), len);
		assert_memory_equal(again, bytes, len);
	}
	return ok;
}

static bool
stamp_accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	enum stamptext_kind kind = *(enum stamptext_kind *)ctx;
	char again[STAMPTEXT_MAX];
	uint8_t root[32];
	int k;
	bool ok = stamptext_decode((const char *)bytes, len, kind, &k, root) ==
		  FORMAT_OK;

	if (ok) {
		assert_int_equal(stamptext_encode(kind, k, root, again), len);
		assert_memory_equal(again, bytes, len);
	}
	return ok;
}

static void
stamps(void **state)
{
	enum stamptext_kind ask = STAMPTEXT_ASK, renew = STAMPTEXT_RENEW;
	struct stamptext_path p = {.place = 15, .k = 2};
	char text[STAMPTEXT_PATH_FILE_MAX];
	uint8_t root[32];
	size_t len;

	(void)state;
	memset(root, 5, sizeof root);
	len = stamptext_encode(STAMPTEXT_ASK, 2, root, text);
	(void)mutants_all(stamp_accepts, &ask, text, len);
	assert_false(stamp_accepts(&renew, (uint8_t *)text, len));
	len = stamptext_encode(STAMPTEXT_RENEW, 9, root, text);
	assert_false(stamp_accepts(&renew, (uint8_t *)text, len));
	memset(p.path, 6, sizeof p.path);
	len = stamptext_path_encode(&p, text);
	(void)mutants_flip(path_accepts, NULL, (uint8_t *)text, len);
	assert_true(path_accepts(NULL, (uint8_t *)text, len));
	assert_false(path_accepts(NULL, (uint8_t *)text, len - 70));
	p.place = 16; /* beyond 4^2 */
	len = stamptext_path_encode(&p, text);
	assert_false(path_accepts(NULL, (uint8_t *)text, len));
}

static bool
lines_accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	static struct stamptext_line lines[8];
	uint8_t entry[32];
	size_t n = 0, m = 0;
	bool ok = stamptext_lines_decode((const char *)bytes, len, entry, lines,
					 8, &n) == FORMAT_OK;

	(void)ctx;
	if (ok) {
		char *again = stamptext_lines_encode(entry, lines, n, &m);

		assert_int_equal(m, len);
		assert_memory_equal(again, bytes, m);
		free(again);
	}
	return ok;
}

static void
renewals(void **state)
{
	struct stamptext_line lines[4] = {{.name = "stamp.txt"},
					  {.name = "token.tsr"},
					  {.name = "renewal-1.txt"},
					  {.name = "renewal-1-chain.pem"}};
	uint8_t entry[32] = {1};
	size_t len, n;
	char name[STAMPTEXT_NAME_MAX];
	struct stamptext_line swap;
	char *text = stamptext_lines_encode(entry, lines, 4, &len);

	(void)state;
	assert_true(lines_accepts(NULL, (uint8_t *)text, len));
	(void)mutants_flip(lines_accepts, NULL, (uint8_t *)text, len);
	assert_int_equal(stamptext_lines_decode(text, len, entry, lines, 3, &n),
			 FORMAT_LIMIT);
	free(text);
	swap = lines[0];
	lines[0] = lines[1];
	lines[1] = swap;
	text = stamptext_lines_encode(entry, lines, 4, &len);
	assert_false(lines_accepts(NULL, (uint8_t *)text, len));
	free(text);
	stamptext_name(4, name);
	assert_string_equal(name, "renewal-1.txt");
	stamptext_name(11, name);
	assert_string_equal(name, "renewal-2-revocation.pem");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_a_proof),
	    cmocka_unit_test(refuses_changed_proofs),
	    cmocka_unit_test(names_and_values),
	    cmocka_unit_test(tlog_proofs),
	    cmocka_unit_test(stamps),
	    cmocka_unit_test(renewals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
