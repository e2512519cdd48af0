#include "helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int
helper_read(int fd, void *buf, size_t len)
{
	for (uint8_t *p = buf; len > 0;) {
		ssize_t n = read(fd, p, len);

		if (n == 0 || (n < 0 && errno != EINTR))
			return -1;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int
helper_write(int fd, const void *buf, size_t len)
{
	for (const uint8_t *p = buf; len > 0;) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Milliseconds of a clock that nobody sets. */
static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait for `events` on the socket; -1 when the time is over. */
static int
wait_for(int fd, short events, int64_t until)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int64_t left = until - now_ms();
		int n = left <= 0 ? 0 : poll(&p, 1, (int)left);

		if (n > 0)
			return 0;
		if (n == 0 || errno != EINTR)
			return -1;
	}
}

int
helper_send(int fd, const void *buf, size_t len, int64_t until)
{
	for (const uint8_t *p = buf; len > 0;) {
		ssize_t n = send(fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			if (wait_for(fd, POLLOUT, until) != 0)
				return -1;
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

int
helper_recv(int fd, void *buf, size_t len, int64_t until)
{
	for (uint8_t *p = buf; len > 0;) {
		ssize_t n = recv(fd, p, len, MSG_DONTWAIT);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n == 0) {
			return -1;
		} else if (errno == EAGAIN) {
			if (wait_for(fd, POLLIN, until) != 0)
				return -1;
		} else if (errno != EINTR) {
			return -1;
		}
	}
	return 0;
}

int64_t
helper_until(int ms)
{
	return now_ms() + ms;
}

void
helper_end(int *fd, pid_t *pid, int ms)
{
	int64_t until = now_ms() + ms;
	pid_t gone;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	if (*pid == 0)
		return;
	while ((gone = waitpid(*pid, NULL, WNOHANG)) == 0 && now_ms() < until)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	/*
	 * Where the shell left SIGCHLD ignored the kernel has buried it, and
	 * the number may be another's: so kill only what is still our child.
	 */
	if (gone == 0) {
		kill(*pid, SIGKILL);
		while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	*pid = 0;
}
