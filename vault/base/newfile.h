/*
 * A file that gets its name only when it is whole.
 *
 * What is written lies under a name by chance in the same folder (mode 0600)
 * until newfile_commit; nothing that has the name already is ever replaced.
 * When the program fails or is told to stop (SIGINT, SIGTERM, SIGHUP and
 * their like), the unfinished file is removed. Only a power cut, a crash or
 * SIGKILL can leave one behind, and its name, ".muniment-*.part", tells: the
 * first file that another program begins in that folder removes those that no
 * running one holds.
 */
#ifndef MUNIMENT_NEWFILE_H
#define MUNIMENT_NEWFILE_H

#include "err.h"

#define NEWFILE_MAX 240 /* unfinished files at a time */

struct newfile;

/* 0 if nothing is called `path`; -1 with `e` filled, as newfile_open would. */
int newfile_check(const char *path, struct err *e);

/*
 * Begin the file that shall be called `path`. NULL with `e` filled, at once if
 * something has that name. Not for several threads at a time.
 */
struct newfile *newfile_open(const char *path, struct err *e);

/*
 * The descriptor to write to, and to read from once the file is settled; the
 * newfile closes it.
 */
int newfile_fd(const struct newfile *f);

/*
 * Make what was written durable and go over to reading: newfile_fd then
 * stands at the first byte, and what it reads comes from the medium, as far
 * as the system can be made to forget what it has in memory. Nothing can be
 * written any more. -1 with `e` filled: there is only newfile_abort.
 */
int newfile_settle(struct newfile *f, struct err *e);

/*
 * Make the file durable and give it its name. Frees `f` in any case. On -1
 * with `e` filled the file is removed, unless all that failed was making the
 * folder durable: then it stands, whole, under its name.
 */
int newfile_commit(struct newfile *f, struct err *e);

/*
 * The same for n files, of one folder or of many: all get their names, or none.
 * The first gets its name last, so that whoever finds it finds the others.
 * Frees them and sets the entries of the list to NULL, in any case.
 */
int newfile_commit_all(struct newfile **list, size_t n, struct err *e);

/* Remove the unfinished file and free `f`; takes NULL. */
void newfile_abort(struct newfile *f);

#endif
