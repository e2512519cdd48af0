#include "mediatype.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <magic.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* AddressSanitizer maps terabytes and is left without a limit on them. */
#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_MAX RLIM_INFINITY
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMORY_MAX RLIM_INFINITY
#endif
#endif
#ifndef MEMORY_MAX
#define MEMORY_MAX (512UL << 20) /* bytes */
#endif

#define CPU_MAX 3600	/* seconds, over all files of one command */
#define HELPER_SOCKET 3 /* the one descriptor that leads out of the helper */
#define LANDLOCK_FS \
	0x1fff /* every right on files of Landlock's first version */

struct mediatype {
	pid_t pid; /* 0: no helper */
	int fd;	   /* ours of the socket pair, -1 without a helper */
};

/*
 * What goes over the socket. To the helper: the length as uint32_t, then the
 * bytes. Back: MEDIATYPE_LEN bytes, the type filled up with NULs.
 */

/*
 * The helper.
 */

static int
limit_resources(void)
{
	static const struct {
		int what;
		rlim_t most;
	} limits[] = {
	    {RLIMIT_AS, MEMORY_MAX}, {RLIMIT_CPU, CPU_MAX}, {RLIMIT_NOFILE, 0},
	    {RLIMIT_NPROC, 0},	     {RLIMIT_FSIZE, 0},	    {RLIMIT_CORE, 0},
	};

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct rlimit r;

		if (getrlimit(limits[i].what, &r) != 0)
			return -1;
		if (limits[i].most < r.rlim_max)
			r.rlim_max = limits[i].most;
		r.rlim_cur = r.rlim_max;
		if (setrlimit(limits[i].what, &r) != 0)
			return -1;
	}
	return 0;
}

/* No file at all, if this kernel knows how; seccomp holds without it. */
static void
forbid_files(void)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = LANDLOCK_FS};
	long rules =
	    syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);

	if (rules < 0)
		return;
	syscall(SYS_landlock_restrict_self, rules, 0);
	close((int)rules);
}

/* The system calls that libmagic makes on a buffer; all else kills. */
static int
filter_calls(int fd)
{
	static const int memory[] = {SCMP_SYS(brk),    SCMP_SYS(munmap),
				     SCMP_SYS(mremap), SCMP_SYS(madvise),
				     SCMP_SYS(futex),  SCMP_SYS(clock_gettime),
				     SCMP_SYS(exit),   SCMP_SYS(exit_group)};
	const uint32_t yes = SCMP_ACT_ALLOW;
	const struct scmp_arg_cmp ours = SCMP_A0(SCMP_CMP_EQ, (uint64_t)fd, 0);
	const struct scmp_arg_cmp data =
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp fileless =
	    SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS);
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int rc = ctx == NULL ? -1 : 0;

	if (rc == 0)
		rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
				      SCMP_ACT_KILL_PROCESS);
	for (size_t i = 0; rc == 0 && i < sizeof memory / sizeof *memory; i++)
		rc = seccomp_rule_add(ctx, yes, memory[i], 0);
	if (rc == 0)
		rc = seccomp_rule_add(ctx, yes, SCMP_SYS(read), 1, ours);
	if (rc == 0)
		rc = seccomp_rule_add(ctx, yes, SCMP_SYS(write), 1, ours);
	if (rc == 0)
		rc = seccomp_rule_add(ctx, yes, SCMP_SYS(mprotect), 1, data);
	if (rc == 0)
		rc = seccomp_rule_add(ctx, yes, SCMP_SYS(mmap), 2, data,
				      fileless);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	return rc == 0 ? 0 : -1;
}

int
mediatype_sandbox(int fd)
{
	if (prctl(PR_SET_DUMPABLE, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	forbid_files();
	if (limit_resources() != 0)
		return -1;
	return filter_calls(fd);
}

/*
 * Let go of what was inherited: the terminal, the signal handlers, the working
 * folder (a stick must be free to be pulled), every descriptor.
 */
static int
let_go(int fd, pid_t parent)
{
	sigset_t none;
	int high, null;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		return -1;
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	high = fcntl(fd, F_DUPFD, HELPER_SOCKET + 1);
	null = open("/dev/null", O_RDWR);
	if (high < 0 || null < 0 || chdir("/") != 0)
		return -1;
	for (int std = 0; std <= 2; std++)
		if (dup2(null, std) < 0)
			return -1;
	if (dup2(high, HELPER_SOCKET) < 0)
		return -1;
	return close_range(HELPER_SOCKET + 1, ~0U, 0);
}

/* libmagic with its database, or NULL. Looks into no archive. */
static magic_t
load_magic(void)
{
	magic_t magic;

	/* the system's database, not one that somebody's HOME holds */
	unsetenv("MAGIC");
	unsetenv("HOME");
	/* a time zone that needs no file later */
	setenv("TZ", "UTC0", 1);
	tzset();
	magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS |
			   MAGIC_NO_CHECK_ELF);
	if (magic == NULL || magic_load(magic, NULL) == 0)
		return magic;
	magic_close(magic);
	return NULL;
}

static int
read_all(int fd, void *buf, size_t len)
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

static int
write_all(int fd, const void *buf, size_t len)
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

/* The helper's life; ends when the other side closes the socket. */
static _Noreturn void
help(int fd, pid_t parent)
{
	static uint8_t head[MEDIATYPE_HEAD_LEN];
	magic_t magic;
	uint32_t len;

	if (let_go(fd, parent) != 0)
		_exit(1);
	magic = load_magic();
	if (magic == NULL || mediatype_sandbox(HELPER_SOCKET) != 0)
		_exit(1);
	while (read_all(HELPER_SOCKET, &len, sizeof len) == 0) {
		char answer[MEDIATYPE_LEN] = "";
		const char *type;

		if (len > sizeof head ||
		    read_all(HELPER_SOCKET, head, len) != 0)
			break;
		type = magic_buffer(magic, head, len);
		if (type != NULL && strlen(type) < sizeof answer)
			memcpy(answer, type, strlen(type));
		explicit_bzero(head, len);
		if (write_all(HELPER_SOCKET, answer, sizeof answer) != 0)
			break;
	}
	_exit(0);
}

/*
 * Our side.
 */

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

static int
send_all(int fd, const void *buf, size_t len, int64_t until)
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

static int
recv_all(int fd, void *buf, size_t len, int64_t until)
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

/* No helper any more. */
static void
end_helper(struct mediatype *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
	if (m->pid == 0)
		return;
	/*
	 * Where the shell left SIGCHLD ignored the kernel has buried it, and
	 * the number may be another's: so kill only what is still our child.
	 */
	if (waitpid(m->pid, NULL, WNOHANG) == 0) {
		kill(m->pid, SIGKILL);
		while (waitpid(m->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	m->pid = 0;
}

static bool
is_name(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = s[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

		if (!plain && (i == 0 || strchr("!#$&-^_.+", c) == NULL))
			return false;
	}
	return len > 0;
}

bool
mediatype_clean(char *s)
{
	size_t type = strcspn(s, "/");

	for (char *p = s; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return s[type] == '/' && is_name(s, type) &&
	       is_name(s + type + 1, strlen(s + type + 1));
}

/* One question, answered before `ms` have passed, or the helper is ended. */
static int
ask(struct mediatype *m, const void *head, size_t len, int ms,
    char out[MEDIATYPE_LEN])
{
	int64_t until = now_ms() + ms;
	uint32_t size =
	    len < MEDIATYPE_HEAD_LEN ? (uint32_t)len : MEDIATYPE_HEAD_LEN;

	strcpy(out, MEDIATYPE_UNKNOWN);
	if (m->pid == 0)
		return -1;
	if (size == 0)
		return 0;
	if (send_all(m->fd, &size, sizeof size, until) != 0 ||
	    send_all(m->fd, head, size, until) != 0 ||
	    recv_all(m->fd, out, MEDIATYPE_LEN, until) != 0) {
		end_helper(m);
		strcpy(out, MEDIATYPE_UNKNOWN);
		return -1;
	}
	/* inode/ is libmagic's own word for what is no content */
	if (memchr(out, '\0', MEDIATYPE_LEN) == NULL || !mediatype_clean(out) ||
	    strncmp(out, "inode/", 6) == 0)
		strcpy(out, MEDIATYPE_UNKNOWN);
	return 0;
}

int
mediatype_ask(struct mediatype *m, const void *head, size_t len,
	      char out[MEDIATYPE_LEN])
{
	return ask(m, head, len, MEDIATYPE_ASK_MS, out);
}

struct mediatype *
mediatype_start(struct err *e)
{
	static const char probe[] = "%PDF-1.7\n";
	struct mediatype *m = calloc(1, sizeof *m);
	char type[MEDIATYPE_LEN];
	pid_t self = getpid();
	int pair[2];

	if (m == NULL) {
		err_sys(e, "media types");
		return NULL;
	}
	m->fd = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return m;
	m->pid = fork();
	if (m->pid == 0)
		help(pair[1], self);
	close(pair[1]);
	m->fd = pair[0];
	if (m->pid < 0)
		m->pid = 0;
	if (ask(m, probe, sizeof probe - 1, MEDIATYPE_START_MS, type) != 0 ||
	    strcmp(type, "application/pdf") != 0)
		end_helper(m);
	return m;
}

bool
mediatype_works(const struct mediatype *m)
{
	return m->pid != 0;
}

pid_t
mediatype_pid(const struct mediatype *m)
{
	return m->pid;
}

void
mediatype_stop(struct mediatype *m)
{
	if (m == NULL)
		return;
	end_helper(m);
	free(m);
}
