/*
 * The texts that people read, in each language: format/phrases/<lang>.txt,
 * built into the program. en.txt says how the files are written.
 *
 * A text that a language lacks is given in English, in brackets with [en: ...]
 * around it, so that whoever reads it sees that it is missing; one that
 * English lacks too, as its key. Nothing is ever silently empty.
 */
#ifndef MUNIMENT_PHRASES_H
#define MUNIMENT_PHRASES_H

#include <stdbool.h>
#include <stddef.h>

/* The languages that are here, "en" first; ends with NULL. */
extern const char *const phrases_languages[];

struct phrases; /* all texts of one language */

bool phrases_knows(const char *lang);
/* NULL if the language is not here, or without memory. Free takes NULL. */
struct phrases *phrases_new(const char *lang);
/* The same from a file's text, for translators' tests: `lang` marks it. */
struct phrases *phrases_parse(const char *text, size_t len, const char *lang);
void phrases_free(struct phrases *p);

/* "en", ... */
const char *phrases_lang(const struct phrases *p);
/* The text of a key: never NULL, the phrases' own. */
const char *phrases_get(const struct phrases *p, const char *key);
/* True if the language itself has the key. */
bool phrases_has(const struct phrases *p, const char *key);
/* The n-th key that this language itself has, by name; NULL behind the last. */
const char *phrases_key(const struct phrases *p, size_t n);

/*
 * The text of a key with each {name} replaced. `pairs` is name, value, name,
 * value, ..., NULL. A {name} that is not among them stays as it is; what is
 * put in is not looked at again. Malloc'ed; NULL without memory.
 */
char *phrases_fill(const struct phrases *p, const char *key,
		   const char *const *pairs);
#define PHRASES_FILL(p, key, ...) \
	phrases_fill(p, key, (const char *const[]){__VA_ARGS__, NULL})

#endif
