/* One document of a filing: what is doubtful of it, and the files it will be.
 */
#include "filing_inside.h"

#include "translit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "filing/01_Title.pdf", or "..._Part2.pdf". */
static void
name_file(const struct filing_work *w, const json_t *doc, unsigned part,
	  char out[FILING_NAME_MAX + 16])
{
	const char *path = filing_str(doc, "path");
	const char *dot = strrchr(path, '.');
	int wide = json_array_size(w->documents) > 99 ? 4 : 2;
	char title[61], tail[24] = "", *ext;

	(void)translit_name(filing_str(doc, "title"), title, sizeof title);
	/* a file's own name may be its title */
	ext = dot != NULL ? strrchr(title, '.') : NULL;
	if (ext != NULL && ext > title && strcasecmp(ext, dot) == 0)
		*ext = '\0';
	if (part > 0)
		snprintf(tail, sizeof tail, "_Part%u", part);
	snprintf(out, FILING_NAME_MAX + 16, "filing/%0*lld%s%s%s%.12s", wide,
		 (long long)filing_int(doc, "n"), title[0] != '\0' ? "_" : "",
		 title, tail, dot != NULL ? dot : "");
}

/* Plan one file: a copy, or the pages from `p->from` on. */
static int
put_file(struct filing_work *w, json_t *doc, json_t *files, unsigned part,
	 const struct pdfwork_part *p)
{
	char path[FILING_NAME_MAX + 16];
	json_t *f = json_object();
	int rc = f == NULL;

	name_file(w, doc, part, path);
	if (rc == 0)
		rc = filing_set(f, "path", path) |
		     json_object_set_new(f, "size",
					 json_integer((json_int_t)p->size));
	if (rc == 0 && part > 0)
		rc = json_object_set_new(f, "from", json_integer(p->from)) |
		     json_object_set_new(f, "to", json_integer(p->to));
	if (rc == 0)
		rc = json_array_append(files, f);
	json_decref(f);
	return rc;
}

/* Cut what is too large: "Part 1", "Part 2". */
static int
plan_parts(struct filing_work *w, json_t *doc, json_t *files, struct err *e)
{
	struct pdfwork_part *parts = NULL;
	const char *path = filing_str(doc, "path");
	size_t n = 0;
	int rc = 0;

	if (!pdfwork_works(w->a->pdf) ||
	    pdfwork_plan(w->a->pdf, w->p->limit, &parts, &n) != 0)
		return filing_found(w, FILING_STOP, path, e,
				    "larger than %" PRIu64
				    " bytes, and it cannot be cut at pages",
				    w->p->limit);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (parts[i].size > w->p->limit)
			rc = filing_found(w, FILING_STOP, path, e,
					  "page %u alone takes %" PRIu64
					  " bytes; a file may have %" PRIu64,
					  parts[i].from, parts[i].size,
					  w->p->limit);
		if (rc == 0 &&
		    put_file(w, doc, files, (unsigned)i + 1, &parts[i]) != 0)
			rc = err_memory(e);
	}
	free(parts);
	if (rc == 0)
		rc = filing_found(
		    w, FILING_NOTE, path, e,
		    "larger than %" PRIu64
		    " bytes: cut at pages into %zu parts; signatures inside it"
		    " and links between parts do not survive that",
		    w->p->limit, n);
	return rc;
}

/* What libqpdf says of it. */
static int
judge(struct filing_work *w, const char *path, const struct pdfwork_facts *f,
      struct err *e)
{
	enum filing_level bad = w->p->body != NULL ? FILING_STOP : FILING_DOUBT;
	int rc = 0;

	if (f->state == PDFWORK_ENCRYPTED)
		return filing_found(w, bad, path, e,
				    "an encrypted PDF: who receives it cannot"
				    " open, print or copy it freely");
	if (f->state == PDFWORK_BROKEN)
		return filing_found(w, bad, path, e,
				    "no PDF that can be read: damaged, or"
				    " something else");
	if (f->state == PDFWORK_GAVE_UP)
		return filing_found(w, FILING_DOUBT, path, e,
				    "could not be looked at within the limits:"
				    " its pages are not counted");
	if (f->repaired)
		rc = filing_found(w, FILING_DOUBT, path, e,
				  "a damaged PDF: other programs may fail on"
				  " it");
	if (rc == 0 && f->active)
		rc = filing_found(w, FILING_DOUBT, path, e,
				  "holds scripts or attached files: look at"
				  " what goes with it");
	if (rc == 0 && f->textless > 0 && f->textless == f->pages)
		rc = filing_found(
		    w, w->p->text_only ? FILING_STOP : FILING_NOTE, path, e,
		    "images of pages without text%s",
		    w->p->text_only ? ": this portal wants PDFs with text"
				    : "");
	else if (rc == 0 && f->textless > 0)
		rc = filing_found(
		    w, w->p->text_only ? FILING_DOUBT : FILING_NOTE, path, e,
		    "%u of %u pages are images without text, the"
		    " first is page %u",
		    f->textless, f->pages, f->first_of);
	return rc;
}

static int
look_pdf(struct filing_work *w, json_t *doc, json_t *files, bool *cut,
	 struct err *e)
{
	const char *path = filing_str(doc, "path");
	uint64_t size = (uint64_t)filing_int(doc, "size");
	struct pdfwork *pdf = w->a->pdf;
	struct pdfwork_facts facts = {.state = PDFWORK_GAVE_UP};
	int rc = 0;

	if (pdf != NULL && pdfwork_works(pdf)) {
		rc = pdfwork_open(pdf, size, e);
		if (rc == 0)
			rc =
			    w->a->source(w->a->ctx, path, pdfwork_feed, pdf, e);
		if (rc == 0)
			pdfwork_look(pdf, &facts);
	}
	if (rc == 0)
		rc = judge(w, path, &facts, e);
	if (rc == 0 && facts.pages > 0 &&
	    json_object_set_new(doc, "pages", json_integer(facts.pages)) != 0)
		rc = err_memory(e);
	*cut = w->p->limit > 0 && size > w->p->limit;
	if (rc == 0 && *cut)
		rc = plan_parts(w, doc, files, e);
	if (pdf != NULL)
		pdfwork_close(pdf);
	return rc;
}

/* A title that a portal cannot take as it is. */
static int
look_title(struct filing_work *w, const json_t *doc, struct err *e)
{
	const char *title = filing_str(doc, "title");
	const char *ascii = filing_str(doc, "ascii");
	char all[FILING_TEXT_MAX];

	if (!translit_ascii(title, all, sizeof all) &&
	    filing_found(w, FILING_DOUBT, filing_str(doc, "path"), e,
			 "no Latin letters are known for all of \"%.200s\":"
			 " give document_<number>_title",
			 title) != 0)
		return -1;
	if (strcmp(title, ascii) == 0)
		return 0;
	return filing_found(w, FILING_NOTE, filing_str(doc, "path"), e,
			    "\"%.200s\" is called \"%s\" in Latin letters",
			    title, ascii);
}

/* UN bodies work in the official languages of the UN. */
static int
look_language(struct filing_work *w, const json_t *doc, struct err *e)
{
	static const char *const official[] = {"ar", "zh", "en",
					       "fr", "ru", "es"};
	const char *tag = filing_str(doc, "language");
	const char *path = filing_str(doc, "path");

	if (!w->p->says_language)
		return 0;
	if (tag == NULL)
		return filing_found(w, FILING_DOUBT, path, e,
				    "its language is not stated: give"
				    " document_<number>_language");
	for (size_t i = 0; i < sizeof official / sizeof *official; i++)
		if (strncasecmp(tag, official[i], 2) == 0 &&
		    (tag[2] == '\0' || tag[2] == '-'))
			return 0;
	return filing_found(w, FILING_DOUBT, path, e,
			    "in \"%.20s\", which is no official language of the"
			    " UN: file a translation with it",
			    tag);
}

/* Where the type is not shown, the name in data/ tells it. */
static bool
is_pdf(const char *type, const char *path)
{
	size_t n = strlen(path);

	return type != NULL ? strcmp(type, "application/pdf") == 0
			    : n > 4 && strcmp(path + n - 4, ".pdf") == 0;
}

int
filing_look(struct filing_work *w, json_t *doc, struct err *e)
{
	const char *type = filing_str(doc, "media_type");
	const char *path = filing_str(doc, "path");
	struct pdfwork_part whole = {.size = (uint64_t)filing_int(doc, "size")};
	bool pdf = is_pdf(type, path);
	bool cut = false, left_out = false;
	json_t *files = json_array();
	int rc = -1;

	if (files == NULL || json_object_set(doc, "files", files) != 0) {
		err_memory(e);
		goto out;
	}
	if (look_title(w, doc, e) != 0 || look_language(w, doc, e) != 0)
		goto out;
	if (pdf) {
		rc = look_pdf(w, doc, files, &cut, e);
	} else if (w->p->pdf_only) {
		left_out = true;
		rc = filing_found(w, FILING_STOP, path, e,
				  "not a PDF (%.80s): this portal takes"
				  " nothing else",
				  type != NULL ? type : "unknown");
	} else {
		rc = filing_found(
		    w, w->p->body != NULL ? FILING_DOUBT : FILING_NOTE, path, e,
		    "not a PDF (%.80s): it has no pages",
		    type != NULL ? type : "unknown");
	}
	if (rc == 0 && !cut && !left_out &&
	    put_file(w, doc, files, 0, &whole) != 0)
		rc = err_memory(e);
out:
	json_decref(files);
	return rc;
}
