#include "doctor_inside.h"

#include "sandbox.h"
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* 1 November 2026: no clock that is right shows less. */
#define CLOCK_LEAST 1793491200
#define CLOCK_MOST 4102444800 /* 2100 */
#define DAY 86400

static const char *const states[] = {"holds", "lacks", "unknown"};

void
doctor_say(json_t *list, const char *check, enum doctor_state state,
	   const char *hint, const char *fmt, ...)
{
	char text[512];
	json_t *o = json_object();
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	json_object_set_new(o, "check", json_string(check));
	json_object_set_new(o, "state", json_string(states[state]));
	json_object_set_new(o, "says", json_string(text));
	if (hint != NULL && state != DOCTOR_HOLDS)
		json_object_set_new(o, "hint", json_string(hint));
	json_array_append_new(list, o);
}

long
doctor_read(const char *path, char *out, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd >= 0 ? read(fd, out, cap - 1) : -1;

	if (fd >= 0)
		close(fd);
	while (n > 0 && out[n - 1] == '\n')
		n--;
	out[n > 0 ? n : 0] = '\0';
	return n;
}

static void
landlock(json_t *list)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);

	if (abi > 0)
		doctor_say(list, "landlock", DOCTOR_HOLDS, NULL,
			   "the kernel can also shut foreign bytes off from"
			   " files by Landlock (version %ld)",
			   abi);
	else
		doctor_say(list, "landlock", DOCTOR_LACKS,
			   "Linux 5.13 or later, with landlock in lsm=",
			   "the kernel has no Landlock: seccomp alone keeps"
			   " foreign bytes from files");
}

/* A process that is shut in and then does what it must not. */
static void
seccomp(json_t *list)
{
	const struct sandbox_limits limits = {.memory = UINT64_C(1) << 30,
					      .cpu = 10};
	int pair[2], status = 0;
	pid_t pid = -1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
		pid = fork();
		if (pid == 0) {
			if (sandbox_let_go(pair[1], getppid()) != 0 ||
			    sandbox_shut_in(SANDBOX_SOCKET, -1, &limits) != 0)
				_exit(1);
			(void)!syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY);
			_exit(2);
		}
		close(pair[0]);
		close(pair[1]);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		doctor_say(list, "seccomp", DOCTOR_HOLDS, NULL,
			   "foreign bytes are parsed in processes that can"
			   " compute and answer, and nothing else: one that"
			   " tried to open a file was ended");
	else
		doctor_say(list, "seccomp", DOCTOR_LACKS,
			   "a kernel with CONFIG_SECCOMP_FILTER; a container"
			   " that allows seccomp(2)",
			   "processes cannot be shut in here: archives, mail,"
			   " PDF files and git packs will not be read");
}

static void
locking(json_t *list)
{
	struct rlimit r = {0, 0};

	(void)getrlimit(RLIMIT_MEMLOCK, &r);
	if (secret_is_locked())
		doctor_say(list, "locked memory", DOCTOR_HOLDS, NULL,
			   "keys and passphrases are locked in memory (limit:"
			   " %llu KiB)",
			   (unsigned long long)r.rlim_cur / 1024);
	else
		doctor_say(list, "locked memory", DOCTOR_LACKS,
			   "raise the limit: ulimit -l, or memlock in"
			   " /etc/security/limits.conf",
			   "keys and passphrases cannot be locked in memory and"
			   " may reach swap (limit: %llu KiB)",
			   (unsigned long long)r.rlim_cur / 1024);
}

/* Is what a line of /proc/swaps names encrypted, or memory itself? */
static bool
is_safe_swap(const char *name)
{
	char path[128], uuid[64], real[256];
	ssize_t n;

	if (strncmp(name, "/dev/zram", 9) == 0)
		return true;
	n = readlink(name, real, sizeof real - 1);
	real[n > 0 ? n : 0] = '\0';
	if (n > 0)
		name = real;
	name = strrchr(name, '/') != NULL ? strrchr(name, '/') + 1 : name;
	snprintf(path, sizeof path, "/sys/block/%.64s/dm/uuid", name);
	return doctor_read(path, uuid, sizeof uuid) > 0 &&
	       strncmp(uuid, "CRYPT-", 6) == 0;
}

static void
swap(json_t *list)
{
	char text[4096], *save = NULL, *line;
	size_t all = 0, bad = 0;

	if (doctor_read("/proc/swaps", text, sizeof text) < 0) {
		doctor_say(list, "swap", DOCTOR_UNKNOWN, NULL,
			   "/proc/swaps cannot be read");
		return;
	}
	line = strtok_r(text, "\n", &save); /* the heading */
	while (line != NULL && (line = strtok_r(NULL, "\n", &save)) != NULL) {
		line[strcspn(line, " \t")] = '\0';
		all++;
		bad += !is_safe_swap(line);
	}
	if (bad == 0)
		doctor_say(list, "swap", DOCTOR_HOLDS, NULL,
			   all == 0 ? "there is no swap"
				    : "swap is encrypted, or memory itself");
	else
		doctor_say(list, "swap", DOCTOR_LACKS,
			   "swapoff -a, or swap on an encrypted device",
			   "%zu of %zu swap areas are not known to be"
			   " encrypted: evidence that is being worked on can"
			   " be written there in clear",
			   bad, all);
}

static void
cores(json_t *list)
{
	char pattern[128] = "";
	struct rlimit r = {1, 1};

	(void)getrlimit(RLIMIT_CORE, &r);
	if (doctor_read("/proc/sys/kernel/core_pattern", pattern,
			sizeof pattern) < 0)
		strcpy(pattern, "not known");
	if (prctl(PR_GET_DUMPABLE) == 0 && r.rlim_cur == 0)
		doctor_say(list, "core files", DOCTOR_HOLDS, NULL,
			   "this process leaves no core, and no other user's"
			   " can look into it (the machine's cores go to: %s)",
			   pattern);
	else
		doctor_say(list, "core files", DOCTOR_LACKS, NULL,
			   "a crash can leave memory in a core file (they go"
			   " to: %s)",
			   pattern);
}

static void
clock_is(json_t *list)
{
	/* what the machine itself wrote lies in the past */
	static const char *const written[] = {
	    "/var/lib/dpkg/status", "/etc/ld.so.cache", "/var/log/wtmp"};
	time_t now = time(NULL), newest = 0;
	struct stat st;
	const char *hint = "set the clock: what is taken in bears its time";

	for (size_t i = 0; i < sizeof written / sizeof *written; i++)
		if (stat(written[i], &st) == 0 && st.st_mtime > newest)
			newest = st.st_mtime;
	if (now < CLOCK_LEAST || now > CLOCK_MOST)
		doctor_say(list, "clock", DOCTOR_LACKS, hint,
			   "the clock shows a time that cannot be");
	else if (newest > now + DAY)
		doctor_say(list, "clock", DOCTOR_LACKS, hint,
			   "the clock is behind: files of the system are newer"
			   " by %lld days",
			   (long long)(newest - now) / DAY);
	else
		doctor_say(list, "clock", DOCTOR_HOLDS, NULL,
			   "the clock shows a time that can be; whether it is"
			   " right, compare");
}

json_t *
doctor_look(const char *dir, const char *identity)
{
	json_t *list = json_array();

	if (list == NULL)
		return NULL;
	seccomp(list);
	landlock(list);
	locking(list);
	swap(list);
	cores(list);
	clock_is(list);
	doctor_libraries(list);
	if (identity != NULL)
		doctor_identity(list, identity);
	if (dir != NULL)
		doctor_vault(list, dir);
	return list;
}

int
doctor_status(const json_t *list)
{
	int worst = 0;
	json_t *o;
	size_t i;

	json_array_foreach (list, i, o) {
		const char *s = json_string_value(json_object_get(o, "state"));

		if (strcmp(s, states[DOCTOR_LACKS]) == 0)
			return 1;
		if (strcmp(s, states[DOCTOR_UNKNOWN]) == 0)
			worst = 2;
	}
	return worst;
}
