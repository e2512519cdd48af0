#include "doc.h"

#include "doc_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE_MAX (4 * DOC_TEXT_MAX + 8)

/*
 * A copy that means itself: LF stays, a tab is a blank, what a reader would
 * obey or not see is shown.
 */
static char *
clean(struct doc *d, const char *text)
{
	size_t cap = strlen(text) * 4 + 8, o = 0;
	char *out;

	if (cap > ESCAPE_MAX)
		cap = ESCAPE_MAX;
	out = malloc(cap);
	if (out == NULL) {
		d->broken = true;
		return NULL;
	}
	for (;;) {
		size_t n = strcspn(text, "\n\t");

		err_escape(out + o, cap - o, text, n);
		o += strlen(out + o);
		if (text[n] == '\0' || o + 8 > cap)
			break;
		out[o++] = text[n] == '\t' ? ' ' : '\n';
		out[o] = '\0';
		text += n + 1;
	}
	return out;
}

static char *
copy(struct doc *d, const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : clean(d, text);
}

static struct doc_block *
add(struct doc *d, enum doc_kind kind)
{
	struct doc_block *b;

	if (d->n == d->cap) {
		size_t cap = d->cap * 2 + 64;

		b = realloc(d->block, cap * sizeof *b);
		if (b == NULL) {
			d->broken = true;
			return NULL;
		}
		d->block = b;
		d->cap = cap;
	}
	b = &d->block[d->n++];
	memset(b, 0, sizeof *b);
	b->kind = kind;
	return b;
}

struct doc *
doc_new(const struct doc_head *head)
{
	struct doc *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->lang = clean(d, head->lang);
	d->title = clean(d, head->title);
	d->made = clean(d, head->made);
	d->tool = clean(d, head->tool);
	d->foot = clean(d, head->foot);
	d->page = clean(d, head->page);
	d->blank = clean(d, head->blank);
	if (d->broken) {
		doc_free(d);
		return NULL;
	}
	return d;
}

static void
free_block(struct doc_block *b)
{
	free(b->lead);
	free(b->text);
	free(b->alt);
	for (size_t i = 0; i < DOC_COLUMNS_MAX; i++)
		free(b->title[i]);
	for (size_t i = 0; i < b->columns * b->n; i++)
		free(b->cells[i].text);
	free(b->cells);
}

void
doc_free(struct doc *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n; i++)
		free_block(&d->block[i]);
	free(d->block);
	free(d->lang);
	free(d->title);
	free(d->made);
	free(d->tool);
	free(d->foot);
	free(d->page);
	free(d->blank);
	free(d);
}

void
doc_heading(struct doc *d, int level, const char *text)
{
	struct doc_block *b = add(d, DOC_HEADING);

	assert(level >= 1 && level <= 3);
	if (b == NULL)
		return;
	b->level = level;
	b->text = clean(d, text);
}

void
doc_para(struct doc *d, enum doc_style style, const char *lead,
	 const char *text)
{
	struct doc_block *b = add(d, DOC_PARA);

	if (b == NULL)
		return;
	b->style = style;
	b->lead = copy(d, lead);
	b->text = copy(d, text);
}

bool
doc_goes_on(const struct doc *d, size_t i)
{
	return i > 0 && d->block[i].kind == DOC_ITEM &&
	       d->block[i - 1].kind == DOC_ITEM &&
	       (d->block[i].level > 0) == (d->block[i - 1].level > 0);
}

void
doc_item(struct doc *d, bool numbered, const char *lead, const char *text)
{
	struct doc_block *b = add(d, DOC_ITEM);

	if (b == NULL)
		return;
	b->lead = copy(d, lead);
	b->text = copy(d, text);
	b->level = numbered;
	if (numbered && doc_goes_on(d, d->n - 1))
		b->level = b[-1].level + 1;
}

void
doc_digest(struct doc *d, const char *caption, const char *hex, const char *alt)
{
	struct doc_block *b = add(d, DOC_DIGEST);

	if (b == NULL)
		return;
	b->lead = copy(d, caption);
	b->text = clean(d, hex);
	b->alt = copy(d, alt);
}

void
doc_table(struct doc *d, const char *caption, size_t columns,
	  const struct doc_column *column)
{
	struct doc_block *b = add(d, DOC_TABLE);

	assert(columns >= 1 && columns <= DOC_COLUMNS_MAX);
	if (b == NULL)
		return;
	b->text = copy(d, caption);
	b->columns = columns;
	for (size_t i = 0; i < columns; i++) {
		b->title[i] = clean(d, column[i].title);
		b->width[i] = column[i].width;
		b->mono[i] = column[i].mono;
		b->right[i] = column[i].right;
	}
}

/* A new row of empty cells at the end of the last block. */
static struct doc_cell *
add_row(struct doc *d, struct doc_block *b)
{
	struct doc_cell *row;

	if (b->n == b->cap) {
		size_t cap = b->cap * 2 + 16;

		row = realloc(b->cells, cap * b->columns * sizeof *row);
		if (row == NULL) {
			d->broken = true;
			return NULL;
		}
		b->cells = row;
		b->cap = cap;
	}
	row = b->cells + b->n++ * b->columns;
	memset(row, 0, b->columns * sizeof *row);
	return row;
}

void
doc_row(struct doc *d, const char *const *cells)
{
	struct doc_block *b = &d->block[d->n - 1];
	struct doc_cell *row;

	if (d->broken)
		return;
	assert(d->n > 0 && b->kind == DOC_TABLE);
	row = add_row(d, b);
	for (size_t i = 0; row != NULL && i < b->columns; i++) {
		row[i].text = copy(d, cells[i]);
		row[i].mono = b->mono[i];
	}
}

static void
field(struct doc *d, const char *name, const char *value, bool mono)
{
	struct doc_block *b = d->n > 0 ? &d->block[d->n - 1] : NULL;
	struct doc_cell *row;

	if (b == NULL || b->kind != DOC_FIELDS) {
		b = add(d, DOC_FIELDS);
		if (b == NULL)
			return;
		b->columns = 2;
		b->width[0] = 30;
		b->width[1] = 70;
	}
	row = add_row(d, b);
	if (row == NULL)
		return;
	row[0].text = clean(d, name);
	row[1].text = copy(d, value);
	row[1].mono = mono;
}

void
doc_field(struct doc *d, const char *name, const char *value)
{
	field(d, name, value, false);
}

void
doc_field_mono(struct doc *d, const char *name, const char *value)
{
	field(d, name, value, true);
}

void
doc_box(struct doc *d, enum doc_side side, const char *title)
{
	struct doc_block *b = add(d, DOC_BOX);

	if (b == NULL)
		return;
	b->side = side;
	b->text = copy(d, title);
}

void
doc_box_end(struct doc *d)
{
	add(d, DOC_BOX_END);
}

void
doc_page(struct doc *d)
{
	add(d, DOC_PAGE);
}

char *
doc_groups(const char *hex)
{
	size_t len = strlen(hex), o = 0;
	char *out = malloc(len + len / 4 + 2);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && i % 4 == 0)
			out[o++] = ' ';
		out[o++] = hex[i];
	}
	out[o] = '\0';
	return out;
}
