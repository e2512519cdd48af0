/* format/batch.h: lines, their order, their limits; names of devices. */
#include "batch.h"

#include "mutants.h"

#define H1 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define H2 "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define DEV "daebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4qa"
#define ENTRY "entry " H1 " " H2 "\n"
#define OBJECT "object " H2 " 4096\n"
#define PADS "pads " H1 "\n"
#define SEEN "seen " DEV " 3 " H2 "\n"

/* Write the lines again that were read. */
static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	char(*lines)[BATCH_LINE_MAX], *file;
	struct batch b;
	size_t n;

	(void)ctx;
	if (batch_decode((const char *)bytes, len, &b) != FORMAT_OK) {
		assert_null(b.lines);
		return false;
	}
	lines = calloc(b.n + 1, sizeof *lines);
	assert_non_null(lines);
	for (size_t i = 0; i < b.n; i++) {
		const struct batch_line *l = &b.lines[i];

		if (l->kind == BATCH_ENTRY)
			batch_entry_line(l->sha256, l->root, lines[i]);
		else if (l->kind == BATCH_OBJECT)
			batch_object_line(l->sha256, l->size, lines[i]);
		else if (l->kind == BATCH_SEEN)
			batch_seen_line(l->device, l->size, l->root, lines[i]);
		else
			memcpy(lines[i], l->text, l->len);
	}
	batch_pads_line(b.pads, lines[b.n]);
	file = batch_encode(lines, b.n + 1, &n);
	assert_non_null(file);
	assert_int_equal(n, len);
	assert_memory_equal(file, bytes, len);
	free(file);
	free(lines);
	batch_free(&b);
	return true;
}

static enum format_result
decode(const char *text, size_t len)
{
	struct batch b;
	enum format_result r = batch_decode(text, len, &b);

	batch_free(&b);
	return r;
}

static void
reads(void **state)
{
	static const char file[] = ENTRY OBJECT PADS SEEN "zebra  any thing\n";
	struct batch b;

	(void)state;
	assert_int_equal(batch_decode(file, sizeof file - 1, &b), FORMAT_OK);
	assert_int_equal(b.n, 4);
	assert_int_equal(b.lines[0].kind, BATCH_ENTRY);
	assert_int_equal(b.lines[0].sha256[1], 0x11);
	assert_int_equal(b.lines[0].root[0], 0xff);
	assert_int_equal(b.lines[1].kind, BATCH_OBJECT);
	assert_int_equal(b.lines[1].size, 4096);
	assert_int_equal(b.lines[2].kind, BATCH_SEEN);
	assert_string_equal(b.lines[2].device, DEV);
	assert_int_equal(b.lines[2].size, 3);
	assert_int_equal(b.lines[3].kind, BATCH_UNKNOWN);
	assert_int_equal(b.lines[3].len, strlen("zebra  any thing"));
	assert_int_equal(b.pads[1], 0x11);
	batch_free(&b);
	assert_true(accepts(NULL, (const uint8_t *)file, sizeof file - 1));
}

static void
one_form_each(void **state)
{
	/* cut after a whole line, the second is a batch as well */
	static const char file[] = ENTRY OBJECT PADS;
	static const char seen[] = ENTRY PADS SEEN;
	const uint8_t *s = (const uint8_t *)seen;

	(void)state;
	assert_true(mutants_all(accepts, NULL, file, sizeof file - 1) > 100);
	assert_true(mutants_flip(accepts, NULL, s, sizeof seen - 1) > 100);
	assert_true(mutants_delete(accepts, NULL, s, sizeof seen - 1) < 10);
	assert_true(mutants_insert(accepts, NULL, s, sizeof seen - 1) < 200);
}

static const char *const bad[] = {
    "",
    "\n",
    PADS,			/* no leaf */
    ENTRY,			/* no pads */
    PADS ENTRY,			/* not sorted */
    ENTRY ENTRY PADS,		/* twice */
    ENTRY PADS PADS,		/* twice */
    ENTRY PADS "pads " H2 "\n", /* two pads */
    ENTRY "pads 00\n" PADS,	/* a second that is none */
    ENTRY PADS "pads x\n",	/* the same behind */
    ENTRY "\n" PADS,		/* an empty line */
    ENTRY PADS "\n",		/* and at the end */
    ENTRY "pads " H1,		/* no LF */
    ENTRY PADS "zebra",		/* no LF */
    ENTRY PADS "zebra\n",	/* a word alone */
    ENTRY PADS "zebra \n",	/* and a space */
    ENTRY PADS "zebra\tx\n",	/* not printable */
    ENTRY PADS "zebra \x80\n",	/* not ASCII */
    ENTRY PADS "zebra \x7f\n",	/* DEL */
    ENTRY PADS "zebra x\r\n",	/* CR */
    ENTRY PADS "Zebra x\n",	/* upper case, and out of order */
    "Zebra x\n" ENTRY PADS,	/* upper case */
    "a1 x\n" ENTRY PADS,	/* no word of letters */
    " x\n" ENTRY PADS,		/* no word */
    "entry " H1 "\n" PADS,	/* too little */
    "entry " H1 " \n" PADS,	/* too little */
    "entry " H1 "  " H2 "\n" PADS,
    "entry " H1 " " H2 " \n" PADS,
    "entry " H1 " " H2 " 1\n" PADS,
    "entry " H1 " " H2 "00\n" PADS,
    "entry FF"
    "112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    " " H2 "\n" PADS,
    "object " H1 " 01\n" PADS,
    "object " H1 " -1\n" PADS,
    "object " H1 " 9007199254740992\n" PADS,
    "object " H1 "\n" PADS,
    "object " H1 " 1 1\n" PADS,
    PADS "seen " DEV " 0 " H2 "\n",
    PADS "seen " DEV " 3\n",
    PADS "seen x" DEV " 3 " H2 "\n",
    PADS "seen aaebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4qa 3 " H2
	 "\n",
    PADS "seen DAEBAGBAFAYDQQCIKBMGA2DQPCAIREEYUCULBOGAZDINRYHI6D4QA 3 " H2
	 "\n",
    /* left-over bits of the base32 */
    PADS "seen daebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4qb 3 " H2
	 "\n",
};

static void
refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (decode(bad[i], strlen(bad[i])) != FORMAT_MALFORMED)
			fail_msg("case %zu: \"%s\"", i, bad[i]);
	assert_int_equal(
	    decode(ENTRY PADS "zebra \0\n", strlen(ENTRY PADS) + 8),
	    FORMAT_MALFORMED);
}

/* n lines of `word` and a number, after which pads stand. */
static char *
lines_of(size_t n, size_t fill, size_t *len)
{
	char *text = malloc(n * (fill + 16) + 128), *p = text;

	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		p += sprintf(p, "a %06zu%0*d\n", i, (int)fill, 0);
	p = stpcpy(p, PADS);
	*len = (size_t)(p - text);
	return text;
}

static void
limits(void **state)
{
	static const struct {
		size_t n, fill;
		enum format_result r;
	} cases[] = {
	    {1, 1, FORMAT_OK},	     {1024, 1, FORMAT_OK},
	    {1025, 1, FORMAT_LIMIT}, {1026, 1, FORMAT_LIMIT},
	    {1024, 236, FORMAT_OK},  {1024, 256, FORMAT_LIMIT},
	    {9000, 1, FORMAT_LIMIT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len;
		char *t = lines_of(cases[i].n, cases[i].fill, &len);
		enum format_result r = decode(t, len);

		if (cases[i].r == FORMAT_OK ? r != FORMAT_OK : r == FORMAT_OK)
			fail_msg("%zu lines: %d", cases[i].n, (int)r);
		free(t);
	}
}

/* Exactly 256 KiB, and a byte more. */
static void
file_limit(void **state)
{
	const size_t head = strlen("a "), tail = strlen("\n" PADS);
	char *t = malloc(BATCH_FILE_MAX + 1);

	(void)state;
	assert_non_null(t);
	for (size_t len = BATCH_FILE_MAX; len <= BATCH_FILE_MAX + 1; len++) {
		memset(t, 'x', len);
		memcpy(t, "a ", head);
		memcpy(t + len - tail, "\n" PADS, tail);
		assert_int_equal(decode(t, len), len > BATCH_FILE_MAX
						     ? FORMAT_LIMIT
						     : FORMAT_OK);
	}
	free(t);
}

static bool
is_device(void *ctx, const uint8_t *bytes, size_t len)
{
	char again[BATCH_DEVICE_LEN + 1];
	uint8_t key[32];

	(void)ctx;
	if (batch_device_key((const char *)bytes, len, key) != 0)
		return false;
	batch_device_name(key, again);
	assert_int_equal(len, BATCH_DEVICE_LEN);
	assert_memory_equal(again, bytes, len);
	return true;
}

static void
device_names(void **state)
{
	char name[BATCH_DEVICE_LEN + 1];
	uint8_t key[32];

	(void)state;
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i + 1);
	batch_device_name(key, name);
	assert_string_equal(name, DEV);
	assert_true(mutants_all(is_device, NULL, name, strlen(name)) > 0);
}

static void
leaf_data(void **state)
{
	char out[BATCH_LEAF_DATA_MAX];
	uint8_t root[32];

	(void)state;
	memset(root, 0xab, sizeof root);
	assert_int_equal(batch_leaf_data(2, root, out), 18 + 2 + 64 + 1);
	assert_string_equal(out, "muniment/batch/v1 2 "
				 "abababababababababababababababab"
				 "abababababababababababababababab\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),	  cmocka_unit_test(one_form_each),
	    cmocka_unit_test(refuses),	  cmocka_unit_test(limits),
	    cmocka_unit_test(file_limit), cmocka_unit_test(device_names),
	    cmocka_unit_test(leaf_data),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
