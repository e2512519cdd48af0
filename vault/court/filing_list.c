/* The list of documents: numbered, in order of time, with pages. */
#include "filing_inside.h"

#include "doc.h"
#include "phrases.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES_MAX 9

/* One list on its way into a text or a document. */
struct list {
	const struct filing_ask *a;
	const json_t *documents;
	const char *profile;
	struct phrases *p;
	struct doc *d;
	char **made; /* texts that are freed at the end */
	size_t n, cap;
	bool failed; /* no memory */
};

/* -- texts -- */

static const char *
keep(struct list *l, char *text)
{
	if (l->n == l->cap) {
		size_t cap = l->cap > 0 ? 2 * l->cap : 64;
		char **p = realloc(l->made, cap * sizeof *p);

		if (p == NULL) {
			free(text);
			text = NULL;
		} else {
			l->made = p;
			l->cap = cap;
		}
	}
	if (text == NULL) {
		l->failed = true;
		return "";
	}
	l->made[l->n++] = text;
	return text;
}

static __attribute__((format(printf, 2, 3))) const char *
format(struct list *l, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return keep(l, n >= 0 ? text : NULL);
}

#define SAY(l, key, ...) keep(l, PHRASES_FILL((l)->p, key, __VA_ARGS__))

static const char *
number(struct list *l, json_int_t n)
{
	return format(l, "%lld", (long long)n);
}

static const char *
date(struct list *l, const json_t *doc)
{
	const char *s = filing_str(doc, "date");
	const char *key = s == NULL	? "filing.date.none"
			  : s[0] == '~' ? "filing.date.about"
			  : s[0] == '<' ? "filing.date.before"
			  : s[0] == '>' ? "filing.date.after"
					: NULL;

	if (key == NULL)
		return s;
	return SAY(l, key, "date", s != NULL ? s + 1 : "");
}

/* Title, the same in Latin letters, language; `between` lines. */
static const char *
title(struct list *l, const json_t *doc, const char *between)
{
	const char *text = filing_str(doc, "title");
	const char *ascii = filing_str(doc, "ascii");
	const char *tag = filing_str(doc, "language");

	if (strcmp(text, ascii) != 0)
		text = format(l, "%s%s%s", text, between,
			      SAY(l, "filing.ascii", "title", ascii));
	if (tag != NULL)
		text = format(l, "%s%s%s", text, between,
			      SAY(l, "filing.language", "tag", tag));
	return text;
}

static const char *
span(struct list *l, const json_t *o, const char *from, const char *to)
{
	if (json_object_get(o, from) == NULL)
		return "";
	return SAY(l, "filing.span", "from", number(l, filing_int(o, from)),
		   "to", number(l, filing_int(o, to)));
}

/* The files of one document, each with its part; `between` them. */
static const char *
files(struct list *l, const json_t *doc, const char *between)
{
	const json_t *list = json_object_get(doc, "files"), *f;
	const char *text = "";
	size_t i;

	if (json_array_size(list) == 0)
		return phrases_get(l->p, "filing.none");
	json_array_foreach (list, i, f) {
		text = format(l, "%s%s%s", text, i > 0 ? between : "",
			      filing_str(f, "path") + strlen("filing/"));
		if (json_object_get(f, "from") != NULL)
			text =
			    format(l, "%s%s%s", text, between,
				   SAY(l, "filing.part", "n",
				       number(l, (json_int_t)i + 1), "from",
				       number(l, filing_int(f, "from")), "to",
				       number(l, filing_int(f, "to"))));
	}
	return text;
}

/* How many documents and pages there are. */
static const char *
sum(struct list *l)
{
	json_int_t pages = 0;
	bool all = true;
	const json_t *doc;
	size_t i;

	json_array_foreach (l->documents, i, doc) {
		pages += filing_int(doc, "pages");
		all &= json_object_get(doc, "pages") != NULL;
	}
	return SAY(l, all ? "filing.all" : "filing.all.unknown", "documents",
		   number(l, (json_int_t)json_array_size(l->documents)),
		   "pages", number(l, pages));
}

/* The n-th rule of the profile, from 1; NULL behind the last. */
static const char *
rule(struct list *l, unsigned n)
{
	char key[80];

	snprintf(key, sizeof key, "filing.rule.%s.%u", l->profile, n);
	/* a key that there is not comes back as itself */
	return strcmp(phrases_get(l->p, key), key) == 0
		   ? NULL
		   : phrases_get(l->p, key);
}

static const char *
heading(struct list *l)
{
	return phrases_get(l->p, format(l, "filing.for.%s", l->profile));
}

static const char *const case_keys[] = {"court", "case_name", "case_number"};
#define N_CASE_KEYS (sizeof case_keys / sizeof *case_keys)

static bool
begin(struct list *l, const struct filing_ask *a, const json_t *plan,
      struct err *e)
{
	memset(l, 0, sizeof *l);
	l->a = a;
	l->documents = json_object_get(plan, "documents");
	l->profile = filing_str(plan, "profile");
	l->p = phrases_new(a->lang != NULL ? a->lang : "en");
	if (l->p == NULL)
		err_set(e, ERR_UNKNOWN,
			"the list of documents: no memory, or"
			" no such language");
	return l->p != NULL;
}

static int
finish(struct list *l, struct err *e)
{
	int rc = l->failed ? err_memory(e) : 0;

	for (size_t i = 0; i < l->n; i++)
		free(l->made[i]);
	free(l->made);
	doc_free(l->d);
	phrases_free(l->p);
	return rc;
}

/* -- as text -- */

/* Foreign text on one line of its own: what would break that is shown. */
static void
put_line(FILE *f, const char *before, const char *text)
{
	char shown[2 * FILING_TEXT_MAX];

	fprintf(f, "%s%s\n", before,
		err_escape(shown, sizeof shown, text, strlen(text)));
}

static void
text_document(struct list *l, FILE *f, const json_t *doc)
{
	const json_t *list = json_object_get(doc, "files"), *one;
	const char *pages = phrases_get(l->p, "filing.col.pages");
	size_t i;

	fprintf(f, "\n%lld. ", (long long)filing_int(doc, "n"));
	put_line(f, "", title(l, doc, "; "));
	put_line(f, "   ", date(l, doc));
	if (json_object_get(doc, "pages") != NULL)
		fprintf(f, "   %s: %lld. %s: %s\n", pages,
			(long long)filing_int(doc, "pages"),
			phrases_get(l->p, "filing.col.bundle"),
			span(l, doc, "first", "last"));
	if (json_array_size(list) == 0)
		put_line(f, "   ", phrases_get(l->p, "filing.none"));
	json_array_foreach (list, i, one) {
		fprintf(f, "   %s\n", filing_str(one, "path"));
		if (json_object_get(one, "from") != NULL)
			fprintf(f, "      %s\n",
				SAY(l, "filing.part", "n",
				    number(l, (json_int_t)i + 1), "from",
				    number(l, filing_int(one, "from")), "to",
				    number(l, filing_int(one, "to"))));
	}
	fprintf(
	    f, "   %s: %s, %s\n", phrases_get(l->p, "filing.col.original"),
	    filing_str(doc, "path"),
	    SAY(l, "filing.bytes", "size", number(l, filing_int(doc, "size"))));
	if (filing_str(doc, "sha256") != NULL)
		fprintf(f, "   SHA-256: %s\n", filing_str(doc, "sha256"));
}

static void
text_all(struct list *l, FILE *f)
{
	const json_t *doc;
	size_t i;

	fprintf(f, "%s\n%s\n\n", phrases_get(l->p, "filing.title"), heading(l));
	for (i = 0; i < N_CASE_KEYS; i++) {
		const char *value = filing_value(l->a, case_keys[i]);

		fprintf(
		    f, "%s: ",
		    phrases_get(l->p, format(l, "filing.%s", case_keys[i])));
		put_line(f, "", value != NULL ? value : "____________");
	}
	fprintf(f, "\n%s\n%s\n", phrases_get(l->p, "filing.lead"), sum(l));
	json_array_foreach (l->documents, i, doc)
		text_document(l, f, doc);
	fprintf(f, "\n%s\n%s\n\n%s\n%s\n",
		phrases_get(l->p, "filing.originals"),
		phrases_get(l->p, "filing.originals.text"),
		phrases_get(l->p, "filing.rules"),
		phrases_get(l->p, "filing.rules.text"));
	for (unsigned n = 1; n <= RULES_MAX && rule(l, n) != NULL; n++)
		fprintf(f, "* %s\n", rule(l, n));
}

int
filing_list_text(const struct filing_ask *a, const json_t *plan, char **out,
		 size_t *len, struct err *e)
{
	struct list l;
	FILE *f;
	bool bad;

	*out = NULL;
	if (!begin(&l, a, plan, e))
		return -1;
	f = open_memstream(out, len);
	if (f == NULL) {
		(void)finish(&l, e);
		return err_sys(e, "the list of documents");
	}
	text_all(&l, f);
	bad = ferror(f) != 0;
	bad |= fclose(f) != 0;
	l.failed |= bad;
	if (finish(&l, e) == 0)
		return 0;
	free(*out);
	*out = NULL;
	return -1;
}

/* -- as a document -- */

static void
doc_documents(struct list *l)
{
	const struct doc_column columns[] = {
	    {phrases_get(l->p, "filing.col.n"), 6, false, true},
	    {phrases_get(l->p, "filing.col.date"), 14, false, false},
	    {phrases_get(l->p, "filing.col.document"), 32, false, false},
	    {phrases_get(l->p, "filing.col.pages"), 9, false, true},
	    {phrases_get(l->p, "filing.col.bundle"), 13, false, true},
	    {phrases_get(l->p, "filing.col.file"), 26, false, false}};
	const json_t *doc;
	size_t i;

	doc_heading(l->d, 2, phrases_get(l->p, "filing.list"));
	doc_para(l->d, DOC_SMALL, NULL, phrases_get(l->p, "filing.lead"));
	doc_table(l->d, phrases_get(l->p, "filing.title"), 6, columns);
	json_array_foreach (l->documents, i, doc) {
		const char *cells[] = {number(l, filing_int(doc, "n")),
				       date(l, doc),
				       title(l, doc, "\n"),
				       json_object_get(doc, "pages") != NULL
					   ? number(l, filing_int(doc, "pages"))
					   : NULL,
				       span(l, doc, "first", "last"),
				       files(l, doc, "\n")};

		doc_row(l->d, cells);
	}
	doc_para(l->d, DOC_STRONG, NULL, sum(l));
}

static void
doc_originals(struct list *l)
{
	const struct doc_column columns[] = {
	    {phrases_get(l->p, "filing.col.n"), 6, false, true},
	    {phrases_get(l->p, "filing.col.original"), 24, false, false},
	    {"SHA-256", 70, true, false}};
	const json_t *doc;
	size_t i;

	doc_heading(l->d, 2, phrases_get(l->p, "filing.originals"));
	doc_para(l->d, DOC_PLAIN, NULL,
		 phrases_get(l->p, "filing.originals.text"));
	doc_table(l->d, phrases_get(l->p, "filing.originals"), 3, columns);
	json_array_foreach (l->documents, i, doc) {
		const char *cells[] = {
		    number(l, filing_int(doc, "n")),
		    format(l, "%s\n%s", filing_str(doc, "path"),
			   SAY(l, "filing.bytes", "size",
			       number(l, filing_int(doc, "size")))),
		    filing_str(doc, "sha256")};

		doc_row(l->d, cells);
	}
}

static void
doc_all(struct list *l)
{
	doc_para(l->d, DOC_KICKER, NULL, heading(l));
	doc_heading(l->d, 1, phrases_get(l->p, "filing.title"));
	for (size_t i = 0; i < N_CASE_KEYS; i++)
		doc_field(
		    l->d,
		    phrases_get(l->p, format(l, "filing.%s", case_keys[i])),
		    filing_value(l->a, case_keys[i]));
	doc_documents(l);
	doc_originals(l);
	doc_heading(l->d, 2, phrases_get(l->p, "filing.rules"));
	doc_para(l->d, DOC_PLAIN, NULL, phrases_get(l->p, "filing.rules.text"));
	for (unsigned n = 1; n <= RULES_MAX && rule(l, n) != NULL; n++)
		doc_item(l->d, false, NULL, rule(l, n));
}

int
filing_list_doc(const struct filing_ask *a, const json_t *plan, bool pdf,
		char **out, size_t *len, struct err *e)
{
	const char *made = filing_str(a->facts, "made");
	const char *tool = filing_str(a->facts, "tool");
	struct doc_head head = {.made = made != NULL ? made : "",
				.tool = tool != NULL ? tool : "muniment"};
	struct list l;
	int rc;

	*out = NULL;
	if (!begin(&l, a, plan, e))
		return -1;
	head.lang = phrases_lang(l.p);
	head.title = head.foot = phrases_get(l.p, "filing.title");
	head.page = phrases_get(l.p, "word.page");
	head.blank = phrases_get(l.p, "word.blank");
	l.d = doc_new(&head);
	l.failed = l.d == NULL;
	if (l.d != NULL)
		doc_all(&l);
	rc = l.failed ? -1
	     : pdf    ? doc_pdf(l.d, out, len, e)
		      : doc_html(l.d, out, len, e);
	if (finish(&l, e) == 0 && rc == 0)
		return 0;
	free(*out);
	*out = NULL;
	return -1;
}
