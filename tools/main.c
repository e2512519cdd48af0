#include "cli.h"
#include "commands.h"
#include "full.h"

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
    {"id",
     "new --name N [--org O] | card [-o FILE] | words [CARD]"
     " | split --threshold K --shares N -o FOLDER [--label T] [--root-key FILE]"
     " | join SHARE... [--root-key FILE] [--check]"
     " | rotate --out FILE [--vault DIR] [--new-passphrase-fd N]"
     " | destroy [--vault DIR] [--yes]",
     "your identity and card", cmd_id},
    {"passphrase", "[--words N] [--dice] | --check",
     "a new passphrase by chance, or how strong one is", cmd_passphrase},
    {"unlock", "[--for TIME] | --status",
     "let commands open your identity for a while", cmd_unlock},
    {"lock", "", "end that", cmd_lock},
    {"init", "DIR [--root-key FILE]", "make a vault", cmd_init},
    {"case", "new NAME | list | renew CASE [--without MEMBER]...", "cases",
     cmd_case},
    {"member",
     "add CARD... [--case C] [--role R] [--no-keys] | list [--case C]"
     " | retire MEMBER [--case C] | rotate MEMBER CARD | accept DEVICE"
     " [--up-to N] | cut DEVICE [--up-to N]",
     "who takes part", cmd_member},
    {"device", "list | new --restored | --why TEXT  [--follows DEVICE]",
     "the devices, and a new key for this one", cmd_device},
    {"add",
     "PATH... --case C [--title T] [--kind K] [--field N=V]..."
     " [--record FILE] [--again] [--reread] [--contents] [--large]",
     "take in files and folders", cmd_add},
    {"contents", "ITEM [--take] | --file FILE  [--large]",
     "what is in an archive or a mail file", cmd_contents},
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
    {"redact",
     "ITEM --with FILE [--file N] --zones ZONE|@FILE... [--decided-by T]"
     " [--basis T] [--title T] [--kind K] [--field N=V]... [--record FILE]",
     "take in a redacted copy", cmd_redact},
    {"carry",
     "-o FILE --to CARD|MEMBER... | -p  [--case C | ITEM...] [--parity N]",
     "write a carry file", cmd_carry},
    {"invite", "CARD -o FILE", "what a new member checks a first copy against",
     cmd_invite},
    {"receive", "FILE... [-p] [--invite FILE] [--large] [--no-witness]",
     "take in a carry file", cmd_receive},
    {"remote",
     "add NAME WHERE [--kind K] [--to CARD|MEMBER]... | list | remove NAME",
     "where this vault is synced with", cmd_remote},
    {"sync",
     "[NAME...] [--pull | --push] [--no-bulk | --case C] [--no-witness]"
     " [--large] [--timeout S]",
     "exchange with remotes", cmd_sync},
    {"parity", "[FILE...] [--percent N] [--anew]",
     "write what restores files, or this vault", cmd_parity},
    {"repair",
     "[FILE [-o OUT | --check]]\n       muniment repair --from VAULT|FILE [-p]"
     " [--large]",
     "restore what is damaged of a file or vault", cmd_repair},
    {"verify", "[--blind | --since-last | --invite FILE]", "check everything",
     cmd_verify},
    {"check", "PACKAGE [--key FINGERPRINT] [--root PEM]",
     "check an exhibit package, without a vault", cmd_check},
    {"doctor", "", "which protections hold on this machine", cmd_doctor},
    {"witness", "ask URL --key VKEY [--insecure-http] | keys",
     "cosignatures of an outside witness", cmd_witness},
    {"stamp",
     "-o FILE.tsq [--all]\n"
     "       muniment stamp --renew -o FILE.tsq [--within MONTHS | --all]\n"
     "       muniment stamp --import FILE.tsr... [--chain PEM]... [--crl"
     " FILE]...\n"
     "       muniment stamp root add PEM | root remove SHA256 | root list\n"
     "       muniment stamp list [--within MONTHS]",
     "time stamps by authorities outside", cmd_stamp},
    {"seal", "--to CARD|RECIPIENT... [-p] [--armor] [-o FILE] [FILE]",
     "encrypt one file as age does", cmd_seal},
    {"open", "[-i IDENTITY-FILE]... [-o FILE] [FILE]", "decrypt one age file",
     cmd_open},
    {"collector",
     "kit --case C [--label L] -o FILE | list | confirm DEVICE\n"
     "       muniment collector new DIR --kit FILE [--no-passphrase]\n"
     "       muniment collector add DIR PATH... [--title T] [--kind K]\n"
     "                [--field N=V]... [--record FILE]\n"
     "       muniment collector status DIR | carry DIR -o FILE [--parity N] |"
     " sync DIR WHERE",
     "those who take in evidence and cannot read it", cmd_collector},
    {"exhibit",
     "ITEM... -o DIR|FILE.zip [--disclose FIELD,...]\n"
     "                [--files N,...|--no-files] [--count]"
     " [--witnesses none|keys|named]\n"
     "                [--lang en|ru|fr] [--declaration D] [--set K=V]..."
     " [--set-file F]\n"
     "                [--profile P [--file-anyway]] [--to TEXT]\n"
     "                [--note TEXT]",
     "a package for a court, of these items and nothing else", cmd_exhibit},
    {"fields", "", "the fields that a record can have", cmd_fields},
};
#define N_COMMANDS (sizeof commands / sizeof *commands)

static void
help_all(FILE *to)
{
	fprintf(to, "usage: muniment [--vault DIR] [--identity FILE]"
		    " [--passphrase-fd N]\n"
		    "                [--jobs N] [--ask] [--json] [--quiet] "
		    "COMMAND ...\n\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].what);
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
	bool locked, came = full_came();
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
	cli.argv = argv;
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
	if (!locked && !came)
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
