/*
 * vault/keys/recovery.h: an identity and a root key cut and joined; every
 * subset, every changed bit, and what is said of shares that do not go
 * together.
 */
#include "recovery.h"

#include "ed25519.h"
#include "hash.h"
#include "scratch.h"
#include "share.h"
#include "sharekey.h"

#include <sys/stat.h>

#define VAULT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define K 3
#define N 5

static char dir[64];
static struct secret *pass;
static struct identity *ada;
static struct recovery_sheets *sheets;

struct raw {
	uint8_t bytes[SHARE_MAX];
	size_t len;
};
static struct raw raw[N];

/* The bytes of a sheet. */
static void
bytes_of(const struct recovery_sheets *s, unsigned i, struct raw *out)
{
	const struct secret *t = recovery_text(s, i);
	const char *p = (const char *)t->bytes, *end = p + t->len;

	out->len = 0;
	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		unsigned number, word;

		assert_non_null(lf);
		if (share_line_decode(p, (size_t)(lf - p), &number, &word,
				      out->bytes + out->len) == SHARE_LINE_OK)
			out->len += SHARE_LINE_BYTES;
		p = lf + 1;
	}
}

static enum recovery_line
give(struct recovery *r, const struct raw *s, struct err *e)
{
	char text[SHARE_CODE_MAX];
	size_t n = share_code_encode(s->bytes, s->len, text);

	return recovery_line(r, NULL, text, n, e);
}

/* What joining says: "" if it restores ada, else the error. */
static const char *
outcome(const struct raw *const *list, size_t n)
{
	static struct err e;
	struct recovery *r = recovery_new(&e);
	int rc = 0;

	err_clear(&e);
	assert_non_null(r);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = give(r, list[i], &e) == RECOVERY_SHARE ? 0 : -1;
	if (rc == 0)
		rc = recovery_join(r, &e);
	if (rc == 0)
		assert_int_equal(recovery_kind(r), RECOVERY_IDENTITY);
	recovery_free(r);
	assert_true((rc == 0) == (e.code == ERR_NONE));
	return e.msg;
}

static bool
says(const struct raw *const *list, size_t n, const char *part)
{
	const char *msg = outcome(list, n);

	if (strstr(msg, part) != NULL)
		return true;
	print_message("it says: %s\n", msg);
	return false;
}

static void
subsets(void **state)
{
	(void)state;
	for (unsigned mask = 1; mask < 1u << N; mask++) {
		const struct raw *list[N];
		size_t n = 0;

		for (size_t i = 0; i < N; i++)
			if (mask >> i & 1)
				list[n++] = &raw[i];
		if (n >= K)
			assert_string_equal(outcome(list, n), "");
		else
			assert_true(says(list, n, "missing"));
	}
	assert_true(says(NULL, 0, "no shares"));
}

/* Fix the checksum of a changed share, as somebody would on purpose. */
static void
sum(struct raw *s)
{
	uint8_t h[HASH_LEN];

	hash_sha256(s->bytes, s->len - SHARE_SUM_LEN, h);
	memcpy(s->bytes + s->len - SHARE_SUM_LEN, h, SHARE_SUM_LEN);
}

static void
changed_bits(void **state)
{
	struct raw bad = raw[1];
	const struct raw *list[K] = {&raw[0], &bad, &raw[4]};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < 8 * bad.len; i++) {
		struct recovery *r = recovery_new(&e);

		bad = raw[1];
		bad.bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		if (give(r, &bad, &e) != RECOVERY_FAILED)
			fail_msg("bit %zu passes", i);
		assert_int_equal(recovery_place(r).share, 1);
		err_clear(&e);
		recovery_free(r);
		if (i >= 8 * (bad.len - SHARE_SUM_LEN))
			continue;
		sum(&bad);
		if (outcome(list, K)[0] == '\0')
			fail_msg("bit %zu passes with its sum", i);
	}
}

/* With shares to spare the wrong one is named. */
static void
named(void **state)
{
	struct raw bad = raw[1];
	const struct raw *four[] = {&raw[0], &bad, &raw[2], &raw[4]};
	const struct raw *five[] = {&raw[0], &raw[2], &raw[3], &raw[4], &bad};

	(void)state;
	bad.bytes[50] ^= 1;
	sum(&bad);
	assert_true(says(four, 3, "do not fit together"));
	assert_true(says(four, 4, "share 2 does not fit the others"));
	assert_true(says(five, 5, "share 2 does not fit the others"));
}

static void
do_not_go_together(void **state)
{
	struct err e = {0};
	struct recovery_sheets *other =
	    recovery_cut(RECOVERY_IDENTITY, scratch_path(dir, "ada.age"), pass,
			 K, N, NULL, &e);
	struct raw b, same = raw[0], k = raw[1], both = raw[1];
	const struct raw *sets[] = {&raw[0], &b};
	const struct raw *twice[] = {&raw[0], &raw[0]};
	const struct raw *differ[] = {&raw[0], &same};
	const struct raw *threshold[] = {&raw[0], &k};
	const struct raw *mixed[] = {&both};

	(void)state;
	assert_non_null(other);
	bytes_of(other, 1, &b);
	recovery_sheets_free(other);
	assert_int_equal(b.len, raw[0].len);
	assert_true(says(sets, 2, "another set"));
	assert_true(says(twice, 2, "share 1 is there already"));
	same.bytes[20] ^= 1;
	sum(&same);
	assert_true(says(differ, 2, "share 1 is there already, and with"));
	k.bytes[10] = 2;
	sum(&k);
	assert_true(says(threshold, 2, "says other things of its set"));
	/* the second half of another sheet */
	memcpy(both.bytes + 96, raw[2].bytes + 96, both.len - 96);
	assert_true(says(mixed, 1, "checksum is wrong"));
}

/* A cut of the same key twice shares no bytes but by chance. */
static void
fresh(void **state)
{
	struct err e = {0};
	struct recovery_sheets *other =
	    recovery_cut(RECOVERY_IDENTITY, scratch_path(dir, "ada.age"), pass,
			 K, N, NULL, &e);
	struct raw b;
	size_t same = 0;

	(void)state;
	assert_non_null(other);
	for (unsigned i = 0; i < N; i++) {
		bytes_of(other, i, &b);
		for (size_t k = SHARE_HEAD_LEN; k < b.len; k++)
			same += b.bytes[k] == raw[i].bytes[k];
	}
	/* 940 bytes, 3.7 expected */
	assert_true(same < 25);
	recovery_sheets_free(other);
}

static void
bounds(void **state)
{
	static const struct {
		unsigned k, n;
		bool ok;
	} cases[] = {
	    {2, 2, true},  {16, 16, true}, {2, 16, true},  {1, 3, false},
	    {0, 3, false}, {4, 3, false},  {2, 17, false}, {2, 0, false},
	};
	const char *path = scratch_path(dir, "ada.age");
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct recovery_sheets *s =
		    recovery_cut(RECOVERY_IDENTITY, path, pass, cases[i].k,
				 cases[i].n, NULL, &e);

		if ((s != NULL) != cases[i].ok)
			fail_msg("case %zu: %s", i, e.msg);
		if (s != NULL)
			assert_null(recovery_text(s, cases[i].n));
		recovery_sheets_free(s);
		err_clear(&e);
	}
	assert_null(
	    recovery_cut(RECOVERY_IDENTITY, path, pass, 2, 3, "a\nb", &e));
	err_clear(&e);
	assert_null(recovery_cut(RECOVERY_ROOT, path, pass, 2, 3, NULL, &e));
	assert_non_null(strstr(e.msg, "not a root key"));
	recovery_free(NULL);
	recovery_sheets_free(NULL);
}

/* Written as sheets, read from text and pages, saved, loaded. */
static void
files(void **state)
{
	char folder[128], to[128];
	struct err e = {0};
	struct recovery *r = recovery_new(&e);
	struct identity *id;
	bool in_memory;
	struct stat st;
	char name[32];

	(void)state;
	snprintf(folder, sizeof folder, "%s/deep/sheets", dir);
	snprintf(to, sizeof to, "%s/restored.age", dir);
	assert_int_equal(recovery_write(sheets, folder, &in_memory, &e), 0);
	for (unsigned i = 1; i <= N; i++)
		for (unsigned html = 0; html < 2; html++) {
			snprintf(name, sizeof name, "share-%u.%s", i,
				 html ? "html" : "txt");
			assert_int_equal(stat(scratch_path(folder, name), &st),
					 0);
			assert_int_equal(st.st_mode & 07777, 0600);
		}
	assert_int_equal(recovery_write(sheets, folder, &in_memory, &e), -1);
	assert_non_null(strstr(e.msg, "not an empty folder"));
	err_clear(&e);
	assert_int_equal(
	    recovery_read(r, scratch_path(folder, "share-5.txt"), -1, &e), 0);
	assert_int_equal(recovery_place(r).missing, 2);
	assert_int_equal(
	    recovery_read(r, scratch_path(folder, "share-1.html"), -1, &e), 0);
	assert_int_equal(
	    recovery_read(r, scratch_path(folder, "share-2.html"), -1, &e), 0);
	assert_true(recovery_place(r).enough);
	assert_int_equal(recovery_join(r, &e), 0);
	assert_int_equal(recovery_save(r, to, pass, SCRATCH_WORK, &e), 0);
	id = identity_load(to, pass, &e);
	assert_non_null(id);
	assert_string_equal(id->name, ada->name);
	assert_string_equal(id->org, ada->org);
	assert_memory_equal(id->keys->bytes, ada->keys->bytes, 96);
	assert_memory_equal(&id->person_pub, &ada->person_pub,
			    sizeof id->person_pub);
	identity_free(id);
	recovery_free(r);
}

static void
read_errors(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
	    {"", "there is no share"},
	    {"hello\nworld\n", "there is no share"},
	    {"1 abacus abacus\n", "line 1: not 6 words"},
	    {"2 abacus abacus abacus abacus abacus abdominal\n",
	     "line 1 is missing"},
	    {"1 abacus abacus abacus abacus abacus abdomen\n",
	     "not a share that this version"},
	    {"MUNIMENT-SHARE:AAAA\n", "not a share that this version"},
	    {"MUNIMENT-SHARE:A1\n", "code is damaged"},
	};
	const char *path = scratch_path(dir, "some");
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct recovery *r = recovery_new(&e);

		scratch_put(path, cases[i].text, strlen(cases[i].text));
		assert_int_equal(recovery_read(r, path, -1, &e), -1);
		if (strstr(e.msg, cases[i].says) == NULL)
			fail_msg("case %zu says %s", i, e.msg);
		assert_non_null(strstr(e.msg, "/some: "));
		err_clear(&e);
		recovery_free(r);
	}
}

static void
append_line(struct secret *s, unsigned n)
{
	char line[SHARE_LINE_MAX];
	size_t len = share_line_encode(
	    raw[0].bytes + (n - 1) * SHARE_LINE_BYTES, n, line);

	line[len] = '\n';
	assert_int_equal(secret_append(s, line, len + 1), 0);
}

/* Lines left out, twice, cut off, and a second share begun too early. */
static void
line_errors(void **state)
{
	static const struct {
		unsigned to, then; /* lines 1 to `to`, and then this one */
		const char *says;
	} cases[] = {
	    {6, 8, "x: line 7 is missing"},
	    {6, 6, "x: line 6 comes twice"},
	    {24, 0, "x: a share ends after line 24 of 25"},
	    {7, 1, "x: a share ends after line 7 of 25"},
	    {25, 25, "x: line 1 is missing"},
	    {25, 1, "x: a share ends after line 1 of 25"},
	};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct secret *s = secret_new(4096);
		struct recovery *r = recovery_new(&e);

		for (unsigned n = 1; n <= cases[i].to; n++)
			append_line(s, n);
		if (cases[i].then != 0)
			append_line(s, cases[i].then);
		assert_int_equal(
		    recovery_text_lines(r, "x", s->bytes, s->len, &e), -1);
		if (strcmp(e.msg, cases[i].says) != 0)
			fail_msg("case %zu says %s", i, e.msg);
		err_clear(&e);
		recovery_free(r);
		secret_free(s);
	}
}

/* On a terminal: words with and without the number, and what is asked. */
static void
typed(void **state)
{
	struct err e = {0};
	struct recovery *r = recovery_new(&e);
	char line[SHARE_LINE_MAX];
	struct recovery_place at = recovery_place(r);

	(void)state;
	assert_int_equal(at.share, 1);
	assert_int_equal(at.of, 0);
	assert_int_equal(recovery_typed(r, "", 0, &e), RECOVERY_OTHER);
	assert_int_equal(recovery_typed(r, "hello", 5, &e), RECOVERY_FAILED);
	err_clear(&e);
	for (unsigned n = 1; n <= 25; n++) {
		size_t len = share_line_encode(
		    raw[3].bytes + (n - 1) * SHARE_LINE_BYTES, n, line);

		at = recovery_place(r);
		assert_int_equal(at.line, n);
		assert_int_equal(at.of, n > 1 ? 25 : 0);
		/* a mistake takes nothing away */
		line[5] = '!';
		assert_int_equal(recovery_typed(r, line, len, &e),
				 RECOVERY_FAILED);
		assert_non_null(strstr(e.msg, "word 1: not in the list"));
		err_clear(&e);
		share_line_encode(raw[3].bytes + (n - 1) * SHARE_LINE_BYTES, n,
				  line);
		assert_int_equal(n % 2
				     ? recovery_typed(r, line, len, &e)
				     : recovery_typed(r, line + 4, len - 4, &e),
				 n < 25 ? RECOVERY_TAKEN : RECOVERY_SHARE);
	}
	assert_int_equal(recovery_place(r).missing, 2);
	recovery_free(r);
}

static void
root_key(void **state)
{
	const char *path = scratch_path(dir, "root.age");
	const char *to = scratch_path(dir, "root-again.age");
	struct secret *seed = secret_new(32), *back;
	struct recovery_sheets *s;
	struct recovery *r;
	struct err e = {0};
	uint8_t pub[32];
	struct raw b;
	json_t *o;

	(void)state;
	ed25519_generate(seed->bytes, pub);
	assert_int_equal(identity_save_root(seed->bytes, VAULT, path, pass,
					    SCRATCH_WORK, &e),
			 0);
	s = recovery_cut(RECOVERY_ROOT, path, pass, 2, 3, "label", &e);
	assert_non_null(s);
	r = recovery_new(&e);
	for (unsigned i = 0; i < 3; i += 2) {
		bytes_of(s, i, &b);
		/* no shorter than those of a person */
		assert_int_equal(b.len, raw[0].len);
		assert_int_equal(give(r, &b, &e), RECOVERY_SHARE);
	}
	assert_int_equal(recovery_join(r, &e), 0);
	assert_int_equal(recovery_kind(r), RECOVERY_ROOT);
	o = recovery_json(r, &e);
	assert_string_equal(json_string_value(json_object_get(o, "vault")),
			    VAULT);
	json_decref(o);
	assert_int_equal(recovery_save(r, to, pass, SCRATCH_WORK, &e), 0);
	back = identity_load_root(to, VAULT, pass, &e);
	assert_non_null(back);
	assert_memory_equal(back->bytes, seed->bytes, 32);
	secret_free(back);
	secret_free(seed);
	recovery_free(r);
	recovery_sheets_free(s);
}

/* Names of every length come back, and what is no key is refused. */
static void
encodings(void **state)
{
	char name[CARDTEXT_NAME_MAX];
	struct err e = {0};

	(void)state;
	memset(name, 'x', sizeof name);
	for (size_t n = 1; n < CARDTEXT_NAME_MAX; n += 9) {
		struct sharekey k = {.kind = SHAREKEY_IDENTITY}, back;
		struct secret *s;

		name[n] = '\0';
		k.id = identity_of_keys(name, n > 100 ? name : "",
					ada->keys->bytes, &e);
		assert_non_null(k.id);
		s = sharekey_encode(&k, &e);
		assert_non_null(s);
		assert_true(sharekey_is_whole(s->bytes, s->len));
		assert_int_equal(sharekey_decode(s->bytes, s->len, &back, &e),
				 0);
		assert_string_equal(back.id->name, name);
		assert_string_equal(back.id->org, n > 100 ? name : "");
		s->bytes[0] = 3;
		assert_false(sharekey_is_whole(s->bytes, s->len));
		sharekey_free(&back);
		assert_int_equal(sharekey_decode(s->bytes, s->len, &back, &e),
				 -1);
		err_clear(&e);
		s->bytes[0] = SHAREKEY_IDENTITY;
		s->bytes[97] = 250; /* a name that goes on and on */
		assert_int_equal(sharekey_decode(s->bytes, s->len, &back, &e),
				 -1);
		err_clear(&e);
		secret_free(s);
		sharekey_free(&k);
		name[n] = 'x';
	}
	assert_false(sharekey_is_whole((const uint8_t *)"", 0));
}

static int
begin(void **state)
{
	struct err e = {0};

	(void)state;
	scratch_begin(dir);
	pass = secret_copy("passphrase", 10);
	ada = identity_new("Ada", "Org", &e);
	if (pass == NULL || ada == NULL ||
	    identity_save(ada, scratch_path(dir, "ada.age"), pass, SCRATCH_WORK,
			  &e) != 0)
		return 1;
	sheets = recovery_cut(RECOVERY_IDENTITY, scratch_path(dir, "ada.age"),
			      pass, K, N, NULL, &e);
	for (unsigned i = 0; sheets != NULL && i < N; i++)
		bytes_of(sheets, i, &raw[i]);
	return sheets == NULL;
}

static int
end(void **state)
{
	(void)state;
	recovery_sheets_free(sheets);
	identity_free(ada);
	secret_free(pass);
	scratch_end(dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(subsets),	   cmocka_unit_test(changed_bits),
	    cmocka_unit_test(named),	   cmocka_unit_test(do_not_go_together),
	    cmocka_unit_test(fresh),	   cmocka_unit_test(bounds),
	    cmocka_unit_test(files),	   cmocka_unit_test(read_errors),
	    cmocka_unit_test(line_errors), cmocka_unit_test(typed),
	    cmocka_unit_test(root_key),	   cmocka_unit_test(encodings),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("recovery", tests, begin, end);
}
