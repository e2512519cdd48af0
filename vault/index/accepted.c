#include "accepted.h"

#include "cuts.h"
#include "rights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
accepted_beyond(const struct index *x, const struct index_entry *en)
{
	const struct index_cut *by;
	const char *seat = x->log_seat[en->log];

	if (en->batch <= x->log_limit[en->log])
		return NULL;
	(void)cuts_limit(x, en->log, seat != NULL ? seat : en->seat, &by);
	if (by == NULL && en->batch > x->v->logs[en->log].frozen)
		return "it stands after a fork of its device";
	return by != NULL && by->retires
		   ? "it lies beyond the cut of its author's retirement"
		   : "it lies beyond a cut of its device";
}

/*
 * Who may say whose card or label this is: who admitted the seat, an admin of
 * the case, or, if the root key admitted it, itself. Nobody gives himself
 * another name; but who has handed over to a new key shows its card.
 */
static bool
may_name(const struct index *x, const struct index_entry *en,
	 const struct index_seat *s)
{
	const char *by = x->log_seat[en->log];

	return strcmp(by, s->above) == 0 || strcmp(by, s->id) == 0 ||
	       index_role(x, by, en->case_id) == ROLE_ADMIN;
}

/* Of several cards the one with the greatest time, then hash, is shown. */
static bool
is_newer(const struct index_entry *en, const json_t *doc, char order[128])
{
	const char *time = entry_str(doc, "time");
	char hex[65], mine[128];

	hex_encode(en->sha256, HASH_LEN, hex);
	snprintf(mine, sizeof mine, "%.32s %s", time != NULL ? time : "", hex);
	if (strcmp(mine, order) <= 0)
		return false;
	memcpy(order, mine, sizeof mine);
	return true;
}

/* Is this a card of the seat, of that name? */
static bool
names_so(const struct index_entry *en, const struct index_seat *s,
	 const struct cardtext *card)
{
	json_t *doc = index_doc(en);
	const char *act = entry_str(doc, "act");
	const char *member = entry_str(doc, "member");
	const char *text = entry_str(doc, "card");
	struct cardtext other;
	size_t signed_len;
	uint8_t sig[64];
	bool so = act != NULL && strcmp(act, "card") == 0 && member != NULL &&
		  strcmp(member, s->id) == 0 && text != NULL &&
		  cardtext_decode(text, strlen(text), &other, &signed_len,
				  sig) == FORMAT_OK &&
		  strcmp(card->name, other.name) == 0 &&
		  strcmp(card->org, other.org) == 0;

	json_decref(doc);
	return so;
}

/*
 * A seat's own card, for a key that it handed over to, keeps a name under which
 * others have put it into the same case: what only some can read does not
 * decide.
 */
static bool
keeps_name(const struct index *x, const struct index_entry *en,
	   const struct index_seat *s, const struct cardtext *card)
{
	if (strcmp(x->log_seat[en->log], s->id) != 0 ||
	    strcmp(s->above, "root") == 0 ||
	    index_role(x, s->id, en->case_id) == ROLE_ADMIN)
		return true;
	if (s->n_keys == 0 || memcmp(card->key, s->keys[0], 32) == 0)
		return false;
	for (size_t i = 0; i < x->n_entries; i++)
		if (x->entries[i].kind == KIND_MEMBER &&
		    x->entries[i].accepted &&
		    strcmp(x->entries[i].case_id, en->case_id) == 0 &&
		    x->log_seat[x->entries[i].log] != NULL &&
		    strcmp(x->log_seat[x->entries[i].log], s->id) != 0 &&
		    /* before it is parsed: own cards may be many */
		    strstr(x->entries[i].text, s->id) != NULL &&
		    names_so(&x->entries[i], s, card))
			return true;
	return false;
}

/* Read a card. Its own signature, which is costly, is checked once. */
static bool
read_card(struct index *x, const struct index_entry *en, const char *text,
	  struct cardtext *out)
{
	struct index_entry *mine = &x->entries[en - x->entries];
	size_t len = strlen(text), signed_len;
	struct card card;
	uint8_t sig[64];

	if (mine->signature == 0)
		mine->signature =
		    card_parse(text, len, &card, NULL) == 0 ? 1 : -1;
	return mine->signature > 0 &&
	       cardtext_decode(text, len, out, &signed_len, sig) == FORMAT_OK;
}

static bool
take_card(struct index *x, const struct index_entry *en, const json_t *doc)
{
	struct index_seat *s = index_seat(x, entry_str(doc, "member"));
	const char *text = entry_str(doc, "card");
	struct cardtext card;

	if (s == NULL || text == NULL || !may_name(x, en, s) ||
	    !read_card(x, en, text, &card) ||
	    !index_seat_has_key(s, card.key) || !keeps_name(x, en, s, &card))
		return false;
	if (is_newer(en, doc, s->card_order)) {
		free(s->card);
		s->card = strdup(text);
		strcpy(s->name, card.name);
		strcpy(s->org, card.org);
	}
	return true;
}

/* What an office calls a collector; only its own members read it. */
static bool
take_label(struct index *x, const struct index_entry *en, const json_t *doc)
{
	struct index_seat *s = index_seat(x, entry_str(doc, "member"));
	const char *text = entry_str(doc, "label");

	if (s == NULL || text == NULL || !s->collector ||
	    strlen(text) >= sizeof s->name || !may_name(x, en, s) ||
	    strcmp(x->log_seat[en->log], s->id) == 0)
		return false;
	if (is_newer(en, doc, s->card_order))
		strcpy(s->name, text);
	return true;
}

/* Keys that an admin's client gave to a member who lacked them. */
static bool
take_keys(struct index *x, const struct index_entry *en, const json_t *doc)
{
	const char *by = x->log_seat[en->log];
	const char *member = entry_str(doc, "member");
	json_t *epochs = json_object_get(doc, "epochs"), *s;
	size_t i;

	if (member == NULL || !json_is_array(epochs))
		return false;
	json_array_foreach (epochs, i, s) {
		const char *t = json_string_value(s);
		char c[INDEX_CASE_MAX];

		if (t == NULL || strcspn(t, " ") >= sizeof c)
			return false;
		snprintf(c, sizeof c, "%.*s", (int)strcspn(t, " "), t);
		if (index_role(x, by, c) != ROLE_ADMIN &&
		    !(strcmp(c, INDEX_VAULT) == 0 &&
		      index_is_above(x, by, member)))
			return false;
	}
	return true;
}

static bool
is_stamp_act(const char *act)
{
	static const char *const acts[] = {"ask", "token", "renew",
					   "revocation"};

	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (strcmp(act, acts[i]) == 0)
			return true;
	return false;
}

/*
 * A stamp is anybody's; but whom all trust for the time, an admin of the vault
 * says under his own signature.
 */
static const char *
refused_stamp(struct index *x, struct index_entry *en)
{
	const struct index_seat *s = index_seat(x, en->seat);
	const char *act, *why = NULL;
	json_t *doc;

	if (strcmp(en->case_id, INDEX_VAULT) != 0)
		return "it does not stand in the vault's own case";
	doc = index_doc(en);
	act = entry_str(doc, "act");
	if (act == NULL || (!is_stamp_act(act) && strcmp(act, "root") != 0 &&
			    strcmp(act, "withdraw") != 0))
		why = "of a kind that this version does not understand";
	else if (is_stamp_act(act))
		why = NULL;
	else if (index_role(x, en->seat, INDEX_VAULT) != ROLE_ADMIN)
		why = "its author is no admin of the vault";
	else if (!rights_is_signed(en, doc) ||
		 !index_seat_has_key(s, en->signer))
		why = "it is not signed by its author";
	json_decref(doc);
	return why;
}

/* Why an entry that is no act is not accepted; NULL if it is. */
static const char *
refused(struct index *x, struct index_entry *en)
{
	const char *seat = x->log_seat[en->log];
	const char *why = accepted_beyond(x, en);
	enum index_role role;

	if (why != NULL)
		return why;
	if (seat == NULL) {
		const struct index_seat *s = index_seat(x, en->seat);

		return s != NULL && s->collector
			   ? "its collector's device is not confirmed yet"
			   : "its device belongs to no member";
	}
	if (strcmp(seat, en->seat) != 0)
		return "it names another seat than that of its device";
	if (en->batch > cuts_limit_in(x, en->log, seat, en->case_id))
		return "it lies beyond the cut that ends its author's part in"
		       " this case";
	if (index_seat(x, seat)->collector && en->kind != KIND_RECORD &&
	    en->kind != KIND_FILLER)
		return "a collector adds records, and nothing else counts";
	role = index_person_role(x, seat, en->case_id);
	switch (en->kind) {
	case KIND_RECORD:
	case KIND_RETRACT:
		return role >= ROLE_AUTHOR
			   ? NULL
			   : "its author has no right to write in this case";
	case KIND_CUSTODY:
	case KIND_MEMBER: /* a card or a label; whose keys, take_keys says */
		if (strcmp(en->case_id, INDEX_VAULT) == 0)
			return NULL;
		return role > ROLE_NONE ? NULL
					: "its author is not of this case";
	case KIND_STAMP:
		return refused_stamp(x, en);
	case KIND_UNKNOWN:
		return "of a kind that this version does not understand";
	default:
		return NULL;
	}
}

bool
accepted_record(struct index *x, size_t log, uint64_t batch, const char *seat,
		const char *case_id)
{
	struct index_entry en = {
	    .log = log, .batch = batch, .kind = KIND_RECORD};

	snprintf(en.seat, sizeof en.seat, "%s", seat);
	snprintf(en.case_id, sizeof en.case_id, "%s", case_id);
	return refused(x, &en) == NULL;
}

/*
 * A `member` entry that is no act: its doc says which. What seats say of
 * themselves comes after what others say of them.
 */
static int
mark_member(struct index *x, struct index_entry *en, bool own)
{
	static const struct {
		const char *act;
		bool (*take)(struct index *, const struct index_entry *,
			     const json_t *);
		const char *why;
	} kinds[] = {
	    {"card", take_card,
	     "not the card of its member, or not put there by who may"},
	    {"label", take_label,
	     "not put there by who may name this collector"},
	    {"keys", take_keys, "not by who may give these keys"}};
	json_t *doc = index_doc(en);
	const char *act = entry_str(doc, "act");
	const char *member = entry_str(doc, "member");
	const char *by = x->log_seat[en->log];
	bool is_own = by != NULL && member != NULL && strcmp(by, member) == 0;

	if (doc == NULL)
		return -1;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (act == NULL || strcmp(act, kinds[i].act) != 0 ||
		    is_own != own)
			continue;
		en->why = refused(x, en);
		if (en->why == NULL && !kinds[i].take(x, en, doc))
			en->why = kinds[i].why;
		en->accepted = en->why == NULL;
	}
	json_decref(doc);
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

/* The seat that this identity writes as: that of its own log, if it has one. */
static void
find_me(struct index *x)
{
	struct index_seat *me = NULL;

	if (x->own != SIZE_MAX)
		me = index_seat(x, x->log_seat[x->own]);
	if (me == NULL || me->retired)
		me = index_seat_of(x, x->id->sign_pub);
	x->me = me != NULL ? me->id : NULL;
}

int
accepted_mark(struct index *x)
{
	for (int own = 0; own < 2; own++)
		for (size_t i = 0; i < x->n_entries; i++)
			if (x->entries[i].kind == KIND_MEMBER &&
			    !x->entries[i].accepted &&
			    mark_member(x, &x->entries[i], own) != 0)
				return -1;
	for (size_t i = 0; i < x->n_entries; i++) {
		struct index_entry *en = &x->entries[i];

		en->replaced = false;
		if (en->kind <= KIND_CASE)
			continue;
		en->why = refused(x, en);
		en->accepted = en->why == NULL;
	}
	for (size_t i = 0; i < x->n_entries; i++)
		if (!x->entries[i].accepted)
			report_refused(x, &x->entries[i]);
	find_me(x);
	return mark_replaced(x);
}
