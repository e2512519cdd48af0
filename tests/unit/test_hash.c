/* crypto/hash.h: published values, and pieces against the whole. */
#include "hash.h"

#include "mutants.h"

static void
is(const uint8_t *digest, size_t len, const char *want)
{
	char hex[129];

	for (size_t i = 0; i < len; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	assert_string_equal(hex, want);
}

/* FIPS 180-4's examples, and the empty text. */
static void
known_hashes(void **state)
{
	uint8_t d[64];
	char *million = malloc(1000000);

	(void)state;
	assert_non_null(million);
	memset(million, 'a', 1000000);
	hash_sha256("", 0, d);
	is(d, 32,
	   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hash_sha256("abc", 3, d);
	is(d, 32,
	   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    56, d);
	is(d, 32,
	   "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	hash_sha256(million, 1000000, d);
	is(d, 32,
	   "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	hash_sha512("abc", 3, d);
	is(d, 64,
	   "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	   "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
	free(million);
}

/* The same again and again, other messages between. */
static void
many_times(const uint8_t *key, size_t keylen, const char *msg, const char *want)
{
	struct hash_keyed *k = hash_keyed_new(key, keylen);
	uint8_t d[32];

	assert_non_null(k);
	for (int i = 0; i < 3; i++) {
		hash_keyed_hmac(k, msg, strlen(msg), d);
		is(d, 32, want);
		hash_keyed_hmac(k, key, keylen, d);
	}
	hash_keyed_free(k);
	hash_keyed_free(NULL);
}

/* RFC 4231, test cases 1 to 4, 6 and 7. */
static void
known_hmacs(void **state)
{
	static const struct {
		int byte;
		size_t keylen;
		const char *key, *msg, *want;
	} cases[] = {
	    {0x0b, 20, NULL, "Hi There",
	     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff"
	     "7"},
	    {0, 4, "Jefe", "what do ya want for nothing?",
	     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384"
	     "3"},
	    {0xaa, 131, NULL,
	     "Test Using Larger Than Block-Size Key - Hash Key First",
	     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f5"
	     "4"},
	    {0xaa, 131, NULL,
	     "This is a test using a larger than block-size key and a larger "
	     "than block-size data. The key needs to be hashed before being "
	     "used by the HMAC algorithm.",
	     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e"
	     "2"},
	};
	uint8_t key[131], d[32];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		memset(key, cases[i].byte, sizeof key);
		if (cases[i].key != NULL)
			memcpy(key, cases[i].key, cases[i].keylen);
		hash_hmac(key, cases[i].keylen, cases[i].msg,
			  strlen(cases[i].msg), d);
		is(d, 32, cases[i].want);
		many_times(key, cases[i].keylen, cases[i].msg, cases[i].want);
	}
	hash_hmac(key, 0, "", 0, d);
	is(d, 32,
	   "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void
running(void **state)
{
	struct hash *h = hash_new(HASH_SHA256), *s = hash_new(HASH_SHA1);
	uint8_t bytes[300], a[32], b[32], sum[HASH_SHA1_LEN];

	(void)state;
	assert_non_null(h);
	assert_non_null(s);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof bytes; i++)
		hash_update(h, bytes + i, 1);
	hash_final(h, a);
	hash_sha256(bytes, sizeof bytes, b);
	assert_memory_equal(a, b, 32);
	/* it has started over */
	hash_update(h, "abc", 3);
	hash_final(h, a);
	hash_sha256("abc", 3, b);
	assert_memory_equal(a, b, 32);
	hash_update(s, "abc", 3);
	hash_final(s, sum);
	is(sum, sizeof sum, "a9993e364706816aba3e25717850c26c9cd0d89d");
	hash_final(s, sum);
	is(sum, sizeof sum, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	hash_free(h);
	hash_free(s);
	hash_free(NULL);
}

static void
prefixed(void **state)
{
	uint8_t a[32], b[32];

	(void)state;
	hash_prefixed(2, "left", 4, "right", 5, a);
	hash_sha256("\2leftright", 10, b);
	assert_memory_equal(a, b, 32);
	hash_prefixed(0, "", 0, NULL, 0, a);
	is(a, 32,
	   "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_hashes),
	    cmocka_unit_test(known_hmacs),
	    cmocka_unit_test(running),
	    cmocka_unit_test(prefixed),
	};

	return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
