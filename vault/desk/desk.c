#include "desk.h"

#include "absent.h"
#include "acts.h"
#include "desk_inside.h"
#include "listing.h"
#include "local.h"
#include "record.h"
#include "trust.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>

json_t *
desk_made(json_t *o, struct err *e)
{
	if (o == NULL)
		err_memory(e);
	return o;
}

int
desk_id_new(const char *path, const char *name, const char *org,
	    const struct secret *pass, unsigned work_factor, struct err *e)
{
	struct identity *id = identity_new(name, org, e);
	int rc = -1;

	if (id != NULL)
		rc = identity_save(id, path, pass, work_factor, e);
	identity_free(id);
	return rc;
}

static json_t *
card_json(const struct card *c, struct err *e)
{
	json_t *o = desk_made(json_object(), e);

	if (o == NULL)
		return NULL;
	json_object_set_new(o, "name", json_string(c->text.name));
	if (c->text.org[0] != '\0')
		json_object_set_new(o, "org", json_string(c->text.org));
	json_object_set_new(o, "words", json_string(c->words));
	json_object_set_new(o, "card", json_stringn(c->bytes, c->len));
	return o;
}

json_t *
desk_id_card(const char *identity, const struct secret *pass, struct err *e)
{
	struct identity *id = identity_load(identity, pass, e);
	struct card *c = calloc(1, sizeof *c);
	json_t *o = NULL;

	if (c == NULL)
		err_memory(e);
	else if (id != NULL && identity_card(id, c, e) == 0)
		o = card_json(c, e);
	free(c);
	identity_free(id);
	return o;
}

json_t *
desk_card(const char *path, struct err *e)
{
	struct card *c = calloc(1, sizeof *c);
	json_t *o = NULL;

	if (c == NULL)
		err_memory(e);
	else if (card_load(path, c, e) == 0)
		o = card_json(c, e);
	free(c);
	return o;
}

void
desk_vault_words(const char *id, char out[WORDS_FINGERPRINT_MAX])
{
	uint8_t raw[HASH_LEN] = {0};

	(void)hex_decode(id, HASH_LEN, raw);
	words_fingerprint(raw, out);
}

json_t *
desk_vault_json(const char *id, struct err *e)
{
	char words[WORDS_FINGERPRINT_MAX];
	json_t *o = desk_made(json_object(), e);

	desk_vault_words(id, words);
	if (o != NULL) {
		json_object_set_new(o, "vault", json_string(id));
		json_object_set_new(o, "words", json_string(words));
	}
	return o;
}

json_t *
desk_init(const char *dir, const char *identity, const struct secret *pass,
	  const char *root_path, const struct secret *root_pass,
	  unsigned work_factor, struct err *e)
{
	struct identity *id = identity_load(identity, pass, e);
	char vault_id[VAULT_ID_LEN + 1];
	json_t *o = NULL;

	if (id == NULL)
		return NULL;
	if (acts_init(dir, id, root_path, root_pass, work_factor, vault_id,
		      e) == 0)
		o = desk_vault_json(vault_id, e);
	identity_free(id);
	return o;
}

/* Does local/ belong to the identity before this one, or after it? */
static void
hint_local(struct desk *d, struct err *e)
{
	struct index *x = index_open(d->v, d->id, NULL);
	const struct index_seat *s =
	    x != NULL ? index_seat_of(x, d->id->sign_pub) : NULL;
	const uint8_t *key = d->id->sign_pub;

	if (s != NULL && s->n_keys > 1 &&
	    memcmp(s->keys[s->n_keys - 1], key, 32) == 0)
		err_hint(e, "if you have changed identities here: muniment id"
			    " rotate, given again, finishes it");
	else if (s != NULL && s->n_keys > 1)
		err_hint(e, "you have handed this vault over to a new identity:"
			    " --identity names it");
	else
		err_hint(e, "each person uses a copy of the vault of their own;"
			    " muniment verify says more");
	index_free(x);
}

struct desk *
desk_sit_down(const char *dir, struct identity *id, int mode,
	      desk_progress *progress, struct err *e)
{
	struct desk *d = calloc(1, sizeof *d);
	char device[BATCH_DEVICE_LEN + 1];
	struct secret *key = NULL;
	struct err inner = {0};

	if (d == NULL) {
		err_memory(e);
		identity_free(id);
		return NULL;
	}
	d->id = id;
	d->v = vault_open_known(
	    dir, (mode & DESK_WRITE) != 0 ? VAULT_WRITE : VAULT_READ, d->id,
	    progress, e);
	if (d->v == NULL)
		goto bad;
	if (d->v->id[0] == '\0') {
		bool damaged = d->v->report.n > 0;

		err_set(e, damaged ? ERR_EVIDENCE : ERR_UNKNOWN, "%s",
			damaged ? d->v->report.lines[0].text
				: "not a vault: there is no history");
		goto bad;
	}
	key = local_device(d->v, d->id, false, device, &inner);
	secret_free(key);
	if (inner.code != ERR_NONE) {
		err_set(e, ERR_UNKNOWN, "%s", inner.msg);
		hint_local(d, e);
		goto bad;
	}
	if (trust_check(d->v, d->id, e) != 0 ||
	    absent_check(d->v, d->id, e) != 0)
		goto bad;
	d->x = index_open_lean(d->v, d->id, e);
	if (d->x == NULL ||
	    ((mode & DESK_LEAN) == 0 && index_thaw(d->x, e) != 0))
		goto bad;
	d->alarmed = d->v->report.count[REPORT_DAMAGE] > 0 ||
		     d->v->report.count[REPORT_HISTORY] > 0;
	return d;
bad:
	desk_close(d);
	return NULL;
}

struct desk *
desk_open(const char *dir, const char *identity, const struct secret *pass,
	  int mode, desk_progress *progress, struct err *e)
{
	struct identity *id = identity_load(identity, pass, e);

	return id != NULL ? desk_sit_down(dir, id, mode, progress, e) : NULL;
}

void
desk_close(struct desk *d)
{
	if (d == NULL)
		return;
	index_free(d->x);
	vault_close(d->v);
	identity_free(d->id);
	free(d);
}

const struct report *
desk_report(const struct desk *d)
{
	return &d->v->report;
}

bool
desk_is_damaged(const struct desk *d)
{
	return d->alarmed || d->v->report.count[REPORT_DAMAGE] > 0 ||
	       d->v->report.count[REPORT_HISTORY] > 0;
}

int
desk_find_case(struct desk *d, const char *text, struct index_case **c,
	       struct err *e)
{
	*c = NULL;
	return text == NULL ? 0 : index_find_case(d->x, text, c, e);
}

json_t *
desk_cases(struct desk *d, struct err *e)
{
	return desk_made(view_cases(d->x), e);
}

json_t *
desk_members(struct desk *d, const char *case_text, struct err *e)
{
	struct index_case *c;

	if (desk_find_case(d, case_text, &c, e) != 0)
		return NULL;
	return desk_made(view_members(d->x, c), e);
}

int
desk_items(struct desk *d, const char *case_text, const char *query,
	   desk_item_fn *item, void *ctx, struct err *e)
{
	struct index_case *c;

	if (desk_find_case(d, case_text, &c, e) != 0)
		return -1;
	return listing_each(d->x, c, query, item, ctx, e);
}

typedef json_t *item_view(struct index *x, const struct index_item *item);

static json_t *
one_item(struct desk *d, const char *text, item_view *view, struct err *e)
{
	struct index_item *item;

	if (index_find_item(d->x, text, &item, e) != 0)
		return NULL;
	return desk_made(view(d->x, item), e);
}

json_t *
desk_show(struct desk *d, const char *item, struct err *e)
{
	return one_item(d, item, view_item, e);
}

json_t *
desk_history(struct desk *d, const char *item, struct err *e)
{
	return one_item(d, item, view_history, e);
}

json_t *
desk_custody(struct desk *d, const char *item, struct err *e)
{
	return one_item(d, item, view_custody, e);
}

json_t *
desk_case_new(struct desk *d, const char *name, struct err *e)
{
	char id[INDEX_CASE_MAX];
	json_t *o;

	if (acts_case_new(d->x, name, id, e) != 0)
		return NULL;
	o = desk_made(json_object(), e);
	if (o != NULL) {
		json_object_set_new(o, "case", json_string(id));
		json_object_set_new(o, "name", json_string(name));
	}
	return o;
}

struct index_item **
desk_find_items(struct desk *d, const char *const *texts, size_t n,
		size_t *found, struct err *e)
{
	struct index_item **list = calloc(n + 1, sizeof *list), *item;
	size_t m = 0;

	*found = 0;
	if (list == NULL) {
		err_memory(e);
		return NULL;
	}
	/* items move when others thaw: first of all, all do */
	for (size_t i = 0; i < n; i++)
		(void)index_find_item(d->x, texts[i], &item, NULL);
	for (size_t i = 0; i < n; i++) {
		size_t at = m;
		bool twice = false;

		if (index_find_item(d->x, texts[i], &item, e) != 0) {
			free(list);
			return NULL;
		}
		for (size_t k = 0; k < m; k++) {
			twice |= list[k] == item;
			if (strcmp(list[k]->case_id, item->case_id) == 0)
				at = k + 1;
		}
		if (twice)
			continue;
		memmove(&list[at + 1], &list[at], (m - at) * sizeof *list);
		list[at] = item;
		m++;
	}
	*found = m;
	return list;
}

int
desk_share(struct desk *d, const char *case_text, const char *const *items,
	   size_t n, const char *with, struct err *e)
{
	struct index_seat *s;
	struct index_case *c;
	struct index_item **list;
	size_t found;
	int rc;

	if (index_find_seat(d->x, with, &s, e) != 0 ||
	    desk_find_case(d, case_text, &c, e) != 0)
		return -1;
	if (c != NULL)
		return acts_share_case(d->x, c, s, e);
	list = desk_find_items(d, items, n, &found, e);
	if (list == NULL)
		return -1;
	rc = acts_share_items(d->x, list, found, s, e);
	free(list);
	return rc;
}

int
desk_retract(struct desk *d, const char *text, const char *why, struct err *e)
{
	struct index_item *item;

	if (index_find_item(d->x, text, &item, e) != 0)
		return -1;
	return acts_retract(d->x, item, why, e);
}

int
desk_note(struct desk *d, const char *text, const char *note, struct err *e)
{
	struct index_item *item;
	struct acts_custody c = {.action = "note", .note = note};

	if (index_find_item(d->x, text, &item, e) != 0)
		return -1;
	if (!acts_may(d->x, KIND_CUSTODY, item->case_id))
		return err_set(e, ERR_UNKNOWN,
			       "you have no right in this case");
	c.case_id = item->case_id;
	c.item = item->id;
	return acts_custody(d->x, &c, 1, e);
}

json_t *
desk_field_list(void)
{
	size_t n = 0;
	const struct record_field *f = record_fields(&n);
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < n; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "name", json_string(f[i].name));
		json_object_set_new(o, "type",
				    json_string(record_type_name(f[i].type)));
		json_object_set_new(o, "meaning", json_string(f[i].meaning));
		if (f[i].choices != NULL)
			json_object_set_new(o, "choices",
					    json_string(f[i].choices));
		json_array_append_new(list, o);
	}
	return list;
}
