/* vault/move/remotes.h and vault/move/heads.h: where a vault is synced with. */
#include "remotes.h"

#include "local.h"
#include "scratch.h"

static struct scratch s;
static struct identity *ada, *eve;
static struct vault *v;

static void
must(int rc, const struct err *e)
{
	if (rc != 0)
		fail_msg("%s", e->msg);
}

static void
names(void **state)
{
	static const char *const bad[] = {"",	  "-x",	  "a/b",
					  "a\nb", "\x7f", "\xff"};
	struct remotes r = {0};
	struct err e = {0};
	char longest[REMOTES_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		err_clear(&e);
		if (remotes_add(&r, bad[i], s.vault, NULL, &e) == 0)
			fail_msg("accepted as a name: %zu", i);
	}
	memset(longest, 'x', sizeof longest);
	longest[REMOTES_NAME_MAX] = '\0';
	assert_int_equal(remotes_add(&r, longest, s.vault, NULL, &e), -1);
	longest[REMOTES_NAME_MAX - 1] = '\0';
	err_clear(&e);
	must(remotes_add(&r, longest, s.vault, NULL, &e), &e);
	assert_int_equal(remotes_add(&r, longest, s.vault, NULL, &e), -1);
	remotes_free(&r);
}

static void
kinds(void **state)
{
	struct remotes r = {0};
	struct err e = {0};

	(void)state;
	must(remotes_add(&r, "a", s.vault, NULL, &e), &e);
	assert_int_equal(r.list[0].kind, REMOTE_VAULT);
	must(remotes_add(&r, "b", s.dir, NULL, &e), &e);
	assert_int_equal(r.list[1].kind, REMOTE_STICK);
	must(remotes_add(&r, "c", "https://host/v.git", NULL, &e), &e);
	assert_int_equal(r.list[2].kind, REMOTE_HOST);
	must(remotes_add(&r, "d", "me@host:v.git", NULL, &e), &e);
	assert_int_equal(r.list[3].kind, REMOTE_HOST);
	assert_int_equal(remotes_add(&r, "e", "/not/there", NULL, &e), -1);
	err_clear(&e);
	must(remotes_add(&r, "e", "/not/there", "stick", &e), &e);
	assert_int_equal(remotes_add(&r, "f", "/x", "disk", &e), -1);
	err_clear(&e);
	must(remotes_add(&r, "f", "x", "vault", &e), &e);
	assert_int_equal(r.list[5].where[0], '/');
	assert_int_equal(remotes_add(&r, "g", "https://u:p@host/v", NULL, &e),
			 -1);
	must(remotes_remove(&r, "b", &e), &e);
	assert_null(remotes_find(&r, "b", NULL));
	assert_non_null(remotes_find(&r, "c", NULL));
	assert_int_equal(r.n, 5);
	remotes_free(&r);
}

static void
kept(void **state)
{
	struct remotes r = {0}, back = {0};
	uint8_t hash[32] = {7};
	struct err e = {0};
	size_t value, n;
	char *file;

	(void)state;
	must(remotes_load(v, ada, &back, &e), &e);
	assert_int_equal(back.n, 0);
	must(remotes_add(&r, "office", s.vault, NULL, &e), &e);
	must(remotes_add_to(&r.list[0], "age1pq1xyz", &e), &e);
	must(heads_add(&r.list[0].seen, v->logs[0].branch,
		       v->logs[0].steps[0].commit, &e),
	     &e);
	assert_int_equal(map_set(&r.list[0].owed, hash, 1), 0);
	must(remotes_save(v, ada, &r, &e), &e);
	must(remotes_load(v, ada, &back, &e), &e);
	assert_int_equal(back.n, 1);
	assert_string_equal(back.list[0].name, "office");
	assert_string_equal(back.list[0].where, s.vault);
	assert_string_equal(back.list[0].to[0], "age1pq1xyz");
	assert_int_equal(back.list[0].seen.n, 1);
	assert_memory_equal(back.list[0].seen.list[0].commit,
			    v->logs[0].steps[0].commit, GITFORM_OID_LEN);
	assert_true(map_get(&back.list[0].owed, hash, &value));
	remotes_free(&back);
	remotes_free(&r);
	/* nobody else reads or writes it, and nothing stands there in clear */
	assert_int_equal(remotes_load(v, eve, &back, &e), -1);
	file = scratch_get(scratch_path(s.vault, "local/remotes.age"), &n);
	assert_null(memmem(file, n, "office", 6));
	free(file);
	err_clear(&e);
	must(local_write(v, ada, "local/remotes.age", "{}x", 3, &e), &e);
	assert_int_equal(remotes_load(v, ada, &back, &e), -1);
	assert_int_equal(unlink(scratch_path(s.vault, "local/remotes.age")), 0);
}

static void
heads(void **state)
{
	const struct log *l = &v->logs[0];
	struct heads h = {0}, news = {0};
	uint8_t other[GITFORM_OID_LEN] = {1};
	struct err e = {0};
	uint64_t n, sizes[1];
	char name[VAULT_BRANCH_MAX + 16];

	(void)state;
	snprintf(name, sizeof name, "refs/heads/%s", l->branch);
	must(heads_take(&h, name, l->steps[0].commit, &e), &e);
	must(heads_take(&h, "refs/heads/main", other, &e), &e);
	must(heads_take(&h, "refs/tags/x", other, &e), &e);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.others, 2);
	assert_ptr_equal(heads_find(v, &h.list[0], &n), l);
	assert_int_equal(n, 1);
	heads_cover(v, &h, sizes);
	assert_int_equal(sizes[0], 1);
	must(heads_news(v, &h, &news, &e), &e);
	assert_int_equal(news.n, 0);
	must(heads_add(&h, l->branch, other, &e), &e);
	must(heads_news(v, &h, &news, &e), &e);
	assert_int_equal(news.n, 1);
	heads_free(&h);
	heads_free(&news);
}

static int
begin(void **state)
{
	struct err e = {0};

	(void)state;
	ada = scratch_person("Ada");
	eve = scratch_person("Eve");
	scratch_vault(&s, ada);
	v = vault_open(s.vault, VAULT_READ, NULL, &e);
	return v != NULL && v->n_logs == 1 ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	vault_close(v);
	identity_free(ada);
	identity_free(eve);
	scratch_end(s.dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(kinds),
	    cmocka_unit_test(kept),
	    cmocka_unit_test(heads),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests(tests, begin, end);
}
