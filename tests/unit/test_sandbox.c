/*
 * Escapes tried from inside: whatever a library that is taken over could ask
 * the kernel for, the process is killed, or told no.
 */
#include "grind.h"
#include "sandbox.h"

#include "workshop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define DONE 7 /* exit status of a probe that came to its end */

/* One probe: system calls, the way a hostile program makes them. */
struct probe {
	const char *name;
	long call;
	long a[6];
	bool denied; /* by a lenient sandbox: EACCES instead of the end */
};

static char path[] = "/etc/passwd", text[64], *argv[] = {path, NULL};
static struct sockaddr_in addr;
static struct iovec iov = {text, sizeof text};
static struct rlimit much = {RLIM_INFINITY, RLIM_INFINITY};
static struct io_uring_params ring;

#define P(x) ((long)(uintptr_t)(x))
#define OTHER -77 /* stands for a descriptor that is not its own */
#define PAGE -78  /* for a page of memory */

static const struct probe probes[] = {
    {"openat", SYS_openat, {AT_FDCWD, P(path), O_RDONLY}, true},
    {"openat to write",
     SYS_openat,
     {AT_FDCWD, P("/tmp/muniment-probe"), O_CREAT | O_WRONLY, 0600},
     true},
    {"openat2", SYS_openat2, {AT_FDCWD, P(path), P(text), 24}, false},
    {"open_by_handle_at", SYS_open_by_handle_at, {OTHER, P(text), 0}, false},
    {"newfstatat", SYS_newfstatat, {AT_FDCWD, P(path), P(text), 0}, true},
    {"statx", SYS_statx, {AT_FDCWD, P(path), 0, 0, P(text)}, false},
    {"getdents64", SYS_getdents64, {OTHER, P(text), sizeof text}, false},
    {"unlinkat", SYS_unlinkat, {AT_FDCWD, P("/tmp/none"), 0}, false},
    {"renameat2",
     SYS_renameat2,
     {AT_FDCWD, P(path), AT_FDCWD, P("/tmp/x")},
     false},
    {"linkat",
     SYS_linkat,
     {AT_FDCWD, P(path), AT_FDCWD, P("/tmp/x"), 0},
     false},
    {"symlinkat", SYS_symlinkat, {P(path), AT_FDCWD, P("/tmp/x")}, false},
    {"mkdirat", SYS_mkdirat, {AT_FDCWD, P("/tmp/x"), 0700}, false},
    {"mknodat", SYS_mknodat, {AT_FDCWD, P("/tmp/x"), S_IFIFO | 0600, 0}, false},
    {"fchmodat", SYS_fchmodat, {AT_FDCWD, P(path), 0777}, false},
    {"chroot", SYS_chroot, {P("/")}, false},
    {"mount", SYS_mount, {P("none"), P("/tmp"), P("tmpfs"), 0, 0}, false},
    {"socket inet", SYS_socket, {AF_INET, SOCK_STREAM, 0}, false},
    {"socket unix", SYS_socket, {AF_UNIX, SOCK_STREAM, 0}, false},
    {"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM, 0, P(text)}, false},
    {"connect", SYS_connect, {SANDBOX_SOCKET, P(&addr), sizeof addr}, false},
    {"sendmsg", SYS_sendmsg, {SANDBOX_SOCKET, P(text), 0}, false},
    {"recvmsg", SYS_recvmsg, {SANDBOX_SOCKET, P(text), 0}, false},
    {"execve", SYS_execve, {P("/bin/true"), P(argv), 0}, false},
    {"execveat",
     SYS_execveat,
     {OTHER, P(""), P(argv), 0, AT_EMPTY_PATH},
     false},
    {"clone", SYS_clone, {SIGCHLD, 0, 0, 0, 0}, false},
    {"clone of a thread",
     SYS_clone,
     {CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0},
     false},
    {"clone3", SYS_clone3, {P(text), sizeof text}, false},
    {"vfork", SYS_vfork, {0}, false},
    {"unshare", SYS_unshare, {CLONE_NEWUSER}, false},
    {"setns", SYS_setns, {OTHER, 0}, false},
    {"ptrace", SYS_ptrace, {PTRACE_ATTACH, 1, 0, 0}, false},
    {"process_vm_readv",
     SYS_process_vm_readv,
     {1, P(&iov), 1, P(&iov), 1, 0},
     false},
    {"process_vm_writev",
     SYS_process_vm_writev,
     {1, P(&iov), 1, P(&iov), 1, 0},
     false},
    {"kill the parent", SYS_kill, {0, SIGTERM}, false},
    {"tgkill", SYS_tgkill, {1, 1, SIGTERM}, false},
    {"pidfd_open", SYS_pidfd_open, {1, 0}, false},
    {"pidfd_getfd", SYS_pidfd_getfd, {OTHER, 0, 0}, false},
    {"mmap code",
     SYS_mmap,
     {0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
      -1, 0},
     false},
    {"mmap a file",
     SYS_mmap,
     {0, 4096, PROT_READ, MAP_PRIVATE, OTHER, 0},
     false},
    {"mprotect to code",
     SYS_mprotect,
     {PAGE, 4096, PROT_READ | PROT_EXEC},
     false},
    {"memfd_create", SYS_memfd_create, {P("x"), 0}, false},
    {"shmget", SYS_shmget, {0, 4096, 0600}, false},
    {"io_uring_setup", SYS_io_uring_setup, {4, P(&ring)}, false},
    {"bpf", SYS_bpf, {0, P(text), sizeof text}, false},
    {"userfaultfd", SYS_userfaultfd, {0}, false},
    {"perf_event_open", SYS_perf_event_open, {P(text), 0, -1, -1, 0}, false},
    {"keyctl", SYS_keyctl, {0, -3, 0}, false},
    {"add_key", SYS_add_key, {P("user"), P("x"), P("y"), 1, -3}, false},
    {"read of another", SYS_read, {OTHER, P(text), 1}, false},
    {"write to another", SYS_write, {OTHER, P(text), 1}, false},
    {"write to standard error", SYS_write, {2, P(text), 1}, false},
    {"pwrite64", SYS_pwrite64, {OTHER, P(text), 1, 0}, false},
    {"writev", SYS_writev, {SANDBOX_SOCKET, P(&iov), 1}, false},
    {"sendfile", SYS_sendfile, {SANDBOX_SOCKET, OTHER, 0, 1}, false},
    {"splice", SYS_splice, {OTHER, 0, SANDBOX_SOCKET, 0, 1, 0}, false},
    {"dup", SYS_dup, {SANDBOX_SOCKET}, false},
    {"fcntl", SYS_fcntl, {SANDBOX_SOCKET, F_DUPFD, 10}, false},
    {"ioctl", SYS_ioctl, {0, TIOCSTI, P("x")}, false},
    {"prctl", SYS_prctl, {PR_SET_DUMPABLE, 1, 0, 0, 0}, false},
    {"seccomp", SYS_seccomp, {SECCOMP_SET_MODE_STRICT, 0, 0}, false},
    {"prlimit64", SYS_prlimit64, {0, RLIMIT_NOFILE, P(&much), 0}, false},
    {"setuid", SYS_setuid, {0}, false},
    {"personality", SYS_personality, {0}, false},
    {"arch_prctl", SYS_arch_prctl, {0x1002, 0}, false},
    {"rt_sigaction", SYS_rt_sigaction, {SIGSEGV, 0, 0, 8}, false},
    {"reboot", SYS_reboot, {0, 0, 0}, false},
    {"a call of no number", 100000, {0}, false},
#ifdef __x86_64__
    {"getpid as x32", 0x40000000L | SYS_getpid, {0}, false},
#endif
};
#define N_PROBES (sizeof probes / sizeof *probes)

static _Noreturn void
leave(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

static void
skip_under_valgrind(void)
{
	if (under_valgrind())
		skip();
}

/* How a process ends that is shut in and then tries it. */
static int
status_of(const struct probe *p, bool denies)
{
	const struct sandbox_limits limits = {
	    .memory = UINT64_C(1) << 30, .cpu = 10, .denies = denies};
	int pair[2], null = open("/dev/null", O_RDWR), other, status = -1;
	long a[6], rc;
	pid_t pid;

	/* out of the way of SANDBOX_SOCKET */
	other = fcntl(null, F_DUPFD, 64);
	assert_true(other >= 64);
	close(null);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		alarm(20);
		for (int i = 0; i < 6; i++)
			a[i] = p->a[i] == OTHER	 ? other
			       : p->a[i] == PAGE ? P(text) & -4096L
						 : p->a[i];
		if (dup2(pair[1], SANDBOX_SOCKET) < 0 ||
		    sandbox_shut_in(SANDBOX_SOCKET, -1, &limits) != 0)
			leave(1);
		rc = syscall(p->call, a[0], a[1], a[2], a[3], a[4], a[5]);
		leave(rc == -1 && errno == EACCES ? DONE + 1 : DONE);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(pair[0]);
	close(pair[1]);
	close(other);
	return status;
}

static void
all_are_stopped(void **state)
{
	(void)state;
	skip_under_valgrind();
	for (size_t i = 0; i < N_PROBES; i++) {
		int status = status_of(&probes[i], false);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: status %#x", probes[i].name,
				 (unsigned)status);
	}
	print_message("%zu probes\n", N_PROBES);
}

/* Where libraries are told no, files alone are: all else ends the process. */
static void
the_lenient_one_opens_nothing(void **state)
{
	(void)state;
	skip_under_valgrind();
	for (size_t i = 0; i < N_PROBES; i++) {
		int status = status_of(&probes[i], true);
		bool denied =
		    WIFEXITED(status) && WEXITSTATUS(status) == DONE + 1;
		bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;

		if (probes[i].denied ? !denied : !killed)
			fail_msg("%s: status %#x", probes[i].name,
				 (unsigned)status);
	}
}

/* The filter is there, and it is not what stops all processes. */
static void
work_is_let_through(void **state)
{
	static const struct probe fine[] = {
	    {"getrandom", SYS_getrandom, {P(text), 8, 0}, false},
	    {"madvise", SYS_madvise, {0, 0, 0}, false},
	    {"write to the socket",
	     SYS_write,
	     {SANDBOX_SOCKET, P(text), 1},
	     false}};

	(void)state;
	skip_under_valgrind();
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
		int status = status_of(&fine[i], false);

		if (!WIFEXITED(status) || WEXITSTATUS(status) != DONE)
			fail_msg("%s: status %#x", fine[i].name,
				 (unsigned)status);
	}
}

/* What a worker inherits: tried from a real one. */
static void
look_around(int maps)
{
	uint8_t open_fds = 0;

	for (int fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0 && fd != maps)
			open_fds++;
	(void)!write(SANDBOX_SOCKET, &open_fds, 1);
}

static void
workers_inherit_nothing(void **state)
{
	static const struct workshop_trade trade = {NULL, look_around};
	struct workshop *w;
	uint8_t n = 0;
	int leak, fd;

	(void)state;
	skip_under_valgrind();
	leak = open("/dev/null", O_RDONLY);
	w = workshop_start(&trade, NULL);
	assert_true(workshop_works(w));
	for (int i = 0; i < 3; i++) {
		fd = workshop_hire(w, NULL);
		assert_true(fd >= 0);
		assert_int_equal(read(fd, &n, 1), 1);
		assert_int_equal(n, 4); /* the standard ones, the socket */
		close(fd);
	}
	workshop_stop(w);
	close(leak);
}

static void
no_helper_no_worker(void **state)
{
	(void)state;
	assert_false(workshop_works(NULL));
	assert_int_equal(workshop_hire(NULL, NULL), -1);
	workshop_stop(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_are_stopped),
	    cmocka_unit_test(the_lenient_one_opens_nothing),
	    cmocka_unit_test(work_is_let_through),
	    cmocka_unit_test(workers_inherit_nothing),
	    cmocka_unit_test(no_helper_no_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
