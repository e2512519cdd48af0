/*
 * Time and memory accesses that depend on a secret: none. Under valgrind the
 * secret bytes are marked as undefined, so that a branch or an address that is
 * made of one is an error; what comes out is marked as known again. Without
 * valgrind this only checks that the results are right. Secret sharing is in
 * test_shamir.c.
 *
 * Words of shares are looked up in a list and are not here: they are read aloud
 * from paper and shown on a screen in the same minute.
 */
#include "agekey.h"
#include "agestream.h"
#include "base32.h"
#include "base64.h"
#include "bech32.h"
#include "ed25519.h"
#include "secret.h"

#include "mutants.h"

#include <valgrind/memcheck.h>

#define HIDE(p, n) VALGRIND_MAKE_MEM_UNDEFINED(p, n)
#define SHOW(p, n) VALGRIND_MAKE_MEM_DEFINED(p, n)

/* A secret of 32 bytes that valgrind takes for unknown. */
static void
hidden(uint8_t out[32], unsigned seed)
{
	for (size_t i = 0; i < 32; i++)
		out[i] = (uint8_t)(seed + 151 * i);
	HIDE(out, 32);
}

/* Wherever they differ, or nowhere. */
static void
comparing(void **state)
{
	uint8_t a[32], b[32];

	(void)state;
	for (size_t at = 0; at <= 32; at++) {
		bool same;

		hidden(a, 1);
		hidden(b, 1);
		if (at < 32)
			b[at] ^= 0x80;
		same = secret_equal(a, b, sizeof a);
		SHOW(&same, sizeof same);
		assert_int_equal(same, at == 32);
	}
}

/* Keys as text, both ways. Whether a text is of the form, is no secret. */
static void
as_text(void **state)
{
	static const char prefix[] = "AGE-SECRET-KEY-";
	uint8_t key[32], back[32];
	char text[128];
	size_t n, len;

	(void)state;
	for (unsigned seed = 0; seed < 64; seed++) {
		hidden(key, seed);
		n = bech32_encode(prefix, key, sizeof key, text);
		SHOW(text, n);
		SHOW(key, sizeof key);
		assert_int_equal(bech32_decode(prefix, text, n, back, 32), 0);
		assert_memory_equal(back, key, 32);
		HIDE(key, sizeof key);
		n = base64_encode(key, sizeof key, true, text);
		SHOW(text, n);
		SHOW(key, sizeof key);
		assert_int_equal(base64_decode(text, n, true, back, 32, &len),
				 0);
		assert_memory_equal(back, key, 32);
		HIDE(key, sizeof key);
		n = base32_encode(key, sizeof key, text);
		SHOW(text, n);
		SHOW(key, sizeof key);
		assert_int_equal(base32_decode(text, n, back, 32, &len), 0);
		assert_memory_equal(back, key, 32);
	}
}

/* Public halves and the MAC of a header, of secrets that are unknown. */
static void
deriving(void **state)
{
	struct agekey_public pub;
	uint8_t key[32], ed[32], mac[AGESTREAM_MAC_LEN];

	(void)state;
	hidden(key, 3);
	agekey_derive(AGEKEY_X25519, key, &pub);
	SHOW(&pub, sizeof pub);
	assert_int_equal(pub.kind, AGEKEY_X25519);
	ed25519_public(key, ed);
	SHOW(ed, sizeof ed);
	agestream_header_mac(key, "head", 4, mac);
	SHOW(mac, sizeof mac);
	SHOW(key, sizeof key);
	assert_memory_not_equal(mac, ed, sizeof mac);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(comparing),
	    cmocka_unit_test(as_text),
	    cmocka_unit_test(deriving),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("consttime", tests, NULL, NULL);
}
