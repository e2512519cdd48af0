/*
 * vault/index/witness.h: cosignatures that hold, those that do not, and that
 * exchanges come to rest.
 */
#include "scratch.h"

#include "ed25519.h"
#include "local.h"
#include "trust.h"
#include "witness.h"
#include "writer.h"

#include <time.h>

/* Ada made the vault; Bob and Ben are of one organisation, Eve of another. */
static struct scratch s;
static struct identity *ada, *bob, *ben, *eve;
static char case_of_ada[INDEX_CASE_MAX];

static void
must(int rc, const struct err *e)
{
	if (rc != 0)
		fail_msg("%s", e->msg);
}

static struct identity *
person(const char *name, const char *org)
{
	struct err e = {0};
	struct identity *id = identity_new(name, org, &e);

	assert_non_null(id);
	return id;
}

static void
admit(struct identity *id)
{
	static struct card card;
	struct index *x = scratch_open(&s, ada);
	struct err e = {0};

	must(identity_card(id, &card, &e), &e);
	must(acts_member_add(x, &card, 1, NULL, ROLE_WITNESS, false, &e), &e);
	scratch_close(x);
}

static void
new_case(struct identity *id, char out[INDEX_CASE_MAX])
{
	struct index *x = scratch_open(&s, id);
	struct err e = {0};

	must(acts_case_new(x, "Case", out, &e), &e);
	scratch_close(x);
}

/* One person meets the others: did they write anything? */
static bool
exchange(struct identity *id)
{
	struct index *x = scratch_open(&s, id);
	struct err e = {0};
	bool wrote;

	must(witness_exchange(x, &wrote, &e), &e);
	scratch_close(x);
	return wrote;
}

/* The log of a person's device. */
static size_t
log_of(struct index *x, const struct identity *id)
{
	const char *seat = index_seat_of(x, id->sign_pub)->id;

	for (size_t i = 0; i < x->v->n_logs; i++)
		if (x->log_seat[i] != NULL && strcmp(x->log_seat[i], seat) == 0)
			return i;
	fail_msg("no log of %s", id->name);
	return 0;
}

/* How many have seen a batch of Ada's; *organisations of them. */
static size_t
count_seen(uint64_t batch, size_t *organisations)
{
	struct index *x = scratch_open(&s, ada);
	struct err e = {0};
	struct witness *w = witness_new(x, false, &e);
	struct witness_seen list[16];
	size_t n;

	assert_non_null(w);
	assert_true(w->n_by <= 16);
	n = witness_of(w, log_of(x, ada), batch, list);
	*organisations = witness_organisations(w, list, n);
	for (size_t i = 0; i < n; i++)
		assert_true(list[i].size >= batch);
	witness_free(w);
	scratch_close(x);
	return n;
}

static uint64_t
size_of_ada(void)
{
	struct index *x = scratch_open(&s, ada);
	uint64_t n = x->v->logs[log_of(x, ada)].size;

	scratch_close(x);
	return n;
}

static void
comes_to_rest(void **state)
{
	size_t orgs;
	uint64_t first = size_of_ada();

	(void)state;
	assert_int_equal(count_seen(1, &orgs), 0);
	assert_true(exchange(bob));
	assert_false(exchange(bob));
	assert_int_equal(count_seen(1, &orgs), 1);
	assert_int_equal(count_seen(first, &orgs), 1);
	/* Bob's device is new: that is content; Ada's word about it is not */
	assert_true(exchange(ada));
	assert_false(exchange(bob));
	assert_false(exchange(ada));
	assert_int_equal(count_seen(first + 1, &orgs), 0);
	/* two of one organisation are two people and one witness */
	assert_true(exchange(ben));
	assert_int_equal(count_seen(first, &orgs), 2);
	assert_int_equal(orgs, 1);
	assert_true(exchange(eve));
	assert_int_equal(count_seen(first, &orgs), 3);
	assert_int_equal(orgs, 2);
	for (int i = 0; i < 3; i++) {
		(void)exchange(ada);
		(void)exchange(bob);
		(void)exchange(ben);
		(void)exchange(eve);
	}
	assert_false(exchange(ada));
	assert_false(exchange(bob));
	assert_false(exchange(ben));
	assert_false(exchange(eve));
}

/* What Bob cannot open is content; he has seen that, too. */
static void
unread_is_content(void **state)
{
	size_t orgs;

	(void)state;
	new_case(ada, case_of_ada);
	assert_int_equal(count_seen(size_of_ada(), &orgs), 0);
	assert_true(exchange(bob));
	assert_int_equal(count_seen(size_of_ada(), &orgs), 1);
	assert_false(exchange(bob));
}

/* -- what should not be taken -- */

/* Ada's log as it is, to be changed before it is cosigned. */
struct lie {
	char vault[VAULT_ID_LEN + 1];
	uint64_t size;
	uint8_t root[HASH_LEN];
	uint8_t device_seed[32]; /* signs for the log */
	const struct identity *key;
	char name[COSIGN_NAME_MAX];
	uint64_t time;
	const char *vkey;  /* `keys` of the entry; or NULL */
	bool spoilt;	   /* the signature's last byte */
	bool unsigned_log; /* it is not the device that signs for its log */
	bool bare;	   /* no cosignature at all */
	uint8_t outside[32];
};

static struct lie
truth(void)
{
	struct index *x = scratch_open(&s, ada);
	const struct log *l = &x->v->logs[log_of(x, ada)];
	struct lie t = {.key = bob, .time = 1700000000, .size = l->size};
	char device[BATCH_DEVICE_LEN + 1];
	struct err e = {0};
	struct secret *seed = local_device(x->v, ada, false, device, &e);

	assert_non_null(seed);
	memcpy(t.device_seed, seed->bytes, 32);
	secret_free(seed);
	strcpy(t.vault, x->v->id);
	memcpy(t.root, l->steps[l->size - 1].root, HASH_LEN);
	witness_name(x->v->id, index_seat_of(x, bob->sign_pub)->id, t.name);
	scratch_close(x);
	return t;
}

/* The cosigned note that follows. */
static void
note_of(const struct lie *t, char note[CHECKPOINT_MAX + COSIGN_LINE_MAX])
{
	char origin[CHECKPOINT_ORIGIN_MAX], device[BATCH_DEVICE_LEN + 1];
	char message[COSIGN_MESSAGE_MAX];
	uint8_t pub[32], id[4], sig[64], body[CHECKPOINT_MAX];
	const uint8_t *seed =
	    t->key != NULL ? identity_seed(t->key) : t->outside;
	size_t n;

	ed25519_public(t->device_seed, pub);
	batch_device_name(pub, device);
	checkpoint_origin(t->vault, device, origin);
	vault_key_id(origin, pub, id);
	n = checkpoint_body(origin, t->size, t->root, (char *)body);
	ed25519_sign(t->unsigned_log ? seed : t->device_seed, body, n, sig);
	note[checkpoint_encode(origin, t->size, t->root, id, sig, note)] = '\0';
	if (t->bare)
		return;
	n = cosign_message(t->time, (char *)body, n, message);
	ed25519_public(seed, pub);
	ed25519_sign(seed, message, n, sig);
	sig[63] ^= t->spoilt;
	witness_key_id(t->name, pub, id);
	(void)cosign_encode(t->name, id, t->time, sig, note + strlen(note));
}

/* Bob writes it down; what a thorough look says of it is counted. */
static size_t
told(const struct lie *t, enum report_level level, const char *part)
{
	char note[CHECKPOINT_MAX + COSIGN_LINE_MAX];
	struct index *x = scratch_open(&s, bob);
	struct err e = {0};
	struct writer *wr = writer_new(x, &e);
	json_t *doc;
	struct witness *w;
	size_t n, before;

	assert_non_null(wr);
	note_of(t, note);
	doc = t->vkey != NULL
		  ? json_pack("{s:[s],s:[s]}", "notes", note, "keys", t->vkey)
		  : json_pack("{s:[s]}", "notes", note);
	assert_non_null(doc);
	w = witness_new(x, true, &e);
	before = scratch_said(&x->v->report, level, part);
	witness_free(w);
	must(writer_case(wr, INDEX_VAULT, NULL, &e), &e);
	must(writer_entry(wr, "witness", doc, NULL, 0, false, NULL, &e), &e);
	must(writer_commit(wr, &e), &e);
	writer_free(wr);
	json_decref(doc);
	scratch_close(x);
	x = scratch_open(&s, ada);
	w = witness_new(x, true, &e);
	assert_non_null(w);
	n = scratch_said(&x->v->report, level, part);
	witness_free(w);
	scratch_close(x);
	return n - before;
}

static void
name_of(const struct identity *id, char name[COSIGN_NAME_MAX])
{
	struct index *x = scratch_open(&s, ada);

	witness_name(x->v->id, index_seat_of(x, id->sign_pub)->id, name);
	scratch_close(x);
}

static void
expect(const struct lie *t, const char *part)
{
	size_t orgs, before = count_seen(size_of_ada(), &orgs);

	if (told(t, REPORT_REFUSED, part) != 1)
		fail_msg("not told: %s", part);
	assert_int_equal(count_seen(size_of_ada(), &orgs), before);
}

static void
forgeries(void **state)
{
	struct lie t;
	size_t orgs;

	(void)state;
	new_case(ada, case_of_ada); /* nobody has seen the newest of Ada's */
	assert_int_equal(count_seen(size_of_ada(), &orgs), 0);
	t = truth();
	t.spoilt = true;
	expect(&t, "the signature is not by the key that it names");
	t = truth();
	t.key = eve; /* her key under Bob's name */
	expect(&t, "a key that is not its author's");
	t = truth();
	t.bare = true;
	expect(&t, "none of its lines is by a key that is known");
	t = truth();
	t.vault[3] = t.vault[3] == 'a' ? 'b' : 'a';
	expect(&t, "it is of another vault");
	t = truth();
	t.root[5] ^= 1;
	t.unsigned_log = true; /* Bob alone cannot say that Ada forked */
	expect(&t, "it is not what that device has signed");
	t = truth();
	t.time = 0;
	expect(&t, "not of a cosignature's form");
	t = truth();
	t.time = UINT64_C(253402300800); /* the year 10000 */
	expect(&t, "not of a cosignature's form");
	t = truth();
	t.key = eve;
	name_of(eve, t.name); /* Eve's own, but in Bob's log */
	expect(&t, "in the name of another member");
	t = truth();
	strcpy(t.name, "witness.example");
	expect(&t, "none of its lines is by a key that is known");
}

/* The same with nothing wrong counts: the test itself is right. */
static void
the_truth_counts(void **state)
{
	struct lie t = truth();
	size_t orgs;

	(void)state;
	assert_int_equal(told(&t, REPORT_REFUSED, ""), 0);
	assert_int_equal(count_seen(size_of_ada(), &orgs), 1);
	assert_int_equal(orgs, 1);
}

static void
vkey_of(const char *name, const uint8_t seed[32], char out[COSIGN_VKEY_MAX])
{
	struct cosign_vkey k = {.type = COSIGN_COSIGNATURE};

	strcpy(k.name, name);
	ed25519_public(seed, k.key);
	witness_key_id(name, k.key, k.id);
	cosign_vkey_encode(&k, out);
}

/* A witness that is no member, whose key Bob has recorded. */
static void
from_outside(void **state)
{
	struct lie t = truth();
	char vkey[COSIGN_VKEY_MAX];
	size_t orgs, before = count_seen(size_of_ada(), &orgs);

	(void)state;
	t.key = NULL;
	secret_random(t.outside, sizeof t.outside);
	strcpy(t.name, "witness.example/w1");
	vkey_of(t.name, t.outside, vkey);
	t.vkey = vkey;
	assert_int_equal(told(&t, REPORT_REFUSED, ""), 0);
	assert_int_equal(count_seen(size_of_ada(), &orgs), before + 1);
	t.spoilt = true;
	assert_int_equal(told(&t, REPORT_REFUSED, "not by the key"), 1);
	/* Eve, a member, does not become a second witness under this name */
	t = truth();
	t.key = eve;
	strcpy(t.name, "witness.example/w2");
	vkey_of(t.name, identity_seed(eve), vkey);
	t.vkey = vkey;
	assert_int_equal(told(&t, REPORT_REFUSED, "none of its lines"), 1);
	assert_int_equal(count_seen(size_of_ada(), &orgs), before + 1);
}

/* Put a branch where it was before, or back. */
static void
move_branch(const char *device, const char *to)
{
	char cmd[256];

	snprintf(cmd, sizeof cmd, "git -C vault update-ref refs/heads/%s %s",
		 device, to);
	assert_int_equal(scratch_run(s.dir, cmd), 0);
}

static void
head_of_ada(char device[BATCH_DEVICE_LEN + 1], char hex[41])
{
	struct index *x = scratch_open(&s, ada);
	const struct log *l = &x->v->logs[log_of(x, ada)];

	strcpy(device, l->device);
	hex_encode(l->steps[l->size - 1].commit, GITFORM_OID_LEN, hex);
	scratch_close(x);
}

/* Ben remembers more of Ada's than is here: he vouches for nothing less. */
static void
memory_counts(void **state)
{
	char device[BATCH_DEVICE_LEN + 1], older[41], newer[41];
	struct err e = {0};
	struct index *x;

	(void)state;
	(void)exchange(ben);
	new_case(ada, case_of_ada);
	head_of_ada(device, older);
	new_case(ada, case_of_ada);
	head_of_ada(device, newer);
	x = scratch_open(&s, ben);
	must(trust_save(x->v, ben, NULL, &e), &e);
	scratch_close(x);
	move_branch(device, older);
	assert_false(exchange(ben));
	move_branch(device, newer);
	assert_true(exchange(ben));
}

/* What the device has signed and is not here speaks against what is. */
static void
contradictions(void **state)
{
	struct lie t = truth();

	(void)state;
	(void)exchange(eve);
	t.size += 5;
	assert_int_equal(told(&t, REPORT_HISTORY, "missing: a rollback"), 1);
	new_case(ada, case_of_ada);
	assert_false(exchange(eve)); /* she does not vouch for less */
	t = truth();
	t.size = 1;
	t.root[0] ^= 1;
	assert_int_equal(
	    told(&t, REPORT_HISTORY, "which Bob (Org) has cosigned"), 1);
	assert_int_equal(told(&t, REPORT_HISTORY, "both, a fork"), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(comes_to_rest),
	    cmocka_unit_test(unread_is_content),
	    cmocka_unit_test(forgeries),
	    cmocka_unit_test(the_truth_counts),
	    cmocka_unit_test(from_outside),
	    cmocka_unit_test(memory_counts),
	    cmocka_unit_test(contradictions),
	};
	int rc;

	if (secret_init() != 0)
		return 1;
	ada = person("Ada", "");
	bob = person("Bob", "Org");
	ben = person("Ben", "Org");
	eve = person("Eve", "Other");
	scratch_vault(&s, ada);
	admit(bob);
	admit(ben);
	admit(eve);
	rc = cmocka_run_group_tests_name("witness", tests, NULL, NULL);
	scratch_end(s.dir);
	identity_free(ada);
	identity_free(bob);
	identity_free(ben);
	identity_free(eve);
	return rc;
}
