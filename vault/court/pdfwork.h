/*
 * PDF files that may be hostile, looked at and cut at pages by libqpdf in a
 * process that holds no key and can do nothing but answer.
 *
 * pdfwork_start forks a helper; it has to be called before any key or
 * passphrase is in memory, and before there are threads. For each document the
 * helper forks a worker, which gives up every right (sandbox.h) before it sees
 * a byte, has limits of memory and time, and ends with its document. What is
 * left to a file that takes its worker over: to lie about itself.
 */
#ifndef MUNIMENT_PDFWORK_H
#define MUNIMENT_PDFWORK_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PDFWORK_MAX (1u << 30)	 /* bytes of a document that is looked at */
#define PDFWORK_PAGES_MAX 100000 /* pages of one */
#define PDFWORK_SECONDS 120	 /* the longest that one may take */

struct pdfwork;

/*
 * Start the helper. One that does not work is no failure: see pdfwork_works.
 * NULL with `e` filled only without memory.
 */
struct pdfwork *pdfwork_start(struct err *e);
/* True while there is a helper. */
bool pdfwork_works(const struct pdfwork *p);
/* End it; NULL is fine. */
void pdfwork_stop(struct pdfwork *p);

enum pdfwork_state {
	PDFWORK_READ,	   /* it could be read */
	PDFWORK_ENCRYPTED, /* it asks for a password, or forbids something */
	PDFWORK_BROKEN,	   /* it is no PDF, or too damaged */
	PDFWORK_GAVE_UP,   /* too large, too slow, or the worker died */
};

struct pdfwork_facts {
	enum pdfwork_state state;
	bool repaired;	    /* it is damaged; libqpdf made sense of it */
	bool active;	    /* holds scripts, or files attached to it */
	uint32_t pages;	    /* 0 if not known */
	uint32_t textless;  /* pages that hold an image and no text */
	uint32_t first_of;  /* the first of these, from 1; 0 if none */
	uint32_t revisions; /* states that were saved one behind another */
};

/*
 * Begin a document of `size` bytes, then hand it over; pdfwork_feed is an
 * extract_sink (ctx: the pdfwork). What the file itself does wrong is no error
 * here: pdfwork_look says it. -1 with `e` filled: our own failure.
 */
int pdfwork_open(struct pdfwork *p, uint64_t size, struct err *e);
int pdfwork_feed(void *ctx, const void *bytes, size_t len, struct err *e);
/* What it is. After this it can be cut. */
void pdfwork_look(struct pdfwork *p, struct pdfwork_facts *out);

/* Pages `from` to `to`, from 1, as a file of their own of `size` bytes. */
struct pdfwork_part {
	uint32_t from, to;
	uint64_t size;
};
/*
 * How to cut it so that no part is larger than `limit`: *out is malloc'ed, in
 * order, and covers all pages. A page that is too large by itself is a part by
 * itself, of more than `limit`. -1 if that cannot be told.
 */
int pdfwork_plan(struct pdfwork *p, uint64_t limit, struct pdfwork_part **out,
		 size_t *n);
/*
 * One part's bytes, malloc'ed. The same document and pages give the same
 * bytes. -1 if it cannot be made.
 */
int pdfwork_cut(struct pdfwork *p, uint32_t from, uint32_t to, uint8_t **out,
		size_t *len);
/*
 * For each page the SHA-256 of the strings that its content gives to operators,
 * in order; all 0 if it shows no text, or that cannot be told. Two pages with
 * the same one show the same text, whatever was laid over it. *out is
 * malloc'ed. -1 if it cannot be told.
 */
int pdfwork_texts(struct pdfwork *p, uint8_t (**out)[32], uint32_t *pages);
/* Done with the document. */
void pdfwork_close(struct pdfwork *p);

#endif
