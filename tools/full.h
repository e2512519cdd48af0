/*
 * The program is two files. `muniment` is linked with the libraries of everyday
 * work; PDF, archives, mail and the network need three times as many, and each
 * start and each helper process would pay for them. So what needs them goes on
 * in `muniment-full`, which lacks nothing (tools/lean/README.md).
 */
#ifndef MUNIMENT_FULL_H
#define MUNIMENT_FULL_H

/*
 * Go on in the full program with the same arguments (cli.argv), from their
 * beginning: call it before any key is in memory, any helper runs and anything
 * is read. Returns if this is the full program, or if there is none: it lies
 * beside this file or in ../libexec/muniment.
 */
void full_go_on(void);

#endif
