#include "cli.h"

#include "pool.h"
#include "strength.h"
#include "words.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PASSPHRASE_MAX 1024 /* bytes */
#define PASSPHRASE_MIN 12   /* bytes of a passphrase chosen by a person */
#define PASSPHRASE_WORDS 6  /* 77 bits: review-crypto's figure for 20 years */

struct cli_global cli = {.passphrase_fd = -1};

int
cli_fail(const struct err *e)
{
	cli_progress_end();
	fprintf(stderr, "muniment: %s\n",
		e->code != ERR_NONE ? e->msg
				    : "failed, and the reason was lost");
	if (e->hint[0] != '\0')
		fprintf(stderr, "hint: %s\n", e->hint);
	return e->code == ERR_NONE ? ERR_UNKNOWN : e->code;
}

int
cli_usage(const char *verb, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "muniment: %s: ", verb);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nhint: muniment help %s\n", verb);
	return CLI_USAGE;
}

__attribute__((format(printf, 2, 0))) static void
say(const char *kind, const char *fmt, va_list ap)
{
	cli_progress_end();
	fprintf(stderr, "muniment: %s", kind);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void
cli_note(const char *fmt, ...)
{
	va_list ap;

	if (cli.quiet)
		return;
	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

void
cli_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", fmt, ap);
	va_end(ap);
}

int
cli_fd(const char *text)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || n < 0 || n > INT_MAX)
		return -1;
	return (int)n;
}

int
cli_percent(const char *text, unsigned *out)
{
	int n = cli_fd(text);

	if (n < 0 || n > 100)
		return -1;
	*out = (unsigned)n;
	return 0;
}

static void
set_jobs(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n < 1 ||
	    n > POOL_JOBS_MAX)
		exit(cli_usage("--jobs", "a number from 1 to %d",
			       POOL_JOBS_MAX));
	pool_set_jobs((size_t)n);
}

bool
cli_option(int opt)
{
	switch (opt) {
	case 'V':
		cli.vault = optarg;
		cli.vault_named = true;
		return true;
	case 'I':
		cli.identity = optarg;
		return true;
	case 'P':
		cli.passphrase_fd = cli_fd(optarg);
		if (cli.passphrase_fd < 0)
			exit(cli_usage("--passphrase-fd",
				       "not a descriptor's number"));
		return true;
	case 'N':
		set_jobs(optarg);
		return true;
	case 'J':
		cli.json = true;
		return true;
	case 'Q':
		cli.quiet = true;
		return true;
	case 'Y':
		cli.ask = true;
		return true;
	}
	return false;
}

/* Read one line, byte by byte: nothing after it may be swallowed. */
static struct secret *
read_line(int fd, struct err *e)
{
	struct secret *s = secret_new(PASSPHRASE_MAX);
	ssize_t n;

	if (s == NULL) {
		err_set(e, ERR_UNKNOWN, "passphrase: no memory");
		return NULL;
	}
	for (;;) {
		if (s->len == s->cap) {
			err_set(e, ERR_UNKNOWN,
				"passphrase: longer than %d bytes",
				PASSPHRASE_MAX);
			goto bad;
		}
		n = read(fd, s->bytes + s->len, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err_sys(e, "passphrase");
			goto bad;
		}
		if (n == 0 || s->bytes[s->len] == '\n')
			break;
		s->len++;
	}
	if (s->len > 0 || n != 0)
		return s;
	err_set(e, ERR_UNKNOWN, "passphrase: the input ended");
bad:
	secret_free(s);
	return NULL;
}

struct secret *
cli_passphrase_fd(int fd, struct err *e)
{
	struct secret *s = read_line(fd, e);

	if (s != NULL && s->len == 0) {
		err_set(e, ERR_UNKNOWN, "passphrase: empty");
		secret_free(s);
		return NULL;
	}
	return s;
}

static struct termios tty_saved;
static volatile sig_atomic_t tty_fd = -1;

/* Give the terminal its echo back before dying of a signal. */
static void
restore_and_die(int sig)
{
	if (tty_fd >= 0)
		tcsetattr(tty_fd, TCSAFLUSH, &tty_saved);
	signal(sig, SIG_DFL);
	raise(sig);
}

static const int tty_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static struct secret *
read_hidden(int tty, const char *prompt, struct err *e)
{
	struct sigaction act = {.sa_handler = restore_and_die}, old[4];
	struct sigaction ignore = {.sa_handler = SIG_IGN}, stop;
	struct termios quiet;
	struct secret *s = NULL;

	if (tcgetattr(tty, &tty_saved) != 0) {
		err_sys(e, "the terminal");
		return NULL;
	}
	quiet = tty_saved;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	tty_fd = tty;
	for (size_t i = 0; i < 4; i++)
		sigaction(tty_signals[i], &act, &old[i]);
	/* stopped here, the terminal would stay without echo */
	sigaction(SIGTSTP, &ignore, &stop);
	if (tcsetattr(tty, TCSAFLUSH, &quiet) != 0) {
		err_sys(e, "the terminal");
	} else {
		dprintf(tty, "%s", prompt);
		s = read_line(tty, e);
		dprintf(tty, "\n");
		tcsetattr(tty, TCSAFLUSH, &tty_saved);
	}
	tty_fd = -1;
	for (size_t i = 0; i < 4; i++)
		sigaction(tty_signals[i], &old[i], NULL);
	sigaction(SIGTSTP, &stop, NULL);
	return s;
}

static int
open_tty(struct err *e)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty < 0) {
		err_set(e, ERR_UNKNOWN,
			"a passphrase is needed and there is no terminal");
		err_hint(e, "scripts give it with --passphrase-fd N");
	}
	return tty;
}

struct secret *
cli_passphrase(const char *prompt, struct err *e)
{
	struct secret *s;
	int tty = open_tty(e);

	if (tty < 0)
		return NULL;
	s = read_hidden(tty, prompt, e);
	close(tty);
	if (s != NULL && s->len == 0) {
		err_set(e, ERR_UNKNOWN, "passphrase: empty");
		secret_free(s);
		return NULL;
	}
	return s;
}

/* A typed passphrase that is typed a second time, or NULL. */
static struct secret *
confirm(int tty, struct secret *first, struct err *e)
{
	struct secret *again = read_hidden(tty, "Once more: ", e);

	if (again != NULL &&
	    (again->len != first->len ||
	     !secret_equal(again->bytes, first->bytes, first->len))) {
		err_set(e, ERR_UNKNOWN, "the two passphrases differ");
		secret_free(again);
		again = NULL;
	}
	secret_free(first);
	return again;
}

void
cli_strength(int fd, double bits, bool own)
{
	char time[STRENGTH_TEXT];

	dprintf(fd,
		"%s%.0f bits: ten million tries a second, which a state could"
		" pay for,\nfind it in %s%s.\n",
		own ? "At most " : "", floor(bits), strength_time(bits, time),
		own ? ", or sooner" : "");
	if (own && bits < STRENGTH_GOOD)
		dprintf(fd, "warning: this passphrase is weak: whoever copies"
			    " the file can find it out.\n");
}

/* What is said of one that a person made; it is taken all the same. */
static int
weigh(int tty, const struct secret *s, struct err *e)
{
	double bits = 0;

	dprintf(tty, "warning: a passphrase of your own is weaker than the"
		     " generated one;\nwhoever copies the file can try as often"
		     " as they like.\n");
	if (strength_of_own(s, &bits, e) != 0)
		return -1;
	cli_strength(tty, bits, true);
	return 0;
}

struct secret *
cli_passphrase_twice(const char *prompt, struct err *e)
{
	struct secret *words = NULL, *s = NULL;
	int tty = open_tty(e);

	if (tty < 0)
		return NULL;
	words = words_passphrase(PASSPHRASE_WORDS);
	if (words == NULL) {
		err_set(e, ERR_UNKNOWN, "passphrase: no memory");
		goto out;
	}
	dprintf(tty, "%s\nA strong passphrase, made by chance:\n\n    ",
		prompt);
	if (write(tty, words->bytes, words->len) < 0) {
		err_sys(e, "the terminal");
		goto out;
	}
	dprintf(tty, "\n\n");
	cli_strength(tty, strength_of_words(PASSPHRASE_WORDS), false);
	dprintf(tty, "Write it down and keep it apart from this machine.\n"
		     "Type it to use it, or type one of your own.\n");
	s = read_hidden(tty, "Passphrase: ", e);
	if (s == NULL)
		goto out;
	if (s->len == words->len &&
	    secret_equal(s->bytes, words->bytes, s->len))
		goto out;
	if (s->len < PASSPHRASE_MIN) {
		err_set(e, ERR_UNKNOWN,
			"passphrase: shorter than %d characters",
			PASSPHRASE_MIN);
		err_hint(e, "use the generated one");
		secret_free(s);
		s = NULL;
		goto out;
	}
	if (weigh(tty, s, e) != 0) {
		secret_free(s);
		s = NULL;
		goto out;
	}
	s = confirm(tty, s, e);
out:
	secret_free(words);
	close(tty);
	return s;
}

struct secret *
cli_passphrase_any(const char *prompt, struct err *e)
{
	if (cli.passphrase_fd >= 0)
		return cli_passphrase_fd(cli.passphrase_fd, e);
	return cli_passphrase(prompt, e);
}

const char *
cli_esc(const char *text)
{
	static char ring[8][2048];
	static size_t next;
	char *out = ring[next++ % 8];

	return err_escape(out, sizeof ring[0], text, strlen(text));
}
