/*
 * vault/move/merge.h and vault/history/bulk.h: two copies of a vault become
 * one.
 */
#include "merge.h"

#include "absent.h"
#include "bulk.h"
#include "heads.h"
#include "hex.h"
#include "scratch.h"
#include "writer.h"

static struct scratch s; /* Ada's copy */
static char other[96];	 /* the other one, without anybody's local/ */
static struct identity *ada, *eve;
static char c[INDEX_CASE_MAX];

static void
must(int rc, const struct err *e)
{
	if (rc != 0)
		fail_msg("%s", e->msg);
}

static void
write_object(struct identity *who, const char *text, uint8_t sha256[32])
{
	struct index *x = scratch_open(&s, who);
	json_t *doc = json_object();
	char id[HEX_ID_LEN + 1];
	struct err e = {0};
	struct writer *w = writer_new(x, &e);

	if (w == NULL)
		fail_msg("%s", e.msg);
	must(writer_case(w, c, NULL, &e), &e);
	must(scratch_object(x->v, w, text, strlen(text), id, sha256, &e), &e);
	must(writer_entry(w, "filler", doc, NULL, 0, false, NULL, &e), &e);
	json_decref(doc);
	must(writer_commit(w, &e), &e);
	writer_free(w);
	scratch_close(x);
}

/* Bring what is in `from` into `to`, as its owner or (NULL) as another. */
static int
bring(const char *from, const char *to, const struct identity *id,
      struct merge_result *r, struct err *e)
{
	struct vault *in = vault_open(from, VAULT_READ, NULL, e);
	struct vault *v = vault_open(to, VAULT_WRITE, NULL, e);
	struct heads h = {0};
	struct merge *m;
	int rc = -1;

	assert_non_null(in);
	assert_non_null(v);
	must(gitstore_refs(in->git, heads_take, &h, e), e);
	m = merge_new(v, id, false, e);
	if (m != NULL && merge_incoming(m, scratch_path(from, "objects"),
					heads_refs, &h, e) == 0)
		rc = merge_commit(m, r, e);
	merge_free(m);
	heads_free(&h);
	vault_close(v);
	vault_close(in);
	return rc;
}

/* The branches of a vault, as one text; malloc'ed. */
static char *
branches(const char *dir)
{
	char *out, cmd[256];
	size_t n;

	snprintf(cmd, sizeof cmd,
		 "git --git-dir='%s' for-each-ref >'%s/refs.out'", dir, s.dir);
	assert_int_equal(system(cmd), 0);
	out = scratch_get(scratch_path(s.dir, "refs.out"), &n);
	return out;
}

static void
fresh_copy(void)
{
	struct err e = {0};

	must(fsutil_remove_all(other, &e), &e);
	assert_int_equal(scratch_run(s.dir, "cp -R vault other && rm -rf"
					    " other/local"),
			 0);
}

/* Into another's folder: his is the union, only the clear list is written. */
static void
into_anothers(void **state)
{
	struct merge_result r;
	struct err e = {0};
	uint8_t sha256[32];
	struct bulk_object o = {.size = 0};
	struct bulk_in *b;
	struct vault *v;
	char *x, *y;
	size_t placed, left;

	(void)state;
	fresh_copy();
	write_object(ada, "what Ada adds", sha256);
	must(bring(s.vault, other, NULL, &r, &e), &e);
	assert_int_equal(r.batches, 1);
	assert_int_equal(r.devices, 1);
	assert_int_equal(r.absent, 1);
	x = branches(s.vault);
	y = branches(other);
	assert_string_equal(x, y);
	free(x);
	free(y);
	assert_false(fsutil_exists(scratch_path(other, "local/absent.age")));
	assert_false(fsutil_exists(scratch_path(other, "local/trust.age")));
	assert_false(fsutil_exists(scratch_path(other, "local/tmp")));
	/* its object comes later; twice does no harm */
	v = vault_open(other, VAULT_WRITE, NULL, &e);
	memcpy(o.sha256, sha256, 32);
	b = bulk_in_new(v, &e);
	assert_non_null(b);
	assert_int_equal(bulk_in_copy(b, s.vault, &o, &e), 1);
	must(bulk_in_finish(b, &placed, &e), &e);
	bulk_in_free(b);
	assert_int_equal(placed, 1);
	must(absent_shrink(v, NULL, &left, &e), &e);
	assert_int_equal(left, 0);
	vault_close(v);
	must(bring(s.vault, other, NULL, &r, &e), &e);
	assert_int_equal(r.batches + r.absent, 0);
}

/* Of two histories of one device both stay, and the owner is told. */
static void
fork_kept(void **state)
{
	struct merge_result r;
	struct err e = {0};
	uint8_t sha256[32];
	char *x;

	(void)state;
	fresh_copy();
	assert_int_equal(scratch_run(s.dir, "cp -R vault/local other/"), 0);
	write_object(ada, "one side", sha256);
	assert_int_equal(scratch_run(s.dir, "mv vault a && mv other vault"), 0);
	write_object(ada, "the other", sha256);
	assert_int_equal(scratch_run(s.dir, "mv vault other && mv a vault"), 0);
	must(bring(other, s.vault, ada, &r, &e), &e);
	assert_int_equal(r.forks, 1);
	assert_int_equal(r.batches, 1);
	x = branches(s.vault);
	assert_non_null(strchr(strstr(x, "refs/heads/d"), '.'));
	free(x);
	must(bring(other, s.vault, ada, &r, &e), &e);
	assert_int_equal(r.forks + r.batches, 0);
}

/* Damage anywhere among what is new: nothing is taken in. */
static void
damage(void **state)
{
	struct merge_result r;
	struct err e = {0};
	char *before, *after;

	(void)state;
	fresh_copy();
	write_object(eve, "news", (uint8_t[32]){0});
	scratch_sit(&s, ada);
	assert_int_equal(
	    scratch_run(s.dir,
			"cp -R vault bad && cd bad/objects/pack && for p in"
			" *.pack; do chmod u+w $p; for k in 1 2 3 4 5 6 7 8; do"
			" printf xxxx | dd of=$p bs=1 seek=$((k * 97))"
			" conv=notrunc 2>/dev/null; done; done"),
	    0);
	before = branches(other);
	assert_int_equal(bring(scratch_path(s.dir, "bad"), other, NULL, &r, &e),
			 -1);
	assert_int_equal(e.code, ERR_EVIDENCE);
	after = branches(other);
	assert_string_equal(before, after);
	free(before);
	free(after);
	/* and what is whole is taken in */
	err_clear(&e);
	must(bring(s.vault, other, NULL, &r, &e), &e);
	assert_int_equal(r.batches, 2);
}

static int
begin(void **state)
{
	static struct card card;
	struct err e = {0};
	struct index *x;

	(void)state;
	ada = scratch_person("Ada");
	eve = scratch_person("Eve");
	scratch_vault(&s, ada);
	snprintf(other, sizeof other, "%s/other", s.dir);
	must(identity_card(eve, &card, &e), &e);
	x = scratch_open(&s, ada);
	must(acts_case_new(x, "C", c, &e), &e);
	scratch_close(x);
	x = scratch_open(&s, ada);
	must(acts_member_add(x, &card, 1, index_case(x, c), ROLE_AUTHOR, NULL,
			     &e),
	     &e);
	scratch_close(x);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	identity_free(ada);
	identity_free(eve);
	scratch_end(s.dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(into_anothers),
	    cmocka_unit_test(damage),
	    cmocka_unit_test(fork_kept),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, begin, end);
}
