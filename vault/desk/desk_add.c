/* Taking files in, and editing what is there: see desk.h. */
#include "desk_inside.h"

#include "acts.h"
#include "fields.h"
#include "handed.h"
#include "intake.h"
#include "record.h"

#include <string.h>

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
		return err_memory(e);
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
		err_memory(e);
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
