/* format/exindex.h, bagit.h, policytext.h: texts of a package. */
#include "exindex.h"

#include "bagit.h"
#include "mutants.h"
#include "policytext.h"

static char device[BATCH_DEVICE_LEN + 1];

/* A package with everything in it; what is not listed has no effect. */
static char *
make(size_t *len)
{
	struct exindex_item items[2];
	struct exindex_entry entries[3];
	struct exindex_file files[2] = {{"data/0001.jpg", 1, 1},
					{"data/0003.pdf", 2, 12}};
	struct exindex_checkpoint points[2];
	struct exindex_pair stamps[3] = {{1, 1}, {1, 2}, {2, 2}};
	struct exindex_pair earlier[1] = {{1, 3}};
	struct exindex_witness witnesses[1] = {
	    {"w.example/1", "Бахром of House of Law"}};
	struct exindex x = {.made = "2026-11-22T08:00:00Z",
			    .by = "0.3.0",
			    .items = items,
			    .n_items = 2,
			    .entries = entries,
			    .n_entries = 3,
			    .files = files,
			    .n_files = 2,
			    .checkpoints = points,
			    .n_checkpoints = 2,
			    .stamps = stamps,
			    .n_stamps = 3,
			    .earlier = earlier,
			    .n_earlier = 1,
			    .witnesses = witnesses,
			    .n_witnesses = 1};
	uint8_t pub[32];

	memset(pub, 9, sizeof pub);
	batch_device_name(pub, device);
	memset(x.vault, 'a', 64);
	memset(items, 0, sizeof items);
	memset(entries, 0, sizeof entries);
	for (size_t i = 0; i < 2; i++) {
		memset(items[i].id, '1' + (int)i, 32);
		strcpy(points[i].device, device);
		points[i].size = 20 + i;
	}
	for (size_t i = 0; i < 3; i++) {
		strcpy(entries[i].kind, i < 2 ? "record" : "stamp");
		strcpy(entries[i].device, device);
		entries[i].batch = 9 - i;
		entries[i].item = i < 2 ? (uint32_t)i + 1 : 0;
		entries[i].opened = i == 0;
	}
	entries[1].original = 1;
	return exindex_encode(&x, len);
}

static bool
index_accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	struct exindex x;
	size_t n = 0;
	bool ok = exindex_decode((const char *)bytes, len, &x) == FORMAT_OK;

	(void)ctx;
	if (ok) {
		char *again = exindex_encode(&x, &n);

		assert_int_equal(n, len);
		assert_memory_equal(again, bytes, n);
		free(again);
	}
	exindex_free(&x);
	return ok;
}

static void
reads_an_index(void **state)
{
	struct exindex x;
	size_t len;
	char *text = make(&len);

	(void)state;
	assert_int_equal(exindex_decode(text, len, &x), FORMAT_OK);
	assert_int_equal(x.n_entries, 3);
	assert_true(x.entries[0].opened);
	assert_int_equal(x.entries[1].original, 1);
	assert_int_equal(exindex_stamps(&x), 2);
	assert_string_equal(x.witnesses[0].who, "Бахром of House of Law");
	exindex_free(&x);
	/* fewer lines at the end are an index, too */
	(void)mutants_flip(index_accepts, NULL, (uint8_t *)text, len);
	(void)mutants_delete(index_accepts, NULL, (uint8_t *)text, len);
	(void)mutants_insert(index_accepts, NULL, (uint8_t *)text, len);
	free(text);
}

/* Replace one text by another and see that it is refused. */
static void
refused(const char *from, const char *to)
{
	size_t len;
	char *text = make(&len), *at = strstr(text, from), *changed;

	assert_non_null(at);
	changed = malloc(len + strlen(to) + 1);
	len = (size_t)sprintf(changed, "%.*s%s%s", (int)(at - text), text, to,
			      at + strlen(from));
	if (index_accepts(NULL, (uint8_t *)changed, len))
		fail_msg("accepted %s in place of %s", to, from);
	free(changed);
	free(text);
}

static void
refuses_wrong_numbers(void **state)
{
	static const char *const pairs[][2] = {
	    {"item 2", "item 3"},
	    {"e002 record", "e02 record"},
	    {"e003 stamp", "e004 stamp"},
	    {"opened e001", "opened e009"},
	    {"data/0001.jpg", "data/1.jpg"},
	    {"data/0001.jpg", "../0001.jpg"},
	    {"data/0001.jpg", "data/0004.jpg"},
	    {"original e002 e001", "original e002 e002"},
	    {"original e002 e001", "original e002 e004"},
	    {"checkpoint c2", "checkpoint c3"},
	    {"stamp t2 c2", "stamp t3 c2"},
	    {"stamp t2 c2", "stamp t1 c2"},
	    {"stamp t2 c2", "stamp t2 c3"},
	    {"earlier e001 e003", "earlier e001 e001"},
	    {"made 2026-11-22", "made 2026-13-22"},
	    {"e001 1\n", "e001 0\n"},
	    {" of House", "\tof House"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++)
		refused(pairs[i][0], pairs[i][1]);
}

static bool
manifest_accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	struct bagit_file *files;
	size_t n = 0, m = 0;
	bool ok = bagit_manifest_decode((const char *)bytes, len, &files, &n) ==
		  FORMAT_OK;

	(void)ctx;
	if (ok) {
		char *again = bagit_manifest_encode(files, n, &m);

		assert_int_equal(m, len);
		assert_memory_equal(again, bytes, m);
		free(again);
	}
	free(files);
	return ok;
}

static void
manifests(void **state)
{
	struct bagit_file in[3] = {{.path = "proof/t1/token.tsr"},
				   {.path = "VERIFY.html"},
				   {.path = "data/0001.jpg"}};
	struct bagit_file *files;
	size_t len, n;
	char *text = bagit_manifest_encode(in, 3, &len);

	(void)state;
	assert_int_equal(bagit_manifest_decode(text, len, &files, &n),
			 FORMAT_OK);
	assert_int_equal(n, 3);
	assert_string_equal(files[0].path, "VERIFY.html");
	assert_non_null(bagit_find(files, n, "data/0001.jpg"));
	assert_null(bagit_find(files, n, "data/0002.jpg"));
	free(files);
	(void)mutants_flip(manifest_accepts, NULL, (uint8_t *)text, len);
	(void)mutants_insert(manifest_accepts, NULL, (uint8_t *)text, len);
	free(text);
	assert_true(manifest_accepts(NULL, (const uint8_t *)"", 0));
	strcpy(in[0].path, "a");
	strcpy(in[1].path, "A");
	text = bagit_manifest_encode(in, 2, &len);
	assert_false(manifest_accepts(NULL, (uint8_t *)text, len));
	free(text);
}

static void
paths(void **state)
{
	static const char *const good[] = {"a", "data/0001.jpg", "a/b/c",
					   "00-X.txt"};
	static const char *const bad[] = {"",	  "/a",	  "a/",	     "a//b",
					  "..",	  "a/..", ".a",	     "-a",
					  "a\\b", "a b",  "a/b/c/d", "é"};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(bagit_is_path(good[i], strlen(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(bagit_is_path(bad[i], strlen(bad[i])));
}

static bool
info_accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	struct bagit_info i;
	char again[BAGIT_INFO_MAX];
	bool ok = bagit_info_decode((const char *)bytes, len, &i) == FORMAT_OK;

	(void)ctx;
	if (ok) {
		assert_int_equal(bagit_info_encode(&i, again), len);
		assert_memory_equal(again, bytes, len);
	}
	return ok;
}

static void
bag_info(void **state)
{
	struct bagit_info i = {.agent = "muniment 0.3.0",
			       .date = "2026-11-22",
			       .bytes = 263713,
			       .files = 1};
	char text[BAGIT_INFO_MAX];

	(void)state;
	memset(i.id, 'b', 32);
	(void)mutants_all(info_accepts, NULL, text,
			  bagit_info_encode(&i, text));
}

static bool
policy_accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	struct policytext p;
	size_t n = 0;
	bool ok = policytext_decode((const char *)bytes, len, &p) == FORMAT_OK;

	(void)ctx;
	if (ok) {
		char *again = policytext_encode(&p, &n);

		assert_int_equal(n, len);
		assert_memory_equal(again, bytes, n);
		free(again);
	}
	policytext_free(&p);
	return ok;
}

static void
policies(void **state)
{
	struct cosign_vkey keys[4];
	struct policytext p = {.keys = keys, .logs = 2, .witnesses = 2};
	char text[POLICYTEXT_SIGNERS_MAX];
	uint8_t pub[32], again[32];
	size_t len;
	char *policy;

	(void)state;
	memset(keys, 0, sizeof keys);
	for (size_t i = 0; i < 4; i++) {
		snprintf(keys[i].name, sizeof keys[i].name, "name%zu", 9 - i);
		keys[i].type = i < 2 ? COSIGN_ED25519 : COSIGN_COSIGNATURE;
		memset(keys[i].key, 10 + (int)i, 32);
	}
	policy = policytext_encode(&p, &len);
	(void)mutants_all(policy_accepts, NULL, policy, len);
	free(policy);
	/* a witness with the key of a log is none */
	memset(keys[3].key, 10, 32);
	policy = policytext_encode(&p, &len);
	assert_false(policy_accepts(NULL, (uint8_t *)policy, len));
	free(policy);
	memset(pub, 3, sizeof pub);
	len = policytext_signers_encode(pub, text);
	assert_int_equal(policytext_signers_decode(text, len, again),
			 FORMAT_OK);
	assert_memory_equal(pub, again, 32);
	assert_int_equal(policytext_signers_decode(text, len - 1, again),
			 FORMAT_MALFORMED);
	text[0] = '*';
	assert_int_equal(policytext_signers_decode(text, len, again),
			 FORMAT_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_an_index),
	    cmocka_unit_test(refuses_wrong_numbers),
	    cmocka_unit_test(manifests),
	    cmocka_unit_test(paths),
	    cmocka_unit_test(bag_info),
	    cmocka_unit_test(policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
