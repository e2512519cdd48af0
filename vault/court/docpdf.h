/*
 * What docpdf.c notes while it draws, and docpdf_tags.c makes the structure of
 * the PDF from. cairo knows flat tags alone, and its older versions none that
 * go over a page's end: each piece of text on a page is a leaf, and the tree
 * above the leaves is built afterwards, through qpdf.
 */
#ifndef MUNIMENT_DOCPDF_H
#define MUNIMENT_DOCPDF_H

#include "doc_inside.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <stddef.h>

/* Points of 1/72 inch. */
#define PAGE_W 595.28
#define PAGE_H 841.89
#define LEFT 59.5
#define TOP 56.0
#define BOTTOM (PAGE_H - 64.0)
#define WIDTH (PAGE_W - 2 * LEFT)
#define PAD 4.0	  /* within a cell */
#define FRAME 8.0 /* within a box */
#define INDENT 16.0


#define DOCPDF_ARTIFACT "Private" /* cairo's tag for what is no content */
#define DOCPDF_NONE ((size_t)-1)

struct docpdf_leaf {
	const char *tag;
	size_t parent;	  /* which node; DOCPDF_NONE: an artifact */
	size_t first;	  /* the leaf that it goes on with, or DOCPDF_NONE */
	const char *alt;  /* of a figure */
	const char *scope; /* of a table's head: "Row", "Column" */
};

struct docpdf_node {
	const char *tag;
	size_t parent; /* DOCPDF_NONE: the document */
};

struct docpdf_tree {
	struct docpdf_leaf *leaf; /* in the order drawn */
	size_t n, cap;
	struct docpdf_node *node;
	size_t nodes, node_cap;
	bool broken; /* memory was lacking */
};

/* The number of the new leaf or node. */
size_t docpdf_leaf(struct docpdf_tree *t, const char *tag, size_t parent,
		   size_t first);
size_t docpdf_node(struct docpdf_tree *t, const char *tag, size_t parent);
void docpdf_tree_free(struct docpdf_tree *t);

struct pdf {
	const struct doc *d;
	cairo_t *cr;
	cairo_surface_t *surface;
	PangoContext *ctx;
	struct docpdf_tree *tree;
	bool draw;	     /* false: only measure */
	bool boxed;	     /* in a box: smaller letters */
	double x, w, y;	     /* the frame that is written in, and how far */
	double bottom;	     /* where the page ends */
	int page, pages;     /* from 1; how many, once that is known */
	size_t node;	     /* where leaves belong */
	size_t list;	     /* the list that is open, or DOCPDF_NONE */
	int outline;	     /* the last heading of level 2 in the outline */
	const struct doc_block *table; /* whose head every page repeats */
};

/* A text that has been set: its lines. */
struct line {
	double top, bottom, base, x;
	PangoLayoutLine *line; /* the layout's */
};
struct set { /* pdf_set_free */
	PangoLayout *layout;
	struct line *line;
	size_t n;
	double height;
};


/* A tag around what is drawn; gives the leaf, which `first` begins. */
size_t pdf_begin(struct pdf *p, const char *tag, size_t first);
void pdf_end(struct pdf *p, const char *tag);
/* A node of the tree; gives the one that was current, to go back to. */
size_t pdf_enter(struct pdf *p, const char *tag);

/* Set a text, with the first `lead` bytes in bold. */
struct set pdf_set(struct pdf *p, const char *text, size_t lead,
		   const char *font, double spacing, double width);
void pdf_set_free(struct set *s);
/* How many lines from the i-th fit in a height; how high k lines are. */
size_t pdf_fitting(const struct set *s, size_t i, double height);
double pdf_height(const struct set *s, size_t i, size_t k);
void pdf_lines(struct pdf *p, const struct set *s, size_t i, size_t k, double x,
	       double y);
/* Write a text from p->y on, over as many pages as it takes. */
void pdf_flow(struct pdf *p, const struct set *s, double x, const char *tag);

void pdf_rule(struct pdf *p, double x, double y, double w, double thick);
void pdf_frame(struct pdf *p, double x, double y, double w, double h,
	       double thick);
void pdf_new_page(struct pdf *p);
/* Go to a new page unless so much fits on this one. */
void pdf_need(struct pdf *p, double height);

/* docpdf_blocks.c, docpdf_table.c; the head again is no content */
void pdf_heading(struct pdf *p, const struct doc_block *b);
void pdf_para(struct pdf *p, const struct doc_block *b);
void pdf_item(struct pdf *p, const struct doc_block *b, bool goes_on);
void pdf_digest(struct pdf *p, const struct doc_block *b);
void pdf_table_head(struct pdf *p, const struct doc_block *b, bool again);
void pdf_table(struct pdf *p, const struct doc_block *b);

/*
 * Give the PDF that cairo wrote its structure, language and title. *out is
 * malloc'ed. 0, or -1 with `e` filled.
 */
int docpdf_finish(const struct doc *d, const struct docpdf_tree *t,
		  const char *pdf, size_t len, char **out, size_t *outlen,
		  struct err *e);

#endif
