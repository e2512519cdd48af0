#include "people.h"

#include "cuts.h"
#include "epochs.h"
#include "sshsig.h"
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one command does to seats. */
struct people {
	struct index *x;
	const uint8_t *root; /* the root key's seed, if it signs; or NULL */
	struct writer *w;
	struct epochs ep;
	json_t *said; /* what is handed out */
};

static int
set(json_t *doc, const char *key, const char *value)
{
	return json_object_set_new(doc, key, json_string(value));
}

/* Begin: a writer at the vault's case, and an empty list of renewals. */
static int
begin(struct people *p, struct err *e)
{
	p->said = json_object();
	if (p->said == NULL)
		return err_memory(e);
	if (epochs_new(&p->ep, p->x, e) != 0)
		return -1;
	p->w = writer_new(p->x, e);
	return p->w == NULL ? -1 : writer_case(p->w, INDEX_VAULT, NULL, e);
}

/* End: write it all, or nothing. */
static json_t *
end(struct people *p, int rc, struct err *e)
{
	if (rc == 0)
		rc = writer_commit(p->w, e);
	writer_free(p->w);
	epochs_free(&p->ep);
	if (rc == 0)
		return p->said;
	json_decref(p->said);
	return NULL;
}

/* A `member` act, by the person or by the root key. */
static int
put_act(struct people *p, json_t *doc, uint8_t sha256[HASH_LEN], struct err *e)
{
	return p->root != NULL
		   ? writer_root_entry(p->w, doc, p->root, sha256, e)
		   : writer_entry(p->w, "member", doc, NULL, 0, true, sha256,
				  e);
}

/* "<size> <root>" of a log at a size. */
static json_t *
state(const struct log *l, uint64_t size)
{
	char hex[65];

	hex_encode(l->steps[size - 1].root, HASH_LEN, hex);
	return json_sprintf("%llu %s", (unsigned long long)size, hex);
}

/* What of a log counts now. */
static uint64_t
counted(const struct index *x, size_t log)
{
	uint64_t limit = x->log_limit[log], size = x->v->logs[log].size;

	return limit < size ? limit : size;
}

/* The devices of a seat, each cut at what counts of it now. */
static json_t *
lines_of(const struct index *x, const char *seat)
{
	json_t *cuts = json_object();

	for (size_t i = 0; cuts != NULL && i < x->n_logs; i++) {
		const struct log *l = &x->v->logs[i];

		if (x->log_seat[i] == NULL ||
		    strcmp(x->log_seat[i], seat) != 0 || counted(x, i) == 0)
			continue;
		/* of a fork that nobody has settled: what both begin with */
		json_object_set_new(cuts, l->device, state(l, counted(x, i)));
	}
	return cuts;
}

static int
put_cut(struct people *p, const char *act, const char *seat, const char *in,
	json_t *cuts, json_t *replaces, struct err *e)
{
	json_t *doc = json_object();
	int rc;

	if (doc == NULL || cuts == NULL ||
	    (set(doc, "act", act) | set(doc, "member", seat) |
	     json_object_set(doc, "cuts", cuts) |
	     (in[0] != '\0' ? set(doc, "in", in) : 0) |
	     (json_array_size(replaces) > 0
		  ? json_object_set(doc, "replaces", replaces)
		  : 0)) != 0)
		rc = err_memory(e);
	else
		rc = put_act(p, doc, NULL, e);
	json_decref(doc);
	return rc;
}

/* May this identity (or the root key) draw a line for that seat? */
static bool
may_retire(const struct people *p, const struct index_seat *s)
{
	return p->root != NULL || index_is_above(p->x, p->x->me, s->id);
}

/* Retire every seat of a person that may be retired. */
static int
put_retirements(struct people *p, const struct index_seat *who, struct err *e)
{
	json_t *done = json_array(), *left = json_array();
	int rc = done == NULL || left == NULL ? err_memory(e) : 0;

	for (size_t i = 0; i < p->x->n_seats && rc == 0; i++) {
		const struct index_seat *s = &p->x->seats[i];
		json_t *cuts;

		if (!index_same_person(who, s) || s->retired)
			continue;
		if (!may_retire(p, s)) {
			json_array_append_new(
			    left, json_string(index_seat_name(p->x, s->above)));
			continue;
		}
		cuts = lines_of(p->x, s->id);
		rc = put_cut(p, "retire", s->id, "", cuts, NULL, e);
		json_array_append_new(
		    done, json_pack("{s:s,s:o}", "member", s->id, "cuts",
				    cuts != NULL ? cuts : json_object()));
		p->ep.leaving[i] = true;
	}
	if (rc == 0 && json_array_size(done) == 0) {
		rc = err_set(e, ERR_UNKNOWN,
			     "only a member above them, or the root key, can"
			     " retire %s",
			     index_seat_name(p->x, who->id));
		err_hint(e, "muniment member list says who admitted whom");
	}
	json_object_set_new(p->said, "retired", done);
	json_object_set_new(p->said, "also_admitted_by", left);
	return rc;
}

static json_t *
case_json(const struct index *x, const struct index_case *c)
{
	json_t *o = json_object();

	set(o, "case", c->id);
	if (c->name[0] != '\0')
		set(o, "name", c->name);
	json_object_set_new(o, "items",
			    json_integer((json_int_t)index_count(x, c->id)));
	return o;
}

/* Items that were shared with a person alone. */
static json_t *
items_shared(struct index *x, const struct index_seat *who)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];
		const struct index_seat *to;
		const char *action;
		json_t *doc;

		if (en->kind != KIND_CUSTODY || !en->accepted ||
		    en->item[0] == '\0')
			continue;
		doc = index_doc(en);
		action = entry_str(doc, "action");
		to = index_seat(x, entry_str(doc, "to"));
		if (to != NULL && action != NULL &&
		    strcmp(action, "shared") == 0 && index_same_person(to, who))
			json_array_append_new(list, json_string(en->item));
		json_decref(doc);
	}
	return list;
}

/* Had a person the keys of this case? */
static bool
could_read(const struct index *x, const struct index_seat *who,
	   const char *case_id)
{
	for (size_t i = 0; i < x->n_seats; i++) {
		const struct index_seat *s = &x->seats[i];

		if (index_same_person(who, s) &&
		    index_role(x, s->id, case_id) >= ROLE_READER)
			return true;
	}
	return false;
}

/*
 * What the person could have read, and which of it gets new keys. A case whose
 * admin this identity is not stays as it is, and is named.
 */
static int
choose_cases(struct people *p, const struct index_seat *who, struct err *e)
{
	json_t *read = json_array(), *left = json_array();
	int rc = read == NULL || left == NULL ? err_memory(e) : 0;

	for (size_t i = 0; i < p->x->n_cases && rc == 0; i++) {
		struct index_case *c = &p->x->cases[i];
		bool vault = strcmp(c->id, INDEX_VAULT) == 0;

		if (!vault && !could_read(p->x, who, c->id))
			continue;
		if (!vault)
			json_array_append_new(read, case_json(p->x, c));
		if (epochs_may(p->x, c))
			rc = epochs_add(&p->ep, c, e);
		else
			json_array_append_new(left, case_json(p->x, c));
	}
	json_object_set_new(p->said, "could_read", read);
	json_object_set_new(p->said, "not_renewed", left);
	json_object_set_new(p->said, "items_shared", items_shared(p->x, who));
	return rc;
}

/* Announce the new keys and give them out; says so. */
static int
renew(struct people *p, struct err *e)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < p->ep.n; i++)
		json_array_append_new(list, case_json(p->x, p->ep.cases[i]));
	if (json_object_set_new(p->said, "renewed", list) != 0)
		return err_memory(e);
	if (epochs_announce(&p->ep, p->w, e) != 0 ||
	    epochs_grant(&p->ep, p->w, e) != 0)
		return -1;
	return json_object_set(p->said, "without_card", p->ep.missing);
}

/* -- the same person under new keys, by an admin's word -- */

/* The rights of a person, the highest for each case. */
static json_t *
rights_of(const struct index *x, const struct index_seat *who)
{
	json_t *rights = json_object();

	for (size_t i = 0; rights != NULL && i < who->n_rights; i++) {
		const char *c = who->rights[i].case_id;

		set(rights, c, index_role_name(index_role(x, who->id, c)));
	}
	return rights;
}

/* Keys of a case that stays as it is are given as they are. */
static json_t *
epochs_for(struct people *p, const char *const *ids, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < n; i++)
		if (writer_epochs(p->w, ids[i], list) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

/* The cases whose keys a successor gets: what was read, and is held here. */
static size_t
inherited(const struct people *p, const struct index_seat *who,
	  const char **ids)
{
	size_t n = 0;

	ids[n++] = INDEX_VAULT;
	for (size_t i = 0; i < p->x->n_cases; i++) {
		const char *c = p->x->cases[i].id;

		if (strcmp(c, INDEX_VAULT) != 0 && index_holds(p->x, c) &&
		    index_may_be_sent(p->x, who->id, c))
			ids[n++] = c;
	}
	return n;
}

static int
put_admission(struct people *p, const struct card *card, json_t *rights,
	      const char *follows, json_t *epochs, uint8_t sha256[HASH_LEN],
	      struct err *e)
{
	json_t *doc = json_object();
	char key[SSHSIG_KEY_LINE_MAX];
	int rc = -1;

	sshsig_key_line(card->text.key, key);
	if (doc == NULL || rights == NULL || epochs == NULL ||
	    (set(doc, "act", "admit") | set(doc, "key", key) |
	     json_object_set(doc, "rights", rights) |
	     json_object_set(doc, "epochs", epochs) |
	     set(doc, "recipient", card->text.recipient) |
	     (follows != NULL ? set(doc, "follows", follows) : 0)) != 0)
		err_memory(e);
	else
		rc = put_act(p, doc, sha256, e);
	json_decref(doc);
	return rc;
}

static int
put_card(struct people *p, const char *seat, const struct card *card,
	 struct err *e)
{
	json_t *doc = json_object();
	int rc;

	if (doc == NULL || (set(doc, "act", "card") | set(doc, "member", seat) |
			    set(doc, "card", card->bytes)) != 0)
		rc = err_set(
		    e, ERR_UNKNOWN,
		    "the card holds characters that an entry cannot keep");
	else
		rc = writer_entry(p->w, "member", doc, NULL, 0, false, NULL, e);
	json_decref(doc);
	return rc;
}

/* The card goes to each case it concerns, under that case's newest key. */
static int
put_cards(struct people *p, const char *seat, const struct card *card,
	  const char *const *ids, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const struct agekey_public *to = NULL;

		for (size_t k = 0; k < p->ep.n; k++)
			if (strcmp(p->ep.cases[k]->id, ids[i]) == 0)
				to = &p->ep.to[k];
		if (strcmp(ids[i], INDEX_VAULT) != 0 &&
		    index_role(p->x, p->x->me, ids[i]) != ROLE_ADMIN)
			continue;
		if (writer_case(p->w, ids[i], to, e) != 0 ||
		    put_card(p, seat, card, e) != 0 ||
		    writer_fill(p->w, 1, e) != 0)
			return -1;
	}
	return 0;
}

static int
put_successor(struct people *p, const struct index_seat *who,
	      const struct card *card, struct err *e)
{
	const char **ids = calloc(p->x->n_cases + 1, sizeof *ids);
	json_t *rights = rights_of(p->x, who), *epochs = NULL;
	uint8_t sha256[HASH_LEN];
	char seat[65];
	size_t n;
	int rc = -1;

	if (ids == NULL) {
		err_memory(e);
		goto out;
	}
	n = inherited(p, who, ids);
	epochs = epochs_for(p, ids, n);
	if (put_admission(p, card, rights, who->id, epochs, sha256, e) != 0 ||
	    writer_fill(p->w, 1, e) != 0 ||
	    writer_grant_cases(p->w, &card->recipient, ids, n, e) != 0)
		goto out;
	hex_encode(sha256, HASH_LEN, seat);
	if (set(p->said, "successor", seat) == 0)
		rc = put_cards(p, seat, card, ids, n, e);
out:
	free(ids);
	json_decref(rights);
	json_decref(epochs);
	return rc;
}

/* May this identity admit a successor with all those rights? */
static int
check_successor(struct people *p, const struct index_seat *who,
		const struct card *card, struct err *e)
{
	bool may = p->root != NULL ||
		   index_role(p->x, p->x->me, INDEX_VAULT) == ROLE_ADMIN;

	if (index_seat_has_key(who, card->text.key))
		return err_set(e, ERR_UNKNOWN,
			       "this is the card that is being replaced");
	for (size_t i = 0; i < who->n_rights && !may; i++)
		if (index_role(p->x, p->x->me, who->rights[i].case_id) !=
		    ROLE_ADMIN)
			return err_set(
			    e, ERR_UNKNOWN,
			    "you have no right to admit somebody with"
			    " all the rights of %s",
			    index_seat_name(p->x, who->id));
	return 0;
}

json_t *
people_retire(struct index *x, struct index_seat *who,
	      const struct card *successor, const uint8_t *root, struct err *e)
{
	struct people p = {.x = x, .root = root};
	int rc = begin(&p, e);

	if (rc == 0 && x->me != NULL &&
	    index_same_person(who, index_seat(x, x->me)))
		rc = err_set(e, ERR_UNKNOWN, "nobody retires himself");
	if (rc == 0 && successor != NULL)
		rc = check_successor(&p, who, successor, e);
	if (rc == 0)
		rc = put_retirements(&p, who, e);
	if (rc == 0)
		rc = choose_cases(&p, who, e);
	if (rc == 0)
		rc = renew(&p, e);
	if (rc == 0 && successor != NULL)
		rc = put_successor(&p, who, successor, e);
	return end(&p, rc, e);
}

json_t *
people_end(struct index *x, struct index_seat *who, struct index_case *c,
	   struct err *e)
{
	struct people p = {.x = x};
	json_t *cuts = NULL, *without = NULL;
	int rc = begin(&p, e);

	if (rc == 0 && !index_is_above(x, x->me, who->id) &&
	    strcmp(c->opener, x->me) != 0) {
		rc = err_set(e, ERR_UNKNOWN,
			     "only who opened the case, or a member above"
			     " them, can end somebody's part in it");
		err_hint(e, "muniment case renew CASE --without MEMBER gives"
			    " them no new keys");
	}
	if (rc == 0) {
		cuts = lines_of(x, who->id);
		rc = put_cut(&p, "retire", who->id, c->id, cuts, NULL, e);
	}
	if (rc == 0 && epochs_may(x, c)) {
		without = json_pack("[s]", who->id);
		p.ep.without = without;
		rc = epochs_add(&p.ep, c, e);
	}
	if (rc == 0)
		rc = renew(&p, e);
	if (rc == 0)
		rc = json_object_set_new(p.said, "could_read",
					 json_pack("[o]", case_json(x, c)));
	json_decref(cuts);
	p.ep.without = NULL;
	json_decref(without);
	return end(&p, rc, e);
}

/* -- lines on one device -- */

/* A log by its branch's name or the start of it. */
static int
find_log(const struct index *x, const char *branch, size_t *out, struct err *e)
{
	size_t found = 0, len = strlen(branch);
	char shown[100];

	for (size_t i = 0; i < x->n_logs; i++) {
		const struct log *l = &x->v->logs[i];

		if (len < 4 || strncmp(l->branch, branch, len) != 0)
			continue;
		/* a whole device's name is its own side of a fork */
		if (found > 0 && !l->is_fork)
			found = 0;
		else if (found > 0 && len <= BATCH_DEVICE_LEN && l->is_fork &&
			 strcmp(x->v->logs[*out].device, l->device) == 0)
			continue;
		*out = i;
		found++;
	}
	if (found == 1)
		return 0;
	err_escape(shown, sizeof shown, branch, len);
	err_set(e, ERR_UNKNOWN,
		found == 0 ? "there is no device %s"
			   : "several devices begin with %s",
		shown);
	return err_hint(e, "muniment device list shows the devices");
}

/* The seat that a log claims, whether it counts or not. */
static const char *
claimed_seat(const struct index *x, size_t log)
{
	if (x->log_seat[log] != NULL)
		return x->log_seat[log];
	for (size_t i = 0; i < x->n_entries; i++) {
		const struct index_entry *en = &x->entries[i];

		if (en->kind == KIND_DEVICE && en->batch == 1 &&
		    strcmp(x->v->logs[en->log].device,
			   x->v->logs[log].device) == 0)
			return en->seat;
	}
	return NULL;
}

/* Lines of the cuts that are in force and will be replaced by one. */
static int
gather(struct people *p, const char *seat, const char *device, bool retires,
       json_t *cuts, json_t *replaces, struct err *e)
{
	const struct index *x = p->x;

	for (size_t i = 0; i < x->n_cuts; i++) {
		const struct index_cut *c = &x->cuts[i];
		bool lists = c->retires;
		char hex[65];

		for (size_t k = 0; k < c->n; k++)
			lists |= strcmp(c->lines[k].device, device) == 0;
		if (!c->in_force || c->in[0] != '\0' || c->retires != retires ||
		    strcmp(c->member, seat) != 0 || !lists)
			continue;
		if (p->root == NULL && strcmp(c->by, x->me) != 0 &&
		    !index_is_above(x, x->me, c->by))
			return err_set(
			    e, ERR_UNKNOWN,
			    "the line was drawn by %s; only they, or a member"
			    " above them, can move it",
			    strcmp(c->by, "root") == 0
				? "the root key"
				: index_seat_name(p->x, c->by));
		for (size_t k = 0; k < c->n; k++) {
			hex_encode(c->lines[k].root, HASH_LEN, hex);
			json_object_set_new(
			    cuts, c->lines[k].device,
			    json_sprintf("%llu %s",
					 (unsigned long long)c->lines[k].size,
					 hex));
		}
		hex_encode(x->entries[c->act].sha256, HASH_LEN, hex);
		json_array_append_new(replaces, json_string(hex));
	}
	return 0;
}

/* Write a cut of this kind in place of those that are in force. */
static int
move_line(struct people *p, const char *seat, size_t log, uint64_t size,
	  bool retires, bool only_if_there, struct err *e)
{
	const struct log *l = &p->x->v->logs[log];
	json_t *cuts = json_object(), *replaces = json_array();
	int rc = cuts == NULL || replaces == NULL ? err_memory(e) : 0;

	if (rc == 0)
		rc = gather(p, seat, l->device, retires, cuts, replaces, e);
	if (rc == 0 && (!only_if_there || json_array_size(replaces) > 0)) {
		json_object_set_new(cuts, l->device, state(l, size));
		json_object_set_new(p->said, "moved", json_true());
		rc = put_cut(p, retires ? "retire" : "cut", seat, "", cuts,
			     replaces, e);
	}
	json_decref(cuts);
	json_decref(replaces);
	return rc;
}

/* Find the device; *size 0 means all that is here. */
static const char *
aim(struct people *p, const char *branch, uint64_t *size, size_t *log,
    struct err *e)
{
	const struct log *l;
	const char *seat;

	if (find_log(p->x, branch, log, e) != 0)
		return NULL;
	l = &p->x->v->logs[*log];
	seat = claimed_seat(p->x, *log);
	if (*size == 0)
		*size = l->size;
	if (seat == NULL)
		err_set(e, ERR_UNKNOWN, "that device belongs to no member");
	else if (*size > l->size)
		err_set(e, ERR_UNKNOWN,
			"only %llu batches of that device are here",
			(unsigned long long)l->size);
	else
		set(p->said, "device", l->device);
	if (seat == NULL || *size > l->size)
		return NULL;
	set(p->said, "member", seat);
	json_object_set_new(p->said, "up_to", json_integer((json_int_t)*size));
	return seat;
}

json_t *
people_accept(struct index *x, const char *branch, uint64_t size,
	      const uint8_t *root, struct err *e)
{
	struct people p = {.x = x, .root = root};
	const char *seat = NULL;
	size_t log = 0;
	int rc = begin(&p, e);

	if (rc == 0 && (seat = aim(&p, branch, &size, &log, e)) == NULL)
		rc = -1;
	if (rc == 0)
		rc = move_line(&p, seat, log, size, true, true, e);
	if (rc == 0)
		rc = move_line(&p, seat, log, size, false, true, e);
	if (rc == 0 && json_object_get(p.said, "moved") == NULL) {
		rc = err_set(e, ERR_UNKNOWN, "that device is not cut");
		err_hint(e, "muniment device list shows the devices and what"
			    " counts of them");
	}
	return end(&p, rc, e);
}

json_t *
people_cut(struct index *x, const char *branch, uint64_t size,
	   const uint8_t *root, struct err *e)
{
	struct people p = {.x = x, .root = root};
	const struct index_seat *s;
	const char *seat = NULL;
	size_t log = 0;
	int rc = begin(&p, e);

	if (rc == 0 && (seat = aim(&p, branch, &size, &log, e)) == NULL)
		rc = -1;
	s = rc == 0 ? index_seat(x, seat) : NULL;
	if (rc == 0 &&
	    (s == NULL || (!may_retire(&p, s) && strcmp(seat, x->me) != 0)))
		rc = err_set(e, ERR_UNKNOWN,
			     "only its holder, a member above them, or the root"
			     " key can cut a device");
	if (rc == 0 && log == x->own) {
		rc = err_set(e, ERR_UNKNOWN,
			     "this machine cannot cut its own device: the cut"
			     " would lie beyond itself");
		err_hint(e, "muniment device new goes on with another");
	}
	if (rc == 0)
		rc = move_line(&p, seat, log, size, false, false, e);
	return end(&p, rc, e);
}

/* -- keys and rights -- */

json_t *
people_renew(struct index *x, struct index_case *c,
	     struct index_seat *const *without, size_t n, struct err *e)
{
	struct people p = {.x = x};
	json_t *list = json_array();
	int rc = begin(&p, e);

	for (size_t i = 0; rc == 0 && list != NULL && i < x->n_seats; i++)
		for (size_t k = 0; k < n; k++)
			if (index_same_person(without[k], &x->seats[i]))
				json_array_append_new(
				    list, json_string(x->seats[i].id));
	if (rc == 0 && list == NULL)
		rc = err_memory(e);
	p.ep.without = list;
	if (rc == 0)
		rc = epochs_add(&p.ep, c, e);
	if (rc == 0)
		rc = renew(&p, e);
	p.ep.without = NULL;
	json_decref(list);
	return end(&p, rc, e);
}

/* By the root key: rights for a member, or a new one. */
static int
put_grant(struct people *p, const struct card *card, struct index_case *c,
	  enum index_role role, struct err *e)
{
	const struct index_seat *s = index_seat_of(p->x, card->text.key);
	const char *ids[2] = {INDEX_VAULT, c != NULL ? c->id : NULL};
	size_t n = c != NULL && index_holds(p->x, c->id) ? 2 : 1;
	json_t *rights = json_object(), *epochs = epochs_for(p, ids, n);
	json_t *doc = NULL;
	uint8_t sha256[HASH_LEN];
	char seat[65] = "";
	int rc = -1;

	if (rights == NULL || epochs == NULL ||
	    set(rights, c != NULL ? c->id : INDEX_VAULT,
		index_role_name(role)) != 0) {
		err_memory(e);
		goto out;
	}
	if (s == NULL) {
		rc = put_admission(p, card, rights, NULL, epochs, sha256, e);
		hex_encode(sha256, HASH_LEN, seat);
	} else {
		strcpy(seat, s->id);
		doc = json_pack("{s:s,s:s,s:O,s:O}", "act", "rights", "member",
				seat, "rights", rights, "epochs", epochs);
		rc = doc == NULL ? err_memory(e) : put_act(p, doc, NULL, e);
	}
	if (rc == 0)
		rc = writer_fill(p->w, 1, e);
	if (rc == 0)
		rc = writer_grant_cases(p->w, &card->recipient, ids, n, e);
	if (rc == 0)
		rc = set(p->said, "member", seat);
	if (rc == 0 && s == NULL)
		rc = put_cards(p, seat, card, ids, 1, e);
out:
	json_decref(rights);
	json_decref(epochs);
	json_decref(doc);
	return rc;
}

json_t *
people_grant(struct index *x, const struct card *card, struct index_case *c,
	     enum index_role role, const uint8_t root[32], struct err *e)
{
	struct people p = {.x = x, .root = root};
	int rc = begin(&p, e);

	if (rc == 0)
		rc = put_grant(&p, card, c, role, e);
	return end(&p, rc, e);
}
