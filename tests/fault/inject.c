/*
 * Runs a command and does something to one of its system calls: kills it
 * there, makes the call fail, or makes a write lie.
 *
 *	inject [-l LOG] [-a ACTION -n NUMBER] [-w] -- COMMAND [ARGUMENT...]
 *
 * Calls are numbered from 1, those of the command itself (all its threads, not
 * the helpers that it forks, nor its talk with them), and only from where its
 * own code begins: before that the loader is at work. LOG gets a line for each,
 * "<number> <name> <class> <file>": class w changes a disk or a keyring, r does
 * not; the file is what is read or written, or "-". With -w only class w is
 * counted.
 *
 *	kill         before the call
 *	late:USEC    that many microseconds after it
 *	ENOSPC, ...  the call fails so, and nothing is done
 *	lie          a write says that it wrote, and did not
 *	flip         a write writes one bit wrong
 *
 * The exit status is the command's, 137 if it was killed. seccomp stops at
 * these calls alone, so all else runs at full speed. Knows x86-64 only: exit
 * status 77 elsewhere, or where it may not trace.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#define CANNOT 77
#ifdef __x86_64__

struct call {
	int nr;
	const char *name;
	char class;
};
#define W(name)                        \
	{                              \
		SYS_##name, #name, 'w' \
	}
#define R(name)                        \
	{                              \
		SYS_##name, #name, 'r' \
	}
static const struct call calls[] = {
    W(write),	   W(pwrite64),	 W(writev),    W(pwritev),	   W(rename),
    W(renameat),   W(renameat2), W(link),      W(linkat),	   W(unlink),
    W(unlinkat),   W(mkdir),	 W(mkdirat),   W(rmdir),	   W(ftruncate),
    W(truncate),   W(fallocate), W(fsync),     W(fdatasync),	   W(syncfs),
    W(sync),	   W(chmod),	 W(fchmod),    W(fchmodat),	   W(utimensat),
    W(futimesat),  W(symlink),	 W(symlinkat), W(copy_file_range), W(sendfile),
    R(openat),	   R(open),	 R(read),      R(pread64),	   R(close),
    R(getdents64), R(flock),	 R(fcntl),     R(pipe2),	   R(pipe),
    R(socketpair), R(dup),	 R(dup2),      R(newfstatat),	   R(statx),
    R(fstatfs),	   R(statfs),	 R(mmap),      R(lseek),	   R(poll),
    R(wait4),	   W(add_key),	 W(keyctl),    W(sync_file_range),
};
#define CALLS (sizeof calls / sizeof *calls)

static struct {
	const char *action;
	long at;
	bool writes_only;
	FILE *log;
	int error;   /* errno to give */
	long usec;   /* of late: */
	pid_t child; /* the command */
	bool begun;  /* its own code runs */
	long n;	     /* calls so far */
	bool done;
} in;

static const struct {
	const char *name;
	int value;
} errors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},	     {"EINTR", EINTR},
	      {"EDQUOT", EDQUOT}, {"EROFS", EROFS},  {"EMFILE", EMFILE},
	      {"EACCES", EACCES}, {"ENOMEM", ENOMEM}};

/* In the child: stop at these calls, and at prctl, which says where to begin.
 */
static int
filter(void)
{
	struct sock_filter f[2 * CALLS + 8];
	struct sock_fprog prog = {.filter = f};
	unsigned short n = 0;

	f[n++] = (struct sock_filter)BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i <= CALLS; i++) {
		uint32_t nr = i < CALLS ? (uint32_t)calls[i].nr : SYS_prctl;

		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						      nr, 0, 1);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						      SECCOMP_RET_TRACE);
	}
	f[n++] =
	    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	prog.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

static pid_t
start(char **argv)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(CANNOT);
	raise(SIGSTOP);
	if (filter() != 0)
		_exit(CANNOT);
	execvp(argv[0], argv);
	_exit(127);
}

static const struct call *
find(long nr)
{
	for (size_t i = 0; i < CALLS; i++)
		if (calls[i].nr == nr)
			return &calls[i];
	return NULL;
}

/* An open that makes or changes a file changes the disk. */
static char
class_of(const struct call *c, const struct user_regs_struct *r)
{
	unsigned long flags = c->nr == SYS_openat ? r->rdx : r->rsi;

	if (c->nr != SYS_openat && c->nr != SYS_open)
		return c->class;
	return (flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)) != 0 ? 'w'
								      : 'r';
}

static void
fail(pid_t tid, struct user_regs_struct *r, long result)
{
	r->orig_rax = (unsigned long)-1;
	r->rax = (unsigned long)result;
	ptrace(PTRACE_SETREGS, tid, NULL, r);
}

/* Turn a bit in the middle of what is written. */
static void
flip(pid_t tid, const struct user_regs_struct *r)
{
	unsigned long at = (r->rsi + r->rdx / 2) & ~7ul;
	long word;

	if (r->rdx < 16)
		return;
	word = ptrace(PTRACE_PEEKDATA, tid, (void *)at, NULL);
	ptrace(PTRACE_POKEDATA, tid, (void *)at, (void *)(word ^ 0x10));
}

static void
act(pid_t tid, struct user_regs_struct *r)
{
	in.done = true;
	if (strcmp(in.action, "kill") == 0)
		kill(in.child, SIGKILL);
	else if (strcmp(in.action, "lie") == 0)
		fail(tid, r, (long)r->rdx);
	else if (strcmp(in.action, "flip") == 0)
		flip(tid, r);
	else if (in.error != 0)
		fail(tid, r, -in.error);
}

/* A thread of the command, not of a helper? */
static bool
is_own(pid_t tid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/task/%d", (int)in.child,
		 (int)tid);
	return tid == in.child || access(path, F_OK) == 0;
}

/* What its first argument, a descriptor, stands for; "-" if not known. */
static void
target(pid_t tid, const struct user_regs_struct *r, char out[256])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/fd/%u", (int)tid,
		 (unsigned)r->rdi & 0xffff);
	n = readlink(path, out, 255);
	if (n < 0)
		out[(n = 1) - 1] = '-';
	out[n] = '\0';
}

/* Is its first argument a descriptor that is read from or written to? */
static bool
moves_bytes(const struct call *c)
{
	return c->nr == SYS_write || c->nr == SYS_read ||
	       c->nr == SYS_pwrite64 || c->nr == SYS_pread64 ||
	       c->nr == SYS_writev;
}

static void
at_call(pid_t tid)
{
	struct user_regs_struct r;
	const struct call *c;
	char class, to[256] = "-";

	if (!is_own(tid) || ptrace(PTRACE_GETREGS, tid, NULL, &r) != 0)
		return;
	if (r.orig_rax == SYS_prctl) {
		in.begun |= r.rdi == PR_SET_DUMPABLE;
		return;
	}
	c = find((long)r.orig_rax);
	if (!in.begun || c == NULL)
		return;
	class = class_of(c, &r);
	if (in.writes_only && class != 'w')
		return;
	if (moves_bytes(c))
		target(tid, &r, to);
	/* what only talks to a helper is no disk */
	if (strncmp(to, "pipe:", 5) == 0 || strncmp(to, "socket:", 7) == 0)
		return;
	in.n++;
	if (in.log != NULL)
		fprintf(in.log, "%ld %s %c %s\n", in.n, c->name, class, to);
	if (in.action != NULL && in.n == in.at)
		act(tid, &r);
}

static void
late(void)
{
	struct timespec t = {in.usec / 1000000, in.usec % 1000000 * 1000};

	nanosleep(&t, NULL);
	kill(in.child, SIGKILL);
	in.usec = -1;
}

/* Go on until the command has ended; its status. */
static int
follow(void)
{
	for (;;) {
		int status;
		pid_t tid = waitpid(-1, &status, __WALL);
		int sig = 0;

		if (tid < 0)
			return CANNOT;
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (tid != in.child)
				continue;
			return WIFEXITED(status) ? WEXITSTATUS(status)
						 : 128 + WTERMSIG(status);
		}
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8))
			at_call(tid);
		else if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8) &&
			 tid == in.child)
			in.begun = false; /* the loader's calls again */
		else if (status >> 16 == 0 && WSTOPSIG(status) != SIGSTOP &&
			 WSTOPSIG(status) != SIGTRAP)
			sig = WSTOPSIG(status);
		ptrace(PTRACE_CONT, tid, NULL, sig);
		if (in.done && in.usec >= 0)
			late();
	}
}

static int
options(int argc, char **argv)
{
	int o;

	in.usec = -1;
	while ((o = getopt(argc, argv, "+l:a:n:w")) != -1) {
		if (o == 'l')
			in.log = fopen(optarg, "w");
		else if (o == 'a')
			in.action = optarg;
		else if (o == 'n')
			in.at = atol(optarg);
		else if (o == 'w')
			in.writes_only = true;
		else
			return -1;
	}
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (in.action != NULL && strcmp(in.action, errors[i].name) == 0)
			in.error = errors[i].value;
	if (in.action != NULL && strncmp(in.action, "late:", 5) == 0)
		in.usec = atol(in.action + 5);
	return optind < argc ? 0 : -1;
}

int
main(int argc, char **argv)
{
	int status, rc;

	if (options(argc, argv) != 0) {
		fprintf(stderr, "usage: inject [-l LOG] [-a ACTION -n NUMBER]"
				" [-w] -- COMMAND...\n");
		return 2;
	}
	in.child = start(argv + optind);
	if (in.child < 0 || waitpid(in.child, &status, 0) != in.child ||
	    !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, in.child, NULL,
		   PTRACE_O_EXITKILL | PTRACE_O_TRACESECCOMP |
		       PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
		       PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC) != 0)
		return CANNOT;
	ptrace(PTRACE_CONT, in.child, NULL, 0);
	rc = follow();
	if (in.log != NULL && fclose(in.log) != 0)
		return 2;
	/* all that it left behind ends with us: PTRACE_O_EXITKILL */
	return rc;
}

#else
int
main(void)
{
	return CANNOT;
}
#endif
