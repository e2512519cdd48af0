/* The parts of a document: for doc.c and the files that write it. */
#ifndef MUNIMENT_DOC_INSIDE_H
#define MUNIMENT_DOC_INSIDE_H

#include "doc.h"

enum doc_kind {
	DOC_HEADING,
	DOC_PARA,
	DOC_ITEM,
	DOC_DIGEST,
	DOC_TABLE,
	DOC_FIELDS,
	DOC_BOX,
	DOC_BOX_END,
	DOC_PAGE,
};

struct doc_cell {
	char *text; /* NULL: empty */
	bool mono;
};

struct doc_block {
	enum doc_kind kind;
	enum doc_style style;
	enum doc_side side;
	int level;	     /* of a heading; of a numbered item, its number */
	char *lead, *text;   /* either may be NULL */
	char *alt;	     /* of a digest */
	size_t columns, n;   /* of a table; n: rows */
	char *title[DOC_COLUMNS_MAX];
	unsigned width[DOC_COLUMNS_MAX];
	bool mono[DOC_COLUMNS_MAX], right[DOC_COLUMNS_MAX];
	struct doc_cell *cells; /* columns * n */
	size_t cap;
};

struct doc {
	char *lang, *title, *made, *tool, *foot, *page, *blank;
	struct doc_block *block;
	size_t n, cap;
	bool broken; /* memory was lacking */
};

/* Whether the items at i and i - 1 are of one list. */
bool doc_goes_on(const struct doc *d, size_t i);

#endif
