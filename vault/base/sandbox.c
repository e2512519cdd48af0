#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* AddressSanitizer maps terabytes and is left without a limit on them. */
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

#define LANDLOCK_FS \
	0x1fff /* every right on files of Landlock's first version */

int
sandbox_let_go(int fd, pid_t parent)
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
	high = fcntl(fd, F_DUPFD, SANDBOX_SOCKET + 1);
	null = open("/dev/null", O_RDWR);
	if (high < 0 || null < 0 || chdir("/") != 0)
		return -1;
	for (int std = 0; std <= 2; std++)
		if (dup2(null, std) < 0)
			return -1;
	if (dup2(high, SANDBOX_SOCKET) < 0)
		return -1;
	return close_range(SANDBOX_SOCKET + 1, ~0U, 0);
}

static int
limit_resources(const struct sandbox_limits *l)
{
	const rlim_t memory = SANITIZED ? RLIM_INFINITY : l->memory;
	const struct {
		int what;
		rlim_t most;
	} limits[] = {
	    {RLIMIT_AS, memory}, {RLIMIT_CPU, l->cpu}, {RLIMIT_NOFILE, 0},
	    {RLIMIT_NPROC, 0},	 {RLIMIT_FSIZE, 0},    {RLIMIT_CORE, 0},
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

/* The system calls of a library that works on a buffer; all else kills. */
static int
filter_calls(int fd, int maps, bool denies)
{
	static const int opening[] = {SCMP_SYS(open),	SCMP_SYS(openat),
				      SCMP_SYS(stat),	SCMP_SYS(newfstatat),
				      SCMP_SYS(access), SCMP_SYS(readlink)};
	static const int memory[] = {
	    SCMP_SYS(brk),	 SCMP_SYS(munmap),     SCMP_SYS(mremap),
	    SCMP_SYS(madvise),	 SCMP_SYS(futex),      SCMP_SYS(clock_gettime),
	    SCMP_SYS(exit),	 SCMP_SYS(exit_group), SCMP_SYS(rt_sigprocmask),
	    SCMP_SYS(getrandom), SCMP_SYS(mincore)};
	const uint32_t yes = SCMP_ACT_ALLOW;
	const struct scmp_arg_cmp ours = SCMP_A0(SCMP_CMP_EQ, (uint64_t)fd, 0);
	const struct scmp_arg_cmp own = SCMP_A0(SCMP_CMP_EQ, (uint64_t)maps, 0);
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
	for (size_t i = 0;
	     rc == 0 && denies && i < sizeof opening / sizeof *opening; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), opening[i],
				      0);
	/* what AddressSanitizer asks when an exception is thrown */
	if (rc == 0 && SANITIZED)
		rc = seccomp_rule_add(ctx, yes, SCMP_SYS(sigaltstack), 0);
	if (rc == 0)
		rc = seccomp_rule_add(ctx, yes, SCMP_SYS(read), 1, ours);
	if (rc == 0 && maps >= 0)
		rc = seccomp_rule_add(ctx, yes, SCMP_SYS(read), 1, own);
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
sandbox_shut_in(int fd, int maps, const struct sandbox_limits *limits)
{
	if (prctl(PR_SET_DUMPABLE, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	forbid_files();
	if (limit_resources(limits) != 0)
		return -1;
	return filter_calls(fd, maps, limits->denies);
}
