#include "apart.h"

#include "pool.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_DEEP (512u << 10) /* bytes below us that calls have used */
#define STACK_NEAR (64u << 10)	/* bytes of our own frame, at the most */
#define RANGES_MAX 4096
#define PAGES_ASKED 4096 /* pages whose presence is asked for at once */

/* The shadow of AddressSanitizer is terabytes: it is left as it is. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

struct range {
	uintptr_t from, to;
};

int
apart_begin(void)
{
	/* freed memory stays ours until apart_end has overwritten it */
	(void)mallopt(M_MMAP_MAX, 0);
	(void)mallopt(M_TRIM_THRESHOLD, INT32_MAX);
	return open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
}

/* What deeper calls have left on the stack. */
static __attribute__((noinline)) void
wipe_below(void)
{
	char deep[STACK_DEEP];

	explicit_bzero(deep, sizeof deep);
}

/* One hexadecimal number; *c is the byte after it. */
static uintptr_t
number(const char *text, size_t len, size_t *at)
{
	uintptr_t n = 0;

	for (; *at < len; ++*at) {
		char c = text[*at];

		if (c >= '0' && c <= '9')
			n = n << 4 | (uintptr_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (uintptr_t)(c - 'a' + 10);
		else
			break;
	}
	return n;
}

/* List what is private and can be written. */
static size_t
list_ranges(int maps, struct range *out)
{
	static char text[512 << 10];
	size_t len = 0, n = 0, at = 0;
	ssize_t r;

	while (len < sizeof text &&
	       (r = read(maps, text + len, sizeof text - len)) > 0)
		len += (size_t)r;
	while (at < len && n < RANGES_MAX) {
		uintptr_t from = number(text, len, &at), to;

		at++;
		to = number(text, len, &at);
		if (len - at > 5 && memcmp(text + at, " rw-p", 5) == 0)
			out[n++] = (struct range){from, to};
		while (at < len && text[at] != '\n')
			at++;
		at++;
	}
	return n;
}

/* Add a range, or lengthen the last one; returns how many there are then. */
static size_t
append(struct range *list, size_t n, uintptr_t from, uintptr_t to)
{
	if (n > 0 && list[n - 1].to == from)
		list[n - 1].to = to;
	else
		list[n++] = (struct range){from, to};
	return n;
}

/*
 * Of these ranges the pages that there are: one that was never touched would be
 * made only to be overwritten. What the kernel does not tell is taken whole.
 */
static size_t
only_present(const struct range *all, size_t n_all, struct range *out)
{
	static unsigned char there[PAGES_ASKED];
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	size_t n = 0;

	for (size_t i = 0; i < n_all; i++) {
		uintptr_t at = all[i].from, end = all[i].to;

		/* each of the others may still need a place of its own */
		while (at < end && n + (n_all - i) < RANGES_MAX) {
			uintptr_t k = (end - at) / page;

			k = k < PAGES_ASKED ? k : PAGES_ASKED;
			if (k == 0 || mincore((void *)at, k * page, there) != 0)
				break;
			for (uintptr_t p = 0;
			     p < k && n + (n_all - i) < RANGES_MAX;
			     p++, at += page)
				if (there[p] & 1)
					n = append(out, n, at, at + page);
		}
		if (at < end)
			n = append(out, n, at, end);
	}
	return n;
}

/*
 * After this nothing of the C library works any more, so it is one function,
 * without a stack protector, that ends in a bare system call. Its own frame
 * holds addresses only.
 */
static _Noreturn __attribute__((noinline, no_stack_protector)) void
wipe(const struct range *list, size_t n, int status)
{
	struct range own[RANGES_MAX];
	volatile uintptr_t here = (uintptr_t)&own;
	uintptr_t low = here - STACK_NEAR;
	uintptr_t high = (uintptr_t)__builtin_frame_address(0) + 64;

	for (size_t i = 0; i < n; i++)
		own[i] = list[i];
	for (size_t i = 0; i < n; i++)
		for (uintptr_t p = own[i].from; p < own[i].to;
		     p += sizeof(uint64_t))
			if (p < low || p >= high)
				*(volatile uint64_t *)p = 0;
	for (;;)
		syscall(SYS_exit_group, status);
}

void
apart_end(int maps, int status)
{
	static struct range list[RANGES_MAX], present[RANGES_MAX];
	sigset_t all;
	size_t n;

	/* a handler would find nothing of what it needs */
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	wipe_below();
	if (SANITIZED || maps < 0)
		_exit(status);
	n = only_present(list, list_ranges(maps, list), present);
	wipe(present, n, status);
}

static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define N_PASSED_ON (sizeof passed_on / sizeof *passed_on)
static volatile sig_atomic_t child_pid;

/* Who is told to stop tells the child, which has something to tidy up. */
static void
pass_on(int sig)
{
	if (child_pid > 0)
		kill((pid_t)child_pid, sig);
}

/*
 * A library may have left a thread behind, whose stack must not be taken from
 * under it: then only what was wiped by hand is gone.
 */
static bool
is_alone(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) == 0 && st.st_nlink == 3;
}

/* In the child. */
static _Noreturn void
live(apart_work *work, void *ctx, pid_t parent, const sigset_t *mask)
{
	int maps, status;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(ERR_UNKNOWN);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	maps = apart_begin();
	/* other threads' memory goes back to the kernel with what is in it */
	pool_alone();
	status = work(ctx);
	apart_end(is_alone() ? maps : -1, status);
}

static int
wait_for(pid_t child, int *status, struct err *e)
{
	int how;

	while (waitpid(child, &how, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "the process that does the work");
	if (!WIFEXITED(how))
		return err_set(e, ERR_UNKNOWN,
			       "the process that does the work was ended");
	*status = WEXITSTATUS(how);
	return 0;
}

int
apart_run(apart_work *work, void *ctx, int argc, char **argv, int *status,
	  struct err *e)
{
	struct sigaction act = {.sa_handler = pass_on}, old[N_PASSED_ON];
	sigset_t held, before;
	pid_t self = getpid(), child;
	int rc;

	sigemptyset(&held);
	for (size_t i = 0; i < N_PASSED_ON; i++)
		sigaddset(&held, passed_on[i]);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	child = fork();
	if (child == 0)
		live(work, ctx, self, &before);
	child_pid = child;
	for (size_t i = 0; i < N_PASSED_ON; i++)
		(void)sigaction(passed_on[i], &act, &old[i]);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	for (int i = 0; child > 0 && i < argc; i++)
		explicit_bzero(argv[i], strlen(argv[i]));
	rc = child < 0 ? err_sys(e, "a process of its own")
		       : wait_for(child, status, e);
	child_pid = 0;
	for (size_t i = 0; i < N_PASSED_ON; i++)
		(void)sigaction(passed_on[i], &old[i], NULL);
	return rc;
}
