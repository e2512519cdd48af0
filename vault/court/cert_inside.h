/* What the files that make a certificate share: cert*.c. */
#ifndef MUNIMENT_CERT_INSIDE_H
#define MUNIMENT_CERT_INSIDE_H

#include "certificate.h"
#include "doc.h"
#include "phrases.h"

#include <stdio.h>

struct cert {
	const json_t *f; /* the facts */
	const struct cert_choice *c;
	struct phrases *p;
	struct doc *d;
	char **pool; /* texts that live as long as this */
	size_t n, cap;
	bool broken; /* memory was lacking */
};

/* 0, or -1 with `e` filled: facts or choice are no good. cert_free always. */
int cert_new(struct cert *x, const json_t *facts, const struct cert_choice *c,
	     struct err *e);
void cert_free(struct cert *x);

/* A member that is a text; "" if there is none. Never NULL. */
const char *cert_s(const json_t *o, const char *key);
/* A member that is a list; its length. */
const json_t *cert_list(const json_t *o, const char *key);
/* What the lawyer gave for a key; "" if nothing. */
const char *cert_value(const struct cert *x, const char *key);

/* All of these give texts that live as long as x; never NULL. */
const char *cert_t(const struct cert *x, const char *key);
const char *cert_fill(struct cert *x, const char *key,
		      const char *const *pairs);
#define CERT_FILL(x, key, ...)                                                 \
	cert_fill(x, key, (const char *const[]){__VA_ARGS__, NULL})
const char *cert_keep(struct cert *x, char *text); /* takes it over */
const char *cert_printf(struct cert *x, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
const char *cert_time(struct cert *x, const char *time); /* in words */
const char *cert_number(struct cert *x, json_int_t n);
/* "<first>.<second>" as a key: its text; `or` if there is none. */
const char *cert_word(struct cert *x, const char *first, const char *second,
		      const char *otherwise);
/* Any JSON as text. */
const char *cert_json(struct cert *x, const json_t *v);

/* How many checks ended so; their names, joined, in *list if that is given. */
size_t cert_results(struct cert *x, const char *result, const char **list);
/* All files of all items: how many; the only one, or NULL. */
size_t cert_files(const struct cert *x, const json_t **only);

/* Plain texts: a paragraph, `first` before it and its width before the rest. */
void cert_wrap(FILE *f, const char *first, const char *text);
void cert_title(FILE *f, const char *text, char line); /* underlined */
/* Close f, free x; on failure *out is NULL and `e` filled. Gives rc or -1. */
int cert_close(FILE *f, char **out, struct cert *x, int rc, struct err *e);

void cert_page(struct cert *x);	       /* page 1 */
void cert_items(struct cert *x);       /* part 3 */
void cert_declaration(struct cert *x); /* parts 7 and 8 */
void cert_annexes(struct cert *x);

#endif
