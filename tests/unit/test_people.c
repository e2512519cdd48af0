/*
 * vault/work/people.h: who is retired when those who retire are retired, and
 * how far lines can be moved. Ada admits Bob, Bob admits Cem, Cem admits Dan.
 */
#include "scratch.h"

#include "hex.h"
#include "people.h"
#include "sshsig.h"
#include "writer.h"

static struct scratch s;
static struct identity *ada, *bob, *cem, *dan;

static void
admit(struct identity *by, struct identity *who)
{
	static struct card card;
	struct index *x = scratch_open(&s, by);
	struct err e = {0};

	if (identity_card(who, &card, &e) != 0 ||
	    acts_member_add(x, &card, 1, NULL, ROLE_ADMIN, false, &e) != 0)
		fail_msg("%s", e.msg);
	scratch_close(x);
}

/* Write something, so that the log grows. */
static void
open_case(struct identity *who, char id[INDEX_CASE_MAX])
{
	struct index *x = scratch_open(&s, who);
	struct err e = {0};

	if (acts_case_new(x, "case", id, &e) != 0)
		fail_msg("%s", e.msg);
	scratch_close(x);
}

static const char *
name_of(const struct identity *who)
{
	static char device[BATCH_DEVICE_LEN + 1];
	struct index *x = scratch_open(&s, ada);
	struct index_seat *seat = index_seat_of(x, who->sign_pub);

	assert_non_null(seat);
	device[0] = '\0';
	for (size_t i = 0; i < x->n_logs; i++)
		if (x->log_seat[i] != NULL &&
		    strcmp(x->log_seat[i], seat->id) == 0)
			strcpy(device, x->v->logs[i].device);
	scratch_close(x);
	return device;
}

static uint64_t
size_of(const char *device)
{
	struct index *x = scratch_open(&s, ada);
	uint64_t n = vault_log(x->v, device)->size;

	scratch_close(x);
	return n;
}

/* 0, or the error's code. */
static int
retire(struct identity *by, const struct identity *who)
{
	struct index *x = scratch_open(&s, by);
	struct err e = {0};
	json_t *o =
	    people_retire(x, index_seat_of(x, who->sign_pub), NULL, NULL, &e);

	json_decref(o);
	scratch_close(x);
	return o != NULL ? 0 : e.code;
}

static int
move(struct identity *by, const char *device, uint64_t size)
{
	struct index *x = scratch_open(&s, by);
	struct err e = {0};
	json_t *o = people_accept(x, device, size, NULL, &e);

	json_decref(o);
	scratch_close(x);
	return o != NULL ? 0 : e.code;
}

/* As Ada sees it, who has all keys. */
static bool
is_retired(const struct identity *who)
{
	struct index *x = scratch_open(&s, ada);
	struct index_seat *seat = index_seat_of(x, who->sign_pub);
	bool yes;

	assert_non_null(seat);
	yes = seat->retired;
	scratch_close(x);
	return yes;
}

/* Retired again and again, from below to above: each takes back the last. */
static void
lines_take_lines_away(void **state)
{
	char cem_device[BATCH_DEVICE_LEN + 1], bob_device[BATCH_DEVICE_LEN + 1];
	uint64_t cem_before, bob_before;
	char id[INDEX_CASE_MAX];

	(void)state;
	admit(ada, bob);
	admit(bob, cem);
	admit(cem, dan);
	open_case(dan, id);
	strcpy(cem_device, name_of(cem));
	strcpy(bob_device, name_of(bob));
	cem_before = size_of(cem_device);
	assert_int_equal(retire(cem, dan), 0);
	assert_true(is_retired(dan));

	bob_before = size_of(bob_device);
	assert_int_equal(retire(bob, cem), 0);
	assert_true(is_retired(cem));
	assert_true(is_retired(dan)); /* it was said before the line */
	assert_int_equal(move(bob, cem_device, cem_before), 0);
	assert_true(is_retired(cem));
	assert_false(is_retired(dan)); /* and now it is said beyond it */

	assert_int_equal(retire(ada, bob), 0);
	assert_false(is_retired(dan));
	assert_int_equal(move(ada, bob_device, bob_before), 0);
	assert_true(is_retired(bob));
	assert_false(is_retired(cem));
	assert_true(is_retired(dan));
	/* who is retired cannot move the line back */
	assert_int_not_equal(move(bob, bob_device, 0), 0);
	assert_int_equal(move(ada, bob_device, 0), 0);
	assert_false(is_retired(dan));
}

static void
only_who_stands_above(void **state)
{
	(void)state;
	admit(ada, bob);
	admit(ada, cem);
	assert_int_equal(retire(bob, cem), ERR_UNKNOWN);
	assert_int_equal(retire(cem, bob), ERR_UNKNOWN);
	assert_int_equal(retire(bob, ada), ERR_UNKNOWN);
	assert_int_equal(retire(bob, bob), ERR_UNKNOWN);
	assert_int_equal(retire(ada, ada), ERR_UNKNOWN);
	/* nor by writing it all the same */
	for (int i = 0; i < 2; i++) {
		struct identity *by = i == 0 ? bob : cem;
		struct identity *who = i == 0 ? cem : bob;
		struct index *x = scratch_open(&s, by);
		struct index_seat *seat = index_seat_of(x, who->sign_pub);
		struct err e = {0};
		struct writer *w = writer_new(x, &e);
		json_t *doc = json_pack("{s:s,s:s,s:{}}", "act", "retire",
					"member", seat->id, "cuts");
		size_t at;
		uint8_t hash[32];

		assert_non_null(w);
		if (writer_case(w, INDEX_VAULT, NULL, &e) != 0 ||
		    writer_entry(w, "member", doc, NULL, 0, true, hash, &e) !=
			0 ||
		    writer_commit(w, &e) != 0)
			fail_msg("%s", e.msg);
		writer_free(w);
		json_decref(doc);
		scratch_close(x);
		x = scratch_open(&s, ada);
		assert_true(map_get(&x->by_hash, hash, &at));
		assert_false(x->entries[at].accepted);
		assert_false(index_seat_of(x, who->sign_pub)->retired);
		scratch_close(x);
	}
}

/* As `who`, say that Bob's seat goes on with this key. */
static void
say_handover(struct identity *who, const struct identity *next,
	     const struct identity *proof)
{
	struct index *x = scratch_open(&s, who);
	struct index_seat *seat = index_seat_of(x, bob->sign_pub);
	char line[SSHSIG_KEY_LINE_MAX];
	struct err e = {0};
	struct writer *w = writer_new(x, &e);
	json_t *doc;
	int rc;

	sshsig_key_line(next->sign_pub, line);
	doc = json_pack("{s:s,s:s,s:s}", "act", "handover", "member", seat->id,
			"key", line);
	assert_non_null(w);
	assert_int_equal(writer_case(w, INDEX_VAULT, NULL, &e), 0);
	rc = proof != NULL
		 ? writer_handover(w, doc, identity_seed(proof), &e)
		 : writer_entry(w, "member", doc, NULL, 0, true, NULL, &e);
	if (rc != 0 || writer_commit(w, &e) != 0)
		fail_msg("%s", e.msg);
	writer_free(w);
	json_decref(doc);
	scratch_close(x);
}

/* A seat hands over to a further key, which agrees; nobody else does it. */
static void
hand_over(void **state)
{
	struct index_seat *seat;
	struct index *x;

	(void)state;
	admit(ada, bob);
	admit(ada, cem);
	say_handover(bob, dan, NULL);
	say_handover(bob, dan, bob);
	say_handover(bob, ada, bob); /* Bob would be Ada */
	say_handover(cem, cem, cem);
	x = scratch_open(&s, ada);
	assert_int_equal(index_seat_of(x, bob->sign_pub)->n_keys, 1);
	assert_int_equal(x->v->report.count[REPORT_REFUSED], 4);
	scratch_close(x);
	say_handover(bob, dan, dan);
	x = scratch_open(&s, ada);
	seat = index_seat_of(x, bob->sign_pub);
	assert_int_equal(seat->n_keys, 2);
	assert_ptr_equal(index_seat_of(x, dan->sign_pub), seat);
	scratch_close(x);
}

/* The root key retires who made the vault, and gives another his rights. */
static void
the_root_key(void **state)
{
	static struct card card;
	struct secret *pass = secret_copy("root", 4), *seed;
	struct err e = {0};
	struct index *x;
	json_t *o;

	(void)state;
	admit(ada, bob);
	seed =
	    identity_load_root(scratch_path(s.dir, "root.age"), s.id, pass, &e);
	assert_non_null(seed);
	assert_int_equal(identity_card(bob, &card, &e), 0);
	x = scratch_open(&s, bob);
	o = people_retire(x, index_seat_of(x, ada->sign_pub), NULL, seed->bytes,
			  &e);
	assert_non_null(o);
	json_decref(o);
	scratch_close(x);
	x = scratch_open(&s, bob);
	assert_true(index_seat_of(x, ada->sign_pub)->retired);
	o = people_grant(x, &card, NULL, ROLE_ADMIN, seed->bytes, &e);
	assert_non_null(o);
	json_decref(o);
	scratch_close(x);
	/* another key signs as if it were the root's */
	secret_random(seed->bytes, 32);
	x = scratch_open(&s, bob);
	o = people_retire(x, index_seat_of(x, bob->sign_pub), NULL, seed->bytes,
			  &e);
	assert_null(o); /* nobody retires himself, root or not */
	scratch_close(x);
	admit(bob, cem);
	err_clear(&e);
	x = scratch_open(&s, bob);
	o = people_grant(x, &card, NULL, ROLE_ADMIN, seed->bytes, &e);
	json_decref(o);
	scratch_close(x);
	x = scratch_open(&s, cem);
	assert_int_equal(x->v->report.count[REPORT_REFUSED], 1);
	scratch_close(x);
	secret_free(seed);
	secret_free(pass);
}

static int
begin(void **state)
{
	(void)state;
	ada = scratch_person("Ada");
	bob = scratch_person("Bob");
	cem = scratch_person("Cem");
	dan = scratch_person("Dan");
	scratch_vault(&s, ada);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	scratch_end(s.dir);
	identity_free(ada);
	identity_free(bob);
	identity_free(cem);
	identity_free(dan);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(lines_take_lines_away, begin, end),
	    cmocka_unit_test_setup_teardown(only_who_stands_above, begin, end),
	    cmocka_unit_test_setup_teardown(hand_over, begin, end),
	    cmocka_unit_test_setup_teardown(the_root_key, begin, end),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("people", tests, NULL, NULL);
}
