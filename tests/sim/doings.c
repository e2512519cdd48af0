/*
 * What people do at their machines: what they may, what they may not, and on
 * what they knew last.
 */
#include "sim.h"

#include "acts.h"
#include "ed25519.h"
#include "fsutil.h"
#include "intake.h"
#include "own.h"
#include "people.h"
#include "sshsig.h"
#include "writer.h"

#include <stdlib.h>
#include <string.h>

/* One thing to do: 0, or -1 with `e` filled. */
typedef int doing(struct world *w, struct index *x, struct err *e);

static struct index_case *
any_case(struct world *w, struct index *x)
{
	return x->n_cases == 0 ? NULL : &x->cases[sim_roll(w, x->n_cases)];
}

/* A case besides the vault itself; NULL after a few tries. */
static struct index_case *
some_case(struct world *w, struct index *x)
{
	for (int i = 0; i < 4 && x->n_cases > 0; i++) {
		struct index_case *c = any_case(w, x);

		if (strcmp(c->id, INDEX_VAULT) != 0)
			return c;
	}
	return NULL;
}

static struct index_item *
some_item(struct world *w, struct index *x)
{
	return x->n_items == 0 ? NULL : &x->items[sim_roll(w, x->n_items)];
}

static struct index_seat *
some_seat(struct world *w, struct index *x)
{
	return x->n_seats == 0 ? NULL : &x->seats[sim_roll(w, x->n_seats)];
}

static int
nothing(struct err *e)
{
	return err_set(e, ERR_UNKNOWN, "there is nothing to do that with");
}

/* End a doing whose writer may be NULL: the failure is in `e` then. */
static int
end(struct writer *w, int rc, struct err *e)
{
	if (w == NULL)
		return -1;
	if (rc == 0)
		rc = writer_commit(w, e);
	writer_free(w);
	return rc;
}

/* What people.h hands out is for people. */
static int
said(json_t *o)
{
	int rc = o != NULL ? 0 : -1;

	json_decref(o);
	return rc;
}

static json_t *
record(struct world *w, const char *item, json_t *parents)
{
	char title[32], id[33];
	uint8_t raw[16];

	secret_random(raw, sizeof raw);
	hex_encode(raw, sizeof raw, id);
	snprintf(title, sizeof title, "title %zu", w->step);
	return json_pack("{s:s,s:o,s:{s:s},s:[]}", "item",
			 item != NULL ? item : id, "parents", parents, "fields",
			 "title", title, "files");
}

static int
put(struct writer *w, const char *kind, json_t *doc, bool sign, struct err *e)
{
	int rc = writer_entry(w, kind, doc, NULL, 0, sign, NULL, e);

	json_decref(doc);
	return rc;
}

/* Records in a case; rarely without asking who may. */
static int
do_add(struct world *w, struct index *x, struct err *e)
{
	struct index_case *c = some_case(w, x);
	struct writer *wr;
	int rc;

	for (int i = 0; i < 6 && c != NULL &&
			!acts_may(x, KIND_RECORD, c->id) && !sim_chance(w, 5);
	     i++)
		c = some_case(w, x);
	if (c == NULL)
		return nothing(e);
	wr = writer_new(x, e);
	rc = wr != NULL ? writer_case(wr, c->id, NULL, e) : -1;
	for (size_t n = 1 + sim_roll(w, 3); n > 0 && rc == 0; n--)
		rc = put(wr, "record", record(w, NULL, json_array()), false, e);
	return end(wr, rc, e);
}

/* A further version; of one of several, or of all that stand side by side. */
static int
do_edit(struct world *w, struct index *x, struct err *e)
{
	struct index_item *it = some_item(w, x);
	json_t *parents;
	struct writer *wr;
	char hex[65];
	int rc;

	if (it == NULL || !acts_may(x, KIND_RECORD, it->case_id))
		return nothing(e);
	wr = writer_new(x, e);
	rc = wr != NULL ? writer_case(wr, it->case_id, NULL, e) : -1;
	parents = json_array();
	for (size_t i = 0; i < it->n; i++) {
		const struct index_entry *en = &x->entries[it->versions[i]];

		if (en->replaced && !sim_chance(w, 10))
			continue;
		hex_encode(en->sha256, 32, hex);
		json_array_append_new(parents, json_string(hex));
	}
	if (rc == 0)
		rc = put(wr, "record", record(w, it->id, parents), false, e);
	else
		json_decref(parents);
	return end(wr, rc, e);
}

static int
do_note(struct world *w, struct index *x, struct err *e)
{
	struct index_item *it = some_item(w, x);
	struct acts_custody c = {.action = "note", .note = "n"};

	if (it == NULL)
		return nothing(e);
	c.case_id = it->case_id;
	c.item = it->id;
	return acts_custody(x, &c, 1, e);
}

static int
do_retract(struct world *w, struct index *x, struct err *e)
{
	struct index_item *it = some_item(w, x);

	return it == NULL ? nothing(e) : acts_retract(x, it, "wrong", e);
}

/* A real file, small or in segments. */
static int
do_intake(struct world *w, struct index *x, struct err *e)
{
	struct index_case *c = some_case(w, x);
	struct intake_options o = {.again = true};
	json_t *fields = json_object();
	char path[FSUTIL_PATH], *bytes;
	size_t len = sim_chance(w, 50) ? 100 : 70000;
	struct intake *in = NULL;
	struct writer *wr = NULL;
	int rc = -1;

	o.fields = fields;
	bytes = calloc(1, len);
	snprintf(bytes, len, "file %zu", w->step);
	snprintf(path, sizeof path, "%s/file", w->dir);
	if (c == NULL || !acts_may(x, KIND_RECORD, c->id))
		rc = nothing(e);
	else if (fsutil_write(path, bytes, len, e) == 0 &&
		 (wr = writer_new(x, e)) != NULL &&
		 writer_case(wr, c->id, NULL, e) == 0 &&
		 (in = intake_new(x, wr, c->id, w->types, &o, e)) != NULL)
		rc = intake_path(in, path, e);
	free(bytes);
	json_decref(fields);
	rc = wr != NULL ? end(wr, rc, e) : rc;
	intake_free(in);
	return rc;
}

static int
do_case(struct world *w, struct index *x, struct err *e)
{
	char id[INDEX_CASE_MAX], name[32];

	if (x->n_cases >= CASES_MAX)
		return nothing(e);
	snprintf(name, sizeof name, "Case %zu", w->step);
	return acts_case_new(x, name, id, e);
}

/* To the vault, or to a case, with any role; also who is there already. */
static int
do_admit(struct world *w, struct index *x, struct err *e)
{
	struct index_case *c = sim_chance(w, 60) ? some_case(w, x) : NULL;
	static const enum index_role roles[] = {
	    ROLE_NONE,	 ROLE_READER, ROLE_AUTHOR, ROLE_AUTHOR,
	    ROLE_AUTHOR, ROLE_ADMIN,  ROLE_ADMIN,  ROLE_WITNESS};
	enum index_role role = roles[sim_roll(w, 8)];
	size_t n =
	    sim_chance(w, 80) ? sim_roll(w, DEVICES) : sim_roll(w, PERSONS);
	const struct card *card = w->persons[n].card;

	if (c != NULL && role == ROLE_NONE)
		role = ROLE_READER;
	sim_tell(w, "  %s as %s to %.8s", card->text.name,
		 index_role_name(role), c != NULL ? c->id : "the vault");
	return acts_member_add(x, card, 1, c, role, sim_chance(w, 10), e);
}

static int
do_share_case(struct world *w, struct index *x, struct err *e)
{
	struct index_case *c = some_case(w, x);
	struct index_seat *s = some_seat(w, x);

	return c == NULL || s == NULL ? nothing(e)
				      : acts_share_case(x, c, s, e);
}

static int
do_share_item(struct world *w, struct index *x, struct err *e)
{
	struct index_item *it = some_item(w, x);
	struct index_seat *s = some_seat(w, x);

	return it == NULL || s == NULL ? nothing(e)
				       : acts_share_items(x, &it, 1, s, e);
}

/* Not the people at the machines too often: somebody has to go on. */
static struct index_seat *
victim(struct world *w, struct index *x)
{
	struct index_seat *s = some_seat(w, x);

	for (size_t i = 0; s != NULL && i < DEVICES; i++)
		if (index_seat_has_key(s, w->persons[i].id->sign_pub) &&
		    (i == 0 || !sim_chance(w, 25)))
			return NULL;
	return s;
}

static int
do_retire(struct world *w, struct index *x, struct err *e)
{
	struct index_seat *s = victim(w, x);
	const uint8_t *root = sim_chance(w, 20) ? w->root->bytes : NULL;

	if (s == NULL)
		return nothing(e);
	sim_tell(w, "  %s %.12s%s", s->name, s->id,
		 root != NULL ? " with the root key" : "");
	return said(people_retire(x, s, NULL, root, e));
}

static int
do_end(struct world *w, struct index *x, struct err *e)
{
	struct index_case *c = some_case(w, x);
	struct index_seat *s = victim(w, x);

	return c == NULL || s == NULL ? nothing(e)
				      : said(people_end(x, s, c, e));
}

/* Draw a line on a device, or move it: anywhere, on any side of a fork. */
static int
do_cut(struct world *w, struct index *x, struct err *e)
{
	struct log *l = &x->v->logs[sim_roll(w, x->v->n_logs)];
	const uint8_t *root = sim_chance(w, 15) ? w->root->bytes : NULL;
	uint64_t n = sim_chance(w, 50) ? 0 : 1 + sim_roll(w, l->size);
	char branch[VAULT_BRANCH_MAX];

	strcpy(branch, l->branch);
	if (sim_chance(w, 60)) {
		sim_tell(w, "  accepts %.12s up to %llu", branch,
			 (unsigned long long)n);
		return said(people_accept(x, branch, n, root, e));
	}
	/* a fork wants to be settled; who is well is rarely cut */
	if (l->frozen == UINT64_MAX && !sim_chance(w, 10))
		return nothing(e);
	sim_tell(w, "  cuts %.12s at %llu", branch, (unsigned long long)n);
	return said(people_cut(x, branch, n, root, e));
}

static int
do_renew(struct world *w, struct index *x, struct err *e)
{
	struct index_case *c = any_case(w, x);
	struct index_seat *without = some_seat(w, x);

	return c == NULL
		   ? nothing(e)
		   : said(people_renew(x, c, &without, sim_chance(w, 30), e));
}

static int
do_root(struct world *w, struct index *x, struct err *e)
{
	const struct card *card = w->persons[sim_roll(w, DEVICES)].card;
	struct index_case *c = sim_chance(w, 50) ? some_case(w, x) : NULL;
	enum index_role role = sim_chance(w, 50) ? ROLE_ADMIN : ROLE_AUTHOR;

	sim_tell(w, "  the root key: %s", card->text.name);
	return said(people_grant(x, card, c, role, w->root->bytes, e));
}

/*
 * A further key for one's own seat: a new one; or somebody else's, with him or
 * without.
 */
static int
do_handover(struct world *w, struct index *x, struct err *e)
{
	const struct identity *other = w->persons[sim_roll(w, PERSONS)].id;
	bool own = sim_chance(w, 60), proof = own || sim_chance(w, 50);
	struct secret *seed = secret_new(32);
	char key[SSHSIG_KEY_LINE_MAX];
	struct writer *wr = writer_new(x, e);
	int rc = wr != NULL ? writer_case(wr, INDEX_VAULT, NULL, e) : -1;
	uint8_t pub[32];
	json_t *doc;

	ed25519_generate(seed->bytes, pub);
	sshsig_key_line(own ? pub : other->sign_pub, key);
	doc = json_pack("{s:s,s:s,s:s}", "act", "handover", "member", x->me,
			"key", key);
	if (rc == 0 && proof)
		rc = writer_handover(
		    wr, doc, own ? seed->bytes : identity_seed(other), e);
	else if (rc == 0)
		rc = writer_entry(wr, "member", doc, NULL, 0, true, NULL, e);
	json_decref(doc);
	secret_free(seed);
	return end(wr, rc, e);
}

/* Wrong keys for somebody's entry, on rings that all members open. */
static int
do_flood(struct world *w, struct index *x, struct err *e)
{
	const struct index_epoch *ep = index_epoch(x, INDEX_VAULT);
	size_t at = sim_roll(w, x->n_entries), key = x->entries[at].key;
	struct index_item item = {.versions = &at, .n = 1}, *list = &item;
	struct writer *wr = ep != NULL ? writer_new(x, e) : NULL;
	int rc = wr != NULL ? writer_case(wr, INDEX_VAULT, NULL, e) : -1;
	uint8_t wrong[32];

	for (int i = 0; i < 12 && rc == 0; i++) {
		secret_random(wrong, sizeof wrong);
		rc = index_add_key(x, wrong, &x->entries[at].key);
		if (rc == 0)
			rc =
			    writer_grant_items(wr, &ep->recipient, &list, 1, e);
	}
	x->entries[at].key = key;
	return end(wr, rc, e);
}

/*
 * What the program would not write: acts without the right to them, by whoever
 * sits there.
 */
static json_t *
forged(struct world *w, struct index *x, const char **kind)
{
	struct index_seat *s = some_seat(w, x);
	struct index_case *c = any_case(w, x);
	char key[SSHSIG_KEY_LINE_MAX];

	*kind = "member";
	if (s == NULL || c == NULL)
		return NULL;
	switch (sim_roll(w, 5)) {
	case 0:
		return json_pack("{s:s,s:s,s:{s:s}}", "act", "rights", "member",
				 s->id, "rights", c->id, "admin");
	case 1:
		sshsig_key_line(w->persons[sim_roll(w, PERSONS)].id->sign_pub,
				key);
		return json_pack("{s:s,s:s,s:{s:s}}", "act", "admit", "key",
				 key, "rights", c->id, "author");
	case 2:
		if (victim(w, x) == NULL)
			return NULL;
		return json_pack("{s:s,s:s,s:{}}", "act", "retire", "member",
				 s->id, "cuts");
	case 3:
		*kind = "case";
		return json_pack("{s:s,s:s}", "act", "name", "name", "mine");
	default:
		*kind = "zebra";
		return json_pack("{s:s}", "act", "admit");
	}
}

static int
do_forge(struct world *w, struct index *x, struct err *e)
{
	const char *kind;
	json_t *doc = forged(w, x, &kind);
	bool vault = doc != NULL && strcmp(kind, "case") != 0;
	struct index_case *c =
	    vault ? index_case(x, INDEX_VAULT) : some_case(w, x);
	struct writer *wr;
	int rc;

	if (doc == NULL || c == NULL) {
		json_decref(doc);
		return nothing(e);
	}
	wr = writer_new(x, e);
	rc = wr != NULL ? writer_case(wr, c->id, NULL, e) : -1;
	if (rc == 0)
		rc = put(wr, kind, doc, true, e);
	else
		json_decref(doc);
	return end(wr, rc, e);
}

/* After a fork or a restored backup: another device key. */
static int
do_device(struct world *w, struct index *x, struct err *e)
{
	struct own own;

	(void)w;
	if (own_look(x, &own, e) != 0)
		return -1;
	if (own_check(&own, NULL) == 0)
		return nothing(e);
	return end(writer_new_device(
		       x,
		       own.log != SIZE_MAX ? x->v->logs[own.log].device : NULL,
		       "restored", e),
		   0, e);
}

static const struct {
	const char *name;
	doing *fn;
	unsigned weight;
} doings[] = {
    {"add", do_add, 300},
    {"edit", do_edit, 130},
    {"note", do_note, 40},
    {"retract", do_retract, 15},
    {"intake", do_intake, 12},
    {"case", do_case, 25},
    {"admit", do_admit, 70},
    {"share a case", do_share_case, 25},
    {"share an item", do_share_item, 30},
    {"retire", do_retire, 8},
    {"end a part", do_end, 8},
    {"cut", do_cut, 20},
    {"renew", do_renew, 6},
    {"root", do_root, 4},
    {"hand over", do_handover, 4},
    {"forge", do_forge, 30},
    {"flood", do_flood, 4},
    {"new device", do_device, 60},
};

void
sim_found(struct world *w)
{
	static const enum index_role roles[DEVICES] = {
	    ROLE_ADMIN, ROLE_AUTHOR, ROLE_ADMIN, ROLE_AUTHOR, ROLE_ADMIN};
	struct machine *m = &w->machines[0];
	char id[INDEX_CASE_MAX];
	struct err e = {0};
	int rc = acts_case_new(sim_look(w, m), "The first", id, &e);

	for (size_t i = 1; i < DEVICES && rc == 0; i++) {
		struct index *x;

		m->stale = true;
		x = sim_look(w, m);
		rc = acts_member_add(x, w->persons[i].card, 1,
				     sim_chance(w, 50) ? index_case(x, id)
						       : NULL,
				     roles[i], false, &e);
	}
	m->stale = true;
	if (rc != 0)
		sim_fail(w, "%s", e.msg);
}

/* Only what a person could be told; anything else is a fault of ours. */
static bool
is_fair(const struct err *e)
{
	return strstr(e->msg, "no memory") == NULL &&
	       strstr(e->msg, "No such file") == NULL;
}

/* One of the doings, by weight. False if it could not be done. */
static bool
try_one(struct world *w, struct machine *m)
{
	struct index *x = m->x;
	unsigned sum = 0, at;
	size_t i = 0;
	struct err e = {0};

	for (size_t k = 0; k < sizeof doings / sizeof *doings; k++)
		sum += doings[k].weight;
	for (at = (unsigned)sim_roll(w, sum); at >= doings[i].weight; i++)
		at -= doings[i].weight;
	sim_tell(w, "%s: %s", m->name, doings[i].name);
	if (doings[i].fn(w, x, &e) == 0) {
		m->stale = true;
		return true;
	}
	sim_tell(w, "  not done: %s", e.msg);
	if (!is_fair(&e))
		sim_fail(w, "%s: %s", doings[i].name, e.msg);
	return false;
}

/* Who is retired, or cut, goes on as if nobody had told him. */
static void
be_stubborn(struct index *x)
{
	struct index_seat *me = index_seat(x, x->me);

	me->retired = false;
	for (size_t i = 0; i < x->n_cuts; i++)
		x->cuts[i].in_force = false;
}

void
sim_do(struct world *w, struct machine *m)
{
	w->clock += m->skew;
	for (int i = 0; i < 6; i++) {
		if (sim_look(w, m)->me == NULL) {
			sim_tell(w, "%s: is no member", m->name);
			break;
		}
		if (sim_chance(w, 5)) {
			be_stubborn(m->x);
			m->stale = true;
		}
		if (try_one(w, m))
			break;
	}
	w->clock -= m->skew;
}
