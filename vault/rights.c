#include "rights.h"

#include "agetext.h"
#include "canon.h"
#include "ed25519.h"
#include "index.h"
#include "sshsig.h"
#include "sshsign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ns[] = "muniment-act";
static const char root_seat[] = "root";
static const char *const role_names[] = {"none", "witness", "reader", "author",
					 "admin"};

/* An act that waits until what it rests on is valid. */
struct act {
	size_t entry;
	json_t *doc;
	const char *name; /* its `act`, or "" */
	const char *seat;
	bool done;
	int8_t authentic; /* 1 or -1 once it is known */
};

struct rights {
	struct index *x;
	struct act *acts;
	size_t n;
	json_t
	    *names; /* case id -> "<time> <hash>" of the name that is shown */
};

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

struct index_seat *
index_seat(struct index *x, const char *id)
{
	for (size_t i = 0; id != NULL && i < x->n_seats; i++)
		if (strcmp(x->seats[i].id, id) == 0)
			return &x->seats[i];
	return NULL;
}

struct index_case *
index_case(struct index *x, const char *id)
{
	for (size_t i = 0; id != NULL && i < x->n_cases; i++)
		if (strcmp(x->cases[i].id, id) == 0)
			return &x->cases[i];
	return NULL;
}

enum index_role
index_role(const struct index *x, const char *seat, const char *case_id)
{
	enum index_role best = ROLE_NONE;

	for (size_t i = 0; seat != NULL && i < x->n_seats; i++) {
		const struct index_seat *s = &x->seats[i];

		if (strcmp(s->id, seat) != 0)
			continue;
		for (size_t k = 0; k < s->n_rights; k++)
			if (strcmp(s->rights[k].case_id, case_id) == 0 &&
			    s->rights[k].role > best)
				best = s->rights[k].role;
	}
	return best;
}

/* True if `doc` is signed by this key. */
static bool
is_signed(const json_t *doc, const uint8_t key[32])
{
	const char *sig_text = entry_str(doc, "signature");
	uint8_t pub[32], sig[64];
	json_t *bare;
	char *text = NULL;
	size_t len = 0;
	bool ok = false;

	if (sig_text == NULL ||
	    sshsig_text_decode(sig_text, strlen(sig_text), ns, pub, sig) !=
		FORMAT_OK ||
	    memcmp(pub, key, 32) != 0)
		return false;
	bare = json_copy((json_t *)(uintptr_t)doc);
	if (bare != NULL && json_object_del(bare, "signature") == 0 &&
	    canon_encode(bare, &text, &len) == FORMAT_OK)
		ok = sshsign_verify(key, ns, text, len, sig) == 0;
	free(text);
	json_decref(bare);
	return ok;
}

static bool
is_frozen(const struct index *x, const struct index_entry *en)
{
	return en->batch > x->v->logs[en->log].frozen;
}

/*
 * Signed by a valid seat, whose device wrote it; or by the root key. The costly
 * part is done once for each act.
 */
static bool
is_authentic(struct index *x, struct act *a)
{
	const struct index_entry *en = &x->entries[a->entry];
	const struct index_seat *s = index_seat(x, a->seat);
	bool root = strcmp(a->seat, root_seat) == 0;

	if (is_frozen(x, en))
		return false;
	if (!root && (s == NULL || x->log_seat[en->log] == NULL ||
		      strcmp(x->log_seat[en->log], a->seat) != 0))
		return false;
	if (a->authentic == 0)
		a->authentic =
		    is_signed(a->doc, root ? x->v->root_key : s->key) ? 1 : -1;
	return a->authentic > 0;
}

static bool
may_grant(const struct index *x, const char *seat, const json_t *rights)
{
	json_t *o = (json_t *)(uintptr_t)rights;

	if (strcmp(seat, root_seat) == 0 ||
	    index_role(x, seat, INDEX_VAULT) == ROLE_ADMIN)
		return true;
	if (json_object_size(rights) == 0)
		return false;
	for (void *it = json_object_iter(o); it != NULL;
	     it = json_object_iter_next(o, it))
		if (strcmp(json_object_iter_key(it), INDEX_VAULT) == 0 ||
		    index_role(x, seat, json_object_iter_key(it)) != ROLE_ADMIN)
			return false;
	return true;
}

static int
add_right(struct index_seat *s, const char *case_id, enum index_role role)
{
	void *p = realloc(s->rights, (s->n_rights + 1) * sizeof *s->rights);

	if (p == NULL)
		return -1;
	s->rights = p;
	snprintf(s->rights[s->n_rights].case_id, INDEX_CASE_MAX, "%s", case_id);
	s->rights[s->n_rights++].role = role;
	return 0;
}

static int
add_rights(struct index_seat *s, json_t *rights)
{
	for (void *it = json_object_iter(rights); it != NULL;
	     it = json_object_iter_next(rights, it)) {
		const char *c = json_object_iter_key(it);
		enum index_role role = index_role_parse(
		    json_string_value(json_object_iter_value(it)));

		if (strlen(c) < INDEX_CASE_MAX && role != ROLE_NONE &&
		    add_right(s, c, role) != 0)
			return -1;
	}
	return 0;
}

/* 1 if the act became valid, 0 if it has to wait, -1 without memory. */
static int
try_admit(struct index *x, struct act *a)
{
	const char *key = entry_str(a->doc, "key");
	json_t *rights = json_object_get(a->doc, "rights");
	struct index_seat *s;
	uint8_t pub[32];
	void *p;

	if (key == NULL || !json_is_object(rights) ||
	    sshsig_key_line_decode(key, strlen(key), pub) != FORMAT_OK ||
	    !ed25519_is_valid(pub) || !may_grant(x, a->seat, rights) ||
	    !is_authentic(x, a))
		return 0;
	p = realloc(x->seats, (x->n_seats + 1) * sizeof *x->seats);
	if (p == NULL)
		return -1;
	x->seats = p;
	s = &x->seats[x->n_seats++];
	memset(s, 0, sizeof *s);
	hex_encode(x->entries[a->entry].sha256, HASH_LEN, s->id);
	snprintf(s->above, sizeof s->above, "%s", a->seat);
	memcpy(s->key, pub, 32);
	return add_rights(s, rights) == 0 ? 1 : -1;
}

static int
try_rights(struct index *x, struct act *a)
{
	struct index_seat *s = index_seat(x, entry_str(a->doc, "member"));
	json_t *rights = json_object_get(a->doc, "rights");

	/* the root key admits, and does nothing else */
	if (s == NULL || !json_is_object(rights) ||
	    strcmp(a->seat, root_seat) == 0 || !may_grant(x, a->seat, rights) ||
	    !is_authentic(x, a))
		return 0;
	return add_rights(s, rights) == 0 ? 1 : -1;
}

/* Two claims to one device are no claim at all. */
static bool
is_only_claim(const struct rights *r, const struct act *a)
{
	const struct index_entry *en = &r->x->entries[a->entry];

	for (size_t i = 0; i < r->n; i++) {
		const struct index_entry *o = &r->x->entries[r->acts[i].entry];

		if (o != en && o->kind == KIND_DEVICE && o->log == en->log &&
		    o->batch == 1)
			return false;
	}
	return true;
}

/* The first batch's device entry, signed by its seat. */
static int
try_device(struct rights *r, const struct act *a)
{
	struct index *x = r->x;
	const struct index_entry *en = &x->entries[a->entry];
	const struct index_seat *s = index_seat(x, a->seat);

	if (s == NULL || en->batch != 1 || x->log_seat[en->log] != NULL ||
	    is_frozen(x, en) || !is_only_claim(r, a) ||
	    !is_signed(a->doc, s->key))
		return 0;
	x->log_seat[en->log] = strdup(s->id); /* seats move as they grow */
	return x->log_seat[en->log] != NULL ? 1 : -1;
}

static struct index_case *
case_slot(struct index *x, const char *id)
{
	struct index_case *c = index_case(x, id);
	void *p;

	if (c != NULL)
		return c;
	p = realloc(x->cases, (x->n_cases + 1) * sizeof *x->cases);
	if (p == NULL)
		return NULL;
	x->cases = p;
	c = &x->cases[x->n_cases++];
	memset(c, 0, sizeof *c);
	snprintf(c->id, sizeof c->id, "%s", id);
	return c;
}

/* Read an epoch off an act: false if it is not of the form. */
static bool
read_epoch(const struct act *a, struct index_epoch *ep)
{
	const char *id = entry_str(a->doc, "epoch");
	const char *recipient = entry_str(a->doc, "recipient");

	if (id == NULL || strlen(id) != HEX_ID_LEN || !hex_is(id, HEX_ID_LEN) ||
	    recipient == NULL ||
	    agetext_recipient_parse(recipient, &ep->recipient, NULL) != 0 ||
	    ep->recipient.kind != AGEKEY_HYBRID)
		return false;
	strcpy(ep->id, id);
	ep->act = a->entry;
	return true;
}

/* 1; 0 if the case has an epoch of that id already; -1 without memory. */
static int
add_epoch(struct index_case *c, const struct index_epoch *ep)
{
	void *p;

	for (size_t i = 0; i < c->n_epochs; i++)
		if (strcmp(c->epochs[i].id, ep->id) == 0)
			return 0;
	p = realloc(c->epochs, (c->n_epochs + 1) * sizeof *c->epochs);
	if (p == NULL)
		return -1;
	c->epochs = p;
	c->epochs[c->n_epochs++] = *ep;
	return 1;
}

/* The case id must follow from the entry: nobody can open it again. */
static bool
id_follows(const struct act *a, const char *opened)
{
	const char *salt = entry_str(a->doc, "salt");
	char text[160], hex[65];
	uint8_t digest[HASH_LEN];

	snprintf(text, sizeof text, "%s %s", a->seat, salt != NULL ? salt : "");
	hash_sha256(text, strlen(text), digest);
	hex_encode(digest, HASH_LEN, hex);
	return strlen(opened) == HEX_ID_LEN &&
	       memcmp(hex, opened, HEX_ID_LEN) == 0;
}

static int
try_open(struct index *x, struct act *a)
{
	const char *opened = entry_str(a->doc, "opened");
	enum index_role role = index_role(x, a->seat, INDEX_VAULT);
	struct index_epoch ep;
	struct index_case *c;
	struct index_seat *s;
	bool vault;

	if (opened == NULL || !read_epoch(a, &ep))
		return 0;
	vault = strcmp(opened, INDEX_VAULT) == 0;
	if (role < (vault ? ROLE_ADMIN : ROLE_AUTHOR) ||
	    (!vault && !id_follows(a, opened)) || !is_authentic(x, a))
		return 0;
	c = case_slot(x, opened);
	if (c == NULL)
		return -1;
	snprintf(c->opener, sizeof c->opener, "%s", a->seat);
	memcpy(c->act, x->entries[a->entry].sha256, HASH_LEN);
	s = index_seat(x, a->seat);
	if (add_right(s, opened, ROLE_ADMIN) != 0)
		return -1;
	return add_epoch(c, &ep);
}

static int
try_epoch(struct index *x, struct act *a)
{
	struct index_case *c = index_case(x, entry_str(a->doc, "opened"));
	struct index_epoch ep;

	if (c == NULL || !read_epoch(a, &ep) ||
	    index_role(x, a->seat, c->id) != ROLE_ADMIN || !is_authentic(x, a))
		return 0;
	return add_epoch(c, &ep);
}

/* Of several names, the greatest time and then the greatest hash. */
static int
try_name(struct rights *r, struct act *a)
{
	struct index *x = r->x;
	const struct index_entry *en = &x->entries[a->entry];
	struct index_case *c = index_case(x, en->case_id);
	const char *name = entry_str(a->doc, "name");
	const char *time = entry_str(a->doc, "time"), *shown;
	char hex[65], order[128];

	if (c == NULL || name == NULL || time == NULL ||
	    index_role(x, a->seat, c->id) != ROLE_ADMIN || !is_authentic(x, a))
		return 0;
	hex_encode(en->sha256, HASH_LEN, hex);
	snprintf(order, sizeof order, "%.32s %s", time, hex);
	shown = json_string_value(json_object_get(r->names, c->id));
	if (shown == NULL || strcmp(order, shown) > 0) {
		snprintf(c->name, sizeof c->name, "%s", name);
		if (json_object_set_new(r->names, c->id, json_string(order)) !=
		    0)
			return -1;
	}
	return 1;
}

static int
try_act(struct rights *r, struct act *a)
{
	const struct index_entry *en = &r->x->entries[a->entry];
	bool vault = strcmp(en->case_id, INDEX_VAULT) == 0;

	if (en->kind == KIND_CASE && !vault)
		return strcmp(a->name, "name") == 0 ? try_name(r, a) : 0;
	if (!vault)
		return 0;
	if (en->kind == KIND_DEVICE)
		return try_device(r, a);
	if (en->kind == KIND_MEMBER && strcmp(a->name, "admit") == 0)
		return try_admit(r->x, a);
	if (en->kind == KIND_MEMBER && strcmp(a->name, "rights") == 0)
		return try_rights(r->x, a);
	if (en->kind == KIND_CASE && strcmp(a->name, "open") == 0)
		return try_open(r->x, a);
	if (en->kind == KIND_CASE && strcmp(a->name, "epoch") == 0)
		return try_epoch(r->x, a);
	return 0;
}

/* Acts wait for each other; go round until nothing more becomes valid. */
static int
settle(struct rights *r)
{
	bool progress = true;

	while (progress) {
		progress = false;
		for (size_t i = 0; i < r->n; i++) {
			struct act *a = &r->acts[i];
			int rc = a->done ? 0 : try_act(r, a);

			if (rc < 0)
				return -1;
			if (rc == 0)
				continue;
			a->done = progress = true;
			r->x->entries[a->entry].accepted = true;
		}
	}
	return 0;
}

/*
 * False if it is not the card of the seat that it names, or not put there by
 * who may name it: who admitted it, an admin of the case, or, if the root key
 * admitted it, itself. Nobody gives himself another name.
 */
static bool
take_card(struct index *x, const struct index_entry *en, const json_t *doc)
{
	const char *by = x->log_seat[en->log];
	struct index_seat *s = index_seat(x, entry_str(doc, "member"));
	const char *text = entry_str(doc, "card");
	struct card card;

	if (s == NULL || text == NULL || by == NULL ||
	    (strcmp(by, s->above) != 0 &&
	     index_role(x, by, en->case_id) != ROLE_ADMIN &&
	     !(strcmp(s->above, root_seat) == 0 && strcmp(by, s->id) == 0)) ||
	    card_parse(text, strlen(text), &card, NULL) != 0 ||
	    memcmp(card.text.key, s->key, 32) != 0)
		return false;
	if (s->card != NULL)
		return true;
	s->card = strdup(text);
	strcpy(s->name, card.text.name);
	strcpy(s->org, card.text.org);
	return true;
}

/* Why an entry that is no act is not accepted; NULL if it is. */
static const char *
refused(struct index *x, const struct index_entry *en)
{
	const char *seat = x->log_seat[en->log];
	enum index_role role = index_role(x, seat, en->case_id);

	if (is_frozen(x, en))
		return "it stands after a fork of its device";
	if (seat == NULL)
		return "its device belongs to no member";
	if (strcmp(seat, en->seat) != 0)
		return "it names another seat than that of its device";
	switch (en->kind) {
	case KIND_RECORD:
	case KIND_RETRACT:
		return role >= ROLE_AUTHOR
			   ? NULL
			   : "its author has no right to write in this case";
	case KIND_CUSTODY:
	case KIND_MEMBER: /* a card */
		return role > ROLE_NONE ? NULL
					: "its author is not of this case";
	case KIND_UNKNOWN:
		return "of a kind that this version does not understand";
	default:
		return NULL;
	}
}

static const char *
unsettled(const struct act *a)
{
	if (strcmp(a->name, "retire") == 0)
		return "a retirement, which this version does not evaluate";
	return "not signed by someone with the right to do this";
}

static int
list_acts(struct rights *r)
{
	struct index *x = r->x;

	r->acts = calloc(x->n_entries + 1, sizeof *r->acts);
	if (r->acts == NULL)
		return -1;
	for (size_t i = 0; i < x->n_entries; i++) {
		struct index_entry *en = &x->entries[i];
		struct act *a = &r->acts[r->n];

		if (en->kind > KIND_CASE)
			continue;
		a->doc = index_doc(en);
		if (a->doc == NULL)
			return -1;
		a->entry = i;
		a->name = entry_str(a->doc, "act");
		a->name = a->name != NULL ? a->name : "";
		a->seat = entry_str(a->doc, "seat");
		a->seat = a->seat != NULL ? a->seat : "";
		r->n++;
	}
	return 0;
}

static void
report_refused(struct index *x, const struct index_entry *en)
{
	char hex[65];

	hex_encode(en->sha256, HASH_LEN, hex);
	report_add(&x->v->report, REPORT_REFUSED,
		   "device %.12s, batch %llu: entry %.16s is not accepted: %s",
		   x->v->logs[en->log].device, (unsigned long long)en->batch,
		   hex, en->why);
}

/* Accepted records say which older ones they replace. */
static int
mark_replaced(struct index *x)
{
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		json_t *doc, *parents, *p;
		size_t k, at;

		/* most records are first versions: look before parsing */
		if (en->kind != KIND_RECORD || !en->accepted ||
		    strstr(en->text, "\"parents\":[\"") == NULL)
			continue;
		doc = index_doc(en);
		if (doc == NULL)
			return -1;
		parents = json_object_get(doc, "parents");
		json_array_foreach (parents, k, p) {
			const char *s = json_string_value(p);
			uint8_t hash[HASH_LEN];

			if (s != NULL && strlen(s) == 64 &&
			    hex_decode(s, HASH_LEN, hash) == 0 &&
			    map_get(&x->by_hash, hash, &at) && at != i &&
			    strcmp(x->entries[at].item, en->item) == 0 &&
			    strcmp(x->entries[at].case_id, en->case_id) == 0)
				x->entries[at].replaced = true;
		}
		json_decref(doc);
	}
	return 0;
}

int
rights_evaluate(struct index *x, struct err *e)
{
	struct rights r = {.x = x, .names = json_object()};
	struct index_seat *me;
	int rc = -1;

	if (r.names == NULL || list_acts(&r) != 0 || settle(&r) != 0)
		goto out;
	for (size_t i = 0; i < r.n; i++) {
		struct index_entry *en = &x->entries[r.acts[i].entry];

		if (r.acts[i].done)
			continue;
		if (en->kind == KIND_MEMBER &&
		    strcmp(r.acts[i].name, "card") == 0) {
			en->why = refused(x, en);
			if (en->why == NULL && !take_card(x, en, r.acts[i].doc))
				en->why =
				    "not the card of its member, or not put"
				    " there by who may";
			en->accepted = en->why == NULL;
		} else {
			en->why = unsettled(&r.acts[i]);
		}
	}
	for (size_t i = 0; i < x->n_entries; i++) {
		struct index_entry *en = &x->entries[i];

		if (en->kind > KIND_CASE) {
			en->why = refused(x, en);
			en->accepted = en->why == NULL;
		}
		if (!en->accepted)
			report_refused(x, en);
	}
	if (mark_replaced(x) != 0)
		goto out;
	me = index_seat_of(x, x->id->sign_pub);
	x->me = me != NULL ? me->id : NULL;
	rc = 0;
out:
	for (size_t i = 0; i < r.n; i++)
		json_decref(r.acts[i].doc);
	free(r.acts);
	json_decref(r.names);
	return rc == 0 ? 0 : err_set(e, ERR_UNKNOWN, "no memory");
}

struct index_seat *
index_seat_of(struct index *x, const uint8_t key[32])
{
	struct index_seat *best = NULL;

	/* of several the one with the smallest id, whatever came first */
	for (size_t i = 0; i < x->n_seats; i++)
		if (memcmp(x->seats[i].key, key, 32) == 0 &&
		    (best == NULL || strcmp(x->seats[i].id, best->id) < 0))
			best = &x->seats[i];
	return best;
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

	for (size_t i = 0; i < x->n_cases; i++) {
		const struct index_case *c = &x->cases[i];

		if (strcmp(c->id, case_id) != 0)
			continue;
		for (size_t k = 0; k < c->n_epochs; k++)
			if (!is_replaced(x, c, c->epochs[k].id) &&
			    (best == NULL ||
			     strcmp(c->epochs[k].id, best->id) < 0))
				best = &c->epochs[k];
	}
	return best;
}
