/*
 * What a collector's machine keeps in local/ in place of an identity: its kit,
 * and the key that locks the other files there (FORMAT.md 8). Under a
 * passphrase it is local/collector.age, without one local/collector.
 */
#ifndef MUNIMENT_FIELDKEY_H
#define MUNIMENT_FIELDKEY_H

#include "fsutil.h"
#include "identity.h"
#include "kit.h"
#include "secret.h"

#include <stdbool.h>

/* Write it, in the vault's folder `dir`. pass NULL: in clear. */
int fieldkey_save(const char *dir, const struct kit *kit,
		  const struct identity *nobody, const struct secret *pass,
		  unsigned work_factor, struct err *e);

/*
 * Read it; *nobody is the caller's to free. ERR_EVIDENCE if it was changed,
 * ERR_UNKNOWN for a wrong passphrase, a lacking one (NULL), or none such file.
 */
int fieldkey_load(const char *dir, const struct secret *pass, struct kit *kit,
		  struct identity **nobody, struct err *e);

/* True unless it lies there in clear. */
bool fieldkey_is_locked(const char *dir);

/*
 * Where it lies. -1 with `e` filled: nowhere (ERR_UNKNOWN), or in both places,
 * which is nobody's doing but a stranger's (ERR_EVIDENCE).
 */
int fieldkey_find(const char *dir, char path[FSUTIL_PATH], bool *is_locked,
		  struct err *e);

#endif
