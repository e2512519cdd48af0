/* Tables of a PDF: rows that go over the page's end, the head on each page. */
#include "docpdf.h"

#include <stdlib.h>
#include <string.h>

#define PAD_Y 3.0 /* points above and below the text of a cell */
#define CELL_FONT "Liberation Serif 9.5"
#define CELL_MONO "Liberation Mono 8"
#define CELL_HEAD "Liberation Sans Bold 8"
#define BLANK 5.0 /* height of what is left free for writing */

struct row {
	struct set cell[DOC_COLUMNS_MAX];
	size_t done[DOC_COLUMNS_MAX];  /* lines */
	size_t first[DOC_COLUMNS_MAX]; /* the leaf each cell began with */
	const char *tag[DOC_COLUMNS_MAX], *scope[DOC_COLUMNS_MAX];
	double x[DOC_COLUMNS_MAX];
	bool blank[DOC_COLUMNS_MAX];
	size_t n;
};

static void
row_place(struct pdf *p, const struct doc_block *b, size_t i, struct row *r,
	  double *w)
{
	double x = p->x;

	for (size_t k = 0; k < i; k++)
		x += p->w * b->width[k] / 100;
	r->x[i] = x + (i > 0 ? PAD : 0);
	*w = p->w * b->width[i] / 100 - PAD - (i > 0 ? PAD : 0);
	r->done[i] = 0;
	r->first[i] = DOCPDF_NONE;
	r->n = i + 1;
}

static void
row_set(struct pdf *p, const struct doc_block *b, const struct doc_cell *cells,
	struct row *r)
{
	for (size_t i = 0; i < b->columns; i++) {
		bool head = cells == NULL ||
			    (b->kind == DOC_FIELDS && i == 0);
		const char *text = cells == NULL ? b->title[i] : cells[i].text;
		const char *font = head		   ? CELL_HEAD
				   : cells[i].mono ? CELL_MONO
						   : CELL_FONT;
		double w;

		row_place(p, b, i, r, &w);
		r->tag[i] = head ? "TH" : "TD";
		r->scope[i] = !head ? NULL : cells == NULL ? "Column" : "Row";
		r->blank[i] = b->kind == DOC_FIELDS && text == NULL;
		r->cell[i] = pdf_set(p, text != NULL ? text : "", 0, font, 1.1,
				     w);
		if (b->right[i])
			for (size_t k = 0; k < r->cell[i].n; k++) {
				PangoRectangle ext;

				pango_layout_line_get_extents(
				    r->cell[i].line[k].line, NULL, &ext);
				r->cell[i].line[k].x =
				    w - ext.width / (double)PANGO_SCALE;
			}
	}
}

static void
row_free(struct row *r)
{
	for (size_t i = 0; i < r->n; i++)
		pdf_set_free(&r->cell[i]);
}

static double
row_height(const struct row *r)
{
	double h = 0;

	for (size_t i = 0; i < r->n; i++) {
		double c = r->cell[i].height + (r->blank[i] ? BLANK : 0);

		h = c > h ? c : h;
	}
	return h + 2 * PAD_Y;
}

/* Write what fits on this page; true if that was all. */
static bool
row_piece(struct pdf *p, struct row *r, bool artifact)
{
	double high = 0, room = p->bottom - p->y - 2 * PAD_Y;
	bool all = true;

	for (size_t i = 0; i < r->n; i++) {
		struct set *s = &r->cell[i];
		size_t k = pdf_fitting(s, r->done[i], room), leaf;
		const char *tag = artifact ? DOCPDF_ARTIFACT : r->tag[i];
		double h;

		if (k == 0 && r->done[i] < s->n && room > BOTTOM - TOP - 60)
			k = 1; /* a line higher than a page */
		h = pdf_height(s, r->done[i], k) +
		    (r->blank[i] ? BLANK : 0);
		leaf = pdf_begin(p, tag, r->first[i]);
		if (leaf != DOCPDF_NONE && r->first[i] == DOCPDF_NONE) {
			r->first[i] = leaf;
			p->tree->leaf[leaf].scope = r->scope[i];
		}
		pdf_lines(p, s, r->done[i], k, r->x[i], p->y + PAD_Y);
		pdf_end(p, tag);
		r->done[i] += k;
		all = all && r->done[i] == s->n;
		high = h > high ? h : high;
	}
	p->y += high + 2 * PAD_Y;
	return all;
}

void
pdf_table_head(struct pdf *p, const struct doc_block *b, bool again)
{
	struct row r = {0};
	size_t was = p->node;

	row_set(p, b, NULL, &r);
	if (!again)
		pdf_enter(p, "TR");
	row_piece(p, &r, again);
	p->node = was;
	pdf_rule(p, p->x, p->y - 0.8, p->w, 0.8);
	row_free(&r);
}

static void
put_row(struct pdf *p, const struct doc_block *b, size_t i)
{
	size_t was = p->node;
	struct row r = {0};
	double h;

	row_set(p, b, b->cells + i * b->columns, &r);
	h = row_height(&r);
	if (h < (BOTTOM - TOP) / 3 || p->bottom - p->y < 60)
		pdf_need(p, h < (BOTTOM - TOP) / 3 ? h : 60);
	pdf_enter(p, "TR");
	while (!row_piece(p, &r, false)) {
		size_t node = p->node;

		pdf_new_page(p);
		p->node = node;
	}
	p->node = was;
	pdf_rule(p, p->x, p->y - 0.3, p->w, 0.3);
	row_free(&r);
}

void
pdf_table(struct pdf *p, const struct doc_block *b)
{
	size_t was = p->node;
	struct set s;

	pdf_need(p, 60);
	pdf_enter(p, "Table");
	if (b->text != NULL) {
		s = pdf_set(p, b->text, 0, "Liberation Sans Bold 8.5", 1.1,
			    p->w);
		pdf_flow(p, &s, p->x, "Caption");
		p->y += 3;
		pdf_set_free(&s);
	}
	if (b->kind == DOC_TABLE) {
		pdf_table_head(p, b, false);
		p->table = b;
	}
	for (size_t i = 0; i < b->n; i++)
		put_row(p, b, i);
	p->table = NULL;
	p->node = was;
	p->y += 8;
}
