/*
 * A document for people: headings, paragraphs, lists, tables, digests. It is
 * built once, piece by piece, and written as HTML (dochtml.c) or PDF
 * (docpdf.c), both for A4 and for screen readers.
 *
 * All texts are UTF-8 and may be hostile: they are copied, and what is no
 * text, turns the reading direction or cannot be seen is shown as \xNN
 * (err_escape); longer ones than DOC_TEXT_MAX end in "...". LF begins a new
 * line. A lack of memory is remembered and told by whoever writes.
 */
#ifndef MUNIMENT_DOC_H
#define MUNIMENT_DOC_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>

#define DOC_TEXT_MAX (64u << 10) /* bytes of one text */
#define DOC_COLUMNS_MAX 8

enum doc_style {
	DOC_PLAIN,
	DOC_SMALL,
	DOC_STRONG,
	DOC_KICKER, /* the small line above a title */
	DOC_CODE,   /* fixed width; every line break counts */
};

enum doc_side { DOC_WHOLE, DOC_LEFT, DOC_RIGHT };

/* What surrounds the text. */
struct doc_head {
	const char *lang;  /* "en" */
	const char *title; /* of the document */
	const char *made;  /* YYYY-MM-DDTHH:MM:SSZ */
	const char *tool;  /* what made it: "muniment 0.3.0" */
	const char *foot;  /* stands at the foot of every page */
	const char *page;  /* "Page {n} of {all}" */
	const char *blank; /* what a screen reader says for a blank to fill */
};

struct doc_column {
	const char *title;
	unsigned width; /* percent of the whole */
	bool mono;	/* fixed width, broken anywhere */
	bool right;	/* numbers */
};

struct doc; /* its texts are copies */

struct doc *doc_new(const struct doc_head *head);
void doc_free(struct doc *d);

/* Level 1 is the title; 2 and 3 are in the PDF's outline. */
void doc_heading(struct doc *d, int level, const char *text);
/* `lead` may be NULL: bold words before the text. */
void doc_para(struct doc *d, enum doc_style style, const char *lead,
	      const char *text);
/* One after the other they are one list; numbered ones count from 1. */
void doc_item(struct doc *d, bool numbered, const char *lead, const char *text);
/*
 * A SHA-256 (64 hex digits) or its start (32) in groups of four, large, with
 * a QR code of the digits; `alt`: what a screen reader says of that.
 */
void doc_digest(struct doc *d, const char *caption, const char *hex,
		const char *alt);
/* A table, then its rows: as many cells as columns; NULL is empty. */
void doc_table(struct doc *d, const char *caption, size_t columns,
	       const struct doc_column *column);
void doc_row(struct doc *d, const char *const *cells);
/* A line of a table of two columns; NULL or "" leaves a blank to fill in. */
void doc_field(struct doc *d, const char *name, const char *value);
/* The same in fixed width. */
void doc_field_mono(struct doc *d, const char *name, const char *value);
/*
 * What comes until doc_box_end stands in a frame; LEFT and RIGHT side by side.
 */
void doc_box(struct doc *d, enum doc_side side, const char *title);
void doc_box_end(struct doc *d);
/* Go on with a new page. */
void doc_page(struct doc *d);

/*
 * Write it: *len malloc'ed bytes in *out, a NUL behind them. The same document
 * gives the same bytes (of the PDF, with the same libraries and fonts).
 * doc_pdf needs the fonts Liberation and DejaVu; it reads no settings of
 * the person and writes no file. 0, or -1 with `e` filled.
 */
int doc_html(const struct doc *d, char **out, size_t *len, struct err *e);
int doc_pdf(const struct doc *d, char **out, size_t *len, struct err *e);

/*
 * For other writers of text: "abcd ef01 ..."; malloc'ed, NULL without memory.
 */
char *doc_groups(const char *hex);

#endif
