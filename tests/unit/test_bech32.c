/* format/bech32.h: keys made by age, and every single change refused. */
#include "bech32.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A pair of C2SP CCTV's x25519 vector; the recipient is age-keygen -y's. */
static const char identity[] = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKN"
			       "X2MMDKWYKLMGR48UAWX40Q2P2LM0";
static const char recipient[] = "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrw"
				"svlul66mv4q47ryef";
static const char hybrid[] = "AGE-SECRET-KEY-PQ-1HZLGZUPT4ETPKDEV8HSGFDCYZ4E52"
			     "2W0A7PU2LHT8EH9W6YLNC3SW78XKG";

static void
keys_of_age(void **state)
{
	static const struct {
		const char *prefix, *text;
	} keys[] = {{"AGE-SECRET-KEY-", identity},
		    {"age", recipient},
		    {"AGE-SECRET-KEY-PQ-", hybrid}};
	uint8_t bytes[32];
	char again[128];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t n = strlen(keys[i].text);

		assert_int_equal(
		    bech32_decode(keys[i].prefix, keys[i].text, n, bytes, 32),
		    0);
		assert_int_equal(bech32_len(keys[i].prefix, 32), n);
		assert_int_equal(
		    bech32_encode(keys[i].prefix, bytes, 32, again), n);
		assert_memory_equal(again, keys[i].text, n);
	}
}

/* All characters of the key replaced, one at a time, by all others. */
static void
refuses_every_change(void **state)
{
	uint8_t bytes[32], zero[32] = {0};
	char text[128];
	size_t n = strlen(identity);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (int c = 1; c < 256; c++) {
			if ((char)c == identity[i])
				continue;
			memcpy(text, identity, n);
			text[i] = (char)c;
			memset(bytes, 1, sizeof bytes);
			assert_int_equal(bech32_decode("AGE-SECRET-KEY-", text,
						       n, bytes, 32),
					 -1);
			assert_memory_equal(bytes, zero, 32);
		}
	}
}

static void
refuses_other_shapes(void **state)
{
	uint8_t bytes[40];
	char text[128];
	size_t n = strlen(recipient);

	(void)state;
	/* cut, longer, another length, another prefix, the other case */
	for (size_t i = 0; i < n; i++)
		assert_int_equal(bech32_decode("age", recipient, i, bytes, 32),
				 -1);
	snprintf(text, sizeof text, "%sq", recipient);
	assert_int_equal(bech32_decode("age", text, n + 1, bytes, 32), -1);
	assert_int_equal(bech32_decode("age", recipient, n, bytes, 31), -1);
	assert_int_equal(bech32_decode("age", recipient, n, bytes, 33), -1);
	assert_int_equal(bech32_decode("ag", recipient, n, bytes, 32), -1);
	assert_int_equal(bech32_decode("age1pq", recipient, n, bytes, 32), -1);
	assert_int_equal(bech32_decode("AGE", recipient, n, bytes, 32), -1);
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(recipient[i] >= 'a' ? recipient[i] - 32
						     : recipient[i]);
	assert_int_equal(bech32_decode("age", text, n, bytes, 32), -1);
	/* upper case throughout is right Bech32, but only under that prefix */
	assert_int_equal(bech32_decode("AGE", text, n, bytes, 32), 0);
}

/* 51 characters of zero bits, then the last character and a checksum. */
#define ZEROS "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"

/* 32 bytes leave 4 bits over: the checksums are right, the bits are set. */
static void
refuses_bits_left_over(void **state)
{
	static const char right[] = ZEROS "spe5dt3";
	static const char *const wrong[] = {
	    ZEROS "3u0qckr", ZEROS "jju4wcu", ZEROS "5wnktyt",
	    ZEROS "cldsp4v", ZEROS "s59ypwn",
	};
	uint8_t bytes[32];

	(void)state;
	assert_int_equal(bech32_decode("age", right, strlen(right), bytes, 32),
			 0);
	assert_int_equal(bytes[31], 1);
	/* the last one has Bech32m's checksum */
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(
		    bech32_decode("age", wrong[i], strlen(wrong[i]), bytes, 32),
		    -1);
}

static void
all_lengths(void **state)
{
	uint8_t in[1216], out[1216];
	static char text[2100];

	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(i * 31 + i / 7);
	for (size_t len = 1; len <= sizeof in; len += len < 70 ? 1 : 191) {
		size_t n = bech32_encode("age1pq", in, len, text);

		assert_int_equal(n, bech32_len("age1pq", len));
		assert_int_equal(bech32_decode("age1pq", text, n, out, len), 0);
		assert_memory_equal(in, out, len);
	}
	assert_int_equal(bech32_len("age1pq", 1216), 1959);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_of_age),
	    cmocka_unit_test(refuses_every_change),
	    cmocka_unit_test(refuses_other_shapes),
	    cmocka_unit_test(refuses_bits_left_over),
	    cmocka_unit_test(all_lengths),
	};

	return cmocka_run_group_tests_name("bech32", tests, NULL, NULL);
}
