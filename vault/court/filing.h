/*
 * Filing profiles: what a court or committee wants beside the exhibit. The
 * folder filing/ of a package holds the documents under names that a portal
 * takes, cut at pages where they are too large, and the numbered chronological
 * list of them.
 *
 * What is said here of courts was read on the dates that the list states.
 * Rules change: the list tells its reader to check the court's current ones.
 */
#ifndef MUNIMENT_FILING_H
#define MUNIMENT_FILING_H

#include "err.h"
#include "pdfwork.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const char *const filing_profiles[]; /* ends with NULL */
/* True if there is a profile of that name. */
bool filing_knows(const char *profile);

/*
 * Hand the bytes of the original that will be (or is) `path` in the package,
 * "data/0001.pdf", to `sink`, in order. An extract_sink fits, as does
 * extract_file for the work.
 */
typedef int filing_sink(void *ctx, const void *bytes, size_t len,
			struct err *e);
typedef int filing_source(void *ctx, const char *path, filing_sink *sink,
			  void *sink_ctx, struct err *e);

/* All borrowed. */
struct filing_ask {
	const char *profile;
	const char *lang; /* of the list: one of phrases_languages */
	/*
	 * As certificate.h has them; of each item `number`, `files` (path,
	 * size, sha256, media_type; name if shown) and `fields` (those shown)
	 * are read. A title or date that is not shown is not in the list.
	 */
	const json_t *facts;
	/*
	 * Texts that the lawyer gives, or NULL: `document_<n>_title`, `_date`,
	 * `_language` go before what is recorded, n being the number in data/;
	 * so does `case_name`, `case_number`, `court`.
	 */
	const json_t *values;
	struct pdfwork *pdf;   /* NULL: pages are not counted */
	filing_source *source; /* called once for each document or so */
	void *ctx;
};

/*
 * Look at all documents, and say what the profile forbids or what is doubtful,
 * before anything is written. *plan, a new reference, is
 *
 *   {"profile", "stops": how many findings are of level "stop",
 *    "findings": [{"level": "stop"|"doubt"|"note", "path" or absent, "text"}],
 *    "documents": [{"n", "path", "item", "title", "ascii", "date", "language",
 *        "media_type", "size", "sha256", "pages", "first", "last",
 *        "files": [{"path": "filing/01_....pdf", "size", "from", "to"}]}]}
 *
 * in the order of the list; "pages" if known, "first" and "last" its pages in
 * the bundle. With "stops" nothing should be written, unless the person says
 * so: then what cannot be filed has no "files" and the list says so. `text` is
 * English, for people, one line, and holds titles: escape it for a terminal.
 * 0, or -1 with `e` filled.
 */
int filing_check(const struct filing_ask *a, json_t **plan, struct err *e);

/*
 * Where files go: `begin` with the path in the package and its exact size,
 * `bytes` any number of times, `end`. Each 0, or -1 with `e` filled.
 */
struct filing_out {
	int (*begin)(void *ctx, const char *path, uint64_t size, struct err *e);
	int (*bytes)(void *ctx, const void *bytes, size_t len, struct err *e);
	int (*end)(void *ctx, struct err *e);
	void *ctx;
};

/*
 * Write filing/ as planned, the list last. The same ask and plan give the same
 * bytes. 0, or -1 with `e` filled.
 */
int filing_write(const struct filing_ask *a, const json_t *plan,
		 const struct filing_out *out, struct err *e);

#endif
