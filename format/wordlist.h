/*
 * The list of 7,776 English words (wordlist.txt) that fingerprints and
 * passphrases are made of: the "large" list of the Electronic Frontier
 * Foundation, CC BY 3.0 US.
 */
#ifndef MUNIMENT_WORDLIST_H
#define MUNIMENT_WORDLIST_H

#include <stddef.h>
#include <stdint.h>

#define WORDLIST_LEN 7776   /* words: five dice */
#define WORDLIST_WORD_MAX 9 /* letters of the longest word */

/* Word `i` (< WORDLIST_LEN), static. */
const char *wordlist_word(uint32_t i);
/* The number of a word of `len` letters; -1 if it is not in the list. */
int wordlist_find(const char *word, size_t len);

#endif
