/*
 * The folder of a vault that is being made where none is: beside its place,
 * with FRESHDIR_SUFFIX at its end, and renamed only when the vault is whole.
 * What an interrupted command left there is cleared; what somebody else put
 * there is not touched.
 */
#ifndef MUNIMENT_FRESHDIR_H
#define MUNIMENT_FRESHDIR_H

#include "fsutil.h"
#include "hash.h"

#include <stdbool.h>

#define FRESHDIR_SUFFIX ".muniment-new"

/*
 * Make an empty repository for the vault that shall be at `dir`, which is
 * free; `out` is where it lies until then. On -1 `out` is empty.
 */
int freshdir_begin(const char *dir, char out[FSUTIL_PATH], struct err *e);
/* False for ".", "..", and where another file system is mounted. */
bool freshdir_can(const char *dir);
/*
 * A file that goes with the vault and gets its name before it, by its SHA-256:
 * noted in `fresh`, so that freshdir_forget(dir, path) can remove it if the
 * vault never got its own. What is not noted there is left alone.
 */
int freshdir_note(const char *fresh, const uint8_t sha256[HASH_LEN],
		  struct err *e);
void freshdir_forget(const char *dir, const char *path);
/* Give it its name. */
int freshdir_commit(const char *from, const char *dir, struct err *e);
/* Remove from a vault that has its name what a crash then left of all that. */
void freshdir_settle(const char *dir);
/* Remove it; does nothing with an empty text. */
void freshdir_abort(const char *from);

#endif
