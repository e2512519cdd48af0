#include "cli.h"
#include "commands.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct command {
	const char *name, *args, *what;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"id", "new --name N [--org O] | card [-o FILE] | words [CARD]",
     "your identity and card", cmd_id},
    {"init", "DIR [--root-key FILE]", "make a vault", cmd_init},
    {"case", "new NAME | list", "cases", cmd_case},
    {"member", "add CARD... [--case C] [--role R] | list [--case C]",
     "who takes part", cmd_member},
    {"add",
     "PATH... --case C [--title T] [--kind K] [--field N=V]..."
     " [--record FILE] [--again]",
     "take in files and folders", cmd_add},
    {"list", "[--case C]", "list items", cmd_list},
    {"show", "ITEM", "all that is recorded of an item", cmd_show},
    {"history", "ITEM", "all versions of an item", cmd_history},
    {"search", "TEXT [--case C]", "items that hold a text", cmd_search},
    {"edit",
     "ITEM [--title T] [--kind K] [--field N=V]... [--record FILE]"
     " [--content FILE] [--join]",
     "write a new version", cmd_edit},
    {"get", "ITEM... | --case C  -o DIR [--by-item]", "write originals",
     cmd_get},
    {"share", "ITEM... | --case C  --with MEMBER", "give a member the keys",
     cmd_share},
    {"custody", "ITEM [--note TEXT]", "who did what when", cmd_custody},
    {"retract", "ITEM --why TEXT", "mark an item as not to be relied on",
     cmd_retract},
    {"carry", "-o FILE --to CARD|MEMBER... | -p  [--case C | ITEM...]",
     "write a carry file", cmd_carry},
    {"receive", "FILE... [-p]", "take in a carry file", cmd_receive},
    {"verify", "[--blind]", "check everything", cmd_verify},
    {"seal", "--to CARD|RECIPIENT... [-p] [--armor] [-o FILE] [FILE]",
     "encrypt one file as age does", cmd_seal},
    {"open", "[-i IDENTITY-FILE]... [-o FILE] [FILE]", "decrypt one age file",
     cmd_open},
    {"fields", "", "the fields that a record can have", cmd_fields},
};
#define N_COMMANDS (sizeof commands / sizeof *commands)

static void
help_all(FILE *to)
{
	fprintf(to, "usage: muniment [--vault DIR] [--identity FILE]"
		    " [--passphrase-fd N]\n"
		    "                [--json] [--quiet] COMMAND ...\n\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-9s %s\n", commands[i].name, commands[i].what);
	fprintf(to, "\nmuniment help COMMAND shows its arguments;"
		    " man muniment says it all.\n");
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
help(const char *name)
{
	const struct command *c = name != NULL ? find(name) : NULL;

	if (name == NULL)
		help_all(stdout);
	else if (c == NULL)
		return cli_usage("help", "there is no command of that name");
	else
		printf("usage: muniment %s %s\n\n%s\n", c->name, c->args,
		       c->what);
	return 0;
}

/*
 * No core file, no attaching debugger, no file that others can read; no
 * traces of the time zone; nothing that a broken pipe kills half-way.
 */
static void
harden(void)
{
	struct rlimit none = {0, 0};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	if (setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0) != 0)
		cli_warn("this process could not be kept from leaving a core");
	umask(077);
	sigaction(SIGPIPE, &ignore, NULL);
	if (setenv("TZ", "UTC0", 1) == 0)
		tzset();
	setlocale(LC_CTYPE, "C.UTF-8");
}

/* Descriptors 0 to 2 must be open, or a vault's file could become one. */
static int
check_stdio(void)
{
	struct stat st;

	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &st) != 0)
			return -1;
	return 0;
}

static void
defaults(void)
{
	const char *s = getenv("MUNIMENT_VAULT");
	static char path[4096];

	cli.vault = s != NULL && s[0] != '\0' ? s : ".";
	s = getenv("MUNIMENT_IDENTITY");
	if (s != NULL && s[0] != '\0') {
		cli.identity = s;
		return;
	}
	s = getenv("XDG_CONFIG_HOME");
	if (s != NULL && s[0] == '/')
		snprintf(path, sizeof path, "%s/muniment/identity.age", s);
	else if ((s = getenv("HOME")) != NULL && s[0] == '/')
		snprintf(path, sizeof path, "%s/.config/muniment/identity.age",
			 s);
	else
		snprintf(path, sizeof path, "muniment-identity.age");
	cli.identity = path;
}

/* Flush what was printed: a full disk must not look like success. */
static int
finish(int status)
{
	cli_progress_end();
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "muniment: standard output: %s\n",
			strerror(errno));
		return ERR_UNKNOWN;
	}
	return status;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'v'},
	    {NULL, 0, NULL, 0}};
	const struct command *c;
	bool locked;
	int opt, status;

	if (check_stdio() != 0) {
		fprintf(stderr, "muniment: standard input, output and error"
				" must be open\n");
		return ERR_UNKNOWN;
	}
	harden();
	if (secret_init() != 0) {
		fprintf(stderr, "muniment: libsodium cannot be used\n");
		return ERR_UNKNOWN;
	}
	defaults();
	while ((opt = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		if (opt == 'h')
			return finish(help(NULL));
		if (opt == 'v') {
			printf("muniment %s\n", MUNIMENT_VERSION);
			return finish(0);
		}
		return CLI_USAGE;
	}
	if (optind == argc) {
		help_all(stderr);
		return CLI_USAGE;
	}
	argc -= optind;
	argv += optind;
	if (strcmp(argv[0], "help") == 0)
		return finish(help(argc > 1 ? argv[1] : NULL));
	c = find(argv[0]);
	if (c == NULL) {
		cli_fail(&(struct err){ERR_UNKNOWN, "no such command",
				       "muniment help lists them"});
		return CLI_USAGE;
	}
	locked = secret_is_locked();
	if (!locked)
		cli_warn("memory cannot be locked here: keys may reach swap");
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return finish(help(c->name));
	optind = 0;
	status = c->run(argc, argv);
	if (locked && !secret_is_locked())
		cli_warn("more keys than can be locked in memory: some may"
			 " have reached swap");
	return finish(status);
}
