/*
 * What was taken in on this machine, and from where: a list in local/sources/
 * (FORMAT.md 8), locked to the identity's local key, so that a file that has
 * not changed since need not be read again. It says what the file system said
 * of a file, never what is in it, and holds no path, only hashes of them.
 *
 * A file is on it under its path, device, inode, size, and the times of change
 * of its content (mtime) and of anything (ctime), to the nanosecond. The last
 * one no program can set, but who sets the clock or writes past the file system
 * can. A file is not put on it
 *
 * - if either time was less than SOURCES_SETTLED seconds before it was read,
 *   or after: a later change might leave the same time, within the clock's
 *   granularity, or where a program writes through a mapping that the kernel
 *   has not flushed;
 * - on a file system of which it is not known that it keeps inode numbers and
 *   both times: FAT and exFAT, those of a network, FUSE.
 *
 * Nothing here fails: without a list all is read. Other processes do not
 * write to it meanwhile: whoever uses it holds the vault's lock (VAULT_WRITE).
 */
#ifndef MUNIMENT_SOURCES_H
#define MUNIMENT_SOURCES_H

#include "hash.h"
#include "identity.h"
#include "vault.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#define SOURCES_SETTLED 60 /* seconds */

struct sources;

/* The list of this vault. NULL without memory, which all below take. */
struct sources *sources_open(struct vault *v, const struct identity *id);
void sources_free(struct sources *s);

/*
 * Is the file that lstat(2) gives here as it was when it was taken into this
 * case? Then its content had this SHA-256. `path` is absolute.
 */
bool sources_find(struct sources *s, const char *case_id, const char *path,
		  const struct stat *st, uint8_t sha256[HASH_LEN]);

/*
 * A file was read from `began` on, `st` is what fstat(2) says before and after,
 * and the case holds its content: put it on the list, when it is saved.
 */
void sources_note(struct sources *s, const char *case_id, const char *path,
		  const struct stat *st, const struct timespec *began,
		  const uint8_t sha256[HASH_LEN]);

/*
 * Write what was noted, once the vault holds it. With `added` false nothing of
 * this vault was changed: then a machine that keeps nothing of its own for it
 * is left so. A failure is a note in the vault's report.
 */
void sources_save(struct sources *s, bool added);

#endif
