/*
 * How long a passphrase holds against somebody who has the file and tries.
 *
 * For words made by chance the bits are exact. For one's own they are an upper
 * limit: libzxcvbn knows lists of common passwords, English words, names,
 * dates and keyboards, but not the person, and no other language, so that what
 * looks like text counts two bits a character at most.
 */
#ifndef MUNIMENT_STRENGTH_H
#define MUNIMENT_STRENGTH_H

#include "err.h"
#include "secret.h"

#include <stddef.h>

#define STRENGTH_GOOD 60 /* bits under which a passphrase is called weak */

/* Of `n` words made by chance. */
double strength_of_words(size_t n);
/* Of one that a person made; looked at in a process that wipes itself. */
int strength_of_own(const struct secret *pass, double *bits, struct err *e);

/*
 * Tries a second that a state could pay for: ten thousand graphics cards. One
 * try at scrypt 2^18 fills and reads 256 MiB, so that a card with a terabyte a
 * second does some 1,000 to 2,000.
 */
#define STRENGTH_TRIES 1e7
#define STRENGTH_TEXT 64 /* bytes */
/* How long that takes on average, such as "some 3 years". Returns `out`. */
const char *strength_time(double bits, char out[STRENGTH_TEXT]);

#endif
