/*
 * A program that is run beside ours and talked to: ssh, git credential. Its
 * input and output are one socket, so that a program that dies is an error
 * and no signal. It starts in /, with no descriptor of ours and an empty
 * keyring, and dies with us.
 */
#ifndef MUNIMENT_CHILD_H
#define MUNIMENT_CHILD_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child;

enum child_flag {
	CHILD_NO_PROMPT = 1,	/* it must not ask at the terminal */
	CHILD_KEEP_MESSAGES = 2 /* its error output goes where ours goes */
};

/*
 * Start argv[0], looked for in PATH. NULL with `e` filled. That it is not
 * there shows only in child_wait: 127.
 */
struct child *child_start(const char *const *argv, int flags, struct err *e);

/*
 * Bytes to send: into buf, up to cap; 0 at the end; -1 with `e` filled.
 * Bytes that came: 0 to go on, 1 for "enough for now", -1 with `e` filled.
 */
typedef ssize_t child_source(void *ctx, void *buf, size_t cap, struct err *e);
typedef int child_sink(void *ctx, const void *bytes, size_t len, struct err *e);

/* Bytes in memory as a source, and from their begin again. */
struct child_text {
	const void *bytes;
	size_t len, at;
};
ssize_t child_give(void *text, void *buf, size_t cap, struct err *e);
void child_rewind(void *text);

/*
 * Send all that `source` (may be NULL) gives, then close that direction if
 * `shut`, and pass on what comes until the sink has enough or the child closes
 * its output. -1 with `e` filled; *stalled is set if nothing moved for
 * `seconds`.
 */
int child_talk(struct child *c, child_source *source, void *source_ctx,
	       bool shut, child_sink *sink, void *sink_ctx, unsigned seconds,
	       bool *stalled, struct err *e);

/* The end of what it said on its error output: NUL-terminated, not escaped. */
const char *child_said(const struct child *c);

/*
 * Wait for its end (a few seconds, then it is killed). Its exit status; 128
 * and the signal's number if one ended it. May be called again.
 */
int child_wait(struct child *c);
/* Ends it if it has not ended; takes NULL. */
void child_free(struct child *c);

#endif
