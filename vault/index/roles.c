/* Questions about seats, their roles, and the keys they may have: index.h. */
#include "cuts.h"
#include "index.h"

#include <stdio.h>
#include <string.h>

static const char *const role_names[] = {"none", "witness", "reader", "author",
					 "admin"};

const char *
index_role_name(enum index_role role)
{
	return role_names[role];
}

enum index_role
index_role_parse(const char *name)
{
	for (enum index_role r = ROLE_WITNESS; r <= ROLE_ADMIN; r++)
		if (name != NULL && strcmp(name, role_names[r]) == 0)
			return r;
	return ROLE_NONE;
}

static const struct index_seat *
seat_at(const struct index *x, const char *id)
{
	for (size_t i = 0; id != NULL && i < x->n_seats; i++)
		if (strcmp(x->seats[i].id, id) == 0)
			return &x->seats[i];
	return NULL;
}

struct index_seat *
index_seat(struct index *x, const char *id)
{
	return (struct index_seat *)(uintptr_t)seat_at(x, id);
}

struct index_case *
index_case(struct index *x, const char *id)
{
	for (size_t i = 0; id != NULL && i < x->n_cases; i++)
		if (strcmp(x->cases[i].id, id) == 0)
			return &x->cases[i];
	return NULL;
}

static enum index_role
role_of(const struct index_seat *s, const char *case_id)
{
	enum index_role best = ROLE_NONE;

	for (size_t k = 0; k < s->n_rights; k++)
		if (strcmp(s->rights[k].case_id, case_id) == 0 &&
		    s->rights[k].role > best)
			best = s->rights[k].role;
	return best;
}

enum index_role
index_role(const struct index *x, const char *seat, const char *case_id)
{
	const struct index_seat *s = seat_at(x, seat);

	return s != NULL ? role_of(s, case_id) : ROLE_NONE;
}

bool
index_seat_has_key(const struct index_seat *s, const uint8_t key[32])
{
	for (size_t i = 0; i < s->n_keys; i++)
		if (memcmp(s->keys[i], key, 32) == 0)
			return true;
	return false;
}

bool
index_same_person(const struct index_seat *a, const struct index_seat *b)
{
	for (size_t i = 0; i < b->n_keys; i++)
		if (index_seat_has_key(a, b->keys[i]))
			return true;
	return a == b;
}

enum index_role
index_person_role(const struct index *x, const char *seat, const char *case_id)
{
	const struct index_seat *s = seat_at(x, seat);
	enum index_role best = ROLE_NONE;

	for (size_t i = 0; s != NULL && i < x->n_seats; i++) {
		const struct index_seat *o = &x->seats[i];
		enum index_role role = role_of(o, case_id);

		if (role > best && index_same_person(s, o) &&
		    (o == s || !cuts_retired(x, o->id, case_id)))
			best = role;
	}
	return best;
}

bool
index_is_above(const struct index *x, const char *above, const char *seat)
{
	const struct index_seat *s = seat_at(x, seat);

	/* admissions name the one before by its hash: there is no circle */
	while (s != NULL) {
		if (strcmp(s->above, above) == 0)
			return true;
		s = seat_at(x, s->above);
	}
	return false;
}

struct index_seat *
index_seat_of(struct index *x, const uint8_t key[32])
{
	struct index_seat *best = NULL;

	/* of several the one with the smallest id, whatever came first */
	for (size_t i = 0; i < x->n_seats; i++) {
		struct index_seat *s = &x->seats[i];

		if (!index_seat_has_key(s, key))
			continue;
		if (best == NULL || (best->retired && !s->retired) ||
		    (best->retired == s->retired &&
		     strcmp(s->id, best->id) < 0))
			best = s;
	}
	return best;
}

/* Was this key given to a seat by an act of its own, after all? */
static bool
was_given(const struct index *x, const char *seat, const char *case_id,
	  const char *epoch)
{
	char key[INDEX_CASE_MAX + HEX_ID_LEN + 2];
	bool found = false;

	snprintf(key, sizeof key, "%s %s", case_id, epoch);
	for (size_t i = 0; i < x->n_entries && !found; i++) {
		const struct index_entry *en = &x->entries[i];
		json_t *doc, *e;
		const char *member;
		size_t k;

		if (en->kind != KIND_MEMBER || !en->accepted)
			continue;
		doc = index_doc(en);
		member = entry_str(doc, "member");
		if (member != NULL && strcmp(member, seat) == 0)
			json_array_foreach (json_object_get(doc, "epochs"), k,
					    e)
				found |= json_is_string(e) &&
					 strcmp(json_string_value(e), key) == 0;
		json_decref(doc);
	}
	return found;
}

/* Does an epoch's act say that this seat shall not have it? */
static bool
is_left_out(const struct index *x, const struct index_epoch *ep,
	    const char *seat)
{
	json_t *doc = index_doc(&x->entries[ep->act]), *s;
	bool found = false;
	size_t i;

	json_array_foreach (json_object_get(doc, "without"), i, s)
		found |= json_is_string(s) &&
			 strcmp(json_string_value(s), seat) == 0;
	json_decref(doc);
	return found;
}

bool
index_may_be_sent(const struct index *x, const char *seat, const char *case_id)
{
	const struct index_seat *s = seat_at(x, seat);
	bool sent = strcmp(case_id, INDEX_VAULT) == 0;

	if (s == NULL || s->collector || cuts_retired(x, seat, case_id) ||
	    (!sent && role_of(s, case_id) < ROLE_READER))
		return false;
	for (size_t i = 0; i < s->n_rights && !sent; i++)
		sent = s->rights[i].sent && s->rights[i].role >= ROLE_READER &&
		       strcmp(s->rights[i].case_id, case_id) == 0;
	for (size_t i = 0; i < x->n_cases && sent; i++) {
		const struct index_case *c = &x->cases[i];

		if (strcmp(c->id, case_id) != 0)
			continue;
		for (size_t k = 0; k < c->n_epochs && sent; k++)
			sent = !is_left_out(x, &c->epochs[k], seat) ||
			       was_given(x, seat, case_id, c->epochs[k].id);
	}
	return sent;
}

/* True if an accepted epoch act of the case says that it replaces this one. */
static bool
is_replaced(const struct index *x, const struct index_case *c,
	    const char *epoch)
{
	bool found = false;

	for (size_t i = 0; i < c->n_epochs && !found; i++) {
		json_t *doc = index_doc(&x->entries[c->epochs[i].act]), *p;
		size_t k;

		json_array_foreach (json_object_get(doc, "after"), k, p)
			found |= json_is_string(p) &&
				 strcmp(json_string_value(p), epoch) == 0;
		json_decref(doc);
	}
	return found;
}

const struct index_epoch *
index_epoch(const struct index *x, const char *case_id)
{
	const struct index_epoch *best = NULL;
	const struct index_case *c =
	    index_case((struct index *)(uintptr_t)x, case_id);

	/* would all replace each other, the smallest of all stands */
	for (int all = 0; c != NULL && best == NULL && all < 2; all++)
		for (size_t k = 0; k < c->n_epochs; k++)
			if ((all || !is_replaced(x, c, c->epochs[k].id)) &&
			    (best == NULL ||
			     strcmp(c->epochs[k].id, best->id) < 0))
				best = &c->epochs[k];
	return best;
}
