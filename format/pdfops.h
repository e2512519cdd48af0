/*
 * What the content of a PDF page does (ISO 32000-1, 7.8.2): does it show text,
 * which bytes, and which objects does it draw? Enough to tell a scan from a
 * text, and to see that two pages show the same; fonts are not looked at.
 *
 * The content is foreign: whatever it is, it is read once from its begin to its
 * end, and nothing is kept.
 */
#ifndef MUNIMENT_PDFOPS_H
#define MUNIMENT_PDFOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PDFOPS_NAME_MAX 128 /* bytes of a name; longer ones are cut off */

struct pdfops {
	/*
	 * Bytes of the strings that operators get, decoded, in order, in
	 * pieces; those inside dictionaries are left out. May be NULL.
	 */
	void (*string)(void *ctx, const void *bytes, size_t len);
	/* `Do`: the name of the object that is drawn, without its slash. */
	void (*drawn)(void *ctx, const char *name);
	void *ctx;
	bool text;  /* set if an operator shows a string that is not empty */
	bool image; /* set if there is an image among the operators */
};

void pdfops_read(struct pdfops *p, const uint8_t *content, size_t len);

#endif
