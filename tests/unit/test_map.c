/* vault/base/map.h against a plain list. */
#include "map.h"

#include "hash.h"
#include "mutants.h"

#define N 5000

static void
key(size_t i, uint8_t out[MAP_KEY_LEN])
{
	hash_sha256(&i, sizeof i, out);
}

static void
sets_and_gets(void **state)
{
	struct map m = {0};
	uint8_t k[MAP_KEY_LEN];
	size_t v;

	(void)state;
	key(1, k);
	assert_false(map_get(&m, k, &v));
	for (size_t i = 0; i < N; i++) {
		key(i, k);
		assert_false(map_get(&m, k, &v));
		assert_int_equal(map_set(&m, k, i), 0);
	}
	assert_int_equal(m.used, N);
	for (size_t i = 0; i < N; i += 3) {
		key(i, k);
		assert_int_equal(map_set(&m, k, SIZE_MAX - i), 0);
	}
	assert_int_equal(m.used, N);
	for (size_t i = 0; i < 2 * N; i++) {
		key(i, k);
		assert_int_equal(map_get(&m, k, &v), i < N);
		if (i < N)
			assert_int_equal(v, i % 3 == 0 ? SIZE_MAX - i : i);
	}
	map_free(&m);
	assert_false(map_get(&m, k, &v));
	map_free(&m);
}

/* Keys that differ in one byte anywhere, and the key of zeros. */
static void
close_keys(void **state)
{
	struct map m = {0};
	uint8_t k[MAP_KEY_LEN] = {0};
	size_t v;

	(void)state;
	assert_false(map_get(&m, k, &v));
	assert_int_equal(map_set(&m, k, 7), 0);
	for (size_t i = 0; i < MAP_KEY_LEN; i++) {
		k[i] = 1;
		assert_false(map_get(&m, k, &v));
		assert_int_equal(map_set(&m, k, i), 0);
		k[i] = 0;
	}
	assert_true(map_get(&m, k, &v));
	assert_int_equal(v, 7);
	k[31] = 1;
	assert_true(map_get(&m, k, &v));
	assert_int_equal(v, 31);
	map_free(&m);
}

static void
text_keys(void **state)
{
	static const char id[] = "0123456789abcdef0123456789abcdef";
	uint8_t a[MAP_KEY_LEN], b[MAP_KEY_LEN];

	(void)state;
	map_key_text("vault", a);
	assert_memory_equal(a, "vault\0\0", 7);
	map_key_text("vault ", b);
	assert_memory_not_equal(a, b, MAP_KEY_LEN);
	map_key_text(id, a);
	hash_sha256(id, 32, b);
	assert_memory_equal(a, b, MAP_KEY_LEN);
	map_key_text(id + 1, a);
	assert_memory_equal(a, id + 1, 32);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sets_and_gets),
	    cmocka_unit_test(close_keys),
	    cmocka_unit_test(text_keys),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
