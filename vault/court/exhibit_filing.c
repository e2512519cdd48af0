/* filing/ of a package, by a court's profile: see exhibit_inside.h. */
#include "exhibit_inside.h"

#include "extract.h"
#include "filing.h"

#include <string.h>

/* The bytes of an original that is (or will be) in data/. */
static int
source(void *ctx, const char *path, filing_sink *sink, void *sink_ctx,
       struct err *e)
{
	struct exhibit *ex = ctx;
	const struct exhibit_file *f = NULL;
	struct entry opened = {0};
	int rc;

	for (size_t i = 0; i < ex->n_files; i++)
		if (strcmp(ex->files[i].path, path) == 0)
			f = &ex->files[i];
	if (f == NULL)
		return err_set(e, ERR_UNKNOWN, "%s: not in the package", path);
	rc = index_entry_open(
	    ex->x, &ex->x->entries[ex->entries[f->entry].index], &opened, e);
	if (rc == 0)
		rc = extract_file(ex->x, &opened, f->file, sink, sink_ctx, e);
	entry_free(&opened);
	return rc;
}

static struct filing_ask
ask(struct exhibit *ex, const json_t *facts)
{
	return (struct filing_ask){.profile = ex->o->profile,
				   .lang = ex->o->lang,
				   .facts = facts,
				   .values = ex->o->values,
				   .pdf = ex->o->pdf,
				   .source = source,
				   .ctx = ex};
}

static void
tell(const struct exhibit *ex, const json_t *findings)
{
	json_t *f;
	size_t i;

	json_array_foreach (findings, i, f)
		if (ex->o->told != NULL)
			ex->o->told(ex->o->told_ctx, entry_str(f, "level"),
				    entry_str(f, "path"), entry_str(f, "text"));
}

int
exhibit_filing_check(struct exhibit *ex, struct err *e)
{
	json_t *facts = exhibit_facts(ex, "", e);
	struct filing_ask a = ask(ex, facts);
	json_int_t stops;
	int rc;

	if (facts == NULL)
		return -1;
	rc = filing_check(&a, &ex->plan, e);
	json_decref(facts);
	if (rc != 0)
		return -1;
	tell(ex, json_object_get(ex->plan, "findings"));
	stops = json_integer_value(json_object_get(ex->plan, "stops"));
	if (stops == 0 || ex->o->file_anyway)
		return 0;
	err_set(e, ERR_UNKNOWN, "profile %s: %lld thing%s stand%s against it",
		ex->o->profile, (long long)stops, stops > 1 ? "s" : "",
		stops > 1 ? "" : "s");
	return err_hint(e, "nothing was written; --file-anyway files what can"
			   " be filed");
}

static int
begin(void *ctx, const char *path, uint64_t size, struct err *e)
{
	struct exhibit *ex = ctx;

	return packout_begin(ex->out, path, size, e);
}

static int
bytes(void *ctx, const void *data, size_t len, struct err *e)
{
	struct exhibit *ex = ctx;

	return packout_write(ex->out, data, len, e);
}

static int
end(void *ctx, struct err *e)
{
	struct exhibit *ex = ctx;

	return packout_end(ex->out, e);
}

int
exhibit_filing_write(struct exhibit *ex, struct err *e)
{
	json_t *facts = exhibit_facts(ex, ex->id, e);
	struct filing_ask a = ask(ex, facts);
	const struct filing_out out = {begin, bytes, end, ex};
	int rc = facts != NULL ? filing_write(&a, ex->plan, &out, e) : -1;

	json_decref(facts);
	return rc;
}

json_t *
exhibit_filing_pages(const struct exhibit *ex, const char *path)
{
	json_t *list = json_object_get(ex->plan, "documents"), *d;
	size_t i;

	json_array_foreach (list, i, d) {
		const char *p = entry_str(d, "path");

		if (p != NULL && strcmp(p, path) == 0)
			return json_object_get(d, "pages");
	}
	return NULL;
}
