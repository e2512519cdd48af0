/*
 * Files of a vault: read whole with a bound, written whole and durable, with
 * one constant time stamp so that no date lies around.
 */
#ifndef MUNIMENT_FSUTIL_H
#define MUNIMENT_FSUTIL_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define FSUTIL_TIME 1000000000 /* seconds: the one time stamp of all files */
#define FSUTIL_PATH 4096       /* bytes of a path, NUL included */

/* "a/b" into out; -1 with `e` filled if it is too long. */
int fsutil_join(char out[FSUTIL_PATH], const char *a, const char *b,
		struct err *e);
/* Read a file of at most `max` bytes. *out is malloc'ed with a NUL behind. */
int fsutil_read(const char *path, size_t max, char **out, size_t *len,
		struct err *e);
/* Replace a file: temporary name, fsync, rename, fsync of the folder. */
int fsutil_write(const char *path, const void *bytes, size_t len,
		 struct err *e);
/* write(2) until all is written. */
int fsutil_write_all(int fd, const void *bytes, size_t len, struct err *e);
/* Make a folder (0700) if it is not there, and those above it. */
int fsutil_mkdirs(const char *path, struct err *e);
/* fsync the folder that holds a path. */
int fsutil_sync_parent(const char *path, struct err *e);
/* fsync a folder. */
int fsutil_sync_dir(const char *path, struct err *e);
/* Give an open file the constant time, fsync it and close it. */
int fsutil_finish(int fd, const char *path, struct err *e);
/* Remove a folder and all in it; what is not there is no error. */
int fsutil_remove_all(const char *path, struct err *e);
/* False only if it is not there; what cannot be looked at may be. */
bool fsutil_exists(const char *path);
/* stat(2): 1; 0 if it is not there; -1 with `e` filled if that is not known. */
int fsutil_look(const char *path, struct stat *st, struct err *e);
/*
 * Is all in this folder a file or a folder, directly or by a link? Opening a
 * pipe can take for ever. What is not there is fine; ERR_EVIDENCE names it.
 */
int fsutil_only_files(const char *path, struct err *e);
/* True if a folder is there and empty, or not there at all. */
bool fsutil_is_free(const char *path);

/*
 * Call `file` for each file below `root`, with its path from there, in the
 * order of names. It returns 0, or -1 to stop.
 */
typedef int fsutil_file(void *ctx, const char *rel, mode_t mode, uint64_t size,
			struct err *e);
int fsutil_walk(const char *root, fsutil_file *file, void *ctx, struct err *e);

#endif
