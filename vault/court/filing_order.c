/* The documents of a filing: what they are called, and in which order. */
#include "filing_inside.h"

#include "record.h"
#include "translit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number of "data/0012.pdf"; 0 if it is not so called. */
static unsigned
data_number(const char *path)
{
	unsigned n = 0;

	return path != NULL && sscanf(path, "data/%4u", &n) == 1 ? n : 0;
}

/* A text among the fields of an item that are shown; or NULL. */
static const char *
shown(const json_t *item, const char *name)
{
	const json_t *f;
	size_t i;

	json_array_foreach (json_object_get(item, "fields"), i, f) {
		const char *of = filing_str(f, "name");
		const char *value = filing_str(f, "value");

		if (of != NULL && value != NULL && value[0] != '\0' &&
		    strcmp(of, name) == 0)
			return value;
	}
	return NULL;
}

/* `filings.N.<key>` for this profile's court, if the record has one. */
static const char *
in_filings(const struct filing_work *w, const json_t *item, const char *key)
{
	char name[64];

	for (int n = 1; w->p->body != NULL && n <= 100; n++) {
		const char *body;

		snprintf(name, sizeof name, "fields.filings.%d.body", n);
		body = shown(item, name);
		if (body == NULL ||
		    strncmp(body, w->p->body, strlen(w->p->body)) != 0)
			continue;
		snprintf(name, sizeof name, "fields.filings.%d.%s", n, key);
		if (shown(item, name) != NULL)
			return shown(item, name);
	}
	return NULL;
}

/* What the lawyer gave for the document with this number in data/. */
static const char *
given(const struct filing_work *w, unsigned n, const char *what)
{
	char key[64];

	snprintf(key, sizeof key, "document_%u_%s", n, what);
	return filing_value(w->a, key);
}

static const char *
first_shown(const json_t *item, const char *const *names, size_t n)
{
	const char *s = NULL;

	for (size_t i = 0; s == NULL && i < n; i++)
		s = shown(item, names[i]);
	return s;
}

static int
put_title(struct filing_work *w, json_t *doc, const json_t *item,
	  const json_t *file, size_t which, unsigned n)
{
	const char *title = given(w, n, "title");
	bool several = json_array_size(json_object_get(item, "files")) > 1;
	char text[FILING_TEXT_MAX], ascii[256];

	if (title == NULL) {
		title = in_filings(w, item, "title");
		if (title == NULL)
			title = shown(item, "fields.title");
		if (title != NULL && several) {
			snprintf(text, sizeof text, "%s (%zu)", title,
				 which + 1);
			title = text;
		}
	}
	if (title == NULL)
		title = filing_str(file, "name");
	if (title == NULL) {
		/* nothing of it is shown: by its number in data/ */
		snprintf(text, sizeof text, "Document %u", n);
		title = text;
	}
	(void)translit_ascii(title, ascii, sizeof ascii);
	return filing_set(doc, "title", title) |
	       filing_set(doc, "ascii", ascii);
}

static int
put_date(struct filing_work *w, json_t *doc, const json_t *item, unsigned n,
	 struct err *e)
{
	static const char *const dates[] = {
	    "fields.document.date",   "fields.testimony.date",
	    "fields.testimony.start", "fields.medical.start",
	    "fields.media.captured",  "fields.web.captured",
	    "fields.item.created"};
	const char *date = given(w, n, "date");

	if (date != NULL && !record_is_date(date))
		return err_set(e, ERR_UNKNOWN,
			       "document_%u_date is no date: 2024, 2024-03,"
			       " 2024-03-02",
			       n);
	if (date == NULL)
		date = first_shown(item, dates, sizeof dates / sizeof *dates);
	return date != NULL && record_is_date(date) &&
		       filing_set(doc, "date", date) != 0
		   ? err_memory(e)
		   : 0;
}

static int
put_language(struct filing_work *w, json_t *doc, const json_t *item, unsigned n)
{
	static const char *const names[] = {
	    "fields.document.translation_language", "fields.language",
	    "fields.testimony.language"};
	const char *language = given(w, n, "language");

	if (language == NULL)
		language = in_filings(w, item, "language");
	if (language == NULL)
		language = first_shown(item, names, 3);
	return language != NULL ? filing_set(doc, "language", language) : 0;
}

static int
put_document(struct filing_work *w, const json_t *item, const json_t *file,
	     size_t which, struct err *e)
{
	static const char *const same[] = {"path", "sha256", "media_type"};
	json_t *doc = json_object();
	const char *path = filing_str(file, "path");
	unsigned n = data_number(path);
	int rc = -1;

	if (doc == NULL || n == 0) {
		json_decref(doc);
		return err_set(e, ERR_UNKNOWN,
			       "a file of the exhibit has no"
			       " number");
	}
	if (put_date(w, doc, item, n, e) != 0)
		goto out;
	rc = put_title(w, doc, item, file, which, n) |
	     put_language(w, doc, item, n) |
	     json_object_set(doc, "item", json_object_get(item, "number")) |
	     json_object_set(doc, "size", json_object_get(file, "size"));
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		if (filing_str(file, same[i]) != NULL)
			rc |=
			    filing_set(doc, same[i], filing_str(file, same[i]));
	if (rc != 0 || json_array_append(w->documents, doc) != 0)
		rc = err_memory(e);
out:
	json_decref(doc);
	return rc;
}

/* The day that a date means, without "about", "before", "after". */
static const char *
day(const json_t *doc)
{
	const char *s = filing_str(doc, "date");

	return s != NULL && strchr("~<>", s[0]) != NULL ? s + 1 : s;
}

/* By date, as far as it is known; undated ones last; then as asked for. */
static int
by_date(const void *a, const void *b)
{
	const json_t *x = *(const json_t *const *)a;
	const json_t *y = *(const json_t *const *)b;
	const char *s = day(x), *t = day(y);
	int c =
	    s == NULL || t == NULL ? (s == NULL) - (t == NULL) : strcmp(s, t);

	return c != 0 ? c
		      : strcmp(filing_str(x, "path"), filing_str(y, "path"));
}

static int
sort(struct filing_work *w, struct err *e)
{
	size_t n = json_array_size(w->documents);
	json_t **list = calloc(n + 1, sizeof *list);
	int rc = list == NULL ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		list[i] = json_incref(json_array_get(w->documents, i));
	if (rc == 0)
		qsort(list, n, sizeof *list, by_date);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = json_object_set_new(list[i], "n",
					 json_integer((json_int_t)i + 1)) |
		     json_array_set(w->documents, i, list[i]);
	for (size_t i = 0; list != NULL && i < n; i++)
		json_decref(list[i]);
	free(list);
	return rc == 0 ? 0 : err_memory(e);
}

int
filing_order(struct filing_work *w, struct err *e)
{
	const json_t *item, *file;
	size_t i, k;

	json_array_foreach (json_object_get(w->a->facts, "items"), i, item)
		json_array_foreach (json_object_get(item, "files"), k, file)
			if (put_document(w, item, file, k, e) != 0)
				return -1;
	if (json_array_size(w->documents) == 0)
		return err_set(e, ERR_UNKNOWN,
			       "a filing needs the documents: not with"
			       " --no-files");
	return sort(w, e);
}
