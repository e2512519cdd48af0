/* What the parts of filing.h share: filing.c and filing_*.c. Not for others. */
#ifndef MUNIMENT_FILING_INSIDE_H
#define MUNIMENT_FILING_INSIDE_H

#include "filing.h"

#define FILING_NAME_MAX 100 /* bytes of a file's name in filing/ */
#define FILING_TEXT_MAX 1024

/* What one court or committee takes. */
struct filing_profile {
	const char *name;
	const char *body; /* `filings.N.body` of a record begins so; or NULL */
	bool pdf_only;	  /* anything else is refused */
	bool text_only;	  /* scans without text are refused */
	bool says_language; /* each document's language counts */
	uint64_t limit;	    /* bytes of one file; 0: none is known */
};

enum filing_level { FILING_NOTE, FILING_DOUBT, FILING_STOP };

/* The work of one filing_check. */
struct filing_work {
	const struct filing_ask *a;
	const struct filing_profile *p;
	json_t *documents, *findings; /* of the plan */
	json_int_t stops;
};

/* The profile of that name, or NULL. */
const struct filing_profile *filing_profile(const char *name);

/* A text of a JSON object, or NULL. */
const char *filing_str(const json_t *o, const char *key);
json_int_t filing_int(const json_t *o, const char *key);
/* Set a text; -1 without memory. */
int filing_set(json_t *o, const char *key, const char *text);
/* A text that the lawyer gave: not empty, or NULL. */
const char *filing_value(const struct filing_ask *a, const char *key);

/* Note a finding about `path` (NULL: about all). -1 with `e` filled. */
int filing_found(struct filing_work *w, enum filing_level level,
		 const char *path, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/*
 * List the documents of the facts with title, date and language, in the order
 * of their dates, numbered. filing_order.c
 */
int filing_order(struct filing_work *w, struct err *e);

/*
 * Look at one: what is doubtful of it, its pages, the files it will be.
 * filing_look.c
 */
int filing_look(struct filing_work *w, json_t *doc, struct err *e);

/* The list as text, as HTML or PDF; *out is malloc'ed. filing_list.c */
int filing_list_doc(const struct filing_ask *a, const json_t *plan, bool pdf,
		    char **out, size_t *len, struct err *e);
int filing_list_text(const struct filing_ask *a, const json_t *plan, char **out,
		     size_t *len, struct err *e);

#endif
