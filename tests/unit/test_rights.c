/*
 * vault/index/rights.h through writer.h and index.h: a vault in a scratch
 * folder, its members, and what those do who may not.
 */
#include "scratch.h"

#include "hex.h"
#include "sshsig.h"
#include "writer.h"

/* Ada made the vault; in case `c` Bob is author and Eve reads; Mallory is in
 * the vault without any right. */
static struct scratch s;
static struct identity *ada, *bob, *eve, *mallory;
static char c[INDEX_CASE_MAX], d[INDEX_CASE_MAX]; /* `d` is Eve's own case */

static void
must(int rc, const struct err *e)
{
	if (rc != 0)
		fail_msg("%s", e->msg);
}

/* What one entry is made of, when somebody writes it as it should not be. */
struct forged {
	struct identity *who;
	const char *seat;	    /* instead of the writer's own */
	const struct identity *key; /* who signs, instead */
	const char *case_id;
	const char *kind;
	bool sign;
};

/* Write it as one command; the hash of the entry is handed out. */
static void
forge(const struct forged *f, json_t *doc, uint8_t hash[32])
{
	struct index *x = scratch_open(&s, f->who);
	struct identity fake = *f->who;
	struct err e = {0};
	struct writer *w;

	assert_non_null(doc);
	if (f->seat != NULL)
		x->me = (char *)(uintptr_t)f->seat;
	w = writer_new(x, &e);
	if (w == NULL)
		fail_msg("%s", e.msg);
	must(writer_case(w, f->case_id, NULL, &e), &e);
	if (f->key != NULL) {
		fake.keys = secret_copy(f->who->keys->bytes, 96);
		memcpy(fake.keys->bytes + 64, identity_seed(f->key), 32);
		x->id = &fake;
	}
	must(writer_entry(w, f->kind, doc, NULL, 0, f->sign, hash, &e), &e);
	x->id = f->who;
	must(writer_commit(w, &e), &e);
	writer_free(w);
	if (f->key != NULL)
		secret_free(fake.keys);
	json_decref(doc);
	scratch_close(x);
}

static struct index_entry *
entry(struct index *x, const uint8_t hash[32])
{
	size_t i = 0;

	if (!map_get(&x->by_hash, hash, &i))
		fail_msg("the entry was not kept");
	return &x->entries[i];
}

/* As Ada sees it: kept in any case, accepted or not. */
static bool
accepted(const uint8_t hash[32])
{
	struct index *x = scratch_open(&s, ada);
	struct index_entry *en = entry(x, hash);
	bool yes = en->accepted;
	char hex[65];

	hex_encode(hash, 8, hex);
	assert_int_equal(yes, en->why == NULL);
	assert_int_equal(scratch_said(&x->v->report, REPORT_REFUSED, hex),
			 !yes);
	assert_int_equal(x->v->report.count[REPORT_DAMAGE], 0);
	scratch_close(x);
	return yes;
}

/* A seat by its holder. */
static const char *
seat_of(const struct identity *id)
{
	static char ring[4][INDEX_SEAT_MAX];
	static size_t next;
	char *out = ring[next++ % 4];
	struct index *x = scratch_open(&s, ada);
	struct index_seat *seat = index_seat_of(x, id->sign_pub);

	assert_non_null(seat);
	strcpy(out, seat->id);
	scratch_close(x);
	return out;
}

static void
add_member(struct identity *by, struct identity *id, const char *case_id,
	   enum index_role role)
{
	static struct card card;
	struct index *x = scratch_open(&s, by);
	struct err e = {0};

	must(identity_card(id, &card, &e), &e);
	must(acts_member_add(x, &card, 1,
			     case_id != NULL ? index_case(x, case_id) : NULL,
			     role, false, &e),
	     &e);
	scratch_close(x);
}

static void
new_case(struct identity *id, const char *name, char out[INDEX_CASE_MAX])
{
	struct index *x = scratch_open(&s, id);
	struct err e = {0};

	must(acts_case_new(x, name, out, &e), &e);
	scratch_close(x);
}

/* Documents. */
static json_t *
record(const char *item)
{
	/* and what the other kinds must have */
	return json_pack("{s:s,s:[],s:{s:s},s:[],s:s,s:s,s:[]}", "item", item,
			 "parents", "fields", "title", "t", "files", "action",
			 "note", "why", "w", "notes");
}

static json_t *
admit(const struct identity *id, const char *where, const char *role)
{
	char line[SSHSIG_KEY_LINE_MAX];

	sshsig_key_line(id->sign_pub, line);
	return json_pack("{s:s,s:s,s:{s:s}}", "act", "admit", "key", line,
			 "rights", where, role);
}

static json_t *
rights(const char *member, const char *where, const char *role)
{
	return json_pack("{s:s,s:s,s:{s:s}}", "act", "rights", "member", member,
			 "rights", where, role);
}

#define SALT "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"
#define ITEM "11112222333344445555666677778888"

/* `open` or `epoch` of a case. */
static json_t *
opening(const char *act, const char *id)
{
	char recipient[2048];
	struct card *card = malloc(sizeof *card);
	struct err e = {0};

	assert_non_null(card);
	must(identity_card(ada, card, &e), &e);
	strcpy(recipient, card->text.recipient);
	free(card);
	return json_pack("{s:s,s:s,s:s,s:s,s:s}", "act", act, "opened", id,
			 "epoch", ITEM, "recipient", recipient, "salt", SALT);
}

/* The id that follows from a seat and SALT. */
static const char *
case_id(const char *seat)
{
	static char hex[65];
	uint8_t digest[32];
	char text[160];

	snprintf(text, sizeof text, "%s %s", seat, SALT);
	hash_sha256(text, strlen(text), digest);
	hex_encode(digest, 16, hex);
	return hex;
}

static void
expect(struct forged f, json_t *doc, bool want, const char *what)
{
	uint8_t hash[32];

	forge(&f, doc, hash);
	if (accepted(hash) != want)
		fail_msg("%s: %s", what, want ? "refused" : "accepted");
}

static void
records_need_rights(void **state)
{
	const struct {
		struct identity *who;
		const char *kind;
		bool ok;
	} cases[] = {
	    {ada, "record", true},	 {bob, "record", true},
	    {eve, "record", false},	 {mallory, "record", false},
	    {bob, "retract", true},	 {eve, "retract", false},
	    {ada, "custody", true},	 {eve, "custody", true},
	    {mallory, "custody", false}, {mallory, "retract", false},
	    {eve, "zebra", false},	 {mallory, "filler", true},
	    {mallory, "witness", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect((struct forged){.who = cases[i].who,
				       .case_id = c,
				       .kind = cases[i].kind},
		       record(ITEM), cases[i].ok, cases[i].kind);
}

static void
cards_need_rights(void **state)
{
	static struct card card;
	struct err e = {0};
	const char *seat = seat_of(bob);

	(void)state;
	must(identity_card(bob, &card, &e), &e);
	/* who admitted him may name him; a reader of the case may not */
	for (int i = 0; i < 2; i++)
		expect((struct forged){.who = i ? ada : eve,
				       .case_id = c,
				       .kind = "member"},
		       json_pack("{s:s,s:s,s:s}", "act", "card", "member", seat,
				 "card", card.bytes),
		       i, "card");
}

static void
members_need_rights(void **state)
{
	struct identity *new = scratch_person("New");
	const char *me = seat_of(eve), *other = seat_of(mallory);
	struct forged by_eve = {
	    .who = eve, .case_id = INDEX_VAULT, .kind = "member", .sign = true};
	struct forged by_ada = by_eve;

	(void)state;
	by_ada.who = ada;
	expect(by_eve, admit(new, c, "reader"), false, "admit to a case");
	expect(by_eve, admit(new, INDEX_VAULT, "admin"), false, "admit");
	expect(by_eve, rights(me, c, "admin"), false, "rights to herself");
	expect(by_eve, rights(other, c, "reader"), false, "rights");
	/* of her own case she is admin: that, but not the vault */
	expect(by_eve, admit(new, d, "reader"), true, "admit to her case");
	expect(by_eve, rights(other, d, "author"), true, "rights, her case");
	expect(by_eve, rights(me, INDEX_VAULT, "author"), false, "vault");
	by_ada.sign = false;
	expect(by_ada, admit(new, c, "reader"), false, "no signature");
	by_ada.sign = true;
	by_ada.key = eve;
	expect(by_ada, admit(new, c, "reader"), false, "signed by another");
	by_ada.key = NULL;
	/* the right act, but no act of the vault's own case */
	by_ada.case_id = c;
	expect(by_ada, admit(new, c, "reader"), false, "in another case");
	by_ada.case_id = INDEX_VAULT;
	expect(by_ada, admit(new, c, "reader"), true, "in order");
	identity_free(new);
}

/* Somebody else's name on it. */
static void
seats_are_not_borrowed(void **state)
{
	const char *ada_seat = seat_of(ada);
	struct forged f = {.who = eve,
			   .seat = ada_seat,
			   .case_id = INDEX_VAULT,
			   .kind = "member",
			   .sign = true};

	(void)state;
	expect(f, admit(mallory, c, "admin"), false, "Ada's seat, Eve's key");
	f.seat = "root";
	expect(f, admit(mallory, c, "admin"), false, "root, Eve's key");
	f.seat = NULL;
	f.key = ada; /* even Ada's signature does not make it Eve's */
	expect(f, admit(mallory, c, "admin"), false, "Eve's seat, Ada's key");
	f.seat = ada_seat; /* Ada's words in Eve's log */
	expect(f, admit(mallory, c, "admin"), false, "Ada's act, Eve's log");
	f.kind = "device";
	f.seat = NULL;
	f.key = NULL;
	expect(f, json_object(), false, "a device in a later batch");
	f.who = ada;
	expect(f, json_object(), false, "the same by Ada");
}

static void
cases_need_rights(void **state)
{
	const char *ada_seat = seat_of(ada), *eve_seat = seat_of(eve);
	struct forged f = {
	    .who = ada, .case_id = INDEX_VAULT, .kind = "case", .sign = true};

	(void)state;
	expect(f, opening("open", ITEM), false, "an id that does not follow");
	expect(f, opening("open", c), false, "a case that is open");
	expect(f, opening("open", case_id(eve_seat)), false, "Eve's id");
	expect(f, opening("epoch", ITEM), false, "an epoch of no case");
	f.who = mallory;
	expect(f, opening("open", case_id(seat_of(mallory))), false,
	       "no right in the vault");
	expect(f, opening("open", INDEX_VAULT), false, "the vault");
	f.who = bob;
	expect(f, opening("epoch", c), false, "an epoch by an author");
	f.case_id = c;
	expect(f, json_pack("{s:s,s:s}", "act", "name", "name", "x"), false,
	       "a name by an author");
	f.who = ada;
	expect(f, json_pack("{s:s,s:s}", "act", "name", "name", "Case C"), true,
	       "a name by its admin");
	f.case_id = INDEX_VAULT;
	expect(f, opening("open", case_id(ada_seat)), true, "in order");
}

/* Who was admitted by nobody admits nobody. */
static void
chains_end(void **state)
{
	struct identity *zed = scratch_person("Zed"), *yan;
	struct index *x = scratch_open(&s, mallory);
	const char *const keys[] = {INDEX_VAULT};
	struct err e = {0};
	uint8_t hash[32];
	char seat[65];
	json_t *doc = admit(zed, INDEX_VAULT, "admin");
	struct writer *w = writer_new(x, &e);

	(void)state;
	assert_non_null(w);
	must(writer_case(w, INDEX_VAULT, NULL, &e), &e);
	must(writer_entry(w, "member", doc, NULL, 0, true, hash, &e), &e);
	must(writer_grant_cases(w, &zed->person_pub, keys, 1, &e), &e);
	must(writer_commit(w, &e), &e);
	writer_free(w);
	json_decref(doc);
	scratch_close(x);
	assert_false(accepted(hash));
	hex_encode(hash, 32, seat);
	yan = scratch_person("Yan");
	x = scratch_open(&s, zed);
	assert_null(x->me);
	assert_null(writer_new(x, &e));
	scratch_close(x);
	expect((struct forged){.who = zed,
			       .seat = seat,
			       .case_id = INDEX_VAULT,
			       .kind = "member",
			       .sign = true},
	       admit(yan, c, "reader"), false, "by an invalid seat");
	expect(
	    (struct forged){
		.who = zed, .seat = seat, .case_id = c, .kind = "record"},
	    record(ITEM), false, "record of an invalid seat");
	identity_free(zed);
	identity_free(yan);
}

/* The current version of an item of case `c`, and whether it is retracted. */
static void
look(const char *item, uint8_t hash[32], size_t *current, bool *retracted)
{
	struct index *x = scratch_open(&s, ada);
	struct index_item *it = NULL;
	struct index_entry *en;

	for (size_t i = 0; i < x->n_items; i++)
		if (strcmp(x->items[i].id, item) == 0 &&
		    strcmp(x->items[i].case_id, c) == 0)
			it = &x->items[i];
	assert_non_null(it);
	en = index_current(x, it, current);
	assert_non_null(en);
	memcpy(hash, en->sha256, 32);
	*retracted = it->retracted;
	scratch_close(x);
}

/* Eve, admin of case `d`, has no say in case `c`. */
static void
items_stay_in_their_case(void **state)
{
	static const char item[] = "99990000aaaabbbbccccddddeeeeffff";
	struct forged f = {.who = bob, .case_id = c, .kind = "record"};
	uint8_t first[32], hash[32];
	char parent[65];
	json_t *doc = record(item);
	bool retracted;
	size_t n;

	(void)state;
	add_member(eve, ada, d, ROLE_READER); /* sees both */
	forge(&f, doc, first);
	hex_encode(first, 32, parent);
	doc = record(item);
	json_object_set_new(doc, "parents", json_pack("[s]", parent));
	f = (struct forged){.who = eve, .case_id = d, .kind = "record"};
	expect(f, doc, true, "a record in her own case");
	f.kind = "retract";
	expect(f, json_pack("{s:s,s:s}", "item", item, "why", "x"), true,
	       "a retraction in her own case");
	look(item, hash, &n, &retracted);
	assert_memory_equal(hash, first, 32);
	assert_int_equal(n, 1);
	assert_false(retracted);
	/* and in the case itself it counts */
	f = (struct forged){.who = bob, .case_id = c, .kind = "retract"};
	expect(f, json_pack("{s:s,s:s}", "item", item, "why", "x"), true,
	       "a retraction by an author");
	look(item, hash, &n, &retracted);
	assert_true(retracted);
}

static int
begin(void **state)
{
	(void)state;
	ada = scratch_person("Ada");
	bob = scratch_person("Bob");
	eve = scratch_person("Eve");
	mallory = scratch_person("Mallory");
	scratch_vault(&s, ada);
	new_case(ada, "C", c);
	add_member(ada, bob, c, ROLE_AUTHOR);
	add_member(ada, eve, c, ROLE_READER);
	add_member(ada, mallory, NULL, ROLE_READER);
	{
		uint8_t hash[32];
		struct forged f = {.who = ada,
				   .case_id = INDEX_VAULT,
				   .kind = "member",
				   .sign = true};

		forge(&f, rights(seat_of(eve), INDEX_VAULT, "author"), hash);
	}
	new_case(eve, "D", d);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	identity_free(ada);
	identity_free(bob);
	identity_free(eve);
	identity_free(mallory);
	scratch_end(s.dir);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_need_rights),
	    cmocka_unit_test(cards_need_rights),
	    cmocka_unit_test(members_need_rights),
	    cmocka_unit_test(seats_are_not_borrowed),
	    cmocka_unit_test(cases_need_rights),
	    cmocka_unit_test(chains_end),
	    cmocka_unit_test(items_stay_in_their_case),
	};

	if (secret_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("rights", tests, begin, end);
}
