/*
 * vault/work/mediatype.h: types of small heads, the sandbox from inside, and
 * what is left when the helper is gone.
 *
 * Each test of the sandbox shuts in a child of its own and lets it try one
 * thing. Valgrind makes system calls of its own in every process, which the
 * filter kills: under it the helper cannot work, and those tests are skipped.
 */
#include "mediatype.h"
#include "pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_ASAN 1
#endif
#ifndef HAS_ASAN
#define HAS_ASAN 0
#endif

static void
skip_under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	if (preload != NULL && strstr(preload, "vgpreload") != NULL)
		skip();
}

static struct mediatype *
start_many(size_t helpers)
{
	struct err e = {0};
	struct mediatype *m = mediatype_start(helpers, &e);

	assert_non_null(m);
	assert_int_equal(e.code, ERR_NONE);
	return m;
}

static struct mediatype *
start(void)
{
	return start_many(1);
}

#define HEAD(s) s, sizeof s - 1

static void
types(void **state)
{
	static const struct {
		const char *head;
		size_t len;
		const char *type;
	} cases[] = {
	    {HEAD("\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\1\0\1\0\0"),
	     "image/jpeg"},
	    {HEAD("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x8\x2\0\0\0"),
	     "image/png"},
	    {HEAD("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), "application/pdf"},
	    {HEAD("\0\0\0\x18"
		  "ftypmp42\0\0\0\0mp42isom"),
	     "video/mp4"},
	    {HEAD("\0\0\0\x14"
		  "ftypqt  \0\0\2\0qt  \0\0\0\x8wide"),
	     "video/quicktime"},
	    {HEAD("II*\0\x8\0\0\0\0\0\0\0"), "image/tiff"},
	    {HEAD("MM\0*\0\0\0\x8\0\0\0\0"), "image/tiff"},
	    {HEAD("Plain words.\nAnd more of them.\n"), "text/plain"},
	    {HEAD("<!DOCTYPE html>\n<html lang=\"en\"><p>x"), "text/html"},
	    {HEAD("\xef\xbb\xbf \r\n<HTML>\n"), "text/html"},
	    {HEAD("From: a@b.example\nTo: c\n\nx\n"), "message/rfc822"},
	    {HEAD("Received: from a by b;\r\n\r\nx\r\n"), "message/rfc822"},
	    {HEAD(" {\"a\": [1, 2, {\"b\": null}]}\n"), "application/json"},
	    {HEAD("{\"a\": [1, 2, {\"b\""), "text/plain"},
	    {HEAD("[not JSON, but a remark]\n"), "text/plain"},
	    {HEAD("<?xml version=\"1.0\"?>\n<a/>\n"), "text/xml"},
	    {HEAD("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n"),
	     "text/vcard"},
	    {HEAD("\xd0\x9f\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80\n"),
	     "text/plain"},
	    {HEAD("PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\x27\0\0\0\x27\0\0\0\x8"
		  "\0\0\0mimetypeapplication/vnd.oasis.opendocument.textPK"
		  "\3\4"),
	     "application/vnd.oasis.opendocument.text"},
	    {HEAD("\x1\x2\x3\x4\x5\x6\x7\x8"), MEDIATYPE_UNKNOWN},
	    {HEAD("\0"), MEDIATYPE_UNKNOWN},
	    {HEAD(""), MEDIATYPE_UNKNOWN},
	};
	struct mediatype *m;
	char out[MEDIATYPE_LEN];

	(void)state;
	skip_under_valgrind();
	m = start();
	assert_true(mediatype_works(m));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		memset(out, 'x', sizeof out);
		assert_int_equal(
		    mediatype_ask(m, cases[i].head, cases[i].len, out), 0);
		assert_string_equal(out, cases[i].type);
	}
	assert_int_equal(mediatype_ask(m, NULL, 0, out), 0);
	assert_string_equal(out, MEDIATYPE_UNKNOWN);
	mediatype_stop(m);
}

/* Append one stored member of a zip file; the length after it. */
static size_t
zip_member(uint8_t *zip, size_t at, const char *name, const char *content)
{
	uint8_t head[30] = "PK\3\4\x14";
	size_t n = strlen(name), len = strlen(content);

	head[18] = head[22] = (uint8_t)len;
	head[26] = (uint8_t)n;
	memcpy(zip + at, head, sizeof head);
	memcpy(zip + at + sizeof head, name, n);
	memcpy(zip + at + sizeof head + n, content, len);
	return at + sizeof head + n + len;
}

static void
type_of_a_word_document(void **state)
{
	struct mediatype *m;
	uint8_t zip[1024] = {0};
	char out[MEDIATYPE_LEN];
	size_t n;

	(void)state;
	skip_under_valgrind();
	n = zip_member(zip, 0, "[Content_Types].xml", "<Types/>");
	n = zip_member(zip, n, "_rels/.rels", "<Relationships/>");
	n = zip_member(zip, n, "word/document.xml", "<document/>");
	n = zip_member(zip, n, "word/styles.xml", "<styles/>");
	m = start();
	assert_int_equal(mediatype_ask(m, zip, n, out), 0);
	assert_string_equal(
	    out, "application/"
		 "vnd.openxmlformats-officedocument.wordprocessingml.document");
	mediatype_stop(m);
}

/* Only the head counts, and asking often wears nothing out. */
static void
long_heads_and_many(void **state)
{
	size_t len = 1 << 20;
	uint8_t *big;
	struct mediatype *m;
	char out[MEDIATYPE_LEN];

	(void)state;
	skip_under_valgrind();
	big = calloc(1, len);
	assert_non_null(big);
	memset(big, 'a', MEDIATYPE_HEAD_LEN); /* text, then NULs */
	m = start();
	for (int i = 0; i < 50; i++) {
		assert_int_equal(mediatype_ask(m, big, len, out), 0);
		assert_string_equal(out, "text/plain");
		assert_int_equal(mediatype_ask(m, HEAD("%PDF-1.4\n"), out), 0);
		assert_string_equal(out, "application/pdf");
	}
	mediatype_stop(m);
	free(big);
}

/* JSON is told by its beginning when it is long, and whole when it is not. */
static void
long_json(void **state)
{
	static const struct {
		const char *first, *each;
		bool json;
		size_t len;
	} cases[] = {
	    {"[", "{\"a\": \"one, two\", \"b\": [1, 2.5e3]},\n", true, 5000},
	    {"{\"list\": [", "\"\xd0\x9f\xd1\x80, \\\" x\", -12, null,\n", true,
	     300000},
	    {"{\"text\": \"", "one long text, ", true, 9000},
	    {"[", "{\"a\": \"one, two\"},\n", false, 4000},
	    {"[1, ", "2, 3 as it is said,\n", false, 9000},
	    {"[", "without one comma ", false, 9000},
	    {"{", "a = b, c;\n", false, 9000},
	};
	struct mediatype *m;
	char out[MEDIATYPE_LEN], *text;

	(void)state;
	skip_under_valgrind();
	m = start();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n, k = strlen(cases[i].each);

		text = malloc(cases[i].len + 100);
		assert_non_null(text);
		n = (size_t)sprintf(text, "%s", cases[i].first);
		for (; n < cases[i].len; n += k)
			memcpy(text + n, cases[i].each, k + 1);
		assert_int_equal(mediatype_ask(m, text, n, out), 0);
		assert_int_equal(strcmp(out, "application/json") == 0,
				 cases[i].json);
		free(text);
	}
	mediatype_stop(m);
}

/* Many questions ahead, of which only some answers are fetched. */
static void
questions_ahead(void **state)
{
	struct mediatype *m;
	uint64_t asked[200];
	char out[MEDIATYPE_LEN];
	uint8_t *zeros;

	(void)state;
	skip_under_valgrind();
	zeros = calloc(1, MEDIATYPE_HEAD_LEN);
	assert_non_null(zeros);
	pool_set_jobs(3);
	m = start_many(3);
	for (size_t i = 0; i < 200; i++) {
		size_t was = i - MEDIATYPE_AHEAD + 1;

		if (i % 3 == 0)
			asked[i] = mediatype_put(m, HEAD("%PDF-1.4\n"));
		else if (i % 7 == 0)
			asked[i] = mediatype_put(m, NULL, 0);
		else
			asked[i] = mediatype_put(m, zeros, MEDIATYPE_HEAD_LEN);
		if (i < MEDIATYPE_AHEAD || i % 5 == 0)
			continue;
		for (int again = 0; again < 2; again++) {
			mediatype_get(m, asked[was], out);
			assert_string_equal(out, was % 3 == 0
						     ? "application/pdf"
						     : MEDIATYPE_UNKNOWN);
		}
	}
	assert_true(mediatype_works(m));
	mediatype_stop(m);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	free(zeros);
	pool_set_jobs(0);
}

/* One of three is killed: what was put to it is unknown, the rest is not. */
static void
others_go_on(void **state)
{
	struct mediatype *m;
	uint64_t first;
	char out[MEDIATYPE_LEN];
	size_t known = 0;

	(void)state;
	skip_under_valgrind();
	pool_set_jobs(3);
	m = start_many(3);
	assert_int_equal(kill(mediatype_pid(m), SIGKILL), 0);
	first = mediatype_put(m, HEAD("%PDF-1.4\n"));
	for (int i = 1; i < 30; i++)
		(void)mediatype_put(m, HEAD("%PDF-1.4\n"));
	for (uint64_t i = 0; i < 30; i++) {
		mediatype_get(m, first + i, out);
		known += strcmp(out, "application/pdf") == 0;
		if (strcmp(out, "application/pdf") != 0)
			assert_string_equal(out, MEDIATYPE_UNKNOWN);
	}
	assert_in_range(known, 20, 29);
	assert_false(mediatype_works(m));
	assert_int_equal(mediatype_pid(m), 0);
	/* from now on only they are asked */
	for (int i = 0; i < 6; i++) {
		assert_int_equal(mediatype_ask(m, HEAD("%PDF-1.4\n"), out), -1);
		assert_string_equal(out, "application/pdf");
	}
	mediatype_stop(m);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	pool_set_jobs(0);
}

/* Without threads there is one helper. */
static void
one_job_one_helper(void **state)
{
	struct mediatype *m;
	char path[64], pids[64] = "";
	FILE *f;

	(void)state;
	skip_under_valgrind();
	pool_set_jobs(1);
	m = start_many(3);
	snprintf(path, sizeof path, "/proc/self/task/%d/children",
		 (int)getpid());
	f = fopen(path, "r");
	if (f != NULL) {
		assert_non_null(fgets(pids, sizeof pids, f));
		assert_int_equal(atoi(pids), mediatype_pid(m));
		assert_ptr_equal(strchr(pids, ' '), strrchr(pids, ' '));
		fclose(f);
	}
	mediatype_stop(m);
	pool_set_jobs(0);
}

static void
clean(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: refused */
	} cases[] = {
	    {"image/jpeg", "image/jpeg"},
	    {"application/CDFV2", "application/cdfv2"},
	    {"image/svg+xml", "image/svg+xml"},
	    {"application/vnd.ms-excel", "application/vnd.ms-excel"},
	    {"x/y!#$&-^_.+0", "x/y!#$&-^_.+0"},
	    {"", NULL},
	    {"/", NULL},
	    {"image", NULL},
	    {"image/", NULL},
	    {"/jpeg", NULL},
	    {"image/jpeg/x", NULL},
	    {"image/jpegimage/jpeg", NULL},
	    {"text/plain; charset=x", NULL},
	    {"text/pl ain", NULL},
	    {"text/plain\n", NULL},
	    {"text/\x1b[2J", NULL},
	    {"text/\xc3\xa9", NULL},
	    {"text/<b>", NULL},
	    {"text/%41", NULL},
	    {".text/plain", NULL},
	    {"text/.plain", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char s[64];

		snprintf(s, sizeof s, "%s", cases[i].in);
		assert_int_equal(mediatype_clean(s), cases[i].out != NULL);
		if (cases[i].out != NULL)
			assert_string_equal(s, cases[i].out);
	}
}

/*
 * What a helper that was taken over might try. Each gets the socket that it
 * may use and another descriptor that was left open.
 */

static volatile int sink;

/*
 * _exit without what AddressSanitizer does then: it looks for leaks, and asks
 * for the signal stack before any function that is declared not to return.
 */
static void
leave(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

static void
try_nothing(int fd, int other)
{
	(void)fd;
	(void)other;
}

static void
try_the_socket(int fd, int other)
{
	char c;

	(void)other;
	if (read(fd, &c, 1) != 1 || write(fd, &c, 1) != 1)
		leave(1);
}

static void
try_memory(int fd, int other)
{
	(void)fd;
	(void)other;
	for (size_t n = 1; n <= 64 << 20; n *= 4) {
		char *p = malloc(n);

		if (p == NULL)
			leave(1);
		p[n - 1] = 1;
		sink = p[n / 2];
		free(p);
	}
}

static void
try_much_memory(int fd, int other)
{
	(void)fd;
	(void)other;
	if (mmap(NULL, 600UL << 20, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		leave(1);
}

static void
try_open(int fd, int other)
{
	(void)fd;
	(void)other;
	sink = open("/dev/null", O_RDONLY);
}

static void
try_create(int fd, int other)
{
	(void)fd;
	(void)other;
	sink = (int)syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_CREAT | O_WRONLY,
			    0600);
}

static void
try_stat(int fd, int other)
{
	(void)fd;
	(void)other;
	sink = access("/etc/passwd", R_OK);
}

static void
try_unlink(int fd, int other)
{
	(void)fd;
	(void)other;
	sink = unlink("/nonexistent/x");
}

static void
try_socket(int fd, int other)
{
	(void)fd;
	(void)other;
	sink = socket(AF_INET, SOCK_STREAM, 0);
}

static void
try_execve(int fd, int other)
{
	char *const none[] = {NULL};

	(void)fd;
	(void)other;
	sink = execve("/bin/true", none, none);
}

static void
try_fork(int fd, int other)
{
	(void)fd;
	(void)other;
	sink = (int)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void
try_kill(int fd, int other)
{
	(void)fd;
	(void)other;
	sink = kill(getpid(), 0);
}

static void
try_ptrace(int fd, int other)
{
	(void)fd;
	(void)other;
	sink = (int)syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0);
}

static void
try_other_read(int fd, int other)
{
	char c;

	(void)fd;
	sink = (int)read(other, &c, 1);
}

static void
try_other_write(int fd, int other)
{
	(void)fd;
	sink = (int)write(other, "x", 1);
}

static void
try_stderr(int fd, int other)
{
	(void)fd;
	(void)other;
	sink = (int)write(2, "this must not be seen\n", 22);
}

static void
try_send(int fd, int other)
{
	(void)other;
	sink = (int)send(fd, "x", 1, 0);
}

static void
try_dup(int fd, int other)
{
	(void)other;
	sink = dup(fd);
}

static void
try_map_code(int fd, int other)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)fd;
	(void)other;
	sink = p == MAP_FAILED;
}

static void
try_make_code(int fd, int other)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)fd;
	(void)other;
	if (p == MAP_FAILED)
		leave(1);
	sink = mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static void
try_map_file(int fd, int other)
{
	void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, other, 0);

	(void)fd;
	sink = p == MAP_FAILED;
}

static void
try_prctl(int fd, int other)
{
	(void)fd;
	(void)other;
	sink = prctl(PR_SET_DUMPABLE, 1);
}

static void
try_limits(int fd, int other)
{
	struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY};

	(void)fd;
	(void)other;
	sink = setrlimit(RLIMIT_NOFILE, &r);
}

/* How a child ends that is shut in and then tries `act`. */
static int
status_of(void (*act)(int, int))
{
	int pair[2], status = -1, null = open("/dev/null", O_RDWR);
	pid_t pid;

	assert_true(null >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(write(pair[0], "x", 1), 1);
	pid = fork();
	if (pid == 0) {
		if (mediatype_sandbox(pair[1], -1) != 0)
			leave(2);
		act(pair[1], null);
		leave(7);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(pair[0]);
	close(pair[1]);
	close(null);
	return status;
}

static void
sandbox_lets_work(void **state)
{
	void (*const acts[])(int, int) = {try_nothing, try_the_socket,
					  try_memory};

	(void)state;
	skip_under_valgrind();
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
		int status = status_of(acts[i]);

		if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
			fail_msg("case %zu: status %#x", i, (unsigned)status);
	}
	if (!HAS_ASAN)
		assert_int_equal(WEXITSTATUS(status_of(try_much_memory)), 7);
}

static void
sandbox_kills(void **state)
{
#define ACT(name)           \
	{                   \
		name, #name \
	}
	static const struct {
		void (*act)(int, int);
		const char *name;
	} acts[] = {
	    ACT(try_open),	 ACT(try_create),      ACT(try_stat),
	    ACT(try_unlink),	 ACT(try_socket),      ACT(try_execve),
	    ACT(try_fork),	 ACT(try_kill),	       ACT(try_ptrace),
	    ACT(try_other_read), ACT(try_other_write), ACT(try_stderr),
	    ACT(try_send),	 ACT(try_dup),	       ACT(try_map_code),
	    ACT(try_make_code),	 ACT(try_map_file),    ACT(try_prctl),
	    ACT(try_limits)};

	(void)state;
	skip_under_valgrind();
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
		int status = status_of(acts[i].act);

		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: status %#x", acts[i].name,
				 (unsigned)status);
		assert_false(WCOREDUMP(status));
	}
}

/* The helper that really runs: nothing inherited, filter on. */
static void
helper_holds_nothing(void **state)
{
	char path[64], line[256];
	int leak, seen = 0, fds = 0;
	struct mediatype *m;
	struct dirent *d;
	DIR *dir;
	FILE *f;

	(void)state;
	skip_under_valgrind();
	leak = open("/dev/null", O_RDONLY); /* no O_CLOEXEC, on purpose */
	assert_true(leak >= 0);
	m = start();
	assert_int_equal(getpgid(mediatype_pid(m)), mediatype_pid(m));
	snprintf(path, sizeof path, "/proc/%d/status", (int)mediatype_pid(m));
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		seen += strcmp(line, "Seccomp:\t2\n") == 0 ||
			strcmp(line, "NoNewPrivs:\t1\n") == 0;
	fclose(f);
	assert_int_equal(seen, 2);
	/* an undumpable process shows its descriptors to root alone */
	snprintf(path, sizeof path, "/proc/%d/fd", (int)mediatype_pid(m));
	dir = opendir(path);
	while (dir != NULL && (d = readdir(dir)) != NULL)
		fds += d->d_name[0] != '.';
	if (dir != NULL) {
		closedir(dir);
		/* the standard ones, its socket, its own list of memory */
		assert_int_equal(fds, 5);
	}
	mediatype_stop(m);
	close(leak);
}

static void
expect_degraded(struct mediatype *m)
{
	char out[MEDIATYPE_LEN] = "x";

	assert_int_equal(mediatype_ask(m, HEAD("%PDF-1.4\n"), out), -1);
	assert_string_equal(out, MEDIATYPE_UNKNOWN);
	assert_false(mediatype_works(m));
	assert_int_equal(mediatype_pid(m), 0);
	/* buried, and no other has taken its place */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	assert_int_equal(mediatype_ask(m, HEAD("%PDF-1.4\n"), out), -1);
	assert_string_equal(out, MEDIATYPE_UNKNOWN);
	mediatype_stop(m);
}

static void
killed_helper_degrades(void **state)
{
	struct mediatype *m;

	(void)state;
	skip_under_valgrind();
	m = start();
	assert_int_equal(kill(mediatype_pid(m), SIGKILL), 0);
	expect_degraded(m);
}

static void
hanging_helper_degrades(void **state)
{
	struct mediatype *m;
	struct timespec a, b;

	(void)state;
	skip_under_valgrind();
	m = start();
	assert_int_equal(kill(mediatype_pid(m), SIGSTOP), 0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	expect_degraded(m);
	clock_gettime(CLOCK_MONOTONIC, &b);
	assert_in_range(b.tv_sec - a.tv_sec, 4, 8);
}

/* Without a child there is no helper; the module says so and goes on. */
static void
no_helper_degrades(void **state)
{
	struct rlimit was, none;
	struct mediatype *m;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	m = start();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_false(mediatype_works(m));
	expect_degraded(m);
	mediatype_stop(NULL);
}

static void
stop_leaves_no_child(void **state)
{
	(void)state;
	mediatype_stop(start());
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* With SIGCHLD ignored the kernel reaps: nothing may hang or hit another. */
static void
works_with_sigchld_ignored(void **state)
{
	char out[MEDIATYPE_LEN];
	struct mediatype *m;

	(void)state;
	skip_under_valgrind();
	signal(SIGCHLD, SIG_IGN);
	m = start();
	assert_int_equal(mediatype_ask(m, HEAD("%PDF-1.4\n"), out), 0);
	assert_string_equal(out, "application/pdf");
	mediatype_stop(m);
	m = start();
	kill(mediatype_pid(m), SIGKILL);
	expect_degraded(m);
	signal(SIGCHLD, SIG_DFL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(types),
	    cmocka_unit_test(type_of_a_word_document),
	    cmocka_unit_test(long_heads_and_many),
	    cmocka_unit_test(long_json),
	    cmocka_unit_test(questions_ahead),
	    cmocka_unit_test(others_go_on),
	    cmocka_unit_test(one_job_one_helper),
	    cmocka_unit_test(clean),
	    cmocka_unit_test(sandbox_lets_work),
	    cmocka_unit_test(sandbox_kills),
	    cmocka_unit_test(helper_holds_nothing),
	    cmocka_unit_test(killed_helper_degrades),
	    cmocka_unit_test(hanging_helper_degrades),
	    cmocka_unit_test(no_helper_degrades),
	    cmocka_unit_test(stop_leaves_no_child),
	    cmocka_unit_test(works_with_sigchld_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
