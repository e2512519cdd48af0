/*
 * The media type of a file that may be hostile, recognised by libmagic in a
 * helper process that holds no key and can do nothing but answer.
 *
 * mediatype_start forks the helper. It has to be called before any key or
 * passphrase is in memory, and best before there are threads: a fork copies
 * what is there. For the same reason a helper that died is never replaced;
 * from then on every answer is MEDIATYPE_UNKNOWN.
 *
 * The helper sees the first MEDIATYPE_HEAD_LEN bytes of each file. It loads the
 * magic database, then gives up every right: no file, socket or program can be
 * opened (seccomp kills it, Landlock where there is one), no memory made
 * executable, 512 MiB of address space, no output but the answer, no core. It
 * dies with the thread that called mediatype_start. What is left to a file
 * that takes the helper over: to lie about its own type and those of later
 * files, within the characters of a media type. So a type is a hint for
 * people, never a reason to trust.
 */
#ifndef MUNIMENT_MEDIATYPE_H
#define MUNIMENT_MEDIATYPE_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MEDIATYPE_HEAD_LEN 65536 /* bytes looked at */
#define MEDIATYPE_LEN 128	 /* bytes of an answer, NUL included */
#define MEDIATYPE_ASK_MS 5000	 /* longest wait for one answer */
#define MEDIATYPE_START_MS 20000 /* for the first, database load included */
#define MEDIATYPE_UNKNOWN "application/octet-stream"

struct mediatype;

/*
 * Start the helper and see that it recognises a PDF. A helper that does not
 * (no database, no seccomp) is no failure: see mediatype_works. NULL, with `e`
 * filled, only without memory.
 */
struct mediatype *mediatype_start(struct err *e);

/* True while the helper answers. Once false it stays so: warn then. */
bool mediatype_works(const struct mediatype *m);

/*
 * The type of a file whose first bytes are `head` (len bytes; what lies beyond
 * MEDIATYPE_HEAD_LEN is not looked at): "type/subtype" in lower case, of the
 * characters of RFC 6838, section 4.2. MEDIATYPE_UNKNOWN for an empty file,
 * for what libmagic has no media type for, and without a helper. A helper that
 * does not answer within MEDIATYPE_ASK_MS is killed.
 *
 * 0, or -1 if the helper does not work (`out` is MEDIATYPE_UNKNOWN).
 */
int mediatype_ask(struct mediatype *m, const void *head, size_t len,
		  char out[MEDIATYPE_LEN]);

/* End the helper. NULL is fine. */
void mediatype_stop(struct mediatype *m);

/*
 * For the helper and its test.
 */

/*
 * Shut the calling process in for good: from here on it can compute, read from
 * and write to `fd`, and exit; anything else kills it with SIGSYS. 0, or -1 if
 * it could not be shut in (it may be in part: exit then).
 */
int mediatype_sandbox(int fd);
/* Lower the letters of `s` if it is a media type as above; else false. */
bool mediatype_clean(char *s);
/* The helper's process id, 0 if it does not work. */
pid_t mediatype_pid(const struct mediatype *m);

#endif
