/*
 * Texts in plain ASCII, for portals and file names that take nothing else:
 * Cyrillic (Russian, Ukrainian, Belarusian, Uzbek, Kazakh, Kyrgyz, Tajik,
 * Serbian, Macedonian), Latin letters with marks, usual punctuation.
 *
 * One letter becomes the same letters in all languages: a reader of the list
 * can tell what was meant, a machine cannot turn it back.
 */
#ifndef MUNIMENT_TRANSLIT_H
#define MUNIMENT_TRANSLIT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Write `text` (UTF-8, NUL-terminated) to `out` (cap bytes, NUL included, at
 * least 1), cut off where it is full. Only 0x20 to 0x7E are written. True if
 * every character has a known form; else each that has none became `_`, and
 * bad UTF-8, too.
 */
bool translit_ascii(const char *text, char *out, size_t cap);

/*
 * The same as part of a file name: letters, digits, `.`, `_`, `-`; runs of
 * anything else are one `-`; none stands at an end. May be empty.
 */
bool translit_name(const char *text, char *out, size_t cap);

#endif
