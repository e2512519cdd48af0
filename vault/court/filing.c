#include "filing.h"

#include "filing_inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What is known of the courts' rules, read in November 2026; the list says so,
 * and asks to check the current ones. "50 MB" is taken at its smallest.
 */
static const struct filing_profile profiles[] = {
    {"echr-rule39", "echr_rule39", true, true, false, 50000000},
    {"echr-application", "echr", false, false, false, 0},
    {"un", "un_", false, false, true, 0},
    {"generic", NULL, false, false, false, 0},
};
#define N_PROFILES (sizeof profiles / sizeof *profiles)

const char *const filing_profiles[] = {"echr-rule39", "echr-application", "un",
				       "generic", NULL};
_Static_assert(sizeof filing_profiles / sizeof *filing_profiles ==
		   N_PROFILES + 1,
	       "the same list");

const struct filing_profile *
filing_profile(const char *name)
{
	for (size_t i = 0; name != NULL && i < N_PROFILES; i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

bool
filing_knows(const char *profile)
{
	return filing_profile(profile) != NULL;
}

const char *
filing_str(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

json_int_t
filing_int(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

int
filing_set(json_t *o, const char *key, const char *text)
{
	return json_object_set_new(o, key, json_string(text));
}

const char *
filing_value(const struct filing_ask *a, const char *key)
{
	const char *s = filing_str(a->values, key);

	return s != NULL && s[0] != '\0' ? s : NULL;
}

int
filing_found(struct filing_work *w, enum filing_level level, const char *path,
	     struct err *e, const char *fmt, ...)
{
	static const char *const levels[] = {"note", "doubt", "stop"};
	char text[FILING_TEXT_MAX];
	json_t *o = json_object();
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	w->stops += level == FILING_STOP;
	if (o != NULL && filing_set(o, "level", levels[level]) == 0 &&
	    (path == NULL || filing_set(o, "path", path) == 0) &&
	    filing_set(o, "text", text) == 0 &&
	    json_array_append(w->findings, o) == 0) {
		json_decref(o);
		return 0;
	}
	json_decref(o);
	return err_memory(e);
}

/* The bundle's pages, counted on as far as every document's are known. */
static int
count_pages(struct filing_work *w)
{
	json_int_t page = 1;
	json_t *d;
	size_t i;
	int rc = 0;

	json_array_foreach (w->documents, i, d) {
		json_int_t pages = filing_int(d, "pages");

		if (pages == 0)
			continue;
		rc |= json_object_set_new(d, "first", json_integer(page)) |
		      json_object_set_new(d, "last",
					  json_integer(page + pages - 1));
		page += pages;
	}
	return rc;
}

int
filing_check(const struct filing_ask *a, json_t **plan, struct err *e)
{
	struct filing_work w = {.a = a};
	json_t *doc;
	size_t i;
	int rc = -1;

	*plan = NULL;
	w.p = filing_profile(a->profile);
	if (w.p == NULL)
		return err_set(e, ERR_UNKNOWN,
			       "there is no filing profile of that name");
	w.documents = json_array();
	w.findings = json_array();
	if (filing_order(&w, e) != 0)
		goto out;
	json_array_foreach (w.documents, i, doc)
		if (filing_look(&w, doc, e) != 0)
			goto out;
	if (count_pages(&w) == 0)
		*plan = json_pack("{s:s,s:I,s:O,s:O}", "profile", w.p->name,
				  "stops", w.stops, "findings", w.findings,
				  "documents", w.documents);
	rc = *plan != NULL ? 0 : err_memory(e);
out:
	json_decref(w.documents);
	json_decref(w.findings);
	return rc;
}

/* One file whose bytes are at hand. */
static int
put_whole(const struct filing_out *out, const char *path, const void *bytes,
	  size_t len, struct err *e)
{
	return out->begin(out->ctx, path, len, e) == 0 &&
		       out->bytes(out->ctx, bytes, len, e) == 0
		   ? out->end(out->ctx, e)
		   : -1;
}

/* The original as it is. */
static int
put_copy(const struct filing_ask *a, const json_t *doc, const json_t *file,
	 const struct filing_out *out, struct err *e)
{
	return out->begin(out->ctx, filing_str(file, "path"),
			  (uint64_t)filing_int(doc, "size"), e) == 0 &&
		       a->source(a->ctx, filing_str(doc, "path"), out->bytes,
				 out->ctx, e) == 0
		   ? out->end(out->ctx, e)
		   : -1;
}

/* Parts of one original, cut again as they were when it was looked at. */
static int
put_parts(const struct filing_ask *a, const json_t *doc, const json_t *files,
	  const struct filing_out *out, struct err *e)
{
	struct pdfwork_facts facts;
	const json_t *f;
	size_t i;
	int rc = pdfwork_open(a->pdf, (uint64_t)filing_int(doc, "size"), e);

	if (rc == 0)
		rc = a->source(a->ctx, filing_str(doc, "path"), pdfwork_feed,
			       a->pdf, e);
	if (rc == 0)
		pdfwork_look(a->pdf, &facts);
	json_array_foreach (files, i, f) {
		uint8_t *bytes = NULL;
		size_t len = 0;

		if (rc == 0 &&
		    (pdfwork_cut(a->pdf, (uint32_t)filing_int(f, "from"),
				 (uint32_t)filing_int(f, "to"), &bytes,
				 &len) != 0 ||
		     len != (uint64_t)filing_int(f, "size")))
			rc = err_set(e, ERR_UNKNOWN,
				     "%s: it could not be cut as before",
				     filing_str(doc, "path"));
		if (rc == 0)
			rc = put_whole(out, filing_str(f, "path"), bytes, len,
				       e);
		free(bytes);
	}
	pdfwork_close(a->pdf);
	return rc;
}

/* The list, three times the same. */
static int
put_lists(const struct filing_ask *a, const json_t *plan,
	  const struct filing_out *out, struct err *e)
{
	static const char *const paths[] = {
	    "filing/LIST.txt", "filing/LIST.html", "filing/LIST.pdf"};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < 3; i++) {
		char *text = NULL;
		size_t len = 0;

		rc = i == 0 ? filing_list_text(a, plan, &text, &len, e)
			    : filing_list_doc(a, plan, i == 2, &text, &len, e);
		if (rc == 0)
			rc = put_whole(out, paths[i], text, len, e);
		free(text);
	}
	return rc;
}

int
filing_write(const struct filing_ask *a, const json_t *plan,
	     const struct filing_out *out, struct err *e)
{
	const json_t *doc;
	size_t i;
	int rc = 0;

	json_array_foreach (json_object_get(plan, "documents"), i, doc) {
		const json_t *files = json_object_get(doc, "files");
		const json_t *one = json_array_get(files, 0);

		if (one == NULL)
			continue;
		if (json_array_size(files) == 1 &&
		    json_object_get(one, "from") == NULL)
			rc = put_copy(a, doc, one, out, e);
		else
			rc = put_parts(a, doc, files, out, e);
		if (rc != 0)
			return -1;
	}
	return put_lists(a, plan, out, e);
}
