/* vault/keys/padded.h: the file that comes out has a length of its class. */
#include "padded.h"

#include "agefile.h"
#include "mutants.h"
#include "padme.h"

static const struct {
	enum padded_kind kind;
	enum agekey_kind key;
	uint64_t least;
} kinds[] = {
    {PADDED_ENTRY, AGEKEY_X25519, 8},
    {PADDED_ENTRY, AGEKEY_HYBRID, 0},
    {PADDED_OBJECT, AGEKEY_X25519, 8},
};

static void
check(size_t i, uint64_t plain)
{
	uint64_t more =
	    padded_missing(kinds[i].kind, kinds[i].key, plain, kinds[i].least);
	uint64_t size = agefile_size(kinds[i].key, 1, plain + more);

	assert_true(more == 0 || more >= kinds[i].least);
	if (kinds[i].kind == PADDED_ENTRY)
		assert_true(padme_is_entry(size));
	else
		assert_true(padme_is(size));
	/* two steps of Padmé at most, and the smallest class for the small */
	assert_true(size == PADME_ENTRY_MIN || more < 512 ||
		    more < plain / 4 + 16);
}

static void
lengths(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		for (uint64_t n = 0; n < 20000; n++)
			check(i, n);
		/* around the ends of chunks */
		for (uint64_t c = 1; c < 70; c++)
			for (uint64_t d = 0; d < 64; d++)
				check(i, c * 65536 + d * 3 - 96);
		for (uint64_t n = 1u << 20; n < 1u << 30; n = n * 17 / 16 + 7)
			check(i, n);
	}
}

/* What is foreseen is what agefile_seal makes. */
static void
real_files(void **state)
{
	static const size_t sizes[] = {1,     3000,  4000,   65500,
				       65536, 65537, 131072, 200000};
	uint8_t secret[32], *plain = calloc(1, 400000);
	struct err e = {0};

	(void)state;
	assert_non_null(plain);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct agekey_public pub;
		struct agefile_to to = {.keys = &pub, .n = 1};

		agekey_generate(kinds[i].key, secret, &pub);
		for (size_t k = 0; k < COUNT(sizes); k++) {
			uint64_t more =
			    padded_missing(kinds[i].kind, kinds[i].key,
					   sizes[k], kinds[i].least);
			uint8_t *file = NULL;
			size_t len = 0;

			assert_int_equal(agefile_seal(&to, plain,
						      sizes[k] + more, &file,
						      &len, &e),
					 0);
			assert_true(kinds[i].kind == PADDED_ENTRY
					? padme_is_entry(len)
					: padme_is(len));
			free(file);
		}
	}
	free(plain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lengths),
	    cmocka_unit_test(real_files),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("padded", tests, NULL, NULL);
}
