/* format/invitetext.h: the order of lines, the one form. */
#include "invitetext.h"

#include "mutants.h"
#include "sshsig.h"

static void
fill(struct invitetext *t, struct invitetext_log logs[3])
{
	uint8_t pub[32];

	memset(t, 0, sizeof *t);
	memset(logs, 0, 3 * sizeof *logs);
	memset(t->vault, 'a', 64);
	strcpy(t->name, "Анна");
	strcpy(t->org, "Lawyers");
	strcpy(t->card, "one two three four five six seven yo-yo");
	memset(t->key, 9, sizeof t->key);
	for (size_t i = 0; i < 3; i++) {
		memset(pub, i == 0 ? 7 : 5, sizeof pub);
		batch_device_name(pub, logs[i].device);
		logs[i].size = 40 - i;
		memset(logs[i].root, (int)i + 1, sizeof logs[i].root);
	}
	t->logs = logs;
	t->n = 3;
}

/* Text and armor, malloc'ed. */
static char *
make(struct invitetext *t, size_t *len)
{
	uint8_t sig[64];
	size_t n = 0;
	char *text = invitetext_encode(t, &n);

	assert_non_null(text);
	text = realloc(text, n + SSHSIG_ARMOR_MAX);
	assert_non_null(text);
	memset(sig, 3, sizeof sig);
	*len = n + sshsig_armor(t->key, "muniment-invite", sig, text + n);
	return text;
}

static bool
accepts(void *ctx, const uint8_t *bytes, size_t len)
{
	struct invitetext t;
	uint8_t sig[64];
	size_t n = 0, m = 0;
	bool ok = invitetext_decode((const char *)bytes, len, &t, &n, sig) ==
		  FORMAT_OK;

	(void)ctx;
	if (ok) {
		char *again = invitetext_encode(&t, &m);

		assert_int_equal(m, n);
		assert_memory_equal(again, bytes, n);
		free(again);
	}
	invitetext_free(&t);
	return ok;
}

static void
reads(void **state)
{
	struct invitetext_log logs[3];
	struct invitetext in, t;
	uint8_t sig[64];
	size_t len, n = 0;
	char *text;

	(void)state;
	fill(&in, logs);
	text = make(&in, &len);
	assert_int_equal(invitetext_decode(text, len, &t, &n, sig), FORMAT_OK);
	assert_string_equal(t.name, "Анна");
	assert_string_equal(t.org, "Lawyers");
	assert_string_equal(t.card, in.card);
	assert_int_equal(t.n, 3);
	/* two sides of one device, the shorter first */
	assert_string_equal(t.logs[1].device, t.logs[2].device);
	assert_int_equal(t.logs[1].size, 38);
	assert_int_equal(t.logs[2].size, 39);
	assert_int_equal(t.logs[0].root[31], 1);
	assert_memory_equal(text + n, "-----BEGIN", 10);
	invitetext_free(&t);
	/* line feeds behind it belong to no field */
	text = realloc(text, len + 100);
	assert_non_null(text);
	memset(text + len, '\n', 100);
	assert_true(accepts(NULL, (uint8_t *)text, len + 100));
	text[len + 50] = ' ';
	assert_false(accepts(NULL, (uint8_t *)text, len + 100));
	free(text);
}

static void
one_form_each(void **state)
{
	struct invitetext_log logs[3];
	struct invitetext t;
	size_t len;
	char *text;

	(void)state;
	fill(&t, logs);
	text = make(&t, &len);
	assert_true(mutants_all(accepts, NULL, text, len) > 50);
	free(text);
}

static void
refuses(void **state)
{
	struct invitetext_log logs[3];
	struct invitetext t;
	size_t len;
	char *text;

	(void)state;
	fill(&t, logs);
	for (int i = 0; i < 6; i++) {
		fill(&t, logs);
		if (i == 0)
			t.vault[3] = 'x';
		else if (i == 1)
			strcpy(t.name, "a\tb");
		else if (i == 2)
			strcpy(t.card, "ONE");
		else if (i == 3)
			logs[2].size = 0;
		else if (i == 4)
			logs[0].device[4] = '1';
		else
			t.card[0] = '\0';
		text = make(&t, &len);
		if (accepts(NULL, (uint8_t *)text, len))
			fail_msg("%d is accepted", i);
		free(text);
	}
	t.n = INVITETEXT_LOGS_MAX + 1;
	assert_null(invitetext_encode(&t, &len));
	text = calloc(1, INVITETEXT_MAX + 1);
	assert_non_null(text);
	assert_false(accepts(NULL, (uint8_t *)text, INVITETEXT_MAX + 1));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads),
	    cmocka_unit_test(one_form_each),
	    cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests_name("invitetext", tests, NULL, NULL);
}
