/* format/pktline.h: the packets of git's wire, in pieces of every size. */
#include "pktline.h"

#include "mutants.h"

static const char stream[] = "0009hello"
			     "0000"
			     "0004"
			     "000aworld\n"
			     "0000";
static const struct {
	bool flush;
	const char *text;
} packets[] = {
    {false, "hello"}, {true, ""}, {false, ""}, {false, "world"}, {true, ""}};

static void
read_in_pieces(size_t piece)
{
	struct pktline *p = calloc(1, sizeof *p);
	size_t at = 0, n = 0, len = sizeof stream - 1;

	assert_non_null(p);
	while (at < len) {
		size_t used, take = len - at < piece ? len - at : piece, text;
		bool whole;

		assert_int_equal(pktline_put(p, (const uint8_t *)stream + at,
					     take, &used, &whole),
				 FORMAT_OK);
		assert_true(used > 0 && used <= take);
		at += used;
		if (!whole)
			continue;
		assert_true(n < COUNT(packets));
		assert_int_equal(pktline_is_flush(p), packets[n].flush);
		assert_string_equal(pktline_text(p, &text), packets[n].text);
		n++;
		pktline_next(p);
	}
	assert_int_equal(n, COUNT(packets));
	free(p);
}

static void
pieces(void **state)
{
	(void)state;
	for (size_t n = 1; n < sizeof stream; n++)
		read_in_pieces(n);
}

static void
malformed(void **state)
{
	static const char *const bad[] = {"0001", "0002", "0003", "fff1",
					  "ffff", "zzzz", "-004", " 004",
					  "0x04", "00g4", "+000"};
	struct pktline *p = calloc(1, sizeof *p);

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		size_t used;
		bool whole;

		p->have = 0;
		assert_int_equal(
		    pktline_put(p, (const uint8_t *)bad[i], 4, &used, &whole),
		    FORMAT_MALFORMED);
		assert_false(whole);
	}
	free(p);
}

static void
longest(void **state)
{
	struct pktline *p = calloc(1, sizeof *p);
	uint8_t *bytes = malloc(PKTLINE_HEAD + PKTLINE_MAX);
	char head[PKTLINE_HEAD + 1];
	size_t used, len;
	bool whole;

	(void)state;
	pktline_head(PKTLINE_MAX, head);
	assert_string_equal(head, "fff0");
	memcpy(bytes, head, PKTLINE_HEAD);
	memset(bytes + PKTLINE_HEAD, 'x', PKTLINE_MAX);
	assert_int_equal(
	    pktline_put(p, bytes, PKTLINE_HEAD + PKTLINE_MAX, &used, &whole),
	    FORMAT_OK);
	assert_true(whole);
	assert_memory_equal(pktline_data(p, &len), bytes + PKTLINE_HEAD,
			    PKTLINE_MAX);
	assert_int_equal(len, PKTLINE_MAX);
	pktline_head(0, head);
	assert_string_equal(head, "0004");
	free(bytes);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(pieces),
					   cmocka_unit_test(malformed),
					   cmocka_unit_test(longest)};

	return cmocka_run_group_tests_name("pktline", tests, NULL, NULL);
}
