/*
 * One PDF document in memory, looked at and cut by libqpdf: the only file that
 * gives it foreign bytes. For pdfwork's worker, which is shut in; they can make
 * libqpdf use all the memory and time that it is given.
 */
#ifndef MUNIMENT_PDFDOC_H
#define MUNIMENT_PDFDOC_H

#include "pdfwork.h"

struct pdfdoc;

/*
 * Read `bytes`, which are borrowed. NULL only without memory: what is no PDF is
 * a document of state PDFWORK_BROKEN.
 */
struct pdfdoc *pdfdoc_new(const uint8_t *bytes, size_t len);
void pdfdoc_free(struct pdfdoc *d);

void pdfdoc_look(struct pdfdoc *d, struct pdfwork_facts *out);
/* The digest of one page's strings, see pdfwork_texts; all 0 if it has none. */
void pdfdoc_text(struct pdfdoc *d, uint32_t page, uint8_t out[32]);
/* As in pdfwork.h. */
int pdfdoc_plan(struct pdfdoc *d, uint64_t limit, struct pdfwork_part **out,
		size_t *n);
int pdfdoc_cut(struct pdfdoc *d, uint32_t from, uint32_t to, uint8_t **out,
	       size_t *len);

/* A small whole PDF, to see that the library works. */
extern const char pdfdoc_sample[];

#endif
