/*
 * Input and output of the commands that turn one stream into another: files,
 * or standard input and output.
 */
#ifndef MUNIMENT_STREAMS_H
#define MUNIMENT_STREAMS_H

#include "ageops.h"
#include "err.h"

#include <stdbool.h>

/* Open `path`; NULL or "-" is standard input. 0, or -1 with `e` filled. */
int streams_in(const char *path, struct ageops_file *in, struct err *e);
/* Close what streams_in opened; harmless on {.fd = -1}. */
void streams_in_close(struct ageops_file *in);

struct newfile;
struct streams_out {
	struct ageops_file file;
	struct newfile *newfile; /* NULL: standard output */
};

/* True if `path` (NULL or "-": standard output) is not the name of a file. */
bool streams_is_standard(const char *path);
/* True if bytes would go to a terminal that nobody asked for with "-". */
bool streams_to_terminal(const char *path);
/* Refuse a name that is taken, before any work. 0, or -1 with `e` filled. */
int streams_out_check(const char *path, struct err *e);
/* Open a new file, or standard output. */
int streams_out(const char *path, struct streams_out *out, struct err *e);
/* All is written and right: give the file its name. */
int streams_out_commit(struct streams_out *out, struct err *e);
/* Remove the file, unless it has been committed. */
void streams_out_abort(struct streams_out *out);

#endif
