/*
 * muniment seal --to CARD|RECIPIENT... [--armor] [-o FILE] [FILE]
 * muniment seal -p [--passphrase-fd N] [--armor] [-o FILE] [FILE]
 *
 * Locks one stream as a plain age file, which `age -d` opens as well.
 */
#include "ageops.h"
#include "cli.h"
#include "commands.h"
#include "streams.h"

#include <unistd.h>

static const char verb[] = "seal";

struct options {
	bool passphrase, armor;
	size_t to; /* how often --to was given */
	const char *in, *out;
};

static const struct option longs[] = {{"to", required_argument, NULL, 't'},
				      {"passphrase", no_argument, NULL, 'p'},
				      {"armor", no_argument, NULL, 'a'},
				      {"output", required_argument, NULL, 'o'},
				      CLI_OPTIONS,
				      {NULL, 0, NULL, 0}};

/* 0, or the exit status. Recipients go to `to` at once. */
static int
parse(int argc, char **argv, struct options *o, struct ageops_to *to)
{
	struct err e = {0};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "t:pao:", longs, NULL)) != -1) {
		if (c == 't' && ageops_to_add(to, optarg, &e) != 0)
			return cli_fail(&e);
		if (c == 't')
			o->to++;
		else if (c == 'p')
			o->passphrase = true;
		else if (c == 'a')
			o->armor = true;
		else if (c == 'o')
			o->out = optarg;
		else if (!cli_option(c))
			return cli_usage(verb, "unknown option, or one that"
					       " lacks its value");
	}
	if (argc - optind > 1)
		return cli_usage(verb, "one file at a time");
	o->in = optind < argc ? argv[optind] : NULL;
	if (cli.passphrase_fd >= 0)
		o->passphrase = true;
	if (o->to > 0 && o->passphrase)
		return cli_usage(verb, "--to and a passphrase exclude each"
				       " other: age knows no file for both");
	if (o->to == 0 && !o->passphrase)
		return cli_usage(verb, "for whom? give --to or -p");
	if (cli.passphrase_fd == STDIN_FILENO && streams_is_standard(o->in))
		return cli_usage(verb, "standard input cannot be both the"
				       " passphrase and the content");
	return 0;
}

static int
ask(const struct options *o, struct ageops_to *to, struct err *e)
{
	struct secret *s;

	if (!o->passphrase)
		return 0;
	s = cli.passphrase_fd >= 0
		? cli_passphrase_fd(cli.passphrase_fd, e)
		: cli_passphrase_twice("A passphrase for the file.", e);
	if (s == NULL)
		return -1;
	ageops_to_set_passphrase(to, s);
	return 0;
}

static int
run(const struct options *o, struct ageops_to *to, struct err *e)
{
	struct streams_out out = {0};
	struct ageops_file in = {.fd = -1};
	int rc = -1;

	if (!o->armor && streams_to_terminal(o->out)) {
		err_set(e, ERR_UNKNOWN,
			"binary output does not belong on a"
			" terminal");
		return err_hint(e, "--armor makes it text; -o FILE writes it"
				   " to a file; -o - forces it out here");
	}
	if (streams_out_check(o->out, e) != 0 || streams_in(o->in, &in, e) != 0)
		return -1;
	if (ask(o, to, e) == 0 && streams_out(o->out, &out, e) == 0 &&
	    ageops_seal(to, o->armor, &in, &out.file, cli_progress, e) == 0)
		rc = streams_out_commit(&out, e);
	streams_out_abort(&out);
	streams_in_close(&in);
	return rc;
}

int
cmd_seal(int argc, char **argv)
{
	struct options o = {0};
	struct err e = {0};
	struct ageops_to *to = ageops_to_new(&e);
	int status;

	if (to == NULL)
		return cli_fail(&e);
	status = parse(argc, argv, &o, to);
	if (status == 0 && run(&o, to, &e) != 0)
		status = cli_fail(&e);
	cli_progress_end();
	ageops_to_free(to);
	return status;
}
