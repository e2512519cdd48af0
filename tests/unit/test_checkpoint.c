/* format/checkpoint.h: the note, byte for byte. */
#include "checkpoint.h"

#include "base64.h"
#include "mutants.h"

#define VAULT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DEVICE "daebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4qa"
#define ORIGIN "muniment/" VAULT "/" DEVICE

static const uint8_t key_id[4] = {0xde, 0xad, 0xbe, 0xef};

static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	char again[CHECKPOINT_MAX];
	uint8_t root[32], sig[64];
	uint64_t size;

	(void)ctx;
	if (checkpoint_decode((const char *)bytes, len, ORIGIN, key_id, &size,
			      root, sig) != FORMAT_OK)
		return false;
	assert_int_equal(
	    checkpoint_encode(ORIGIN, size, root, key_id, sig, again), len);
	assert_memory_equal(again, bytes, len);
	return true;
}

static size_t
make(uint64_t size, char out[CHECKPOINT_MAX])
{
	uint8_t root[32], sig[64];

	memset(root, 0, sizeof root);
	for (size_t i = 0; i < sizeof sig; i++)
		sig[i] = (uint8_t)(3 * i);
	return checkpoint_encode(ORIGIN, size, root, key_id, sig, out);
}

static void
form(void **state)
{
	static const char head[] =
	    ORIGIN "\n12\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
		   "\n\xe2\x80\x94 " ORIGIN " 3q2+7wADBgkMDxIV";
	char text[CHECKPOINT_MAX], origin[CHECKPOINT_ORIGIN_MAX];
	uint8_t root[32], sig[64];
	uint64_t size = 0;
	size_t n = make(12, text);

	(void)state;
	checkpoint_origin(VAULT, DEVICE, origin);
	assert_string_equal(origin, ORIGIN);
	assert_memory_equal(text, head, sizeof head - 1);
	assert_int_equal(n, sizeof head - 1 + 92 - 16 + 1);
	assert_int_equal(
	    checkpoint_decode(text, n, ORIGIN, key_id, &size, root, sig),
	    FORMAT_OK);
	assert_int_equal(size, 12);
	assert_int_equal(sig[63], 189);
	/* the body is what stands above the empty line */
	n = checkpoint_body(ORIGIN, 12, root, origin[0] ? text : NULL);
	assert_int_equal(n, strlen(ORIGIN) + 1 + 3 + 45);
}

static void
key_id_input(void **state)
{
	uint8_t out[CHECKPOINT_ORIGIN_MAX + 34], key[32];
	size_t n;

	(void)state;
	memset(key, 7, sizeof key);
	n = checkpoint_key_id_input("example.org/log", key, out);
	assert_int_equal(n, 15 + 2 + 32);
	assert_memory_equal(out, "example.org/log\n\1\7\7\7\7", 21);
}

static void
one_form_each(void **state)
{
	static const uint64_t sizes[] = {1, 10, (UINT64_C(1) << 53) - 1};
	char text[CHECKPOINT_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t n = make(sizes[i], text);

		/* other sizes, roots and signatures come out, nothing else */
		assert_true(mutants_all(accepts, NULL, text, n) > 100);
	}
}

static void
refuses(void **state)
{
	char text[CHECKPOINT_MAX], two[2 * CHECKPOINT_MAX];
	uint8_t root[32], sig[64], other[4] = {1, 2, 3, 4};
	uint64_t size;
	size_t n = make(5, text);
	char *big = malloc(CHECKPOINT_FILE_MAX + 1);

	(void)state;
	assert_non_null(big);
	/* another name, another key */
	assert_int_equal(checkpoint_decode(text, n, "muniment/x/" DEVICE,
					   key_id, &size, root, sig),
			 FORMAT_MALFORMED);
	assert_int_equal(
	    checkpoint_decode(text, n, ORIGIN, other, &size, root, sig),
	    FORMAT_MALFORMED);
	/* a second signature line is a witness's: not in this file */
	memcpy(two, text, n);
	memcpy(two + n, strstr(text, "\n\n") + 2,
	       n - (size_t)(strstr(text, "\n\n") + 2 - text));
	assert_false(
	    accepts(NULL, (uint8_t *)two,
		    2 * n - (size_t)(strstr(text, "\n\n") + 2 - text)));
	/* an extension line */
	n = (size_t)sprintf(two, "%.*sextension\n%s",
			    (int)(strstr(text, "\n\n") + 1 - text), text,
			    strstr(text, "\n\n") + 1);
	assert_false(accepts(NULL, (uint8_t *)two, n));
	memset(big, '\n', CHECKPOINT_FILE_MAX + 1);
	assert_int_equal(checkpoint_decode(big, CHECKPOINT_FILE_MAX + 1, ORIGIN,
					   key_id, &size, root, sig),
			 FORMAT_LIMIT);
	assert_int_equal(checkpoint_decode(big, CHECKPOINT_FILE_MAX, ORIGIN,
					   key_id, &size, root, sig),
			 FORMAT_MALFORMED);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(form),
	    cmocka_unit_test(key_id_input),
	    cmocka_unit_test(one_form_each),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
