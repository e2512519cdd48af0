#include "desk.h"

#include "absent.h"
#include "acts.h"
#include "agetext.h"
#include "carrymend.h"
#include "desk_inside.h"
#include "devices.h"
#include "exchange.h"
#include "extract_many.h"
#include "fields.h"
#include "handed.h"
#include "identity.h"
#include "index.h"
#include "intake.h"
#include "invite.h"
#include "listing.h"
#include "local.h"
#include "paritysets.h"
#include "record.h"
#include "since.h"
#include "trust.h"
#include "verify.h"
#include "view.h"
#include "stamp.h"
#include "witness.h"
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int
no_memory(struct err *e)
{
	return err_set(e, ERR_UNKNOWN, "no memory");
}

json_t *
desk_made(json_t *o, struct err *e)
{
	if (o == NULL)
		no_memory(e);
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
		no_memory(e);
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
		no_memory(e);
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

static json_t *
vault_json(const char *id, struct err *e)
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
		o = vault_json(vault_id, e);
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
		no_memory(e);
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

/* Items by text, each once, those of one case together; malloc'ed. */
static struct index_item **
find_items(struct desk *d, const char *const *texts, size_t n, size_t *found,
	   struct err *e)
{
	struct index_item **list = calloc(n + 1, sizeof *list), *item;
	size_t m = 0;

	*found = 0;
	if (list == NULL) {
		no_memory(e);
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
	list = find_items(d, items, n, &found, e);
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

struct telling {
	desk_told *told;
	void *ctx;
};

static void
tell(void *ctx, enum intake_what what, const char *path, const char *item,
     const char *why)
{
	const struct telling *t = ctx;

	if (t->told != NULL)
		t->told(t->ctx, (enum desk_what)what, path, item, why);
}

/* The one file of `edit`: why it could not be taken. */
static void
tell_why(void *ctx, enum intake_what what, const char *path, const char *item,
	 const char *why)
{
	char shown[300];

	(void)item;
	if (what == INTAKE_FAILED || what == INTAKE_SKIPPED)
		err_set(ctx, ERR_UNKNOWN, "%s: %s",
			err_escape(shown, sizeof shown, path, strlen(path)),
			why);
}

_Static_assert((int)INTAKE_UNREAD == (int)DESK_UNREAD, "the same list");

int
desk_add(struct desk *d, struct mediatype *m, const char *case_text,
	 const char *const *paths, size_t n, const struct desk_fields *fields,
	 int flags, desk_told *told, void *ctx, struct desk_sum *sum,
	 struct err *e)
{
	struct telling t = {told, ctx};
	struct intake_options o = {.again = (flags & DESK_AGAIN) != 0,
				   .reread = (flags & DESK_REREAD) != 0,
				   .told = tell,
				   .ctx = &t};
	struct index_case *c;
	struct writer *w = NULL;
	struct intake *in = NULL;
	json_t *record = json_object();
	int rc = -1;

	if (record == NULL)
		return no_memory(e);
	if (fields_apply(record, fields, e) != 0 ||
	    index_find_case(d->x, case_text, &c, e) != 0)
		goto out;
	if (!acts_may(d->x, KIND_RECORD, c->id)) {
		err_set(e, ERR_UNKNOWN,
			"you have no right to write in this case");
		goto out;
	}
	o.fields = record;
	o.sources = sources_open(d->x->v, d->x->id);
	w = writer_new(d->x, e);
	if (w == NULL || writer_case(w, c->id, NULL, e) != 0)
		goto out;
	in = intake_new(d->x, w, c->id, m, &o, e);
	if (in == NULL)
		goto out;
	d->x->handed = handed_new();
	for (size_t i = 0; i < n; i++)
		if (intake_path(in, paths[i], e) != 0)
			goto out;
	sum->done = intake_added(in);
	sum->failed = intake_failed(in);
	rc = sum->done > 0 ? writer_commit(w, e) : 0;
	if (rc == 0) {
		sources_save(o.sources, sum->done > 0);
		index_remember(d->x);
	}
out:
	handed_free(d->x->handed);
	d->x->handed = NULL;
	sources_free(o.sources);
	intake_free(in);
	writer_free(w);
	json_decref(record);
	return rc;
}

/*
 * The fields to start an edit from. Where versions stand side by side, all of
 * theirs: where two give the same field, the one that is shown last wins.
 */
static json_t *
current_fields(struct desk *d, const struct index_item *item)
{
	json_t *fields = json_object();
	char why[RECORD_WHY_LEN];

	for (size_t i = 0; fields != NULL && i < item->n; i++) {
		const struct index_entry *en =
		    &d->x->entries[item->versions[i]];
		json_t *doc;

		if (en->replaced)
			continue;
		doc = index_doc(en);
		if (doc == NULL ||
		    record_merge(fields, json_object_get(doc, "fields"), why,
				 sizeof why) != 0) {
			json_decref(fields);
			fields = NULL;
		}
		json_decref(doc);
	}
	return fields;
}

int
desk_edit(struct desk *d, struct mediatype *m, const char *text,
	  const struct desk_fields *f, const char *path, bool join,
	  struct err *e)
{
	struct intake_options o = {.told = tell_why, .ctx = e};
	struct index_item *item, own;
	struct writer *w = NULL;
	struct intake *in = NULL;
	json_t *fields = NULL;
	size_t current = 0;
	int rc = -1;

	if (index_find_item(d->x, text, &item, e) != 0)
		return -1;
	own = *item; /* items move when content thaws that is known */
	item = &own;
	(void)index_current(d->x, item, &current);
	if (current > 1 && !join) {
		err_set(e, ERR_UNKNOWN,
			"the item has %zu versions that stand side by side",
			current);
		return err_hint(e, "--join makes one of them");
	}
	if (!acts_may(d->x, KIND_RECORD, item->case_id))
		return err_set(e, ERR_UNKNOWN,
			       "you have no right to write in this case");
	fields = current_fields(d, item);
	if (fields == NULL) {
		no_memory(e);
		goto out;
	}
	if (fields_apply(fields, f, e) != 0)
		goto out;
	o.fields = fields;
	w = writer_new(d->x, e);
	if (w == NULL || writer_case(w, item->case_id, NULL, e) != 0)
		goto out;
	in = intake_new(d->x, w, item->case_id, m, &o, e);
	if (in != NULL && intake_edit(in, item, fields, path, e) == 0)
		rc = writer_commit(w, e);
out:
	intake_free(in);
	writer_free(w);
	json_decref(fields);
	return rc;
}

/* What `get` is doing. */
struct getting {
	struct desk *d;
	const char *folder;
	bool by_item;
	desk_told *told;
	void *ctx;
	struct err worst; /* tampering rather than a full disk */
	struct extract_many *many;
	struct map failed; /* items of which not all was written */
	size_t n_failed;   /* files */
};

static void
item_key(const char *case_id, const char *item, uint8_t key[MAP_KEY_LEN])
{
	char text[INDEX_CASE_MAX + HEX_ID_LEN + 2];

	snprintf(text, sizeof text, "%s %s", case_id, item);
	map_key_text(text, key);
}

static void
get_failed(struct getting *g, const char *path, const char *item,
	   const struct err *e)
{
	g->told(g->ctx, DESK_FAILED, path, item, e->msg);
	if (e->code == ERR_EVIDENCE)
		g->worst.code = ERR_NONE;
	err_set(&g->worst, e->code, "%s", e->msg);
}

static void
got(void *ctx, const struct index_entry *en, const char *path,
    const struct err *failed)
{
	struct getting *g = ctx;
	uint8_t key[MAP_KEY_LEN];

	if (failed == NULL) {
		g->told(g->ctx, DESK_ADDED, path, en->item, NULL);
		return;
	}
	g->n_failed++;
	get_failed(g, path[0] != '\0' ? path : NULL, en->item, failed);
	item_key(en->case_id, en->item, key);
	if (map_set(&g->failed, key, 1) != 0)
		err_set(&g->worst, ERR_UNKNOWN, "no memory");
}

/* True if two versions hold the same files. */
static bool
same_files(const struct index_entry *a, const struct index_entry *b)
{
	json_t *x = index_doc(a), *y = index_doc(b);
	bool same = json_equal(json_object_get(x, "files"),
			       json_object_get(y, "files")) == 1;

	json_decref(x);
	json_decref(y);
	return same;
}

/*
 * All current versions of an item. Where several stand side by side and differ
 * in content, each goes to a folder named by its entry.
 */
static int
get_item(struct getting *g, const struct index_item *item, struct err *e)
{
	struct index *x = g->d->x;
	const struct index_entry *first = index_current(x, item, NULL);
	char folder[FSUTIL_PATH], own[FSUTIL_PATH], hex[65];
	bool differ = false;

	snprintf(folder, sizeof folder, "%s%s%.*s", g->folder,
		 g->by_item ? "/" : "",
		 g->by_item ? (int)index_short(x, item) : 0, item->id);
	for (size_t i = 0; i < item->n; i++) {
		const struct index_entry *en = &x->entries[item->versions[i]];

		differ |=
		    !en->replaced && en != first && !same_files(first, en);
	}
	if (!differ)
		return extract_many_put(g->many, first, folder, e);
	for (size_t i = 0; i < item->n; i++) {
		const struct index_entry *en = &x->entries[item->versions[i]];

		if (en->replaced)
			continue;
		hex_encode(en->sha256, HASH_LEN, hex);
		snprintf(own, sizeof own, "%.4000s/version-%.16s", folder, hex);
		if (extract_many_put(g->many, en, own, e) != 0)
			return -1;
	}
	return 0;
}

/* All items of a case, those that were retracted too. */
static struct index_item **
case_items(struct desk *d, const struct index_case *c, size_t *n)
{
	struct index_item **list = calloc(d->x->n_items + 1, sizeof *list);

	*n = 0;
	for (size_t i = 0; list != NULL && i < d->x->n_items; i++)
		if (strcmp(d->x->items[i].case_id, c->id) == 0 &&
		    d->x->items[i].n > 0)
			list[(*n)++] = &d->x->items[i];
	return list;
}

/*
 * Say in the vault that these items were exported: all that a case holds, in
 * one entry, or each.
 */
static int
say_exported(struct desk *d, struct index_item *const *list, size_t n,
	     bool whole_case, struct err *e)
{
	struct acts_custody *c = calloc(n + 1, sizeof *c);
	size_t m = 0;
	int rc = 0;

	if (c == NULL)
		return no_memory(e);
	/* what can be saved of a damaged vault is given out all the same */
	if (d->v->report.count[REPORT_DAMAGE] > 0)
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (acts_may(d->x, KIND_CUSTODY, list[i]->case_id))
			c[m++] =
			    (struct acts_custody){list[i]->case_id, list[i]->id,
						  "exported", NULL, NULL};
	/* of what a partner hides it cannot be said */
	if (whole_case && m > 1 && d->v->report.count[REPORT_HISTORY] == 0) {
		c[0].item = "";
		m = 1;
	}
	if (m > 0)
		rc = acts_custody(d->x, c, m, e);
	free(c);
	return rc;
}

int
desk_get(struct desk *d, const char *const *items, size_t n,
	 const char *case_text, const char *folder, bool by_item,
	 desk_told *told, void *ctx, struct desk_sum *sum, struct err *e)
{
	struct getting g = {.d = d,
			    .folder = folder,
			    .by_item = by_item,
			    .told = told,
			    .ctx = ctx};
	struct index_item **list = NULL;
	struct index_case *c;
	size_t found = 0, out = 0;
	int rc = -1;

	if (desk_find_case(d, case_text, &c, e) != 0 ||
	    (c != NULL && index_thaw(d->x, e) != 0))
		return -1;
	list = c != NULL ? case_items(d, c, &found)
			 : find_items(d, items, n, &found, e);
	if (list == NULL || fsutil_mkdirs(folder, e) != 0)
		goto out;
	g.many = extract_many_new(d->x, got, &g, e);
	if (g.many == NULL)
		goto out;
	for (size_t i = 0; i < found; i++)
		if (get_item(&g, list[i], e) != 0)
			goto out;
	if (extract_many_finish(g.many, e) != 0)
		goto out;
	sum->failed = g.n_failed;
	for (size_t i = 0; i < found; i++) {
		uint8_t key[MAP_KEY_LEN];
		size_t at;

		item_key(list[i]->case_id, list[i]->id, key);
		if (map_get(&g.failed, key, &at))
			continue;
		sum->done++;
		list[out++] = list[i];
	}
	rc = say_exported(d, list, out,
			  c != NULL && out == found && index_holds_all(d->x, c),
			  e);
	if (rc == 0 && g.worst.code != ERR_NONE) {
		err_set(e, g.worst.code,
			"%zu of %zu items could not be written",
			found - sum->done, found);
		err_hint(e, "nothing is overwritten; --by-item gives each item"
			    " a folder of its own");
		rc = -1;
	}
out:
	extract_many_free(g.many);
	map_free(&g.failed);
	free(list);
	return rc;
}

int
desk_find_recipient(struct desk *d, const char *text, struct agekey_public *out,
		    const char **seat, struct err *e)
{
	struct card *c = calloc(1, sizeof *c);
	struct index_seat *s = NULL;
	struct err ignored = {0};
	int rc = -1;

	if (c == NULL)
		return no_memory(e);
	if (strncmp(text, "age1pq1", 7) == 0) {
		rc = agetext_recipient_parse(text, out, e);
	} else if (fsutil_exists(text)) {
		rc = card_load(text, c, e);
		if (rc == 0) {
			*out = c->recipient;
			s = index_seat_of(d->x, c->text.key);
		}
	} else if (index_find_seat(d->x, text, &s, &ignored) != 0) {
		char shown[128];

		err_set(e, ERR_UNKNOWN,
			"%s: neither a card file nor a member, nor an age1pq1"
			" recipient",
			err_escape(shown, sizeof shown, text, strlen(text)));
	} else if (s->card == NULL) {
		err_set(e, ERR_UNKNOWN, "no card of that member is readable");
	} else {
		rc = card_parse(s->card, strlen(s->card), c, e);
		if (rc == 0)
			*out = c->recipient;
	}
	*seat = s != NULL ? s->id : NULL;
	free(c);
	return rc;
}

/* Say in the vault what was carried, before it is. */
static int
say_carried(struct desk *d, const struct index_case *c,
	    struct index_item *const *items, size_t n, const char *seat,
	    struct err *e)
{
	size_t m = n > 0 ? n : d->x->n_cases, k = 0;
	struct acts_custody *list = calloc(m + 1, sizeof *list);
	int rc = 0;

	if (list == NULL)
		return no_memory(e);
	/* the work of one who was retired or cut must still reach others */
	if (writer_may(d->x, NULL) != 0)
		m = 0;
	for (size_t i = 0; i < m; i++) {
		const char *id = n > 0 ? items[i]->case_id : d->x->cases[i].id;

		if ((n == 0 && c != NULL && strcmp(c->id, id) != 0) ||
		    strcmp(id, INDEX_VAULT) == 0 || !index_holds(d->x, id) ||
		    !acts_may(d->x, KIND_CUSTODY, id))
			continue;
		list[k++] = (struct acts_custody){id, n > 0 ? items[i]->id : "",
						  "carried", seat, NULL};
	}
	if (k > 0)
		rc = acts_custody(d->x, list, k, e);
	free(list);
	return rc;
}

json_t *
desk_carry(struct desk *d, const struct desk_carry *c, struct err *e)
{
	struct agekey_public *keys = calloc(c->n_to + 1, sizeof *keys);
	struct carry_to to = {.keys = keys,
			      .n = c->n_to,
			      .passphrase = c->passphrase,
			      .work_factor = c->work_factor,
			      .part = c->part,
			      .parity = c->parity};
	struct carry_what what = {0};
	struct index_case *only = NULL;
	struct index_item **items = NULL;
	const char *seat = NULL;
	size_t parts = 0;
	json_t *o = NULL;

	if (keys == NULL) {
		no_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < c->n_to; i++)
		if (desk_find_recipient(d, c->to[i], &keys[i], &seat, e) != 0)
			goto out;
	if (desk_find_case(d, c->case_text, &only, e) != 0)
		goto out;
	items = find_items(d, c->items, c->n_items, &what.n_items, e);
	if (items == NULL)
		goto out;
	what.only_case = only;
	what.items = items;
	/* refuse before anything is said in the vault */
	if (carry_check(d->x, &to, &what, c->path, e) != 0 ||
	    say_carried(d, only, items, what.n_items,
			c->n_to == 1 ? seat : NULL, e) != 0 ||
	    carry_write(d->x, &to, &what, c->path, &parts, e) != 0)
		goto out;
	o = desk_made(json_object(), e);
	if (o != NULL) {
		json_object_set_new(o, "file", json_string(c->path));
		json_object_set_new(o, "parts",
				    json_integer((json_int_t)parts));
		json_object_set_new(o, "recipients",
				    json_integer((json_int_t)c->n_to));
		json_object_set_new(o, "parity", json_integer(c->parity));
	}
out:
	free(items);
	free(keys);
	return o;
}

/* Devices of collectors that the office has not confirmed. */
static size_t
count_waiting(const struct index *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->v->n_logs; i++)
		n += x->log_seat[i] == NULL && !x->v->logs[i].is_fork &&
		     index_collector_of(x, i) != NULL;
	return n;
}

static json_t *
received_json(const char *vault_id, const struct carry_result *r, struct err *e)
{
	json_t *o = vault_json(vault_id, e);
	const struct merge_result *m = &r->merged;
	const struct {
		const char *key;
		size_t value;
	} counts[] = {{"batches", m->batches},	   {"devices", m->devices},
		      {"objects", m->objects},	   {"absent", m->absent},
		      {"forks", m->forks},	   {"older", m->older},
		      {"strangers", m->strangers}, {"crowded", m->crowded}};

	if (o == NULL)
		return NULL;
	json_object_set_new(o, "created", json_boolean(r->created));
	if (m->older > 0) {
		json_object_set_new(o, "older_device",
				    json_string(m->older_device));
		json_object_set_new(o, "older_size",
				    json_integer((json_int_t)m->older_size));
		json_object_set_new(o, "older_here",
				    json_integer((json_int_t)m->older_here));
	}
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		json_object_set_new(o, counts[i].key,
				    json_integer((json_int_t)counts[i].value));
	return o;
}

void
desk_findings(const struct report *r, json_t *o)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n; i++)
		if (r->lines[i].level >= REPORT_HISTORY)
			json_array_append_new(list,
					      json_string(r->lines[i].text));
	json_object_set_new(o, "findings", list);
}

void
desk_refused(const struct err *refused, json_t *o)
{
	if (refused->code == ERR_NONE)
		return;
	json_object_set_new(o, "refused", json_string(refused->msg));
	json_object_set_new(o, "hint", json_string(refused->hint));
}

/* What is told of a vault that came, once it is open. */
static json_t *
tell_received(struct desk *d, const struct carry_result *r, bool cosign,
	      struct err *e)
{
	struct exchange_result noted;
	json_t *o = received_json(d->v->id, r, e);

	if (o == NULL)
		return NULL;
	json_object_set_new(o, "member", json_boolean(d->x->me != NULL));
	json_object_set_new(o, "unconfirmed",
			    json_integer((json_int_t)count_waiting(d->x)));
	desk_findings(&d->v->report, o);
	if (exchange_note(d->x, cosign, &noted, e) != 0) {
		json_decref(o);
		return NULL;
	}
	json_object_set_new(o, "cosigned",
			    json_integer((json_int_t)noted.cosigned));
	json_object_set_new(o, "keys_given",
			    json_integer((json_int_t)noted.given));
	desk_refused(&noted.refused, o);
	return o;
}

json_t *
desk_receive(const char *dir, const char *identity, const struct secret *pass,
	     const struct desk_receive *what, desk_progress *progress,
	     struct err *e)
{
	struct identity *id = identity_load(identity, pass, e);
	struct invite invite = {0};
	struct carry_result r = {0};
	struct carry_from from = {.files = what->files,
				  .n = what->n,
				  .passphrase = what->file_pass,
				  .expect = what->invite ? &invite : NULL,
				  .large = what->large};
	struct desk *d = NULL;
	json_t *o = NULL;

	if (id == NULL ||
	    (what->invite != NULL &&
	     invite_read(what->invite, id, &invite, e) != 0) ||
	    carrymend_receive(dir, id, &from, progress, &r, e) != 0)
		goto out;
	/* the entries are read now: what came may be more than it seems */
	d = desk_sit_down(dir, id, DESK_WRITE | DESK_LEAN, progress, e);
	id = NULL;
	if (d != NULL)
		o = tell_received(d, &r, what->cosign, e);
	if (o != NULL && r.mended > 0)
		json_object_set_new(o, "mended",
				    json_integer((json_int_t)r.mended));
	if (o != NULL && what->invite != NULL)
		json_object_set_new(o, "invite", desk_invite_json(&invite));
out:
	invite_free(&invite);
	desk_close(d);
	identity_free(id);
	return o;
}

static json_t *
verify_json(const struct verify_counts *n, const char *vault_id, struct err *e)
{
	json_t *o = desk_made(json_object(), e);
	const struct {
		const char *key;
		size_t value;
	} counts[] = {{"files", n->files},
		      {"devices", n->devices},
		      {"batches", n->batches},
		      {"entries", n->entries},
		      {"objects", n->objects},
		      {"absent", n->absent},
		      {"opened", n->opened},
		      {"originals", n->originals},
		      {"unopened_rings", n->unopened}};

	for (size_t i = 0; o != NULL && i < sizeof counts / sizeof *counts; i++)
		json_object_set_new(o, counts[i].key,
				    json_integer((json_int_t)counts[i].value));
	if (o != NULL)
		json_object_set_new(o, "vault", json_string(vault_id));
	return o;
}

/* Is all here that an invitation names, if there is one? */
static int
verify_invite(struct index *x, const char *path, struct err *e)
{
	struct invite i = {0};
	struct err inner = {0};
	bool known;
	int rc = 0;

	if (path == NULL)
		return 0;
	rc = invite_read(path, x->id, &i, e);
	if (rc == 0 && (invite_check(&i, x->v, NULL, &inner) != 0 ||
			invite_check_member(&i, x, &known, &inner) != 0))
		report_add(&x->v->report, REPORT_HISTORY, "%s", inner.msg);
	invite_free(&i);
	return rc;
}

/* How far the logs are stamped, and what is wrong with stamps. */
static int
verify_stamps(struct index *x, json_t *o, struct err *e)
{
	struct stamps *s = stamps_new(x, (int64_t)time(NULL), e);
	json_t *summary = s != NULL ? stamps_summary(s, e) : NULL;

	stamps_free(s);
	if (summary == NULL)
		return -1;
	json_object_set_new(o, "stamps", summary);
	return 0;
}

/* With the identity: trust memory, every entry, every original. */
static int
verify_with(struct vault *v, const char *identity, const struct secret *pass,
	    const char *invite, const struct report *files,
	    struct verify_counts *n, json_t **seen, struct err *e)
{
	struct identity *id = identity_load(identity, pass, e);
	struct index *x = NULL;
	struct secret *key;
	struct err inner = {0};
	char device[BATCH_DEVICE_LEN + 1];
	int rc = -1;

	if (id == NULL)
		return -1;
	key = local_device(v, id, false, device, &inner);
	secret_free(key);
	if (inner.code == ERR_EVIDENCE)
		report_add(&v->report, REPORT_DAMAGE, "%s", inner.msg);
	if (trust_check(v, id, e) != 0 || absent_check(v, id, e) != 0)
		goto out;
	x = index_open_checking(v, id, e);
	if (x != NULL && devices_report(x, e) == 0 &&
	    verify_invite(x, invite, e) == 0 && verify_readable(x, n, e) == 0 &&
	    (*seen = witness_summary(x, e)) != NULL)
		rc = verify_stamps(x, *seen, e);
	if (rc == 0)
		since_remember(v, id,
			       files->count[REPORT_DAMAGE] > 0 ||
				   v->report.count[REPORT_DAMAGE] > 0 ||
				   v->report.count[REPORT_HISTORY] > 0);
out:
	index_free(x);
	identity_free(id);
	return rc;
}

/* A folder with neither of a repository's two files is none at all. */
static bool
looks_like_vault(const char *dir)
{
	char head[FSUTIL_PATH], config[FSUTIL_PATH];

	return fsutil_join(head, dir, "HEAD", NULL) == 0 &&
	       fsutil_join(config, dir, "config", NULL) == 0 &&
	       (fsutil_exists(head) || fsutil_exists(config));
}

/* The vault's own parity, if it has any; it is not evidence. */
static int
check_parity(struct vault *v, json_t *o, struct err *e)
{
	struct paritysets_sum n;

	if (paritysets_check(v, &v->report, &n, e) != 0)
		return -1;
	if (n.sets + n.damaged > 0)
		json_object_set_new(
		    o, "parity",
		    json_pack("{s:I, s:I, s:I, s:I}", "sets",
			      (json_int_t)n.sets, "files", (json_int_t)n.files,
			      "unprotected", (json_int_t)n.unprotected,
			      "damaged", (json_int_t)n.damaged));
	return 0;
}

json_t *
desk_verify(const char *dir, const char *identity, const struct secret *pass,
	    const char *invite, desk_progress *progress, struct report *report,
	    struct err *e)
{
	struct verify_counts n = {0};
	struct err opening = {0};
	struct vault *v = NULL;
	json_t *o = NULL, *seen = NULL;
	char shown[300];

	memset(report, 0, sizeof *report);
	if (!looks_like_vault(dir)) {
		err_set(e, ERR_UNKNOWN, "%s: not a vault",
			err_escape(shown, sizeof shown, dir, strlen(dir)));
		return NULL;
	}
	if (verify_files(dir, report, &n, e) != 0)
		return NULL;
	v = vault_open(dir, VAULT_THOROUGH, progress, &opening);
	if (v == NULL) {
		/* the damaged file has been named; or it is no vault at all */
		err_set(e, opening.code, "%s", opening.msg);
		err_hint(e, "%s", opening.hint);
		return NULL;
	}
	if (v->id[0] == '\0' && v->report.n == 0)
		report_add(&v->report, REPORT_DAMAGE,
			   "refs/heads: there is no history");
	if (verify_blind(v, &n, e) == 0 &&
	    (identity == NULL ||
	     verify_with(v, identity, pass, invite, report, &n, &seen, e) == 0))
		o = verify_json(&n, v->id, e);
	if (o != NULL && check_parity(v, o, e) != 0) {
		json_decref(o);
		o = NULL;
	}
	if (o != NULL && seen != NULL)
		json_object_update(o, seen);
	json_decref(seen);
	map_free(&n.right);
	report_move(report, &v->report);
	vault_close(v);
	return o;
}

/* What is new, in a vault that is open as by any command. */
static json_t *
verify_news(struct desk *d, struct err *e)
{
	struct since_counts n = {0};
	json_t *o = NULL, *seen = NULL;

	if (devices_report(d->x, e) == 0 && since_verify(d->x, &n, e) == 0 &&
	    (seen = witness_summary(d->x, e)) != NULL &&
	    verify_stamps(d->x, seen, e) == 0)
		o = verify_json(&n.news, d->v->id, e);
	if (o != NULL) {
		json_object_update(o, seen);
		json_object_del(o, "files"); /* they were not looked at */
		json_object_set_new(o, "covered_batches",
				    json_integer((json_int_t)n.batches));
		json_object_set_new(o, "covered_objects",
				    json_integer((json_int_t)n.objects));
	}
	if (d->v->report.count[REPORT_DAMAGE] > 0 ||
	    d->v->report.count[REPORT_HISTORY] > 0)
		since_remember(d->v, d->id, true);
	json_decref(seen);
	return o;
}

json_t *
desk_verify_since(const char *dir, const char *identity,
		  const struct secret *pass, desk_progress *progress,
		  struct report *report, struct err *e)
{
	struct desk *d =
	    desk_open(dir, identity, pass, DESK_READ | DESK_LEAN, progress, e);
	json_t *o = NULL;

	memset(report, 0, sizeof *report);
	if (d == NULL)
		return NULL;
	o = verify_news(d, e);
	report_move(report, &d->v->report);
	desk_close(d);
	return o;
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
