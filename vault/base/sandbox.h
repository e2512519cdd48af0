/*
 * A process that looks at foreign bytes: what it inherited is let go of, then
 * it is shut in so that it can compute, talk to one socket, and end.
 *
 * Both are for a child between fork and its end; neither can be undone.
 */
#ifndef MUNIMENT_SANDBOX_H
#define MUNIMENT_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SANDBOX_SOCKET 3 /* the one descriptor that leads out */

/*
 * Let go of the terminal, the signal handlers, the working folder (a stick
 * must be free to be pulled) and every descriptor but `fd`, which becomes
 * SANDBOX_SOCKET; the standard ones lead nowhere. The process dies with
 * `parent`. 0, or -1: end then.
 */
int sandbox_let_go(int fd, pid_t parent);

struct sandbox_limits {
	uint64_t
	    memory;   /* bytes of address space; not under AddressSanitizer */
	unsigned cpu; /* seconds */
	/* Opening a file fails instead of killing: for libraries that go on
	 * without (tables of character sets). */
	bool denies;
};

/*
 * From here on the process can compute, read from and write to `fd`, read from
 * `maps` (apart_begin's; -1: none), ask which of its memory there is, and exit;
 * no memory made executable, no core; anything else kills it with SIGSYS. 0, or
 * -1 if it could not be shut in (it may be in part: end then).
 */
int sandbox_shut_in(int fd, int maps, const struct sandbox_limits *limits);

#endif
