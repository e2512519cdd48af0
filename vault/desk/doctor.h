/*
 * Which protections hold on this machine, in plain words.
 */
#ifndef MUNIMENT_DOCTOR_H
#define MUNIMENT_DOCTOR_H

#include <jansson.h>

/*
 * Look at the machine, the vault `dir` and the identity file; either may be
 * NULL: then nothing is said of it. Needs no passphrase and changes nothing. It
 * forks.
 *
 * A list of {"check","state","says","hint"}: "state" is `holds`, `lacks` or
 * `unknown`; "hint", where there is something to do. A new reference; NULL
 * without memory.
 */
json_t *doctor_look(const char *dir, const char *identity);

/* The worst of such a list: 0 all hold, 1 something lacks, 2 unknown only. */
int doctor_status(const json_t *list);

/*
 * Does a Debian package's version lack fixes of holes that are known to the
 * table? Their names, or NULL.
 */
const char *doctor_holes(const char *package, const char *version);

#endif
