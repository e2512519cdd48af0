/* vault/host/gitadvert.h: what a git host announces, and what it must not. */
#include "gitadvert.h"

#include "mutants.h"

#include "hex.h"

#define A "d2ebrjh5yej2sfycgo4wqxk3cxl7thwallzjyyjbobiepthmq2suq"
#define B "dl72nqzh6omzflli35weto675idmgmcgoi4mrkp72f7vbrn6ou6aa"
#define OID "0123456789abcdef0123456789abcdef01234567"
#define ZERO "0000000000000000000000000000000000000000"
#define FORK ".00112233445566778899aabbccddeeff"

/* Lines as packets, then a flush. malloc'ed. */
static uint8_t *
packets(const char *const *lines, const size_t *lens, size_t n, size_t *len)
{
	uint8_t *out = malloc(n * 300 + 4);

	*len = 0;
	for (size_t i = 0; i < n; i++) {
		size_t k = lens != NULL ? lens[i] : strlen(lines[i]);
		char head[PKTLINE_HEAD + 1];

		pktline_head(k, head);
		memcpy(out + *len, head, PKTLINE_HEAD);
		memcpy(out + *len + PKTLINE_HEAD, lines[i], k);
		*len += PKTLINE_HEAD + k;
	}
	memcpy(out + *len, "0000", 4);
	*len += 4;
	return out;
}

static int
put(struct gitadvert *a, const uint8_t *bytes, size_t len, size_t piece,
    struct err *e)
{
	int rc = 0;

	memset(e, 0, sizeof *e);
	gitadvert_clear(a);
	for (size_t at = 0; rc == 0 && at < len; at += piece)
		rc = gitadvert_put(a, bytes + at,
				   len - at < piece ? len - at : piece, e);
	return rc;
}

#define CAPS "\0report-status atomic side-band-64k object-format=sha1\n"
static const char first[] = OID " refs/heads/" B CAPS;

static void
branches_and_others(void **state)
{
	static const char *const lines[] = {first,
					    OID " refs/heads/" A "\n",
					    OID " refs/heads/" A FORK "\n",
					    OID " refs/heads/main",
					    OID " refs/heads/" A ".x",
					    OID " refs/tags/v1^{}\n",
					    OID " .have\n",
					    OID " refs/heads/../" A "\n"};
	size_t lens[COUNT(lines)], len;
	struct gitadvert *a = calloc(1, sizeof *a);
	struct err e;
	uint8_t *p;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		lens[i] = i == 0 ? sizeof first - 1 : strlen(lines[i]);
	p = packets(lines, lens, COUNT(lines), &len);
	for (size_t piece = 1; piece <= len; piece += 1 + piece / 8) {
		if (put(a, p, len, piece, &e) != 1)
			fail_msg("%s", e.msg);
		assert_int_equal(a->n, 3);
		assert_string_equal(a->list[0].name, A);
		assert_string_equal(a->list[1].name, A FORK);
		assert_string_equal(a->list[2].name, B);
		assert_int_equal(a->others, 4);
	}
	assert_true(gitadvert_can(a, "atomic"));
	assert_true(gitadvert_can(a, "object-format"));
	assert_true(gitadvert_can(a, "report-status"));
	assert_false(gitadvert_can(a, "report"));
	assert_false(gitadvert_can(a, "status"));
	assert_ptr_equal(gitadvert_find(a, B), &a->list[2]);
	assert_null(gitadvert_find(a, "x"));
	gitadvert_clear(a);
	free(a);
	free(p);
}

static void
an_empty_repository(void **state)
{
	static const char none[] = ZERO " capabilities^{}\0atomic \n";
	static const char *const lines[] = {none};
	size_t lens[] = {sizeof none - 1}, len;
	struct gitadvert *a = calloc(1, sizeof *a);
	uint8_t *p = packets(lines, lens, 1, &len);
	struct err e;

	(void)state;
	assert_int_equal(put(a, p, len, len, &e), 1);
	assert_int_equal(a->n + a->others, 0);
	assert_true(gitadvert_can(a, "atomic"));
	/* an old one announces nothing at all */
	assert_int_equal(put(a, (const uint8_t *)"0000", 4, 4, &e), 1);
	gitadvert_clear(a);
	free(a);
	free(p);
}

static void
refused(void **state)
{
	static const char sha256[] =
	    OID " refs/heads/x\0object-format=sha256 \n";
	static const struct {
		const char *line;
		size_t len;
		const char *says;
	} bad[] = {
	    {"hello", 5, "not git's"},
	    {OID, 40, "not git's"},
	    {OID " ", 41, "not git's"},
	    {"0123456789abcdef0123456789abcdef0123456X refs/heads/x", 53,
	     "not git's"},
	    {"ERR access \x1b[31mdenied", 22, "access \\x1b[31mdenied"},
	    {"shallow " OID, 48, "shallow"},
	    {sha256, sizeof sha256 - 1, "SHA-256"},
	};
	struct gitadvert *a = calloc(1, sizeof *a);
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		size_t len;
		uint8_t *p = packets(&bad[i].line, &bad[i].len, 1, &len);

		assert_int_equal(put(a, p, len, len, &e), -1);
		if (strstr(e.msg, bad[i].says) == NULL)
			fail_msg("%zu: %s", i, e.msg);
		free(p);
	}
	gitadvert_clear(a);
	free(a);
}

static void
twice_and_too_many(void **state)
{
	static const char *const twice[] = {OID " refs/heads/" A,
					    OID " refs/heads/" A};
	const char **many = calloc(GITREMOTE_BRANCHES_MAX + 1, sizeof *many);
	struct gitadvert *a = calloc(1, sizeof *a);
	struct err e;
	size_t len;
	uint8_t *p = packets(twice, NULL, 2, &len);

	(void)state;
	assert_int_equal(put(a, p, len, len, &e), -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	free(p);
	for (size_t i = 0; i <= GITREMOTE_BRANCHES_MAX; i++) {
		char *line = malloc(200);

		snprintf(line, 200, OID " refs/heads/" A ".%032zx", i);
		many[i] = line;
	}
	p = packets(many, NULL, GITREMOTE_BRANCHES_MAX, &len);
	assert_int_equal(put(a, p, len, 65536, &e), 1);
	assert_int_equal(a->n, GITREMOTE_BRANCHES_MAX);
	free(p);
	p = packets(many, NULL, GITREMOTE_BRANCHES_MAX + 1, &len);
	assert_int_equal(put(a, p, len, 65536, &e), -1);
	free(p);
	for (size_t i = 0; i <= GITREMOTE_BRANCHES_MAX; i++)
		free((char *)(uintptr_t)many[i]);
	free(many);
	gitadvert_clear(a);
	free(a);
}

static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	struct gitadvert *a = ctx;
	struct err e;

	return put(a, bytes, len, len, &e) == 1;
}

static void
mutants(void **state)
{
	static const char *const lines[] = {first, OID " refs/heads/" A};
	size_t lens[] = {sizeof first - 1, strlen(lines[1])}, len;
	struct gitadvert *a = calloc(1, sizeof *a);
	uint8_t *p = packets(lines, lens, 2, &len);

	(void)state;
	assert_true(mutants_flip(accepts, a, p, len) > 0);
	(void)mutants_delete(accepts, a, p, len);
	gitadvert_clear(a);
	free(a);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(branches_and_others),
	    cmocka_unit_test(an_empty_repository),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(twice_and_too_many),
	    cmocka_unit_test(mutants),
	};

	return cmocka_run_group_tests_name("gitadvert", tests, NULL, NULL);
}
