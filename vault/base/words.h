/*
 * Words that people read to each other and passphrases made of them, from
 * the list of 7,776 in format/wordlist.h (12.9 bits a word).
 */
#ifndef MUNIMENT_WORDS_H
#define MUNIMENT_WORDS_H

#include "secret.h"

#include <stddef.h>
#include <stdint.h>

#define WORDS_FINGERPRINT 8	 /* words: 103 bits */
#define WORDS_FINGERPRINT_MAX 96 /* bytes, NUL included */

/* `n` random words with spaces between; NULL without memory. */
struct secret *words_passphrase(size_t n);

#define WORDS_DICE 5 /* dice for one word */
/*
 * Append the word of five dice ("1".."6" each, spaces allowed between) with a
 * space before it, unless it is the first. 0; -1 if it is no such roll or there
 * is no memory.
 */
int words_of_dice(const struct secret *rolls, struct secret *out);

/* The eight words of a SHA-256: its digits to the base 7,776, least first. */
void words_fingerprint(const uint8_t sha256[32],
		       char out[WORDS_FINGERPRINT_MAX]);

#endif
