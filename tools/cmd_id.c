#include "commands.h"
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

int
cmd_id(int argc, char **argv)
{
	static const struct option options[] = {
	    CLI_OPTIONS,
	    {"name", required_argument, NULL, 'n'},
	    {"org", required_argument, NULL, 'g'},
	    {"work-factor", required_argument, NULL, 'w'},
	    {NULL, 0, NULL, 0}};
	const char *name = NULL, *org = NULL, *out = NULL, *verb;
	unsigned factor = 0;
	int opt;

	while ((opt = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (cli_option(opt))
			continue;
		switch (opt) {
		case 'n':
			name = optarg;
			break;
		case 'g':
			org = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 'w':
			if (work_factor(optarg, &factor) != 0)
				return CLI_USAGE;
			break;
		default:
			return CLI_USAGE;
		}
	}
	verb = optind < argc ? argv[optind++] : "";
	if (strcmp(verb, "new") == 0 && optind == argc)
		return id_new(name, org, factor);
	if (strcmp(verb, "card") == 0 && optind == argc)
		return id_card(out);
	if (strcmp(verb, "words") == 0 && argc - optind <= 1)
		return id_words(optind < argc ? argv[optind] : NULL);
	return cli_usage("id", "what? new, card or words");
}
