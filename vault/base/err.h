/*
 * One error, filled once by whoever knows the detail.
 *
 * Functions of vault/ take a struct err as last parameter and return 0, or -1
 * with the error filled. Messages are one line, lower case, without a full
 * stop, and hold no key, passphrase, plaintext or raw foreign bytes.
 */
#ifndef MUNIMENT_ERR_H
#define MUNIMENT_ERR_H

#include <stddef.h>

enum err_code {
	ERR_NONE = 0,
	ERR_EVIDENCE = 1, /* what is here failed verification */
	ERR_UNKNOWN = 2,  /* the answer is not known: usage, I/O, locked */
};

struct err {
	int code;	/* enum err_code: the command's exit status */
	char msg[512];	/* what, NUL-terminated */
	char hint[256]; /* what the person can do; empty if nothing */
};

/* Fill `e` unless it is filled already; always returns -1. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, followed by ": " and the text of errno. */
int err_sys(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same for memory that was not to be had. */
int err_memory(struct err *e);
/* Add a hint to a filled error; always returns -1. */
int err_hint(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Empty `e` so that it can be filled again. */
void err_clear(struct err *e);

/*
 * Write `len` foreign bytes to `out` (cap bytes, NUL included) so that a
 * terminal shows them and obeys none: UTF-8 stays, control characters, bidi
 * overrides and bad bytes become \xNN. Cut off with "..." when too long.
 * Returns out.
 */
char *err_escape(char *out, size_t cap, const void *bytes, size_t len);

#endif
