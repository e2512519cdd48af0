/*
 * What the commands share: options, the terminal, passphrases, exit status.
 *
 * Each command is one cmd_<verb>.c with `int cmd_<verb>(int argc, char
 * **argv)`; main.c is the table. A command returns 0, 1 or 2 (see enum
 * err_code).
 */
#ifndef MUNIMENT_CLI_H
#define MUNIMENT_CLI_H

#include "err.h"
#include "secret.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CLI_USAGE 2 /* exit status of a wrong command line */

/* What stands before the verb, or in the environment. */
struct cli_global {
	char **argv;	   /* all of the command line, as main got it */
	const char *vault; /* --vault, $MUNIMENT_VAULT, or "." */
	bool vault_named;  /* --vault */
	const char
	    *identity;	   /* --identity, $MUNIMENT_IDENTITY, or the home's */
	int passphrase_fd; /* --passphrase-fd before the verb; -1 if none */
	bool json;	   /* --json */
	bool quiet;	   /* --quiet */
	bool ask;	   /* --ask: for the passphrase, unlocked or not */
};
extern struct cli_global cli;

/* Print "muniment: ..." and the hint; returns the exit status. */
int cli_fail(const struct err *e);
/* Print a usage error and how to ask for help; returns 2. */
int cli_usage(const char *verb, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Print "muniment: ..." on stderr, unless --quiet. */
void cli_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Print "muniment: warning: ..." on stderr. */
void cli_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Handle an option that every command takes (--vault, --identity,
 * --passphrase-fd, --json, --quiet, --ask, --jobs). True if it was one of them;
 * a bad value ends the program with status 2.
 */
#define CLI_OPTIONS                                                            \
	{"vault", required_argument, NULL, 'V'},                               \
	    {"identity", required_argument, NULL, 'I'},                        \
	    {"passphrase-fd", required_argument, NULL, 'P'},                   \
	    {"jobs", required_argument, NULL, 'N'},                            \
	    {"json", no_argument, NULL, 'J'}, {"ask", no_argument, NULL, 'Y'}, \
	{                                                                      \
		"quiet", no_argument, NULL, 'Q'                                \
	}
bool cli_option(int opt);

/* A passphrase typed on the terminal, never from standard input. */
struct secret *cli_passphrase(const char *prompt, struct err *e);
/* A generated one of six words is offered; one of one's own is typed twice. */
struct secret *cli_passphrase_twice(const char *prompt, struct err *e);
/*
 * Say on the terminal `fd` how strong a passphrase is: of one's own "at most",
 * with a warning if it is weak.
 */
void cli_strength(int fd, double bits, bool own);
/* One line from a descriptor; a script's way. Call again for the next line. */
struct secret *cli_passphrase_fd(int fd, struct err *e);
/* From --passphrase-fd if given, else from the terminal. */
struct secret *cli_passphrase_any(const char *prompt, struct err *e);
/* Parse a descriptor's number; -1 if it is none. */
int cli_fd(const char *text);
/* Parse a percentage of parity, 0 to 100; -1 if it is none. */
#define CLI_PARITY 20 /* the usual */
int cli_percent(const char *text, unsigned *out);

/* Progress of long work on a terminal; a NULL-safe callback for vault/. */
void cli_progress(void *ctx, const char *what, uint64_t done, uint64_t total);
/* Wipe the progress line, if one stands there. */
void cli_progress_end(void);

/* Foreign text, escaped for the terminal; a ring of static buffers. */
const char *cli_esc(const char *text);

#endif
