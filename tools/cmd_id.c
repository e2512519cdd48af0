#include "commands.h"
#include "id.h"
#include "newfile.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WORK_FACTOR_MIN 10 /* log2 N */
#define WORK_FACTOR 18
#define WORK_FACTOR_MAX 22

/* --work-factor: for tests; less than the usual is warned about. */
static int
work_factor(const char *text, unsigned *out)
{
	int n = cli_fd(text);

	if (n < WORK_FACTOR_MIN || n > WORK_FACTOR_MAX)
		return cli_usage("id", "--work-factor takes %d to %d",
				 WORK_FACTOR_MIN, WORK_FACTOR_MAX);
	if (n < WORK_FACTOR)
		cli_warn("a work factor below %d makes the passphrase easier"
			 " to guess: for tests only",
			 WORK_FACTOR);
	*out = (unsigned)n;
	return 0;
}

static int
id_new(const char *name, const char *org, unsigned factor)
{
	struct err e = {0};
	struct secret *pass;
	int rc;

	if (name == NULL)
		return cli_usage("id", "new wants --name");
	if (access(cli.identity, F_OK) == 0) {
		err_set(&e, ERR_UNKNOWN, "%s: is there already",
			cli_esc(cli.identity));
		err_hint(&e, "--identity FILE names another one");
		return cli_fail(&e);
	}
	pass =
	    cli.passphrase_fd >= 0
		? cli_passphrase_fd(cli.passphrase_fd, &e)
		: cli_passphrase_twice("Passphrase for the new identity.", &e);
	if (pass == NULL)
		return cli_fail(&e);
	rc = desk_id_new(cli.identity, name, org, pass, factor, &e);
	secret_free(pass);
	if (rc != 0)
		return cli_fail(&e);
	cli_note("%s: written; keep a copy in a safe place: without it and"
		 " its passphrase nothing locked to you can be opened",
		 cli_esc(cli.identity));
	return 0;
}

/* The card of the identity, or of a card file. */
static json_t *
card_of(const char *path)
{
	struct err e = {0};
	struct secret *pass;
	json_t *o;

	if (path != NULL) {
		o = desk_card(path, &e);
		if (o == NULL)
			exit(cli_fail(&e));
		return o;
	}
	pass = session_passphrase();
	if (pass == NULL)
		exit(ERR_UNKNOWN);
	o = desk_id_card(cli.identity, pass, &e);
	secret_free(pass);
	if (o == NULL)
		exit(cli_fail(&e));
	return o;
}

static int
write_new(const char *path, const char *text)
{
	struct err e = {0};
	struct newfile *f = newfile_open(path, &e);
	size_t len = strlen(text);

	if (f == NULL)
		return cli_fail(&e);
	if (write(newfile_fd(f), text, len) != (ssize_t)len) {
		newfile_abort(f);
		err_sys(&e, "%s", cli_esc(path));
		return cli_fail(&e);
	}
	return newfile_commit(f, &e) == 0 ? 0 : cli_fail(&e);
}

static int
id_card(const char *out)
{
	json_t *o = card_of(NULL);
	const char *text = json_string_value(json_object_get(o, "card"));
	int rc = 0;

	if (out == NULL || strcmp(out, "-") == 0)
		fputs(text, stdout);
	else
		rc = write_new(out, text);
	json_decref(o);
	return rc;
}

static int
id_words(const char *path)
{
	json_t *o = card_of(path);

	if (cli.json) {
		session_json(o);
		return 0;
	}
	printf("%s%s%s%s\n%s\n", session_str(o, "name"),
	       json_object_get(o, "org") != NULL ? " (" : "",
	       session_str(o, "org"),
	       json_object_get(o, "org") != NULL ? ")" : "",
	       session_str(o, "words"));
	json_decref(o);
	return 0;
}

static const struct option options[] = {
    CLI_OPTIONS,
    {"name", required_argument, NULL, 'n'},
    {"org", required_argument, NULL, 'g'},
    {"work-factor", required_argument, NULL, 'w'},
    {"threshold", required_argument, NULL, 'k'},
    {"shares", required_argument, NULL, 's'},
    {"label", required_argument, NULL, 'l'},
    {"root-key", required_argument, NULL, 'r'},
    {"check", no_argument, NULL, 'c'},
    {"out", required_argument, NULL, 'o'},
    {"yes", no_argument, NULL, 'y'},
    {"new-passphrase-fd", required_argument, NULL, 'N'},
    {NULL, 0, NULL, 0}};

struct id_options {
	const char *name, *org;
	int new_passphrase_fd; /* -1: not given */
	bool yes;	       /* destroy without asking */
	struct id_shares shares;
};

/* How many; a number that is none becomes one that nothing takes. */
static unsigned
count(const char *text)
{
	int n = cli_fd(text);

	return n >= 0 && n <= 1000 ? (unsigned)n : 1000;
}

/* 0, or -1 for what is no option or has a bad value. */
static int
take_option(struct id_options *o, int opt)
{
	if (opt == 'n')
		o->name = optarg;
	else if (opt == 'g')
		o->org = optarg;
	else if (opt == 'o')
		o->shares.out = optarg;
	else if (opt == 'w')
		return work_factor(optarg, &o->shares.work_factor);
	else if (opt == 'k')
		o->shares.threshold = count(optarg);
	else if (opt == 's')
		o->shares.shares = count(optarg);
	else if (opt == 'l')
		o->shares.label = optarg;
	else if (opt == 'r')
		o->shares.root_key = optarg;
	else if (opt == 'c')
		o->shares.check = true;
	else if (opt == 'y')
		o->yes = true;
	else if (opt == 'N' && (o->new_passphrase_fd = cli_fd(optarg)) < 0)
		return cli_usage("id", "not a descriptor's number");
	else if (opt == 'N')
		return 0;
	else
		return -1;
	return 0;
}

int
cmd_id(int argc, char **argv)
{
	struct id_options o = {.new_passphrase_fd = -1};
	const char *verb;
	int opt;

	while ((opt = getopt_long(argc, argv, "o:", options, NULL)) != -1)
		if (!cli_option(opt) && take_option(&o, opt) != 0)
			return CLI_USAGE;
	verb = optind < argc ? argv[optind++] : "";
	if (strcmp(verb, "new") == 0 && optind == argc)
		return id_new(o.name, o.org, o.shares.work_factor);
	if (strcmp(verb, "card") == 0 && optind == argc)
		return id_card(o.shares.out);
	if (strcmp(verb, "words") == 0 && argc - optind <= 1)
		return id_words(optind < argc ? argv[optind] : NULL);
	if (strcmp(verb, "split") == 0 && optind == argc)
		return id_split(&o.shares, argc, argv);
	if (strcmp(verb, "rotate") == 0 && optind == argc)
		return id_rotate(o.shares.out, o.new_passphrase_fd,
				 o.shares.work_factor);
	if (strcmp(verb, "destroy") == 0 && optind == argc)
		return id_destroy(o.yes);
	o.shares.files = (const char *const *)argv + optind;
	o.shares.n_files = (size_t)(argc - optind);
	if (strcmp(verb, "join") == 0)
		return id_join(&o.shares, argc, argv);
	return cli_usage("id", "what? new, card, words, split, join, rotate or"
			       " destroy");
}
