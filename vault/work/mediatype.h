/*
 * The media type of a file that may be hostile, recognised by libmagic in
 * helper processes that hold no key and can do nothing but answer.
 *
 * mediatype_start forks the helpers. It has to be called before any key or
 * passphrase is in memory, and best before there are threads: a fork copies
 * what is there. For the same reason a helper that died is never replaced;
 * what it was asked, and all when none is left, is MEDIATYPE_UNKNOWN.
 *
 * A helper sees the first MEDIATYPE_HEAD_LEN bytes of a file, of a text the
 * first 4 KiB; libmagic sees none of the commonest (HTML, mail, JSON). The
 * helper loads the magic database, then gives up every right: no file, socket
 * or program can be opened (seccomp kills it, Landlock where there is one), no
 * memory made executable, 512 MiB of address space, no output but the answer,
 * no core. It dies with the thread that called mediatype_start. What is left to
 * a file that takes the helper over: to lie about its own type and those of
 * later files, within the characters of a media type. So a type is a hint for
 * people, never a reason to trust.
 */
#ifndef MUNIMENT_MEDIATYPE_H
#define MUNIMENT_MEDIATYPE_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MEDIATYPE_HEAD_LEN 65536 /* bytes looked at */
#define MEDIATYPE_LEN 128	 /* bytes of an answer, NUL included */
#define MEDIATYPE_HELPERS_MAX 4
#define MEDIATYPE_AHEAD 64	 /* questions whose answers are kept */
#define MEDIATYPE_ASK_MS 5000	 /* longest wait for one answer */
#define MEDIATYPE_START_MS 20000 /* for the first, database load included */
#define MEDIATYPE_UNKNOWN "application/octet-stream"

struct mediatype;

/*
 * Start as many helpers, at most MEDIATYPE_HELPERS_MAX and as pools have
 * workers (pool.h), and see that they recognise a PDF. That one does not (no
 * database, no seccomp) is no failure: see mediatype_works. NULL, with `e`
 * filled, only without memory.
 */
struct mediatype *mediatype_start(size_t helpers, struct err *e);

/* True while all helpers answer. Once false it stays so: warn then. */
bool mediatype_works(const struct mediatype *m);

/*
 * Ask for the type of a file whose first bytes are `head` (len bytes; what lies
 * beyond MEDIATYPE_HEAD_LEN is not looked at), and go on while a helper looks.
 * The question's number is returned, for mediatype_get; its answer is kept
 * until MEDIATYPE_AHEAD more have been put.
 */
uint64_t mediatype_put(struct mediatype *m, const void *head, size_t len);
/*
 * The answer: "type/subtype" in lower case, of the characters of RFC 6838,
 * section 4.2. MEDIATYPE_UNKNOWN for an empty file, for what libmagic has no
 * media type for, and without a helper. A helper that does not answer within
 * MEDIATYPE_ASK_MS is killed.
 */
void mediatype_get(struct mediatype *m, uint64_t question,
		   char out[MEDIATYPE_LEN]);
/* Both. 0, or -1 if not all helpers work. */
int mediatype_ask(struct mediatype *m, const void *head, size_t len,
		  char out[MEDIATYPE_LEN]);

/* End the helpers, which overwrite their memory. NULL is fine. */
void mediatype_stop(struct mediatype *m);

/*
 * For the helper and its test.
 */

/*
 * Shut the calling process in for good: from here on it can compute, read from
 * and write to `fd`, read from `maps` (apart_begin's; -1: none), and exit;
 * anything else kills it with SIGSYS. 0, or -1 if it could not be shut in (it
 * may be in part: exit then).
 */
int mediatype_sandbox(int fd, int maps);
/* Lower the letters of `s` if it is a media type as above; else false. */
bool mediatype_clean(char *s);
/* The first helper's process id, 0 if it does not work. */
pid_t mediatype_pid(const struct mediatype *m);

#endif
