/*
 * Work that is done in a process of its own and takes all that it knew with
 * it: what it read, the keys it made, the names it saw. Before that process
 * ends it overwrites its whole memory, since a kernel hands freed pages back
 * as they are and a machine's memory can be read for minutes after. (Not if a
 * library has left a thread behind: none does that reads evidence.)
 */
#ifndef MUNIMENT_APART_H
#define MUNIMENT_APART_H

#include "err.h"

#include <stdbool.h>

/* Returns the exit status of the child: 0, 1 or 2 (enum err_code). */
typedef int apart_work(void *ctx);

/*
 * Run `work` in a child process and wait for it; its exit status goes to
 * *status. The child dies with this process. argv, `argc` strings that `ctx`
 * may point into, is overwritten here: what was typed stays with the child
 * alone. 0, or -1 with `e` filled if the child could not be started, or ended
 * by a signal.
 */
int apart_run(apart_work *work, void *ctx, int argc, char **argv, int *status,
	      struct err *e);

/*
 * For a child: from here on no memory is given back to the kernel before the
 * end. Returns a descriptor for apart_end; -1 where memory cannot be listed.
 */
int apart_begin(void);
/*
 * Overwrite all of its memory that can be written and is there, and end the
 * process. Pages that were never touched, or are in swap, are not brought in for
 * it: what was swapped out stays on the disk as it was.
 */
_Noreturn void apart_end(int maps, int status);

#endif
