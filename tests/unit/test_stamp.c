/*
 * vault/index/stamp.h: entries that do not count, forks that a stamp shows,
 * what a package gets, and renewals. The authority is openssl's.
 */
#include "scratch.h"

#include "base64.h"
#include "ed25519.h"
#include "local.h"
#include "stamp_inside.h"
#include "stamp_make.h"

#include <time.h>

/* Ada made the vault and is its admin; Bob is a member. */
static struct scratch s;
static struct identity *ada, *bob;
static char top[FSUTIL_PATH];
static char case_of_ada[INDEX_CASE_MAX];

static void
must(int rc, const struct err *e)
{
	if (rc != 0)
		fail_msg("%s", e->msg);
}

/* Lines of shell that know the authority (tests/cli/tsa.inc). */
static void
tsa(const char *lines)
{
	char cmd[2 * FSUTIL_PATH];

	snprintf(cmd, sizeof cmd,
		 "W=$PWD; AT=$(date -u '+%%F %%T'); . '%s/tests/cli/tsa.inc'"
		 " && { %s; } >>out 2>&1",
		 top, lines);
	if (scratch_run(s.dir, cmd) != 0)
		fail_msg("openssl: %s", lines);
}

static struct timestamp_der
cert(const char *rel)
{
	struct timestamp_list l = {0};
	struct timestamp_der out;
	size_t len;
	char *pem = scratch_get(scratch_path(s.dir, rel), &len);

	assert_int_equal(timestamp_list_read(&l, TIMESTAMP_CERT, pem, len), 0);
	assert_int_equal(l.n, 1);
	free(pem);
	out = l.list[0];
	free(l.list);
	return out;
}

static void
new_case(struct identity *id)
{
	struct index *x = scratch_open(&s, id);
	struct err e = {0};

	must(acts_case_new(x, "Case", case_of_ada, &e), &e);
	scratch_close(x);
}

static int
setup(void **state)
{
	static struct card card;
	struct timestamp_der root;
	struct err e = {0};
	struct index *x;
	bool known;

	(void)state;
	assert_non_null(getcwd(top, sizeof top));
	ada = scratch_person("Ada");
	bob = scratch_person("Bob");
	scratch_vault(&s, ada);
	x = scratch_open(&s, ada);
	must(identity_card(bob, &card, &e), &e);
	must(acts_member_add(x, &card, 1, NULL, ROLE_AUTHOR, false, &e), &e);
	scratch_close(x);
	tsa("tsa_ca root 20 && tsa_unit unit root 2 && tsa_ca bad 20 &&"
	    " tsa_unit liar bad 2 && tsa_unit second root 8");
	x = scratch_open(&s, ada);
	root = cert("tsa/root/cert.pem");
	must(stamp_root_add(x, &root, &known, &e), &e);
	assert_false(known);
	free(root.der);
	scratch_close(x);
	new_case(ada);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	identity_free(ada);
	identity_free(bob);
	scratch_end(s.dir);
	return 0;
}

/* Somebody writes this entry, whatever it is. */
static void
put(struct identity *id, json_t *doc, bool sign, uint8_t hash[HASH_LEN])
{
	struct index *x = scratch_open(&s, id);
	struct err e = {0};

	assert_non_null(doc);
	must(stamp_write(x, doc, sign, hash, &e), &e);
	json_decref(doc);
	scratch_close(x);
}

static struct stamps *
look(struct index **x)
{
	struct err e = {0};
	struct stamps *st;

	*x = scratch_open(&s, ada);
	st = stamps_new(*x, (int64_t)time(NULL), &e);
	assert_non_null(st);
	return st;
}

static void
done(struct index *x, struct stamps *st)
{
	stamps_free(st);
	scratch_close(x);
}

/* How many roots and good stamps there are, and whether that was said. */
static void
expect(size_t roots, size_t good, const char *part, enum report_level level)
{
	struct index *x;
	struct stamps *st = look(&x);
	size_t n = 0;

	for (size_t i = 0; i < st->n; i++)
		n += stamp_counts(&st->list[i]);
	assert_int_equal(st->roots.n, roots);
	assert_int_equal(n, good);
	if (part != NULL && scratch_said(&x->v->report, level, part) == 0) {
		for (size_t i = 0; i < x->v->report.n; i++)
			print_message("%s\n", x->v->report.lines[i].text);
		fail_msg("not said: %s", part);
	}
	done(x, st);
}

static json_t *
der_text(const void *der, size_t len)
{
	char *text = malloc(base64_len(len, true) + 1);
	json_t *v;

	assert_non_null(text);
	v = json_stringn(text, base64_encode(der, len, true, text));
	free(text);
	return v;
}

static json_t *
root_doc(const char *rel)
{
	struct timestamp_der d = cert(rel);
	json_t *doc = json_pack("{s:s,s:o}", "act", "root", "root",
				der_text(d.der, d.len));

	free(d.der);
	return doc;
}

static void
roots_are_an_admins(void **state)
{
	(void)state;
	expect(1, 0, NULL, 0);
	put(bob, root_doc("tsa/bad/cert.pem"), true, NULL);
	expect(1, 0, "its author is no admin of the vault", REPORT_REFUSED);
	put(ada, root_doc("tsa/bad/cert.pem"), false, NULL);
	expect(1, 0, "it is not signed by its author", REPORT_REFUSED);
	put(ada, root_doc("tsa/unit/cert.pem"), true, NULL);
	expect(1, 0, "it is not signed by itself", REPORT_REFUSED);
	put(ada, json_pack("{s:s,s:s}", "act", "root", "root", "AAAA"), true,
	    NULL);
	expect(1, 0, "not a certificate", REPORT_REFUSED);
	put(bob, json_pack("{s:s}", "act", "trust"), false, NULL);
	expect(1, 0, "of a kind that this version does not understand",
	       REPORT_REFUSED);
}

/* Ask, let the unit answer to the file `reply`; the ask's hash. */
static void
ask(struct identity *id, const char *unit, const char *reply,
    uint8_t hash[HASH_LEN])
{
	struct index *x = scratch_open(&s, id);
	struct stamp_request r;
	struct err e = {0};
	char lines[256];

	must(stamp_ask(x, true, &r, &e), &e);
	assert_true(r.len > 0);
	assert_false(r.again);
	scratch_close(x);
	scratch_put(scratch_path(s.dir, "q.tsq"), r.der, r.len);
	snprintf(lines, sizeof lines, "tsa_reply %s q.tsq %s", unit, reply);
	tsa(lines);
	if (hash != NULL)
		memcpy(hash, r.entry, HASH_LEN);
}

static int
import(struct identity *id, const char *reply, struct stamp_imported *m,
       struct err *e)
{
	const struct timestamp_list none = {0};
	struct index *x = scratch_open(&s, id);
	size_t len;
	char *bytes = scratch_get(scratch_path(s.dir, reply), &len);
	int rc = stamp_import(x, bytes, len, &none, &none, m, e);

	free(bytes);
	scratch_close(x);
	return rc;
}

/* Taken back by an admin, added again: by whoever's entry it stands. */
static void
roots_are_taken_back(void **state)
{
	struct index *x;
	struct stamps *st = look(&x);
	struct timestamp_der d = cert("tsa/root/cert.pem");
	struct timestamp_cert c;
	struct err e = {0};
	char entry[65], hex[65];
	bool known;

	(void)state;
	hex_encode(x->entries[st->root_entries[0]].sha256, HASH_LEN, entry);
	done(x, st);
	put(bob, json_pack("{s:s,s:[s]}", "act", "withdraw", "roots", entry),
	    true, NULL);
	expect(1, 0, "its author is no admin of the vault", REPORT_REFUSED);
	put(ada, json_pack("{s:s,s:[s]}", "act", "withdraw", "roots", entry),
	    false, NULL);
	expect(1, 0, "it is not signed by its author", REPORT_REFUSED);
	/* two entries of the same root are taken back together */
	put(ada, root_doc("tsa/root/cert.pem"), true, NULL);
	expect(1, 0, NULL, 0);
	assert_int_equal(timestamp_cert(&d, &c), 0);
	hex_encode(c.sha256, HASH_LEN, hex);
	x = scratch_open(&s, bob);
	assert_int_equal(stamp_root_remove(x, hex, &c, &e), -1);
	err_clear(&e);
	scratch_close(x);
	x = scratch_open(&s, ada);
	hex[7] = '\0'; /* too short */
	assert_int_equal(stamp_root_remove(x, hex, &c, &e), -1);
	err_clear(&e);
	hex_encode(c.sha256, HASH_LEN, hex);
	hex[12] = '\0';
	must(stamp_root_remove(x, hex, &c, &e), &e);
	scratch_close(x);
	expect(0, 0, NULL, 0);
	x = scratch_open(&s, ada);
	must(stamp_root_add(x, &d, &known, &e), &e);
	assert_false(known);
	scratch_close(x);
	expect(1, 0, NULL, 0);
	free(d.der);
}

static json_t *
token_doc(const char *key, const uint8_t hash[HASH_LEN], const char *reply)
{
	size_t len;
	char hex[65], *bytes = scratch_get(scratch_path(s.dir, reply), &len);
	json_t *doc;

	hex_encode(hash, HASH_LEN, hex);
	doc = json_pack("{s:s,s:s,s:o,s:[],s:[]}", "act", "token", key, hex,
			"token", der_text(bytes, len), "chain", "revocation");
	free(bytes);
	return doc;
}

/* What a member writes past the command does not count either. */
static void
tokens_that_do_not_count(void **state)
{
	uint8_t one[HASH_LEN], two[HASH_LEN], nobody[HASH_LEN] = {7};
	struct stamp_imported m;
	struct err e = {0};

	(void)state;
	ask(ada, "unit", "one.tsr", one);
	ask(bob, "liar", "two.tsr", two);
	put(bob, token_doc("ask", two, "one.tsr"), false, NULL);
	expect(1, 0, "it stamps something else", REPORT_REFUSED);
	put(bob, token_doc("ask", two, "two.tsr"), false, NULL);
	expect(1, 0, "no root that is trusted", REPORT_REFUSED);
	put(bob, token_doc("ask", nobody, "one.tsr"), false, NULL);
	expect(1, 0, "what it answers is not here", REPORT_REFUSED);
	put(bob, token_doc("renews", one, "one.tsr"), false, NULL);
	expect(1, 0, "what it answers is not here", REPORT_REFUSED);
	put(bob, token_doc("ask", one, "q.tsq"), false, NULL);
	expect(1, 0, "not a time stamp reply", REPORT_REFUSED);
	put(bob, json_pack("{s:s,s:s}", "act", "token", "ask", "x"), false,
	    NULL);
	expect(1, 0, NULL, 0);
	/* by the command */
	assert_int_equal(import(bob, "two.tsr", &m, &e), -1);
	assert_int_equal(e.code, ERR_UNKNOWN);
	err_clear(&e);
	/* the right one, brought in by another than who asked */
	must(import(bob, "one.tsr", &m, &e), &e);
	assert_false(m.known);
	expect(1, 1, NULL, 0);
	must(import(ada, "one.tsr", &m, &e), &e);
	assert_true(m.known);
	expect(1, 1, NULL, 0);
}

/* A checkpoint as Ada's device signs it, of this size and with this root. */
static char *
checkpoint(uint64_t size, bool spoil_root, bool spoil_sig)
{
	struct index *x = scratch_open(&s, ada);
	char device[BATCH_DEVICE_LEN + 1], origin[CHECKPOINT_ORIGIN_MAX];
	char body[CHECKPOINT_MAX], *note = calloc(1, CHECKPOINT_MAX);
	struct err e = {0};
	struct secret *seed = local_device(x->v, ada, false, device, &e);
	const struct log *l = &x->v->logs[x->own];
	uint8_t root[HASH_LEN], id[4], sig[64];
	size_t n;

	assert_non_null(seed);
	assert_non_null(note);
	memcpy(root, l->steps[(size < l->size ? size : l->size) - 1].root,
	       HASH_LEN);
	root[3] ^= spoil_root;
	checkpoint_origin(x->v->id, l->device, origin);
	vault_key_id(origin, l->key, id);
	n = checkpoint_body(origin, size, root, body);
	ed25519_sign(seed->bytes, body, n, sig);
	sig[8] ^= spoil_sig;
	(void)checkpoint_encode(origin, size, root, id, sig, note);
	secret_free(seed);
	scratch_close(x);
	return note;
}

static void
put_ask(char *note)
{
	char hex[65];
	uint8_t pads[HASH_LEN];

	secret_random(pads, sizeof pads);
	hex_encode(pads, sizeof pads, hex);
	put(bob,
	    json_pack("{s:s,s:[s],s:s}", "act", "ask", "checkpoints", note,
		      "pads", hex),
	    false, NULL);
	free(note);
}

/* What Ada's device has signed and is not here: a fork, a rollback. */
static void
asks_that_contradict(void **state)
{
	(void)state;
	put_ask(checkpoint(2, false, true));
	expect(1, 1, "of no log here, or not signed by its device",
	       REPORT_REFUSED);
	put_ask(strdup("nothing"));
	put(bob,
	    json_pack("{s:s,s:[s],s:s}", "act", "ask", "checkpoints", "x",
		      "pads", "12"),
	    false, NULL);
	expect(1, 1, "it is not of the form", REPORT_REFUSED);
	put_ask(checkpoint(2, true, true)); /* Bob alone cannot say so */
	{
		struct index *x;
		struct stamps *st = look(&x);

		assert_int_equal(x->v->report.count[REPORT_HISTORY], 0);
		done(x, st);
	}
	put_ask(checkpoint(2, true, false));
	expect(1, 1, "its device has signed both, a fork", REPORT_HISTORY);
	put_ask(checkpoint(100000, false, false));
	expect(1, 1, "missing: a rollback", REPORT_HISTORY);
}

static void
covers_what_it_covers(void **state)
{
	struct index *x;
	struct stamps *st = look(&x);
	struct stamp_cover *c = calloc(st->n + 1, sizeof *c);
	uint64_t size = 0;

	(void)state;
	assert_non_null(c);
	assert_int_equal(stamps_covering(st, x->own, 1, c), 1);
	size = st->list[c[0].stamp].marks[c[0].mark].size;
	assert_true(size > 1 && size < x->v->logs[x->own].size);
	assert_int_equal(stamps_covering(st, x->own, size, c), 1);
	assert_int_equal(stamps_covering(st, x->own, size + 1, c), 0);
	/* Bob brought it in: in Ada's log nothing came before her batches */
	assert_int_equal(stamps_earlier(st, x->own, size), SIZE_MAX);
	for (size_t i = 0; i < x->v->n_logs; i++)
		if (i != x->own)
			assert_int_not_equal(
			    stamps_earlier(st, i, x->v->logs[i].size),
			    SIZE_MAX);
	free(c);
	done(x, st);
}

static const struct stamp_file *
find(const struct stamp_file *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

/* A path file leads from these bytes to what a text states. */
static void
leads(const struct stamp_file *path, const void *bytes, size_t len,
      const struct stamp_file *text, enum stamptext_kind kind)
{
	struct stamptext_path p;
	uint8_t leaf[HASH_LEN], root[HASH_LEN];
	int k;

	assert_non_null(path);
	assert_non_null(text);
	assert_int_equal(
	    stamptext_path_decode((char *)path->bytes, path->len, &p), 0);
	assert_int_equal(
	    stamptext_decode((char *)text->bytes, text->len, kind, &k, root),
	    0);
	assert_int_equal(k, p.k);
	merkle_leaf(bytes, len, leaf);
	assert_int_equal(merkle_padded_check(leaf, p.place, p.path, k, root),
			 0);
}

static const struct stamp *
good_one(const struct stamps *st)
{
	for (size_t i = 0; i < st->n; i++)
		if (stamp_counts(&st->list[i]))
			return &st->list[i];
	fail_msg("no stamp");
	return NULL;
}

static void
files_of_a_package(void **state)
{
	struct stamptext_line lines[STAMPTEXT_LINES_MAX];
	struct index *x;
	struct stamps *st = look(&x);
	const struct stamp *g = good_one(st);
	unsigned *numbers = calloc(g->n_marks + 1, sizeof *numbers);
	const struct stamp_file *f;
	struct stamp_file *list;
	struct err e = {0};
	const json_t *notes;
	const char *note;
	uint8_t entry[HASH_LEN], hash[64];
	size_t n, n_lines;
	char *pem;

	(void)state;
	assert_non_null(numbers);
	numbers[0] = 4;
	must(stamp_files(st, g, numbers, &list, &n, &e), &e);
	notes = json_object_get(st->questions[g->first->question].doc,
				"checkpoints");
	note = json_string_value(json_array_get(notes, g->marks[0].place));
	leads(find(list, n, "c4.path"), note, strlen(note),
	      find(list, n, "stamp.txt"), STAMPTEXT_ASK);
	assert_non_null(find(list, n, "token.tsr"));
	assert_null(find(list, n, "chain.pem")); /* empty: left out */
	assert_null(find(list, n, "revocation.pem"));
	if (g->n_renewals == 0) {
		assert_int_equal(n, 3);
	} else {
		assert_int_equal(n, 3 + 4);
		f = find(list, n, "renewal-1.txt");
		assert_non_null(f);
		leads(find(list, n, "renewal-1.path"), f->bytes, f->len,
		      find(list, n, "renewal-1.stamp"), STAMPTEXT_RENEW);
		assert_int_equal(stamptext_lines_decode(
				     (char *)f->bytes, f->len, entry, lines,
				     STAMPTEXT_LINES_MAX, &n_lines),
				 0);
		assert_memory_equal(entry, x->entries[g->first->entry].sha256,
				    HASH_LEN);
		assert_int_equal(n_lines, 2);
		f = find(list, n, "token.tsr");
		hash_sha512(f->bytes, f->len, hash);
		assert_string_equal(lines[1].name, "token.tsr");
		assert_memory_equal(lines[1].sha512, hash, 64);
		assert_non_null(find(list, n, "renewal-1.tsr"));
	}
	stamp_files_free(list, n);
	pem = stamp_roots_pem(st, &n);
	assert_non_null(pem);
	assert_int_equal(strncmp(pem, "-----BEGIN CERTIFICATE-----\n", 28), 0);
	free(pem);
	free(numbers);
	done(x, st);
}

/* The unit's certificate ends in two years, the second's in eight. */
static void
renewals(void **state)
{
	struct stamp_request r, again;
	struct stamp_imported m;
	struct index *x = scratch_open(&s, ada);
	struct err e = {0};
	struct stamps *st;
	size_t late;

	(void)state;
	must(stamp_renew(x, 1, &r, &late, &e), &e);
	assert_int_equal(r.len, 0);
	must(stamp_renew(x, 36, &r, &late, &e), &e);
	assert_int_equal(late, 0);
	assert_int_equal(r.of, 1);
	assert_int_equal(r.hash, TIMESTAMP_SHA512);
	scratch_close(x);
	x = scratch_open(&s, bob);
	must(stamp_renew(x, 36, &again, &late, &e), &e);
	assert_true(again.again);
	assert_int_equal(again.len, r.len);
	assert_memory_equal(again.der, r.der, r.len);
	scratch_close(x);

	/* of what is stamped a SHA-256 imprint does not do */
	x = scratch_open(&s, ada);
	st = stamps_new(x, (int64_t)time(NULL), &e);
	assert_non_null(st);
	for (size_t i = 0; i < st->n_questions; i++)
		if (st->questions[i].renews)
			r.len = timestamp_request(
			    TIMESTAMP_SHA256, st->questions[i].text,
			    st->questions[i].text_len, r.der);
	stamps_free(st);
	scratch_close(x);
	scratch_put(scratch_path(s.dir, "weak.tsq"), r.der, r.len);
	scratch_put(scratch_path(s.dir, "r.tsq"), again.der, again.len);
	tsa("tsa_reply second weak.tsq weak.tsr && tsa_reply second r.tsq"
	    " r.tsr");
	assert_int_equal(import(ada, "weak.tsr", &m, &e), -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	err_clear(&e);
	put(bob, token_doc("renews", r.entry, "weak.tsr"), false, NULL);
	expect(1, 1, "a renewal's imprint must be SHA-512", REPORT_REFUSED);

	/* nor a renewal of what is not here */
	put(bob,
	    json_pack("{s:s,s:[s],s:s}", "act", "renew", "tokens",
		      "0123456789abcdef0123456789abcdef0123456789abcdef01234567"
		      "89abcdef",
		      "pads",
		      "0123456789abcdef0123456789abcdef0123456789abcdef01234567"
		      "89abcdef"),
	    false, NULL);
	expect(1, 1, "a token that it renews is not here", REPORT_REFUSED);

	must(import(bob, "r.tsr", &m, &e), &e);
	assert_true(m.renews);
	st = look(&x);
	assert_int_equal(good_one(st)->n_renewals, 1);
	assert_int_equal(good_one(st)->status, STAMP_VALID);
	assert_true(good_one(st)->until > good_one(st)->first->verdict.until);
	stamps_free(st);
	/* four years on only the renewal speaks, ten years on nothing does */
	st = stamps_new(x, (int64_t)time(NULL) + 4 * 365 * 86400L, &e);
	assert_int_equal(good_one(st)->status, STAMP_RENEWED);
	stamps_free(st);
	st = stamps_new(x, (int64_t)time(NULL) + 10 * 365 * 86400L, &e);
	assert_int_equal(good_one(st)->status, STAMP_AGED);
	done(x, st);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(roots_are_an_admins),
	    cmocka_unit_test(roots_are_taken_back),
	    cmocka_unit_test(tokens_that_do_not_count),
	    cmocka_unit_test(asks_that_contradict),
	    cmocka_unit_test(covers_what_it_covers),
	    cmocka_unit_test(files_of_a_package),
	    cmocka_unit_test(renewals),
	    cmocka_unit_test(files_of_a_package),
	};

	if (secret_init() != 0)
		return 1;
	if (system("command -v faketime openssl >/dev/null") != 0) {
		printf("ok time stamps # skipped: no faketime or openssl\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, setup, teardown);
}
