#include "pdfdoc.h"

#include "hash.h"
#include "pdfops.h"

#include <qpdf/qpdf-c.h>
#include <stdlib.h>
#include <string.h>

#define DRAWN_DEPTH 8	       /* objects that draw each other */
#define DRAWN_MAX 2000	       /* of one page */
#define CONTENT_MAX (64 << 20) /* bytes of one page, all objects together */
#define TRIES_MAX 12	       /* to find where to cut */

struct pdfdoc {
	const uint8_t *bytes;
	size_t len;
	qpdf_data q;
	enum pdfwork_state state;
	bool encrypted;
	uint32_t pages;
};

const char pdfdoc_sample[] =
    "%PDF-1.4\n"
    "1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj\n"
    "2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n"
    "3 0 obj <</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>"
    " endobj\n"
    "4 0 obj <</Length 11>> stream\nBT (x)Tj ET\nendstream endobj\n"
    "trailer <</Root 1 0 R/Size 5>>\nstartxref\n1\n%%EOF\n";

static qpdf_data
quiet(void)
{
	qpdf_data q = qpdf_init();

	if (q != NULL) {
		qpdf_set_suppress_warnings(q, QPDF_TRUE);
		qpdf_silence_errors(q);
	}
	return q;
}

struct pdfdoc *
pdfdoc_new(const uint8_t *bytes, size_t len)
{
	struct pdfdoc *d = calloc(1, sizeof *d);
	int n;

	if (d == NULL || (d->q = quiet()) == NULL) {
		free(d);
		return NULL;
	}
	d->bytes = bytes;
	d->len = len;
	d->state = PDFWORK_BROKEN;
	if ((qpdf_read_memory(d->q, "document", (const char *)bytes, len,
			      NULL) &
	     QPDF_ERRORS) != 0) {
		qpdf_error why = qpdf_get_error(d->q);

		if (why != NULL &&
		    qpdf_get_error_code(d->q, why) == qpdf_e_password)
			d->state = PDFWORK_ENCRYPTED;
		return d;
	}
	d->encrypted = qpdf_is_encrypted(d->q);
	n = qpdf_get_num_pages(d->q);
	if (n > 0 && n <= PDFWORK_PAGES_MAX) {
		d->pages = (uint32_t)n;
		d->state = d->encrypted ? PDFWORK_ENCRYPTED : PDFWORK_READ;
	}
	return d;
}

void
pdfdoc_free(struct pdfdoc *d)
{
	if (d == NULL)
		return;
	qpdf_cleanup(&d->q);
	free(d);
}

/* What a page draws, with the objects that are drawn in it. */
struct drawing {
	struct pdfdoc *d;
	qpdf_oh resources; /* of what is being read */
	unsigned deep, drawn;
	size_t content;
	bool unknown; /* something could not be read: no word on it */
	bool text, image;
	struct hash *strings; /* or NULL */
	bool any;	      /* it got some */
};

static void
add_string(void *ctx, const void *bytes, size_t len)
{
	struct drawing *w = ctx;

	if (w->strings != NULL)
		hash_update(w->strings, bytes, len);
	w->any = true;
}

static void draw(void *ctx, const char *name);

static void
read_content(struct drawing *w, const uint8_t *content, size_t len)
{
	struct pdfops ops = {add_string, draw, w, false, false};

	w->content += len;
	if (w->content > CONTENT_MAX) {
		w->unknown = true;
		return;
	}
	pdfops_read(&ops, content, len);
	w->text |= ops.text;
	w->image |= ops.image;
}

/* A "form": content of its own, with resources of its own or its page's. */
static void
draw_form(struct drawing *w, qpdf_oh stream)
{
	qpdf_data q = w->d->q;
	qpdf_oh outer = w->resources, dict = qpdf_oh_get_dict(q, stream);
	unsigned char *content = NULL;
	size_t len = 0;
	QPDF_BOOL decoded = QPDF_FALSE;

	if (qpdf_oh_has_key(q, dict, "/Resources"))
		w->resources = qpdf_oh_get_key(q, dict, "/Resources");
	if ((qpdf_oh_get_stream_data(q, stream, qpdf_dl_generalized, &decoded,
				     &content, &len) &
	     QPDF_ERRORS) == 0 &&
	    decoded && content != NULL)
		read_content(w, content, len);
	else
		w->unknown = true;
	free(content);
	w->resources = outer;
}

static void
draw(void *ctx, const char *name)
{
	struct drawing *w = ctx;
	qpdf_data q = w->d->q;
	char key[PDFOPS_NAME_MAX + 1] = "/";
	qpdf_oh objects, one, dict;

	if (w->deep == DRAWN_DEPTH || ++w->drawn > DRAWN_MAX) {
		w->unknown = true;
		return;
	}
	strncat(key, name, sizeof key - 2);
	objects = qpdf_oh_get_key_if_dict(q, w->resources, "/XObject");
	one = qpdf_oh_get_key_if_dict(q, objects, key);
	if (!qpdf_oh_is_stream(q, one))
		return;
	dict = qpdf_oh_get_dict(q, one);
	if (qpdf_oh_is_name_and_equals(q, qpdf_oh_get_key(q, dict, "/Subtype"),
				       "/Image")) {
		w->image = true;
		return;
	}
	w->deep++;
	draw_form(w, one);
	w->deep--;
}

/* `page` counts from 0. */
static void
draw_page(struct drawing *w, uint32_t page)
{
	qpdf_data q = w->d->q;
	qpdf_oh oh = qpdf_get_page_n(q, page);
	unsigned char *content = NULL;
	size_t len = 0;

	w->resources = qpdf_oh_get_key_if_dict(q, oh, "/Resources");
	if ((qpdf_oh_get_page_content_data(q, oh, &content, &len) &
	     QPDF_ERRORS) == 0 &&
	    content != NULL)
		read_content(w, content, len);
	else
		w->unknown = true;
	free(content);
	qpdf_oh_release_all(q);
}

/* Files attached to a page. */
static bool
page_has_files(struct pdfdoc *d, uint32_t page)
{
	qpdf_oh notes = qpdf_oh_get_key_if_dict(
	    d->q, qpdf_get_page_n(d->q, page), "/Annots");
	int n = qpdf_oh_is_array(d->q, notes)
		    ? qpdf_oh_get_array_n_items(d->q, notes)
		    : 0;
	bool found = false;

	for (int i = 0; i < n && i < 1000 && !found; i++) {
		qpdf_oh one = qpdf_oh_get_array_item(d->q, notes, i);

		found = qpdf_oh_is_name_and_equals(
		    d->q, qpdf_oh_get_key_if_dict(d->q, one, "/Subtype"),
		    "/FileAttachment");
	}
	qpdf_oh_release_all(d->q);
	return found;
}

/* Scripts, and files attached to the document. */
static bool
is_active(struct pdfdoc *d)
{
	qpdf_oh root = qpdf_get_root(d->q);
	qpdf_oh names = qpdf_oh_get_key_if_dict(d->q, root, "/Names");
	qpdf_oh first = qpdf_oh_get_key_if_dict(d->q, root, "/OpenAction");
	bool active;

	active =
	    !qpdf_oh_is_null(
		d->q, qpdf_oh_get_key_if_dict(d->q, names, "/JavaScript")) ||
	    !qpdf_oh_is_null(
		d->q, qpdf_oh_get_key_if_dict(d->q, names, "/EmbeddedFiles")) ||
	    !qpdf_oh_is_null(d->q,
			     qpdf_oh_get_key_if_dict(d->q, root, "/AA")) ||
	    (qpdf_oh_is_dictionary(d->q, first) &&
	     !qpdf_oh_is_name_and_equals(
		 d->q, qpdf_oh_get_key(d->q, first, "/S"), "/GoTo"));
	qpdf_oh_release_all(d->q);
	for (uint32_t i = 0; i < d->pages && !active; i++)
		active = page_has_files(d, i);
	return active;
}

/*
 * States saved one behind another: each ends in "startxref" and where its table
 * is. A file made to be read from the network has one more, which says 0.
 */
static uint32_t
count_revisions(const uint8_t *s, size_t len)
{
	static const char word[] = "startxref";
	const uint8_t *end = s + len;
	uint32_t n = 0;

	while ((s = memmem(s, (size_t)(end - s), word, sizeof word - 1)) !=
	       NULL) {
		s += sizeof word - 1;
		while (s < end && (*s == ' ' || *s == '\r' || *s == '\n'))
			s++;
		n += s < end && *s >= '1' && *s <= '9';
	}
	return n > 0 ? n : 1;
}

void
pdfdoc_look(struct pdfdoc *d, struct pdfwork_facts *out)
{
	memset(out, 0, sizeof *out);
	out->state = d->state;
	out->pages = d->pages;
	out->revisions = count_revisions(d->bytes, d->len);
	if (d->pages == 0)
		return;
	for (uint32_t i = 0; i < d->pages; i++) {
		struct drawing w = {.d = d};

		draw_page(&w, i);
		if (w.unknown || w.text || !w.image)
			continue;
		if (out->textless++ == 0)
			out->first_of = i + 1;
	}
	out->active = is_active(d);
	out->repaired = qpdf_more_warnings(d->q);
}

void
pdfdoc_text(struct pdfdoc *d, uint32_t page, uint8_t out[32])
{
	struct drawing w = {.d = d, .strings = hash_new(HASH_SHA256)};

	memset(out, 0, 32);
	if (w.strings == NULL)
		return;
	draw_page(&w, page);
	if (w.any && w.text && !w.unknown)
		hash_final(w.strings, out);
	hash_free(w.strings);
}

/* Pages as a document that is ready to be read; NULL if it cannot be made. */
static qpdf_data
make(struct pdfdoc *d, uint32_t from, uint32_t to)
{
	qpdf_data out = quiet();
	int bad = out == NULL || (qpdf_empty_pdf(out) & QPDF_ERRORS) != 0;

	for (uint32_t i = from; i <= to && !bad; i++) {
		bad = (qpdf_add_page(out, d->q, qpdf_get_page_n(d->q, i - 1),
				     QPDF_FALSE) &
		       QPDF_ERRORS) != 0;
		qpdf_oh_release_all(d->q);
	}
	bad = bad || (qpdf_init_write_memory(out) & QPDF_ERRORS) != 0;
	if (!bad) {
		/* what is compressed stays as it is; no time, no chance */
		qpdf_set_stream_data_mode(out, qpdf_s_preserve);
		qpdf_set_object_stream_mode(out, qpdf_o_generate);
		qpdf_set_deterministic_ID(out, QPDF_TRUE);
		bad = (qpdf_write(out) & QPDF_ERRORS) != 0;
	}
	if (bad && out != NULL)
		qpdf_cleanup(&out);
	return bad ? NULL : out;
}

int
pdfdoc_cut(struct pdfdoc *d, uint32_t from, uint32_t to, uint8_t **out,
	   size_t *len)
{
	qpdf_data made;

	*out = NULL;
	*len = 0;
	if (d->state != PDFWORK_READ || from < 1 || from > to || to > d->pages)
		return -1;
	made = make(d, from, to);
	if (made == NULL)
		return -1;
	*len = qpdf_get_buffer_length(made);
	*out = malloc(*len + 1);
	if (*out != NULL)
		memcpy(*out, qpdf_get_buffer(made), *len);
	qpdf_cleanup(&made);
	return *out != NULL ? 0 : -1;
}

/* How large `n` pages from `from` on are; 0 if they cannot be made. */
static uint64_t
weigh(struct pdfdoc *d, uint32_t from, uint32_t n)
{
	qpdf_data made = make(d, from, from + n - 1);
	uint64_t size = made != NULL ? qpdf_get_buffer_length(made) : 0;

	if (made != NULL)
		qpdf_cleanup(&made);
	return size;
}

/*
 * As many pages from `from` on as the limit allows, nearly: what pages share
 * cannot be told from their sizes, so they are made, and counted.
 */
static int
next_part(struct pdfdoc *d, uint32_t from, uint64_t limit,
	  struct pdfwork_part *out)
{
	uint32_t left = d->pages - from + 1, fits = 0, fails = left + 1;
	uint64_t size = 0;
	double guess = (double)limit * d->pages / (double)d->len;

	for (int i = 0; fails - fits > 1 && (i < TRIES_MAX || fits == 0); i++) {
		uint32_t n = guess >= left ? left : (uint32_t)guess;
		uint64_t s;

		n = n <= fits ? fits + 1 : n >= fails ? fails - 1 : n;
		/* towards the end halve what is left: it ends in any case */
		if (i > TRIES_MAX / 2)
			n = fits + (fails - fits) / 2;
		s = weigh(d, from, n);
		if (s == 0)
			return -1;
		guess = 0.98 * n * (double)limit / (double)s;
		if (s <= limit || n == 1) {
			fits = n;
			size = s;
		} else {
			fails = n;
		}
		if (s > limit && n == 1)
			break;
		if (s <= limit && s > limit / 10 * 9)
			break;
	}
	*out = (struct pdfwork_part){from, from + fits - 1, size};
	return 0;
}

int
pdfdoc_plan(struct pdfdoc *d, uint64_t limit, struct pdfwork_part **out,
	    size_t *n)
{
	struct pdfwork_part *list = NULL;

	*out = NULL;
	*n = 0;
	if (d->state != PDFWORK_READ)
		return -1;
	list = calloc(d->pages, sizeof *list);
	if (list == NULL)
		return -1;
	for (uint32_t from = 1; from <= d->pages; from = list[(*n)++].to + 1)
		if (next_part(d, from, limit, &list[*n]) != 0) {
			free(list);
			*n = 0;
			return -1;
		}
	*out = list;
	return 0;
}
