#include "rotate.h"

#include "agetext.h"
#include "desk_inside.h"
#include "newfile.h"
#include "relock.h"
#include "sshsig.h"
#include "writer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ITEMS 200 /* on one ring: a ring holds 4,096 keys */
#define RINGS 200 /* to persons in one batch */

/* One vault that is handed over. */
struct handing {
	struct desk *d;
	const struct identity *next;
	struct index *seen; /* what the new identity can read by itself */
	struct writer *w;   /* once there is something to write */
	bool in_vault;	    /* a batch of the vault's case is open */
	bool written;	    /* or maybe, after a failure */
	json_t *said;
};

static int
set(json_t *doc, const char *key, const char *value)
{
	return json_object_set_new(doc, key, json_string(value));
}

/* -- what the new identity lacks -- */

static bool
has_case_key(const struct index *x, const struct index *from,
	     const struct index_hybrid *h)
{
	for (size_t i = 1; i < x->n_hybrids; i++)
		if (strcmp(x->hybrids[i].case_id, h->case_id) == 0 &&
		    secret_equal(index_key(x, x->hybrids[i].key),
				 index_key(from, h->key), 32))
			return true;
	return false;
}

/* The cases of which a key is lacking, each once; malloc'ed. */
static const char **
lacking_cases(const struct handing *h, size_t *n)
{
	const struct index *x = h->d->x;
	const char **ids = calloc(x->n_hybrids, sizeof *ids);

	*n = 0;
	for (size_t i = 1; ids != NULL && i < x->n_hybrids; i++) {
		bool twice = has_case_key(h->seen, x, &x->hybrids[i]);

		for (size_t k = 0; k < *n && !twice; k++)
			twice = strcmp(ids[k], x->hybrids[i].case_id) == 0;
		if (!twice)
			ids[(*n)++] = x->hybrids[i].case_id;
	}
	return ids;
}

/* Was a version of the item opened by a key for it alone? */
static bool
is_lacking(const struct handing *h, const struct index_item *item)
{
	const struct index *x = h->d->x;

	for (size_t i = 0; i < item->n; i++) {
		const struct index_entry *en = &x->entries[item->versions[i]];
		size_t at;

		if (!x->cased[en->log][en->batch - 1] &&
		    !map_get(&h->seen->by_hash, en->sha256, &at))
			return true;
	}
	return false;
}

/* Items that were shared with this person alone; malloc'ed. */
static struct index_item **
lacking_items(const struct handing *h, size_t *n)
{
	struct index *x = h->d->x;
	struct index_item **list = calloc(x->n_items + 1, sizeof *list);

	*n = 0;
	for (size_t i = 0; list != NULL && i < x->n_items; i++)
		if (is_lacking(h, &x->items[i]))
			list[(*n)++] = &x->items[i];
	return list;
}

/* -- what is written -- */

static int
begin(struct handing *h, const char *case_id, struct err *e)
{
	bool vault = strcmp(case_id, INDEX_VAULT) == 0;

	if (h->w == NULL)
		h->w = writer_new(h->d->x, e);
	if (h->w == NULL)
		return -1;
	if (vault && h->in_vault)
		return 0;
	h->in_vault = vault;
	return writer_case(h->w, case_id, NULL, e);
}

/* The old key says that the new one speaks for the seat, too. */
static int
put_handover(struct handing *h, struct err *e)
{
	json_t *doc = json_object();
	char key[SSHSIG_KEY_LINE_MAX], *to = malloc(AGETEXT_RECIPIENT_MAX);
	int rc = -1;

	sshsig_key_line(h->next->sign_pub, key);
	if (to != NULL)
		agetext_recipient(&h->next->person_pub, to);
	if (doc == NULL || to == NULL ||
	    (set(doc, "act", "handover") | set(doc, "member", h->d->x->me) |
	     set(doc, "key", key) | set(doc, "recipient", to)) != 0)
		err_memory(e);
	else if (begin(h, INDEX_VAULT, e) == 0 &&
		 writer_handover(h->w, doc, identity_seed(h->next), e) == 0)
		rc = writer_fill(h->w, 1, e);
	free(to);
	json_decref(doc);
	return rc;
}

/* Rings for the new identity: what it lacks of cases, and single items. */
static int
put_rings(struct handing *h, struct err *e)
{
	const struct agekey_public *to = &h->next->person_pub;
	size_t n_cases = 0, n_items = 0, rings = 0;
	const char **cases = lacking_cases(h, &n_cases);
	struct index_item **items = lacking_items(h, &n_items);
	int rc = cases == NULL || items == NULL ? err_memory(e) : 0;

	if (rc == 0 && n_cases + n_items > 0)
		rc = begin(h, INDEX_VAULT, e);
	if (rc == 0 && n_cases > 0)
		rc = writer_grant_cases(h->w, to, cases, n_cases, e);
	for (size_t i = 0; rc == 0 && i < n_items; i += ITEMS) {
		size_t n = n_items - i < ITEMS ? n_items - i : ITEMS;

		/* a batch holds so many rings; the next one takes the others */
		if (++rings % RINGS == 0)
			rc = writer_case(h->w, INDEX_VAULT, NULL, e);
		if (rc == 0)
			rc = writer_grant_items(h->w, to, items + i, n, e);
	}
	json_object_set_new(h->said, "items",
			    json_integer((json_int_t)n_items));
	free(cases);
	free(items);
	return rc;
}

/* Does an accepted entry put this person's card into the case? */
static bool
is_known_in(const struct index *x, const char *case_id, const char *card)
{
	bool found = false;

	for (size_t i = 0; i < x->n_entries && !found; i++) {
		const struct index_entry *en = &x->entries[i];
		const char *act, *member, *text;
		json_t *doc;

		if (en->kind != KIND_MEMBER || !en->accepted ||
		    strcmp(en->case_id, case_id) != 0)
			continue;
		doc = index_doc(en);
		act = entry_str(doc, "act");
		member = entry_str(doc, "member");
		text = entry_str(doc, "card");
		found = act != NULL && strcmp(act, "card") == 0 &&
			member != NULL && strcmp(member, x->me) == 0 &&
			text != NULL &&
			(card == NULL || strcmp(text, card) == 0);
		json_decref(doc);
	}
	return found;
}

static int
put_card(struct handing *h, const char *case_id, const char *card,
	 struct err *e)
{
	json_t *doc = json_object();
	int rc = -1;

	if (doc == NULL ||
	    (set(doc, "act", "card") | set(doc, "member", h->d->x->me) |
	     set(doc, "card", card)) != 0)
		err_memory(e);
	else if (begin(h, case_id, e) == 0 &&
		 writer_entry(h->w, "member", doc, NULL, 0, false, NULL, e) ==
		     0)
		rc = writer_fill(h->w, 1, e);
	json_decref(doc);
	return rc;
}

/* The new card goes where the person is known, and nowhere else. */
static int
put_cards(struct handing *h, const char *card, struct err *e)
{
	struct index *x = h->d->x;
	json_t *list = json_array();
	int rc = list == NULL ? err_memory(e) : 0;

	for (size_t i = 0; i < x->n_cases && rc == 0; i++) {
		const struct index_case *c = &x->cases[i];

		if (!is_known_in(x, c->id, NULL) ||
		    is_known_in(x, c->id, card) ||
		    (strcmp(c->id, INDEX_VAULT) != 0 &&
		     index_role(x, x->me, c->id) == ROLE_NONE))
			continue;
		rc = put_card(h, c->id, card, e);
		json_array_append_new(list, json_pack("{s:s,s:s}", "case",
						      c->id, "name", c->name));
	}
	return json_object_set_new(h->said, "cases", list) == 0 ? rc
								: err_memory(e);
}

/* Other seats of this person: their logs would have to say it. */
static int
say_others(struct handing *h, struct err *e)
{
	struct index *x = h->d->x;
	const struct index_seat *me = index_seat(x, x->me);
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < x->n_seats; i++) {
		const struct index_seat *s = &x->seats[i];

		if (s != me && !s->retired && index_same_person(me, s) &&
		    !index_seat_has_key(s, h->next->sign_pub))
			json_array_append_new(
			    list, json_string(index_seat_name(x, s->above)));
	}
	return json_object_set_new(h->said, "also_admitted_by", list) == 0
		   ? 0
		   : err_memory(e);
}

/* Write what the new identity lacks; nothing, if it lacks nothing. */
static int
hand_over(struct handing *h, const char *card, struct err *e)
{
	const struct index_seat *me = index_seat(h->d->x, h->d->x->me);
	bool before;

	if (me == NULL)
		return err_set(e, ERR_UNKNOWN,
			       "you are not a member of this vault");
	before = index_seat_has_key(me, h->next->sign_pub);
	json_object_set_new(h->said, "handed_over", json_boolean(!before));
	h->seen = index_open(h->d->v, h->next, e);
	if (h->seen == NULL || say_others(h, e) != 0)
		return -1;
	if (!before && put_handover(h, e) != 0)
		return -1;
	if (put_rings(h, e) != 0 || put_cards(h, card, e) != 0)
		return -1;
	h->written = h->w != NULL;
	return h->written ? writer_commit(h->w, e) : 0;
}

/* -- the two identities at one vault -- */

/*
 * Who opens the vault: the old identity; once local/ is the new one's, the old
 * keys with the new local key.
 */
static struct identity *
actor(const char *dir, const struct identity *old, const struct identity *next,
      bool *switched, struct err *e)
{
	struct secret *keys = secret_copy(old->keys->bytes, IDENTITY_KEYS_LEN);
	struct vault *v = vault_open(dir, VAULT_READ, NULL, e);
	struct identity *id = NULL;

	if (keys == NULL)
		err_memory(e);
	if (keys == NULL || v == NULL)
		goto out;
	*switched = !relock_is_of(v, old);
	if (*switched && !relock_is_of(v, next)) {
		err_set(e, ERR_UNKNOWN, "local/ belongs to another identity");
		err_hint(e, "each person uses a copy of the vault of their"
			    " own");
		goto out;
	}
	if (*switched)
		memcpy(keys->bytes + 32, identity_local(next), 32);
	id = identity_of_keys(old->name, old->org, keys->bytes, e);
out:
	secret_free(keys);
	vault_close(v);
	return id;
}

static int
at_vault(const struct rotate *r, const struct identity *old,
	 const struct identity *next, json_t *said, struct report *report,
	 bool *written, struct err *e)
{
	struct handing h = {.next = next, .said = said};
	const char *card = json_string_value(json_object_get(said, "card"));
	bool switched = false;
	struct identity *id = actor(r->vault, old, next, &switched, e);
	int rc = -1;

	if (id == NULL)
		return -1;
	h.d = desk_sit_down(r->vault, id, DESK_WRITE, r->progress, e);
	if (h.d == NULL)
		return -1;
	report_copy(report, &h.d->v->report);
	rc = set(said, "vault", h.d->v->id);
	if (rc == 0)
		rc = hand_over(&h, card, e);
	*written = h.written;
	writer_free(h.w);
	index_free(h.seen);
	if (rc == 0 && !switched)
		rc = relock(h.d->v, h.d->id, next, e);
	desk_close(h.d);
	return rc;
}

/* The new identity: made now, or by an earlier call. */
static struct identity *
next_identity(const struct rotate *r, const struct identity *old, bool *made,
	      struct err *e)
{
	struct identity *id;
	char name[300];

	err_escape(name, sizeof name, r->new_path, strlen(r->new_path));
	*made = !fsutil_exists(r->new_path);
	if (*made) {
		id = identity_new(old->name, old->org, e);
		if (id != NULL && identity_save(id, r->new_path, r->new_pass,
						r->work_factor, e) != 0) {
			identity_free(id);
			id = NULL;
		}
		return id;
	}
	if (r->vault == NULL) {
		newfile_check(r->new_path, e);
		return NULL;
	}
	id = identity_load(r->new_path, r->new_pass, e);
	if (id != NULL && (strcmp(id->name, old->name) != 0 ||
			   strcmp(id->org, old->org) != 0 ||
			   memcmp(id->sign_pub, old->sign_pub, 32) == 0)) {
		err_set(e, ERR_UNKNOWN,
			"%s: not a new identity of the same person", name);
		identity_free(id);
		id = NULL;
	}
	return id;
}

json_t *
rotate_identity(const struct rotate *r, struct report *report, struct err *e)
{
	struct identity *old = identity_load(r->old_path, r->old_pass, e);
	struct identity *next = NULL;
	struct card *card = calloc(1, sizeof *card);
	bool made = false, written = false;
	json_t *said = NULL;
	int rc = -1;

	memset(report, 0, sizeof *report);
	if (card == NULL)
		err_memory(e);
	else if (old != NULL)
		next = next_identity(r, old, &made, e);
	if (next == NULL || identity_card(next, card, e) != 0)
		goto out;
	said =
	    json_pack("{s:s, s:s*, s:s, s:s, s:b}", "name", next->name, "org",
		      next->org[0] != '\0' ? next->org : NULL, "words",
		      card->words, "card", card->bytes, "made", made);
	if (said == NULL)
		err_memory(e);
	else
		rc = r->vault == NULL
			 ? 0
			 : at_vault(r, old, next, said, report, &written, e);
out:
	if (rc != 0) {
		json_decref(said);
		said = NULL;
		/* an identity that no vault knows would only mislead */
		if (next != NULL && made && !written)
			(void)unlink(r->new_path);
	}
	free(card);
	identity_free(old);
	identity_free(next);
	return said;
}
