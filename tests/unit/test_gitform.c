/* format/gitform.h: commits, trees, pointers, the vault file. */
#include "gitform.h"

#include "mutants.h"

static const uint8_t pub[32] = {1, 2, 3};
static uint64_t number; /* of the commit at hand */

static bool
takes_commit(void *ctx, const uint8_t *bytes, size_t len)
{
	char again[GITFORM_COMMIT_MAX];
	struct gitform_commit c;
	uint8_t sig[64];

	(void)ctx;
	if (gitform_commit_decode((const char *)bytes, len, number, pub, &c,
				  sig) != FORMAT_OK)
		return false;
	assert_int_equal(gitform_commit_encode(&c, pub, sig, again), len);
	assert_memory_equal(again, bytes, len);
	return true;
}

static size_t
make(uint64_t n, char out[GITFORM_COMMIT_MAX])
{
	struct gitform_commit c = {.n = n};
	uint8_t sig[64];

	memset(c.tree, 0xaa, sizeof c.tree);
	memset(c.parent, 0xbb, sizeof c.parent);
	memset(sig, 0xcc, sizeof sig);
	number = n;
	return gitform_commit_encode(&c, pub, sig, out);
}

static void
commits(void **state)
{
	static const char first[] =
	    "tree aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
	    "author muniment <muniment@invalid> 1000000001 +0000\n"
	    "committer muniment <muniment@invalid> 1000000001 +0000\n"
	    "\nbatch 1\n";
	static const uint64_t numbers[] = {1, 2, 1000, (UINT64_C(1) << 31)};
	struct gitform_commit c = {.n = 1};
	char text[GITFORM_COMMIT_MAX];

	(void)state;
	memset(c.tree, 0xaa, sizeof c.tree);
	assert_int_equal(gitform_commit_unsigned(&c, text), sizeof first - 1);
	assert_string_equal(text, first);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		size_t n = make(numbers[i], text);

		assert_true(n < GITFORM_COMMIT_MAX);
		assert_true(mutants_all(takes_commit, NULL, text, n) > 100);
	}
}

static void
commits_stand_at_their_number(void **state)
{
	char text[GITFORM_COMMIT_MAX];
	uint8_t sig[64], other[32] = {9};
	struct gitform_commit c;
	size_t n = make(2, text);

	(void)state;
	for (uint64_t k = 1; k < 5; k++)
		assert_int_equal(gitform_commit_decode(text, n, k, pub, &c,
						       sig) == FORMAT_OK,
				 k == 2);
	assert_int_not_equal(gitform_commit_decode(text, n, 2, other, &c, sig),
			     FORMAT_OK);
	n = make(1, text);
	assert_int_not_equal(gitform_commit_decode(text, n, 2, pub, &c, sig),
			     FORMAT_OK);
}

/* What git would take and a reader must not. */
static void
commits_of_other_forms(void **state)
{
	static const char *const changes[][2] = {
	    {"+0000\ncommitter", "+0100\ncommitter"},
	    {"+0000\ngpgsig", "+0000\nencoding UTF-8\ngpgsig"},
	    {"+0000\ngpgsig", "+0000\nmergetag object\ngpgsig"},
	    {"\nbatch 2\n", "\nbatch 2"},
	    {"\nbatch 2\n", "\nbatch 02\n"},
	    {"\nbatch 2\n", "\nbatch 2\n\nmore\n"},
	    {"1000000002", "1000000003"},
	    {"author muniment", "author Muniment"},
	    {"\nparent bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", ""},
	    {"\nauthor",
	     "\nparent bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\nauthor"},
	    {"tree aa", "tree AA"},
	    {"gpgsig ", "gpgsig  "},
	};
	char text[GITFORM_COMMIT_MAX], other[2 * GITFORM_COMMIT_MAX], *at;

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		size_t n = make(2, text);

		text[n] = '\0';
		at = strstr(text, changes[i][0]);
		assert_non_null(at);
		n = (size_t)sprintf(other, "%.*s%s%s", (int)(at - text), text,
				    changes[i][1], at + strlen(changes[i][0]));
		if (mutants_try(takes_commit, NULL, (uint8_t *)other, n))
			fail_msg("accepted change %zu", i);
	}
}

static bool
takes_vault(void *ctx, const uint8_t *bytes, size_t len)
{
	char again[GITFORM_VAULT_MAX];
	uint8_t root[32], nonce[32];

	(void)ctx;
	if (gitform_vault_decode((const char *)bytes, len, root, nonce) !=
	    FORMAT_OK)
		return false;
	assert_int_equal(gitform_vault_encode(root, nonce, again), len);
	assert_memory_equal(again, bytes, len);
	return true;
}

static void
vault_file(void **state)
{
	char text[GITFORM_VAULT_MAX];
	uint8_t nonce[32];
	size_t n;

	(void)state;
	memset(nonce, 0x5a, sizeof nonce);
	n = gitform_vault_encode(pub, nonce, text);
	assert_memory_equal(text, "muniment vault 1\nroot ssh-ed25519 AAAAC3Nz",
			    42);
	assert_memory_equal(text + n - 72, "\nnonce 5a5a", 11);
	assert_true(mutants_all(takes_vault, NULL, text, n) > 300);
}

static void
pointer(void **state)
{
	char text[GITFORM_POINTER_MAX];
	uint8_t hash[32];
	size_t n;

	(void)state;
	memset(hash, 0x12, sizeof hash);
	n = gitform_pointer_encode(hash, UINT64_C(9007199254740991), text);
	assert_int_equal(n, strlen(text));
	assert_string_equal(text, "version https://git-lfs.github.com/spec/v1\n"
				  "oid sha256:12121212121212121212121212121212"
				  "12121212121212121212121212121212\n"
				  "size 9007199254740991\n");
}

static bool
takes_tree(void *ctx, const uint8_t *bytes, size_t len)
{
	struct gitform_name *names;
	uint8_t *again;
	size_t n = 0, m = 0;

	(void)ctx;
	if (gitform_tree_decode(bytes, len, &names, &n) != FORMAT_OK) {
		assert_null(names);
		return false;
	}
	again = gitform_tree_encode(names, n, &m);
	assert_non_null(again);
	assert_int_equal(m, len);
	assert_memory_equal(again, bytes, len);
	free(again);
	free(names);
	return true;
}

static void
fill(struct gitform_name *n, const char *name, int byte)
{
	memset(n, 0, sizeof *n);
	snprintf(n->name, sizeof n->name, "%s", name);
	memset(n->oid, byte, sizeof n->oid);
}

static void
trees(void **state)
{
	struct gitform_name names[4], *back;
	const char hex[] = "0123456789abcdef0123456789abcdef"
			   "0123456789abcdef0123456789abcdef";
	uint8_t *tree;
	size_t len, n, ok;

	(void)state;
	fill(&names[0], "vault", 1);
	fill(&names[1], "checkpoint", 2);
	fill(&names[2], hex, 3);
	fill(&names[3], "batch", 4);
	tree = gitform_tree_encode(names, 4, &len);
	assert_non_null(tree);
	assert_int_equal(len, 4 * (7 + 1 + 20) + 5 + 10 + 64 + 5);
	assert_int_equal(gitform_tree_decode(tree, len, &back, &n), FORMAT_OK);
	assert_int_equal(n, 4);
	assert_string_equal(back[0].name, hex);
	assert_string_equal(back[1].name, "batch");
	assert_int_equal(back[2].oid[19], 2);
	assert_string_equal(back[3].name, "vault");
	free(back);
	/* cut after a whole entry it is a tree still */
	ok = 0;
	for (size_t i = 0; i < len; i++)
		ok += mutants_try(takes_tree, NULL, tree, i);
	assert_int_equal(ok, 3);
	mutants_flip(takes_tree, NULL, tree, len);
	mutants_delete(takes_tree, NULL, tree, len);
	mutants_insert(takes_tree, NULL, tree, len);
	free(tree);
}

static void
trees_refused(void **state)
{
#define OID "ABCDEFGHIJKLMNOPQRST"
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
	    {"", 0},
	    {"100644 batch\0" OID "100644 batch\0" OID, 66},
	    {"100644 vault\0" OID "100644 batch\0" OID, 66},
	    {"100755 batch\0" OID, 33},
	    {"120000 batch\0" OID, 33},
	    {"40000 batches\0" OID, 34},
	    {"160000 batch\0" OID, 33},
	    {"0100644 batch\0" OID, 34},
	    {"100644 bat\0" OID, 31},
	    {"100644 \0" OID, 28},
	    {"100644 batch\0" OID "x", 34},
	    {"100644 batch\0" OID "100644 ", 40},
	    {"100644 batch", 12},
	};
	char longer[7 + 65 + 1 + 20];
	struct gitform_name *names;
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (mutants_try(takes_tree, NULL, (const uint8_t *)bad[i].bytes,
				bad[i].len))
			fail_msg("accepted tree %zu", i);
	memset(longer, 'a', sizeof longer);
	memcpy(longer, "100644 ", 7);
	longer[7 + 65] = '\0';
	assert_int_equal(
	    gitform_tree_decode((uint8_t *)longer, sizeof longer, &names, &n),
	    FORMAT_MALFORMED);
	longer[7 + 64] = '\0';
	assert_int_equal(gitform_tree_decode((uint8_t *)longer,
					     sizeof longer - 1, &names, &n),
			 FORMAT_OK);
	free(names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(commits),
	    cmocka_unit_test(commits_stand_at_their_number),
	    cmocka_unit_test(commits_of_other_forms),
	    cmocka_unit_test(vault_file),
	    cmocka_unit_test(pointer),
	    cmocka_unit_test(trees),
	    cmocka_unit_test(trees_refused),
	};

	return cmocka_run_group_tests_name("gitform", tests, NULL, NULL);
}
