/* vault/local/absent.h: what may be declared left out, and by whom. */
#include "absent.h"

#include "hex.h"
#include "local.h"
#include "scratch.h"
#include "trust.h"
#include "writer.h"

static struct scratch s;
static struct identity *ada, *eve;
static char c[INDEX_CASE_MAX];
static uint8_t old[32], young[32]; /* objects: Ada's, and Eve's after it */

static void
must(int rc, const struct err *e)
{
	if (rc != 0)
		fail_msg("%s", e->msg);
}

/* Write one object into the case as this person. */
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

/* What Ada is told of the lists. */
static size_t
complaints(enum report_level level, const char *part)
{
	struct err e = {0};
	struct vault *v;
	size_t n;

	scratch_sit(&s, ada);
	v = vault_open(s.vault, VAULT_READ, NULL, &e);
	assert_non_null(v);
	must(absent_check(v, ada, &e), &e);
	n = scratch_said(&v->report, level, part);
	assert_int_equal(n, v->report.count[level]);
	vault_close(v);
	return n;
}

static void
put_clear(const uint8_t *const *hashes, size_t n)
{
	char text[4 * 65 + 1];

	for (size_t i = 0; i < n; i++) {
		hex_encode(hashes[i], 32, text + 65 * i);
		text[65 * i + 64] = '\n';
	}
	scratch_sit(&s, ada);
	scratch_put(scratch_path(s.vault, "local/absent"), text, 65 * n);
}

/* Remove an object's file, or put it back. */
static void
move(const uint8_t sha256[32], bool away)
{
	struct err e = {0};
	struct vault *v = vault_open(s.vault, VAULT_READ, NULL, &e);
	char path[FSUTIL_PATH], hex[65];
	const char *aside;

	hex_encode(sha256, 32, hex);
	must(vault_object_path(v, sha256, path, &e), &e);
	aside = scratch_path(s.dir, hex);
	assert_int_equal(away ? rename(path, aside) : rename(aside, path), 0);
	vault_close(v);
}

static void
forget(void)
{
	scratch_sit(&s, ada);
	(void)unlink(scratch_path(s.vault, "local/absent"));
	(void)unlink(scratch_path(s.vault, "local/absent.age"));
}

/* Nobody may say of what the owner knew to be there that it was left out. */
static void
old_ones(void **state)
{
	const uint8_t *both[] = {old, young};

	(void)state;
	forget();
	assert_int_equal(complaints(REPORT_DAMAGE, "local/absent"), 0);
	put_clear(both, 1);
	assert_int_equal(complaints(REPORT_DAMAGE, "somebody else"), 1);
	put_clear(both, 2);
	assert_int_equal(complaints(REPORT_DAMAGE, "somebody else"), 1);
}

static void
forms(void **state)
{
	const char *const bad[] = {"x", "\n", "0123\n"};
	const uint8_t nothing[32] = {0xab}, *list[] = {nothing};
	struct err e = {0};
	struct vault *v;
	char line[65];

	(void)state;
	forget();
	for (size_t i = 0; i < COUNT(bad); i++) {
		scratch_put(scratch_path(s.vault, "local/absent"), bad[i],
			    strlen(bad[i]));
		assert_int_equal(complaints(REPORT_DAMAGE, "local/absent"), 1);
	}
	/* the owner was killed between the one list and the other */
	forget();
	v = vault_open(s.vault, VAULT_READ, NULL, &e);
	memset(line, 'a', 64);
	line[64] = '\n';
	must(local_write(v, ada, "local/absent.age", line, 65, &e), &e);
	vault_close(v);
	assert_int_equal(complaints(REPORT_DAMAGE, ""), 0);
	forget();
	/* what nothing lists hides nothing */
	put_clear(list, 1);
	assert_int_equal(complaints(REPORT_DAMAGE, ""), 0);
	assert_int_equal(complaints(REPORT_NOTE, "no batch lists"), 1);
}

/* Of what she has not seen, others may say so; then she knows it too. */
static void
new_ones(void **state)
{
	const uint8_t *one[] = {young};
	struct err e = {0};
	struct vault *v;
	struct secret *locked;
	size_t left;

	(void)state;
	forget();
	move(young, true);
	put_clear(one, 1);
	assert_int_equal(complaints(REPORT_DAMAGE, ""), 0);
	v = vault_open(s.vault, VAULT_WRITE, NULL, &e);
	must(trust_save(v, ada, NULL, &e), &e);
	vault_close(v);
	v = vault_open(s.vault, VAULT_READ, NULL, &e);
	locked = local_read(v, ada, "local/absent.age", &e);
	assert_non_null(locked);
	assert_int_equal(locked->len, 65);
	secret_free(locked);
	assert_int_equal(complaints(REPORT_DAMAGE, ""), 0);
	/* what she was told once cannot be taken off the list unseen */
	assert_int_equal(unlink(scratch_path(s.vault, "local/absent")), 0);
	assert_int_equal(complaints(REPORT_DAMAGE, "somebody else"), 1);
	/* unless the object came */
	move(young, false);
	assert_int_equal(complaints(REPORT_DAMAGE, ""), 0);
	put_clear(one, 1);
	must(absent_shrink(v, ada, &left, &e), &e);
	assert_int_equal(left, 0);
	locked = local_read(v, ada, "local/absent.age", &e);
	assert_int_equal(locked->len, 0);
	secret_free(locked);
	vault_close(v);
	/* by now it is an old one */
	put_clear(one, 1);
	assert_int_equal(complaints(REPORT_DAMAGE, "somebody else"), 1);
}

/* Without memory nothing can be told from what is new: nothing may be. */
static void
no_memory_left(void **state)
{
	const uint8_t *one[] = {young};
	struct err e = {0};
	struct vault *v;
	struct map more = {0};

	(void)state;
	forget();
	move(young, true);
	v = vault_open(s.vault, VAULT_WRITE, NULL, &e);
	assert_int_equal(map_set(&more, young, 1), 0);
	must(absent_grow(v, ada, &more, &e), &e);
	map_free(&more);
	vault_close(v);
	assert_int_equal(complaints(REPORT_DAMAGE, ""), 0);
	assert_int_equal(rename(scratch_path(s.vault, "local/trust.age"),
				scratch_path(s.dir, "trust")),
			 0);
	put_clear((const uint8_t *[]){young, old}, 2);
	assert_int_equal(complaints(REPORT_DAMAGE, "somebody else"), 1);
	put_clear(one, 1);
	assert_int_equal(complaints(REPORT_DAMAGE, ""), 0);
	assert_int_equal(rename(scratch_path(s.dir, "trust"),
				scratch_path(s.vault, "local/trust.age")),
			 0);
	move(young, false);
}

static int
begin(void **state)
{
	struct err e = {0};
	struct card card;
	struct index *x;
	struct index_case *ic;

	(void)state;
	ada = scratch_person("Ada");
	eve = scratch_person("Eve");
	scratch_vault(&s, ada);
	must(identity_card(eve, &card, &e), &e);
	x = scratch_open(&s, ada);
	must(acts_case_new(x, "C", c, &e), &e);
	scratch_close(x);
	x = scratch_open(&s, ada);
	ic = index_case(x, c);
	must(acts_member_add(x, &card, 1, ic, ROLE_AUTHOR, NULL, &e), &e);
	scratch_close(x);
	write_object(ada, "old", old);
	write_object(eve, "young", young);
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
	    cmocka_unit_test(old_ones),
	    cmocka_unit_test(forms),
	    cmocka_unit_test(new_ones),
	    cmocka_unit_test(no_memory_left),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, begin, end);
}
