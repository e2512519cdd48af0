/*
 * All that one seat ever wrote is taken out, and the rights are evaluated
 * anew: what stands without that seat stays as it was. What does so is found
 * here in another way than vault/index/rights.c goes: grant by grant, from the
 * root key on, without cuts, which nobody can make for those outside his
 * subtree.
 */
#include "sim.h"

#include "entry.h"
#include "rights.h"

#include <stdlib.h>
#include <string.h>

#define TRIES 6	     /* seats that are taken out, one at a time */
#define TRIES_MAX 60 /* where all others hang on them, or wrote nothing */

/* An accepted act that makes a seat, gives rights or opens a case. */
struct grant {
	json_t *doc;
	const char *act, *by;
	char to[INDEX_SEAT_MAX]; /* the seat made or given to; or the opener */
	bool solid;		 /* it stands without the seat */
};

struct ground {
	struct index *x;
	const char *without; /* the seat that is taken out */
	struct grant *grants;
	size_t n;
};

static void
list_grants(struct ground *g)
{
	struct index *x = g->x;

	g->grants = calloc(x->n_entries + 1, sizeof *g->grants);
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		struct grant *t = &g->grants[g->n];
		const char *member;

		if ((en->kind != KIND_MEMBER && en->kind != KIND_CASE) ||
		    !en->accepted)
			continue;
		t->doc = index_doc(en);
		t->act = entry_str(t->doc, "act");
		t->by = entry_str(t->doc, "seat");
		member = entry_str(t->doc, "member");
		if (strcmp(t->act, "admit") == 0)
			hex_encode(en->sha256, 32, t->to);
		else if (strcmp(t->act, "rights") == 0 && member != NULL)
			snprintf(t->to, sizeof t->to, "%s", member);
		else if (strcmp(t->act, "open") == 0)
			strcpy(t->to, t->by);
		if (t->to[0] != '\0')
			g->n++;
		else
			json_decref(t->doc);
	}
}

static bool
is_open(const struct grant *t)
{
	return strcmp(t->act, "open") == 0;
}

/* What a grant gives in this case. */
static enum index_role
gives(const struct grant *t, const char *case_id)
{
	if (is_open(t))
		return strcmp(entry_str(t->doc, "opened"), case_id) == 0
			   ? ROLE_ADMIN
			   : ROLE_NONE;
	return index_role_parse(json_string_value(
	    json_object_get(json_object_get(t->doc, "rights"), case_id)));
}

static enum index_role
solid_role(const struct ground *g, const char *seat, const char *case_id)
{
	enum index_role best = ROLE_NONE;

	for (size_t i = 0; i < g->n; i++)
		if (g->grants[i].solid && strcmp(g->grants[i].to, seat) == 0 &&
		    gives(&g->grants[i], case_id) > best)
			best = gives(&g->grants[i], case_id);
	return best;
}

static bool
solid_seat(const struct ground *g, const char *seat)
{
	if (seat == NULL || strcmp(seat, g->without) == 0)
		return false;
	if (strcmp(seat, "root") == 0)
		return true;
	for (size_t i = 0; i < g->n; i++)
		if (g->grants[i].solid && strcmp(g->grants[i].to, seat) == 0 &&
		    strcmp(g->grants[i].act, "admit") == 0)
			return true;
	return false;
}

static bool
solid_case(const struct ground *g, const char *case_id)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->grants[i].solid && is_open(&g->grants[i]) &&
		    gives(&g->grants[i], case_id) == ROLE_ADMIN)
			return true;
	return false;
}

/* Could its author do this without the seat? */
static bool
stands(const struct ground *g, const struct grant *t)
{
	json_t *rights = json_object_get(t->doc, "rights");
	enum index_role vault;

	if (!solid_seat(g, t->by))
		return false;
	if (strcmp(t->by, "root") == 0)
		return true;
	vault = solid_role(g, t->by, INDEX_VAULT);
	if (is_open(t))
		return vault >= ROLE_AUTHOR;
	if (vault == ROLE_ADMIN)
		return true;
	for (void *it = json_object_iter(rights); it != NULL;
	     it = json_object_iter_next(rights, it))
		if (solid_role(g, t->by, json_object_iter_key(it)) !=
		    ROLE_ADMIN)
			return false;
	return json_object_size(rights) > 0;
}

static void
find_solid(struct ground *g)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < g->n; i++)
			if (!g->grants[i].solid && stands(g, &g->grants[i]))
				more = g->grants[i].solid = true;
	}
}

/* Has this seat the same rights in the case without the other one? */
static bool
same_role(const struct ground *g, const char *seat, const char *case_id)
{
	return index_role(g->x, seat, case_id) == solid_role(g, seat, case_id);
}

/* The same for a person; in what is no act all his seats count. */
static bool
same_person_role(const struct ground *g, const char *seat, const char *case_id)
{
	struct index *x = g->x;
	const struct index_seat *s = index_seat(x, seat);
	enum index_role all = ROLE_NONE, solid = ROLE_NONE;

	for (size_t i = 0; s != NULL && i < x->n_seats; i++) {
		const struct index_seat *o = &x->seats[i];
		enum index_role role = index_role(x, o->id, case_id);

		if (!index_same_person(s, o))
			continue;
		all = role > all ? role : all;
		role = solid_role(g, o->id, case_id);
		if (role > solid && solid_seat(g, o->id))
			solid = role;
		/* his other seats, and whether they are retired, may go */
		if (!solid_seat(g, o->id))
			return false;
	}
	return all == solid;
}

/* The seat that a log is of, or that its device claims to be of; or NULL. */
static const char *
claimed(const struct ground *g, size_t log)
{
	const struct index *x = g->x;

	if (x->log_seat[log] != NULL)
		return x->log_seat[log];
	for (size_t i = 0; i < x->n_entries; i++)
		if (x->entries[i].log == log &&
		    x->entries[i].kind == KIND_DEVICE)
			return x->entries[i].seat;
	return NULL;
}

/* Has it the same say over the cases whose keys are handed out? */
static bool
same_keys(const struct ground *g, const char *by, const json_t *epochs)
{
	json_t *s;
	size_t i;

	json_array_foreach (epochs, i, s) {
		const char *t = json_string_value(s);
		char id[INDEX_CASE_MAX];

		snprintf(id, sizeof id, "%.*s", (int)strcspn(t, " "), t);
		if (!solid_case(g, id) || !same_role(g, by, id))
			return false;
	}
	return true;
}

/* Does this entry say the same with and without the seat? */
static bool
is_outside(const struct ground *g, const struct index_entry *en)
{
	const char *by = g->x->log_seat[en->log], *opened, *in, *member;
	const char *of = claimed(g, en->log);
	json_t *doc, *rights;
	bool yes;

	/* what cuts off the device's owner cuts off all of the log */
	if (of != NULL && !solid_seat(g, of))
		return false;
	if (by != NULL && (!solid_seat(g, by) || !solid_case(g, en->case_id) ||
			   !same_person_role(g, by, en->case_id)))
		return false;
	if (!solid_seat(g, en->seat) || en->kind > KIND_CASE)
		return solid_seat(g, en->seat);
	doc = index_doc(en);
	opened = entry_str(doc, "opened");
	in = entry_str(doc, "in");
	member = entry_str(doc, "member");
	yes = (member == NULL || solid_seat(g, member)) &&
	      (in == NULL || solid_case(g, in)) &&
	      (opened == NULL || solid_case(g, opened)) &&
	      (by == NULL || (same_role(g, by, INDEX_VAULT) &&
			      same_role(g, by, en->case_id))) &&
	      (by == NULL || opened == NULL || same_role(g, by, opened)) &&
	      (by == NULL || same_keys(g, by, json_object_get(doc, "epochs")));
	rights = json_object_get(doc, "rights");
	for (void *it = json_object_iter(rights); it != NULL && yes;
	     it = json_object_iter_next(rights, it))
		yes = by == NULL || same_role(g, by, json_object_iter_key(it));
	json_decref(doc);
	return yes;
}

struct was {
	bool accepted;
	const char *why;
	enum index_kind kind;
	bool outside;
};

static size_t
compare(struct world *w, const struct index *x, const struct was *was,
	const char *seat)
{
	size_t n = 0;
	char hex[65];

	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];

		n += was[i].outside;
		hex_encode(en->sha256, 32, hex);
		if (was[i].outside &&
		    (en->accepted != was[i].accepted ||
		     (!en->accepted && strcmp(en->why, was[i].why) != 0)))
			sim_fail(w,
				 "without seat %s: entry %s was %s, is %s: %s",
				 seat, hex,
				 was[i].accepted ? "accepted" : was[i].why,
				 en->accepted ? "accepted" : en->why, en->text);
	}
	return n;
}

/* Take it out, look, and put it back. How much was there to compare? */
static size_t
remove_one(struct world *w, struct index *x, const char *seat)
{
	struct ground g = {.x = x, .without = seat};
	struct was *was = calloc(x->n_entries + 1, sizeof *was);
	struct err e = {0};
	size_t n, out = 0;

	list_grants(&g);
	find_solid(&g);
	for (size_t i = 0; i < x->n_entries; i++) {
		struct index_entry *en = &x->entries[i];

		was[i] = (struct was){en->accepted, en->why, en->kind,
				      is_outside(&g, en)};
	}
	for (size_t i = 0; i < x->n_entries; i++) {
		struct index_entry *en = &x->entries[i];
		const char *by = x->log_seat[en->log];

		/* what the root key says is its own, wherever it stands */
		if (strcmp(en->seat, "root") == 0 ||
		    ((by == NULL || strcmp(by, seat) != 0) &&
		     strcmp(en->seat, seat) != 0))
			continue;
		en->kind = KIND_FILLER;
		out++;
	}
	if (rights_evaluate(x, &e) != 0)
		sim_fail(w, "%s", e.msg);
	n = compare(w, x, was, seat);
	for (size_t i = 0; i < x->n_entries; i++)
		x->entries[i].kind = was[i].kind;
	if (rights_evaluate(x, &e) != 0)
		sim_fail(w, "%s", e.msg);
	sim_tell(w, "without seat %.12s: %zu entries out, %zu of %zu compared",
		 seat, out, n, x->n_entries);
	for (size_t i = 0; i < g.n; i++)
		json_decref(g.grants[i].doc);
	free(g.grants);
	free(was);
	return out > 0 ? n : 0;
}

void
sim_judge_removals(struct world *w)
{
	struct machine *m = &w->machines[0];
	size_t compared = 0;

	for (size_t i = 1; i < w->n_machines; i++)
		if (!w->machines[i].host && w->machines[i].x->me != NULL &&
		    w->machines[i].x->n_entries > m->x->n_entries)
			m = &w->machines[i];
	(void)sim_look(w, m);
	for (size_t i = 0; i < TRIES || (compared == 0 && i < TRIES_MAX); i++) {
		size_t k = sim_roll(w, m->x->n_seats);
		char seat[INDEX_SEAT_MAX];

		/* rather one who has written */
		for (size_t n = 0; n < m->x->n_logs && i % 2 == 0; n++)
			if (m->x->log_seat[n] != NULL && sim_chance(w, 30))
				k = (size_t)(index_seat(m->x,
							m->x->log_seat[n]) -
					     m->x->seats);
		strcpy(seat, m->x->seats[k].id);
		compared += remove_one(w, m->x, seat);
	}
	m->stale = true;
	if (compared == 0 && w->steps > 300)
		sim_fail(w, "no removal said anything");
}
