/*
 * How long a file is made so that its length says little (FORMAT.md 5).
 *
 * Padmé: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and
 * Communication with PURBs", PoPETs 2019.
 */
#ifndef MUNIMENT_PADME_H
#define MUNIMENT_PADME_H

#include <stdbool.h>
#include <stdint.h>

#define PADME_ENTRY_MIN 4096 /* bytes of the smallest entry or ring file */
#define PADME_SKIPPABLE 8    /* bytes of a skippable frame's header */

/* The smallest Padmé length >= len. */
uint64_t padme(uint64_t len);
/* The length of an entry or ring file that needs `len` bytes. */
uint64_t padme_entry(uint64_t len);
/* True if it is a length that padme() or padme_entry() gives. */
bool padme_is(uint64_t len);
bool padme_is_entry(uint64_t len);

#endif
