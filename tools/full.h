/*
 * The program is two files. `muniment` is linked with the libraries of everyday
 * work; PDF, archives, mail and git hosts need three times as many, and each
 * start and each helper process would pay for them. So what needs them goes on
 * in `muniment-full`, which lacks nothing (lean/README.md).
 */
#ifndef MUNIMENT_FULL_H
#define MUNIMENT_FULL_H

#include <stdbool.h>

/*
 * Go on in the full program with the same arguments (cli.argv), from their
 * beginning: call it before any key is in memory, any helper runs and anything
 * is read. Returns if this is the full program, or if there is none, as on a
 * stick. One that is there and cannot be used ends this one with status 2, as
 * nothing else would be what was asked for.
 *
 * It lies beside this file, or in ../libexec/muniment if this one is in a
 * folder "bin", and belongs to root or to whom this one belongs to; neither it
 * nor a folder that it lies in may be written by more people than this file and
 * its own. This file has to be called "muniment": on a stick it is the loader that runs, and
 * nothing of that kind is run from there.
 */
void full_go_on(void);
/* The same for what cannot be done otherwise: 0; or 2 after saying so. */
int full_must(const char *what);

/*
 * For main, before anything else: did the lean program hand over to this one?
 * One of another version ends here with status 2.
 */
bool full_came(void);

#endif
