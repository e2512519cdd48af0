/* crypto/merkle.h against RFC 6962's definition and published roots. */
#include "merkle.h"

#include "mutants.h"

static void
is(const uint8_t digest[32], const char *want)
{
	char hex[65];

	for (size_t i = 0; i < 32; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	assert_string_equal(hex, want);
}

/* MTH of RFC 6962, 2.1, word for word. */
static void
mth(uint8_t (*leaf)[32], size_t n, uint8_t out[32])
{
	uint8_t both[65];
	size_t k = 1;

	if (n == 0) {
		hash_sha256("", 0, out);
		return;
	}
	if (n == 1) {
		memcpy(out, leaf[0], 32);
		return;
	}
	while (2 * k < n)
		k *= 2;
	both[0] = 1;
	mth(leaf, k, both + 1);
	mth(leaf + k, n - k, both + 33);
	hash_sha256(both, sizeof both, out);
}

/* The eight inputs and the roots that Certificate Transparency's own
 * implementations are tested with. */
static const struct {
	const char *bytes;
	size_t len;
	const char *root; /* of the log up to this leaf */
} published[] = {
    {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"\0", 1,
     "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"\x10", 1,
     "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"\x20\x21", 2,
     "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"\x30\x31", 2,
     "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"\x40\x41\x42\x43", 4,
     "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8,
     "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
     "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

static void
published_roots(void **state)
{
	struct merkle_log log = {0};
	uint8_t leaf[32], root[32];

	(void)state;
	merkle_log_root(&log, root);
	is(root,
	   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (size_t i = 0; i < COUNT(published); i++) {
		merkle_leaf(published[i].bytes, published[i].len, leaf);
		merkle_log_append(&log, leaf);
		merkle_log_root(&log, root);
		is(root, published[i].root);
		assert_int_equal(log.size, i + 1);
	}
}

static void
by_definition(void **state)
{
	struct merkle_log log = {0};
	uint8_t leaves[300][32], want[32], got[32];

	(void)state;
	for (size_t n = 0; n <= 300; n++) {
		mth(leaves, n, want);
		merkle_log_root(&log, got);
		assert_memory_equal(want, got, 32);
		assert_int_equal(log.n, (size_t)__builtin_popcountll(n));
		if (n == 300)
			break;
		merkle_leaf(&n, sizeof n, leaves[n]);
		merkle_log_append(&log, leaves[n]);
	}
}

static int
by_value(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* FORMAT.md 3, from the text. */
static int
slow_padded(uint8_t (*leaves)[32], size_t n, const uint8_t key[32], int min_k,
	    uint8_t out[32])
{
	static uint8_t t[65536][32];
	uint8_t in[37];
	size_t width = 1;
	int k = 0;

	for (; k < min_k || width < n; k++)
		width *= 4;
	memcpy(t, leaves, n * 32);
	in[0] = 2;
	memcpy(in + 1, key, 32);
	for (uint32_t i = 0; n + i < width; i++) {
		in[33] = (uint8_t)(i >> 24);
		in[34] = (uint8_t)(i >> 16);
		in[35] = (uint8_t)(i >> 8);
		in[36] = (uint8_t)i;
		hash_sha256(in, sizeof in, t[n + i]);
	}
	qsort(t, width, 32, by_value);
	mth(t, width, out);
	return k;
}

static void
padded(void **state)
{
	static const size_t sizes[] = {1,  2,	15,  16,  17,	63,  64,
				       65, 255, 256, 257, 1023, 1024};
	static uint8_t leaves[1025][32], copy[1025][32];
	uint8_t key[32], want[32], got[32];

	(void)state;
	memset(key, 0x42, sizeof key);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t n = sizes[i];
		int k;

		for (size_t j = 0; j < n; j++)
			merkle_leaf(&j, sizeof j, leaves[j]);
		memcpy(copy, leaves, sizeof copy);
		k = slow_padded(leaves, n, key, 2, want);
		assert_int_equal(merkle_padded_root(leaves, n, key, 2, 5, got),
				 k);
		assert_memory_equal(want, got, 32);
		/* any order of the leaves gives the same */
		for (size_t j = 0; j < n; j++)
			memcpy(leaves[j], copy[n - 1 - j], 32);
		merkle_padded_root(leaves, n, key, 2, 5, got);
		assert_memory_equal(want, got, 32);
		/* a leaf, and the key, matter */
		leaves[n / 2][0] ^= 1;
		merkle_padded_root(leaves, n, key, 2, 5, got);
		assert_memory_not_equal(want, got, 32);
		leaves[n / 2][0] ^= 1;
	}
}

static void
padded_limits(void **state)
{
	static uint8_t leaves[1025][32];
	uint8_t key[32] = {0}, out[32];

	(void)state;
	for (size_t j = 0; j < 1025; j++)
		merkle_leaf(&j, sizeof j, leaves[j]);
	assert_int_equal(merkle_padded_root(leaves, 1024, key, 2, 5, out), 5);
	assert_int_equal(merkle_padded_root(leaves, 1025, key, 2, 5, out), -1);
	assert_int_equal(merkle_padded_root(leaves, 65, key, 3, 3, out), -1);
	assert_int_equal(merkle_padded_root(leaves, 64, key, 3, 3, out), 3);
	assert_int_equal(merkle_padded_root(leaves, 1, key, 8, 8, out), 8);
}

#define PROOFS "tests/vectors/merkle-proofs.txt"
#define LEAVES_MAX 100

static uint8_t log_leaves[LEAVES_MAX][32];

static void
make_leaves(void)
{
	char data[32];

	for (int i = 0; i < LEAVES_MAX; i++)
		merkle_leaf(data, (size_t)sprintf(data, "leaf %d\n", i),
			    log_leaves[i]);
}

static void
root_of(uint64_t n, uint8_t root[32])
{
	struct merkle_log log = {0};

	for (uint64_t i = 0; i < n; i++)
		merkle_log_append(&log, log_leaves[i]);
	merkle_log_root(&log, root);
}

/* The paths are those that another program computed from the RFC. */
static void
proofs_of_the_rfc(void **state)
{
	FILE *f = fopen(PROOFS, "r");
	char kind[16], rest[80], hex[65], line[160];
	uint8_t path[MERKLE_PATH][32], digest[32];
	size_t lines = 0;

	(void)state;
	if (f == NULL)
		fail_msg("%s: not here: run from the top", PROOFS);
	make_leaves();
	while (fgets(line, sizeof line, f) != NULL) {
		unsigned long long n, i;
		size_t want, got;

		assert_int_equal(
		    sscanf(line, "%15s %llu %79[^\n]", kind, &n, rest), 3);
		assert_true(n <= LEAVES_MAX);
		lines++;
		if (strcmp(kind, "root") == 0) {
			root_of(n, digest);
			is(digest, rest);
			continue;
		}
		assert_int_equal(sscanf(rest, "%llu %zu %64s", &i, &want, hex),
				 3);
		got = strcmp(kind, "inclusion") == 0
			  ? merkle_inclusion(log_leaves, n, i, path)
			  : merkle_consistency(log_leaves, n, i, path);
		assert_int_equal(got, want);
		hash_sha256(path, got * 32, digest);
		is(digest, hex);
	}
	fclose(f);
	assert_true(lines > 300);
}

/* One other hash, number or length: no proof. */
static void
spoil_inclusion(uint64_t n, uint64_t i, uint8_t path[MERKLE_PATH][32],
		size_t len, const uint8_t root[32])
{
	uint8_t other[32] = {0};

	assert_int_equal(
	    merkle_inclusion_check(log_leaves[i], i, n, path, len, root), 0);
	assert_int_equal(merkle_inclusion_check(other, i, n, path, len, root),
			 -1);
	assert_int_equal(
	    merkle_inclusion_check(log_leaves[i], i, n, path, len, other), -1);
	assert_int_equal(
	    merkle_inclusion_check(log_leaves[i], i, n, path, len + 1, root),
	    -1);
	assert_int_equal(
	    merkle_inclusion_check(log_leaves[i], n, n, path, len, root), -1);
	assert_int_equal(
	    merkle_inclusion_check(log_leaves[i], 0, 0, path, len, root), -1);
	if (len > 0)
		assert_int_equal(merkle_inclusion_check(log_leaves[i], i, n,
							path, len - 1, root),
				 -1);
	for (uint64_t k = 0; k < n; k++)
		if (k != i && len > 0)
			assert_int_equal(merkle_inclusion_check(log_leaves[i],
								k, n, path, len,
								root),
					 -1);
	for (size_t k = 0; k < len; k++) {
		path[k][k] ^= 1;
		assert_int_equal(merkle_inclusion_check(log_leaves[i], i, n,
							path, len, root),
				 -1);
		path[k][k] ^= 1;
	}
}

static void
spoil_consistency(uint64_t n, uint64_t m, uint8_t path[MERKLE_PATH][32],
		  size_t len, const uint8_t root[32])
{
	uint8_t old[32], other[32] = {0};

	root_of(m, old);
	assert_int_equal(merkle_consistency_check(m, old, n, root, path, len),
			 0);
	assert_int_equal(merkle_consistency_check(m, other, n, root, path, len),
			 -1);
	assert_int_equal(merkle_consistency_check(m, old, n, other, path, len),
			 -1);
	assert_int_equal(
	    merkle_consistency_check(m, old, n, root, path, len + 1), -1);
	assert_int_equal(merkle_consistency_check(0, old, n, root, path, len),
			 -1);
	assert_int_equal(
	    merkle_consistency_check(n + 1, old, n, root, path, len), -1);
	if (len > 0)
		assert_int_equal(
		    merkle_consistency_check(m, old, n, root, path, len - 1),
		    -1);
	for (uint64_t k = 1; k <= n; k++)
		if (k != m)
			assert_int_equal(merkle_consistency_check(
					     k, old, n, root, path, len),
					 -1);
	for (size_t k = 0; k < len; k++) {
		path[k][k] ^= 1;
		assert_int_equal(
		    merkle_consistency_check(m, old, n, root, path, len), -1);
		path[k][k] ^= 1;
	}
}

static void
proofs_hold(void **state)
{
	uint8_t path[MERKLE_PATH][32] = {{0}}, root[32];

	(void)state;
	make_leaves();
	for (uint64_t n = 1; n <= 40; n++) {
		root_of(n, root);
		for (uint64_t i = 0; i < n; i++) {
			size_t len = merkle_inclusion(log_leaves, n, i, path);

			spoil_inclusion(n, i, path, len, root);
			len = merkle_consistency(log_leaves, n, i + 1, path);
			spoil_consistency(n, i + 1, path, len, root);
		}
	}
}

/* Paths of padded trees: every leaf's leads to the root, and no other. */
static void
padded_paths(void **state)
{
	uint8_t leaves[20][32], key[32] = {4}, root[32], other[32] = {1};
	uint8_t path[MERKLE_PADDED_PATH][32];
	struct merkle_padded *t;
	uint32_t place;

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		merkle_leaf(&i, sizeof i, leaves[i]);
	assert_int_equal(merkle_padded_root(leaves, 20, key, 2, 5, root), 3);
	t = merkle_padded_new(leaves, 20, key, 2, 5);
	assert_non_null(t);
	assert_int_equal(merkle_padded_k(t), 3);
	assert_memory_equal(merkle_padded_top(t), root, 32);
	assert_int_equal(merkle_padded_path(t, other, path, &place), -1);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(merkle_padded_path(t, leaves[i], path, &place),
				 0);
		assert_int_equal(
		    merkle_padded_check(leaves[i], place, path, 3, root), 0);
		assert_int_equal(
		    merkle_padded_check(leaves[i], place ^ 1, path, 3, root),
		    -1);
		assert_int_equal(merkle_padded_check(leaves[i], place + 64,
						     path, 3, root),
				 -1);
		assert_int_equal(
		    merkle_padded_check(other, place, path, 3, root), -1);
		assert_int_equal(
		    merkle_padded_check(leaves[i], place, path, 2, root), -1);
		assert_int_equal(
		    merkle_padded_check(leaves[i], place, path, 9, root), -1);
		path[5][31] ^= 1;
		assert_int_equal(
		    merkle_padded_check(leaves[i], place, path, 3, root), -1);
	}
	merkle_padded_free(t);
	assert_null(merkle_padded_new(leaves, 20, key, 2, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(published_roots),
	    cmocka_unit_test(by_definition),
	    cmocka_unit_test(padded),
	    cmocka_unit_test(padded_limits),
	    cmocka_unit_test(padded_paths),
	    cmocka_unit_test(proofs_of_the_rfc),
	    cmocka_unit_test(proofs_hold),
	};

	return cmocka_run_group_tests_name("merkle", tests, NULL, NULL);
}
