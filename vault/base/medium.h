/*
 * What a medium needs that may be pulled out or is not of our making: a FAT
 * or exFAT stick, a network folder. Nothing here depends on permissions,
 * links or the case of names.
 */
#ifndef MUNIMENT_MEDIUM_H
#define MUNIMENT_MEDIUM_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Make n written files durable, all of the file system in which the open folder
 * `dir` lies; `dir` was opened before they were written. Many wait for the
 * disk once, not once each, where a file system can be asked what became of each. -1: errno tells, and
 * *which is the file that could not be written, or n if it was not one of them.
 */
int medium_sync_files(int dir, const int *files, size_t n, size_t *which);

/*
 * Make what was done in n open folders of one file system durable: names that
 * were given or removed. A file system that knows no such request is no error,
 * a failed write is. Where the file system keeps no journal, all of it is
 * written out. -1: errno tells, and *which is the folder.
 */
int medium_sync_folders(const int *dirs, size_t n, size_t *which);

/*
 * Bytes that a file system still takes; UINT64_MAX if it does not tell.
 * Never fails.
 */
uint64_t medium_room(int dir);

/*
 * Forget what the machine's memory holds of an open file that was made
 * durable, so that the next read asks the medium. Advice only: some file
 * systems keep it all the same.
 */
void medium_forget(int fd);

#endif
