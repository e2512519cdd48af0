/*
 * crypto/timestamp.h: tokens that openssl made (tests/vectors/stamps), each
 * with one fault, at several times, with several lists; and every change of
 * one bit.
 */
#include "timestamp.h"

#include "mutants.h"
#include "secret.h"

#include <valgrind/valgrind.h>

#define FOLDER "tests/vectors/stamps/"
#define MADE 1796212800 /* 2026-12-02T12:00:00Z: the tokens' time */
#define DAY 86400

struct file {
	uint8_t bytes[16384];
	size_t len;
};

static void
load(const char *name, struct file *f)
{
	char path[256];
	FILE *in;

	snprintf(path, sizeof path, FOLDER "%s", name);
	in = fopen(path, "rb");
	assert_non_null(in);
	f->len = fread(f->bytes, 1, sizeof f->bytes, in);
	assert_true(f->len > 0 && f->len < sizeof f->bytes);
	fclose(in);
}

static void
load_list(struct timestamp_list *l, enum timestamp_kind kind, const char *names)
{
	char copy[256], *save = NULL;
	struct file f;

	snprintf(copy, sizeof copy, "%s", names);
	for (char *n = strtok_r(copy, " ", &save); n != NULL;
	     n = strtok_r(NULL, " ", &save)) {
		load(n, &f);
		assert_int_equal(timestamp_list_read(l, kind, f.bytes, f.len),
				 0);
	}
}

static const struct row {
	const char *name, *roots, *chain, *crls;
	long after; /* seconds after it was made */
	enum timestamp_status status;
	enum timestamp_reason reason;
	long unrevoked; /* seconds after; -1: not known */
} rows[] = {
    {"good.tsr", "root.pem", "", "", DAY, TIMESTAMP_VALID, TIMESTAMP_OK, -1},
    {"rsa.tsr", "root.pem", "", "", DAY, TIMESTAMP_VALID, TIMESTAMP_OK, -1},
    {"sha384.tsr", "root.pem", "", "", DAY, TIMESTAMP_VALID, TIMESTAMP_OK, -1},
    {"sha512.tsr", "root.pem", "", "", DAY, TIMESTAMP_VALID, TIMESTAMP_OK, -1},
    {"fraction.tsr", "root.pem", "", "", DAY, TIMESTAMP_VALID, TIMESTAMP_OK,
     -1},
    /* a clock that is behind is no reason to doubt the token */
    {"good.tsr", "root.pem", "", "", -400L * DAY, TIMESTAMP_VALID, TIMESTAMP_OK,
     -1},
    {"good.tsr", "liar.pem root.pem", "", "", DAY, TIMESTAMP_VALID,
     TIMESTAMP_OK, -1},
    /* roots */
    {"good.tsr", "", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_ROOT, -1},
    {"good.tsr", "liar.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_ROOT,
     -1},
    {"good.tsr", "ica.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_ROOT, -1},
    {"liar.tsr", "root.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_ROOT,
     -1},
    {"liar.tsr", "root.pem", "liar.pem", "", DAY, TIMESTAMP_REFUSED,
     TIMESTAMP_ROOT, -1},
    /* certificates that come beside it */
    {"bare.tsr", "root.pem", "chain.pem", "", DAY, TIMESTAMP_VALID,
     TIMESTAMP_OK, -1},
    {"bare.tsr", "root.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_SIGNER,
     -1},
    {"bare.tsr", "root.pem", "ica.pem", "", DAY, TIMESTAMP_REFUSED,
     TIMESTAMP_SIGNER, -1},
    /* time */
    {"good.tsr", "root.pem", "", "", 800L * DAY, TIMESTAMP_AGED, TIMESTAMP_OK,
     -1},
    /* what is weak, or for something else */
    {"sha1.tsr", "root.pem", "", "", DAY, TIMESTAMP_REFUSED,
     TIMESTAMP_WEAK_HASH, -1},
    {"md5.tsr", "root.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_WEAK_HASH,
     -1},
    {"digest.tsr", "root.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_WEAK,
     -1},
    {"weak.tsr", "root.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_WEAK,
     -1},
    {"old.tsr", "root.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_WEAK, -1},
    {"mail.tsr", "root.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_PURPOSE,
     -1},
    {"loose.tsr", "root.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_PURPOSE,
     -1},
    {"unnamed.tsr", "root.pem", "", "", DAY, TIMESTAMP_REFUSED,
     TIMESTAMP_SIGNER, -1},
    {"two.tsr", "root.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_FORM, -1},
    {"no.tsr", "root.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_STATUS,
     -1},
    {"text.txt", "root.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_FORM,
     -1},
    {"chain.pem", "root.pem", "", "", DAY, TIMESTAMP_REFUSED, TIMESTAMP_FORM,
     -1},
    /* revocation lists: one for each issuer, or it is not known */
    {"good.tsr", "root.pem", "", "ica.crl root.crl", DAY, TIMESTAMP_VALID,
     TIMESTAMP_OK, DAY},
    {"good.tsr", "root.pem", "", "ica.crl", DAY, TIMESTAMP_VALID, TIMESTAMP_OK,
     -1},
    {"good.tsr", "root.pem", "", "root.crl liar.crl", DAY, TIMESTAMP_VALID,
     TIMESTAMP_OK, -1},
    {"good.tsr", "root.pem", "", "stolen.crl", 60L * DAY, TIMESTAMP_REVOKED,
     TIMESTAMP_LISTED, -1},
    {"good.tsr", "root.pem", "", "ica.crl root.crl stolen.crl", DAY,
     TIMESTAMP_REVOKED, TIMESTAMP_LISTED, -1},
    {"good.tsr", "root.pem", "", "silent.crl", DAY, TIMESTAMP_REVOKED,
     TIMESTAMP_LISTED, -1},
    {"good.tsr", "root.pem", "", "before.crl", DAY, TIMESTAMP_REVOKED,
     TIMESTAMP_LISTED, -1},
    {"good.tsr", "root.pem", "", "ca.crl", DAY, TIMESTAMP_REVOKED,
     TIMESTAMP_LISTED, -1},
    {"good.tsr", "root.pem", "", "superseded.crl root.crl", DAY,
     TIMESTAMP_VALID, TIMESTAMP_OK, DAY},
    {"rsa.tsr", "root.pem", "", "stolen.crl root.crl", DAY, TIMESTAMP_VALID,
     TIMESTAMP_OK, DAY},
    {"good.tsr", "root.pem", "", "stolen.crl", 800L * DAY, TIMESTAMP_REVOKED,
     TIMESTAMP_LISTED, -1},
};

static void
judge(const struct row *r, const struct file *token, const struct file *text,
      struct timestamp *out)
{
	struct timestamp_list roots = {0}, chain = {0}, crls = {0};
	struct timestamp_case c = {.reply = token->bytes,
				   .reply_len = token->len,
				   .text = text != NULL ? text->bytes : NULL,
				   .text_len = text != NULL ? text->len : 0,
				   .chain = &chain,
				   .crls = &crls,
				   .roots = &roots,
				   .at = MADE + r->after};

	load_list(&roots, TIMESTAMP_CERT, r->roots);
	load_list(&chain, TIMESTAMP_CERT, r->chain);
	load_list(&crls, TIMESTAMP_CRL, r->crls);
	timestamp_judge(&c, out);
	timestamp_list_free(&roots);
	timestamp_list_free(&chain);
	timestamp_list_free(&crls);
}

static void
each_with_its_verdict(void **state)
{
	struct file text, token;

	(void)state;
	load("text.txt", &text);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct timestamp t;

		load(rows[i].name, &token);
		judge(&rows[i], &token, &text, &t);
		if (t.status != rows[i].status || t.reason != rows[i].reason)
			print_message("row %zu, %s: %d %d %s\n", i,
				      rows[i].name, t.status, t.reason, t.why);
		assert_int_equal(t.status, rows[i].status);
		assert_int_equal(t.reason, rows[i].reason);
		assert_int_equal(t.why[0] == '\0', t.status == TIMESTAMP_VALID);
		if (rows[i].unrevoked < 0 || t.status > TIMESTAMP_AGED)
			assert_int_equal(t.unrevoked, 0);
		else
			assert_true(t.unrevoked >= MADE + rows[i].unrevoked);
	}
}

static void
says_what_it_holds(void **state)
{
	struct file text, token;
	struct timestamp t;
	struct timestamp_list roots = {0};
	struct timestamp_cert root;
	uint8_t imprint[64];

	(void)state;
	load("text.txt", &text);
	load("good.tsr", &token);
	judge(&rows[0], &token, &text, &t);
	assert_int_equal(t.time, MADE);
	assert_int_equal(t.accuracy, 1000000);
	assert_string_equal(t.policy, "1.2.3.4.1");
	assert_string_equal(t.authority, "O=Test,CN=unit");
	assert_string_equal(t.root, "CN=root,O=Test");
	assert_int_equal(t.hash, TIMESTAMP_SHA256);
	assert_int_equal(
	    timestamp_imprint(TIMESTAMP_SHA256, text.bytes, text.len, imprint),
	    32);
	assert_memory_equal(t.imprint, imprint, 32);
	assert_true(t.serial[0] != '\0');
	/* the unit's certificate, of two years, is the first to end */
	assert_int_equal(t.not_after, MADE - DAY + 730L * DAY);
	assert_int_equal(t.until, t.not_after);
	load_list(&roots, TIMESTAMP_CERT, "root.pem");
	assert_int_equal(timestamp_cert(&roots.list[0], &root), 0);
	assert_memory_equal(root.sha256, t.root_sha256, 32);
	assert_string_equal(root.subject, t.root);
	timestamp_list_free(&roots);

	/* no later than: a fraction of a second is a second */
	load("fraction.tsr", &token);
	judge(&rows[0], &token, &text, &t);
	assert_int_equal(t.time, MADE + 1);
	assert_int_equal(t.accuracy, 1250007);
}

static void
is_of_its_text_alone(void **state)
{
	struct file text, token;
	struct timestamp t;

	(void)state;
	load("text.txt", &text);
	load("good.tsr", &token);
	judge(&rows[0], &token, NULL, &t);
	assert_int_equal(t.status, TIMESTAMP_VALID);
	text.bytes[0] ^= 1;
	judge(&rows[0], &token, &text, &t);
	assert_int_equal(t.reason, TIMESTAMP_IMPRINT);
	text.len = 0;
	judge(&rows[0], &token, &text, &t);
	assert_int_equal(t.reason, TIMESTAMP_IMPRINT);
}

static void
ends_where_it_ends(void **state)
{
	struct file text;
	struct file *token = test_malloc(sizeof *token);
	struct timestamp t;
	uint8_t *huge;

	(void)state;
	load("text.txt", &text);
	load("good.tsr", token);
	token->bytes[token->len++] = 0;
	judge(&rows[0], token, &text, &t);
	assert_int_equal(t.reason, TIMESTAMP_FORM);
	for (size_t n = token->len - 2; n-- > 0;)
		assert_false(timestamp_read(token->bytes, n, &t));
	test_free(token);
	huge = calloc(1, TIMESTAMP_REPLY_MAX + 1);
	assert_non_null(huge);
	assert_false(timestamp_read(huge, TIMESTAMP_REPLY_MAX + 1, &t));
	assert_int_equal(t.reason, TIMESTAMP_FORM);
	free(huge);
}

/* What must not change whatever bit is turned, as long as it is valid. */
struct genuine {
	struct timestamp_list roots;
	struct file text;
	struct timestamp t;
};

static bool
takes_token(void *ctx, const uint8_t *bytes, size_t len)
{
	struct genuine *g = ctx;
	struct timestamp_case c = {.reply = bytes,
				   .reply_len = len,
				   .text = g->text.bytes,
				   .text_len = g->text.len,
				   .roots = &g->roots,
				   .at = MADE + DAY};
	struct timestamp t;

	if (timestamp_judge(&c, &t) != TIMESTAMP_VALID)
		return false;
	assert_int_equal(t.time, g->t.time);
	assert_int_equal(t.accuracy, g->t.accuracy);
	assert_string_equal(t.policy, g->t.policy);
	assert_string_equal(t.serial, g->t.serial);
	assert_string_equal(t.authority, g->t.authority);
	assert_memory_equal(t.root_sha256, g->t.root_sha256, 32);
	assert_memory_equal(t.imprint, g->t.imprint, 32);
	return true;
}

/* Every bit; under valgrind, which is slow, one bit of each fourth byte. */
static size_t
flips(mutants_accepts *f, void *ctx, const uint8_t *bytes, size_t len)
{
	uint8_t *b;
	size_t n = 0;

	if (RUNNING_ON_VALGRIND == 0)
		return mutants_flip(f, ctx, bytes, len);
	b = malloc(len);
	assert_non_null(b);
	memcpy(b, bytes, len);
	for (size_t i = 0; i < len; i += 4) {
		b[i] ^= (uint8_t)(1u << i / 4 % 8);
		n += mutants_try(f, ctx, b, len);
		b[i] = bytes[i];
	}
	free(b);
	return n;
}

/*
 * The reply around the token, and certificates that it does not need, are not
 * signed: a change there may pass, but never says anything else.
 */
static void
every_bit_of_a_token(void **state)
{
	struct genuine g = {0};
	struct file token;
	size_t n;

	(void)state;
	load("text.txt", &g.text);
	load("good.tsr", &token);
	load_list(&g.roots, TIMESTAMP_CERT, "root.pem");
	judge(&rows[0], &token, &g.text, &g.t);
	assert_true(takes_token(&g, token.bytes, token.len));
	n = flips(takes_token, &g, token.bytes, token.len);
	print_message("%zu of %zu pass, and say the same\n", n, 8 * token.len);
	assert_true(n < 64);
	timestamp_list_free(&g.roots);
}

static bool
takes_crl(void *ctx, const uint8_t *bytes, size_t len)
{
	struct timestamp_list l = {0};
	struct timestamp_case *c = ctx;
	struct timestamp t;
	bool heeded = false;

	if (timestamp_list_read(&l, TIMESTAMP_CRL, bytes, len) == 0) {
		c->crls = &l;
		heeded = timestamp_judge(c, &t) == TIMESTAMP_REVOKED;
	}
	timestamp_list_free(&l);
	return heeded;
}

/* A list that its issuer has not signed revokes nothing. */
static void
every_bit_of_a_list(void **state)
{
	struct timestamp_list roots = {0};
	struct file token, crl;
	struct timestamp_case c = {.roots = &roots, .at = MADE + DAY};

	(void)state;
	load("good.tsr", &token);
	load("stolen.crl", &crl);
	load_list(&roots, TIMESTAMP_CERT, "root.pem");
	c.reply = token.bytes;
	c.reply_len = token.len;
	/* as DER: in PEM, what stands around the block is no part of it */
	{
		struct timestamp_list l = {0};

		load_list(&l, TIMESTAMP_CRL, "stolen.crl");
		assert_true(takes_crl(&c, l.list[0].der, l.list[0].len));
		assert_int_equal(
		    flips(takes_crl, &c, l.list[0].der, l.list[0].len), 0);
		timestamp_list_free(&l);
	}
	flips(takes_crl, &c, crl.bytes, crl.len);
	timestamp_list_free(&roots);
}

static void
lists_of_certificates(void **state)
{
	struct timestamp_list l = {0}, again = {0};
	struct file f;
	size_t len;
	char *pem;

	(void)state;
	load_list(&l, TIMESTAMP_CERT, "chain.pem root.pem chain.pem");
	assert_int_equal(l.n, 3); /* each once */
	pem = timestamp_list_pem(&l, TIMESTAMP_CERT, &len);
	assert_non_null(pem);
	assert_int_equal(timestamp_list_read(&again, TIMESTAMP_CERT, pem, len),
			 0);
	assert_int_equal(again.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_memory_equal(again.list[i].der, l.list[i].der,
				    l.list[i].len);
	/* not of the other kind, nor with a damaged block: nothing is added */
	assert_int_equal(timestamp_list_read(&l, TIMESTAMP_CRL, pem, len), -1);
	pem[len / 2] = '!';
	assert_int_equal(timestamp_list_read(&l, TIMESTAMP_CERT, pem, len), -1);
	assert_int_equal(l.n, 3);
	free(pem);
	/* DER, with nothing behind it */
	timestamp_list_free(&again);
	memcpy(f.bytes, l.list[0].der, l.list[0].len);
	assert_int_equal(
	    timestamp_list_read(&again, TIMESTAMP_CERT, f.bytes, l.list[0].len),
	    0);
	f.bytes[l.list[0].len] = 0;
	assert_int_equal(timestamp_list_read(&again, TIMESTAMP_CERT, f.bytes,
					     l.list[0].len + 1),
			 -1);
	assert_int_equal(timestamp_list_read(&again, TIMESTAMP_CERT, "", 0),
			 -1);
	assert_int_equal(again.n, 1);
	timestamp_list_free(&again);
	timestamp_list_free(&l);
}

static void
what_can_be_a_root(void **state)
{
	static const struct {
		const char *name;
		bool fits;
	} certs[] = {
	    {"root.pem", true}, {"liar.pem", true}, {"ica.pem", false}};

	(void)state;
	for (size_t i = 0; i < COUNT(certs); i++) {
		struct timestamp_list l = {0};

		load_list(&l, TIMESTAMP_CERT, certs[i].name);
		assert_int_equal(timestamp_root(&l.list[0]) == NULL,
				 certs[i].fits);
		l.list[0].len--;
		assert_non_null(timestamp_root(&l.list[0]));
		l.list[0].len++;
		timestamp_list_free(&l);
	}
}

static void
a_request_is_der(void **state)
{
	static const uint8_t head[] = {0x30, 0x39, 0x02, 0x01, 0x01, 0x30,
				       0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
				       0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
				       0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	static const uint8_t tail[] = {0x01, 0x01, 0xff};
	uint8_t out[TIMESTAMP_REQUEST_MAX], imprint[64];

	(void)state;
	assert_int_equal(timestamp_request(TIMESTAMP_SHA256, "abc", 3, out),
			 sizeof head + 32 + sizeof tail);
	timestamp_imprint(TIMESTAMP_SHA256, "abc", 3, imprint);
	assert_memory_equal(out, head, sizeof head);
	assert_memory_equal(out + sizeof head, imprint, 32);
	assert_memory_equal(out + sizeof head + 32, tail, sizeof tail);
	assert_int_equal(timestamp_request(TIMESTAMP_SHA512, "abc", 3, out),
			 sizeof head + 64 + sizeof tail);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_with_its_verdict),
	    cmocka_unit_test(says_what_it_holds),
	    cmocka_unit_test(is_of_its_text_alone),
	    cmocka_unit_test(ends_where_it_ends),
	    cmocka_unit_test(every_bit_of_a_token),
	    cmocka_unit_test(every_bit_of_a_list),
	    cmocka_unit_test(lists_of_certificates),
	    cmocka_unit_test(what_can_be_a_root),
	    cmocka_unit_test(a_request_is_der),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
