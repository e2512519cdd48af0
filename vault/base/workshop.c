#include "workshop.h"

#include "apart.h"
#include "helper.h"
#include "sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define START_MS 20000
#define STOP_MS 1000

/*
 * Over the control socket a message of one byte brings the helper a worker's
 * socket.
 */
struct workshop {
	pid_t pid;   /* of the helper, 0: none */
	int control; /* -1 without a helper */
};

/*
 * The helper and its workers.
 */

static _Noreturn void
work(const struct workshop_trade *trade, int fd, pid_t parent)
{
	int maps;

	if (sandbox_let_go(fd, parent) != 0)
		_exit(1);
	maps = apart_begin();
	trade->work(maps);
	apart_end(maps, 0);
}

/* A descriptor that came over the socket; -1 when the other side is gone. */
static int
receive_fd(int control)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = room,
			   .msg_controllen = sizeof room};
	struct cmsghdr *c;
	ssize_t n;
	int fd = -1;

	do
		n = recvmsg(control, &m, 0);
	while (n < 0 && errno == EINTR);
	c = n == 1 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

static _Noreturn void
help(const struct workshop_trade *trade, int control, pid_t parent)
{
	pid_t self;
	char ready = 'r';
	int fd;

	if (sandbox_let_go(control, parent) != 0 ||
	    (trade->warm_up != NULL && !trade->warm_up()))
		_exit(1);
	/* nobody waits for workers: the kernel buries them */
	signal(SIGCHLD, SIG_IGN);
	self = getpid();
	if (helper_write(SANDBOX_SOCKET, &ready, 1) != 0)
		_exit(1);
	while ((fd = receive_fd(SANDBOX_SOCKET)) >= 0) {
		if (fork() == 0)
			work(trade, fd, self);
		close(fd);
	}
	_exit(0);
}

/*
 * Our side.
 */

struct workshop *
workshop_start(const struct workshop_trade *trade, struct err *e)
{
	struct workshop *w = calloc(1, sizeof *w);
	pid_t self = getpid();
	int pair[2];
	char ready;

	if (w == NULL) {
		err_sys(e, "a helper process");
		return NULL;
	}
	w->control = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return w;
	w->pid = fork();
	if (w->pid == 0)
		help(trade, pair[1], self);
	close(pair[1]);
	w->control = pair[0];
	if (w->pid < 0)
		w->pid = 0;
	if (w->pid == 0 ||
	    helper_recv(w->control, &ready, 1, helper_until(START_MS)) != 0)
		helper_end(&w->control, &w->pid, 0);
	return w;
}

bool
workshop_works(const struct workshop *w)
{
	return w != NULL && w->pid != 0;
}

void
workshop_stop(struct workshop *w)
{
	if (w == NULL)
		return;
	helper_end(&w->control, &w->pid, STOP_MS);
	free(w);
}

static int
send_fd(int control, int fd)
{
	char byte = 'w', room[CMSG_SPACE(sizeof fd)] = {0};
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = room,
			   .msg_controllen = sizeof room};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	return sendmsg(control, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int
workshop_hire(struct workshop *w, struct err *e)
{
	int pair[2], fd = -1;

	if (!workshop_works(w))
		return err_set(e, ERR_UNKNOWN,
			       "the process that looks at foreign bytes could"
			       " not be started or shut in");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return err_sys(e, "a helper process");
	if (send_fd(w->control, pair[1]) == 0)
		fd = pair[0];
	else
		close(pair[0]);
	close(pair[1]);
	return fd >= 0 ? fd : err_set(e, ERR_UNKNOWN, "a helper has ended");
}
