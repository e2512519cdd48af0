/* A document as PDF, drawn through cairo and pango. */
#include "docpdf.h"

#include "docfont.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ tags */

size_t
pdf_begin(struct pdf *p, const char *tag, size_t first)
{
	if (!p->draw)
		return DOCPDF_NONE;
	cairo_tag_begin(p->cr, tag, NULL);
	return docpdf_leaf(
	    p->tree, tag,
	    strcmp(tag, DOCPDF_ARTIFACT) == 0 ? DOCPDF_NONE : p->node, first);
}

void
pdf_end(struct pdf *p, const char *tag)
{
	if (p->draw)
		cairo_tag_end(p->cr, tag);
}

/* A node of the tree; gives the one that was current, to go back to. */
size_t
pdf_enter(struct pdf *p, const char *tag)
{
	size_t was = p->node;

	if (p->draw)
		p->node = docpdf_node(p->tree, tag, was);
	return was;
}

/* ------------------------------------------------------------------ text */

#define WORD_MAX 1000 /* bytes */

/* Set a text, with the first `lead` bytes in bold. */
/*
 * Pango takes time that grows with the square of a word: one that no language
 * has is cut into lines.
 */
static char *
cut_words(const char *text)
{
	size_t len = strlen(text), o = 0, run = 0;
	char *out = g_malloc(len + len / WORD_MAX + 2);

	for (size_t i = 0; i < len; i++) {
		bool begins = (text[i] & 0xc0) != 0x80;

		run = text[i] == ' ' || text[i] == '\n' ? 0 : run + 1;
		if (run > WORD_MAX && begins) {
			out[o++] = '\n';
			run = 1;
		}
		out[o++] = text[i];
	}
	out[o] = '\0';
	return out;
}

struct set
pdf_set(struct pdf *p, const char *text, size_t lead, const char *font,
	double spacing, double width)
{
	struct set s = {.layout = pango_layout_new(p->ctx)};
	PangoFontDescription *desc = pango_font_description_from_string(font);
	PangoAttrList *attrs = pango_attr_list_new();
	PangoLayoutIter *it;
	char *cut;

	pango_attr_list_insert(attrs, pango_attr_insert_hyphens_new(FALSE));
	if (lead > 0) {
		PangoAttribute *bold = pango_attr_weight_new(PANGO_WEIGHT_BOLD);

		bold->start_index = 0;
		bold->end_index = (guint)lead;
		pango_attr_list_insert(attrs, bold);
	}
	pango_layout_set_attributes(s.layout, attrs);
	pango_attr_list_unref(attrs);
	pango_layout_set_font_description(s.layout, desc);
	pango_font_description_free(desc);
	pango_layout_set_wrap(s.layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_line_spacing(s.layout, (float)spacing);
	pango_layout_set_width(s.layout, (int)(width * PANGO_SCALE));
	cut = cut_words(text);
	pango_layout_set_text(s.layout, cut, -1);
	g_free(cut);
	s.n = (size_t)pango_layout_get_line_count(s.layout);
	s.line = g_new0(struct line, s.n);
	it = pango_layout_get_iter(s.layout);
	for (size_t i = 0; i < s.n; i++) {
		PangoRectangle r;
		int y0, y1;

		pango_layout_iter_get_line_extents(it, NULL, &r);
		pango_layout_iter_get_line_yrange(it, &y0, &y1);
		s.line[i].top = y0 / (double)PANGO_SCALE;
		s.line[i].bottom = y1 / (double)PANGO_SCALE;
		s.line[i].base =
		    pango_layout_iter_get_baseline(it) / (double)PANGO_SCALE;
		s.line[i].x = r.x / (double)PANGO_SCALE;
		s.line[i].line = pango_layout_iter_get_line_readonly(it);
		pango_layout_iter_next_line(it);
	}
	pango_layout_iter_free(it);
	s.height = s.n > 0 ? s.line[s.n - 1].bottom : 0;
	return s;
}

void
pdf_set_free(struct set *s)
{
	g_free(s->line);
	if (s->layout != NULL)
		g_object_unref(s->layout);
}

/* How many lines from the i-th fit in a height. */
size_t
pdf_fitting(const struct set *s, size_t i, double height)
{
	size_t k = 0;

	while (i + k < s->n &&
	       s->line[i + k].bottom - s->line[i].top <= height + 0.01)
		k++;
	return k;
}

double
pdf_height(const struct set *s, size_t i, size_t k)
{
	return k == 0 ? 0 : s->line[i + k - 1].bottom - s->line[i].top;
}

void
pdf_lines(struct pdf *p, const struct set *s, size_t i, size_t k, double x,
	  double y)
{
	if (!p->draw)
		return;
	for (size_t j = i; j < i + k; j++) {
		cairo_move_to(p->cr, x + s->line[j].x,
			      y + s->line[j].base - s->line[i].top);
		pango_cairo_show_layout_line(p->cr, s->line[j].line);
	}
}

void
pdf_rule(struct pdf *p, double x, double y, double w, double thick)
{
	pdf_begin(p, DOCPDF_ARTIFACT, DOCPDF_NONE);
	if (p->draw) {
		cairo_rectangle(p->cr, x, y, w, thick);
		cairo_fill(p->cr);
	}
	pdf_end(p, DOCPDF_ARTIFACT);
}

void
pdf_frame(struct pdf *p, double x, double y, double w, double h, double thick)
{
	pdf_begin(p, DOCPDF_ARTIFACT, DOCPDF_NONE);
	if (p->draw) {
		cairo_set_line_width(p->cr, thick);
		cairo_rectangle(p->cr, x, y, w, h);
		cairo_stroke(p->cr);
	}
	pdf_end(p, DOCPDF_ARTIFACT);
}

/* ----------------------------------------------------------------- pages */

static void
put_foot(struct pdf *p)
{
	char text[256], number[2][12], *at;
	struct set s;

	if (!p->draw)
		return;
	pdf_rule(p, LEFT, BOTTOM + 16, WIDTH, 0.4);
	pdf_begin(p, DOCPDF_ARTIFACT, DOCPDF_NONE);
	s = pdf_set(p, p->d->foot, 0, "Liberation Sans 7.5", 1, WIDTH - 90);
	pdf_lines(p, &s, 0, s.n < 2 ? s.n : 2, LEFT, BOTTOM + 21);
	pdf_set_free(&s);
	snprintf(number[0], sizeof number[0], "%d", p->page);
	snprintf(number[1], sizeof number[1], "%d", p->pages);
	snprintf(text, sizeof text, "%s", p->d->page);
	for (int i = 0; i < 2; i++) {
		const char *name = i == 0 ? "{n}" : "{all}";
		char rest[256];

		at = strstr(text, name);
		if (at == NULL)
			continue;
		snprintf(rest, sizeof rest, "%s", at + strlen(name));
		snprintf(at, sizeof text - (size_t)(at - text), "%s%s",
			 number[i], rest);
	}
	s = pdf_set(p, text, 0, "Liberation Sans 7.5", 1, 90);
	pango_layout_set_alignment(s.layout, PANGO_ALIGN_RIGHT);
	cairo_move_to(p->cr, LEFT + WIDTH - 90, BOTTOM + 21);
	pango_cairo_show_layout(p->cr, s.layout);
	pdf_set_free(&s);
	pdf_end(p, DOCPDF_ARTIFACT);
}

void
pdf_new_page(struct pdf *p)
{
	put_foot(p);
	if (p->draw)
		cairo_show_page(p->cr);
	p->page++;
	p->y = TOP;
	if (p->table != NULL)
		pdf_table_head(p, p->table, true);
}

/* Go to a new page unless so much fits on this one. */
void
pdf_need(struct pdf *p, double height)
{
	if (p->y + height > p->bottom && p->y > TOP + 1)
		pdf_new_page(p);
}

/* Write a text from p->y on, over as many pages as it takes. */
void
pdf_flow(struct pdf *p, const struct set *s, double x, const char *tag)
{
	size_t first = DOCPDF_NONE, leaf;

	for (size_t i = 0; i < s->n;) {
		size_t k = pdf_fitting(s, i, p->bottom - p->y);

		if (k < s->n - i && k < 2 && p->y > TOP + 1) {
			pdf_new_page(p);
			continue;
		}
		if (k == 0)
			k = 1;
		leaf = pdf_begin(p, tag, first);
		if (first == DOCPDF_NONE)
			first = leaf;
		pdf_lines(p, s, i, k, x, p->y);
		pdf_end(p, tag);
		p->y += pdf_height(s, i, k);
		i += k;
	}
}

/* ------------------------------------------------------------- the whole */

static void put_blocks(struct pdf *p, size_t from, size_t to);

/* Where the box that begins at i ends. */
static size_t
box_end(const struct doc *d, size_t i)
{
	while (i < d->n && d->block[i].kind != DOC_BOX_END)
		i++;
	return i;
}

/* What stands in a box, with its title; gives the height. */
static double
box_inside(struct pdf *p, size_t i, double x, double w, bool draw)
{
	struct pdf was = *p;
	const char *title = p->d->block[i].text;
	struct set s;
	double h;

	p->draw = p->draw && draw;
	p->bottom = draw ? p->bottom : 1e9;
	p->x = x + FRAME;
	p->w = w - 2 * FRAME;
	p->y += FRAME;
	p->boxed = true;
	pdf_enter(p, "Sect");
	if (title != NULL) {
		s = pdf_set(p, title, strlen(title), "Liberation Sans Bold 9",
			    1.15, p->w);
		pdf_flow(p, &s, p->x, "P");
		p->y += 3;
		pdf_set_free(&s);
	}
	put_blocks(p, i + 1, box_end(p->d, i));
	h = p->y + FRAME - 4 - was.y;
	was.page = p->page; /* a box longer than a page goes on */
	if (draw)
		was.y = p->y;
	*p = was;
	return h;
}

/* One box, or two side by side; gives the block that follows. */
static size_t
put_box(struct pdf *p, size_t i)
{
	size_t ends = box_end(p->d, i), other = ends + 1;
	bool pair = p->d->block[i].side == DOC_LEFT && other < p->d->n &&
		    p->d->block[other].kind == DOC_BOX;
	double w = pair ? (p->w - 10) / 2 : p->w;
	double h = box_inside(p, i, p->x, w, false);
	double h2 = pair ? box_inside(p, other, p->x, w, false) : 0, y;

	if (h2 > h)
		h = h2;
	if (h > BOTTOM - TOP) { /* no frame is so high */
		box_inside(p, i, p->x, p->w, true);
		return ends + 1;
	}
	pdf_need(p, h);
	y = p->y;
	pdf_frame(p, p->x, y, w, h, 0.7);
	box_inside(p, i, p->x, w, true);
	if (pair) {
		p->y = y;
		pdf_frame(p, p->x + w + 10, y, w, h, 0.7);
		box_inside(p, other, p->x + w + 10, w, true);
	}
	p->y = y + h + 8;
	return pair ? box_end(p->d, other) + 1 : ends + 1;
}

static void
put_blocks(struct pdf *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct doc_block *b = &p->d->block[i];

		switch (b->kind) {
		case DOC_HEADING:
			pdf_heading(p, b);
			break;
		case DOC_PARA:
			pdf_para(p, b);
			break;
		case DOC_ITEM:
			pdf_item(p, b, i > from && doc_goes_on(p->d, i));
			break;
		case DOC_DIGEST:
			pdf_digest(p, b);
			break;
		case DOC_TABLE:
		case DOC_FIELDS:
			pdf_table(p, b);
			break;
		case DOC_BOX:
			i = put_box(p, i) - 1;
			break;
		case DOC_BOX_END:
			break;
		case DOC_PAGE:
			if (p->y > TOP + 1)
				pdf_new_page(p);
			break;
		}
	}
}

/* Go through all blocks once; gives the number of pages. */
static int
walk(struct pdf *p, PangoFontMap *map, int pages, bool draw)
{
	cairo_font_options_t *o = cairo_font_options_create();

	cairo_font_options_set_hint_style(o, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(o, CAIRO_HINT_METRICS_OFF);
	p->cr = cairo_create(p->surface);
	p->ctx = pango_font_map_create_context(map);
	pango_cairo_context_set_font_options(p->ctx, o);
	pango_context_set_language(p->ctx,
				   pango_language_from_string(p->d->lang));
	pango_cairo_update_context(p->cr, p->ctx);
	cairo_font_options_destroy(o);
	p->draw = draw;
	p->x = LEFT;
	p->w = WIDTH;
	p->y = TOP;
	p->bottom = BOTTOM;
	p->page = 1;
	p->pages = pages;
	p->node = DOCPDF_NONE;
	p->table = NULL;
	put_blocks(p, 0, p->d->n);
	put_foot(p);
	g_object_unref(p->ctx);
	cairo_destroy(p->cr);
	return p->page;
}

struct bytes {
	char *at;
	size_t len, cap;
};

static cairo_status_t
collect(void *ctx, const unsigned char *data, unsigned int len)
{
	struct bytes *b = ctx;

	if (b->cap - b->len < len) {
		size_t cap = (b->cap + len) * 2;
		char *at = realloc(b->at, cap);

		if (at == NULL)
			return CAIRO_STATUS_NO_MEMORY;
		b->at = at;
		b->cap = cap;
	}
	memcpy(b->at + b->len, data, len);
	b->len += len;
	return CAIRO_STATUS_SUCCESS;
}

/* Draw it, as cairo writes it. 0 or -1. */
static int
draw(const struct doc *d, PangoFontMap *map, struct docpdf_tree *tree,
     struct bytes *b)
{
	struct pdf p = {.d = d, .tree = tree};
	cairo_status_t status;
	int pages;

	p.surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
	pages = walk(&p, map, 0, false);
	cairo_surface_destroy(p.surface);

	p.surface =
	    cairo_pdf_surface_create_for_stream(collect, b, PAGE_W, PAGE_H);
	cairo_pdf_surface_restrict_to_version(p.surface, CAIRO_PDF_VERSION_1_5);
	cairo_pdf_surface_set_metadata(p.surface, CAIRO_PDF_METADATA_TITLE,
				       d->title);
	cairo_pdf_surface_set_metadata(p.surface, CAIRO_PDF_METADATA_CREATOR,
				       d->tool);
	cairo_pdf_surface_set_metadata(p.surface,
				       CAIRO_PDF_METADATA_CREATE_DATE, d->made);
	walk(&p, map, pages, true);
	cairo_surface_finish(p.surface);
	status = cairo_surface_status(p.surface);
	cairo_surface_destroy(p.surface);
	return status == CAIRO_STATUS_SUCCESS && !tree->broken ? 0 : -1;
}

int
doc_pdf(const struct doc *d, char **out, size_t *len, struct err *e)
{
	struct docpdf_tree tree = {0};
	struct bytes b = {0};
	PangoFontMap *map;
	int rc = -1;

	*out = NULL;
	if (d->broken)
		return err_memory(e);
	map = docfont_map(e);
	if (map == NULL)
		return -1;
	if (draw(d, map, &tree, &b) != 0)
		err_set(e, ERR_UNKNOWN, "the PDF cannot be drawn");
	else
		rc = docpdf_finish(d, &tree, b.at, b.len, out, len, e);
	docpdf_tree_free(&tree);
	free(b.at);
	docfont_done(map);
	return rc;
}
