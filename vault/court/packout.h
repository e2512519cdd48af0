/*
 * A package that is being written: a folder, or a zip file with one folder in
 * it (format/EXHIBIT.md 2). Nothing has its name before it is whole.
 *
 * Until packout_commit all lies in a folder ".muniment-<16 hex>.part" (0700)
 * beside the target, which packout_abort removes. SIGINT, SIGTERM, SIGHUP and
 * SIGQUIT are held back meanwhile: the next call fails, and when the unfinished
 * package is gone the signal does what it would have done. So only a power cut
 * or SIGKILL leaves something behind, which the next package there removes.
 *
 * Everything is written into a folder first, so that it can be looked at; a zip
 * file is packed of it at the end.
 */
#ifndef MUNIMENT_PACKOUT_H
#define MUNIMENT_PACKOUT_H

#include "err.h"
#include "hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKOUT_PATH_MAX 128 /* bytes of a path in a package, with NUL */

struct packout;

/* A file that was written. */
struct packout_file {
	char path[PACKOUT_PATH_MAX];
	uint64_t size;
	uint8_t sha256[HASH_LEN];
};

/* Could `target` be made: its name is free, its folder there? */
int packout_check(const char *target, struct err *e);
/* Begin. NULL with `e` filled. Only one at a time. */
struct packout *packout_new(const char *target, bool zip, struct err *e);

/*
 * One file: begin with its path and exact size, write its bytes, end. A path
 * is names of [A-Za-z0-9._-] with `/` between, each only once. After -1 with
 * `e` filled there is only packout_abort.
 */
int packout_begin(struct packout *p, const char *path, uint64_t size,
		  struct err *e);
int packout_write(struct packout *p, const void *bytes, size_t len,
		  struct err *e);
int packout_end(struct packout *p, struct err *e);
/* All three. */
int packout_put(struct packout *p, const char *path, const void *bytes,
		size_t len, struct err *e);

/* What was written so far, n of them, in that order; views. */
const struct packout_file *packout_files(const struct packout *p, size_t *n);

/* Nothing is added any more: all is durable, and a zip file packed. */
int packout_close(struct packout *p, struct err *e);
/* Where it lies until it has its name: a folder, and after closing what it is.
 */
const char *packout_path(const struct packout *p);
/* Give it its name and free it; on -1 it is removed. */
int packout_commit(struct packout *p, struct err *e);
/* Remove what was written and free it; takes NULL. */
void packout_abort(struct packout *p);

#endif
