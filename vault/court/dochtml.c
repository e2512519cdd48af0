/* A document as one page of HTML: no script, nothing from elsewhere. */
#include "doc_inside.h"

#include "qrcode.h"
#include "secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QR_CAP (64u << 10) /* bytes to begin with */

static const char style[] =
    "@page { size: A4; margin: 20mm 20mm 22mm }\n"
    "@page { @bottom-right { content: counter(page) \" / \" counter(pages);"
    " font: 8pt sans-serif } }\n"
    "html { background: #fff; color: #111 }\n"
    "body { font: 11pt/1.42 'Liberation Serif', 'Times New Roman', Times,"
    " serif; max-width: 172mm; margin: 0 auto; padding: 8mm 4mm }\n"
    "h1, h2, h3, th, .kicker, .box > p:first-child, footer, .caption"
    " { font-family: 'Liberation Sans', Arial, Helvetica, sans-serif }\n"
    "h1 { font-size: 20pt; line-height: 1.2; margin: 0 0 3mm }\n"
    "h2 { font-size: 13pt; margin: 8mm 0 2mm; padding-bottom: 1mm;"
    " border-bottom: 0.4mm solid #223; break-after: avoid }\n"
    "h3 { font-size: 10.5pt; margin: 5mm 0 1mm; break-after: avoid }\n"
    "p { margin: 0 0 2mm; white-space: pre-line; overflow-wrap: anywhere }\n"
    ".small { font-size: 9pt }\n.strong { font-weight: bold }\n"
    ".kicker { font-size: 8.5pt; letter-spacing: 0.08em; color: #333 }\n"
    "ul, ol { margin: 0 0 3mm; padding-left: 6mm }\nli { margin: 0 0 1mm;"
    " overflow-wrap: anywhere }\n"
    "table { width: 100%; border-collapse: collapse; margin: 1mm 0 4mm;"
    " table-layout: fixed; font-size: 9.5pt }\n"
    "caption, .caption { text-align: left; font-size: 9pt; font-weight: bold;"
    " padding: 0 0 1mm }\n"
    "th, td { text-align: left; vertical-align: top; padding: 1mm 1.5mm;"
    " border-bottom: 0.2mm solid #889; overflow-wrap: anywhere;"
    " white-space: pre-line }\n"
    "th { font-size: 8.5pt }\nthead th { border-bottom: 0.4mm solid #223 }\n"
    "tr { break-inside: avoid }\n.fields th { width: 30%; color: #223 }\n"
    ".right { text-align: right }\n"
    ".mono, code, pre { font-family: 'Liberation Mono', 'Courier New',"
    " monospace; font-size: 8.5pt }\n"
    "pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 3mm;"
    " padding: 2mm; border: 0.2mm solid #889; background: #f5f5f2 }\n"
    ".digest { display: flex; gap: 6mm; align-items: center;"
    " margin: 2mm 0 4mm; padding: 3mm 4mm; border: 0.5mm solid #223;"
    " break-inside: avoid }\n"
    ".digest > div { flex: 1 }\n"
    ".digest code { display: grid; grid-template-columns: repeat(4, auto);"
    " justify-content: start; gap: 1mm 5mm; font-size: 16pt;"
    " font-weight: bold }\n"
    ".digest figure { margin: 0; width: 36mm }\n"
    ".digest svg { display: block; width: 100% }\n"
    ".boxes { display: grid; grid-template-columns: 1fr 1fr; gap: 4mm;"
    " margin: 3mm 0 }\n"
    ".box { border: 0.3mm solid #223; padding: 2.5mm 3.5mm;"
    " break-inside: avoid; font-size: 10pt; margin: 0 0 3mm }\n"
    ".boxes .box { margin: 0 }\n"
    ".box > p:first-child { font-weight: bold; font-size: 9.5pt }\n"
    ".box > :last-child { margin-bottom: 0 }\n"
    ".blank { display: inline-block; min-width: 100%; height: 5mm;"
    " border-bottom: 0.2mm solid #000 }\n"
    ".hide { position: absolute; width: 1px; height: 1px; overflow: hidden;"
    " clip-path: inset(50%) }\n"
    ".page { break-before: page }\n"
    "footer { margin-top: 8mm; padding-top: 1mm; border-top: 0.2mm solid #889;"
    " font-size: 8pt; color: #333; overflow-wrap: anywhere }\n"
    "@media (max-width: 600px) { .boxes { grid-template-columns: 1fr }"
    " .digest { flex-wrap: wrap } .digest code { font-size: 13pt } }\n"
    "@media print { body { max-width: none; padding: 0; font-size: 9.5pt }"
    " .box { font-size: 8.8pt; padding: 2mm 3mm } li { margin: 0 0 0.5mm }"
    " table { font-size: 8.8pt } .digest { padding: 1.5mm 4mm;"
    " margin: 1mm 0 3mm } .digest figure { width: 32mm }"
    " .digest code { font-size: 15pt; gap: 0.5mm 5mm } }\n";

/* Text that shall mean itself. */
static void
put(FILE *f, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		case '\'':
			fputs("&#39;", f);
			break;
		default:
			fputc(*text, f);
		}
	}
}

/* `dir=auto`: each text from outside has its own direction. */
static void
put_text(FILE *f, const struct doc_block *b)
{
	if (b->lead != NULL) {
		fputs("<b>", f);
		put(f, b->lead);
		fputs(b->text != NULL ? "</b> " : "</b>", f);
	}
	put(f, b->text);
}

static void
put_head(FILE *f, const struct doc *d)
{
	fputs("<!DOCTYPE html>\n<html lang=\"", f);
	put(f, d->lang);
	fputs("\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\""
	      " content=\"default-src 'none'; style-src 'unsafe-inline';"
	      " base-uri 'none'; form-action 'none'\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n"
	      "<meta name=\"generator\" content=\"",
	      f);
	put(f, d->tool);
	fputs("\">\n<title>", f);
	put(f, d->title);
	fprintf(f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n",
		style);
}

static int
put_digest(FILE *f, const struct doc_block *b, struct err *e)
{
	struct secret *svg = secret_new(QR_CAP);
	int rc = svg == NULL ? err_memory(e) : qrcode_svg(b->text, svg, e);

	if (rc != 0)
		goto out;
	fputs("<section class=\"digest\"><div><p class=\"caption\">", f);
	put(f, b->lead);
	fputs("</p>\n<code>", f);
	for (size_t i = 0; b->text[i] != '\0'; i++) {
		if (i % 4 == 0)
			fputs(i == 0 ? "<span>" : "</span> <span>", f);
		fputc(b->text[i], f);
	}
	fputs("</span></code></div>\n<figure role=\"img\" aria-label=\"", f);
	put(f, b->alt);
	fputs("\">\n", f);
	fwrite(svg->bytes, 1, svg->len, f);
	fputs("</figure></section>\n", f);
out:
	secret_free(svg);
	return rc;
}

static void
put_cell(FILE *f, const struct doc *d, const struct doc_cell *c, bool blank)
{
	if (c->text != NULL) {
		put(f, c->text);
	} else if (blank) {
		fputs("<span class=\"blank\"><span class=\"hide\">", f);
		put(f, d->blank);
		fputs("</span></span>", f);
	}
}

static void
put_rows(FILE *f, const struct doc *d, const struct doc_block *b)
{
	bool fields = b->kind == DOC_FIELDS;

	for (size_t r = 0; r < b->n; r++) {
		fputs("<tr>", f);
		for (size_t i = 0; i < b->columns; i++) {
			const struct doc_cell *c =
			    b->cells + r * b->columns + i;
			bool head = fields && i == 0;

			fprintf(f, "<%s%s>",
				head ? "th scope=\"row\"" : "td dir=\"auto\"",
				c->mono	      ? " class=\"mono\""
				: b->right[i] ? " class=\"right\""
					      : "");
			put_cell(f, d, c, fields);
			fputs(head ? "</th>" : "</td>", f);
		}
		fputs("</tr>\n", f);
	}
}

static void
put_table(FILE *f, const struct doc *d, const struct doc_block *b)
{
	fputs(b->kind == DOC_FIELDS ? "<table class=\"fields\">\n"
				    : "<table>\n",
	      f);
	if (b->text != NULL) {
		fputs("<caption>", f);
		put(f, b->text);
		fputs("</caption>\n", f);
	}
	if (b->kind == DOC_TABLE) {
		fputs("<thead><tr>", f);
		for (size_t i = 0; i < b->columns; i++) {
			fprintf(f, "<th scope=\"col\" style=\"width: %u%%\"%s>",
				b->width[i],
				b->right[i] ? " class=\"right\"" : "");
			put(f, b->title[i]);
			fputs("</th>", f);
		}
		fputs("</tr></thead>\n", f);
	}
	fputs("<tbody>\n", f);
	put_rows(f, d, b);
	fputs("</tbody></table>\n", f);
}

static void
put_item(FILE *f, const struct doc *d, size_t i)
{
	const struct doc_block *b = &d->block[i];
	bool last = i + 1 == d->n || !doc_goes_on(d, i + 1);

	if (!doc_goes_on(d, i))
		fputs(b->level > 0 ? "<ol>\n" : "<ul>\n", f);
	fputs("<li>", f);
	put_text(f, b);
	fputs("</li>\n", f);
	if (last)
		fputs(b->level > 0 ? "</ol>\n" : "</ul>\n", f);
}

static void
put_para(FILE *f, const struct doc_block *b)
{
	static const char *const open[] = {
	    "<p dir=\"auto\">", "<p class=\"small\">", "<p class=\"strong\">",
	    "<p class=\"kicker\">", "<pre>"};

	fputs(open[b->style], f);
	put_text(f, b);
	fputs(b->style == DOC_CODE ? "</pre>\n" : "</p>\n", f);
}

static void
put_box(FILE *f, const struct doc_block *b)
{
	if (b->side == DOC_LEFT)
		fputs("<div class=\"boxes\">\n", f);
	fputs("<section class=\"box\">\n<p>", f);
	put(f, b->text);
	fputs("</p>\n", f);
}

static int
put_block(FILE *f, const struct doc *d, size_t i, enum doc_side *side,
	  struct err *e)
{
	const struct doc_block *b = &d->block[i];
	bool new_page = i > 0 && b[-1].kind == DOC_PAGE;

	switch (b->kind) {
	case DOC_HEADING:
		fprintf(f, "<h%d%s>", b->level,
			new_page ? " class=\"page\"" : "");
		put(f, b->text);
		fprintf(f, "</h%d>\n", b->level);
		break;
	case DOC_PARA:
		put_para(f, b);
		break;
	case DOC_ITEM:
		put_item(f, d, i);
		break;
	case DOC_DIGEST:
		return put_digest(f, b, e);
	case DOC_TABLE:
	case DOC_FIELDS:
		put_table(f, d, b);
		break;
	case DOC_BOX:
		*side = b->side;
		put_box(f, b);
		break;
	case DOC_BOX_END:
		fputs(*side == DOC_RIGHT ? "</section>\n</div>\n"
					 : "</section>\n",
		      f);
		break;
	case DOC_PAGE:
		break;
	}
	return 0;
}

int
doc_html(const struct doc *d, char **out, size_t *len, struct err *e)
{
	enum doc_side side = DOC_WHOLE;
	FILE *f;
	int rc = 0;

	*out = NULL;
	f = d->broken ? NULL : open_memstream(out, len);
	if (f == NULL)
		return err_memory(e);
	put_head(f, d);
	for (size_t i = 0; i < d->n && rc == 0; i++)
		rc = put_block(f, d, i, &side, e);
	fputs("</main>\n<footer>", f);
	put(f, d->foot);
	fputs("</footer>\n</body>\n</html>\n", f);
	if (fclose(f) != 0)
		rc = err_memory(e);
	if (rc != 0) {
		free(*out);
		*out = NULL;
	}
	return rc;
}
