/* vault/keys/agetext.h: keys and identity files as text. */
#include "agetext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Made with age-keygen for this test; they protect nothing. */
static const char x25519[] = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2"
			     "MMDKWYKLMGR48UAWX40Q2P2LM0";
static const char hybrid[] = "AGE-SECRET-KEY-PQ-1HZLGZUPT4ETPKDEV8HSGFDCYZ4E52"
			     "2W0A7PU2LHT8EH9W6YLNC3SW78XKG";

static void
recipients(void **state)
{
	char text[AGETEXT_RECIPIENT_MAX], bad[AGETEXT_RECIPIENT_MAX];
	struct agekey_public pub, again;
	uint8_t secret[32];
	struct err e = {0};
	size_t n;

	(void)state;
	for (int k = 0; k < 2; k++) {
		enum agekey_kind kind = k ? AGEKEY_HYBRID : AGEKEY_X25519;

		agekey_generate(kind, secret, &pub);
		n = agetext_recipient(&pub, text);
		assert_int_equal(n, strlen(text));
		assert_int_equal(n, k ? 1959 : 62);
		assert_int_equal(agetext_recipient_parse(text, &again, &e), 0);
		assert_int_equal(again.kind, kind);
		assert_memory_equal(again.bytes, pub.bytes,
				    agekey_pub_len(kind));
		for (size_t i = 0; i < n; i += k ? 37 : 1) {
			memcpy(bad, text, n + 1);
			bad[i] = bad[i] == 'q' ? 'p' : 'q';
			err_clear(&e);
			assert_int_equal(
			    agetext_recipient_parse(bad, &again, &e), -1);
			assert_int_equal(e.code, ERR_UNKNOWN);
			err_clear(&e);
		}
	}
}

static void
recipients_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
	    {"", "not an age recipient"},
	    {"age1", "not an age recipient"},
	    {"age1pq1", "not an age recipient"},
	    {"AGE1QQQ", "not an age recipient"},
	    {"ssh-ed25519 AAAA", "not supported"},
	    {"age1yubikey1q", "not supported"},
	    {x25519, "secret key"},
	};
	struct agekey_public pub;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		err_clear(&e);
		assert_int_equal(agetext_recipient_parse(bad[i].text, &pub, &e),
				 -1);
		if (strstr(e.msg, bad[i].says) == NULL)
			fail_msg("says: %s", e.msg);
		/* never the key itself */
		assert_null(strstr(e.msg, "EGTZ"));
	}
}

static void
identities(void **state)
{
	static const char *const texts[] = {x25519, hybrid};
	char again[AGETEXT_IDENTITY_MAX];
	enum agekey_kind kind;
	uint8_t secret[32];

	(void)state;
	for (int k = 0; k < 2; k++) {
		size_t n = strlen(texts[k]);

		assert_int_equal(
		    agetext_identity_parse(texts[k], n, &kind, secret), 0);
		assert_int_equal(kind, k ? AGEKEY_HYBRID : AGEKEY_X25519);
		assert_int_equal(agetext_identity(kind, secret, again), n);
		assert_string_equal(again, texts[k]);
		assert_int_equal(
		    agetext_identity_parse(texts[k], n - 1, &kind, secret), -1);
	}
}

/* What the calls told, as one text. */
struct told {
	char text[1000];
	int left; /* calls until it says stop */
};

static int
tell(void *ctx, enum agekey_kind kind, const uint8_t secret[32],
     const char *comment, size_t len, struct err *e)
{
	struct told *t = ctx;
	size_t n = strlen(t->text);

	(void)e;
	(void)secret;
	snprintf(t->text + n, sizeof t->text - n, "%d[%.*s]", kind, (int)len,
		 comment);
	return --t->left == 0 ? -1 : 0;
}

static void
identity_files(void **state)
{
	static const struct {
		const char *format, *told;
	} good[] = {
	    {"", ""},
	    {"# nothing\n\n", ""},
	    {"%1$s", "0[]"},
	    {"%1$s\n%2$s\n", "0[]1[]"},
	    {"# one\n# two\n%1$s\n", "0[two]"},
	    {"#  a: b \r\n%2$s\r\n\r\n%1$s\r\n", "1[a: b ]0[]"},
	    {"#\n%1$s\n#last\n", "0[]"},
	};
	char text[1000];
	struct told t;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		memset(&t, 0, sizeof t);
		err_clear(&e);
/* the formats are constants of the table above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof text, good[i].format, x25519, hybrid);
#pragma GCC diagnostic pop
		if (agetext_identities(text, strlen(text), tell, &t, &e) != 0)
			fail_msg("%zu: %s", i, e.msg);
		assert_string_equal(t.text, good[i].told);
	}
	/* stopped by the callback */
	memset(&t, 0, sizeof t);
	t.left = 1;
	snprintf(text, sizeof text, "%s\n%s\n", x25519, hybrid);
	assert_int_equal(agetext_identities(text, strlen(text), tell, &t, &e),
			 -1);
	assert_string_equal(t.text, "0[]");
}

static void
identity_files_refused(void **state)
{
	static const char *const lines[] = {
	    "hello",	 "AGE-PLUGIN-X-1QQQ",	   "age1qqq",
	    " # indent", "AGE-SECRET-KEY-1QQQQQQ", "\xff\xfe"};
	char text[1000];
	struct told t;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		memset(&t, 0, sizeof t);
		err_clear(&e);
		snprintf(text, sizeof text, "# c\n%s\n%s\n%s\n", x25519,
			 lines[i], hybrid);
		assert_int_equal(
		    agetext_identities(text, strlen(text), tell, &t, &e), -1);
		assert_string_equal(e.msg, "line 3 is no age identity");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recipients),
	    cmocka_unit_test(recipients_refused),
	    cmocka_unit_test(identities),
	    cmocka_unit_test(identity_files),
	    cmocka_unit_test(identity_files_refused),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("agetext", tests, NULL, NULL);
}
