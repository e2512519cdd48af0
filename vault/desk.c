#include "desk.h"

#include "acts.h"
#include "agetext.h"
#include "carry.h"
#include "extract.h"
#include "identity.h"
#include "index.h"
#include "intake.h"
#include "local.h"
#include "newfile.h"
#include "record.h"
#include "verify.h"
#include "view.h"
#include "writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_FILE_MAX (1u << 20) /* bytes of a --record file */

struct desk {
	struct identity *id;
	struct vault *v;
	struct index *x;
};

static int
no_memory(struct err *e)
{
	return err_set(e, ERR_UNKNOWN, "no memory");
}

/* A list or document that may have failed for want of memory. */
static json_t *
made(json_t *o, struct err *e)
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
	json_t *o = made(json_object(), e);

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

/* The words of a vault's id, to be compared by voice. */
static void
vault_words(const char *id, char out[WORDS_FINGERPRINT_MAX])
{
	uint8_t raw[HASH_LEN] = {0};

	(void)hex_decode(id, HASH_LEN, raw);
	words_fingerprint(raw, out);
}

static json_t *
vault_json(const char *id, struct err *e)
{
	char words[WORDS_FINGERPRINT_MAX];
	json_t *o = made(json_object(), e);

	vault_words(id, words);
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
	bool ours = fsutil_is_free(dir);

	if (id == NULL)
		return NULL;
	if (acts_init(dir, id, root_path, root_pass, work_factor, vault_id,
		      e) == 0)
		o = vault_json(vault_id, e);
	else if (ours)
		(void)fsutil_remove_all(dir, NULL);
	identity_free(id);
	return o;
}

/* Open the vault for an unlocked identity, which is taken over. */
static struct desk *
sit_down(const char *dir, struct identity *id, enum desk_mode mode,
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
	d->v = vault_open(dir, mode == DESK_WRITE ? VAULT_WRITE : VAULT_READ,
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
		err_hint(e, "each person uses a copy of the vault of their own;"
			    " muniment verify says more");
		goto bad;
	}
	if (local_trust_check(d->v, d->id, e) != 0 ||
	    local_absent_check(d->v, d->id, e) != 0)
		goto bad;
	d->x = index_open(d->v, d->id, e);
	if (d->x == NULL)
		goto bad;
	return d;
bad:
	desk_close(d);
	return NULL;
}

struct desk *
desk_open(const char *dir, const char *identity, const struct secret *pass,
	  enum desk_mode mode, desk_progress *progress, struct err *e)
{
	struct identity *id = identity_load(identity, pass, e);

	return id != NULL ? sit_down(dir, id, mode, progress, e) : NULL;
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
	return d->v->report.count[REPORT_DAMAGE] > 0 ||
	       d->v->report.count[REPORT_HISTORY] > 0;
}

/* A case by text; NULL text means none. */
static int
find_case(struct desk *d, const char *text, struct index_case **c,
	  struct err *e)
{
	*c = NULL;
	return text == NULL ? 0 : index_find_case(d->x, text, c, e);
}

json_t *
desk_cases(struct desk *d, struct err *e)
{
	return made(view_cases(d->x), e);
}

json_t *
desk_members(struct desk *d, const char *case_text, struct err *e)
{
	struct index_case *c;

	if (find_case(d, case_text, &c, e) != 0)
		return NULL;
	return made(view_members(d->x, c), e);
}

json_t *
desk_items(struct desk *d, const char *case_text, const char *query,
	   struct err *e)
{
	struct index_case *c;

	if (find_case(d, case_text, &c, e) != 0)
		return NULL;
	return made(view_items(d->x, c, query), e);
}

typedef json_t *item_view(struct index *x, const struct index_item *item);

static json_t *
one_item(struct desk *d, const char *text, item_view *view, struct err *e)
{
	struct index_item *item;

	if (index_find_item(d->x, text, &item, e) != 0)
		return NULL;
	return made(view(d->x, item), e);
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
	o = made(json_object(), e);
	if (o != NULL) {
		json_object_set_new(o, "case", json_string(id));
		json_object_set_new(o, "name", json_string(name));
	}
	return o;
}

int
desk_member_add(struct desk *d, const char *const *paths, size_t n,
		const char *case_text, const char *role, struct err *e)
{
	struct card *cards = calloc(n, sizeof *cards);
	enum index_role r = role != NULL	? index_role_parse(role)
			    : case_text != NULL ? ROLE_READER
						: ROLE_NONE;
	struct index_case *c;
	int rc = -1;

	if (cards == NULL)
		return no_memory(e);
	if (role != NULL && r == ROLE_NONE) {
		err_set(e, ERR_UNKNOWN, "there is no such role");
		err_hint(e, "reader, author, admin or witness");
		goto out;
	}
	if (find_case(d, case_text, &c, e) != 0)
		goto out;
	for (size_t i = 0; i < n; i++) {
		if (card_load(paths[i], &cards[i], e) != 0)
			goto out;
		for (size_t k = 0; k < i; k++)
			if (memcmp(cards[k].text.key, cards[i].text.key, 32) ==
			    0) {
				err_set(e, ERR_UNKNOWN,
					"the same card is named twice");
				goto out;
			}
	}
	rc = acts_member_add(d->x, cards, n, c, r, e);
out:
	free(cards);
	return rc;
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
	    find_case(d, case_text, &c, e) != 0)
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

/* Merge a --record file over the fields. */
static int
merge_record(json_t *fields, const char *path, struct err *e)
{
	char *text = NULL, name[256], why[RECORD_WHY_LEN];
	size_t len = 0;
	json_error_t at;
	json_t *from;
	int rc = 0;

	err_escape(name, sizeof name, path, strlen(path));
	if (fsutil_read(path, RECORD_FILE_MAX, &text, &len, e) != 0)
		return -1;
	from = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);
	free(text);
	if (from == NULL)
		return err_set(e, ERR_UNKNOWN, "%s: line %d: not JSON", name,
			       at.line);
	if (record_merge(fields, from, why, sizeof why) != 0)
		rc = err_set(e, ERR_UNKNOWN, "%s: %s", name, why);
	json_decref(from);
	return rc;
}

/* One "name=value" of the command line. */
static int
set_pair(json_t *fields, const char *pair, char why[RECORD_WHY_LEN])
{
	const char *eq = strchr(pair, '=');
	char key[1024];

	if (eq == NULL || (size_t)(eq - pair) >= sizeof key) {
		snprintf(why, RECORD_WHY_LEN, "--field takes NAME=VALUE");
		return -1;
	}
	snprintf(key, sizeof key, "%.*s", (int)(eq - pair), pair);
	return record_set(fields, key, eq + 1, why, RECORD_WHY_LEN);
}

/* Put what the command line says over the fields, and check the whole. */
static int
apply(json_t *fields, const struct desk_fields *f, struct err *e)
{
	char why[RECORD_WHY_LEN];
	int rc = 0;

	if (f->record != NULL)
		rc = merge_record(fields, f->record, e);
	if (rc == 0 && f->title != NULL)
		rc = record_set(fields, "title", f->title, why, sizeof why);
	if (rc == 0 && f->kind != NULL)
		rc = record_set(fields, "kind", f->kind, why, sizeof why);
	for (size_t i = 0; i < f->n && rc == 0; i++)
		rc = set_pair(fields, f->pairs[i], why);
	if (rc == 0)
		rc = record_check(fields, why, sizeof why);
	if (rc != 0) {
		err_set(e, ERR_UNKNOWN, "%s", why);
		err_hint(e, "muniment fields lists what a record can hold");
	}
	return rc;
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

_Static_assert((int)INTAKE_FAILED == (int)DESK_FAILED, "the same list");

int
desk_add(struct desk *d, struct mediatype *m, const char *case_text,
	 const char *const *paths, size_t n, const struct desk_fields *fields,
	 bool again, desk_told *told, void *ctx, struct desk_sum *sum,
	 struct err *e)
{
	struct telling t = {told, ctx};
	struct intake_options o = {.again = again, .told = tell, .ctx = &t};
	struct index_case *c;
	struct writer *w = NULL;
	struct intake *in = NULL;
	json_t *record = json_object();
	int rc = -1;

	if (record == NULL)
		return no_memory(e);
	if (apply(record, fields, e) != 0 ||
	    index_find_case(d->x, case_text, &c, e) != 0)
		goto out;
	if (!acts_may(d->x, KIND_RECORD, c->id)) {
		err_set(e, ERR_UNKNOWN,
			"you have no right to write in this case");
		goto out;
	}
	o.fields = record;
	w = writer_new(d->x, e);
	if (w == NULL || writer_case(w, c->id, NULL, e) != 0)
		goto out;
	in = intake_new(d->x, w, c->id, m, &o, e);
	if (in == NULL)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (intake_path(in, paths[i], e) != 0)
			goto out;
	sum->done = intake_added(in);
	sum->failed = intake_failed(in);
	rc = sum->done > 0 ? writer_commit(w, e) : 0;
out:
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
	struct index_item *item;
	struct writer *w = NULL;
	struct intake *in = NULL;
	json_t *fields = NULL;
	size_t current = 0;
	int rc = -1;

	if (index_find_item(d->x, text, &item, e) != 0)
		return -1;
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
	if (apply(fields, f, e) != 0)
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
};

static void
get_failed(struct getting *g, const char *path, const char *item,
	   const struct err *e)
{
	g->told(g->ctx, DESK_FAILED, path, item, e->msg);
	if (e->code == ERR_EVIDENCE)
		g->worst.code = ERR_NONE;
	err_set(&g->worst, e->code, "%s", e->msg);
}

/* Write the files of one version; how many could not be. */
static size_t
get_version(struct getting *g, const struct index_entry *en, const char *folder)
{
	struct entry opened = {0};
	struct err e = {0};
	size_t failed = 0, i;
	json_t *f;

	if (fsutil_mkdirs(folder, &e) != 0 ||
	    index_entry_open(g->d->x, en, &opened, &e) != 0) {
		get_failed(g, NULL, en->item, &e);
		return 1;
	}
	json_array_foreach (json_object_get(opened.doc, "files"), i, f) {
		char path[FSUTIL_PATH] = "";

		err_clear(&e);
		if (extract_to(g->d->x, &opened, f, folder, path, &e) == 0) {
			g->told(g->ctx, DESK_ADDED, path, en->item, NULL);
			continue;
		}
		get_failed(g, path, en->item, &e);
		failed++;
	}
	entry_free(&opened);
	return failed;
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
static size_t
get_item(struct getting *g, const struct index_item *item)
{
	struct index *x = g->d->x;
	const struct index_entry *first = index_current(x, item, NULL);
	char folder[FSUTIL_PATH], own[FSUTIL_PATH], hex[65];
	size_t failed = 0;
	bool differ = false;

	snprintf(folder, sizeof folder, "%s%s%.*s", g->folder,
		 g->by_item ? "/" : "",
		 g->by_item ? (int)index_short(x, item) : 0, item->id);
	for (size_t i = 0; i < item->n; i++) {
		const struct index_entry *en = &x->entries[item->versions[i]];

		differ |= !en->replaced && !same_files(first, en);
	}
	if (!differ)
		return get_version(g, first, folder);
	for (size_t i = 0; i < item->n; i++) {
		const struct index_entry *en = &x->entries[item->versions[i]];

		if (en->replaced)
			continue;
		hex_encode(en->sha256, HASH_LEN, hex);
		snprintf(own, sizeof own, "%.4000s/version-%.16s", folder, hex);
		failed += get_version(g, en, own);
	}
	return failed;
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

/* Say in the vault that these items were exported. */
static int
say_exported(struct desk *d, struct index_item *const *list, size_t n,
	     struct err *e)
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

	if (find_case(d, case_text, &c, e) != 0)
		return -1;
	list = c != NULL ? case_items(d, c, &found)
			 : find_items(d, items, n, &found, e);
	if (list == NULL || fsutil_mkdirs(folder, e) != 0)
		goto out;
	for (size_t i = 0; i < found; i++) {
		size_t failed = get_item(&g, list[i]);

		sum->failed += failed;
		sum->done += failed == 0;
		if (failed == 0)
			list[out++] = list[i];
	}
	rc = say_exported(d, list, out, e);
	if (rc == 0 && g.worst.code != ERR_NONE) {
		err_set(e, g.worst.code,
			"%zu of %zu items could not be written",
			found - sum->done, found);
		err_hint(e, "nothing is overwritten; --by-item gives each item"
			    " a folder of its own");
		rc = -1;
	}
out:
	free(list);
	return rc;
}

/* One who shall be able to open a carry file: card, recipient or member. */
static int
find_recipient(struct desk *d, const char *text, struct agekey_public *out,
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
			      .part = c->part};
	struct carry_what what = {0};
	struct index_case *only = NULL;
	struct index_item **items = NULL;
	struct newfile *probe;
	const char *seat = NULL;
	size_t parts = 0;
	json_t *o = NULL;

	if (keys == NULL) {
		no_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < c->n_to; i++)
		if (find_recipient(d, c->to[i], &keys[i], &seat, e) != 0)
			goto out;
	/* refuse before anything is said in the vault */
	probe = newfile_open(c->path, e);
	if (probe == NULL)
		goto out;
	newfile_abort(probe);
	if (find_case(d, c->case_text, &only, e) != 0)
		goto out;
	items = find_items(d, c->items, c->n_items, &what.n_items, e);
	if (items == NULL || say_carried(d, only, items, what.n_items,
					 c->n_to == 1 ? seat : NULL, e) != 0)
		goto out;
	what.only_case = only;
	what.items = items;
	if (carry_write(d->x, &to, &what, c->path, &parts, e) != 0)
		goto out;
	o = made(json_object(), e);
	if (o != NULL) {
		json_object_set_new(o, "file", json_string(c->path));
		json_object_set_new(o, "parts",
				    json_integer((json_int_t)parts));
		json_object_set_new(o, "recipients",
				    json_integer((json_int_t)c->n_to));
	}
out:
	free(items);
	free(keys);
	return o;
}

/* Cases in which records of others came; each gets one custody entry. */
static int
say_received(struct desk *d, const struct carry_result *r, struct err *e)
{
	struct acts_custody *list = calloc(d->x->n_cases + 1, sizeof *list);
	size_t n = 0;
	int rc = 0;

	if (list == NULL)
		return no_memory(e);
	for (size_t i = 0; r->batches > 0 && i < d->x->n_cases; i++) {
		const struct index_case *c = &d->x->cases[i];

		if (strcmp(c->id, INDEX_VAULT) != 0 &&
		    index_holds(d->x, c->id) &&
		    acts_may(d->x, KIND_CUSTODY, c->id))
			list[n++] = (struct acts_custody){c->id, "", "received",
							  NULL, NULL};
	}
	if (n > 0)
		rc = acts_custody(d->x, list, n, e);
	free(list);
	return rc;
}

static json_t *
received_json(const char *vault_id, const struct carry_result *r, struct err *e)
{
	json_t *o = vault_json(vault_id, e);
	const struct {
		const char *key;
		size_t value;
	} counts[] = {{"batches", r->batches},	  {"devices", r->devices},
		      {"objects", r->objects},	  {"absent", r->absent},
		      {"forks", r->forks},	  {"older", r->older},
		      {"strangers", r->strangers}};

	if (o == NULL)
		return NULL;
	json_object_set_new(o, "created", json_boolean(r->created));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		json_object_set_new(o, counts[i].key,
				    json_integer((json_int_t)counts[i].value));
	return o;
}

json_t *
desk_receive(const char *dir, const char *identity, const struct secret *pass,
	     const struct secret *file_pass, const char *const *files, size_t n,
	     desk_progress *progress, struct err *e)
{
	struct identity *id = identity_load(identity, pass, e);
	struct carry_result r = {0};
	struct desk *d = NULL;
	json_t *o = NULL;

	if (id == NULL)
		return NULL;
	if (carry_receive(dir, id, file_pass, files, n, progress, &r, e) != 0)
		goto out;
	/* the entries are read now: what came may be more than it seems */
	d = sit_down(dir, id, DESK_WRITE, progress, e);
	id = NULL;
	if (d == NULL)
		goto out;
	o = received_json(d->v->id, &r, e);
	if (o != NULL) {
		bool member = d->x->me != NULL;

		json_object_set_new(o, "member", json_boolean(member));
		if (member && say_received(d, &r, e) != 0) {
			json_decref(o);
			o = NULL;
		}
	}
out:
	desk_close(d);
	identity_free(id);
	return o;
}

static json_t *
verify_json(const struct verify_counts *n, const char *vault_id, struct err *e)
{
	json_t *o = made(json_object(), e);
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

/* With the identity: trust memory, every entry, every original. */
static int
verify_with(struct vault *v, const char *identity, const struct secret *pass,
	    struct verify_counts *n, struct err *e)
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
	if (local_trust_check(v, id, e) != 0 ||
	    local_absent_check(v, id, e) != 0)
		goto out;
	x = index_open(v, id, e);
	if (x != NULL)
		rc = verify_readable(x, n, e);
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

json_t *
desk_verify(const char *dir, const char *identity, const struct secret *pass,
	    desk_progress *progress, struct report *report, struct err *e)
{
	struct verify_counts n = {0};
	struct err opening = {0};
	struct vault *v = NULL;
	json_t *o = NULL;
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
	    (identity == NULL || verify_with(v, identity, pass, &n, e) == 0))
		o = verify_json(&n, v->id, e);
	report_move(report, &v->report);
	vault_close(v);
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
