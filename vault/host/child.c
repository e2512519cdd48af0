#include "child.h"

#include "keyring.h"

#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PIECE (64u << 10) /* bytes at a time */
#define PATIENCE 3	  /* seconds for a child to end by itself */

struct child {
	pid_t pid;
	int io;	 /* its input and output; -1 when closed */
	int err; /* its error output; -1 when closed */
	char said[1024];
	size_t n_said;
	uint8_t *piece;
	bool ended;
	int status;
};

/* What tells git of another repository, or writes down what it does. */
static void
clean_environment(int flags)
{
	static const char *const out[] = {
	    "GIT_DIR",	  "GIT_WORK_TREE",    "GIT_COMMON_DIR",
	    "GIT_TRACE",  "GIT_TRACE_PACKET", "GIT_TRACE_CURL",
	    "GIT_TRACE2", "GIT_TRACE2_EVENT", "GIT_TRACE2_PERF"};

	for (size_t i = 0; i < sizeof out / sizeof *out; i++)
		unsetenv(out[i]);
	setenv("LC_ALL", "C.UTF-8", 1);
	if ((flags & CHILD_NO_PROMPT) != 0)
		setenv("GIT_TERMINAL_PROMPT", "0", 1);
}

/* In the child: never returns. */
static void
become(const char *const *argv, int flags, int io, int err, pid_t parent)
{
	sigset_t none;

	/* a parent that died before this line would not be noticed */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
		_exit(126);
	if (dup2(io, 0) < 0 || dup2(io, 1) < 0 ||
	    ((flags & CHILD_KEEP_MESSAGES) == 0 && dup2(err, 2) < 0))
		_exit(126);
	if (close_range(3, ~0u, 0) != 0 || chdir("/") != 0)
		_exit(126);
	/* the key of an unlocked session is not for it */
	if (keyring_leave() != 0)
		_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < 32; s++)
		if (s != SIGKILL && s != SIGSTOP)
			signal(s, SIG_DFL);
	clean_environment(flags);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(errno == ENOENT ? 127 : 126);
}

struct child *
child_start(const char *const *argv, int flags, struct err *e)
{
	struct child *c = calloc(1, sizeof *c);
	int io[2] = {-1, -1}, err[2] = {-1, -1};
	pid_t parent = getpid();

	if (c != NULL)
		c->piece = malloc(PIECE);
	if (c == NULL || c->piece == NULL) {
		free(c);
		err_memory(e);
		return NULL;
	}
	c->io = c->err = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, io) != 0 ||
	    pipe2(err, O_CLOEXEC) != 0)
		goto bad;
	c->pid = fork();
	if (c->pid < 0)
		goto bad;
	if (c->pid == 0)
		become(argv, flags, io[1], err[1], parent);
	close(io[1]);
	close(err[1]);
	c->io = io[0];
	c->err = err[0];
	fcntl(c->io, F_SETFL, O_NONBLOCK);
	fcntl(c->err, F_SETFL, O_NONBLOCK);
	return c;
bad:
	err_sys(e, "%s", argv[0]);
	for (int i = 0; i < 2; i++) {
		if (io[i] >= 0)
			close(io[i]);
		if (err[i] >= 0)
			close(err[i]);
	}
	free(c->piece);
	free(c);
	return NULL;
}

/* Keep the end of what it says. */
static void
listen_to(struct child *c)
{
	char buf[512];
	ssize_t n = read(c->err, buf, sizeof buf);
	size_t keep = sizeof c->said - 1, len;

	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
			close(c->err);
			c->err = -1;
		}
		return;
	}
	len = (size_t)n;
	if (c->n_said + len > keep) {
		size_t drop = c->n_said + len - keep;

		memmove(c->said, c->said + drop, c->n_said - drop);
		c->n_said -= drop;
	}
	memcpy(c->said + c->n_said, buf, len);
	c->n_said += len;
	c->said[c->n_said] = '\0';
}

ssize_t
child_give(void *text, void *buf, size_t cap, struct err *e)
{
	struct child_text *t = text;
	size_t n = t->len - t->at < cap ? t->len - t->at : cap;

	(void)e;
	if (n > 0)
		memcpy(buf, (const char *)t->bytes + t->at, n);
	t->at += n;
	return (ssize_t)n;
}

void
child_rewind(void *text)
{
	struct child_text *t = text;

	t->at = 0;
}

/* What waits to be sent. */
struct outgoing {
	child_source *source;
	void *ctx;
	uint8_t *buf;
	size_t at, len;
	bool over; /* the source has given all */
};

/* Send a piece. 1 if something went, 0 if not now, -1 with `e` filled. */
static int
send_some(struct child *c, struct outgoing *o, bool shut, struct err *e)
{
	ssize_t n;

	if (o->at == o->len) {
		n = o->source(o->ctx, o->buf, PIECE, e);
		if (n < 0)
			return -1;
		o->at = 0;
		o->len = (size_t)n;
		if (n == 0) {
			o->over = true;
			if (shut)
				shutdown(c->io, SHUT_WR);
			return 1;
		}
	}
	n = send(c->io, o->buf + o->at, o->len - o->at,
		 MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0) {
		/* it will say why, and end */
		o->over = true;
		return 1;
	}
	o->at += (size_t)n;
	return 1;
}

/* Take a piece. 1 if something came, 0 if not, 2 at its end or enough. */
static int
take_some(struct child *c, child_sink *sink, void *ctx, struct err *e)
{
	ssize_t n = recv(c->io, c->piece, PIECE, MSG_DONTWAIT);
	int rc;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return 2;
	rc = sink(ctx, c->piece, (size_t)n, e);
	return rc < 0 ? -1 : rc == 0 ? 1 : 2;
}

static int
talk(struct child *c, struct outgoing *o, bool shut, child_sink *sink,
     void *ctx, unsigned seconds, bool *stalled, struct err *e)
{
	for (;;) {
		struct pollfd p[2] = {{.fd = c->io, .events = POLLIN},
				      {.fd = c->err, .events = POLLIN}};
		int rc;

		if (!o->over)
			p[0].events |= POLLOUT;
		rc = poll(p, c->err >= 0 ? 2 : 1, (int)seconds * 1000);
		if (rc < 0 && errno == EINTR)
			continue;
		if (rc < 0)
			return err_sys(e, "poll");
		if (rc == 0) {
			*stalled = true;
			return err_set(e, ERR_UNKNOWN,
				       "nothing came for %u seconds", seconds);
		}
		if (c->err >= 0 && p[1].revents != 0)
			listen_to(c);
		if ((p[0].revents & POLLOUT) != 0 && !o->over &&
		    send_some(c, o, shut, e) < 0)
			return -1;
		if ((p[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
			rc = take_some(c, sink, ctx, e);
			if (rc < 0)
				return -1;
			if (rc == 2)
				return 0;
		}
	}
}

int
child_talk(struct child *c, child_source *source, void *source_ctx, bool shut,
	   child_sink *sink, void *sink_ctx, unsigned seconds, bool *stalled,
	   struct err *e)
{
	struct outgoing o = {.source = source,
			     .ctx = source_ctx,
			     .buf = source != NULL ? malloc(PIECE) : NULL,
			     .over = source == NULL};
	int rc;

	*stalled = false;
	if (source != NULL && o.buf == NULL)
		return err_memory(e);
	if (source == NULL && shut)
		shutdown(c->io, SHUT_WR);
	rc = talk(c, &o, shut, sink, sink_ctx, seconds, stalled, e);
	if (*stalled)
		kill(c->pid, SIGKILL);
	/* a password may have passed here */
	if (o.buf != NULL)
		secret_wipe(o.buf, PIECE);
	free(o.buf);
	secret_wipe(c->piece, PIECE);
	return rc;
}

const char *
child_said(const struct child *c)
{
	return c->said;
}

/* True once it has ended. */
static bool
has_ended(struct child *c, int flags)
{
	siginfo_t info = {0};

	if (c->ended)
		return true;
	if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | flags) != 0) {
		c->status = 126;
		return c->ended = errno != EINTR;
	}
	if (info.si_pid == 0)
		return false;
	c->ended = true;
	c->status =
	    info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return true;
}

int
child_wait(struct child *c)
{
	struct timespec start, now;

	if (c->io >= 0)
		close(c->io);
	c->io = -1;
	clock_gettime(CLOCK_MONOTONIC, &start);
	now = start;
	while (!has_ended(c, WNOHANG) && now.tv_sec - start.tv_sec < PATIENCE) {
		struct pollfd p = {.fd = c->err, .events = POLLIN};

		if (poll(&p, 1, 20) > 0)
			listen_to(c);
		clock_gettime(CLOCK_MONOTONIC, &now);
	}
	if (!c->ended)
		kill(c->pid, SIGKILL);
	while (!has_ended(c, 0))
		;
	/* its last words may still lie in the pipe */
	for (int i = 0; c->err >= 0 && i < 64; i++) {
		struct pollfd p = {.fd = c->err, .events = POLLIN};

		if (poll(&p, 1, 0) <= 0)
			break;
		listen_to(c);
	}
	return c->status;
}

void
child_free(struct child *c)
{
	if (c == NULL)
		return;
	child_wait(c);
	if (c->err >= 0)
		close(c->err);
	free(c->piece);
	free(c);
}
