/*
 * Both sides of a socket between us and a helper process that we forked:
 * all bytes or none, and its end.
 */
#ifndef MUNIMENT_HELPER_H
#define MUNIMENT_HELPER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The helper's side: wait as long as it takes. -1 if the other side is gone. */
int helper_read(int fd, void *buf, size_t len);
int helper_write(int fd, const void *buf, size_t len);

/* Our side: `ms` from now, as `until` of those below. */
int64_t helper_until(int ms);
/* -1 if it is gone, or the time is over. */
int helper_send(int fd, const void *buf, size_t len, int64_t until);
int helper_recv(int fd, void *buf, size_t len, int64_t until);
/*
 * Close *fd (if it is not -1) and wait `ms` for the child *pid (if it is not 0)
 * to end, then kill it; *fd is -1 and *pid 0 afterwards.
 */
void helper_end(int *fd, pid_t *pid, int ms);

#endif
