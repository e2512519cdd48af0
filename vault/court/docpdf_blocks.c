/* Headings, paragraphs, items, digests of a PDF. */
#include "docpdf.h"

#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QR_SIDE 98.0 /* points */

static const struct {
	const char *font;
	double spacing;
} fonts[] = {
    [DOC_PLAIN] = {"Liberation Serif 10.5", 1.14},
    [DOC_SMALL] = {"Liberation Serif 9", 1.12},
    [DOC_STRONG] = {"Liberation Serif Bold 10.5", 1.14},
    [DOC_KICKER] = {"Liberation Sans 8.5", 1.1},
    [DOC_CODE] = {"Liberation Mono 7.4", 1.12},
};


/* Lead and text as one; *lead: bytes of the first. malloc'ed. */
static char *
joined(const struct doc_block *b, size_t *lead)
{
	const char *l = b->lead != NULL ? b->lead : "";
	const char *t = b->text != NULL ? b->text : "";

	*lead = strlen(l);
	return g_strconcat(l, *lead > 0 && *t != '\0' ? " " : "", t, NULL);
}

void
pdf_heading(struct pdf *p, const struct doc_block *b)
{
	static const char *const tags[] = {"H1", "H2", "H3"};
	static const char *const font[] = {"Liberation Sans Bold 17",
					   "Liberation Sans Bold 12.5",
					   "Liberation Sans Bold 10"};
	static const double before[] = {0, 15, 9}, after[] = {6, 6, 3};
	int i = b->level - 1;
	struct set s = pdf_set(p, b->text, 0, font[i], 1.1, p->w);
	char attribs[80];

	pdf_need(p, before[i] + s.height + 46);
	if (p->y > TOP + 1)
		p->y += before[i];
	if (p->draw && i > 0) {
		snprintf(attribs, sizeof attribs, "page=%d pos=[%d %d]",
			 p->page, (int)p->x, (int)p->y - 4);
		if (i == 1)
			p->outline = cairo_pdf_surface_add_outline(
			    p->surface, CAIRO_PDF_OUTLINE_ROOT, b->text,
			    attribs, CAIRO_PDF_OUTLINE_FLAG_OPEN);
		else
			cairo_pdf_surface_add_outline(p->surface, p->outline,
						      b->text, attribs, 0);
	}
	pdf_flow(p, &s, p->x, tags[i]);
	if (i == 1)
		pdf_rule(p, p->x, p->y + 2, p->w, 0.9);
	p->y += after[i];
	pdf_set_free(&s);
}

void
pdf_para(struct pdf *p, const struct doc_block *b)
{
	bool code = b->style == DOC_CODE;
	double in = code ? 6 : 0;
	size_t lead, was = code ? pdf_enter(p, "P") : p->node;
	char *text = joined(b, &lead);
	struct set s = pdf_set(p, text, lead, fonts[b->style].font,
				fonts[b->style].spacing, p->w - in);

	pdf_flow(p, &s, p->x + in, code ? "Code" : "P");
	p->node = was;
	p->y += b->style == DOC_KICKER ? 3 : 5;
	pdf_set_free(&s);
	g_free(text);
}

void
pdf_item(struct pdf *p, const struct doc_block *b, bool goes_on)
{
	char label[16] = "•";
	size_t lead, was = p->node;
	char *text = joined(b, &lead);
	const char *font =
	    p->boxed ? "Liberation Serif 9.5" : fonts[DOC_PLAIN].font;
	double spacing = fonts[DOC_PLAIN].spacing;
	struct set s =
	    pdf_set(p, text, lead, font, spacing, p->w - INDENT);
	struct set l;

	if (b->level > 0)
		snprintf(label, sizeof label, "%d.", b->level);
	l = pdf_set(p, label, 0, font, spacing, INDENT);
	if (!goes_on) {
		pdf_enter(p, "L");
		p->list = p->node;
	}
	p->node = p->list;
	pdf_enter(p, "LI");
	pdf_need(p, pdf_height(&s, 0, s.n < 2 ? s.n : 2));
	pdf_begin(p, "Lbl", DOCPDF_NONE);
	pdf_lines(p, &l, 0, 1, p->x + 2, p->y);
	pdf_end(p, "Lbl");
	pdf_flow(p, &s, p->x + INDENT, "LBody");
	p->y += p->boxed ? 2 : 3;
	p->node = was;
	pdf_set_free(&l);
	pdf_set_free(&s);
	g_free(text);
}

static void
draw_code(struct pdf *p, const char *hex, double x, double y)
{
	QRcode *q = QRcode_encodeString(hex, 0, QR_ECLEVEL_Q, QR_MODE_8, 1);
	double m;

	if (q == NULL) {
		p->tree->broken = true;
		return;
	}
	m = QR_SIDE / q->width;
	for (int r = 0; r < q->width; r++) {
		for (int c = 0; c < q->width; c++) {
			int from = c;

			while (c < q->width && q->data[r * q->width + c] & 1)
				c++;
			if (c > from)
				cairo_rectangle(p->cr, x + from * m, y + r * m,
						(c - from) * m, m);
		}
	}
	cairo_fill(p->cr);
	QRcode_free(q);
}

void
pdf_digest(struct pdf *p, const struct doc_block *b)
{
	double inner = p->w - QR_SIDE - 5 * FRAME, h = QR_SIDE + 4 * FRAME;
	struct set caption, groups;
	char *text = doc_groups(b->text);
	size_t leaf;

	if (text == NULL) {
		p->tree->broken = true;
		return;
	}
	for (size_t i = 19; i < strlen(text); i += 20)
		text[i] = '\n';
	caption = pdf_set(p, b->lead, 0, "Liberation Sans Bold 8.5", 1.1,
			   inner);
	groups = pdf_set(p, text, 0, "Liberation Mono Bold 19", 1.12, inner);
	if (caption.height + groups.height + 2.5 * FRAME > h)
		h = caption.height + groups.height + 2.5 * FRAME;
	pdf_need(p, h + 8);
	pdf_frame(p, p->x, p->y, p->w, h, 1.1);
	pdf_begin(p, "P", DOCPDF_NONE);
	pdf_lines(p, &caption, 0, caption.n, p->x + 1.5 * FRAME,
		   p->y + FRAME);
	pdf_end(p, "P");
	pdf_begin(p, "P", DOCPDF_NONE);
	pdf_lines(p, &groups, 0, groups.n, p->x + 1.5 * FRAME,
		   p->y + FRAME + caption.height + 5);
	pdf_end(p, "P");
	leaf = pdf_begin(p, "Figure", DOCPDF_NONE);
	if (leaf != DOCPDF_NONE) {
		p->tree->leaf[leaf].alt = b->alt;
		draw_code(p, b->text, p->x + p->w - QR_SIDE - 2 * FRAME,
			  p->y + (h - QR_SIDE) / 2);
	}
	pdf_end(p, "Figure");
	p->y += h + 8;
	pdf_set_free(&caption);
	pdf_set_free(&groups);
	free(text);
}
