/*
 * vault/court/pdfwork.h: what is told of PDF files, cutting them, hostile ones,
 * a worker that is gone. The files are made here: as many pages as wanted, each
 * with a text, or an image, of a given size.
 */
#include "grind.h"
#include "pdfwork.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

struct file {
	char *bytes;
	size_t len;
};

/* What a page holds. */
enum page { TEXT, IMAGE, FORM_TEXT, FORM_LOOP, EMPTY };

/* An object that is `size` bytes of noise, as a stream with this dictionary. */
static void
noise(FILE *f, const char *dict, size_t size, uint32_t *r)
{
	fprintf(f, "<<%s/Length %zu>>stream\n", dict, size);
	for (size_t i = 0; i < size; i++) {
		*r = *r * 1664525u + 1013904223u;
		putc((int)(*r >> 24), f);
	}
	fprintf(f, "\nendstream endobj\n");
}

static void
put_page(FILE *f, int n, enum page what, size_t size, uint32_t *r)
{
	static const char *const contents[] = {
	    [TEXT] = "BT (x) Tj ET /I Do", [IMAGE] = "/I Do",
	    [FORM_TEXT] = "/F Do",	   [FORM_LOOP] = "/F Do /F Do",
	    [EMPTY] = "0 0 1 1 re f",
	};
	const char *form =
	    what == FORM_LOOP ? "/F Do /F Do" : "BT [(y) 1 (z)] TJ ET";
	int base = 10 + 4 * n;

	fprintf(f,
		"%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents"
		" %d 0 R/Resources<</XObject<</I %d 0 R/F %d 0 R>>>>>>"
		"endobj\n",
		base, base + 1, base + 2, base + 3);
	fprintf(f, "%d 0 obj<</Length %zu>>stream\n%s\nendstream endobj\n",
		base + 1, strlen(contents[what]), contents[what]);
	fprintf(f, "%d 0 obj", base + 2);
	noise(f, "/Type/XObject/Subtype/Image/Width 1/Height 1", size, r);
	fprintf(f,
		"%d 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 9 9]"
		"/Resources<</XObject<</F %d 0 R>>>>/Length %zu>>stream\n%s\n"
		"endstream endobj\n",
		base + 3, base + 3, strlen(form), form);
}

/* Pages of kind `what`, whose images have these sizes. */
static struct file
make(int pages, enum page what, size_t size)
{
	struct file out = {NULL, 0};
	FILE *f = open_memstream(&out.bytes, &out.len);
	uint32_t r = 1;

	assert_non_null(f);
	fprintf(f,
		"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
		"2 0 obj<</Type/Pages/Count %d/Kids[",
		pages);
	for (int i = 0; i < pages; i++)
		fprintf(f, "%d 0 R ", 10 + 4 * i);
	fprintf(f, "]>>endobj\n");
	for (int i = 0; i < pages; i++)
		put_page(f, i, what, size, &r);
	fprintf(f, "trailer<</Root 1 0 R/Size %d>>\nstartxref\n1\n%%%%EOF\n",
		10 + 4 * pages);
	assert_int_equal(fclose(f), 0);
	return out;
}

static struct pdfwork *
start(void)
{
	struct err e = {0};
	struct pdfwork *p;

	if (under_valgrind())
		skip();
	p = pdfwork_start(&e);
	assert_non_null(p);
	assert_true(pdfwork_works(p));
	return p;
}

static void
give(struct pdfwork *p, const void *bytes, size_t len)
{
	struct err e = {0};
	size_t half = len / 2;

	assert_int_equal(pdfwork_open(p, len, &e), 0);
	assert_int_equal(pdfwork_feed(p, bytes, half, &e), 0);
	assert_int_equal(
	    pdfwork_feed(p, (const char *)bytes + half, len - half, &e), 0);
}

static struct pdfwork_facts
look_at(struct pdfwork *p, const void *bytes, size_t len)
{
	struct pdfwork_facts f;

	give(p, bytes, len);
	pdfwork_look(p, &f);
	return f;
}

static void
facts(void **state)
{
	static const struct {
		int pages;
		enum page what;
		uint32_t textless;
	} cases[] = {{1, TEXT, 0},	{3, IMAGE, 3}, {2, FORM_TEXT, 0},
		     {1, FORM_LOOP, 0}, {2, EMPTY, 0}, {300, TEXT, 0}};
	struct pdfwork *p = start();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct file f = make(cases[i].pages, cases[i].what, 100);
		struct pdfwork_facts got = look_at(p, f.bytes, f.len);

		assert_int_equal(got.state, PDFWORK_READ);
		assert_int_equal(got.pages, cases[i].pages);
		assert_int_equal(got.textless, cases[i].textless);
		assert_int_equal(got.first_of, cases[i].textless > 0);
		assert_int_equal(got.revisions, 1);
		assert_false(got.active);
		pdfwork_close(p);
		free(f.bytes);
	}
	pdfwork_stop(p);
}

static void
no_pdf(void **state)
{
	static const char *const texts[] = {"", "hello", "%PDF-1.4\n",
					    "%PDF-1.4\ntrailer<</Root 1 0 R>>"};
	struct pdfwork *p = start();
	struct pdfwork_part *parts;
	uint8_t *bytes;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct pdfwork_facts got =
		    look_at(p, texts[i], strlen(texts[i]));

		assert_int_equal(got.state, PDFWORK_BROKEN);
		assert_int_equal(got.pages, 0);
		assert_int_equal(pdfwork_plan(p, 1000, &parts, &n), -1);
		assert_int_equal(pdfwork_cut(p, 1, 1, &bytes, &n), -1);
	}
	pdfwork_stop(p);
}

/* Three parts of pages that are all alike, then each page by itself. */
static void
cutting(void **state)
{
	struct pdfwork *p = start();
	struct file f = make(10, TEXT, 10000);
	struct pdfwork_part *parts;
	struct pdfwork_facts got;
	uint8_t *bytes, *again;
	size_t n, len, len2;

	(void)state;
	give(p, f.bytes, f.len);
	assert_int_equal(pdfwork_plan(p, 45000, &parts, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(parts[0].from, 1);
	assert_int_equal(parts[2].to, 10);
	for (size_t i = 0; i < n; i++) {
		assert_true(parts[i].size <= 45000);
		assert_int_equal(
		    pdfwork_cut(p, parts[i].from, parts[i].to, &bytes, &len),
		    0);
		assert_int_equal(len, parts[i].size);
		assert_int_equal(
		    pdfwork_cut(p, parts[i].from, parts[i].to, &again, &len2),
		    0);
		assert_int_equal(len, len2);
		assert_memory_equal(bytes, again, len);
		free(again);
		free(bytes);
	}
	assert_int_equal(
	    pdfwork_cut(p, parts[1].from, parts[1].to, &bytes, &len), 0);
	got = look_at(p, bytes, len);
	assert_int_equal(got.pages, parts[1].to - parts[1].from + 1);
	free(bytes);
	free(parts);
	/* nothing fits: each page is a part, and says how large it is */
	give(p, f.bytes, f.len);
	assert_int_equal(pdfwork_plan(p, 5000, &parts, &n), 0);
	assert_int_equal(n, 10);
	for (size_t i = 0; i < n; i++)
		assert_true(parts[i].size > 5000 &&
			    parts[i].from == parts[i].to);
	free(parts);
	assert_int_equal(pdfwork_cut(p, 0, 1, &bytes, &len), -1);
	assert_int_equal(pdfwork_cut(p, 10, 11, &bytes, &len), -1);
	free(f.bytes);
	pdfwork_stop(p);
}

static void
texts(void **state)
{
	struct pdfwork *p = start();
	struct file a = make(2, TEXT, 10), b = make(2, IMAGE, 10);
	uint8_t(*one)[32], (*two)[32], none[32] = {0};
	uint32_t pages;

	(void)state;
	give(p, a.bytes, a.len);
	assert_int_equal(pdfwork_texts(p, &one, &pages), 0);
	assert_int_equal(pages, 2);
	assert_memory_equal(one[0], one[1], 32);
	assert_memory_not_equal(one[0], none, 32);
	give(p, b.bytes, b.len);
	assert_int_equal(pdfwork_texts(p, &two, &pages), 0);
	assert_memory_equal(two[0], none, 32);
	free(two);
	free(one);
	free(b.bytes);
	free(a.bytes);
	pdfwork_stop(p);
}

/* Every byte changed, every length: an answer each time, and a next one. */
static void
mutants(void **state)
{
	struct pdfwork *p = start();
	struct file f = make(1, FORM_TEXT, 8);
	unsigned gave_up = 0;

	(void)state;
	for (size_t i = 0; i < f.len; i += 3) {
		char was = f.bytes[i];
		struct pdfwork_facts got;

		f.bytes[i] = (char)(was ^ 0x15);
		got = look_at(p, f.bytes, f.len);
		gave_up += got.state == PDFWORK_GAVE_UP;
		f.bytes[i] = was;
		got = look_at(p, f.bytes, i);
		gave_up += got.state == PDFWORK_GAVE_UP;
	}
	/* damage is what libqpdf is good at: no worker died of it */
	assert_int_equal(gave_up, 0);
	assert_int_equal(look_at(p, f.bytes, f.len).state, PDFWORK_READ);
	free(f.bytes);
	pdfwork_stop(p);
}

/* A stream that becomes very long costs its worker, and nobody else. */
static void
too_deep(void **state)
{
	struct pdfwork *p = start();
	struct file f = {NULL, 0};
	FILE *s = open_memstream(&f.bytes, &f.len);
	struct pdfwork_facts got;

	(void)state;
	fprintf(s, "%%PDF-1.4\n1 0 obj");
	for (int i = 0; i < 2000000; i++)
		putc('[', s);
	fprintf(s, "\nendobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%%%EOF\n");
	assert_int_equal(fclose(s), 0);
	got = look_at(p, f.bytes, f.len);
	assert_true(got.state == PDFWORK_BROKEN ||
		    got.state == PDFWORK_GAVE_UP);
	free(f.bytes);
	f = make(1, TEXT, 10);
	assert_int_equal(look_at(p, f.bytes, f.len).state, PDFWORK_READ);
	free(f.bytes);
	pdfwork_stop(p);
}

/* A page whose content is these packed bytes. */
static struct pdfwork_facts
unpacking(struct pdfwork *p, const struct file *packed)
{
	struct file f = {NULL, 0};
	FILE *s = open_memstream(&f.bytes, &f.len);
	struct pdfwork_facts got;

	fprintf(s,
		"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
		"2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
		"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents"
		" 4 0 R/Resources<<>>>>endobj\n"
		"4 0 obj<</Filter/FlateDecode/Length %zu>>stream\n",
		packed->len);
	fwrite(packed->bytes, 1, packed->len, s);
	fprintf(s, "\nendstream endobj\ntrailer<</Root 1 0 R/Size 5>>\n"
		   "startxref\n1\n%%%%EOF\n");
	assert_int_equal(fclose(s), 0);
	got = look_at(p, f.bytes, f.len);
	free(f.bytes);
	return got;
}

/* Content that is a thousand times longer when it is unpacked. */
static void
bomb(void **state)
{
	enum { CHUNK = 1 << 20, CHUNKS = 700 };
	static uint8_t blank[CHUNK], packed[CHUNK];
	struct pdfwork *p = start();
	z_stream z = {0};
	struct file f = {NULL, 0};
	FILE *s = open_memstream(&f.bytes, &f.len);
	struct pdfwork_facts got;

	(void)state;
	assert_int_equal(deflateInit(&z, 1), Z_OK);
	z.next_out = packed;
	z.avail_out = sizeof packed;
	memset(blank, ' ', sizeof blank);
	for (int i = 0; i < CHUNKS; i++) {
		z.next_in = blank;
		z.avail_in = sizeof blank;
		assert_true(
		    deflate(&z, i + 1 < CHUNKS ? Z_NO_FLUSH : Z_FINISH) >= 0);
		fwrite(packed, 1, sizeof packed - z.avail_out, s);
		z.next_out = packed;
		z.avail_out = sizeof packed;
	}
	deflateEnd(&z);
	assert_int_equal(fclose(s), 0);
	got = unpacking(p, &f);
	/* too long to say anything of the page; or too much for the worker */
	assert_int_equal(got.textless, 0);
	free(f.bytes);
	f = make(1, TEXT, 10);
	assert_int_equal(look_at(p, f.bytes, f.len).state, PDFWORK_READ);
	free(f.bytes);
	pdfwork_stop(p);
}

static void
too_large(void **state)
{
	struct pdfwork *p = start();
	struct pdfwork_facts got;
	struct err e = {0};

	(void)state;
	assert_int_equal(pdfwork_open(p, PDFWORK_MAX + 1ull, &e), 0);
	assert_int_equal(pdfwork_feed(p, "x", 1, &e), 0);
	pdfwork_look(p, &got);
	assert_int_equal(got.state, PDFWORK_GAVE_UP);
	/* more, or less, than was said */
	assert_int_equal(pdfwork_open(p, 1, &e), 0);
	assert_int_equal(pdfwork_feed(p, "xy", 2, &e), 0);
	pdfwork_look(p, &got);
	assert_int_equal(got.state, PDFWORK_GAVE_UP);
	assert_int_equal(pdfwork_open(p, 9, &e), 0);
	pdfwork_look(p, &got);
	assert_int_equal(got.state, PDFWORK_GAVE_UP);
	pdfwork_stop(p);
}

static void
leaves_no_child(void **state)
{
	struct pdfwork *p = start();
	struct file f = make(1, TEXT, 10);

	(void)state;
	give(p, f.bytes, f.len);
	pdfwork_stop(p);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	free(f.bytes);
	pdfwork_stop(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(facts),
	    cmocka_unit_test(no_pdf),
	    cmocka_unit_test(cutting),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(mutants),
	    cmocka_unit_test(too_deep),
	    cmocka_unit_test(bomb),
	    cmocka_unit_test(too_large),
	    cmocka_unit_test(leaves_no_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
