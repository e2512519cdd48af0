/*
 * Exhibit packages: what a court is given of some items, and nothing of the
 * rest (format/EXHIBIT.md 2).
 */
#ifndef MUNIMENT_EXHIBIT_H
#define MUNIMENT_EXHIBIT_H

#include "desk.h"
#include "pdfwork.h"

#include <stdbool.h>
#include <stddef.h>

/* How much is told of those who cosigned. */
enum exhibit_witnesses {
	EXHIBIT_WITNESSES_KEYS,	 /* their cosignatures: keys and times */
	EXHIBIT_WITNESSES_NONE,	 /* nothing */
	EXHIBIT_WITNESSES_NAMED, /* and names and organisations */
};

struct exhibit_options {
	const char *path; /* a folder, or a file that ends with ".zip" */
	const char *tool; /* "muniment <version>" */
	/*
	 * Names of fields, n of them: with any, or with `part`, the records are
	 * not opened, and show these alone. See exhibit_wants.
	 */
	const char *const *disclose;
	size_t n_disclose;
	bool part;	     /* the originals in `files` alone */
	const size_t *files; /* numbers from 1, n of them */
	size_t n_files;
	bool count;
	enum exhibit_witnesses witnesses;
	const char *to, *note;	 /* for the custody event; or NULL */
	const char *lang;	 /* "en", "ru", "fr" */
	const char *declaration; /* see certificate.h */
	const json_t *values;	 /* what the lawyer gives, by key */
	const char *profile;	 /* for filing; or NULL */
	bool file_anyway;	 /* although the profile forbids something */
	struct pdfwork *pdf;	 /* for filing: NULL: pages are not counted */
	/* what a profile finds: "stop", "doubt" or "note"; path or NULL */
	void (*told)(void *ctx, const char *level, const char *path,
		     const char *text);
	void *told_ctx;
};

/*
 * Make a package of these items. Everything that stands against it is named
 * before anything is written; then the items' custody says `disclosed`; then
 * the package is written, checked, and given its name.
 *
 * {"file","id","items","files","entries","bytes","seal","checks":[...]}, or
 * NULL with `e` filled.
 */
json_t *desk_exhibit(struct desk *d, const char *const *items, size_t n,
		     const struct exhibit_options *o, struct err *e);

#endif
