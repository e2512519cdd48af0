/*
 * What a medium needs that may be pulled out or is not of our making: a FAT
 * or exFAT stick, a network folder. Nothing here depends on permissions,
 * links or the case of names.
 */
#ifndef MUNIMENT_MEDIUM_H
#define MUNIMENT_MEDIUM_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Make what was done in a folder (an open descriptor of it) durable: names
 * that were given or removed. A file system that knows no such request is no
 * error, a failed write is. Where the file system keeps no journal, all of it
 * is written out. `shown` names the folder or file in a message.
 */
int medium_sync_folder(int dir, const char *shown, struct err *e);

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
